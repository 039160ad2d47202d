"""`kho list`, `show`, `search`, `status`: looking, changing nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output

if TYPE_CHECKING:
    from kho.wiring import Archive


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("list")(verb(list_objects))
    app.command("show")(verb(show))
    app.command("search")(verb(search))
    app.command("status")(verb(status))


def list_objects(
    fonds: Annotated[str | None, typer.Option(help="Only this fonds (mã phông).")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every dossier that is held."""
    from kho import wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        count = 0
        for record in archive.catalogue.objects(fonds=fonds, canaries=False):
            count += 1
            state = object_state(archive, record.object_id)
            out.line(
                "object",
                {
                    "object_id": record.object_id,
                    "title": record.title,
                    "version": record.head,
                    "state": state,
                    "fonds_code": record.fonds_code,
                    "file_code": record.file_code,
                    "documents": record.document_count,
                    "bytes": record.byte_count,
                },
            )
            out.text(f"{record.object_id}  {record.head}  {out.word(state):10}  {record.title}")
        out.line("summary", {"objects": count})


def show(
    object_id: Annotated[str, typer.Argument(metavar="ID")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """One dossier: what it is, its documents, versions, copies and history."""
    from kho import wiring
    from kho.settings import find_home
    from repository.errors import NotFound

    with wiring.open_archive(find_home(home), read_only=True) as archive:
        catalogue = archive.catalogue
        record = catalogue.object(object_id)
        if record is None:
            raise NotFound(f"Nothing is held as {object_id}. `kho list` shows what is.")
        out = Output(as_json=as_json)
        documents, versions = catalogue.documents(object_id), catalogue.versions(object_id)
        held_copies = catalogue.copies(object_id)
        events = catalogue.events(object_id=object_id)
        if as_json:
            out.document(
                {
                    **asdict(record),
                    "state": object_state(archive, object_id),
                    "documents": [asdict(document) for document in documents],
                    "versions": [asdict(version) for version in versions],
                    "copies": [asdict(copy) for copy in held_copies],
                    "events": [asdict(event) for event in events],
                }
            )
            return
        out.text(record.title)
        out.text(
            f"  {record.object_id}  {record.head}  {out.word(object_state(archive, object_id))}"
        )
        out.text(f"  {record.fonds_code} · {record.agency_name} · {record.file_code}")
        out.text(f"  {record.start_date} – {record.end_date} · {record.byte_count} B")
        for document in documents:
            out.text(f"  {document.ordinal:4}. {document.doc_id}  {document.title}")
        for version in versions:
            out.text(f"  {version.version}  {version.created}  {version.message}")
        for copy in held_copies:
            checked = copy.last_checked_at or "-"
            verdict = out.word(copy.last_verdict or copy.read_back)
            out.text(f"  {copy.store}: {copy.head}  {verdict}  {checked}")
        for event in events:
            out.text(
                f"  {event.at}  {out.word(event.type)}  {event.agent}  {out.word(event.outcome)}"
            )


def search(
    words: Annotated[list[str], typer.Argument(help="Words, with or without diacritics.")],
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find dossiers; "quyet dinh dat dai" finds "quyết định đất đai"."""
    from kho import wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        hits = archive.catalogue.search(" ".join(words), limit=limit)
        for hit in hits:
            snippet = hit.snippet.replace("\x01", "«").replace("\x02", "»")
            out.line(
                "hit",
                {"object_id": hit.record.object_id, "title": hit.record.title, "snippet": snippet},
            )
            out.text(f"{hit.record.object_id}  {hit.record.title}")
            out.text(f"    {snippet}")
        out.line("summary", {"hits": len(hits)})
        if not hits:
            out.say("Không tìm thấy hồ sơ nào.", "Nothing found.")


def status(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """How the archive is: what it holds, its stores, its last audit, what is late."""
    from kho import exits, overview, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        seen = overview.overview(archive)
        if as_json:
            out.document(seen)
        else:
            for line in overview.lines(seen, out.language):
                out.text(line)
        return exits.Exit.DONE if seen["stores_unavailable"] == [] else exits.Exit.INCOMPLETE


def object_state(archive: Archive, object_id: str) -> str:
    """The worst of what the last audits said of an object's copies; `held` before any audit, `short`
    when a required store has not its newest version."""
    found = archive.catalogue.copies(object_id)
    verdicts = {copy.last_verdict for copy in found}
    heads = {copy.store: copy.head for copy in found}
    required = {heads.get(name) for name in archive.settings.required}
    if len(required) > 1 or None in required:
        return "short"
    for verdict in ("damaged", "incomplete"):
        if verdict in verdicts:
            return verdict
    return "held" if "" in verdicts else "intact"
