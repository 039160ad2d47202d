"""From the archive's records to the bodies of the API. Core.

What a reader may not see is left out here by the caller's word (`full`, `auditor`); what may be listed
at all was decided in the question to the catalogue. Names of files may hold what Unicode text cannot
carry; it is shown escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.links import Links
from api.media import media_type
from api.rights import access_of
from api.texts import text_of
from preservation.deadlines import due_day
from repository.catalogue.records import (
    AuditResultRecord,
    AuditRunRecord,
    CopyRecord,
    DocumentRecord,
    EventRecord,
    ObjectRecord,
    SearchHit,
    TransferRecord,
    VersionRecord,
)
from repository.model import StateFile
from repository.problems import Problem
from schemas import access as body
from schemas.problem_texts import problem_text as finding_text

MATCH_START, MATCH_END = "\x01", "\x02"


def present_summary(record: ObjectRecord, links: Links, *, full: bool) -> body.ObjectSummary:
    """One object in a list; `full` when the reader may read it."""
    return body.ObjectSummary(**_summary(record, links, full=full))


def present_object(
    record: ObjectRecord,
    documents: Sequence[DocumentRecord] | None,
    links: Links,
    archive_name: str,
    *,
    auditor: bool,
) -> body.ObjectBody:
    """One object; without `documents` its description only."""
    full = documents is not None
    return body.ObjectBody(
        **_summary(record, links, full=full),
        access_note=_access_note(record.mode, archive_name),
        maintenance=_text(record.maintenance) if full else None,
        head=record.head if full else None,
        profile=_text(record.profile) if full else None,
        first_held_at=record.first_held_at if full else None,
        updated_at=record.updated_at if full else None,
        transfer_id=_text(record.transfer_id) if auditor else None,
        documents=None
        if documents is None
        else tuple(_document(record, document, links) for document in documents),
    )


def _summary(record: ObjectRecord, links: Links, *, full: bool) -> dict[str, Any]:
    return {
        "object_id": record.object_id,
        "title": _text(record.title),
        "fonds_code": _text(record.fonds_code),
        "agency_name": _text(record.agency_name),
        "file_code": _text(record.file_code),
        "arc_file_code": _text(record.arc_file_code),
        "start_date": _text(record.start_date) or None,
        "end_date": _text(record.end_date) or None,
        "document_count": record.document_count,
        "file_count": record.file_count,
        "byte_count": record.byte_count,
        "access": access_of(record.mode),
        "links": links.of_object(record.object_id, record.head if full else None),
    }


def _access_note(mode: str, archive_name: str) -> body.Bilingual | None:
    access = access_of(mode)
    if access == "open":
        return None
    code = f"access-note-{access}"
    return body.Bilingual(
        vi=text_of(code, "vi", archive_name)[1], en=text_of(code, "en", archive_name)[1]
    )


def _document(record: ObjectRecord, document: DocumentRecord, links: Links) -> body.DocumentBody:
    return body.DocumentBody(
        ordinal=document.ordinal,
        kind=document.kind,
        doc_id=_text(document.doc_id),
        doc_code=_text(document.doc_code),
        title=_text(document.title),
        type_code=_text(document.type_code),
        code_number=_text(document.code_number),
        code_notation=_text(document.code_notation),
        issued_date=_text(document.issued_date) or None,
        organ_name=_text(document.organ_name),
        pages=document.pages,
        access=access_of(document.mode),
        files=tuple(_document_file(record, file, links) for file in document.files),
    )


def _document_file(
    record: ObjectRecord, file: Mapping[str, Any], links: Links
) -> body.DocumentFile:
    path = str(file.get("path", ""))
    return body.DocumentFile(
        path=_text(path),
        name=_text(str(file.get("name") or path.rsplit("/", 1)[-1])),
        role=_text(str(file.get("role", ""))),
        size=file.get("size"),
        sha256=file.get("sha256"),
        sha512=file.get("sha512"),
        media_type=media_type(path),
        links={"bytes": links.file(record.object_id, record.head, path)},
    )


def present_version(version: VersionRecord, head: str, links: Links) -> body.VersionBody:
    """One version."""
    return body.VersionBody(
        object_id=version.object_id,
        version=version.version,
        created=version.created,
        message=_text(version.message),
        user_name=_text(version.user_name),
        profile=_text(version.profile),
        inventory_sha512=version.inventory_sha512,
        is_head=version.version == head,
        links=links.of_version(version.object_id, version.version),
    )


def present_files(
    version: VersionRecord, files: Mapping[str, StateFile], links: Links
) -> body.FileList:
    """Every file of a version."""
    return body.FileList(
        object_id=version.object_id,
        version=version.version,
        count=len(files),
        byte_count=sum(file.size for file in files.values()),
        items=tuple(
            body.FileBody(
                path=_text(path),
                content_path=_text(file.content_path),
                size=file.size,
                sha512=file.digests["sha512"],
                sha256=file.digests.get("sha256"),
                media_type=media_type(path),
                links={"bytes": links.file(version.object_id, version.version, path)},
            )
            for path, file in files.items()
        ),
    )


def present_linkset(record: ObjectRecord, paths: Sequence[str], links: Links) -> body.Linkset:
    """All links of an object that is open to the reader."""
    object_id, head = record.object_id, record.head
    context = body.LinkContext(
        anchor=links.object(object_id),
        cite_as=(body.LinkTarget(href=links.object(object_id)),),
        describedby=tuple(
            body.LinkTarget(href=address, type=kind)
            for address, kind, _ in links.described_by(object_id, head)
        ),
        item=tuple(
            body.LinkTarget(href=links.file(object_id, head, path), type=media_type(path))
            for path in paths
        ),
    )
    return body.Linkset(linkset=(context,))


def present_event(event: EventRecord, *, auditor: bool) -> body.EventBody:
    """One event; what it says of transfers and other objects is for auditors."""
    return body.EventBody(
        sequence=event.sequence,
        event_id=event.event_id,
        type=event.type,
        at=event.at,
        agent=_text(event.agent),
        outcome=event.outcome,
        object_id=event.object_id or None,
        transfer_id=(_text(event.transfer_id) or None) if auditor else None,
        detail=_plain(event.detail) if auditor else None,
    )


def present_fixity(
    object_id: str,
    copies: Sequence[CopyRecord],
    history: Sequence[AuditResultRecord],
    links: Links,
    *,
    auditor: bool,
) -> body.FixityBody:
    """The integrity of one object."""
    return body.FixityBody(
        object_id=object_id,
        copies=tuple(
            body.CopyBody(
                store=copy.store,
                head=copy.head,
                written_at=copy.written_at,
                read_back=copy.read_back,
                last_checked_at=copy.last_checked_at or None,
                verdict=copy.last_verdict or None,
            )
            for copy in copies
        ),
        history=tuple(present_result(result, links, auditor=auditor) for result in history),
    )


def present_result(
    result: AuditResultRecord, links: Links, *, auditor: bool
) -> body.AuditResultBody:
    """What an audit found in one copy. Reasons name places of the machine, so auditors have them."""
    return body.AuditResultBody(
        run_id=result.run_id,
        object_id=_text(result.object_id),
        store=result.store,
        checked_at=result.checked_at,
        verdict=result.verdict,
        expected=result.expected,
        intact=result.intact,
        altered=result.altered,
        missing=result.missing,
        unreadable=result.unreadable,
        not_checked=result.not_checked,
        unexpected=result.unexpected,
        byte_count=result.byte_count,
        files=tuple(
            body.FileFinding(
                path=_text(str(file.get("path", ""))),
                verdict=str(file.get("verdict", "")),
                reason=(_text(str(file.get("reason", ""))) or None) if auditor else None,
            )
            for file in result.files
        ),
        links={"run": links.to("audits", result.run_id), "object": links.object(result.object_id)},
    )


def present_run(run: AuditRunRecord, links: Links, *, auditor: bool) -> body.AuditRunBody:
    """One audit run."""
    return body.AuditRunBody(**_run(run, links, auditor=auditor))


def present_run_detail(
    run: AuditRunRecord,
    results: Sequence[AuditResultRecord] | None,
    following: str | None,
    links: Links,
) -> body.AuditRunDetail:
    """One run with a page of its results; `results` None: not for this reader."""
    auditor = results is not None
    return body.AuditRunDetail(
        **_run(run, links, auditor=auditor),
        results=None
        if results is None
        else tuple(present_result(result, links, auditor=True) for result in results),
        next=following,
    )


def _run(run: AuditRunRecord, links: Links, *, auditor: bool) -> dict[str, Any]:
    away = run.totals.get("stores_unavailable", ())
    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "started_at": run.started_at,
        "finished_at": run.finished_at or None,
        "outcome": run.outcome or None,
        "stores_unavailable": tuple(str(name) for name in away),
        "operator": _text(run.operator) if auditor else None,
        "totals": _plain(run.totals) if auditor else None,
        "links": {"self": links.to("audits", run.run_id)},
    }


def present_hit(hit: SearchHit, links: Links, *, full: bool) -> body.HitBody:
    """One object found."""
    return body.HitBody(
        object=present_summary(hit.record, links, full=full),
        snippet=tuple(_snippet(hit.snippet)),
        score=round(hit.score, 4),
    )


def _snippet(text: str) -> list[body.SnippetPart]:
    parts: list[body.SnippetPart] = []
    for n, piece in enumerate(text.split(MATCH_START)):
        matched, mark, rest = piece.partition(MATCH_END)
        if n and mark and matched:
            parts.append(body.SnippetPart(text=_text(matched), matched=True))
        plain = rest if n and mark else piece
        if plain:
            parts.append(body.SnippetPart(text=_text(plain), matched=False))
    return parts


def present_transfer(transfer: TransferRecord, links: Links) -> body.TransferBody:
    """One transfer, for auditors."""
    itself = {"self": links.to("transfers", transfer.transfer_id)}
    if transfer.object_id:
        itself["object"] = links.object(transfer.object_id)
    return body.TransferBody(
        transfer_id=_text(transfer.transfer_id),
        source=_text(transfer.source),
        shape=transfer.shape,
        container_sha256=transfer.container_sha256,
        received_at=transfer.received_at,
        finished_at=transfer.finished_at or None,
        operator=_text(transfer.operator),
        state=transfer.state,
        object_id=_text(transfer.object_id) or None,
        version=transfer.version or None,
        title=_text(transfer.title),
        decided_by=_text(transfer.decided_by) or None,
        reason=_text(transfer.reason) or None,
        due=due_day(transfer) or None,
        problems=tuple(_finding(Problem.from_dict(problem)) for problem in transfer.problems),
        links=itself,
    )


def _finding(problem: Problem) -> body.FindingBody:
    return body.FindingBody(
        code=_text(problem.code),
        severity=problem.severity.value,
        location=_text(problem.location),
        params={_text(name): _text(value) for name, value in problem.params.items()},
        text=body.Bilingual(
            vi=_text(finding_text(problem.code, problem.params, "vi")),
            en=_text(finding_text(problem.code, problem.params, "en")),
        ),
    )


def _plain(value: Any) -> Any:
    """JSON values with every text fit to be sent."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(str(name)): _plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    return value


def _text(value: str) -> str:
    """The text, with what is not a character (a name's undecodable byte) escaped."""
    if value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
