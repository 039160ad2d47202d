"""One package of the circular in every carriage: the same record, the same bytes, the same verdict."""

from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path

import pytest

from ingest.container import Limits
from ingest.shapes.finding import find
from tests.ingest.readers.sip import OBJID, Sip, doc, files_of
from tests.ingest.shapes.making import errors, found, judged, packed, tar_of, warnings, write_tree
from tests.repository.bag.builder import make_bag

KINDS = ("folder", "zip", "tar", "tar.gz")


def bagged(payload: dict[str, bytes], **options: object) -> dict[str, bytes]:
    return make_bag(payload, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_the_same_whatever_it_came_in(tmp_path: Path, kind: str) -> None:
    path = packed(kind, tmp_path, files_of(Sip()), OBJID)
    (result,) = judged(path)
    assert result.verdict == "accepted", list(result.report)
    assert result.object_id == f"urn:P_HL:{OBJID}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_bag_is_read_through_whatever_it_came_in(tmp_path: Path, kind: str) -> None:
    files = bagged({f"{OBJID}/{n}": d for n, d in files_of(Sip()).items()})
    (result,) = judged(packed(kind, tmp_path, files, "bag-1"))
    assert result.verdict == "accepted", list(result.report)
    assert result.object_id == f"urn:P_HL:{OBJID}"
    assert "ING-FILE-UNREFERENCED" not in warnings(result)


@pytest.mark.parametrize("kind", KINDS)
def test_a_byte_that_differs_from_the_bag_s_manifest_refuses_it(tmp_path: Path, kind: str) -> None:
    files = bagged({f"{OBJID}/{n}": d for n, d in files_of(Sip()).items()})
    changed = f"data/{OBJID}/schemas/METS.xsd"
    files[changed] = files[changed].replace(b"xs", b"xz", 1)
    (result,) = judged(packed(kind, tmp_path, files, "bag-1"))
    assert errors(result) == {"ING-DIGEST-MISMATCH"}


def test_a_bag_with_another_fault_too_is_told_of_both(tmp_path: Path) -> None:
    files = bagged({f"{OBJID}/{n}": d for n, d in files_of(Sip()).items()})
    files[f"data/{OBJID}/schemas/METS.xsd"] += b" "
    (result,) = judged(packed("folder", tmp_path, files, "bag-1"))
    assert errors(result) == {"BAG-OXUM", "BAG-DIGEST"}


def test_a_changed_tag_file_of_a_bag_is_found_while_copying(tmp_path: Path) -> None:
    files = bagged({f"{OBJID}/{n}": d for n, d in files_of(Sip()).items()})
    files["bag-info.txt"] = files.get("bag-info.txt", b"") + b"Contact-Name: X\n"
    (result,) = judged(packed("folder", tmp_path, files, "bag-1"))
    assert result.verdict == "refused"
    assert errors(result) & {"ING-DIGEST-MISMATCH", "BAG-FILE-UNLISTED"}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("fetch.txt", b"https://example.org/x 3 data/x.pdf\n", "BAG-FETCH-ABSENT"),
        ("data/extra.pdf", b"x", "BAG-FILE-UNLISTED"),
        ("manifest-crc32.txt", b"00000000  data/x\n", "BAG-ALGORITHM"),
        ("bagit.txt", b"BagIt-Version: 7.0\nTag-File-Character-Encoding: UTF-8\n", "BAG-VERSION"),
    ],
)
def test_what_makes_a_bag_invalid_refuses_it(
    tmp_path: Path, name: str, data: bytes, code: str
) -> None:
    files = bagged({f"{OBJID}/{n}": d for n, d in files_of(Sip()).items()})
    files[name] = data
    (result,) = judged(packed("folder", tmp_path, files, "bag-1"))
    assert result.verdict == "refused"
    assert code in errors(result)


def test_a_bag_without_anything_that_describes_it_says_what_to_supply(tmp_path: Path) -> None:
    (result,) = judged(packed("folder", tmp_path, bagged({"x.pdf": b"%PDF-1.4"}), "bag-1"))
    assert errors(result) == {"ING-BAG-CONTENT"}


def test_a_bag_with_two_packages_is_refused(tmp_path: Path) -> None:
    sip = files_of(Sip())
    files = bagged({f"{top}/{n}": d for top in ("a", "b") for n, d in sip.items()})
    (result,) = judged(packed("folder", tmp_path, files, "bag-1"))
    assert errors(result) == {"ING-TOP-FOLDER"}


