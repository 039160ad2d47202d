"""One object of more and more small files: committed, updated, looked at, judged. Time and memory.

Each measurement in a process of its own, by processor time: the clock, which also tells of the disk and
of other work, stands beside it. `python -m benchmarks.many_files REPORT.json OUT.svg` draws the curve
from a report made with `--json` (`docs/store-many-files.svg`).
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks import Report, Settings, Table, Taken, machine
from benchmarks.store import version_of
from repository.digest import digest_bytes, engine_report
from repository.local_store import LocalStore, create_local_store
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.validate import validate_object
from repository.store import FromBytes, Kept, PlannedFile

VERBS = ("commit", "audit", "validate", "update")  # in this order: each finds what it needs


def run(settings: Settings) -> Report:
    about = machine() | {"engine": engine_report().instructions}
    counts = (1_000, 2_000) if settings.quick else (25_000, 50_000, 100_000, 200_000)
    folder = Path(tempfile.mkdtemp(prefix="kho-benchmark-", dir=settings.folder))
    table = Table("one object of many small files, by processor time")
    try:
        for count in counts:
            for verb in VERBS:
                _measure(table, folder, verb, count)
    finally:
        shutil.rmtree(folder)
    for verb in VERBS:
        rows = [row for row in table.rows if row.name.startswith(verb)]
        first, last = (rows[i].files_per_second or 0.0 for i in (0, -1))
        table.ratios[f"{verb}: time a file, most to fewest files"] = round(first / last, 2)
    return Report("many_files", about, [table])


def _measure(table: Table, folder: Path, verb: str, count: int) -> None:
    command = [sys.executable, "-m", "benchmarks.many_files", str(folder), verb, str(count)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, worked, grown = ended.stdout.split()
    note = f"{float(seconds):.1f} s by the clock, {int(grown) // count:,} B of peak memory a file"
    taken = [Taken(float(worked), float(worked))]
    table.add(f"{verb} {count:,} files", taken, size=count * 6, files=count, note=note)


def _one(folder: Path, verb: str, count: int) -> None:
    """Prints the seconds, those of the processor, and by how many bytes the peak of memory grew."""
    place = folder / str(count)
    object_id = ObjectId(f"urn:benchmark:{count}")
    if verb == "commit":
        create_local_store(place)
    store = LocalStore("primary", place, (place / "store.json").read_text().split('"')[3])
    work: Callable[[], object]
    match verb:
        case "commit":
            first = version_of(object_id, _files(count))
            work = lambda: store.commit(first)  # noqa: E731
        case "update":
            kept = [replace(file, source=Kept()) for file in _files(count)]
            plan = version_of(object_id, [*kept, *_files(count + 1, begin=count)])
            second = replace(plan, follows=VersionNumber(1))
            work = lambda: store.commit(second)  # noqa: E731
        case "audit":
            work = lambda: _whole(len(next(iter(store.observe([object_id]))).files), count + 5)  # noqa: E731
        case _:
            tree = LocalTree(str(store.folder(object_id)))
            work = lambda: _whole(len(list(validate_object(tree))), 0)  # noqa: E731
    before = _peak()
    begun, worked = time.perf_counter(), time.process_time()
    work()
    print(time.perf_counter() - begun, time.process_time() - worked, _peak() - before)


def _whole(found: int, expected: int) -> None:
    if found != expected:
        raise AssertionError((found, expected))


def _files(count: int, begin: int = 0) -> list[PlannedFile]:
    files = []
    for number in range(begin, count):
        data = b"%06d" % number
        found = digest_bytes(data, ["sha512", "sha256"])
        name = LogicalPath(f"data/{number // 1000:03d}/{number:06d}.txt")
        files.append(PlannedFile(name, 6, found["sha512"], found["sha256"], FromBytes(data)))
    return files


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# ---- the curve


def draw(report: Path, picture: Path) -> None:
    """An SVG of processor seconds over files, a line for each verb, from a report as JSON."""
    rows = json.loads(report.read_text())["tables"][0]["rows"]
    lines: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        verb, count = row["name"].split()[0], int(row["name"].split()[1].replace(",", ""))
        lines.setdefault(verb, []).append((count, row["seconds"][0]))
    most = max(count for line in lines.values() for count, _ in line)
    high = max(seconds for line in lines.values() for _, seconds in line)
    width, height, left, low = 640, 360, 50, 40

    def at(count: float, seconds: float) -> str:
        x = left + count / most * (width - left - 130)
        return f"{x:.1f},{height - low - seconds / high * (height - low - 20):.1f}"

    colours = ("#1f4e8c", "#b3541e", "#2e7d4f", "#7a3b8f")
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' font-family="sans-serif" font-size="12">',
        "<title>Processor seconds over the number of files of one object</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<polyline fill="none" stroke="black" points="{at(0, high)} {at(0, 0)} {at(most, 0)}"/>',
    ]
    for part in range(1, 5):
        x, y = at(most * part / 4, 0).split(",")
        out.append(f'<text x="{x}" y="{float(y) + 18}" text-anchor="middle">')
        out.append(f"{most * part // 4:,}</text>")
        x, y = at(0, high * part / 4).split(",")
        out.append(
            f'<text x="{float(x) - 6}" y="{y}" text-anchor="end">{high * part / 4:.0f}</text>'
        )
    for (verb, line), colour in zip(lines.items(), colours, strict=True):
        points = " ".join(at(*point) for point in [(0, 0.0), *line])
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>')
        for point in line:
            x, y = at(*point).split(",")
            out.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
        out.append(f'<text x="{float(x) + 8}" y="{float(y) + 4}" fill="{colour}">{verb}</text>')
    out.append(f'<text x="{left}" y="12">seconds of processor time</text>')
    out.append(f'<text x="{width - 130}" y="{height - 6}">files in the object</text></svg>')
    picture.write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        draw(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        _one(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
