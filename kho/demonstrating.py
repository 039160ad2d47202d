"""The sample archive: makes transfers, takes them in, audits, and compares with what must come out."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ingest import pipeline
from ingest.judging import IngestResult
from kho import founding, intake, selecting, wiring
from kho.cli.output import Language, Output
from kho.demo import SampleTransfer, demo_trust_root, make_transfers
from kho.settings import SETTINGS_FILE
from kho.wiring import Archive
from preservation.audit.run import audit
from preservation.derivatives.catching_up import make_missing
from preservation.derivatives.derivative_store import DerivativeStore
from repository import durable
from repository.errors import Refused

OPERATOR = "kho demo"
ACCESS_SECONDS = 12.0


@dataclass(slots=True)
class Demonstration:
    """What the demonstration did, and whether everything came out as it must."""

    home: str
    accepted: int = 0
    held_already: int = 0
    refused: int = 0
    objects: int = 0
    copies: int = 0
    files: int = 0
    intact: int = 0
    audit_outcome: str = ""
    access_copies: int = 0
    seconds: float = 0.0
    surprises: list[str] = field(default_factory=list)

    @property
    def as_expected(self) -> bool:
        return not self.surprises

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "as_expected": self.as_expected}

    def lines(self, language: Language) -> list[str]:
        """The same for a person."""
        if language == "vi":
            told = [
                f"Kho mẫu: {self.home}",
                f"  nhận {self.accepted} · đã có {self.held_already} · từ chối {self.refused}",
                f"  kiểm tra {self.copies} bản sao của {self.objects} hồ sơ: "
                f"{self.intact}/{self.files} tệp nguyên vẹn",
                f"  {self.access_copies} bản phục vụ sử dụng · {self.seconds:.1f} giây",
            ]
        else:
            told = [
                f"Sample archive: {self.home}",
                f"  accepted {self.accepted} · held already {self.held_already} · "
                f"refused {self.refused}",
                f"  audited {self.copies} copies of {self.objects} dossiers: "
                f"{self.intact}/{self.files} files intact",
                f"  {self.access_copies} access copies made · {self.seconds:.1f} seconds",
            ]
        return told + [f"  ✗ {surprise}" for surprise in self.surprises]


def fill(home: Path, *, dossiers: int, seed: int, out: Output) -> Demonstration:
    """Make the archive when it is not there, bring it the sample transfers, and audit everything."""
    home = home.absolute()
    if not (home / SETTINGS_FILE).exists():
        founding.found(home, OPERATOR)
    durable.write_durably(home / "trust" / "kho-demo-root.pem", demo_trust_root())
    told = Demonstration(str(home))
    with wiring.open_archive(home) as archive, intake.services(archive) as services:
        _must_be_a_sample(archive)
        begun = archive.clock.now()
        archive.recover()
        with out.progress("transfers", dossiers, "hồ sơ") as bar:
            samples = make_transfers(
                home / "transfers",
                dossiers=dossiers,
                seed=seed,
                on_progress=lambda done, total: bar.advance(1, f"{done}/{total}"),
            )
        with out.progress("ingest", len(samples), "hồ sơ") as bar:
            for sample in samples:
                result = pipeline.ingest(services, sample.path, operator=OPERATOR)
                _count(told, result.verdict, result.report.codes())
                told.surprises += _surprises(sample, result)
                bar.advance(1, sample.path.name)
        selection = selecting.everything(archive, selecting.stores(archive, None))
        with out.progress("audit", sum(map(len, selection.copies.values())), "bản sao") as bar:
            summary = audit(
                archive.auditing(),
                selection,
                operator=OPERATOR,
                on_result=lambda seen: bar.advance(1, seen.object_id),
            )
        told.objects, told.copies = summary.objects, summary.copies
        told.files, told.intact = summary.sums.expected, summary.sums.intact
        told.audit_outcome = summary.outcome.value
        if told.audit_outcome != "success":
            told.surprises.append(f"the audit found: {summary.totals()}")
        told.access_copies = _access_copies(archive)
        told.seconds = (archive.clock.now() - begun).total_seconds()
    return told


def _must_be_a_sample(archive: Archive) -> None:
    """Refused when a person made the archive: sample dossiers must never get among real ones."""
    first = archive.catalogue.events(limit=1)
    if not first or first[0].agent != OPERATOR:
        raise Refused(
            f"{archive.home.path} is no sample archive: made-up dossiers would be held in it for ever. "
            "Name another folder with --home."
        )


def _access_copies(archive: wiring.Archive) -> int:
    """Page images and text for readers, as many as can be made in a little while; the clock makes
    the rest."""
    made = make_missing(
        archive.catalogue,
        next(iter(archive.stores.values())),
        DerivativeStore(archive.home.folder("derivatives")),
        limit=None,
        deadline=time.monotonic() + ACCESS_SECONDS,
    )
    return made.done


def _count(told: Demonstration, verdict: str, codes: list[str]) -> None:
    if "ING-HELD-ALREADY" in codes:
        told.held_already += 1
    elif verdict == "accepted":
        told.accepted += 1
    else:
        told.refused += 1


def _surprises(sample: SampleTransfer, result: IngestResult) -> list[str]:
    name = sample.path.name
    found = []
    if result.verdict != sample.expected_verdict:
        found.append(f"{name}: {result.verdict}, expected {sample.expected_verdict}")
    if sample.expected_code and sample.expected_code not in result.report.codes():
        found.append(f"{name}: {result.report.codes()}, expected {sample.expected_code}")
    return found
