"""Values as they stand in packages: dates with missing parts, whole numbers, text. Core.

What is not understood is kept as given and never guessed: `05/17/2020` is not turned round, and a
two-digit year is no year.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date
from typing import Final

from preservation.dossier import Coded, Count, PartialDate
from schemas.codelists import code_list

_ZONE: Final = r"\s*(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_TIME: Final = (
    rf"(?:[T ]+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?(?:\s*(?:AM|PM|SA|CH))?)?{_ZONE}"
)
_FORMS: Final = (
    re.compile(
        rf"(?P<d>[0-9]{{1,2}})\s*[/.-]\s*(?P<m>[0-9]{{1,2}})\s*[/.-]\s*(?P<y>[0-9]{{4}}){_TIME}"
    ),
    re.compile(r"(?P<m>[0-9]{1,2})\s*[/.-]\s*(?P<y>[0-9]{4})"),
    re.compile(r"(?P<y>[0-9]{4})"),
    re.compile(rf"(?P<y>[0-9]{{4}})-(?P<m>[0-9]{{1,2}})(?:-(?P<d>[0-9]{{1,2}}){_TIME})?"),
    re.compile(rf"(?P<y>[0-9]{{4}})[/.](?P<m>[0-9]{{1,2}})[/.](?P<d>[0-9]{{1,2}}){_TIME}"),
    # Eight digits: with a year of our time at one end they cannot be read the other way.
    re.compile(r"(?P<y>(?:1[89]|20)[0-9]{2})(?P<m>0[0-9]|1[0-2])(?P<d>[0-9]{2})"),
    re.compile(r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>(?:1[89]|20)[0-9]{2})"),
    re.compile(
        r"(?:(?:ngày\s*(?P<d>[0-9]{1,2})\s*,?\s*)?tháng\s*(?P<m>[0-9]{1,2})\s*,?\s*)?năm\s*(?P<y>[0-9]{4})",
        re.IGNORECASE,
    ),
)
_COUNT: Final = re.compile(
    r"([0-9]{1,12})(?:[.,]00?)?(?:\s*(?:tài liệu|văn bản|tờ|trang))?\Z", re.I
)
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[. ][0-9]{3})+\Z")
_LINE_BREAK: Final = re.compile(r"[ \t]*[\r\n]+[ \t\r\n]*")


def clean_text(given: str) -> str:
    """The text as understood: NFC, without outer space, with line breaks as one space."""
    return _LINE_BREAK.sub(" ", unicodedata.normalize("NFC", given).strip())


def parse_date(given: str) -> PartialDate:
    """DD/MM/YYYY, MM/YYYY, YYYY and ISO forms; `00` is a part that is not known. `iso` is None for
    anything else and for no real day."""
    text = clean_text(given)
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            parts = match.groupdict()
            return PartialDate(given, _iso(parts["y"], parts.get("m"), parts.get("d")))
    return PartialDate(given, None)


def first_day(iso: str) -> date:
    """The earliest day that a partial date can mean."""
    parts = [int(p) for p in iso.split("-")]
    return date(parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1)


def last_day(iso: str) -> date:
    """The latest day that a partial date can mean."""
    parts = [int(p) for p in iso.split("-")]
    month = parts[1] if len(parts) > 1 else 12
    end = calendar.monthrange(parts[0], month)[1]
    return date(parts[0], month, parts[2] if len(parts) > 2 else end)


def parse_count(given: str) -> Count:
    """A whole number, also with `.` or space between thousands, as spreadsheets write it (`5.0`), or
    with what is counted (`5 tài liệu`); None for anything else."""
    text = clean_text(given)
    if _GROUPED.match(text):
        text = text.replace(".", "").replace(" ", "")
    match = _COUNT.match(text)
    return Count(given, int(match[1]) if match else None)


def parse_code(element: str, given: str) -> Coded:
    """The code that the text stands for in the list of that element."""
    return Coded(given, code_list(element).code(given))


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    if int(year) == 0:
        return None
    if month is not None and int(month) == 0 and int(day or 0) == 0:
        month = None
    if month is None:
        return year
    if not 1 <= int(month) <= 12:
        return None
    if day is None or int(day) == 0:
        return f"{year}-{int(month):02d}"
    if not 1 <= int(day) <= calendar.monthrange(int(year), int(month))[1]:
        return None
    return f"{year}-{int(month):02d}-{int(day):02d}"
