"""A supplement joined to the record it adds to: documents and files are added, nothing is taken away.

What is held stays as it is: its documents, their order, its files and where they lie. What came later
follows, told apart by its transfer. Totals and the span of time follow, and so does the element that
states them; what the office wrote stands in its own EAD.xml, byte for byte, with the submission. Core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from preservation.dossier import (
    Count,
    Document,
    Dossier,
    PartialDate,
    ReceivedFile,
    Supplement,
)
from preservation.package.layout import RECEIVED, REP_DATA, place_files
from preservation.package.names import clash_key, stored_path
from repository.errors import Conflict


def supplement_reason(supplement: Supplement) -> str:
    """Why a version was written that a supplement brought; also what tells it from a rewriting."""
    return f"Supplement: transfer {supplement.submission.transfer_id}"


def joined(held: Dossier, added: Dossier) -> tuple[Dossier, Mapping[str, str]]:
    """The held record with what was added, every file placed, and for each file added the `file_id`
    it had in its own submission.

    Documents that are held already with the same bytes are not added again. Conflict when a document
    of the same docId is held with other bytes, or when nothing would be added.
    """
    fresh = _fresh_documents(held, added)
    if not fresh:
        raise Conflict(f"{held.object_id} has every document of this supplement already.")
    skipped = {f for d in added.documents if d not in fresh for f in d.file_ids} - {
        f for d in fresh for f in d.file_ids
    }
    brought = [file for file in added.files if file.file_id not in skipped]
    renamed = _renamed(held, brought)
    files = _placed(held, [replace(f, file_id=renamed[f.file_id]) for f in brought], added)
    start = max((d.ordinal for d in held.documents), default=0)
    documents = [
        replace(
            document,
            ordinal=start + number,
            file_ids=tuple(renamed[file_id] for file_id in document.file_ids),
        )
        for number, document in enumerate(fresh, start=1)
    ]
    supplement = Supplement(added.submission, tuple(renamed.values()), added.custody)
    total = len(held.documents) + len(documents)
    # A supplement states either its own sums or those of the whole dossier.
    whole = added.total_doc.value == total != len(added.documents)
    changed = replace(
        held,
        documents=(*held.documents, *documents),
        files=(*held.files, *files),
        supplements=(*held.supplements, supplement),
        total_doc=Count(str(total), total),
        number_of_page=_sum(held.number_of_page, added.number_of_page, whole=whole),
        number_of_paper=_sum(held.number_of_paper, added.number_of_paper, whole=whole),
        start_date=_outer(held.start_date, added.start_date, min),
        end_date=_outer(held.end_date, added.end_date, max),
        mode=max(held.mode, added.mode, key=lambda mode: mode.code or "02"),
        keywords=tuple(dict.fromkeys((*held.keywords, *added.keywords))),
        validation_data={**held.validation_data, **added.validation_data},
    )
    restated = {
        "totalDoc": changed.total_doc.given,
        "startDate": changed.start_date.given,
        "endDate": changed.end_date.given,
        "mode": changed.mode.given,
        "keyword": "; ".join(changed.keywords),
        "numberOfPage": changed.number_of_page.given if changed.number_of_page else "",
        "numberOfPaper": changed.number_of_paper.given if changed.number_of_paper else "",
    }
    return (
        replace(changed, given=_restated(held.given, restated)),
        {new: old for old, new in renamed.items()},
    )


def _fresh_documents(held: Dossier, added: Dossier) -> list[Document]:
    known: dict[str, list[frozenset[str]]] = {}
    for document in held.documents:
        known.setdefault(document.doc_id, []).append(_content(held, document))
    fresh = []
    for document in added.documents:
        there = known.get(document.doc_id) if document.doc_id else None
        if there is None:
            fresh.append(document)
        elif _content(added, document) not in there:
            raise Conflict(
                f"{held.object_id} holds another document {document.doc_id}. A supplement only adds: "
                "give it another docId, or send the whole dossier as REPLACEMENT."
            )
    return fresh


def _content(dossier: Dossier, document: Document) -> frozenset[str]:
    return frozenset(dossier.file(file_id).digests["sha256"] for file_id in document.file_ids)


def _renamed(held: Dossier, brought: Sequence[ReceivedFile]) -> dict[str, str]:
    """A `file_id` that the held record has not, for each file that came."""
    taken = {file.file_id for file in held.files}
    number, names = len(held.files), {}
    for file in brought:
        number += 1
        while f"f{number:04d}" in taken:
            number += 1
        names[file.file_id] = f"f{number:04d}"
    return names


def _placed(
    held: Dossier, files: Sequence[ReceivedFile], added: Dossier
) -> tuple[ReceivedFile, ...]:
    """Where each added file lies: data beside the held data; what came with the submission, and what
    would clash with a held name, below a folder of its transfer."""
    alone = place_files(replace(held, files=tuple(replace(f, stored_path="") for f in files)))
    apart = stored_path(added.submission.transfer_id)
    taken: set[str] = set()
    folders: set[str] = set()
    for file in held.files:
        parts = clash_key(file.stored_path).split("/")
        taken.add("/".join(parts))
        folders |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}

    def clashes(path: str) -> bool:
        parts = clash_key(path).split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        return "/".join(parts) in taken | folders or not above.isdisjoint(taken)

    data = [f for f in alone.files if f.stored_path.startswith(REP_DATA)]
    # All or none: names that were told apart from each other stay so.
    move_data = any(clashes(file.stored_path) for file in data)
    placed = []
    for file in alone.files:
        prefix = REP_DATA if file.stored_path.startswith(REP_DATA) else RECEIVED
        if prefix == RECEIVED or move_data:
            path = f"{prefix}{apart}/{file.stored_path.removeprefix(prefix)}"
            if clashes(path):
                raise Conflict(
                    f"{file.received_path} has no place in {held.object_id} beside what is held. "
                    "Send the whole dossier as REPLACEMENT."
                )
            file = replace(file, stored_path=path)
        placed.append(file)
    return tuple(placed)


def _sum(held: Count | None, added: Count | None, *, whole: bool) -> Count | None:
    if added is None or added.value is None:
        return held
    if whole:
        return added
    if held is None or held.value is None:
        return held
    total = held.value + added.value
    return Count(str(total), total)


def _outer(
    held: PartialDate, added: PartialDate, choose: Callable[..., PartialDate]
) -> PartialDate:
    if not added.iso:
        return held
    if not held.iso:
        return added
    return choose((held, added), key=lambda date: date.iso or "")


def _restated(
    given: Sequence[tuple[str, str]], values: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The elements as they were given, but for those that state something the supplement changed."""
    told: set[str] = set()
    stated = []
    for name, value in given:
        if values.get(name):
            if name in told:
                continue
            told.add(name)
            value = values[name]
        stated.append((name, value))
    return tuple(stated)


def supplement_report(supplement: Supplement) -> str:
    """Where the findings about a supplement lie, beside those about the first submission."""
    name = stored_path(supplement.submission.transfer_id)
    return f"{RECEIVED.removesuffix('received/')}intake-report-{name}.json"
