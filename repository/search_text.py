"""Vietnamese text for searching and sorting: one set of functions for the index and for the query.

Owns how text is folded, cut into words and put in order. Does not know any search engine's syntax.
Core: values in, values out.

Two forms of every word are compared. `exact` keeps the marks, so that `đất` is not `dát`; `fold`
drops them, so that `dat` finds `đất`. đ has no Unicode decomposition (U+0111), so no normaliser and no
engine option folds it: it is done here. Search habits: facts on Vietnam, section 6.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_QUERY = 2_000  # characters looked at; what a person types is far shorter
MOST_WORDS = 24  # words of a query that are looked for


@dataclass(frozen=True, slots=True)
class SearchText:
    """What of an object can be found, as written in its metadata; marks, case and form are kept."""

    title: str = ""
    codes: str = ""  # file codes, numbers and notations
    people_and_agencies: str = ""
    subjects: str = ""  # titles of documents, keywords
    body: str = ""


@dataclass(frozen=True, slots=True)
class QueryWord:
    """One word of a query. A code typed with separators (`123/QĐ-UBND`) is one, of several parts."""

    exact: tuple[str, ...]  # its parts with marks
    folded: tuple[str, ...]  # its parts without marks
    synonyms: tuple[str, ...] = ()  # other folded spellings of a word of one part
    whole: str = ""  # a code written as one token (`code_tokens`), empty for a plain word


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What a person asked for. No words: nothing that could be looked for was typed."""

    words: tuple[QueryWord, ...]

    @property
    def has_marks(self) -> bool:
        return any(word.exact != word.folded for word in self.words)


def parse_query(text: str) -> ParsedQuery:
    """The words of a query, each once, in the order typed. Never raises: every string is a query, and
    nothing typed is an operator. Longer queries are cut after LONGEST_QUERY characters and MOST_WORDS
    words."""
    words: dict[tuple[str, ...], QueryWord] = {}
    for match in _CHUNK.finditer(text[:LONGEST_QUERY]):
        for word in _query_words(match.group()):
            if len(words) == MOST_WORDS:
                return ParsedQuery(tuple(words.values()))
            words.setdefault(word.exact, word)
    return ParsedQuery(tuple(words.values()))


