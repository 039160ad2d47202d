"""Looking for viruses in what was received: by clamd where there is one, for the test file always."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from preservation.dossier import VirusFact, VirusVerdict
from preservation.formats import virus_test_file
from preservation.formats.clamd import Clamd, ClamdUnavailable, Database
from repository.clock import utc_text
from repository.problems import Problem, Severity, error, warning

NO_SCANNER = "no scanner is set up"


class VirusScanner(Protocol):
    """Something that looks for viruses."""

    def scan(
        self, sources: Mapping[str, str], now: datetime
    ) -> tuple[dict[str, VirusFact], list[Problem]]:
        """A fact for every file id, and what is to be told about the scanner itself."""
        ...


class NoScanner:
    """Looks for the test file only, and says of every other file that nobody looked.

    `required`: whether an archive that wants every file looked at refuses what was not.
    """

    def __init__(self, *, required: bool = False) -> None:
        self._required = required

    def scan(
        self, sources: Mapping[str, str], now: datetime
    ) -> tuple[dict[str, VirusFact], list[Problem]]:
        facts = {id_: _unlooked(path, NO_SCANNER, now) for id_, path in sources.items()}
        severity = Severity.ERROR if self._required else Severity.INFO
        told = Problem(
            "ING-VIRUS-NOT-CHECKED", severity, "", {"why": NO_SCANNER, "count": str(len(facts))}
        )
        return facts, [told]


class ClamdScanner:
    """Asks clamd about every file. A database older than `stale_days` is told of."""

    def __init__(self, clamd: Clamd, *, required: bool, stale_days: int) -> None:
        self._clamd = clamd
        self._required = required
        self._stale_days = stale_days

    def scan(
        self, sources: Mapping[str, str], now: datetime
    ) -> tuple[dict[str, VirusFact], list[Problem]]:
        try:
            database = self._clamd.database()
        except ClamdUnavailable as problem:
            why = str(problem)
            facts = {id_: _unlooked(path, why, now) for id_, path in sources.items()}
            return facts, [self._not_checked(why, len(facts))]
        facts = {id_: self._fact(path, database, now) for id_, path in sources.items()}
        told = []
        failed = [one for one in facts.values() if one.verdict is VirusVerdict.NOT_CHECKED]
        if failed:
            told.append(self._not_checked(failed[0].detail, len(failed)))
        days = database.days_old(now)
        if days is None or days > self._stale_days:
            told.append(
                warning(
                    "ING-VIRUS-STALE",
                    tool=database.tool,
                    database=database.label,
                    days="?" if days is None else days,
                    limit=self._stale_days,
                )
            )
        return facts, told

    def _fact(self, path: str, database: Database, now: datetime) -> VirusFact:
        known = _test_file(path, now)
        return known or self._clamd.scan(path, database, now)

    def _not_checked(self, why: str, count: int) -> Problem:
        make = error if self._required else warning
        return make("ING-VIRUS-NOT-CHECKED", why=why, count=count)


def _unlooked(path: str, why: str, now: datetime) -> VirusFact:
    known = _test_file(path, now)
    return known or VirusFact(VirusVerdict.NOT_CHECKED, "", "", utc_text(now), why)


def _test_file(path: str, now: datetime) -> VirusFact | None:
    try:
        if not virus_test_file.is_test_file(path):
            return None
    except OSError:
        return None  # the next tool will say that it cannot be read
    return VirusFact(VirusVerdict.FOUND, "Kho", "", utc_text(now), virus_test_file.NAME)
