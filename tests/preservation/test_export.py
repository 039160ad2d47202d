"""What leaves is what is held, byte for byte, as folders and as ZIPs; damage does not leave."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from kho import wiring
from kho.settings import find_home
from preservation.export import Exported, Packing, export_object, export_versions, folder_name
from repository.digest import digest_bytes
from repository.errors import Conflict, Corrupt, NotFound
from repository.model import ObjectId
from tests.archives import TestArchive
from tests.preservation.offline.judging import judge


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def stored(archive: TestArchive) -> tuple[str, Path]:
    with wiring.open_archive(find_home(archive.home), read_only=True) as held:
        object_id = next(iter(held.catalogue.objects())).object_id
    name = object_id.replace(":", "%3a")
    return object_id, next(archive.root("primary").rglob(name))


def leave(archive: TestArchive, to: Path, shape: str, packing: Packing = "folder") -> Exported:
    object_id, _ = stored(archive)
    with wiring.open_archive(find_home(archive.home), read_only=True) as held:
        committed = held.catalogue.versions(object_id)[-1].inventory_sha512
        store = held.stores["primary"]
        if shape == "ocfl":
            return export_object(
                store, ObjectId(object_id), to, inventory_sha512=committed,
                expected=held.catalogue.expected(object_id), packing=packing,
            )  # fmt: skip
        [done] = export_versions(
            store, ObjectId(object_id), to, inventory_sha512=committed, packing=packing
        )
        return done


def test_the_whole_object_leaves_as_it_is_stored(archive: TestArchive, tmp_path: Path) -> None:
    done = leave(archive, tmp_path / "out", "ocfl")
    object_id, place = stored(archive)
    assert tree(Path(done.folder)) == tree(place)
    assert Path(done.folder).name == folder_name(ObjectId(object_id))
    assert (done.files, done.bytes) == (len(tree(place)), sum(map(len, tree(place).values())))
    assert judge(done.folder).status == 0


@pytest.mark.parametrize("shape", ["bag", "ocfl"])
@pytest.mark.parametrize("packing", ["zip", "deflated zip"])
def test_a_zip_has_the_same_files_and_always_the_same_bytes(
    shape: str, packing: Packing, archive: TestArchive, tmp_path: Path
) -> None:
    folder = Path(leave(archive, tmp_path / "folder", shape).folder)
    first = Path(leave(archive, tmp_path / "one", shape, packing).folder)
    second = Path(leave(archive, tmp_path / "two", shape, packing).folder)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as made:
        assert made.testzip() is None
        inside = {name.removeprefix(f"{folder.name}/"): made.read(name) for name in made.namelist()}
        assert {info.date_time for info in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert inside == tree(folder)
    line = first.with_name(f"{first.name}.sha512").read_text()
    assert line == f"{digest_bytes(first.read_bytes(), ['sha512'])['sha512']}  {first.name}\n"
    assert judge(first).status == 0


@pytest.mark.parametrize(
    ("how", "shape", "packing"),
    [
        ("flip", "bag", "folder"),
        ("flip", "ocfl", "zip"),
        ("longer", "ocfl", "folder"),
        ("longer", "bag", "deflated zip"),
        ("shorter", "bag", "zip"),
        ("shorter", "ocfl", "deflated zip"),
    ],
)
def test_damage_does_not_leave_and_nothing_of_it_stays(
    how: str, shape: str, packing: Packing, archive: TestArchive, tmp_path: Path
) -> None:
    _, place = stored(archive)
    victim = max(place.rglob("v1/content/data/**/*.pdf"))
    data = victim.read_bytes()
    victim.chmod(0o644)
    made = {"flip": bytes([data[0] ^ 1]) + data[1:], "longer": data + b"x", "shorter": data[:-1]}
    victim.write_bytes(made[how])
    with pytest.raises(Corrupt):
        leave(archive, tmp_path / "out", shape, packing)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_version_inventory_that_agrees_with_its_sidecar_only_does_not_leave(
    archive: TestArchive, tmp_path: Path
) -> None:
    _, place = stored(archive)
    inventory = place / "v1/inventory.json"
    inventory.chmod(0o644)
    inventory.write_bytes(inventory.read_bytes() + b" ")
    with pytest.raises(Corrupt):
        leave(archive, tmp_path / "out", "ocfl")


@pytest.mark.parametrize("packing", ["folder", "zip"])
def test_what_is_there_already_is_never_replaced(
    packing: Packing, archive: TestArchive, tmp_path: Path
) -> None:
    done = leave(archive, tmp_path / "out", "ocfl", packing)
    before = tree(tmp_path / "out")
    with pytest.raises(Conflict):
        leave(archive, tmp_path / "out", "ocfl", packing)
    assert tree(tmp_path / "out") == before
    assert Path(done.folder).exists()


def test_a_version_that_is_not_there_is_not_found(archive: TestArchive, tmp_path: Path) -> None:
    object_id, _ = stored(archive)
    with wiring.open_archive(find_home(archive.home), read_only=True) as held:
        committed = held.catalogue.versions(object_id)[-1].inventory_sha512
        for version in ("v2", "latest"):
            with pytest.raises(NotFound):
                list(export_versions(
                    held.stores["primary"], ObjectId(object_id), tmp_path,
                    inventory_sha512=committed, version=version,
                ))  # fmt: skip
