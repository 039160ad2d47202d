"""TIFF, JPEG and PNG, every page decoded to the last line by libvips (pyvips), strictly.

A decoder that is not told to fail shows grey for what is missing and calls it a picture. After the
picture, a PNG must have its end (ISO/IEC 15948, 11.2.5). How large a picture may be is bounded
before anything is decoded: what is larger is not checked, never passed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyvips

from preservation.formats.structure.seen import Seen

TOOL: Final = f"pyvips {pyvips.__version__} / libvips " + ".".join(
    str(pyvips.version(part)) for part in range(3)
)
_LOADERS: Final = {
    b"\xff\xd8\xff": "jpegload",
    b"\x89PNG": "pngload",
    b"II*\x00": "tiffload",
    b"MM\x00*": "tiffload",
    b"II+\x00": "tiffload",
    b"MM\x00+": "tiffload",
}
_MOST_SAMPLES: Final = (
    4 * 1000**3
)  # of all pages: an A0 map at 600 dpi in colour has 1.7 thousand million
_MOST_PAGES: Final = 5000
_NOT_BUILT: Final = ("not configured", "not supported", "unsupported", "not implemented")
_PNG_END: Final = b"IEND\xaeB`\x82"


def look(path: Path) -> Seen:
    """Decode every page."""
    seen = Seen("image", TOOL)
    with path.open("rb") as stream:
        beginning = stream.read(8)
    loader = next((name for start, name in _LOADERS.items() if beginning.startswith(start)), "")
    if not loader:
        seen.damage.append("it does not begin as a JPEG, PNG or TIFF does")
        return seen
    pyvips.cache_set_max(0)
    try:
        _decode(path, loader, seen)
    except pyvips.Error as problem:
        told = _first_line(problem, path)
        # What this decoder was not built for says nothing of the picture.
        foreign = any(word in told for word in _NOT_BUILT)
        (seen.unchecked if foreign else seen.damage).append(told)
    if loader == "pngload" and not seen.damage and not _ends_as_png(path):
        seen.damage.append("the end of the PNG is missing")
    return seen


def _decode(path: Path, loader: str, seen: Seen) -> None:
    first = _open(path, loader, 0)
    pages = int(first.get("n-pages")) if first.get_typeof("n-pages") else 1
    seen.properties |= {
        "width": str(first.width),
        "height": str(first.height),
        "pages": str(pages),
        "bands": str(first.bands),
        "dpi": str(round(first.xres * 25.4)),
    }
    if pages > _MOST_PAGES:
        seen.unchecked.append(f"it has {pages} pages, more than {_MOST_PAGES}")
        return
    samples = 0
    for number in range(pages):
        page = _open(path, loader, number)
        samples += page.width * page.height * page.bands
        if samples > _MOST_SAMPLES:
            seen.unchecked.append(f"it is too large: more than {_MOST_SAMPLES} samples")
            return
        page.avg()  # has every sample decoded and keeps none


def _open(path: Path, loader: str, number: int) -> Any:
    options: dict[str, Any] = {"access": "sequential", "fail_on": "error"}
    if loader == "tiffload":
        options["page"] = number
    if loader == "pngload" or loader == "jpegload":
        options["unlimited"] = False
    return getattr(pyvips.Image, loader)(str(path), **options)


def _ends_as_png(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 65536))
        return _PNG_END in stream.read()


def _first_line(problem: object, path: Path) -> str:
    lines = [line.strip() for line in str(problem).replace(str(path), "").splitlines()]
    told = [line for line in lines if line and not line.startswith("unable to call")]
    return told[0] if told else (lines[0] if lines else "it cannot be decoded")
