"""Ways a real or hostile sender departs from the circular: packages with METS that agrees with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from repository.digest import digest_bytes
from tests.ingest.readers.sip import FILE_CODE, OBJID, Sip, files_of
from tests.ingest.readers.zip_bytes import Entry, zip_bytes

REP: Final = "representations/rep1/"
EAD: Final = "metadata/descriptive/EAD.xml"
EAD_1: Final = f"{REP}metadata/descriptive/EAD_doc_{FILE_CODE}.1.xml"
PDF_1: Final = f"data/{FILE_CODE}.1.pdf"

Files = dict[str, bytes]
Change = bytes | Callable[[bytes], bytes]


def packed(files: Mapping[str, bytes], top: str = OBJID) -> bytes:
    """The files as a ZIP."""
    prefix = f"{top}/" if top else ""
    return zip_bytes([Entry(prefix + name, data) for name, data in files.items()])


def with_bytes(changes: Mapping[str, Change], sip: Sip | None = None) -> Files:
    """The package with other bytes in some files, and METS made to agree: a sender who packs so."""
    files = files_of(sip or Sip())
    for path in sorted(changes, key=lambda p: (p == "METS.xml", p.endswith("METS.xml"))):
        change = changes[path]
        old = files[path]
        new = change(old) if callable(change) else change
        assert new != old, path
        files[path] = new
        inner = files[REP + "METS.xml"]
        if path != REP + "METS.xml":
            files[REP + "METS.xml"] = inner.replace(_promise(old), _promise(new))
        root = files["METS.xml"].replace(_promise(old), _promise(new))
        files["METS.xml"] = root.replace(_promise(inner), _promise(files[REP + "METS.xml"]))
    return files


def text(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """A change of a file's text."""
    return lambda data: change(data.decode()).encode()


def swap(old: str, new: str) -> Callable[[bytes], bytes]:
    """Other words in a file that must have these."""

    def change(data: bytes) -> bytes:
        assert old.encode() in data, old
        return data.replace(old.encode(), new.encode())

    return change


def utf16(data: bytes) -> bytes:
    """The XML in UTF-16, and saying so."""
    return data.decode().replace("'UTF-8'", "'UTF-16'").encode("utf-16")


def prefixed(prefix: str, namespace: str) -> Callable[[bytes], bytes]:
    """Every element under a prefix."""

    def change(xml: str) -> str:
        named = re.sub(r"<(/?)([A-Za-z])", rf"<\1{prefix}:\2", xml).replace("xmlns=", "xmlns:gone=")
        return named.replace(">", f' xmlns:{prefix}="{namespace}">', 2).replace(
            f' xmlns:{prefix}="{namespace}">', ">", 1
        )

    return text(change)


def nfd(name: str) -> str:
    """As macOS writes names."""
    return unicodedata.normalize("NFD", name)


def _promise(data: bytes) -> bytes:
    sha256 = digest_bytes(data, ["sha256"])["sha256"]
    return f'SIZE="{len(data)}" CHECKSUM="{sha256}" CHECKSUMTYPE="SHA-256"'.encode()
