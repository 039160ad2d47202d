"""The bytes: exact, provable, in parts, and never wrong."""

import asyncio
from base64 import b64decode
from hashlib import sha256, sha512
from urllib.parse import quote, unquote

import pytest

from api.app import create_app
from tests.api.made import (
    BASE,
    LARGE_BYTES,
    LARGE_PATH,
    NOTE,
    OPEN,
    open_services,
    stored_content,
)
from tests.api.test_objects import url

LARGE_URL = url(OPEN, "v1", "files", quote(LARGE_PATH))


def test_every_file_of_every_version_is_given_byte_for_byte(reader, made):
    for version in ("v1", "v2"):
        body = reader.get(url(OPEN, version, "files")).json()
        assert body["count"] == len(body["items"])
        assert {item["path"] for item in body["items"]} >= {"bagit.txt", "data/METS.xml"}
        for item in body["items"]:
            answer = reader.get(item["links"]["bytes"])
            assert answer.content == made.file(OPEN, item["content_path"]).read_bytes()
            assert len(answer.content) == item["size"]
            assert sha512(answer.content).hexdigest() == item["sha512"]
            assert sha256(answer.content).hexdigest() == item["sha256"]
            assert answer.headers["etag"] == f'"sha512-{item["sha512"]}"'
            digests = dict(part.split("=", 1) for part in answer.headers["repr-digest"].split(", "))
            assert b64decode(digests["sha-512"].strip(":")).hex() == item["sha512"]
            assert b64decode(digests["sha-256"].strip(":")).hex() == item["sha256"]


def test_a_file_added_later_is_in_its_version_only(reader):
    path = ("files", "data", "documentation", "note.txt")
    assert reader.get(url(OPEN, "v2", *path)).content == NOTE
    assert reader.get(url(OPEN, "v1", *path)).status_code == 404


def test_the_inventory_is_given_as_it_lies_and_with_the_recorded_digest(reader, made):
    for version in reader.get(url(OPEN, "versions")).json()["items"]:
        answer = reader.get(version["links"]["inventory"])
        stored = made.file(OPEN, f"{version['version']}/inventory.json").read_bytes()
        assert answer.content == stored
        assert sha512(stored).hexdigest() == version["inventory_sha512"]
        assert answer.headers["etag"] == f'"sha512-{version["inventory_sha512"]}"'


def test_names_in_vietnamese_arrive_whole(reader):
    item = next(
        item for item in reader.get(url(OPEN, "v1", "files")).json()["items"]
        if item["path"].endswith("biểu 50=25.xlsx")
    )  # fmt: skip
    answer = reader.get(item["links"]["bytes"])
    assert answer.content == stored_content("representations/rep1/data/phụ lục/biểu 50%.xlsx")
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"bi_u 50=25.xlsx\"; filename*=UTF-8''bi%E1%BB%83u%2050%3D25.xlsx"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_only_what_a_browser_runs_nothing_in_is_shown_in_place(reader):
    kinds = {}
    for item in reader.get(url(OPEN, "v1", "files")).json()["items"]:
        answer = reader.head(item["links"]["bytes"])
        suffix = item["path"].rsplit(".", 1)[-1]
        kinds[suffix] = answer.headers["content-disposition"].split(";")[0]
    assert kinds == {
        "txt": "inline",
        "pdf": "inline",
        "jpg": "inline",
        "tif": "inline",
        "xml": "attachment",
        "xsd": "attachment",
        "json": "attachment",
        "xlsx": "attachment",
        "db": "attachment",
    }


def test_a_large_file_is_given_whole_and_in_parts(reader):
    whole = reader.get(LARGE_URL)
    assert whole.content == LARGE_BYTES
    part = reader.get(LARGE_URL, headers={"Range": "bytes=1048570-2097160"})
    assert part.status_code == 206
    assert part.content == LARGE_BYTES[1048570:2097161]
    assert part.headers["content-range"] == f"bytes 1048570-2097160/{len(LARGE_BYTES)}"
    assert part.headers["repr-digest"] == whole.headers["repr-digest"]
    assert part.headers["etag"] == whole.headers["etag"]


def test_head_has_the_headers_of_get_and_no_body(reader):
    for address in (LARGE_URL, url(OPEN), url(OPEN, "v1", "mets.xml"), "/objects", "/nothing"):
        get, head = reader.get(address), reader.head(address)
        assert head.status_code == get.status_code
        assert head.headers == get.headers
        assert head.content == b""


