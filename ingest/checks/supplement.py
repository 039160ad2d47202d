"""A supplement adds documents to a dossier that is held, and never changes one that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.checks.context import CheckContext
from ingest.checks.held_object import held_target
from ingest.readers.package import Tt05Package
from ingest.received import ReceivedBytes
from repository.problems import Problem, error, info


def check_received(
    package: Tt05Package, received: Mapping[int, ReceivedBytes], context: CheckContext
) -> Iterator[Problem]:
    """ING-SUPPLEMENT: `clash` (error) for a docId held with other bytes, `same` for one held with the
    same ones, `adds` with how many are new; ING-HELD-ALREADY when none is."""
    if package.record_status != "SUPPLEMENT":
        return
    held = held_target(package, context)
    if held is None:
        return
    fresh = 0
    clashes = False
    for document in package.documents:
        if not document.doc_id or document.doc_id not in held.document_ids:
            fresh += 1
            continue
        own = {received[m.index].digests["sha256"] for m in document.files if m.index in received}
        place = document.record.path
        if own <= held.payload_sha256:
            yield info("ING-SUPPLEMENT", place, reason="same", document=document.doc_id)
        else:
            clashes = True
            yield error(
                "ING-SUPPLEMENT",
                place,
                reason="clash",
                document=document.doc_id,
                object_id=held.object_id,
            )
    place = package.root.path
    if fresh:
        yield info(
            "ING-SUPPLEMENT",
            place,
            reason="adds",
            count=fresh,
            object_id=held.object_id,
            version=held.head,
        )
    elif not clashes:
        yield info("ING-HELD-ALREADY", place, object_id=held.object_id, version=held.head)
