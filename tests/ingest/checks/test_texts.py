"""Every finding can be put in words, in both languages, and is in the table for sending offices."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from schemas.codelists import code_list, code_list_names
from schemas.problem_texts import known_codes, problem_text

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("schemas", "repository", "preservation", "ingest", "api", "kho")
CODE = re.compile(r'"((?:ING|FIX|BAG|STO)-[A-Z0-9]+(?:-[A-Z0-9]+)*)"')


def used_codes() -> set[str]:
    found: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found.update(CODE.findall(path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_code_in_the_source_has_a_text(lang):
    assert used_codes() - known_codes(lang) == set()


def test_no_text_of_intake_is_left_without_a_rule():
    mine = {code for code in known_codes("vi") if code.startswith("ING-")}
    assert mine - used_codes() == set()


def texts(lang: str) -> dict[str, str]:
    path = ROOT / "schemas" / "texts" / f"ingest.{lang}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_both_languages_have_the_same_texts_with_the_same_values():
    vi, en = texts("vi"), texts("en")
    assert vi.keys() == en.keys()
    for key in vi:
        assert set(re.findall(r"{(\w+)}", vi[key])) == set(re.findall(r"{(\w+)}", en[key])), key


def test_a_text_of_a_variant_has_a_plain_form_too():
    assert {key.split(".")[0] for key in texts("vi")} <= set(texts("vi"))


def test_an_unknown_code_is_shown_with_its_values_and_values_are_never_formats():
    assert problem_text("X-1", {"b": "2", "a": "{b}"}, "vi") == "X-1 (a={b}, b=2)"
    assert problem_text("X-1", {}, "en") == "X-1"
    text = problem_text("ING-FILE-UNREFERENCED", {"path": "{path}{0.__class__}"}, "en")
    assert "{path}{0.__class__}" in text
    assert "{" not in problem_text("ING-FILE-UNREFERENCED", {}, "en")


def test_the_table_for_offices_names_every_code():
    table = (ROOT / "docs" / "intake-rules.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(ING-[A-Z0-9-]+)`", table, re.MULTILINE))
    assert listed == {code for code in known_codes("vi") if code.startswith("ING-")}


@pytest.mark.parametrize("element", code_list_names())
def test_every_code_and_name_of_a_list_is_read_as_its_own_code(element):
    codes = code_list(element)
    assert codes.scheme_version == "tt05-2025"
    for code, labels in codes.labels.items():
        assert codes.code(code) == code
        assert codes.code(f" {labels['vi'].upper()} ") == code
        assert codes.code(labels["en"]) == code
        assert codes.label(code, "vi") == labels["vi"]
        if code.isdigit():
            assert codes.code(f"{code} - {labels['vi']}") == code
    assert codes.code("") is None
    assert codes.code("98") is None


def test_a_code_with_the_name_of_another_list_is_not_taken():
    assert code_list("mode").code("01 - Hạn chế") is None
    assert code_list("mode").code("01 - Mật") is None


def test_free_text_is_other_only_where_the_circular_has_other_for_it():
    assert code_list("typeName").code("Lệnh") == "32"
    assert code_list("mode").code("Nội bộ") is None
    with pytest.raises(KeyError):
        code_list("title")
