"""What a medium really does when it is asked: flushes, names, locks. For `kho doctor`.

Each probe works in a folder of its own, beside a store's storage root or in `reports/`, and takes it
away again; it never goes near an object. What cannot be tried (no right to write, no room) is told as
not tried, never as well. A fast flush is no proof of a lie: a controller with its own power is fast and
honest. So it is a question for a person, not an error.
"""

from __future__ import annotations

import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kho.findings import Finding, same
from repository import durable, locks
from repository.errors import Locked

FLUSH_SECONDS: Final = 0.2
TOO_FAST: Final = 5_000  # flushes a second: no disk turns so fast, few flash chips write so fast
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_LONG: Final = "ố" * 83  # 249 bytes of UTF-8, near the 255 that a name may have


@dataclass(frozen=True, slots=True)
class Flushes:
    """How often a second a small write was said to be on the medium."""

    count: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds


def flushing(what: str, folder: Path, seconds: float = FLUSH_SECONDS) -> Finding:
    """Whether flushing takes the time that a medium takes."""
    kind = file_system(folder)
    if kind in _IN_MEMORY:
        return Finding(
            what,
            "error",
            f"{folder} nằm trong bộ nhớ ({kind}): mất điện là mất hết",
            f"{folder} lies in memory ({kind}): it is gone with the power",
        )
    try:
        with _place(folder) as place:
            seen = measure_flushes(place, seconds)
    except OSError as problem:
        return _not_tried(what, problem)
    return judge_flushes(what, seen)


def judge_flushes(what: str, seen: Flushes) -> Finding:
    """What a rate of flushes means."""
    rate = f"{seen.rate:,.0f}"
    if seen.rate <= TOO_FAST:
        return Finding(what, "ok", f"{rate} lần ghi xuống đĩa mỗi giây", f"{rate} flushes a second")
    return Finding(
        what,
        "warning",
        f"{rate} lần ghi xuống đĩa mỗi giây: nhanh hơn đĩa thường; bộ đệm ghi có pin/tụ dự phòng "
        "không? Nếu không, mất điện là mất dữ liệu đã báo là an toàn",
        f"{rate} flushes a second: faster than disks are. Has the cache power of its own? If not, "
        "what was called safe goes with the power",
    )


def measure_flushes(place: Path, seconds: float) -> Flushes:
    """Write a little and flush it, again and again. OSError."""
    count = 0
    with durable.create_file(place / "flush", 0o600) as stream:
        begun = time.monotonic()
        while (took := time.monotonic() - begun) < seconds or not count:
            stream.seek(0)
            stream.write(count.to_bytes(8, "big") * 512)
            durable.flush(stream)
            count += 1
    return Flushes(count, max(took, 1e-6))


def limits(what: str, folder: Path) -> Iterator[Finding]:
    """What a network's file system must do for a store to be safe on it, each tried once."""
    for name, vi, en, attempt in _ATTEMPTS:
        try:
            with _place(folder) as place:
                well = attempt(place)
        except OSError as problem:
            yield Finding(
                f"{what}: {name}",
                "error",
                f"{vi}: {problem.strerror}. Đừng dùng chỗ này làm kho",
                f"{en}: {problem.strerror}. Do not use it as a store",
            )
            continue
        if well:
            yield same(f"{what}: {name}", "ok", "✓")
        else:
            yield Finding(
                f"{what}: {name}",
                "error",
                f"{vi}: không giữ được. Đừng dùng chỗ này làm kho (xem tuỳ chọn gắn ổ)",
                f"{en}: it does not hold. Do not use it as a store (look at the mount options)",
            )


def private(what: str, path: Path, *, owner_only: bool) -> Finding:
    """Whether a key can be read by those alone who may. `owner_only`: not by a group either."""
    try:
        mode = stat.S_IMODE(path.stat(follow_symlinks=False).st_mode)
    except OSError as problem:
        return _not_tried(what, problem)
    forbidden = stat.S_IRWXO | (stat.S_IRWXG if owner_only else stat.S_IWGRP)
    if mode & forbidden:
        wanted = "600" if owner_only else "640"
        return Finding(
            what,
            "error",
            f"quyền {mode:o}: người khác đọc hoặc ghi được. `chmod {wanted} {path}`",
            f"mode {mode:o}: others can read or write it. `chmod {wanted} {path}`",
        )
    return same(what, "ok", f"{mode:o}")


def file_system(path: Path) -> str:
    """The kind of file system that a path lies on; empty where that is not told."""
    try:
        device = path.stat().st_dev
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    wanted = f"{device >> 8 & 0xFFF}:{device & 0xFF | (device >> 12 & 0xFFF00)}"
    for line in lines:
        fields, _, rest = line.partition(" - ")
        if fields.split()[2:3] == [wanted]:
            return rest.split()[0] if rest else ""
    return ""


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """A folder for one probe, gone afterwards."""
    place = folder / f".probe-{secrets.token_hex(6)}"
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        durable.remove_staging(place)


def _not_tried(what: str, problem: OSError) -> Finding:
    return Finding(
        what,
        "warning",
        f"không thử được: {problem.strerror}",
        f"could not be tried: {problem.strerror}",
    )


def _exclusive(place: Path) -> bool:
    durable.write_new(place / "one", b"1")
    try:
        durable.write_new(place / "one", b"2")
    except FileExistsError:
        return (place / "one").read_bytes() == b"1"
    return False


def _renames(place: Path) -> bool:
    durable.write_durably(place / "name", b"old")
    durable.write_durably(place / "name", b"new")
    return [path.name for path in place.iterdir()] == ["name"] and (
        place / "name"
    ).read_bytes() == b"new"


def _locks(place: Path) -> bool:
    with locks.held(place / "probe.lock", "the probe", wait=0):
        try:
            with locks.held(place / "probe.lock", "the probe", wait=0):
                return False
        except Locked:
            return True


def _names(place: Path) -> bool:
    wanted = {_LONG, "Hồ sơ", "case", "CASE", "a b.c"}
    for name in wanted:
        durable.write_new(place / name, name.encode())
    return {path.name for path in place.iterdir()} == wanted and all(
        (place / name).read_bytes() == name.encode() for name in wanted
    )


def _flushes(place: Path) -> bool:
    durable.write_new(place / "file", b"1")
    durable.sync_tree(place)
    return True


_ATTEMPTS: Final[tuple[tuple[str, str, str, Callable[[Path], bool]], ...]] = (
    ("O_EXCL", "tạo tệp mới không đè", "making a file only where there is none", _exclusive),
    ("rename", "đổi tên thay thế trọn vẹn", "replacing a file by one rename", _renames),
    ("locks", "khoá tệp", "locking a file", _locks),
    ("names", "tên dài, tiếng Việt, hoa thường", "names: long, Vietnamese, two cases", _names),
    ("flush", "ghi cả thư mục xuống đĩa", "flushing a whole folder", _flushes),
)  # fmt: skip
