from pathlib import Path

from repository.ocfl.judging_apart import WORTH_WHILE
from tests.archives import kho
from tests.repository.ocfl.builder import write_root

COUNT = WORTH_WHILE + 6


def test_a_root_of_many_objects_is_judged_and_counted(tmp_path: Path) -> None:
    root = write_root(tmp_path, COUNT)
    told = kho("validate", "ocfl", root)
    assert (told.status, told.stderr) == (0, "")
    assert told.stdout == f"Valid.\n  Objects judged: {COUNT}.\n"
    vi = kho("validate", "ocfl", root, environment={"KHO_LANG": "vi"})
    assert f"Đã kiểm tra {COUNT} đối tượng." in vi.stdout
    (root / "066/v1/content/a").write_bytes(b"altered")
    found = kho("validate", "ocfl", root, "--json")
    assert found.status == 3
    document = found.document()
    assert (document["valid"], document["objects"]) == (False, COUNT)
    assert {one["location"] for one in document["problems"]} == {"066/v1/content/a"}


def test_nothing_judged_is_said_and_one_object_is_not_counted(tmp_path: Path) -> None:
    root = write_root(tmp_path, 1)
    one = kho("validate", "ocfl", root / "000", "--json").document()
    assert one == {"valid": True, "problems": one["problems"]}
    (tmp_path / "empty").mkdir()
    told = kho("validate", "ocfl", write_root(tmp_path / "empty", 0))
    assert "Objects judged: 0." in told.stdout
