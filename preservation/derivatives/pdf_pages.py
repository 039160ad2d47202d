"""Pictures and text of the pages of a PDF, by PDFium (pypdfium2), inside the child process.

Its build has neither JavaScript nor XFA, and fetches nothing. Annotations (stamps, the look of a
signature) are drawn as they stand. What a PDF forbids (copying, printing) does not bind the archive
that keeps it; a password to open it does.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # has no type information
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from PIL import Image

from preservation.derivatives.page_files import CannotRender, PageFiles
from preservation.derivatives.reasons import Reason
from preservation.derivatives.recipe import Recipe, size_in
from preservation.derivatives.rendering import Limits

SOFTWARE = f"pypdfium2 {pypdfium2.PYPDFIUM_INFO.version} / PDFium {pypdfium2.PDFIUM_INFO.version}"
# What PDFium puts where a word was divided at the end of a line, and what is no character at all.
_HYPHEN = "\x02"
_NEVER_TEXT = ("Cc", "Cs", "Cn")


def pdf_pages(source: Path, recipe: Recipe, limits: Limits, files: PageFiles) -> str:
    """Draw the pages. CannotRender."""
    with _opened(source) as document:
        count = _count(document)
        if "first" in recipe.parameters:
            count = min(count, recipe.number("first"))
        if count > limits.most_pages:
            raise CannotRender(Reason.TOO_MANY_PAGES, f"{count} pages")
        for index in range(count):
            with _page(document, index) as page:
                files.add_image(_drawn(page, recipe))
    return SOFTWARE


def pdf_text(source: Path, limits: Limits, files: PageFiles) -> str:
    """Read the text of all pages. CannotRender."""
    texts: list[str] = []
    room = limits.most_characters
    with _opened(source) as document:
        count = _count(document)
        if count > limits.most_text_pages:
            raise CannotRender(Reason.TOO_MANY_PAGES, f"{count} pages")
        for index in range(count):
            with _page(document, index) as page:
                text_page = page.get_textpage()
                try:
                    room -= text_page.count_chars()
                    if room < 0:
                        raise CannotRender(Reason.TOO_MUCH_TEXT, f"at page {index + 1}")
                    texts.append(clean_text(text_page.get_text_bounded()))
                finally:
                    text_page.close()
            files.page_read(index + 1)
    files.write_text(texts)
    return SOFTWARE


def clean_text(text: str) -> str:
    """Text as it is kept: NFC, lines ended by \\n, nothing that is no character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(_HYPHEN, "-")
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in _NEVER_TEXT)
    lines = unicodedata.normalize("NFC", "".join(kept)).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _drawn(page: pypdfium2.PdfPage, recipe: Recipe) -> Image.Image:
    width, height = page.get_size()
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise CannotRender(Reason.BROKEN_PAGE, "a page without a size")
    size = size_in(recipe, width, height)
    # A small picture is drawn larger first: thin strokes survive that better.
    scale = max(size[0] / width, size[1] / height) * (2 if max(size) <= 512 else 1)
    # A page a hair wide would be drawn at an enormous scale.
    scale = min(scale, 8192 / max(width, height))
    bitmap = page.render(scale=scale, fill_color=(255, 255, 255, 255))
    try:
        image: Image.Image = bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()
    if 0 <= image.width - size[0] <= 1 and 0 <= image.height - size[1] <= 1:
        return image.crop((0, 0, *size))  # PDFium rounds up
    return image.resize(size, Image.Resampling.LANCZOS)


@contextmanager
def _opened(source: Path) -> Iterator[pypdfium2.PdfDocument]:
    # PDFium does not always say why, and then repeats what it said of the file before.
    pdfium.FPDF_LoadMemDocument(b"", 0, None)
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as problem:
        encrypted = problem.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        reason = Reason.ENCRYPTED if encrypted else Reason.DAMAGED
        raise CannotRender(reason, str(problem)) from problem
    try:
        yield document
    finally:
        document.close()


@contextmanager
def _page(document: pypdfium2.PdfDocument, index: int) -> Iterator[pypdfium2.PdfPage]:
    try:
        page = document[index]
    except pypdfium2.PdfiumError as problem:
        raise CannotRender(Reason.BROKEN_PAGE, f"page {index + 1}: {problem}") from problem
    try:
        yield page
    except pypdfium2.PdfiumError as problem:
        raise CannotRender(Reason.BROKEN_PAGE, f"page {index + 1}: {problem}") from problem
    finally:
        page.close()


def _count(document: pypdfium2.PdfDocument) -> int:
    count = len(document)
    if count < 1:
        raise CannotRender(Reason.NO_PAGES)
    return count
