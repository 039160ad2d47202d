"""Submissions in every shape, written byte by byte where a test wants a lie, and their judgement."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import openpyxl

from ingest.judging import IngestResult, judge
from ingest.lists.mapping import SheetMapping
from ingest.shapes.finding import Found, find
from repository.problems import Report
from schemas.problem_texts import problem_text
from tests.ingest.readers.zip_bytes import Entry, zip_bytes

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

HEADS = (
    "Phông", "Mục lục", "Hộp số", "Số và ký hiệu hồ sơ", "Tiêu đề hồ sơ", "Thời hạn bảo quản",
    "Chế độ sử dụng", "Ngôn ngữ", "Ngày bắt đầu", "Tháng bắt đầu", "Năm bắt đầu", "Ngày kết thúc",
    "Tháng kết thúc", "Năm kết thúc", "Tổng số văn bản trong hồ sơ", "Số thứ tự văn bản trong hồ sơ",
    "Tên loại văn bản", "Số của văn bản", "Ký hiệu của văn bản", "Ngày văn bản", "Tháng văn bản",
    "Năm văn bản", "Tên cơ quan ban hành", "Trích yếu nội dung", "Ngôn ngữ", "Số lượng trang",
    "Chế độ sử dụng", "Đường dẫn file",
)  # fmt: skip


def row(
    number: int, path: str, *, of: int = 1, dossier: str = "15", **changes: object
) -> list[object]:
    """One row of a right list; `changes` by the head's column number as `c3`."""
    cells: list[object] = [
        "P_SNV", "01", "11", dossier, f"Hồ sơ về việc tu bổ đê, số {dossier}", "Vĩnh viễn",
        "Công khai", "Tiếng Việt", 8, 1, 2009, 11, 1, 2009, of, number, "Quyết định", str(100 + number),
        "QĐ-SNV", 8, 1, 2009, "Sở Nội vụ tỉnh Hà Tĩnh", f"Về việc số {number}", "Tiếng Việt", 1,
        "Công khai", path,
    ]  # fmt: skip
    for name, value in changes.items():
        cells[int(name[1:])] = value
    return cells


def xlsx(rows: Iterable[Sequence[object]], title: str = "Mục lục") -> bytes:
    """A workbook as a common program writes it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for each in rows:
        sheet.append(list(each))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def part_xlsx(sheet: bytes, **parts: bytes) -> bytes:
    """A workbook of one sheet whose XML is given; more parts by `name__xml` for `name.xml`."""
    ns = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    rel = b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    files = {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.xml": b"<workbook "
        + ns
        + b" "
        + rel
        + b'><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<Relationships><Relationship Id="r1" '
        b'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        **{name.replace("__", "."): data for name, data in parts.items()},
    }
    return zip_bytes([Entry(name, data) for name, data in files.items()])


def sheet_xml(rows: Sequence[Sequence[str]], extra: str = "") -> bytes:
    """The XML of a sheet with texts in its cells; a cell that begins with `<` is its own XML."""
    lines = []
    for number, cells in enumerate(rows, 1):
        inside = "".join(
            cell if cell.startswith("<") else f'<c t="inlineStr"><is><t>{cell}</t></is></c>'
            for cell in cells
        )
        lines.append(f'<row r="{number}">{inside}</row>')
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{''.join(lines)}</sheetData>{extra}</worksheet>"
    ).encode()


@dataclass(frozen=True)
class TarEntry:
    """One entry; what is None is as it should be."""

    name: bytes | str
    data: bytes = b""
    kind: bytes = b"0"
    link: bytes = b""
    size: int | bytes | None = None
    sum: bytes | None = None
    prefix: bytes = b""
    magic: bytes = b"ustar\x0000"

    def header(self) -> bytes:
        name = self.name if isinstance(self.name, bytes) else self.name.encode()
        size = len(self.data) if self.size is None else self.size
        field = size if isinstance(size, bytes) else b"%011o\0" % size
        head = (
            name.ljust(100, b"\0")[:100] + b"0000644\0" + b"0000000\0" * 2 + field.ljust(12, b"\0")[:12]
            + b"%011o\0" % 1_600_000_000 + b" " * 8 + self.kind + self.link.ljust(100, b"\0")[:100]
            + self.magic.ljust(8, b"\0")[:8] + b"\0" * 80 + self.prefix.ljust(155, b"\0")
        ).ljust(512, b"\0")  # fmt: skip
        total = b"%06o\0 " % sum(head) if self.sum is None else self.sum
        return head[:148] + total + head[156:]


def tar_bytes(entries: Sequence[TarEntry], *, end: bytes = b"\0" * 1024) -> bytes:
    """A TAR of these entries."""
    out = b""
    for entry in entries:
        out += entry.header() + entry.data + b"\0" * (-len(entry.data) % 512)
    return out + end


def pax(**records: str | bytes) -> TarEntry:
    """A pax header for the entry that follows."""
    data = b""
    for key, value in records.items():
        line = (
            key.replace("__", ".").encode()
            + b"="
            + (value if isinstance(value, bytes) else value.encode())
            + b"\n"
        )
        size = len(line) + 2
        while len(str(size)) + 1 + len(line) != size:
            size = len(str(size)) + 1 + len(line)
        data += b"%d " % size + line
    return TarEntry("pax", data, kind=b"x")


def tar_of(files: Mapping[str, bytes], top: str = "") -> bytes:
    """A TAR as GNU tar writes it, long names and all."""
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{top}/{name}" if top else name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def write_tree(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def packed(kind: str, folder: Path, files: Mapping[str, bytes], top: str) -> Path:
    """The same files in a folder, ZIP, TAR or `.tar.gz`, below one top folder."""
    if kind == "folder":
        return write_tree(folder / top, files)
    path = folder / f"transfer.{kind}"
    if kind == "zip":
        path.write_bytes(zip_bytes([Entry(f"{top}/{n}", d) for n, d in files.items()]))
    else:
        data = tar_of(files, top)
        path.write_bytes(gzip.compress(data) if kind == "tar.gz" else data)
    return path


def found(path: Path, *mappings: SheetMapping) -> Found:
    """What there is to take in."""
    return find([path], mappings=mappings)


def judged(path: Path, *mappings: SheetMapping) -> list[IngestResult]:
    """Each dossier found there, taken the whole way through the rules, with no archive behind."""
    results = []
    for arrival in found(path, *mappings).arrivals:
        with tempfile.TemporaryDirectory() as work:
            result = judge(arrival, Path(work), held=None, now=NOW)
        results.append(result)
        said(result.report)
    return results


def said(report: Report) -> None:
    """Every finding can be put in words, in both languages."""
    for problem in report:
        for lang in ("vi", "en"):
            text = problem_text(problem.code, problem.params, lang)  # type: ignore[arg-type]
            assert text, problem
            assert not text.startswith(problem.code), f"no {lang} text for {problem}"


def errors(result: IngestResult) -> set[str]:
    """The codes that refuse it."""
    return {p.code for p in result.report if p.severity.value == "error"}


def warnings(result: IngestResult) -> set[str]:
    """The codes that are told."""
    return {p.code for p in result.report if p.severity.value != "error"}
