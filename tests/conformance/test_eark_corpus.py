"""The E-ARK test corpus, rule by rule: what its `testCase.xml` expect and what we find.

As its authors ask, a package is judged only for the rule it was made for. *Valid* means that this rule
gives no error (of a SHOULD the corpus itself expects the warning), *invalid* that it gives a finding.
What differs is listed here, and explained in docs/eark.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from ingest.eark import judge_package
from ingest.eark.zip_tree import judge_zip
from repository.ocfl.local_tree import LocalTree
from repository.problems import Report, Severity

ROOT = os.environ.get("KHO_TEST_CORPORA", "")
CORPUS = Path(ROOT) / "eark" / "corpus"
pytestmark = pytest.mark.skipif(
    not ROOT or not CORPUS.is_dir(), reason="KHO_TEST_CORPORA has no E-ARK corpus"
)
LINE_ENDS = "valid/valid_IP_with_SHOULD_MAY_1_rep"
VALID_WITH_ERROR = {("CSIP41", LINE_ENDS), ("CSIP43", LINE_ENDS)}
INVALID_NOT_FLAGGED = {
    ("CSIP27", "invalid/IP_18000_CSIP27_2"),
    ("CSIP29", "invalid/IP_18000_CSIP29_2"),
    ("CSIP29", "invalid/IP_18000_CSIP29_3"),
    ("CSIP29", "invalid/IP_18000_CSIP29_4"),
    ("CSIP61", "invalid/fileGrp_ADMID_incorrect_ref2"),
}


@dataclass(frozen=True)
class Case:
    """One package under one rule of one test case."""

    requirement: str
    package: str
    valid: bool
    folder: Path

    @property
    def severities(self) -> set[Severity]:
        report = judged(self.folder)
        return {problem.severity for problem in report if problem.code == self.requirement}


def judged(path: Path) -> Report:
    """A folder or a ZIP of the corpus."""
    if path.is_file():
        return judge_zip(path)
    return judge_package(LocalTree(str(path)), path.name)


def cases() -> Iterator[Case]:
    """Every package that the corpus says is implemented and that lies there."""
    for path in sorted(CORPUS.glob("*/*/testCase.xml")):
        for package in etree.parse(path).getroot().iter("package"):
            name = (package.findtext("path") or "").strip()
            if name and package.get("isImplemented") == "TRUE" and (path.parent / name).exists():
                yield Case(
                    path.parent.name, name, package.get("isValid") == "TRUE", path.parent / name
                )


def test_the_corpus_is_judged_as_it_expects_but_for_the_explained_cases():
    judged = [(case, case.severities) for case in cases()]
    valid = [(case, found) for case, found in judged if case.valid]
    invalid = [(case, found) for case, found in judged if not case.valid]
    wrong = [case for case, found in valid if Severity.ERROR in found]
    missed = [case for case, found in invalid if not found]
    assert {(case.requirement, case.package) for case in wrong} == VALID_WITH_ERROR
    assert {(case.requirement, case.package) for case in missed} == INVALID_NOT_FLAGGED
    assert len(valid) >= 90 and len(invalid) >= 90
    assert len(wrong) <= 0.05 * len(valid)
    assert len(missed) <= 0.10 * len(invalid)


def test_no_package_of_the_corpus_makes_the_judge_raise_or_repeat_itself():
    for folder in sorted({case.folder for case in cases()}):
        report = judged(folder)
        kept = [(p.code, p.severity, p.location, p.params.get("reason")) for p in report]
        assert len(kept) == len(set(kept)), folder
