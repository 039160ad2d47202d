"""Answers are made of the catalogue and the stores alone: a catalogue made again gives the same."""

from pathlib import Path

from kho.serving import application
from tests.api.conftest import TestClient


def bodies(home: Path, key: str | None) -> dict[str, bytes]:
    """Every answer that can be reached from the start page, by its address."""
    found: dict[str, bytes] = {}
    with application(home, host="kho.test", port=80) as (app, *_):
        client = TestClient(app, base_url="http://kho.test:80")
        if key is not None:
            client.headers["Authorization"] = f"Bearer {key}"
        waiting = ["http://kho.test:80/", "http://kho.test:80/search?q=hồ sơ"]
        while waiting:
            address = waiting.pop()
            if address in found or not address.startswith("http://kho.test:80/"):
                continue
            answer = client.get(address)
            found[address] = answer.content
            # Of the files of a version a few are enough.
            if answer.headers["content-type"] == "application/json":
                links = links_in(answer.json())
                waiting += links[::20] if address.endswith("/files") else links
    return found


def links_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [link for inner in value.values() for link in links_in(inner)]
    if isinstance(value, list):
        return [link for inner in value for link in links_in(inner)]
    return [value] if isinstance(value, str) and value.startswith("http://") else []


def test_after_a_rebuild_every_body_is_the_same(archive):
    assert archive.run("audit", "--all").status == 0
    key = (archive.home / "keys" / "auditor.token").read_text().strip()
    before = [bodies(archive.home, None), bodies(archive.home, key)]
    assert min(map(len, before)) > 60
    for path in archive.home.glob("catalogue.sqlite*"):
        path.unlink()
    rebuilt = archive.run("rebuild")
    assert rebuilt.status == 0, rebuilt.stderr
    after = [bodies(archive.home, None), bodies(archive.home, key)]
    for first, second in zip(before, after, strict=True):
        assert second.keys() == first.keys()
        assert {a for a in first if first[a] != second[a]} == set()
