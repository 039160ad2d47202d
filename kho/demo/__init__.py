"""Makes the sample transfers of `kho demo` and the benchmarks: dossiers of Hà Tĩnh as TT 05 SIPs.

People, numbers and contents are invented; offices and places are real names. What is made depends
on the arguments alone. It knows nothing of the archive it is made for: it only writes ZIP files
into a folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

from kho.demo.authority import demo_trust_root
from kho.demo.faults import FAULTS
from kho.demo.plan import plan_dossier
from kho.demo.sip import assemble, make_contents, write_zip

__all__ = ["SampleTransfer", "demo_trust_root", "make_transfers"]

_LARGE_RUN = 200
"""From here on starting processes pays. Their callers must guard `__main__`."""
_MOST_WORKERS = 8


@dataclass(frozen=True)
class SampleTransfer:
    """One ZIP that was made, and what an archive must say of it."""

    path: Path
    kind: Literal["good", "bad"]
    expected_verdict: Literal["accepted", "refused"]
    expected_code: str | None
    """The code of the problem a bad one is refused for."""
    title: str
    note: str


def make_transfers(
    directory: Path,
    *,
    dossiers: int = 12,
    seed: int = 2025,
    bad: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[SampleTransfer]:
    """Write `dossiers` good transfers and then, if asked, the bad ones; return them in that order.

    After return every named file is there and complete. The same arguments give the same bytes; a
    file that has them already is not touched, any other file of that name is replaced, nothing else
    is removed. After a crash a file may be half written: running again completes it.
    """
    if dossiers < 1:
        raise ValueError("at least one dossier is needed")
    directory.mkdir(parents=True, exist_ok=True)
    total = dossiers + (len(FAULTS) if bad else 0)
    made: list[SampleTransfer] = []

    def add(transfer: SampleTransfer) -> None:
        made.append(transfer)
        if on_progress is not None:
            on_progress(len(made), total)

    for transfer in _make_all_good(directory, seed, dossiers):
        add(transfer)
    if bad:
        for number in range(len(FAULTS)):
            add(_make_bad(directory, seed, number, dossiers))
    return made


def _make_all_good(directory: Path, seed: int, dossiers: int) -> Iterator[SampleTransfer]:
    """All good ones in order; a large run uses every processor."""
    make = partial(_make_good, directory, seed, dossiers)
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    if dossiers < _LARGE_RUN or workers == 1:
        yield from map(make, range(dossiers))
        return
    # Spawned, because the caller may have threads, which a forked child would inherit half of.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(make, range(dossiers), chunksize=8)


def _make_good(directory: Path, seed: int, dossiers: int, index: int) -> SampleTransfer:
    plan = plan_dossier(seed, index, dossiers)
    out = BytesIO()
    write_zip(out, plan.object_id, assemble(make_contents(plan)))
    # TT 05: a ZIP is named by its position in the delivery and its OBJID.
    width = max(3, len(str(dossiers)))
    path = directory / f"{index + 1:0{width}d}{plan.object_id}.zip"
    _keep(path, out.getvalue())
    return SampleTransfer(path, "good", "accepted", None, plan.title, plan.note)


def _make_bad(directory: Path, seed: int, number: int, dossiers: int) -> SampleTransfer:
    fault = FAULTS[number]
    package = fault.make(seed, dossiers)
    out = BytesIO()
    write_zip(out, package.plan.object_id, package.members, package.extra)
    path = directory / f"bad-{number + 1:02d}-{fault.name}.zip"
    _keep(path, out.getvalue())
    return SampleTransfer(path, "bad", "refused", fault.code, package.plan.title, fault.note)


def _keep(path: Path, content: bytes) -> None:
    """Write the file unless these very bytes are there."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    path.write_bytes(content)
