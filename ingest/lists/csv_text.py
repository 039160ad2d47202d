"""CSV lists read as strangers' bytes: encoding and delimiter found out, rows bounded. Core.

UTF-8 (with or without its mark), UTF-16 with a mark, else code page 1258; what is none of these is no
text. What looks like an old Vietnamese encoding is left as it is: a rule warns of it. A cell that
begins like a formula is data.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from ingest.lists.sheet import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, BadSheet, Row, Sheet
from repository.problems import Problem, error, warning

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE: Final = 64 * 1024
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
MAX_FIELD: Final = 128 * 1024  # characters of one cell: more is a quote that nothing closes


def read_csv(data: bytes, name: str, *, encoding: str = "", delimiter: str = "") -> Sheet:
    """The list as one sheet. Raises BadSheet when it is no text, or too much of it."""
    text, problems = _decode(data, name, encoding)
    delimiter = delimiter or _delimiter(text[:_SAMPLE])
    rows: list[Row] = []
    cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    try:
        for record in reader:
            found = {i: v for i, v in enumerate(record[:MAX_COLUMNS]) if v.strip()}
            if not found:
                continue
            cells += len(found)
            if len(rows) >= MAX_ROWS or cells > MAX_CELLS:
                limit = MAX_ROWS if len(rows) >= MAX_ROWS else MAX_CELLS
                raise BadSheet(
                    error(
                        "ING-LIST-TOO-LARGE",
                        name,
                        name=name,
                        what="cells",
                        value=cells,
                        limit=limit,
                    )
                )
            rows.append(Row(reader.line_num, found))
    except csv.Error as fault:
        raise BadSheet(
            error("ING-LIST-UNREADABLE", name, name=name, detail=f"{fault} ({reader.line_num})")
        ) from None
    return Sheet(name, tuple(rows), tuple(problems))


def _decode(data: bytes, name: str, encoding: str) -> tuple[str, list[Problem]]:
    known = encoding or next((e for mark, e in _MARKS if data.startswith(mark)), "")
    try:
        if known:
            return data.decode(known).replace("\0", "\ufffd"), []
        if b"\0" in data:
            raise BadSheet(error("ING-LIST-UNREADABLE", name, name=name, detail="NUL"))
        return data.decode("utf-8"), []
    except LookupError:
        raise BadSheet(
            error("ING-LIST-UNREADABLE", name, name=name, detail=f"encoding {encoding}")
        ) from None
    except UnicodeDecodeError as fault:
        if known:
            detail = f"{known}, byte {fault.start}"
            raise BadSheet(error("ING-LIST-UNREADABLE", name, name=name, detail=detail)) from None
    told = warning("ING-LIST-ENCODING", name, name=name, encoding="windows-1258")
    return data.decode("cp1258", "replace"), [told]


def _delimiter(sample: str) -> str:
    """The sign that parts the first lines most often; a comma when none does."""
    lines = sample.splitlines()[:20]
    counts = {sign: sum(line.count(sign) for line in lines) for sign in _DELIMITERS}
    return max(_DELIMITERS, key=lambda sign: counts[sign])
