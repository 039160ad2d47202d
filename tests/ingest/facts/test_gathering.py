from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.checks import FactPolicy
from ingest.facts.gathering import ToolGatherer
from ingest.facts.viruses import ClamdScanner, NoScanner, VirusScanner
from kho.demo.faults import eicar
from preservation.dossier import Dossier, FileRole, VirusFact, VirusVerdict
from preservation.formats.clamd import Clamd
from preservation.formats.examiner import Examiner
from preservation.formats.identifier import NullIdentifier
from preservation.package.record_json import read_record, write_record
from preservation.signatures.trust import TrustRoots
from repository.problems import Problem, Report, Severity
from tests.preservation.formats import samples
from tests.preservation.package.builder import make_dossier, received
from tests.preservation.signatures.signing import Authority, signed_pdf

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
DATA = "representations/rep1/data/"
AUTHORITY = Authority()


@pytest.fixture(scope="module")
def examiner():
    with Examiner(AUTHORITY.trust) as one:
        yield one


def dossier_of(names: list[str]) -> Dossier:
    files = tuple(
        received(f"f{number:04d}", DATA + name, FileRole.MAIN)
        for number, name in enumerate(names, start=1)
    )
    return replace(make_dossier(), files=files, documents=())


def gathered(
    folder: Path,
    examiner: Examiner,
    files: dict[str, bytes],
    *,
    scanner: VirusScanner | None = None,
    policy: FactPolicy | None = None,
) -> tuple[Dossier, Report]:
    dossier, sources = dossier_of(list(files)), {}
    for file, data in zip(dossier.files, files.values(), strict=True):
        (folder / file.file_id).write_bytes(data)
        sources[file.file_id] = str(folder / file.file_id)
    gatherer = ToolGatherer(
        NullIdentifier(), examiner, scanner or NoScanner(), policy or FactPolicy()
    )
    return gatherer.gather(dossier, sources, NOW)


def codes(report: Report) -> dict[str, str]:
    return {problem.code: problem.severity.value for problem in report}


def test_facts_stand_in_the_record_and_are_read_back_from_it(tmp_path, examiner):
    dossier, report = gathered(tmp_path, examiner, {"a.pdf": signed_pdf(), "b.mp3": b"ID3"})
    first, second = dossier.files
    assert first.structure is not None
    assert first.structure.properties["pages"] == "1"
    assert first.signatures is not None
    assert second.signatures is None
    assert dossier.validation_data
    assert codes(report) == {
        "ING-VIRUS-NOT-CHECKED": "info",
        "ING-SIGNATURE-DOUBTFUL": "warning",
    }
    written = write_record(dossier, profile="p", created="2026-11-22T03:00:00Z", software="Kho 1")
    assert read_record(written) == dossier


@pytest.mark.parametrize("weight", [Severity.WARNING, Severity.ERROR])
def test_damage_weighs_what_the_archive_says(tmp_path, examiner, weight):
    _, report = gathered(
        tmp_path,
        examiner,
        {"a.pdf": samples.pdf()[:300]},
        policy=FactPolicy(damaged=weight),
    )
    assert codes(report)["ING-FILE-DAMAGED"] == weight.value
    assert report.has_errors is (weight is Severity.ERROR)


def test_a_broken_signature_refuses_and_names_signer_and_file(tmp_path, examiner):
    data = signed_pdf().replace(b"200 100", b"200 101")
    _, report = gathered(tmp_path, examiner, {"a.pdf": data})
    (found,) = [p for p in report if p.code == "ING-SIGNATURE-INVALID"]
    assert found.severity is Severity.ERROR
    assert found.params["signer"] == "Trần Thị Hà"
    assert found.params["why"] == "HASH_FAILURE"


def test_without_a_root_the_want_is_told_once_and_not_of_each_sender(tmp_path):
    with Examiner(TrustRoots()) as examiner:
        files = {"a.pdf": signed_pdf(), "b.pdf": signed_pdf(by_office=True)}
        _, report = gathered(tmp_path, examiner, files)
    assert codes(report) == {"ING-VIRUS-NOT-CHECKED": "info", "ING-SIGNATURE-NO-ROOTS": "info"}
    (found,) = [p for p in report if p.code == "ING-SIGNATURE-NO-ROOTS"]
    assert found.params["count"] == "3"


