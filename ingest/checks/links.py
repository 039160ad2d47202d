"""A `.fetch.txt` stub names a document that the archive holds, in the same fonds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.checks.context import CheckContext
from ingest.readers.package import DocumentFacts, Tt05Package, object_id_of
from repository.problems import Problem, error, info, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-LINK-UNRESOLVED when it names none; ING-LINK-RESOLVED tells which object has it."""
    found = resolve_links(package, context)
    for document in package.documents:
        if document.link_text is None:
            continue
        path = document.files[0].name
        shown = document.link_text[:200]
        if context.held is None:
            yield warning("ING-LINK-UNCHECKED", path, path=path, target=shown)
        elif document.doc_id in found:
            yield info(
                "ING-LINK-RESOLVED", path, path=path, target=shown, object_id=found[document.doc_id]
            )
        else:
            yield error(
                "ING-LINK-UNRESOLVED", path, path=path, target=shown, fonds=package.fonds_code
            )


def resolve_links(package: Tt05Package, context: CheckContext) -> Mapping[str, str]:
    """docId of each link document of the package → the object that has the document it names."""
    own = {d.doc_id for d in package.documents if d.link_text is None}
    found = {}
    for document in package.documents:
        if document.link_text is None:
            continue
        target = _target(document, own, package, context)
        if target:
            found[document.doc_id] = target
    return found


def _target(
    document: DocumentFacts, own: set[str], package: Tt05Package, context: CheckContext
) -> str | None:
    for name in document.link_targets:
        if name in own:
            return object_id_of(package, context.archive_code)
        if name and context.held is not None:
            held = context.held.by_document_id(package.fonds_code, name)
            if held is not None:
                return held
    return None
