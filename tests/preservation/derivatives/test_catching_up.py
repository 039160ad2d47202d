"""From held objects to access copies, with real archives and real stores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from PIL import Image

from kho.wiring import Archive, open_archive
from preservation.derivatives import (
    PAGE_IMAGE,
    TEXT,
    DerivativeStore,
    Limits,
    Maker,
    Reason,
    SourceDamaged,
    SourceProblem,
    Task,
    wanted,
)
from preservation.derivatives.catching_up import make_missing
from preservation.derivatives.wanting import RECIPES
from repository.clock import SystemClock
from repository.digest import digest_bytes
from repository.errors import Unavailable
from repository.model import ObjectId
from tests.preservation.derivatives import samples


def task_of(data: bytes, media: str = "pdf") -> Task:
    sha512 = digest_bytes(data, ["sha512"])["sha512"]
    return Task("urn:x", "data/x", sha512, len(data), media, RECIPES[media])


@pytest.fixture
def derivatives(tmp_path) -> DerivativeStore:
    (tmp_path / "derivatives").mkdir()
    return DerivativeStore(tmp_path / "derivatives")


def small(archive: Archive) -> list[Task]:
    """All tasks of the archive: what there is to make."""
    return [
        task
        for record in archive.catalogue.objects()
        for task in wanted(archive.catalogue.documents(record.object_id))
    ]


def catch_up(archive: Archive, derivatives: DerivativeStore, **options):
    options = {"limit": None, "deadline": None, **options}
    return make_missing(archive.catalogue, archive.stores["primary"], derivatives, **options)


# -- the maker


def test_a_source_gets_all_its_access_copies_and_is_not_made_again(derivatives):
    pdf, png = samples.text_pdf(), samples.encoded(samples.picture(), "PNG")
    sources = {task_of(pdf): pdf, task_of(png, "image"): png}
    fetched = []

    def fetch(task, target):
        fetched.append(task)
        target.write_bytes(sources[task])

    maker = Maker(derivatives, SystemClock())
    first = maker.run([*sources, *sources], fetch)
    assert (first.done, first.failed, first.left, first.complete) == (5, 0, 0, True)
    assert derivatives.text(task_of(pdf).sha512) == ("\n".join(samples.VIETNAMESE),)
    assert derivatives.pages(task_of(png, "image").sha512).count == 1
    second = maker.run(sources, fetch)
    assert (second.done, second.failed, second.left) == (0, 0, 0)
    assert len(fetched) == 2


def test_what_cannot_be_made_is_recorded_once_and_not_tried_again(derivatives):
    task = task_of(b"%PDF-1.7 nothing")
    maker = Maker(derivatives, SystemClock())
    made = maker.run([task], lambda _, target: target.write_bytes(b"%PDF-1.7 nothing") and None)
    assert (made.done, made.failed) == (0, 3)
    assert derivatives.failure(task.sha512, TEXT).reason is Reason.DAMAGED
    again = maker.run([task], lambda *_: pytest.fail("fetched again"))
    assert (again.done, again.failed, again.left) == (0, 0, 0)


def test_a_limit_leaves_the_rest_and_tells_how_much(derivatives):
    data = [samples.text_pdf([[str(n)]]) for n in range(4)]
    sources = {task_of(one): one for one in data}
    maker = Maker(derivatives, SystemClock())
    made = maker.run(
        sources, lambda task, target: target.write_bytes(sources[task]) and None, limit=1
    )
    assert (made.done, made.left, made.complete) == (3, 3, True)
    assert derivatives.text(next(iter(sources)).sha512) == ("0",)


def test_nothing_is_begun_after_the_deadline(derivatives):
    made = Maker(derivatives, SystemClock()).run(
        [task_of(b"1"), task_of(b"2")],
        lambda *_: pytest.fail("begun"),
        deadline=time.monotonic() - 1,
    )
    assert (made.done, made.failed, made.complete) == (0, 0, False)
    assert made.left >= 1


def test_a_source_that_is_too_large_is_not_even_copied(derivatives):
    task = task_of(b"x" * 100)
    maker = Maker(derivatives, SystemClock(), Limits(most_source_bytes=99))
    made = maker.run([task], lambda *_: pytest.fail("copied"))
    assert (made.done, made.failed) == (0, 3)
    assert derivatives.failure(task.sha512, PAGE_IMAGE).reason is Reason.TOO_LARGE


def test_a_source_that_is_not_what_it_must_be_is_reported_and_the_next_is_made(derivatives):
    good = samples.text_pdf()
    bad = task_of(b"lost")
    problem = SourceProblem(bad.object_id, bad.path, "altered", bad.sha512)

    def fetch(task, target):
        if task is bad:
            raise SourceDamaged(problem)
        target.write_bytes(good)

    made = Maker(derivatives, SystemClock()).run([bad, task_of(good)], fetch)
    assert made.damaged == (problem,)
    assert (made.done, made.failed) == (3, 0)
    assert derivatives.state(bad.sha512, TEXT) == "missing"


def test_a_store_that_goes_away_stops_the_run_and_keeps_what_was_made(derivatives, tmp_path):
    good = samples.text_pdf()
    gone = task_of(b"gone")

    def fetch(task, target):
        if task is gone:
            raise Unavailable("away")
        target.write_bytes(good)

    with pytest.raises(Unavailable):
        Maker(derivatives, SystemClock()).run([task_of(good), gone], fetch)
    assert derivatives.state(task_of(good).sha512, TEXT) == "made"
    assert not (tmp_path / "derivatives" / ".staging").exists()


# -- held objects


def test_everything_held_gets_pages_and_text(archive, derivatives):
    with open_archive(archive.home, read_only=True) as opened:
        tasks = small(opened)
        made = catch_up(opened, derivatives, limit=6)
        assert made.failed == 0 and made.damaged == ()
        assert made.left == len({task.sha512 for task in tasks}) - 6
        done = [task for task in tasks if derivatives.state(task.sha512, PAGE_IMAGE) == "made"]
        assert len({task.sha512 for task in done}) == 6
        for task in done:
            assert derivatives.thumbnail(task.sha512) is not None
            for page in derivatives.pages(task.sha512).pages:
                with Image.open(page.path) as image:
                    assert image.size == (page.width, page.height)
            if task.media == "pdf":
                text = derivatives.text(task.sha512)
                assert text is not None and len(text) == derivatives.pages(task.sha512).count


def test_the_last_changed_come_first_and_those_asked_for_before_them(archive, derivatives):
    with open_archive(archive.home, read_only=True) as opened:
        records = sorted(opened.catalogue.objects(), key=lambda r: r.object_id)
        records.sort(key=lambda r: r.updated_at, reverse=True)
        newest, oldest = records[0].object_id, records[-1].object_id
        order = []

        def allowed(document):
            order.append(document.object_id)
            return False

        catch_up(opened, derivatives, allowed=allowed)
        assert list(dict.fromkeys(order)) == [record.object_id for record in records]
        order.clear()
        catch_up(opened, derivatives, allowed=allowed, first=[oldest])
        assert list(dict.fromkeys(order))[:2] == [oldest, newest]
        assert len(set(order)) == len(records)


def test_nothing_is_made_of_what_is_not_allowed(archive, derivatives, tmp_path):
    with open_archive(archive.home, read_only=True) as opened:
        made = catch_up(opened, derivatives, allowed=lambda document: False)
    assert (made.done, made.failed, made.left, made.complete) == (0, 0, 0, True)
    assert not [path for path in (tmp_path / "derivatives").rglob("*") if path.suffix == ".json"]


def damage_first(archive, opened: Archive, how: str) -> Task:
    task = next(task for task in small(opened) if task.media == "pdf")
    expected = opened.catalogue.expected(task.object_id)
    content = next(file.path for file in expected if file.sha512 == task.sha512)
    store = opened.stores["primary"]
    path = archive.root("primary") / store.object_path(ObjectId(task.object_id)) / content
    path.parent.chmod(0o755)
    path.chmod(0o644)
    if how == "missing":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data + (b"more" if how == "longer" else b""))
    return task


@pytest.mark.parametrize(
    ("how", "kind"), [("flipped", "altered"), ("longer", "altered"), ("missing", "missing")]
)
def test_a_damaged_source_is_reported_and_never_rendered(archive, derivatives, how, kind):
    with open_archive(archive.home, read_only=True) as opened:
        task = damage_first(archive, opened, how)
        made = catch_up(opened, derivatives, limit=2, first=[task.object_id])
        assert made.damaged == (SourceProblem(task.object_id, task.path, kind, task.sha512),)
        assert made.failed == 0
        assert derivatives.state(task.sha512, PAGE_IMAGE) == "missing"


def test_a_store_that_is_away_is_said_to_be_away(archive, derivatives):
    (archive.home / "stores" / "primary").rename(archive.home / "stores" / "elsewhere")
    with open_archive(archive.home, read_only=True) as opened, pytest.raises(Unavailable):
        catch_up(opened, derivatives)


def test_a_maker_killed_at_any_moment_leaves_whole_results_and_is_continued(
    archive, derivatives, tmp_path
):
    folder = tmp_path / "derivatives"
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from kho.wiring import open_archive
        from preservation.derivatives import DerivativeStore
        from preservation.derivatives.catching_up import make_missing
        with open_archive(Path(sys.argv[1]), read_only=True) as archive:
            store = archive.stores["primary"]
            print("begun", flush=True)
            derivatives = DerivativeStore(Path(sys.argv[2]))
            make_missing(archive.catalogue, store, derivatives, limit=8, deadline=None)
        """
    )
    for delay in (0.8, 1.3, 2.1):
        maker = subprocess.Popen(
            [sys.executable, "-c", script, str(archive.home), str(folder)], stdout=subprocess.PIPE
        )
        assert maker.stdout is not None
        with maker.stdout:
            maker.stdout.readline()
            time.sleep(delay)
        os.kill(maker.pid, signal.SIGKILL)
        maker.wait()
        for place in folder.glob("[0-9a-f][0-9a-f]/*/*"):
            notes = {path.name for path in place.iterdir()}
            pages = json.loads((place / "made.json").read_bytes())["pages"]
            images = [name for name in notes if name.endswith(".webp")]
            assert len(images) == len(pages) or notes == {"made.json", "text.jsonl"}
    with open_archive(archive.home, read_only=True) as opened:
        assert catch_up(opened, derivatives, limit=2).failed == 0
    assert not (folder / ".staging").exists()
