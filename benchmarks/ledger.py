"""The ledger: append, prove, verify. ``python -m benchmarks ledger [--quick]``: 1,000,000 entries,
or 20,000.

Each batch goes the way of a real one: chained, appended and flushed, its leaves into the tree,
consistency proven, tiles and checkpoint flushed. Beside it stand the limit (the same bytes appended
and flushed by themselves) and a peer (the same events as rows of SQLite, a flushed transaction for
each batch). A proof is timed from a cold start in the process: the newest checkpoint read, the
entry found, the path made and checked.
"""

import os
import random
import resource
import shutil
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import benchmarks
from benchmarks import Report, Settings, Table, Taken
from preservation.ledger.chain import canonical
from preservation.ledger.checkpoint import public_half
from preservation.ledger.journal import Journal
from preservation.ledger.keys import KeyFiles, first_key
from preservation.ledger.proving import Prover
from preservation.ledger.signing import SignedLog
from preservation.ledger.verifying import verify_log
from repository.clock import SystemClock
from repository.durable import append_durably

_ORIGIN = "kho.benchmark/0123456789abcdef"


def run(settings: Settings) -> Report:
    entries = 20_000 if settings.quick else 1_000_000
    return measured(settings.folder, entries)


def measured(folder: Path, entries: int) -> Report:
    place = Path(tempfile.mkdtemp(prefix="kho-ledger-", dir=folder))
    report = Report(f"ledger, {entries:,} entries", benchmarks.machine(), [])
    try:
        for batch in (10_000, 1000):
            report.tables.append(_appending(place / f"batch-{batch}", entries, batch))
        report.tables.append(_proving(place / "batch-1000" / "ledger", entries))
        report.tables.append(_verifying(place / "batch-1000" / "ledger", entries))
    finally:
        shutil.rmtree(place)
    return report


def events(first: int, count: int) -> list[dict[str, Any]]:
    """Records of the size and form of an ingestion's event."""
    return [
        {
            "event_id": str(uuid.UUID(int=number)),
            "type": "ingestion",
            "at": "2026-11-22T08:00:00Z",
            "agent": "lưu trữ viên",
            "outcome": "success",
            "object_id": f"urn:H27:uuid-{uuid.UUID(int=number)}",
            "transfer_id": str(uuid.UUID(int=number + 1)),
            "detail": {"version": "v1", "inventory_sha512": f"{number:0128x}"},
            "sequence": number,
        }
        for number in range(first, first + count)
    ]


def _batches(entries: int, size: int) -> Iterator[list[dict[str, Any]]]:
    for first in range(2, entries + 1, size):
        yield events(first, min(size, entries + 1 - first))


def _appending(place: Path, entries: int, batch: int) -> Table:
    table = Table(f"Append, {batch:,} entries a batch (files: entries)")
    folder = place / "ledger"
    folder.mkdir(parents=True)
    keys = KeyFiles(place)
    private = keys.make(_ORIGIN)
    named = first_key(public_half(_ORIGIN, private), "benchmark").detail()
    Journal(folder).append([{"type": "ledger key", "detail": named}])
    now = SystemClock().now()
    taken: list[Taken] = []
    grown: list[str] = []
    for number, records in enumerate(_batches(entries, batch)):
        # As `publish` does it: everything is taken up from the disk for each batch.
        def publish(records: list[dict[str, Any]] = records) -> None:
            journal = Journal(folder)
            log = SignedLog(folder, journal, keys)
            log.take_new()
            log.take(journal.append(records))
            log.sign(private, _ORIGIN, now)

        taken.append(benchmarks.timed(publish))
        if number % max(1, entries // batch // 4) == 0:
            grown.append(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}")
    size = sum(path.stat().st_size for path in folder.glob("journal-*"))
    whole = Taken(sum(t.seconds for t in taken), sum(t.processor_seconds for t in taken))
    note = f"peak RSS over time {' → '.join(grown)} MB"
    ours = table.add(
        "Kho: chain, tree, checkpoint, flushed", [whole], size=size, files=entries, note=note
    )
    raw = table.add(
        "limit: the bytes, flushed", [_raw(place, entries, batch, size)], size=size, files=entries
    )
    peer = table.add(
        "peer: SQLite rows, flushed", [_sqlite(place, entries, batch)], size=size, files=entries
    )
    for name, row in (("limit", raw), ("peer", peer)):
        table.ratios[f"of the {name}'s rate"] = row.seconds[0] / ours.seconds[0]
    first, last = taken[: len(taken) // 10 or 1], taken[-(len(taken) // 10 or 1) :]
    table.ratios["last tenth of the batches to the first (1: no slower as it grows)"] = (
        statistics.median(t.seconds for t in last) / statistics.median(t.seconds for t in first)
    )
    return table


def _raw(place: Path, entries: int, batch: int, size: int) -> Taken:
    data = os.urandom(size * batch // entries)

    def work() -> None:
        for number in range(entries // batch):
            append_durably(place / "raw", data, number * len(data))

    taken = benchmarks.timed(work)
    (place / "raw").unlink()
    return taken


def _sqlite(place: Path, entries: int, batch: int) -> Taken:
    def work() -> None:
        with sqlite3.connect(place / "rows.sqlite") as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("CREATE TABLE events (sequence INTEGER PRIMARY KEY, record TEXT)")
            connection.commit()
            for records in _batches(entries, batch):
                rows = [(r["sequence"], canonical(r).decode()) for r in records]
                connection.executemany("INSERT INTO events VALUES (?, ?)", rows)
                connection.commit()

    taken = benchmarks.timed(work)
    (place / "rows.sqlite").unlink()
    return taken


def _proving(folder: Path, entries: int) -> Table:
    table = Table("A proof of one entry, from nothing in memory (files: proofs)")
    chosen = random.Random(7).sample(range(1, entries + 1), min(entries, 2000))
    seconds, bytes_ = [], 0
    processor = time.process_time()
    for seq in chosen:
        begun = time.perf_counter()
        proof = Prover(folder).of_entries([seq])
        seconds.append(time.perf_counter() - begun)
        bytes_ += len(canonical(proof))
    spent = time.process_time() - processor
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    each = spent / len(chosen)
    note = (
        f"processor {each * 1000:.2f} ms each; by the clock p50 {p50 * 1000:.2f} ms, "
        f"p99 {p99 * 1000:.2f} ms, most {ordered[-1] * 1000:.2f} ms"
    )
    table.add("Kho", [Taken(sum(seconds), spent)], size=bytes_, files=len(chosen), note=note)
    return table


def _verifying(folder: Path, entries: int) -> Table:
    table = Table("Verify the whole log: chain, tree, tiles, every checkpoint (files: entries)")
    size = sum(path.stat().st_size for path in folder.glob("journal-*"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    def work() -> None:
        state = verify_log(folder)
        assert state.head.seq == state.signed == entries, state
        assert not (state.wrong or state.open or state.broken), state

    taken = benchmarks.timed(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    note = f"peak RSS {before} MB before, {peak} MB after"
    table.add("Kho", [taken], size=size, files=entries, note=note)
    return table
