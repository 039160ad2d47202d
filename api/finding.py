"""Searching for a reader who may not read everything.

What the catalogue searches includes the titles of documents, so a hit on a dossier that is open on
conditions would tell what is in it, and so would its place and its snippet. Therefore two searches that
know nothing of each other: open dossiers by all their text, and conditional ones only by what everybody
may know of them (title, codes, agency, years). Dossiers of any other mode are in neither.

The second asks the catalogue for conditional dossiers and keeps those that answer by their public text
alone; the places in between are not told, since a page marker names only what was shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from api.rights import CONDITIONAL, READ_BY_ALL
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import ObjectRecord, SearchHit
from repository.catalogue.snippet import best_snippet
from repository.search_text import ParsedQuery, QueryWord, code_tokens, fold, parse_query, words

OPEN_STAGE: Final = "open"
CONDITIONAL_STAGE: Final = "conditional"

_BATCH = 100
_MOST_LOOKED_AT = 1_000  # conditional dossiers looked at for one page
_MOST_YEARS = 150
_ONLY_CONDITIONAL = frozenset({CONDITIONAL})

Position = tuple[str, str]  # a stage, and the object_id of the last hit shown


def search_for_everybody(
    catalogue: Catalogue, text: str, *, limit: int, after: Position | None, fonds: str | None
) -> list[tuple[str, SearchHit]]:
    """At most `limit` hits with their stage, best first. NotFound when `after` is no hit any more.

    Open dossiers come first, unless none of them has all the words.
    """
    parsed = parse_query(text)
    if not parsed.words:
        return []
    best = catalogue.search(text, limit=1, fonds=fonds, modes=READ_BY_ALL)
    stages = [OPEN_STAGE, CONDITIONAL_STAGE]
    if not best or best[0].score < 1:
        stages.reverse()
    if after is not None:
        stages = stages[stages.index(after[0]) :]
    hits: list[tuple[str, SearchHit]] = []
    for stage in stages:
        left = limit - len(hits)
        begin = after[1] if after is not None and after[0] == stage else None
        if left < 1:
            break
        if stage == OPEN_STAGE:
            found = catalogue.search(text, limit=left, after=begin, fonds=fonds, modes=READ_BY_ALL)
            hits += [(stage, hit) for hit in found]
            continue
        for hit in _conditional(catalogue, text, parsed, begin, fonds):
            hits.append((stage, hit))
            if len(hits) == limit:
                break
    return hits


def _conditional(
    catalogue: Catalogue, text: str, parsed: ParsedQuery, after: str | None, fonds: str | None
) -> Iterator[SearchHit]:
    looked_at = 0
    while looked_at < _MOST_LOOKED_AT:
        batch = catalogue.search(
            text, limit=_BATCH, after=after, fonds=fonds, modes=_ONLY_CONDITIONAL
        )
        for hit in batch:
            shown = public_text(hit.record)
            if answers(parsed, shown):
                snippet = best_snippet(list(shown.values()), parsed)
                # The catalogue's score counts text that is not public.
                yield replace(hit, snippet=snippet, score=1.0)
        if len(batch) < _BATCH:
            return
        looked_at += len(batch)
        after = batch[-1].record.object_id


def public_text(record: ObjectRecord) -> Mapping[str, str]:
    """What everybody may know of a conditional dossier, as text to be found."""
    years = [int(d[:4]) for d in (record.start_date, record.end_date) if _is_year(d[:4])]
    spanned = range(min(years), max(years) + 1) if years else range(0)
    return {
        "title": record.title,
        "codes": f"{record.file_code} {record.arc_file_code}",
        "agency": record.agency_name,
        "years": " ".join(str(year) for year in spanned[:_MOST_YEARS]),
    }


def answers(parsed: ParsedQuery, shown: Mapping[str, str]) -> bool:
    """Whether every word of the query is in the text, marks ignored; the last may be unfinished."""
    text = "\n".join(shown.values())
    there = {_number(fold(written)) for _, _, written in words(text)} | set(code_tokens(text))
    last = parsed.words[-1]
    return all(_has(there, word, unfinished=word is last) for word in parsed.words)


def _has(there: set[str], word: QueryWord, *, unfinished: bool) -> bool:
    if (word.whole and word.whole in there) or any(other in there for other in word.synonyms):
        return True
    if all(_number(part) in there for part in word.folded):
        return True
    if not unfinished or len(word.folded[-1]) < 2:
        return False
    *whole, begun = word.folded
    return all(_number(part) in there for part in whole) and any(
        known.startswith(begun) for known in there
    )


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdecimal()


def _number(word: str) -> str:
    return (word.lstrip("0") or "0") if word.isdigit() else word
