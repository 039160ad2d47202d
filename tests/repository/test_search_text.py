"""Vietnamese text: folding, words, codes and order."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.search_text import (
    LONGEST_QUERY,
    MOST_WORDS,
    code_tokens,
    exact,
    fold,
    parse_query,
    synonyms_of,
    vietnamese_sort_key,
    words,
)

# What is typed, and what is written: facts on Vietnam, sections 6 and 8.7.
PAIRS = [
    ("quyet", "Quyết"),
    ("dinh", "định"),
    ("dat", "đất"),
    ("DAT", "Đất"),
    ("ha tinh", "Hà Tĩnh"),
    ("uy ban nhan dan", "Uỷ ban Nhân dân"),
    ("uy ban nhan dan", "Ủy ban nhân dân"),
    ("duong", "Đường"),
    ("nghi dinh ve luu tru", "NGHỊ ĐỊNH VỀ LƯU TRỮ"),
    ("hoa", "hoà"),
    ("thuy", "thúy"),
    ("ky", "kỹ"),
    ("nguyen huu tho", "Nguyễn Hữu Thọ"),
    ("12/qd-ubnd", "12/QĐ-UBND"),
]


@pytest.mark.parametrize(("typed", "written"), PAIRS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_what_is_typed_without_marks_folds_like_what_is_written(typed, written, form):
    assert fold(unicodedata.normalize(form, written)) == fold(typed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hòa", "hoà"), ("HÒA", "hoà"), ("thúy", "thuý"), ("Ủy", "uỷ"), ("tòe", "toè"),
        ("lọa", "loạ"), ("hùynh", "huỳnh"), ("lũy", "luỹ"), ("họe", "hoẹ"), ("tùy", "tuỳ"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_both_placements_of_a_tone_are_one_exact_word(old, new, form):
    assert exact(unicodedata.normalize(form, old)) == exact(new)


@pytest.mark.parametrize(
    ("one", "other"), [("má", "mà"), ("đất", "dất"), ("của", "cuả"), ("mua", "múa"), ("ơn", "ôn")]
)
def test_words_that_differ_in_a_mark_are_different_exact_words(one, other):
    assert exact(one) != exact(other)
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_again_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
    assert exact(exact(text)) == exact(text)
    assert fold(exact(text)) == fold(text)


def test_folding_again_changes_no_character_of_unicode():
    every = " ".join(map(chr, range(0x30000)))  # above it no letter has case or marks
    for form in (fold, exact):
        once = form(every)
        assert form(once) == once


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
def test_the_unicode_form_of_a_text_does_not_matter(text, form):
    other = unicodedata.normalize(form, text)
    assert fold(other) == fold(text)
    assert exact(other) == exact(text)


def test_invisible_characters_do_not_hide_a_word():
    assert fold("đ\u00adất\u200b đai\ufeff") == "dat dai"
    assert [w for _, _, w in words("đ\u00adất đai")] == ["đ\u00adất", "đai"]


@given(st.text())
def test_words_are_pieces_of_the_text_in_order(text):
    at = 0
    for start, end, written in words(text):
        assert at <= start < end
        assert text[start:end] == written
        at = end


def test_signs_separate_words_and_marks_do_not():
    decomposed = unicodedata.normalize("NFD", "Quyết định 12/QĐ-UBND.A_b (đất)")
    found = [unicodedata.normalize("NFC", written) for _, _, written in words(decomposed)]
    assert found == ["Quyết", "định", "12", "QĐ", "UBND", "A", "b", "đất"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("123/QĐ-UBND", ("123qdubnd",)),
        ("123/qd-ubnd", ("123qdubnd",)),
        ("0123/QĐUBND", ("123qdubnd",)),
        ("số 5/KH-SNV ngày 07/05/2020", ("5khsnv", "7_5_2020")),
        ("1/23 12/3", ("1_23", "12_3")),
        ("tiến-hành và/hoặc 2020", ()),
        ("H27.01.HS.0007", ("h27_1hs7",)),
        ("000/00", ("0_0",)),
    ],
)
def test_codes_are_one_token_whatever_separates_their_parts(text, tokens):
    assert code_tokens(text) == tokens


def test_i_and_y_are_offered_for_each_other_only_after_six_letters():
    assert synonyms_of("ly") == ("li",)
    assert synonyms_of("ti") == ("ty",)
    assert synonyms_of("thi") == synonyms_of("ni") == synonyms_of("quy") == synonyms_of("l") == ()


def test_a_query_is_its_words_once_each_with_codes_kept_together():
    parsed = parse_query('  "Quyết định" 123/QĐ-UBND (quyết) AND lý* ')
    assert [word.exact for word in parsed.words] == [
        ("quyết",), ("định",), ("123", "qđ", "ubnd"), ("and",), ("lý",),
    ]  # fmt: skip
    assert [word.whole for word in parsed.words] == ["", "", "123qdubnd", "", ""]
    assert parsed.words[-1].synonyms == ("li",)
    assert parsed.has_marks
    assert not parse_query("quyet dinh").has_marks


@given(st.text())
def test_every_text_is_a_query(text):
    for word in parse_query(text).words:
        assert word.exact
        assert len(word.exact) == len(word.folded)
        assert not set('"*():^{}+-') & set("".join((*word.exact, *word.folded, word.whole)))


@pytest.mark.parametrize("text", ["a" * 10_000, "a " * 10_000, "1/" * 10_000, "\u0301" * 10_000])
def test_a_long_query_is_cut(text):
    parsed = parse_query(text)
    assert len(parsed.words) <= MOST_WORDS
    assert sum(len(part) for word in parsed.words for part in word.exact) <= LONGEST_QUERY


def test_texts_are_sorted_in_vietnamese_order():
    ordered = [
        "", "2 hộp", "10 hộp", "a", "A", "à", "ả", "ã", "á", "ạ", "ai", "ăn", "ân", "Ân", "ấn", "ba",
        "bà", "bạ", "ca", "da", "dương", "đa", "đất", "em", "êm", "ga", "oan", "ôn", "ơn", "phông",
        "u", "ư", "vân", "xa", "y",
    ]  # fmt: skip
    shuffled = [unicodedata.normalize(random.choice(["NFC", "NFD"]), text) for text in ordered]
    random.shuffle(shuffled)
    found = sorted(shuffled, key=vietnamese_sort_key)
    assert [unicodedata.normalize("NFC", text) for text in found] == ordered


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
def test_a_sort_key_can_be_made_of_any_text_in_any_form(text, form):
    assert vietnamese_sort_key(text) == vietnamese_sort_key(unicodedata.normalize(form, text))
