"""Hostile addresses: one clear answer, always in the same shape."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from schemas.problem import Problem
from tests.api.made import ESCAPED, OPEN, SECRET, open_services
from tests.api.test_files import ask


@pytest.fixture(scope="module")
def app(made):
    with open_services(made) as services:
        yield create_app(services)


def get(app, raw_path):
    """What a server would answer to exactly this address, decoded once and never normalised."""
    sent, broke = asyncio.run(ask(app, raw_path))
    assert broke is None
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


IN_FILES = [
    "../inventory.json",
    "%2e%2e/inventory.json",
    "%2e%2e%2finventory.json",
    "..%2f..%2f..%2f..%2fetc/passwd",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "data/../bagit.txt",
    "./bagit.txt",
    "data//METS.xml",
    "data/METS.xml/",
    "bagit.txt%00",
    "%00",
    "",
    "data",
    "v1/content/bagit.txt",
    "0=ocfl_object_1.1",
    "%ff%fe",
    "a" * 10_000,
    "a/" * 5_000,
]


@pytest.mark.parametrize("path", IN_FILES)
def test_no_path_leads_out_of_the_state_of_a_version(app, path):
    status, body = get(app, f"/objects/{OPEN}/v1/files/{path}")
    assert status == 404
    assert Problem.model_validate_json(body).code == "not-found"


@pytest.mark.parametrize(
    "object_id",
    ["..", "%2e%2e", ".", "%00", "urn:x%00y", "a" * 10_000, "%ff", "%F0%9F%98%80", "' OR 1=1", "*",
     "urn%3AP_SNV%3Auuid-", OPEN.lower(), OPEN + "%20", OPEN + "/", "%252e", "%"],
)  # fmt: skip
def test_no_identifier_but_the_exact_one_is_an_object(app, object_id):
    for rest in ("", "/versions", "/v1", "/v1/files", "/v1/mets.xml", "/events", "/fixity"):
        status, body = get(app, f"/objects/{object_id}{rest}")
        assert status == 404
        assert Problem.model_validate_json(body).code == "not-found"


@pytest.mark.parametrize(
    "version",
    ["v0", "v3", "v01", "V1", "1", "v1%20", "v-1", "v1.0", "head", "%76%30", "v" + "1" * 9999],
)
def test_no_version_but_an_exact_one_is_there(app, version):
    assert get(app, f"/objects/{OPEN}/{version}")[0] == 404
    assert get(app, f"/objects/{OPEN}/{version}/files")[0] == 404


def test_an_identifier_is_decoded_once(app):
    encoded = ESCAPED.replace("%", "%25")
    assert get(app, f"/objects/{encoded}")[0] == 200
    assert get(app, f"/objects/{encoded}/v1/mets.xml")[0] == 200
    assert get(app, f"/objects/{ESCAPED}")[0] == 404
    assert get(app, f"/objects/{encoded.replace('%', '%25')}")[0] == 404
    assert get(app, f"/objects/{OPEN.replace(':', '%3A')}")[0] == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(alphabet="v1./%0aAfilesmetx:\\ ~é", max_size=12), max_size=5))
def test_any_address_is_answered_and_never_with_what_is_secret(app, parts):
    from urllib.parse import quote

    for start in ("/", f"/objects/{SECRET}/"):
        status, body = get(app, start + "/".join(quote(part, safe="") for part in parts))
        assert status in (200, 404, 422)
        assert b"ph\xc3\xb2ng th\xe1\xbb\xa7" not in body
        assert start == "/" or status == 404
