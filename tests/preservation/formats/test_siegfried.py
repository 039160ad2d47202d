from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from preservation.dossier import FormatFact
from preservation.formats import UNKNOWN, NullIdentifier, SiegfriedIdentifier

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15"
    b"\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x03\x00\x08\xfc\x02\xfe\xa75\x81\x84\x00\x00\x00"
    b"\x00IEND\xaeB`\x82"
)
PDF = {f"fmt/{n}" for n in (14, 15, 16, 17, 18, 19, 20, 95, 144, 276, 354, 476, 477, 478, 479, 480)}
# What a file's own name says it is, and the PUIDs PRONOM has for that.
BY_EXTENSION = {
    ".docx": {"fmt/412"},
    ".doc": {
        "fmt/38",
        "fmt/40",
        "fmt/609",
        "x-fmt/148",
        "x-fmt/393",
        "x-fmt/394",
        "x-fmt/64",
        "x-fmt/65",
        UNKNOWN,
    },
    ".odt": {"fmt/136", "fmt/290", "fmt/291", "fmt/1756"},
    ".ods": {"fmt/1755"},
    ".odp": {"fmt/1754"},
    ".pdf": PDF | {UNKNOWN},
    ".png": {"fmt/11", "fmt/12", "fmt/13"},
    ".jpg": {"fmt/43"},
    ".tif": {"fmt/353"},
    ".rtf": {"fmt/45", "fmt/355"},
    ".xls": {"fmt/61"},
    ".epub": {"fmt/483"},
    ".ppt": {"x-fmt/88", "fmt/126"},
    ".txt": {"x-fmt/111"},
}


@pytest.fixture(scope="module")
def siegfried():
    with SiegfriedIdentifier() as identifier:
        yield identifier


def identify(identifier: SiegfriedIdentifier, path: Path, name: str = "") -> FormatFact:
    return identifier.identify({"f0001": str(path)}, names={"f0001": name} if name else None)[
        "f0001"
    ]


