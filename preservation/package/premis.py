"""PREMIS 3.0: the package as a whole (PREMIS.xml), its representation's files (PREMIS_rep1.xml).

Valid against the Library of Congress schema; object categories are `xsi:type`, as PREMIS 3 has them,
and not the element of the circular's examples, which no PREMIS has. Identifiers of files are the object
id and the path in the package.
"""

from __future__ import annotations

from typing import Final

from preservation.dossier import Dossier, ReceivedFile, SignatureFact
from preservation.package.identifiers import Names
from preservation.package.layout import CONTENT_ROLES, PAYLOAD, REP
from preservation.package.premis_events import (
    Agent,
    PremisEvent,
    package_events,
    source_identifier,
)
from preservation.package.record_json import Record
from preservation.package.times import package_time
from preservation.package.xml_text import XmlText

_ROOT: Final = {
    "xmlns": "http://www.loc.gov/premis/v3",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "version": "3.0",
}
_LOCATION: Final = "http://www.loc.gov/premis/v3 {up}schemas/PREMIS.xsd"
_FIXITY: Final = (("sha256", "SHA-256"), ("sha512", "SHA-512"))


def package_premis(record: Record, names: Names) -> bytes:
    """PREMIS.xml: the dossier and the SIP it came from, every event, every agent."""
    dossier = record.dossier
    events = package_events(record, names)
    document = XmlText()
    location = {"xsi:schemaLocation": _LOCATION.format(up="../../")}
    with document.element("premis", _ROOT | location):
        with document.element("object", {"xsi:type": "intellectualEntity"}):
            _identifier(document, "object", "URN", dossier.object_id)
            _identifier(document, "object", "fileCode", dossier.file_code)
            if dossier.arc_file_code:
                _identifier(document, "object", "arcFileCode", dossier.arc_file_code)
            document.leaf("originalName", dossier.title)
            _relationship(
                document, "structural", "is represented by", "URI", _rep_identifier(dossier)
            )
            _relationship(document, "derivation", "has source", "SIP", source_identifier(dossier))
            for event in events:
                _link(document, "Event", "UUID", event.identifier)
        with document.element("object", {"xsi:type": "intellectualEntity"}):
            _identifier(document, "object", "SIP", source_identifier(dossier))
            _identifier(document, "object", "transfer", dossier.submission.transfer_id)
            document.leaf("originalName", dossier.submission.container_name)
        for event in events:
            _event(document, event, dossier, names)
        for agent in _agents(events):
            _agent(document, agent, names)
    return document.data()


def representation_premis(record: Record, names: Names) -> bytes:
    """PREMIS_rep1.xml: the representation, and one object for each of its files."""
    dossier = record.dossier
    linked = [event.identifier for event in package_events(record, names) if event.files]
    document = XmlText()
    location = {"xsi:schemaLocation": _LOCATION.format(up="../../../../")}
    with document.element("premis", _ROOT | location):
        with document.element("object", {"xsi:type": "representation"}):
            _identifier(document, "object", "URI", _rep_identifier(dossier))
            _relationship(document, "structural", "represents", "URN", dossier.object_id)
        for file in dossier.files:
            if file.role in CONTENT_ROLES:
                _file(document, file, dossier, linked)
    return document.data()


def _file(
    document: XmlText, file: ReceivedFile, dossier: Dossier, linked_events: list[str]
) -> None:
    with document.element("object", {"xsi:type": "file"}):
        place = file.stored_path.removeprefix(PAYLOAD)
        _identifier(document, "object", "URI", f"{dossier.object_id}/{place}")
        _properties(document, file)
        with document.element("objectCharacteristics"):
            document.leaf("compositionLevel", "0")
            for algorithm, name in _FIXITY:
                with document.element("fixity"):
                    document.leaf("messageDigestAlgorithm", name)
                    document.leaf("messageDigest", file.digests[algorithm])
            document.leaf("size", str(file.size))
            _format(document, file)
        document.leaf("originalName", file.received_path)
        for signature in file.signatures.found if file.signatures else ():
            _signature(document, signature)
        _relationship(document, "structural", "is included in", "URI", _rep_identifier(dossier))
        for identifier in linked_events:
            _link(document, "Event", "UUID", identifier)


