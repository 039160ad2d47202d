"""Every document has a file, tied to its record by METS (MetadataLink)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, error, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-DOC-UNPAIRED without a file, ING-DOC-BY-NAME when only the name ties them, and files
    shared by two documents (ING-FILE-SHARED) or attached to none (ING-ATTACHMENT-LOOSE).
    """
    owners: dict[int, list[str]] = defaultdict(list)
    for document in package.documents:
        path = document.record.path
        if not document.files:
            yield error("ING-DOC-UNPAIRED", path, path=path, document=document.doc_id)
        elif document.paired_by == "name":
            file = document.files[0].name
            yield warning("ING-DOC-BY-NAME", path, path=path, document=document.doc_id, file=file)
        for member in document.files:
            owners[member.index].append(document.doc_id)
    names = {member.index: member.name for member in package.members}
    for index, documents in owners.items():
        if len(documents) > 1:
            shown = ", ".join(documents[:10])
            yield warning("ING-FILE-SHARED", names[index], path=names[index], documents=shown)
    for member in package.loose_attachments:
        yield warning("ING-ATTACHMENT-LOOSE", member.name, path=member.name)