def test_a_detached_signature_finds_its_file_in_the_same_folder(tmp_path, examiner):
    signed = AUTHORITY.sign_beside(b"van ban", "van-ban.txt")
    dossier, _ = gathered(
        tmp_path, examiner, {"ky/chu-ky.xml": signed, "ky/van-ban.txt": b"van ban"}
    )
    assert dossier.files[0].signatures is not None
    assert [one.verdict for one in dossier.files[0].signatures.found] == ["VALID"]
    dossier, report = gathered(
        tmp_path, examiner, {"ky/chu-ky.xml": signed, "khac/van-ban.txt": b"van ban"}
    )
    assert "ING-SIGNATURE-DOUBTFUL" in codes(report)


def test_a_detached_signature_reaches_nothing_outside_the_package(tmp_path, examiner):
    (tmp_path / "outside").write_bytes(b"van ban")
    signed = AUTHORITY.sign_beside(b"van ban", str(tmp_path / "outside"))
    dossier, _ = gathered(tmp_path, examiner, {"a.xml": signed})
    assert dossier.files[0].signatures is not None
    assert dossier.files[0].signatures.found[0].reason == "SIGNED_DATA_NOT_FOUND"


def test_the_virus_test_file_is_refused_and_nothing_is_opened(tmp_path, examiner):
    dossier, report = gathered(tmp_path, examiner, {"a.pdf": eicar(), "b.pdf": samples.pdf()})
    assert codes(report)["ING-VIRUS-TEST-FILE"] == "error"
    assert [file.structure for file in dossier.files] == [None, None]


def test_an_archive_that_requires_a_scan_refuses_what_nobody_scanned(tmp_path, examiner):
    _, report = gathered(tmp_path, examiner, {"a.txt": b"x"}, scanner=NoScanner(required=True))
    assert codes(report) == {"ING-VIRUS-NOT-CHECKED": "error"}
    gone = Clamd("unix:/nowhere/s", seconds=1.0)
    for required, severity in ((True, "error"), (False, "warning")):
        scanner = ClamdScanner(gone, required=required, stale_days=7)
        dossier, report = gathered(tmp_path, examiner, {"a.txt": b"x"}, scanner=scanner)
        assert codes(report) == {"ING-VIRUS-NOT-CHECKED": severity}
        assert dossier.files[0].virus is not None
        assert dossier.files[0].virus.verdict is VirusVerdict.NOT_CHECKED


class _Finds:
    """A scanner that finds something in every file."""

    def scan(self, sources, now):
        fact = VirusFact(VirusVerdict.FOUND, "ClamAV 1.4.6", "1 of 2026-11-20", "x", "Doc.Bad")
        told: list[Problem] = []
        return dict.fromkeys(sources, fact), told


def test_a_virus_refuses_and_names_file_and_virus(tmp_path, examiner):
    _, report = gathered(tmp_path, examiner, {"a.doc": b"x"}, scanner=_Finds())
    (found,) = report.problems
    assert (found.code, found.severity) == ("ING-VIRUS", Severity.ERROR)
    assert (found.params["path"], found.params["name"]) == (DATA + "a.doc", "Doc.Bad")


def test_contents_an_archive_does_not_like_are_told(tmp_path, examiner):
    files = {
        "a.pdf": samples.pdf(password="x"),
        "b.pdf": samples.pdf(password=""),
        "c.pdf": samples.pdf(script=True),
        "d.docm": samples.office(word__vbaProject_dot_bin=b"x"),
    }
    _, report = gathered(tmp_path, examiner, files)
    told = [
        (p.code, p.params.get("reason", "")) for p in report if p.code != "ING-VIRUS-NOT-CHECKED"
    ]
    assert sorted(told) == [
        ("ING-FILE-ENCRYPTED", "opens"),
        ("ING-FILE-ENCRYPTED", "password"),
        ("ING-FILE-PROGRAM", "macros"),
        ("ING-FILE-PROGRAM", "scripts"),
    ]
