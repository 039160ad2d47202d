"""Every error has one shape, one table, two languages, and tells nothing of the machine."""

import json

import pytest

import api.app  # noqa: F401 - so that every subclass is there to be walked
import preservation.rebuild  # noqa: F401
from api.problems import FAILURES, STATUS, code_of
from api.texts import codes_with_text, preferred_language
from repository import errors
from schemas.problem import Problem
from tests.api.made import BASE, CONDITIONAL, OPEN
from tests.api.test_objects import url


def walk(kind):
    yield kind
    for child in kind.__subclasses__():
        yield from walk(child)


def test_every_failure_of_the_archive_is_in_the_table():
    for kind in walk(errors.ArchiveError):
        if kind.__module__ == errors.__name__:
            assert kind in FAILURES, kind
        assert code_of(kind("x")) in STATUS, kind


def test_every_kind_of_problem_has_a_page_and_texts_in_both_languages(reader):
    for language in ("vi", "en"):
        notes = {"access-note-conditional", "access-note-secret"}
        assert codes_with_text(language) == set(STATUS) | notes
    for code, status in STATUS.items():
        page = reader.get(f"/problems/{code}").json()
        assert page["status"] == status
        assert page["vi"]["text"] != page["en"]["text"]
        assert "{" not in page["vi"]["text"] + page["en"]["text"]
    assert reader.get("/problems/nonsense").status_code == 404
    assert reader.get("/problems/access-note-secret").status_code == 404


def check(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem = Problem.model_validate_json(answer.content)
    assert problem.code == code
    assert problem.status == status
    assert problem.type == f"{BASE}/problems/{code}"
    return problem


FAILING = {
    "not-found": ("GET", "/nothing", 404),
    "access-conditional": ("GET", url(CONDITIONAL, "v1"), 403),
    "auditors-only": ("GET", "/events", 401),
    "bad-cursor": ("GET", "/objects?cursor=nonsense", 400),
    "invalid-request": ("GET", "/objects?limit=501&cursor=", 422),
    "method-not-allowed": ("POST", "/objects", 405),
}


@pytest.mark.parametrize("code", FAILING)
def test_refusals_have_the_shape_of_a_problem(reader, code):
    method, path, status = FAILING[code]
    check(reader.request(method, path), status, code)


def test_violations_say_where_and_why(reader):
    answer = reader.get("/objects", params={"limit": "many", "fonds": "x" * 300})
    problem = check(answer, 422, "invalid-request")
    assert {violation.location for violation in problem.violations} == {
        "query.limit",
        "query.fonds",
    }


class Failing:
    """A catalogue whose every question fails in one way."""

    def __init__(self, failure):
        self._failure = failure

    def __getattr__(self, name):
        def fail(*_, **__):
            raise self._failure

        return fail


@pytest.mark.parametrize("kind", list(FAILURES))
def test_every_failure_is_told_without_what_the_operator_is_told(connect, made, kind):
    secret = "/srv/kho/catalogue.sqlite: disk I/O error at 0xdeadbeef"
    client = connect(made, catalogue=Failing(kind(secret)))
    code = FAILURES[kind]
    problem = check(client.get(url(OPEN)), STATUS[code], code)
    assert "srv" not in problem.model_dump_json()
    assert "deadbeef" not in problem.model_dump_json()


def test_a_fault_of_the_program_is_told_as_such_and_no_more(connect, made):
    client = connect(made, catalogue=Failing(ZeroDivisionError("line 17 of secret.py")))
    problem = check(client.get(url(OPEN)), 500, "internal-error")
    assert "secret" not in problem.model_dump_json()
    assert client.head(url(OPEN)).content == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get"])
@pytest.mark.parametrize("path", ["/", "/objects", "/nothing", url(OPEN, "v1", "mets.xml")])
def test_nothing_but_reading_is_answered_anywhere(reader, method, path):
    answer = reader.request(method, path, content=b"{}")
    if method == "get":  # clients write methods in capitals for us
        assert answer.status_code in (200, 404, 405)
        return
    check(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_options_says_what_is_answered(reader):
    answer = reader.options("/objects")
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "vi"),
        ("en", "en"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("vi-VN,en", "vi"),
        ("fr, EN-us", "en"),
        ("fr", "vi"),
        ("," * 10_000, "vi"),
    ],
)
def test_problems_are_told_in_the_language_asked_for(reader, header, language):
    assert preferred_language(header) == language
    answer = reader.get("/nothing", headers={"Accept-Language": header})
    assert answer.headers["content-language"] == language
    assert (answer.json()["title"] == "Không tìm thấy") is (language == "vi")


def test_what_a_request_holds_that_json_cannot_carry_does_not_break_the_answer(reader):
    answer = reader.get("/objects?limit=%ff%00%ed%a0%80")
    json.loads(answer.content)
    check(answer, 422, "invalid-request")
