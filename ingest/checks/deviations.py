"""Deviations known from real packages (docs/intake-rules.md): told once each, never refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ingest.checks.context import CheckContext
from ingest.readers.package import SHAPE, Tt05Package, objid_uuid
from repository.problems import Problem, warning

_KINDS: Final = ("ead_doc", "ead_pic", "ead_media", "ead")


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """One finding for each kind of deviation there is."""
    if not package.is_tt05:
        return
    if package.shape == SHAPE:
        yield from _container_name(package)
    yield from _objid(package)
    yield from _spelling(package)
    yield from _mdtype(package)
    yield from _digest_case(package)
    yield from _agreement(package)
    yield from _own_schema(package)


def _container_name(package: Tt05Package) -> Iterator[Problem]:
    objid = package.root.objid
    if objid and not re.fullmatch(
        rf"\[?[0-9]+\]?{re.escape(objid)}\.zip", package.container_name, re.I
    ):
        yield warning("ING-CONTAINER-NAME", "", name=package.container_name, objid=objid)


def _objid(package: Tt05Package) -> Iterator[Problem]:
    objid = package.root.objid
    if objid_uuid(objid) is None:
        yield warning("ING-OBJID", package.root.path, reason="none", value=objid[:100])
    elif package.top and package.top.rsplit("/", 1)[-1].casefold() != objid.casefold():
        yield warning(
            "ING-OBJID", package.root.path, reason="folder", value=objid[:100], folder=package.top
        )
    for mets in package.representations:
        if objid_uuid(mets.objid) is None:
            yield warning("ING-OBJID", mets.path, reason="representation", value=mets.objid[:100])


def _spelling(package: Tt05Package) -> Iterator[Problem]:
    """EAD_DOC_ for EAD_doc_, ead.xsd for EAD.xsd."""
    odd = []
    for member in package.members:
        last = member.name.rsplit("/", 1)[-1]
        stem = re.match(r"(ead(?:_doc|_pic|_media)?)(?=_|\.)", last, re.IGNORECASE)
        odd_record = stem is not None and stem[1] != "EAD" + stem[1][3:].lower()
        if odd_record or (last.lower() == "mets.xsd" and last != "METS.xsd"):
            odd.append(member.name)
    if odd:
        yield warning("ING-NAME-SPELLING", odd[0], path=odd[0], count=len(odd))


def _mdtype(package: Tt05Package) -> Iterator[Problem]:
    odd = [
        r
        for r in package.references
        if r.reference.element == "mdRef"
        and r.member is not None
        and r.member.name.rsplit("/", 1)[-1].casefold().startswith(_KINDS)
        and (r.reference.mdtype.upper() != "EAD" or r.reference.mime != "text/xml")
    ]
    if odd:
        reference = odd[0].reference
        yield warning(
            "ING-MDTYPE",
            reference.mets,
            value=f"{reference.mdtype} {reference.mime}".strip(),
            count=len(odd),
        )


def _digest_case(package: Tt05Package) -> Iterator[Problem]:
    upper = [r for r in package.references if r.reference.checksum != r.reference.checksum.lower()]
    if upper:
        yield warning("ING-DIGEST-CASE", upper[0].reference.mets, count=len(upper))


def _agreement(package: Tt05Package) -> Iterator[Problem]:
    agreement = package.agreement()
    if agreement and agreement == package.file_code:
        yield warning("ING-AGREEMENT", package.root.path, reason="file-code", value=agreement)
    elif not agreement:
        yield warning("ING-AGREEMENT", package.root.path, reason="none")


def _own_schema(package: Tt05Package) -> Iterator[Problem]:
    """Elements that the sender's own EAD schemas do not declare."""
    for record in package.records():
        kind = "ead.xsd" if record.kind is None else f"ead_{_SCHEMA[record.kind.value]}.xsd"
        declared = package.schema_names.get(kind)
        if declared is None:
            continue
        foreign = [e.written for e in record.elements if e.written not in declared]
        if foreign:
            shown = ", ".join(dict.fromkeys(name[:50] for name in foreign[:5]))
            yield warning(
                "ING-XSD-MISMATCH", record.path, path=record.path, schema=kind, field=shown
            )
            return


_SCHEMA: Final = {"text": "doc", "picture": "pic", "media": "media"}
