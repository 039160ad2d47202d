"""From the path a cell gives to a member: ever more tolerantly, never out of the container. Core."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ingest.member_names import clash_key
from ingest.readers.references import path_inside

_DRIVE: Final = re.compile(r"(?:file:/*)?(?:[A-Za-z]:|//[^/]+/[^/]+)?/+")


class Listing:
    """The names of a container's files, for finding them by what a list calls them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.exact = frozenset(names)
        self.alike = {clash_key(name): name for name in sorted(self.exact, reverse=True)}
        self._by_last: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for key, name in sorted(self.alike.items()):
            last = key.rsplit("/", 1)[-1]
            self._by_last.setdefault(last, []).append(name)
            self._by_stem.setdefault(last.rpartition(".")[0], []).append(name)

    def find(self, given: str, strip: Sequence[str] = ()) -> tuple[str, str]:
        """(member, how): exact, case, form, suffix; without a member none or outside."""
        if given in self.exact:
            return given, "exact"  # a name may begin or end with a space
        path, absolute = _relative(given.strip(), strip)
        inside = path_inside("", path) if path else None
        if inside is None:
            return "", "outside" if path else "none"
        if inside in self.exact:
            return inside, "exact" if not absolute else "suffix"
        member = self.alike.get(clash_key(inside))
        if member is not None:
            return member, "suffix" if absolute else "case"
        parts = clash_key(inside).split("/")
        # The list may stand deeper, or its paths begin higher, than the folder that was sent.
        starts = range(len(parts)) if absolute else range(1)
        for start in starts:
            tail = "/".join(parts[start:])
            found = [n for n in self._by_last.get(parts[-1], ()) if _ends(clash_key(n), tail)]
            found = found or [
                n
                for n in self._by_stem.get(parts[-1], ())
                if _ends(clash_key(n).rpartition(".")[0], tail)
            ]
            if len(found) == 1:
                return found[0], "suffix"
            if found:
                return "", "several"
        return "", "none"

    def called(self, names: Iterable[str]) -> str:
        """The one file whose name without its ending is the first of these that names any."""
        for name in names:
            found = self._by_stem.get(clash_key(name), []) if name else []
            if len(found) == 1:
                return found[0]
        return ""


def _relative(given: str, strip: Sequence[str]) -> tuple[str, bool]:
    """The path with `/`, without what a mapping strips and without a drive; whether it was whole."""
    path = given.replace("\\", "/")
    for start in strip:
        begin = start.replace("\\", "/")
        if begin and path.casefold().startswith(begin.casefold()):
            return path[len(begin) :].lstrip("/"), False
    match = _DRIVE.match(path)
    if match is not None:
        return path[match.end() :], True
    return path, False


def _ends(name: str, tail: str) -> bool:
    return name == tail or name.endswith(f"/{tail}")
