import errno
import gc
import hashlib
import itertools
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repository.digest import (
    DigestOptions,
    EngineUnavailable,
    FileResult,
    FileTask,
    digest_bytes,
    digest_files,
    digest_listed,
)

POOL = hashlib.shake_256(b"test").digest(700_000)
CHUNKS = [4096, 65536, 131072, 262144, 524288]
EDGES = sorted(
    {chunk + near for chunk in CHUNKS for near in (-128, -17, -16, -9, -1, 0, 1, 64, 111, 112)}
)
SIZES = st.one_of(st.integers(0, 1100), st.sampled_from(EDGES), st.integers(0, 600_000))
BOTH = ["sha512", "sha256"]


def contents(number: int, size: int) -> bytes:
    start = number * 7919 % 60_000
    return POOL[start : start + size]


def write_files(folder: Path, sizes: list[int]) -> dict[int, bytes]:
    folder.mkdir(exist_ok=True)
    kept = {}
    for number, size in enumerate(sizes):
        kept[number] = contents(number, size)
        (folder / str(number)).write_bytes(kept[number])
    return kept


def tasks_of(folder: Path, numbers: Any) -> Iterator[FileTask]:
    return (FileTask(number, str(folder / str(number))) for number in numbers)


def options(engine: str, **others: Any) -> DigestOptions:
    return DigestOptions(engine=engine, **others)  # type: ignore[arg-type]


def assert_all_right(
    results: list[FileResult], kept: dict[int, bytes], algorithms: list[str]
) -> None:
    assert sorted(r.key for r in results) == sorted(kept)  # type: ignore[type-var]
    for result in results:
        data = kept[result.key]  # type: ignore[index]
        assert result.errno is None
        assert result.size == len(data)
        assert result.digests == digest_bytes(data, algorithms)


@pytest.mark.parametrize("algorithms", [["sha512"], ["sha256"], BOTH, ["sha512/256", "sha256"]])
def test_every_length_up_to_1100_is_right(
    tmp_path: Path, engine: str, algorithms: list[str]
) -> None:
    kept = write_files(tmp_path, list(range(1101)))
    results = list(digest_files(tasks_of(tmp_path, kept), algorithms, options=options(engine)))
    assert_all_right(results, kept, algorithms)


@pytest.mark.parametrize("medium", [False, True])
def test_files_that_end_about_a_chunk_are_right(tmp_path: Path, engine: str, medium: bool) -> None:
    kept = write_files(tmp_path, EDGES)
    asked = options(engine, medium=medium)
    assert_all_right(list(digest_files(tasks_of(tmp_path, kept), BOTH, options=asked)), kept, BOTH)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(SIZES, max_size=40),
    algorithms=st.lists(
        st.sampled_from(["sha512", "sha256", "sha512/256"]), min_size=1, unique=True
    ),
    threads=st.integers(1, 5),
    medium=st.booleans(),
    rate=st.sampled_from([None, None, 2_000_000_000]),
)
def test_any_mix_of_sizes_is_right_in_any_lane(
    tmp_path: Path,
    engine: str,
    sizes: list[int],
    algorithms: list[str],
    threads: int,
    medium: bool,
    rate: int | None,
) -> None:
    kept = write_files(tmp_path / "files", sizes)
    asked = options(engine, threads=threads, medium=medium, max_bytes_per_second=rate)
    results = list(digest_files(tasks_of(tmp_path / "files", kept), algorithms, options=asked))
    assert_all_right(results, kept, algorithms)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    size=SIZES,
    cuts=st.lists(st.tuples(st.integers(0, 700_000), st.integers(-1, 700_000)), max_size=12),
    medium=st.booleans(),
)
def test_a_range_is_digested_as_if_it_were_a_file_or_is_not_there(
    tmp_path: Path, engine: str, size: int, cuts: list[tuple[int, int]], medium: bool
) -> None:
    data = contents(0, size)
    path = tmp_path / "file"
    path.write_bytes(data)
    ranges = [(start, None if length < 0 else length) for start, length in cuts]
    tasks = [FileTask((s, n), str(path), start=s, length=n) for s, n in ranges]
    results = list(digest_files(tasks, BOTH, options=options(engine, medium=medium)))
    assert len(results) == len(tasks)
    for result in results:
        start, length = result.key  # type: ignore[misc]
        if start + (length or 0) > size:
            assert result.errno == errno.ENODATA
            continue
        part = data[start:] if length is None else data[start : start + length]
        assert (result.errno, result.size) == (None, len(part))
        assert result.digests == digest_bytes(part, BOTH)


def test_a_range_that_cannot_be_is_refused_at_once() -> None:
    for start, length in ((-1, None), (0, -1)):
        with pytest.raises(ValueError, match="range"):
            FileTask("key", "path", start=start, length=length)


