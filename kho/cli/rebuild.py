"""`kho rebuild`: make the catalogue again from storage and the ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output, problem_document, recovered


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("rebuild")(verb(rebuild))


def rebuild(
    source: Annotated[
        str | None, typer.Option("--from", help="The store to read first (else the primary).")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make the catalogue again from one storage root and the ledger; the old one is kept beside."""
    from kho import exits, selecting, wiring
    from kho.settings import find_home, read_settings
    from preservation import rebuild as rebuilding
    from repository.clock import SystemClock
    from repository.errors import ArchiveError, Locked

    out = Output(as_json=as_json)
    place = wiring.Home(find_home(home))
    stores = wiring.open_stores(place, read_settings(place.path))
    selecting.known(stores, [source] if source else [])
    ordered = sorted(
        stores.values(), key=lambda store: store.name != (source or next(iter(stores)))
    )
    begun = SystemClock().now()
    try:
        # What only the old catalogue knows yet, and work that was interrupted, are first brought home.
        with wiring.open_archive(place.path) as archive:
            recovered(out, archive.recover())
    except Locked:
        raise
    except ArchiveError as failure:
        out.note(failure.operator)
    with (
        wiring.alone(place.path),
        out.progress("rebuild", None, "hồ sơ") as bar,
    ):
        result = rebuilding.rebuild(
            place.catalogue,
            place.folder("ledger"),
            ordered,
            now=begun,
            on_object=lambda object_id: bar.advance(1, object_id),
        )
    for problem in result.problems:
        out.line("problem", problem_document(problem))
    out.problems(result.problems, indent="")
    seconds = round((SystemClock().now() - begun).total_seconds(), 3)
    out.line(
        "summary",
        {
            "objects": result.objects,
            "events": result.events,
            "problems": len(result.problems),
            "seconds": seconds,
        },
    )
    out.say(
        f"Đã lập lại danh mục: {result.objects} hồ sơ, {result.events} sự kiện, {seconds} s",
        f"Catalogue made again: {result.objects} objects, {result.events} events, {seconds} s",
    )
    out.note(
        "Nếu `kho serve` đang chạy, hãy khởi động lại để nó đọc danh mục mới."
        if out.language == "vi"
        else "If `kho serve` is running, start it again: it still reads the old catalogue."
    )
    return exits.Exit.FOUND if result.report.has_errors else exits.Exit.DONE
