"""The acts of law that documents of the samples rest on, by the day from which each was in force."""

from __future__ import annotations

from datetime import date

_ORGANISATION_ACTS = (
    (date(2016, 1, 1), "Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015"),
    (
        date(2004, 4, 1),
        "Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 26 tháng 11 năm 2003",
    ),
    (
        date(1994, 7, 5),
        "Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân (sửa đổi) ngày 21 tháng 6 năm 1994",
    ),
    (
        date(1989, 7, 1),
        "Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 30 tháng 6 năm 1989",
    ),
)
_LAND_ACTS = (
    (date(2024, 8, 1), "Luật Đất đai ngày 18 tháng 01 năm 2024"),
    (date(2014, 7, 1), "Luật Đất đai ngày 29 tháng 11 năm 2013"),
    (date(2004, 7, 1), "Luật Đất đai ngày 26 tháng 11 năm 2003"),
    (date(1993, 10, 15), "Luật Đất đai ngày 14 tháng 7 năm 1993"),
)
_ENVIRONMENT_ACTS = (
    (date(2022, 1, 1), "Luật Bảo vệ môi trường ngày 17 tháng 11 năm 2020"),
    (date(2015, 1, 1), "Luật Bảo vệ môi trường ngày 23 tháng 6 năm 2014"),
    (date(2006, 7, 1), "Luật Bảo vệ môi trường ngày 29 tháng 11 năm 2005"),
)
_REWARD_ACTS = (
    (date(2024, 1, 1), "Luật Thi đua, khen thưởng ngày 15 tháng 6 năm 2022"),
    (date(2004, 7, 1), "Luật Thi đua, Khen thưởng ngày 26 tháng 11 năm 2003"),
)
_STAFF_ACTS = (
    (date(2012, 1, 1), "Luật Viên chức ngày 15 tháng 11 năm 2010"),
    (date(1998, 5, 1), "Pháp lệnh Cán bộ, công chức ngày 26 tháng 02 năm 1998"),
)
_ACTS_OF_THEME = {
    "land": _LAND_ACTS,
    "land-plan": _LAND_ACTS,
    "complaint": _LAND_ACTS,
    "environment": _ENVIRONMENT_ACTS,
    "reward": _REWARD_ACTS,
    "recruitment": _STAFF_ACTS,
}


def legal_grounds(theme: str, day: date) -> tuple[str, ...]:
    """The acts in force on that day that a document of this theme (its key) rests on."""
    tables: list[tuple[tuple[date, str], ...]] = [_ORGANISATION_ACTS]
    if theme in _ACTS_OF_THEME:
        tables.append(_ACTS_OF_THEME[theme])
    return tuple(
        next(text for since, text in table if since <= day)
        for table in tables
        if table[-1][0] <= day
    )
