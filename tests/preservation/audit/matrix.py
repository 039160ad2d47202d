"""Every kind of damage in every kind of file, in every kind of store, met by every kind of audit.

    python -m tests.preservation.audit.matrix            all cells; the table in docs/audits.md
    python -m tests.preservation.audit.matrix --quick 7  a seeded seventh of them

What is expected of a cell follows from rules (`expected`) and not from what an audit said: which files
the damage touches, and whether the audit reads them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha512
from pathlib import Path

from kho import exits, selecting, wiring
from kho.settings import SETTINGS_FILE, StoreSettings, read_settings, write_settings
from preservation.audit.run import CATALOGUE_PLACE, AuditSummary, Selection, audit
from repository.catalogue.catalogue import open_catalogue
from repository.catalogue.records import AuditResultRecord, CopyRecord
from repository.clock import FrozenClock, utc_text
from repository.local_store import create_local_store
from repository.model import ObjectId
from repository.ocfl.layout import HASHED_WITH_ID
from tests.contracts.memory_store import MemoryStore
from tests.preservation.audit import grounds

OBJECTS, FILES, SIZE = 3, 4, 400
TARGET = grounds.object_id(1)  # of two versions
STORES = ("primary", "offline", "lying")
AUDITS = ("full", "structural", "sampled", "due")
PATHS = {
    "document of the first version": "v1/content/data/v1/tệp-0001.bin",
    "document of the head": "v2/content/data/v2/tệp-0002.bin",
    "root inventory": "inventory.json",
    "root sidecar": "inventory.json.sha512",
    "inventory of the first version": "v1/inventory.json",
    "sidecar of the head": "v2/inventory.json.sha512",
    "declaration": "0=ocfl_object_1.1",
}
OTHER = dict.fromkeys(PATHS.values(), PATHS["document of the head"]) | {
    PATHS["document of the head"]: PATHS["document of the first version"]
}
Harm = Callable[[Path], None]


@dataclass(frozen=True)
class Outcome:
    """What a run says of the copy that was harmed, and the exit status."""

    altered: int = 0
    missing: int = 0
    unreadable: int = 0
    not_checked: int = 0
    unexpected: int = 0
    catalogue: int = 0  # faults told of the catalogue
    status: int = 0

    def text(self) -> str:
        told = [
            f"{count} {name.replace('_', ' ')}"
            for name, count in vars(self).items()
            if count and name != "status"
        ]
        return f"{', '.join(told) or 'intact'} → {self.status}"


@dataclass(frozen=True)
class Cell:
    damage: str
    file: str
    store: str
    audit: str


def cells() -> Iterator[Cell]:
    for audit_kind in AUDITS:
        for store in STORES:
            for damage in LIES if store == "lying" else HARMS:
                for file in PATHS:
                    yield Cell(damage, file, store, audit_kind)
            for damage in WHOLE if store != "lying" else ():
                yield Cell(damage, "the whole copy", store, audit_kind)


def expected(cell: Cell, files: int) -> Outcome:
    """By the rules. `files`: of the object, in all."""
    payload = "/content/" in PATHS.get(cell.file, "")
    unread = 2 * FILES  # documents
    if cell.damage in WHOLE:
        return _expected_whole(cell.damage, files)
    hidden = payload and cell.audit == "structural" and cell.damage in ("flip", "zeros", "edit")
    if hidden or (payload and cell.audit == "structural" and cell.damage.startswith("lies: flip")):
        return Outcome(not_checked=unread, status=4)
    # `eio` also of a document in a structural audit: not even its size can be had.
    match cell.damage.removeprefix("lies: "):
        case "missing" | "lost":
            return Outcome(missing=1, status=3)
        case "extra":
            return Outcome(unexpected=1, status=3)
        case "swap":
            return Outcome(altered=2, status=3)
        case "eio" | "unreadable":
            return Outcome(unreadable=1, status=4)
        case _:
            return Outcome(altered=1, status=3)


def _expected_whole(damage: str, files: int) -> Outcome:
    head = FILES + 2  # payload, inventory and sidecar of the second version
    match damage:
        case "gone":
            return Outcome(missing=files, status=3)
        case "stale copy":
            return Outcome(altered=2, missing=head, status=3)
        case "rewritten consistently":
            return Outcome(altered=5, status=3)
        case "rewritten, and the catalogue too":
            return Outcome(altered=5, catalogue=1, status=3)
        case "catalogue row alone":
            return Outcome(catalogue=1, status=3)
    raise AssertionError(damage)


# -- the damage


def _writing(change: Callable[[bytes], bytes]) -> Harm:
    def harm(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return harm


def _link(path: Path) -> None:
    kept = next(one for one in path.parents if one.name == "root").parent / "kept"
    kept.unlink(missing_ok=True)
    path.rename(kept)
    path.symlink_to(kept)


def _swap(path: Path) -> None:
    folder = next(one for one in path.parents if (one / "0=ocfl_object_1.1").is_file())
    other = folder / OTHER[path.relative_to(folder).as_posix()]
    kept = folder / "kept"
    path.rename(kept)
    other.rename(path)
    kept.rename(other)


HARMS: dict[str, Harm] = {
    "flip": _writing(lambda data: data[:-1] + bytes([data[-1] ^ 0x10])),
    "zeros": _writing(lambda data: bytes(len(data) // 2) + data[len(data) // 2 :]),
    "edit": _writing(lambda data: bytes(reversed(data))),
    "truncation": _writing(lambda data: data[: len(data) // 2]),
    "growth": _writing(lambda data: data + b"more"),
    "missing": Path.unlink,
    "extra": lambda path: path.with_name(f"{path.name}.bak").write_bytes(b"x") and None,
    "swap": _swap,
    "link": _link,
}
LIES = {f"lies: {lie}": lie for lie in ("flip", "short", "eio", "lost")}


def rewrite(folder: Path) -> dict[str, bytes]:
    """One document changed, and every inventory and sidecar of the copy made to agree. What changed."""
    path = PATHS["document of the head"]
    data = (folder / path).read_bytes()
    changed = {path: bytes(reversed(data))}
    inventory = (folder / "inventory.json").read_text("utf-8")
    inventory = inventory.replace(sha512(data).hexdigest(), sha512(changed[path]).hexdigest())
    sidecar = f"{sha512(inventory.encode()).hexdigest()} inventory.json\n".encode()
    for at in ("", "v2/"):
        changed[f"{at}inventory.json"] = inventory.encode()
        changed[f"{at}inventory.json.sha512"] = sidecar
    for name, new in changed.items():
        (folder / name).write_bytes(new)
    return changed


def rewrite_rows(archive: wiring.Archive, changed: dict[str, bytes]) -> Callable[[], None]:
    """The catalogue's rows made to agree with the changed files; returns what puts them back."""
    catalogue = archive.catalogue
    before = list(catalogue.expected(TARGET))
    after = [
        row._replace(size=len(changed[row.path]), sha512=sha512(changed[row.path]).hexdigest())
        if row.path in changed
        else row
        for row in before
    ]
    _put_rows(archive, after)
    return lambda: _put_rows(archive, before)


