"""One package judged by all rules: CSIP for each METS, SIP for a SIP. Core.

All versions from 2.0 are judged by the rules of the newest, 2.2.0. A profile of a later version is
judged by them too and said so. "MUST" inside an optional section binds only where the section is.
The package comes as an `ObjectTree`, and nothing raises for what is in it.
"""

from __future__ import annotations

import re
from typing import Final

from ingest.eark.agents import check_sip_agents, check_software_agent
from ingest.eark.files import References
from ingest.eark.findings import Findings
from ingest.eark.package import METS, Mets, look, metses
from ingest.eark.rules import Rule, clark, rules
from ingest.eark.sections import check_sections
from ingest.eark.sip import SIP_PROFILE, check_sip
from ingest.eark.struct_map import check_struct_map
from ingest.eark.structure import check_structure
from ingest.eark.table import check_table
from repository.ocfl.tree import ObjectTree
from repository.problems import Report, Severity

NEWEST: Final = (2, 2)
NEWEST_NAME: Final = "2.2.0"
_PROFILE: Final = re.compile(
    r"https?://eark(?:csip|sip|aip|dip)\.dilcis\.eu/profile/?E-ARK-[A-Z]+(?:-v(\d{1,4})-(\d{1,4})-\d{1,4})?\.xml",
    re.ASCII,
)
_PACKAGE_TYPE: Final = clark("csip:OAISPACKAGETYPE")


def judge_package(tree: ObjectTree, name: str) -> Report:
    """All findings about the package whose root folder is called `name`.

    Every byte with a checksum is read. What could not be read or was beyond a bound is an error of its
    own, never silence. Raises only what the tree itself raises while listing.
    """
    findings = Findings()
    package = look(tree, name, findings)
    check_structure(package, findings)
    common = [rule for rule in rules().values() if not _is_of_sip(rule)]
    references = References(package, findings)
    judged = 0
    for mets in metses(package, findings):
        judged += 1
        check_table(mets, common, findings)
        check_software_agent(mets, findings)
        check_sections(mets, package, findings)
        check_struct_map(mets, package, findings)
        if mets.is_package:
            _profile(mets, findings)
            _sip(mets, findings)
        references.gather(mets)
    if judged:
        references.check_bytes()
        references.check_unnamed()
    else:
        findings.add("EARK-NO-METS", Severity.INFO, METS)
    return findings.report()


def _profile(mets: Mets, findings: Findings) -> None:
    """Which version is claimed, and that a later one, or a profile of others, was judged by ours."""
    profile = (mets.root.get("PROFILE") or "").strip()
    match = _PROFILE.fullmatch(profile) if len(profile) <= 2_000 else None
    if match is None:
        if profile:
            findings.add(
                "EARK-PROFILE", Severity.INFO, mets.path, value=profile[:200], judged=NEWEST_NAME
            )
        return
    if match[1] and (int(match[1]), int(match[2])) > NEWEST:
        version = f"{int(match[1])}.{int(match[2])}"
        findings.add("EARK-VERSION", Severity.INFO, mets.path, version=version, judged=NEWEST_NAME)


def _sip(mets: Mets, findings: Findings) -> None:
    """The rules of the SIP, for a package that claims to be one by its profile or its type.

    One that only says so by its type and claims the common profile is a valid CSIP package, so these
    rules then weigh no more than a warning.
    """
    profile = (mets.root.get("PROFILE") or "").strip()[:2_000]
    by_profile = SIP_PROFILE.fullmatch(profile) is not None
    types = [header.get(_PACKAGE_TYPE) for header in mets.root.iter(clark("m:metsHdr"))]
    if not by_profile and "SIP" not in types:
        return
    if not by_profile and "earkcsip" in profile:
        findings.add("EARK-SIP-BY-TYPE", Severity.INFO, mets.path)
        findings.severest = Severity.WARNING
    check_table(mets, [rule for rule in rules().values() if _is_of_sip(rule)], findings)
    check_sip(mets, findings)
    check_sip_agents(mets, findings)
    findings.severest = Severity.ERROR


def _is_of_sip(rule: Rule) -> bool:
    return rule.id.startswith("SIP")
