"""Reading a file whole as what it seems to be, to find damage: one module for each kind of file.

Only imported in the child process of `preservation.formats.examiner`, where memory and time are
bounded and any file may bring the process down. Bytes decide what a file is read as; where they say
nothing, the received name does, so that a picture whose beginning is gone is found damaged and not
passed over. The libraries are loaded with the first file that needs them.

Not here: which format exactly it is (`siegfried`), signatures, and what a finding weighs.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

from preservation.formats.structure.seen import Seen

_READERS: Final = {
    "pdf": "preservation.formats.structure.pdf",
    "image": "preservation.formats.structure.image",
    "zip": "preservation.formats.structure.zip_container",
    "ole": "preservation.formats.structure.compound",
    "xml": "preservation.formats.structure.xml_text",
}
_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "image"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"II+\x00", "image"),
    (b"MM\x00+", "image"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)
_EXTENSIONS: Final = {
    "pdf": "pdf",
    "jpg": "image", "jpeg": "image", "png": "image", "tif": "image", "tiff": "image",
    "docx": "zip", "xlsx": "zip", "pptx": "zip", "odt": "zip", "ods": "zip", "odp": "zip",
    "docm": "zip", "xlsm": "zip", "pptm": "zip", "zip": "zip", "epub": "zip",
    "xml": "xml", "xsd": "xml",
}  # fmt: skip
_SEEN_FIRST: Final = 1024


def look(path: Path, extension: str) -> Seen:
    """Read the file whole. OSError when it cannot be read; what is wrong with it is in the answer."""
    with path.open("rb") as stream:
        beginning = stream.read(_SEEN_FIRST)
    if not beginning:
        return Seen(kind="", damage=["the file is empty"])
    kind = kind_of(beginning, extension)
    if not kind:
        return Seen(kind="")
    seen: Seen = import_module(_READERS[kind]).look(path)
    return seen


def kind_of(beginning: bytes, extension: str) -> str:
    """What a file of such a beginning is to be read as; empty when there is no check for it."""
    for signature, kind in _BEGINNINGS:
        if beginning.startswith(signature):
            return kind
    if b"%PDF-" in beginning:  # ISO 32000-1, annex H.3.4.1: readers accept it within 1024 bytes
        return "pdf"
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<?xml") or beginning.startswith(
        (b"\xff\xfe<\x00?\x00", b"\xfe\xff\x00<\x00?")
    ):
        return "xml"
    return _EXTENSIONS.get(extension.lower(), "")
