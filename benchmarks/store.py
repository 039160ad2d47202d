"""The store beside ocfl-py, on the same files in one run: making objects, judging them, many files.

*Create*: dossiers of 20 files of 5–200 kB, in turns. Ours is given the digests, which the intake has
from the one read in which it takes the files over, and stages, flushes and renames; one row computes
SHA-512 and SHA-256 too. ocfl-py computes SHA-512, copies, and flushes nothing. With and without
reading back, which ocfl-py does not do either. *Validate*: storage roots of 1,000
objects, with hashlib threads and with the engine chosen here, beside what hashing alone takes: on
objects of ours, of which both sides compute SHA-512 and SHA-256, and on such as ocfl-py makes.
*Many files*: one object of more and more small files, ours alone (``docs/store.md`` has the curve).
"""

import functools
import logging
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import ocfl

from benchmarks import Report, Settings, Table, Taken, machine, timed
from repository import local_commit
from repository.digest import DigestOptions, FileTask, digest_files, engine_report
from repository.local_store import LocalStore, create_local_store
from repository.model import LogicalPath, ObjectId
from repository.ocfl.root import validate_root
from repository.store import FromBytes, FromPath, PlannedFile, VersionPlan

FILES = 20
WRITERS = 4
GIVEN = f"Kho, {WRITERS} writers"
READ = f"{GIVEN}, read back"
ALONE = "Kho, one writer"
DIGESTING = f"{GIVEN}, digesting both"
THEIRS, THEIRS_TWICE = "ocfl-py", "ocfl-py, a process per processor"
JUDGE_THREADS, JUDGE_ENGINE = "Kho validate (hashlib threads)", "Kho validate (engine)"
ONLY_THREADS = "hashlib threads alone, only the digests"
ONLY_PROCESSES = "hashlib, a process a processor, only the digests"
JUDGE_THEIRS = "ocfl-py validate"


def run(settings: Settings) -> Report:
    about = machine() | {"engine": engine_report().instructions}
    folder = Path(tempfile.mkdtemp(prefix="kho-benchmark-", dir=settings.folder))
    try:
        dossiers = _dossiers(folder / "sources", 30 if settings.quick else 1000)
        rounds = 2 if settings.quick else 5
        some = dossiers[: 10 if settings.quick else 100]
        counts = (1_000, 2_000) if settings.quick else (25_000, 50_000, 100_000, 200_000)
        tables = [
            _create(folder / "create", some, rounds),
            *_validate(folder / "validate", dossiers),
            _many(folder / "many", counts),
        ]
        return Report("store", about, tables)
    finally:
        shutil.rmtree(folder)


# ---- create


def _create(folder: Path, dossiers: list[Path], rounds: int) -> Table:
    size = sum(p.stat().st_size for d in dossiers for p in d.iterdir())
    given = [_plan(dossier) for dossier in dossiers]  # as the intake has them, from its one read
    works: dict[str, Callable[[Path], object]] = {
        GIVEN: lambda place: _commit(place, given, writers=WRITERS, read_back=False),
        THEIRS: lambda place: _ocfl_create(place, dossiers),
        READ: lambda place: _commit(place, given, writers=WRITERS, read_back=True),
        ALONE: lambda place: _commit(place, given, writers=1, read_back=False),
        DIGESTING: lambda place: _commit(place, dossiers, writers=WRITERS, read_back=False),
        THEIRS_TWICE: lambda place: _ocfl_create_in_processes(place, dossiers),
    }
    taken: dict[str, list[Taken]] = {name: [] for name in works}
    for turn in range(rounds):
        for number, (name, work) in enumerate(works.items()):
            place = folder / f"{turn}-{number}"
            taken[name].append(timed(functools.partial(work, place)))
            shutil.rmtree(place)
            subprocess.run(
                ["sync"], check=True
            )  # what one left to the kernel is not the next one's
    table = Table(
        f"create {len(dossiers)} dossiers of {FILES} files, {size / 1e6:,.0f} MB, in turns"
    )
    for name, took in taken.items():
        table.add(name, took, size=size, files=len(dossiers) * FILES)
    rate = {row.name: row.megabytes_per_second for row in table.rows}
    for ours in (GIVEN, READ, ALONE, DIGESTING):
        for theirs in (THEIRS, THEIRS_TWICE):
            table.ratios[f"{ours} to {theirs}"] = round(rate[ours] / rate[theirs], 2)
    return table


