"""Search: with and without marks, and without telling what is closed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.finding import answers
from repository.search_text import parse_query
from tests.api.made import CONDITIONAL, ESCAPED, IN_DOCUMENTS, OPEN, SECRET


def found(client, q, **params):
    answer = client.get("/search", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return [item["object"]["object_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    "q",
    [
        "quyet dinh dat dai",
        "quyết định đất đai",
        "QUYẾT ĐỊNH ĐẤT ĐAI",
        "quye\u0302\u0301t \u0111i\u0323nh",
        "đất đa",
    ],
)
def test_a_dossier_is_found_however_its_title_is_typed(reader, q):
    assert found(reader, q)[0] == ESCAPED


def test_found_words_are_marked_in_the_text_as_it_was_written(reader):
    item = reader.get("/search?q=quyet dinh dat dai").json()["items"][0]
    assert [part["text"] for part in item["snippet"] if part["matched"]] == [
        "quyết",
        "định",
        "đất",
        "đai",
    ]
    assert "".join(part["text"] for part in item["snippet"]) == item["object"]["title"]


def test_a_conditional_dossier_is_found_by_its_title_code_agency_and_year(reader):
    for q in ("kỷ luật", "ky luat can bo", "ki luat", "kỷ luật 2021", "2021 ky luat sở nội vụ",
              "000.00.04.H27.2021.03"):  # fmt: skip
        assert CONDITIONAL in found(reader, q), q
    item = reader.get("/search?q=ky luat").json()["items"][0]
    assert item["object"]["access"] == "conditional"
    assert item["object"]["links"].keys() == {"self"}
    assert [part["text"] for part in item["snippet"] if part["matched"]] == ["kỷ", "luật"]


def test_what_is_in_the_documents_of_a_conditional_dossier_finds_it_for_auditors_only(
    reader, auditor
):
    for q in (IN_DOCUMENTS, "1063/QĐ-SNV", "kỷ luật khởi công"):
        assert CONDITIONAL not in found(reader, q), q
        assert CONDITIONAL in found(auditor, q), q
    assert OPEN in found(reader, IN_DOCUMENTS)


def test_a_secret_dossier_is_found_by_auditors_only(reader, auditor):
    assert SECRET in found(auditor, "phòng thủ")
    assert SECRET not in found(reader, "phòng thủ")
    assert SECRET not in found(reader, "2021", limit=500)


def test_pages_of_hits_joined_are_all_hits(reader, auditor):
    for client in (reader, auditor):
        whole = client.get("/search", params={"q": "hồ sơ"}).json()["items"]
        assert len(whole) >= 3
        joined, address = [], "/search?q=hồ sơ&limit=1"
        while address:
            page = client.get(address).json()
            joined += page["items"]
            address = page["next"]
        assert joined == whole


def test_one_fonds_is_searched_alone(reader):
    assert found(reader, "hồ sơ", fonds="P%5FS%2FNV") == [ESCAPED]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60))
@pytest.mark.parametrize("prefix", ["", '"hồ sơ" NEAR('])
def test_no_query_is_an_error_or_syntax(reader, prefix, text):
    found(reader, prefix + text.encode("utf-8", "replace").decode())


@pytest.mark.parametrize("q", ["", " ", "* OR 1=1 --", "\x00", "😀" * 500, "a" * 2000, "'" * 2000])
def test_odd_queries_find_something_or_nothing(reader, q):
    found(reader, q)


def test_a_query_beyond_all_measure_is_refused_clearly(reader):
    assert reader.get("/search", params={"q": "x" * 2001}).status_code == 422
    assert reader.get("/search").json()["violations"][0]["location"] == "query.q"


@pytest.mark.parametrize(
    ("query", "text", "answered"),
    [
        ("dat dai", "Hồ sơ đất đai", True),
        ("dat da", "Hồ sơ đất đai", True),
        ("da dat", "Hồ sơ đất đai", False),
        ("đất nhà", "Hồ sơ đất đai", False),
        ("5/QD-UBND", "số 05/QĐ-UBND", True),
        ("ly", "Lí lịch", True),
        ("d", "Hồ sơ đất", False),
    ],
)
def test_public_text_answers_when_every_word_is_in_it(query, text, answered):
    assert answers(parse_query(query), {"title": text}) is answered
