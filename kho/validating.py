"""What `kho validate` judges by, chosen from what lies at the path."""

from __future__ import annotations

from pathlib import Path

from ingest.eark import judge_package
from ingest.eark.zip_tree import judge_zip
from repository.bag.validate import validate_bag
from repository.errors import NotFound
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.root import validate_root
from repository.ocfl.validate import validate_object
from repository.problems import Problem


def validate_ocfl(path: Path) -> list[Problem]:
    """The findings about an OCFL object, or a storage root and every object in it."""
    _must_be_folder(path)
    if any(child.name.startswith("0=ocfl_object_") for child in path.iterdir()):
        return list(validate_object(LocalTree(str(path))))
    found: list[Problem] = []
    for place, report in validate_root(str(path)):
        for problem in report:
            where = "/".join(part for part in (place, problem.location) if part)
            found.append(Problem(problem.code, problem.severity, where, problem.params))
    return found


def validate_bag_at(path: Path) -> list[Problem]:
    """The findings about a bag in a folder."""
    _must_be_folder(path)
    return list(validate_bag(LocalTree(str(path))))


def validate_eark(path: Path) -> list[Problem]:
    """The findings about an E-ARK package: its root folder, or a ZIP that holds it."""
    if path.is_dir():
        return list(judge_package(LocalTree(str(path)), path.resolve().name))
    return list(judge_zip(path))


def _must_be_folder(path: Path) -> None:
    if not path.is_dir():
        raise NotFound(f"{path} is not a folder.")
