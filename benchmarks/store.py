"""Making objects, beside ocfl-py, on the same files in turns.

Dossiers of 20 files of 5–200 kB. Ours is given the digests, which the intake has from the one read in
which it takes the files over, and stages, flushes and renames; one row computes SHA-512 and SHA-256
too. ocfl-py computes SHA-512, copies, and flushes nothing. With and without reading back, which
ocfl-py does not do either. Judging them is `judging`, one object of very many files is `many_files`.
"""

import functools
import logging
import os
import random
import shutil
import subprocess
import tempfile
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
from repository.store import FromPath, PlannedFile, VersionPlan

FILES = 20
WRITERS = 4
GIVEN = f"Kho, {WRITERS} writers"
READ = f"{GIVEN}, read back"
ALONE = "Kho, one writer"
DIGESTING = f"{GIVEN}, digesting both"
THEIRS, THEIRS_TWICE = "ocfl-py", "ocfl-py, a process per processor"


def run(settings: Settings) -> Report:
    about = machine() | {"engine": engine_report().instructions}
    folder = Path(tempfile.mkdtemp(prefix="kho-benchmark-", dir=settings.folder))
    try:
        dossiers = make_dossiers(folder / "sources", 10 if settings.quick else 100)
        return Report(
            "store", about, [_create(folder / "create", dossiers, 2 if settings.quick else 5)]
        )
    finally:
        shutil.rmtree(folder)


# ---- create


def _create(folder: Path, dossiers: list[Path], rounds: int) -> Table:
    size = sum(p.stat().st_size for d in dossiers for p in d.iterdir())
    given = [plan_of(dossier) for dossier in dossiers]  # as the intake has them, from its one read
    works: dict[str, Callable[[Path], object]] = {
        GIVEN: lambda place: _commit(place, given, writers=WRITERS, read_back=False),
        THEIRS: lambda place: ocfl_create(place, dossiers),
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
        store.commit(plan_of(what) if isinstance(what, Path) else what)

    with reading_back(read_back), ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(one, what) for what in work]:
            done.result()


@contextmanager
def reading_back(wanted: bool) -> Iterator[None]:
    if wanted:
        yield
        return
    with mock.patch.object(local_commit, "read_back_staged", lambda *_: "cached"):
        yield


def plan_of(dossier: Path) -> VersionPlan:
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
    return version_of(ObjectId(f"urn:benchmark:{dossier.name}"), files)


def version_of(object_id: ObjectId, files: list[PlannedFile]) -> VersionPlan:
    at = "2026-01-01T00:00:00Z"
    return VersionPlan(
        object_id, None, tuple(files), at, "a benchmark", "b", "mailto:b@example.org"
    )


def ocfl_create(place: Path, dossiers: Sequence[Path]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    logging.getLogger().setLevel(logging.WARNING)  # it logs a line for each object
    for dossier in dossiers:
        made = ocfl.Object(identifier=f"urn:benchmark:{dossier.name}")
        said = ocfl.VersionMetadata(
            created="2026-01-01T00:00:00Z",
            message="a benchmark",
            name="b",
            address="mailto:b@example.org",
        )  # without it, it makes objects that are not valid
        made.create(srcdir=str(dossier), metadata=said, objdir=str(place / dossier.name))


def _ocfl_create_in_processes(place: Path, dossiers: Sequence[Path]) -> None:
    processors = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(processors, mp_context=get_context("fork")) as pool:
        parts = [dossiers[number::processors] for number in range(processors)]
        for done in [pool.submit(ocfl_create, place, part) for part in parts]:
            done.result()


# ---- the files


def make_dossiers(
    folder: Path, count: int, sizes: tuple[int, int] = (5_000, 200_000)
) -> list[Path]:
    """Dossiers of files of sizes within these bounds, each size as likely as another."""
    draw = random.Random(11)
    blob = draw.randbytes(8 << 20)
    made = []
    for number in range(count):
        dossier = folder / f"dossier-{number:04d}"
        dossier.mkdir(parents=True)
        for index in range(FILES):
            start = draw.randrange(len(blob) // 2)
            data = blob[start : start + draw.randint(*sizes)]
            (dossier / f"file-{index:02d}.pdf").write_bytes(data)
        made.append(dossier)
    return made
