"""What only a SIP must be: SIP2 and SIP5–8. Core. Its agents are in `ingest.eark.agents`."""

from __future__ import annotations

import re
from typing import Final

from ingest.eark.findings import Findings
from ingest.eark.package import Mets
from ingest.eark.rules import NAMESPACES, rules
from repository.problems import Severity

SIP_PROFILE: Final = re.compile(
    r"https?://earksip\.dilcis\.eu/profile/?E-ARK-SIP(-v\d+-\d+-\d+)?\.xml", re.ASCII
)


def check_sip(mets: Mets, findings: Findings) -> None:
    """Judge the package's METS."""
    profile = mets.root.get("PROFILE")
    if profile is None or len(profile) > 2_000 or SIP_PROFILE.fullmatch(profile.strip()) is None:
        found = "" if profile is None else f'@PROFILE="{profile}"'
        reason = "" if found else "absent"
        findings.add("SIP2", Severity.ERROR, mets.path, found=found, reason=reason)
    for rule in rules().values():
        if rule.check == "sip" and rule.type:
            _alternative(rule.id, rule.type, rule.at_most, mets, findings)


def _alternative(code: str, kind: str, most: int | None, mets: Mets, findings: Findings) -> None:
    found = [
        record
        for record in mets.root.iterfind("m:metsHdr/m:altRecordID", NAMESPACES)
        if record.get("TYPE") == kind
    ]
    if not found:
        findings.add(code, Severity.INFO, mets.path, reason="absent")
    if most is not None and len(found) > most:
        shown = f"altRecordID ×{len(found)}"
        findings.add(code, Severity.WARNING, mets.path, at=found[1], found=shown)
    for record in found:
        if not (record.text or "").strip():
            findings.add(code, Severity.WARNING, mets.path, at=record, found='""')
