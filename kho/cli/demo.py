"""`kho demo`: a sample archive, filled, audited and served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import JsonOption
from kho.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(verb(demo))


def demo(
    home: Annotated[Path, typer.Option("--home", help="Where; made when it is not there.")] = Path(
        "kho-demo"
    ),
    dossiers: Annotated[int, typer.Option(min=1, max=1_000_000)] = 12,
    seed: Annotated[int, typer.Option(help="The same seed makes the same transfers.")] = 2025,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the audit.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Make a sample archive of a province's dossiers, good and bad ones, audit it and serve it.

    Run again it does no harm: what is held is recognised.
    """
    from kho import demonstrating, exits

    out = Output(as_json=as_json)
    told = demonstrating.fill(home, dossiers=dossiers, seed=seed, out=out)
    out.line("summary", told.as_dict())
    for line in told.lines(out.language):
        out.text(line)
    status = exits.Exit.DONE if told.as_expected else exits.Exit.FAILURE
    if no_serve or status is not exits.Exit.DONE:
        return status
    from kho import serving

    with serving.application(home.absolute()) as (app, address, number):
        out.note(f"http://{address}:{number}/  (Ctrl-C)")
        serving.run(app, address, number)
    return status
