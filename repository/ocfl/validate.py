"""The judge of one object: OCFL 1.0 and 1.1, every rule that can be seen from its folder.

Core, over an `ObjectTree`. Never fails open: what could not be read or listed is an error of its own
(`STO-UNREADABLE`), and an object with any error is not valid. Never raises because of what it finds.
Verdicts the specification leaves open are stated in `docs/conformance.md`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from repository.digest import SUPPORTED, MultiDigest, digest_bytes
from repository.ocfl.blocks import paths_of
from repository.ocfl.codes import finding, shown
from repository.ocfl.content_digests import Expectations
from repository.ocfl.declaration import LIMIT, OBJECT, check_declaration, looks_like_declaration
from repository.ocfl.draft import Draft
from repository.ocfl.history import check_against_current, check_spec_order
from repository.ocfl.inventory_rules import examine, examine_pieces
from repository.ocfl.object_shape import (
    INVENTORY,
    Shape,
    check_root_names,
    check_version_folders,
    look_at,
    unreadable,
)
from repository.ocfl.plain_form import KnownStrings, VersionsRead
from repository.ocfl.tree import ObjectTree, OpensFiles
from repository.ocfl.version_rules import version_number
from repository.problems import Problem, Report, Severity, error, warning

INVENTORY_LIMIT: Final = 512 * 1024 * 1024
_SIDECAR_LIMIT: Final = 1024
_LARGE: Final = 4 * 1024 * 1024  # an inventory that is read a piece at a time
_PIECE: Final = 1024 * 1024
_SIDECAR = re.compile(rb"([0-9A-Fa-f]+)[ \t]+inventory\.json(?:\r?\n)?\Z")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings about one object, and what could be learnt of it on the way."""

    report: Report
    object_id: str | None
    spec_version: str | None


@dataclass(slots=True)
class ReadyToRead:
    """An object judged in everything but the bytes of its content files."""

    tree: ObjectTree
    shape: Shape
    problems: list[Problem]
    object_id: str | None = None
    spec_version: str | None = None
    head: str | None = None
    expectations: Expectations | None = None

    def to_read(self) -> dict[tuple[str, ...], list[str]]:
        """The files that are still to be read, by the algorithms they must be digested in."""
        return self.expectations.to_read(self.shape.files) if self.expectations else {}

    def is_met(self, path: str, size: int, digests: Mapping[str, str]) -> bool:
        """Whether one of these files is what the inventories say."""
        return self.expectations is not None and self.expectations.is_met(path, size, digests)

    def finish(self, *, check_digests: bool = True) -> Judgement:
        """Read the content files, and give the whole judgement."""
        if not check_digests or self.expectations is None:
            return self.conclude(())
        return self.conclude(self.expectations.suspects(self.tree, self.shape.files))

    def conclude(self, suspects: Iterable[str]) -> Judgement:
        """The whole judgement, when all of `to_read` was read: `suspects` are the files that could
        not be, or of which `is_met` does not hold. They are read again before anything is said."""
        if self.expectations is not None:
            self.problems += self.expectations.confirmed(self.tree, suspects)
        return Judgement(Report.of(self.problems), self.object_id, self.spec_version)


def validate_object(tree: ObjectTree, *, check_digests: bool = True) -> Report:
    """Every finding about the object in this tree. It is valid when the report has no errors.

    Without `check_digests` files are not read: then nothing is said of their bytes.
    """
    return judge_object(tree, check_digests=check_digests).report


def judge_object(tree: ObjectTree, *, check_digests: bool = True) -> Judgement:
    """As `validate_object`, with the object's identifier and version of OCFL."""
    return judge_structure(tree).finish(check_digests=check_digests)


