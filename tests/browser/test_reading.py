"""What a researcher and an auditor do, in a real browser whose pages may run no script."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tests.browser.conftest import Site
from tests.browser.driver import Browser

PHONE, DESK = (360, 780), (1280, 900)
_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
  .then(found => done(found.violations.map(
      one => one.id + ': ' + one.nodes.map(node => node.html.slice(0, 200)).join(' | '))));
"""


@pytest.fixture(autouse=True)
def at_a_desk_in_vietnamese(browser: Browser) -> None:
    browser.resize(*DESK)
    browser.devtools("Network.clearBrowserCookies", {})
    browser.devtools("Network.enable", {})
    browser.devtools("Network.setExtraHTTPHeaders", {"headers": {}})


def pages(site: Site) -> dict[str, str]:
    land, large = f"/objects/{site.land}", f"/objects/{site.large}"
    return {
        "home": "/", "search": "/search?q=quyet+dinh+dat+dai", "nothing found": "/search?q=zzzz+qqqq",
        "partial": "/search?q=dat+zzzz", "fonds": "/fonds", "dossiers": "/objects", "land": land,
        "large, damaged": large, "second page": f"{large}?p=2", "history": f"{land}/events",
        "fixity": f"{large}/fixity", "versions": f"{land}/versions", "version": f"{land}/v1",
        "closed": f"/objects/{site.conditional}", "viewer": first_page(site),
        "file without pages": f"{land}/v1/pages/data/METS.xml", "desk": "/kiem-tra",
        "damaged": "/kiem-tra/hong", "runs": "/audits", "how": "/cach-kiem-tra",
        "problem": "/problems/damaged", "not found": "/nothing",
    }  # fmt: skip


def first_page(site: Site) -> str:
    from kho import wiring

    with wiring.open_archive(site.home, read_only=True) as archive:
        path = archive.catalogue.documents(site.land)[0].files[0]["path"]
    return f"/objects/{site.land}/v1/pages/{path}"


def test_words_without_marks_lead_to_a_page_that_can_be_cited(site, browser):
    browser.get(site.address)
    assert browser.attribute("html", "lang") == "vi"
    browser.type("#q", "quyet dinh dat dai ha tinh")
    browser.press("enter")
    assert browser.address == f"{site.address}/search?q=quyet+dinh+dat+dai+ha+tinh"
    assert "quyết" in browser.text(".hits mark") and "không dấu" in browser.text("[role=status]")
    browser.click(".hits a")
    assert "đất đai" in browser.text("h1")
    assert "bản sao" in browser.text(".trust")
    browser.click(".documents .files a")
    assert browser.run("return document.querySelector('.page-image img').naturalWidth") > 500
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in browser.text(".page-text")
    citation = browser.text(".cite")
    assert browser.address.split("/v1/")[0] in citation.replace("\n", "")
    assert re.search(r"trang 1\b.*phiên bản v1.*truy cập ngày \d\d/\d\d/\d{4}", citation)


def test_the_citation_is_taken_by_one_click(site, browser):
    browser.get(f"{site.address}/objects/{site.land}")
    browser.click(".cite")
    assert browser.run("return getSelection().toString()").strip() == browser.text(".cite")


def test_pages_are_turned_and_the_last_has_no_next(site, browser):
    browser.get(site.address + first_page(site))
    browser.click(".turn a[rel=next]")
    assert "p=2" in browser.address and "Trang 2" in browser.text(".turn")
    assert browser.text(".page-numbers [aria-current=page]").endswith("2")
    while browser.count(".turn a[rel=next]"):
        browser.click(".turn a[rel=next]")
    assert browser.count(".turn a[rel=prev]") == 2


def test_a_page_that_is_not_made_says_so_and_gives_the_file(site, browser):
    browser.get(f"{site.address}/objects/{site.large}?p=2")
    browser.click(".documents > li:last-child .files a")
    assert "chưa được tạo" in browser.text("main")
    assert browser.attribute("main .button", "href").endswith(".pdf")


