"""RECORDSTATUS: a test is no transfer, and a supplement needs something to supplement."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.checks.held_object import held_target
from ingest.readers.package import Tt05Package
from repository.problems import Problem, error, info, warning
from schemas.codelists import code_list


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-RECORD-STATUS: error for TEST and for a supplement of nothing held, info for a supplement or
    replacement of what is held.
    """
    given = package.root.record_status
    status = package.record_status
    path = package.root.path
    if status == "TEST":
        yield error("ING-RECORD-STATUS", path, reason="test", value=given)
    elif status not in code_list("recordStatus").labels:
        yield warning("ING-RECORD-STATUS", path, reason="unknown", value=given)
    elif status in ("SUPPLEMENT", "REPLACEMENT"):
        if context.held is None:
            yield warning("ING-RECORD-STATUS", path, reason="unchecked", value=given)
            return
        held = held_target(package, context)
        if held is not None:
            yield info(
                "ING-RECORD-STATUS", path, reason="update", value=given, object_id=held.object_id
            )
        elif status == "SUPPLEMENT":
            yield error("ING-RECORD-STATUS", path, reason="nothing-held", value=given)
        else:  # a replacement is whole by itself
            yield warning("ING-RECORD-STATUS", path, reason="replaces-nothing", value=given)
