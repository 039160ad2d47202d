"""How a file is named and typed when it is sent. Core.

The type comes from the name alone, by a table of ours, so that the same file is always sent in the
same way; what the sender said of it stands in the metadata. Only kinds that a browser shows without
running anything in them are shown in place; all others are saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

UNKNOWN: Final = "application/octet-stream"

_TYPES: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "txt": "text/plain; charset=utf-8",
    "md": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml",
    "xsd": "application/xml",
    "json": "application/json",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "jp2": "image/jp2",
    "svg": "image/svg+xml",
    "htm": "text/html",
    "html": "text/html",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "avi": "video/x-msvideo",
    "mkv": "video/matroska",
    "zip": "application/zip",
    "eml": "message/rfc822",
}
_SHOWN: Final = frozenset(
    {
        "application/pdf",
        "text/plain; charset=utf-8",
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/tiff",
        "image/bmp",
        "image/webp",
        "image/jp2",
    }
)
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.() ,+=")


def media_type(path: str) -> str:
    """The type that a file of this name is sent with."""
    name = path.rsplit("/", 1)[-1]
    return _TYPES.get(name.rsplit(".", 1)[-1].lower(), UNKNOWN) if "." in name else UNKNOWN


def disposition(path: str) -> str:
    """The Content-Disposition for a file (RFC 6266), its name also in UTF-8 (RFC 8187)."""
    name = path.rsplit("/", 1)[-1]
    kind = "inline" if media_type(path) in _SHOWN else "attachment"
    plain = "".join(c if c in _PLAIN else "_" for c in name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    encoded = quote(name, safe="!#$&+^`|~", errors="replace")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
