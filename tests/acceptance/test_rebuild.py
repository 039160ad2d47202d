"""The catalogue is an index: deleted and rebuilt, it answers as before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kho import serving
from tests.archives import TestArchive

VERBS = (
    ("list", "--json"),
    ("status", "--json"),
    ("copies", "--json"),
    ("transfer", "list", "--json"),
    ("search", "dat dai", "--json"),
    ("ledger", "head", "--json"),
)


def answers(archive: TestArchive) -> dict[str, str]:
    """Everything the command line and the API say, as text."""
    told = {" ".join(verb): say(archive, *verb) for verb in VERBS}
    for text in told["list --json"].splitlines()[:-1]:
        name = json.loads(text)["object_id"]
        told[f"show {name}"] = say(archive, "show", name, "--json")
    for text in told["transfer list --json"].splitlines()[:-1]:
        name = json.loads(text)["transfer_id"]
        told[f"transfer {name}"] = say(archive, "transfer", "show", name, "--json")
    told.update(api_answers(archive.home))
    # Free room changes while tests run; it is a fact of the disk, not of the catalogue.
    stores = [json.loads(line) for line in told["copies --json"].splitlines()]
    told["copies --json"] = json.dumps([{**store, "free_bytes": 0} for store in stores])
    return told


def say(archive: TestArchive, *verb: str) -> str:
    ran = archive.run(*verb)
    assert ran.status == 0, (verb, ran.status, ran.stderr)
    return ran.stdout


def api_answers(home: Path) -> dict[str, str]:
    from starlette.testclient import TestClient

    told: dict[str, str] = {}
    token = (home / "keys" / "auditor.token").read_text().strip()
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        with serving.application(home) as (app, _, _), TestClient(app) as client:
            pending = ["/", "/objects", "/events", "/audits", "/transfers", "/status"]
            pending += ["/search?q=quyet+dinh"]
            seen: set[str] = set()
            while pending:
                url = pending.pop()
                if url in seen:
                    continue
                seen.add(url)
                answer = client.get(url, headers=headers)
                told[f"{sorted(headers)} {url}"] = f"{answer.status_code} {answer.text}"
                if answer.headers.get("content-type", "").startswith("application/json"):
                    pending += [link for link in links(answer.json()) if link.startswith("/")]
    return told


def links(value: Any) -> list[str]:
    """Every URL of ours inside a JSON answer, relative to the server, files themselves left out."""
    found: list[str] = []
    if isinstance(value, dict):
        for item in value.values():
            found += links(item)
    elif isinstance(value, list):
        for item in value:
            found += links(item)
    elif (
        isinstance(value, str)
        and value.startswith(("http://127.0.0.1:8765/", "/objects"))
        and "/files/" not in value
    ):
        found.append(value.removeprefix("http://127.0.0.1:8765"))
    return found


def forget_catalogue(archive: TestArchive) -> None:
    for path in archive.home.glob("catalogue.sqlite*"):
        path.unlink()


@pytest.fixture
def lived_in(archive: TestArchive) -> TestArchive:
    """An archive with history: an audit that found damage, a refusal, a second version."""
    (archive.object_folders("copy-1")[0] / "v1/content/bagit.txt").unlink()
    assert archive.run("audit", "--all").status == 3
    bad = archive.home / "bad.zip"
    bad.write_bytes(b"PK\x03\x04 not a ZIP")
    assert archive.run("ingest", bad).status == 3
    return archive


def test_a_rebuilt_catalogue_answers_as_before(lived_in: TestArchive) -> None:
    before = answers(lived_in)
    assert len(before) > 40
    forget_catalogue(lived_in)
    ran = lived_in.run("rebuild", "--json")
    assert ran.status == 0, ran.stdout + ran.stderr
    assert ran.summary()["objects"] == 3
    after = answers(lived_in)
    assert after.keys() == before.keys()
    for question, answer in before.items():
        assert after[question] == answer, question


def test_the_second_store_serves_as_well_as_the_first(archive: TestArchive) -> None:
    before = archive.run("list", "--json").stdout
    forget_catalogue(archive)
    ran = archive.run("rebuild", "--from", "copy-1", "--json")
    assert (ran.status, ran.summary()["objects"]) == (0, 3)
    assert archive.run("list", "--json").stdout == before


def test_a_lost_ledger_is_fetched_from_a_store(archive: TestArchive) -> None:
    before = archive.run("transfer", "list", "--json").stdout
    forget_catalogue(archive)
    for path in (archive.home / "ledger").glob("journal-*"):
        path.unlink()
    assert archive.run("rebuild").status == 0
    assert archive.run("transfer", "list", "--json").stdout == before
    assert archive.run("ledger", "verify").status == 0


def test_an_object_rewritten_behind_our_back_is_taken_from_the_other_store(
    archive: TestArchive,
) -> None:
    before = archive.run("list", "--json").stdout
    tamper_consistently(archive.object_folders("primary")[0])
    forget_catalogue(archive)
    ran = archive.run("rebuild", "--json")
    codes = [line["code"] for line in ran.lines() if line["message_type"] == "problem"]
    assert (ran.status, codes) == (0, ["REB-OTHER-STORE"])
    assert archive.run("list", "--json").stdout == before
    assert archive.run("audit", "--all").status == 3


def test_an_object_rewritten_in_every_store_is_never_the_new_truth(archive: TestArchive) -> None:
    for store in ("primary", "copy-1"):
        tamper_consistently(archive.object_folders(store)[0])
    forget_catalogue(archive)
    ran = archive.run("rebuild", "--json")
    codes = [line["code"] for line in ran.lines() if line["message_type"] == "problem"]
    assert (ran.status, codes) == (3, ["REB-NOT-INDEXED"])
    assert ran.summary()["objects"] == 2


def test_a_broken_ledger_stops_the_rebuild_and_leaves_the_catalogue(archive: TestArchive) -> None:
    segment = archive.home / "ledger" / "journal-000001.jsonl"
    data = segment.read_bytes()
    segment.write_bytes(data.replace(b'"outcome":"success"', b'"outcome":"failure"', 1))
    before = archive.run("list", "--json").stdout
    ran = archive.run("rebuild")
    assert ran.status == 1
    assert "broken" in ran.stderr
    assert archive.run("list", "--json").stdout == before


def tamper_consistently(folder: Path) -> None:
    """Change a preserved file and everything in the object that would tell: as an insider would."""
    from repository.digest import digest_bytes

    target = next((folder / "v1/content/data/representations/rep1/data").iterdir())
    old = digest_bytes(target.read_bytes(), ["sha512"])["sha512"]
    target.chmod(0o644)
    target.write_bytes(target.read_bytes() + b"\n% forged")
    new = digest_bytes(target.read_bytes(), ["sha512"])["sha512"]
    for place in (folder, folder / "v1"):
        inventory, sidecar = place / "inventory.json", place / "inventory.json.sha512"
        for path in (inventory, sidecar):
            path.chmod(0o644)
        inventory.write_bytes(inventory.read_bytes().replace(old.encode(), new.encode()))
        digest = digest_bytes(inventory.read_bytes(), ["sha512"])["sha512"]
        sidecar.write_text(f"{digest} inventory.json\n")
