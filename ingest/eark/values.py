"""What a value must be: dates, identifiers, sizes, media types, addresses, names of folders. Core."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from ingest.eark.rules import media_types
from repository.problems import Severity

_DATETIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d{1,30})?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_NCNAME: Final = re.compile(r"[^\W\d][\w.·-]*")
_SIZE: Final = re.compile(r"\+?\d{1,19}", re.ASCII)
_MEDIA_TYPE: Final = re.compile(
    r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}", re.ASCII
)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/]+\S*|urn:\S+", re.ASCII)
_UNFIT: Final = frozenset(':/\\*?"<>|')  # what some file system refuses in a name
_STANDS_FOR_UNFIT: Final = r"(?:[-_+=.~]|[%=][0-9A-Fa-f]{2})"


def moment(value: str) -> datetime | None:
    """The instant an xs:dateTime names, without its fraction; None when it is none."""
    match = _DATETIME.fullmatch(value.strip())
    if match is None:
        return None
    day, time, zone = match[1], match[2], match[3] or ""
    try:
        return datetime.fromisoformat(f"{day}T{time}{zone.replace('Z', '+00:00')}")
    except ValueError:
        return None


def is_identifier(value: str) -> bool:
    """Whether the value can be an xml:id."""
    return len(value) <= 10_000 and _NCNAME.fullmatch(value.strip()) is not None


def size_of(value: str) -> int | None:
    """The number of bytes a SIZE gives; None when it is no such number."""
    return int(value) if _SIZE.fullmatch(value.strip()) else None


def media_type_fault(value: str) -> Severity | None:
    """How bad a MIMETYPE is: malformed or too long an error, not registered a warning, else None.

    The standard asks for IANA's list strongly but allows another by agreement.
    """
    bare = value.split(";", 1)[0].strip()
    if len(value) > 256 or _MEDIA_TYPE.fullmatch(bare) is None:
        return Severity.ERROR
    return None if bare.lower() in media_types() else Severity.WARNING


def is_address(value: str) -> bool:
    """Whether the value is an absolute URL or URN."""
    return len(value) <= 2_000 and _URL.fullmatch(value.strip()) is not None


def names_folder(objid: str, folder: str) -> bool:
    """Whether a folder of that name is the one OBJID names.

    CSIP 2.2 lets characters that a file system refuses be mapped: one sign, or %XX or =XX, for each.
    """
    if objid == folder:
        return True
    if len(objid) > 1_000 or not any(c in _UNFIT for c in objid):
        return False
    pattern = "".join(_STANDS_FOR_UNFIT if c in _UNFIT else re.escape(c) for c in objid)
    return re.fullmatch(pattern, folder) is not None
