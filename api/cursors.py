"""Where a reader is in a list: an opaque, signed marker. Core.

A marker holds the sort key of the last item seen, so a page is stable while things are added; it is
good only for the list and the question it was made for, and nobody else can make one.
"""

from __future__ import annotations

import binascii
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

_LONGEST = 8_192  # characters; an identifier has at most 1,000
_MAC_BYTES = 16


class BadCursor(ValueError):
    """The marker was not made by this archive for this list."""


class Cursors:
    """Makes and reads markers with one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a key to sign with has at least 16 bytes")
        self._key = key

    def make(self, question: Sequence[str | None], position: Sequence[str]) -> str:
        """A marker for the place after `position` in the answer to `question`."""
        payload = json.dumps(list(position)).encode()
        return f"{_text(payload)}.{_text(self._mac(question, payload))}"

    def read(self, question: Sequence[str | None], marker: str, parts: int) -> list[str]:
        """The position of a marker, of `parts` values. BadCursor, and nothing else."""
        if len(marker) > _LONGEST or not marker.isascii():
            raise BadCursor
        try:
            payload, mac = (
                urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in marker.split(".")
            )
        except (ValueError, binascii.Error):
            raise BadCursor from None
        if not hmac.compare_digest(mac, self._mac(question, payload)):
            raise BadCursor
        position = json.loads(payload)  # ours, since the signature is
        if len(position) != parts:
            raise BadCursor
        return [str(part) for part in position]

    def _mac(self, question: Sequence[str | None], payload: bytes) -> bytes:
        asked = json.dumps(list(question)).encode()
        return hmac.digest(self._key, asked + b"\n" + payload, "sha256")[:_MAC_BYTES]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
