"""The validation codes of OCFL 1.0 and 1.1, and how a rule is called in each of the two.

The codes are those of the specification's `validation-codes.md` of each version; none is ours. Where
1.1 gave a rule a code of its own that 1.0 filed under another, rules here ask for the 1.1 code and
`finding` gives the code of the version at hand. Texts stand in `schemas/texts/ocfl.*.json`.
"""

from __future__ import annotations

from typing import Final

from repository.problems import Problem, Severity

_NEVER_ASSIGNED: Final = {65, 109}
_GONE_IN_1_1: Final = {68, 86, 91}

CODES_1_0: Final = frozenset(f"E{n:03d}" for n in range(1, 103) if n not in _NEVER_ASSIGNED) | {
    f"W{n:03d}" for n in range(1, 16) if n != 6
}
CODES_1_1: Final = frozenset(
    f"E{n:03d}" for n in range(1, 113) if n not in _NEVER_ASSIGNED | _GONE_IN_1_1
) | {f"W{n:03d}" for n in range(1, 17) if n != 6}

# What 1.1 split off (change log of 1.1.0), and where 1.0 had it. None: 1.0 has no such rule.
_AS_IN_1_0: Final[dict[str, str | None]] = {
    "E103": "E038",
    "E104": "E046",
    "E105": "E046",
    "E106": "E041",
    "E107": None,
    "E108": "E017",
    "E110": "E037",
    "E111": "E057",
    "E112": "E086",
    "W016": "W013",
}
_LONGEST_VALUE: Final = 300


def finding(
    spec_version: str | None, code: str, location: str, value: object = "", expected: object = ""
) -> list[Problem]:
    """The finding under the code of that version, as a list: empty where 1.0 has no such rule.

    `value` is what was found and `expected` what should have been; both are always in `params`.
    """
    named = _AS_IN_1_0.get(code, code) if spec_version == "1.0" else code
    if named is None:
        return []
    severity = Severity.WARNING if named.startswith("W") else Severity.ERROR
    params = {"value": shown(value), "expected": shown(expected)}
    return [Problem(named, severity, shown(location), params)]


def shown(value: object) -> str:
    """Any value as text that can be printed and stored: bounded, and with no half characters."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
