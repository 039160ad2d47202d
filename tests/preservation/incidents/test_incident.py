"""What an incident is, as values: found again, mended, closed; and what is told of it when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.events import EventType
from preservation.incidents.digest import ESCALATION, digest_due, escalation_due
from preservation.incidents.incident import (
    UNANSWERED,
    Cause,
    Finding,
    State,
    as_problem,
    finding_of_damage,
    step_of_closing,
    step_of_explaining,
    step_of_intact,
    step_of_repair,
    steps_of_finding,
)
from repository.catalogue.records import AuditResultRecord, IncidentRecord
from repository.clock import utc_text
from repository.errors import Refused
from schemas.problem_texts import known_codes, problem_text

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # 10:00 in Vietnam
KINDS = ("altered", "missing", "unexpected")
DAY = timedelta(days=1)


def found(*kinds: str, **more: object) -> Finding:
    return Finding(Cause.DAMAGE, "urn:a", "copy-1", kinds, **more)  # type: ignore[arg-type]


def opened(*kinds: str, **changes: object) -> IncidentRecord:
    (step,) = steps_of_finding([], found(*(kinds or ("altered",))), new_id="INC-1", now=NOW)
    return replace(step.incident, **changes)


def result(**counts: int) -> AuditResultRecord:
    named = dict.fromkeys(("altered", "missing", "unreadable", "not_checked", "unexpected"), 0)
    named |= counts
    expected = sum(named.values()) - named["unexpected"]
    return AuditResultRecord(
        "AUD-1", "urn:a", "copy-1", utc_text(NOW), "damaged", expected, 0, byte_count=0, **named
    )


@given(looks=st.lists(st.sets(st.sampled_from(KINDS), min_size=1), min_size=1, max_size=8))
def test_each_kind_of_damage_is_in_exactly_one_incident_however_often_it_is_found(
    looks: list[set[str]],
) -> None:
    held: dict[str, IncidentRecord] = {}
    for number, kinds in enumerate(looks):
        at = NOW + number * DAY
        name = f"INC-{number}"
        steps = steps_of_finding(list(held.values()), found(*sorted(kinds)), new_id=name, now=at)
        for step in steps:
            held[step.incident.incident_id] = step.incident
    kinds_of = [kind for one in held.values() for kind in one.kinds]
    assert sorted(kinds_of) == sorted(set().union(*looks))
    for one in held.values():
        assert one.seen_count == sum(1 for kinds in looks if kinds & set(one.kinds))


def test_a_diagnosis_is_its_own_event_and_the_incident_is_diagnosed() -> None:
    steps = steps_of_finding([], found("altered", diagnosis="bit flip"), new_id="INC-1", now=NOW)
    assert [step.type for step in steps] == [
        EventType.INCIDENT_OPENED,
        EventType.INCIDENT_DIAGNOSED,
    ]
    assert steps[-1].incident.state == State.DIAGNOSED


@pytest.mark.parametrize("state", list(State))
def test_only_a_repair_followed_by_a_whole_look_is_verified(state: State) -> None:
    step = step_of_intact(opened(state=state.value), "AUD-2", now=NOW)
    if state is State.REPAIRED:
        assert step is not None
        assert step.incident.state == State.VERIFIED
    elif state in UNANSWERED:
        assert step is not None
        assert step.incident.state == State.VANISHED
    else:
        assert step is None


@pytest.mark.parametrize("state", list(State))
def test_a_person_closes_only_what_is_proven_or_explained(state: State) -> None:
    incident = opened(state=state.value)
    if state in (State.VERIFIED, State.VANISHED, State.EXPLAINED):
        assert step_of_closing(incident, by="a", reason="b", now=NOW).incident.state == "closed"
    else:
        with pytest.raises(Refused):
            step_of_closing(incident, by="a", reason="b", now=NOW)
    if state is State.CLOSED:
        with pytest.raises(Refused):
            step_of_explaining(incident, by="a", reason="b", now=NOW)
    else:
        said = step_of_explaining(incident, by="a", reason="b", now=NOW).incident
        assert (said.state, said.by, said.reason) == ("explained", "a", "b")


def test_what_was_thought_mended_and_is_found_again_is_found() -> None:
    mended = step_of_repair(opened(), {"files": 1}, by="a", reason="b", now=NOW).incident
    (step,) = steps_of_finding([mended], found("altered"), new_id="INC-2", now=NOW + DAY)
    assert (step.type, step.incident.state) == (EventType.INCIDENT_FOUND_AGAIN, "found")
    assert step.incident.changed_at == utc_text(NOW + DAY)
    explained = step_of_explaining(opened(), by="a", reason="b", now=NOW).incident
    (step,) = steps_of_finding([explained], found("altered"), new_id="INC-2", now=NOW + DAY)
    assert step.incident.state == "explained"


def test_what_could_not_be_looked_at_is_no_damage() -> None:
    assert finding_of_damage(result(unreadable=3, not_checked=2)) is None
    damage = finding_of_damage(result(altered=1, unexpected=2, unreadable=1))
    assert damage is not None
    assert damage.kinds == ("altered", "unexpected")


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_both_texts_with_the_same_values(cause: Cause) -> None:
    problem = as_problem(opened(cause=cause.value))
    for language in ("vi", "en"):
        assert problem.code in known_codes(language)  # type: ignore[arg-type]
    marks = [
        set(re.findall("<(.+?)>", problem_text(problem.code, marked, lang)))  # type: ignore[arg-type]
        for lang in ("vi", "en")
        for marked in [{name: f"<{name}>" for name in ("store", "object", "kinds", "why")}]
    ]
    assert marks[0] == marks[1]


# -- what is told when


def told(incident: IncidentRecord, channel: str, at: datetime, state: str = "") -> IncidentRecord:
    said = {"state": state or incident.state, "at": utc_text(at)}
    return replace(incident, told={**incident.told, channel: said})


def due(*incidents: IncidentRecord, now: datetime = NOW, hour: int = 7) -> object:
    return digest_due(incidents, "email", archive="Kho thử", hour=hour, now=now)


def test_a_change_is_told_once_in_one_message_after_the_hour() -> None:
    some = [opened(incident_id=f"INC-{n}") for n in range(200)]
    digest = digest_due(some, "email", archive="Kho thử", hour=7, now=NOW)
    assert digest is not None
    assert len(digest.states) == 200
    assert len(digest.document["incidents"]) == 50
    assert "150" in digest.text
    assert due(*some, now=NOW.replace(hour=23)) is not None  # the next day's hour is not yet come
    again = [told(one, "email", NOW) for one in some]
    assert due(*again, now=NOW + 3 * DAY) is None
    # The other channel was told nothing yet.
    assert digest_due(again, "webhook", archive="Kho", hour=7, now=NOW) is not None


def test_a_second_change_of_the_same_day_waits_for_the_next_hour() -> None:
    one = told(opened(), "email", NOW, state="found")
    changed = replace(one, state="repaired")
    assert due(changed, now=NOW + timedelta(hours=2)) is None
    assert due(changed, now=NOW + timedelta(hours=20)) is None  # six in the morning
    assert due(changed, now=NOW + timedelta(hours=21)) is not None


def test_an_alarm_does_not_wait() -> None:
    before = told(opened(), "email", NOW)
    alarm = opened(incident_id="INC-2", cause="drill")
    digest = digest_due([before, alarm], "email", archive="Kho", hour=7, now=NOW)
    assert digest is not None
    assert digest.subject.startswith("KHẨN")
    assert list(digest.states) == ["INC-2"]
    assert due(before, told(alarm, "email", NOW)) is None


def test_what_was_over_before_a_channel_was_there_is_not_told() -> None:
    assert due(opened(state="closed")) is None
    assert due(told(opened(state="closed"), "email", NOW - 2 * DAY, state="found")) is not None


def test_what_nobody_answers_is_escalated_and_again_after_as_long() -> None:
    def late(one: IncidentRecord, days: int) -> object:
        return escalation_due([one], archive="Kho", hour=7, days=7, now=NOW + days * DAY)

    one = opened()
    assert late(one, 6) is None
    assert late(one, 7) is not None
    heard = told(one, ESCALATION, NOW + 7 * DAY)
    assert late(heard, 8) is None
    assert late(heard, 14) is not None
    assert late(replace(one, state="verified"), 30) is None
    assert late(replace(one, state="explained"), 30) is None
