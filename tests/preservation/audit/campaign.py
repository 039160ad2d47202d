"""Campaigns against the audit: `python -m tests.preservation.audit.campaign kills --objects 10000`.

kills   an audit of everything is killed every few seconds and gone on with, until it ends by itself.
        The sums must be exact, every copy must have one result, and no more than 64 files a reader may
        be read twice for each kill. Every file given to a reader is counted in the process that is
        killed.

Prints one JSON document; the exit status is 0 when nothing failed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kho import selecting, wiring
from preservation.audit.run import audit
from repository import local_observe
from repository.digest import ListedFolder
from tests.preservation.audit import grounds

PER_READER = 64
STORES = ("primary", "copy-1")


def kills(
    home: Path, *, seconds: tuple[float, float], seed: int, most: int, medium: bool = False
) -> dict[str, Any]:
    """Audit everything in the archive at `home`, killed at random moments, `most` times at most."""
    chance = random.Random(seed)
    log = home / "read.log"
    log.write_bytes(b"")
    killed = 0
    begun = time.monotonic()
    while True:
        part = _part(home, log, medium=medium)
        if killed < most:
            _wait_until_it_reads(part, log)
            part.join(chance.uniform(*seconds))
        else:
            part.join()
        if part.exitcode is None:
            os.kill(part.pid or 0, signal.SIGKILL)
            part.join()
            killed += 1
            continue
        if part.exitcode:
            raise RuntimeError(f"the audit ended with {part.exitcode}")
        return _judged(home, log, killed, time.monotonic() - begun, medium=medium)


def _part(home: Path, log: Path, *, medium: bool) -> Any:
    # A fresh interpreter, as a killed command would be started again.
    part = multiprocessing.get_context("spawn").Process(target=go_on, args=(home, log, medium))
    part.start()
    return part


def _wait_until_it_reads(part: Any, log: Path) -> None:
    """An interpreter that is killed while it starts tells nothing of audits."""
    before = log.stat().st_size
    while part.exitcode is None and log.stat().st_size == before:
        part.join(0.005)


def go_on(home: Path, log: Path, medium: bool) -> None:
    """Go on with the run that has no end, or begin one; every file read is noted in `log`."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    digest = local_observe.digest_listed

    def counted(folders, *arguments, **options):
        def named(folder: str, names: Iterable[str]) -> Iterator[str]:
            for name in names:
                os.write(descriptor, f"{folder}/{name}\n".encode())
                yield name

        def noted() -> Iterator[ListedFolder]:
            for key, folder, names in folders:
                yield key, folder, named(folder, names)

        return digest(noted(), *arguments, **options)

    local_observe.digest_listed = counted
    with wiring.open_archive(home) as archive:
        # What a kill in the middle of a write left is mended first, as every command does.
        archive.recover()
        runs = archive.catalogue.audit_runs(1)
        resume = runs[0].run_id if runs and not runs[0].finished_at else ""
        if resume:
            selection = selecting.asked_again(archive, resume)
        else:
            selection = selecting.everything(archive, STORES)
        audit(archive.auditing(), selection, operator="test", medium=medium, resume=resume)


def _judged(home: Path, log: Path, killed: int, seconds: float, *, medium: bool) -> dict[str, Any]:
    # The storage roots' own few files are read by the last part alone.
    read = Counter(log.read_text("utf-8").splitlines())
    with wiring.open_archive(home) as archive:
        (run,) = archive.catalogue.audit_runs()
        results = archive.catalogue.audit_results(run.run_id)
        expected = {
            (record.object_id, store): record.file_count
            for record in archive.catalogue.objects()
            for store in STORES
        }
        readers = 8 if medium else len(os.sched_getaffinity(0))
    found = {(r.object_id, r.store): r.expected for r in results}
    copies = {key: count for key, count in found.items() if key in expected}
    beside = [r for r in results if (r.object_id, r.store) not in expected]
    twice = sum(count - 1 for path, count in read.items())
    wrong = []
    if copies != expected:
        wrong.append(f"{len(expected)} copies expected, {len(copies)} have a result")
    totals = run.totals
    wanted = sum(expected.values()) + sum(r.expected for r in beside)
    if not totals["expected"] == totals["intact"] == wanted:
        wrong.append(f"totals {totals}, expected {wanted}")
    if totals["copies"] != len(expected) or totals.get("broken") or run.outcome != "success":
        wrong.append(f"outcome {run.outcome}, totals {totals}")
    if twice > killed * readers * PER_READER:
        wrong.append(f"{twice} files read twice by {killed} kills")
    if totals.get("resumed", 0) > killed:
        wrong.append(f"{totals['resumed']} parts after {killed} kills")
    return {
        "objects": totals["objects"],
        "files": totals["expected"],
        "kills": killed,
        "readers": readers,
        "read_twice": twice,
        "allowed": killed * readers * PER_READER,
        "seconds": round(seconds, 1),
        "wrong": wrong,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["kills"])
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=6)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between kills, about")
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--medium", action="store_true")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--home", type=Path, default=None, help="an archive made before")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kho-kills-", dir=given.folder) as folder:
        home = given.home or Path(folder) / "home"
        if given.home is None:
            grounds.make_many(home, given.objects, files=given.files, size=given.size)
        told = kills(
            home,
            seconds=(given.every * 0.5, given.every * 1.5),
            seed=given.seed,
            most=given.most,
            medium=given.medium,
        )
    print(json.dumps(told, ensure_ascii=False))
    return 1 if told["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
