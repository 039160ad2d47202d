"""The transfers of the corpora, made by somebody who has not seen Kho, come out as they must."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from repository.digest import digest_bytes
from tests.archives import STORES, TestArchive, kho


@pytest.fixture(scope="module")
def taken(
    corpora: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestArchive, dict[str, dict[str, Any]], list[dict[str, Any]]]]:
    """One archive that was sent all 19 in the order of delivery, and what it answered: a line for
    each dossier; of several dossiers in one delivery the worst."""
    folder = corpora / "tt05"
    rows = json.loads((folder / "expected.json").read_text("utf-8"))["transfers"]
    assert len(rows) == 19
    home = tmp_path_factory.mktemp("tt05") / "archive"
    assert kho("init", home).status == 0
    ran = kho("ingest", *[folder / row["file"] for row in rows], "--json", home=home)
    assert ran.status == 3, ran.stderr
    answers: dict[str, dict[str, Any]] = {}
    dossiers: dict[str, int] = {}
    for line in ran.lines()[:-1]:
        dossiers[line["source"]] = dossiers.get(line["source"], 0) + 1
        before = answers.get(line["source"])
        if before is None or before["verdict"] != "refused":
            answers[line["source"]] = line
    assert dossiers == {row["file"]: row.get("dossiers", 1) for row in rows}
    yield TestArchive(home), answers, rows


def test_every_transfer_gets_the_expected_verdict(taken: Any) -> None:
    _, answers, rows = taken
    for row in rows:
        if row["verdict"] != "either":
            assert answers[row["file"]]["verdict"] == row["verdict"], answers[row["file"]]


def test_titles_are_exact(taken: Any) -> None:
    _, answers, rows = taken
    checked = 0
    for row in rows:
        answer = answers[row["file"]]
        if answer["verdict"] == "accepted" and "title" in row:
            assert answer["title"] == row["title"]
            checked += 1
    assert checked >= 10


def test_what_must_be_mentioned_is(taken: Any) -> None:
    _, answers, rows = taken
    for row in rows:
        told = json.dumps(answers[row["file"]]["problems"], ensure_ascii=False)
        for pattern in row.get("must_mention", []):
            assert re.search(pattern, told, re.IGNORECASE), (row["file"], pattern, told)


def test_every_payload_byte_is_in_both_stores(taken: Any) -> None:
    archive, answers, rows = taken
    for store in STORES:
        there = {digest_bytes(p.read_bytes(), ["sha256"])["sha256"] for p in archive.files(store)}
        for row in rows:
            if answers[row["file"]]["verdict"] == "accepted":
                assert set(row["payload"]) <= there, row["file"]


def test_a_secret_is_nowhere_in_the_home_and_a_traversal_wrote_nothing(taken: Any) -> None:
    archive, _, rows = taken
    texts = [text.encode() for row in rows for text in row.get("never_in_home", [])]
    names = {name for row in rows for name in row.get("must_not_exist", [])}
    assert texts
    assert names
    for path in archive.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [text for text in texts if text in data], path
    for folder in (archive.home.parent, archive.home.parent.parent):
        assert not names & {path.name for path in folder.rglob("*")}


def test_refused_transfers_leave_nothing_but_their_record(taken: Any) -> None:
    archive, answers, rows = taken
    held = sum(
        row.get("dossiers", 1) for row in rows if answers[row["file"]]["verdict"] == "accepted"
    )
    for store in STORES:
        assert len(archive.object_folders(store)) == held
    assert list((archive.home / "quarantine").iterdir()) == []
    assert archive.run("audit", "--all").status == 0


def test_each_refusal_has_its_own_code_and_two_texts(taken: Any) -> None:
    _, answers, rows = taken
    codes = {}
    for row in rows:
        if row["verdict"] == "refused":
            errors = [p for p in answers[row["file"]]["problems"] if p["severity"] == "error"]
            assert errors
            for problem in errors:
                assert problem["message_vi"] != problem["message_en"]
                assert len(problem["message_vi"]) > 20
            codes[row["file"]] = errors[0]["code"]
    assert len(set(codes.values())) == len(codes)