def test_algorithms_of_old_manifests_are_digested_too(tmp_path: Path) -> None:
    kept = write_files(tmp_path, [0, 5, 70_000])
    wanted = ["md5", "sha1", "sha224", "sha384", "blake2b-512", "sha512"]
    assert_all_right(list(digest_files(tasks_of(tmp_path, kept), wanted)), kept, wanted)


def test_what_cannot_be_digested_is_a_result_with_errno(tmp_path: Path, engine: str) -> None:
    (tmp_path / "file").write_bytes(b"here")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    wanted = {
        "file": None,
        "link": errno.ELOOP,
        "dangling": errno.ELOOP,
        "folder": errno.EINVAL,
        "pipe": errno.EINVAL,
        "missing": errno.ENOENT,
        "file/below": errno.ENOTDIR,
        "": errno.ENOENT,
        "a\0b": errno.EINVAL,
        "\ud800": errno.EILSEQ,
        "x" * 300: errno.ENAMETOOLONG,
        "/dev/null": errno.EINVAL,
        "/proc/self/status": errno.ESTALE,
        "/proc/self/mem": errno.EIO,
    }
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        tasks = [FileTask(name, name, folder) for name in wanted]
        results = list(digest_files(tasks, ["sha256"], options=options(engine)))
    finally:
        os.close(folder)
    assert {r.key: r.errno for r in results} == wanted
    assert all(bool(r.digests) == (r.errno is None) == (r.size is not None) for r in results)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_result_with_errno(tmp_path: Path, engine: str) -> None:
    (tmp_path / "closed").write_bytes(b"x")
    (tmp_path / "closed").chmod(0)
    (result,) = digest_files(
        [FileTask(0, str(tmp_path / "closed"))], ["sha256"], options=options(engine)
    )
    assert result.errno == errno.EACCES


def test_names_that_are_not_text_are_opened_by_their_bytes(tmp_path: Path, engine: str) -> None:
    name = os.fsdecode(b"\xff\xfe k\xe1\xba\xbf to\xc3\xa1n")
    (tmp_path / name).write_bytes(b"bytes")
    (result,) = digest_files(
        [FileTask(0, str(tmp_path / name))], ["sha512"], options=options(engine)
    )
    assert result.digests == digest_bytes(b"bytes", ["sha512"])


