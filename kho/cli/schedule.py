"""`kho schedule`: the clock, which audits what is due for as long as it runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Mapping


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("schedule")(verb(schedule))


def schedule(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Audit what is due, day after day, until stopped. One for each archive; others are refused."""
    from kho import scheduling, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home

    out = Output(as_json=as_json)
    place = find_home(home)

    def tell(tick: str, result: Mapping[str, object]) -> None:
        out.line("tick", {"tick": tick, **result})
        out.text(f"{tick}: " + " ".join(f"{name}={value}" for name, value in result.items()))

    with (
        until_interrupted() as interrupted,
        scheduling.the_only_clock(place),
        wiring.open_archive(place) as archive,
    ):
        ticks = scheduling.Ticks(archive, tell, interrupted)
        out.note(f"clock: {place}")
        try:
            ended = scheduling.run(ticks, tell, interrupted)
        except KeyboardInterrupt:  # asked twice: at once, whatever is at hand
            _leave(130)
        if not ended:
            out.note("a large object was being read; it will be read again")
            _leave(0)


def _leave(status: int) -> None:
    """End without waiting for threads: what they did not record is done again by the next clock."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
