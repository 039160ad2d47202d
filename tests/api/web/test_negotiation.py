"""Which face of an address is given to whom."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.negotiation import prefers_page
from tests.api.made import CONDITIONAL, ESCAPED, OPEN, TOKEN

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
HTML = {"Accept": BROWSER}


def scope(accept: str | None, query: str = "") -> dict[str, object]:
    headers = [] if accept is None else [(b"accept", accept.encode("latin-1", "replace"))]
    return {"type": "http", "headers": headers, "query_string": query.encode()}


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("text/html;q=0.5, application/json", False),
        ("text/html;q=0", False),
        ("text/html;q=x, */*", False),
        ("image/webp", False),
        (BROWSER, True),
        ("text/html", True),
        ("TEXT/HTML ; Q=1", True),
        ("application/json;q=0.1, text/html", True),
        ("text/*, */*;q=0.1", True),
    ],
)
def test_whoever_does_not_ask_for_a_page_gets_data(accept, page):
    assert prefers_page(scope(accept)) is page


@given(st.text(st.characters(codec="latin-1"), max_size=200), st.text(max_size=40))
def test_no_header_and_no_query_can_make_the_choice_fail(accept, query):
    assert prefers_page(scope(accept, query)) in (True, False)


def test_the_format_in_the_address_decides_over_accept():
    assert prefers_page(scope("application/json", "format=html"))
    assert not prefers_page(scope(BROWSER, "q=a&format=json"))
    assert prefers_page(scope(BROWSER, "format=pdf"))


@pytest.mark.parametrize(
    "path", ["/", f"/objects/{OPEN}", f"/objects/{OPEN}/v1", "/audits", "/search?q=a", "/fonds"]
)
def test_one_address_has_a_page_and_its_data_and_says_that_it_varies(reader, path):
    page, data = reader.get(path, headers=HTML), reader.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert data.headers["content-type"] == "application/json"
    for answer in (page, data):
        assert answer.status_code == 200
        assert "accept" in answer.headers["vary"].lower()
        assert "authorization" in answer.headers["vary"].lower()


def test_every_page_links_its_data_and_the_link_gives_data_to_a_browser(reader):
    for path in ("/", "/fonds", "/kiem-tra", "/audits", f"/objects/{OPEN}", "/search?q=dat"):
        text = reader.get(path, headers=HTML).text
        address = text.split('<link rel="alternate" type="application/json" href="')[1]
        address = address.split('"')[0].replace("&amp;", "&")
        answer = reader.get(address, headers=HTML)
        assert answer.headers["content-type"] == "application/json", address
        assert answer.status_code == 200
        json.loads(answer.content)


def test_a_page_of_one_dossier_with_a_difficult_identifier_links_to_itself(reader):
    found = reader.get("/search?q=dat dai", headers=HTML).text
    address = next(p.split('"')[0] for p in found.split('href="') if "P%255F" in p.split('"')[0])
    # The test client decodes an address twice, a server once.
    answer = reader.get(address.replace("%25", "%2525"), headers=HTML)
    assert answer.status_code == 200
    assert ESCAPED.split(":")[1] in answer.text


def test_problems_are_pages_with_the_same_code_and_status_in_both_languages(reader):
    for path, status, code in [
        ("/nothing", 404, "not-found"),
        ("/events", 401, "auditors-only"),
        (f"/objects/{CONDITIONAL}/fixity", 403, "access-conditional"),
        ("/objects?limit=x", 422, "invalid-request"),
        ("/objects?cursor=x", 400, "bad-cursor"),
        ("/kiem-tra/khac", 404, "not-found"),
    ]:
        page = reader.get(path, headers=HTML)
        data = reader.get(path)
        if path != "/objects?limit=x":  # pages have no limit to be wrong
            assert page.status_code == status, path
            assert f'<span class="code">{code}</span>' in page.text
            assert 'lang="vi"' in page.text and 'lang="en"' in page.text
        assert (data.status_code, data.json()["code"]) == (status, code)
        assert data.headers["content-type"] == "application/problem+json"


def test_an_unforeseen_failure_is_a_page_too(connect, made):
    def broken():
        raise RuntimeError("not to be told")

    client = connect(made, alive=broken)
    page = client.get("/kiem-tra", headers=HTML)
    assert page.status_code == 500
    assert "internal-error" in page.text and "not to be told" not in page.text
    assert client.get("/health").json()["code"] == "internal-error"


def test_other_methods_are_refused_with_a_page_that_says_what_is_allowed(reader):
    answer = reader.post("/", headers=HTML)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "method-not-allowed" in answer.text


def test_head_of_a_page_and_of_a_problem_page_has_no_body(reader):
    for path in ("/", "/nothing"):
        page, head = reader.get(path, headers=HTML), reader.head(path, headers=HTML)
        assert head.content == b""
        assert head.status_code == page.status_code
        assert head.headers["content-type"] == page.headers["content-type"]


def test_a_browser_is_asked_for_the_key_and_becomes_an_auditor_with_it(connect, own):
    client = connect(own)
    asked = client.get("/kiem-tra?vao=1", headers=HTML)
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"].startswith("Basic ")
    pair = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
    answer = client.get("/kiem-tra?vao=1", headers={**HTML, "Authorization": f"Basic {pair}"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert own.lines("access")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic eA==", "Basic " + "A" * 9000, "basic  "]
)
def test_a_wrong_pair_is_refused_and_never_overlooked(reader, header):
    answer = reader.get("/kiem-tra", headers={**HTML, "Authorization": header})
    assert answer.status_code == 401
    assert "token-invalid" in answer.text
