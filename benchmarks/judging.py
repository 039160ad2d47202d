"""Judging a storage root, beside ocfl-py: the same checks on both sides, in turns, in page cache.

Roots of 1,000 objects, of larger files and of small ones: ours, of whose files both sides compute
SHA-512 and the SHA-256 of the `fixity` block, and such as ocfl-py makes, with SHA-512 only. With
hashlib threads and with the engine chosen here, both as `kho validate` does it, in a process for
each processor; beside what hashing alone takes: the rows "only the digests" compare and list nothing.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import ocfl

from benchmarks import Report, Settings, Table, Taken, machine, timed
from benchmarks.store import make_dossiers, ocfl_create, plan_of, reading_back
from repository.digest import DigestOptions, FileTask, digest_bytes, digest_files, engine_report
from repository.local_store import LocalStore, create_local_store
from repository.model import LogicalPath, VersionNumber
from repository.ocfl.root import validate_root
from repository.store import FromPath, PlannedFile

JUDGE_ALONE = "Kho validate (hashlib threads, one process)"
JUDGE_THREADS, JUDGE_ENGINE = "Kho validate (hashlib threads)", "Kho validate (engine)"
ONLY_THREADS = "hashlib threads alone, only the digests"
ONLY_PROCESSES = "hashlib, a process a processor, only digests"
JUDGE_THEIRS = "ocfl-py validate"
# What the sample archive holds (14 kB in the middle), and scans.
SIZES = {"1–27 kB": (1_000, 27_000), "5–200 kB": (5_000, 200_000)}
VERSIONS = 4  # held, and described anew three times


def run(settings: Settings) -> Report:
    about = machine() | {"engine": engine_report().instructions}
    folder = Path(tempfile.mkdtemp(prefix="kho-benchmark-", dir=settings.folder))
    count = 80 if settings.quick else 1000
    try:
        tables = []
        for name, sizes in SIZES.items():
            dossiers = make_dossiers(folder / name / "sources", count, sizes)
            tables += _validate(folder / name, dossiers, name)
        tables.append(_validate_versions(folder / "versions", dossiers, name))
        return Report("judging", about, tables)
    finally:
        shutil.rmtree(folder)


def _validate(folder: Path, dossiers: list[Path], sizes: str) -> list[Table]:
    """The same checks on both sides, on a root with our `fixity` block and on one without."""
    store = LocalStore("primary", folder / "ours", create_local_store(folder / "ours"))
    with reading_back(False):
        for dossier in dossiers:
            store.commit(plan_of(dossier))
    theirs = folder / "theirs"
    ocfl_create(theirs, dossiers)
    (theirs / "0=ocfl_1.1").write_text("ocfl_1.1\n")
    both, one = ["sha512", "sha256"], ["sha512"]
    return [
        _judge(
            folder / "ours" / "root", both, f"files of {sizes}; SHA-512, and SHA-256 in `fixity`"
        ),
        _judge(theirs, one, f"files of {sizes}; SHA-512 only, as ocfl-py makes them"),
    ]


def _validate_versions(folder: Path, dossiers: list[Path], sizes: str) -> Table:
    """As most objects are after some years: described anew, the documents as they were."""
    store = LocalStore("primary", folder, create_local_store(folder))
    note = folder / "note.xml"
    with reading_back(False):
        for dossier in dossiers:
            plan = plan_of(dossier)
            store.commit(plan)
            for number in range(1, VERSIONS):
                note.write_text(f"<note>{dossier.name}, {number}</note>\n" * 50)
                digests = digest_bytes(note.read_bytes(), ["sha512", "sha256"])
                described = PlannedFile(
                    LogicalPath("metadata/note.xml"),
                    note.stat().st_size,
                    digests["sha512"],
                    digests["sha256"],
                    FromPath(str(note)),
                )
                files = (*plan.files, described)
                store.commit(replace(plan, follows=VersionNumber(number), files=files))
    what = f"{VERSIONS} versions; files of {sizes}; SHA-512, and SHA-256 in `fixity`"
    return _judge(folder / "root", ["sha512", "sha256"], what)


def _judge(root: Path, algorithms: list[str], what: str) -> Table:
    files = [path for path in root.rglob("*") if path.is_file()]
    content = [str(path) for path in files if "content" in path.parts]
    size = sum(path.stat().st_size for path in files)
    processors = len(os.sched_getaffinity(0))
    contenders: dict[str, Callable[[], object]] = {
        JUDGE_THREADS: lambda: _ours(root, DigestOptions(engine="hashlib"), processors),
        JUDGE_ALONE: lambda: _ours(root, DigestOptions(engine="hashlib"), 1),
        JUDGE_ENGINE: lambda: _ours(root, DigestOptions(), processors),
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


def _ours(root: Path, options: DigestOptions, processes: int) -> None:
    for place, report in validate_root(str(root), options=options, processes=processes):
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
