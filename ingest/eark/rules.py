"""The rule table and the vocabularies of `schemas/eark/`, read once. Core.

A rule that names `at` and `attribute` or `element` is judged by `ingest.eark.table` alone; `check` and
`also` name the module that judges the rest, and are here so that the table is a full list of the rules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lxml import etree

from repository.problems import Severity

NAMESPACES: Final = {
    "m": "http://www.loc.gov/METS/",
    "xlink": "http://www.w3.org/1999/xlink",
    "csip": "https://DILCIS.eu/XML/METS/CSIPExtensionMETS",
    "sip": "https://DILCIS.eu/XML/METS/SIPExtensionMETS",
}
_ABSENT: Final = {"MUST": Severity.ERROR, "SHOULD": Severity.WARNING, "MAY": Severity.INFO}
_WRONG: Final = {"MUST": Severity.ERROR, "SHOULD": Severity.WARNING, "MAY": Severity.WARNING}


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement. `find` gives the elements it binds; none means it does not bind here."""

    id: str
    level: str
    find: etree.XPath | None = None
    in_map: bool = False  # `find` starts at the structMap of CSIP, not at mets
    attribute: str = ""  # in Clark notation
    shown_name: str = ""
    instead: str = ""  # another name of the attribute, as some documents of the standard print it
    element: str = ""
    at_least: int = 0
    at_most: int | None = None
    value: str = ""  # text, id, datetime, size, mime, url, amd-ids, dmd-ids
    equals: str = ""
    vocabulary: frozenset[str] = frozenset()
    optional: bool = False  # absence is no finding at all
    once: bool = False  # absent only when none of the elements has it
    absent: Severity = Severity.ERROR
    wrong: Severity = Severity.ERROR
    check: str = ""
    also: str = ""
    type: str = ""  # altRecordID/@TYPE


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of the standard."""
    table = json.loads((files("schemas") / "eark" / "rules.json").read_bytes())
    return {entry["id"]: _rule(entry) for entry in table["rules"]}


@cache
def vocabulary(name: str) -> frozenset[str]:
    """The terms of one list, dashes and spaces in one form. KeyError when there is no such list."""
    lists = json.loads((files("schemas") / "eark" / "vocabularies.json").read_bytes())
    return frozenset(plain_term(term) for term in lists[name])


@cache
def media_types() -> frozenset[str]:
    """The media types that IANA has registered, in lower case."""
    table = json.loads((files("schemas") / "eark" / "media-types.json").read_bytes())
    return frozenset(
        f"{top}/{name}" for top, names in table["types"].items() for name in names.split()
    )


def plain_term(term: str) -> str:
    """A term with its dashes and spaces in one form: the published lists mix them."""
    return " ".join(term.replace("–", "-").split())


def severity_of(rule_id: str) -> Severity:
    """What it weighs that the rule is not kept: MUST error, SHOULD warning, MAY information."""
    return rules()[rule_id].absent


def clark(name: str) -> str:
    """`xlink:href` as `{http://www.w3.org/1999/xlink}href`."""
    prefix, colon, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if colon else name


def _rule(entry: Mapping[str, Any]) -> Rule:
    value = entry.get("value", "")
    named = value if isinstance(value, dict) else {}
    level = entry["level"]
    return Rule(
        id=entry["id"],
        level=level,
        find=etree.XPath(entry["at"], namespaces=NAMESPACES) if "at" in entry else None,
        in_map=entry.get("from") == "map",
        attribute=clark(entry["attribute"]) if "attribute" in entry else "",
        shown_name=f"@{entry['attribute']}"
        if "attribute" in entry
        else entry.get("element", "")[2:],
        instead=clark(entry["or"]) if "or" in entry else "",
        element=clark(entry["element"]) if "element" in entry else "",
        at_least=entry.get("min", 0),
        at_most=entry.get("max"),
        value="" if named else value,
        equals=named.get("equals", ""),
        vocabulary=vocabulary(named["vocabulary"]) if "vocabulary" in named else frozenset(),
        optional=entry.get("optional", False),
        once=entry.get("once", False),
        absent=_ABSENT[level],
        wrong=Severity(entry["wrong"]) if "wrong" in entry else _WRONG[level],
        check=entry.get("check", ""),
        also=entry.get("also", ""),
        type=entry.get("type", ""),
    )
