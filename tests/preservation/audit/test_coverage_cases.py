"""The statement of coverage to the last field: several copies of each kind, none of them alike, so
that no count can stand for another. Each case for a change that a mutation test made."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta

import pytest

from preservation.audit import coverage
from preservation.audit.coverage import Coverage, Unread, cover
from preservation.audit.policy import DuePolicy
from repository.catalogue.records import AuditResultRecord, CopyRecord, ObjectRecord
from repository.clock import utc_text

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def ago(days: float) -> str:
    return utc_text(NOW - timedelta(days=days))


def held(object_id: str, files: int) -> ObjectRecord:
    texts = {one.name: "" for one in fields(ObjectRecord)}
    numbers = {"document_count": 1, "file_count": files, "byte_count": files * 1000}
    return ObjectRecord(**texts | {"object_id": object_id, "head": "v1"} | numbers)  # type: ignore[arg-type]


def copy(object_id: str, read: float, verdict: str = "intact", **changes: str) -> CopyRecord:
    values = {
        "object_id": object_id, "store": "primary", "head": "v1", "written_at": ago(360),
        "read_back": "direct", "last_checked_at": ago(read), "last_verdict": verdict,
        "read_at": ago(read), "tried_at": "", **changes,
    }  # fmt: skip
    return CopyRecord(**values)


def look(object_id: str, **counts: int) -> AuditResultRecord:
    sums = dict.fromkeys(
        ("intact", "altered", "missing", "unreadable", "not_checked", "unexpected"), 0
    )
    sums |= counts
    return AuditResultRecord(
        "run", object_id, "primary", ago(1), "damaged", sum(sums.values()), byte_count=1, **sums
    )


def told(*copies: CopyRecord, looks=None, more=(), known=None, **changes) -> Coverage:
    """Of files each copy's dossier has a power of two: any sum tells which copies are in it."""
    names = [*dict.fromkeys([*(one.object_id for one in copies), *more])]
    records = {name: held(name, 1 << n) for n, name in enumerate(names)}
    if known is not None:
        records = {name: record for name, record in records.items() if name in known}
    asked = {"windows": {}, "looks": looks or {}, "required": True, **changes}
    return cover("primary", copies, records, DuePolicy(365), NOW, **asked)


def test_a_store_with_two_copies_of_every_kind_is_told_to_the_last_count() -> None:
    found = told(
        copy("a", 10),  # 1 file
        copy("b", 20, "damaged"),  # 2
        copy("c", 30, "incomplete", tried_at=ago(3)),  # 4
        copy("d", 40, tried_at=ago(4)),  # 8: looked at whole, and then not
        copy("e", 50, head="v0"),  # 16
        copy("f", 60, head="v0"),  # 32
        copy("g", 400, written_at=ago(500)),  # 64
        copy("h", 401, "damaged", written_at=ago(500)),  # 128
        copy("i", 70, "damaged"),  # 256
        copy("j", 75, "damaged"),  # 512
        CopyRecord("k", "primary", "v1", ago(80), "direct", "", ""),  # 1024
        CopyRecord("l", "primary", "v1", ago(90), "evicted", "", ""),  # 2048
        CopyRecord("m", "primary", "v1", ago(100), "cached", "", ""),  # 4096
        CopyRecord("n", "primary", "v1", ago(110), "cached", "", ""),  # 8192
        looks={
            "b": look("b", altered=1, intact=1),
            "c": look("c", unreadable=2, not_checked=1, intact=1),
            "i": look("i", missing=1, intact=9),
        },
        more=("o", "p"),  # 16384, 32768
    )
    assert asdict(found) == asdict(
        Coverage(
            store="primary",
            window_days=365,
            at=ago(0),
            copies=14,
            files=(1 << 16) - 1,
            bytes=((1 << 14) - 1) * 1000,
            audited=1 + 2,
            audited_copies=2,
            since=ago(20),
            until=ago(10),
            written=1024 + 2048,
            unread=4 + 8,
            unread_here=[Unread("c", 3, ago(3)), Unread("d", 8, ago(4))],
            not_seen=3 + 8,
            missing=256 + 512,
            late=64 + 128,
            late_copies=2,
            unproven=4096 + 8192,
            lacking=16 + 32 + 16384 + 32768,
            lacking_copies=4,
            damaged_copies=4,
            damaged_here=["b", "h", "i", "j"],
            oldest=ago(401),
            oldest_object="h",
        )
    )


def test_an_incomplete_copy_is_unread_also_where_no_try_was_kept() -> None:
    found = told(copy("a", 10, "incomplete"))
    assert (found.unread, found.audited) == (1, 0)


def test_copies_of_dossiers_not_told_of_are_passed_over_and_the_next_are_not() -> None:
    found = told(copy("a", 500), copy("b", 2), copy("c", 3), known={"b", "c"})
    assert (found.copies, found.files, found.oldest_object) == (2, 6, "c")


def test_the_oldest_look_is_told_with_the_first_dossier_that_has_it() -> None:
    found = told(copy("a", 5), copy("b", 9), copy("c", 9), copy("d", 7))
    assert (found.oldest, found.oldest_object) == (ago(9), "b")
    assert (found.since, found.until) == (ago(9), ago(5))


def test_a_copy_read_when_the_window_began_is_not_late_and_a_second_before_is() -> None:
    on_time, late = copy("a", 365), copy("b", 365 + 1 / 86400)
    found = told(on_time, late)
    assert (found.audited, found.late, found.late_copies) == (1, 2, 1)
    own = told(copy("a", 40), copy("b", 41), windows={"a": 40, "b": 40})
    assert (own.audited, own.late) == (1, 2)


def test_a_late_copy_that_could_not_be_read_is_late_and_unread_in_one_sum_only() -> None:
    found = told(copy("a", 400, tried_at=ago(1), written_at=ago(500)))
    assert (found.late_copies, found.late, found.unread, found.files) == (1, 0, 1, 1)


def test_a_store_that_need_not_have_all_lacks_nothing() -> None:
    found = told(copy("a", 1), more=("b", "c"), required=False)
    assert (found.files, found.lacking, found.lacking_copies) == (1, 0, 0)


def test_a_statement_names_a_thousand_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert coverage.NAMED == 1000
    monkeypatch.setattr(coverage, "NAMED", 2)
    bad = [copy(name, 1, "damaged", tried_at=ago(1)) for name in "abc"]
    found = told(*bad)
    assert (found.damaged_copies, found.damaged_here) == (3, ["a", "b"])
    assert (found.not_seen, [one.object_id for one in found.unread_here]) == (7, ["a", "b"])


@pytest.mark.parametrize(
    ("files", "read", "percent", "complete"),
    [
        (0, 0, "100", True), (1, 1, "100", True), (1, 0, "0.00", False), (3, 1, "33.33", False),
        (200, 199, "99.50", False), (100_000, 99_999, "99.99", False),
        (10_000, 105, "1.05", False), (10_000, 1, "0.01", False), (7, 5, "71.42", False),
    ],
)  # fmt: skip
def test_a_percentage_is_rounded_down(files, read, percent, complete) -> None:
    for audited in {0, read}:
        one = Coverage("s", 1, "", files=files, audited=audited, written=read - audited)
        assert (one.read, one.percent, one.complete) == (read, percent, complete)


def test_a_statement_begins_with_nothing() -> None:
    values = asdict(Coverage("s", 1, ""))
    assert all(not value for name, value in values.items() if name not in ("store", "window_days"))
    assert coverage.FROM_MEDIUM == ("direct", "evicted")
