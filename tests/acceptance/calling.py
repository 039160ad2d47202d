"""Verbs called in this process, for where the process itself is not the point: it is far quicker."""

from __future__ import annotations

import os

from typer.testing import CliRunner

from kho.__main__ import app
from tests.archives import Ran, TestArchive


def call(archive: TestArchive, *arguments: str | os.PathLike[str], given: str = "") -> Ran:
    """Run a verb on an archive, as `archive.run` does; `given` is typed into it."""
    done = CliRunner().invoke(
        app,
        [os.fspath(argument) for argument in arguments],
        input=given,
        env={"KHO_HOME": str(archive.home), "KHO_LANG": "en", "KHO_OPERATOR": "tester"},
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)
