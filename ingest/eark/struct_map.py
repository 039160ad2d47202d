"""CSIP80–119: the structural map and its links to sections, file groups and representations. Core.

Which structMap is judged is said in `ingest.eark.package`. A division is one of the standard's four
by its @LABEL, a representation's when it has an mptr or its label leads to a representation,
and else the archive's own, which is allowed (CSIPSTR14) unless it does a standard division's work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ingest.eark.findings import Findings
from ingest.eark.hrefs import resolve
from ingest.eark.package import METS, Mets, Package
from ingest.eark.rules import NAMESPACES, clark
from ingest.eark.sections import groups_of, kind_of_group
from repository.problems import Severity

_HREF: Final = clark("xlink:href")
_TITLE: Final = clark("xlink:title")
_LABELS: Final = ("Metadata", "Documentation", "Schemas", "Representations")
_LINKED: Final = (  # label; codes of: the division, its label, its pointers, what they name
    ("Documentation", "CSIP93", "CSIP95", "CSIP96", "CSIP116"),
    ("Schemas", "CSIP97", "CSIP99", "CSIP100", "CSIP118"),
    ("Representations", "CSIP101", "CSIP103", "CSIP104", "CSIP119"),
)


@dataclass(frozen=True, slots=True)
class _Divisions:
    labelled: Mapping[str, Sequence[etree._Element]]
    representations: Sequence[etree._Element]
    own: Sequence[etree._Element]  # of the archive's own making
    groups: Mapping[str, str]  # id of a fileGrp → its kind
    titles: frozenset[str]  # xlink:title of the representations' pointers
    named: frozenset[str]  # every FILEID of the whole map


def check_struct_map(mets: Mets, package: Package, findings: Findings) -> None:
    """Judge one METS by the rules named above that the table does not say whole."""
    chosen = mets.map
    if chosen is None:
        findings.add("CSIP80", Severity.ERROR, mets.path, reason="absent")
        return
    _which_map(chosen, mets, findings)
    mains = chosen.findall("m:div", NAMESPACES)
    if len(mains) != 1:
        found = f"div ×{len(mains)}" if mains else ""
        _tell("CSIP84", Severity.ERROR, chosen, mets, findings, found)
    if not mains:
        return
    divisions = _sort(mains[0], mets, package)
    _metadata(mains[0], divisions, mets, findings)
    for codes in _LINKED:
        _linked(codes, mains[0], divisions, mets, findings)
    covered = _representations(divisions, mets, package, findings)
    if mets.is_package:
        _each_representation(covered, divisions, mets, package, findings)


def _which_map(chosen: etree._Element, mets: Mets, findings: Findings) -> None:
    label, kind = chosen.get("LABEL"), chosen.get("TYPE")
    if kind != "PHYSICAL":
        found = "" if kind is None else f'@TYPE="{kind}"'
        _tell("CSIP81", Severity.ERROR, chosen, mets, findings, found)
    if label != "CSIP":
        found = "" if label is None else f'@LABEL="{label}"'
        _tell("CSIP82", Severity.ERROR, chosen, mets, findings, found)
        return
    maps = [m for m in mets.root.iterfind("m:structMap", NAMESPACES) if m.get("LABEL") == "CSIP"]
    if len(maps) > 1:
        _tell("CSIP82", Severity.ERROR, chosen, mets, findings, f"structMap ×{len(maps)}")


def _sort(main: etree._Element, mets: Mets, package: Package) -> _Divisions:
    labelled: dict[str, list[etree._Element]] = {label: [] for label in _LABELS}
    representations, own = [], []
    for div in main.iterfind("m:div", NAMESPACES):
        label = div.get("LABEL") or ""
        if label in labelled:
            labelled[label].append(div)
        elif _is_representation(div, mets, package):
            representations.append(div)
        else:
            own.append(div)
    groups = {
        group.get("ID") or "": kind_of_group(group.get("USE") or "")
        for group in groups_of(mets)
        if group.get("ID")
    }
    pointers = main.iterfind("m:div/m:mptr", NAMESPACES)
    titles = frozenset(pointer.get(_TITLE) or "" for pointer in pointers)
    named = frozenset(pointer.get("FILEID") or "" for pointer in main.iter(clark("m:fptr")))
    return _Divisions(labelled, representations, own, groups, titles, named)


def _is_representation(div: etree._Element, mets: Mets, package: Package) -> bool:
    """It has an mptr, or names a representation whose METS lies there, or points to nothing at all.

    A representation without a METS may be described in divisions of the package's own METS.
    """
    if div.find("m:mptr", NAMESPACES) is not None:
        return True
    first, _, rest = (div.get("LABEL") or "").partition("/")
    if first != "Representations" or not rest:
        return False
    if mets.is_package and f"representations/{rest.strip('/')}/{METS}" in package.files:
        return True
    return next(div.iter(clark("m:fptr")), None) is None


def _metadata(main: etree._Element, divisions: _Divisions, mets: Mets, findings: Findings) -> None:
    """CSIP88, 90, 91, 92."""
    found = divisions.labelled["Metadata"]
    if len(found) != 1:
        _tell("CSIP88", Severity.ERROR, main, mets, findings, f"div ×{len(found)}" if found else "")
    if not found:
        near = [d for d in divisions.own if _means_metadata(d)]
        shown = f'@LABEL="{near[0].get("LABEL") or ""}"' if near else ""
        _tell("CSIP90", Severity.ERROR, near[0] if near else main, mets, findings, shown)
        return
    whole = {s.get("ID") or "": s for s in mets.root.iterfind("m:amdSec", NAMESPACES)}
    whole.pop("", None)
    named = " ".join(div.get("ADMID") or "" for div in found).split()
    covered = {child.get("ID") or "" for name in set(named) & whole.keys() for child in whole[name]}
    administrative = _statuses(mets.root.iterfind("m:amdSec/*", NAMESPACES))
    descriptive = _statuses(mets.root.iterfind("m:dmdSec", NAMESPACES))
    _names_all("CSIP91", "ADMID", found, administrative, covered | whole.keys(), mets, findings)
    _names_all("CSIP92", "DMDID", found, descriptive, set(), mets, findings)


def _statuses(sections: Iterator[etree._Element]) -> dict[str, str]:
    """@STATUS by @ID, of those sections that have an ID."""
    return {s.get("ID") or "": s.get("STATUS") or "" for s in sections if s.get("ID")}


def _names_all(
    code: str,
    attribute: str,
    divs: Sequence[etree._Element],
    sections: Mapping[str, str],
    also_right: set[str],
    mets: Mets,
    findings: Findings,
) -> None:
    """Every current section is named, and nothing is named that is no such section."""
    given = [div.get(attribute) for div in divs]
    named = " ".join(value or "" for value in given).split()
    current = {i for i, status in sections.items() if status != "SUPERSEDED"} - also_right
    if current and all(value is None for value in given):
        _tell(code, Severity.WARNING, divs[0], mets, findings, "")
        return
    known = set(named)
    for name in sorted(current - known):
        _tell(code, Severity.WARNING, divs[0], mets, findings, f"@{attribute} ∌ {name}")
    for name in sorted(known - sections.keys() - also_right):
        _tell(code, Severity.ERROR, divs[0], mets, findings, f"@{attribute} ∋ {name}")


def _means_metadata(div: etree._Element) -> bool:
    label = (div.get("LABEL") or "").casefold()
    return "metadata" in label or bool(div.get("ADMID")) or bool(div.get("DMDID"))


def _linked(
    codes: tuple[str, str, str, str, str],
    main: etree._Element,
    divisions: _Divisions,
    mets: Mets,
    findings: Findings,
) -> None:
    """One of the divisions that point to file groups: that it is there, and what it points to."""
    label, presence, naming, pointing, target = codes
    groups = {i for i, kind in divisions.groups.items() if kind == label}
    if label == "Representations":  # those with a division of their own
        groups -= divisions.titles
    divs = divisions.labelled[label]
    replaced = label == "Representations" and any(
        (div.get("LABEL") or "").startswith("Representations/")
        for div in (*divisions.representations, *divisions.own)
    )
    if not divs and not replaced and (groups or mets.is_package):
        _tell(presence, Severity.WARNING, main, mets, findings, "")
    if len(divs) > 1:
        _tell(presence, Severity.ERROR, divs[1], mets, findings, f"div ×{len(divs)}")
    for div in divisions.own:
        if any(p.get("FILEID") in groups for p in div.iterfind("m:fptr", NAMESPACES)):
            shown = f'@LABEL="{div.get("LABEL") or ""}"'
            _tell(naming, Severity.ERROR, div, mets, findings, shown)
    named: set[str] = set()
    for div in divs:
        pointers = div.findall("m:fptr", NAMESPACES)
        for pointer in pointers:
            name = pointer.get("FILEID")
            if name is None:
                _tell(target, Severity.ERROR, pointer, mets, findings, "")
            elif divisions.groups.get(name) != label:
                _tell(target, Severity.ERROR, pointer, mets, findings, f'@FILEID="{name}"')
            else:
                named.add(name)
        if not pointers and groups:
            _tell(pointing, Severity.WARNING, div, mets, findings, "")
    for group in sorted(groups - named - divisions.named):
        _tell(target, Severity.ERROR, main, mets, findings, f"fileGrp {group}: 0 fptr")


def _representations(
    divisions: _Divisions, mets: Mets, package: Package, findings: Findings
) -> set[str]:
    """CSIP107 to 110 of each representation's division; the folders whose METS they point to."""
    covered: set[str] = set()
    wanted = {i for i, kind in divisions.groups.items() if kind == "Representations"}
    own = [(div, True) for div in divisions.representations]
    shared = [(div, False) for div in divisions.labelled["Representations"]]
    for div, is_own in (*own, *shared):
        pointers = div.findall("m:mptr", NAMESPACES)
        if is_own:
            _own_division(div, len(pointers), mets, package, findings)
        for pointer in pointers:
            title, href = pointer.get(_TITLE), pointer.get(_HREF)
            if title not in wanted:
                shown = "" if title is None else f'@title="{title}"'
                _tell("CSIP108", Severity.ERROR, pointer, mets, findings, shown)
            path = resolve(mets.folder, href or "", package.files)
            if path is None or path.rpartition("/")[2] != METS:
                shown = "" if href is None else f'@href="{href}"'
                _tell("CSIP110", Severity.ERROR, pointer, mets, findings, shown)
            else:
                covered.add(path.rpartition("/")[0])
    return covered