def test_the_switch_keeps_the_page_and_the_next_pages_stay_in_its_language(site, browser):
    browser.get(f"{site.address}/search?q=dat+dai")
    browser.link("English")
    assert "q=dat+dai" in browser.address
    assert browser.attribute("html", "lang") == "en" and "ignored" in browser.text("main")
    browser.click(".hits a")
    assert browser.attribute("html", "lang") == "en" and "Cite this" in browser.text()
    browser.link("Tiếng Việt")
    assert browser.attribute("html", "lang") == "vi"


def test_damage_is_said_in_words_on_every_page_that_speaks_of_it(site, browser):
    browser.get(f"{site.address}/objects/{site.large}")
    assert "bị hỏng" in browser.text(".trust") and "1/2 bản sao" in browser.text(".trust")
    browser.click(".trust a")
    assert "bị sửa đổi" in browser.text(".verdicts") and "bag-info.txt" in browser.text(".verdicts")
    browser.get(f"{site.address}/kiem-tra")
    browser.link("bản sao bị hỏng")
    assert browser.count(".hits > li") == 1 and "copy-1" in browser.text(".hits")
    browser.get(site.address)
    assert "phát hiện hư hỏng" in browser.text(".audit-line")


def test_a_reader_who_may_not_is_told_why_and_how_to_ask(site, browser):
    browser.get(f"{site.address}/objects/{site.conditional}")
    assert "Vì sao chưa mở" in browser.text("main") and "Cách xin đọc" in browser.text("main")
    assert browser.count(".documents") == 0 and browser.count(".trust") == 0


def test_an_auditor_enters_with_the_key_and_sees_the_sums(site, browser):
    import base64

    pair = base64.b64encode(f"kiem-tra-vien:{site.token}".encode()).decode()
    key = {"headers": {"Authorization": f"Basic {pair}"}}
    browser.devtools("Network.setExtraHTTPHeaders", key)
    browser.get(f"{site.address}/kiem-tra?vao=1")
    assert "kể cả hồ sơ không công khai" in browser.text("main")
    browser.click("table a")
    assert "Tổng khớp" in browser.text("main") and "bag-info.txt" in browser.text("main")
    browser.get(f"{site.address}/objects/{site.conditional}")
    assert browser.count(".documents > li") > 0
    browser.devtools("Network.setExtraHTTPHeaders", {"headers": {}})


def test_the_keyboard_alone_reaches_the_content_and_searches(site, browser):
    browser.get(site.address)
    browser.press("tab")
    assert browser.run("return document.activeElement.className") == "skip"
    browser.press("enter")
    assert browser.run("return document.activeElement.id") == "content"
    browser.press("tab")
    assert browser.run("return document.activeElement.id") == "q"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_fits_a_phone_and_makes_the_browser_complain_of_nothing(site, browser, language):
    browser.resize(*PHONE)
    for name, path in pages(site).items():
        mark = "&" if "?" in path else "?"
        browser.get(f"{site.address}{path}{mark}lang={language}")
        assert browser.attribute("html", "lang") == language, name
        wide = browser.run("return document.documentElement.scrollWidth")
        assert wide <= PHONE[0], (name, wide)
        assert (
            browser.run("return getComputedStyle(document.querySelector('main')).paddingTop")
            != "0px"
        )
        outside = browser.run(
            "return performance.getEntriesByType('resource').map(e => e.name)"
            ".filter(n => !n.startsWith(location.origin))"
        )
        assert outside == [], name
        broken = browser.run(
            "return [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        )
        assert broken == [], name


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_violation_on_any_page(site, browser, dark):
    source = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.devtools("Emulation.setEmulatedMedia", {"features": [scheme]})
    found = {}
    for size in (DESK,) if dark else (DESK, PHONE):
        browser.resize(*size)
        for name, path in pages(site).items():
            browser.get(site.address + path)
            browser.run(source)
            violations = browser.run_async(_AXE)
            if violations:
                found[name, size] = violations
    browser.devtools("Emulation.setEmulatedMedia", {"features": []})
    assert found == {}
