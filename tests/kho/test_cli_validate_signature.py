from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from kho.__main__ import app
from kho.demo import demo_trust_root
from tests.preservation.signatures.signing import Authority, signed_pdf, unsigned_pdf


@pytest.fixture
def place(tmp_path):
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "demo.pem").write_bytes(demo_trust_root())
    (tmp_path / "good.pdf").write_bytes(signed_pdf(by_office=True))
    (tmp_path / "bad.pdf").write_bytes(signed_pdf().replace(b"200 100", b"200 101"))
    (tmp_path / "none.pdf").write_bytes(unsigned_pdf())
    return tmp_path


def run(*words: object):
    return CliRunner().invoke(app, ["validate", "signature", *map(str, words)])


def test_every_file_is_judged_and_the_worst_decides_the_status(place):
    good, bad, none = (place / name for name in ("good.pdf", "bad.pdf", "none.pdf"))
    trusted = ("--trust", place / "trust", "--json")
    assert run(good, *trusted).exit_code == 0
    assert run(good, "--json").exit_code == 4
    assert run(good, none, *trusted).exit_code == 4
    result = run(good, bad, none, *trusted)
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert told["valid"] is False
    assert [len(file["found"]) for file in told["files"]] == [2, 1, 0]
    assert [problem["code"] for problem in told["problems"]] == ["ING-SIGNATURE-INVALID"]


def test_a_detached_signature_finds_its_file_beside_it_and_nowhere_else(place):
    made = Authority()
    (place / "trust" / "a.pem").write_bytes(made.root.public_bytes(Encoding.PEM))
    (place / "in").mkdir()
    (place / "secret.txt").write_bytes(b"x")
    (place / "in" / "van ban.txt").write_bytes(b"x")
    (place / "in" / "one.xml").write_bytes(made.sign_beside(b"x", "van%20ban.txt"))
    (place / "in" / "two.xml").write_bytes(made.sign_beside(b"x", "../secret.txt"))
    assert run(place / "in" / "one.xml", "--trust", place / "trust").exit_code == 0
    assert run(place / "in" / "two.xml", "--trust", place / "trust").exit_code == 4


def test_what_is_not_there_and_what_is_no_root_is_said(place):
    assert run(place / "nothing.pdf").exit_code == 1
    (place / "trust" / "x.pem").write_text("no")
    assert run(place / "good.pdf", "--trust", place / "trust").exit_code == 1
