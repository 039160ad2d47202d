"""What pages show, to whom, and how they are sent."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

import pytest

from api.web.rendering import STATIC, static_file
from repository.clock import FrozenClock
from tests.api.made import CONDITIONAL, IN_DOCUMENTS, LARGE_PATH, NOW, OPEN, SECRET, UNKNOWN

HTML = {"Accept": "text/html"}
PAGES = [
    "/", "/search?q=dat+dai", "/search?q=", "/search?q=zzz+yyy", "/fonds", "/objects",
    f"/objects/{OPEN}", f"/objects/{OPEN}/events", f"/objects/{OPEN}/fixity",
    f"/objects/{OPEN}/versions", f"/objects/{OPEN}/v1", f"/objects/{OPEN}/v2/files",
    f"/objects/{OPEN}/v1/pages/{quote(LARGE_PATH)}", f"/objects/{CONDITIONAL}",
    "/kiem-tra", "/kiem-tra/hong", "/kiem-tra/qua-han", "/su-co", "/audits", "/cach-kiem-tra",
    "/problems/not-found", "/nothing",
]  # fmt: skip


class _Reader(HTMLParser):
    """Notes what a page is made of; every element that is opened must be closed."""

    EMPTY = frozenset(["meta", "link", "img", "input", "br"])

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(text: str) -> _Reader:
    parser = _Reader()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed_small_and_loads_nothing_from_outside(reader, path, language):
    answer = reader.get(path, headers={**HTML, "Cookie": f"kho_lang={language}"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "script-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(answer.content) + len(static_file("kho.css")) < 100_000
    page = read(answer.text)
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == 1 and names.count("main") == 1
    assert "script" not in names and "style" not in names
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name == "style" or name.startswith("on")]
        if tag in ("img", "link") and attrs.get("rel") != "cite-as":
            address = urlsplit(attrs.get("src") or attrs.get("href") or "")
            assert not address.netloc or address.netloc == "kho.test"
        if tag == "img":
            assert "alt" in attrs
    assert page.tags[0] == ("html", {"lang": language})


@pytest.mark.parametrize("path", [p for p in PAGES if p != "/nothing"])
def test_no_link_of_a_page_leads_nowhere(reader, path):
    page = read(reader.get(path, headers=HTML).text)
    links = {attrs["href"] for tag, attrs in page.tags if tag == "a" and attrs.get("href")}
    ids = {attrs.get("id") for _, attrs in page.tags}
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
            continue
        wanted = 401 if "vao=1" in link else 200
        # The test client decodes an address twice, a server once.
        link = link.replace("%25", "%2525")
        assert reader.get(link, headers=HTML).status_code == wanted, link


def test_the_switch_keeps_the_page_and_is_remembered(reader):
    first = reader.get("/search?q=đất đai&year=2020", headers=HTML)
    assert "kho_lang" not in first.headers.get("set-cookie", "")
    switch = re.search(r'<a href="([^"]+)" lang="en"', first.text)[1].replace("&amp;", "&")
    english = reader.get(switch, headers=HTML)
    assert '<html lang="en">' in english.text and "đất đai" in english.text
    assert "kho_lang=en" in english.headers["set-cookie"]
    assert "year=2020" in switch


def test_pages_are_vietnamese_whatever_the_browser_was_installed_in(reader):
    answer = reader.get("/", headers={**HTML, "Accept-Language": "en-US,en"})
    assert '<html lang="vi">' in answer.text


def test_search_marks_the_words_says_that_marks_are_ignored_and_narrows(reader):
    text = reader.get("/search?q=dat dai", headers=HTML).text
    assert "<mark>đất</mark>" in text and "không dấu" in text
    facets = re.findall(r'href="(/search\?[^"]*year=[^"]*)"', text)
    assert facets
    narrowed = reader.get(facets[0].replace("&amp;", "&"), headers=HTML).text
    assert "Bỏ lọc" in narrowed
    marked = reader.get("/search?q=đất đai", headers=HTML).text
    assert "Bạn gõ không dấu" not in marked


def test_the_data_of_a_narrowed_search_is_narrowed_too(reader):
    everything = reader.get("/search?q=dat&facets=all&format=json").json()
    years = everything["facets"]["year"]
    assert everything["total"] >= len(everything["items"]) > 0
    none = reader.get("/search?q=dat&facets=all&year=1800").json()
    assert none["items"] == [] and none["total"] == 0
    some = reader.get(f"/search?q=dat&facets=all&year={years[0]['value']}").json()
    assert some["total"] == years[0]["count"]


def test_zero_hits_suggest_the_words_that_find_something(reader):
    text = reader.get("/search?q=dat zzzzqq", headers=HTML).text
    if "Không tìm thấy" in text:
        assert "/search?q=dat" in text


def test_hostile_text_is_shown_and_never_becomes_markup(reader):
    text = reader.get("/search?q=<script>alert(1)</script>\"'&<img src=x>", headers=HTML).text
    assert "<script" not in text and "<img src=x" not in text
    assert "&lt;script&gt;" in text


def test_the_dossier_page_says_what_it_is_how_it_is_kept_and_how_to_cite_it(reader):
    text = reader.get(f"/objects/{OPEN}", headers=HTML).text
    for word in ("Mã hồ sơ", "Chế độ sử dụng", "Thời hạn lưu trữ", "Trích dẫn", "Lịch sử"):
        assert word in text
    assert "toàn vẹn" in text and "kiểm tra hôm nay" in text and "2 bản sao" in text
    assert f"http://kho.test/objects/{OPEN}/v2" in text
    assert "truy cập ngày 22/11/2026" in text


def test_what_is_not_open_is_not_shown_by_any_page(reader):
    closed = reader.get(f"/objects/{CONDITIONAL}", headers=HTML)
    assert closed.status_code == 200
    assert closed.headers["cache-control"] == "private, no-store"
    assert "Cách xin đọc" in closed.text and CONDITIONAL in closed.text
    assert IN_DOCUMENTS not in closed.text and "bản sao</a>" not in closed.text
    for path in ("events", "fixity", "versions", "v1", "v1/files", f"v1/pages/{LARGE_PATH}",
                 f"v1/thumbnails/{LARGE_PATH}", f"v1/page-images/1/{LARGE_PATH}"):  # fmt: skip
        assert reader.get(f"/objects/{CONDITIONAL}/{path}", headers=HTML).status_code == 403
    for hidden in (SECRET, UNKNOWN):
        assert reader.get(f"/objects/{hidden}", headers=HTML).status_code == 404
    for path in ("/", "/fonds", "/objects", "/search?q=ho so", "/kiem-tra"):
        text = reader.get(path, headers=HTML).text
        assert SECRET not in text and "phòng thủ" not in text and "chế độ lạ" not in text
    for slug in ("hong", "chua-doc-duoc", "qua-han", "chua-kiem-tra", "thieu-ban-sao"):
        told = reader.get(f"/kiem-tra/{slug}").json()
        shown = {item["object_id"] for item in told["items"]}
        assert not shown & {CONDITIONAL, SECRET, UNKNOWN}


def test_the_kinds_of_document_of_a_conditional_dossier_are_no_facet(reader):
    told = reader.get("/search?q=kỷ luật cán bộ&facets=all&mode=02").json()
    assert [item["object"]["object_id"] for item in told["items"]] == [CONDITIONAL]
    assert told["facets"]["type"] == []


def test_an_auditor_sees_every_copy_and_the_sums_of_a_run(auditor, reader):
    everything = auditor.get("/kiem-tra").json()
    open_only = reader.get("/kiem-tra").json()
    assert everything["everything"] and not open_only["everything"]
    assert everything["copies"] > open_only["copies"]
    run = auditor.get("/audits").json()["items"][0]["run_id"]
    assert "Tổng khớp" in auditor.get(f"/audits/{run}", headers=HTML).text
    public = reader.get(f"/audits/{run}", headers=HTML).text
    assert "Tổng khớp" not in public and "dành cho kiểm tra viên" in public


def test_late_copies_are_counted_and_named(connect, made):
    later = FrozenClock(NOW + timedelta(days=400))
    client = connect(made, clock=later)
    assert client.get("/kiem-tra").json()["counts"]["overdue"] == 4
    assert client.get("/kiem-tra/qua-han").json()["count"] == 4
    text = client.get(f"/objects/{OPEN}", headers=HTML).text
    assert "quá hạn kiểm tra: lần cuối 13 tháng trước" in text


def test_a_store_that_is_away_is_away_and_not_lost(connect, own):
    (own.place("copy-1") / "store.json").unlink()
    client = connect(own)
    told = client.get("/kiem-tra").json()
    assert {s["name"]: s["available"] for s in told["stores"]} == {"primary": True, "copy-1": False}
    assert told["counts"]["lacking"] == 0
    text = client.get("/kiem-tra", headers=HTML).text
    assert "vắng mặt" in text and "không phải là mất" in text


def test_a_silent_clock_is_cried_out_on_the_desk(connect, made):
    from api.services import Alive

    client = connect(made, alive=lambda: Alive(catalogue=True, primary_store=True, clock=False))
    assert "im lặng" in client.get("/kiem-tra", headers=HTML).text
    assert client.get("/health").status_code == 503


def test_a_page_that_is_not_made_yet_is_wished_for_once_each(connect, own):
    before = own.lines("wishes")
    client = connect(own)
    path = f"/objects/{OPEN}/v2/pages/{quote(LARGE_PATH)}"
    for _ in range(3):
        text = client.get(path, headers=HTML).text
        assert "chưa được tạo" in text and "đã được ghi lại" in text
    wishes = own.lines("wishes")[len(before) :]
    assert len(wishes) == len({(w["sha512"], w["recipe"]) for w in wishes}) == 3
    assert {w["object_id"] for w in wishes} == {OPEN}
    assert {w["path"] for w in wishes} == {LARGE_PATH}


def test_when_the_spool_cannot_be_written_the_page_says_so_and_is_there(connect, own):
    client = connect(own, spool=None)
    text = client.get(f"/objects/{OPEN}/v2/pages/{quote(LARGE_PATH)}", headers=HTML).text
    assert "không ghi được yêu cầu" in text


def test_nothing_is_wished_for_of_files_that_have_no_pages(connect, own):
    before = own.lines("wishes")
    client = connect(own)
    answer = client.get(f"/objects/{OPEN}/v2/pages/data/METS.xml")
    assert answer.json()["state"] == "not-made"
    assert own.lines("wishes") == before


@pytest.mark.parametrize(
    "path",
    [
        f"/objects/{OPEN}/v9/pages/data/METS.xml",
        f"/objects/{OPEN}/v1/pages/data/nothing.pdf",
        f"/objects/{OPEN}/v1/pages/../../../etc/passwd",
        f"/objects/{OPEN}/v1/page-images/1/data/METS.xml",
        f"/objects/{OPEN}/v1/page-images/0/{LARGE_PATH}",
        f"/objects/{OPEN}/v1/thumbnails/data/METS.xml",
        f"/objects/{OPEN}/vv",
        "/static/../rendering.py",
        "/static/kho.js",
    ],
)
def test_addresses_of_nothing_are_not_found(reader, path):
    assert reader.get(path, headers=HTML).status_code == 404


def test_the_style_sheet_is_kept_for_ever_under_its_own_mark_only(reader):
    address = re.search(r'href="(/static/kho.css[^"]+)"', reader.get("/", headers=HTML).text)[1]
    assert "immutable" in reader.get(address).headers["cache-control"]
    assert "immutable" not in reader.get("/static/kho.css?v=other").headers["cache-control"]
    tag = reader.get(address).headers["etag"]
    assert reader.get(address, headers={"If-None-Match": tag}).status_code == 304
    for name, kind in STATIC.items():
        assert reader.get(f"/static/{name}").headers["content-type"] == kind


def test_pages_under_a_path_keep_their_links_below_it(connect, made):
    client = connect(made, base_url="http://kho.test/luu-tru")
    text = client.get("/", headers=HTML).text
    assert 'href="/luu-tru/static/kho.css' in text and 'href="/luu-tru/fonds"' in text


def test_bodies_of_pages_hold_no_instant_of_the_question(connect, made):
    """Data is a function of what is held; only pages speak of today."""
    one = connect(made, clock=FrozenClock(datetime(2027, 1, 1, tzinfo=UTC)))
    two = connect(made, clock=FrozenClock(datetime(2027, 3, 1, tzinfo=UTC)))
    for path in ("/fonds", "/search?q=dat&facets=all", "/kiem-tra/hong"):
        assert one.get(path).content == two.get(path).content
    assert json.loads(one.get("/fonds").content)["items"]
