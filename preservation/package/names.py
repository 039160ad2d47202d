"""Stored names: what a received file is called in the package.

A name is stored as it was received when every file system, BagIt reader and URI can carry it; else
it is escaped reversibly. The escape sign is `=`, which therefore never stays as it is; every byte
that cannot stay is written `=XX` (upper-case hexadecimal of its UTF-8 form). A name that gets too
long is cut and closed with `=-` and a digest of the whole, and two names that some file system
would take for one are told apart by `=~` and a digest; the record keeps what was received in
every case.

It does not judge names (unsafe ones are refused at the door): it only makes them storable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from repository.digest import digest_bytes

MAX_SEGMENT = 200  # bytes of UTF-8
MAX_PATH = 800

_SIGN = "="
_EMPTY = "=_"
_FORBIDDEN = frozenset('\\/:*?"<>|%')
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³]) *(?:\.|$)", re.IGNORECASE
)
_UNFIT = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, surrogates, line and paragraph separators
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}$")


def store_names(paths: Sequence[str]) -> tuple[str, ...]:
    """A storable path for each received path, in order; no two that fold to one name, and none that
    is both a file and a folder, even where one received path stands twice.

    Deterministic: the same paths in the same order get the same names.
    """
    wanted = [stored_path(path) for path in paths]
    folders = {key for stored in wanted for key in _folder_keys(stored)}
    taken: set[str] = set()
    chosen: list[str] = []
    for place, (path, stored) in enumerate(zip(paths, wanted, strict=True)):
        key = clash_key(stored)
        if key in taken or key in folders:
            stored = _told_apart(stored, f"{place}\n{path}")
            key = clash_key(stored)
        taken.add(key)
        chosen.append(stored)
    return tuple(chosen)


def _folder_keys(stored: str) -> Iterable[str]:
    parts = clash_key(stored).split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def stored_path(path: str) -> str:
    """The path with each segment made storable: unchanged when it is portable already."""
    stored = "/".join(stored_segment(segment) for segment in path.split("/"))
    if len(_utf8(stored)) <= MAX_PATH:
        return stored
    return f"=-{_digest(path)}/{stored_segment(path.rsplit('/', 1)[-1])}"


def stored_segment(segment: str) -> str:
    """One name made storable. Two different names never give the same one."""
    stored = segment
    if _SIGN in segment or not is_portable(segment) or "/" in segment:
        stored = _escape(segment)
    if len(_utf8(stored)) <= MAX_SEGMENT:
        return stored
    return _closed(stored, "-", segment)


def received_segment(stored: str) -> str | None:
    """What `stored_segment` was given, or None when the name was cut and only the record knows."""
    if "=-" in stored or "=~" in stored:
        return None
    if stored == _EMPTY:
        return ""
    escapes = re.compile(rb"=([0-9A-F]{2})")
    return escapes.sub(lambda m: bytes([int(m[1], 16)]), _utf8(stored)).decode(
        "utf-8", "surrogatepass"
    )


def is_portable(path: str) -> bool:
    """Whether every file system, BagIt reader and URI can carry the path as it stands."""
    return len(_utf8(path)) <= MAX_PATH and all(
        len(_utf8(segment)) <= MAX_SEGMENT and _is_portable_segment(segment)
        for segment in path.split("/")
    )


def clash_key(path: str) -> str:
    """Equal for paths that a file system blind to case or normal form takes for one."""
    folded = unicodedata.normalize("NFD", path).casefold()
    return unicodedata.normalize("NFC", folded)


def _is_portable_segment(segment: str) -> bool:
    if not segment or segment in (".", "..") or _DEVICE.match(segment):
        return False
    if segment[0].isspace() or segment[-1].isspace() or segment[-1] == ".":
        return False
    return _has_one_normal_form(segment) and not any(_is_unfit(c) for c in segment)


def _is_unfit(character: str) -> bool:
    if character in _FORBIDDEN or unicodedata.category(character) in _UNFIT:
        return True
    point = ord(character)  # the last two of each plane and FDD0…FDEF are no characters at all
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


def _has_one_normal_form(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text) or unicodedata.is_normalized("NFD", text)


def _escape(segment: str) -> str:
    """Escape what must be; all but ASCII when what is left would mix normal forms."""
    if not segment:
        return _EMPTY
    last = len(segment) - 1
    device = _DEVICE.match(segment) is not None

    def must(index: int, c: str) -> bool:
        at_end = index == last and (c == "." or c.isspace())
        at_start = index == 0 and (device or c.isspace())
        return c == _SIGN or at_end or at_start or _is_unfit(c)

    escaped = "".join(_bytes_of(c) if must(i, c) else c for i, c in enumerate(segment))
    if _has_one_normal_form(escaped):
        return escaped
    return "".join(
        _bytes_of(c) if must(i, c) or not c.isascii() else c for i, c in enumerate(segment)
    )


def _bytes_of(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in _utf8(character))


def _told_apart(stored: str, path: str) -> str:
    folder, slash, name = stored.rpartition("/")
    return f"{folder}{slash}{_closed(name, '~', path)}"


def _closed(name: str, mark: str, whole: str) -> str:
    """The name, cut where it must be, with a digest of the whole before its extension."""
    extension = match[0] if (match := _EXTENSION.search(name)) else ""
    end = f"{_SIGN}{mark}{_digest(whole)}{extension}"
    room = MAX_SEGMENT - len(end)
    stem = _utf8(name.removesuffix(extension))[:room].decode("utf-8", "ignore")
    stem = re.sub(r"=[0-9A-F]?$", "", stem)  # no half of an escape
    return stem + end


def _digest(text: str) -> str:
    return digest_bytes(_utf8(text), ["sha256"])["sha256"][:32]


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
