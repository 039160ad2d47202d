"""CSIPSTR1–16: the folders. Core. CSIPSTR1 of an archive is judged where the archive is opened.

A SHOULD that depends on "if available" (CSIPSTR6, 7, 15, 16) is a warning only when something shows
that the matter is there but lies elsewhere; else that there is none is an information.
"""

from __future__ import annotations

from typing import Final

from ingest.eark.findings import Findings
from ingest.eark.package import METS, Package
from repository.problems import Severity

_KINDS_OF_METADATA: Final = frozenset({"descriptive", "preservation", "other"})


def check_structure(package: Package, findings: Findings) -> None:
    """Judge folders and places; what METS says of them is not needed."""
    for folder, code in (("metadata", "CSIPSTR5"), ("representations", "CSIPSTR9")):
        if folder not in package.folders:
            findings.add(code, Severity.WARNING, "", reason="absent")
    _metadata(package, findings)
    _representations(package, findings)
    _beside(package, "schemas", "CSIPSTR15", findings)
    _beside(package, "documentation", "CSIPSTR16", findings)


def check_object_id(package: Package, matches: bool, objid: str, findings: Findings) -> None:
    """CSIPSTR2, once the METS has said what the package is called."""
    if not matches:
        found = f"{package.name} ≠ {objid}"
        findings.add("CSIPSTR2", Severity.WARNING, METS, found=found)


def _metadata(package: Package, findings: Findings) -> None:
    """CSIPSTR6 and 7: what lies elsewhere in `metadata` is taken for the missing folder's."""
    strange = sorted(
        {f.split("/")[1] for f in package.folders if f.startswith("metadata/")}
        | {p.split("/")[1] for p in package.files if p.startswith("metadata/")}
    )
    strange = [n for n in strange if n not in _KINDS_OF_METADATA and not n.startswith(".")]
    for kind, code in (("preservation", "CSIPSTR6"), ("descriptive", "CSIPSTR7")):
        if f"metadata/{kind}" in package.folders:
            continue
        if strange:
            findings.add(code, Severity.WARNING, "metadata", found=", ".join(strange[:5]))
        else:
            findings.add(code, Severity.INFO, "metadata", reason="absent")


def _representations(package: Package, findings: Findings) -> None:
    """CSIPSTR10 to 13."""
    loose = [
        path
        for path in package.files
        if path.startswith("representations/")
        and path.count("/") == 1
        and not path.partition("/")[2].startswith(".")
    ]
    for path in loose:
        findings.add("CSIPSTR10", Severity.WARNING, "representations", found=path)
    if "representations" in package.folders and not package.representations:
        findings.add("CSIPSTR10", Severity.WARNING, "representations", reason="absent")
    for folder in package.representations:
        for name, code in (("data", "CSIPSTR11"), ("metadata", "CSIPSTR13")):
            if f"{folder}/{name}" not in package.folders:
                findings.add(code, Severity.WARNING, folder, reason="absent")
        if f"{folder}/{METS}" not in package.files:
            findings.add("CSIPSTR12", Severity.WARNING, folder, reason="absent")


def _beside(package: Package, folder: str, code: str, findings: Findings) -> None:
    """CSIPSTR15 and 16: in the root or in a representation; a name that nearly fits is a warning."""
    homes = ("", *(f"{r}/" for r in package.representations))
    if any(home + folder in package.folders for home in homes):
        return
    near = [
        other
        for other in sorted(package.folders)
        if other.count("/") in (0, 2) and folder in other.rpartition("/")[2].casefold()
    ]
    if folder == "schemas":
        near += [path for path in package.files if path.casefold().endswith(".xsd")][:5]
    if near:
        findings.add(code, Severity.WARNING, "", found=", ".join(near[:5]))
    else:
        findings.add(code, Severity.INFO, "", reason="absent")
