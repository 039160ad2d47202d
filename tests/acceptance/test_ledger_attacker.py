"""Somebody with every right on the machine rewrites a dossier so that all in it fits again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

from preservation.ledger.committed import CommittedInventories, committed_inventories
from tests.acceptance.calling import call
from tests.archives import STORES, TestArchive


def digests(data: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), hashlib.sha512(data).hexdigest()


def rewritten(folder: Path) -> dict[str, str]:
    """Change one byte of a document, then every digest of it, and of what holds that digest, until
    object and bag are valid again. Returns old digest → new."""
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    target = next(path for path in before if "/representations/rep1/data/" in path.as_posix())
    now = {**before, target: before[target][:-1] + bytes([before[target][-1] ^ 1])}
    changed: dict[str, str] = {}
    while True:
        found = {
            old: new
            for path, data in now.items()
            if data != before[path]
            for old, new in zip(digests(before[path]), digests(data), strict=True)
        }
        if found == changed:
            break
        changed = found
        for path, data in before.items():
            if path != target:
                for old, new in changed.items():
                    data = data.replace(old.encode(), new.encode())
                now[path] = data
    for path, data in now.items():
        if data != before[path]:
            path.chmod(0o644)
            path.write_bytes(data)
    return changed


def test_a_dossier_rewritten_with_everything_that_tells_of_it_disagrees_with_the_ledger(
    archive: TestArchive,
) -> None:
    ledger = archive.home / "ledger"
    reader = CommittedInventories(ledger)
    for store in STORES:
        folder = archive.object_folders(store)[0]
        changed = rewritten(folder)
    inventory = (folder / "inventory.json").read_bytes()
    name = json.loads(inventory)["id"]
    with sqlite3.connect(archive.home / "catalogue.sqlite") as connection:
        for old, new in changed.items():
            connection.execute("UPDATE expected_files SET sha512=? WHERE sha512=?", (new, old))
            connection.execute(
                "UPDATE versions SET inventory_sha512=? WHERE inventory_sha512=?", (new, old)
            )
    connection.close()
    # By itself the object is beyond reproach: every digest in it is right.
    judged = call(archive, "validate", "ocfl", folder, "--json")
    assert judged.document()["valid"], judged.stdout
    # The ledger is whole, and remembers another inventory.
    assert call(archive, "ledger", "verify").status == 0
    told = hashlib.sha512(inventory).hexdigest()
    assert reader.of(name) not in (None, told)
    assert committed_inventories(ledger)[name] == reader.of(name)
    proof = call(archive, "ledger", "prove", name).document()
    assert proof["object"]["inventory_sha512"] == reader.of(name)
    done = call(archive, "reconcile", "--json")
    assert done.status == 3
    assert {"REC-LEDGER"} & {line.get("code") for line in done.lines()}, done.stdout
