"""The published OCFL fixtures, judged by us and by ocfl-py, and objects on which ocfl-py is wrong.

The fixtures are no part of this project: they are found by KHO_TEST_CORPORA.
"""

import json
import os
import random
import re
import shutil
from pathlib import Path

import pytest

from repository.ocfl.inventory import (
    InvalidInventory,
    first_inventory,
    parse_inventory,
    serialise_inventory,
)
from repository.ocfl.layout import write_layout
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.root import validate_root
from repository.ocfl.validate import validate_object
from repository.second_opinion import ocfl_py_verdict
from tests.repository.ocfl.builder import (
    CREATED,
    TWO_VERSIONS,
    content,
    make_object,
    put_inventory,
)

CORPORA = os.environ.get("KHO_TEST_CORPORA")
FIXTURES = Path(CORPORA, "ocfl-fixtures") if CORPORA else None
CASES = sorted(FIXTURES.glob("1.[01]/*-objects/*")) if FIXTURES else []
needs_fixtures = pytest.mark.skipif(
    not CASES, reason="KHO_TEST_CORPORA does not lead to the OCFL fixtures"
)
each_fixture = pytest.mark.parametrize(
    "case", CASES, ids=["/".join(case.parts[-3:]) for case in CASES]
)


@needs_fixtures
def test_all_156_fixtures_are_there() -> None:
    assert len(CASES) == 156


@needs_fixtures
@each_fixture
def test_the_verdict_and_the_codes_in_the_name_are_ours(case: Path) -> None:
    report = validate_object(LocalTree(str(case)))
    named = set(re.findall(r"[EW][0-9]{3}", case.name))
    assert report.has_errors == (case.parent.name == "bad-objects")
    assert named <= set(report.codes())
    if case.parent.name == "good-objects":
        assert report.problems == ()
    if case.parent.name == "warn-objects":
        assert set(report.codes()) == named


@needs_fixtures
@each_fixture
def test_ocfl_py_gives_the_same_verdict(case: Path) -> None:
    opinion = ocfl_py_verdict(str(case))
    assert opinion.valid is not validate_object(LocalTree(str(case))).has_errors


@needs_fixtures
@each_fixture
def test_an_inventory_of_a_valid_fixture_is_read_and_written_again(case: Path) -> None:
    if case.parent.name == "bad-objects":
        data = case / "inventory.json"
        if data.is_file():
            try:
                parse_inventory(data.read_bytes())
            except InvalidInventory as invalid:
                assert invalid.report.has_errors
        return
    inventory = parse_inventory((case / "inventory.json").read_bytes())
    assert parse_inventory(serialise_inventory(inventory)) == inventory


def _write(root: Path, files: dict[str, bytes]) -> str:
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return str(root)


def _codes(path: str) -> set[str]:
    return {p.code for p in validate_object(LocalTree(path)) if p.severity == "error"}


def test_what_we_write_is_valid_for_ocfl_py_too(tmp_path: Path) -> None:
    path = _write(tmp_path, make_object(*TWO_VERSIONS, {}, {"tên tệp có dấu": "ệ".encode()}))
    assert _codes(path) == set()
    opinion = ocfl_py_verdict(path)
    assert (opinion.valid, opinion.messages) == (True, ())


# Objects of our own making on which ocfl-py 2.1.0 is known to err. Should one of these fail because
# ocfl-py now agrees, the case has become an ordinary one.


def test_a_content_file_replaced_by_a_link_passes_ocfl_py_and_not_us(tmp_path: Path) -> None:
    path = _write(tmp_path / "object", make_object({"a": b"same"}))
    (tmp_path / "elsewhere").write_bytes(b"same")
    os.unlink(f"{path}/v1/content/a")
    os.symlink(tmp_path / "elsewhere", f"{path}/v1/content/a")
    assert "E090" in _codes(path)
    assert ocfl_py_verdict(path).valid is True


def test_a_hard_linked_content_file_passes_ocfl_py_and_not_us(tmp_path: Path) -> None:
    tree = make_object({"a": b"same"})
    path = _write(tmp_path, tree)
    inventory = tree["inventory.json"].replace(
        b'"v1/content/a"\n  ]', b'"v1/content/a",\n   "v1/content/b"\n  ]', 1
    )
    put_inventory(tree, inventory, "", "v1/")
    _write(tmp_path, tree)
    os.link(f"{path}/v1/content/a", f"{path}/v1/content/b")
    assert _codes(path) == {"E090"}
    assert ocfl_py_verdict(path).valid is True