def judge_structure(tree: ObjectTree, known: KnownStrings | None = None) -> ReadyToRead:
    """Judge names, inventories and sidecars; the content files wait for `finish`.

    `known` changes nothing but the memory it takes.
    """
    known = known or KnownStrings()
    shape = look_at(tree, known.content)
    problems: list[Problem] = [*shape.unreadable, *shape.links]
    judged = ReadyToRead(tree, shape, problems)
    if shape.unknown(""):
        return judged
    read = _reader(tree, problems)
    declared, found = check_declaration(
        (name for name in shape.root_files if looks_like_declaration(name)),
        OBJECT,
        lambda name: read(name, LIMIT),
    )
    problems += found
    judged.spec_version = declared
    if INVENTORY not in shape.files:
        if not shape.unknown(INVENTORY):
            problems += finding(declared, "E063", INVENTORY)
        return judged
    versions: VersionsRead = {}
    examined = _examine(tree, shape, read, problems, known, versions)
    del known  # there may be very many
    if examined is None:
        return judged
    root, held = examined
    problems += root.problems
    if declared and root.spec_version and declared != root.spec_version:
        problems += finding(declared, "E038", f"{INVENTORY}#/type", root.spec_version, declared)
    problems += _check_sidecar(shape, read, "", root, held.digest)
    if not root.readable:  # everything else would be measured against nothing
        return judged
    problems += check_root_names(shape, root)
    problems += check_version_folders(shape, root)
    problems += _check_unlisted(shape, root)
    problems += _check_name_clashes(root)

    expectations = Expectations(root)
    problems += _check_version_inventories(tree, shape, read, root, held, expectations, versions)
    del held  # while names are compared, what was understood of it is enough
    problems += expectations.missing(shape)
    problems += expectations.unchecked()
    judged.object_id = root.object_id
    judged.spec_version = declared or root.spec_version
    judged.head = root.head
    judged.expectations = expectations
    return judged


@dataclass(slots=True)
class _Held:
    """An inventory file: its bytes where they are few, else what was digested while they were read."""

    tree: ObjectTree
    path: str
    size: int
    data: bytes | None
    sha512: str

    def digest(self, algorithm: str) -> str:
        if self.data is not None:
            return digest_bytes(self.data, [algorithm])[algorithm]
        if algorithm == "sha512":
            return self.sha512
        (found,) = self.tree.digests([(self.path, [algorithm])], again=True)
        return found.digests.get(algorithm, "")

    def is_same_as(self, path: str) -> bool:
        """Whether another file of the tree has these bytes, told without holding it."""
        (found,) = self.tree.digests([(path, ["sha512"])], again=True)
        return found.digests.get("sha512") == self.digest("sha512")


def _examine(
    tree: ObjectTree,
    shape: Shape,
    read: Callable[[str, int], bytes | None],
    problems: list[Problem],
    known: KnownStrings,
    versions: VersionsRead,
) -> tuple[Draft, _Held] | None:
    """The root inventory examined, a large one without ever holding its bytes; None and a finding
    when it cannot be read."""
    if shape.files[INVENTORY] > INVENTORY_LIMIT:
        problems.append(error("STO-TOO-LARGE", shown(INVENTORY), limit=INVENTORY_LIMIT))
        return None
    if shape.files[INVENTORY] > _LARGE and isinstance(tree, OpensFiles):
        digest = MultiDigest(["sha512"])

        def pieces() -> Iterator[bytes]:
            assert isinstance(tree, OpensFiles)
            with tree.open(INVENTORY) as stream:
                while digest.size <= INVENTORY_LIMIT and (piece := stream.read(_PIECE)):
                    digest.update(piece)
                    yield piece

        given = pieces()
        try:
            draft = examine_pieces(given, lambda: _whole(tree), known=known)
            for _ in given:  # where it is not plain
                pass
        except OSError as failure:
            problems.append(unreadable(INVENTORY, failure.errno or 0))
            return None
        if digest.size > INVENTORY_LIMIT:
            problems.append(error("STO-TOO-LARGE", shown(INVENTORY), limit=INVENTORY_LIMIT))
            return None
        sha512 = digest.hexdigests()["sha512"]
        return draft, _Held(tree, INVENTORY, digest.size, None, sha512)
    data = read(INVENTORY, INVENTORY_LIMIT)
    if data is None:
        return None
    draft = examine(data, known=known, versions=versions)
    return draft, _Held(tree, INVENTORY, len(data), data, "")


def _whole(tree: ObjectTree) -> bytes:
    return tree.read(INVENTORY, INVENTORY_LIMIT)


def _reader(tree: ObjectTree, problems: list[Problem]) -> Callable[[str, int], bytes | None]:
    def read(path: str, limit: int) -> bytes | None:
        """A whole file, or None and a finding when it cannot be had."""
        try:
            data = tree.read(path, limit)
        except OSError as failure:
            problems.append(unreadable(path, failure.errno or 0))
            return None
        if len(data) > limit:
            problems.append(error("STO-TOO-LARGE", shown(path), limit=limit))
            return None
        return data

    return read


