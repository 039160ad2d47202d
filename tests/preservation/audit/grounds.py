"""Archives of many small objects, made quickly: for audits, where what is in the files does not matter.

The objects are OCFL objects by Kho's own planner, their rows and their events are what holding them
would have left; only nothing is flushed, and nothing is a bag.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from kho import wiring
from preservation import history
from preservation.events import EventType, Outcome
from preservation.history import files_digest
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import (
    CopyRecord,
    ExpectedRecord,
    ObjectRecord,
    VersionRecord,
)
from repository.clock import utc_text
from repository.digest import digest_bytes
from repository.local_plan import PlannedVersion, plan_version
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.ocfl.inventory import Inventory, parse_inventory
from repository.search_text import SearchText
from repository.store import FromBytes, Kept, PlannedFile, Store, VersionPlan

HELD_AT = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
RECORD = ObjectRecord(
    object_id="",
    fonds_code="H27.TEST",
    agency_name="Sở Nội vụ",
    file_code="",
    arc_file_code="",
    title="Hồ sơ thử",
    mode="01",
    maintenance="01",
    start_date="2019",
    end_date="2020",
    document_count=0,
    file_count=0,
    byte_count=0,
    head="v1",
    profile="",
    transfer_id="",
    first_held_at=utc_text(HELD_AT),
    updated_at=utc_text(HELD_AT),
)


def object_id(number: int) -> str:
    return f"urn:H27.TEST:uuid-{number:08x}-0000-4000-8000-000000000000"


def make_many(
    home: Path, objects: int, *, files: int = 20, size: int = 3000, seed: int = 0
) -> wiring.Home:
    """A new archive at `home` holding so many objects, each of so many content files, in both
    stores."""
    made = wiring.make_archive(home)
    with wiring.open_archive(home) as archive:
        numbers = iter(range(objects))
        while some := list(islice(numbers, 500)):
            hold(archive, [object_id(n) for n in some], files=files, size=size, seed=seed)
        archive.publish()
    return made


def hold(
    archive: wiring.Archive,
    ids: Sequence[str],
    *,
    files: int = 20,
    size: int = 3000,
    seed: int = 0,
    stores: Sequence[str] | None = None,
) -> None:
    """Hold one new version of each of these objects, new or not, in these stores."""
    chosen = [archive.stores[name] for name in stores or archive.stores]
    with archive.catalogue.transaction() as tx:
        for name in ids:
            held = _held(archive.catalogue, chosen[0], name)
            planned = plan_version(_plan(name, held, files, size, seed), held)
            for store in chosen:
                _write(_folder(archive, store, name), planned)
            _record(archive, tx, name, planned, held, [store.name for store in chosen])


def object_folder(archive: wiring.Archive, store: str, name: str) -> Path:
    """Where one copy lies."""
    return _folder(archive, archive.stores[store], name)


def _held(catalogue: Catalogue, store: Store, name: str) -> Inventory | None:
    if catalogue.object(name) is None:
        return None
    with store.open(ObjectId(name), "inventory.json") as stream:  # type: ignore[arg-type]
        return parse_inventory(stream.read())


def _plan(name: str, held: Inventory | None, files: int, size: int, seed: int) -> VersionPlan:
    return VersionPlan(
        object_id=ObjectId(name),
        follows=held.head if held else None,
        files=tuple(_files(name, held, files, size, seed)),
        created=utc_text(HELD_AT),
        message="a test",
        user_name="test",
        user_address="mailto:test@example.org",
    )


def _files(
    name: str, held: Inventory | None, files: int, size: int, seed: int
) -> Iterator[PlannedFile]:
    version = held.head.number if held else 0
    chance = random.Random(f"{name} {version} {seed}")
    for number in range(files):
        # Zeros at the beginning, so that a hole there is no damage, and no two files alike.
        data = bytes(16) + chance.randbytes(max(16, size + number) - 16)
        yield PlannedFile(
            LogicalPath(f"data/v{version + 1}/tệp-{number:04d}.bin"),
            len(data),
            digest_bytes(data, ["sha512"])["sha512"],
            digest_bytes(data, ["sha256"])["sha256"],
            FromBytes(data),
        )
    if held is not None:
        by_path = {at: digest for digest, paths in held.fixity["sha256"].items() for at in paths}
        for path, sha512 in held.state(held.head).items():
            sha256 = by_path[held.manifest[sha512][0]]
            yield PlannedFile(path, 0, sha512, sha256, Kept())


def _write(folder: Path, planned: PlannedVersion) -> None:
    made = set()
    for file in planned.files:
        at = folder / file.path
        if at.parent not in made:
            at.parent.mkdir(parents=True, exist_ok=True)
            made.add(at.parent)
        assert isinstance(file.source, bytes)
        at.write_bytes(file.source)


def _record(archive, tx, name, planned, held, stores) -> None:
    number = str(planned.number)
    before = archive.catalogue.expected(name) if held else ()
    root = {file.path for file in planned.files}
    expected = [row for row in before if row.path not in root]
    expected += [ExpectedRecord(name, f.path, f.size, f.sha512) for f in planned.files]
    record = replace(
        RECORD,
        object_id=name,
        file_code=name[-12:],
        head=number,
        file_count=len(expected),
        byte_count=sum(row.size for row in expected),
    )
    versions = [
        *(archive.catalogue.versions(name) if held else ()),
        VersionRecord(name, number, utc_text(HELD_AT), "a test", "test",
                      planned.inventory_sha512, ""),
    ]  # fmt: skip
    tx.put_object(record, [], versions, expected, {}, SearchText(title="Hồ sơ thử"))
    copies = [
        CopyRecord(name, store, number, utc_text(HELD_AT), "direct", "", "") for store in stores
    ]
    # Every third as it was recorded before events said what all the files are.
    before_that = int(name.partition("uuid-")[2][:8], 16) % 3 == 0
    said = "" if before_that else files_digest((row.path, row.sha512) for row in expected)
    event = history.new_event(
        EventType.UPDATE if held else EventType.INGESTION,
        at=HELD_AT,
        agent="test",
        outcome=Outcome.SUCCESS,
        object_id=name,
        detail=history.copies_detail(copies, number, planned.inventory_sha512, said),
    )
    history.record(tx, event)


def _folder(archive: wiring.Archive, store: Store, name: str) -> Path:
    place = archive.home.path / archive.settings.stores[store.name].path
    return place / "root" / store.object_path(ObjectId(name))


__all__ = ["HELD_AT", "VersionNumber", "hold", "make_many", "object_folder", "object_id"]
