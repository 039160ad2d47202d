"""Ranges against slicing, and every oddity of the headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ranges import Answer, decide

TAG = '"sha512-aa"'
DATA = bytes(range(256))


def answer(size=256, head=False, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return decide(named, TAG, size, head=head)


@given(st.integers(0, 300), st.integers(0, 300) | st.none(), st.integers(0, 256))
def test_a_range_is_the_slice(first, last, size):
    data = DATA[:size]
    wanted = f"bytes={first}-{'' if last is None else last}"
    found = answer(size, range=wanted)
    if last is not None and last < first:
        assert found == Answer(200, 0, size)
    elif first >= size:
        assert found == Answer(416)
    else:
        assert found.status == 206
        assert data[found.start : found.end] == data[first : None if last is None else last + 1]


@given(st.integers(0, 300), st.integers(0, 256))
def test_a_suffix_is_the_slice_from_the_end(count, size):
    data = DATA[:size]
    found = answer(size, range=f"bytes=-{count}")
    if count == 0 or size == 0:
        assert found == Answer(416)
    else:
        assert found.status == 206
        assert data[found.start : found.end] == data[-count:]


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2,5-6",
        "bytes=1--2",
        "bytes=+1-2",
        "bytes=5-2",
        "items=1-2",
        "bytes=1-2\x00",
        "bytes=١-٢",
        "bytes=1-2 3",
        "bytes=0x1-2",
        "bytes=" + "1-2," * 10_000,
    ],
)
def test_what_is_no_single_range_is_answered_with_the_whole(wanted):
    assert answer(range=wanted) == Answer(200, 0, 256)


def test_long_numbers_are_numbers():
    assert answer(range="bytes=" + "9" * 5000 + "-") == Answer(416)
    assert answer(range="bytes=1-" + "9" * 5000) == Answer(206, 1, 256)
    assert answer(range="bytes=" + "0" * 5000 + "1-2") == Answer(206, 1, 3)
    assert answer(range="bytes=-" + "9" * 5000) == Answer(206, 0, 256)


def test_spaces_and_capitals_are_allowed_where_the_standard_allows_them():
    assert answer(range="Bytes=1-2") == Answer(206, 1, 3)
    assert answer(range="bytes= 1-2 ") == Answer(206, 1, 3)


def test_head_and_a_condition_that_does_not_hold_make_a_range_the_whole():
    assert answer(range="bytes=1-2", head=True) == Answer(200, 0, 256)
    for condition in ('"other"', f"W/{TAG}", "Sun, 22 Nov 2026 00:00:00 GMT", ""):
        assert answer(range="bytes=1-2", if_range=condition) == Answer(200, 0, 256)
    assert answer(range="bytes=1-2", if_range=TAG) == Answer(206, 1, 3)


def test_tags_are_compared_strongly_for_if_match_and_weakly_for_if_none_match():
    assert answer(if_match=f"W/{TAG}").status == 412
    assert answer(if_match="*").status == 200
    assert answer(if_none_match=f"W/{TAG}").status == 304
    assert answer(if_none_match="*").status == 304
    assert answer(if_none_match=TAG, range="bytes=1-2").status == 304
    assert answer(if_none_match="sha512-aa").status == 200
    assert answer(if_match='"x"', if_none_match=TAG).status == 412


@given(
    st.dictionaries(
        st.sampled_from(["range", "if-range", "if-match", "if-none-match"]),
        st.text(max_size=60) | st.just(TAG),
    ),
    st.integers(0, 10**15),
    st.booleans(),
)
def test_no_header_whatever_it_holds_is_an_error(headers, size, head):
    found = decide(headers, TAG, size, head=head)
    assert 0 <= found.start <= found.end <= size
    assert found.status != 206 or found.start < found.end
