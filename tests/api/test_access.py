"""Keys, and the log of what is read of what is not open."""

import os

import pytest

from api.spool import Damage, Reading, Spool
from repository.errors import Unavailable
from tests.api.made import CONDITIONAL, NOW, OPEN, SECRET, TOKEN
from tests.api.test_objects import url


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer \xe9\xff",
        "Bearer " + "x" * 10_000,
        "",
    ],
)
def test_a_key_that_is_wrong_is_refused_even_where_none_is_needed(reader, header):
    for path in (url(OPEN), "/objects", url(SECRET)):
        answer = reader.get(path, headers={"Authorization": header.encode("latin-1")})
        assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")
        assert "invalid_token" in answer.headers["www-authenticate"]


def test_two_keys_at_once_are_refused(reader):
    both = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")]
    assert reader.get("/objects", headers=both).status_code == 401


def test_the_name_of_the_scheme_may_be_written_in_any_case(connect, own):
    answer = connect(own).get("/events", headers={"Authorization": f"bEARER {TOKEN}"})
    assert answer.status_code == 200


def test_without_a_key_in_the_settings_nobody_is_an_auditor(connect, made):
    client = connect(made, TOKEN, auditor_token_sha256=None)
    assert client.get("/objects").status_code == 401


def test_every_reading_of_what_is_not_open_is_written_down(connect, own):
    client = connect(own, TOKEN)
    client.get(url(SECRET, "v1", "mets.xml"))
    client.head(url(CONDITIONAL))
    client.get("/search?q=ph%C3%B2ng")
    client.get(url(OPEN, "v1", "mets.xml"))
    lines = own.lines("access")
    assert [(line["method"], line["object_id"], line["path"]) for line in lines] == [
        ("GET", SECRET, f"/objects/{SECRET}/v1/mets.xml"),
        ("HEAD", CONDITIONAL, f"/objects/{CONDITIONAL}"),
        ("GET", "", "/search"),
    ]
    assert lines[2]["query"] == "q=ph%C3%B2ng"
    assert {line["reader"] for line in lines} == {"auditor"}
    assert {line["at"] for line in lines} == {"2026-11-22T03:04:05Z"}


def test_what_everybody_may_read_is_not_written_down(connect, own):
    client = connect(own)
    for path in ("/objects", url(OPEN, "v1", "mets.xml"), url(CONDITIONAL), url(SECRET)):
        client.get(path)
    assert own.lines("access") == []


@pytest.mark.parametrize("broken", ["none", "folder gone", "a file in its place"])
def test_without_a_log_nothing_is_read_that_is_not_open(connect, own, broken):
    spool = own.home / "spool"
    changes = {"spool": None} if broken == "none" else {}
    if broken != "none":
        spool.rmdir()
    if broken == "a file in its place":
        spool.write_bytes(b"")
    client = connect(own, TOKEN, **changes)
    restricted = [url(SECRET), url(CONDITIONAL, "v1", "mets.xml"), "/events", "/transfers",
                  "/objects", "/search?q=a", "/audits", "/status"]  # fmt: skip
    for path in restricted:
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "spool-unavailable"), path
    assert client.get(url(OPEN, "v1", "mets.xml")).status_code == 200
    assert connect(own, **changes).get(url(OPEN, "v1", "mets.xml")).status_code == 200


def test_a_log_on_a_full_disk_refuses_too(connect, own):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full to stand for a full disk")
    os.symlink("/dev/full", own.home / "spool" / "access-2026-11-22.jsonl")
    answer = connect(own, TOKEN).get(url(SECRET))
    # A link is refused before it is known to be full: either way nothing is given.
    assert answer.json()["code"] == "spool-unavailable"


def test_lines_of_the_spool_hold_whatever_was_asked_for_on_one_line(tmp_path):
    spool = Spool(tmp_path)
    reading = Reading("auditor", "::1", "GET", "/\n\u2028\udcff" + "x" * 5000, 'q="\r\n', "urn:a")
    spool.log_reading(reading, NOW)
    spool.log_reading(reading, NOW)
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    assert data.isascii()
    assert data.count(b"\n") == 2
    assert len(data) < 8_000


def test_the_same_damage_is_reported_once_a_day(tmp_path):
    spool = Spool(tmp_path)
    damage = Damage("urn:a", "primary", "v1/content/a", "altered", "00")
    for _ in range(3):
        spool.report_damage(damage, NOW)
    spool.report_damage(damage, NOW.replace(day=23))
    assert [len(path.read_text().splitlines()) for path in sorted(tmp_path.iterdir())] == [1, 1]


def test_a_torn_line_does_not_swallow_the_next_one(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[: max(1, len(data) // 2)]))
    spool, reading = Spool(tmp_path), Reading("auditor", "", "GET", "/", "")
    with pytest.raises(Unavailable):
        spool.log_reading(reading, NOW)
    monkeypatch.undo()
    spool.log_reading(reading, NOW)
    (file,) = tmp_path.iterdir()
    torn, whole = file.read_text().splitlines()
    assert not torn.endswith("}")
    assert whole.startswith("{")
    assert whole.endswith("}")
