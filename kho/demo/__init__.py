"""Makes the sample transfers of `kho demo` and the benchmarks: dossiers of Hà Tĩnh as TT 05 SIPs.

People, numbers and contents are invented; offices and places are real names. What is made depends
on the arguments alone. It knows nothing of the archive it is made for: it only writes ZIP files
into a folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from kho.demo.faults import FAULTS
from kho.demo.plan import plan_dossier
from kho.demo.sip import assemble, make_contents, write_zip

__all__ = ["SampleTransfer", "make_transfers"]


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

    for index in range(dossiers):
        add(_make_good(directory, seed, index, dossiers))
    if bad:
        for number in range(len(FAULTS)):
            add(_make_bad(directory, seed, number, dossiers))
    return made


def _make_good(directory: Path, seed: int, index: int, dossiers: int) -> SampleTransfer:
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
