"""A package that keeps every rule, made in memory from a METS written as text, for a test to change.

Two representations with METS of their own, documentation, schemas, descriptive, preservation and rights
metadata, and all that a SIP may say. `made` puts sizes and checksums where the METS says `{…}`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

NAME = "urn+uuid+4422c185"
NAMESPACES = (
    'xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" '
    'xmlns:sip="https://DILCIS.eu/XML/METS/SIPExtensionMETS"'
)
T = "2026-11-22T08:00:00+07:00"
FORMAT = (
    'sip:FILEFORMATNAME="Text" sip:FILEFORMATVERSION="1" '
    'sip:FILEFORMATREGISTRY="PRONOM" sip:FILEFORMATKEY="x-fmt/111"'
)
DESCRIBED = FORMAT + ' OWNERID="o1" ADMID="prov" DMDID="dmd"'
SOFTWARE = (
    '<agent ROLE="CREATOR" TYPE="OTHER" OTHERTYPE="SOFTWARE"><name>Kho</name>'
    '<note csip:NOTETYPE="SOFTWARE VERSION">1.0</note></agent>'
)


def _party(
    role: str, kind: str, name: str, note: str = ' csip:NOTETYPE="IDENTIFICATIONCODE"'
) -> str:
    return (
        f'<agent ROLE="{role}" TYPE="{kind}"><name>{name}</name><note{note}>H{name}</note></agent>'
    )


def _ref(path: str, kind: str) -> str:
    return (
        f'<mdRef LOCTYPE="URL" xlink:type="simple" xlink:href="{path}" MDTYPE="{kind}" '
        f'MIMETYPE="text/xml" {{{path}}} CREATED="{T}"/>'
    )


def _file(ident: str, path: str, more: str = "", mime: str = "text/plain") -> str:
    return (
        f'<file ID="{ident}" MIMETYPE="{mime}" {{{path}}} CREATED="{T}" {more}>'
        f'<FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="{path}"/></file>'
    )


def _mets(objid: str, body: str, agents: str = "", header: str = "", more: str = "") -> str:
    return (
        f'<mets {NAMESPACES} OBJID="{objid}" TYPE="Mixed" LABEL="L" '
        'csip:CONTENTINFORMATIONTYPE="MIXED" '
        f'PROFILE="https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml">\n'
        f'<metsHdr CREATEDATE="{T}" LASTMODDATE="{T}" RECORDSTATUS="NEW" '
        f'csip:OAISPACKAGETYPE="SIP">{SOFTWARE}{agents}{header}</metsHdr>\n{body}</mets>'
    )


def _representation(name: str) -> str:
    return _mets(
        name,
        '<fileSec ID="fs"><fileGrp ID="g" USE="Representations/data" '
        'csip:CONTENTINFORMATIONTYPE="OTHER" csip:OTHERCONTENTINFORMATIONTYPE="TT05">'
        f"{_file('f1', 'data/một.txt')}{_file('f2', 'metadata/x.txt')}</fileGrp></fileSec>\n"
        '<structMap ID="sm" TYPE="PHYSICAL" LABEL="CSIP"><div ID="d0">'
        '<div ID="d1" LABEL="Metadata"/><div ID="d2" LABEL="Representations">'
        '<fptr FILEID="g"/></div></div></structMap>',
    )


PARTIES = (
    _party("ARCHIVIST", "ORGANIZATION", "UBND")
    + _party("CREATOR", "ORGANIZATION", "So")
    + _party("CREATOR", "INDIVIDUAL", "An", "")
    + _party("PRESERVATION", "ORGANIZATION", "TTLT")
)
RECORDS = "".join(
    f'<altRecordID TYPE="{kind}">1</altRecordID>'
    for kind in (
        "SUBMISSIONAGREEMENT",
        "PREVIOUSSUBMISSIONAGREEMENT",
        "REFERENCECODE",
        "PREVIOUSREFERENCECODE",
    )
)
ROOT = _mets(
    "urn:uuid:4422c185",
    f'<dmdSec ID="dmd" CREATED="{T}" STATUS="CURRENT">'
    f"{_ref('metadata/descriptive/ead.xml', 'EAD')}</dmdSec>\n"
    '<amdSec><rightsMD ID="rights" STATUS="CURRENT">'
    f"{_ref('metadata/other/rights.xml', 'OTHER')}</rightsMD>"
    '<digiprovMD ID="prov" STATUS="CURRENT">'
    f"{_ref('metadata/preservation/premis.xml', 'PREMIS')}</digiprovMD></amdSec>\n"
    '<fileSec ID="fs">'
    '<fileGrp ID="gd" USE="Documentation" ADMID="prov">'
    f"{_file('fd', 'documentation/doc.txt', DESCRIBED)}</fileGrp>"
    '<fileGrp ID="gs" USE="Schemas">'
    f"{_file('fx', 'schemas/mets.xsd', mime='application/xml')}</fileGrp>"
    '<fileGrp ID="g1" USE="Representations/rep1" csip:CONTENTINFORMATIONTYPE="MIXED">'
    f"{_file('m1', 'representations/rep1/METS.xml', mime='application/xml')}</fileGrp>"
    '<fileGrp ID="g2" USE="Representations/rep2" csip:CONTENTINFORMATIONTYPE="MIXED">'
    f"{_file('m2', 'representations/rep2/METS.xml', mime='application/xml')}</fileGrp>"
    "</fileSec>\n"
    '<structMap ID="sm" TYPE="PHYSICAL" LABEL="CSIP"><div ID="d0">'
    '<div ID="d1" LABEL="Metadata" ADMID="rights prov" DMDID="dmd"/>'
    '<div ID="d2" LABEL="Documentation"><fptr FILEID="gd"/></div>'
    '<div ID="d3" LABEL="Schemas"><fptr FILEID="gs"/></div>'
    + "".join(
        f'<div ID="r{n}" LABEL="Representations/rep{n}"><mptr LOCTYPE="URL" xlink:type="simple" '
        f'xlink:href="representations/rep{n}/METS.xml" xlink:title="g{n}"/></div>'
        for n in (1, 2)
    )
    + "</div></structMap>",
    PARTIES,
    RECORDS,
)
CONTENT: Mapping[str, bytes] = {
    "metadata/descriptive/ead.xml": b"<ead/>",
    "metadata/preservation/premis.xml": b"<premis/>",
    "metadata/other/rights.xml": b"<rights/>",
    "documentation/doc.txt": b"how",
    "schemas/mets.xsd": b"<schema/>",
    "representations/rep1/data/m\u1ed9t.txt": b"one",
    "representations/rep2/data/m\u1ed9t.txt": b"two",
    "representations/rep1/metadata/x.txt": b"x",
    "representations/rep2/metadata/x.txt": b"y",
}


def made(root: str = ROOT, representation: str | None = None) -> dict[str, bytes]:
    """The files of the package. `representation` is the METS of rep1, with its places to be filled."""
    files = dict(CONTENT)
    for name in ("rep1", "rep2"):
        text = _representation(name) if representation is None or name == "rep2" else representation
        folder = f"representations/{name}/"
        files[f"{folder}METS.xml"] = _filled(text, files, folder)
    files["METS.xml"] = _filled(root, files, "")
    return files


def representation() -> str:
    """The METS of rep1, for a test to change."""
    return _representation("rep1")


def _filled(text: str, files: Mapping[str, bytes], folder: str) -> bytes:
    def promise(match: re.Match[str]) -> str:
        data = files[folder + match[1]]
        digest = hashlib.sha256(data).hexdigest()
        return f'SIZE="{len(data)}" CHECKSUM="{digest}" CHECKSUMTYPE="SHA-256"'

    return re.sub(r"\{([^{}]+)\}", promise, text).encode()
