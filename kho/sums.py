"""Lists of digests as `sha512sum` writes them: made and checked with the digest engine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from repository.digest import SUPPORTED, DigestOptions, FileTask, digest_files
from repository.errors import NotFound, Refused, Unavailable

_OPENSSL = DigestOptions(engine="hashlib")
_LINE = re.compile(r"(\\?)([0-9A-Fa-f]{32,128}) [ *](.+)")


@dataclass(frozen=True, slots=True)
class Sum:
    """One file and what became of it."""

    path: str
    verdict: Literal["digested", "intact", "altered", "unreadable", "malformed"]
    digest: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, str]:
        return dict(asdict(self))


def digest(paths: Iterable[Path], algorithm: str) -> Iterator[Sum]:
    """The digest of every regular file named or below a folder named, as they finish, by OpenSSL."""
    _known(algorithm)
    tasks = (FileTask(key=str(path), path=os.fspath(path)) for path in _files(paths))
    for result in digest_files(tasks, [algorithm], options=_OPENSSL):
        if result.errno is not None:
            yield Sum(str(result.key), "unreadable", reason=os.strerror(result.errno))
        else:
            yield Sum(str(result.key), "digested", result.digests[algorithm])


def check(listing: Path, algorithm: str) -> Iterator[Sum]:
    """Every line of the list judged; paths are relative to where the command runs."""
    _known(algorithm)
    try:
        lines = listing.read_text("utf-8", "surrogateescape").splitlines()
    except OSError as problem:
        raise Unavailable(f"{listing} cannot be read: {problem.strerror}.") from problem
    wanted: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            if line.strip():
                yield Sum(f"{listing}:{number}", "malformed", reason="not a line of digests")
            continue
        escaped, value, name = match.groups()
        if escaped:
            name = name.replace("\\n", "\n").replace("\\\\", "\\")
        wanted[name] = value.lower()
    tasks = (FileTask(key=name, path=name) for name in wanted)
    for result in digest_files(tasks, [algorithm]):
        name = str(result.key)
        if result.errno is not None:
            yield Sum(name, "unreadable", reason=os.strerror(result.errno))
        elif result.digests[algorithm] == wanted[name] or _confirmed(name, algorithm, wanted[name]):
            yield Sum(name, "intact", wanted[name])
        else:
            yield Sum(name, "altered")


def _confirmed(name: str, algorithm: str, wanted: str) -> bool:
    """Whether OpenSSL finds the file right after all: no difference is told before it was asked."""
    for result in digest_files([FileTask(name, name)], [algorithm], options=_OPENSSL):
        return result.digests.get(algorithm) == wanted
    return False


def _known(algorithm: str) -> None:
    if algorithm not in SUPPORTED:
        raise Refused(f"{algorithm} is not known. There are: {', '.join(sorted(SUPPORTED))}.")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders.sort()
                yield from (Path(folder, name) for name in sorted(names))
        elif path.exists() or path.is_symlink():
            yield path
        else:
            raise NotFound(f"There is no {path}.")
