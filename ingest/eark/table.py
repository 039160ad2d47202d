"""The rules that the table says whole: an attribute or a child of every element a path finds. Core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from lxml import etree

from ingest.eark.findings import Findings
from ingest.eark.package import Mets
from ingest.eark.rules import Rule, plain_term
from ingest.eark.values import (
    is_address,
    is_identifier,
    media_type_fault,
    moment,
    size_of,
)
from repository.problems import Severity

_MAX_REFERENCES: Final = 100_000  # identifiers in one IDREFS that are looked up


def check_table(mets: Mets, rules: Iterable[Rule], findings: Findings) -> None:
    """Judge one METS by every rule that has a path."""
    for rule in rules:
        if rule.find is None:
            continue
        start = mets.map if rule.in_map else mets.root
        if start is None:
            continue
        bound = cast(list[etree._Element], rule.find(start))
        if rule.once:
            bound = [element for element in bound if _value(rule, element) is not None] or bound
        for element in bound:
            if rule.attribute:
                _attribute(rule, element, mets, findings)
            else:
                _children(rule, element, mets, findings)


def _attribute(rule: Rule, element: etree._Element, mets: Mets, findings: Findings) -> None:
    value = _value(rule, element)
    if value is None:
        if not rule.optional:
            findings.add(rule.id, rule.absent, mets.path, at=element, reason="absent")
        return
    severity = _fault(rule, value, mets)
    if severity is not None:
        found = f'{rule.shown_name}="{value}"'
        if rule.value == "id" and mets.ids[value.strip()] > 1:
            found += f" ×{mets.ids[value.strip()]}"
        findings.add(rule.id, severity, mets.path, at=element, found=found)


def _value(rule: Rule, element: etree._Element) -> str | None:
    value = element.get(rule.attribute)
    return element.get(rule.instead) if value is None and rule.instead else value


def _fault(rule: Rule, value: str, mets: Mets) -> Severity | None:
    """How bad the value is, or None."""
    if not value.strip():
        return rule.wrong
    if rule.value == "mime":
        return media_type_fault(value)
    right = True
    if rule.equals:
        right = value == rule.equals
    elif rule.vocabulary:
        right = plain_term(value) in rule.vocabulary
    elif rule.value == "id":
        right = is_identifier(value) and mets.ids[value.strip()] == 1
    elif rule.value == "datetime":
        right = moment(value) is not None
    elif rule.value == "size":
        right = size_of(value) is not None
    elif rule.value == "url":
        right = is_address(value)
    elif rule.value == "amd-ids":
        right = _all_known(value, mets.amd_ids)
    elif rule.value == "dmd-ids":
        right = _all_known(value, mets.dmd_ids)
    return None if right else rule.wrong


def _all_known(references: str, known: frozenset[str]) -> bool:
    names = references.split()
    return len(names) <= _MAX_REFERENCES and known.issuperset(names)


def _children(rule: Rule, element: etree._Element, mets: Mets, findings: Findings) -> None:
    count = sum(1 for _ in element.iterchildren(rule.element))
    if count < rule.at_least:
        findings.add(rule.id, rule.absent, mets.path, at=element, reason="absent")
    elif rule.at_most is not None and count > rule.at_most:
        found = f"{rule.shown_name} ×{count}"
        findings.add(rule.id, Severity.ERROR, mets.path, at=element, found=found)
