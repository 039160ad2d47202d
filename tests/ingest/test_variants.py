"""What real senders do otherwise is read; what harms, or breaks the law, is refused by its own name.

Each variant is a small package of the sample generator, judged the whole way but for the archive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from repository.problems import Severity
from tests.ingest.readers.sip import DOSSIER, FILE_CODE, OBJID, Sip, doc, files_of
from tests.ingest.readers.zip_bytes import Entry, zip_bytes
from tests.ingest.shapes.making import HEADS, judged, row, write_tree, xlsx
from tests.ingest.variants import (
    EAD,
    EAD_1,
    PDF_1,
    REP,
    Change,
    Files,
    nfd,
    packed,
    prefixed,
    swap,
    text,
    utf16,
    with_bytes,
)

Build = Callable[[], bytes]
VIET = "Tờ trình số 1.pdf"
VIET_SIP = Sip(docs=(replace(doc(1), files={VIET: b"%PDF-1.7 x"}), doc(2)))


def of(sip: Sip) -> Build:
    return lambda: packed(files_of(sip), sip.top)


def dossier(**changes: str) -> Build:
    return of(Sip(dossier={**DOSSIER, **changes}))


def file(path: str, change: Change, sip: Sip | None = None) -> Build:
    return lambda: packed(with_bytes({path: change}, sip))


def both(*edits: tuple[str, str]) -> Build:
    return of(Sip(mets_edits=edits, root_edits=edits))


def tree(change: Callable[[Files], Mapping[str, bytes]], sip: Sip | None = None) -> Build:
    return lambda: packed(change(files_of(sip or Sip())))


def entries(change: Callable[[list[Entry]], list[Entry]], **more: object) -> Build:
    made = [Entry(f"{OBJID}/{n}", d) for n, d in files_of(Sip()).items()]
    return lambda: zip_bytes(change(made), **more)  # type: ignore[arg-type]


def href(new: str) -> Build:
    return of(Sip(mets_edits=((f'"{PDF_1}"', f'"{new}"'),)))


def digests(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return text(lambda xml: re.sub('CHECKSUM="([0-9a-f]+)"', lambda m: change(m[1]), xml))


XML_FILES = {"root METS": "METS.xml", "rep METS": REP + "METS.xml", "EAD": EAD, "EAD_doc": EAD_1}
READ: dict[str, Build] = {}
for _name, _path in XML_FILES.items():
    READ |= {
        f"{_name} with a byte order mark": file(_path, lambda b: b"\xef\xbb\xbf" + b),
        f"{_name} with CRLF": file(_path, lambda b: b.replace(b"\n", b"\r\n")),
        f"{_name} in UTF-16": file(_path, utf16),
        f"{_name} without declaration": file(_path, lambda b: b.split(b"?>\n", 1)[1]),
        f"{_name} as XML 1.1": file(_path, swap("version='1.0'", "version='1.1'")),
        f"{_name} with a comment behind": file(_path, lambda b: b + b"\n<!-- x -->\n"),
        f"{_name} with instructions before": file(
            _path, swap("'UTF-8'?>", "'utf-8' standalone='yes'?><?xml-stylesheet href='x'?>")
        ),
    }
READ |= {
    "METS under a prefix": file(
        REP + "METS.xml", prefixed("mets", "http://www.loc.gov/METS/")
    ),
    "METS in METS 2's namespace": both(("http://www.loc.gov/METS/", "http://www.loc.gov/METS/v2")),
    "METS in no namespace": both(('xmlns="http://www.loc.gov/METS/" ', "")),
    "another xlink": both(("http://www.w3.org/1999/xlink", "http://www.w3.org/TR/xlink")),
    "another prefix of xlink": both(("xmlns:xlink=", "xmlns:l="), ("xlink:href", "l:href")),
    "href in no namespace": both(("xlink:href", "href")),
    "metadata under a prefix": file(EAD, prefixed("dc", "http://purl.org/dc/")),
    "simpledc in a namespace": file(EAD, swap("<simpledc>", '<simpledc xmlns="urn:x">')),
    "schemaLocation": file(EAD, swap("<simpledc>", "<simpledc xmlns:xsi="
        '"http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x.xsd">')),
    "another root": file(EAD, lambda b: b.replace(b"simpledc", b"simpleDC")),
    "arcFileCode": file(EAD, lambda b: b.replace(b"fileCode>", b"arcFileCode>")),
    "root mets.xml": tree(lambda f: {n.replace("METS.xml", "mets.xml"): d for n, d in f.items()}),
    "folders in capitals": tree(lambda f: {
        n.replace("representations/rep1", "Representations/REP1").replace("/data/", "/Data/"): d
        for n, d in f.items()}),
    "EAD.XML": tree(lambda f: {n.replace("EAD.xml", "EAD.XML"): d for n, d in f.items()}),
    "PREMIS": tree(lambda f: {**f, "metadata/preservation/PREMIS.xml": b"<premis/>"}),
    "documentation": tree(lambda f: {**f, "documentation/a.docx": b"PK"}),
    "system files": entries(lambda e: [*e, Entry("__MACOSX/._x", b"x"),
                                       Entry(f"{OBJID}/.DS_Store", b"x"), Entry("desktop.ini")]),
    "no size": file(REP + "METS.xml", text(lambda x: re.sub(' SIZE="[0-9]+"', "", x))),
    "sizes with blanks": of(Sip(mets_edits=(('SIZE="', 'SIZE=" '),))),
    "no checksum": file(REP + "METS.xml", digests(lambda _: 'CHECKSUM=""')),
    "checksums in capitals": file(REP + "METS.xml", digests(lambda d: f'CHECKSUM="{d.upper()}"')),
    "no checksum type": both((' CHECKSUMTYPE="SHA-256"', "")),
    "SHA-2": both(('"SHA-256"', '"SHA-2"')),
    "xmlenc": both(('"SHA-256"', '"http://www.w3.org/2001/04/xmlenc#sha256"')),
    "urn": both(('"SHA-256"', '"urn:ietf:sha-256"')),
    "an empty amdSec": of(Sip(mets_edits=(("<fileSec>", "<amdSec/><fileSec>"),))),
    "USER": both(('USE="Data"', 'USER="Data"')),
    "small link label": of(Sip(mets_edits=(("MetadataLink/File", "metadatalink/file"),))),
    "no structMap": file(REP + "METS.xml", text(lambda x: re.sub("(?s)<structMap.*Map>", "", x))),
    "no top folder": lambda: packed(files_of(Sip()), ""),
    "two folders deep": lambda: packed(files_of(Sip()), f"xuat/{OBJID}"),
    "folders as members": entries(lambda e: [Entry(f"{OBJID}/", method=0), *e]),
    "an empty rep2": entries(lambda e: [*e, Entry(f"{OBJID}/representations/rep2/", method=0)]),
    "rep01": lambda: packed({n.replace("/rep1/", "/rep01/"): d.replace(b"rep1/METS", b"rep01/METS")
                             if n == "METS.xml" else d for n, d in files_of(Sip()).items()}),
    "OBJID as urn": of(Sip(objid=f"urn:uuid:{OBJID[5:]}")),
    "status in small letters": of(Sip(status="new", package_type="sip")),
    "names in NFD": lambda: packed({nfd(n): d for n, d in files_of(VIET_SIP).items()}),
    "hrefs in NFD": file(REP + "METS.xml", text(nfd), VIET_SIP),
    "hrefs percent-encoded": file(REP + "METS.xml", swap(VIET, quote(VIET)), VIET_SIP),
    "hrefs percent-encoded from NFD": file(REP + "METS.xml", swap(VIET, quote(nfd(VIET))), VIET_SIP),
    "hrefs of a form": file(REP + "METS.xml", swap(VIET, VIET.replace(" ", "+")), VIET_SIP),
    "backslashes": lambda: zip_bytes([Entry(f"{OBJID}/{n}".replace("/", "\\"), d)
                                      for n, d in files_of(Sip()).items()]),
    "names without the flag": lambda: zip_bytes([Entry(f"{OBJID}/{n}".encode(), d, flags=0)
                                                 for n, d in files_of(VIET_SIP).items()]),
    "a comment": entries(lambda e: e, comment="Gửi kho lưu trữ".encode()),
    "bytes before": entries(lambda e: e, prefix=b"MZ" + b"\0" * 500),
    "zip64": entries(lambda e: e, zip64=True),
    "stored": entries(lambda e: [replace(x, method=0) for x in e]),
    "two files of a document": of(Sip(docs=(
        replace(doc(1), files={"a.pdf": b"%PDF", "a.docx": b"PK"}), doc(2)))),
    "an extension in capitals": of(Sip(docs=(replace(doc(1), files={"a.PDF": b"%PDF"}), doc(2)))),
}  # fmt: skip
READ |= {
    f"href {h}": href(h)
    for h in (
        f"./{PDF_1}", f"file:{PDF_1}", f"file:/{PDF_1}", f"file://{PDF_1}", f"file:///{PDF_1}",
        f"file://./{PDF_1}", PDF_1.replace("/", "\\"), PDF_1.replace("/", "//"), f"{PDF_1}#page=1",
        f"representations/rep1/{PDF_1}", f"{OBJID}/representations/rep1/{PDF_1}", f"/{PDF_1}",
        f"../rep1/{PDF_1}", PDF_1.replace(".", "%2E"),
    )
}  # fmt: skip
READ |= {
    f"totalDoc {v!r}": dossier(totalDoc=v) for v in (" 2 ", "02", "2.0", "2 tài liệu", "\xa02")
}
READ |= {
    f"endDate {v!r}": dossier(endDate=v)
    for v in (
        "2019-12-28", "2019-12-28T00:00:00+07:00", "2019-12-28+07:00", "28/12/2019 00:00:00",
        "28/12/2019 12:00:00 SA", "12/2019", "2019", "2019-12", "28-12-2019", " 28/12/2019 ",
        "00/12/2019", "00/00/2019", "2019-00-00", "2019/12/28", "20191228", "28122019", "22/11/2026",
        "ngày 28 tháng 12 năm 2019",
    )
}  # fmt: skip
READ |= {
    f"{f} {v!r}": dossier(**{f: v})
    for f, v in (
        ("maintenance", "VĨNH VIỄN"), ("maintenance", "vinh vien"), ("maintenance", "1"),
        ("mode", "cong khai"), ("mode", "02"), ("mode", "Sử dụng có điều kiện"), ("mode", "Hạn chế"),
        ("mode", "Không mật"),
        ("mode", "Có điều kiện, theo Điều 3 của Luật"),
        ("mode", "Đã giải mật"), ("mode", "unclassified"), ("mode", "04"),
        ("language", "vie"), ("riskRecovery", "true"), ("riskRecovery", "Không"), ("doMat", "Thường"),
        ("doBaoMat", "Không"), ("description", "Sản lượng mật ong"), ("title", "Đê\n  điều "),
        ("mucDoMatDo", "không"), ("matKhau", "123"), ("soMat", "3"),
    )
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_what_a_real_sender_does_otherwise_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"008{OBJID}.zip"
    path.write_bytes(READ[kind]())
    (result,) = judged(path)
    assert result.verdict == "accepted", [p for p in result.report if p.severity is Severity.ERROR]


@pytest.mark.parametrize("name", ["[06]uuid-x.zip", "x.ZIP", "hồ sơ.zip", f"{OBJID}", "a.zip.zip"])
def test_any_name_of_a_zip_will_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(packed(files_of(Sip())))
    (result,) = judged(tmp_path / name)
    assert result.verdict == "accepted"


def secret(**changes: str) -> tuple[Build, str]:
    return dossier(**changes), "ING-SECRET"


def mode_xml(new: str) -> tuple[Build, str]:
    return file(EAD, swap("<mode>01</mode>", new)), "ING-SECRET"


REFUSED: dict[str, tuple[Build, str]] = {
    f"mode {v!r}": secret(mode=v)
    for v in (
        " 03 ", "3", "003", "0３", "O3", "Mật", "MẬT", nfd("Mật"), "mat", "Mât", "M ậ t", "Tối\xa0mật",
        "Tuyet mat", "Độ mật", "do mat", "03 (Mật)", "Mật (03)", "Mật - A", "Bí mật nhà nước", "Secret",
        "CONFIDENTIAL", "Top Secret", "01, 03", "Mật\u200b", "BMNN", "Tài liệu mật",
    )
}  # fmt: skip
REFUSED |= {
    f"{n} {v!r}": secret(**{n: v})
    for n in ("doMat", "domat", "MucDoMat", "doBaoMat", "dauMat", "secrecyMarking", "securityLevel",
              "confidentiality", "ĐộMật", "mat")
    for v in ("Mật", "mat", "02")
}  # fmt: skip
REFUSED |= {
    "mode in an attribute": mode_xml('<mode code="03">01</mode>'),
    "mode only in an attribute": mode_xml('<mode value="Mật"/>'),
    "mode in parts": mode_xml("<mode><code>03</code><name>Mật</name></mode>"),
    "mode inside another": mode_xml("<access><mode>03</mode></access>"),
    "mode in CDATA": mode_xml("<mode><![CDATA[03]]></mode>"),
    "mode as characters": mode_xml("<mode>&#48;&#51;</mode>"),
    "mode around a comment": mode_xml("<mode>0<!-- -->3</mode>"),
    "mode twice": mode_xml("<mode>01</mode><mode>03</mode>"),
    "MODE": mode_xml("<MODE>03</MODE>"),
    "a mark on the root": (file(EAD, swap("<simpledc>", '<simpledc doMat="Mật">')), "ING-SECRET"),
    "a mark in METS": (of(Sip(root_edits=(('LABEL="root"', 'LABEL="(MẬT) Đê"'),))), "ING-SECRET"),
    "a mark without marks": secret(description="DO MAT: TOI MAT"),
}
REFUSED |= {
    f"endDate {v!r}": (dossier(endDate=v), code)
    for v, code in (
        ("", "ING-NOT-CLOSED"), ("31/12/9999", "ING-NOT-CLOSED"), ("23/11/2026", "ING-NOT-CLOSED"),
        ("đến nay", "ING-DATE-UNREADABLE"), ("đang mở", "ING-DATE-UNREADABLE"),
        ("null", "ING-DATE-UNREADABLE"), ("00/00/0000", "ING-DATE-UNREADABLE"),
        ("28/12/19", "ING-DATE-UNREADABLE"), ("15/00/2019", "ING-DATE-UNREADABLE"),
        ("2019-2020", "ING-DATE-UNREADABLE"), ("01/01/2018", "ING-DATE-ORDER"),
    )
}  # fmt: skip
REFUSED |= {
    f"totalDoc {v[:9]!r}": (dossier(totalDoc=v), "ING-TOTAL-DOC")
    for v in ("3", "2.5", "0x2", "1e0", "9" * 400, "2/2", "NaN", "2 3", "2 hồ sơ")
}
REFUSED |= {
    f"href {h}": (href(h), "ING-FILE-MISSING")
    for h in ("http://x.vn/a.pdf", "../../../../etc/passwd", "file:///etc/passwd", "//srv/a.pdf",
              "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "data/none.pdf", "C:\\a.pdf", "#", "..", "/")
}  # fmt: skip
REFUSED |= {
    "another checksum type": (both(('"SHA-256"', '"MD5"')), "ING-DIGEST-MISMATCH"),
    "a checksum in base64": (
        file(REP + "METS.xml", digests(lambda d: 'CHECKSUM="q83vAA=="')), "ING-DIGEST-MISMATCH"),
    "a negative size": (of(Sip(mets_edits=(('SIZE="', 'SIZE="-'),))), "ING-SIZE-MISMATCH"),
    "no rep1": (tree(lambda f: {n: d for n, d in f.items() if REP not in n}), "ING-METS-MISSING"),
    "an empty data": (tree(lambda f: {n: d for n, d in f.items() if "data/" not in n
                                      or n.endswith(".xml")}), "ING-FILE-MISSING"),
    "two packages": (lambda: zip_bytes([Entry(f"{t}/{n}", d) for t in (OBJID, "uuid-B")
                                        for n, d in files_of(Sip()).items()]), "ING-TOP-FOLDER"),
    "a package in a ZIP in a ZIP": (
        lambda: zip_bytes([Entry("a.zip", packed(files_of(Sip())))]), "ING-METS-MISSING"),
    "another folder beside": (entries(lambda e: [*e, Entry("khac/a", b"x")]), "ING-TOP-FOLDER"),
    "every member twice": (entries(lambda e: [*e, *e]), "ING-NAME-CLASH"),
    "a link": (entries(lambda e: [*e, Entry(f"{OBJID}/l", b"/etc", external=0o120777 << 16)]),
               "ING-LINK"),
    "a password": (entries(lambda e: [replace(x, flags=1) for x in e]), "ING-ENCRYPTED"),
    "a wrong CRC": (entries(lambda e: [replace(e[0], crc=1), *e[1:]]), "ING-CORRUPT"),
    "an undeclared prefix": (both(('xmlns:xlink="http://www.w3.org/1999/xlink" ', "")),
                             "ING-XML-MALFORMED"),
    "a blank before the declaration": (file(EAD, lambda b: b"\n" + b), "ING-XML-MALFORMED"),
    "endless attributes": (file(EAD, swap("<mode>", "<mode " + " ".join(
        f'a{i}="1"' for i in range(2_000)) + ">")), "ING-XML-MALFORMED"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_harms_is_refused_by_its_own_name(tmp_path: Path, kind: str) -> None:
    build, code = REFUSED[kind]
    path = tmp_path / f"001{OBJID}.zip"
    path.write_bytes(build())
    (result,) = judged(path)
    assert result.verdict == "refused"
    assert code in {p.code for p in result.report if p.severity is Severity.ERROR}, result.report


def test_a_reference_from_another_folder_is_told(tmp_path: Path) -> None:
    path = tmp_path / f"001{OBJID}.zip"
    path.write_bytes(href(f"representations/rep1/{PDF_1}")())
    (result,) = judged(path)
    told = next(p for p in result.report if p.code == "ING-NAME-PLACE")
    assert told.params["path"] == f"representations/rep1/{FILE_CODE}.1.pdf".replace(
        "rep1/", "rep1/data/"
    )


PDF = b"%PDF-1.7 a document\n"


@pytest.mark.parametrize(
    ("head", "value"), [("Mức độ mật", "A"), ("Độ mật", "Mật"), ("Ghi chú", "Độ mật: Mật")]
)
def test_a_column_of_secrecy_refuses_whatever_it_is_called(
    tmp_path: Path, head: str, value: str
) -> None:
    sheet = xlsx([[*HEADS, head], [*row(1, "tep\\a.pdf"), value]])
    (result,) = judged(write_tree(tmp_path, {"muc_luc.xlsx": sheet, "tep/a.pdf": PDF}))
    assert {p.code for p in result.report if p.severity is Severity.ERROR} == {"ING-SECRET"}


def test_what_office_programs_leave_beside_a_list_and_below_it_makes_no_dossier(
    tmp_path: Path,
) -> None:
    sheet = xlsx(
        [
            HEADS, row(1, "tep\\a.pdf"), [None, None, None, "Tổng cộng: 1 hồ sơ"],
            ["Người lập", None, None, None, "Thủ trưởng"],
        ]
    )  # fmt: skip
    files = {"muc_luc.xlsx": sheet, "~$muc_luc.xlsx": b"x" * 165, "tep/a.pdf": PDF}
    (result,) = judged(write_tree(tmp_path, files))
    assert result.verdict == "accepted"
    assert "ING-LIST-SKIPPED" in result.report.codes()
