"""Hostile and broken packages: a clear finding, bounded work, never an exception."""

from __future__ import annotations

import errno
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.eark import judge_package
from ingest.eark.hrefs import resolve
from ingest.eark.values import is_identifier, media_type_fault, moment, names_folder, size_of
from ingest.eark.zip_tree import judge_zip
from repository.problems import Problem, Severity
from tests.ingest.eark.packages import NAME, ROOT, made
from tests.repository.ocfl.builder import MemoryTree


def judged(files: dict[str, bytes], **planted: object) -> list[Problem]:
    return list(judge_package(MemoryTree(files, **planted), NAME))  # type: ignore[arg-type]


def errors(problems: list[Problem]) -> list[str]:
    return [p.code for p in problems if p.severity is Severity.ERROR]


@pytest.mark.parametrize(
    "mets",
    [
        b"",
        b"not xml",
        b"\xff\xfe<",
        b"<mets/>",
        b'<m:mets xmlns:m="http://www.loc.gov/METS/v2"/>',
        b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><mets>&x;</mets>',
        b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><m>&b;</m>',
        b"<a>" * 100_000,
    ],
)
def test_a_mets_that_is_none_is_one_finding(mets: bytes):
    found = judged({**made(), "METS.xml": mets})
    assert errors(found) == ["CSIPSTR4"]
    assert "EARK-NO-METS" in [p.code for p in found]


def test_a_mets_of_a_representation_that_is_none_is_told_and_the_rest_judged():
    found = judged({**made(), "representations/rep1/METS.xml": b"<mets"})
    assert "CSIPSTR12" in errors(found)
    assert "CSIP69" in errors(found)  # its size is no longer what the package says


def test_nothing_at_all_is_a_package_without_mets():
    assert errors(judged({})) == ["CSIPSTR4"]


def test_what_cannot_be_read_is_an_error_and_never_intact():
    files = made()
    found = judged(files, failing={"documentation/doc.txt": errno.EIO})
    assert [(p.code, p.location) for p in found] == [("EARK-UNREADABLE", "documentation/doc.txt")]
    found = judged(files, failing={"METS.xml": errno.EACCES})
    assert errors(found) == ["EARK-UNREADABLE"]
    found = judged(files, unlistable={"schemas": errno.EACCES})
    assert {"EARK-UNREADABLE", "CSIP79"} <= set(errors(found))


def test_links_and_special_files_are_told_and_not_followed():
    found = judged(made(), links=["documentation/link"], special=["pipe"])
    assert [(p.code, p.params["count"]) for p in found] == [("EARK-UNSAFE", "2")]


def test_a_thousand_faults_of_one_kind_are_one_finding_with_their_number():
    files = "".join(f'<file ID="x{n}"/>' for n in range(1000))
    group = f'<fileGrp ID="gx" USE="Documentation">{files}</fileGrp></fileSec>'
    found = judged(made(ROOT.replace("</fileSec>", group)))
    assert [p.params["count"] for p in found if p.code == "CSIP69"] == ["1000"]
    assert len(found) < 20


def test_a_file_named_many_times_is_read_once():
    place = '<FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="documentation/doc.txt"/>'
    files = "".join(
        f'<file ID="x{n}" CHECKSUM="0" CHECKSUMTYPE="MD5">{place}</file>' for n in range(500)
    )
    group = f'<fileGrp ID="gx" USE="Documentation">{files}</fileGrp></fileSec>'
    tree = MemoryTree(made(ROOT.replace("</fileSec>", group)))
    judge_package(tree, NAME)
    assert (
        tree.read_count["documentation/doc.txt"] == 2
    )  # and once more to be sure of the difference


def test_a_checksum_of_an_unknown_kind_is_not_taken_for_a_right_one():
    text = ROOT.replace("{documentation/doc.txt}", 'SIZE="3" CHECKSUM="9" CHECKSUMTYPE="TIGER"')
    assert [(p.code, p.severity) for p in judged(made(text))] == [
        ("EARK-NOT-CHECKED", Severity.WARNING)
    ]


def test_a_file_that_no_mets_names_is_told():
    found = judged({**made(), "data/x": b""})
    assert [(p.code, p.params["found"]) for p in found] == [("EARK-UNREFERENCED", "data/x")]


