"""Any one harm to a copy is found by an audit's judgement, and the copy rebuilt byte for byte."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preservation.audit.fixity import CopyVerdict, compare
from repository.catalogue.records import ExpectedRecord
from repository.store import Observation
from tests.repository.test_rebuild_copy import NOTE, OBJECT, Three, nothing_left

_Draw = Callable[[int], int]  # a number below the one given


def _flip(path: Path, draw: _Draw) -> None:
    data = bytearray(path.read_bytes())
    data[draw(len(data))] ^= 1 << draw(8)
    path.chmod(0o644)
    path.write_bytes(data)


def _truncate(path: Path, draw: _Draw) -> None:
    path.chmod(0o644)
    os.truncate(path, draw(path.stat().st_size))


def _grow(path: Path, draw: _Draw) -> None:
    path.chmod(0o644)
    with path.open("ab") as stream:
        stream.write(b"\0" * (1 + draw(5000)))


def _remove(path: Path, _: _Draw) -> None:
    path.unlink()


def _remove_folder(path: Path, _: _Draw) -> None:
    shutil.rmtree(path.parent)


def _add(path: Path, draw: _Draw) -> None:
    (path.parent / f"{path.name}.{draw(100)}").write_bytes(path.read_bytes())


def _rename(path: Path, draw: _Draw) -> None:
    path.rename(path.with_name(f"{path.name}.{draw(100)}"))


def _link(path: Path, _: _Draw) -> None:
    honest = path.with_name(f"{path.name}.honest")
    path.rename(honest)
    path.symlink_to(honest.name)


def _empty_folder(path: Path, _: _Draw) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path, _: _Draw) -> None:
    path.unlink()
    os.mkfifo(path)


HARMS = (
    _flip, _truncate, _grow, _remove, _remove_folder, _add, _rename, _link, _empty_folder, _pipe,
)  # fmt: skip


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Three:
    return Three(tmp_path_factory.mktemp("three"))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(harm=st.sampled_from(HARMS), data=st.data())
def test_one_harm_anywhere_is_found_and_the_copy_comes_back_byte_for_byte(
    ground: Three, harm: Callable[[Path, _Draw], None], data: st.DataObject
) -> None:
    folder = ground.folder("copy-1")
    before = _everything(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    chosen = data.draw(st.sampled_from(files))
    harm(chosen, lambda below: data.draw(st.integers(0, below - 1)) if below > 1 else 0)
    _found_and_rebuilt(ground, before)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_two_files_that_changed_places_are_found_and_put_back(
    ground: Three, data: st.DataObject
) -> None:
    folder = ground.folder("copy-1")
    before = _everything(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    one, other = data.draw(st.lists(st.sampled_from(files), min_size=2, max_size=2, unique=True))
    if one.read_bytes() == other.read_bytes():  # the root's inventory and the head's are alike
        return
    spare = folder / "spare"
    one.rename(spare)
    other.rename(one)
    spare.rename(other)
    _found_and_rebuilt(ground, before)


def _found_and_rebuilt(ground: Three, before: dict[str, tuple[int, bytes]]) -> None:
    target = ground.stores[1]
    assert _judged(ground).verdict is CopyVerdict.DAMAGED
    target.rebuild(ground.plan(target), note=NOTE)
    assert _everything(ground.folder("copy-1")) == before
    assert _judged(ground).verdict is CopyVerdict.INTACT
    nothing_left(ground, "copy-1")


def _judged(ground: Three):  # type: ignore[no-untyped-def]
    seen: Observation = next(iter(ground.stores[1].observe([OBJECT])))
    rows = [ExpectedRecord(OBJECT, f.path, f.size, f.sha512) for f in ground.expected]
    return compare(rows, seen)


def _everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every name, its kind and rights, and its bytes."""
    return {
        path.relative_to(folder).as_posix(): (
            stat.S_IFMT(path.lstat().st_mode) | (0 if path.is_dir() else path.lstat().st_mode),
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }
