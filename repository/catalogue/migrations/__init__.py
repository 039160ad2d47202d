"""The catalogue's migrations, run from code by `repository.catalogue.schema`; no alembic.ini."""
