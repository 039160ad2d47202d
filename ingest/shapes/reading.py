"""Reading what was opened, whatever its shape, into the one package value that the rules judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ingest.arrival import Arrival
from ingest.container import Member
from ingest.readers.eark import is_eark, read_eark
from ingest.readers.listed import read_listed
from ingest.readers.mets import Reference
from ingest.readers.package import (
    SHAPE,
    ResolvedReference,
    Tt05Package,
    algorithms_by_member,
)
from ingest.readers.tt05 import read_metadata
from ingest.shapes.opening import Opened
from repository.problems import Report

_TAGS: Final = "bagit.txt"


def read_package(opened: Opened, arrival: Arrival) -> tuple[Tt05Package | None, Report]:
    """The package, or None with at least one error that says why it cannot be understood.

    A package that names no fonds is of the one that its receiver says (`Arrival.fonds`).
    """
    package, report = _read(opened, arrival)
    if package is not None and not package.fonds_code and arrival.fonds:
        package = replace(package, fonds_code=arrival.fonds, fonds_source="receiver")
    return package, report


def _read(opened: Opened, arrival: Arrival) -> tuple[Tt05Package | None, Report]:
    container = opened.container
    carried = (*opened.promises, *_tags(opened))
    if arrival.listed is not None:
        return read_listed(
            arrival.listed,
            container_name=container.name,
            members=container.members,
            references=carried,
            shape=f"list-{opened.carried_in}",
        )
    if is_eark(container):
        package, report = read_eark(container)
        shape = f"eark-{opened.carried_in}"
    else:
        package, report = read_metadata(container)
        shape = SHAPE if opened.carried_in == "zip" else f"tt05-sip-{opened.carried_in}"
    if package is None:
        return None, report
    references = (*package.references, *carried)
    return (
        replace(
            package,
            references=references,
            algorithms=algorithms_by_member(references),
            shape=shape,
        ),
        report,
    )


def _tags(opened: Opened) -> Iterator[ResolvedReference]:
    """A bag's own files, which nothing else names, as named by it."""
    for member in opened.container.members if opened.carried_in == "bag" else ():
        if member.index in opened.outside:
            yield ResolvedReference(_by_bag(member), member.name, member, "exact")


def _by_bag(member: Member) -> Reference:
    return Reference(mets=_TAGS, element="listed", ids=(), use="", href=member.name)
