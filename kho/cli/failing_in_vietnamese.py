"""The failures people meet most, in Vietnamese.

A failure is raised where no language is known, and its English text is what logs and programs
(`--json`) are given. Here that text is recognised and said again for a person; what is not recognised
is told by its kind in Vietnamese, with the English text behind it. `tests/kho/test_cli_vietnamese.py`
brings them about, so that a text reworded elsewhere does not slip back unnoticed. Pure.
"""

from __future__ import annotations

import re
from typing import Final

from kho.cli.ledger_in_vietnamese import ledger_in_vietnamese
from repository.errors import (
    ArchiveError,
    Cancelled,
    Conflict,
    Corrupt,
    Locked,
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
)

_SAID: Final = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (
            r"There is no archive at (.+)\. Name it with .+",
            r"Không có kho nào tại \1. Nêu thư mục kho bằng --home hoặc biến KHO_HOME, "
            r"hoặc lập kho mới: `kho init DIR`.",
        ),
        (
            r"(.+) is there already and not empty\. .+",
            r"\1 đã có và không rỗng. Hãy chọn chỗ khác.",
        ),
        (
            r"(.+) is there already\. (?:Name|Choose) .+",
            r"\1 đã có sẵn. Hãy nêu một tên tệp mới.",
        ),
        (r"There is no store (.+)\. There are: (.*)\.", r"Không có kho chứa \1. Hiện có: \2."),
        (
            r"There is no incident (.+)\. .+",
            r"Không có sự cố \1. `kho incidents` liệt kê các sự cố.",
        ),
        (
            r"There is no audit (?:run )?(.+)\. .+",
            r"Không có lần kiểm tra \1. `kho status` nêu lần gần nhất.",
        ),
        (r"Nothing was audited yet: .+", r"Chưa kiểm tra lần nào: chạy `kho audit --all`."),
        (
            r"No transfer (.+)\. `kho transfer list` .+",
            r"Không có gói nộp \1. `kho transfer list` liệt kê các gói nộp.",
        ),
        (
            r"Nothing is held as (.+)\. `kho list` .+",
            r"Kho không giữ hồ sơ nào có mã \1. `kho list` liệt kê những gì đang giữ.",
        ),
        (
            r"(.+) holds no transfer\. Name .+",
            r"\1 không chứa gói nộp nào. Hãy nêu tệp ZIP SIP_hoso, túi BagIt, danh mục kèm tệp, hoặc "
            r"thư mục chứa chúng.",
        ),
        (r"There is no (?:file |list )?(/.+)\.", r"Không có \1."),
        (
            r"The catalogue (.+) is missing\. .+",
            r"Thiếu cơ sở dữ liệu mục lục \1. `kho rebuild` dựng lại từ dữ liệu lưu trữ và sổ cái.",
        ),
        (
            r"(.+) is in use by (.+)\. Wait .+",
            r"\1 đang được dùng bởi \2. Hãy đợi việc ấy xong rồi chạy lại.",
        ),
        (
            r"Another process is writing the catalogue .+",
            r"Một tiến trình khác đang ghi mục lục và chưa xong. Hãy đợi rồi chạy lại.",
        ),
        (
            r"Store (\S+) is not at (.+) \(.+ is not there\)\. .+",
            r"Kho chứa \1 không có ở \2. Ổ đĩa đã cắm và gắn kết (mount) chưa?",
        ),
        (
            r"Another store lies at (.+): its id is (.+), (.+) has (.+)\. .+",
            r"Ở \1 là một kho chứa khác: mã của nó là \2, còn \3 có mã \4. Hãy gắn đúng ổ đĩa.",
        ),
        (
            r"Store (\S+) at (.+) was detached\. .+",
            r"Kho chứa \1 tại \2 đã được cất đi. Muốn dùng lại: `kho copies attach \1`.",
        ),
        (
            r"There are no canaries .+",
            r"Chưa có hồ sơ diễn tập: `kho drill --make-canaries`.",
        ),
        (
            r"No room left while (.+)\. Make room .+",
            r"Hết chỗ trống (\1). Hãy giải phóng chỗ rồi chạy lại.",
        ),
        (
            r"Not allowed while (.+)\. Check .+",
            r"Không được phép (\1). Hãy xem chủ sở hữu, quyền của tệp và cách gắn ổ đĩa.",
        ),
    )
)
# For what is not among them. In the order of the tree: the nearest class above a failure's is taken.
_KINDS: Final[dict[type[ArchiveError], str]] = {
    NotFound: "không tìm thấy",
    Conflict: "đã có, hoặc vừa bị người khác thay đổi",
    Locked: "tiến trình khác đang làm việc này; hãy đợi rồi chạy lại",
    Corrupt: "dữ liệu không đúng như đã ghi",
    Unavailable: "hiện không dùng được; có thể thử lại",
    Refused: "quy tắc của kho không cho phép",
    Cancelled: "đã dừng theo yêu cầu",
    Misconfigured: "cài đặt sai; cần người quản trị sửa",
}


def in_vietnamese(failure: ArchiveError) -> str:
    """What happened and what to do, in Vietnamese; nothing of the English text is lost that is not
    said again."""
    for pattern, words in _SAID:
        if found := pattern.fullmatch(failure.operator):
            return found.expand(words)
    ledger = ledger_in_vietnamese(failure.operator)
    if ledger != failure.operator:
        return ledger
    kind = next((_KINDS[each] for each in type(failure).__mro__ if each in _KINDS), "")
    return f"{kind}: {failure.operator}" if kind else failure.operator
