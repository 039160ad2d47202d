"""Writing XML as text: small, streaming, and the same bytes for the same calls.

Elements are opened by a context manager, so what is written is well-formed whatever happens between.
Characters that XML 1.0 cannot hold become U+FFFD: the record has them, the projection cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from xml.sax.saxutils import escape

Attributes = Mapping[str, str | int | None]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN = re.compile(r"[\w .:/+=;,()#-]*", re.ASCII)
_IN_TEXT = {"\r": "&#13;"}  # a reader would make a line feed of it
_IN_ATTRIBUTE = {'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}


class XmlText:
    """One document under construction. `data()` gives its bytes once every element is closed."""

    def __init__(self) -> None:
        self._out = bytearray(b'<?xml version="1.0" encoding="UTF-8"?>\n')
        self._depth = 0

    @contextmanager
    def element(self, tag: str, attributes: Attributes | None = None) -> Iterator[None]:
        """An element with elements inside. Attributes that are None are left out."""
        self._line(f"<{tag}{_written(attributes)}>")
        self._depth += 1
        yield
        self._depth -= 1
        self._line(f"</{tag}>")

    def leaf(self, tag: str, text: str = "", attributes: Attributes | None = None) -> None:
        """An element with text inside, or an empty one."""
        start = f"<{tag}{_written(attributes)}"
        self._line(f"{start}>{_fit(text, _IN_TEXT)}</{tag}>" if text else f"{start}/>")

    def data(self) -> bytes:
        """The whole document in UTF-8."""
        assert self._depth == 0, "an element is still open"
        return bytes(self._out)

    def _line(self, text: str) -> None:
        self._out += f"{'  ' * self._depth}{text}\n".encode()


def _written(attributes: Attributes | None) -> str:
    return "".join(
        f' {name}="{_fit(str(value), _IN_ATTRIBUTE)}"'
        for name, value in (attributes or {}).items()
        if value is not None
    )


def _fit(text: str, entities: dict[str, str]) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return escape(_NOT_XML.sub("\ufffd", text), entities)
