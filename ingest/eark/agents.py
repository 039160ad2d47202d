"""The agents of metsHdr: the software (CSIP10–16) and the parties of a SIP (SIP9–31). Core.

The standard binds "the mandatory agent", so the rules are about one agent: the one that comes
closest to being the software's. Only when none does are several rules told at once. The parties of a
SIP are known by @ROLE and @TYPE alone: archival creator and submitter can both be a CREATOR that is an
ORGANIZATION (as in SIP 2.0), and then what is wrong with such an agent is told for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lxml import etree

from ingest.eark.findings import Findings
from ingest.eark.package import Mets
from ingest.eark.rules import NAMESPACES, clark, severity_of
from repository.problems import Severity

_NOTETYPE: Final = clark("csip:NOTETYPE")
_SOFTWARE: Final = (
    ("CSIP11", "ROLE", "CREATOR"),
    ("CSIP12", "TYPE", "OTHER"),
    ("CSIP13", "OTHERTYPE", "SOFTWARE"),
)
_CREATOR, _SUBMITTER, _CONTACT, _PRESERVER = "SIP9", "SIP15", "SIP21", "SIP26"


def check_software_agent(mets: Mets, findings: Findings) -> None:
    """CSIP10 to 16. A METS without header has its finding already."""
    header = mets.root.find("m:metsHdr", NAMESPACES)
    if header is None:
        return
    agents = header.findall("m:agent", NAMESPACES)
    if not agents:
        findings.add("CSIP10", Severity.ERROR, mets.path, at=header, reason="absent")
        return
    most = max(_likeness(agent) for agent in agents)
    closest = [agent for agent in agents if _likeness(agent) == most]
    if most == len(_SOFTWARE):
        agent = min(closest, key=lambda a: len(_faults(a)))
        for code, found in _faults(agent):
            _tell(code, agent, found, mets, findings)
        return
    for agent in closest:
        for code, name, wanted in _SOFTWARE:
            value = agent.get(name)
            if value != wanted:
                found = "" if value is None else f'@{name}="{value}"'
                _tell(code, agent, found, mets, findings)
    if most:
        for code, found in min((_faults(agent) for agent in closest), key=len):
            _tell(code, closest[0], found, mets, findings)
    else:
        findings.add("CSIP10", Severity.ERROR, mets.path, at=header, reason="absent")


def check_sip_agents(mets: Mets, findings: Findings) -> None:
    """SIP9 to 31."""
    agents = [
        agent
        for agent in mets.root.iterfind("m:metsHdr/m:agent", NAMESPACES)
        if agent.get("OTHERTYPE") != "SOFTWARE"
    ]
    parties: dict[str, list[etree._Element]] = {
        party: [] for party in (_CREATOR, _SUBMITTER, _CONTACT, _PRESERVER)
    }
    bodies = sum(1 for a in agents if (a.get("ROLE"), a.get("TYPE")) == ("CREATOR", "ORGANIZATION"))
    archivist = any(agent.get("ROLE") == "ARCHIVIST" for agent in agents)
    for agent in agents:
        for party in _parties(agent, several=bodies > 1 and not archivist):
            parties[party].append(agent)
    if not parties[_SUBMITTER]:  # a person may submit
        parties[_SUBMITTER] = parties[_CONTACT]
    for party, code in (
        (_CREATOR, "SIP9"),
        (_SUBMITTER, "SIP15"),
        (_CONTACT, "SIP21"),
        (_PRESERVER, "SIP26"),
    ):
        if not parties[party]:
            findings.add(code, severity_of(code), mets.path, reason="absent")
    _party(parties[_CREATOR], 10, ("ORGANIZATION", "INDIVIDUAL"), mets, findings)
    _party(parties[_SUBMITTER], 16, ("ORGANIZATION", "INDIVIDUAL"), mets, findings)
    _party(parties[_CONTACT], 22, ("INDIVIDUAL",), mets, findings)
    _party(parties[_PRESERVER], 27, ("ORGANIZATION",), mets, findings)


def _parties(agent: etree._Element, *, several: bool) -> Sequence[str]:
    """Whose agent it can be."""
    role, kind, other = agent.get("ROLE"), agent.get("TYPE"), agent.get("OTHERROLE")
    if role == "ARCHIVIST":
        return (_CREATOR,)
    if role == "PRESERVATION":
        return (_PRESERVER,)
    if role == "OTHER" and (other or "").upper() == "SUBMITTER":
        return (_SUBMITTER, _CONTACT) if kind == "INDIVIDUAL" else (_SUBMITTER,)
    if kind == "INDIVIDUAL" and role in (None, "", "CREATOR", "EDITOR"):
        return (_CONTACT,)
    if role in (None, ""):
        return (_CREATOR, _SUBMITTER, _PRESERVER)
    if role == "CREATOR" and kind != "ORGANIZATION":
        return (_CREATOR, _SUBMITTER, _CONTACT)
    if role == "CREATOR":
        return (_CREATOR, _SUBMITTER) if several else (_SUBMITTER,)
    return ()


def _party(
    agents: Sequence[etree._Element],
    first: int,
    kinds: Sequence[str],
    mets: Mets,
    findings: Findings,
) -> None:
    """The rules of one party: role, type, name, note, and the type of the note."""
    contact = first == 22
    noted = False
    for agent in agents:
        role, kind = agent.get("ROLE"), agent.get("TYPE")
        as_submitter = contact and (agent.get("OTHERROLE") or "").upper() == "SUBMITTER"
        if not role or (contact and role != "CREATOR" and not as_submitter):
            found = "" if role is None else f'@ROLE="{role}"'
            _tell(f"SIP{first}", agent, found, mets, findings)
        if kind not in kinds:
            found = "" if kind is None else f'@TYPE="{kind}"'
            _tell(f"SIP{first + 1}", agent, found, mets, findings)
        fault = _one_text(agent, "name")
        if fault is not None:
            _tell(f"SIP{first + 2}", agent, fault, mets, findings)
        notes = agent.findall("m:note", NAMESPACES)
        noted = noted or bool(notes)
        for note in notes:
            typed = note.get(_NOTETYPE)
            if not (note.text or "").strip():
                code = f"SIP{first + 3}"
                findings.add(code, Severity.WARNING, mets.path, at=note, found='""')
            if not contact and typed != "IDENTIFICATIONCODE":
                found = "" if typed is None else f'@NOTETYPE="{typed}"'
                _tell(f"SIP{first + 4}", note, found, mets, findings)
    if agents and not noted:
        findings.add(f"SIP{first + 3}", Severity.INFO, mets.path, reason="absent")


def _likeness(agent: etree._Element) -> int:
    return sum(1 for _, name, wanted in _SOFTWARE if agent.get(name) == wanted)


def _faults(agent: etree._Element) -> list[tuple[str, str]]:
    """CSIP14 to 16 of one agent, as (rule, what is there)."""
    found = []
    name = _one_text(agent, "name")
    if name is not None:
        found.append(("CSIP14", name))
    note = _one_text(agent, "note")
    if note is not None:
        found.append(("CSIP15", note))
    notes = agent.findall("m:note", NAMESPACES)
    types = [n.get(_NOTETYPE) for n in notes]
    if notes and "SOFTWARE VERSION" not in types:
        found.append(("CSIP16", "" if types[0] is None else f'@NOTETYPE="{types[0]}"'))
    return found


def _one_text(agent: etree._Element, child: str) -> str | None:
    """None when there is exactly one such child with text; else what there is, empty for nothing."""
    children = agent.findall(f"m:{child}", NAMESPACES)
    if not children:
        return ""
    if len(children) > 1:
        return f"{child} ×{len(children)}"
    return None if (children[0].text or "").strip() else f'{child}=""'


def _tell(code: str, element: etree._Element, found: str, mets: Mets, findings: Findings) -> None:
    reason = "" if found else "absent"
    findings.add(code, Severity.ERROR, mets.path, at=element, found=found, reason=reason)
