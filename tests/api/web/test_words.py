"""Sentences, dates and numbers, and the judgements that pages put into words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.faceting import narrow, years_of
from api.web.telling import tell, worst_verdict
from api.web.trust import judge_trust
from api.web.words import Words, texts
from repository.catalogue.records import (
    AuditResultRecord,
    CopyRecord,
    EventRecord,
    ObjectRecord,
    SearchHit,
)
from repository.clock import utc_text

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # the 23rd in Vietnam
VI, EN = Words("vi", NOW), Words("en", NOW)
PLACES = re.compile(r"\{[a-z_]+\}")


def test_every_sentence_is_in_both_languages_with_the_same_places():
    vi, en = texts("vi"), texts("en")
    assert {k for k in en if not k.endswith(".one")} == set(vi)
    for key, text in vi.items():
        assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(en[key])), key


def test_every_sentence_that_a_template_names_is_there():
    folder = Path(str(files("api.web") / "templates"))
    for path in folder.glob("*.html"):
        for key in re.findall(r"w\.[tn]\([\"']([a-z0-9.-]+)[\"'](?! ~)", path.read_text()):
            assert key in texts("vi"), (path.name, key)


def test_a_value_is_never_read_as_a_place_for_another():
    assert VI.t("event.by", agent="{today} {agent}") == "do {today} {agent}"


@pytest.mark.parametrize(
    ("partial", "vi", "en"),
    [
        ("2021-03-05", "05/03/2021", "5 March 2021"),
        ("2021-03", "03/2021", "March 2021"),
        ("2021", "2021", "2021"),
        ("", "không rõ ngày", "undated"),
        (None, "không rõ ngày", "undated"),
        ("khoảng 1950", "khoảng 1950", "khoảng 1950"),
        ("2021-00-00", "00/00/2021", "0 00 2021"),
    ],
)
def test_dates_are_told_as_far_as_they_are_known(partial, vi, en):
    assert VI.date(partial) == vi
    assert EN.date(partial) == en


def test_instants_are_told_in_vietnam():
    assert VI.instant("2026-11-22T20:00:00Z") == "23/11/2026 03:00"
    assert VI.today() == "23/11/2026"
    assert VI.dates("2021", "2021") == "2021"
    assert VI.dates("2020-01-02", "2021") == "02/01/2020 – 2021"


@pytest.mark.parametrize(
    ("days", "told"),
    [(0, "hôm nay"), (1, "hôm qua"), (3, "3 ngày trước"), (59, "59 ngày trước"),
     (90, "3 tháng trước"), (800, "2 năm trước"), (-3, "26/11/2026")],
)  # fmt: skip
def test_how_long_ago(days, told):
    assert VI.ago(utc_text(NOW - timedelta(days=days))) == told


@given(st.integers(0, 10**18))
def test_numbers_and_sizes_are_read_back(value):
    assert int(VI.number(value).replace(".", "")) == value
    assert int(EN.number(value).replace(",", "")) == value
    shown, unit = VI.size(value).split(" ")
    factor = 1000 ** ("B", "kB", "MB", "GB", "TB", "PB").index(unit)
    assert abs(float(shown.replace(",", ".")) * factor - value) <= max(0.06 * factor, value / 100)


# -- trust


def copy(store: str = "primary", **changes: str) -> CopyRecord:
    fresh = CopyRecord("urn:a:b", store, "v1", "2026-11-01T00:00:00Z", "direct",
                       "2026-11-19T20:00:00Z", "intact")  # fmt: skip
    return replace(fresh, **changes)


def judged(*copies: CopyRecord, head: str = "v1", required: int = 2):
    return judge_trust(copies, head, required=required, window=lambda _: 365, now=NOW)


def test_all_copies_read_and_intact_is_called_intact():
    trust = judged(copy(), copy("copy-1", last_checked_at="2026-11-18T00:00:00Z"))
    assert (trust.integrity, trust.checked, trust.copies) == ("intact", "checked", "enough")
    assert trust.oldest == "2026-11-18T00:00:00Z"


NEVER = {"last_checked_at": "", "last_verdict": ""}


@pytest.mark.parametrize(
    ("copies", "integrity", "checked", "state"),
    [
        ((), "unchecked", "never", "lacking"),
        ((copy(),), "intact", "checked", "lacking"),
        ((copy(), copy("b", **NEVER)), "unchecked", "never", "enough"),
        ((copy(), copy("b", last_verdict="damaged")), "damaged", "checked", "some-damaged"),
        ((copy(), copy("b", last_verdict="incomplete")), "incomplete", "checked", "enough"),
        (
            (copy(last_verdict="incomplete"), copy("b", last_verdict="damaged")),
            "damaged", "checked", "some-damaged",
        ),
        ((copy(), copy("b", last_verdict="strange")), "unchecked", "checked", "enough"),
        ((copy(), copy("b", head="v0")), "intact", "checked", "lacking"),
        ((copy(), copy("b", last_checked_at="2025-01-01T00:00:00Z")), "intact", "overdue", "enough"),
    ],
)  # fmt: skip
def test_the_weakest_copy_speaks_for_all(copies, integrity, checked, state):
    trust = judged(*copies)
    assert (trust.integrity, trust.checked, trust.copies) == (integrity, checked, state)


VERDICTS = st.sampled_from(["", "intact", "damaged", "incomplete", "strange"])


@given(st.lists(st.builds(lambda v: copy(last_verdict=v), VERDICTS), max_size=5))
def test_intact_is_said_only_when_every_copy_is(copies):
    trust = judged(*copies)
    every = bool(copies) and all(one.last_verdict == "intact" for one in copies)
    assert (trust.integrity == "intact") is every


# -- history


def result(run: str, store: str, verdict: str, at: str) -> AuditResultRecord:
    return AuditResultRecord(run, "urn:a:b", store, at, verdict, 3, 3, 0, 0, 0, 0, 0, 10)


def test_copies_checked_in_one_run_are_one_line_told_by_the_worst():
    told = tell(
        [EventRecord("e", "ingestion", "2026-11-01T00:00:00Z", "lan", "success", "urn:a:b"),
         EventRecord("f", "solar flare", "2026-11-02T00:00:00Z", "sun", "success", "urn:a:b")],
        [result("r1", "primary", "intact", "2026-11-03T00:00:00Z"),
         result("r1", "copy-1", "damaged", "2026-11-03T00:00:05Z")],
    )  # fmt: skip
    assert [one.key for one in told] == ["check.damaged", "event.other", "event.ingestion"]
    assert [r.store for r in told[0].results] == ["copy-1", "primary"]


def test_what_happened_in_one_second_is_told_last_first_and_after_the_check_that_showed_it():
    at = "2026-11-03T00:00:00Z"
    told = tell(
        [EventRecord("e", "incident opened", at, "kho", "success", "urn:a:b"),
         EventRecord("f", "incident diagnosed", at, "kho", "success", "urn:a:b")],
        [result("r1", "copy-1", "damaged", at)],
    )  # fmt: skip
    assert [one.key for one in told] == [
        "event.incident-diagnosed", "event.incident-opened", "check.damaged",
    ]  # fmt: skip


def test_a_repair_that_failed_is_not_told_as_one_that_mended():
    at = "2026-11-03T00:00:00Z"
    for outcome, key in (("success", "event.repair"), ("failure", "event.other")):
        told = tell([EventRecord("e", "repair", at, "lan", outcome, "urn:a:b")], [])
        assert [one.key for one in told] == [key]


def test_every_event_type_has_a_sentence():
    from api.web import telling

    for type_ in telling._TOLD:
        assert f"event.{type_.replace(' ', '-')}" in texts("vi")
        assert f"event.{type_.replace(' ', '-')}" in texts("en")
    assert "event.repair" in texts("vi")
    for verdict in ("intact", "damaged", "incomplete"):
        assert f"check.{worst_verdict([verdict, 'intact'])}" in texts("vi")


# -- facets


def hit(object_id: str, **changes: str) -> SearchHit:
    record = ObjectRecord(object_id, "F1", "A", "c", "", "t", "01", "01", "2020", "2021", 1, 1, 1,
                          "v1", "p", "t", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z")  # fmt: skip
    return SearchHit(replace(record, **changes), "", 1.0)


HITS = st.lists(
    st.builds(
        lambda n, fonds, mode, year: hit(f"urn:{n}", fonds_code=fonds, mode=mode, end_date=year),
        st.integers(0, 5), st.sampled_from("AB"), st.sampled_from(["01", "02"]),
        st.sampled_from(["2020", "2021-03", "2023-01-02", ""]),
    ),
    max_size=12,
)  # fmt: skip


@given(HITS, st.sampled_from(["fonds", "year", "mode", "type"]))
def test_choosing_a_value_gives_as_many_hits_as_the_facet_said(hits, name):
    types = {f"urn:{n}": frozenset({f"{n:02d}", "02"}) for n in range(6)}
    kept, facets = narrow(hits, {}, types.__getitem__)
    assert kept == hits
    facet = next(facet for facet in facets if facet.name == name)
    for choice in facet.choices:
        narrowed, again = narrow(hits, {name: choice.value}, types.__getitem__)
        assert len(narrowed) == choice.count
        assert [c.value for f in again if f.name == name for c in f.choices if c.chosen] == [
            choice.value
        ]


def test_years_of_a_dossier_are_bounded():
    assert years_of(hit("urn:a", start_date="0001", end_date="9999").record)[-1] == "150"
    assert years_of(hit("urn:a", start_date="", end_date="x").record) == []


def test_texts_are_json_in_nfc():
    import unicodedata

    for language in ("vi", "en"):
        raw = (files("schemas") / "pages" / f"{language}.json").read_text("utf-8")
        assert raw == unicodedata.normalize("NFC", raw)
        assert all(isinstance(text, str) and text for text in json.loads(raw).values())
