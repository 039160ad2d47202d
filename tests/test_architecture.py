"""The house stands as it was drawn: imports, ownership of names, banned calls, mapped failures."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from api import problems as api_problems
from kho import exits
from repository import errors
from repository.errors import ArchiveError

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "repository", "preservation", "ingest", "api", "kho")
SAYS_NOTHING = re.compile(r"(utils?|helpers?|common|misc|managers?)(\.py)?$")


def failures(class_: type[ArchiveError] = ArchiveError) -> list[type[ArchiveError]]:
    found = [class_]
    for child in class_.__subclasses__():
        found += failures(child)
    return found


def test_the_import_line_holds() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_each_top_level_name_is_ours_and_nobody_elses(package: str) -> None:
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert set(owners) <= {"kho"}
    module = importlib.import_module(package)
    assert Path(str(module.__file__)).resolve().parent.parent == ROOT


def test_no_module_is_named_after_nothing() -> None:
    named = [p for package in PACKAGES for p in (ROOT / package).rglob("*") if "__" not in str(p)]
    assert [path for path in named if SAYS_NOTHING.search(path.name)] == []


def test_every_module_opens_with_a_docstring() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts:
                assert path.read_text("utf-8").startswith('"""'), path


def test_only_the_digest_engine_hashes_and_only_the_durable_recipe_renames() -> None:
    hashing = re.compile(r"^\s*(import .*\bhashlib\b|from hashlib)", re.MULTILINE)
    alone = "preservation/offline/kho_verify.py"  # checks our work and shares nothing with it
    moving = re.compile(
        r"os\.(replace|rename|link|fsync)\(|\.(rename|replace)\(\s*(self\._|target|fresh)"
    )
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            place = path.relative_to(ROOT).as_posix()
            text = path.read_text("utf-8")
            if not place.startswith("repository/digest/") and place != alone:
                assert not hashing.search(text), place
            if place != "repository/durable.py":
                assert not moving.search(text), place


def test_importing_any_room_has_no_effects_and_starts_no_thread() -> None:
    script = (
        "import threading, importlib\n"
        f"for name in {PACKAGES!r}: importlib.import_module(name)\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd="/")


def test_every_failure_has_an_exit_status_and_a_problem_type() -> None:
    for class_ in failures():
        assert exits.of_failure(class_("x")) in exits.Exit
        if class_.__module__ == "repository.errors" and class_ is not ArchiveError:
            assert class_ in exits.FAILURES, class_


def test_the_tree_printed_in_the_errors_module_is_the_tree() -> None:
    printed = set(re.findall(r"[├└]── (\w+)", str(errors.__doc__)))
    real = {c.__name__ for c in failures() if c.__module__ == "repository.errors"}
    assert printed == real - {"ArchiveError"}
    assert inspect.ismodule(api_problems)


def test_help_answers_without_loading_the_heavy_libraries() -> None:
    script = (
        "import sys\n"
        "from kho.__main__ import app\n"
        "heavy = {'sqlalchemy', 'fastapi', 'lxml', 'ocfl', 'bagit', 'reportlab', 'alembic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd="/")


def test_every_package_and_every_data_file_is_shipped_and_no_test_is() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    there = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert set(settings["packages"]) == there
    shipped = {
        path
        for package, patterns in settings["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        if not name.endswith((".py", ".c")):
            assert ROOT / name in shipped, name
