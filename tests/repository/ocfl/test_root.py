import hashlib
import json
import os
import threading
from pathlib import Path

import pytest

from repository.errors import NotFound
from repository.model import ObjectId
from repository.ocfl import reading_together
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


def _sha256_object(root: Path, name: str) -> str:
    """An object addressed by SHA-256, with another digest of one of its two files."""
    made = root / name
    for path, data in {"v1/content/a": b"a", "v1/content/b": b"b"}.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(data)
    digests = {data: hashlib.sha256(data).hexdigest() for data in (b"a", b"b")}
    inventory = json.dumps(
        {
            "id": f"urn:{name}",
            "type": "https://ocfl.io/1.1/spec/#inventory",
            "digestAlgorithm": "sha256",
            "head": "v1",
            "manifest": {digests[n.encode()]: [f"v1/content/{n}"] for n in "ab"},
            "versions": {
                "v1": {
                    "created": "2026-01-01T00:00:00Z",
                    "state": {digests[n.encode()]: [n] for n in "ab"},
                }
            },
            "fixity": {"md5": {hashlib.md5(b"a").hexdigest(): ["v1/content/a"]}},
        }
    ).encode()
    (made / "0=ocfl_object_1.1").write_bytes(b"ocfl_object_1.1\n")
    for folder in (made, made / "v1"):
        (folder / "inventory.json").write_bytes(inventory)
        sidecar = f"{hashlib.sha256(inventory).hexdigest()} inventory.json\n"
        (folder / "inventory.json.sha256").write_text(sidecar)
    return name


@pytest.mark.parametrize(("objects", "files"), [(256, 20_000), (1, 20_000), (2, 3), (256, 1)])
def test_objects_read_together_are_each_told_of_and_in_the_same_order_whatever_the_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objects: int, files: int
) -> None:
    (tmp_path / "0=ocfl_1.1").write_bytes(b"ocfl_1.1\n")
    for number in range(12):
        if number % 3 == 1:
            _sha256_object(tmp_path, f"{number:02d}")
        else:
            _add(tmp_path, f"urn:x:{number}", f"{number:02d}")
    (tmp_path / "03/v1/content/a").write_bytes(b"altered")
    (tmp_path / "04/v1/content/a").write_bytes(b"altered")
    (tmp_path / "05/v1/content/a").unlink()
    (tmp_path / "06/inventory.json").write_bytes(b"{}")  # nothing is to be read of this one
    alone = [(folder, report.codes()) for folder, report in validate_root(str(tmp_path))]
    monkeypatch.setattr(reading_together, "_OBJECTS", objects)
    monkeypatch.setattr(reading_together, "_FILES", files)
    found = [(folder, report.codes()) for folder, report in validate_root(str(tmp_path))]
    assert found == alone
    assert len(found) == 13
    codes = dict(found)
    assert {"E092", "E093"} <= set(codes["03"])
    assert {"E092", "E093"} <= set(codes["04"])
    assert {"E092", "E093"} <= set(codes["05"])
    damaged = {
        folder for folder, report in validate_root(str(tmp_path)) if folder and report.has_errors
    }
    assert damaged == {"03", "04", "05", "06"}


def test_what_is_held_does_not_grow_with_the_number_of_objects(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead: list[int] = []
    begun = 0
    real = reading_together._InFlight

    class Counted(real):  # type: ignore[misc, valid-type]
        def __init__(self, *judged: object) -> None:
            nonlocal begun
            begun += 1
            super().__init__(*judged)

    for number in range(3, 40):
        _add(root, f"urn:x:{number}")
    monkeypatch.setattr(reading_together, "_InFlight", Counted)
    monkeypatch.setattr(reading_together, "_OBJECTS", 5)
    for done, _ in enumerate(validate_root(str(root))):
        ahead.append(begun - done)
    assert begun == 40
    assert max(ahead) <= 6  # five in flight, and the one looked at to see that it waits


def test_leaving_a_root_in_the_middle_stops_the_reading(root: Path) -> None:
    before = threading.active_count()
    judged = validate_root(str(root))
    next(judged)
    judged.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_a_reading_that_ends_early_lets_no_altered_file_pass(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _add(root, "urn:early")
    (root / place / "v1/content/a").write_bytes(b"altered")

    def ending_early(tasks, algorithms, *, options):
        assert list(tasks)
        return iter(())

    monkeypatch.setattr(reading_together, "digest_files", ending_early)
    assert {"E092", "E093"} <= set(_judged(root)[place].codes())
