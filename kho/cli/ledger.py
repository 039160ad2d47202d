"""`kho ledger`: the journal of everything that happened."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="The ledger: where it ends, and is it whole?")
    group.command("head")(verb(head))
    group.command("verify")(verb(verify))
    app.add_typer(group, name="ledger")


def head(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Where the ledger ends: its last number and hash, to be written down elsewhere."""
    from kho.settings import find_home
    from preservation.ledger.journal import Journal

    end = Journal(find_home(home) / "ledger").head()
    out = Output(as_json=as_json)
    if as_json:
        out.document({"sequence": end.seq, "hash": end.hash})
    out.text(f"{end.seq} {end.hash}")


def verify(
    copy: Annotated[
        list[str] | None, typer.Option("--copy", help="Only this store; may be given again.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Prove the whole chain, and every store's copy of it against it."""
    from kho import exits, selecting, wiring
    from kho.settings import find_home, read_settings
    from preservation.ledger.comparing import verify_ledger
    from repository.catalogue.catalogue import open_catalogue
    from repository.errors import ArchiveError

    out = Output(as_json=as_json)
    place = wiring.Home(find_home(home))
    stores = wiring.open_stores(place, read_settings(place.path))
    names = selecting.known(stores, copy or []) or list(stores)
    with ExitStack() as stack:
        catalogue = None
        try:
            catalogue = stack.enter_context(open_catalogue(place.catalogue, read_only=True))
        except ArchiveError as problem:
            out.note(f"{problem.operator} The ledger is judged without it.")
        found = verify_ledger(place.folder("ledger"), [stores[name] for name in names], catalogue)
    for name, state in found.copies.items():
        out.line("copy", {"store": name, "state": state})
        out.text(f"{name}: {state}")
    summary = {"entries": found.head.seq, "hash": found.head.hash, "copies": found.copies}
    out.line("summary", {**summary, "whole": not found.broken, "reason": found.broken})
    out.text(f"{found.head.seq} {found.head.hash}")
    if found.broken:
        out.text(found.broken)
    if found.damaged:
        return exits.Exit.FOUND
    whole = set(found.copies.values()) <= {"identical"} and catalogue is not None
    return exits.Exit.DONE if whole else exits.Exit.INCOMPLETE
