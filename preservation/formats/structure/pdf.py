"""A PDF (ISO 32000): every object and stream read by qpdf (pikepdf), pages asked for text by
PDFium.

What PDF/A it claims to be is told from its XMP (ISO 19005-1, 6.7.11) and is no more than a claim:
nothing here validates it. qpdf mends while it reads; whatever it had to mend is damage. JPEG
streams are decoded too; JPEG 2000, JBIG2 and CCITT streams are only measured.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pikepdf
import pypdfium2  # type: ignore[import-untyped]

from preservation.formats.structure.seen import MOST_PROBLEMS, Seen

TOOL: Final = f"pikepdf {pikepdf.__version__} / qpdf {pikepdf.__libqpdf_version__}"
_MOST_PAGES_READ: Final = (
    60  # asked for text and for what they draw; of more, so many evenly chosen
)
_MOST_FIELDS: Final = 10_000
_MOST_XMP: Final = 1024 * 1024
_PART: Final = re.compile(rb"""pdfaid:part\s*(?:=\s*["']|>)\s*(\d)""")
_CONFORMANCE: Final = re.compile(rb"""pdfaid:conformance\s*(?:=\s*["']|>)\s*([A-Za-z])""")


def look(path: Path) -> Seen:
    """Open it, check it, count its pages."""
    seen = Seen("pdf", TOOL)
    try:
        pdf = pikepdf.open(path)
    except pikepdf.PasswordError:
        seen.properties["encrypted"] = "needs a password"
        seen.unchecked.append("it opens with a password only")
        return seen
    except (pikepdf.PdfError, OSError, ValueError, OverflowError, RuntimeError) as problem:
        seen.damage.append(_without_path(problem, path))
        return seen
    with pdf:
        try:
            _read(pdf, path, seen)
        except (
            pikepdf.PdfError,
            ArithmeticError,
            AttributeError,
            LookupError,
            NotImplementedError,
            RecursionError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as problem:
            # qpdf has the file open, but something in it is not what its place asks for.
            seen.damage.append(_without_path(problem, path) or type(problem).__name__)
    return seen


def _read(pdf: pikepdf.Pdf, path: Path, seen: Seen) -> None:
    seen.properties["version"] = str(pdf.pdf_version)
    seen.properties["encrypted"] = "yes" if pdf.is_encrypted else "no"
    told = [*pdf.get_warnings(), *pdf.check_pdf_syntax(), *pdf.get_warnings()]
    seen.damage += list(dict.fromkeys(_without_path(problem, path) for problem in told))
    pages = len(pdf.pages)
    seen.properties["pages"] = str(pages)
    if not pages:
        seen.damage.append("it has no page")
    seen.properties |= _claims(pdf)
    root = pdf.Root
    if "/JavaScript" in root.get("/Names", {}) or _is_script(root.get("/OpenAction")):
        seen.properties["scripts"] = "yes"
    if "/EmbeddedFiles" in root.get("/Names", {}):
        seen.properties["embedded_files"] = "yes"
    if fields := _signature_fields(root):
        seen.properties["signature_fields"] = str(fields)
    chosen = _chosen(pages)
    for number in chosen:
        _check_drawn(pdf.pages[number], number + 1, seen)
    _ask_for_text(path, pages, chosen, seen)


def _claims(pdf: pikepdf.Pdf) -> dict[str, str]:
    """Part and conformance of PDF/A, such as `2b`, if its metadata says so."""
    metadata = pdf.Root.get("/Metadata")
    if not isinstance(metadata, pikepdf.Stream):
        return {}
    xmp = metadata.read_bytes()[:_MOST_XMP]
    part, conformance = _PART.search(xmp), _CONFORMANCE.search(xmp)
    if part is None:
        return {}
    level = conformance[1].decode().lower() if conformance else ""
    return {"pdfa_claimed": part[1].decode() + level, "pdfa_validated": "not validated"}


def _is_script(action: Any) -> bool:
    return isinstance(action, pikepdf.Dictionary) and action.get("/S") == "/JavaScript"


def _signature_fields(root: Any) -> int:
    """How many fields of its form hold a signature (ISO 32000-1, 12.7.4.5)."""
    form = root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return 0
    todo, count = list(form.get("/Fields", [])), 0
    for _ in range(_MOST_FIELDS):
        if not todo:
            break
        one = todo.pop()
        if not isinstance(one, pikepdf.Dictionary):
            continue
        todo += list(one.get("/Kids", []))
        count += isinstance(one.get("/V"), pikepdf.Dictionary) and "/Contents" in one["/V"]
    return count


def _check_drawn(page: pikepdf.Page, number: int, seen: Seen) -> None:
    """Every picture that the page draws is in the file."""
    if len(seen.damage) > MOST_PROBLEMS:
        return
    try:
        known: Any = page.resources.get("/XObject", {})
        for instruction in pikepdf.parse_content_stream(page, "Do"):
            name = str(instruction.operands[0]) if instruction.operands else ""
            if name not in known:
                seen.damage.append(f"page {number} draws {name}, which is not in the file")
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError, RuntimeError) as problem:
        seen.damage.append(f"page {number}: {problem}")


def _ask_for_text(path: Path, pages: int, chosen: list[int], seen: Seen) -> None:
    """On how many pages there is any text that can be found and copied."""
    with_text = 0
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as problem:
        seen.unchecked.append(f"text: {problem}")
        return
    try:
        for number in chosen:
            page = document[number]
            text = page.get_textpage()
            with_text += text.count_chars() > 0
            text.close()
            page.close()
    except (pypdfium2.PdfiumError, IndexError) as problem:
        seen.unchecked.append(f"text: {problem}")
        return
    finally:
        document.close()
    asked = f" of {len(chosen)} asked" if len(chosen) < pages else ""
    seen.properties["pages_with_text"] = f"{with_text}{asked}"
    seen.properties["text_layer"] = (
        "all" if with_text == len(chosen) else "some" if with_text else "none"
    )


def _chosen(pages: int) -> list[int]:
    if pages <= _MOST_PAGES_READ:
        return list(range(pages))
    return [i * (pages - 1) // (_MOST_PAGES_READ - 1) for i in range(_MOST_PAGES_READ)]


def _without_path(problem: object, path: Path) -> str:
    text = str(problem).replace(str(path), "").removeprefix("WARNING: ")
    return text.lstrip(" :").strip()
