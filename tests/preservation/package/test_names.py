"""Stored names: as received when portable, else escaped; never two that are one somewhere."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preservation.package.names import (
    MAX_SEGMENT,
    clash_key,
    is_portable,
    received_segment,
    store_names,
    stored_path,
    stored_segment,
)

ODD = st.sampled_from(
    list('=%\\:*?"<>|./ \t\r\n\0AaÁáàẤấđĐ\u0301\u0300\u2028\ufffe\ud800\u00a0ſSſß*~-_')
)
names = st.one_of(
    st.text(ODD, max_size=12),
    st.text(st.characters(), max_size=30),
    st.text(st.characters(), min_size=100, max_size=260),
    st.sampled_from(["CON", "con.txt", "LPT1 .pdf", "COM¹", "nul", "..", ".", "", "aux.tar.gz"]),
)
segments = names.filter(lambda name: "/" not in name)
paths = st.lists(segments, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    "name",
    [
        "000.00.04.H27.2021.01.1.pdf",
        "Quyết định đã ký.pdf",
        unicodedata.normalize("NFD", "Quyết định đã ký.pdf"),
        ".hidden",
        "a+b & c (1) #2 [x]~.pdf",
        "\ue000 chữ Nôm.txt",
    ],
)
def test_a_portable_name_is_stored_as_received(name):
    assert stored_segment(name) == name


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("50%.pdf", "50=25.pdf"),
        ("a=b", "a=3Db"),
        ("CON.txt", "=43ON.txt"),
        ("tail.", "tail=2E"),
        (" lead", "=20lead"),
        ("a\\b", "a=5Cb"),
        ("..", ".=2E"),
        ("", "=_"),
        ("line\u2028sep", "line=E2=80=A8sep"),
    ],
)
def test_a_name_that_cannot_stay_is_escaped_byte_for_byte(name, stored):
    assert stored_segment(name) == stored
    assert received_segment(stored) == name


def test_a_name_in_mixed_normal_forms_is_written_in_ascii():
    mixed = "ế" + unicodedata.normalize("NFD", "ế")
    assert stored_segment(mixed).isascii()
    assert received_segment(stored_segment(mixed)) == mixed


@given(names)
@example("*\u0301é")
@example("a/b")
def test_the_stored_name_is_always_portable(name):
    stored = stored_segment(name)
    assert is_portable(stored)
    assert "/" not in stored
    assert stored_segment(name) == stored


@given(names)
def test_what_was_not_cut_can_be_read_back(name):
    stored = stored_segment(name)
    if (back := received_segment(stored)) is not None:
        assert back == name
    else:
        assert len(stored.encode()) <= MAX_SEGMENT
        assert re.search("=-[0-9a-f]{32}", stored)


@given(names, names)
def test_two_names_never_become_one(one, other):
    assert (stored_segment(one) == stored_segment(other)) == (one == other)


@given(paths)
def test_a_stored_path_is_portable_and_keeps_its_depth_unless_too_long(path):
    stored = stored_path(path)
    assert is_portable(stored)
    assert stored.startswith("=-") or stored.count("/") == path.count("/")


@given(st.lists(paths, max_size=12))
@example(["a", "A", "a/b"])
@example(["é", unicodedata.normalize("NFD", "é")])
@example(["A", "a/b"])
@example(["a", "a", "a"])
@example(["ß", "SS", "ss"])
def test_no_two_stored_paths_are_one_to_a_case_blind_file_system(received):
    chosen = store_names(received)
    assert len(chosen) == len(received)
    keys = [clash_key(stored) for stored in chosen]
    assert len(set(keys)) == len(keys)
    folders = {
        "/".join(key.split("/")[:depth]) for key in keys for depth in range(1, key.count("/") + 1)
    }
    assert not folders & set(keys)
    assert all(is_portable(stored) for stored in chosen)


def test_the_first_of_two_clashing_names_keeps_its_own():
    first, second = store_names(["a/Quyết định.pdf", "a/quyết định.PDF"])
    assert first == "a/Quyết định.pdf"
    assert re.fullmatch(r"a/quyết định=~[0-9a-f]{32}\.PDF", second)
