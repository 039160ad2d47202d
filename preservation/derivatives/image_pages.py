"""Pictures of the pages of a TIFF, JPEG or PNG, by libvips (pyvips), inside the child process.

Decoded strictly, from the first line to the last: a file cut short is damaged, not grey below. Only the
three loaders named here can be reached, whatever the file pretends to be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyvips
from PIL import Image

from preservation.derivatives.page_files import CannotRender, PageFiles
from preservation.derivatives.reasons import Reason
from preservation.derivatives.recipe import Recipe, size_in
from preservation.derivatives.rendering import Limits

SOFTWARE = f"pyvips {pyvips.__version__} / libvips " + ".".join(
    str(pyvips.version(part)) for part in range(3)
)
_LOADERS = {
    b"\xff\xd8\xff": "jpegload",
    b"\x89PNG": "pngload",
    b"II*\x00": "tiffload",
    b"MM\x00*": "tiffload",
    b"II+\x00": "tiffload",
    b"MM\x00+": "tiffload",
}


def image_pages(source: Path, recipe: Recipe, limits: Limits, files: PageFiles) -> str:
    """Reduce every page. CannotRender."""
    _restrict()
    loader = _loader(source)
    try:
        first = _open(source, loader, 0)
        count = int(first.get("n-pages")) if first.get_typeof("n-pages") else 1
        if "first" in recipe.parameters:
            count = min(count, recipe.number("first"))
        if count < 1:
            raise CannotRender(Reason.NO_PAGES)
        if count > limits.most_pages:
            raise CannotRender(Reason.TOO_MANY_PAGES, f"{count} pages")
        for index in range(count):
            files.add_image(_reduced(_open(source, loader, index), recipe, limits))
    except pyvips.Error as problem:
        raise CannotRender(_reason(str(problem)), _first_line(problem)) from problem
    return SOFTWARE


def _open(source: Path, loader: str, index: int) -> Any:
    options: dict[str, Any] = {"access": "sequential", "fail_on": "error"}
    if loader == "tiffload":
        options["page"] = index
    return getattr(pyvips.Image, loader)(str(source), **options)


def _reduced(image: Any, recipe: Recipe, limits: Limits) -> Image.Image:
    if image.width * image.height > limits.most_pixels:
        raise CannotRender(Reason.TOO_LARGE, f"{image.width} × {image.height} pixels")
    # Exif orientations 5 to 8 lay the picture on its side.
    turned = image.get_typeof("orientation") and int(image.get("orientation")) >= 5
    shown = (image.height, image.width) if turned else (image.width, image.height)
    width, height = size_in(recipe, *shown)
    small = image.thumbnail_image(
        width, height=height, size="down", export_profile="srgb"
    ).colourspace("srgb")
    if small.hasalpha():
        small = small.flatten(background=255)
    small = small.cast("uchar")
    return Image.frombytes("RGB", (small.width, small.height), small.write_to_memory())


def _loader(source: Path) -> str:
    with source.open("rb") as stream:
        head = stream.read(4)
    for magic, loader in _LOADERS.items():
        if head.startswith(magic):
            return loader
    raise CannotRender(Reason.UNSUPPORTED, "neither JPEG nor PNG nor TIFF")


def _restrict() -> None:
    pyvips.cache_set_max(0)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for name in ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff"):
        pyvips.operation_block_set(name, False)


def _reason(message: str) -> Reason:
    if "not configured" in message or "not supported" in message or "unsupported" in message:
        return Reason.UNSUPPORTED
    if "out of memory" in message or "Cannot allocate" in message:
        return Reason.NO_MEMORY
    return Reason.DAMAGED


def _first_line(problem: pyvips.Error) -> str:
    return str(problem.detail).partition("\n")[0] or str(problem.message)