def _check_sidecar(
    shape: Shape,
    read: Callable[[str, int], bytes | None],
    folder: str,
    draft: Draft,
    digest: Callable[[str], str],
) -> Iterator[Problem]:
    """§3.6: the inventory's digest stands beside it, in a file named for the algorithm."""
    spec, algorithm = draft.spec_version, draft.digest_algorithm
    prefix = f"{folder}{INVENTORY}."
    expected = f"{prefix}{algorithm}"
    names = shape.root_files if not folder else [n for n, _ in shape.inside.get(folder[:-1], ())]
    others = [f"{folder}{name}" for name in names if name.startswith(f"{INVENTORY}.")]
    for name in others:
        if name != expected and algorithm is not None:
            yield from finding(spec, "E059", name, name.removeprefix(prefix), algorithm)
            yield from finding(spec, "E015" if folder else "E001", name, "file")
    if algorithm is None:
        return  # told already: there is no algorithm the name or the digest could be of
    if expected not in shape.files and shape.unknown(expected):
        return
    if expected not in shape.files:
        yield from finding(spec, "E058", expected)
        return
    data = read(expected, _SIDECAR_LIMIT)
    if data is None:
        return
    match = _SIDECAR.match(data)
    if match is None:
        yield from finding(spec, "E061", expected, data[:150])
        return
    if algorithm not in SUPPORTED:
        return  # no inventory may have it, which is told (E025)
    actual = digest(algorithm)
    if match[1].decode("ascii").lower() != actual:
        yield from finding(spec, "E060", f"{folder}{INVENTORY}", actual, match[1].decode("ascii"))


def _check_unlisted(shape: Shape, root: Draft) -> Iterator[Problem]:
    """§3.3.1: every file in a content folder is in the manifest."""
    listed = set(paths_of(root.manifest))
    for version, paths in shape.content_files(root.content_directory).items():
        for path in paths if version in root.versions else ():
            if path not in listed:
                yield from finding(root.spec_version, "E023", path)


def _check_name_clashes(root: Draft) -> Iterator[Problem]:
    """Names that some file systems cannot keep apart. OCFL allows them; a copy might lose one."""
    seen: dict[str, str] = {}
    for path in paths_of(root.manifest):
        if path.isascii() and path.islower():
            key = path
        else:
            key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        other = seen.setdefault(key, path)
        if other != path:
            yield warning("STO-NAME-CLASH", shown(path), other=shown(other))


def _check_version_inventories(
    tree: ObjectTree,
    shape: Shape,
    read: Callable[[str, int], bytes | None],
    root: Draft,
    held: _Held,
    expectations: Expectations,
    versions: VersionsRead,
) -> Iterator[Problem]:
    numbers = sorted(
        number for name in root.versions if (number := version_number(name)) is not None
    )
    told = {(p.code, p.location.partition("#")[2]) for p in root.problems}
    drafts: list[Draft] = []
    content = shape.content_files(root.content_directory)
    older: list[str] = []
    for number in numbers:
        folder = f"{number}/"
        older += content.get(str(number), ())
        path = f"{folder}{INVENTORY}"
        if path not in shape.files:
            if str(number) in shape.root_dirs and not shape.unknown(path):
                yield from finding(root.spec_version, "W010", folder[:-1])
                for name, _ in shape.inside.get(folder[:-1], ()):
                    if name.startswith(f"{INVENTORY}."):  # the digest of nothing
                        yield from finding(root.spec_version, "E015", f"{folder}{name}", name)
            continue
        is_head = number == numbers[-1]
        if is_head and held.size > _LARGE and held.is_same_as(path):
            yield from _check_sidecar(shape, read, folder, root, held.digest)
            continue
        data = read(path, INVENTORY_LIMIT)
        if data is None:
            continue
        own = _Held(tree, path, len(data), data, "")
        if is_head and data == held.data:
            yield from _check_sidecar(shape, read, folder, root, own.digest)
            continue
        if is_head:
            yield from finding(root.spec_version, "E064", path)
        # Of large ones, what was read of the current one is not held any more: nor are the others.
        draft = examine(data, path, versions=versions if held.data is not None else None)
        # A remark made of the current inventory is not made again of each that it was copied from.
        yield from (
            problem
            for problem in draft.problems
            if problem.severity is Severity.ERROR
            or (problem.code, problem.location.partition("#")[2]) not in told
        )
        yield from _check_sidecar(shape, read, folder, draft, own.digest)
        if not draft.readable:
            continue
        yield from check_against_current(draft, number, root)
        yield from _check_older_files(older, draft, root)
        expectations.add(draft)
        drafts.append(Draft(path, spec_version=draft.spec_version))
    yield from check_spec_order([*drafts, root])


def _check_older_files(older: list[str], draft: Draft, root: Draft) -> Iterator[Problem]:
    """An earlier inventory lists every content file its version had (§3.3.1, §3.7)."""
    listed = set(paths_of(draft.manifest))
    for path in older:
        if path not in listed:
            yield from finding(root.spec_version, "E023", f"{draft.location}#/manifest", path)
