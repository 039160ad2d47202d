"""Which access copies are wanted of which files. Core: from catalogue records to tasks.

The format that was found decides; where none was found, what the sender called it; then the name. A
file that turns out to be something else fails with that reason and is not tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from preservation.derivatives.recipe import PAGE_IMAGE, TEXT, THUMBNAIL, Recipe
from repository.catalogue.records import DocumentRecord

Media = Literal["pdf", "image"]

RECIPES: Final[Mapping[Media, tuple[Recipe, ...]]] = {
    "pdf": (THUMBNAIL, PAGE_IMAGE, TEXT),
    "image": (THUMBNAIL, PAGE_IMAGE),
}

_SHA512: Final = re.compile(r"[0-9a-f]{128}\Z")
_MEDIA_TYPES: Final[Mapping[str, Media]] = {
    "application/pdf": "pdf",
    "image/jpeg": "image",
    "image/png": "image",
    "image/tiff": "image",
}
_EXTENSIONS: Final[Mapping[str, Media]] = {
    "pdf": "pdf",
    "jpg": "image",
    "jpeg": "image",
    "png": "image",
    "tif": "image",
    "tiff": "image",
}
# PRONOM signatures V125: PDF 1.0 to 2.0, PDF/A, PDF/X, PDF/E, PDF/UA; JPEG, PNG, TIFF.
_PDF: Final = frozenset(
    [
        *(*range(14, 21), 95, *range(144, 149), 157, 158, 276, 354, *range(476, 482)),
        *(*range(488, 494), *range(558, 566), 1129, 1451, 1910, 1911, 1912, 2050, 2052),
    ]
)
_IMAGE: Final = frozenset(
    [11, 12, 13, 41, 42, 43, 44, 152, 153, 154, 155, 156, 353, 367, 645, 1507]
)
_IMAGE_X: Final = frozenset(
    ["x-fmt/387", "x-fmt/388", "x-fmt/390", "x-fmt/391", "x-fmt/398", "x-fmt/399"]
)


@dataclass(frozen=True, slots=True)
class Task:
    """One held file, and what is wanted of it. `path` is its logical path in the object's head."""

    object_id: str
    path: str
    sha512: str
    size: int
    media: Media
    recipes: tuple[Recipe, ...]

    def __post_init__(self) -> None:
        if _SHA512.match(self.sha512) is None:
            raise ValueError("a task needs the sha512 of its source")


def media_of(name: str, mime: str = "", puid: str = "") -> Media | None:
    """What a file is rendered as; None when nothing is made of it."""
    if puid and puid != "UNKNOWN":
        number = int(puid[4:]) if re.fullmatch(r"fmt/[0-9]{1,6}", puid) else 0
        if number in _PDF:
            return "pdf"
        return "image" if number in _IMAGE or puid in _IMAGE_X else None
    stated = mime.partition(";")[0].strip().lower()
    if stated in _MEDIA_TYPES:
        return _MEDIA_TYPES[stated]
    if stated and stated != "application/octet-stream":
        return None
    return _EXTENSIONS.get(name.rpartition(".")[2].lower() if "." in name else "")


def wanted(documents: Iterable[DocumentRecord]) -> list[Task]:
    """What is wanted of these documents, each source once, in their order.

    Files are read by the keys `path`, `role`, `name`, `size`, `sha512`, `mime` and, where the
    catalogue has it, `puid`.
    """
    tasks: dict[str, Task] = {}
    for document in documents:
        for file in document.files:
            task = _task(document.object_id, file)
            if task is not None:
                tasks.setdefault(task.sha512, task)
    return list(tasks.values())


def _task(object_id: str, file: Mapping[str, Any]) -> Task | None:
    if file.get("role") not in ("main", "attachment") or not file.get("size"):
        return None
    name = str(file.get("name", ""))
    media = media_of(name, str(file.get("mime", "")), str(file.get("puid", "")))
    if media is None:
        return None
    return Task(
        object_id=object_id,
        path=str(file["path"]),
        sha512=str(file["sha512"]),
        size=int(file["size"]),
        media=media,
        recipes=RECIPES[media],
    )
