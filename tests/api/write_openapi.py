"""Writes `docs/openapi.json` anew: `python -m tests.api.write_openapi`."""

import tempfile
from pathlib import Path

from api.app import create_app
from api.openapi import as_text
from tests.api.made import Made, open_services
from tests.api.test_openapi import CHECKED_IN

if __name__ == "__main__":
    from repository.catalogue.catalogue import create_catalogue
    from repository.local_store import create_local_store

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        names = ("primary", "copy-1")
        (home / "stores").mkdir()
        ids = {name: create_local_store(home / "stores" / name) for name in names}
        create_catalogue(home / "catalogue.sqlite")
        with open_services(Made(home, ids)) as services:
            CHECKED_IN.write_text(as_text(create_app(services).openapi()), "utf-8")
