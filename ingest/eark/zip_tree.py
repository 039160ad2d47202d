"""A packed package judged through the containers of intake; and CSIPSTR1, which they show.

A ZIP, TAR or `.tar.gz` is judged whole before a byte is unpacked (bombs, traversal, links, overlaps);
nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.arrival import Arrival
from ingest.container import Limits
from ingest.eark.judge import judge_package
from ingest.shapes.opening import read_path
from ingest.shapes.tree import ContainerTree
from ingest.tops import opened
from repository.problems import Problem, Report, Severity

_NOT_ONE_ROOT = "ING-TOP-FOLDER"
_OF_OUR_OWN_PACKAGES = "ING-METS-MISSING"  # here CSIPSTR4 says it


def judge_zip(path: Path) -> Report:
    """All findings about the package in a ZIP, TAR or `.tar.gz`.

    Raises NotFound when there is no such file, Unavailable when it cannot be read.
    """
    _, read = read_path(Arrival(path), Limits())
    container, shown = opened(*read)
    found = Report.of(_in_our_words(shown))
    if container is None:
        return found
    with container:
        return found + judge_package(ContainerTree(container), container.top or path.stem)


def _in_our_words(report: Report) -> Iterator[Problem]:
    """More than one root folder, or none, is CSIPSTR1; the rest stays as the container says it."""
    for problem in report:
        if problem.code == _NOT_ONE_ROOT:
            if problem.params.get("reason") != "deep":
                found = problem.params.get("folders", "")
                params = {"found": found, "count": "1"}
                yield Problem("CSIPSTR1", Severity.ERROR, problem.location, params)
        elif problem.code == _OF_OUR_OWN_PACKAGES:
            params = {"reason": "absent", "count": "1"}
            yield Problem("CSIPSTR4", Severity.ERROR, "METS.xml", params)
        else:
            yield problem
