"""Hostile and broken ZIPs: one clear finding each, bounded, and nothing written anywhere."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.container import ContainerFault, Limits, Member
from ingest.member_names import clash_key, read_name
from ingest.zip_container import _dos_time, open_zip
from repository.errors import NotFound
from repository.problems import Report
from tests.ingest.readers.sip import OBJID, Sip, judge, shown, sip_zip
from tests.ingest.readers.zip_bytes import Entry, deflate, zip_bytes

TOP = "uuid-x"
METS = Entry(f"{TOP}/METS.xml", b"<mets/>")
ZEROS = bytes(3_000_000)


def entry(name: str | bytes, data: bytes = b"x", **more: object) -> Entry:
    full = f"{TOP}/{name}" if isinstance(name, str) else TOP.encode() + b"/" + name
    return Entry(full, data, **more)  # type: ignore[arg-type]


def with_mets(*entries: Entry, **more: object) -> bytes:
    return zip_bytes([METS, *entries], **more)  # type: ignore[arg-type]


def raw(name: str | bytes, **more: object) -> bytes:
    return with_mets(Entry(name, b"x", **more))  # type: ignore[arg-type]


def overlapping() -> bytes:
    """Two members that share one kernel of data (the quoted-overlap bomb in its simplest form)."""
    kernel = entry("b", b"y" * 100)
    first = Entry(f"{TOP}/a", b"", packed=b"", packed_size=200, size=200, method=0)
    return with_mets(first, kernel, replace(kernel, name=f"{TOP}/c"))


def shared_data() -> bytes:
    one = zip_bytes([METS, entry("a", b"y" * 50, method=0)])
    offset = one.index(b"PK\x03\x04", 4)
    return with_mets(
        entry("a", b"y" * 50, method=0),
        Entry(f"{TOP}/b", b"y" * 50, method=0, local_offset=offset),
    )


def nested_zip_of(depth: int) -> bytes:
    return raw("/".join([TOP, *("d" for _ in range(depth)), "f"]))


HOSTILE = {
    "parent": (raw(f"{TOP}/../../etc/passwd"), "ING-PATH-UNSAFE", "parent"),
    "parent-only": (raw("../x"), "ING-PATH-UNSAFE", "parent"),
    "parent-backslash": (raw("..\\..\\x"), "ING-PATH-UNSAFE", "parent"),
    "parent-mixed": (raw(f"{TOP}/a\\../..\\x"), "ING-PATH-UNSAFE", "parent"),
    "parent-folder": (raw(f"{TOP}/../"), "ING-PATH-UNSAFE", "parent"),
    "absolute": (raw("/etc/cron.d/x"), "ING-PATH-UNSAFE", "absolute"),
    "absolute-backslash": (raw("\\windows\\x"), "ING-PATH-UNSAFE", "absolute"),
    "network-share": (raw("\\\\server\\share\\x"), "ING-PATH-UNSAFE", "absolute"),
    "drive": (raw("C:\\x"), "ING-PATH-UNSAFE", "drive"),
    "drive-relative": (raw("c:x"), "ING-PATH-UNSAFE", "drive"),
    "nul": (raw(f"{TOP}/a.pdf\0.exe".encode()), "ING-PATH-UNSAFE", "control"),
    "newline": (raw(f"{TOP}/a\nb"), "ING-PATH-UNSAFE", "control"),
    "escape": (raw(f"{TOP}/\x1b[2J"), "ING-PATH-UNSAFE", "control"),
    "c1": (raw(f"{TOP}/a\x85b"), "ING-PATH-UNSAFE", "control"),
    "empty-name": (raw(b""), "ING-PATH-UNSAFE", "empty"),
    "double-slash": (raw(f"{TOP}//a"), "ING-PATH-UNSAFE", "empty"),
    "dot-part": (raw(f"{TOP}/./a"), "ING-PATH-UNSAFE", "empty"),
    "only-slashes": (raw("./"), "ING-PATH-UNSAFE", "empty"),
    "twice": (with_mets(entry("a", b"1"), entry("a", b"2")), "ING-NAME-CLASH", "twice"),
    "twice-by-backslash": (with_mets(entry("d/a"), entry("d\\a")), "ING-NAME-CLASH", "twice"),
    "twice-mets": (with_mets(METS), "ING-NAME-CLASH", "twice"),
    "case": (with_mets(entry("A.pdf"), entry("a.pdf")), "ING-NAME-CLASH", "alike"),
    "case-folder": (with_mets(entry("Data/a"), entry("data/b")), "ING-NAME-CLASH", "alike"),
    "nfc-nfd": (
        with_mets(entry("\u1ebf"), entry("e\u0302\u0301")),
        "ING-NAME-CLASH",
        "alike",
    ),
    "folded-letters": (with_mets(entry("straße"), entry("STRASSE")), "ING-NAME-CLASH", "alike"),
    "file-and-folder": (with_mets(entry("a"), entry("a/b")), "ING-NAME-CLASH", "file-and-folder"),
    "folder-and-file": (with_mets(entry("a/b"), entry("a")), "ING-NAME-CLASH", "file-and-folder"),
    "long-part": (raw(f"{TOP}/" + "a" * 256), "ING-NAME-LONG", None),
    "long-name": (raw(f"{TOP}/" + "/".join(["ă" * 200] * 8)), "ING-NAME-LONG", None),
    "link": (with_mets(entry("a", b"/etc/passwd", external=0o120777 << 16)), "ING-LINK", "link"),
    "reparse": (with_mets(entry("a", b"x", external=0x420)), "ING-LINK", "link"),
    "fifo": (with_mets(entry("a", b"", external=stat.S_IFIFO << 16)), "ING-LINK", "special"),
    "device": (with_mets(entry("a", b"", external=stat.S_IFCHR << 16)), "ING-LINK", "special"),
    "socket": (with_mets(entry("a", b"", external=stat.S_IFSOCK << 16)), "ING-LINK", "special"),
    "ratio": (with_mets(entry("a", ZEROS)), "ING-BOMB", "ratio"),
    "declared-size": (
        with_mets(entry("a", b"x", size=300 * 10**6, packed=b"x" * 2_000_000)),
        "ING-BOMB",
        "total-ratio",
    ),
    "depth": (nested_zip_of(40), "ING-BOMB", "depth"),
    "overlap": (overlapping(), "ING-BOMB", "overlap"),
    "shared-data": (shared_data(), "ING-CORRUPT", "header"),
    "encrypted": (with_mets(entry("a", flags=0x1)), "ING-ENCRYPTED", None),
    "strong-encryption": (with_mets(entry("a", flags=0x41)), "ING-ENCRYPTED", None),
    "aes": (with_mets(entry("a", method=99, flags=0x1)), "ING-ENCRYPTED", None),
    "hidden-directory": (with_mets(entry("a", flags=0x2000)), "ING-ENCRYPTED", None),
    "deflate64": (with_mets(entry("a", method=9)), "ING-COMPRESSION", None),
    "bzip2": (with_mets(entry("a", method=12)), "ING-COMPRESSION", None),
    "unknown-method": (with_mets(entry("a", method=77)), "ING-COMPRESSION", None),
    "other-local-name": (
        with_mets(entry("a", local_name=b"uuid-x/../b")),
        "ING-CORRUPT",
        "header",
    ),
    "other-local-size": (with_mets(entry("a", local_size=99)), "ING-CORRUPT", "header"),
    "other-local-method": (with_mets(entry("a", local_method=0)), "ING-CORRUPT", "header"),
    "wild-offset": (with_mets(entry("a", local_offset=10**9)), "ING-CORRUPT", "header"),
    "offset-into-data": (with_mets(entry("a", local_offset=3)), "ING-CORRUPT", "header"),
    "packed-size-past-end": (
        with_mets(entry("a", method=0, size=10**6, packed_size=10**6)),
        "ING-CORRUPT",
        "size",
    ),
    "stored-sizes-differ": (with_mets(entry("a", method=0, size=5)), "ING-CORRUPT", "size"),
    "folder-with-data": (with_mets(entry("a/", b"x" * 9)), "ING-CORRUPT", "folder"),
    "two-packages": (
        zip_bytes([METS, Entry("uuid-y/METS.xml", b"<mets/>")]),
        "ING-TOP-FOLDER",
        "packages",
    ),
    "two-folders": (zip_bytes([METS, Entry("other/a", b"x")]), "ING-TOP-FOLDER", "many"),
    "empty": (zip_bytes([]), "ING-METS-MISSING", None),
    "only-folders": (zip_bytes([Entry(f"{TOP}/", b"")]), "ING-METS-MISSING", None),
    "no-bytes": (b"", "ING-NOT-ZIP", None),
    "text": (b"This is not a ZIP.\n" * 100, "ING-NOT-ZIP", None),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(500), "ING-NOT-ZIP", None),
    "gzip": (b"\x1f\x8b\x08" + bytes(500), "ING-NOT-ZIP", None),
    "appended": (with_mets(entry("a"), tail=b"junk"), "ING-CORRUPT", "container"),
    "two-ends": (
        with_mets(entry("a"), comment=zip_bytes([entry("b")])),
        "ING-CORRUPT",
        "container",
    ),
    "count-too-low": (with_mets(entry("a"), count=1), "ING-CORRUPT", "container"),
    "count-too-high": (with_mets(entry("a"), count=9), "ING-CORRUPT", "container"),
    "directory-too-long": (with_mets(directory_size=10**8), "ING-CORRUPT", "container"),
    "directory-too-short": (with_mets(entry("a"), directory_size=60), "ING-CORRUPT", "container"),
    "directory-ahead": (with_mets(directory_offset=10**8), "ING-CORRUPT", "container"),
    "split": (with_mets(disk=3), "ING-NOT-ZIP", "container"),
    "missing-zip64-size": (
        with_mets(entry("a", size=0xFFFFFFFF, packed_size=0xFFFFFFFF, extra=b"\x01\0\0\0")),
        "ING-CORRUPT",
        "container",
    ),
    "zip64-petabyte": (
        with_mets(entry("a", size=0xFFFFFFFF, extra=struct.pack("<HHQ", 1, 8, 2**60))),
        "ING-BOMB",
        "total",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_each_hostile_zip_is_refused_with_its_own_finding(tmp_path, kind):
    data, code, reason = HOSTILE[kind]
    inbox = tmp_path / "in"
    inbox.mkdir()
    path = inbox / "x.zip"
    path.write_bytes(data)
    container, report = open_zip(path)
    assert container is None
    shown(report)
    found = [p for p in report if p.code == code and p.severity.value == "error"]
    assert found, report
    assert reason is None or reason in [p.params.get("reason") for p in found], report
    assert list(inbox.iterdir()) == [path]
    assert list(tmp_path.iterdir()) == [inbox]


LYING = {
    "longer-than-declared": (entry("a", b"y" * 500, size=100), "ING-BOMB"),
    "much-longer": (entry("a", ZEROS, size=100, packed=deflate(ZEROS)), "ING-BOMB"),
    "declared-empty": (entry("a", b"y" * 500, size=0), "ING-BOMB"),
    "shorter-than-declared": (entry("a", b"y" * 500, size=501), "ING-CORRUPT"),
    "wrong-crc": (entry("a", b"y" * 500, crc=1), "ING-CORRUPT"),
    "wrong-crc-stored": (entry("a", b"y" * 500, method=0, crc=1), "ING-CORRUPT"),
    "wrong-crc-empty": (entry("a", b"", method=0, crc=1), "ING-CORRUPT"),
    "no-deflate": (entry("a", b"y" * 20, packed=b"\xff" * 20), "ING-CORRUPT"),
    "cut-deflate": (entry("a", b"y" * 500, packed=deflate(b"y" * 500)[:-2]), "ING-CORRUPT"),
    "no-packed-bytes": (entry("a", b"y" * 500, packed=b""), "ING-CORRUPT"),
    "bytes-after-deflate": (
        entry("a", b"y" * 500, packed=deflate(b"y" * 500) + b"hidden"),
        "ING-CORRUPT",
    ),
    "endless-empty-blocks": (
        entry("a", b"y", packed=b"\x00\x00\x00\xff\xff" * 50_000 + deflate(b"z")),
        "ING-CORRUPT",
    ),
}


@pytest.mark.parametrize("kind", LYING)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_stream_that_lies_is_found_while_it_is_read(tmp_path, kind, chunk):
    lying, code = LYING[kind]
    path = tmp_path / "x.zip"
    path.write_bytes(with_mets(lying))
    container, report = open_zip(path)
    assert container is not None, report
    given = 0
    member = container.members[1]
    with container, pytest.raises(ContainerFault) as caught, container.open(member) as stream:
        while data := stream.read(chunk):
            given += len(data)
    shown(Report((caught.value.problem,)))
    assert caught.value.problem.code == code
    assert given <= member.size


def test_what_was_given_before_the_end_is_never_more_than_declared(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(with_mets(LYING["much-longer"][0]))
    container, _ = open_zip(path)
    with container, container.open(container.members[1]) as stream, pytest.raises(ContainerFault):
        stream.read(10**9)


def test_a_sound_zip_gives_every_byte_of_every_member_in_any_piece(tmp_path):
    data = os.urandom(300_000) + bytes(100_000)
    path = tmp_path / "x.zip"
    folder = Entry(f"{TOP}/d/", b"", external=0o40755 << 16)
    path.write_bytes(
        with_mets(folder, entry("d/a", data), entry("b", data, method=0), entry("c", b""))
    )
    container, report = open_zip(path)
    assert report.codes() == []
    with container:
        assert [m.name for m in container.members] == ["METS.xml", "d/a", "b", "c"]
        streams = [container.open(m) for m in container.members]
        parts = [b""] * 4
        while any(pieces := [s.read(4_097) for s in streams]):  # interleaved
            parts = [a + b for a, b in zip(parts, pieces, strict=True)]
        assert parts == [b"<mets/>", data, data, b""]
        assert container.read_small(container.members[1], 400_000) == data
        with pytest.raises(ContainerFault) as caught:
            container.read_small(container.members[1], 399_999)
        assert caught.value.problem.code == "ING-BOMB"


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        (with_mets(entry("d\\a")), "ING-BACKSLASH", None),
        (with_mets(entry(b"C\xf4ng v\xe3n")), "ING-NAME-ENCODING", None),
        (with_mets(entry("a:b?.pdf")), "ING-NAME-ODD", "reserved"),
        (with_mets(entry("a .pdf ")), "ING-NAME-ODD", "edge"),
        (with_mets(entry("con.pdf")), "ING-NAME-ODD", "device"),
        (with_mets(entry("a\u202efdp.exe")), "ING-NAME-ODD", "invisible"),
        (zip_bytes([Entry("METS.xml", b"<mets/>")]), "ING-TOP-FOLDER", "none"),
        (zip_bytes([METS, Entry("readme.txt", b"x")]), "ING-TOP-FOLDER", "stray"),
        (zip_bytes([Entry(f"a/{TOP}/METS.xml", b"<mets/>")]), "ING-TOP-FOLDER", "deep"),
        (with_mets(entry("a", after=b"secret between members")), "ING-HIDDEN-BYTES", None),
        (
            with_mets(prefix=b"MZ self-extracting stub", directory_offset=None),
            "ING-HIDDEN-BYTES",
            None,
        ),
        (with_mets(before_directory=zip_bytes([entry("z")])[:60]), "ING-HIDDEN-BYTES", None),
    ],
)
def test_what_is_odd_but_harmless_is_read_with_a_warning(tmp_path, data, code, reason):
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    container, report = open_zip(path)
    assert container is not None, report
    container.close()
    shown(report)
    assert (code, reason) in [(p.code, p.params.get("reason")) for p in report]


def test_offsets_counted_from_the_start_of_the_zip_inside_a_self_extracting_file_are_understood(
    tmp_path,
):
    plain = with_mets(entry("a", b"y" * 99))
    path = tmp_path / "x.zip"
    path.write_bytes(b"MZ" * 500 + plain)
    container, _ = open_zip(path)
    with container:
        assert container.open(container.members[1]).read() == b"y" * 99


def test_zip64_and_data_descriptors_are_read(tmp_path):
    path = tmp_path / "x.zip"
    data = b"y" * 5_000
    packed = deflate(data)
    descriptor = struct.pack("<4s3L", b"PK\x07\x08", zlib.crc32(data), len(packed), len(data))
    streamed = entry("b", data, flags=0x8, descriptor=descriptor)
    big = entry(
        "a", data, size=0xFFFFFFFF, packed_size=0xFFFFFFFF,
        local_size=5_000, extra=struct.pack("<HHQQ", 1, 16, 5_000, len(packed)),
    )  # fmt: skip
    path.write_bytes(with_mets(streamed, zip64=True))
    container, report = open_zip(path)
    assert report.codes() == []
    with container:
        assert container.open(container.members[1]).read() == data
    path.write_bytes(with_mets(replace(big, flags=0x8), zip64=True))
    container, report = open_zip(path)
    assert container is not None, report
    with container:
        assert container.open(container.members[1]).read() == data


def test_python_s_own_writer_is_read_in_all_its_forms(tmp_path):
    path = tmp_path / "x.zip"

    class Pipe(io.RawIOBase):
        def __init__(self, out):
            self.out = out

        def writable(self):
            return True

        def write(self, data):
            return self.out.write(data)

    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with path.open("wb") as out, zipfile.ZipFile(Pipe(out), "w", method) as archive:
            archive.writestr("uuid-x/METS.xml", b"<mets/>")
            with archive.open("uuid-x/tệp.bin", "w", force_zip64=True) as stream:
                stream.write(bytes(range(256)) * 100)
        container, report = open_zip(path)
        assert report.codes() == []
        with container:
            assert container.members[1].name == "tệp.bin"
            assert container.open(container.members[1]).read() == bytes(range(256)) * 100


def test_the_info_zip_unicode_name_is_used_only_when_it_belongs_to_the_plain_one(tmp_path):
    plain = f"{TOP}/Qu?t.pdf".encode()

    def extra(crc):
        value = b"\x01" + struct.pack("<L", crc) + f"{TOP}/Quyết.pdf".encode()
        return struct.pack("<HH", 0x7075, len(value)) + value

    path = tmp_path / "x.zip"
    for crc, wanted in ((zlib.crc32(plain), "Quyết.pdf"), (1, "Qu?t.pdf")):
        path.write_bytes(with_mets(Entry(plain, b"x", extra=extra(crc))))
        container, _ = open_zip(path)
        with container:
            assert container.members[1].name == wanted


def test_a_hundred_thousand_members_are_judged_and_too_many_are_refused(tmp_path):
    members = [Entry(f"{TOP}/d{i % 100}/{i:06d}", b"", method=0) for i in range(100_000)]
    path = tmp_path / "x.zip"
    path.write_bytes(zip_bytes([METS, *members], zip64=True))
    container, report = open_zip(path)
    assert report.codes() == []
    with container:
        assert len(container.members) == 100_001


def test_too_many_members_and_too_long_a_directory_are_refused_by_the_count(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(with_mets(entry("a"), entry("b")))
    for limits, reason in (
        (Limits(max_members=2), "members"),
        (Limits(max_directory=100), "directory-bytes"),
        (Limits(max_total=8), "total"),
    ):
        container, report = open_zip(path, limits)
        assert container is None
        assert [(p.code, p.params["reason"]) for p in report] == [("ING-BOMB", reason)]


def test_a_report_of_a_hundred_thousand_bad_names_stays_small(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(zip_bytes([Entry(f"../{i}", b"", method=0) for i in range(20_000)]))
    container, report = open_zip(path)
    assert container is None
    assert len(report.problems) < 250
    more = [p for p in report if p.code == "ING-MORE" and p.params["of"] == "ING-PATH-UNSAFE"]
    assert more[0].params["count"] == str(20_000 - 100)


@pytest.mark.parametrize("step", [1_000])
def test_a_zip_cut_anywhere_is_called_cut_and_nothing_else(tmp_path, step):
    whole = sip_zip(Sip())
    path = tmp_path / "x.zip"
    for length in [*range(0, len(whole), step), len(whole) - 1, 3, 4, 21, 22]:
        path.write_bytes(whole[:length])
        container, report = open_zip(path)
        assert container is None
        wanted = "ING-NOT-ZIP" if length < 4 else "ING-CORRUPT"
        assert report.codes() == [wanted], length


def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    with pytest.raises(NotFound):
        open_zip(tmp_path / "nowhere.zip")
    assert open_zip(tmp_path)[1].codes() == ["ING-NOT-ZIP"]
    os.mkfifo(tmp_path / "pipe.zip")
    assert open_zip(tmp_path / "pipe.zip")[1].codes() == ["ING-NOT-ZIP"]


WHOLE = sip_zip(Sip())


@given(
    flips=st.lists(
        st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(1, 255)), min_size=1, max_size=12
    )
)
def test_no_damage_to_any_byte_raises_anything_but_findings(tmp_path_factory, flips):
    data = bytearray(WHOLE)
    for position, mask in flips:
        data[position] ^= mask
    path = tmp_path_factory.mktemp("flip") / f"001{OBJID}.zip"
    path.write_bytes(data)
    judge(path)


@given(position=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
@example(position=len(WHOLE) - 1, bit=0)
def test_a_single_flipped_bit_is_refused_or_changes_nothing_that_is_kept(
    tmp_path_factory, position, bit
):
    data = bytearray(WHOLE)
    data[position] ^= 1 << bit
    path = tmp_path_factory.mktemp("bit") / f"001{OBJID}.zip"
    path.write_bytes(data)
    judged = judge(path)
    if not judged.refused:
        assert {i.digests["sha512"] for i in judged.received.values()} == PRISTINE


@given(data=st.binary(max_size=400))
@example(data=b"PK\x05\x06" + bytes(18))
@example(
    data=b"PK\x06\x06"
    + bytes(52)
    + b"PK\x06\x07"
    + bytes(16)
    + b"PK\x05\x06"
    + b"\xff" * 16
    + bytes(2)
)
def test_no_bytes_at_all_raise_anything(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "x.zip"
    path.write_bytes(data)
    judge(path)


@given(
    raw_name=st.binary(max_size=60), flag=st.booleans(), extra=st.none() | st.binary(max_size=30)
)
def test_a_name_is_safe_or_has_an_error_whatever_its_bytes(raw_name, flag, extra):
    name = read_name(raw_name, utf8_flag=flag, unicode_extra=extra, limit=2_000)
    shown(Report(name.problems))
    if name.is_safe:
        parts = name.text.split("/")
        assert all(part not in ("", ".", "..") for part in parts)
        assert not any(ord(c) < 32 or c == "\\" for c in name.text)
        assert Path("/q").joinpath(name.text).is_relative_to("/q")


@given(
    files=st.dictionaries(
        st.text(
            st.characters(exclude_categories=("C",), exclude_characters="/\\"),
            min_size=1,
            max_size=20,
        ),
        st.binary(max_size=300),
        max_size=8,
    )
)
def test_whatever_a_common_program_packs_is_read_back_or_refused_by_name(tmp_path_factory, files):
    path = tmp_path_factory.mktemp("pack") / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{TOP}/METS.xml", b"<mets/>")
        for name, data in files.items():
            archive.writestr(f"{TOP}/data/{name}", data)
    container, report = open_zip(path)
    if container is None:
        assert {p.code for p in report if p.severity.value == "error"} <= {
            "ING-NAME-CLASH",
            "ING-PATH-UNSAFE",
        }
        bad = any(n in (".", "..") for n in files)
        assert bad or len({clash_key(n) for n in files}) < len(files)
        return
    with container:
        got = {m.name: container.open(m).read() for m in container.members}
    assert got == {"METS.xml": b"<mets/>", **{f"data/{n}": d for n, d in files.items()}}


def test_a_member_knows_when_its_sender_changed_it_and_impossible_times_are_left_out():
    assert Member(0, "a", b"a", 1, "2025-01-01T00:00:00").modified
    assert _dos_time(0x5A21, 0) == "2025-01-01T00:00:00"
    assert _dos_time(0, 0) == ""


def _pristine() -> set[str]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"001{OBJID}.zip"
        path.write_bytes(WHOLE)
        return {i.digests["sha512"] for i in judge(path).received.values()}


PRISTINE = _pristine()
