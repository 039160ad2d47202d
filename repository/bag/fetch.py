"""`fetch.txt`: what a sender left out of the bag. RFC 8493 §2.2.3.

Core. Reported and never followed: nothing here, or anywhere in Kho, opens a URL because a bag names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from repository.bag.declaration import Declaration, tag_file_lines
from repository.bag.manifest import decode_path, unsafe
from repository.problems import Problem, error

_LINE = re.compile(r"(\S+)[ \t]+([0-9]{1,18}|-)[ \t]+([^ \t].*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fetch:
    """One file to be fetched: where from, how long (None: not said), and its path in the bag."""

    url: str
    length: int | None
    path: str


def parse_fetch(data: bytes, declaration: Declaration) -> tuple[list[Fetch], list[Problem]]:
    """Every line that can be understood, and a finding for each that cannot. Never raises."""
    place = "fetch.txt"
    lines, problems = tag_file_lines(data, declaration.encoding, place)
    fetches: list[Fetch] = []
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t"):
            continue
        match = _LINE.match(line)
        if match is None:
            problems.append(error("BAG-FETCH-LINE", f"{place}:{number}", value=line[:200]))
            continue
        url, length, path = match.groups()
        if declaration.is_1_0:
            path = decode_path(path)
        if unsafe(path) or not path.startswith("data/"):
            problems.append(error("BAG-PATH-UNSAFE", f"{place}:{number}", value=path[:200]))
            continue
        fetches.append(Fetch(url, None if length == "-" else int(length), path))
    return fetches, problems
