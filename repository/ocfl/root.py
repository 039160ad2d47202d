"""The judge of a storage root: its own files, its hierarchy, and every object in it.

Reads folders of this machine. OCFL 1.0 and 1.1 §4. Some objects are looked at ahead while others are
read, each is handed over once judged, and the root's own report comes last, so memory does not grow
with the number of objects. Never follows a link, never fails open.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Final, Literal

from repository.digest import DigestOptions
from repository.model import InvalidValue, ObjectId
from repository.ocfl.codes import finding, shown
from repository.ocfl.declaration import LIMIT, ROOT, check_declaration, looks_like_declaration
from repository.ocfl.extensions import REGISTERED
from repository.ocfl.judging_apart import judge_apart
from repository.ocfl.layout import InvalidLayout, Layout, layout_name, read_layout
from repository.ocfl.local_tree import LocalTree, read_regular
from repository.ocfl.object_shape import unreadable
from repository.ocfl.reading_together import judge_folders
from repository.ocfl.validate import Judgement
from repository.problems import Problem, Report, info

_LAYOUT_FILE: Final = "ocfl_layout.json"
_CONFIG_LIMIT: Final = 1024 * 1024

FolderKind = Literal["object", "root", "neither"]


def folder_kind(path: str) -> FolderKind:
    """Whether a folder declares itself an object root or a storage root. NotFound, Unavailable."""
    names = [entry.path for entry in LocalTree(path).list_top() if entry.kind == "file"]
    if any(name.startswith("0=ocfl_object_") for name in names):
        return "object"
    return "root" if any(name.startswith("0=ocfl_") for name in names) else "neither"


def validate_root(
    path: str,
    *,
    check_digests: bool = True,
    options: DigestOptions | None = None,
    processes: int = 1,
) -> Iterator[tuple[str, Report]]:
    """Each object's folder, relative to the root, with its report; at the end "" with the root's own.

    The root is valid when no report has errors. NotFound and Unavailable before the first when the
    folder itself cannot be looked at. With more than one of `processes` other processes of this program
    judge the objects, where there are many (`judging_apart`): nothing but the time it takes changes,
    and the order.
    """
    top = LocalTree(path, options)
    return _RootWalk(path, top, check_digests, options, processes).run()


class _RootWalk:
    """One walk over a storage root, gathering what concerns the root itself."""

    def __init__(
        self,
        path: str,
        top: LocalTree,
        check_digests: bool,
        options: DigestOptions | None,
        processes: int,
    ) -> None:
        self._path = path
        self._top = top
        self._check_digests = check_digests
        self._options = options or DigestOptions()
        self._processes = processes
        self._problems: list[Problem] = []
        self._spec: str | None = None
        self._layout: Layout | None = None
        self._depths: set[bool] = set()
        self._seen: dict[str, str] = {}  # only while no layout makes two places impossible

    def run(self) -> Iterator[tuple[str, Report]]:
        folders = self._look_at_top()
        self._read_layout()
        for folder, judgement in self._judged(self._object_folders(folders)):
            yield self._finished(folder, judgement)
        if len(self._depths) == 2:
            self._found("W015", "")
        yield "", Report.of(self._problems)

    def _judged(self, folders: Iterator[str]) -> Iterator[tuple[str, Judgement]]:
        check = self._check_digests
        if self._processes > 1:
            return judge_apart(
                self._path, folders, self._options, check_digests=check, processes=self._processes
            )
        return judge_folders(self._path, folders, self._options, check_digests=check)

    def _object_folders(self, folders: list[str]) -> Iterator[str]:
        """Walk down to every object, telling what lies between."""
        while folders:
            folder = folders.pop()
            below, files = self._list(folder)
            if any(name.startswith("0=") for name in files):
                yield folder
                continue
            for name in files:
                self._found("E072", f"{folder}/{name}", name)
                self._found("E084", f"{folder}/{name}", name)
            folders += below

    def _look_at_top(self) -> list[str]:
        names: list[str] = []
        folders: list[str] = []
        for entry in self._top.list_top():
            if entry.errno is not None:
                self._problems.append(unreadable(entry.path, entry.errno))
            elif entry.kind in ("link", "special"):
                self._found("E090", entry.path, entry.kind)
            elif entry.kind == "dir" and entry.path != "extensions":
                folders.append(entry.path)
            elif entry.kind == "file":
                names.append(entry.path)
            elif entry.kind == "dir":
                self._check_extensions()
        declarations = [name for name in names if looks_like_declaration(name)]
        self._spec, found = check_declaration(
            declarations, ROOT, lambda name: self._read(name, LIMIT)
        )
        self._problems += found
        # Other files are nobody's business (E087), but for a file where the folder should be.
        if "extensions" in names:
            self._found("E112", "extensions", "file")
        return folders

    def _check_extensions(self) -> None:
        below, files = self._list("extensions", may_be_empty=True)
        for name in files:
            self._found("E112", f"extensions/{name}", name)
        for folder in below:
            name = folder.rpartition("/")[2]
            if name not in REGISTERED:
                self._found("W016", folder, name)

    def _read_layout(self) -> None:
        data = self._read(_LAYOUT_FILE, _CONFIG_LIMIT, optional=True)
        if data is None:
            return
        try:
            name = layout_name(data)
            if name is not None and name not in REGISTERED:
                self._found("E071", _LAYOUT_FILE, name)
                return
            place = f"extensions/{name}/config.json"
            self._layout = read_layout(data, self._read(place, _CONFIG_LIMIT, optional=True))
            if self._layout is None:
                self._problems.append(info("STO-LAYOUT-NOT-CHECKED", _LAYOUT_FILE, name=name))
        except InvalidLayout as invalid:
            self._problems += invalid.report

    def _list(self, folder: str, *, may_be_empty: bool = False) -> tuple[list[str], list[str]]:
        """Folders (as paths) and files (as names) directly in a folder; links are told and left out."""
        below: list[str] = []
        files: list[str] = []
        empty = not may_be_empty
        for entry in self._top.list_top(folder):
            empty = False
            if entry.errno is not None:
                self._problems.append(unreadable(entry.path, entry.errno))
            elif entry.kind == "dir":
                below.append(entry.path)
            elif entry.kind == "file":
                files.append(entry.path.rpartition("/")[2])
            else:
                self._found("E090", entry.path, entry.kind)
        if empty:
            self._found("E073", folder)
        return below, files

    def _finished(self, folder: str, judgement: Judgement) -> tuple[str, Report]:
        problems = list(judgement.report)
        if self._spec and judgement.spec_version and judgement.spec_version > self._spec:
            problems += finding(self._spec, "E081", folder, judgement.spec_version, self._spec)
        problems += self._check_place(folder, judgement)
        self._depths.add("/" in folder)
        return folder, Report.of(problems)

    def _check_place(self, folder: str, judgement: Judgement) -> Iterator[Problem]:
        """§4.3: one identifier, one place, and the one that the declared layout gives."""
        if judgement.object_id is None:
            return
        if self._layout is None:
            other = self._seen.setdefault(judgement.object_id, folder)
            if other != folder:
                yield from finding(self._spec, "E083", folder, judgement.object_id, other)
            return
        try:
            expected = self._layout.path(ObjectId(judgement.object_id))
        except InvalidValue as unusable:
            yield from finding(self._spec, "E083", folder, judgement.object_id, unusable.args[0])
            return
        if expected != folder:
            yield from finding(self._spec, "E083", folder, shown(folder), expected)

    def _read(self, name: str, limit: int, *, optional: bool = False) -> bytes | None:
        try:
            data = read_regular(f"{self._path}/{name}", limit)
        except OSError as failure:
            if not (optional and failure.errno in (errno.ENOENT, errno.ENOTDIR)):
                self._problems.append(unreadable(name, failure.errno or errno.EIO))
            return None
        if len(data) > limit:
            self._problems += finding(self._spec, "E070", name, f"> {limit}")
            return None
        return data

    def _found(self, code: str, location: str, value: object = "", expected: object = "") -> None:
        self._problems += finding(self._spec, code, location, value, expected)
