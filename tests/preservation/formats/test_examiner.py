from __future__ import annotations

import os
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from preservation.formats.examiner import Examiner
from preservation.signatures.trust import TrustRoots
from tests.preservation.formats import samples
from tests.preservation.signatures.signing import DEMO, signed_pdf

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ANSWER = {"structure": {"kind": "pdf", "tool": "t"}, "signatures": None}


@pytest.fixture(scope="module")
def examiner():
    with Examiner(DEMO) as one:
        yield one


def worker(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> str:
    """A module for the child to run in place of ours."""
    start = f"""
        import json, os, signal, sys, time
        def say(value): print(json.dumps(value), flush=True)
        sys.stdin.readline()
        say({{"ready": True}})
        answer = {{"structure": {ANSWER["structure"]!r}, "signatures": None}}
    """
    code = textwrap.dedent(start) + textwrap.dedent(body)
    (folder / "misbehaving_examiner.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return "misbehaving_examiner"


def three(folder: Path) -> dict[str, str]:
    for name in ("f1", "f2", "f3"):
        (folder / name).write_bytes(b"%PDF-")
    return {name: str(folder / name) for name in ("f1", "f2", "f3")}


def test_a_signed_file_is_read_whole_and_its_signature_judged(examiner, tmp_path):
    (tmp_path / "f").write_bytes(signed_pdf())
    found = examiner.examine_one(str(tmp_path / "f"), name="a.pdf", at=NOW)
    assert found.structure.verdict == "no-damage-found"
    assert found.structure.checked_at == "2026-11-22T03:00:00Z"
    assert found.signatures is not None
    assert [one.verdict for one in found.signatures.found] == ["VALID"]
    assert found.signatures.trust.startswith("1 roots")
    assert found.data


def test_a_file_of_every_kind_in_one_question(examiner, tmp_path):
    names = list(samples.SOUND)
    paths = {}
    for name in names:
        (tmp_path / name).write_bytes(samples.SOUND[name]())
        paths[name] = str(tmp_path / name)
    found = examiner.examine(paths, names={name: name for name in names}, at=NOW)
    assert list(found) == names
    assert {one.structure.verdict for one in found.values()} == {"no-damage-found"}


def test_what_is_no_regular_file_is_not_checked(examiner, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", tmp_path, tmp_path / "none", "/dev/zero"):
        found = examiner.examine_one(str(path), name="a.pdf", at=NOW)
        assert found.structure.verdict == "not-checked"
        assert found.signatures is not None
        assert found.signatures.not_checked


def test_a_path_that_is_no_text_has_an_answer_that_is_no_false_pass(examiner, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n")
    Path(path).write_bytes(samples.picture("PNG")[:-40])
    found = examiner.examine_one(path, name="a\0\n.png", at=NOW)
    assert found.structure.verdict in ("damaged", "not-checked")


def test_a_file_the_child_dies_at_is_not_checked_and_the_next_one_is(tmp_path, monkeypatch):
    module = worker(
        tmp_path,
        monkeypatch,
        """
        for line in sys.stdin:
            if json.loads(line)["path"].endswith("f2"):
                os.kill(os.getpid(), signal.SIGSEGV)
            say(answer)
        """,
    )
    with Examiner(TrustRoots(), worker=module) as examiner:
        found = examiner.examine(three(tmp_path), names={}, at=NOW)
    verdicts = [one.structure.verdict for one in found.values()]
    assert verdicts == ["no-damage-found", "not-checked", "no-damage-found"]
    assert "SIGSEGV" in found["f2"].structure.problems[0]


def test_a_file_the_child_hangs_at_is_not_checked_and_the_next_one_is(tmp_path, monkeypatch):
    module = worker(
        tmp_path,
        monkeypatch,
        """
        for line in sys.stdin:
            if json.loads(line)["path"].endswith("f2"):
                time.sleep(600)
            say(answer)
        """,
    )
    with Examiner(TrustRoots(), worker=module, seconds=1.0) as examiner:
        found = examiner.examine(three(tmp_path), names={}, at=NOW)
    verdicts = [one.structure.verdict for one in found.values()]
    assert verdicts == ["no-damage-found", "not-checked", "no-damage-found"]
    assert "not done after" in found["f2"].structure.problems[0]


@pytest.mark.parametrize("body", ["", "print('x')\ntime.sleep(9)", "say([1])\ntime.sleep(9)"])
def test_an_answer_that_is_none_is_no_pass(tmp_path, monkeypatch, body):
    with Examiner(TrustRoots(), worker=worker(tmp_path, monkeypatch, body)) as examiner:
        found = examiner.examine(three(tmp_path), names={}, at=NOW)
    assert {one.structure.verdict for one in found.values()} == {"not-checked"}


def test_memory_is_bounded_and_running_out_of_it_is_no_pass(tmp_path, monkeypatch):
    # A tree of elements grows with the file; the child has two gigabytes and this one has less.
    module = "preservation.formats.examiner_worker"
    (tmp_path / "sitecustomize.py").write_text(
        "import resource\n"
        "old = resource.setrlimit\n"
        "resource.setrlimit = lambda what, much: old(what, (min(much[0], 96 << 20),) * 2)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "a.xml").write_bytes(
        b'<a xmlns:d="http://www.w3.org/2000/09/xmldsig#">' + b"<b/>" * 700_000 + b"</a>"
    )
    with Examiner(TrustRoots(), worker=module) as examiner:
        found = examiner.examine_one(str(tmp_path / "a.xml"), name="a.xml", at=NOW)
    assert found.signatures is not None
    assert found.signatures.not_checked
