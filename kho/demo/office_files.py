"""Writes the born-digital files that are not PDF: Word text, an Excel table, a workflow as XML.

Only what ECMA-376 asks of the smallest valid file of its kind; times inside are fixed, so that
the same words give the same bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta, timezone
from io import BytesIO
from random import Random
from xml.sax.saxutils import escape

from lxml import etree

from kho.demo.offices import PLACES
from kho.demo.people import draw_name
from kho.demo.wording import Paper, long_date

_ZIP_TIME = (2026, 1, 5, 8, 0, 0)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument"


def paper_docx(paper: Paper) -> bytes:
    """The document as Word text, paragraph by paragraph."""
    paragraphs = [
        _word_line(" ".join(paper.office.heading), "center", bold=True),
        _word_line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "center", bold=True),
        _word_line("Độc lập - Tự do - Hạnh phúc", "center", bold=True),
        _word_line(f"Số: {paper.reference}", "left"),
        _word_line(f"{paper.office.seat}, {long_date(paper.issued)}", "right", italic=True),
        _word_line(paper.kind.name.upper(), "center", bold=True),
        _word_line(paper.subject, "center", bold=True),
        *(_word_line(text, "both", italic=True) for text in paper.grounds),
        *(_word_line(f"Kính gửi: {text}.", "center") for text in paper.addressees),
        *(_word_line(text, "both") for text in paper.body),
        _word_line("Nơi nhận:", "left", bold=True, italic=True),
        *(_word_line(f"- {text}", "left") for text in paper.recipients),
        *(_word_line(text, "right", bold=True) for text in paper.sign_lines),
        _word_line(paper.signer, "right", bold=True),
    ]
    page = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1701" '
        'w:header="709" w:footer="709" w:gutter="0"/></w:sectPr>'
    )
    body = (
        f'{_HEAD}<w:document xmlns:w="{_WORD}"><w:body>{"".join(paragraphs)}{page}</w:body>'
        "</w:document>"
    )
    return _office_zip("word/document.xml", f"{_KIND}.wordprocessingml.document.main+xml", body, {})


def annex_xlsx(rng: Random, title: str) -> bytes:
    """A table of places, holders and areas, its total a formula with its value."""
    rows: list[Sequence[str | int]] = [
        (title,),
        ("STT", "Họ và tên", "Địa chỉ", "Thửa đất số", "Tờ bản đồ số", "Diện tích (m²)"),
    ]
    count = rng.randrange(12, 40)
    for number in range(1, count + 1):
        place = rng.choice(PLACES)
        rows.append(
            (
                number,
                draw_name(rng),
                f"Xã {place.commune}, huyện {place.district}",
                rng.randrange(1, 480),
                rng.randrange(1, 40),
                rng.randrange(45, 2400),
            )
        )
    total = sum(int(row[5]) for row in rows[2:])
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(_cell(column, number, value) for column, value in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    last = count + 3
    lines.append(
        f'<row r="{last}">{_cell(1, last, "Tổng cộng")}'
        f'<c r="F{last}"><f>SUM(F3:F{last - 1})</f><v>{total}</v></c></row>'
    )
    sheet = (
        f'{_HEAD}<worksheet xmlns="{_SHEET}"><cols>'
        '<col min="1" max="1" width="6" customWidth="1"/>'
        '<col min="2" max="3" width="34" customWidth="1"/>'
        '<col min="4" max="6" width="14" customWidth="1"/></cols>'
        f"<sheetData>{''.join(lines)}</sheetData></worksheet>"
    )
    book = (
        f'{_HEAD}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}/relationships">'
        '<sheets><sheet name="Phu luc" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    relations = (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    )
    return _office_zip(
        "xl/workbook.xml",
        f"{_KIND}.spreadsheetml.sheet.main+xml",
        book,
        {
            "xl/_rels/workbook.xml.rels": ("", relations),
            "xl/worksheets/sheet1.xml": (f"{_KIND}.spreadsheetml.worksheet+xml", sheet),
        },
    )


def workflow_xml(rng: Random, doc_id: str, paper: Paper) -> bytes:
    """The steps a document went through before it was issued (TT 05: `process` = 1)."""
    root = etree.Element("quyTrinhXuLy", vanBan=doc_id, soKyHieu=paper.reference)
    zone = timezone(timedelta(hours=7))
    start = datetime.combine(paper.issued - timedelta(days=6), time(8, 15), zone)
    steps = ("Dự thảo", "Lãnh đạo phòng cho ý kiến", "Thẩm định pháp lý", "Trình ký", "Phát hành")
    for number, step in enumerate(steps):
        when = start + timedelta(days=number, minutes=rng.randrange(0, 480))
        person = paper.signer if step == "Trình ký" else draw_name(rng)
        element = etree.SubElement(root, "buoc", thuTu=str(number + 1), thoiGian=when.isoformat())
        etree.SubElement(element, "ten").text = step
        etree.SubElement(element, "nguoiXuLy").text = person
        etree.SubElement(element, "yKien").text = rng.choice(
            ("Đồng ý.", "Đồng ý, trình lãnh đạo.", "Đã chỉnh sửa câu chữ, thể thức.", "Nhất trí.")
        )
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _word_line(text: str, align: str, *, bold: bool = False, italic: bool = False) -> str:
    face = f"{'<w:b/>' if bold else ''}{'<w:i/>' if italic else ''}"
    return (
        f'<w:p><w:pPr><w:spacing w:after="120"/><w:jc w:val="{align}"/></w:pPr><w:r><w:rPr>'
        '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/>'
        f'{face}<w:sz w:val="27"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )


def _cell(column: int, row: int, value: str | int) -> str:
    name = f"{'ABCDEF'[column]}{row}"
    if isinstance(value, int):
        return f'<c r="{name}"><v>{value}</v></c>'
    return f'<c r="{name}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def _office_zip(
    main: str, content_type: str, body: str, parts: Mapping[str, tuple[str, str]]
) -> bytes:
    overrides = {main: content_type} | {name: kind for name, (kind, _) in parts.items() if kind}
    types = (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{_RELS_TYPE}"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(
            f'<Override PartName="/{name}" ContentType="{kind}"/>'
            for name, kind in overrides.items()
        )
        + "</Types>"
    )
    relations = (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/relationships/officeDocument" Target="{main}"/></Relationships>'
    )
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in (
            ("[Content_Types].xml", types),
            ("_rels/.rels", relations),
            (main, body),
            *((name, text) for name, (_, text) in parts.items()),
        ):
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.create_system = 0
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return out.getvalue()


_RELS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
