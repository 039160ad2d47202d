"""Making bytes durable and real."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository import durable
from repository.errors import Misconfigured, Unavailable


@pytest.fixture(params=["by tree", "one by one"], autouse=True)
def _flushed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "one by one":
        monkeypatch.setattr(durable, "_syncfs", None)


def test_a_new_file_is_read_only_and_never_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "a"
    durable.write_new(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    with pytest.raises(FileExistsError):
        durable.write_new(path, b"two")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        durable.write_new(link, b"two")
    assert not (tmp_path / "elsewhere").exists()


def test_replacing_shows_the_old_bytes_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ("\u1ebf" * 80)  # 240 bytes: a temporary name made from it would be too long
    durable.write_durably(path, b"old")
    durable.write_durably(path, b"older")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.write_durably(path, b"new")
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_appending_cuts_off_a_torn_tail_and_refuses_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    durable.append_durably(path, b"one", 0)
    durable.append_durably(path, b"two", 3)
    with path.open("ab") as stream:
        stream.write(b"torn")
    durable.append_durably(path, b"three", 6)
    assert path.read_bytes() == b"onetwothree"
    with pytest.raises(ValueError, match="12 were expected"):
        durable.append_durably(path, b"x", 12)


def test_every_append_flushes_the_name_for_a_dead_writer_may_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one")
    flushed = []
    monkeypatch.setattr(durable, "sync_folder", flushed.append)
    durable.append_durably(path, b"two", 3)
    assert flushed == [tmp_path]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([b"a", b"\0", bytes(1 << 20), b"\1" * (1 << 20)]), max_size=6))
def test_a_copy_with_holes_has_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    data = b"".join(parts)
    path = tmp_path_factory.mktemp("copy") / "file"
    stream = io.BytesIO(data)
    durable.copy_new(path, iter(lambda: durable.read_block(stream), b""))
    assert path.read_bytes() == data


def test_a_folder_is_published_whole_and_never_over_another(tmp_path: Path) -> None:
    staged, target = tmp_path / "staged", tmp_path / "root" / "a" / "b" / "object"
    (tmp_path / "root").mkdir()
    staged.mkdir()
    durable.write_new(staged / "file", b"x")
    durable.sync_tree(staged)
    durable.publish_folder(staged, target, tmp_path / "root")
    assert (target / "file").read_bytes() == b"x" and not staged.exists()
    for taken in ("folder", "file", "link"):
        staged.mkdir()
        other = tmp_path / "root" / taken
        {
            "folder": lambda p: p.mkdir(),
            "file": lambda p: p.touch(),
            "link": lambda p: p.symlink_to("nowhere"),
        }[taken](other)
        with pytest.raises(FileExistsError):
            durable.publish_folder(staged, other, tmp_path / "root")
        staged.rmdir()


def test_publishing_survives_that_empty_parents_are_removed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged, target = tmp_path / "staged", tmp_path / "root" / "a" / "b" / "object"
    (tmp_path / "root").mkdir()
    staged.mkdir()
    rename, times = os.rename, []

    def robbed(old: Path, new: Path) -> None:
        if len(times) < 3:
            times.append(1)
            durable.remove_empty_folders(target.parent, tmp_path / "root")
        rename(old, new)

    monkeypatch.setattr(os, "rename", robbed)
    durable.publish_folder(staged, target, tmp_path / "root")
    assert target.is_dir() and len(times) == 3


def test_empty_parents_are_removed_and_others_and_the_root_stay(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "kept").touch()
    durable.remove_empty_folders(tmp_path / "a" / "b" / "c" / "never made", tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "kept"]
    durable.remove_empty_folders(tmp_path, tmp_path)
    assert tmp_path.exists()


def test_a_tree_that_cannot_be_listed_is_not_called_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_syncfs", None)

    def closed(_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(PermissionError):
        durable.sync_tree(tmp_path)


def test_a_flush_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_flushes_whole", lambda _: True)
    monkeypatch.setattr(durable, "_syncfs", lambda _: -1)
    for flush in (durable.sync_tree, lambda path: durable.sync_names(path, tmp_path)):
        with pytest.raises(OSError, match=str(tmp_path)):
            flush(tmp_path)


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        (errno.ENOSPC, Unavailable, "No room"),
        (errno.EDQUOT, Unavailable, "No room"),
        (errno.EROFS, Misconfigured, "Not allowed"),
        (errno.EACCES, Misconfigured, "Not allowed"),
        (errno.ENAMETOOLONG, Misconfigured, "cannot hold"),
        (errno.EIO, Unavailable, "Input/output error"),
        (errno.ESTALE, Unavailable, "handle"),
    ],
)
def test_an_oserror_becomes_the_failure_an_operator_can_act_on(
    code: int, kind: type[Exception], word: str
) -> None:
    failure = durable.explained(OSError(code, os.strerror(code), "/place"), "writing")
    assert type(failure) is kind
    assert word in failure.operator and "writing" in failure.operator
    assert "/place" in failure.operator and "/place" not in failure.public
