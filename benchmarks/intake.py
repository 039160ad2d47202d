"""How many dossiers an hour the intake takes, and where its time goes.

Dossiers of five signed documents, everything on: checks, formats, signatures, two copies each read back
from the medium, catalogue, ledger, receipts. Measured through `kho ingest` on an archive of its own;
the table by hop comes from one process whose steps are timed, with no profiler in the way.
"""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from benchmarks import Report, Row, Settings, Table, Taken, machine, timed
from kho import founding, intake, taking, wiring
from kho.demo.chance import seeded
from kho.demo.plan import DossierPlan, plan_dossier
from kho.demo.sip import assemble, make_contents, write_zip

DOCUMENTS = 5
TARGET_AN_HOUR = 10_000
HOPS = (  # the step that ends each hop
    ("1 quarantine: name, digest of the container", "quarantine made"),
    ("2 read and check the metadata", "metadata checked"),
    ("3 copy and digest the payload", "payload copied"),
    ("4 formats, signatures, rules over what came", "received and checked"),
    ("5 decide and plan the package", "planned"),
    ("6 note the intention", "intention noted"),
    ("6 first store: write, flush, read back, publish", "committed to primary"),
    ("6 second store: the same", "committed to copy-1"),
    ("7 read from storage, catalogue", "recorded"),
    ("7 ledger and its copies", "published"),
)


def run(settings: Settings) -> Report:
    count = 12 if settings.quick else 200
    with tempfile.TemporaryDirectory(prefix="kho-bench-", dir=settings.folder) as name:
        folder = Path(name)
        size = make(folder / "drop", count)
        speed = Table("intake, dossiers of 5 signed documents, two copies")
        for jobs in sorted({1, taking.processors()}):
            taken, peak = ingest(folder / f"archive-{jobs}", folder / "drop", jobs)
            hourly = 3600 * count / taken.seconds
            row = f"{jobs} at once: {hourly:,.0f} dossiers/h by the clock"
            note = f"{taken.processor_seconds / count:.2f} processor-s a dossier; peak {peak:,} MB"
            speed.add(row, [taken], size=size, files=count, note=note)
            possible = 3600 * taking.processors() * count / taken.processor_seconds
            speed.ratios[f"the target, {jobs} at once, by the clock"] = hourly / TARGET_AN_HOUR
            speed.ratios[f"the target, {jobs} at once, were the processors ours alone"] = (
                possible / TARGET_AN_HOUR
            )
        hops = by_hop(folder, count)
        large = Table("one dossier of many small files: peak memory of the process")
        files = 2_000 if settings.quick else 100_000
        large.rows.append(of_many_files(folder, files))
        return Report("intake", machine(), [speed, hops, large])


