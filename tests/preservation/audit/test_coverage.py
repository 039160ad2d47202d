"""The statement of coverage: every file in exactly one sum, and nothing unread among the read."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from preservation.audit.coverage import Coverage, cover
from preservation.audit.policy import DuePolicy
from repository.catalogue.records import AuditResultRecord, CopyRecord, ObjectRecord
from repository.clock import utc_text

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def ago(days: float) -> str:
    return utc_text(NOW - timedelta(days=days))


def held(object_id: str, files: int = 10) -> ObjectRecord:
    texts = {one.name: "" for one in fields(ObjectRecord)}
    numbers = {"document_count": 1, "file_count": files, "byte_count": files * 100}
    return ObjectRecord(**texts | {"object_id": object_id, "head": "v1"} | numbers)  # type: ignore[arg-type]


def copy(object_id: str = "a", **changes: str) -> CopyRecord:
    values = {
        "object_id": object_id, "store": "primary", "head": "v1", "written_at": ago(100),
        "read_back": "direct", "last_checked_at": ago(10), "last_verdict": "intact",
        "read_at": ago(10), "tried_at": "", **changes,
    }  # fmt: skip
    return CopyRecord(**values)


def look(object_id: str = "a", files: int = 10, **counts: int) -> AuditResultRecord:
    sums = dict.fromkeys(("altered", "missing", "unreadable", "not_checked", "unexpected"), 0)
    sums |= counts
    sums["intact"] = files - sum(sums.values()) + sums["unexpected"]
    verdict = "damaged" if sums["altered"] + sums["missing"] else "incomplete"
    return AuditResultRecord(
        "run", object_id, "primary", ago(1), verdict, files, byte_count=1, **sums
    )


def told(
    *copies: CopyRecord,
    looks: dict[str, AuditResultRecord] | None = None,
    windows: dict[str, int] | None = None,
    more: tuple[str, ...] = (),
    required: bool = True,
) -> Coverage:
    records = {one: held(one) for one in (*(copy.object_id for copy in copies), *more)}
    return cover(
        "primary", copies, records, DuePolicy(365), NOW,
        windows=windows or {}, looks=looks or {}, required=required,
    )  # fmt: skip


def sums(one: Coverage) -> int:
    return (
        one.audited + one.written + one.unread + one.missing + one.late + one.unproven + one.lacking
    )


@st.composite
def stores(draw: st.DrawFn) -> Coverage:
    copies, looks, windows = [], {}, {}
    for number in range(draw(st.integers(0, 12))):
        name = f"urn:{number}"
        verdict = draw(st.sampled_from(["", "intact", "damaged", "incomplete"]))
        read = ago(draw(st.integers(-400, 800)))
        tried = ago(1) if verdict == "incomplete" or draw(st.booleans()) else ""
        copies.append(
            copy(
                name,
                last_verdict=verdict,
                read_at=read,
                tried_at=tried if verdict else "",
                read_back=draw(st.sampled_from(["direct", "evicted", "cached"])),
                written_at=ago(draw(st.integers(0, 900))),
            )
        )
        if draw(st.booleans()):
            looks[name] = look(
                name, unreadable=draw(st.integers(0, 5)), missing=draw(st.integers(0, 5))
            )
        if draw(st.booleans()):
            windows[name] = draw(st.integers(1, 1095))
    more = tuple(f"urn:x{n}" for n in range(draw(st.integers(0, 3))))
    return told(*copies, looks=looks, windows=windows, more=more, required=draw(st.booleans()))


@given(stores())
def test_every_file_is_in_exactly_one_sum_and_a_hundred_is_said_of_all_alone(one: Coverage) -> None:
    assert sums(one) == one.files
    assert one.complete is (one.read == one.files)
    assert (one.percent == "100") is one.complete
    assert float(one.percent) <= 100
    if one.files:
        assert float(one.percent) <= one.read * 100 / one.files


def test_what_audits_read_is_told_with_its_dates() -> None:
    one = told(copy("a", read_at=ago(300)), copy("b", read_at=ago(2)))
    assert (one.audited, one.percent, one.since, one.until) == (20, "100", ago(300), ago(2))
    assert (one.oldest, one.oldest_object) == (ago(300), "a")


def test_a_copy_that_was_not_all_read_counts_with_none_of_its_files() -> None:
    stuck = copy("a", last_verdict="incomplete", tried_at=ago(1))
    one = told(stuck, copy("b"), looks={"a": look("a", unreadable=3)})
    assert (one.audited, one.unread, one.not_seen, one.percent) == (10, 10, 3, "50.00")
    assert [(unread.object_id, unread.files) for unread in one.unread_here] == [("a", 3)]
    assert told(stuck).not_seen == 10  # what the look found is not known: none of it was seen


def test_damage_in_a_copy_that_was_not_all_read_does_not_make_it_read() -> None:
    one = told(
        copy(last_verdict="damaged", tried_at=ago(1)), looks={"a": look(altered=1, unreadable=2)}
    )
    assert (one.audited, one.unread, one.damaged_copies) == (0, 10, 1)


def test_damaged_files_were_read_and_missing_ones_were_not() -> None:
    damaged = copy(last_verdict="damaged")
    assert told(damaged, looks={"a": look(altered=1)}).audited == 10
    one = told(damaged, looks={"a": look(missing=1)})
    assert (one.audited, one.missing, one.damaged_here) == (0, 10, ["a"])
    assert told(damaged).missing == 10  # nobody knows what it found


def test_what_waits_for_its_first_audit_was_read_back_from_the_medium_or_is_unproven() -> None:
    never = {"last_checked_at": "", "last_verdict": "", "read_at": ago(100)}
    one = told(copy("a", **never), copy("b", read_back="cached", **never))
    assert (one.audited, one.written, one.unproven, one.percent) == (0, 10, 10, "50.00")


def test_what_is_late_is_not_read_whatever_the_verdict_was() -> None:
    one = told(copy(read_at=ago(366)))
    assert (one.audited, one.late, one.late_copies, one.percent) == (0, 10, 1, "0.00")
    assert told(copy(read_at=ago(50)), windows={"a": 40}).late == 10
    assert told(copy(read_at=ago(-400), written_at=ago(500))).late == 10  # a date not believed


def test_a_dossier_that_a_required_store_lacks_is_missed_and_an_offline_one_may_lack_it() -> None:
    one = told(copy("a"), more=("b",))
    assert (one.files, one.lacking, one.lacking_copies, one.percent) == (20, 10, 1, "50.00")
    assert told(copy("a"), more=("b",), required=False).percent == "100"


def test_a_copy_that_is_behind_lacks_what_it_has_not() -> None:
    one = told(copy("a", head="v0"), copy("b"))
    assert (one.audited, one.lacking, one.lacking_copies, one.percent) == (10, 10, 1, "50.00")


def test_the_percentage_is_never_rounded_up() -> None:
    one = Coverage("s", 365, ago(0), files=1_000_000, audited=999_999)
    assert one.percent == "99.99"