def test_keys_come_back_untouched_and_may_repeat(tmp_path: Path, engine: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    key = object()
    tasks = [FileTask(key, str(tmp_path / "file"))] * 3
    results = list(digest_files(tasks, ["sha256"], options=options(engine)))
    assert [r.key is key for r in results] == [True] * 3


def test_no_task_is_no_result(engine: str) -> None:
    assert list(digest_files([], ["sha512"], options=options(engine))) == []


def test_tasks_are_drawn_lazily_and_in_the_callers_thread(tmp_path: Path, engine: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    ahead = DigestOptions().look_ahead
    drawn = 0
    callers = set()

    def endless() -> Iterator[FileTask]:
        nonlocal drawn
        for number in itertools.count():
            drawn += 1
            callers.add(threading.get_ident())
            yield FileTask(number, str(tmp_path / "file"))

    results = digest_files(endless(), ["sha512"], options=options(engine))
    assert drawn == 0
    for taken, _ in enumerate(itertools.islice(results, 2000), start=1):
        assert drawn <= taken + ahead
    results.close()  # type: ignore[attr-defined]
    assert callers == {threading.get_ident()}


def test_what_the_tasks_raise_goes_to_the_caller_and_ends_the_work(
    tmp_path: Path, engine: str
) -> None:
    (tmp_path / "file").write_bytes(b"x")

    def failing() -> Iterator[FileTask]:
        yield FileTask(0, str(tmp_path / "file"))
        raise LookupError("no more")

    before = held_at_rest()
    with pytest.raises(LookupError, match="no more"):
        list(digest_files(failing(), ["sha512"], options=options(engine)))
    assert_nothing_left(before)


class Held(NamedTuple):
    """What this process has, as the kernel counts it."""

    threads: int
    descriptors: int


def counted() -> Held:
    gc.collect()
    return Held(len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")))


def held_at_rest() -> Held:
    """The kernel shows a thread for another moment after it ended: not those of the test before."""
    time.sleep(0.1)
    return counted()


def assert_nothing_left(before: Held) -> None:
    for _ in range(250):  # five seconds for such a moment
        found = counted()
        if found.threads <= before.threads and found.descriptors <= before.descriptors:
            break
        time.sleep(0.02)
    assert found.threads <= before.threads
    assert found.descriptors <= before.descriptors


@pytest.mark.parametrize("rate", [None, 4096])
def test_closing_ends_the_workers_and_their_files(
    tmp_path: Path, engine: str, rate: int | None
) -> None:
    with (tmp_path / "large").open("wb") as large:
        large.truncate(1 << 33)
    before = held_at_rest()
    tasks = [FileTask(0, str(tmp_path / "missing"))]  # known at once
    tasks += [FileTask(number, str(tmp_path / "large")) for number in range(1, 40)]
    results = digest_files(
        tasks, ["sha512"], options=options(engine, threads=2, max_bytes_per_second=rate)
    )
    first = next(results)  # the others would take minutes, or days at that rate
    results.close()  # type: ignore[attr-defined]
    assert first.key == 0
    assert_nothing_left(before)


def test_a_finished_run_leaves_no_thread_and_no_descriptor(tmp_path: Path, engine: str) -> None:
    kept = write_files(tmp_path, [100] * 900)
    threads = held_at_rest().threads
    list(digest_files(tasks_of(tmp_path, kept), BOTH, options=options(engine)))
    before = Held(threads, counted().descriptors)
    list(digest_files(tasks_of(tmp_path, kept), BOTH, options=options(engine)))
    assert_nothing_left(before)


def test_a_medium_is_said_to_be_read_only_where_there_is_one(tmp_path: Path, engine: str) -> None:
    in_memory = Path("/dev/shm")
    if not os.access(in_memory, os.W_OK):
        pytest.skip("no file system in memory")
    kept = write_files(tmp_path, [0, 1, 4096, 70_001])
    asked = options(engine, medium=True)
    results = list(digest_files(tasks_of(tmp_path, kept), BOTH, options=asked))
    assert_all_right(results, kept, BOTH)
    plain = list(digest_files(tasks_of(tmp_path, kept), BOTH, options=options(engine)))
    assert {r.source for r in plain} == {"cached"}
    held = in_memory / f"kho-test-{os.getpid()}-{engine}"
    try:
        held.write_bytes(b"in memory")
        (result,) = digest_files([FileTask(0, str(held))], ["sha512"], options=asked)
    finally:
        held.unlink()
    assert result.source == "cached"
    assert result.digests == digest_bytes(b"in memory", ["sha512"])


def test_wrong_arguments_raise_before_anything_is_asked_for(engine: str) -> None:
    with pytest.raises(ValueError, match="unknown digest algorithm"):
        digest_files([], ["sha3"], options=options(engine))
    with pytest.raises(ValueError, match="at least one"):
        digest_files([], [], options=options(engine))
    for wrong in ({"threads": -1}, {"threads": 257}, {"max_bytes_per_second": 0}, {"engine": "x"}):
        with pytest.raises(ValueError, match=r"engine|threads|max_bytes"):
            DigestOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("medium", [False, True])
def test_without_threads_the_caller_reads_and_says_the_same(
    tmp_path: Path, engine: str, medium: bool
) -> None:
    kept = write_files(tmp_path, [0, 1, 111, 70_001, 300_000, 5])
    alone = options(engine, threads=0, medium=medium)
    assert_all_right(list(digest_files(tasks_of(tmp_path, kept), BOTH, options=alone)), kept, BOTH)
    (tmp_path / "link").symlink_to(tmp_path / "1")
    drawn: list[str] = []

    def tasks() -> Iterator[FileTask]:
        for name in ("missing", "link", "1"):
            drawn.append(name)
            yield FileTask(name, str(tmp_path / name))
        raise LookupError("no more")

    before = held_at_rest()
    results = digest_files(tasks(), ["sha512"], options=alone)
    found = {}
    with pytest.raises(LookupError, match="no more"):
        for result in results:
            found[result.key] = result.errno
            assert engine != "hashlib" or counted().threads == before.threads
    assert engine != "hashlib" or found == {"missing": errno.ENOENT, "link": errno.ELOOP, "1": None}
    assert drawn == ["missing", "link", "1"]
    assert_nothing_left(before)
    listed = digest_listed([("key", str(tmp_path), ["1", "missing"])], "sha512", options=alone)
    answers = sorted((row for rows in listed for row in rows), key=lambda row: row[1])
    assert [(row[1], row[4]) for row in answers] == [("1", None), ("missing", errno.ENOENT)]


def test_the_native_engine_says_when_it_cannot() -> None:
    with pytest.raises(EngineUnavailable):
        digest_files([], ["md5"], options=DigestOptions(engine="native"))


@pytest.mark.parametrize(
    "parts",
    [
        {"size": 1, "digests": {}, "errno": None},
        {"size": None, "digests": {"sha512": "00"}, "errno": None},
        {"size": None, "digests": {"sha512": "00"}, "errno": 5},
        {"size": 1, "digests": {}, "errno": 5},
        {"size": None, "digests": {}, "errno": None},
    ],
)
def test_half_a_result_cannot_be_made(parts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a result is"):
        FileResult(key=0, source="cached", **parts)
