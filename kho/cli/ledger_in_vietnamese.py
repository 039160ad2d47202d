"""What is said of the ledger, in Vietnamese: by `kho ledger verify`, and by failures to go on with it.

The English sentence is what programs and records are given. What is not recognised stays English.
Pure.
"""

from __future__ import annotations

import re
from typing import Final

_VERIFY: Final = "`kho ledger verify`"
_SAID: Final = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (
            r"The copy of the ledger in store (.+) goes on after ours ends.*",
            r"Bản sao sổ cái ở kho \1 còn tiếp sau chỗ sổ cái ở đây kết thúc: một sổ cái cũ "
            r"đã được đặt lại. "
            r"Chạy `kho rebuild`, lệnh này lấy lại phần thiếu.",
        ),
        (
            r"The copy of the ledger in store (.+) is whole, and tells another.*",
            r"Bản sao sổ cái ở kho \1 còn nguyên vẹn nhưng kể một lịch sử KHÁC: một trong hai "
            r"đã bị tráo. "
            r"Không ký, không ghi gì lên bản ấy. Đối chiếu bằng "
            + _VERIFY
            + r" --line với sổ giấy, hoặc với "
            r"điểm kiểm mà cơ quan khác giữ.",
        ),
        (
            r"Event (\d+) of the catalogue is not the one in the ledger\..*",
            r"Sự kiện \1 trong mục lục không phải sự kiện trong sổ cái. Nếu một mục lục cũ đã "
            r"được đặt lại: "
            r"`kho rebuild`. Nếu không, sổ cái đã bị tráo: "
            + _VERIFY
            + r" so với bản sao ở các kho.",
        ),
        (
            r"The catalogue ends at event (\d+), the ledger at (\d+):.*",
            r"Mục lục kết thúc ở sự kiện \1, sổ cái ở \2: mục lục là bản cũ. Chạy `kho rebuild`.",
        ),
        (
            r"The ledger ends at entry (\d+), but (\d+) entries had been signed:.*",
            r"Sổ cái kết thúc ở mục \1, nhưng \2 mục đã được ký: sổ đã bị cắt, hoặc một sổ cũ "
            r"đã được đặt lại. "
            r"Không ký gì. " + _VERIFY + r" cho biết khác ở đâu.",
        ),
        (
            r"Nobody is named who could be shown a checkpoint:.*",
            r"Chưa khai ai để trình điểm kiểm: đặt tsa_url hoặc witness_email dưới [ledger] "
            r"trong kho.toml.",
        ),
        (
            r"The ledger has a new key: (\S+)\. Nothing signs for it.*",
            r"Sổ cái có khoá mới: \1; nó không được khoá cũ ký xác nhận: khoá riêng cũ không còn ở đó",
        ),
        (r"The ledger has a new key: (\S+)", r"Sổ cái có khoá mới: \1"),
        (
            r"The ledger is signed from here on; its key is (\S+)",
            r"Từ đây sổ cái được ký; khoá: \1",
        ),
        (
            r"(\d+) of the entries are not signed yet:.*",
            r"\1 mục chưa được ký: lệnh ghi tiếp theo sẽ ký.",
        ),
        (
            r"Entry (\d+) of the ledger and event \d+ of the catalogue are not the same:.*",
            r"Mục \1 của sổ cái và sự kiện \1 của mục lục khác nhau: một trong hai đã bị sửa.",
        ),
        (
            r"The record of entry (\d+) was taken out; .*",
            r"Nội dung mục \1 đã bị lấy ra khỏi sổ cái; mục lục vẫn còn.",
        ),
        (
            r"The catalogue does not have the event of entry (\d+)\.",
            r"Mục lục thiếu sự kiện của mục \1.",
        ),
        (
            r"And (\d+) entries more that the catalogue knows otherwise\.",
            r"Và \1 mục nữa mà mục lục ghi khác.",
        ),
        (
            r"(\d+) of the entries have no record any more \((.+)\):.*",
            r"\1 mục không còn nội dung (\2): chỉ chứng minh được là chúng đã có.",
        ),
        (
            r"(\d+) entries had been signed, but the ledger ends at entry (\d+): .*",
            r"\1 mục đã được ký, nhưng sổ cái kết thúc ở mục \2: sổ đã bị cắt.",
        ),
        (
            r"A checkpoint given from outside tells of (\d+) entries, but the ledger ends at "
            r"entry (\d+):.*",
            r"Điểm kiểm đưa từ ngoài nói \1 mục, nhưng sổ cái kết thúc ở mục \2: sổ đã bị "
            r"cắt, hoặc là sổ khác.",
        ),
        (
            r"The register's line of (\d+) entries was written of another ledger.*",
            r"Dòng sổ giấy của \1 mục được chép từ một sổ cái khác, hoặc điều gì trước đó đã "
            r"bị sửa.",
        ),
        (
            r"The key given from outside, (\S+), is none of this ledger's:.*",
            r"Khoá đưa từ ngoài, \1, không phải khoá nào của sổ cái này: sổ khác, hoặc người "
            r"khác đã ký lại.",
        ),
        (
            r"The key of entry (\d+) came after the one you know, .*",
            r"Khoá của mục \1 đến sau khoá mà quý vị biết và không được khoá cũ nào ký xác nhận.",
        ),
        (
            r"The checkpoint of (\d+) entries has another root than the ledger:.*",
            r"Điểm kiểm của \1 mục có gốc khác với sổ cái: điều gì trước đó đã bị sửa.",
        ),
        (
            r"The checkpoint of (\d+) entries is not signed by the ledger's key\.",
            r"Điểm kiểm của \1 mục không do khoá của sổ cái ký.",
        ),
        (
            r"Entry (\d+) is dated (\S+), the one before it (\S+Z):.*",
            r"Mục \1 ghi lúc \2, mục trước nó lúc \3: đồng hồ máy đã bị lùi, hoặc trước đó "
            r"chạy sai.",
        ),
        (
            r"(log/\S+) is a time stamp that no entry tells of:.*",
            r"\1 là dấu thời gian mà không mục nào nói tới: sổ đã bị cắt, hoặc không phải sổ "
            r"đã được đóng dấu.",
        ),
    )
)


def ledger_in_vietnamese(text: str) -> str:
    """One sentence about the ledger in Vietnamese; as it is where it is not known."""
    for pattern, words in _SAID:
        if found := pattern.fullmatch(text):
            return found.expand(words)
    return text
