"""How much of each copy was really read again: a page for auditors, with its data behind it.

Everybody may look, at open dossiers only; an auditor sees all, and the months. The figures are those of
`kho report coverage`: both ask `preservation.reports.gathering`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.access import CurrentReader, Reader
from api.links import Links
from api.rights import READ_BY_ALL
from api.services import ApiServices
from api.web.negotiation import prefers_page
from api.web.rendering import Page
from preservation.audit.coverage import Coverage
from preservation.reports import gathering, telling
from preservation.reports.gathering import Reporting
from repository.catalogue.records import AuditMonthRecord
from repository.clock import utc_text
from schemas import coverage as body

router = APIRouter(include_in_schema=False)
PLACE: Final = "do-phu"
_FRESH: Final = timedelta(minutes=10)  # lateness comes with time, without any event
_MONTHS_SHOWN = 24


class Coverages:
    """Remembers the last statements, for everybody and for auditors. Usable from several threads."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._lock = Lock()
        self._kept: dict[bool, tuple[int, datetime, tuple[Coverage, ...]]] = {}

    def of(self, *, everything: bool) -> tuple[Coverage, ...]:
        """The statements, at most ten minutes old and never older than the last event."""
        services = self._services
        with self._lock:
            sequence, now = services.catalogue.last_sequence(), services.clock.now()
            kept = self._kept.get(everything)
            if kept is None or kept[0] != sequence or not timedelta(0) <= now - kept[1] < _FRESH:
                modes = None if everything else READ_BY_ALL
                records = list(services.catalogue.objects(modes=modes, canaries=False))
                told = gathering.coverages(_asking(services), records)
                kept = self._kept[everything] = (sequence, now, told)
            return kept[2]


@router.get(f"/kiem-tra/{PLACE}")
def coverage(request: Request, reader: CurrentReader) -> Response:
    """The statement of each store."""
    reader.enter_lists()
    told = request.app.state.coverages.of(everything=reader.auditor)
    months = gathering.trends(_asking(reader.services)) if reader.auditor else {}
    page = Page(request, auditor=reader.auditor)
    if not prefers_page(request.scope):
        return _data(told, months, reader, request)
    return page.show(
        "coverage.html",
        data=page.addresses.to("kiem-tra", PLACE),
        stores=[
            (
                one,
                telling.statement(one, page.words.language),
                months.get(one.store, ())[-_MONTHS_SHOWN:],
            )
            for one in told
        ],
    )


def _asking(services: ApiServices) -> Reporting:
    required = services.stores if services.required is None else services.required
    return Reporting(services.catalogue, services.stores, required, services.audits, services.clock)


def _data(
    told: Sequence[Coverage],
    months: Mapping[str, Sequence[AuditMonthRecord]],
    reader: Reader,
    request: Request,
) -> JSONResponse:
    links: Links = request.app.state.links
    answer = body.CoverageBody(
        at=utc_text(reader.services.clock.now()),
        everything=reader.auditor,
        stores=tuple(_store(one, months.get(one.store)) for one in told),
        links={"self": links.to("kiem-tra", PLACE), "desk": links.to("kiem-tra")},
    )
    return JSONResponse(
        answer.model_dump(mode="json"),
        headers={"Cache-Control": reader.caching(), "Vary": "Authorization"},
    )


def _store(one: Coverage, months: Sequence[AuditMonthRecord] | None) -> body.StoreCoverageBody:
    return body.StoreCoverageBody(
        store=one.store,
        window_days=one.window_days,
        percent=one.percent,
        complete=one.complete,
        copies=one.copies,
        files=one.files,
        bytes=one.bytes,
        audited=one.audited,
        since=one.since or None,
        until=one.until or None,
        written=one.written,
        unread=one.unread,
        not_seen=one.not_seen,
        missing=one.missing,
        late=one.late,
        late_copies=one.late_copies,
        unproven=one.unproven,
        lacking=one.lacking,
        lacking_copies=one.lacking_copies,
        damaged_copies=one.damaged_copies,
        oldest_read_at=one.oldest or None,
        unread_here=tuple(
            body.UnreadBody(
                object_id=copy.object_id, files=copy.files, tried_at=copy.tried_at or None
            )
            for copy in one.unread_here
        ),
        damaged_here=tuple(one.damaged_here),
        months=None if months is None else tuple(_month(month) for month in months),
    )


def _month(month: AuditMonthRecord) -> body.MonthBody:
    return body.MonthBody(
        month=month.month,
        looks=month.looks,
        files=month.files,
        bytes=month.byte_count,
        damaged=month.damaged,
        not_seen=month.not_seen,
    )
