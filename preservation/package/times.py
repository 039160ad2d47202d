"""Instants as packages carry them: +07:00, as Thông tư 05/2025 asks (`repository.clock`)."""

from __future__ import annotations

import re
from datetime import datetime

from repository.clock import parse_utc, vietnam_text

_XML_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])?"
)


def package_time(text: str) -> str:
    """A time of the record (`repository.clock.utc_text`) in +07:00; any other text unchanged."""
    try:
        return vietnam_text(parse_utc(text))
    except (ValueError, OverflowError):
        return text


def is_xml_instant(text: str) -> bool:
    """Whether the text is an `xs:dateTime` of this era that a schema accepts."""
    if not _XML_INSTANT.fullmatch(text):
        return False
    try:
        return datetime.fromisoformat(text).year > 0
    except ValueError:
        return False