@pytest.mark.parametrize(
    "href",
    ["../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "%2e%2e/x", "a\x00b", "x" * 9000],
)
def test_an_address_never_leads_out_of_the_package(href: str):
    assert resolve("", href, {"documentation/doc.txt"}) is None
    assert resolve("a/b", href, {"documentation/doc.txt"}) is None


def test_an_address_may_be_plain_percent_encoded_or_of_the_file_scheme():
    paths = {"văn bản/a b%20c.pdf", "a b.pdf"}
    assert resolve("", "văn bản/a b%20c.pdf", paths) == "văn bản/a b%20c.pdf"
    for href in ("a%20b.pdf", "./a b.pdf", "file:a b.pdf", "file:///a%20b.pdf", "x/../a b.pdf"):
        assert resolve("", href, paths) == "a b.pdf"
    assert resolve("representations/rep1", "../../a b.pdf", paths) == "a b.pdf"
    assert resolve("", "https://example.org/a", paths) is None


def test_another_case_in_a_name_is_missing_and_the_near_name_is_shown():
    text = ROOT.replace('href="documentation/doc.txt"', 'href="documentation/Doc.TXT"')
    found = judged(made(text))
    assert [p.code for p in found] == ["CSIP79"]
    assert "≠ documentation/doc.txt" in found[0].params["found"]


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_zip_with_one_root_folder_is_judged_as_the_folder(tmp_path: Path):
    files = {f"{NAME}/{path}": data for path, data in made().items()}
    assert list(judge_zip(zipped(tmp_path / "x.zip", files))) == []


def test_a_zip_that_unpacks_to_no_or_to_several_folders_breaks_the_first_rule(tmp_path: Path):
    assert "CSIPSTR1" in errors(list(judge_zip(zipped(tmp_path / f"{NAME}.zip", made()))))
    files = {f"{root}/{path}": data for root in ("a", "b") for path, data in made().items()}
    assert "CSIPSTR1" in errors(list(judge_zip(zipped(tmp_path / "two.zip", files))))


def test_a_zip_without_mets_or_that_is_none_is_refused_by_name(tmp_path: Path):
    files = {f"{NAME}/a.txt": b"1", f"{NAME}/b.txt": b"2"}
    assert "CSIPSTR4" in errors(list(judge_zip(zipped(tmp_path / "x.zip", files))))
    (tmp_path / "y.zip").write_bytes(b"no zip")
    assert errors(list(judge_zip(tmp_path / "y.zip"))) == ["ING-NOT-ZIP"]


def test_a_damaged_member_cannot_be_read_and_is_not_intact(tmp_path: Path):
    files = {f"{NAME}/{path}": data for path, data in made().items()}
    path = zipped(tmp_path / "x.zip", files)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"documentation/doc.txthow", b"documentation/doc.txthoW", 1))
    found = list(judge_zip(path))
    assert [(p.code, p.location) for p in found] == [("EARK-UNREADABLE", "documentation/doc.txt")]


def test_a_mets_in_a_damaged_member_cannot_be_read(tmp_path: Path):
    files = {f"{NAME}/{path}": data for path, data in made().items()}
    path = zipped(tmp_path / "x.zip", files)
    data = path.read_bytes()
    path.write_bytes(data.replace(b'LABEL="L" csip', b'LABEL="l" csip'))
    assert "EARK-UNREADABLE" in errors(list(judge_zip(path)))


_SPOTS = st.tuples(st.integers(0, 10_000), st.binary(max_size=6))


@given(st.lists(_SPOTS, min_size=1, max_size=6))
def test_a_mangled_mets_never_raises(spots: list[tuple[int, bytes]]):
    files = made()
    data = bytearray(files["METS.xml"])
    for place, by in spots:
        at = place % len(data)
        data[at : at + len(by)] = by
    for problem in judged({**files, "METS.xml": bytes(data)}):
        assert (problem.code and problem.params["count"].isdigit()) or problem.code == "ING-MORE"


@given(st.data())
def test_elements_moved_and_repeated_anywhere_never_raise(data: st.DataObject):
    text = ROOT
    tags = ["<file", "</file>", "<div", "</div>", "<mdRef", "<agent", "ID=", "LABEL=", "USE="]
    for _ in range(data.draw(st.integers(1, 4))):
        old, new = data.draw(st.sampled_from(tags)), data.draw(st.sampled_from(tags))
        text = text.replace(old, new, data.draw(st.integers(1, 3)))
    judged(made(text))


@given(st.text())
def test_judges_of_values_take_any_text(text: str):
    assert moment(text) is None or "T" in text
    assert is_identifier(text) in (True, False)
    assert size_of(text) is None or int(text) >= 0
    assert media_type_fault(text) in (None, Severity.ERROR, Severity.WARNING)
    assert names_folder(text, text)
    assert resolve("a", text, ()) is None
