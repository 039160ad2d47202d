"""The law's papers: what they say is in the catalogue, what is not known is a dotted line."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from preservation.forms.gathering import Keeper, StoreOnPaper
from preservation.forms.printing import Paper, print_paper
from tests.acceptance.calling import call
from tests.acceptance.test_audit_finds_damage import KINDS, flip, pick
from tests.archives import TestArchive

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # the 23rd in Vietnam
KEEPER = Keeper("Kho <thử>", "", {"primary": StoreOnPaper("primary", "ổ đĩa", "", "", "")})
COPYING = {
    "since": NOW, "last_day": NOW, "rows": [], "more": 0, "count": 0, "by_store": {},
}  # fmt: skip


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text_of(page: str) -> str:
    """What a reader sees, after seeing that the page is whole and loads nothing."""
    parsed = _Page()
    parsed.feed(page)
    assert parsed.open == []
    assert parsed.loads == []
    body = page.split("</style>")[1]
    return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", body)))


def written(archive: TestArchive, tmp_path: Path, *arguments: str) -> str:
    to = tmp_path / f"{len(list(tmp_path.iterdir()))}.html"
    ran = call(archive, "form", *arguments, "--to", to)
    assert ran.status == 0, ran.stdout + ran.stderr
    return text_of(to.read_text("utf-8"))


def test_the_papers_of_a_damaged_and_mended_dossier(archive: TestArchive, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    flip(pick(archive, "copy-1", KINDS["bag manifest"]))
    run = call(archive, "audit", "--all", "--json").summary()["run_id"]
    found = call(archive, "incidents", "--json").lines()[0]
    name = found["incident_id"]
    inspection = written(archive, out, "bien-ban-kiem-tra")
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
        "Trung tâm Lưu trữ lịch sử tỉnh Hà Tĩnh", run, "tester", "KHÔNG ĐẠT",
        "v1/content/manifest-sha512.txt", "bị thay đổi: cùng cỡ, khác nội dung", name,
    ):  # fmt: skip
        assert part in inspection, part
    before = written(archive, out, "bien-ban-su-co", name)
    assert "chưa xử lý" in before
    call(archive, "repair", name, "--reason", "đĩa <hỏng>")
    call(archive, "incidents", "explain", name, "--reason", "cáp lỏng")
    call(archive, "incidents", "close", name, "--reason", "đã thay cáp")
    after = written(archive, out, "bien-ban-su-co", name)
    for part in ("đĩa <hỏng>", "cáp lỏng", "đã thay cáp", "kho primary (", "aside/", "Đã kết thúc"):
        assert part in after, part
    intact = written(archive, out, "bien-ban-kiem-tra")
    assert "ĐẠT: toàn bộ" in intact
    assert "Những tệp không đạt" not in intact
    log = written(archive, out, "nhat-ky-sao-luu")
    assert log.count("Ghi mới khi tiếp nhận") == 6
    assert log.count("Phục hồi bản sao hỏng") == 1
    record = written(archive, out, "bien-ban-sao-luu")
    assert "ổ đĩa tại chỗ" in record
    early = written(
        archive, out, "nhat-ky-sao-luu", "--from", "2020-01-01", "--until", "2020-02-01"
    )
    assert "không có việc sao lưu nào" in early


def test_an_inspection_paper_says_what_was_looked_at_and_not_more(
    archive: TestArchive, tmp_path: Path
) -> None:
    read = "Đọc lại từng tệp của các bản sao"
    call(archive, "audit", "--all")
    whole = written(archive, tmp_path, "bien-ban-kiem-tra")
    assert read in whole
    assert "không được kiểm tra lần này" not in whole
    call(archive, "audit", "--sample", "50%", "--seed", "7")
    drawn = written(archive, tmp_path, "bien-ban-kiem-tra")
    for part in (read, "hạt giống 7", "Hồ sơ ngoài mẫu không được kiểm tra", "độ tin cậy 95 %"):
        assert part in drawn, part
    call(archive, "audit", "--sample", "50%", "--seed", "7", "--structural")
    listed = written(archive, tmp_path, "bien-ban-kiem-tra")
    assert read not in listed
    assert "Nội dung tài liệu KHÔNG được đọc lại" in listed
    assert "hạt giống 7" in listed
    assert "độ tin cậy" not in listed  # nothing read, nothing proven
    dossier = call(archive, "list", "--json").lines()[0]["object_id"]
    call(archive, "audit", dossier)
    named = written(archive, tmp_path, "bien-ban-kiem-tra")
    assert "Chỉ các hồ sơ được nêu tên" in named


def test_wrong_usage_is_told_and_no_paper_is_written_over(
    archive: TestArchive, tmp_path: Path
) -> None:
    to = tmp_path / "paper.html"
    for arguments, status in (
        (("bien-ban-su-co",), 2),
        (("bien-ban-su-co", "INC-nothing"), 1),
        (("bien-ban-kiem-tra", "AUD-nothing"), 1),
        (("bien-ban-kiem-tra",), 1),  # nothing was audited yet
        (("bien-ban-kiem-tra", "--from", "2020-01-01"), 2),
        (("nhat-ky-sao-luu", "AUD-1"), 2),
        (("nhat-ky-sao-luu", "--from", "2026-02-01", "--until", "2026-01-01"), 2),
        (("nhat-ky-sao-luu", "--from", "1926-02-01", "--until", "2026-01-01"), 2),
        (("giay-khai-sinh",), 2),
    ):
        assert call(archive, "form", *arguments, "--to", to).status == status, arguments
        assert not to.exists()
    to.write_text("kept")
    assert call(archive, "form", "nhat-ky-sao-luu", "--to", to).status == 1
    assert to.read_text() == "kept"


def test_what_is_not_known_is_a_dotted_line_and_everything_is_escaped() -> None:
    page = print_paper(Paper.COPY_RECORD, COPYING, KEEPER, now=NOW, software="Kho 1")
    assert page.count('class="dots"') >= 4
    assert "Kho &lt;thử&gt;" in page
    assert "ngày 23 tháng 11 năm 2026" in text_of(page)


def test_a_value_that_was_forgotten_is_an_error_and_not_an_empty_place() -> None:
    lacking = {name: value for name, value in COPYING.items() if name != "by_store"}
    with pytest.raises(UndefinedError):
        print_paper(Paper.COPY_RECORD, lacking, KEEPER, now=NOW, software="Kho 1")
