"""Sets the words of a document on A4 pages: where every line stands, in which face and size.

Form after Nghị định 30/2020/NĐ-CP, annex I (margins, heading in two columns, number, abstract,
signature, recipients). The result is data, drawn as PDF by `pdf` and as a picture by `scans`;
nothing here draws. Units are PDF points, the origin is the lower left corner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFont

from kho.demo.wording import Paper, long_date

FACES = ("Regular", "Bold", "Italic", "BoldItalic")
PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
_LEFT, _RIGHT, _TOP, _BOTTOM = 85.0, 57.0, 62.0, 62.0
_WIDTH = PAGE_WIDTH - _LEFT - _RIGHT
_HEAD_LEFT = _LEFT + 0.2 * _WIDTH
"""Centre of the left heading column (the issuing body)."""
_HEAD_RIGHT = _LEFT + 0.70 * _WIDTH
_SIGN = _LEFT + 0.74 * _WIDTH
_INDENT = 28.0
_ARTICLE = re.compile(r"Điều \d+\.")
_LEADINGS = (18.0, 17.0, 16.0, 20.0)


@dataclass(frozen=True)
class Run:
    """A line, or part of one, in one face; `space` is added to every blank (justified lines)."""

    x: float
    y: float
    face: str
    size: float
    text: str
    space: float = 0.0


@dataclass(frozen=True)
class Rule:
    """A thin horizontal line."""

    x: float
    y: float
    width: float


@dataclass
class Page:
    """What stands on one page."""

    runs: list[Run] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


def set_pages(paper: Paper) -> list[Page]:
    """The whole document, page by page; every line lies inside the margins.

    Lines are drawn closer where that keeps the signature from standing alone on a page.
    """
    for leading in _LEADINGS:
        sheet = _Sheet(leading)
        _set_heading(sheet, paper)
        _set_title(sheet, paper)
        _set_body(sheet, paper)
        before = len(sheet.pages)
        _set_signature(sheet, paper)
        if len(sheet.pages) == before:
            break
    return sheet.pages


def face_path(face: str) -> Path:
    """The font file of a face, inside the package."""
    return Path(__file__).parent / "fonts" / f"KhoDemoSerif-{face}.ttf"


@cache
def font(face: str) -> TTFont:
    """The face, read once; documents embed the glyphs they use and no more."""
    return TTFont(f"KhoDemoSerif-{face}", str(face_path(face)), asciiReadable=0)


@lru_cache(maxsize=20_000)
def text_width(text: str, face: str, size: float) -> float:
    """How wide the text runs, without stretched blanks."""
    return float(font(face).stringWidth(text, size))


class _Sheet:
    """Pages being filled from the top down; `y` is the next free line."""

    def __init__(self, leading: float) -> None:
        self.leading = leading
        self.pages = [Page()]
        self.y = PAGE_HEIGHT - _TOP

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def skip(self, points: float) -> None:
        self.y -= points

    def need(self, points: float) -> None:
        """Begin a new page unless that much room is left."""
        if self.y - points >= _BOTTOM:
            return
        self.pages.append(Page())
        self.y = PAGE_HEIGHT - _TOP
        number = str(len(self.pages))
        x = _LEFT + (_WIDTH - text_width(number, "Regular", 13)) / 2
        self.page.runs.append(Run(x, PAGE_HEIGHT - 40, "Regular", 13, number))

    def put(self, x: float, face: str, size: float, text: str, space: float = 0.0) -> None:
        self.page.runs.append(Run(x, self.y, face, size, text, space))

    def put_centred(self, centre: float, face: str, size: float, text: str) -> float:
        width = text_width(text, face, size)
        self.put(centre - width / 2, face, size, text)
        return width

    def centred(self, text: str, face: str, size: float, width: float = _WIDTH) -> None:
        for line in _wrap_evenly(text, face, size, width):
            self.need(size * 1.3)
            self.put_centred(_LEFT + _WIDTH / 2, face, size, line)
            self.skip(size * 1.3)

    def rule(self, centre: float, width: float, above: float = 0.0) -> None:
        self.page.rules.append(Rule(centre - width / 2, self.y + above, width))

    def paragraph(self, text: str, face: str = "Regular", size: float = 13.5) -> None:
        """A justified paragraph with its first line set in."""
        lines = _wrap(text, face, size, _WIDTH - _INDENT, _WIDTH)
        for number, line in enumerate(lines):
            self.need(self.leading)
            x = _LEFT + (_INDENT if number == 0 else 0)
            room = _WIDTH - (_INDENT if number == 0 else 0) - text_width(line, face, size)
            blanks = line.count(" ")
            space = room / blanks if blanks and number < len(lines) - 1 else 0.0
            article = _ARTICLE.match(line) if number == 0 else None
            if article:
                # The words "Điều 1." stand out; what follows them on the line makes room.
                lead = article.group()
                self.put(x, "Bold", size, lead)
                x += text_width(lead + " ", "Bold", size) + space
                line = line[len(lead) + 1 :]
                space -= (text_width(lead, "Bold", size) - text_width(lead, face, size)) / blanks
            self.put(x, face, size, line, space)
            self.skip(self.leading)
        self.skip(self.leading - 13)


def _set_heading(sheet: _Sheet, paper: Paper) -> None:
    top = sheet.y
    first_face = "Bold" if paper.office.heading_is_one_name else "Regular"
    sheet.put_centred(_HEAD_LEFT, first_face, 12, paper.office.heading[0])
    lower = _wrap_evenly(paper.office.heading[1], "Bold", 12, 0.40 * _WIDTH)
    for line in lower:
        sheet.skip(15)
        sheet.put_centred(_HEAD_LEFT, "Bold", 12, line)
    sheet.skip(5)
    sheet.rule(_HEAD_LEFT, 52)
    sheet.skip(17)
    left_end = sheet.y
    sheet.put_centred(_HEAD_LEFT, "Regular", 13, f"Số: {paper.reference}")
    if paper.kind.short == "CV":
        for line in _wrap(paper.subject, "Regular", 12, 0.42 * _WIDTH, 0.42 * _WIDTH):
            sheet.skip(14)
            sheet.put_centred(_HEAD_LEFT, "Regular", 12, line)
    bottom = sheet.y

    sheet.y = top
    sheet.put_centred(_HEAD_RIGHT, "Bold", 12, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    sheet.skip(16)
    width = sheet.put_centred(_HEAD_RIGHT, "Bold", 13, "Độc lập - Tự do - Hạnh phúc")
    sheet.skip(5)
    sheet.rule(_HEAD_RIGHT, width)
    sheet.y = min(sheet.y - 17, left_end)
    dated = f"{paper.office.seat}, {long_date(paper.issued)}"
    sheet.put_centred(_HEAD_RIGHT, "Italic", 13, dated)
    sheet.y = min(bottom, sheet.y) - 30


def _set_title(sheet: _Sheet, paper: Paper) -> None:
    if paper.kind.short != "CV":
        sheet.centred(paper.kind.name.upper(), "Bold", 14)
        sheet.centred(paper.subject, "Bold", 14, 0.86 * _WIDTH)
        sheet.rule(_LEFT + _WIDTH / 2, 80, above=9)
        sheet.skip(16)
    if paper.authority:
        sheet.centred(paper.authority, "Bold", 14)
        sheet.skip(8)
    for addressee in paper.addressees:
        sheet.centred(f"Kính gửi: {addressee}.", "Regular", 14)
        sheet.skip(10)


def _set_body(sheet: _Sheet, paper: Paper) -> None:
    for text in paper.grounds:
        sheet.paragraph(text, "Italic")
    if paper.kind.short == "QĐ":
        sheet.skip(6)
        sheet.centred("QUYẾT ĐỊNH:", "Bold", 14)
        sheet.skip(4)
    for text in paper.body:
        sheet.paragraph(text, *_face_of(text))


def _set_signature(sheet: _Sheet, paper: Paper) -> None:
    rows = max(len(paper.recipients) * 13 + 16, len(paper.sign_lines) * 17 + 86)
    sheet.skip(8)
    sheet.need(rows)
    top = sheet.y
    sheet.put(_LEFT, "BoldItalic", 12, "Nơi nhận:")
    for line in paper.recipients:
        for part in _wrap(f"- {line}", "Regular", 11, 0.46 * _WIDTH, 0.46 * _WIDTH):
            sheet.skip(13)
            sheet.put(_LEFT, "Regular", 11, part)
    bottom = sheet.y
    sheet.y = top
    for line in paper.sign_lines:
        sheet.put_centred(_SIGN, "Bold", 13, line)
        sheet.skip(17)
    sheet.skip(62)
    sheet.put_centred(_SIGN, "Bold", 13.5, paper.signer)
    sheet.y = min(sheet.y, bottom)


def _face_of(text: str) -> tuple[str, float]:
    """Headings of sections (`II. NỘI DUNG`) stand out."""
    roman = text.split(".", 1)[0]
    return ("Bold", 13.5) if roman and set(roman) <= set("IVX") else ("Regular", 13.5)


def _wrap_evenly(text: str, face: str, size: float, width: float) -> tuple[str, ...]:
    """As many lines as needed and no more, each about as long as the others."""
    lines = _wrap(text, face, size, width, width)
    while len(lines) > 1:
        width *= 0.96
        narrower = _wrap(text, face, size, width, width)
        if len(narrower) > len(lines) or any(text_width(n, face, size) > width for n in narrower):
            break
        lines = narrower
    return lines


@lru_cache(maxsize=512)
def _wrap(text: str, face: str, size: float, first: float, rest: float) -> tuple[str, ...]:
    return tuple(_lines(text.split(), face, size, first, rest))


def _lines(
    words: Iterable[str], face: str, size: float, first: float, rest: float
) -> Iterable[str]:
    blank = text_width(" ", face, size)
    line: list[str] = []
    room = first
    for word in words:
        width = text_width(word, face, size)
        if line and width + blank > room:
            yield " ".join(line)
            line, room = [], rest
        room -= width + (blank if line else 0)
        line.append(word)
    if line:
        yield " ".join(line)
