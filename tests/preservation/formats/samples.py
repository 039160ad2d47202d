"""Small sound files of every kind that is read whole, made anew each time."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from random import Random

import pikepdf
from PIL import Image

CONTENT_TYPES = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    b'content-types"/>'
)


def picture(kind: str, **options: object) -> bytes:
    noise = Random(7).randbytes(64 * 48 * 3)  # a picture, no secret
    image = Image.frombytes("RGB", (64, 48), noise)
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def two_page_tiff() -> bytes:
    pages = [Image.new("L", (40, 30), shade) for shade in (10, 200)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def pdf(**changes: object) -> bytes:
    """One page with a JPEG; `xmp`, `script`, `names_missing`, `jpeg` and `password` change it."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(200, 100))
    stream = pikepdf.Stream(document, changes.get("jpeg") or picture("JPEG"))
    stream.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=64,
        Height=48,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    page = document.pages[0]
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=stream))
    drawn = b"/Lost" if changes.get("names_missing") else b"/I"
    page.Contents = pikepdf.Stream(document, b"q 200 0 0 100 0 0 cm " + drawn + b" Do Q")
    if xmp := changes.get("xmp"):
        document.Root.Metadata = pikepdf.Stream(document, xmp)
    if changes.get("script"):
        document.Root.OpenAction = pikepdf.Dictionary(
            S=pikepdf.Name.JavaScript, JS=pikepdf.String("1")
        )
    out = io.BytesIO()
    password = changes.get("password")
    locked = pikepdf.Encryption(owner="o", user=str(password)) if password is not None else False
    document.save(out, encryption=locked, compress_streams=False, fix_metadata_version=False)
    return out.getvalue()


def office(**members: bytes) -> bytes:
    """A DOCX of sorts; names of more members have `__` for `/` and `_dot_` for `.`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr(
            "word/document.xml",
            b"<document><p>" + b"V\xc4\x83n b\xe1\xba\xa3n " * 50 + b"</p></document>",
        )
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


def compound(**streams: bytes) -> bytes:
    """A compound file whose streams are all longer than the cut-off, so that each has whole sectors."""
    sector, free, end, table_mark = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    named = streams or {"WordDocument": b"w" * 6000}
    allocation = [table_mark, end]  # the table itself, the directory
    body = b""
    entries = [_entry("Root Entry", 5, end, 0, child=1)]
    for number, (name, data) in enumerate(named.items(), start=1):
        padded = data + b"\0" * (-len(data) % sector)
        start, count = len(allocation), len(padded) // sector
        allocation += [*range(start + 1, start + count), end]
        body += padded
        right = number + 1 if number < len(named) else free
        entries.append(_entry(name, 2, start, len(data), right=right))
    table = struct.pack("<128I", *(allocation + [free] * (128 - len(allocation))))
    directory = b"".join(entries).ljust(sector, b"\0")
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII109I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, end, 0, end, 0, *([0] + [free] * 108),
    )  # fmt: skip
    return header[:512].ljust(512, b"\xff") + table + directory + body


def _entry(name: str, kind: int, start: int, size: int, **links: int) -> bytes:
    free = 0xFFFFFFFF
    encoded = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ",
        encoded, len(encoded), kind, 1, free, links.get("right", free), links.get("child", free),
        b"", 0, 0, 0, start, size,
    )  # fmt: skip


SOUND: dict[str, Callable[[], bytes]] = {
    "a.pdf": pdf,
    "a.jpg": lambda: picture("JPEG"),
    "a.png": lambda: picture("PNG"),
    "a.tif": lambda: picture("TIFF", compression="tiff_lzw"),
    "two.tif": two_page_tiff,
    "a.docx": office,
    "a.doc": compound,
    "a.xml": lambda: b'<?xml version="1.0"?>\n<a>' + b"<b>Qu\xe1\xba\xa3ng</b>" * 40 + b"</a>",
}
