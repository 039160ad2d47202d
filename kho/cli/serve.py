"""`kho serve`: the read API and pages. `kho run` joins it with the clock."""

from __future__ import annotations

from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption
from kho.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("serve")(verb(serve))


def serve(
    host: Annotated[str | None, typer.Option(help="Else kho.toml's, else 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    home: HomeOption = None,
) -> None:
    """Serve the read-only API until stopped. Writes nothing but its spool."""
    from kho import serving
    from kho.settings import find_home

    out = Output(as_json=False)
    place = find_home(home)
    with serving.application(place, host=host, port=port) as (app, address, number):
        out.note(f"http://{address}:{number}/")
        serving.run(app, address, number)
