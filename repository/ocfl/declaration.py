"""Conformance declarations: the `0=…` files of object and storage roots. OCFL 1.1 §3.2, §4.2; NAMASTE.

Core.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from repository.ocfl.codes import finding
from repository.ocfl.inventory_rules import SPEC_VERSIONS
from repository.problems import Problem

_LIKE_ONE = re.compile(r"([^=/]{0,4})=(.*)\Z", re.DOTALL)
_VALUE = re.compile(r"(ocfl_object_|ocfl_)([0-9]+\.[0-9]+)\Z")
LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class DeclarationRules:
    """How the rules about a declaration are numbered: objects and storage roots have their own."""

    prefix: str
    missing: str
    several: str
    pattern: str
    first: str
    value: str
    contents: str


OBJECT: Final = DeclarationRules("ocfl_object_", "E003", "E003", "E004", "E005", "E006", "E007")
ROOT: Final = DeclarationRules("ocfl_", "E069", "E076", "E077", "E078", "E079", "E080")


def looks_like_declaration(name: str) -> bool:
    """Whether a file name can only have been meant as a declaration."""
    match = _LIKE_ONE.match(name)
    return match is not None and (match[1] == "0" or match[2].startswith("ocfl"))


def check_declaration(
    names: Iterable[str], rules: DeclarationRules, read: Callable[[str], bytes | None]
) -> tuple[str | None, list[Problem]]:
    """The specification version declared, None when none can be relied on, and what is wrong.

    `names` are the files that `looks_like_declaration` found; `read` gives a file's bytes, or None
    when it has told already why it cannot.
    """
    declared: list[str] = []
    problems: list[Problem] = []
    names = sorted(names)
    for name in names:
        first, _, value = name.partition("=")
        match = _VALUE.match(value)
        if first != "0":
            problems += finding(None, rules.first, name, first, "0")
        elif match is None or match[1] != rules.prefix:
            problems += finding(None, rules.value, name, value, f"{rules.prefix}1.1")
        elif match[2] not in SPEC_VERSIONS:
            problems += finding(None, rules.pattern, name, match[2], ", ".join(SPEC_VERSIONS))
        else:
            declared.append(match[2])
            contents = read(name)
            if contents is not None and contents != f"{value}\n".encode():
                problems += finding(match[2], rules.contents, name, contents[:60], f"{value}\n")
    if not names:
        problems += finding(None, rules.missing, "", "", f"0={rules.prefix}1.1")
    elif len(names) > 1:
        problems += finding(None, rules.several, "", ", ".join(names)[:200])
    return (declared[0] if len(declared) == 1 else None), problems
