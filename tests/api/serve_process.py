"""The API as a process without any right to write: started by `test_server.py`.

Everything is imported while the program's own files can be read; then, if it runs as root, it becomes
a user who owns nothing. Before serving it tries to write wherever an archive keeps something, and
ends with status 3 where it could.
"""

import json
import os
import socket
import sys
from pathlib import Path

import sqlalchemy.dialects.sqlite  # noqa: F401 - loaded by name later
import uvicorn

from api.app import create_app
from api.texts import text_of
from repository.catalogue.catalogue import open_catalogue
from repository.errors import ArchiveError
from schemas.problem_texts import problem_text
from tests.api.made import Made, open_services

NOBODY = 65534


def main() -> None:
    home, descriptor, ids = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    listening = socket.socket(fileno=descriptor)
    config = uvicorn.Config("unused", log_level="critical", access_log=False)
    config.load_app = lambda: None  # type: ignore[method-assign, assignment, return-value]
    config.load()
    with open_services(Made(home, ids)) as services:
        create_app(services).openapi()  # and whatever else is imported late
    text_of("not-found", "vi", "")
    problem_text("none", {}, "vi")
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if writable := list(_writable(home)):
        print("could write:", *writable, file=sys.stderr)
        sys.exit(3)
    with open_services(Made(home, ids)) as services:
        config.loaded_app = create_app(services)
        uvicorn.Server(config).run(sockets=[listening])


def _writable(home: Path) -> "list[str]":
    found = []
    for path in [home, *home.rglob("*")]:
        if path == home / "spool" or path.parent == home / "spool":
            continue
        if os.access(path, os.W_OK, follow_symlinks=False):
            found.append(str(path))
    try:
        with open_catalogue(home / "catalogue.sqlite") as catalogue, catalogue.transaction() as tx:
            tx.mark_copy_checked("urn:a", "primary", "2026-11-22T00:00:00Z", "intact")
        found.append("the catalogue")
    except ArchiveError:
        pass
    return found


if __name__ == "__main__":
    main()
