import json
import os
from pathlib import Path

import pytest

from repository.errors import NotFound
from repository.model import ObjectId
from repository.ocfl.layout import HASHED_WITH_ID, HashedWithId, write_layout
from repository.ocfl.root import folder_kind, validate_root
from repository.problems import Report
from tests.repository.ocfl.builder import make_object

LAYOUT = HashedWithId()


def _write(root: Path, files: dict[str, bytes], folder: str = "") -> None:
    for path, data in files.items():
        target = root / folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _add(root: Path, object_id: str, folder: str | None = None) -> str:
    place = folder or LAYOUT.path(ObjectId(object_id))
    _write(root, make_object({"a": object_id.encode()}, object_id=object_id), place)
    return place


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _write(tmp_path, write_layout())
    for number in range(3):
        _add(tmp_path, f"urn:x:{number}")
    return tmp_path


def _judged(root: Path) -> dict[str, Report]:
    reports = list(validate_root(str(root)))
    assert reports[-1][0] == ""  # the root's own comes last
    assert len(dict(reports)) == len(reports)
    return dict(reports)


def test_a_root_of_ours_and_its_objects_have_no_findings(root: Path) -> None:
    judged = _judged(root)
    assert len(judged) == 4
    assert all(report.problems == () for report in judged.values())
    assert folder_kind(str(root)) == "root"
    assert folder_kind(str(root / LAYOUT.path(ObjectId("urn:x:1")))) == "object"
    assert folder_kind(str(root / "extensions")) == "neither"


def test_one_corrupt_object_is_told_of_that_object_alone(root: Path) -> None:
    place = LAYOUT.path(ObjectId("urn:x:1"))
    (root / place / "v1/content/a").write_bytes(b"altered")
    judged = _judged(root)
    assert [folder for folder, report in judged.items() if report.has_errors] == [place]
    assert judged[place].codes() == ["E092", "E093"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("0=ocfl_1.0", "E076"),
        ("1=ocfl_1.1", "E078"),
        ("0=ocfl_2.0", "E077"),
        ("0=something_1.1", "E079"),
        ("487/stray.txt", "E072"),
        ("extensions/stray.txt", "E112"),
        ("extensions/mine/config.json", "W016"),
    ],
)
def test_a_file_out_of_place_is_found_under_its_code(root: Path, path: str, code: str) -> None:
    _write(root, {path: b""})
    assert code in _judged(root)[""].codes()


def test_other_files_beside_the_declaration_are_nobodys_business(root: Path) -> None:
    _write(root, {"ocfl_1.1.md": b"the specification", "README": b""})
    assert _judged(root)[""].problems == ()


def test_an_empty_folder_and_a_link_are_found(root: Path) -> None:
    (root / "abc/def").mkdir(parents=True)
    os.symlink(root, root / "loop")
    assert _judged(root)[""].codes() == ["E090", "E073"]


def test_a_missing_or_wrong_declaration_is_found(root: Path) -> None:
    (root / "0=ocfl_1.1").write_bytes(b"ocfl_1.1")
    assert _judged(root)[""].codes() == ["E080"]
    (root / "0=ocfl_1.1").unlink()
    assert _judged(root)[""].codes() == ["E069"]


def test_an_object_newer_than_its_root_is_found(root: Path) -> None:
    (root / "0=ocfl_1.1").unlink()
    _write(root, {"0=ocfl_1.0": b"ocfl_1.0\n"})
    judged = _judged(root)
    assert all("E081" in report.codes() for folder, report in judged.items() if folder)


def test_an_object_where_the_layout_does_not_put_it_is_found(root: Path) -> None:
    place = _add(root, "urn:x:9", "abc/def/012/urn%3ax%3a9")
    assert _judged(root)[place].codes() == ["E083"]


def test_one_identifier_in_two_places_is_found_without_a_layout(root: Path) -> None:
    (root / "ocfl_layout.json").unlink()
    _add(root, "urn:x:1", "abc/again")
    found = [report.codes() for folder, report in _judged(root).items() if folder]
    assert sorted(found) == [[], [], [], ["E083"]]


def test_objects_at_two_depths_are_a_warning(root: Path) -> None:
    (root / "ocfl_layout.json").unlink()
    _add(root, "urn:x:9", "top")
    assert _judged(root)[""].codes() == ["W015"]


@pytest.mark.parametrize(
    ("layout", "code"),
    [
        (b"{", "E070"),
        (b"[]", "E070"),
        (b"{}", "E070"),
        (json.dumps({"extension": "../../etc", "description": ""}).encode(), "E071"),
        (
            json.dumps({"extension": "0011-direct-clean-path-layout", "description": ""}).encode(),
            "STO-LAYOUT-NOT-CHECKED",
        ),
    ],
)
def test_a_layout_that_cannot_be_followed_is_told(root: Path, layout: bytes, code: str) -> None:
    (root / "ocfl_layout.json").write_bytes(layout)
    assert _judged(root)[""].codes() == [code]


def test_a_wrong_config_of_the_layout_is_told(root: Path) -> None:
    _write(root, {f"extensions/{HASHED_WITH_ID}/config.json": b'{"tupleSize": 99}'})
    assert _judged(root)[""].codes() == ["E070"]


def test_an_object_inside_an_object_is_found(root: Path) -> None:
    outer = LAYOUT.path(ObjectId("urn:x:1"))
    _add(root, "urn:x:9", f"{outer}/inner")
    assert _judged(root)[outer].codes() == ["E001"]


def test_a_root_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        validate_root(str(tmp_path / "absent"))