def fold(text: str) -> str:
    """Lower case without any mark: `Quyết định` and its NFD form both become `quyet dinh`.

    Idempotent. Tone placement disappears with the tones.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize(
        "NFD", _visible(unicodedata.normalize("NFC", text)).casefold()
    )
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).replace("đ", "d")
    return unicodedata.normalize("NFC", bare)


def exact(text: str) -> str:
    """Lower case with marks, in NFC, and with the tone of oa, oe and uy on the second vowel, so that
    `hòa` and `hoà`, `ủy` and `uỷ` are one word. Idempotent."""
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFC", _visible(unicodedata.normalize("NFC", text)).casefold())
    return _OLD_TONE.sub(lambda match: _NEW_TONE[match.group()], composed)


def words(text: str) -> Iterator[tuple[int, int, str]]:
    """Each word as (start, end, written): letters and digits with the marks that belong to them.

    `/`, `-`, `.`, `_` and every other sign separate words, in the index as in the query.
    """
    for match in _WORD.finditer(text):
        yield match.start(), match.end(), match.group()


def code_tokens(text: str) -> tuple[str, ...]:
    """Every code in a text as one folded token: `05/QĐ-UBND` becomes `5qdubnd`, `17/05/2020` becomes
    `17_5_2020`. Separators and leading zeros do not count; two numbers never run together."""
    chunks = (match.group() for match in _CHUNK.finditer(text))
    numbered = (chunk for chunk in chunks if any(map(str.isdigit, chunk)))
    tokens = (_whole([fold(w) for _, _, w in words(chunk)]) for chunk in numbered)
    return tuple(dict.fromkeys(token for token in tokens if token))


def synonyms_of(folded_word: str) -> tuple[str, ...]:
    """The other spelling of a syllable that is written with i or y after h, k, l, m, s or t
    (Lý/Lí, kỹ/kĩ, công ty/công ti). Facts on Vietnam, section 6 item 4."""
    if len(folded_word) == 2 and folded_word[0] in "hklmst" and folded_word[1] in "iy":
        return (folded_word[0] + ("y" if folded_word[1] == "i" else "i"),)
    return ()


def vietnamese_sort_key(text: str) -> str:
    """A key whose code point order is Vietnamese order: letters first (a ă â b c d đ e ê …), then tones
    (ngang, huyền, hỏi, ngã, sắc, nặng), then case. Numbers are in order of their value (2 before 10).

    The three levels are compared over the whole text, as the Unicode collation for `vi` does.
    """
    letters: list[str] = []
    tones: list[str] = []
    cases: list[str] = []
    composed = unicodedata.normalize("NFC", _visible(text))
    for match in _SORT_UNIT.finditer(composed):
        unit = match.group()
        if unit[0].isdecimal():
            digits = "".join(str(unicodedata.decimal(c)) for c in unit).lstrip("0")
            letters.append(f"0{chr(0x100 + min(len(digits), 0xFFF))}{digits}")
            tones.append("0")
            cases.append("0")
        elif unit[0].isspace():
            letters.append(" ")
            tones.append("0")
            cases.append("0")
        else:
            letter, tone = _letter_and_tone(unit)
            letters.append(letter)
            tones.append(tone)
            cases.append("1" if unit != unit.casefold() else "0")
    return "\x01".join(("".join(letters), "".join(tones), "".join(cases)))


def _query_words(chunk: str) -> Iterator[QueryWord]:
    parts = [written for _, _, written in words(chunk)]
    if len(parts) > MOST_WORDS:
        parts = parts[:MOST_WORDS]
    folded = tuple(fold(part) for part in parts)
    whole = _whole(list(folded))
    if whole:
        yield QueryWord(tuple(exact(part) for part in parts), folded, whole=whole)
        return
    for part, bare in zip(parts, folded, strict=True):
        yield QueryWord((exact(part),), (bare,), synonyms_of(bare))


def _whole(parts: list[str]) -> str:
    """One token of a code's parts, or nothing when it is not a code: one part, or no digit in it."""
    if len(parts) < 2 or not any(c.isdigit() for part in parts for c in part):
        return ""
    token = ""
    for part in parts:
        bare = (part.lstrip("0") or "0") if part.isdigit() else part
        # Without a mark between them 1/23 and 12/3 would be the same token.
        token += "_" + bare if token and token[-1].isdigit() and bare[0].isdigit() else bare
    return token


def _visible(text: str) -> str:
    """Without the characters nobody sees (soft hyphen, zero-width space…) that copied text carries."""
    return _INVISIBLE.sub("", text)


def _letter_and_tone(unit: str) -> tuple[str, str]:
    base, tone, shape = "", "0", "0"
    for c in unicodedata.normalize("NFD", unit.casefold()):
        if c in _TONES:
            tone = _TONES[c]
        elif c in _SHAPES:
            shape = _SHAPES[c]
        elif not unicodedata.combining(c):
            base += c
    if base == "đ":
        return "d1", tone
    return base + shape, tone


_MARKS = "\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
# A run of words held together by the separators of codes and dates, with no space in it.
_CHUNK = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}]|[/\-._\u2010-\u2013](?=[^\W_]))*")
_SORT_UNIT = re.compile(rf"\d+|\s+|\S[{_MARKS}]*")

_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES = {"\u0306": "1", "\u0302": "2", "\u031b": "3"}  # ă, then â ê ô, then ơ ư


def _tone_pairs() -> dict[str, str]:
    pairs = {}
    for first, second in ("oa", "oe", "uy"):
        for mark in _TONES:
            old = unicodedata.normalize("NFC", first + mark) + second
            pairs[old] = first + unicodedata.normalize("NFC", second + mark)
    return pairs


_NEW_TONE = _tone_pairs()
_OLD_TONE = re.compile("|".join(_NEW_TONE))
