"""The digest engine beside its peers and the processor's own limit, on the same files in one run.

The files are those of ``benchmarks._sets``. *Warm*: every file was read just before (a virtual machine
may give cached memory back to its host). *Cold*: the kernel was asked to drop every file just before;
the device and the host below may still hold it. The contenders of a table take turns, round after
round, because a machine's speed drifts; the middle of the rounds counts.
"""

import concurrent.futures
import functools
import hashlib
import logging
import mmap
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import bagit
import ocfl

from benchmarks import Report, Settings, Table, Taken, machine, timed
from benchmarks._sets import MIB, FileSet, make_sets, sample_archive
from repository.digest import DigestOptions, FileTask, digest_files, engine_report

BATCH_BYTES, BATCH_FILES = 8 * MIB, 64
NATIVE, FALLBACK = "Kho's engine (auto)", "Kho's engine (hashlib)"
BATCHES = "hashlib threads, batches, whole-file read()"
SPEED = "openssl speed, a process per processor"


def run(settings: Settings) -> Report:
    logging.getLogger("bagit").setLevel(logging.ERROR)  # it logs a line for each file
    about = machine() | {"engine": engine_report().instructions}
    folder = Path(tempfile.mkdtemp(prefix="kho-benchmark-", dir=settings.folder))
    try:
        small, large = make_sets(folder, quick=settings.quick)
        sample = sample_archive(folder / "c", quick=settings.quick)
        seconds = 1 if settings.quick else 2
        tables = []
        for algorithms in (["sha512"], ["sha256"], ["sha512", "sha256"]):
            limit = _openssl_speed(algorithms, seconds)
            rounds = 3 if algorithms == ["sha512"] else 1
            tables += [_warm(s, algorithms, limit, rounds) for s in (small, large, sample)]
        tables += [_cold(s, threads) for s, threads in ((small, 8), (large, 8), (large, 2))]
        return Report("digest", about, tables)
    finally:
        shutil.rmtree(folder)


def _warm(files: FileSet, algorithms: list[str], limit: float, rounds: int) -> Table:
    """Contenders of one algorithm choice on one set, taking turns."""
    contenders: dict[str, Callable[[], object]] = {
        NATIVE: lambda: _engine(files, algorithms, DigestOptions()),
        FALLBACK: lambda: _engine(files, algorithms, DigestOptions(engine="hashlib")),
        BATCHES: lambda: _batches(files, algorithms),
    }
    if len(algorithms) == 1:
        contenders[f"{algorithms[0]}sum, xargs -P"] = lambda: _coreutils(files, algorithms[0])
    slow: dict[str, Callable[[], object]] = {}
    if algorithms == ["sha512"]:
        slow["ocfl-py validate"] = lambda: _ocfl_py(files)
    if algorithms == ["sha512"] and files.bags:
        slow["bagit-python validate"] = lambda: _bagit(files)
    taken: dict[str, list[Taken]] = {name: [] for name in contenders | slow}
    for turn in range(rounds):
        for name, work in (contenders | (slow if turn == 0 else {})).items():
            _read_all(files)
            taken[name].append(timed(work))
    table = Table(f"{files.name}; {'+'.join(algorithms)}; in page cache")
    rows = [
        table.add(n, took, size=files.size, files=len(files.files)) for n, took in taken.items()
    ]
    ours = rows[0].megabytes_per_second
    for row in rows[1:]:
        table.ratios[f"{NATIVE} to {row.name}"] = round(ours / row.megabytes_per_second, 2)
    # openssl speed counts processor time, so that other work on the machine does not lower it.
    processors = len(os.sched_getaffinity(0))
    one = [Taken(1.0, float(processors))]
    table.add(SPEED, one, size=int(limit * 1e6), cache="none", note="memory only: the limit")
    table.ratios[f"{NATIVE} to {SPEED}, by the clock"] = round(ours / limit, 2)
    worked = rows[0].per_processor_second
    if worked:
        table.ratios[f"{NATIVE} to {SPEED}, by processor time"] = round(
            worked * processors / limit, 2
        )
    return table


