"""Measurements with their method. ``python -m benchmarks NAME [--quick] [--json]``.

A benchmark is a module here with ``run(settings: Settings) -> Report``. Every report names the peers
and the limit measured in the same run on the same files, and whether the page cache was warm or cold.
Nothing imports this package, and it is never installed.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """``folder``: where the files are made (and removed); on a disk, for cold figures."""

    quick: bool = False
    folder: Path = Path(tempfile.gettempdir())


@dataclass(frozen=True)
class Row:
    """One measured thing. ``seconds`` holds every run; the figures are of the median.

    ``per_processor_second``: MB for each second of processor time, its own and its children's, which
    tells more than the clock where other work shares the machine.
    """

    name: str
    cache: str
    seconds: tuple[float, ...]
    megabytes_per_second: float
    per_processor_second: float | None = None
    files_per_second: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Taken:
    """What one run took: by the clock, and of the processors."""

    seconds: float
    processor_seconds: float


def timed(work: Callable[[], object]) -> Taken:
    """Runs the work once. Children count when they have ended."""
    clock, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    processor = sum(after[:4]) - sum(before[:4])
    return Taken(time.perf_counter() - clock, processor)


@dataclass
class Table:
    title: str
    rows: list[Row] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)

    def measure(
        self,
        name: str,
        work: Callable[[], object],
        *,
        size: int,
        files: int | None = None,
        cache: str = "warm",
        before: Callable[[], object] | None = None,
        runs: int = 1,
        note: str = "",
    ) -> Row:
        """Runs the work and adds its row. What it returns is not looked at, so it must check itself."""
        taken = []
        for _ in range(runs):
            if before is not None:
                before()
            taken.append(timed(work))
        return self.add(name, taken, size=size, files=files, cache=cache, note=note)

    def add(
        self,
        name: str,
        taken: "list[Taken]",
        *,
        size: int,
        files: int | None = None,
        cache: str = "warm",
        note: str = "",
    ) -> Row:
        seconds = tuple(one.seconds for one in taken)
        middle = statistics.median(seconds)
        worked = statistics.median(one.processor_seconds for one in taken)
        row = Row(
            name,
            cache,
            seconds,
            round(size / middle / 1e6, 1),
            round(size / worked / 1e6, 1) if worked else None,
            None if files is None else round(files / middle, 1),
            note,
        )
        self.rows.append(row)
        print(f"{self.title}: {name}, {row.megabytes_per_second:,.0f} MB/s", file=sys.stderr)
        return row


@dataclass
class Report:
    name: str
    machine: dict[str, str]
    tables: list[Table]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        lines = [f"{self.name}: " + "; ".join(f"{k} {v}" for k, v in self.machine.items())]
        for table in self.tables:
            lines += ["", f"{table.title}; in brackets MB for each second of processor time"]
            for row in table.rows:
                files = "" if row.files_per_second is None else f"{row.files_per_second:>12,.0f}"
                processor = (
                    "" if row.per_processor_second is None else f"({row.per_processor_second:,.0f})"
                )
                low = min(row.seconds) / statistics.median(row.seconds)
                high = max(row.seconds) / statistics.median(row.seconds)
                spread = f"[{low:.2f}..{high:.2f}]×" if len(row.seconds) > 1 else "one run"
                lines.append(
                    f"  {row.name:<46} {row.cache:<5} {row.megabytes_per_second:>9,.0f} MB/s"
                    f" {processor:>8} {files:>12} files/s  {spread:>14} {row.note}"
                )
            lines += [f"  {value:6.2f} × {name}" for name, value in table.ratios.items()]
        return "\n".join(lines)


def machine() -> dict[str, str]:
    """What the figures depend on, without naming the machine."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    load = os.getloadavg()
    return {
        "cpu": model,
        "processors": str(len(os.sched_getaffinity(0))),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "load at start": f"{load[0]:.1f}",
    }