def test_conditions_are_judged_by_the_digest(reader):
    address = url(OPEN, "v1", "mets.xml")
    tag = reader.get(address).headers["etag"]
    fresh = reader.get(address, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (fresh.status_code, fresh.content) == (304, b"")
    assert fresh.headers["etag"] == tag
    assert reader.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert reader.get(address, headers={"If-Match": tag}).status_code == 200
    changed = reader.get(address, headers={"If-Match": '"other"'})
    assert (changed.status_code, changed.json()["code"]) == (412, "precondition-failed")
    resumed = reader.get(address, headers={"Range": "bytes=5-", "If-Range": tag})
    assert resumed.status_code == 206
    other = reader.get(address, headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert other.status_code == 200


def test_a_range_outside_of_the_file_is_a_problem_that_says_how_long_it_is(reader):
    answer = reader.get(LARGE_URL, headers={"Range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(LARGE_BYTES)}"
    assert answer.headers["content-type"] == "application/problem+json"


def test_when_the_primary_store_is_away_another_gives_the_bytes(connect, own):
    (own.place() / "store.json").unlink()
    client = connect(own)
    assert client.get(LARGE_URL).content == LARGE_BYTES
    assert client.get(url(OPEN, "v1", "files")).status_code == 200
    assert own.lines("damage") == []


def test_when_no_store_is_there_that_is_said_and_nothing_is_called_missing(connect, own):
    for store in ("primary", "copy-1"):
        (own.place(store) / "store.json").unlink()
    answer = connect(own).get(url(OPEN, "v1", "mets.xml"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert own.lines("damage") == []


def damage(made, path, store="primary", data=None):
    file = made.file(OPEN, f"v1/content/{path}", store)
    file.chmod(0o644)
    if data is None:
        stored = bytearray(file.read_bytes())
        stored[len(stored) // 2] ^= 1
        data = bytes(stored)
    file.write_bytes(data)


def test_a_small_damaged_file_is_given_from_an_intact_copy_and_reported(connect, own):
    intact = own.file(OPEN, "v1/content/data/METS.xml").read_bytes()
    damage(own, "data/METS.xml")
    assert connect(own).get(url(OPEN, "v1", "mets.xml")).content == intact
    (line,) = own.lines("damage")
    assert (line["object_id"], line["store"], line["kind"]) == (OPEN, "primary", "altered")
    assert line["path"] == "v1/content/data/METS.xml"
    assert line["expected_sha512"] == sha512(intact).hexdigest()


def test_a_file_damaged_in_every_copy_is_never_given(connect, own):
    for store in ("primary", "copy-1"):
        damage(own, "data/METS.xml", store)
    client = connect(own)
    answer = client.get(url(OPEN, "v1", "mets.xml"))
    assert (answer.status_code, answer.json()["code"]) == (500, "damaged")
    assert client.get(url(OPEN, "v1", "mets.xml")).status_code == 500
    assert [line["store"] for line in own.lines("damage")] == ["primary", "copy-1"]


def test_a_missing_file_and_a_link_in_its_place_are_reported_as_missing(connect, own):
    for store, path in (("primary", "data/METS.xml"), ("primary", "bagit.txt")):
        file = own.file(OPEN, f"v1/content/{path}", store)
        file.parent.chmod(0o755)
        file.unlink()
    own.file(OPEN, "v1/content/bagit.txt").symlink_to("/etc/hostname")
    client = connect(own)
    assert client.get(url(OPEN, "v1", "mets.xml")).status_code == 200
    assert client.get(url(OPEN, "v1", "files", "bagit.txt")).text.startswith("BagIt-Version")
    assert [line["kind"] for line in own.lines("damage")] == ["missing", "missing"]


def test_a_damaged_inventory_is_read_from_another_store(connect, own):
    inventory = own.file(OPEN, "v1/inventory.json")
    inventory.chmod(0o644)
    inventory.write_bytes(inventory.read_bytes().replace(b"a", b"b", 1))
    assert connect(own).get(url(OPEN, "v1", "files")).status_code == 200
    assert own.lines("damage")[0]["path"] == "v1/inventory.json"


@pytest.mark.parametrize("where", [0, len(LARGE_BYTES) // 2, len(LARGE_BYTES) - 1])
def test_a_flipped_bit_in_a_large_file_breaks_the_connection_before_the_last_piece(own, where):
    altered = bytearray(LARGE_BYTES)
    altered[where] ^= 1
    damage(own, LARGE_PATH, data=bytes(altered))
    with open_services(own) as services:
        sent, broke = asyncio.run(ask(create_app(services), LARGE_URL))
    assert broke == "DamagedWhileSending"
    assert sent[0]["status"] == 200
    body = b"".join(message.get("body", b"") for message in sent[1:])
    assert len(body) < len(LARGE_BYTES)
    assert all(message["more_body"] for message in sent[1:])
    assert [line["kind"] for line in own.lines("damage")] == ["altered"]


def test_a_truncated_large_file_is_given_from_another_store(connect, own):
    damage(own, LARGE_PATH, data=LARGE_BYTES[:-1])
    assert connect(own).get(LARGE_URL).content == LARGE_BYTES
    assert own.lines("damage")[0]["kind"] == "altered"


def test_damage_is_not_given_even_when_it_cannot_be_noted(connect, own):
    for store in ("primary", "copy-1"):
        damage(own, "data/METS.xml", store)
    assert connect(own, spool=None).get(url(OPEN, "v1", "mets.xml")).status_code == 500


async def ask(app, path):
    """Ask the application itself, and see each message it sends."""
    sent = []

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", BASE.removeprefix("http://").encode())],
        "client": ("127.0.0.1", 1),
        "server": ("kho.test", 80),
    }
    try:
        await app(scope, receive, send)
    except Exception as problem:  # noqa: BLE001 - what the server would see
        return sent, type(problem).__name__
    return sent, None
