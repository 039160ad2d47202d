"""Wrong usage told in the reader's language; help itself is English.

The command line's own parser speaks English. Where the reader's language is Vietnamese its few
sentences are recognised and said again; what is not recognised stays as it is. Exit
statuses are the parser's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any, Final

import typer
from typer.core import TyperGroup

from kho.cli.output import language, printable

_SAID: Final = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"No such command '?(.+?)'?\.", r"Không có lệnh \1."),
        (r"No such option: (\S+?)\.?(?: (?:Did you mean|\(Possible).*)?", r"Không có tuỳ chọn \1."),
        (r"Missing command\.", r"Thiếu lệnh con."),
        (r"Missing argument '(.+)'\.?.*", r"Thiếu \1."),
        (r"Missing option '(.+)'\.?.*", r"Thiếu tuỳ chọn \1."),
        (r"Option '(.+)' requires an argument\.", r"Tuỳ chọn \1 cần một giá trị."),
        (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"Thừa: \1."),
        (r"(.+) is no kind; there are: (.+)", r"không có loại \1; có: \2"),
        (r"choose one of: kinds, (.+)", r"chọn một trong: tên các loại, \1"),
        (r"choose one of: ids, (.+)", r"chọn một trong: mã hồ sơ, \1"),
        (r"'(.+)' is not a share such as 2%", r"'\1' không phải tỷ lệ, ví dụ 2%"),
        (r"'(.+)' is not a size such as 50GB", r"'\1' không phải dung lượng, ví dụ 50GB"),
        (r"say why: it is recorded for ever", r"hãy nêu lý do: lý do được ghi lại mãi mãi"),
        (r"name the store", r"hãy nêu kho chứa"),
        (r"name the incident", r"hãy nêu sự cố"),
        (r"goes with (.+)", r"chỉ dùng cùng \1"),
        (r"Input should be a valid (?:integer|number).*", r"phải là một số."),
        (r"Input should be greater than or equal to (.+)", r"ít nhất là \1."),
        (r"Input should be less than or equal to (.+)", r"nhiều nhất là \1."),
        (r"'?(.+?)'? is not one of (.+)\.", r"'\1' không nằm trong: \2."),
        (r"'(.+)' does not match the formats? (.+)\.", r"'\1' không đúng dạng \2."),
    )
)
# The parser's own class of what was typed wrong; where it lies is its own business.
_WRONG: Final[type[Exception]] = next(
    one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException"
)
_OF_A_VALUE: Final = re.compile(r"Invalid value(?: for (?P<what>.+?))?: (?P<why>.+)", re.DOTALL)


class Commands(TyperGroup):
    """The commands; in Vietnamese, what was typed wrong is told in Vietnamese."""

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **more: Any,
    ) -> Any:
        """As the parser's own: ends the process, unless told not to."""
        if language() != "vi" or not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode, **more)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **more)
        except _WRONG as wrong:
            said: Any = wrong
            if type(wrong).__name__ == "NoArgsIsHelpError":
                said.show()
            else:
                for line in told(wrong):
                    typer.echo(printable(line), err=True)
            sys.exit(said.exit_code)
        except typer.Abort:
            typer.echo("Đã huỷ.", err=True)
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


def told(wrong: Any) -> list[str]:
    """What was wrong, in lines."""
    lines = []
    context = getattr(wrong, "ctx", None)
    if context is not None:
        lines += [context.get_usage().replace("Usage:", "Cách dùng:", 1)]
        lines += [f"Xem `{context.command_path} -h`.", ""]
    return [*lines, f"Lỗi: {in_vietnamese(wrong.format_message())}"]


def in_vietnamese(message: str) -> str:
    """One sentence of the parser in Vietnamese, where it is known."""
    value = _OF_A_VALUE.fullmatch(message)
    if value is not None:
        what = (value["what"] or "").strip("'")
        why = in_vietnamese(value["why"])
        return f"Giá trị không hợp lệ{f' của {what}' if what else ''}: {why}"
    for pattern, words in _SAID:
        if found := pattern.fullmatch(message):
            return found.expand(words)
    return message
