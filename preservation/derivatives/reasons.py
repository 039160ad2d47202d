"""Why an access copy could not be made: a closed list, with a text code for people. Core.

The texts in Vietnamese and English are in docs/derivatives.md, by text code.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One reason. What lies in the file is final; what may lie in the day is tried a few times."""

    ENCRYPTED = "encrypted"  # a password is needed to open it
    DAMAGED = "damaged"  # it cannot be opened, or not be decoded to its end
    UNSUPPORTED = "unsupported"  # not one of the formats we render, or a kind of it we cannot
    NO_PAGES = "no-pages"
    BROKEN_PAGE = "broken-page"  # one page cannot be rendered: then there are no pages, not some
    TOO_MANY_PAGES = "too-many-pages"
    TOO_LARGE = "too-large"  # in pixels, or what is made of it in bytes
    TOO_MUCH_TEXT = "too-much-text"
    TIMEOUT = "timeout"
    NO_MEMORY = "no-memory"
    CRASHED = "crashed"

    @property
    def text_code(self) -> str:
        return "DER-" + self.value.upper()

    @property
    def most_attempts(self) -> int:
        """How often it is tried in all."""
        return 3 if self in (Reason.TIMEOUT, Reason.NO_MEMORY, Reason.CRASHED) else 1
