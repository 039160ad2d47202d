"""The piece of an object's text that is shown with a hit, its matched words marked.

Works on the text as it was written, so that a query without marks is shown in the words with marks. A
matched word stands between U+0001 and U+0002; no other control character is left in the piece. Core.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from repository.search_text import ParsedQuery, exact, fold, words

START, END = "\x01", "\x02"
LONGEST = 240  # characters of text, marks not counted
_BEFORE = 60  # characters shown before the first matched word
_CONTROL = re.compile(r"[\x00-\x1f\x7f\s]+")
_LONGEST_FIELD = 50_000  # a longer text is looked at so far


def best_snippet(fields: Sequence[str], parsed: ParsedQuery) -> str:
    """A piece of the first field with the most words of the query in it; the beginning of the first
    field, unmarked, when none is in any of them (an index knows years that no text shows)."""
    wanted = _Wanted(parsed)
    best: tuple[str, list[tuple[int, int]]] = (_one_line(fields[0]), [])
    most = 0
    for field in fields:
        line = _one_line(field)
        spans, found = wanted.in_text(line)
        if found > most:
            best, most = (line, spans), found
    return _marked(*best)


class _Wanted:
    """The words of a query, ready to be compared with the words of a text."""

    def __init__(self, parsed: ParsedQuery) -> None:
        self._places: dict[str, int] = {}  # a folded spelling, and which word of the query it is
        place = 0
        for word in parsed.words:
            for part in word.folded:
                self._places.setdefault(_number(part), place)
                place += 1
            for other in word.synonyms:
                self._places.setdefault(other, place - 1)
        last = parsed.words[-1].folded[-1]
        self._prefix = last if len(last) > 1 else ""
        self._exact = {part for word in parsed.words for part in word.exact}
        self._last_place = place - 1

    def in_text(self, text: str) -> tuple[list[tuple[int, int]], int]:
        """Where words of the query stand in a text, and how many different ones.

        Where a word stands as it was typed, its folded relatives are not marked beside it.
        """
        spans: list[tuple[int, int, int, bool]] = []
        for start, end, written in words(text):
            bare = fold(written)
            place = self._places.get(_number(bare))
            if place is None and self._prefix and bare.startswith(self._prefix):
                place = self._last_place
            if place is not None:
                spans.append((start, end, place, exact(written) in self._exact))
        as_typed = {place for _, _, place, same in spans if same}
        kept = [(s, e) for s, e, place, same in spans if same or place not in as_typed]
        return kept, len({place for _, _, place, _ in spans})


def _marked(line: str, spans: Sequence[tuple[int, int]]) -> str:
    first = spans[0][0] if spans else 0
    start = _word_border(line, first - _BEFORE) if first > _BEFORE else 0
    stop = min(len(line), start + LONGEST)
    pieces: list[str] = ["… " if start else ""]
    at = start
    for begin, end in spans:
        if end > stop:
            break
        pieces += [line[at:begin], START, line[begin:end], END]
        at = end
    pieces += [line[at:stop], " …" if stop < len(line) else ""]
    return "".join(pieces)


def _word_border(line: str, at: int) -> int:
    space = line.find(" ", at, at + _BEFORE)
    return at if space < 0 else space + 1


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text[:_LONGEST_FIELD]).strip()


def _number(word: str) -> str:
    """05 and 5 are the same number of a document."""
    return (word.lstrip("0") or "0") if word.isdigit() else word