def _format(document: XmlText, file: ReceivedFile) -> None:
    """What was identified; else what the sender said it was; else that it is not known."""
    fact = file.format
    with document.element("format"):
        with document.element("formatDesignation"):
            known = fact.name or fact.mime if fact is not None else file.mime_given
            document.leaf("formatName", known or "UNKNOWN")
            if fact is not None and fact.version:
                document.leaf("formatVersion", fact.version)
        if fact is None:
            document.leaf("formatNote", "as stated by the sender" if known else "not identified")
            return
        if fact.puid and fact.puid != "UNKNOWN":
            with document.element("formatRegistry"):
                document.leaf("formatRegistryName", "PRONOM")
                document.leaf("formatRegistryKey", fact.puid)
                document.leaf("formatRegistryRole", "specification")
        note = f"{fact.tool} with {fact.signature}: {fact.basis}"
        document.leaf("formatNote", f"{note}; {fact.warning}" if fact.warning else note)


def _properties(document: XmlText, file: ReceivedFile) -> None:
    """What reading the file whole said about its content; nothing when it was not looked at."""
    if file.structure is None:
        return
    told = {"structure": file.structure.verdict.value, **file.structure.properties}
    for name in sorted(told):
        with document.element("significantProperties"):
            document.leaf("significantPropertiesType", name)
            document.leaf("significantPropertiesValue", told[name])


def _signature(document: XmlText, signature: SignatureFact) -> None:
    """A signature that the file carries, and what was judged of it on the day of intake."""
    if not signature.value:
        return  # PREMIS has no place for a signature without one; the event counts it
    with document.element("signatureInformation"), document.element("signature"):
        document.leaf("signatureEncoding", "base64")
        if signature.signer:
            document.leaf("signer", signature.signer)
        document.leaf("signatureMethod", signature.algorithm or "not stated")
        document.leaf("signatureValue", signature.value)
        document.leaf("signatureValidationRules", "ETSI EN 319 102-1")
        verdict = " ".join(part for part in (signature.verdict.value, signature.reason) if part)
        document.leaf("signatureProperties", f"{verdict}; {signature.kind} at {signature.place}")


def _event(document: XmlText, event: PremisEvent, dossier: Dossier, names: Names) -> None:
    with document.element("event"):
        _identifier(document, "event", "UUID", event.identifier)
        document.leaf("eventType", event.type)
        document.leaf("eventDateTime", package_time(event.at))
        with document.element("eventDetailInformation"):
            document.leaf("eventDetail", event.detail)
        with document.element("eventOutcomeInformation"):
            document.leaf("eventOutcome", event.outcome.value)
            if event.outcome_note:
                with document.element("eventOutcomeDetail"):
                    document.leaf("eventOutcomeDetailNote", event.outcome_note)
        for agent, role in event.agents:
            if not agent.name:
                continue  # the record does not say who
            _link(document, "Agent", "UUID", _agent_identifier(agent, names), role)
        for identifier, role in event.about:
            kind = "URN" if identifier == dossier.object_id else "SIP"
            _link(document, "Object", kind, identifier, role)


def _agents(events: tuple[PremisEvent, ...]) -> list[Agent]:
    acting = (agent for event in events for agent, _ in event.agents)
    return list(dict.fromkeys(agent for agent in acting if agent.name))


def _agent(document: XmlText, agent: Agent, names: Names) -> None:
    with document.element("agent"):
        _identifier(document, "agent", "UUID", _agent_identifier(agent, names))
        document.leaf("agentName", agent.name)
        if agent.kind:
            document.leaf("agentType", agent.kind)
        if agent.version:
            document.leaf("agentVersion", agent.version)


def _agent_identifier(agent: Agent, names: Names) -> str:
    return names.uuid("agent", f"{agent.kind}\n{agent.name}\n{agent.version}")


def _rep_identifier(dossier: Dossier) -> str:
    return f"{dossier.object_id}/{REP.removeprefix(PAYLOAD).rstrip('/')}"


def _identifier(document: XmlText, of: str, kind: str, value: str) -> None:
    with document.element(f"{of}Identifier"):
        document.leaf(f"{of}IdentifierType", kind)
        document.leaf(f"{of}IdentifierValue", value)


def _relationship(document: XmlText, kind: str, subtype: str, of: str, value: str) -> None:
    with document.element("relationship"):
        document.leaf("relationshipType", kind)
        document.leaf("relationshipSubType", subtype)
        with document.element("relatedObjectIdentifier"):
            document.leaf("relatedObjectIdentifierType", of)
            document.leaf("relatedObjectIdentifierValue", value)


def _link(document: XmlText, to: str, kind: str, value: str, role: str = "") -> None:
    with document.element(f"linking{to}Identifier"):
        document.leaf(f"linking{to}IdentifierType", kind)
        document.leaf(f"linking{to}IdentifierValue", value)
        if role:
            document.leaf(f"linking{to}Role", role)
