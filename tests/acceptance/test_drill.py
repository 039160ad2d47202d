"""Drills on a running archive: all found, all mended, only canaries touched, kills survived."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kho import diagnosis, tending, wiring
from kho.tending import drill_if_due
from preservation import history
from preservation.audit import looking
from preservation.audit.fixity import CopyJudgement, compare
from preservation.audit.leases import leases
from preservation.drills import drill as drills
from preservation.drills import planting
from preservation.drills.drill import KINDS, drill, mend_left
from preservation.drills.notes import all_left, canaries, last_drill
from preservation.drills.planting import Damage, check_canary, clear_aside, plant
from preservation.events import EventType, Outcome
from repository.errors import Locked, NotFound, Refused
from repository.model import ObjectId
from tests.acceptance.calling import call
from tests.archives import STORES, TestArchive


class Died(BaseException):
    """Stands for `kill -9`."""


@pytest.fixture(scope="session")
def with_canaries(archive_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("canaries") / "archive"
    shutil.copytree(archive_template, home, symlinks=True)
    made = call(TestArchive(home), "drill", "--make-canaries", "--json")
    assert (made.status, made.summary()["made"]) == (0, 3)
    return home


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read is tried again at once."""
    monkeypatch.setattr(looking, "RETRY_PAUSE", 0.0)


@pytest.fixture
def drilled(with_canaries: Path, tmp_path: Path) -> TestArchive:
    """An archive with canaries, a test's own."""
    home = tmp_path / "archive"
    shutil.copytree(with_canaries, home, symlinks=True)
    return TestArchive(home)


@pytest.fixture
def opened(drilled: TestArchive) -> Iterator[wiring.Archive]:
    with wiring.open_archive(drilled.home) as archive:
        yield archive


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_kind_in_every_store_is_found_and_mended_and_nothing_is_left(
    drilled: TestArchive,
) -> None:
    before = {store: tree(drilled.root(store)) for store in STORES}
    ran = call(drilled, "drill", "--all", "--yes", "--json")
    assert ran.status == 0, ran.stdout + ran.stderr
    results = [line for line in ran.lines() if line["message_type"] == "drilled"]
    assert [(one["kind"], one["store"]) for one in results] == [
        (kind, store) for store in STORES for kind in KINDS
    ]
    assert all(one["passed"] for one in results)
    assert {one["kind"] for one in results if one["how"] == "planted"} >= {
        "flip", "truncation", "missing", "extra", "swapped", "stale",
    }  # fmt: skip
    assert {store: tree(drilled.root(store)) for store in STORES} == before
    assert [list((drilled.home / "stores" / store / "aside").iterdir()) for store in STORES] == [
        [],
        [],
    ]
    assert call(drilled, "incidents", "--json").summary()["open"] == 0
    assert call(drilled, "audit", "--all").status == 0
    assert call(drilled, "ledger", "verify").status == 0


def test_readers_lists_sums_searches_and_exports_leave_canaries_out(
    drilled: TestArchive, tmp_path: Path
) -> None:
    assert len(call(drilled, "list", "--json").lines()) == 1 + 3
    assert call(drilled, "status", "--json").document()["counts"]["objects"] == 3
    assert call(drilled, "search", "KHO.CANARY", "--json").lines()[-1]["hits"] == 0
    named = call(drilled, "list", "--fonds", "KHO.CANARY", "--json").lines()
    assert len(named) == 1 + 3
    assert call(drilled, "export", "--all", "--to", tmp_path / "out").status == 0
    assert not list((tmp_path / "out").glob("*CANARY*"))
    again = call(drilled, "drill", "--make-canaries", "--json")
    assert again.summary()["made"] == 0


