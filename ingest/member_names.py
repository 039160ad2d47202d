"""Names of members: from bytes to a safe relative name, or a finding. Core: values only.

A name is read as UTF-8, then by the tools' habit of Vietnamese Windows (code page 1258) or DOS (437);
`\\` is read as `/`. What could lead out of the package, or stand for two different files on some file
system, is an error. Names are judged here and never made safe: the exact bytes stay with the member.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from repository.problems import Problem, Severity, error, warning

MAX_SEGMENT: Final = 255  # characters; what Windows, macOS and SMB can hold
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_PLAIN: Final = re.compile(r"[\w.-]*\w(?:/[\w.-]*\w)*", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEVICE_SOMEWHERE: Final = re.compile(
    r"(?:^|/)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|\Z)", re.I
)
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?\Z", re.I)


@dataclass(frozen=True, slots=True)
class ReadName:
    """A decoded name with `/`, without the `/` that marks a folder, and what was noticed."""

    text: str
    is_folder: bool
    had_backslash: bool
    problems: tuple[Problem, ...]

    @property
    def is_safe(self) -> bool:
        """Whether nothing about the name alone refuses it."""
        return not any(p.severity is Severity.ERROR for p in self.problems)


def read_name(raw: bytes, *, utf8_flag: bool, unicode_extra: bytes | None, limit: int) -> ReadName:
    """What the bytes of a member's name say. Never raises; an unsafe name has an error."""
    decoded, encoding = _decode(raw, utf8_flag=utf8_flag, unicode_extra=unicode_extra)
    place = printable(decoded)
    problems: list[Problem] = []
    if encoding not in ("utf-8", "unicode-extra"):
        problems.append(warning("ING-NAME-ENCODING", place, name=place, encoding=encoding))
    text = decoded
    had_backslash = "\\" in text
    text = text.replace("\\", "/")
    is_folder = text.endswith("/")
    while text.startswith("./"):  # `zip -r x.zip ./folder` of some tools
        text = text[2:]
    text = text.rstrip("/")
    problems.extend(_unsafe(text, decoded, place))
    if len(raw) > limit or any(len(part) > MAX_SEGMENT for part in text.split("/")):
        problems.append(error("ING-NAME-LONG", place, name=place, bytes=len(raw), limit=limit))
    if not problems and _PLAIN.fullmatch(text) and not _DEVICE_SOMEWHERE.search(text):
        return ReadName(text, is_folder, had_backslash, ())  # by far the most names
    if not any(p.severity is Severity.ERROR for p in problems):
        for reason in sorted({reason for part in text.split("/") for reason in _odd(part)}):
            problems.append(warning("ING-NAME-ODD", place, name=place, reason=reason))
    return ReadName(text, is_folder, had_backslash, tuple(problems))


def clash_key(name: str) -> str:
    """Two names with one key are one file on some file system: NFC, without regard to case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_clashes(names: list[tuple[str, bool]]) -> Iterator[Problem]:
    """Names (with: is it a folder) that are equal, alike but for case or form, or file and folder."""
    keys: dict[str, str] = {}
    spelling: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    told: set[tuple[str, str]] = set()
    for name, is_folder in names:
        for part in _with_parents(name):
            key = keys.setdefault(part, "") or clash_key(part)
            keys[part] = key
            leaf = part == name and not is_folder
            known = spelling.setdefault(key, part)
            reason = _clash(leaf, known == part, key in files, key in folders)
            if reason and (key, reason) not in told:
                told.add((key, reason))
                place = printable(part)
                yield error(
                    "ING-NAME-CLASH", place, name=place, other=printable(known), reason=reason
                )
            (files if leaf else folders).add(key)


def _with_parents(name: str) -> Iterator[str]:
    position = name.find("/")
    while position >= 0:
        yield name[:position]
        position = name.find("/", position + 1)
    yield name


def _clash(leaf: bool, same_spelling: bool, is_file: bool, is_folder: bool) -> str:
    if leaf and is_file:
        return "twice" if same_spelling else "alike"
    if (leaf and is_folder) or (not leaf and is_file):
        return "file-and-folder"
    return "" if same_spelling else "alike"


def printable(name: str) -> str:
    """The name fit for a report: control and invisible characters escaped, at most 300 characters."""
    if len(name) <= 300 and name.isprintable():
        return name
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in name[:300])
    return shown + ("…" if len(name) > 300 else "")


def _decode(raw: bytes, *, utf8_flag: bool, unicode_extra: bytes | None) -> tuple[str, str]:
    # Info-ZIP Unicode Path (APPNOTE §4.6.9): version 1, CRC of the raw name, then UTF-8.
    if not utf8_flag and unicode_extra is not None and unicode_extra[:1] == b"\x01":
        crc = int.from_bytes(unicode_extra[1:5], "little")
        if len(unicode_extra) > 5 and crc == zlib.crc32(raw):
            try:
                return unicode_extra[5:].decode("utf-8"), "unicode-extra"
            except UnicodeDecodeError:
                pass  # the plain name is read instead, below
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass  # not UTF-8, whatever the flag says
    dos = raw.decode("cp437")
    try:
        windows = raw.decode("cp1258")
    except UnicodeDecodeError:
        return dos, "cp437"
    if _all_letters(dos) and not _all_letters(windows):
        return dos, "cp437"
    return windows, "cp1258"


def _all_letters(text: str) -> bool:
    return all(c < "\x80" or unicodedata.category(c)[0] in "LM" for c in text)


def _unsafe(text: str, decoded: str, place: str) -> Iterator[Problem]:
    reasons = []
    if _CONTROL.search(decoded):
        reasons.append("control")
    if text.startswith("/") or decoded.startswith(("/", "\\")):
        reasons.append("absolute")
    if _DRIVE.match(text):
        reasons.append("drive")
    parts = text.split("/")
    if ".." in parts:
        reasons.append("parent")
    if "." in parts or ("" in parts and "absolute" not in reasons):
        reasons.append("empty")
    for reason in reasons:
        yield error("ING-PATH-UNSAFE", place, name=place, reason=reason)


def _odd(part: str) -> Iterator[str]:
    """Why a safe segment is still troublesome on some system; it is kept under an escaped name."""
    if any(c in ':*?"<>|' for c in part):
        yield "reserved"
    if part != part.strip(" ") or part.endswith("."):
        yield "edge"
    if _DEVICES.match(part):
        yield "device"
    if any(unicodedata.category(c) in ("Cf", "Co", "Cn") for c in part):
        yield "invisible"
