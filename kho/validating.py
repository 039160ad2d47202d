"""What `kho validate` judges by, chosen from what lies at the path."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from ingest.checks import FactPolicy
from ingest.checks.file_signatures import findings
from ingest.eark import judge_package
from ingest.eark.zip_tree import judge_zip
from preservation.dossier import SignatureCheck
from preservation.formats.examiner import Examiner
from preservation.signatures.trust import TrustRoots, read_trust
from repository.bag.validate import validate_bag
from repository.clock import SystemClock
from repository.errors import NotFound
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.root import validate_root
from repository.ocfl.validate import validate_object
from repository.problems import Problem


class OcflJudged(NamedTuple):
    """The findings, and how many objects of a storage root were judged; None: it is one object."""

    problems: list[Problem]
    objects: int | None


def validate_ocfl(path: Path, judged: Callable[[str], None] = lambda place: None) -> OcflJudged:
    """The findings about an OCFL object, or a storage root and every object in it.

    `judged` hears of each object of a root, by its folder, once it was judged.
    """
    _must_be_folder(path)
    if any(child.name.startswith("0=ocfl_object_") for child in path.iterdir()):
        return OcflJudged(list(validate_object(LocalTree(str(path)))), None)
    found: list[Problem] = []
    objects = 0
    processors = len(os.sched_getaffinity(0))
    for place, report in validate_root(str(path), processes=processors):
        if place:
            objects += 1
            judged(place)
        for problem in report:
            where = "/".join(part for part in (place, problem.location) if part)
            found.append(Problem(problem.code, problem.severity, where, problem.params))
    return OcflJudged(found, objects)


def validate_bag_at(path: Path) -> list[Problem]:
    """The findings about a bag in a folder."""
    _must_be_folder(path)
    return list(validate_bag(LocalTree(str(path))))


def validate_eark(path: Path) -> list[Problem]:
    """The findings about an E-ARK package: its root folder, or a ZIP that holds it."""
    if path.is_dir():
        return list(judge_package(LocalTree(str(path)), path.resolve().name))
    return list(judge_zip(path))


def judge_signatures(
    paths: Iterable[Path], trust: Path | None
) -> list[tuple[Path, SignatureCheck | None, list[Problem]]]:
    """Each file, its signatures (None: it carries none) and the findings about them.

    Files that a detached signature names are looked for beside and below it. NotFound, Misconfigured.
    """
    if trust is not None:
        _must_be_folder(trust)
    roots = read_trust(trust) if trust is not None else TrustRoots()
    policy, now = FactPolicy(roots=1), SystemClock().now()
    judged: list[tuple[Path, SignatureCheck | None, list[Problem]]] = []
    with Examiner(roots) as examiner:
        for path in paths:
            if not path.is_file():
                raise NotFound(f"There is no file {path}.")
            one = examiner.examine_one(str(path), name=path.name, at=now)
            if one.wanted and (beside := _beside(path, one.wanted)):
                one = examiner.examine_one(str(path), name=path.name, at=now, beside=beside)
            check = one.signatures
            judged.append((path, check, list(findings(str(path), check, policy)) if check else []))
    return judged


def _beside(path: Path, wanted: Iterable[str]) -> dict[str, str]:
    folder = path.absolute().parent.resolve()
    found = {}
    for uri in wanted:
        named = (folder / unquote(uri)).resolve()
        if named.is_relative_to(folder) and named.is_file():
            found[uri] = str(named)
    return found


def _must_be_folder(path: Path) -> None:
    if not path.is_dir():
        raise NotFound(f"{path} is not a folder.")