def test_a_key_written_twice_passes_ocfl_py_and_not_us(tmp_path: Path) -> None:
    tree = make_object({"a": b"x"})
    twice = tree["inventory.json"].replace(b'"head": "v1"', b'"head": "v9",\n "head": "v1"')
    put_inventory(tree, twice, "", "v1/")
    path = _write(tmp_path, tree)
    assert _codes(path) == {"E033"}
    assert ocfl_py_verdict(path).valid is True


def test_an_unspecified_key_passes_ocfl_py_and_not_us(tmp_path: Path) -> None:
    tree = make_object({"a": b"x"})
    more = tree["inventory.json"].replace(b'"head": "v1"', b'"head": "v1",\n "mine": 1')
    put_inventory(tree, more, "", "v1/")
    path = _write(tmp_path, tree)
    assert _codes(path) == {"E102"}
    assert ocfl_py_verdict(path).valid is True


def test_a_day_that_does_not_exist_is_refused_by_both(tmp_path: Path) -> None:
    tree = make_object({"a": b"x"})
    wrong = tree["inventory.json"].replace(CREATED.encode(), b"2026-02-30T00:00:00Z")
    put_inventory(tree, wrong, "", "v1/")
    path = _write(tmp_path, tree)
    assert _codes(path) == {"E049"}
    assert ocfl_py_verdict(path).valid is False


def test_a_deeply_nested_inventory_is_one_finding(tmp_path: Path) -> None:
    tree = make_object({"a": b"x"})
    put_inventory(tree, b'{"a":' * 100_000, "", "v1/")
    path = _write(tmp_path, tree)
    assert "E033" in _codes(path)
    assert ocfl_py_verdict(path).valid is not True


def test_a_registered_object_extension_is_no_warning(tmp_path: Path) -> None:
    tree = make_object({"a": b"x"})
    tree["extensions/0001-digest-algorithms/config.json"] = b"{}"
    assert validate_object(LocalTree(_write(tmp_path, tree))).problems == ()


def test_a_root_with_a_corrupt_object_is_not_valid_for_either(tmp_path: Path) -> None:
    tree = make_object({"a": b"x"}, object_id="urn:x:1")
    _write(tmp_path, write_layout())
    _write(tmp_path / "de0/a2b/3c5/urn%3ax%3a1", {**tree, "v1/content/a": b"y"})
    reports = dict(validate_root(str(tmp_path)))
    assert any(report.has_errors for report in reports.values())
    assert ocfl_py_verdict(str(tmp_path)).valid is False


def test_an_object_without_created_is_never_written() -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        first_inventory("urn:x", [content("a", b"x")], "", None, None, None)  # type: ignore[arg-type]


def test_a_pipe_is_not_given_to_ocfl_py(tmp_path: Path) -> None:
    path = _write(tmp_path, make_object({"a": b"x"}))
    os.mkfifo(f"{path}/v1/content/pipe")
    assert "E090" in _codes(path)
    opinion = ocfl_py_verdict(path)
    assert opinion.valid is None
    assert "special file" in opinion.messages[0]


def test_a_folder_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    assert ocfl_py_verdict(str(tmp_path / "absent")).valid is None


ODD_VALUES = [None, True, 1, "", "a/", "../a", "v1", "v01", "v1/content/a", [], {}, ["a"], "sha256"]


def _places(value: object) -> list[tuple[object, object]]:
    if isinstance(value, dict):
        here, below = [(value, key) for key in value], list(value.values())
    elif isinstance(value, list):
        here, below = [(value, index) for index in range(len(value))], value
    else:
        return []
    return here + [place for inner in below for place in _places(inner)]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_ocfl_py_refuses_passes_us(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    for _ in range(15):
        tree = make_object(*TWO_VERSIONS)
        folders = chance.choice([("", "v2/"), ("v1/",)])
        document = json.loads(tree[f"{folders[0]}inventory.json"])
        holder, key = chance.choice(_places(document))
        if chance.random() < 0.4:
            del holder[key]
        else:
            holder[key] = chance.choice(ODD_VALUES)
        put_inventory(tree, json.dumps(document).encode(), *folders)
        path = _write(tmp_path / "object", tree)
        if ocfl_py_verdict(path).valid is False:
            assert _codes(path)
        shutil.rmtree(path)
