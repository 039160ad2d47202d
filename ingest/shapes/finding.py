"""What can be taken in below the paths that were named: transfers found, lists parted into dossiers.

A folder may itself be a transfer (a package unpacked, a bag, a list with its files) or hold transfers,
at any depth up to a bound. What was looked at and is no transfer is named with the reason; nothing is
passed over in silence. Only names, and of lists their cells, are read here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ingest.arrival import Arrival
from ingest.checks.secrecy import any_secret
from ingest.container import Container, ContainerFault, Limits, Member, recorded_name
from ingest.findings import bounded
from ingest.lists.csv_text import read_csv
from ingest.lists.dossiers import ListedDossier, ListSource
from ingest.lists.grouping import dossiers_of
from ingest.lists.mapping import SheetMapping
from ingest.lists.recognise import draft, folded, lacking
from ingest.lists.sheet import BadSheet, Sheet
from ingest.lists.xlsx import read_xlsx
from ingest.readers.listed import records_of
from ingest.shapes.bag import PAYLOAD, bag_root
from ingest.shapes.opening import Read, is_folder, kind_of_file, read_path
from ingest.tops import package_roots, set_top
from repository.digest import digest_bytes
from repository.errors import Unavailable
from repository.problems import Problem, error, warning

MAX_DEPTH: Final = 12
MAX_LOOKED_AT: Final = 200_000
KEPT_SHEET: Final = 4 * 1024 * 1024  # a larger list is not kept with each of its dossiers
_SHEETS: Final = (".xlsx", ".xlsm", ".csv", ".tsv")
_OLD: Final = (".xls", ".ods", ".xlsb")


@dataclass(frozen=True, slots=True)
class Found:
    """What to take in, in order, and what was not understood with the reason."""

    arrivals: tuple[Arrival, ...]
    strangers: tuple[tuple[Path, Problem], ...]


def find(
    paths: Iterable[Path],
    *,
    mappings: Sequence[SheetMapping] = (),
    limits: Limits | None = None,
) -> Found:
    """Everything to take in below these paths. A file that is named itself is always an arrival, so
    that its intake says what is wrong with it; one found in a folder must look like a transfer.

    Raises NotFound for a path that is not there, Unavailable when one cannot be looked at.
    """
    finding = _Finding(tuple(mappings), limits or Limits())
    for path in paths:
        if is_folder(path):
            finding.folder(path, 0, named=True)
        else:
            finding.file(path, named=True)
    return Found(tuple(finding.arrivals), tuple(finding.strangers))


@dataclass
class _Finding:
    mappings: tuple[SheetMapping, ...]
    limits: Limits
    arrivals: list[Arrival] = field(default_factory=list)
    strangers: list[tuple[Path, Problem]] = field(default_factory=list)
    looked_at: int = 0

    def folder(self, path: Path, depth: int, *, named: bool = False) -> None:
        """A transfer unpacked, a list with its files, or a folder of these."""
        children = _children(path)
        names = {child.name.casefold() for child in children}
        if "bagit.txt" in names:
            self.packed(path)
            return
        if "mets.xml" in names:
            self.arrivals.append(Arrival(path))
            return
        sheets = [c for c in children if _is_list(c.name) and c.is_file()]
        if sheets and self._lists(path, [s.name for s in sheets]):
            taken = {s.name for s in sheets} | self._listed_tops(path)
            children = [c for c in children if c.name not in taken]
        taken_before = len(self.arrivals)
        before = taken_before + len(self.strangers)
        for child in children:
            self.looked_at += 1
            if depth >= MAX_DEPTH or self.looked_at > MAX_LOOKED_AT:
                self._strange(child, "too-many")
                return
            if child.is_symlink():
                self._strange(child, "link")
            elif child.is_dir():
                self.folder(child, depth + 1)
            elif not child.name.startswith("."):
                self.file(child)
        old = [c for c in children if c.suffix.lower() in _OLD]
        if old and not sheets and len(self.arrivals) == taken_before:
            # A list of an old form, and nothing else that could be meant: refused with advice.
            name, kind = recorded_name(old[0]), old[0].suffix.lower()[1:]
            refused = error(
                "ING-FORMAT", name, name=name, reason="xls" if kind == "xls" else "list"
            )
            self.arrivals.append(Arrival(path, refused=(refused,)))
        if len(self.arrivals) + len(self.strangers) == before and not sheets:
            self._strange(path, "empty")

    def file(self, path: Path, *, named: bool = False) -> None:
        """A packed transfer, or a list whose files lie beside it."""
        suffix = path.suffix.lower()
        if suffix in _SHEETS and (named or kind_of_file(path) in ("", "zip")):
            if named:
                self._lists(path.parent, [path.name], dedicated=False)
            return
        if suffix in _OLD and not named:
            self._strange(path, suffix[1:])
            return
        kind = kind_of_file(path)
        if kind in ("zip", "tar"):
            self.packed(path)
        elif named or suffix in (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"):
            self.arrivals.append(Arrival(path))
        else:
            self._strange(path, "file")

    def packed(self, path: Path) -> None:
        """A ZIP, TAR or bag: one package, or a list with its files inside."""
        _, read = read_path(Arrival(path), self.limits)
        container = read.container
        if container is None or package_roots(read.names):
            if container is not None:
                container.close()
            self.arrivals.append(Arrival(path))
            return
        with container:
            root = bag_root(read.names)
            top = _only_top(read) if root is None else f"{root}{PAYLOAD}".rstrip("/")
            inside = f"{top}/" if top else ""
            sheets = [
                n
                for n in read.names
                if n.startswith(inside)
                and "/" not in n[len(inside) :]
                and _is_list(n[len(inside) :])
            ]
            problems = list(set_top(container, top))
            if problems:
                self.arrivals.append(Arrival(path, refused=tuple(bounded(problems))))
                return
            sheets = [n[len(inside) :] for n in sheets]
            if not self._of_container(path, container, sheets, dedicated=True):
                self.arrivals.append(Arrival(path))

    def _lists(self, folder: Path, sheets: Sequence[str], *, dedicated: bool = True) -> bool:
        """The lists among these files of a folder. Whether there was one, or one that is refused."""
        _, read = read_path(Arrival(folder), self.limits)
        if read.container is None:
            self.arrivals.append(Arrival(folder, refused=tuple(bounded(read.problems))))
            return True
        with read.container as container:
            return self._of_container(folder, container, sheets, dedicated=dedicated)

    def _of_container(
        self, path: Path, container: Container, sheets: Sequence[str], *, dedicated: bool
    ) -> bool:
        members = {m.name: m for m in container.members}
        found = False
        for name in sorted(sheets):
            member = members.get(name)
            if member is None:
                continue
            others = {n: m.raw_name for n, m in members.items() if n not in sheets}
            try:
                listed = self._read(container, member, others, dedicated=dedicated)
            except BadSheet as fault:
                self.arrivals.append(Arrival(path, refused=(fault.problem,)))
                found = True
                continue
            self.arrivals.extend(Arrival(path, each) for each in listed)
            found = found or bool(listed)
        return found

    def _read(
        self, container: Container, member: Member, others: dict[str, bytes], *, dedicated: bool
    ) -> list[ListedDossier]:
        """The dossiers of one list; none when it is a sheet that is no list of dossiers."""
        data, sheets = read_sheets(container, member, self.limits, self.mappings)
        source = ListSource(
            member.name,
            member.raw_name,
            digest_bytes(data, ["sha256"])["sha256"],
            others,
            dedicated,
        )
        fitting = [
            (s, m) for m in self.mappings for s in sheets if m.sheet in ("", s.name) and _fits(s, m)
        ]
        if fitting:
            return _kept(dossiers_of(*fitting[0], source), len(data))
        drafts = [(sheet, draft(sheet, "")) for sheet in sheets]
        best = max(drafts, key=lambda pair: pair[1].placed, default=None)
        if best is None or best[1].placed < 5:
            return []
        sheet, drafted = best
        if drafted.lacking:
            raise BadSheet(
                error(
                    "ING-LIST-UNPLACED",
                    member.name,
                    name=member.name,
                    columns=", ".join(drafted.lacking),
                )
            )
        return _kept(dossiers_of(sheet, drafted.mapping, source), len(data))

    def _listed_tops(self, folder: Path) -> set[str]:
        """First parts of the names of the files that lists of this folder took."""
        return {
            os.fsdecode(raw.split(b"/", 1)[0])
            for arrival in self.arrivals
            if arrival.path == folder and arrival.listed is not None
            for raw in arrival.listed.files
        }

    def _strange(self, path: Path, reason: str) -> None:
        name = recorded_name(path)
        problem = warning("ING-NOT-UNDERSTOOD", name, name=name, reason=reason)
        self.strangers.append((path, problem))


def read_sheets(
    container: Container, member: Member, limits: Limits, mappings: Sequence[SheetMapping] = ()
) -> tuple[bytes, list[Sheet]]:
    """The bytes of a list and its sheets. Raises BadSheet."""
    try:
        data = container.read_small(member, limits.max_metadata)
    except ContainerFault as fault:
        raise BadSheet(fault.problem) from None
    name = member.name
    if name.lower().endswith((".csv", ".tsv")):
        known = next((m for m in mappings if m.encoding or m.delimiter), None)
        encoding = known.encoding if known else ""
        return data, [
            read_csv(data, name, encoding=encoding, delimiter=known.delimiter if known else "")
        ]
    return data, read_xlsx(data, name)


def _kept(dossiers: list[ListedDossier], size: int) -> list[ListedDossier]:
    """Whether the list is kept with its dossiers: not a large one, and not one that tells a secret."""
    keep = size <= KEPT_SHEET and not any(
        any_secret(records_of(listed, "", 0)) for listed in dossiers
    )
    return [replace(listed, keep_sheet=keep) for listed in dossiers]


def _fits(sheet: Sheet, mapping: SheetMapping) -> bool:
    """Whether a row of the sheet has every head that the mapping names."""
    wanted = {folded(n.rpartition("#")[0] or n) for n in mapping.columns() if n and n[0] != "@"}
    if lacking(mapping) or not wanted:
        return False
    return any(wanted <= {folded(c) for c in row.cells.values()} for row in sheet.rows[:200])


def _is_list(name: str) -> bool:
    """Whether a file may be a list by its name; not what Excel or macOS leave beside one."""
    return name.lower().endswith(_SHEETS) and not name.startswith(("~$", "."))


def _only_top(read: Read) -> str:
    tops = {n.split("/", 1)[0] for n in read.names if "/" in n} - {"__MACOSX"}
    loose = [n for n in read.names if "/" not in n]
    return tops.pop() if len(tops) == 1 and not loose else ""


def _children(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError as problem:
        raise Unavailable(f"{path} cannot be looked at: {problem.strerror}.") from problem
