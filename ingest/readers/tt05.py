"""Reader of TT 05/2025 `SIP_hoso`: the metadata of a container, before any payload byte is copied.

`read_metadata` reads METS, EAD and EAD_doc/pic/media and joins them to the members: the file table, the
links of documents to files, the agents. It tolerates every deviation known from real packages
(docs/intake-rules.md); the rules in `ingest.checks` report them. Only what cannot be read at all is
reported here. Of the payload it reads nothing but `.fetch.txt` stubs, in memory.
"""

from __future__ import annotations

from ingest.container import Container
from ingest.findings import bounded
from ingest.readers.desk import Desk
from ingest.readers.documents import read_documents
from ingest.readers.mets import Mets
from ingest.readers.package import (
    Tt05Package,
    agency_code_of,
    algorithms_by_member,
    object_id_of,
)
from ingest.readers.record import to_dossier
from ingest.readers.simpledc import Record
from ingest.received import ReceivedBytes, TransferFacts
from repository.problems import Report

__all__ = [
    "ReceivedBytes",
    "TransferFacts",
    "Tt05Package",
    "object_id_of",
    "read_metadata",
    "to_dossier",
]


def read_metadata(container: Container) -> tuple[Tt05Package | None, Report]:
    """The package, or None with at least one error that says why it cannot be understood.

    A package may also come with errors: then it is to be refused, and may be checked further so that
    the sender learns of everything at once. Raises Unavailable when the medium fails.
    """
    desk = Desk(container)
    root = desk.mets("METS.xml")
    representations = desk.representations()
    dossier = desk.dossier(root) if root is not None else None
    if root is None or dossier is None or not representations:
        return None, bounded(desk.problems)
    references = tuple(
        desk.resolve(reference)
        for mets in (root, *representations)
        for reference in mets.references
    )
    found = read_documents(desk, representations, references, dossier)
    fonds, source, agency = _fonds(root, representations, dossier)
    package = Tt05Package(
        container_name=container.name,
        top=container.top,
        members=container.members,
        root=root,
        representations=representations,
        references=references,
        dossier=dossier,
        documents=found.documents,
        loose_records=found.unnamed_records,
        loose_attachments=found.attachments,
        fonds_code=fonds,
        fonds_source=source,
        agency_name=agency,
        schema_names=desk.schema_names(),
        algorithms=algorithms_by_member(references),
    )
    return package, bounded(desk.problems)


def _fonds(root: Mets, representations: tuple[Mets, ...], dossier: Record) -> tuple[str, str, str]:
    """(fonds code, where it came from, agency's name). The circular puts both in rep1's agent."""
    agents = [a for mets in (*representations, root) for a in mets.agents]
    agency = next((a.name for a in agents if a.type.upper() == "ORGANIZATION" and a.name), "")
    for agent in agents:
        code = agent.note("IDENTIFICATIONCODE")
        if code:
            return code, "note", agency or agent.name
    stand_in = agency_code_of(dossier.value("fileCode"))
    return stand_in, "agency" if stand_in else "", agency