def _cold(files: FileSet, threads: int) -> Table:
    table = Table(f"{files.name}; sha512; from the medium, {threads} readers")
    size, count = files.size, len(files.files)

    def drop() -> None:
        _drop(files)

    table.measure(
        "the disk alone (O_DIRECT, nothing hashed)",
        lambda: _direct_reads(files, threads),
        size=size, files=count, cache="cold", before=drop, runs=2,
    )  # fmt: skip
    medium = DigestOptions(medium=True, threads=threads)
    for name, options in (
        ("Kho's engine, medium", medium),
        ("Kho's engine (hashlib), medium",
         DigestOptions(medium=True, threads=threads, engine="hashlib")),
        ("Kho's engine, through the page cache", DigestOptions(threads=threads)),
    ):  # fmt: skip
        table.measure(
            name,
            functools.partial(_engine, files, ["sha512"], options),
            size=size, files=count, cache="cold", before=drop, runs=2,
        )  # fmt: skip
    disk = table.rows[0].megabytes_per_second
    for row in table.rows[1:]:
        table.ratios[f"{row.name} to the disk alone"] = round(row.megabytes_per_second / disk, 2)
    return table


# ---- The contenders; each raises if its digests are wrong --------------------------------------


def _engine(files: FileSet, algorithms: Sequence[str], options: DigestOptions) -> None:
    tasks = (FileTask(path, str(path)) for path in files.files)
    found = 0
    for result in digest_files(tasks, algorithms, options=options):
        assert isinstance(result.key, Path)
        wanted = files.sha512[result.key]
        if result.errno or result.digests.get("sha512", wanted) != wanted:
            raise AssertionError(result)
        found += 1
    if found != len(files.files):
        raise AssertionError("files without a result")


def _batches(files: FileSet, algorithms: Sequence[str]) -> None:
    """The quickest use of hashlib we know: few large tasks, files of up to 1 MiB in one read."""

    def work(batch: list[Path]) -> None:
        for path in batch:
            hashes = [hashlib.new(a) for a in algorithms]
            with path.open("rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size <= MIB:
                    data = file.read()
                    for h in hashes:
                        h.update(data)
                else:
                    view = memoryview(bytearray(256 * 1024))
                    while n := file.readinto(view):
                        for h in hashes:
                            h.update(view[:n])
            if hashes[0].name == "sha512" and hashes[0].hexdigest() != files.sha512[path]:
                raise AssertionError(path)

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in [pool.submit(work, batch) for batch in _in_batches(files)]:
            done.result()


def _in_batches(files: FileSet) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in sorted(files.files, key=lambda p: -p.stat().st_size):
        batch.append(path)
        size += path.stat().st_size
        if size >= BATCH_BYTES or len(batch) == BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _coreutils(files: FileSet, algorithm: str) -> None:
    names = b"\0".join(os.fsencode(p) for p in files.files)
    per_call = max(1, min(64, len(files.files) // 8))
    command = ["xargs", "-0", f"-P{len(os.sched_getaffinity(0))}", f"-n{per_call}"]
    subprocess.run(
        [*command, f"{algorithm}sum"], input=names, stdout=subprocess.DEVNULL, check=True
    )


def _ocfl_py(files: FileSet) -> None:
    for path in files.objects:
        if not ocfl.Object().validate(objdir=str(path), log_warnings=False):
            raise AssertionError(path)


def _bagit(files: FileSet) -> None:
    for path in files.bags:
        bagit.Bag(str(path)).validate()


def _openssl_speed(algorithms: Sequence[str], seconds: int) -> float:
    """MB/s of all processors; of several algorithms on the same bytes, one after the other."""
    total = 0.0
    for algorithm in algorithms:
        command = ["openssl", "speed", "-seconds", str(seconds), "-bytes", str(MIB)]
        running = [
            subprocess.Popen(
                [*command, "-evp", algorithm],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
            for _ in os.sched_getaffinity(0)
        ]  # fmt: skip
        rate = 0.0
        for process in running:
            output, _ = process.communicate()
            figures = re.findall(r"([\d.]+)k\s*$", output)
            rate += float(figures[-1]) / 1e3
        total += 1 / rate
    return 1 / total


def _direct_reads(files: FileSet, threads: int) -> None:
    def read(paths: Sequence[Path]) -> None:
        buffer = memoryview(mmap.mmap(-1, 512 * 1024))
        for path in paths:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
            offset = 0
            while n := os.preadv(fd, [buffer], offset):
                offset += n
                if n % 4096:
                    break
            os.close(fd)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(read, files.files[i::threads]) for i in range(threads)]:
            done.result()


def _read_all(files: FileSet) -> None:
    names = b"\0".join(os.fsencode(p) for p in files.files)
    subprocess.run(["xargs", "-0", "cat"], input=names, stdout=subprocess.DEVNULL, check=True)


def _drop(files: FileSet) -> None:
    for path in files.files:
        fd = os.open(path, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)
