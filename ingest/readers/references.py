"""From the href of a METS to a path inside the package, and what leads outside of it. Core.

An href is never followed; it only names a member. Addresses elsewhere and paths that leave the package
name none.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, unquote_plus

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def spellings(href: str) -> list[str]:
    """The href as written, percent-decoded, with `/` for `\\`; in the order they are tried."""
    bare = href.strip()  # a name may end in a space; more often the sender's XML was broken up
    decoded = unquote(href, errors="strict") if _decodes(href) else href
    found = (href, decoded, bare, decoded.strip())
    return list(dict.fromkeys((*found, *(each.replace("\\", "/") for each in found))))


def far_paths(folder: str, top: str, href: str) -> list[str]:
    """Paths that some packers mean by an href which names nothing as it stands; the likeliest first.

    From the package's folder or the one around it, with a `/` before, with a fragment behind, with `+`
    for a blank. Each lies inside the package; an address elsewhere gives none.
    """
    found: dict[str, None] = {}
    for spelled in spellings(href):
        bare = spelled.partition("#")[0]
        plain = unquote_plus(bare) if _decodes(bare) else bare
        for each in (spelled, bare, plain):
            inner = each[5:] if each[:5].lower() == "file:" else each
            inner = inner.lstrip("/")
            while inner.startswith("./"):
                inner = inner[2:]
            below = inner.removeprefix(f"{top.rsplit('/', 1)[-1]}/") if top else inner
            for base, name in ((folder, inner), ("", inner), ("", below)):
                path = path_inside(base, name)
                if path:
                    found[path] = None
    return list(found)


def _decodes(href: str) -> bool:
    try:
        unquote(href, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def path_inside(folder: str, href: str) -> str | None:
    """The path inside the package, or None when the href leaves it or is an address elsewhere."""
    if href[:5].lower() == "file:":
        href = href[5:].lstrip("/") if href[5:].startswith("///") else href[5:]
    if not href or href.startswith("/") or _SCHEME.match(href):
        return None
    parts = folder.split("/") if folder else []
    for part in href.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
