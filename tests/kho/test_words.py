"""What people read on the terminal in Vietnamese: words instead of codes, usage errors too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kho import founding
from kho.__main__ import app
from kho.cli.ledger_in_vietnamese import ledger_in_vietnamese
from kho.cli.usage import in_vietnamese
from kho.demo import make_transfers
from preservation.audit.diagnosis import Cause
from preservation.audit.fixity import FileVerdict
from preservation.drills.drill import KINDS
from preservation.incidents.incident import State
from schemas.wording import worded, worded_list
from tests.archives import Ran

CODES = ("damaged", "altered", "intact", "same size", "diagnosed", "identical", "success", "edit:")


@pytest.mark.parametrize("kind", [FileVerdict, State, Cause])
def test_every_verdict_state_and_kind_of_damage_has_a_word(kind: type[StrEnum]) -> None:
    for one in kind:
        assert worded(one.value, "vi") != one.value
        assert worded(one.value, "en") == one.value


def test_every_kind_of_drill_has_a_word() -> None:
    assert all(worded(kind, "vi") != kind for kind in KINDS)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("damaged: altered 2, missing 1", "bị hỏng: bị sửa 2, bị mất 1"),
        ("same size, other content", "cùng kích thước, khác nội dung"),
        ("12 bytes, expected 34", "12 byte, lẽ ra 34"),
        (
            "v1/a.pdf: same size, other content; byte 20 differs; modified 2026-01-01T00:00:00Z",
            "v1/a.pdf: cùng kích thước, khác nội dung; khác ở byte 20; sửa lúc 2026-01-01T00:00:00Z",
        ),
        ("something nobody knows", "something nobody knows"),
    ],
)
def test_codes_in_a_row_are_worded_and_the_rest_stays(code: str, said: str) -> None:
    assert worded_list(code, "vi") == said
    assert worded_list(code, "en") == code


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("words")
    founding.found(place / "kho", "test")
    make_transfers(place / "transfers", dossiers=1, bad=False)
    taken = said(place / "kho", "ingest", str(place / "transfers"))
    assert taken.status == 0, taken.stderr
    yield place / "kho"


def said(home: Path, *arguments: str, language: str = "vi") -> Ran:
    done = CliRunner().invoke(
        app, list(arguments), env={"KHO_HOME": str(home), "KHO_LANG": language}
    )
    return Ran(done.exit_code, done.stdout, done.stderr)


def test_an_auditors_morning_is_told_in_vietnamese_and_programs_get_the_codes(home: Path) -> None:
    document = next((home / "stores/copy-1/root").rglob("*.pdf"))
    data = bytearray(document.read_bytes())
    data[30] ^= 1
    document.chmod(0o644)
    document.write_bytes(data)
    seen = [said(home, "audit", "--all"), said(home, "incidents")]
    listed = json.loads(said(home, "incidents", "list", "--json").stdout.splitlines()[0])
    name = str(listed["incident_id"])
    assert (listed["kinds"], listed["state"]) == (["altered"], "diagnosed")
    seen += [said(home, "incidents", "show", name), said(home, "list"), said(home, "status")]
    seen += [said(home, "repair", name, "--reason", "x"), said(home, "ledger", "verify")]
    seen += [
        said(
            home,
            "show",
            json.loads(said(home, "list", "--json").stdout.splitlines()[0])["object_id"],
        )
    ]
    assert [ran.status for ran in seen] == [3, 3, 0, 0, 0, 0, 0, 0]
    for ran in seen:
        assert not [code for code in CODES if code in ran.stdout], ran.stdout
    assert "BỊ SỬA" in seen[0].stdout
    assert "hỏng (bị sửa)" in seen[1].stdout
    assert "kho chứa" in said(home, "doctor").stdout
    assert "same size, other content" in said(home, "incidents", "show", name, language="en").stdout


LEDGER = r"""
The copy of the ledger in store copy-1 goes on after ours ends: an old ledger was put back. Run x.
The copy of the ledger in store copy-1 is whole, and tells another history than ours: one of the two.
Event 7 of the catalogue is not the one in the ledger. When an old catalogue was put back, run x.
The record of entry 4 was taken out; the catalogue still has it.
Entry 4 of the ledger and event 4 of the catalogue are not the same: one of them was changed.
1 of the entries have no record any more (4): that they were there is proven, and nothing more.
The key given from outside, kho.x/1+ab+cd, is none of this ledger's: it is another ledger.
The key of entry 9 came after the one you know, and no old key signed for it.
10 entries had been signed, but the ledger ends at entry 7: it was cut off.
Entry 9 is dated 2026-01-01T00:00:00Z, the one before it 2026-02-01T00:00:00Z: the clock was put back.
The ledger has a new key: kho.x/1+ab+cd
"""


@pytest.mark.parametrize("sentence", LEDGER.strip().splitlines())
def test_what_is_said_of_the_ledger_is_said_in_vietnamese_with_its_values(sentence: str) -> None:
    told = ledger_in_vietnamese(sentence)
    assert told != sentence
    for value in re.findall(r"\d(?:[\w:+-]*\w)?|copy-1|kho\.\S+[a-z]", sentence):
        assert value in told


def test_a_new_key_that_nothing_signs_for_is_told_as_such() -> None:
    said = (
        "The ledger has a new key: k+1+x. Nothing signs for it: the old private key was not there"
    )
    assert "không được khoá cũ ký" in ledger_in_vietnamese(said)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("audit",), "chọn một trong: mã hồ sơ, --all"),
        (("audit", "--sample", "0%"), "Giá trị không hợp lệ của --sample: '0%' không phải tỷ lệ"),
        (("audit", "--al"), "Không có tuỳ chọn --al."),
        (("drill", "nonsense", "--yes"), "không có loại nonsense; có: flip"),
        (("demo", "x"), "Thừa: x."),
        (("nothing",), "Không có lệnh nothing."),
        (("repair", "x", "--reason", " "), "hãy nêu lý do"),
        (("show",), "Thiếu ID."),
        (("search", "x", "--limit", "many"), "Giá trị không hợp lệ của --limit: phải là một số."),
        (("search", "x", "--limit", "0"), "ít nhất là 1."),
        (("form", "giay", "--to", "x"), "không nằm trong"),
    ],
)
def test_wrong_usage_is_told_in_vietnamese_with_the_same_status(
    home: Path, arguments: tuple[str, ...], words: str
) -> None:
    ran = said(home, *arguments)
    assert (ran.status, words in ran.stderr, "Lỗi: " in ran.stderr) == (2, True, True), ran.stderr
    english = said(home, *arguments, language="en")
    assert (english.status, "Error: " in english.stderr) == (2, True)


def test_no_command_shows_the_help_and_what_is_not_known_stays(home: Path) -> None:
    assert said(home).status == 2
    assert said(home, "--help").status == 0
    assert in_vietnamese("Invalid value: something else") == "Giá trị không hợp lệ: something else"
