"""Addresses inside a package: from xlink:href to a path of the listing. Core.

The standard asks for relative URLs, also with `file:`. Real packages write plain paths with spaces and
accents, so a name that lies there literally is taken first and then its percent-decoded form.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container
from typing import Final
from urllib.parse import unquote

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:", re.ASCII)
_FILE: Final = re.compile(r"file:(?://(?:localhost)?/?)?", re.ASCII | re.IGNORECASE)
MAX_HREF: Final = 4_000


def resolve(folder: str, href: str, paths: Container[str]) -> str | None:
    """The path of the package that `href`, said in `folder`, leads to; None when it leads to none."""
    if not href.strip() or len(href) > MAX_HREF or is_external(href):
        return None
    bare = _FILE.sub("", href, count=1) if _FILE.match(href) else href
    for said in (bare, unquote(bare), bare.partition("#")[0]):
        path = posixpath.normpath(posixpath.join(folder, said))
        if not path.startswith(("/", "../")) and path in paths:
            return path
    return None


def is_external(href: str) -> bool:
    """Whether the address has a scheme other than `file:`, so that it lies outside the package."""
    return _SCHEME.match(href) is not None and _FILE.match(href) is None
