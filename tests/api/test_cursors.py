"""Page markers: only ours, only for the list they were made for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import BadCursor, Cursors

KEY = b"0123456789abcdef"
texts = st.text(max_size=40)


@given(st.lists(texts | st.none(), max_size=3), st.lists(texts, max_size=3))
def test_a_marker_reads_as_it_was_made(question, position):
    cursors = Cursors(KEY)
    assert cursors.read(question, cursors.make(question, position), len(position)) == position


@given(st.text(max_size=200))
def test_what_was_not_made_here_is_no_marker(text):
    with pytest.raises(BadCursor):
        Cursors(KEY).read(["objects"], text, 1)


def test_a_marker_is_for_one_list_one_question_and_one_archive():
    marker = Cursors(KEY).make(["objects", None], ["urn:a"])
    for key, question in (
        (KEY, ["objects", "P_SNV"]),
        (KEY, ["search", None]),
        (KEY, ["objects"]),
        (b"another key here", ["objects", None]),
    ):
        with pytest.raises(BadCursor):
            Cursors(key).read(question, marker, 1)
    with pytest.raises(BadCursor):
        Cursors(KEY).read(["objects", None], marker, 2)


def test_no_character_of_a_marker_can_be_changed():
    cursors = Cursors(KEY)
    marker = cursors.make(["objects"], ["urn:a"])
    for place in range(len(marker)):
        for other in "A_.9":
            altered = marker[:place] + other + marker[place + 1 :]
            if altered == marker:
                continue
            try:
                # The last character of a part has bits that count for nothing.
                assert cursors.read(["objects"], altered, 1) == ["urn:a"]
            except BadCursor:
                continue
            assert place in (marker.index(".") - 1, len(marker) - 1)


def test_a_tampered_marker_is_a_clear_problem(reader):
    address = reader.get("/objects?limit=1").json()["next"]
    for altered in (address[:-3] + "AAA", address + "&fonds=P_SNV", address.replace(".", "")):
        answer = reader.get(altered)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor"), altered
    moved = reader.get(address.replace("/objects?", "/audits?"))
    assert moved.status_code == 400


def test_a_short_key_is_refused_at_once():
    with pytest.raises(ValueError, match="16 bytes"):
        Cursors(b"short")
