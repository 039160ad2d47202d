"""The package as the rules see it: a listing of files and folders, and one METS at a time. Core.

Names come from an `ObjectTree`; links and special files are findings and never followed. The number of
names, of METS and of their bytes is bounded, and what is beyond a bound is said not to be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ingest.eark.findings import Findings
from ingest.eark.rules import NAMESPACES
from repository.ocfl.tree import ObjectTree
from repository.problems import Severity
from schemas.xml import DEFAULT_LIMIT, MalformedXml, parse_xml

METS: Final = "METS.xml"
MAX_NAMES: Final = 1_000_000
MAX_REPRESENTATIONS: Final = 1_000
MAX_METS_BYTES: Final = 512 * 1024 * 1024  # of all METS together
_METS_ROOT: Final = f"{{{NAMESPACES['m']}}}mets"
_STANDARD: Final = frozenset({"metadata", "representations", "schemas", "documentation"})


@dataclass(frozen=True, slots=True)
class Package:
    """What lies in the root folder. `prefix` leads from the tree's root to it."""

    tree: ObjectTree
    name: str  # of the root folder
    prefix: str
    files: Mapping[str, int]  # path → size
    folders: frozenset[str]
    filled: frozenset[str]  # those with a file that counts in or below them

    @property
    def representations(self) -> tuple[str, ...]:
        """The folders directly in `representations`, by name."""
        found = (f for f in self.folders if f.startswith("representations/") and f.count("/") == 1)
        return tuple(sorted(found))

    def holds(self, folder: str) -> bool:
        """Whether a file that counts lies in or below the folder; hidden ones do not."""
        return folder in self.filled

    def read(self, path: str, limit: int) -> bytes:
        return self.tree.read(self.prefix + path, limit)


@dataclass(frozen=True, slots=True)
class Mets:
    """One METS, parsed. `folder` is what its addresses are relative to, empty for the package's own."""

    path: str
    folder: str
    root: etree._Element
    ids: Counter[str]
    amd_ids: frozenset[str]
    dmd_ids: frozenset[str]
    map: etree._Element | None  # the structMap that CSIP describes

    @property
    def is_package(self) -> bool:
        return not self.folder

    def inside(self, path: str) -> str:
        """A path below the METS's folder as a path of the package."""
        return f"{self.folder}/{path}" if self.folder else path


def look(tree: ObjectTree, name: str, findings: Findings) -> Package:
    """List the tree. One folder that holds everything is taken for the root folder."""
    files: dict[str, int] = {}
    folders: set[str] = set()
    for count, entry in enumerate(tree.list()):
        if count >= MAX_NAMES:
            findings.add("EARK-LIMIT", Severity.ERROR, "", found=f"> {MAX_NAMES}")
            break
        if entry.errno is not None:
            reason = f"errno {entry.errno}"
            findings.add("EARK-UNREADABLE", Severity.ERROR, entry.path, found=reason)
        elif entry.kind == "dir":
            folders.add(entry.path)
        elif entry.kind == "file":
            files[entry.path] = entry.size
        else:
            findings.add("EARK-UNSAFE", Severity.ERROR, "", found=entry.path)
    folders.update(_above(files))  # a ZIP need not list its folders
    top = _only_folder(files, folders)
    if top:
        cut = len(top) + 1
        files = {path[cut:]: size for path, size in files.items()}
        folders = {folder[cut:] for folder in folders if folder.startswith(f"{top}/")}
    filled = _above(path for path in files if not _hidden(path))
    prefix = f"{top}/" if top else ""
    return Package(tree, top or name, prefix, files, frozenset(folders), frozenset(filled))


def _above(paths: Iterable[str]) -> set[str]:
    """Every folder that one of the paths lies in."""
    found: set[str] = set()
    for path in paths:
        above = path.rpartition("/")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def metses(package: Package, findings: Findings) -> Iterator[Mets]:
    """The package's METS and then that of each representation, one after the other.

    Ends at once, with CSIPSTR4 told, when the package has none that can be read.
    """
    left = MAX_METS_BYTES
    own = _load(package, "", findings, left)
    if own is None:
        return
    yield own
    left -= package.files[METS]
    for number, folder in enumerate(package.representations):
        path = f"{folder}/{METS}"
        if path not in package.files:
            continue
        if number >= MAX_REPRESENTATIONS or package.files[path] > left:
            findings.add("EARK-LIMIT", Severity.ERROR, path, found=path)
            return
        left -= package.files[path]
        found = _load(package, folder, findings, left)
        if found is not None:
            yield found


def _load(package: Package, folder: str, findings: Findings, left: int) -> Mets | None:
    path = f"{folder}/{METS}" if folder else METS
    code = "CSIPSTR12" if folder else "CSIPSTR4"
    if path not in package.files:
        findings.add(code, Severity.ERROR, path, reason="absent")
        return None
    try:
        root = parse_xml(package.read(path, DEFAULT_LIMIT), limit=min(DEFAULT_LIMIT, max(left, 0)))
    except OSError as failure:
        reason = f"errno {failure.errno}" if failure.errno else "damaged"
        findings.add("EARK-UNREADABLE", Severity.ERROR, path, found=reason)
        return None
    except MalformedXml as fault:
        findings.add(code, Severity.ERROR, path, line=fault.line, found=fault.reason)
        return None
    if root.tag != _METS_ROOT:
        findings.add(code, Severity.ERROR, path, found=str(root.tag))
        return None
    sections = [*root.iterfind("m:amdSec/*", NAMESPACES), *root.iterfind("m:amdSec", NAMESPACES)]
    return Mets(
        path=path,
        folder=folder,
        root=root,
        ids=Counter((e.get("ID") or "").strip() for e in root.iter("{*}*")),
        amd_ids=frozenset(s.get("ID") or "" for s in sections),
        dmd_ids=frozenset(s.get("ID") or "" for s in root.iterfind("m:dmdSec", NAMESPACES)),
        map=_map_of_csip(root),
    )


def _map_of_csip(root: etree._Element) -> etree._Element | None:
    """The structMap labelled CSIP; without one the likeliest, so that one slip is one finding."""
    maps = root.findall("m:structMap", NAMESPACES)
    likely = [m for m in maps if m.get("LABEL") == "CSIP"]
    likely += [m for m in maps if (m.get("LABEL") or "").casefold().startswith("csip")]
    likely += [m for m in maps if (m.get("TYPE") or "").casefold() == "physical"]
    return next(iter(likely or maps), None)


def _only_folder(files: Mapping[str, int], folders: set[str]) -> str:
    """The folder everything lies in, when it is plainly the package's root folder."""
    tops = {f for f in folders if "/" not in f}
    loose = [f for f in files if "/" not in f and not _hidden(f)]
    if len(tops) != 1 or loose:
        return ""
    top = next(iter(tops))
    return top if top not in _STANDARD and f"{top}/{METS}" in files else ""


def _hidden(path: str) -> bool:
    return path.rpartition("/")[2].startswith(".")
