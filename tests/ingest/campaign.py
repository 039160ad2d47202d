"""Long fuzzing of every reader of strangers' bytes: `python -m tests.ingest.campaign fuzz --minutes N`.

Each round changes a few bytes of a good sample (or cuts, repeats and mixes pieces of several) and takes
it the way a transfer goes. Whatever comes must be members or findings, within the time of a round;
anything else is written down with the bytes that did it. `--seed` repeats a run.
"""

from __future__ import annotations

import argparse
import gzip
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ingest.container import Container, ContainerFault, Limits
from ingest.lists.csv_text import read_csv
from ingest.lists.mapping import BadMapping, SheetMapping, read_mapping, write_mapping
from ingest.lists.recognise import draft
from ingest.lists.sheet import BadSheet
from ingest.lists.xlsx import read_xlsx
from ingest.readers.eark import is_eark, read_eark
from ingest.shapes.finding import find
from ingest.tar_container import read_tar
from ingest.zip_container import read_zip
from tests.ingest.readers.sip import OBJID, Sip, files_of
from tests.ingest.readers.zip_bytes import Entry, zip_bytes
from tests.ingest.shapes.making import HEADS, TarEntry, judged, pax, row, tar_bytes, tar_of, xlsx

SLOW = 20.0  # seconds of one round that count as a find
_LIMITS = Limits(max_total=50_000_000, total_ratio_from=1_000_000, max_members=5_000)
_EAD = (
    b"<ead><archdesc><did><unittitle>T</unittitle><unitid>U</unitid><unitdate normal='1990/1999'>"
    b"1990</unitdate><langmaterial><language langcode='vie'>V</language></langmaterial></did>"
    b"</archdesc></ead>"
)
_METS = (
    b"<mets OBJID='x' PROFILE='https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml'><metsHdr>"
    b"<agent ROLE='CREATOR' TYPE='ORGANIZATION'><name>N</name><note NOTETYPE='IDENTIFICATIONCODE'>F"
    b"</note></agent></metsHdr></mets>"
)


def _members(container: Container | None) -> None:
    if container is None:
        return
    with container:
        for member in container.members:
            try:
                with container.open(member) as stream:
                    assert len(stream.read()) == member.size
            except ContainerFault:
                continue


def _tar(data: bytes, folder: Path) -> None:
    path = folder / "x.tar"
    path.write_bytes(data)
    _members(read_tar(path, _LIMITS).container)


def _zip(data: bytes, folder: Path) -> None:
    path = folder / "x.zip"
    path.write_bytes(data)
    _members(read_zip(path, _LIMITS).container)


def _xlsx(data: bytes, folder: Path) -> None:
    try:
        for sheet in read_xlsx(data, "x.xlsx"):
            draft(sheet, "x")
    except BadSheet as fault:
        assert fault.problem.code


def _csv(data: bytes, folder: Path) -> None:
    try:
        draft(read_csv(data, "x.csv"), "x")
    except BadSheet as fault:
        assert fault.problem.code


def _mapping(data: bytes, folder: Path) -> None:
    try:
        found = read_mapping(data, "x")
        assert read_mapping(write_mapping(found).encode(), "x") == found
    except BadMapping as fault:
        assert str(fault)


def _list(data: bytes, folder: Path) -> None:
    """A list with its files, taken the whole way."""
    (folder / "list.csv").write_bytes(data)
    for name in ("a.pdf", "b.pdf"):
        (folder / name).write_bytes(b"%PDF-1.4")
    judged(folder)


def _eark(data: bytes, folder: Path) -> None:
    path = folder / "x.zip"
    path.write_bytes(zip_bytes([
        Entry("METS.xml", _METS), Entry("metadata/descriptive/d.xml", data), Entry("data/a", b"1"),
    ]))  # fmt: skip
    container = read_zip(path).container
    if container is not None:
        with container:
            if is_eark(container):
                read_eark(container)


def _whole(data: bytes, folder: Path) -> None:
    """A package of the circular, taken the whole way."""
    path = folder / "x.tar.gz"
    path.write_bytes(gzip.compress(data, 1))
    find([path])
    judged(path)


