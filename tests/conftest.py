"""What every test may ask for: the corpora, and archives to work on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.archives import TestArchive, make_template


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where KHO_FORBID_SKIPS is set (CI), a skip for a reason that is not listed fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("KHO_FORBID_SKIPS") or reporter is None:
        return
    reasons = {str(report.longrepr[2]) for report in reporter.stats.get("skipped", ())}
    lines = (Path(__file__).parent / "allowed_skips.txt").read_text("utf-8").splitlines()
    allowed = [line.split("|")[0].strip() for line in lines if line and line[0] != "#"]
    for reason in sorted(reasons):
        if not any(words in reason for words in allowed):
            reporter.write_line(
                f"\nskipped, and not in tests/allowed_skips.txt: {reason}", red=True
            )
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real test data; the test is skipped, with the reason, where it is not given."""
    named = os.environ.get("KHO_TEST_CORPORA")
    if not named:
        pytest.skip("KHO_TEST_CORPORA is not set: the corpora are not part of the project")
    return Path(named).absolute()


@pytest.fixture(scope="session")
def archive_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive, filled once by each worker; never used itself, only copied."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def archive(archive_template: Path, tmp_path: Path) -> TestArchive:
    """An archive of three dossiers of a test's own, to be harmed at will."""
    home = tmp_path / "archive"
    shutil.copytree(archive_template, home, symlinks=True)
    return TestArchive(home)
