"""Which names lie under an object root, and whether they may. OCFL 1.1 §3.1, §3.3, §3.8, §3.9, §4.6.

Core, over an `ObjectTree`. One walk fills a `Shape`; the checks then ask only the shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from repository.model import VersionNumber
from repository.ocfl.blocks import paths_of
from repository.ocfl.codes import finding, shown
from repository.ocfl.declaration import looks_like_declaration
from repository.ocfl.draft import Draft
from repository.ocfl.extensions import MUTABLE_HEAD, REGISTERED
from repository.ocfl.tree import ObjectTree
from repository.ocfl.version_rules import sequence_faults, version_number
from repository.problems import Problem, error, warning

INVENTORY: Final = "inventory.json"


@dataclass(slots=True)
class Shape:
    """What one walk over an object root found. Only regular files and folders count as found."""

    files: dict[str, int] = field(default_factory=dict)  # path → size, of every regular file
    root_files: list[str] = field(default_factory=list)
    root_dirs: list[str] = field(default_factory=list)
    inside: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)  # name, is a folder
    empty_dirs: set[str] = field(default_factory=set)
    links: list[Problem] = field(default_factory=list)
    unreadable: list[Problem] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # what could not be looked at or into
    _content: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def content_files(self, content_directory: str) -> dict[str, list[str]]:
        """Every file in a content folder, by version. Asked once the walk has ended."""
        if content_directory not in self._content:
            found: dict[str, list[str]] = {}
            for path in self.files:
                parts = path.split("/", 2)
                if len(parts) == 3 and parts[1] == content_directory:
                    found.setdefault(parts[0], []).append(path)
            self._content[content_directory] = found
        return self._content[content_directory]

    def unknown(self, path: str) -> bool:
        """Whether nothing can be said of a path, because the way to it could not be looked at."""
        return any(path == u or not u or path.startswith(f"{u}/") for u in self.unlisted)


def look_at(tree: ObjectTree, known: Mapping[str, str]) -> Shape:
    """Walk the tree once. Paths that are in `known`, each to itself, are those very strings."""
    shape = Shape()
    shared: dict[tuple[int, int], str] = {}
    for entry in tree.list():
        folder, _, name = entry.path.rpartition("/")
        shape.empty_dirs.discard(folder)
        if entry.errno is not None:
            shape.unreadable.append(unreadable(entry.path, entry.errno))
            shape.unlisted.append(entry.path)
            shape.empty_dirs.discard(entry.path)
            continue
        if entry.kind in ("link", "special"):
            shape.links += finding(None, "E090", entry.path, entry.kind)
            continue
        if entry.kind == "file":
            shape.files[known.get(entry.path, entry.path)] = entry.size
            other = shared.setdefault(entry.same_as, entry.path) if entry.same_as else entry.path
            if other != entry.path:
                shape.links += finding(None, "E090", entry.path, "hard link", other)
        else:
            shape.empty_dirs.add(entry.path)
        if not folder:
            (shape.root_dirs if entry.kind == "dir" else shape.root_files).append(name)
        elif "/" not in folder:
            shape.inside.setdefault(folder, []).append((name, entry.kind == "dir"))
    return shape


def unreadable(path: str, errno: int) -> Problem:
    """Something could not be looked at, so the object cannot be called valid."""
    return error("STO-UNREADABLE", shown(path), errno=errno)


def check_root_names(shape: Shape, draft: Draft) -> Iterator[Problem]:
    """Everything directly under the object root: only what §3.2 to §3.9 name may be there."""
    spec = draft.spec_version
    for name in shape.root_files:
        if looks_like_declaration(name) or name == INVENTORY:
            continue
        if not name.startswith(f"{INVENTORY}."):  # sidecars are judged with their inventory
            yield from finding(spec, "E001", name, "file")
    numbers: list[VersionNumber] = []
    for name in shape.root_dirs:
        if name in ("logs", "extensions"):
            continue
        number = version_number(name)
        if number is not None:
            numbers.append(number)
        if number is None:
            yield from finding(spec, "E001", name, "folder")
        elif name not in draft.versions:
            yield from finding(spec, "E046", name, name)
    for name in draft.versions:
        known = name in shape.root_dirs or shape.unknown(name)
        if not known and version_number(name) is not None:
            yield from finding(spec, "E046", f"{INVENTORY}#/versions", name)
    told = {problem.code for problem in draft.problems}
    for code, value in sequence_faults(numbers) if numbers else ():
        if code not in told:
            yield from finding(spec, code, value, value)
    yield from _check_extensions(shape, spec)


def _check_extensions(shape: Shape, spec: str | None) -> Iterator[Problem]:
    for name, is_folder in shape.inside.get("extensions", ()):
        place = f"extensions/{name}"
        if not is_folder:
            yield from finding(spec, "E067", place, name)
        elif name not in REGISTERED:
            yield from finding(spec, "W013", place, name)
        elif name == MUTABLE_HEAD:
            # What lies there is no version yet, and other tools do not see it. It is not judged.
            yield warning("STO-MUTABLE-HEAD", place)


def check_version_folders(shape: Shape, draft: Draft) -> Iterator[Problem]:
    """What lies directly in each version folder, and whether its content folder is right."""
    spec, content = draft.spec_version, draft.content_directory
    occupied = {path.partition("/")[0] for path in paths_of(draft.manifest)}
    with_content = shape.content_files(content)
    for version in draft.versions:
        if version not in shape.root_dirs or shape.unknown(f"{version}/{content}"):
            continue
        folders = set()
        for name, is_folder in shape.inside.get(version, ()):
            place = f"{version}/{name}"
            if is_folder:
                folders.add(name)
                if name != content:
                    yield from finding(spec, "W002", place, name, content)
            elif name != INVENTORY and not name.startswith(f"{INVENTORY}."):
                yield from finding(spec, "E015", place, name)
        if content in folders and version not in with_content:
            yield from finding(spec, "W003", f"{version}/{content}")
        if content not in folders and version in occupied:
            yield from finding(spec, "E016", version, "", content)
    for folder in sorted(shape.empty_dirs):
        parts = folder.split("/")
        if len(parts) > 2 and parts[0] in draft.versions and parts[1] == content:
            yield from finding(spec, "E024", folder)