def _own_division(
    div: etree._Element, pointers: int, mets: Mets, package: Package, findings: Findings
) -> None:
    """CSIP107 and 109."""
    label = div.get("LABEL") or ""
    folder = "representations/" + label.partition("/")[2].strip("/")
    if not label.startswith("Representations/") or (
        mets.is_package and f"{folder}/{METS}" not in package.files
    ):
        shown = f'@LABEL="{label}"' if label else ""
        _tell("CSIP107", Severity.ERROR, div, mets, findings, shown)
    if pointers != 1:
        shown = f"mptr ×{pointers}" if pointers else ""
        _tell("CSIP109", Severity.ERROR, div, mets, findings, shown)


def _each_representation(
    covered: set[str], divisions: _Divisions, mets: Mets, package: Package, findings: Findings
) -> None:
    """CSIP105: a representation with a METS has a division; a single one may be in Representations."""
    with_mets = [r for r in package.representations if f"{r}/{METS}" in package.files]
    if len(with_mets) == 1 and divisions.labelled["Representations"]:
        return
    for folder in with_mets:
        if folder not in covered:
            findings.add("CSIP105", Severity.WARNING, mets.path, found=folder)


def _tell(
    code: str,
    severity: Severity,
    element: etree._Element,
    mets: Mets,
    findings: Findings,
    found: str,
) -> None:
    reason = "" if found else "absent"
    findings.add(code, severity, mets.path, at=element, found=found, reason=reason)
