"""The clock on a real archive: ten simulated days, outages, and what is said when it stands still."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kho import overview, scheduling, serving
from kho.cli.output import Language
from kho.diagnosis import diagnose
from kho.promises import audit_policy
from kho.scheduling import Ticks, the_only_clock
from kho.settings import SETTINGS_FILE, AuditSettings, StoreAuditSettings, read_settings
from kho.wiring import Archive, Home, open_archive
from preservation import heartbeat, history
from preservation.events import EventType, Outcome
from preservation.heartbeat import Heartbeat
from repository.catalogue.catalogue import open_catalogue
from repository.catalogue.records import AuditResultRecord
from repository.clock import FrozenClock, SystemClock, utc_text
from repository.errors import Locked
from repository.store import LEDGER, STORAGE_ROOT
from tests.archives import STORES, TestArchive

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Simulation:
    """An archive whose clock is ours, and ticks made by hand as APScheduler would make them."""

    def __init__(self, archive: Archive, clock: FrozenClock) -> None:
        self.archive = archive
        self.clock = clock
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.stopping = False
        self.ticks = self.new_ticks()

    def new_ticks(self) -> Ticks:
        def tell(tick: str, result: Any) -> None:
            self.told.append((tick, dict(result)))

        return Ticks(self.archive, tell, lambda: self.stopping)

    def hours(self, count: int, each: Callable[[], None] = lambda: None, step: int = 1) -> None:
        for _ in range(0, count, step):
            self.ticks.beat()
            self.ticks.mend()
            self.ticks.audit()
            self.ticks.drain()
            self.ticks.beat()
            each()
            self.clock.advance(step * HOUR)

    def late(self) -> int:
        return sum(store["late"] for store in overview.overview(self.archive)["stores"].values())

    def results(self, kind: str = "due") -> list[AuditResultRecord]:
        found = []
        for run in self.archive.catalogue.audit_runs():
            if run.kind == kind:
                found += self.archive.catalogue.audit_results(run.run_id)
        return [one for one in found if one.object_id not in (STORAGE_ROOT, LEDGER)]

    def runs(self) -> int:
        return len(self.archive.catalogue.audit_runs())


def set_audit(home: Path, **settings: object) -> None:
    path = home / SETTINGS_FILE
    text = path.read_text("utf-8").replace("window_days = 365\n", "")
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    for name in settings:
        text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{name} ="))
    path.write_text(text.replace("[audit]", f"[audit]\n{lines}"), "utf-8")


@pytest.fixture
def simulation(archive: TestArchive) -> Iterator[Simulation]:
    """Begins at the first daily hour after the archive was filled, with a window of ten days."""
    set_audit(archive.home, window_days=10)
    settings = read_settings(archive.home)
    begins = audit_policy(settings).default.day(SystemClock().now())[1]
    clock = FrozenClock(begins)
    with open_catalogue(archive.home / "catalogue.sqlite") as catalogue:
        yield Simulation(Archive(Home(archive.home), settings, catalogue, clock=clock), clock)


def test_in_ten_days_every_copy_is_read_level_and_nothing_is_ever_late(
    simulation: Simulation,
) -> None:
    late = []
    for _ in range(10):
        simulation.hours(24, lambda: late.append(simulation.late()), step=4)
    assert set(late) == {0}
    results = simulation.results()
    assert {one.verdict for one in results} == {"intact"}
    held = {record.object_id for record in simulation.archive.catalogue.objects()}
    for store in STORES:
        read = [one for one in results if one.store == store]
        assert {one.object_id for one in read} == held
        # Three dossiers in nine days: every third day one, never two.
        days = Counter(one.checked_at[:10] for one in read)
        assert set(days.values()) == {1}
        assert len(read) <= 4
    roots = simulation.archive.catalogue.audit_history(STORAGE_ROOT)
    assert len(roots) == 10 * len(STORES)
    simulation.ticks.beat()
    seen = overview.clock_of(simulation.archive)
    assert (seen.state, seen.alarm) == ("alive", False)


def test_after_an_outage_what_is_late_is_read_at_the_first_tick(simulation: Simulation) -> None:
    simulation.hours(24)
    simulation.clock.advance(timedelta(days=15))
    assert simulation.late() == 6
    assert overview.clock_of(simulation.archive).state == "silent"
    simulation.hours(1)
    assert simulation.late() == 0
    simulation.ticks.beat()
    assert overview.clock_of(simulation.archive).state == "alive"


def test_a_store_that_is_away_is_noted_once_a_day_and_its_copies_grow_older(
    simulation: Simulation,
) -> None:
    place = simulation.archive.home.path / "stores" / "copy-1"
    away = place.with_name("unplugged")
    place.rename(away)
    simulation.hours(48, step=4)
    away_runs = [
        run
        for run in simulation.archive.catalogue.audit_runs()
        if "copy-1" in run.totals["stores_unavailable"]
    ]
    assert len(away_runs) == 2
    assert {run.outcome for run in away_runs} == {"incomplete"}
    assert all(
        not one.last_checked_at for one in simulation.archive.catalogue.copies_of_store("copy-1")
    )
    simulation.clock.advance(timedelta(days=10))
    simulation.hours(1)
    assert overview.overview(simulation.archive)["stores"]["copy-1"]["late"] == 3
    assert overview.overview(simulation.archive)["stores"]["primary"]["late"] == 0
    away.rename(place)
    simulation.hours(1)
    assert simulation.late() == 0


def test_an_audit_that_was_stopped_is_taken_up_by_the_next_clock(simulation: Simulation) -> None:
    simulation.clock.advance(timedelta(days=15))
    simulation.stopping = True
    simulation.ticks.audit()
    assert simulation.results() == []
    simulation.stopping = False
    asked = iter([False])  # stops after the first copy of each store
    stopping = Ticks(simulation.archive, lambda *_: None, lambda: next(asked, True))
    stopping.audit()
    looked = [one for one in simulation.results() if not one.not_checked]
    assert len(looked) == len(STORES)
    assert simulation.late() == 4
    simulation.new_ticks().audit()
    assert simulation.late() == 0
    looked = [one for one in simulation.results() if not one.not_checked]
    assert Counter((one.store, one.object_id) for one in looked).most_common(1)[0][1] == 1


def test_a_daily_budget_is_kept_and_the_rest_follows_the_next_day(simulation: Simulation) -> None:
    tight = AuditSettings(window_days=10, daily_bytes=1)
    settings = simulation.archive.settings.model_copy(update={"audit": tight})
    simulation.archive.settings = settings
    simulation.ticks = simulation.new_ticks()
    simulation.clock.advance(timedelta(days=15))
    for day in range(1, 4):
        simulation.hours(24, step=6)
        assert len(simulation.results()) == day * len(STORES)
    assert simulation.late() == 0


def promise(simulation: Simulation, **changes: object) -> None:
    """Another policy, from the next tick on."""
    audit = AuditSettings.model_validate({"window_days": 10, **changes})
    simulation.archive.settings = simulation.archive.settings.model_copy(update={"audit": audit})
    simulation.ticks = simulation.new_ticks()


def test_in_quiet_hours_nothing_is_read_and_no_progress_is_promised(simulation: Simulation) -> None:
    promise(simulation, quiet="07:00-18:00")
    simulation.clock.advance(timedelta(days=15) + 6 * HOUR)  # 07:00 in Vietnam, everything late
    for _ in range(11):
        simulation.ticks.audit()
        simulation.clock.advance(HOUR)
        assert simulation.runs() == 0
    sign = heartbeat.read(simulation.archive.home.folder("reports") / heartbeat.FILE)
    assert sign is None or sign.audited_at == ""
    simulation.ticks.audit()
    assert simulation.late() == 0


def test_a_run_that_meets_quiet_hours_stops_before_its_next_object(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(simulation, quiet="07:00-18:00")
    simulation.clock.advance(timedelta(days=15) + 5 * HOUR)
    for store in simulation.archive.stores.values():
        observe = store.observe

        def slowly(*wanted: Any, observe: Any = observe, **options: Any) -> Iterator[Any]:
            for seen in observe(*wanted, **options):
                yield seen
                simulation.clock.advance(timedelta(minutes=25))

        monkeypatch.setattr(store, "observe", slowly)
    simulation.new_ticks().audit()
    read = [one for one in simulation.results() if not one.not_checked]
    assert 0 < len(read) < 6
    assert simulation.late() == 6 - len(read)


def test_one_store_may_be_quiet_while_another_is_read(simulation: Simulation) -> None:
    stores = dict(simulation.archive.settings.stores)
    own = StoreAuditSettings(quiet="00:00-23:00")
    stores["copy-1"] = stores["copy-1"].model_copy(update={"audit": own})
    simulation.archive.settings = simulation.archive.settings.model_copy(update={"stores": stores})
    simulation.ticks = simulation.new_ticks()
    simulation.clock.advance(timedelta(days=15))
    simulation.ticks.audit()
    assert {one.store for one in simulation.results()} == {"primary"}
    assert simulation.late() == 3


def test_a_class_with_a_shorter_window_is_late_sooner_and_read_first(
    simulation: Simulation,
) -> None:
    one = next(iter(simulation.archive.catalogue.objects()))
    matching = {"name": "soon", "window_days": 2, "fonds": [one.fonds_code]}
    promise(simulation, window_days=300, **{"class": [matching]})
    simulation.clock.advance(timedelta(days=4))
    same = sum(o.fonds_code == one.fonds_code for o in simulation.archive.catalogue.objects())
    assert simulation.late() == same * len(STORES)
    simulation.ticks.audit()
    assert simulation.late() == 0


def test_a_new_version_makes_no_old_byte_younger(simulation: Simulation) -> None:
    """What an update writes is read back; what it leaves as it was is not."""
    catalogue = simulation.archive.catalogue
    former = next(iter(catalogue.copies_of_store("primary")))
    simulation.clock.advance(timedelta(days=15))
    at = utc_text(simulation.clock.now())
    written = replace(former, written_at=at, head="v2", read_at="")
    event = history.new_event(
        EventType.UPDATE,
        at=simulation.clock.now(),
        agent="tester",
        outcome=Outcome.SUCCESS,
        object_id=former.object_id,
        detail=history.copies_detail([written], "v2", "0" * 128),
    )
    with catalogue.transaction() as tx:
        history.record(tx, event)
    now = next(iter(catalogue.copies_of_store("primary")))
    assert (now.written_at, now.read_at, now.head) == (at, former.read_at, "v2")
    assert simulation.late() == 6


def report(simulation: Simulation, object_id: str, store: str = "primary") -> None:
    line = {"at": utc_text(simulation.clock.now()), "object_id": object_id, "store": store}
    path = simulation.archive.home.folder("spool") / "damage-2026-11-22.jsonl"
    with path.open("a") as stream:
        stream.write(json.dumps({**line, "path": "x", "kind": "altered"}) + "\n")


def test_what_the_read_service_reported_is_audited_in_every_copy(
    simulation: Simulation, archive: TestArchive
) -> None:
    damaged = next(p for p in archive.files("primary") if "/rep1/data/" in str(p))
    damaged.chmod(0o644)
    damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    object_id = next(
        record.object_id
        for record in simulation.archive.catalogue.objects()
        if simulation.archive.stores["primary"].object_path(record.object_id) in str(damaged)  # type: ignore[arg-type]
    )
    report(simulation, object_id)
    report(simulation, "urn:unknown")
    simulation.ticks.drain()
    found = {one.store: one.verdict for one in simulation.results("named")}
    assert found == {"primary": "damaged", "copy-1": "intact"}
    assert list(simulation.archive.home.folder("spool").iterdir()) == []
    runs = simulation.runs()
    simulation.ticks.drain()
    assert simulation.runs() == runs


def test_reports_are_kept_until_an_audit_has_looked(simulation: Simulation) -> None:
    object_id = next(iter(simulation.archive.catalogue.objects())).object_id
    report(simulation, object_id)
    simulation.stopping = True
    simulation.ticks.drain()
    assert len(list(simulation.archive.home.folder("spool").iterdir())) == 1
    simulation.stopping = False
    simulation.ticks.drain()
    assert simulation.runs() == 1
    assert list(simulation.archive.home.folder("spool").iterdir()) == []


def test_the_ledger_reaches_a_store_that_was_away_with_the_next_mending(
    simulation: Simulation,
) -> None:
    place = simulation.archive.home.path / "stores" / "copy-1"
    place.rename(place.with_name("unplugged"))
    simulation.hours(1)
    simulation.ticks.mend()
    assert "copy-1" in simulation.told[-1][1]["ledger_behind"]
    place.with_name("unplugged").rename(place)
    simulation.ticks.mend()
    stores = simulation.archive.stores
    assert stores["copy-1"].evidence() == stores["primary"].evidence()


def test_access_copies_of_open_dossiers_are_made_and_wishes_forgotten(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "_COPIES_AT_ONCE", 1)
    spool = simulation.archive.home.folder("spool")
    object_id = next(iter(simulation.archive.catalogue.objects())).object_id
    wish = {"at": utc_text(simulation.clock.now()), "object_id": object_id, "recipe": "text-1"}
    (spool / "wishes-2026-11-22.jsonl").write_text(json.dumps(wish) + "\n")
    simulation.ticks.access_copies()
    assert list(spool.iterdir()) == []
    made = list(simulation.archive.home.folder("derivatives").rglob("made.json"))
    open_ones = [o for o in simulation.archive.catalogue.objects() if o.mode == "01"]
    assert bool(made) == bool(open_ones)


def test_a_second_clock_is_locked_out(archive: TestArchive) -> None:
    with the_only_clock(archive.home):
        with pytest.raises(Locked), the_only_clock(archive.home):
            pass
        assert archive.run("run", "--port", "8999").status == 11  # as `kho schedule` within it
    with the_only_clock(archive.home):
        pass


# --- silence, as it is told outside


def sign_of(archive: TestArchive, at: datetime, **changes: str) -> None:
    sign = Heartbeat(
        at=utc_text(at),
        by=heartbeat.SCHEDULE,
        expected_by=utc_text(at + timedelta(minutes=5)),
        audited_at=utc_text(at),
        audit_expected_by=utc_text(at + DAY),
        next_audit="",
    )
    heartbeat.beat(archive.home / "reports" / heartbeat.FILE, replace(sign, **changes))


def health(archive: TestArchive) -> int:
    with serving.application(archive.home) as (app, _, _):
        return TestClient(app).get("/health", headers={"Accept": "application/json"}).status_code


def doctor_level(archive: TestArchive) -> str:
    return next(found.level for found in diagnose(archive.home) if found.what == "schedule")


def told_status(archive: TestArchive, language: Language = "en") -> list[str]:
    with open_archive(archive.home, read_only=True) as opened:
        return overview.lines(overview.overview(opened), language)


def test_a_living_clock_is_well_everywhere(archive: TestArchive) -> None:
    sign_of(archive, SystemClock().now())
    assert health(archive) == 200
    status = archive.run("status", "--json")
    assert status.status == 0
    assert status.document()["clock"]["state"] == "alive"
    assert doctor_level(archive) == "ok"


def test_a_stopped_clock_is_cried_out_by_health_status_and_doctor(archive: TestArchive) -> None:
    sign_of(archive, SystemClock().now() - HOUR)
    assert health(archive) == 503
    status = archive.run("status")
    assert status.status == 0
    assert "✗ Clock: SILENT" in status.stdout.splitlines()[1]
    assert "IM LẶNG" in told_status(archive, "vi")[1]
    assert doctor_level(archive) == "error"


def test_a_clock_that_does_not_audit_is_cried_out_as_well(archive: TestArchive) -> None:
    sign_of(archive, SystemClock().now(), audit_expected_by=utc_text(SystemClock().now() - HOUR))
    assert health(archive) == 503
    assert "NO AUDIT" in told_status(archive)[1]
    assert doctor_level(archive) == "error"


def test_a_work_that_fails_is_cried_out_but_the_service_is_well(archive: TestArchive) -> None:
    path = archive.home / "reports" / heartbeat.FILE
    sign_of(archive, SystemClock().now())
    sign = heartbeat.read(path)
    assert sign is not None
    heartbeat.beat(path, replace(sign, failing={"audit": "no room left"}))
    assert health(archive) == 200
    assert "no room left" in told_status(archive)[1]
    assert doctor_level(archive) == "error"


def test_a_new_archive_has_a_day_to_start_its_clock(archive: TestArchive) -> None:
    assert health(archive) == 200
    assert doctor_level(archive) == "warning"


def test_where_no_clock_is_expected_its_silence_is_no_alarm(archive: TestArchive) -> None:
    set_audit(archive.home, expect_clock=False)
    sign_of(archive, SystemClock().now() - HOUR)
    assert health(archive) == 200
    assert doctor_level(archive) == "warning"
    assert "SILENT" in told_status(archive)[-1]


def test_an_audit_by_cron_is_a_sign_of_life(archive: TestArchive) -> None:
    assert archive.run("audit", "--due").status == 0
    clock = archive.run("status", "--json").document()["clock"]
    assert (clock["state"], clock["alarm"]) == ("alive", False)


def test_every_silence_has_a_text_in_both_languages() -> None:
    seen = heartbeat.Alive("silent", "", heartbeat.Silence.NONE, "", {}, "", True)
    for reason in heartbeat.Silence:
        told = replace(seen, reason=reason)
        texts = {overview.clock_text(told, "vi"), overview.clock_text(told, "en")}
        assert len(texts) == 2
        assert all(texts)
        json.dumps(asdict(told))
