"""`bag-info.txt`: labels and values. RFC 8493 §2.2.2.

Core. A value may go on over indented lines; it is one line to us, the breaks read as one space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from repository.bag.declaration import tag_file_lines
from repository.problems import Problem, Report, error, warning

_LABEL = re.compile(r"[^\s:](?:[^:]*[^\s:])?\Z")
_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+[ \t]*")


def write_bag_info(elements: Iterable[tuple[str, str]]) -> bytes:
    """The bytes of `bag-info.txt` with these elements in this order, one line each.

    Line breaks inside a value become one space. ValueError for a label that could not be read again.
    """
    lines: list[str] = []
    for label, value in elements:
        if not _LABEL.match(label) or _BREAKS.search(label):
            raise ValueError(f"not a label: {label[:120]!r}")
        lines.append(f"{label}: {_BREAKS.sub(' ', value).strip()}\n")
    return "".join(lines).encode("utf-8")


def parse_bag_info(
    data: bytes, *, version: str = "1.0", encoding: str = "utf-8", place: str = "bag-info.txt"
) -> tuple[list[tuple[str, str]], Report]:
    """Every element in order, repeated ones too, and what is wrong with the lines. Never raises."""
    lines, problems = tag_file_lines(data, encoding, place)
    elements: list[tuple[str, list[str]]] = []
    for number, line in enumerate(lines, 1):
        where = f"{place}:{number}"
        if not line.strip():
            problems.append(warning("BAG-INFO-EMPTY-LINE", where))
        elif line[0] in " \t":
            if elements:
                elements[-1][1].append(line.strip())
            else:
                problems.append(error("BAG-INFO-LINE", where, value=line[:200]))
        else:
            element = _element(line, version, where, problems)
            if element is not None:
                elements.append(element)
    return [(label, " ".join(values).strip()) for label, values in elements], Report.of(problems)


def _element(
    line: str, version: str, where: str, problems: list[Problem]
) -> tuple[str, list[str]] | None:
    label, colon, value = line.partition(":")
    if not colon or not label.strip():
        problems.append(error("BAG-INFO-LINE", where, value=line[:200]))
        return None
    # 1.0: a label has no white space at its ends, and one white space follows the colon. The value
    # is not in doubt where that is missing, so it is a warning.
    if label != label.strip() or (value and version == "1.0" and value[0] not in " \t"):
        problems.append(warning("BAG-INFO-SPACE", where, value=line[:200]))
    return label.strip(), [value.strip()]
