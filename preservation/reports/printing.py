"""Reports as one self-contained page each, to be read on a screen or printed on A4. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from preservation.audit.coverage import Coverage
from preservation.reports import telling
from preservation.reports.ndsa_values import AREA_NAMES, AREAS, LEVEL_NAMES, LEVELS
from preservation.reports.telling import Language
from repository.catalogue.records import AuditMonthRecord


def coverage_page(
    told: Sequence[Coverage],
    trends: Mapping[str, Sequence[AuditMonthRecord]],
    *,
    archive: str,
    at: str,
    language: Language,
) -> str:
    """The statements of coverage of all stores."""
    return _render(
        "coverage.html",
        language,
        archive=archive,
        at=at,
        stores=[(one, telling.statement(one, language), trends.get(one.store, ())) for one in told],
    )


def ndsa_page(report: Mapping[str, Any], *, archive: str, sha512: str, language: Language) -> str:
    """The twenty cells. `sha512`: of the report as data, which is what the ledger has."""
    cells = {cell["name"]: cell for cell in report["cells"]}
    return _render(
        "ndsa.html",
        language,
        archive=archive,
        at=report["at"],
        report=report,
        sha512=sha512,
        rows=[(AREA_NAMES[area], [cells[f"{area}-{level}"] for level in LEVELS]) for area in AREAS],
        levels=LEVEL_NAMES,
    )


def _render(name: str, language: Language, **values: object) -> str:
    def number(value: int) -> str:
        return telling.number(value, language)

    def day(instant: str) -> str:
        return telling.day(instant, language)

    vi = language == "vi"
    return _templates().get_template(name).render(
        language=language, vi=vi, number=number, day=day, **values
    )  # fmt: skip


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("preservation.reports"), autoescape=True, undefined=StrictUndefined
    )
