"""``kho audit`` beside the digest engine alone, on the same stored files in page cache, in turns.

Sets (a) and (b) of ``benchmarks._sets`` are held as OCFL objects in the primary store of an archive:
their payload hard-linked, their inventories by Kho's planner, their rows and events as holding them
leaves them. What is measured is a whole run in an archive opened anew: reading the ledger, asking for
expectations, looking, judging, recording, publishing.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import Report, Settings, Table, Taken, machine, timed
from benchmarks._sets import FileSet, make_sets
from kho import wiring
from preservation import history
from preservation.audit.run import Selection, audit
from preservation.events import EventType, Outcome
from repository.catalogue.records import CopyRecord, ExpectedRecord, ObjectRecord, VersionRecord
from repository.clock import utc_text
from repository.digest import FileTask, digest_files, engine_report
from repository.local_plan import PlannedVersion, plan_version
from repository.model import LogicalPath, ObjectId
from repository.search_text import SearchText
from repository.store import FromPath, PlannedFile, VersionPlan

STORE = "primary"
AT = utc_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
ENGINE, AUDIT, DIRECT = "the digest engine alone", "kho audit --cached", "kho audit"
RECORD = ObjectRecord(
    object_id="", fonds_code="BENCHMARK", agency_name="", file_code="", arc_file_code="",
    title="Hồ sơ đo tốc độ", mode="01", maintenance="01", start_date="2019", end_date="2020",
    document_count=0, file_count=0, byte_count=0, head="v1", profile="", transfer_id="",
    first_held_at=AT, updated_at=AT,
)  # fmt: skip


def run(settings: Settings) -> Report:
    about = machine() | {"engine": engine_report().instructions}
    folder = Path(tempfile.mkdtemp(prefix="kho-benchmark-", dir=settings.folder))
    try:
        rounds = 3
        tables = []
        for number, files in enumerate(make_sets(folder, quick=settings.quick)):
            home = folder / f"archive-{number}"
            wiring.make_archive(home)
            with wiring.open_archive(home) as archive:
                held = [_hold(archive, files, index) for index in range(len(files.objects))]
                archive.publish()
                stored = _stored(archive, held)
            tables.append(_measure(home, files, held, stored, rounds))
        return Report("audit", about, tables)
    finally:
        shutil.rmtree(folder)


def _stored(archive: wiring.Archive, held: list[str]) -> list[Path]:
    store = archive.stores[STORE]
    place = archive.home.path / archive.settings.stores[STORE].path / "root"
    return [
        path
        for name in held
        for path in sorted((place / store.object_path(ObjectId(name))).rglob("*"))
        if path.is_file()
    ]


def _measure(home: Path, files: FileSet, held: list[str], stored: list[Path], rounds: int) -> Table:
    size = sum(path.stat().st_size for path in stored)

    def engine(_: wiring.Archive) -> None:
        results = digest_files((FileTask(p, str(p)) for p in stored), ["sha512"])
        if any(result.errno for result in results):
            raise AssertionError("a file could not be read")

    def audited(archive: wiring.Archive, medium: bool) -> None:
        chosen = Selection("named", {STORE: held}, roots=False)
        summary = audit(archive.auditing(), chosen, operator="benchmark", medium=medium)
        if summary.outcome is not Outcome.SUCCESS or summary.sums.intact != len(stored):
            raise AssertionError(summary)

    works: dict[str, Callable[[wiring.Archive], None]] = {
        ENGINE: engine,
        AUDIT: lambda archive: audited(archive, medium=False),
        DIRECT: lambda archive: audited(archive, medium=True),
    }
    taken: dict[str, list[Taken]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            # Opened anew: nothing that an audit learnt is known to the next one.
            with wiring.open_archive(home) as archive:
                taken[name].append(timed(partial(work, archive)))
    table = Table(f"{files.name}, as {len(held):,} objects; sha512")
    for name, took in taken.items():
        cache = "cold" if name == DIRECT else "warm"
        table.add(name, took, size=size, files=len(stored), cache=cache)
    alone, through = table.rows[0], table.rows[1]
    table.ratios[f"{AUDIT} to {ENGINE}"] = round(
        through.megabytes_per_second / alone.megabytes_per_second, 3
    )
    return table


def _hold(archive: wiring.Archive, files: FileSet, index: int) -> str:
    """One object of the set, in the store and in the catalogue. Nothing is flushed."""
    name = f"urn:BENCHMARK:uuid-{index:08x}-0000-4000-8000-000000000000"
    content = files.objects[index] / "v1" / "content"
    paths = sorted(content.iterdir())
    sha256 = {
        result.key: result.digests["sha256"]
        for result in digest_files((FileTask(p, str(p)) for p in paths), ["sha256"])
    }
    planned = plan_version(
        VersionPlan(
            object_id=ObjectId(name),
            follows=None,
            files=tuple(
                PlannedFile(
                    LogicalPath(f"data/{path.name}"),
                    path.stat().st_size,
                    files.sha512[path],
                    sha256[path],
                    FromPath(str(path)),
                )
                for path in paths
            ),
            created=AT,
            message="a benchmark",
            user_name="benchmark",
            user_address="mailto:b@example.org",
        ),
        None,
    )
    place = archive.home.path / archive.settings.stores[STORE].path / "root"
    _write(place / archive.stores[STORE].object_path(ObjectId(name)), planned, content)
    _record(archive, name, planned)
    return name


def _write(folder: Path, planned: PlannedVersion, content: Path) -> None:
    for file in planned.files:
        at = folder / file.path
        at.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file.source, bytes):
            at.write_bytes(file.source)
        else:
            at.hardlink_to(content / at.name)


def _record(archive: wiring.Archive, name: str, planned: PlannedVersion) -> None:
    expected = [ExpectedRecord(name, f.path, f.size, f.sha512) for f in planned.files]
    record = replace(
        RECORD,
        object_id=name,
        file_code=name[-12:],
        file_count=len(expected),
        byte_count=sum(row.size for row in expected),
    )
    version = VersionRecord(name, "v1", AT, "a benchmark", "b", planned.inventory_sha512, "")
    copies = [CopyRecord(name, STORE, "v1", AT, "direct", "", "")]
    event = history.new_event(
        EventType.INGESTION,
        at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        agent="benchmark",
        outcome=Outcome.SUCCESS,
        object_id=name,
        detail=history.copies_detail(
            copies,
            "v1",
            planned.inventory_sha512,
            history.files_digest((row.path, row.sha512) for row in expected),
        ),
    )
    with archive.catalogue.transaction() as tx:
        tx.put_object(record, [], [version], expected, {}, SearchText(title="Hồ sơ đo"))
        history.record(tx, event)
