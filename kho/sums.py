"""Lists of digests as `sha512sum` writes them: made and checked with the digest engine."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from repository.digest import (
    SUPPORTED,
    DigestOptions,
    FileResult,
    FileTask,
    digest_bytes,
    digest_files,
)
from repository.errors import NotFound, Refused, Unavailable

_OPENSSL = DigestOptions(engine="hashlib")
_LINE = re.compile(rb"(\\?)([0-9A-Fa-f]{32,128}) [ *]([^\n]+)", re.DOTALL)
_ESCAPED = {"\n": "\\n", "\r": "\\r", "\\": "\\\\"}
_MEANT = {written: meant for meant, written in _ESCAPED.items()}

Verdict = Literal["digested", "intact", "altered", "missing", "unreadable", "malformed"]


@dataclass(frozen=True, slots=True)
class Sum:
    """One file and what became of it."""

    path: str
    verdict: Verdict
    digest: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, str]:
        return dict(asdict(self))


def line(digest: str, path: str) -> bytes:
    """A line of the list as `sha512sum` writes it, newline included, whatever the name is made of.

    `parse` reads it.
    """
    name = re.sub(r"[\n\r\\]", lambda found: _ESCAPED[found[0]], path)
    mark = "\\" if name != path else ""
    return os.fsencode(f"{mark}{digest}  {name}\n")


def parse(raw: bytes) -> tuple[str, str] | None:
    """The digest and the name in one line, without its newline; None when it is no such line."""
    match = _LINE.fullmatch(raw.removesuffix(b"\r"))
    if match is None:
        return None
    name = os.fsdecode(match[3])
    if match[1]:
        name = re.sub(r"\\[nr\\]", lambda found: _MEANT[found[0]], name)
    return match[2].decode("ascii").lower(), name


def digest(paths: Iterable[Path], algorithm: str) -> Iterator[Sum]:
    """The digest of every regular file named or below a folder named, as they finish, by OpenSSL.

    What cannot be looked into is told as unreadable. NotFound when a path is not there.
    """
    _known(algorithm)
    closed: list[OSError] = []
    tasks = (FileTask(key=str(path), path=os.fspath(path)) for path in _files(paths, closed))
    for result in digest_files(tasks, [algorithm], options=_OPENSSL):
        if result.errno is not None:
            yield Sum(str(result.key), "unreadable", reason=os.strerror(result.errno))
        else:
            yield Sum(str(result.key), "digested", result.digests[algorithm])
    for problem in closed:
        yield Sum(str(problem.filename), "unreadable", reason=problem.strerror or "")


def check(listing: Path, algorithm: str) -> Iterator[Sum]:
    """Every line of the list judged; paths are relative to where the command runs.

    Refused when the list has no line at all: nothing was looked at then.
    """
    _known(algorithm)
    length = len(digest_bytes(b"", [algorithm])[algorithm])
    try:
        lines = listing.read_bytes().split(b"\n")
    except OSError as problem:
        raise Unavailable(f"{listing} cannot be read: {problem.strerror}.") from problem
    wanted: list[tuple[str, str]] = []
    malformed: list[Sum] = []
    for number, raw in enumerate(lines, start=1):
        found = parse(raw)
        if found is not None and len(found[0]) == length:
            wanted.append(found)
        elif raw.strip():
            malformed.append(
                Sum(f"{listing}:{number}", "malformed", reason=f"no line of {algorithm}")
            )
    if not wanted and not malformed:
        raise Refused(f"{listing} holds no digests: nothing was checked.")
    yield from malformed
    tasks = (FileTask(key=place, path=name) for place, (_, name) in enumerate(wanted))
    for result in digest_files(tasks, [algorithm]):
        assert isinstance(result.key, int)
        value, name = wanted[result.key]
        yield _judged(result, name, algorithm, value)


def _judged(result: FileResult, name: str, algorithm: str, wanted: str) -> Sum:
    if result.errno is not None:
        verdict: Verdict = "unreadable"
        if result.errno in (errno.ENOENT, errno.ENOTDIR):
            verdict = "missing"
        return Sum(name, verdict, reason=os.strerror(result.errno))
    if result.digests[algorithm] == wanted or _confirmed(name, algorithm, wanted):
        return Sum(name, "intact", wanted)
    return Sum(name, "altered")


def _confirmed(name: str, algorithm: str, wanted: str) -> bool:
    """Whether OpenSSL finds the file right after all: no difference is told before it was asked."""
    for result in digest_files([FileTask(name, name)], [algorithm], options=_OPENSSL):
        return result.digests.get(algorithm) == wanted
    return False


def _known(algorithm: str) -> None:
    if algorithm not in SUPPORTED:
        raise Refused(f"{algorithm} is not known. There are: {', '.join(sorted(SUPPORTED))}.")


def _files(paths: Iterable[Path], closed: list[OSError]) -> Iterator[Path]:
    """The files, and in `closed` every folder that could not be listed."""
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path, onerror=closed.append):
                folders.sort()
                # A link to a folder is not followed, and must not be passed over in silence.
                links = [name for name in folders if Path(folder, name).is_symlink()]
                yield from (Path(folder, name) for name in sorted([*names, *links]))
        elif path.exists() or path.is_symlink():
            yield path
        else:
            raise NotFound(f"There is no {path}.")
