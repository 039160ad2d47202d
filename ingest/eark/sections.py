"""What one attribute alone cannot say of mets, metsHdr, dmdSec, amdSec and fileGrp. Core.

CSIP1–5 and 8 (§5.3.1, 5.3.2), CSIP17, 21, 31, 32 (§5.3.3, 5.3.4), CSIP60–64, 113, 114 (§5.3.5).
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from ingest.eark.findings import Findings
from ingest.eark.package import Mets, Package
from ingest.eark.rules import NAMESPACES, clark, plain_term, vocabulary
from ingest.eark.structure import check_object_id
from ingest.eark.values import moment, names_folder
from repository.problems import Severity

_TYPE: Final = clark("csip:CONTENTINFORMATIONTYPE")
_OTHER_TYPE: Final = clark("csip:OTHERCONTENTINFORMATIONTYPE")
_NEWER_SPECIFICATION: Final = re.compile(r"cits[a-z0-9]+_v\d+_\d+", re.ASCII)
_GROUPS: Final = (
    ("CSIP60", "Documentation", "documentation"),
    ("CSIP113", "Schemas", "schemas"),
    ("CSIP114", "Representations", "representations"),
)


def check_sections(mets: Mets, package: Package, findings: Findings) -> None:
    """Judge one METS by the rules named above."""
    _object_id(mets, package, findings)
    _category(mets, findings)
    _content_information_type(mets, findings)
    _dates(mets, findings)
    _descriptive(mets, package, findings)
    _administrative(mets, package, findings)
    _groups(mets, package, findings)


def kind_of_group(use: str) -> str:
    """Documentation, Schemas or Representations when @USE begins with it, else empty."""
    first = use.strip().split("/", 1)[0]
    return first if first in ("Documentation", "Schemas", "Representations") else ""


def groups_of(mets: Mets) -> list[etree._Element]:
    """Every fileGrp, at any depth."""
    return [
        group
        for section in mets.root.iterfind("m:fileSec", NAMESPACES)
        for group in section.iter(clark("m:fileGrp"))
    ]


def _object_id(mets: Mets, package: Package, findings: Findings) -> None:
    objid = (mets.root.get("OBJID") or "").strip()
    folder = package.name if mets.is_package else mets.folder.rpartition("/")[2]
    if not objid:
        return
    matches = names_folder(objid, folder)
    if not matches:
        found = f"@OBJID={objid}, {folder}/"
        findings.add("CSIP1", Severity.WARNING, mets.path, found=found)
    if mets.is_package:
        check_object_id(package, matches, objid, findings)


def _category(mets: Mets, findings: Findings) -> None:
    kind = plain_term(mets.root.get("TYPE") or "")
    other = mets.root.get(clark("csip:OTHERTYPE"))
    if kind.casefold() == "other":
        if other is None:
            findings.add("CSIP3", Severity.WARNING, mets.path, reason="absent")
            return
        term = plain_term(other)
        taken = term in vocabulary("content-category") and term.casefold() != "other"
        if not term or taken:
            findings.add("CSIP3", Severity.ERROR, mets.path, found=f'@OTHERTYPE="{other}"')
    elif other is not None:
        found = f'@TYPE="{kind}", @OTHERTYPE="{other}"'
        findings.add("CSIP3", Severity.ERROR, mets.path, found=found)


def _content_information_type(mets: Mets, findings: Findings) -> None:
    if mets.root.get(_TYPE) is None:
        severity = Severity.WARNING if mets.is_package else Severity.ERROR
        findings.add("CSIP4", severity, mets.path, reason="absent")
    _specification(mets.root, mets, ("CSIP4", "CSIP5"), findings)


def _specification(
    element: etree._Element, mets: Mets, codes: tuple[str, str], findings: Findings
) -> None:
    """CSIP4 and 5, 62 and 63: the two attributes together."""
    named, other = element.get(_TYPE), element.get(_OTHER_TYPE)
    if named is not None and not _is_specification(named):
        found = f'@CONTENTINFORMATIONTYPE="{named}"'
        findings.add(codes[0], Severity.ERROR, mets.path, at=element, found=found)
    if named == "OTHER":
        if other is None:
            findings.add(codes[1], Severity.ERROR, mets.path, at=element, reason="absent")
        elif not other.strip() or (_is_specification(other) and other != "OTHER"):
            found = f'@OTHERCONTENTINFORMATIONTYPE="{other}"'
            findings.add(codes[1], Severity.ERROR, mets.path, at=element, found=found)
    elif other is not None:
        found = f'@CONTENTINFORMATIONTYPE="{named or ""}", @OTHER…="{other}"'
        findings.add(codes[1], Severity.ERROR, mets.path, at=element, found=found)


def _is_specification(term: str) -> bool:
    """In the list, or a later one of the same making: the list grows without a new profile."""
    return plain_term(term) in vocabulary("content-information-type") or (
        len(term) < 100 and _NEWER_SPECIFICATION.fullmatch(term) is not None
    )


def _dates(mets: Mets, findings: Findings) -> None:
    for header in mets.root.iterfind("m:metsHdr", NAMESPACES):
        made, changed = (moment(header.get(n) or "") for n in ("CREATEDATE", "LASTMODDATE"))
        if made is None or changed is None or (made.tzinfo is None) != (changed.tzinfo is None):
            continue
        if changed < made:
            found = f"{header.get('LASTMODDATE')} < {header.get('CREATEDATE')}"
            findings.add("CSIP8", Severity.ERROR, mets.path, at=header, found=found)


def _descriptive(mets: Mets, package: Package, findings: Findings) -> None:
    sections = mets.root.findall("m:dmdSec", NAMESPACES)
    held = package.holds(mets.inside("metadata/descriptive"))
    if not sections and (held or mets.is_package):
        severity = Severity.ERROR if held else Severity.WARNING
        findings.add("CSIP17", severity, mets.path, reason="absent")
    for section in sections:
        pointers = section.findall("m:mdRef", NAMESPACES)
        if not pointers:
            severity = Severity.ERROR if held else Severity.WARNING
            findings.add("CSIP21", severity, mets.path, at=section, reason="absent")
        elif len(pointers) > 1:
            found = f"mdRef ×{len(pointers)}"
            findings.add("CSIP21", Severity.ERROR, mets.path, at=section, found=found)
    if sections and not held and mets.is_package and not package.holds("metadata"):
        findings.add("CSIP17", Severity.WARNING, mets.path, found="metadata/descriptive: 0")


def _administrative(mets: Mets, package: Package, findings: Findings) -> None:
    sections = mets.root.findall("m:amdSec", NAMESPACES)
    held = package.holds(mets.inside("metadata/preservation"))
    severity = Severity.ERROR if held else Severity.WARNING
    if not sections:
        if held or mets.is_package:
            findings.add("CSIP31", severity, mets.path, reason="absent")
        return
    if len(sections) > 1:
        found = f"amdSec ×{len(sections)}"
        findings.add("CSIP31", Severity.WARNING, mets.path, found=found)
    if mets.is_package and not package.holds("metadata/preservation"):
        findings.add("CSIP31", Severity.WARNING, mets.path, found="metadata/preservation: 0")
    if mets.root.find("m:amdSec/m:digiprovMD", NAMESPACES) is None:
        findings.add("CSIP32", severity, mets.path, reason="absent")


def _groups(mets: Mets, package: Package, findings: Findings) -> None:
    if mets.root.find("m:fileSec", NAMESPACES) is None:
        return
    groups = groups_of(mets)
    kinds = {kind_of_group(group.get("USE") or "") for group in groups}
    for code, kind, folder in _GROUPS:
        if kind in kinds:
            continue
        held = package.holds(mets.inside(folder))
        if held or mets.is_package:
            severity = Severity.ERROR if held else Severity.WARNING
            findings.add(code, severity, mets.path, reason="absent")
    for group in groups:
        _group(group, mets, package, findings)


def _group(group: etree._Element, mets: Mets, package: Package, findings: Findings) -> None:
    use = group.get("USE")
    above = group.getparent()
    nested = above is not None and above.tag == group.tag
    if use is None:
        if not nested:
            findings.add("CSIP64", Severity.ERROR, mets.path, at=group, reason="absent")
    elif not use.strip():
        findings.add("CSIP64", Severity.ERROR, mets.path, at=group, found='@USE=""')
    elif not nested and not kind_of_group(use):
        findings.add("CSIP64", Severity.WARNING, mets.path, at=group, found=f'@USE="{use}"')
    elif use.startswith("Representations/") and mets.is_package:
        folder = "representations/" + use.partition("/")[2].strip("/")
        if folder not in package.folders:
            findings.add("CSIP64", Severity.WARNING, mets.path, at=group, found=f'@USE="{use}"')
    if kind_of_group(use or "") == "Representations" and group.get(_TYPE) is None:
        findings.add("CSIP62", Severity.WARNING, mets.path, at=group, reason="absent")
    _specification(group, mets, ("CSIP62", "CSIP63"), findings)