def _put_rows(archive: wiring.Archive, rows) -> None:
    record = archive.catalogue.object(TARGET)
    assert record is not None
    from repository.search_text import SearchText

    with archive.catalogue.transaction() as tx:
        versions = archive.catalogue.versions(TARGET)
        tx.put_object(record, [], versions, rows, {}, SearchText(title=record.title))


WHOLE = (
    "gone",
    "stale copy",
    "rewritten consistently",
    "rewritten, and the catalogue too",
    "catalogue row alone",
)


def _nothing() -> None:
    pass


# -- the ground


class Ground:
    """One archive with a required and an offline store, and a store in memory that can lie."""

    def __init__(self, home: Path) -> None:
        made = wiring.make_archive(home)
        store_id = create_local_store(home / "stores/offline")
        settings = read_settings(home)
        offline = StoreSettings(
            path="stores/offline", id=store_id, layout=HASHED_WITH_ID, kind="offline"
        )
        stores = {**settings.stores, "offline": offline}
        settings = settings.model_copy(update={"stores": stores})
        (home / SETTINGS_FILE).write_text(write_settings(settings).decode(), "utf-8")
        self._stack = ExitStack()
        catalogue = self._stack.enter_context(open_catalogue(made.catalogue))
        self.clock = FrozenClock(grounds.HELD_AT + timedelta(days=1))
        self.archive = wiring.Archive(made, settings, catalogue, clock=self.clock)
        ids = [grounds.object_id(number) for number in range(OBJECTS)]
        grounds.hold(self.archive, ids, files=FILES, size=SIZE)
        grounds.hold(self.archive, [TARGET], files=FILES, size=SIZE)
        self.ids = ids
        self.medium = MemoryStore("lying")
        with catalogue.transaction() as tx:
            for name in ids:
                self.medium.replicate(self.archive.stores["primary"], ObjectId(name))
                at = utc_text(grounds.HELD_AT)
                tx.put_copy(CopyRecord(name, "lying", "v1", at, "direct", "", ""))
        self.archive.publish()
        self.files = len(catalogue.expected(TARGET))
        self.pristine = home / "pristine"
        shutil.copytree(self.folder("primary"), self.pristine)

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def folder(self, store: str) -> Path:
        return grounds.object_folder(self.archive, store, TARGET)

    def tried(self, cell: Cell) -> Outcome:
        """What the audit says of the cell; everything is mended afterwards."""
        self.clock.advance(timedelta(days=400))
        with self._harmed(cell):
            return self._audited(cell)

    @contextmanager
    def _harmed(self, cell: Cell) -> Iterator[None]:
        put_back = _nothing
        if cell.store == "lying":
            path = f"{self.medium.object_path(ObjectId(TARGET))}/{PATHS[cell.file]}"
            lie = LIES[cell.damage]
            if lie == "lost":
                lost = self.medium.medium.files.pop(path)
                put_back = lambda: self.medium.medium.write(path, lost)  # noqa: E731
            else:
                self.medium.medium.lies = {path: lie}
        else:
            put_back = self._harm(cell)
        try:
            yield
        finally:
            self.medium.medium.lies = {}
            put_back()
            if cell.store != "lying":
                folder = self.folder(cell.store)
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(self.pristine, folder)

    def _harm(self, cell: Cell) -> Callable[[], None]:
        folder = self.folder(cell.store)
        match cell.damage:
            case "gone":
                shutil.rmtree(folder)
            case "stale copy":
                shutil.rmtree(folder / "v2")
                for name in ("inventory.json", "inventory.json.sha512"):
                    shutil.copyfile(folder / "v1" / name, folder / name)
            case "rewritten consistently":
                rewrite(folder)
            case "rewritten, and the catalogue too":
                return rewrite_rows(self.archive, rewrite(folder))
            case "catalogue row alone":
                return rewrite_rows(self.archive, {PATHS["document of the head"]: b"other"})
            case _:
                HARMS[cell.damage](folder / PATHS[cell.file])
        return _nothing

    def _audited(self, cell: Cell) -> Outcome:
        archive = self.archive
        services = archive.auditing()
        found: list[AuditResultRecord] = []
        if cell.store == "lying":
            services = replace(services, stores={**services.stores, "lying": self.medium})
        selection = self._selection(cell)
        assert TARGET in selection.copies[cell.store]
        from preservation.audit import looking

        pause, looking.RETRY_PAUSE = looking.RETRY_PAUSE, 0.0
        try:
            summary = audit(
                services, selection, operator="test", medium=False, on_result=found.append
            )
        finally:
            looking.RETRY_PAUSE = pause
        return _outcome(summary, found, cell)

    def _selection(self, cell: Cell) -> Selection:
        if cell.store == "lying":
            depth = "structural" if cell.audit == "structural" else "full"
            return Selection("named", {"lying": self.ids}, roots=False, depth=depth)
        match cell.audit:
            case "full":
                return selecting.everything(self.archive, [cell.store])
            case "structural":
                return selecting.everything(self.archive, [cell.store], depth="structural")
            case "due":
                return selecting.due(self.archive, [cell.store], None)
        for seed in range(100):
            drawn = selecting.sampled(self.archive, [cell.store], 40, seed)
            if TARGET in drawn.copies[cell.store]:
                return drawn
        raise AssertionError("no seed draws it")