def _commit(
    place: Path, work: Sequence[VersionPlan | Path], *, writers: int, read_back: bool
) -> None:
    store = LocalStore("primary", place, create_local_store(place))

    def one(what: VersionPlan | Path) -> None:
        store.commit(_plan(what) if isinstance(what, Path) else what)

    with _reading_back(read_back), ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(one, what) for what in work]:
            done.result()


@contextmanager
def _reading_back(wanted: bool) -> Iterator[None]:
    if wanted:
        yield
        return
    with mock.patch.object(local_commit, "read_back_staged", lambda *_: "cached"):
        yield


def _plan(dossier: Path) -> VersionPlan:
    options = DigestOptions(engine="hashlib")  # what is recorded is OpenSSL's
    tasks = (FileTask(path.name, str(path)) for path in sorted(dossier.iterdir()))
    files = []
    for result in digest_files(tasks, ["sha512", "sha256"], options=options):
        assert result.size is not None, result
        name = str(result.key)
        digests = result.digests
        files.append(
            PlannedFile(
                LogicalPath(f"data/{name}"),
                result.size,
                digests["sha512"],
                digests["sha256"],
                FromPath(str(dossier / name)),
            )
        )
    return _version(ObjectId(f"urn:benchmark:{dossier.name}"), files)


def _version(object_id: ObjectId, files: list[PlannedFile]) -> VersionPlan:
    at = "2026-01-01T00:00:00Z"
    return VersionPlan(
        object_id, None, tuple(files), at, "a benchmark", "b", "mailto:b@example.org"
    )