def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> str:
    """A module for the child to run in place of ours."""
    start = """
        import json, os, signal, sys, time
        def say(value): print(json.dumps(value), flush=True)
        match = {"id": "fmt/1", "format": "F", "version": "", "mime": "", "basis": "b", "warning": ""}
    """
    code = textwrap.dedent(start) + textwrap.dedent(body)
    (tmp_path / "misbehaving_worker.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "misbehaving_worker"


def three_files(tmp_path: Path) -> dict[str, str]:
    paths = {}
    for file_id in ("f0001", "f0002", "f0003"):
        (tmp_path / file_id).write_bytes(PNG)
        paths[file_id] = str(tmp_path / file_id)
    return paths


# -- what it says of files


def test_a_file_without_a_name_is_known_by_its_bytes(siegfried, tmp_path):
    (tmp_path / "f0001").write_bytes(PNG)
    fact = identify(siegfried, tmp_path / "f0001")
    assert fact.puid in BY_EXTENSION[".png"]
    assert fact.mime == "image/png"
    assert fact.warning == ""
    assert fact.tool.startswith("pygfried ") and "siegfried " in fact.tool
    assert "DROID_SignatureFile" in fact.signature and "container-signature" in fact.signature


def test_a_received_name_with_another_extension_is_warned_of(siegfried, tmp_path):
    (tmp_path / "f0001").write_bytes(PNG)
    assert identify(siegfried, tmp_path / "f0001", "data/Ảnh.png").warning == ""
    assert identify(siegfried, tmp_path / "f0001", "data/Ảnh.docx").warning == "extension mismatch"


def test_every_file_of_the_corpus_has_a_fact_that_agrees_with_its_name(siegfried, corpora):
    files = [path for path in sorted((corpora / "formats").rglob("*")) if path.is_file()]
    paths = {f"f{n}": str(path) for n, path in enumerate(files)}
    facts = siegfried.identify(paths, names={file_id: str(path) for file_id, path in paths.items()})
    assert list(facts) == list(paths)
    wrong = {
        path.name: facts[f"f{n}"].puid
        for n, path in enumerate(files)
        if facts[f"f{n}"].puid not in BY_EXTENSION.get(path.suffix.lower(), {facts[f"f{n}"].puid})
    }
    assert wrong == {}
    unknown = {path.name for n, path in enumerate(files) if facts[f"f{n}"].puid == UNKNOWN}
    pdfs = {path.name for path in files if path.suffix == ".pdf"}
    assert unknown & pdfs == {"pdf-17-header18.pdf"}  # a header no version of PDF has
    assert all(facts[f"f{n}"].warning for n, p in enumerate(files) if p.name in unknown)


def test_the_demo_documents_are_what_their_names_say(siegfried, demo_files):
    paths = {path.name: str(path) for path in demo_files}
    facts = siegfried.identify(paths, names={name: name for name in paths})
    seen = set()
    for path in demo_files:
        assert facts[path.name].puid in BY_EXTENSION.get(path.suffix, {facts[path.name].puid})
        assert facts[path.name].puid != UNKNOWN
        assert "mismatch" not in facts[path.name].warning
        seen.add(path.suffix)
    assert {".pdf", ".jpg", ".tif"} & seen


# -- what is no file to identify


def test_an_empty_file_is_unknown_and_not_what_its_name_says(siegfried, tmp_path):
    (tmp_path / "f0001").touch()
    fact = identify(siegfried, tmp_path / "f0001", "quyết định.pdf")
    assert (fact.puid, fact.warning) == (UNKNOWN, "the file is empty")


def test_what_is_not_a_file_is_unknown_and_keeps_nobody_waiting(siegfried, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(PNG)
    (tmp_path / "link").symlink_to(tmp_path / "file")
    facts = siegfried.identify(
        {
            "pipe": str(tmp_path / "pipe"),
            "folder": str(tmp_path),
            "link": str(tmp_path / "link"),
            "device": "/dev/zero",
            "nothing": str(tmp_path / "nothing"),
            "null byte": "a\0b",
            "file": str(tmp_path / "file"),
        }
    )
    assert [fact.puid for fact in facts.values()][:-1] == [UNKNOWN] * 6
    assert all(fact.warning for fact in list(facts.values())[:-1])
    assert facts["file"].puid in BY_EXTENSION[".png"]


def test_names_that_are_no_text_are_identified_all_the_same(siegfried, tmp_path):
    path = os.fsencode(tmp_path) + b"/t\xec\xa0p\n \xff"
    with open(path, "wb") as stream:
        stream.write(PNG)
    assert identify(siegfried, Path(os.fsdecode(path))).puid in BY_EXTENSION[".png"]


def test_a_large_file_with_nothing_in_it_is_unknown_and_ends(siegfried, tmp_path):
    with open(tmp_path / "sparse", "wb") as stream:
        stream.truncate(64 * 1024 * 1024)
    assert identify(siegfried, tmp_path / "sparse").puid == UNKNOWN


def test_damaged_files_never_bring_the_identifier_down(siegfried, tmp_path, corpora):
    sources = [
        "fully-featured-pdf/PDF-Sample-Document-Fully-Featured-Layout.docx",
        "pdfCabinetOfHorrors/text_only_pdfa1b.pdf",
        "pdfCabinetOfHorrors/text_only.doc",
        "tiff-examples/old-style-jpeg-compression/old-style-jpeg-compression.tif",
    ]
    paths = {}
    for number, source in enumerate(sources):
        whole = (corpora / "formats" / source).read_bytes()
        for cut in range(24):
            data = bytearray(whole[: max(1, len(whole) * cut // 24)] if cut % 2 else whole)
            for place in range(cut, min(len(data), 4096), 97):
                data[place] ^= 0xFF
            path = tmp_path / f"{number}-{cut}"
            path.write_bytes(data)
            paths[path.name] = str(path)
    facts = siegfried.identify(paths)
    assert list(facts) == list(paths)
    assert not [f.warning for f in facts.values() if "failed" in f.warning or "done" in f.warning]


# -- when the tool itself fails


def test_a_file_the_tool_dies_at_is_unknown_and_the_next_is_identified(tmp_path, monkeypatch):
    module = worker(
        tmp_path,
        monkeypatch,
        """
        say({"tool": "t", "signature": "s"})
        for line in sys.stdin:
            if os.path.realpath(json.loads(line)["path"]).endswith("f0002"):
                os.kill(os.getpid(), signal.SIGSEGV)
            say({"errors": "", "matches": [match]})
        """,
    )
    with SiegfriedIdentifier(worker=module) as identifier:
        facts = identifier.identify(three_files(tmp_path))
    assert [fact.puid for fact in facts.values()] == ["fmt/1", UNKNOWN, "fmt/1"]
    assert facts["f0002"].warning == "the identifier failed at this file: it was ended by SIGSEGV"


def test_a_file_the_tool_hangs_at_is_unknown_and_the_next_is_identified(tmp_path, monkeypatch):
    module = worker(
        tmp_path,
        monkeypatch,
        """
        say({"tool": "t", "signature": "s"})
        for line in sys.stdin:
            if os.path.realpath(json.loads(line)["path"]).endswith("f0002"):
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
            say({"errors": "", "matches": [match]})
        """,
    )
    with SiegfriedIdentifier(seconds=1.5, worker=module) as identifier:
        facts = identifier.identify(three_files(tmp_path))
    assert [fact.puid for fact in facts.values()] == ["fmt/1", UNKNOWN, "fmt/1"]
    assert "was not done after" in facts["f0002"].warning


@pytest.mark.parametrize(
    "body",
    [
        "say({'missing': 'pygfried cannot be used: no'})",
        "raise SystemExit(3)",
        "print('not an answer')",
        "print('[1, 2]')",
        "say({})",
        "os.close(1); time.sleep(30)",
        "os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_without_a_working_tool_every_file_is_unknown_with_the_reason(tmp_path, monkeypatch, body):
    module = worker(tmp_path, monkeypatch, body)
    with SiegfriedIdentifier(worker=module) as identifier:
        facts = identifier.identify(three_files(tmp_path))
    assert [fact.puid for fact in facts.values()] == [UNKNOWN] * 3
    assert len({fact.warning for fact in facts.values()}) == 1
    assert "identif" in facts["f0001"].warning or "cannot be used" in facts["f0001"].warning


def test_an_answer_that_is_none_is_not_taken_for_one(tmp_path, monkeypatch):
    module = worker(
        tmp_path,
        monkeypatch,
        """
        say({"tool": "t", "signature": "s"})
        for line in sys.stdin:
            sys.stdout.write("[" * 100000 + chr(10))
            sys.stdout.flush()
        """,
    )
    with SiegfriedIdentifier(worker=module) as identifier:
        facts = identifier.identify(three_files(tmp_path))
    assert {fact.puid for fact in facts.values()} == {UNKNOWN}


def test_a_killed_child_is_replaced_at_the_next_question(tmp_path):
    (tmp_path / "f0001").write_bytes(PNG)
    with SiegfriedIdentifier() as identifier:
        before = identify(identifier, tmp_path / "f0001")
        assert identifier._child is not None
        os.kill(identifier._child.pid, signal.SIGKILL)
        lost = identify(identifier, tmp_path / "f0001")
        after = identify(identifier, tmp_path / "f0001")
    assert lost.puid == UNKNOWN and "SIGKILL" in lost.warning
    assert after == before


def test_a_closed_identifier_leaves_no_process_and_may_be_asked_again(tmp_path):
    (tmp_path / "f0001").write_bytes(PNG)
    identifier = SiegfriedIdentifier()
    first = identify(identifier, tmp_path / "f0001")
    assert identifier._child is not None
    pid = identifier._child.pid
    identifier.close()
    identifier.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert identify(identifier, tmp_path / "f0001") == first
    identifier.close()


def test_the_child_ends_when_its_parent_is_killed(tmp_path):
    script = textwrap.dedent(
        """
        import sys, time
        from preservation.formats import SiegfriedIdentifier
        identifier = SiegfriedIdentifier()
        identifier.identify({"f0001": sys.argv[1]})
        print(identifier._child.pid, flush=True)
        time.sleep(600)
        """
    )
    (tmp_path / "f0001").write_bytes(PNG)
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "f0001")], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(200):
        if not Path(f"/proc/{child}").exists() or "\nState:\tZ" in _status(child):
            return
        time.sleep(0.05)
    pytest.fail("the child outlived its parent")


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return "\nState:\tZ"


def test_the_null_identifier_says_that_nobody_was_asked():
    facts = NullIdentifier().identify({"f0001": "/a", "f0002": "/b"})
    assert [fact.puid for fact in facts.values()] == [UNKNOWN, UNKNOWN]
    assert facts["f0001"].warning == "no identifier was asked"
