"""Coverage and plans as sentences, in Vietnamese and English. Core.

Sentences say what was read and what was not in one breath, and name what is meant by each number.
"""

from __future__ import annotations

from typing import Literal

from preservation.audit.coverage import Coverage
from preservation.audit.planning import Plan, Rate, amount
from repository.clock import VIETNAM, parse_utc

Language = Literal["vi", "en"]


def statement(told: Coverage, language: Language) -> list[str]:
    """The statement of one store: what was read, and every kind of file that was not."""
    vi = language == "vi"
    since, until = day(told.since, language), day(told.until, language)
    lines = [
        (
            f"{told.percent} % trong {number(told.files, language)} tệp đã được đọc lại trong thời hạn "
            f"{told.window_days} ngày"
            if vi
            else f"{told.percent} % of {number(told.files, language)} files were read within "
            f"{told.window_days} days"
        )
        + (
            f"; {number(told.audited, language)} tệp do kiểm tra toàn vẹn, từ {since} đến {until}"
            if vi and told.audited
            else f"; {number(told.audited, language)} by audits between {since} and {until}"
            if told.audited
            else ""
        )
        + (
            f"; {number(told.written, language)} tệp mới chỉ đọc lại khi ghi"
            if vi and told.written
            else f"; {number(told.written, language)} so far only when they were written"
            if told.written
            else ""
        )
        + ".",
        (
            f"{number(told.late, language)} tệp quá hạn; "
            f"{number(told.not_seen, language)} tệp không đọc được"
            f"{', liệt kê dưới đây' if told.not_seen else ''}."
            if vi
            else f"{number(told.late, language)} late; "
            f"{number(told.not_seen, language)} could not be read"
            f"{', listed here' if told.not_seen else ''}."
        ),
    ]
    others = (
        (
            told.missing,
            "tệp thuộc bản sao bị mất tệp",
            "files of copies in which files are missing",
        ),
        (
            told.unproven,
            "tệp chỉ được đọc lại qua bộ nhớ đệm khi ghi, chưa kiểm tra",
            "files read back through the page cache only, not audited yet",
        ),
        (
            told.lacking,
            "tệp của hồ sơ mà kho này thiếu bản, hoặc bản chậm phiên bản",
            "files of dossiers it has no copy of, or one that is behind",
        ),
    )
    lines += [
        f"{number(count, language)} {viet if vi else english}."
        for count, viet, english in others
        if count
    ]
    if told.damaged_copies:
        count = number(told.damaged_copies, language)
        lines.append(f"{count} bản sao bị hỏng." if vi else f"{count} copies are damaged.")
    if told.oldest_object:
        oldest = day(told.oldest, language)
        lines.append(
            f"Byte lâu chưa đọc nhất: đọc ngày {oldest}."
            if vi
            else f"The byte unread the longest was read on {oldest}."
        )
    return lines


def plan_lines(plan: Plan, language: Language) -> list[str]:
    """What a day of audits is in one store."""
    vi = language == "vi"
    hours = "?" if plan.hours_a_day is None else _hours(plan.hours_a_day)
    copies = f"{plan.copies_a_day:.3g}"
    return [
        (
            f"{number(plan.copies, language)} bản sao, {amount(plan.bytes)}; mỗi ngày: {copies} "
            f"bản sao, {amount(plan.bytes_a_day)}, {hours} trong {plan.hours_there:g} giờ cho phép"
            if vi
            else f"{number(plan.copies, language)} copies, {amount(plan.bytes)}; a day: {copies} "
            f"copies, {amount(plan.bytes_a_day)}, {hours} of {plan.hours_there:g} hours"
        ),
        rate_line(plan.rate, plan.limit, language),
    ]


def _hours(hours: float) -> str:
    """Few hours as people say them; a small archive's day is less than a second."""
    if hours >= 0.1 or not hours:
        return f"{hours:.2g}"
    return f"{hours:.2f}" if hours >= 0.01 else "< 0.01"


def rate_line(rate: Rate, limit: int | None, language: Language) -> str:
    """How fast, and how that is known."""
    vi = language == "vi"
    if rate.bytes_per_second is None:
        known = "tốc độ đọc chưa biết" if vi else "reading rate not known"
    else:
        speed = f"{rate.bytes_per_second / 1e6:,.1f} MB/s"
        how = f"{amount(rate.bytes)}, {rate.seconds:.1f} s"
        if rate.source == "audits":
            known = (
                f"{speed}, đo ở các lần kiểm tra ({how})" if vi else f"{speed}, by audits ({how})"
            )
        else:
            known = (
                f"{speed}, đo thử ngay bây giờ ({how})" if vi else f"{speed}, by a sample ({how})"
            )
    if limit is None:
        return known
    return f"{known}; {'giới hạn' if vi else 'limited to'} {limit / 1e6:g} MB/s"


def number(value: int, language: Language) -> str:
    """1.234.567 in Vietnamese, 1,234,567 in English."""
    grouped = f"{value:,}"
    return grouped.replace(",", ".") if language == "vi" else grouped


def day(instant: str, language: Language) -> str:
    """The day in Vietnam; a dash where there is none."""
    if not instant:
        return "–"
    local = parse_utc(instant).astimezone(VIETNAM)
    return f"{local:%d/%m/%Y}" if language == "vi" else f"{local:%Y-%m-%d}"
