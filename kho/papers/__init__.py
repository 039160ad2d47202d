"""Printable papers: receipts and refusals, the sender's check, the report of transfers, purges.

Each is one HTML file that needs nothing beside it, made for A4 and for the screen. What stands in it
comes from records alone, so it can be made again at any time; it is no record itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ingest.transfer_report import TransferReport
from kho.cli.output import printable, problem_document
from kho.settings import ArchiveSettings
from preservation.deadlines import due_day
from repository.catalogue.records import ObjectRecord, TransferRecord
from repository.clock import VIETNAM, parse_utc
from repository.problems import Problem, Severity

Language = Literal["vi", "en"]
_MOST = 500  # findings on one paper; the JSON receipt has them all

_HEADINGS = {
    "accepted": "Biên bản giao nhận tài liệu lưu trữ số",
    "held-already": "Thông báo hồ sơ đã có trong kho",
    "awaiting-decision": "Phiếu tiếp nhận, chờ quyết định",
    "refused": "Thông báo không tiếp nhận và danh mục lỗi",
    "returned": "Thông báo trả lại hồ sơ giao nộp",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One package as its sender's check found it."""

    source: str
    title: str
    object_id: str
    verdict: str  # accepted, refused, failed
    problems: Sequence[Problem] = ()
    failure: str = ""


def transfer_paper(
    transfer: TransferRecord,
    archive: ArchiveSettings,
    *,
    held: ObjectRecord | None,
    copies: Sequence[str],
    software: str,
) -> str:
    """The paper of a transfer in its present state: receipt, refusal, return, or what it waits for."""
    found = [Problem.from_dict(problem) for problem in transfer.problems]
    weight = list(Severity)
    told = sorted(found, key=lambda problem: weight.index(problem.severity))
    told = [problem for problem in told if problem.severity is not Severity.INFO]
    finished = parse_utc(transfer.finished_at) if transfer.finished_at else None
    due = due_day(transfer)
    return _render(
        "transfer.html",
        "vi",
        transfer=transfer,
        archive=archive,
        heading=_HEADINGS.get(transfer.state, _HEADINGS["refused"]),
        day=_day(finished or parse_utc(transfer.received_at)),
        received=_moment(parse_utc(transfer.received_at)),
        finished=_moment(finished) if finished else "",
        due="/".join(reversed(due.split("-"))) if due else "",
        held=held if transfer.state == "accepted" else None,
        copies=list(copies) if transfer.state == "accepted" else [],
        errors=sum(problem.severity is Severity.ERROR for problem in found),
        warnings=sum(problem.severity is Severity.WARNING for problem in found),
        problems=[problem_document(problem) for problem in told[:_MOST]],
        left_out=max(0, len(told) - _MOST),
        software=software,
    )


def check_paper(checked: Sequence[Checked], *, now: datetime, software: str, lang: Language) -> str:
    """What the intake rules say of packages that were not sent yet."""
    lines = [
        {
            "source": one.source,
            "title": one.title,
            "object_id": one.object_id,
            "verdict": one.verdict,
            "failure": one.failure,
            "errors": sum(p.severity is Severity.ERROR for p in one.problems),
            "warnings": sum(p.severity is Severity.WARNING for p in one.problems),
            "problems": [problem_document(problem) for problem in one.problems],
        }
        for one in checked
    ]
    return _render("check.html", lang, checked=lines, made=_moment(now), software=software)


def report_paper(
    report: TransferReport, archive: ArchiveSettings, *, now: datetime, lang: Language
) -> str:
    """What agencies announced against what came."""
    return _render(
        "transfers.html",
        lang,
        report=report,
        archive=archive,
        made=_moment(now),
        orientation="landscape",
    )


def purge_paper(purge: Mapping[str, Any], archive: ArchiveSettings, *, now: datetime) -> str:
    """The certificate of what was destroyed in quarantine."""
    return _render("purge.html", "vi", purge=purge, archive=archive, day=_day(now))


def preload() -> None:
    """Read and compile the templates now: for a process that is about to fork many times."""
    for name in _environment().list_templates():
        _environment().get_template(name)


def _render(template: str, lang: Language, **values: Any) -> str:
    values = {"orientation": "", **values}
    return _environment().get_template(template).render(lang=lang, words=_words(lang), **values)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("kho.papers", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["shown"] = printable
    made.filters["hyphens"] = lambda code: Markup("-<wbr>").join(code.split("-"))
    return made


@cache
def _words(lang: Language) -> Mapping[str, str]:
    read: dict[str, str] = json.loads((files("kho.papers") / f"words.{lang}.json").read_bytes())
    return read


def _day(moment: datetime) -> str:
    local = moment.astimezone(VIETNAM)
    return f"Ngày {local.day:02d} tháng {local.month:02d} năm {local.year}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S (UTC+7)")