def test_nothing_but_a_canary_can_be_harmed(opened: wiring.Archive, drilled: TestArchive) -> None:
    store, place = opened.stores["primary"], drilled.home / "stores/primary"
    real = next(r for r in opened.catalogue.objects(canaries=False)).object_id
    ours = canaries(opened.catalogue)[0]
    before = tree(drilled.root("primary"))
    for damage in Damage:
        with pytest.raises(Refused):
            plant(opened.catalogue, store, place, ObjectId(real), damage)
    # A real dossier's bytes in a canary's place are not harmed either.
    folder = place / "root" / store.object_path(ObjectId(ours))
    kept = folder.with_name("kept")
    folder.rename(kept)
    shutil.copytree(place / "root" / store.object_path(ObjectId(real)), folder)
    with pytest.raises(Refused):
        check_canary(opened.catalogue, store, ObjectId(ours))
    for damage in Damage:
        with pytest.raises(Refused):
            plant(opened.catalogue, store, place, ObjectId(ours), damage)
    shutil.rmtree(folder)
    kept.rename(folder)
    # Nor is what a repair of a real dossier kept aside.
    aside = place / "aside" / "x"
    aside.mkdir()
    (aside / "note.json").write_text(f'{{"object_id": "{real}"}}')
    assert not clear_aside(place, "aside/x", ObjectId(real))
    assert not clear_aside(place, "aside/x", ObjectId(ours))
    assert not clear_aside(place, "aside/../root", ObjectId(ours))
    assert aside.exists()
    aside.joinpath("note.json").unlink()
    aside.rmdir()
    assert tree(drilled.root("primary")) == before


