"""Lists with their files: one list, many dossiers, each judged as any other; and lists that lie."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lists.csv_text import read_csv
from ingest.lists.mapping import (
    DOCUMENT_NAMES,
    DOSSIER_NAMES,
    BadMapping,
    SheetMapping,
    read_mapping,
    write_mapping,
)
from ingest.lists.recognise import draft
from ingest.lists.sheet import BadSheet
from ingest.lists.xlsx import read_xlsx
from repository.digest import digest_bytes
from tests.ingest.readers.zip_bytes import Entry, zip_bytes
from tests.ingest.shapes.making import (
    HEADS,
    errors,
    found,
    judged,
    packed,
    part_xlsx,
    row,
    sheet_xml,
    warnings,
    write_tree,
    xlsx,
)
from tests.repository.bag.builder import make_bag

PDF = b"%PDF-1.7 a document\n"


def csv_bytes(rows: list[list[object]], sign: str = ",") -> bytes:
    return "\r\n".join(sign.join(f'"{cell}"' for cell in each) for each in rows).encode()


def a_list(folder: Path, rows: list[list[object]], *names: str, sheet: bytes | None = None) -> Path:
    data = xlsx([HEADS, *rows]) if sheet is None else sheet
    write_tree(folder, {"muc_luc.xlsx": data, **dict.fromkeys(names, PDF)})
    return folder


def test_a_list_of_two_dossiers_gives_two_with_their_own_files(tmp_path: Path) -> None:
    rows = [
        row(1, "tep\\a.pdf", of=2), row(2, "tep\\b.pdf", of=2, c19=None),
        row(1, "khac\\c.pdf", dossier="16"),
    ]  # fmt: skip
    results = judged(a_list(tmp_path, rows, "tep/a.pdf", "tep/b.pdf", "khac/c.pdf"))
    assert [r.verdict for r in results] == ["accepted", "accepted"]
    assert len({r.object_id for r in results}) == 2
    assert all("ING-DIGEST-NONE" in warnings(r) for r in results)
    arrivals = found(tmp_path).arrivals
    listed = [a.listed for a in arrivals if a.listed is not None]
    assert [d.file_code for d in listed] == ["P_SNV.2009.15", "P_SNV.2009.16"]
    dates = [e.given for d in listed[0].documents for e in d.elements if e.name == "issuedDate"]
    assert dates == ["08/01/2009", "01/2009"]
    assert listed[0].files == (b"tep/a.pdf", b"tep/b.pdf")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_a_packed_list_is_a_list(tmp_path: Path, kind: str) -> None:
    files = {"muc_luc.xlsx": xlsx([HEADS, row(1, "tep\\a.pdf")]), "tep/a.pdf": PDF}
    (result,) = judged(packed(kind, tmp_path, files, "nop-luu"))
    assert result.verdict == "accepted", list(result.report)


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
def test_a_list_in_a_bag_has_the_sender_s_checksums(tmp_path: Path, kind: str) -> None:
    payload = {"muc_luc.xlsx": xlsx([HEADS, row(1, "tep\\a.pdf")]), "tep/a.pdf": PDF}
    (result,) = judged(packed(kind, tmp_path, make_bag(payload), "bag"))
    assert result.verdict == "accepted", list(result.report)
    assert "ING-DIGEST-NONE" not in warnings(result)
    bag, again = make_bag(payload), tmp_path / "again"
    again.mkdir()
    bag["data/tep/a.pdf"] = PDF.replace(b"a", b"b", 1)
    (result,) = judged(packed(kind, again, bag, "bag"))
    assert errors(result) == {"ING-DIGEST-MISMATCH"}


def test_a_csv_list_is_read_in_any_of_its_encodings(tmp_path: Path) -> None:
    rows: list[list[object]] = [list(HEADS), row(1, "a.pdf")]
    text = csv_bytes(rows).decode()
    for number, data in enumerate(
        (
            text.encode(),
            text.encode("utf-8-sig"),
            text.encode("utf-16"),
            csv_bytes(rows, ";"),
            csv_bytes(rows, "\t"),
        )
    ):
        folder = write_tree(tmp_path / str(number), {"list.csv": data, "a.pdf": PDF})
        (result,) = judged(folder)
        assert result.verdict == "accepted", (number, list(result.report))


def test_a_list_in_an_old_vietnamese_encoding_is_warned_of_and_never_converted(
    tmp_path: Path,
) -> None:
    head = ",".join(["FileCode", "Title", "StartDate", "EndDate", "Subject", "path", "OrganName"])
    body = "F.2009.1,Hå s¬ ®Êt ®ai x· Mü Léc,2009,2009,Hå s¬,a.pdf,x".encode("latin-1")
    folder = write_tree(tmp_path, {"list.csv": head.encode() + b"\n" + body, "a.pdf": PDF})
    (result,) = judged(folder)
    assert {"ING-LIST-ENCODING", "ING-MOJIBAKE"} <= warnings(result)


def test_columns_of_tt_02_2019_are_recognised() -> None:
    heads = ["FileCode", "OrganId", "FileCatalog", "FileNotation", "Title", "Maintenance", "Rights",
             "Language", "StartDate", "EndDate", "TotalDoc", "DocOrdinal", "DocCode", "TypeName",
             "CodeNumber", "CodeNotation", "IssuedDate", "OrganName", "Subject", "PageAmount", "Mode",
             "ConfidenceLevel", "Autograph", "Format", "path"]  # fmt: skip
    drafted = draft(read_csv(",".join(heads).encode(), "x.csv"), "x")
    assert not drafted.lacking
    assert not drafted.unplaced
    assert drafted.mapping.document["mode"] == ("Mode",)
    assert drafted.mapping.dossier["mode"] == ("Rights",)


@pytest.mark.parametrize(
    ("path", "there", "code"),
    [
        ("TEP\\A.PDF", "tep/a.pdf", "ING-NAME-CASE"),
        ("D:\\So hoa\\2009\\tep\\a.pdf", "tep/a.pdf", "ING-LIST-PATH"),
        ("a.pdf", "tep/a.pdf", "ING-LIST-PATH"),
        ("tep\\a", "tep/a.pdf", "ING-LIST-PATH"),
        ("\\\\may-chu\\chung\\tep\\a.pdf", "tep/a.pdf", "ING-LIST-PATH"),
        (".\\tep\\a.pdf", "tep/a.pdf", "ING-DIGEST-NONE"),
        ("te\u0323p/a.pdf", "t\u1eb9p/a.pdf", "ING-DIGEST-NONE"),
    ],
)
def test_paths_are_understood_as_people_write_them(
    tmp_path: Path, path: str, there: str, code: str
) -> None:
    (result,) = judged(a_list(tmp_path, [row(1, path)], there))
    assert result.verdict == "accepted", list(result.report)
    assert code in warnings(result)


BAD_ROWS = {
    "file missing": ([row(1, "nowhere.pdf")], {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "path leads out": ([row(1, "..\\..\\etc\\passwd")], {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "address elsewhere": ([row(1, "http://a.org/a.pdf")], {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "several files fit": ([row(1, "twin.pdf")],
                          {"ING-LIST-SEVERAL", "ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "no path at all": ([row(1, "")], {"ING-DOC-UNPAIRED"}),
    "total differs": ([row(1, "a.pdf", of=3)], {"ING-TOTAL-DOC"}),
    "secret": ([row(1, "a.pdf", c6="Mật")], {"ING-SECRET"}),
    "secret document": ([row(1, "a.pdf", c26="03")], {"ING-SECRET"}),
    "not closed": ([row(1, "a.pdf", c11=None, c12=None, c13=None)], {"ING-NOT-CLOSED"}),
    "no title": ([row(1, "a.pdf", c4="")], {"ING-FIELD-MISSING"}),
    "no fonds": ([row(1, "a.pdf", c0="")], {"ING-FONDS-MISSING"}),
    "titles differ": ([row(1, "a.pdf", of=2), row(2, "b.pdf", of=2, c4="Khác")], {"ING-LIST-DIFFERS"}),
    "one code for two": ([row(1, "a.pdf"), row(1, "b.pdf", c1="02")], {"ING-LIST-CODE"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ROWS)
def test_what_harms_in_a_list_refuses_its_dossier(tmp_path: Path, name: str) -> None:
    rows, codes = BAD_ROWS[name]
    for result in judged(a_list(tmp_path, rows, "a.pdf", "b.pdf", "1/twin.pdf", "2/twin.pdf")):
        assert result.verdict == "refused"
        assert errors(result) == codes


def test_a_bad_dossier_of_a_list_refuses_itself_alone(tmp_path: Path) -> None:
    rows = [row(1, "a.pdf"), row(1, "nowhere.pdf", dossier="16"), row(1, "b.pdf", dossier="17")]
    results = judged(a_list(tmp_path, rows, "a.pdf", "b.pdf"))
    assert [r.verdict for r in results] == ["accepted", "refused", "accepted"]


def test_a_list_that_tells_of_a_secret_is_not_kept_with_the_others(tmp_path: Path) -> None:
    rows = [row(1, "a.pdf"), row(1, "b.pdf", dossier="16", c6="Mật")]
    folder = a_list(tmp_path, rows, "a.pdf", "b.pdf")
    listed = [a.listed for a in found(folder).arrivals]
    assert [d.keep_sheet for d in listed if d is not None] == [False, False]
    assert b"16" not in (listed[0].rows if listed[0] is not None else b"16").split(b"\r\n", 1)[1]


def test_files_that_no_row_names_go_with_their_folder_s_dossier_or_are_told(tmp_path: Path) -> None:
    rows = [row(1, "1/a.pdf"), row(1, "2/b.pdf", dossier="16")]
    folder = a_list(tmp_path, rows, "1/a.pdf", "2/b.pdf", "1/phu/luc.pdf", "thua.pdf")
    first, second = judged(folder)
    assert "ING-FILE-UNREFERENCED" in warnings(first)
    assert "ING-FILE-UNREFERENCED" not in warnings(second)
    assert {"ING-LIST-EXTRA"} <= warnings(first) & warnings(second)


def test_a_saved_mapping_reads_a_list_no_one_would_recognise(tmp_path: Path) -> None:
    heads = ["HS", "TEN", "BD", "KT", "THBQ2", "CD", "VB", "NGAY", "CQ", "TEP"]
    cells = [
        "H1",
        "Hồ sơ một",
        "2009",
        "2010",
        "A",
        "1",
        "Quyết định về đê",
        "5/6/2009",
        "UBND",
        "x.pdf",
    ]
    folder = a_list(tmp_path, [], "x.pdf", sheet=xlsx([["Danh mục"], heads, cells]))
    assert found(folder).arrivals == ()
    mapping = SheetMapping(
        "contractor",
        {"number": ("HS",), "title": ("TEN",), "startDate": ("BD",), "endDate": ("KT",),
         "maintenance": ("THBQ2",), "mode": ("CD",)},
        {"subject": ("VB",), "issuedDate": ("NGAY",), "organName": ("CQ",), "path": ("TEP",)},
        constants={"fonds": "P_X", "language": "01"},
        codes={"maintenance": {"A": "01"}},
        file_code="{fonds}.{year}.{number}",
    )  # fmt: skip
    (result,) = judged(folder, mapping)
    assert result.verdict == "accepted", list(result.report)
    (arrival,) = found(folder, mapping).arrivals
    assert arrival.listed is not None
    given = {e.name: e.given for e in arrival.listed.elements if e.name}
    assert given["maintenance"] == "01"
    assert given["fileCode"] == "P_X.2009.H1"


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
COLUMN = TEXT.filter(lambda t: t.strip() != "")


@settings(max_examples=60, deadline=None)
@given(
    name=TEXT,
    dossier=st.dictionaries(st.sampled_from(DOSSIER_NAMES), COLUMN, max_size=6),
    document=st.dictionaries(st.sampled_from(DOCUMENT_NAMES), COLUMN, max_size=6),
    codes=st.dictionaries(TEXT, TEXT, max_size=4),
    strip=st.lists(TEXT, max_size=3),
    row_number=st.integers(0, 50),
)
def test_a_mapping_is_read_as_it_was_written(
    name: str,
    dossier: dict[str, str],
    document: dict[str, str],
    codes: dict[str, str],
    strip: list[str],
    row_number: int,
) -> None:
    mapping = SheetMapping(
        name,
        {n: (c,) for n, c in dossier.items()},
        {n: (c,) for n, c in document.items()},
        header_row=row_number,
        codes={"mode": codes} if codes else {},
        strip=tuple(strip),
    )
    assert read_mapping(write_mapping(mapping, notes=[name]).encode(), "x.toml") == mapping


@pytest.mark.parametrize(
    "text",
    [
        "", "format = 1", 'format = "kho-mapping/2"', 'format = "kho-mapping/1"\nfoo = 1',
        'format = "kho-mapping/1"\n[columns.dossier]\ntitel = "A"',
        'format = "kho-mapping/1"\n[columns.dossier]\ntitle = ["A", "B", "C"]',
        'format = "kho-mapping/1"\n[columns.dossier]\ntitle = 3',
        'format = "kho-mapping/1"\nfile_code = "{title}"',
        'format = "kho-mapping/1"\nheader_row = -1',
        'format = "kho-mapping/1"\ndelimiter = "ab"',
        'format = "kho-mapping/1"\n[codes.nothing]\na = "b"',
        "a = " + "[" * 5000, "\x00", 'format = "kho-mapping/1"\nformat = "x"',
    ],
)  # fmt: skip
def test_what_is_no_mapping_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadMapping, match=r"\w"):
        read_mapping(text.encode(), "x.toml")


HEAD_ROW = ("FileCode", "Title", "EndDate", "TotalDoc", "path", "Subject")
GOOD_ROW = ("F.1", "Hồ sơ", "2009", "1", "a.pdf", "Văn bản")
CELL_OF_TITLE = {
    "a formula with its value": (
        '<c t="str"><f>A1&amp;"x"</f><v>Hồ sơ</v></c>',
        "",
        "ING-LIST-COMPUTED",
    ),
    "a formula without a value": ("<c><f>A1</f></c>", "ING-LIST-FORMULA", ""),
    "a broken value": ('<c t="e"><v>#REF!</v></c>', "ING-LIST-CELL", ""),
    "a shared string that is not there": ('<c t="s"><v>7</v></c>', "ING-LIST-CELL", ""),
    "a shared string no number": ('<c t="s"><v>-1</v></c>', "ING-LIST-CELL", ""),
}


@pytest.mark.parametrize("name", CELL_OF_TITLE)
def test_cells_that_are_no_plain_text_are_read_or_named(tmp_path: Path, name: str) -> None:
    cell, code, told = CELL_OF_TITLE[name]
    rows = [HEAD_ROW, (GOOD_ROW[0], cell, *GOOD_ROW[2:])]
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "l.xlsx").write_bytes(part_xlsx(sheet_xml(rows)))
    (result,) = judged(tmp_path)
    if code:
        assert code in errors(result)
        assert "B2" in next(p for p in result.report if p.code == code).params["cell"]
    else:
        assert told in warnings(result)


def test_hidden_rows_merged_cells_and_links_are_told() -> None:
    extra = '<mergeCells><mergeCell ref="A1:A2"/></mergeCells>'
    data = sheet_xml([("x", "y"), ("", "z")], extra).replace(
        b'<row r="2">', b'<row r="2" hidden="1">'
    )
    (sheet,) = read_xlsx(part_xlsx(data, **{"xl/externalLinks/e1__xml": b"<x/>"}), "l.xlsx")
    assert sheet.rows[1].cells == {0: "x", 1: "z"}
    assert {p.code for p in sheet.problems} == {
        "ING-LIST-MERGED",
        "ING-LIST-HIDDEN",
        "ING-LIST-LINKED",
    }


def test_dates_stored_as_numbers_are_dates_and_numbers_stay_numbers() -> None:
    styles = (b'<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd\\/mm\\/yyyy"/>'
              b'<numFmt numFmtId="171" formatCode="0.00&quot;day&quot;"/></numFmts><cellXfs>'
              b'<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/>'
              b"</cellXfs></styleSheet>")  # fmt: skip
    cells = [f'<c s="{style}"><v>39821</v></c>' for style in range(4)]
    data = part_xlsx(sheet_xml([cells]), **{"xl/styles__xml": styles})
    (sheet,) = read_xlsx(data, "l.xlsx")
    assert sheet.rows[0].cells == {0: "39821", 1: "08/01/2009", 2: "08/01/2009", 3: "39821"}


DOCTYPE = b'<!DOCTYPE a [<!ENTITY b "c">]>'
LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
)
XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
GOOD_SHEET = sheet_xml([HEAD_ROW, GOOD_ROW])
BOOKS = {
    "no zip": b"PK\x03\x04 nothing",
    "no workbook": zip_bytes([Entry("a.txt", b"x")]),
    "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "doctype": part_xlsx(DOCTYPE + GOOD_SHEET),
    "billion laughs": part_xlsx(LAUGHS + GOOD_SHEET.replace(b"Title", b"&c;")),
    "outer entity": part_xlsx(XXE + GOOD_SHEET.replace(b"Title", b"&x;")),
    "doctype in utf-16": part_xlsx((DOCTYPE + GOOD_SHEET).decode().encode("utf-16")),
    "doctype in strings": part_xlsx(GOOD_SHEET, **{"xl/sharedStrings__xml": DOCTYPE + b"<sst/>"}),
    "doctype in workbook": part_xlsx(GOOD_SHEET, **{"xl/workbook__xml": DOCTYPE + b"<workbook/>"}),
    "unknown entity": part_xlsx(GOOD_SHEET.replace(b"Title", b"&nope;")),
    "cut short": part_xlsx(GOOD_SHEET[:-40]),
    "not xml": part_xlsx(b"hello"),
    "empty": part_xlsx(b""),
    "deep": part_xlsx(b"<a>" * 100_000),
    "bomb by ratio": part_xlsx(b"<worksheet>" + b" " * 30_000_000 + b"</worksheet>"),
    "lying size": zip_bytes([Entry("xl/workbook.xml", b"x" * 5000, size=10)]),
    "leads out": zip_bytes([Entry("../xl/workbook.xml", b"x")]),
    "encrypted": zip_bytes([Entry("xl/workbook.xml", b"x", flags=1)]),
    "two workbooks": zip_bytes([Entry("xl/workbook.xml", b"x"), Entry("XL/Workbook.xml", b"y")]),
    "damaged part": zip_bytes([Entry("xl/workbook.xml", b"<workbook/>", crc=1)]),
}  # fmt: skip


@pytest.mark.parametrize("name", BOOKS)
def test_a_workbook_that_lies_is_one_finding(name: str) -> None:
    with pytest.raises(BadSheet) as caught:
        read_xlsx(BOOKS[name], "l.xlsx")
    assert caught.value.problem.code.startswith("ING-")


def test_one_tag_of_a_gigabyte_is_refused_in_little_memory() -> None:
    import tracemalloc

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(range(97, 123)) * 40_000
    stream = packer.compress(b'<worksheet><sheetData><row a="')
    stream += b"".join(packer.compress(piece) for _ in range(40)) + packer.flush()
    size = 30 + len(piece) * 40
    sheet = Entry(
        "xl/worksheets/sheet1.xml", b"", packed=stream, size=size, packed_size=len(stream)
    )
    book = part_xlsx(GOOD_SHEET)
    del book
    tracemalloc.start()
    data = zip_bytes([sheet, Entry("xl/workbook.xml", b"<workbook/>")])
    with pytest.raises(BadSheet):
        read_xlsx(data, "l.xlsx")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000


def test_many_cells_in_one_row_and_far_columns_are_bounded() -> None:
    cells = "".join(f'<c r="{column}1"><v>1</v></c>' for column in ("A", "ZZ", "XFD"))
    (sheet,) = read_xlsx(part_xlsx(sheet_xml([(cells,)])), "l.xlsx")
    assert sheet.rows[0].cells == {0: "1"}


CSVS = {
    "quote that never closes": b'FileCode,Title,EndDate,TotalDoc,path\n"' + b"x" * 200_000,
    "NUL": b"FileCode,Title\0,x\n1,2,3\n",
    "utf-16 cut": "FileCode,Title".encode("utf-16")[:-1],
}


@pytest.mark.parametrize("name", CSVS)
def test_a_csv_that_is_no_text_is_one_finding(name: str) -> None:
    with pytest.raises(BadSheet):
        read_csv(CSVS[name], "l.csv")


def test_a_cell_that_looks_like_a_formula_is_data(tmp_path: Path) -> None:
    rows = [
        row(1, "a.pdf", c23='=HYPERLINK("http://example.org")'),
    ]
    data = csv_bytes([list(HEADS), *rows]).replace(
        b'"=HYPERLINK("http://example.org")"', b"=cmd|' /C calc'!A0"
    )
    write_tree(tmp_path, {"l.csv": data, "a.pdf": PDF})
    (arrival,) = found(tmp_path).arrivals
    assert arrival.listed is not None
    subjects = [e.given for e in arrival.listed.documents[0].elements if e.name == "subject"]
    assert subjects == ["=cmd|' /C calc'!A0"]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_bytes_make_the_list_readers_fail_otherwise(data: st.DataObject) -> None:
    good = bytearray(part_xlsx(GOOD_SHEET))
    text = bytearray(",".join(HEAD_ROW).encode() + b"\n" + ",".join(GOOD_ROW).encode())
    for each, read in ((good, read_xlsx), (text, read_csv)):
        for _ in range(data.draw(st.integers(1, 5))):
            each[data.draw(st.integers(0, len(each) - 1))] = data.draw(st.integers(0, 255))
        try:
            sheets = read(bytes(each), "l")  # type: ignore[operator]
        except BadSheet as fault:
            assert fault.problem.code.startswith("ING-")
            continue
        for sheet in sheets if isinstance(sheets, list) else [sheets]:
            draft(sheet, "x")


def test_the_same_rows_give_the_same_dossier_and_the_list_s_digest_is_kept(tmp_path: Path) -> None:
    folder = a_list(tmp_path, [row(1, "a.pdf")], "a.pdf")
    one, two = found(folder).arrivals, found(folder).arrivals
    assert one == two
    assert one[0].listed is not None
    sheet = (folder / "muc_luc.xlsx").read_bytes()
    assert one[0].listed.sheet_sha256 == digest_bytes(sheet, ["sha256"])["sha256"]


def test_heads_that_say_of_what_they_are_are_recognised() -> None:
    heads = ["Mã hồ sơ (*)", "Tiêu đề\nhồ sơ", "Ngôn ngữ của hồ sơ", "Thời gian kết thúc",
             "Tổng số tài liệu", "Trích yếu nội dung của tài liệu", "Ngôn ngữ tài liệu",
             "Ngày, tháng, năm tài liệu",
             "Tên cơ quan, tổ chức, cá nhân ban hành tài liệu", "Đường dẫn tệp"]  # fmt: skip
    text = ",".join(f'"{head}"' for head in heads)
    drafted = draft(read_csv(text.encode(), "x.csv"), "x")
    assert not drafted.unplaced
    assert set(drafted.mapping.dossier) == {"fileCode", "title", "language", "endDate", "totalDoc"}
    assert set(drafted.mapping.document) == {
        "subject",
        "language",
        "issuedDate",
        "organName",
        "path",
    }


def test_sums_and_numbering_under_the_heads_are_no_documents(tmp_path: Path) -> None:
    numbering: list[object] = [f"({i})" for i in range(1, len(HEADS) + 1)]
    total: list[object] = [None] * len(HEADS)
    total[25] = 7
    rows = [numbering, row(1, "a.pdf", of=2), row(2, "b.pdf", of=2), total]
    folder = a_list(tmp_path, [], "a.pdf", "b.pdf", sheet=xlsx([["DANH MỤC"], [], HEADS, *rows]))
    (result,) = judged(folder)
    assert result.verdict == "accepted", list(result.report)
    assert "ING-LIST-SKIPPED" in warnings(result)
