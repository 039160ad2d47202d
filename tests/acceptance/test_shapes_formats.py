"""Every file of the format corpus, packed as dossiers by a list: right PUID or UNKNOWN, no crash."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import pipeline
from ingest.pipeline import IngestServices
from ingest.shapes.finding import find
from kho import founding, intake, wiring
from preservation.package.record_json import read_record
from tests.ingest.shapes.making import HEADS, row, write_tree, xlsx

PER_DOSSIER = 60
# PRONOM's own names for what these endings are, where the corpus holds but one kind under one.
BY_ENDING = {
    ".docx": "fmt/412", ".epub": "fmt/483", ".tif": "fmt/353", ".jpg": "fmt/43", ".xls": "fmt/61",
    ".wk1": "x-fmt/114", ".wk3": "x-fmt/115", ".wks": "x-fmt/117", ".wq1": "x-fmt/121",
    ".wq2": "x-fmt/122", ".wb1": "fmt/834", ".wb2": "fmt/835", ".wb3": "fmt/836", ".qpw": "fmt/837",
    ".wpd": "x-fmt/44", ".wri": "x-fmt/274", ".sam": "x-fmt/191", ".mht": "x-fmt/429",
    ".sh": "x-fmt/111", ".cmd": "x-fmt/111", ".txt": "x-fmt/111",
}  # fmt: skip
NO_FORMAT = (".md", ".csv", ".sha1")  # PRONOM has no signature for them


@pytest.fixture(scope="module")
def taken(
    corpora: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Any], list[Any], list[Path]]]:
    """The record of each file by its path, the verdicts, and the files."""
    folder = corpora / "formats"
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size < 3_000_000)
    work = tmp_path_factory.mktemp("formats")
    tree: dict[str, bytes] = {}
    rows = []
    groups = [files[i : i + PER_DOSSIER] for i in range(0, len(files), PER_DOSSIER)]
    for number, group in enumerate(groups):
        for ordinal, path in enumerate(group, 1):
            name = f"tep/{number}/{path.relative_to(folder)}"
            tree[name] = path.read_bytes()
            rows.append(row(ordinal, name, of=len(group), dossier=f"F{number}"))
    write_tree(work / "in", {"muc_luc.xlsx": xlsx([HEADS, *rows]), **tree})
    home = work / "archive"
    founding.found(home, "test")
    records: dict[str, Any] = {}
    results = []
    with wiring.open_archive(home) as archive, intake.services(archive) as services:
        for arrival in find([work / "in"]).arrivals:
            results.append(_take(services, arrival))
    for path in (home / "stores" / "primary" / "root").rglob("dossier.json"):
        for file in read_record(path.read_bytes()).files:
            records[file.received_path] = file
    yield records, results, [p.relative_to(folder) for p in files]


def _take(services: IngestServices, arrival: Any) -> Any:
    return pipeline.ingest(services, arrival, operator="test")


def test_every_dossier_of_odd_formats_is_taken_in(taken: Any) -> None:
    _, results, _ = taken
    for result in results:
        wrong = [(p.code, p.params) for p in result.report if p.severity.value == "error"]
        assert result.verdict == "accepted", wrong


def test_each_file_has_a_puid_or_is_unknown(taken: Any) -> None:
    records, _, files = taken
    content = {name: file for name, file in records.items() if name.startswith("tep/")}
    assert len(content) == len(files)
    unknown = []
    for name, file in content.items():
        assert file.format is not None, name
        assert re.fullmatch(r"(?:x-)?fmt/[0-9]+|UNKNOWN", file.format.puid), name
        if file.format.puid == "UNKNOWN" and "filesys-trials" not in name:
            unknown += [] if name.endswith(NO_FORMAT) else [name]
    assert len(unknown) <= 8, unknown


def test_endings_that_mean_one_format_have_its_puid(taken: Any) -> None:
    records, _, _ = taken
    judged = 0
    for name, file in records.items():
        wanted = BY_ENDING.get(os.path.splitext(name)[1].lower())
        if wanted is not None and name.startswith("tep/"):
            judged += 1
            assert file.format.puid == wanted, name
    assert judged >= 35


def test_damage_is_named_and_refuses_nothing_by_default(taken: Any) -> None:
    _, results, _ = taken
    named = {
        p.location.rsplit("/", 1)[-1]
        for result in results
        for p in result.report
        if p.code == "ING-FILE-DAMAGED"
    }
    assert named >= {"corruptionOneByteMissing.pdf"}, named
