"""XML at our boundary: reading bytes of strangers, and judging XML by a vendored XSD, all offline.

`parse_xml` is the only way XML that came from outside becomes a tree. It opens nothing (no network,
no DTD, no external entity, no XInclude), its input and its depth are bounded, and whatever is wrong
ends in `MalformedXml`. `validate_xml` judges by the schemas in `schemas/xsd/` (SOURCES.md names
origin, version and licence of each); an address inside a schema is answered from that folder or
not at all.

It does not know what METS, PREMIS or the files of Thông tư 05/2025 mean.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, Final, Literal, cast, get_args

from lxml import etree

Kind = Literal["mets", "premis", "dc", "ead3", "EAD", "EAD_doc", "EAD_pic", "EAD_media"]

DEFAULT_LIMIT: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 256  # libxml2's own bound when huge_tree is off
MAX_MARKS: Final = 6_000_000  # tags and attributes: about 100 bytes of memory each
MAX_VIOLATIONS: Final = 200

_METS_DRIVER: Final = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="http://www.loc.gov/METS/" schemaLocation="kho-xsd:mets.xsd"/>
<xs:import namespace="https://DILCIS.eu/XML/METS/CSIPExtensionMETS"
 schemaLocation="kho-xsd:csip-extension.xsd"/>
<xs:import namespace="https://DILCIS.eu/XML/METS/SIPExtensionMETS"
 schemaLocation="kho-xsd:sip-extension.xsd"/>
</xs:schema>"""


class MalformedXml(ValueError):
    """The bytes are not XML we are willing to read. `line` is 0 when no line can be named."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class XmlViolation:
    """One rule of a schema that the document breaks: where, and what the validator says of it."""

    line: int
    path: str
    text: str


def parse_xml(data: bytes, *, limit: int = DEFAULT_LIMIT) -> etree._Element:
    """The root element of a well-formed document of at most `limit` bytes.

    Raises MalformedXml for everything else: too long, too dense, too deep, not well-formed, an
    unknown encoding, any DOCTYPE (before a single entity is used). Nothing outside `data` is opened.
    """
    if len(data) > limit:
        raise MalformedXml(f"{len(data)} bytes, more than the {limit} allowed")
    if data.count(b"<") + data.count(b"=") > MAX_MARKS:
        raise MalformedXml(f"more than {MAX_MARKS} tags and attributes")
    try:
        _refuse_doctype(data)
        return etree.fromstring(data, etree.XMLParser(**_STRICT))
    except etree.XMLSyntaxError as fault:
        reason = _POSITION.sub("", _one_line(fault.msg or "not well-formed"))
        raise MalformedXml(reason, fault.position[0] or 0) from None


def validate_xml(kind: Kind, data: bytes, *, limit: int = DEFAULT_LIMIT) -> list[XmlViolation]:
    """What the schema of that kind finds wrong, at most `MAX_VIOLATIONS`; empty means valid.

    Bytes that `parse_xml` refuses are one violation with an empty path.
    """
    try:
        root = parse_xml(data, limit=limit)
    except MalformedXml as fault:
        return [XmlViolation(fault.line, "", fault.reason)]
    schema = _compiled(kind)
    with _VALIDATING:  # a compiled schema keeps the log of its last run
        if schema.validate(root):
            return []
        log: Any = schema.error_log  # the stubs know nothing of its entries
        found = islice(log, MAX_VIOLATIONS)
        return [XmlViolation(e.line, e.path or "", _one_line(e.message)) for e in found]


def schema_file(name: str) -> bytes:
    """The bytes of one vendored schema, such as `mets.xsd`. KeyError when it is not there."""
    if name not in _schema_names():
        raise KeyError(name)
    return (files("schemas") / "xsd" / name).read_bytes()


def _refuse_doctype(data: bytes) -> None:
    """Read as far as the first start tag and look whether a DOCTYPE stood before it."""
    probe = etree.XMLPullParser(events=("start",), **_STRICT)
    for start in range(0, len(data), _PROBE):
        probe.feed(data[start : start + _PROBE])
        for _, root in probe.read_events():
            if cast(etree._Element, root).getroottree().docinfo.internalDTD is not None:
                raise MalformedXml("a DOCTYPE is not accepted")
            return


# `collect_ids=False` must not be added: with lxml 6.1.3 it switches the loading of DTDs on.
_STRICT: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
}
_PROBE: Final = 4096
_POSITION: Final = re.compile(r", line \d+, column \d+$")
_VALIDATING: Final = threading.Lock()


@cache
def _compiled(kind: Kind) -> etree.XMLSchema:
    if kind not in get_args(Kind):
        raise KeyError(kind)
    parser = etree.XMLParser(**_STRICT)
    parser.resolvers.add(_Vendored())
    driver = _METS_DRIVER if kind == "mets" else schema_file(f"{kind}.xsd")
    return etree.XMLSchema(etree.fromstring(driver, parser))


class _Vendored(etree.Resolver):
    """Answers every address inside a schema with the vendored file of that name, or with none."""

    def resolve(  # type: ignore[override]  # the stubs leave the context out
        self, system_url: str, public_id: str, context: object
    ) -> object:
        name = system_url.replace("kho-xsd:", "/").rsplit("/", 1)[-1]
        data = schema_file(name) if name in _schema_names() else b""
        return self.resolve_string(data, context, base_url=f"kho-xsd:{name}")


@cache
def _schema_names() -> frozenset[str]:
    return frozenset(
        entry.name for entry in (files("schemas") / "xsd").iterdir() if entry.name.endswith(".xsd")
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
