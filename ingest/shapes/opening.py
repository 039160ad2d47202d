"""From an arrival to a judged container and what it holds: a package of the circular, E-ARK, or a list.

    what lies there     a folder, a ZIP, a TAR, a `.tar.gz`        → its members, judged
    a bag around it?    `bagit.txt` at the root                    → judged, its checksums kept
    where the package   METS.xml, or the dossier of a list         → names from there on

Nothing of the payload is read. Whatever is wrong is told, and nothing is opened with an error.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from ingest.arrival import Arrival
from ingest.container import Container, Limits, recorded_name
from ingest.findings import bounded
from ingest.folder_container import read_folder
from ingest.readers.package import ResolvedReference
from ingest.shapes.bag import PAYLOAD, Bag, bag_root, promised, read_bag
from ingest.shapes.listed import ListedContainer
from ingest.tar_container import read_tar
from ingest.tops import opened, package_roots, set_top
from ingest.zip_container import open_source, read_zip
from repository.errors import NotFound, Unavailable
from repository.problems import Problem, Report, Severity, error

_TAR_MARK: Final = 257  # where a TAR says `ustar`
_ADVICE: Final = {
    b"\xd0\xcf\x11\xe0": "xls",
    b"Rar!": "rar",
    b"7z\xbc\xaf": "7z",
    b"BZh": "bz2",
    b"\xfd7zXZ": "xz",
    b"(\xb5/\xfd": "zst",
}


class Read(NamedTuple):
    """What lies at a path, with whole names. `container` is None when there is an error."""

    container: Container | None
    problems: list[Problem]
    names: list[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A container that may be read. `promises` are a bag's checksums, one for each line."""

    container: Container
    carried_in: str  # zip, tar, folder; bag when there is one, whatever it was in
    promises: tuple[ResolvedReference, ...] = ()
    outside: frozenset[int] = frozenset()  # members of a bag that do not lie in its payload


def open_arrival(arrival: Arrival, limits: Limits) -> tuple[Opened | None, Report]:
    """The container of one submission, its package's folder as top; or None with at least one error.

    Raises NotFound when nothing is there, Unavailable when it cannot be read.
    """
    if arrival.refused:
        return None, Report.of(arrival.refused)
    kind, read = read_path(arrival, limits)
    root = bag_root(read.names)
    if root is not None and read.container is not None:
        return _open_bag(arrival, read.container, read.problems, root)
    if arrival.listed is not None and read.container is not None:
        if any(p.severity is Severity.ERROR for p in read.problems):
            read.container.close()
            return None, bounded(read.problems)
        sheet = next(
            (m for m in read.container.members if m.raw_name == arrival.listed.sheet_raw), None
        )
        problems = [*read.problems]
        if sheet is not None:
            problems += set_top(read.container, sheet.name.rpartition("/")[0])
        listed = ListedContainer(read.container, arrival.listed)
        return Opened(listed, kind), bounded(problems)
    container, report = opened(read.container, read.problems, read.names)
    if kind == "folder":
        report = Report.of(p for p in report if not _is_no_top(p))
    if container is None:
        return None, report
    return Opened(container, kind), report


def read_path(arrival: Arrival, limits: Limits) -> tuple[str, Read]:
    """How it is carried, and its members with their whole names."""
    path, listed = arrival.path, arrival.listed
    if is_folder(path):
        only = None if listed is None or _is_bag_folder(path) else _files_of(arrival)
        return "folder", Read(*read_folder(path, limits, only=only))
    kind = kind_of_file(path)
    if kind == "tar":
        return "tar", Read(*read_tar(path, limits))
    if kind in ("", "zip"):
        return "zip", Read(*read_zip(path, limits))
    name = recorded_name(path)
    problem = error("ING-FORMAT", name, name=name, reason=kind)
    return kind, Read(None, [problem], [])


def kind_of_file(path: Path) -> str:
    """What a file is by its first bytes: zip, tar, or something that is refused by that name; empty
    when unknown. NotFound, Unavailable; what is no file is unknown.
    """
    source = open_source(path)
    if source is None:
        return ""
    try:
        head = source.read_at(0, 512)
    finally:
        source.close()
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if head.startswith(b"\x1f\x8b") or head[_TAR_MARK : _TAR_MARK + 5] == b"ustar":
        return "tar"
    if path.suffix.lower() in (".tar", ".tgz"):
        return "tar"
    return next((kind for mark, kind in _ADVICE.items() if head.startswith(mark)), "")


def is_folder(path: Path) -> bool:
    """Whether a folder lies there. NotFound, Unavailable."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise NotFound(f"There is no {path}.") from problem
    except OSError as problem:
        raise Unavailable(f"{path} cannot be looked at: {problem.strerror}.") from problem


def _open_bag(
    arrival: Arrival, container: Container, problems: list[Problem], root: str
) -> tuple[Opened | None, Report]:
    keep = False
    try:
        bag, found = read_bag(container, root)
        problems = [*problems, *found]
        top, more = _payload_top(arrival, container, bag)
        problems += more
        if not any(p.severity is Severity.ERROR for p in problems):
            whole = {m.index: m.name for m in container.members}
            problems += set_top(container, top)
            inside = container
            payload = bag.root + PAYLOAD
            outside = frozenset(i for i, name in whole.items() if not name.startswith(payload))
            if arrival.listed is not None:
                inside = ListedContainer(container, arrival.listed, outside)
            promises = tuple(promised(bag, inside.members, whole))
            keep = not any(p.severity is Severity.ERROR for p in problems)
        if not keep:
            return None, bounded(problems)
        return Opened(inside, "bag", promises, outside), bounded(problems)
    finally:
        if not keep:
            container.close()


def _payload_top(arrival: Arrival, container: Container, bag: Bag) -> tuple[str, list[Problem]]:
    """The folder in the payload that holds the package; for a list the payload itself."""
    payload = bag.root + PAYLOAD
    if arrival.listed is not None:
        return payload.rstrip("/"), []
    roots = package_roots(m.name for m in container.members if m.name.startswith(payload))
    if len(roots) == 1:
        return roots[0], []
    if roots:
        shown = ", ".join(roots[:5])
        return "", [error("ING-TOP-FOLDER", "", reason="packages", folders=shown)]
    return "", [error("ING-BAG-CONTENT", payload, path=payload)]


def _is_no_top(problem: Problem) -> bool:
    return problem.code == "ING-TOP-FOLDER" and problem.params.get("reason") == "none"


def _is_bag_folder(path: Path) -> bool:
    return (path / "bagit.txt").is_file()


def _files_of(arrival: Arrival) -> list[bytes]:
    assert arrival.listed is not None
    return [arrival.listed.sheet_raw, *arrival.listed.files]