def test_folders_of_transfers_give_each_one_and_name_what_is_none(tmp_path: Path) -> None:
    packed("zip", tmp_path, files_of(Sip()), OBJID)
    (tmp_path / "2026").mkdir()
    packed("tar.gz", tmp_path / "2026", files_of(Sip()), OBJID)
    packed("folder", tmp_path / "unpacked", files_of(Sip()), OBJID)
    (tmp_path / "ghi chú.docx").write_bytes(b"x")
    (tmp_path / "cu.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    got = found(tmp_path)
    assert [a.path.name for a in got.arrivals] == ["transfer.tar.gz", "transfer.zip", OBJID]
    told = {p.name: problem.params["reason"] for p, problem in got.strangers}
    assert told == {"ghi chú.docx": "file", "cu.xls": "xls", "empty": "empty", "link": "link"}


def test_a_file_that_is_named_is_always_judged(tmp_path: Path) -> None:
    for name, data, code in (
        ("a.rar", b"Rar!\x1a\x07", "ING-FORMAT"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "ING-FORMAT"),
        ("a.tar.xz", b"\xfd7zXZ\0", "ING-FORMAT"),
        ("a.tar.bz2", b"BZh91AY", "ING-FORMAT"),
        ("a.zip", b"hello", "ING-NOT-ZIP"),
        ("a.tar", b"hello" * 200, "ING-NOT-ZIP"),
        ("a.tar.gz", b"\x1f\x8bhello", "ING-CORRUPT"),
        ("a.bin", b"", "ING-NOT-ZIP"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        (result,) = judged(path)
        assert errors(result) == {code}, name


def test_a_deflate64_member_is_refused_with_advice(tmp_path: Path) -> None:
    from tests.ingest.readers.zip_bytes import Entry, zip_bytes

    path = tmp_path / "x.zip"
    path.write_bytes(zip_bytes([Entry(f"{OBJID}/METS.xml", b"x", method=9, packed=b"x")]))
    (result,) = judged(path)
    assert "ING-COMPRESSION" in errors(result)


def test_a_folder_that_changes_while_it_is_read_is_refused_and_never_half_taken(
    tmp_path: Path,
) -> None:
    from ingest.container import ContainerFault
    from ingest.folder_container import read_folder

    write_tree(tmp_path, {"a.txt": b"12345", "b.txt": b"12345", "c.txt": b"12345"})
    container = read_folder(tmp_path).container
    assert container is not None
    (tmp_path / "a.txt").write_bytes(b"123456")
    (tmp_path / "b.txt").write_bytes(b"1234")
    (tmp_path / "c.txt").unlink()
    (tmp_path / "c.txt").symlink_to("/etc/passwd")
    with container:
        for member in container.members:
            with pytest.raises(ContainerFault), container.open(member) as stream:
                stream.read()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder link"])
def test_a_folder_with_a_link_or_a_pipe_is_refused(tmp_path: Path, kind: str) -> None:
    root = packed("folder", tmp_path, files_of(Sip()), OBJID)
    if kind == "link":
        (root / "documentation").symlink_to("/etc")
    elif kind == "pipe":
        os.mkfifo(root / "pipe")
    else:
        (root / "schemas" / "more").symlink_to(tmp_path)
    (result,) = judged(root)
    assert errors(result) == {"ING-LINK"}


def test_names_in_a_folder_are_kept_byte_for_byte(tmp_path: Path) -> None:
    odd = [b"\xff\xfe.pdf", "tệp lạ.pdf".encode(), b"a b=c.pdf", b"con.pdf"]
    sip = files_of(Sip())
    root = packed("folder", tmp_path, sip, OBJID)
    for name in odd:
        (root / "documentation").mkdir(exist_ok=True)
        with open(os.fsencode(root / "documentation") + b"/" + name, "wb") as file:
            file.write(name)
    from ingest.arrival import Arrival
    from ingest.shapes.opening import open_arrival

    opened, report = open_arrival(Arrival(root), Limits())
    assert opened is not None, list(report)
    with opened.container as container:
        kept = {m.raw_name: container.open(m).read() for m in container.members}
    for name in odd:
        assert kept[b"documentation/" + name] == name


def test_too_many_files_and_too_deep_folders_are_refused_by_the_count(tmp_path: Path) -> None:
    from ingest.folder_container import read_folder

    write_tree(tmp_path, {f"{i}.txt": b"" for i in range(20)})
    write_tree(tmp_path, {"/".join("abcdefgh") + "/x": b""})
    codes = {
        (p.code, p.params["reason"]) for p in read_folder(tmp_path, Limits(max_members=10)).problems
    }
    assert ("ING-BOMB", "members") in codes
    codes = {
        (p.code, p.params["reason"]) for p in read_folder(tmp_path, Limits(max_depth=4)).problems
    }
    assert ("ING-BOMB", "depth") in codes


def test_a_path_that_is_not_there_is_said_to_be_not_there(tmp_path: Path) -> None:
    from repository.errors import NotFound

    with pytest.raises(NotFound):
        find([tmp_path / "nowhere"])


def test_tars_of_every_common_dialect_are_read(tmp_path: Path) -> None:
    sip = files_of(Sip(docs=(doc(1), doc(2))))
    sip["documentation/" + "rất dài " * 20 + ".txt"] = b"long"
    for dialect in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        import io

        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=dialect) as tar:
            for name, data in sip.items():
                info = tarfile.TarInfo(f"{OBJID}/{name}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        path = tmp_path / f"{dialect}.tar"
        path.write_bytes(out.getvalue())
        (result,) = judged(path)
        assert result.verdict == "accepted", list(result.report)


def test_a_gzip_of_several_parts_is_one_tar(tmp_path: Path) -> None:
    data = tar_of(files_of(Sip()), OBJID)
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(data[:3000]) + gzip.compress(data[3000:]))
    (result,) = judged(path)
    assert result.verdict == "accepted", list(result.report)


def test_a_list_of_an_old_form_is_refused_with_advice(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "cu", {"muc_luc.xls": b"\xd0\xcf\x11\xe0", "a.pdf": b"x"})
    for path in (folder, folder / "muc_luc.xls"):
        (result,) = judged(path)
        assert errors(result) == {"ING-FORMAT"}
        assert result.report.problems[0].params["reason"] == "xls"
