"""TARs that lie: each is one clear finding, in bounded time and memory, and nothing is unpacked."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.container import ContainerFault, Limits
from ingest.tar_container import read_tar
from tests.ingest.shapes.making import TarEntry, pax, tar_bytes, tar_of

GOOD = TarEntry("top/METS.xml", b"<mets/>")


def codes(data: bytes, folder: Path, limits: Limits | None = None) -> set[str]:
    path = folder / "x.tar"
    path.write_bytes(data)
    container, problems, _ = read_tar(path, limits)
    if container is not None:
        with container:
            for member in container.members:
                with container.open(member) as stream:
                    assert len(stream.read()) == member.size
        assert not [p for p in problems if p.severity.value == "error"]
    return {p.code for p in problems}


HOSTILE = {
    "parent": ([TarEntry("../x", b"1")], "ING-PATH-UNSAFE"),
    "deep parent": ([TarEntry("top/a/../../../x", b"1")], "ING-PATH-UNSAFE"),
    "absolute": ([TarEntry("/etc/passwd", b"1")], "ING-PATH-UNSAFE"),
    "drive": ([TarEntry("C:/x", b"1")], "ING-PATH-UNSAFE"),
    "backslash parent": ([TarEntry("..\\x", b"1")], "ING-PATH-UNSAFE"),
    "control": ([TarEntry(b"a\x1bb", b"1")], "ING-PATH-UNSAFE"),
    "prefix leads out": ([TarEntry("x", b"1", prefix=b"../..")], "ING-PATH-UNSAFE"),
    "symbolic link": ([GOOD, TarEntry("top/l", kind=b"2", link=b"/etc")], "ING-LINK"),
    "hard link": ([GOOD, TarEntry("top/l", kind=b"1", link=b"top/METS.xml")], "ING-LINK"),
    "character device": ([TarEntry("top/d", kind=b"3")], "ING-LINK"),
    "block device": ([TarEntry("top/d", kind=b"4")], "ING-LINK"),
    "pipe": ([TarEntry("top/p", kind=b"6")], "ING-LINK"),
    "unknown kind": ([TarEntry("top/p", kind=b"V")], "ING-LINK"),
    "gnu sparse": ([TarEntry("top/s", b"", kind=b"S")], "ING-COMPRESSION"),
    "pax sparse": ([pax(GNU__sparse__map="0,1"), TarEntry("top/s", b"1")], "ING-COMPRESSION"),
    "pax name leads out": ([pax(path="../../x"), TarEntry("ok", b"1")], "ING-PATH-UNSAFE"),
    "pax size lies": ([pax(size="999999999"), TarEntry("top/x", b"1")], "ING-CORRUPT"),
    "pax size no number": ([pax(size="1e9"), TarEntry("top/x", b"1")], "ING-CORRUPT"),
    "pax without record": ([TarEntry("p", b"99999 x=1\n", kind=b"x"), GOOD], "ING-CORRUPT"),
    "pax zero length": ([TarEntry("p", b"0 x=1\n", kind=b"x"), GOOD], "ING-CORRUPT"),
    "pax no value": ([TarEntry("p", b"5 ab\n", kind=b"x"), GOOD], "ING-CORRUPT"),
    "pax of a gigabyte": ([TarEntry("p", b"", kind=b"x", size=1 << 30)], "ING-CORRUPT"),
    "long name of a gigabyte": ([TarEntry("p", b"", kind=b"L", size=1 << 30)], "ING-CORRUPT"),
    "pax without entry": ([GOOD, pax(path="x")], "ING-CORRUPT"),
    "long name leads out": ([TarEntry("l", b"../../x\0", kind=b"L"), TarEntry("ok", b"1")],
                            "ING-PATH-UNSAFE"),
    "size beyond the end": ([TarEntry("top/x", b"1", size=10**9)], "ING-CORRUPT"),
    "size enormous, base 256": ([TarEntry("top/x", b"1", size=b"\x80" + b"\xff" * 11)], "ING-CORRUPT"),
    "size negative": ([TarEntry("top/x", b"1", size=b"\xff" * 12)], "ING-CORRUPT"),
    "size no number": ([TarEntry("top/x", b"1", size=b"12x")], "ING-CORRUPT"),
    "sum wrong": ([GOOD, TarEntry("top/x", b"1", sum=b"000001\0 ")], "ING-CORRUPT"),
    "same name twice": ([GOOD, GOOD], "ING-NAME-CLASH"),
    "names alike but for case": ([TarEntry("top/a"), TarEntry("top/A")], "ING-NAME-CLASH"),
    "file and folder": ([TarEntry("top/a", b"1"), TarEntry("top/a/b", b"1")], "ING-NAME-CLASH"),
    "too deep": ([TarEntry("/".join("a" * 40), b"1")], "ING-BOMB"),
    "name too long": ([pax(path="a" * 300), TarEntry("x", b"1")], "ING-NAME-LONG"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_lie_of_a_tar_is_one_clear_finding(tmp_path: Path, name: str, compressed: bool) -> None:
    entries, code = HOSTILE[name]
    data = tar_bytes(entries)
    assert code in codes(gzip.compress(data) if compressed else data, tmp_path)


def test_a_gzip_bomb_stops_at_its_ratio(tmp_path: Path) -> None:
    limits = Limits(total_ratio_from=10**6)
    bomb = gzip.compress(tar_bytes([TarEntry("top/zeros", b"\0" * 20_000_000)]))
    assert codes(bomb, tmp_path, limits) == {"ING-BOMB"}


def test_a_gzip_of_more_than_the_total_stops_there(tmp_path: Path) -> None:
    limits = Limits(max_total=100_000)
    assert codes(gzip.compress(tar_bytes([TarEntry("a", b"ab" * 99_999)])), tmp_path, limits) == {
        "ING-BOMB"
    }


def test_too_many_entries_stop_the_reading(tmp_path: Path) -> None:
    data = tar_bytes([TarEntry(f"a/{i}") for i in range(50)])
    assert codes(data, tmp_path, Limits(max_members=10)) == {"ING-BOMB"}


def test_bytes_behind_the_end_are_told(tmp_path: Path) -> None:
    assert codes(tar_bytes([GOOD]) + b"hidden", tmp_path) == {"ING-HIDDEN-BYTES"}


@pytest.mark.parametrize("cut", range(0, 2500, 97))
def test_a_tar_cut_anywhere_is_refused(tmp_path: Path, cut: int) -> None:
    data = tar_of({"METS.xml": b"x" * 700, "b": b"y"}, "top")
    found = codes(data[:cut], tmp_path)
    assert found & {"ING-NOT-ZIP", "ING-CORRUPT"}


@pytest.mark.parametrize("cut", range(2, 200, 7))
def test_a_gzip_cut_anywhere_is_refused(tmp_path: Path, cut: int) -> None:
    data = gzip.compress(tar_of({"METS.xml": bytes(range(256)) * 3, "b": b"y"}, "top"))
    assert codes(data[: min(cut, len(data) - 1)], tmp_path) & {"ING-CORRUPT"}


def test_a_gzip_whose_sum_is_wrong_is_damaged(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(tar_of({"METS.xml": b"x" * 3000}, "top")))
    data[-6] ^= 1
    assert codes(bytes(data), tmp_path) == {"ING-CORRUPT"}


def test_a_changed_byte_of_a_gzip_is_never_given_as_a_member(tmp_path: Path) -> None:
    files = {"METS.xml": bytes(range(256)) * 9, "b": b"tail" * 300}
    good = gzip.compress(tar_of(files, "top"))
    for place in range(12, len(good), 17):
        bad = bytearray(good)
        bad[place] ^= 0x10
        (tmp_path / "x.tar").write_bytes(bytes(bad))
        container, _, _ = read_tar(tmp_path / "x.tar")
        if container is None:
            continue
        with container:
            for member in container.members:
                try:
                    data = container.open(member).read()
                except ContainerFault:
                    continue
                assert data in files.values()


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0"), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=2000), min_size=1, max_size=8),
    packed=st.booleans(),
)
@example(files={"ệ" * 90: b"1"}, packed=True)
def test_whatever_a_common_program_packs_is_read_back_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], packed: bool
) -> None:
    path = tmp_path_factory.mktemp("tar") / "x.tar"
    data = tar_of(files, "top")
    path.write_bytes(gzip.compress(data) if packed else data)
    container, problems, _ = read_tar(path)
    if container is None:
        assert {p.code for p in problems if p.severity.value == "error"} <= {
            "ING-PATH-UNSAFE", "ING-NAME-CLASH", "ING-NAME-LONG",
        }  # fmt: skip
        return
    with container:
        got = {m.name: container.open(m).read() for m in container.members}
    assert got == {f"top/{name}": data for name, data in files.items()}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_bytes_make_the_reader_fail_otherwise(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    good = bytearray(tar_bytes([pax(path="top/ệ.xml"), TarEntry("x", b"12"), GOOD]))
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("tar")
    codes(bytes(good), folder)
    codes(zlib.compress(bytes(good), wbits=31), folder)
