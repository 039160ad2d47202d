"""A ZIP, and the office documents that are one: every member read to its end against its CRC-32.

Office Open XML (ISO/IEC 29500-2) and OpenDocument (ISO/IEC 26300-3). Their XML parts must be
well-formed. What an archive wants to know of them is told as properties: macros, what they load
from elsewhere, whether they are encrypted. Plain ZIPs are read whole as well; what lies in them is
not looked at further.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

from lxml import etree

from preservation.formats.structure.seen import MOST_PROBLEMS, Seen

TOOL: Final = "zipfile / zlib " + zlib.ZLIB_RUNTIME_VERSION
_MOST_MEMBERS: Final = 50_000
_MOST_BYTES: Final = 4 * 1024**3  # of all members, unpacked
_MOST_RATIO: Final = 2000  # a member that unpacks further than that, and is large, is a bomb
_LARGE: Final = 64 * 1024**2
_MOST_XML: Final = 64 * 1024**2  # a longer part is read for its CRC and not parsed
_CHUNK: Final = 1024 * 1024
_MACROS: Final = re.compile(r"vbaproject\.bin\Z|\A(?:basic|scripts)/", re.IGNORECASE)
_SIGNATURES: Final = re.compile(r"_xmlsignatures/sig|META-INF/\w*signatures\.xml\Z")
_RELATIONSHIP: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def look(path: Path) -> Seen:
    """Read every member."""
    seen = Seen("zip", TOOL)
    try:
        with zipfile.ZipFile(path) as archive:
            _read(archive, seen)
    except (
        zipfile.BadZipFile,
        EOFError,
        ValueError,
        NotImplementedError,
        OverflowError,
    ) as problem:
        seen.damage.append(str(problem) or type(problem).__name__)
    return seen


def _read(archive: zipfile.ZipFile, seen: Seen) -> None:
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        seen.unchecked.append(f"it has {len(members)} members, more than {_MOST_MEMBERS}")
        return
    names = {member.filename for member in members}
    office = "[Content_Types].xml" in names or ("mimetype" in names and "content.xml" in names)
    if office:
        seen.kind = "office"
        seen.properties["macros"] = "yes" if any(_MACROS.search(name) for name in names) else "no"
        if any(_SIGNATURES.match(name) for name in names):
            seen.properties["signatures_inside"] = "yes"
    seen.properties["members"] = str(len(members))
    outside: list[str] = []
    left = _MOST_BYTES
    for member in members:
        if len(seen.damage) > MOST_PROBLEMS:
            return
        if member.flag_bits & 0x1:
            seen.properties["encrypted"] = "yes"
            seen.unchecked.append(f"{member.filename}: encrypted")
            continue
        if member.file_size > _LARGE and member.file_size > _MOST_RATIO * member.compress_size:
            seen.unchecked.append(f"{member.filename}: unpacks more than {_MOST_RATIO} times")
            return
        left -= member.file_size
        if left < 0:
            seen.unchecked.append(f"it unpacks to more than {_MOST_BYTES} bytes")
            return
        data = _read_member(archive, member, seen, office)
        if data is not None:
            outside += _parse(member.filename, data, seen)
    if office:
        seen.properties["encrypted"] = seen.properties.get("encrypted", "no")
        if b"manifest:encryption-data" in _member(archive, names, "META-INF/manifest.xml"):
            seen.properties["encrypted"] = "yes"
        seen.properties["external"] = str(len(outside))
        if outside:
            seen.properties["external_first"] = outside[0]


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, seen: Seen, office: bool
) -> bytes | None:
    """Read to its end, where zipfile compares the CRC; the bytes when they are XML to be parsed."""
    parsed = office and member.filename.endswith((".xml", ".rels")) and member.file_size < _MOST_XML
    parts: list[bytes] = []
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                if parsed:
                    parts.append(chunk)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        OSError,
        RuntimeError,
        NotImplementedError,
    ) as problem:
        seen.damage.append(f"{member.filename}: {problem}")
        return None
    return b"".join(parts) if parsed else None


def _parse(name: str, data: bytes, seen: Seen) -> list[str]:
    """What the part points to outside, links that a person clicks left out."""
    if not data:
        return []
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as problem:
        # An encrypted part of an OpenDocument is no XML; its manifest says so.
        seen.damage.append(f"{name}: {problem.msg}")
        return []
    if name.endswith(".rels"):
        return [
            relationship.get("Target", "")
            for relationship in root.iter(_RELATIONSHIP)
            if relationship.get("TargetMode") == "External"
            and not relationship.get("Type", "").endswith("/hyperlink")
        ]
    if name not in ("content.xml", "styles.xml"):
        return []
    href = "{http://www.w3.org/1999/xlink}href"
    return [
        target
        for element in root.iter(etree.Element)
        if (target := element.get(href))
        and "://" in target
        and etree.QName(element).localname != "a"
    ]


def _member(archive: zipfile.ZipFile, names: set[str], name: str) -> bytes:
    if name not in names or archive.getinfo(name).file_size > _MOST_XML:
        return b""
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError):
        return b""  # told as damage already