def _samples() -> dict[str, tuple[Callable[[bytes, Path], None], list[bytes]]]:
    sip = files_of(Sip())
    packed = zip_bytes([Entry(f"{OBJID}/{name}", data) for name, data in sip.items()])
    tars = [tar_of(sip, OBJID), tar_bytes([pax(path="t/ệ.xml"), TarEntry("x", b"12"),
            TarEntry("l", b"a" * 150 + b"\0", kind=b"L"), TarEntry("y", b"3")])]  # fmt: skip
    rows = [list(HEADS), row(1, "a.pdf", of=2), row(2, "b.pdf", of=2)]
    text = "\r\n".join(",".join(f'"{c}"' for c in r) for r in rows)
    book = xlsx(rows)
    mapping = write_mapping(
        SheetMapping("m", {"title": ("T",), "startDate": ("a", "b", "c")}, {"path": ("P",)},
                     codes={"mode": {"x": "01"}}, strip=("D:\\",))
    ).encode()  # fmt: skip
    dc = b"<dc><title>T</title><identifier>I</identifier><date>1990/1999</date></dc>"
    return {
        "tar": (_tar, [*tars, *(gzip.compress(t) for t in tars)]),
        "zip": (_zip, [packed, book]),
        "xlsx": (_xlsx, [book]),
        "csv": (_csv, [text.encode(), text.encode("utf-16"), text.encode("utf-8-sig")]),
        "mapping": (_mapping, [mapping]),
        "list": (_list, [text.encode()]),
        "eark": (_eark, [_EAD, dc]),
        "whole": (_whole, [tars[0]]),
    }


def _changed(chance: random.Random, samples: list[bytes]) -> bytes:
    data = bytearray(chance.choice(samples))
    for _ in range(chance.randint(1, 8)):
        if not data:
            break
        at = chance.randrange(len(data))
        kind = chance.randrange(7)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del data[at : at + chance.randint(1, 600)]
        elif kind == 3:
            data[at:at] = data[at : at + chance.randint(1, 600)]
        elif kind == 4:
            other = chance.choice(samples)
            begin = chance.randrange(len(other))
            data[at:at] = other[begin : begin + chance.randint(1, 600)]
        elif kind == 5:
            data[at : at + 4] = chance.choice(
                (b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"<!--")
            )
        else:
            data[at:at] = chance.choice(
                (b"<!DOCTYPE a>", b"&x;", b"../", b'"', b"\x00", "ệ".encode())
            )
    return bytes(data)


def fuzz(minutes: float, seed: int, only: str = "", keep: Path | None = None) -> int:
    """Fuzz until the time is over; how many finds there were."""
    chance = random.Random(seed)
    rounds: Counter[str] = Counter()
    slowest: dict[str, float] = {}
    finds = 0
    end = time.monotonic() + minutes * 60
    samples = {n: s for n, s in _samples().items() if only in ("", n)}
    while time.monotonic() < end:
        for name, (target, good) in samples.items():
            data = _changed(chance, good)
            begun = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="kho-fuzz-") as folder:
                try:
                    target(data, Path(folder))
                except Exception:  # noqa: BLE001  # whatever it is, it is a find
                    finds += 1
                    print(f"FIND {name}\n{traceback.format_exc()}", flush=True)
                    if keep is not None:
                        (keep / f"{name}-{finds}.bin").write_bytes(data)
            took = time.monotonic() - begun
            slowest[name] = max(slowest.get(name, 0.0), took)
            if took > SLOW:
                finds += 1
                print(f"SLOW {name}: {took:.1f} s", flush=True)
            rounds[name] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for name, count in rounds.items():
        print(f"{name:8} {count:8} rounds, slowest {slowest[name]:.2f} s")
    print(
        f"seed {seed}, {minutes} min, {sum(rounds.values())} rounds, {finds} finds, peak {peak} MB"
    )
    return finds


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.ingest.campaign")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("fuzz")
    verb.add_argument("--minutes", type=float, default=5)
    verb.add_argument("--seed", type=int, default=20261122)
    verb.add_argument("--only", default="", choices=["", *_samples()])
    verb.add_argument("--keep", type=Path)
    given = parser.parse_args()
    return 1 if fuzz(given.minutes, given.seed, given.only, given.keep) else 0


if __name__ == "__main__":
    sys.exit(main())
