"""Repair against a living archive: who writes meanwhile, who dies, and what old media are told."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kho import wiring
from preservation.media import Medium, rests_until
from preservation.repair import Repaired, repair
from preservation.work import WorkNote, WorkState
from repository.catalogue.records import CopyRecord
from repository.clock import utc_text
from repository.errors import Locked, NotFound, Unavailable
from tests.archives import TestArchive

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r'"((?:REP|REC|CPY|STO)-[A-Z]+(?:-[A-Z]+)*)"')


class Died(BaseException):
    """Stands for `kill -9`."""


def harm(archive: TestArchive, store: str) -> Path:
    path = archive.object_folders(store)[0] / "v1/content/bagit.txt"
    path.chmod(0o644)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    return path


def run(opened: wiring.Archive, store: str = "copy-1") -> list[Repaired]:
    ids = [record.object_id for record in opened.catalogue.objects()]
    return list(repair(opened.caring(), ids, store, operator="test", reason="a test"))


def test_a_repair_that_died_in_the_exchange_is_finished_and_told(archive: TestArchive) -> None:
    path = harm(archive, "copy-1")

    def die(name: str) -> None:
        if name == "damaged kept aside":
            raise Died

    with wiring.open_archive(archive.home, step=die) as opened, pytest.raises(Died):
        run(opened)
    assert not path.exists()
    with wiring.open_archive(archive.home) as opened:
        told = opened.recover()
        assert [one.action for one in told] == ["finished"]
        assert [one.action for one in run(opened)] == ["intact"] * 3
        types = [event.type for event in opened.catalogue.events()]
        assert types.count("repair begun") == 1  # and no end: it was interrupted, and shows
    assert path.read_bytes().startswith(b"BagIt")


def test_what_is_being_written_is_not_repaired(archive: TestArchive) -> None:
    path = harm(archive, "copy-1")
    damaged = path.read_bytes()
    with wiring.open_archive(archive.home) as opened:
        first = next(iter(opened.catalogue.objects())).object_id
        ids = [record.object_id for record in opened.catalogue.objects()]
        for object_id in ids:
            (archive.home / "quarantine" / f"w-{ids.index(object_id)}").mkdir()
            opened.work.write(
                WorkNote(f"w-{ids.index(object_id)}", WorkState.COMMITTING, object_id, "v2")
            )
        with pytest.raises(Locked, match="being written"):
            list(repair(opened.caring(), [first], "copy-1", operator="t", reason="t"))
    assert path.read_bytes() == damaged


def test_nothing_is_touched_for_an_unknown_object_or_a_store_that_is_away(
    archive: TestArchive,
) -> None:
    path = harm(archive, "copy-1")
    damaged = path.read_bytes()
    with wiring.open_archive(archive.home) as opened:
        ids = [record.object_id for record in opened.catalogue.objects()]
        with pytest.raises(NotFound):
            list(repair(opened.caring(), [*ids, "urn:x:y"], "copy-1", operator="t", reason="t"))
        assert path.read_bytes() == damaged
        (archive.home / "stores/primary").rename(archive.home / "stores/away")
        with pytest.raises(Unavailable):
            run(opened, "primary")


# -- media


@given(
    started=st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    years=st.floats(1.1, 50),
    days=st.integers(-400, 400),
)
def test_a_medium_is_good_then_to_be_replaced_for_a_year_then_over(
    started: date, years: float, days: int
) -> None:
    medium = Medium(started, years)
    assert medium.ends is not None
    assert medium.replace_by is not None
    assert 364 <= (medium.ends - medium.replace_by).days <= 366
    day = medium.ends + timedelta(days=days)
    noon = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    expected = "over" if days >= 0 else "replace" if day >= medium.replace_by else "good"
    assert medium.state(noon) == expected
    assert Medium(started, None).state(noon) == Medium(None, years).state(noon) == "unknown"


@given(ages=st.lists(st.integers(0, 500), max_size=8), rotation=st.integers(1, 1095))
def test_a_disk_rests_until_a_rotation_after_the_oldest_look(
    ages: list[int], rotation: int
) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    copies = [
        CopyRecord("o", "s", "v1", "2020-01-01T00:00:00Z", "direct", text, "intact")
        for text in (utc_text(now - timedelta(days=age)) for age in ages)
    ]
    until = rests_until(copies, rotation)
    if not ages:
        assert until is None
    else:
        assert until == now - timedelta(days=max(ages)) + timedelta(days=rotation)


# -- texts


def test_every_finding_about_copies_has_both_texts_with_the_same_values() -> None:
    texts = {
        lang: json.loads((ROOT / f"schemas/texts/copies.{lang}.json").read_text("utf-8"))
        for lang in ("vi", "en")
    }
    used = set()
    for name in ("preservation", "kho"):
        for path in (ROOT / name).rglob("*.py"):
            used |= set(CODE.findall(path.read_text("utf-8")))
    assert used == texts["vi"].keys() == texts["en"].keys()
    for code in used:
        values = [set(re.findall(r"{(\w+)}", texts[lang][code])) for lang in texts]
        assert values[0] == values[1], code
