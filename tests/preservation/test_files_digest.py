"""The one digest by which an event commits to every file of an object."""

import random

from hypothesis import given
from hypothesis import strategies as st

from kho import wiring
from preservation.history import files_digest
from tests.acceptance.calling import call
from tests.archives import TestArchive

PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
ROWS = st.dictionaries(PATHS, st.text("0123456789abcdef", min_size=1, max_size=4), max_size=5)
HOSTILE = st.lists(st.tuples(st.text("ab/\0012", max_size=5), st.text("ab\0012", max_size=5)))


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_files_means_nothing(rows: dict[str, str], chance: random.Random) -> None:
    shuffled = list(rows.items())
    chance.shuffle(shuffled)
    assert files_digest(shuffled) == files_digest(rows.items())


@given(ROWS, HOSTILE)
def test_no_other_rows_have_it_whatever_they_hold(
    rows: dict[str, str], others: list[tuple[str, str]]
) -> None:
    assert (files_digest(others) == files_digest(rows.items())) == (
        sorted(others) == sorted(rows.items())
    )


def test_a_null_byte_parts_nothing() -> None:
    true = [("a", "1"), ("b", "2")]
    for forged in ([("a\0b", "1\0002")], [("a\0b", "1"), ("", "2")], [("a", "1\0b"), ("", "2")]):
        assert files_digest(forged) != files_digest(true)


def test_a_name_that_is_not_utf_8_has_one_too() -> None:
    assert files_digest([("\udcff", "1")]) != files_digest([("\udcfe", "1")])


def test_what_is_held_is_committed_to_file_by_file(archive: TestArchive) -> None:
    done = call(archive, "audit", "--all", "--cached", "--json")
    assert done.status == 0, done.stderr
    with wiring.open_archive(archive.home) as opened:
        commitments = opened.auditing().commitments
        assert commitments is not None
        commitments.refresh()
        held = [record.object_id for record in opened.catalogue.objects()]
        assert held
        for object_id in held:
            rows = [(row.path, row.sha512) for row in opened.catalogue.expected(object_id)]
            assert commitments.files_of(object_id) == files_digest(rows)
        assert commitments.files_of("urn:nobody") == ""
