from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.derivatives import (
    PAGE_IMAGE,
    TEXT,
    THUMBNAIL,
    DerivativeStore,
    PageList,
    Reason,
)
from repository.errors import Locked

A, B = "a" * 128, "b" * 128
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "derivatives"
    made.mkdir()
    return made


@pytest.fixture
def store(folder) -> DerivativeStore:
    return DerivativeStore(folder)


def put_pages(store: DerivativeStore, sha512: str = A, recipe=PAGE_IMAGE, count: int = 2) -> None:
    with store.making() as work:
        staged = work / "made"
        staged.mkdir()
        pages = []
        for number in range(1, count + 1):
            (staged / f"page-{number:04d}.webp").write_bytes(b"x")
            pages.append({"width": 1240, "height": 1700 + number})
        store.publish_made(staged, sha512, recipe, {"pages": pages, "software": "s"})


def put_text(store: DerivativeStore, *texts: str, sha512: str = A) -> None:
    with store.making() as work:
        staged = work / "made"
        staged.mkdir()
        lines = [json.dumps({"page": n, "text": t}) for n, t in enumerate(texts, 1)]
        (staged / "text.jsonl").write_text("\n".join(lines) + "\n")
        store.publish_made(staged, sha512, TEXT, {"pages": [{}] * len(texts), "software": "s"})


def put_failure(store: DerivativeStore, reason: Reason, recipe=PAGE_IMAGE):
    with store.making() as work:
        staged = work / "made"
        staged.mkdir()
        return store.publish_failure(staged, A, recipe, reason, "why", NOW)


def test_nothing_is_there_before_something_is_made(store):
    assert store.pages(A) == PageList("missing")
    assert store.thumbnail(A) is None
    assert store.text(A) is None
    assert store.wants(A, TEXT)


def test_pages_come_back_in_order_with_their_sizes_and_places(store, folder):
    put_pages(store)
    pages = store.pages(A)
    assert (pages.state, pages.count) == ("made", 2)
    assert [(page.number, page.width, page.height) for page in pages.pages] == [
        (1, 1240, 1701),
        (2, 1240, 1702),
    ]
    place = folder / "aa" / A / PAGE_IMAGE.key
    assert [page.path for page in pages.pages] == [
        place / "page-0001.webp",
        place / "page-0002.webp",
    ]
    assert all(page.path.read_bytes() == b"x" for page in pages.pages)
    assert not store.wants(A, PAGE_IMAGE)
    assert store.wants(A, THUMBNAIL)
    assert store.pages(B).state == "missing"
    assert not (folder / ".staging").exists()


def test_text_comes_back_page_by_page(store):
    put_text(store, "một\nhai", "", "Đức Thọ")
    assert store.text(A) == ("một\nhai", "", "Đức Thọ")


def test_the_thumbnail_is_a_page_of_its_own_recipe(store):
    put_pages(store, recipe=THUMBNAIL, count=1)
    assert store.thumbnail(A).path.parent.name == THUMBNAIL.key
    assert store.pages(A).state == "missing"


def test_what_lies_in_the_file_is_tried_once(store, folder):
    failure = put_failure(store, Reason.ENCRYPTED)
    assert (failure.attempts, failure.text_code, failure.at) == (
        1,
        "DER-ENCRYPTED",
        "2026-11-22T08:00:00Z",
    )
    assert store.state(A, PAGE_IMAGE) == "failed"
    assert store.pages(A) == PageList("failed", (), failure)
    assert not store.wants(A, PAGE_IMAGE)
    assert store.wants(A, TEXT)
    told = json.loads((folder / "aa" / A / PAGE_IMAGE.key / "failed.json").read_bytes())
    assert told["reason"] == "encrypted" and told["text_code"] == "DER-ENCRYPTED"


def test_what_may_lie_in_the_day_is_tried_three_times_and_never_again(store):
    wanted = []
    for attempt in range(1, 4):
        wanted.append(store.wants(A, PAGE_IMAGE))
        assert put_failure(store, Reason.TIMEOUT).attempts == attempt
    assert wanted == [True, True, True]
    assert not store.wants(A, PAGE_IMAGE)


def test_a_later_success_takes_the_place_of_a_failure(store):
    put_failure(store, Reason.TIMEOUT)
    put_pages(store)
    assert store.pages(A).state == "made"
    assert store.failure(A, PAGE_IMAGE) is None


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_text_in_both_languages(reason):
    told = Path(__file__).parents[3] / "docs" / "derivatives.md"
    rows = told.read_text("utf-8").splitlines()
    row = next(row for row in rows if row.startswith(f"| `{reason.text_code}` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == 4 and all(cells)


@given(
    st.text(max_size=140) | st.sampled_from(["../" * 20, "A" * 128, "a" * 127, "a" * 128 + "\n"])
)
def test_an_address_that_is_no_digest_reaches_nothing(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp()
    store = DerivativeStore(folder)
    assert store.state(text, PAGE_IMAGE) == "missing"
    assert store.pages(text) == PageList("missing")
    assert store.text(text) is None
    store.forget(text)


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"pages": 7}', b"\xff"]
)
def test_a_damaged_note_counts_as_missing(store, folder, broken):
    put_pages(store)
    place = folder / "aa" / A / PAGE_IMAGE.key
    os.replace(place / "made.json", place / "failed.json")
    (place / "failed.json").chmod(0o644)
    (place / "failed.json").write_bytes(broken)
    assert store.pages(A).state == "missing"
    assert store.wants(A, PAGE_IMAGE)
    put_pages(store)  # and is made anew
    assert store.pages(A).state == "made"


def test_text_that_was_damaged_is_no_text(store, folder):
    put_text(store, "một")
    path = folder / "aa" / A / TEXT.key / "text.jsonl"
    path.chmod(0o644)
    path.write_bytes(b"\xff\xfe")
    assert store.text(A) is None


def test_one_maker_at_a_time(store):
    with store.making(), pytest.raises(Locked), store.making():
        pytest.fail("two makers at once")


def test_what_a_killed_maker_left_is_cleared_away_and_was_never_seen(store, folder):
    left = folder / ".staging" / "dead" / "made"
    left.mkdir(parents=True)
    (left / "page-0001.webp").write_bytes(b"half")
    with store.making() as work:
        assert list(work.iterdir()) == []
        assert not left.exists()
    assert store.pages(A).state == "missing"


def test_forgetting_a_source_removes_all_that_was_made_of_it(store, folder):
    put_pages(store)
    put_text(store, "một")
    put_pages(store, sha512=B)
    store.forget(A)
    store.forget(A)
    assert not (folder / "aa" / A).exists()
    assert store.pages(B).state == "made"


def test_readers_need_no_permission_to_write(store, folder):
    put_pages(store)
    put_text(store, "một")
    before = sorted((p, p.lstat().st_mtime_ns) for p in folder.rglob("*"))
    store.pages(A), store.text(A), store.thumbnail(A), store.pages(B)
    assert sorted((p, p.lstat().st_mtime_ns) for p in folder.rglob("*")) == before