def _outcome(summary: AuditSummary, found: list[AuditResultRecord], cell: Cell) -> Outcome:
    assert not summary.broken, summary.broken
    (copy,) = [one for one in found if (one.object_id, one.store) == (TARGET, cell.store)]
    told = [one for one in found if one.store == CATALOGUE_PLACE]
    # Nobody else is accused: whatever else was found wrong would be a false alarm.
    others = [
        one
        for one in found
        if one.object_id != TARGET
        and (one.altered or one.missing or one.unreadable or one.unexpected)
    ]
    assert not others, others
    assert all(one.object_id == TARGET for one in told)
    return Outcome(
        copy.altered,
        copy.missing,
        copy.unreadable,
        copy.not_checked,
        copy.unexpected,
        len(told),
        exits.of_audit(summary.sums, bool(summary.stores_unavailable), summary.broken),
    )


# -- the command


def wrong_cells(home: Path, chosen: list[Cell]) -> tuple[list[str], dict[Cell, Outcome]]:
    """The cells whose outcome is not the expected one, told; and all outcomes."""
    wrong, seen = [], {}
    with Ground(home) as ground:
        for cell in chosen:
            seen[cell] = ground.tried(cell)
            wanted = expected(cell, ground.files)
            if seen[cell] != wanted:
                wrong.append(f"{cell}: {seen[cell].text()}, expected {wanted.text()}")
    return wrong, seen


def table(seen: dict[Cell, Outcome]) -> str:
    """The outcomes as Markdown: a row for damage and file, a column for each kind of audit."""
    lines = [
        "| damage | file | " + " | ".join(AUDITS) + " |",
        "|---" * (2 + len(AUDITS)) + "|",
    ]
    rows: dict[tuple[str, str], dict[str, set[str]]] = {}
    for cell, outcome in seen.items():
        kind = "document" if cell.file.startswith("document") else cell.file
        kind = "any other file" if kind not in ("document", "the whole copy") else kind
        rows.setdefault((cell.damage, kind), {}).setdefault(cell.audit, set()).add(outcome.text())
    for (damage, kind), by_audit in rows.items():
        told = [" / ".join(sorted(by_audit.get(one, {"—"}))) for one in AUDITS]
        lines.append(f"| {damage} | {kind} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", type=int, default=1, help="only every Nth cell, seeded")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    every = list(cells())
    chosen = random.Random(given.seed).sample(every, max(1, len(every) // given.quick))
    chosen.sort(key=every.index)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kho-matrix-", dir=memory) as folder:
        wrong, seen = wrong_cells(Path(folder) / "home", chosen)
    print(table(seen))
    print(json.dumps({"cells": len(seen), "of": len(every), "wrong": wrong}, ensure_ascii=False))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
