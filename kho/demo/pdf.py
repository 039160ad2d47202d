"""Draws laid-out pages as a PDF with embedded font subsets and text that can be extracted.

The bytes depend on the input alone: no clock, no random identifiers (`invariant`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO

from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from kho.demo.layout import FACES, PAGE_HEIGHT, PAGE_WIDTH, Page, font
from kho.demo.marks import Marks, draw_marks

BORN_DIGITAL, SCANNED = (1, 7), (1, 4)
"""Versions of PDF: what office programs write now, and what scanning programs used to."""
_INVISIBLE = 3
"""Text rendering mode 3: neither filled nor stroked, but found and copied (ISO 32000-1, 9.3.6)."""


def draw_pdf(
    pages: Sequence[Page], *, title: str, author: str, marks: Marks | None = None
) -> bytes:
    """A born-digital document; with `marks`, the pictures of signature and seal stand in it."""
    canvas, out = _begin(title, author, BORN_DIGITAL)
    for page in pages:
        canvas.setLineWidth(0.7)
        _draw_text(canvas, page)
        for rule in page.rules:
            canvas.line(rule.x, rule.y, rule.x + rule.width, rule.y)
        if marks is not None:
            draw_marks(canvas, page, marks)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def draw_scan_pdf(
    images: Sequence[bytes], layers: Sequence[Page] | None, *, title: str, author: str
) -> bytes:
    """JPEG pictures as full pages; with `layers`, invisible text behind each (two layers)."""
    canvas, out = _begin(title, author, SCANNED)
    for number, image in enumerate(images):
        canvas.drawImage(_Jpeg(image), 0, 0, PAGE_WIDTH, PAGE_HEIGHT)
        if layers is not None:
            _draw_text(canvas, layers[number], _INVISIBLE)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


class _Jpeg(ImageReader):  # type: ignore[misc]  # reportlab has no types
    """A picture embedded byte for byte; its pixels, asked for only to tell it apart, stay packed."""

    def __init__(self, content: bytes) -> None:
        super().__init__(BytesIO(content))
        self._content = content
        self._dataA = None

    def getRGBData(self) -> bytes:
        return self._content


def _begin(title: str, author: str, version: tuple[int, int]) -> tuple[Canvas, BytesIO]:
    _prepare()
    out = BytesIO()
    canvas = Canvas(
        out,
        pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
        invariant=1,
        pdfVersion=version,
        pageCompression=1,
        # Else Helvetica would be named in every file, and it is not embedded.
        initialFontName=f"KhoDemoSerif-{FACES[0]}",
    )
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setCreator("Kho demo")
    canvas.setProducer("ReportLab")
    return canvas, out


@cache
def _prepare() -> None:
    # Binary streams: reportlab's ASCII85 makes them a quarter larger and is written in Python.
    rl_config.useA85 = 0
    for face in FACES:
        pdfmetrics.registerFont(font(face))


def _draw_text(canvas: Canvas, page: Page, mode: int = 0) -> None:
    text = canvas.beginText()
    text.setTextRenderMode(mode)
    face, space = None, None
    for run in page.runs:
        text.setTextOrigin(run.x, run.y)
        # Only what changes is written: most lines differ from the one above in place alone.
        if face != (run.face, run.size):
            face = (run.face, run.size)
            text.setFont(f"KhoDemoSerif-{run.face}", run.size)
        if space != run.space:
            space = run.space
            text.setWordSpace(space)
        # As `textOut`, but for measuring the text to move a cursor that is set anew each time.
        text._textOut(run.text)
    canvas.drawText(text)