def test_an_auditor_that_sees_nothing_fails_the_drill_and_rings(
    opened: wiring.Archive, drilled: TestArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drill drills the audit itself: one that calls everything intact must be caught."""

    def blind(expected: object, seen: object, **_: object) -> CopyJudgement:
        judged = compare(expected, seen)  # type: ignore[arg-type]
        sums = type(judged.sums)(expected=judged.sums.expected, intact=judged.sums.expected)
        return type(judged)(sums, (), judged.byte_count)

    with monkeypatch.context() as patched:
        patched.setattr(looking, "compare", blind)
        summary = drill(opened.drilling(), ["flip"], operator="t")
    assert [(one.found, one.mended) for one in summary.results] == [(False, True)] * 2
    assert summary.outcome.value == "failure"
    found = opened.catalogue.incidents()
    assert {(one.cause, one.store) for one in found} == {("drill", store) for store in STORES}
    assert "NOT FOUND" in found[0].detail["why"]
    assert call(drilled, "incidents").status == 3
    assert call(drilled, "audit", "--all").status == 0


def test_a_repair_that_does_nothing_fails_the_drill(
    opened: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(drills, "repair", lambda *_, **__: iter(()))
        summary = drill(opened.drilling(), ["missing"], operator="t")
    assert [(one.found, one.mended) for one in summary.results] == [(True, False)] * 2
    # And since the drill is over, what is left is damage like any other.
    assert {one.cause for one in opened.catalogue.incidents()} == {"drill", "damage"}


@pytest.mark.parametrize("kind", ["flip", "stale", "swapped"])
def test_a_drill_killed_after_planting_is_mended_by_the_next_command(
    opened: wiring.Archive,
    drilled: TestArchive,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    before = {store: tree(drilled.root(store)) for store in STORES}

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(drills, "_look", die)
        drill(opened.drilling(), [kind], operator="t")
    assert {store: tree(drilled.root(store)) for store in STORES} != before
    assert len(all_left(opened.catalogue, STORES)) == 1
    told = opened.recover()
    assert [one.action for one in told] == ["finished"]
    assert "a drill left it" in told[0].detail
    assert {store: tree(drilled.root(store)) for store in STORES} == before
    assert opened.catalogue.incidents() == ()
    assert opened.recover() == []


def test_an_audit_that_meets_a_planted_canary_knows_why_and_opens_nothing(
    opened: wiring.Archive, drilled: TestArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kho import selecting
    from preservation.audit.run import audit

    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(drills, "_look", lambda *_: (_ for _ in ()).throw(Died()))
        drill(opened.drilling(), ["flip"], operator="t")
    chosen = selecting.everything(opened, list(STORES))
    assert audit(opened.auditing(), chosen, operator="t").sums.altered == 1
    assert opened.catalogue.incidents() == ()
    assert mend_left(opened.drilling(), operator="t")[0].mended


def test_a_kill_between_note_and_planting_leaves_nothing_to_mend(
    opened: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(planting, "plant", die)
        drill(opened.drilling(), ["flip"], operator="t")
    assert [one.mended for one in mend_left(opened.drilling(), operator="t")] == [True]
    assert all_left(opened.catalogue, STORES) == []


def test_damage_to_a_canary_that_no_drill_planted_is_damage(
    opened: wiring.Archive, drilled: TestArchive
) -> None:
    store = opened.stores["primary"]
    ours = ObjectId(canaries(opened.catalogue)[0])
    path = drilled.root("primary") / store.object_path(ours) / "v1/content/bagit.txt"
    path.chmod(0o644)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    assert call(drilled, "audit", ours).status == 3
    assert [one.object_id for one in opened.catalogue.incidents()] == [ours]


def test_without_canaries_there_is_no_drill(archive: TestArchive) -> None:
    with wiring.open_archive(archive.home) as bare:
        with pytest.raises(NotFound):
            drill(bare.drilling(), KINDS, operator="t")
        assert drill_if_due(bare, lambda: False) is None
    assert call(archive, "drill", "flip", "--yes").status == 1
    assert call(archive, "drill", "flap", "--yes").status == 2
    assert call(archive, "drill").status == 2


def test_one_drill_at_a_time(opened: wiring.Archive) -> None:
    services = opened.drilling()
    with drills._alone(services), pytest.raises(Locked):
        drill(services, ["flip"], operator="t")


def test_the_clock_drills_when_the_last_drill_is_too_old(
    opened: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (tending, drills):
        monkeypatch.setattr(place, "KINDS", ("extra",))
    first = drill_if_due(opened, lambda: False)
    assert first is not None
    assert first.outcome.value == "success"
    assert drill_if_due(opened, lambda: False) is None


def test_a_drill_of_one_kind_is_not_the_drill_that_is_due(opened: wiring.Archive) -> None:
    drill(opened.drilling(), ["clock-jump"], operator="test")
    assert last_drill(opened.catalogue) is None
    found = {one.what: one for one in diagnosis.diagnose(opened.home.path)}
    assert (found["drills"].level, "nothing was drilled yet" in found["drills"].en) == (
        "warning",
        True,
    )
    # One that was recorded before drills said so counts by what was drilled in it.
    for kinds, whole in ((["clock-jump"], False), (["clock-jump", "flip"], True)):
        results = [{"kind": kind} for kind in kinds]
        event = history.new_event(
            EventType.DRILL,
            at=opened.clock.now(),
            agent="test",
            outcome=Outcome.SUCCESS,
            object_id=canaries(opened.catalogue)[0],
            detail={"drill": {"results": results, "stopped": False}},
        )
        with opened.catalogue.transaction() as tx:
            history.record(tx, event)
        assert (last_drill(opened.catalogue) is not None) is whole


def test_what_somebody_works_on_is_not_drilled_and_that_is_no_failure(
    opened: wiring.Archive,
) -> None:
    services = opened.drilling()
    ours = ObjectId(canaries(opened.catalogue)[0])
    with opened.stores["primary"].settled(ours):
        opened.stores["primary"]._lock_wait = 0.1  # type: ignore[attr-defined]
        summary = drill(services, ["flip"], operator="t")
    assert (len(summary.not_drilled), len(summary.results)) == (1, 1)
    assert summary.outcome.value == "incomplete"
    assert opened.catalogue.incidents() == ()
    stopped = drill(services, KINDS, operator="t", stop=lambda: True)
    assert (stopped.outcome.value, stopped.results) == ("incomplete", [])
    assert all_left(opened.catalogue, STORES) == []


def test_a_canary_that_another_audit_holds_is_not_drilled_and_rings_for_nobody(
    opened: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LEASE_WAIT", 0.0)
    services = opened.drilling()
    progress, ours = services.auditing.progress, canaries(opened.catalogue)
    with leases(progress, "primary") as held:
        assert all(held.take(one) for one in ours)
        summary = drill(services, ["flip"], operator="t")
    assert [one.store for one in summary.results] == ["copy-1"]
    assert (len(summary.not_drilled), summary.outcome.value) == (1, "incomplete")
    assert opened.catalogue.incidents() == ()
    mend_left(services, operator="t")
    assert all_left(opened.catalogue, STORES) == []


def test_a_person_is_asked_first_and_may_say_no(drilled: TestArchive) -> None:
    before = tree(drilled.root("primary"))
    assert call(drilled, "drill", "flip", given="n\n").status == 1
    assert tree(drilled.root("primary")) == before
