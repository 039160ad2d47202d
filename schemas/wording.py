"""Vietnamese words for the codes of verdicts, states, outcomes, kinds and events, for people.

Programs and records keep the codes: they are stored for ever and never translated. What has no word
here is shown as it is, so that nothing is ever hidden. Pure.
"""

from __future__ import annotations

import re
from typing import Final

_VI: Final = {
    # files and copies
    "intact": "nguyên vẹn",
    "altered": "bị sửa",
    "missing": "bị mất",
    "unexpected": "thừa",
    "unreadable": "không đọc được",
    "not_checked": "chưa kiểm tra",
    "damaged": "bị hỏng",
    "incomplete": "chưa đọc hết",
    "held": "đang giữ, chưa kiểm tra",
    "short": "thiếu bản sao",
    "no result": "không có kết quả",
    "nothing": "không có gì",
    # how files were read back when they were written
    "direct": "đọc lại từ đĩa",
    "evicted": "đọc lại từ đĩa",
    "cached": "đọc lại qua bộ đệm",
    # outcomes
    "success": "đạt",
    "warning": "đạt, có điều cần lưu ý",
    "failure": "có hư hỏng",
    # incidents
    "found": "vừa phát hiện",
    "diagnosed": "đã chẩn đoán",
    "repaired": "đã phục hồi",
    "verified": "đã kiểm tra lại, đạt",
    "vanished": "không còn thấy",
    "explained": "đã giải trình",
    "closed": "đã đóng",
    # copies of the ledger
    "identical": "giống hệt",
    "behind": "đi sau",
    "ahead": "đi trước",
    "differs": "KHÁC",
    "unavailable": "không tới được",
    "whole": "nguyên vẹn",
    "broken": "HỎNG",
    "right": "đúng",
    "wrong": "SAI",
    "not judged": "chưa xét được",
    "told": "đã gửi",
    # repairs
    "planned": "dự kiến",
    "rebuilt": "đã phục hồi",
    "refused": "từ chối",
    "failed": "không được",
    # drills
    "flip": "lật bit",
    "truncation": "cắt cụt",
    "extra": "thêm tệp",
    "swapped": "tráo tệp",
    "stale": "bản cũ",
    "mount-gone": "mất ổ đĩa",
    "clock-jump": "đồng hồ nhảy",
    "planted": "làm hỏng thật",
    "simulated": "mô phỏng",
    # what damage looks like
    "bit flip": "lật một bit",
    "zeros": "vùng bị xoá về 0",
    "growth": "bị ghi thêm",
    "edit": "bị sửa sau khi ghi",
    "hidden edit": "bị sửa rồi đặt lại thời gian",
    "swap": "bị tráo với tệp khác",
    "rewrite": "bản kê bị sửa theo dữ liệu sai",
    "other version": "phiên bản khác nằm ở đây",
    "replaced": "bị thay bằng liên kết hoặc thư mục",
    "removal": "bị xoá",
    "no copy": "cả bản sao không còn",
    "addition": "tệp không ai ghi nhận",
    "disk error": "đĩa báo lỗi đọc",
    "no permission": "không có quyền đọc",
    "whole store": "gần như cả kho hỏng",
    "unknown": "chưa rõ",
    # why
    "same size, other content": "cùng kích thước, khác nội dung",
    "not a regular file any more": "không còn là tệp thường",
    "not a regular file": "không phải tệp thường",
    "replaced by a link": "bị thay bằng liên kết",
    "an empty folder": "thư mục rỗng",
    "no digest was computed": "chưa tính được mã băm",
    "being written": "đang được ghi",
    # events
    "archive creation": "lập kho",
    "ingestion": "tiếp nhận",
    "metadata modification": "ghi phiên bản mới",
    "replication": "sao thêm",
    "repair begun": "bắt đầu phục hồi",
    "repair": "phục hồi",
    "duplicate receipt": "nhận lại",
    "decision": "quyết định",
    "refusal": "từ chối",
    "incident opened": "mở sự cố",
    "incident found again": "lại phát hiện",
    "incident diagnosed": "chẩn đoán",
    "incident repaired": "đã phục hồi",
    "incident verified": "kiểm tra lại, đạt",
    "incident vanished": "không còn thấy",
    "incident explained": "giải trình",
    "incident closed": "đóng sự cố",
    "notice sent": "đã báo",
    "canary creation": "lập hồ sơ diễn tập",
    "drill damage planted": "diễn tập: làm hỏng",
    "drill damage mended": "diễn tập: đã sửa",
    "drill": "diễn tập",
}
_PARTS: Final = (
    (re.compile(r"(\d+) bytes, expected (\d+)"), r"\1 byte, lẽ ra \2"),
    (re.compile(r"byte (\d+) differs"), r"khác ở byte \1"),
    (re.compile(r"modified (\d{4}-\S+)"), r"sửa lúc \1"),
)


def worded(code: str, language: str) -> str:
    """A code for a person: in Vietnamese where there is a word for it, else as it is."""
    return _VI.get(code, code) if language == "vi" else code


def worded_list(text: str, language: str) -> str:
    """Codes in a row (`damaged: altered 1, missing 2`; `a; b`), each as `worded`; others stay."""
    if language != "vi":
        return text
    return "".join(_part(part) for part in re.split(r"((?::|,|;) )", _known(text)))


def _known(text: str) -> str:
    """Fixed phrases first: they have commas themselves."""
    for code, said in _VI.items():
        if "," in code:
            text = text.replace(code, said)
    for pattern, said in _PARTS:
        text = pattern.sub(said, text)
    return text


def _part(part: str) -> str:
    code, space, number = part.rpartition(" ")
    if space and number.isdigit():
        return f"{_VI.get(code, code)} {number}"
    return _VI.get(part, part)