def make(folder: Path, count: int) -> int:
    """`count` transfers; the bytes of them all."""
    folder.mkdir()
    plan = next(p for n in range(99) if fits(p := plan_dossier(77, n, 99)))
    size = 0
    for number in range(count):
        one = numbered(plan, number)
        out = io.BytesIO()
        write_zip(out, one.object_id, assemble(make_contents(one)))
        size += (folder / f"{number:06d}.zip").write_bytes(out.getvalue())
        print(f"\rmade {number + 1}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return size


def fits(plan: DossierPlan) -> bool:
    return len([d for d in plan.documents if not d.linked_to]) >= DOCUMENTS and not plan.photos


def numbered(plan: DossierPlan, number: int) -> DossierPlan:
    """The same dossier under another code, every document a signed PDF."""
    code = f"{plan.file_code}.{number}"
    chosen = [d for d in plan.documents if not d.linked_to][:DOCUMENTS]
    documents = tuple(
        replace(
            document,
            ordinal=place,
            doc_id=f"{code}.{place}",
            form="pdf",
            origin="01",
            signed=True,
            told_by_name=True,
            attachments=(),
        )
        for place, document in enumerate(chosen, start=1)
    )
    days = [document.paper.issued for document in documents]
    return replace(
        plan,
        name=f"bench/{number}",
        uuid=UUID(int=seeded(f"bench/{number}").getrandbits(128), version=4),
        file_code=code,
        title=f"{plan.title}, số {number}",
        documents=documents,
        origin="01",
        paper_file_code="",
        start=min(days),
        end=max(days),
    )


def ingest(home: Path, drop: Path, jobs: int) -> tuple[Taken, int]:
    """One run of the verb; what it took with its children, and the most memory one process had."""
    found(home)
    command = [sys.executable, "-m", "kho", "ingest", str(drop), "--jobs", str(jobs), "--json"]

    def verb() -> None:
        done = subprocess.run(
            [*command, "--home", str(home)], capture_output=True, text=True, check=False
        )
        counted = done.stdout.count('"verdict": "accepted"')
        if done.returncode != 0 or counted != len(list(drop.iterdir())):
            raise RuntimeError(f"not everything was accepted: {done.stdout[-500:]}{done.stderr}")

    taken = timed(verb)
    return taken, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def by_hop(folder: Path, count: int) -> Table:
    """Where the time of one process goes, by the steps it passes."""
    home = folder / "archive-hops"
    found(home)
    ends = {step: hop for hop, step in HOPS}
    seconds: dict[str, float] = defaultdict(float)
    last = time.perf_counter()

    def step(name: str) -> None:
        nonlocal last
        if name in ends:
            now = time.perf_counter()
            seconds[ends[name]] += now - last
            last = now

    from ingest import pipeline

    sources = sorted((folder / "drop").iterdir())[: max(10, count // 4)]
    with wiring.open_archive(home, step=step) as archive, intake.services(archive) as services:
        pipeline.ingest(services, sources[0], operator="benchmark")  # children start, caches fill
        seconds.clear()
        last = begun = time.perf_counter()
        for source in sources[1:]:
            pipeline.ingest(services, source, operator="benchmark")
            now = time.perf_counter()
            seconds["7 quarantine removed, receipt and its page"] += now - last
            last = now
    whole = time.perf_counter() - begun
    table = Table("by hop, one process, one ledger flush a dossier")
    for hop, spent in seconds.items():
        each = 1000 * spent / (len(sources) - 1)
        note = f"{100 * spent / whole:.0f} % of the time, {each:.0f} ms a dossier"
        table.add(hop, [Taken(spent, 0.0)], size=0, note=note)
    return table


def of_many_files(folder: Path, files: int) -> Row:
    """A dossier of many small files through `kho ingest`; the row names the peak memory."""
    drop = folder / "large"
    drop.mkdir()
    sip = large_package(drop / "large.zip", files)
    home = folder / "archive-large"
    found(home)
    before = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "kho", "ingest", str(sip), "--home", str(home), "--json"],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError("the large dossier was not accepted")
    seconds = time.perf_counter() - before
    table = Table("large")
    note = f"peak {usage.ru_maxrss // 1024:,} MB, {usage.ru_utime + usage.ru_stime:.0f} processor-s"
    return table.add(
        f"{files:,} files", [Taken(seconds, 0.0)], size=sip.stat().st_size, files=files, note=note
    )


def large_package(path: Path, files: int) -> Path:
    """A sound package with so many attachments of a few bytes on its first document."""
    from kho.demo.documents import DataFile

    plan = next(p for n in range(99) if fits(p := plan_dossier(78, n, 99)))
    contents = make_contents(numbered(plan, 0))
    first, *others = contents.records
    more = tuple(
        DataFile(f"{first.main.name.split('.')[0]}.PL{number}.txt", b"%d\n" % number)
        for number in range(files)
    )
    contents = replace(contents, records=(replace(first, attachments=more), *others))
    with path.open("wb") as out:
        write_zip(out, contents.plan.object_id, assemble(contents))
    return path


def found(home: Path) -> None:
    with quiet():
        founding.found(home, "benchmark")


@contextmanager
def quiet() -> Iterator[None]:
    with io.StringIO() as nowhere:
        before, sys.stdout = sys.stdout, nowhere
        try:
            yield
        finally:
            sys.stdout = before
