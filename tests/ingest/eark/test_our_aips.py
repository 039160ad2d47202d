"""The AIPs that `kho export --as aip` writes, judged by the rules of CSIP."""

from __future__ import annotations

from pathlib import Path

from ingest.eark import judge_package
from repository.ocfl.local_tree import LocalTree
from repository.problems import Severity
from tests.archives import TestArchive, kho

# Listed with their reasons in docs/conformance.md.
KNOWN_WARNINGS = {"CSIP64", "CSIP68", "CSIP92"}


def test_every_aip_we_export_keeps_every_must_and_a_changed_byte_in_it_is_found(
    archive: TestArchive, tmp_path: Path
) -> None:
    ran = archive.run("export", "--all", "--as", "aip", "--to", tmp_path / "out", "--json")
    assert ran.status == 0, ran.stderr
    folders = [Path(line["folder"]) for line in ran.lines()[:-1]]
    assert len(folders) == 3
    for folder in folders:
        found = [
            problem
            for problem in judge_package(LocalTree(str(folder)), folder.name)
            if problem.severity is not Severity.INFO
        ]
        assert {p.code for p in found} <= KNOWN_WARNINGS
        assert Severity.ERROR not in {p.severity for p in found}
        assert all(p.location.startswith("representations/rep1/METS.xml") for p in found)

    target = min((folders[0] / "representations" / "rep1" / "data").rglob("*.pdf"))
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(data)
    judged = kho("validate", "eark", folders[0], "--json")
    assert judged.status == 3
    errors = [p for p in judged.document()["problems"] if p["severity"] == "error"]
    assert [p["code"] for p in errors] == ["CSIP71"]
    assert target.name in errors[0]["message"]
