"""The intake's part of the wiring: what the pipeline works with, and what it asks the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from ingest.announcing import AnnouncingServices
from ingest.arrival import Arrival
from ingest.checks import FactPolicy
from ingest.container import Limits, recorded_name
from ingest.facts.gathering import FactGatherer, ToolGatherer
from ingest.facts.viruses import ClamdScanner, NoScanner, VirusScanner
from ingest.lists.mapping import SheetMapping
from ingest.pipeline import IngestServices
from ingest.policy import Policy
from ingest.shapes.finding import find
from kho import wiring
from kho.cli.output import problem_document
from kho.wiring import Archive
from preservation.deadlines import due_day
from preservation.dossier import HeldDossier
from preservation.formats.clamd import Clamd
from preservation.formats.examiner import Examiner
from preservation.formats.siegfried import SiegfriedIdentifier
from preservation.signatures.trust import TrustRoots, read_trust
from repository import durable
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import ObjectRecord, TransferRecord
from repository.errors import NotFound
from repository.problems import Problem, Severity

_RECENT = 100  # transfers whose receipts are looked after when an intake begins


@contextmanager
def services(archive: Archive, *, catch_up: bool = True) -> Iterator[IngestServices]:
    """What the pipeline works with in this archive; its tools end with the block.

    `catch_up`: write first the receipts that somebody killed did not come to.
    """
    receipts = ReceiptFolder(archive)
    for transfer in archive.catalogue.transfers(limit=_RECENT) if catch_up else ():
        receipts.catch_up(transfer)
    # Several processes receive at once, each with a child of its own.
    with gathering(archive, children=None if catch_up else 1) as gatherer:
        yield _services(archive, gatherer, receipts)


@contextmanager
def gathering(archive: Archive, *, children: int | None = None) -> Iterator[FactGatherer]:
    """The tools that look at files, as this archive has set them; they end with the block."""
    settings = archive.settings
    weight = FactPolicy(
        damaged=Severity(settings.intake.files.damaged),
        invalid=Severity(settings.signatures.invalid),
        indeterminate=Severity(settings.signatures.indeterminate),
    )
    virus = settings.virus
    scanner: VirusScanner = NoScanner(required=virus.required)
    if virus.clamd:
        scanner = ClamdScanner(
            Clamd(virus.clamd), required=virus.required, stale_days=virus.stale_days
        )
    trust = read_trust(archive.home.folder("trust"))
    seconds = settings.intake.files.seconds
    with (
        SiegfriedIdentifier() as identifier,
        Examiner(trust, children=children, seconds=seconds) as examiner,
    ):
        yield ToolGatherer(identifier, examiner, scanner, weight)


@contextmanager
def gathering_without_archive() -> Iterator[FactGatherer]:
    """The same tools for a sending office: no roots, no scanner, damage only told."""
    with SiegfriedIdentifier() as identifier, Examiner(TrustRoots()) as examiner:
        yield ToolGatherer(identifier, examiner, NoScanner(), FactPolicy())


def _services(archive: Archive, gatherer: FactGatherer, receipts: ReceiptFolder) -> IngestServices:
    return IngestServices(
        holding=archive.holding(),
        held=CatalogueLookup(archive.catalogue),
        policy=Policy(archive.settings.intake.policy, archive.settings.intake.author),
        organisation=archive.organisation(),
        archive_code=archive.settings.archive.code,
        software=wiring.software(),
        limits=Limits(),
        gatherer=gatherer,
        receipts=receipts.write,
    )


class CatalogueLookup:
    """What is held already, asked of the catalogue (`ingest.checks.HeldLookup`)."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def by_object_id(self, object_id: str) -> HeldDossier | None:
        return self._held(self._catalogue.object(object_id))

    def by_file_code(self, fonds_code: str, file_code: str) -> HeldDossier | None:
        return self._held(self._catalogue.object_by_file_code(fonds_code, file_code))

    def by_payload_digest(self, sha256s: Collection[str]) -> dict[str, str]:
        return dict(self._catalogue.objects_with_payload(sha256s))

    def by_document_id(self, fonds_code: str, doc_id: str) -> str | None:
        return self._catalogue.object_of_document(fonds_code, doc_id)

    def _held(self, record: ObjectRecord | None) -> HeldDossier | None:
        if record is None:
            return None
        documents = self._catalogue.documents(record.object_id)
        return HeldDossier(
            object_id=record.object_id,
            head=record.head,
            file_code=record.file_code,
            fonds_code=record.fonds_code,
            title=record.title,
            payload_sha256=frozenset(
                str(file["sha256"]) for document in documents for file in document.files
            ),
            document_ids=frozenset(document.doc_id for document in documents),
            document_count=len(documents),
        )