def _ocfl_create(place: Path, dossiers: Sequence[Path]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    logging.getLogger().setLevel(logging.WARNING)  # it logs a line for each object
    for dossier in dossiers:
        made = ocfl.Object(identifier=f"urn:benchmark:{dossier.name}")
        made.create(srcdir=str(dossier), objdir=str(place / dossier.name))


def _ocfl_create_in_processes(place: Path, dossiers: Sequence[Path]) -> None:
    processors = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(processors, mp_context=get_context("fork")) as pool:
        parts = [dossiers[number::processors] for number in range(processors)]
        for done in [pool.submit(_ocfl_create, place, part) for part in parts]:
            done.result()


# ---- validate


def _validate(folder: Path, dossiers: list[Path]) -> list[Table]:
    """The same checks on both sides, on a root with our `fixity` block and on one without."""
    store = LocalStore("primary", folder / "ours", create_local_store(folder / "ours"))
    with _reading_back(False):
        for dossier in dossiers:
            store.commit(_plan(dossier))
    theirs = folder / "theirs"
    _ocfl_create(theirs, dossiers)
    (theirs / "0=ocfl_1.1").write_text("ocfl_1.1\n")
    return [
        _judge(folder / "ours" / "root", ["sha512", "sha256"], "SHA-512, and SHA-256 in `fixity`"),
        _judge(theirs, ["sha512"], "SHA-512 only, as ocfl-py makes them"),
    ]


def _judge(root: Path, algorithms: list[str], what: str) -> Table:
    files = [path for path in root.rglob("*") if path.is_file()]
    content = [str(path) for path in files if "content" in path.parts]
    size = sum(path.stat().st_size for path in files)
    contenders: dict[str, Callable[[], object]] = {
        JUDGE_THREADS: lambda: _ours(root, DigestOptions(engine="hashlib")),
        JUDGE_ENGINE: lambda: _ours(root, DigestOptions()),
        ONLY_THREADS: lambda: _digest(content, algorithms),
        ONLY_PROCESSES: lambda: _digest_in_processes(content, algorithms),
        JUDGE_THEIRS: lambda: _theirs(root),
    }
    taken: dict[str, list[Taken]] = {name: [] for name in contenders}
    for _ in range(3):
        for name, work in contenders.items():
            taken[name].append(timed(work))
    objects = sum(1 for path in files if path.name.startswith("0=ocfl_object"))
    table = Table(f"validate {objects:,} objects, {len(files):,} files, in page cache; {what}")
    for name, took in taken.items():
        table.add(name, took, size=size, files=len(files))
    rate = {row.name: row.megabytes_per_second for row in table.rows}
    work_rate = {row.name: row.per_processor_second or 0.0 for row in table.rows}
    for name in list(contenders)[:-1]:
        table.ratios[f"{name} to ocfl-py"] = round(rate[name] / rate[JUDGE_THEIRS], 2)
    for name in (JUDGE_THREADS, ONLY_THREADS):
        worth = round(work_rate[name] / work_rate[JUDGE_THEIRS], 2)
        table.ratios[f"{name} to ocfl-py, by processor time"] = worth
    return table


def _ours(root: Path, options: DigestOptions) -> None:
    for place, report in validate_root(str(root), options=options):
        if report.has_errors:
            raise AssertionError((place, list(report)))


def _digest(paths: Sequence[str], algorithms: list[str], threads: int | None = None) -> None:
    """The limit: nothing but the digests, compared with nothing."""
    tasks = (FileTask(path, path) for path in paths)
    options = DigestOptions(threads=threads, engine="hashlib")
    for result in digest_files(tasks, algorithms, options=options):
        if result.errno is not None:
            raise AssertionError(result)


def _digest_in_processes(paths: Sequence[str], algorithms: list[str]) -> None:
    processors = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(processors, mp_context=get_context("fork")) as pool:
        parts = [paths[number::processors] for number in range(processors)]
        for done in [pool.submit(_digest, part, algorithms, 1) for part in parts]:
            done.result()


def _theirs(root: Path) -> None:
    judge = ocfl.StorageRoot(root=str(root))
    sound = judge.validate(log_warnings=False)
    if not sound or judge.good_objects != judge.num_objects:  # it says so of the root alone
        raise AssertionError((root, judge.errors))


# ---- many files


def _many(folder: Path, counts: tuple[int, ...]) -> Table:
    table = Table("one object of many small files: write, read back, judge")
    folder.mkdir()
    for count in counts:
        for verb in ("commit", "audit"):
            command = [sys.executable, "-m", "benchmarks.store", str(folder), verb, str(count)]
            ended = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds, kilobytes = ended.stdout.split()
            note = f"{int(kilobytes) * 1024 // count:,} B of peak memory a file"
            took = [Taken(float(seconds), float(seconds))]
            table.add(f"{verb} {count:,} files", took, size=count * 6, files=count, note=note)
    for verb in ("commit", "audit"):
        rows = [row for row in table.rows if row.name.startswith(verb)]
        name = f"{verb}: time a file, most to fewest files"
        first, last = (rows[i].files_per_second or 0.0 for i in (0, -1))
        table.ratios[name] = round(first / last, 2)
    return table


def _one(folder: Path, verb: str, count: int) -> None:
    place = folder / str(count)
    object_id = ObjectId(f"urn:benchmark:{count}")
    if verb == "commit":
        store = LocalStore("primary", place, create_local_store(place))
        files = []
        for number in range(count):
            data = b"%06d" % number
            found = next(_digests(data))
            name = LogicalPath(f"data/{number // 1000:03d}/{number:06d}.txt")
            files.append(PlannedFile(name, 6, found[0], found[1], FromBytes(data)))
        plan = _version(object_id, files)
        begun = time.perf_counter()
        store.commit(plan)
    else:
        identifier = (place / "store.json").read_text().split('"')[3]
        store = LocalStore("primary", place, identifier)
        begun = time.perf_counter()
        seen = next(iter(store.observe([object_id])))
        assert len(seen.files) == count + 5, len(seen.files)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{time.perf_counter() - begun:.2f} {peak}")


def _digests(data: bytes) -> Iterator[tuple[str, str]]:
    from repository.digest import digest_bytes

    found = digest_bytes(data, ["sha512", "sha256"])
    yield found["sha512"], found["sha256"]


# ---- the files


def _dossiers(folder: Path, count: int) -> list[Path]:
    draw = random.Random(11)
    blob = draw.randbytes(8 << 20)
    made = []
    for number in range(count):
        dossier = folder / f"dossier-{number:04d}"
        dossier.mkdir(parents=True)
        for index in range(FILES):
            start = draw.randrange(len(blob) // 2)
            data = blob[start : start + draw.randrange(5_000, 200_001)]
            (dossier / f"file-{index:02d}.pdf").write_bytes(data)
        made.append(dossier)
    return made


if __name__ == "__main__":
    _one(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
