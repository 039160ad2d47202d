"""A careful reader of SIP_hoso ZIPs that shares no code with the maker."""

from __future__ import annotations

import hashlib
import posixpath
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

METS = "{http://www.loc.gov/METS/}"
XLINK = "{http://www.w3.org/1999/xlink}"


@dataclass
class Opened:
    """What a careful reader finds in one ZIP: values, members and the codes of what is wrong."""

    folder: str = ""
    members: dict[str, bytes] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    dossier: dict[str, str] = field(default_factory=dict)
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    """Values of EAD_doc and EAD_pic by path."""
    named: set[str] = field(default_factory=set)
    """Every path that some METS names."""


def open_transfer(path: Path) -> Opened:
    found = Opened()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if ".." in info.filename.split("/"):
                found.codes.add("ING-PATH-UNSAFE")
                continue
            if info.file_size > 10**6 and info.file_size > 200 * info.compress_size:
                found.codes.add("ING-BOMB")
                continue
            folder, _, name = info.filename.partition("/")
            assert found.folder in ("", folder)
            found.folder = folder
            assert name not in found.members
            found.members[name] = archive.read(info)
    for mets in ("METS.xml", "representations/rep1/METS.xml"):
        _follow(found, mets)
    _read_metadata(found)
    return found


def _follow(found: Opened, mets: str) -> None:
    found.named.add(mets)
    for element in etree.fromstring(found.members[mets]).iter(
        f"{METS}file", f"{METS}mdRef", f"{METS}mptr"
    ):
        place = element.find(f"{METS}FLocat") if element.tag == f"{METS}file" else element
        assert place is not None
        path = posixpath.join(posixpath.dirname(mets), place.get(f"{XLINK}href"))
        found.named.add(path)
        if path not in found.members:
            if "ING-BOMB" not in found.codes:
                found.codes.add("ING-FILE-MISSING")
        elif element.get("CHECKSUM") is not None:
            assert element.get("CHECKSUMTYPE") == "SHA-256"
            content = found.members[path]
            same = hashlib.sha256(content).hexdigest() == element.get("CHECKSUM")
            if not same or int(element.get("SIZE", "-1")) != len(content):
                found.codes.add("ING-DIGEST-MISMATCH")


def _read_metadata(found: Opened) -> None:
    for path, content in found.members.items():
        if "/descriptive/EAD" not in path:
            continue
        try:
            root = etree.fromstring(content)
        except etree.XMLSyntaxError:
            found.codes.add("ING-XML-MALFORMED")
            return
        values = {str(child.tag): child.text or "" for child in root}
        if path.startswith("metadata/"):
            found.dossier = values
        else:
            found.records[path] = values
    if int(found.dossier["totalDoc"]) != len(found.records):
        found.codes.add("ING-TOTAL-DOC")
    if not found.dossier["endDate"]:
        found.codes.add("ING-NOT-CLOSED")
    if "03" in {found.dossier["mode"], *(record["mode"] for record in found.records.values())}:
        found.codes.add("ING-SECRET")
