"""`kho digest`: its lines are those of `sha512sum`, and nothing is passed over in silence."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kho import sums
from repository.errors import NotFound, Refused
from tests.archives import kho

NAMES = st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name)
ODD = (
    b"a\\b",
    b"new\nline",
    b"\xff",
    b"tab\t",
    b"\r",
    b"\xe2\x80\xa8",
    b" lead",
    b"\x0b\x0c",
    b"a\\nb",
)


def made(folder: Path) -> Path:
    place = folder / "files"
    place.mkdir()
    for number, name in enumerate(ODD):
        with open(os.fsencode(place) + b"/" + name, "wb") as stream:
            stream.write(b"x" * number)
    return place


@given(NAMES)
def test_a_line_is_read_as_it_was_written(raw: bytes) -> None:
    name = os.fsdecode(raw)
    written = sums.line("ab" * 64, name)
    assert written.count(b"\n") == 1
    assert sums.parse(written.removesuffix(b"\n")) == ("ab" * 64, name)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_line_or_none(raw: bytes) -> None:
    assert sums.parse(raw) is None or isinstance(sums.parse(raw), tuple)


def test_sha512sum_checks_our_list_and_we_check_its(tmp_path: Path) -> None:
    place = made(tmp_path)
    paths = [os.fsencode(place) + b"/" + name for name in ODD]
    ours = subprocess.run(
        [sys.executable, "-P", "-m", "kho", "digest", str(place)], capture_output=True, check=True
    ).stdout
    (tmp_path / "ours").write_bytes(ours)
    theirs = subprocess.run(["sha512sum", *paths], capture_output=True, check=True).stdout
    (tmp_path / "theirs").write_bytes(theirs)
    subprocess.run(["sha512sum", "-c", "--strict", tmp_path / "ours"], check=True)
    assert {one.verdict for one in sums.check(tmp_path / "theirs", "sha512")} == {"intact"}
    assert len(list(sums.check(tmp_path / "theirs", "sha512"))) == len(ODD)


def test_every_line_is_judged_even_when_a_name_comes_twice(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    good = next(sums.digest([tmp_path / "a"], "sha512"))
    listing = tmp_path / "list"
    bad = sums.line("0" * 128, good.path)
    gone = sums.line(good.digest, str(tmp_path / "gone"))
    short = sums.line("0" * 64, good.path)
    listing.write_bytes(bad + sums.line(good.digest, good.path) + gone + short)
    found = sorted(one.verdict for one in sums.check(listing, "sha512"))
    assert found == ["altered", "intact", "malformed", "missing"]
    done = kho("digest", "--check", listing, "--json")
    assert done.status == 3
    assert done.summary()["files"] == 4


def test_a_list_without_a_line_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n")
    with pytest.raises(Refused, match="nothing was checked"):
        list(sums.check(tmp_path / "empty", "sha512"))


def test_lists_of_windows_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    good = next(sums.digest([tmp_path / "a"], "sha256"))
    (tmp_path / "list").write_bytes(f"{good.digest.upper()} *{good.path}\r\n".encode())
    assert [one.verdict for one in sums.check(tmp_path / "list", "sha256")] == ["intact"]


def test_a_link_to_a_folder_is_told_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "link").symlink_to(tmp_path)
    assert [one.verdict for one in sums.digest([tmp_path / "there"], "sha512")] == ["unreadable"]


def test_a_folder_nobody_may_look_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)

    monkeypatch.setattr(os, "scandir", refuse)  # root may look into every folder
    assert [one.verdict for one in sums.digest([tmp_path], "sha512")] == ["unreadable"]


def test_unknown_algorithms_and_paths_are_failures(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="crc32"):
        list(sums.digest([tmp_path], "crc32"))
    with pytest.raises(NotFound):
        list(sums.digest([tmp_path / "gone"], "sha512"))
