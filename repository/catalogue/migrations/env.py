"""Run by Alembic: uses the connection and the transaction that `schema.py` has begun."""

from alembic import context

from repository.catalogue.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
