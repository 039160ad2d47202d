"""Finding objects by what people type: SQLite's full-text index and the order of its answers.

Every field is indexed twice, with marks and folded (`repository.search_text`). A query is tried as a
ladder of conditions, strictest first; an object counts for the first one it meets:

    6  all words, as a phrase, in the title or a code, as typed
    5  all words in title and codes, as typed          4  all words anywhere, as typed
    3  the phrase in the title or a code, marks ignored
    2  all words in title and codes, marks ignored     1  all anywhere, the last may be unfinished

and when nothing meets any of them, objects with at least one word, those with more first (score: the
share of words found, below 1). Equal scores are in the order of object_id.

The score counts nothing but the object itself. The usual bm25 weighs a word by how many objects have
it, so that the scores of open objects would tell something of closed ones; it is not used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy import column as plain_column
from sqlalchemy import table as plain_table

from repository.catalogue import reading
from repository.catalogue.records import CANARY_FONDS, DocumentRecord, ObjectRecord, SearchHit
from repository.catalogue.snippet import best_snippet
from repository.catalogue.tables import objects, search_texts
from repository.errors import NotFound
from repository.search_text import (
    ParsedQuery,
    QueryWord,
    SearchText,
    code_tokens,
    exact,
    fold,
    parse_query,
    words,
)

_FIELDS = ("title", "codes", "people", "subjects", "body")
_INDEX = plain_table("search_index", plain_column("rowid"))
_MOST_YEARS = 150  # a dossier said to span more has a wrong date
_BODY_FOR_SNIPPET = 50_000
_SHORTEST_PREFIX = 2
_CACHED_WORD = 32  # longer words are rare, and hostile text must not fill the memory


def search_objects(
    connection: Connection,
    query: str,
    *,
    limit: int,
    after: str | None,
    fonds: str | None,
    modes: Collection[str] | None,
) -> Sequence[SearchHit]:
    """At most `limit` hits, best first, after the hit `after` (an object_id of an earlier answer).

    NotFound when `after` is not a hit for this reader, for instance since it was changed.
    """
    parsed = parse_query(query)
    if not parsed.words or limit < 1:
        return ()
    conditions = _visible(fonds, modes)
    ladder = _ladder(parsed)
    rungs: Iterator[tuple[float, _Rows]]
    if _matches(connection, ladder[-1][1], conditions):  # whatever meets another, meets the last
        rungs = _all_words(connection, ladder, conditions, after, limit)
    else:
        rungs = iter([(0.0, _any_word(connection, parsed, conditions, after, limit))])
    hits: list[SearchHit] = []
    for score, rows in rungs:
        for row in rows[: limit - len(hits)]:
            share = row[-1] / len(parsed.words) if score == 0.0 else score
            record = reading.as_object(row)
            hits.append(SearchHit(record, _snippet(connection, record, parsed), share))
        if len(hits) >= limit:
            break
    return tuple(hits)


def index_object(
    connection: Connection,
    key: int,
    searched: SearchText,
    record: ObjectRecord,
    documents: Sequence[DocumentRecord],
) -> None:
    """Put one object into the index, from which it was removed. Its years and the days of its
    documents are found too, besides what `searched` says."""
    dates = _dates(record, documents)
    written = {
        "title": searched.title,
        "codes": f"{searched.codes} {dates}",
        "people": searched.people_and_agencies,
        "subjects": searched.subjects,
        "body": searched.body,
    }
    row: dict[str, Any] = {"rowid": key}
    for field, value in written.items():
        cut = [
            _forms(word) if len(word) <= _CACHED_WORD else (exact(word), fold(word))
            for _, _, word in words(value)
        ]
        whole = code_tokens(value) if field != "body" else ()
        row[f"{field}_exact"] = " ".join(form for form, _ in cut)
        # Whole codes stand apart from the text, so that no phrase runs into them.
        row[f"{field}_folded"] = " _ ".join([" ".join(form for _, form in cut), *whole])
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    connection.execute(text(f"INSERT INTO search_index ({columns}) VALUES ({values})"), row)  # noqa: S608 - our own column names


def remove_object(connection: Connection, key: int) -> None:
    """Take one object out of the index; nothing happens when it is not in it."""
    connection.execute(text("DELETE FROM search_index WHERE rowid = :key"), {"key": key})


@lru_cache(maxsize=16_384)
def _forms(word: str) -> tuple[str, str]:
    """A word with and without marks. Vietnamese is written with a few thousand syllables: nearly
    every word was seen before."""
    return exact(word), fold(word)


_Rows = Sequence[Any]


def _all_words(
    connection: Connection,
    ladder: Sequence[tuple[int, str]],
    conditions: list[ColumnElement[bool]],
    after: str | None,
    limit: int,
) -> Iterator[tuple[float, _Rows]]:
    """The objects of each rung that meet no stricter one."""
    start = 0
    if after is not None:
        only_it = [*conditions, objects.c.object_id == after]
        met = (n for n, (_, rung) in enumerate(ladder) if _matches(connection, rung, only_it))
        start = next(met, len(ladder))
        if start == len(ladder):
            raise _lost(after)
    stricter = [rung for _, rung in ladder[:start]]
    for place, (score, rung) in enumerate(ladder[start:], start):
        match = f"({rung}) NOT ({_either(stricter)})" if stricter else rung
        query = _matching(match, conditions).order_by(_ID).limit(limit)
        continued = place == start and after is not None
        if continued:
            query = query.where(after < _ID)
        rows = connection.execute(query).all()
        yield float(score), rows
        if rows or continued:
            stricter.append(rung)  # what nothing visible meets need not be left out further on


def _any_word(
    connection: Connection,
    parsed: ParsedQuery,
    conditions: list[ColumnElement[bool]],
    after: str | None,
    limit: int,
) -> _Rows:
    """Objects with at least one word, by the number of different words; the last column says it."""
    each = [
        select(_INDEX.c.rowid.label("key")).where(_match(_loosest(word, last=False), f"word{n}"))
        for n, word in enumerate(parsed.words)
    ]
    found = union_all(*each).subquery()
    number = func.count().label("number")
    counted = select(found.c.key, number).group_by(found.c.key).subquery()
    query = (
        select(*reading.OBJECT_COLUMNS, counted.c.number)
        .join(counted, counted.c.key == objects.c.key)
        .where(*conditions)
    )
    if after is not None:
        last = connection.execute(query.where(objects.c.object_id == after)).one_or_none()
        if last is None:
            raise _lost(after)
        query = query.where(
            or_(
                counted.c.number < last[-1],
                and_(counted.c.number == last[-1], after < _ID),
            )
        )
    ordered = query.order_by(counted.c.number.desc(), _ID).limit(limit)
    return connection.execute(ordered).all()


def _matches(connection: Connection, match: str, conditions: list[ColumnElement[bool]]) -> bool:
    return connection.execute(_matching(match, conditions).limit(1)).first() is not None


def _plus(column: Column[str]) -> ColumnElement[str]:
    """A column that SQLite will not choose an index for. The full-text index must be asked once and
    lead to the objects; asking it again for each object of a mode takes minutes."""
    return literal_column(f"+{column.table.name}.{column.name}", column.type)


_ID = _plus(objects.c.object_id)


def _visible(fonds: str | None, modes: Collection[str] | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if fonds is not None:
        conditions.append(_plus(objects.c.fonds_code) == fonds)
    else:
        conditions.append(_plus(objects.c.fonds_code) != CANARY_FONDS)
    if modes is not None:
        conditions.append(_plus(objects.c.mode).in_(sorted(set(modes))))
    return conditions


def _matching(match: str, conditions: list[ColumnElement[bool]]) -> Any:
    return (
        select(*reading.OBJECT_COLUMNS)
        .join(_INDEX, _INDEX.c.rowid == objects.c.key)
        .where(_match(match, "match"), *conditions)
    )


def _match(match: str, name: str) -> Any:
    return text(f"search_index MATCH :{name}").bindparams(bindparam(name, match))


def _lost(after: str) -> NotFound:
    return NotFound(f"{after} is not among the hits any more: search again from the beginning.")


# --- The query in the index's own syntax: only words of letters and digits are put into it ---


def _ladder(parsed: ParsedQuery) -> list[tuple[int, str]]:
    """The conditions in order, each with its score; the same condition is not asked twice."""
    every = parsed.words
    exact_phrase = _phrase([part for word in every for part in word.exact])
    folded_phrase = _phrase([part for word in every for part in word.folded])
    as_typed = " AND ".join(_phrase(word.exact) for word in every)
    bare = " AND ".join(_folded(word) for word in every)
    loosest = [_loosest(word, last=n == len(every) - 1) for n, word in enumerate(every)]
    heading, anywhere = ("title", "codes"), _FIELDS
    rungs = [
        (6, f"{_in(heading, 'exact')} : ({exact_phrase})"),
        (5, f"{_in(heading, 'exact')} : ({as_typed})"),
        (4, f"{_in(anywhere, 'exact')} : ({as_typed})"),
        (3, f"{_in(heading, 'folded')} : ({folded_phrase})"),
        (2, f"{_in(heading, 'folded')} : ({bare})"),
        (1, " AND ".join(loosest)),
    ]
    ladder: list[tuple[int, str]] = []
    for score, rung in rungs:
        if rung not in (known for _, known in ladder):
            ladder.append((score, rung))
    return ladder


def _folded(word: QueryWord) -> str:
    spellings = [_phrase(word.folded), *(_phrase([other]) for other in word.synonyms)]
    if word.whole:
        spellings.append(_phrase([word.whole]))
    return f"({' OR '.join(spellings)})"


def _loosest(word: QueryWord, *, last: bool) -> str:
    """A word anywhere, marks ignored; the parts of a code may stand apart."""
    spellings = [_folded(word)]
    if len(word.folded) > 1:
        spellings.append(f"({' AND '.join(_phrase([part]) for part in word.folded)})")
    if last and len(word.folded[-1]) >= _SHORTEST_PREFIX:
        spellings.append(_phrase(word.folded) + "*")
    return f"{_in(_FIELDS, 'folded')} : ({' OR '.join(spellings)})"


def _either(rungs: Sequence[str]) -> str:
    return " OR ".join(f"({rung})" for rung in rungs)


def _in(fields: Sequence[str], form: str) -> str:
    return "{" + " ".join(f"{field}_{form}" for field in fields) + "}"


def _phrase(parts: Sequence[str]) -> str:
    # `words` lets no quote through; doubling is the index's own rule, kept for certainty.
    return '"' + " ".join(part.replace('"', '""') for part in parts) + '"'


# --- What is found besides the text, and what is shown of it ---------------------------------


def _dates(record: ObjectRecord, documents: Sequence[DocumentRecord]) -> str:
    """Every year of the dossier, and the days of its documents as d/m/yyyy."""
    found: dict[str, None] = {}
    ends = [int(d[:4]) for d in (record.start_date, record.end_date) if d[:4].isdecimal()]
    if ends and max(ends) - min(ends) < _MOST_YEARS:
        found.update((str(year), None) for year in range(min(ends), max(ends) + 1))
    for document in documents:
        parts = document.issued_date.split("-")
        if all(part.isdecimal() for part in parts):
            # A day is found by itself, by its month (5/2020) and by its year.
            for precision in range(len(parts), 0, -1):
                found["/".join(reversed(parts[:precision]))] = None
    return " ".join(found)


def _snippet(connection: Connection, record: ObjectRecord, parsed: ParsedQuery) -> str:
    table = search_texts
    row = connection.execute(
        select(
            table.c.title,
            table.c.codes,
            table.c.people_and_agencies,
            table.c.subjects,
            func.substr(table.c.body, 1, _BODY_FOR_SNIPPET),
        )
        .join(objects, objects.c.key == table.c.object_key)
        .where(objects.c.object_id == record.object_id)
    ).one()
    return best_snippet([str(value) for value in row], parsed)
