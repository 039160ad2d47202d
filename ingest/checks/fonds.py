"""The package says to which fonds it belongs: part of its identifier for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, error, warning

MAX_FONDS: Final = 200


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-FONDS-MISSING without a usable code; ING-FONDS-AGENCY when the agency's code stands in,
    ING-FONDS-RECEIVER when the receiver supplied it."""
    code = package.fonds_code
    place = package.representations[0].path
    if not code:
        shape = package.shape.split("-")[0]
        reason = {"list": "list", "eark": "eark"}.get(shape, "none")
        yield error("ING-FONDS-MISSING", place, reason=reason, path=place)
    elif len(code) > MAX_FONDS or not code.isprintable():
        yield error("ING-FONDS-MISSING", place, reason="unusable", path=place, value=code[:100])
    elif package.fonds_source == "agency":
        yield warning("ING-FONDS-AGENCY", place, path=place, value=code)
    elif package.fonds_source == "receiver":
        yield warning("ING-FONDS-RECEIVER", place, path=place, value=code)