class ReceiptFolder:
    """Receipts, one a transfer, newest state: as JSON for programs, and as a page to print and sign.
    The catalogue is the record; these are for people and programs that do not ask it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._folder = archive.home.folder("reports") / "receipts"

    def write(self, transfer: TransferRecord) -> None:
        """Write the receipt of a transfer, in place of an older one of the same transfer."""
        text = json.dumps(transfer_document(transfer), ensure_ascii=False, indent=1)
        paper = paper_of(self._archive, transfer)
        try:
            self._folder.mkdir(exist_ok=True)
            # The page first: a receipt that is there has its page beside it.
            durable.write_durably(self._path(transfer, "html"), paper.encode("utf-8", "replace"))
            durable.write_durably(self._path(transfer), f"{text}\n".encode())
        except OSError as problem:
            raise durable.explained(problem, "writing a receipt") from problem

    def catch_up(self, transfer: TransferRecord) -> None:
        """Write the receipt when it is not there or tells of an earlier state: somebody was killed
        before he came to it."""
        try:
            state = json.loads(self._path(transfer).read_bytes())["state"]
        except (OSError, ValueError, KeyError, TypeError):
            state = ""
        if state != transfer.state:
            self.write(transfer)

    def _path(self, transfer: TransferRecord, kind: str = "json") -> Path:
        return self._folder / f"{transfer.transfer_id}.{kind}"


def paper_of(archive: Archive, transfer: TransferRecord) -> str:
    """The page of a transfer in its present state, to print."""
    from kho.papers import transfer_paper  # loading templates takes longer than most verbs

    accepted = transfer.state == "accepted"
    return transfer_paper(
        transfer,
        archive.settings.archive,
        held=archive.catalogue.object(transfer.object_id) if accepted else None,
        copies=[copy.store for copy in archive.catalogue.copies(transfer.object_id)]
        if accepted
        else [],
        software=wiring.software(),
    )


def announcing(archive: Archive) -> AnnouncingServices:
    """What registrations and file lists are recorded with."""
    return AnnouncingServices(archive.catalogue, archive.clock, archive.publish)


def targets(archive: Archive) -> Mapping[str, float]:
    """The province's targets by level, in percent."""
    intake = archive.settings.intake
    return {
        "province": intake.target_province,
        "commune": intake.target_commune,
        "other": intake.target_other,
    }


def transfer_document(transfer: TransferRecord) -> dict[str, object]:
    """A transfer as programs see it, its findings with their texts."""
    problems = [problem_document(Problem.from_dict(problem)) for problem in transfer.problems]
    return {**asdict(transfer), "due": due_day(transfer), "problems": problems}


def expand(
    paths: Iterable[Path],
    *,
    mappings: Sequence[SheetMapping] = (),
    fonds: str = "",
    told: Callable[[str, Problem], None] = lambda name, problem: None,
) -> list[Arrival]:
    """The transfers named: files as they are, those in folders, the dossiers of lists, in order.

    `fonds` is the mã phông of those that name none. `told` hears of each thing in a folder that is no
    transfer. NotFound when there is none at all.
    """
    named = list(paths)
    found = find(named, mappings=mappings)
    for path, problem in found.strangers:
        told(recorded_name(path), problem)
    if not found.arrivals and named:
        raise NotFound(
            f"{named[0]} holds no transfer. Name a SIP_hoso ZIP, a bag, a list with its files, or a "
            "folder of these."
        )
    return [replace(arrival, fonds=fonds) for arrival in found.arrivals]
