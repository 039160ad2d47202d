"""`kho run`: the read service and the clock of one archive, side by side."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption
from kho.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("run")(verb(run))


def run(
    host: Annotated[str | None, typer.Option(help="Else kho.toml's, else 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    home: HomeOption = None,
) -> int:
    """`kho serve` and `kho schedule` as two processes; either is started again when it dies."""
    from kho import supervising
    from kho.interrupt import until_interrupted
    from kho.settings import find_home

    out = Output(as_json=False)
    place = find_home(home)
    kho = [sys.executable, "-m", "kho"]
    # The clock first: an account that may only read needs it to have the catalogue open.
    commands = {
        "schedule": [*kho, "schedule", "--home", str(place)],
        "serve": [
            *kho, "serve", "--home", str(place),
            *(["--host", host] if host else []),
            *(["--port", str(port)] if port else []),
        ],
    }  # fmt: skip
    with until_interrupted() as interrupted:
        return supervising.supervise(commands, interrupted, out.note)
