"""The long form of the digest tests: sanitizer builds, and random work until the time is over.

    python -m tests.repository.digest.campaign sanitize     the tests against an ASan and UBSan build
    python -m tests.repository.digest.campaign fuzz --seconds 600 [--seed N] [--sanitized]

Both end with status 1 at the first fault; the fuzz prints the seed of the round that shows it.
"""

import argparse
import errno
import hashlib
import itertools
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from tests.repository.digest import native_build

if TYPE_CHECKING:
    from repository.digest import DigestOptions

CHECKED = {"sha512": "sha512", "sha256": "sha256", "sha512/256": "sha512_256"}
CHUNK = 65536


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["sanitize", "fuzz", "fuzz-here"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sanitized", action="store_true")
    given = parser.parse_args()
    if given.what == "fuzz-here":
        return fuzz(given.seconds, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "sanitize":
            # The fault and SHA tests build their own; the others run against this build.
            tests = ["-m", "pytest", "tests/repository/digest", "-n0", "-q", "-x"]
            return _run(tests, _sanitized(Path(folder)))
        again = ["-m", "tests.repository.digest.campaign", "fuzz-here"]
        again += ["--seconds", str(given.seconds), "--seed", str(given.seed)]
        return _run(again, _sanitized(Path(folder)) if given.sanitized else {})


def _sanitized(folder: Path) -> dict[str, str]:
    library = native_build.build_native(folder, "-O1", *native_build.SANITIZERS)
    return {
        "KHO_NATIVE_UNDER_TEST": str(library),
        "LD_PRELOAD": native_build.compiler_file("libasan.so"),
        # Python itself keeps memory until it ends, which is no leak of ours.
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }


def _run(arguments: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, cwd=native_build.ROOT, env=os.environ | environment).returncode


def fuzz(seconds: float, seed: int) -> int:
    """Random files, algorithms, options, neighbours that change files, and early ends."""
    if "KHO_NATIVE_UNDER_TEST" in os.environ:
        from tests.repository.digest import conftest  # noqa: F401 - puts the build in place
    from repository.digest.native import native

    if native().module is None:
        print(native().reason)
        return 1
    pool = hashlib.shake_256(b"fuzz").digest(3 * CHUNK * 8)
    end = monotonic() + seconds
    rounds = files = 0
    with tempfile.TemporaryDirectory() as folder:
        while monotonic() < end:
            try:
                files += _round(random.Random(seed + rounds), Path(folder), pool)
            except BaseException:
                print(f"round of seed {seed + rounds} failed after {rounds} rounds", flush=True)
                raise
            rounds += 1
    print(f"{rounds:,} rounds, {files:,} results, no fault; first seed {seed}")
    return 0


def _round(draw: random.Random, folder: Path, pool: bytes) -> int:
    from repository.digest import DigestOptions

    states: dict[str, set[bytes]] = {}
    for number in range(draw.choice([0, 1, 3, 9, 17, 40, 150])):
        size = draw.choice(
            [draw.randrange(1200), draw.randrange(9) * CHUNK + draw.randrange(-3, 4), CHUNK * 8]
        )
        start = draw.randrange(CHUNK)
        data = pool[start : start + max(0, size)]
        (folder / str(number)).write_bytes(data)
        states[str(number)] = {data}
    restless = [name for name in states if draw.random() < 0.1]
    grown = {name for name in restless if draw.random() < 0.5}
    for name in restless:  # the other state the file will be in
        (first,) = states[name]
        more = pool[: draw.randrange(1, CHUNK * 2)]
        states[name].add(first + more if name in grown else more)
    by_folder = draw.random() < 0.4
    algorithms = draw.sample(sorted(CHECKED), 1 if by_folder else draw.randint(1, 3))
    options = DigestOptions(
        threads=draw.randint(1, 6),
        medium=draw.random() < 0.3,
        max_bytes_per_second=draw.choice([None, None, None, 300_000_000]),
        engine=draw.choice(["native", "native", "native", "hashlib"]),
        look_ahead=draw.choice([1, 2, 30, 512]),
    )
    names = [*states, *[name for name in REFUSED if draw.random() < 0.3]]
    draw.shuffle(names)
    changer = threading.Thread(target=_change, args=(folder, restless, grown, states))
    changer.start()
    results = (_by_folder if by_folder else _one_by_one)(draw, folder, names, algorithms, options)
    wanted = len(names) if draw.random() < 0.8 else draw.randrange(len(names) + 1)
    taken = list(itertools.islice(results, wanted))
    results.close()
    changer.join()
    for name, found_size, digests, code in taken:
        if code is not None:
            assert found_size is None and not digests, name
            assert code == (errno.ESTALE if name in grown else REFUSED.get(name)), (name, code)
            continue
        possible = set(states[name])
        if name in grown:  # it may have been seen half written, at a size that it had for a while
            shorter, longer = sorted(states[name], key=len)
            possible.add(longer[: max(len(shorter), found_size or 0)])
        given = (found_size, *(digests[one] for one in algorithms))
        assert given in {_answer(data, algorithms) for data in possible}, name
    assert len(taken) == wanted and len({name for name, *_ in taken}) == wanted
    for name in states:
        (folder / name).unlink()
    return len(taken)


def _answer(data: bytes, algorithms: list[str]) -> tuple[int | str, ...]:
    return len(data), *(hashlib.new(CHECKED[one], data).hexdigest() for one in algorithms)


# Names that no file has, or can have, and what is said of them.
REFUSED = {"missing": errno.ENOENT, "a\0b": errno.EINVAL, "\ud800": errno.EILSEQ}
_Told = Generator[tuple[str, int | None, Mapping[str, str], int | None], None, None]


def _one_by_one(
    draw: random.Random,
    folder: Path,
    names: list[str],
    algorithms: list[str],
    options: "DigestOptions",
) -> _Told:
    from repository.digest import FileTask, digest_files

    tasks = (FileTask(name, f"{folder}/{name}") for name in names)
    for result in digest_files(tasks, algorithms, options=options):
        yield str(result.key), result.size, result.digests, result.errno


def _by_folder(
    draw: random.Random,
    folder: Path,
    names: list[str],
    algorithms: list[str],
    options: "DigestOptions",
) -> _Told:
    """The same, given in parts of any length, of a folder written in several ways."""
    from repository.digest import digest_listed

    def folders() -> Iterator[tuple[object, str, list[str]]]:
        left = list(names)
        while left:
            count = draw.randrange(len(left) + 1)
            yield count, draw.choice([str(folder), f"{folder}/", f"{folder}/."]), left[:count]
            del left[:count]

    for some in digest_listed(folders(), algorithms[0], options=options):
        for _, name, size, digest, code, _ in some:
            yield name, size, {algorithms[0]: digest} if digest else {}, code


def _change(folder: Path, names: list[str], grown: set[str], states: dict[str, set[bytes]]) -> None:
    """Each file goes from its first state to its other one, in place or by a rename."""
    for name in names:
        now = (folder / name).read_bytes()
        other = next(data for data in states[name] | {now} if data != now or len(states[name]) == 1)
        if name in grown:
            with (folder / name).open("ab", buffering=0) as file:
                file.write(other[len(now) :])
        else:
            (folder / f"{name}.new").write_bytes(other)
            (folder / f"{name}.new").replace(folder / name)


if __name__ == "__main__":
    raise SystemExit(main())
