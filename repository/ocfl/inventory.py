"""An object's inventory: the value, its bytes, and the inventory of the next version.

Core: no input or output. The rules a foreign inventory must obey are in `inventory_rules`; an
`Inventory` that came out of `parse_inventory` obeys all of them. OCFL 1.1 §3.5; forward-delta
versioning and deduplication as in the implementation notes §3.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Final, Literal, cast

from repository.model import ContentPath, LogicalPath, ObjectId, VersionNumber, normalised_hex
from repository.ocfl.blocks import Growing, TypedBlock, pairs
from repository.ocfl.draft import Draft, DraftVersion
from repository.ocfl.grammar import DIGEST_LENGTHS, conflicting, is_digest, is_instant
from repository.ocfl.inventory_rules import examine
from repository.ocfl.plain_form import KnownStrings
from repository.problems import Report

SpecVersion = Literal["1.0", "1.1"]


class InvalidInventory(ValueError):
    """The bytes are not an inventory that can be relied on; `report` says everything found."""

    def __init__(self, report: Report) -> None:
        errors = sorted({p.code for p in report if p.severity == "error"})
        super().__init__(f"invalid inventory: {', '.join(errors)}")
        self.report = report


@dataclass(frozen=True, slots=True)
class Version:
    """One version block. `state`: digest, in lower case, → the logical paths that have these bytes."""

    created: str
    state: Mapping[str, tuple[LogicalPath, ...]]
    message: str | None = None
    user_name: str | None = None
    user_address: str | None = None

    def __post_init__(self) -> None:
        if self.user_address is not None and self.user_name is None:
            raise ValueError("a user with an address has a name")  # OCFL 1.1 E054


@dataclass(frozen=True)
class Inventory:
    """Everything an inventory says. Digests are lower-case; `versions` are in ascending order."""

    object_id: ObjectId
    spec_version: SpecVersion
    digest_algorithm: str
    head: VersionNumber
    content_directory: str
    manifest: Mapping[str, tuple[ContentPath, ...]]
    versions: Mapping[VersionNumber, Version]
    fixity: Mapping[str, Mapping[str, tuple[ContentPath, ...]]] = field(default_factory=dict)

    def version(self, number: VersionNumber) -> Version:
        """The block of that version. KeyError when there is none."""
        return self.versions[number]

    def content_path(self, digest: str) -> ContentPath:
        """Where bytes with this digest lie. KeyError when the object has none."""
        return self.manifest[digest][0]

    def state(self, number: VersionNumber) -> Mapping[LogicalPath, str]:
        """The logical state of that version: every path with its digest."""
        blocks = self.versions[number].state
        return {path: digest for digest, paths in blocks.items() for path in paths}

    def digest_of(self, path: ContentPath) -> str:
        """The digest the file at a content path must have. KeyError when it is not in the manifest."""
        return self._digests[path]

    @cached_property
    def _digests(self) -> Mapping[ContentPath, str]:
        return {path: digest for digest, paths in self.manifest.items() for path in paths}


@dataclass(frozen=True, slots=True)
class NewContent:
    """One file of a version that is being planned. `digest` is in the object's digest algorithm;
    `fixity` holds its digests in others, by algorithm."""

    logical_path: LogicalPath
    digest: str
    fixity: Mapping[str, str] = field(default_factory=dict)


def parse_inventory(data: bytes, known: KnownStrings | None = None) -> Inventory:
    """The inventory in these bytes. InvalidInventory, and nothing else, when any rule is broken.

    `known` makes a large one take less memory, and nothing else different.
    """
    draft = examine(data, known=known)
    report = Report.of(draft.problems)
    if report.has_errors:
        raise InvalidInventory(report)
    return inventory_from(draft)


def inventory_from(draft: Draft) -> Inventory:
    """The value of a draft without errors."""
    assert draft.object_id is not None
    assert draft.digest_algorithm is not None
    assert draft.head is not None
    numbers = sorted(map(VersionNumber.parse, draft.versions))
    return Inventory(
        object_id=ObjectId(draft.object_id),
        spec_version=cast(SpecVersion, draft.spec_version),
        digest_algorithm=draft.digest_algorithm,
        head=VersionNumber.parse(draft.head),
        content_directory=draft.content_directory,
        manifest=TypedBlock(ContentPath, draft.manifest),
        versions={n: _version(draft.versions[str(n)]) for n in numbers},
        fixity={name: TypedBlock(ContentPath, block) for name, block in draft.fixity.items()},
    )


def _version(draft: DraftVersion) -> Version:
    assert draft.created is not None
    return Version(
        created=draft.created,
        state=TypedBlock(LogicalPath, draft.state),
        message=draft.message,
        user_name=draft.user_name,
        user_address=draft.user_address,
    )


def serialise_inventory(inventory: Inventory) -> bytes:
    """The bytes of an inventory: the same for equal inventories, and `parse_inventory` reads them."""
    document: dict[str, object] = {
        "id": inventory.object_id,
        "type": f"https://ocfl.io/{inventory.spec_version}/spec/#inventory",
        "digestAlgorithm": inventory.digest_algorithm,
        "head": str(inventory.head),
        "manifest": inventory.manifest,
        "versions": {str(n): _version_block(v) for n, v in inventory.versions.items()},
    }
    if inventory.content_directory != "content":
        document["contentDirectory"] = inventory.content_directory
    if inventory.fixity:
        document["fixity"] = inventory.fixity
    written = BytesIO()  # never the text of it all as well
    for piece in _pieces(document, ""):
        written.write(piece.encode("utf-8"))
    written.write(b"\n")
    return written.getvalue()


_quoted: Final = json.JSONEncoder(ensure_ascii=False).encode


def _pieces(value: object, margin: str) -> Iterator[str]:
    """As `json.dumps` with `sort_keys` and `indent=1`, a digest at a time."""
    if isinstance(value, str):
        yield _quoted(value)
        return
    assert isinstance(value, Mapping)
    if isinstance(value, TypedBlock):
        value = value.plain
    before = "{"
    for name in sorted(value):
        item = value[name]
        if isinstance(item, tuple):
            paths = f",\n{margin}  ".join(map(_quoted, item))
            array = f"[\n{margin}  {paths}\n{margin} ]" if paths else "[]"
            yield f"{before}\n{margin} {_quoted(name)}: {array}"
        else:
            yield f"{before}\n{margin} {_quoted(name)}: "
            yield from _pieces(item, margin + " ")
        before = ","
    yield f"\n{margin}}}" if value else "{}"


def _version_block(version: Version) -> dict[str, object]:
    block: dict[str, object] = {"created": version.created, "state": version.state}
    if version.message is not None:
        block["message"] = version.message
    if version.user_name is not None:
        user = {"name": version.user_name}
        if version.user_address is not None:
            user["address"] = version.user_address
        block["user"] = user
    return block


def first_inventory(
    object_id: ObjectId,
    files: Sequence[NewContent],
    created: str,
    message: str | None,
    user_name: str | None,
    user_address: str | None,
    *,
    digest_algorithm: str = "sha512",
) -> Inventory:
    """The inventory of a new object with one version, under OCFL 1.1.

    ValueError when the files contradict each other or a digest or the instant is malformed.
    """
    nothing = no_inventory(object_id, digest_algorithm)
    return next_inventory(nothing, files, created, message, user_name, user_address)


def no_inventory(object_id: ObjectId, digest_algorithm: str = "sha512") -> Inventory:
    """What the first inventory of an object follows: without versions, so no inventory of OCFL."""
    if digest_algorithm not in ("sha512", "sha256"):
        raise ValueError(f"OCFL addresses content by sha512 or sha256, not {digest_algorithm!r}")
    return Inventory(object_id, "1.1", digest_algorithm, VersionNumber(0), "content", {}, {})


def next_inventory(
    previous: Inventory,
    state: Sequence[NewContent],
    created: str,
    message: str | None,
    user_name: str | None,
    user_address: str | None,
) -> Inventory:
    """The inventory of the version after `previous`, whose complete state is `state`.

    Bytes the object has in any version get no new content path; bytes that occur several times in the
    new version get one. Other digests are recorded in `fixity` where they are not yet. ValueError as
    for `first_inventory`, and when the object's zero-padded numbers are used up.
    """
    ordered = sorted(state, key=lambda file: file.logical_path)
    return inventory_after(previous, ordered, created, message, user_name, user_address)


def inventory_after(
    previous: Inventory,
    ordered: Iterable[NewContent],
    created: str,
    message: str | None,
    user_name: str | None,
    user_address: str | None,
) -> Inventory:
    """As `next_inventory`, of files that come in the order of their logical paths, one at a time.

    The strings it is given are held and not copied: of very many files that is most of the memory.
    """
    if not is_instant(created):
        raise ValueError(f"not an RFC 3339 instant: {created!r}")
    head = previous.head.next()
    if head.width and not str(head).startswith("v0"):  # §3.3: v10 may not follow v09
        raise ValueError(f"no zero-padded version number of this width follows {previous.head}")
    manifest = Growing(previous.manifest)
    fixity = {name: Growing(block) for name, block in previous.fixity.items()}
    recorded = {
        name: {path: digest for digest, path in pairs(block)}
        for name, block in previous.fixity.items()
    }
    blocks = Growing({})
    names: list[LogicalPath] = []
    for file in ordered:
        if names and file.logical_path < names[-1]:
            raise ValueError("the files are not in the order of their logical paths")
        names.append(file.logical_path)
        digest = _digest(file.digest, previous.digest_algorithm)
        if digest not in manifest:
            new = ContentPath(f"{head}/{previous.content_directory}/{file.logical_path}")
            manifest.add(digest, new)
        blocks.add(digest, file.logical_path)
        for name, value in file.fixity.items():
            path, other = manifest.first(digest), _digest(value, name)
            known = recorded.setdefault(name, {})
            if path not in known:
                known[path] = other
                fixity.setdefault(name, Growing({})).add(other, path)
            elif known[path] != other:
                raise ValueError(f"two digests of one algorithm for {path[:200]!r}")
    for above, below in conflicting(names):
        raise ValueError(f"logical paths in each other's way: {above[:200]!r}, {below[:200]!r}")
    held = TypedBlock(LogicalPath, blocks.done())
    return Inventory(
        object_id=previous.object_id,
        spec_version=previous.spec_version,
        digest_algorithm=previous.digest_algorithm,
        head=head,
        content_directory=previous.content_directory,
        manifest=TypedBlock(ContentPath, manifest.done()),
        versions={
            **previous.versions,
            head: Version(created, held, message, user_name, user_address),
        },
        fixity={name: TypedBlock(ContentPath, block.done()) for name, block in fixity.items()},
    )


def _digest(given: str, algorithm: str) -> str:
    digest = normalised_hex(given)
    if algorithm not in DIGEST_LENGTHS or not is_digest(digest, algorithm):
        raise ValueError(f"not a {algorithm} digest: {given[:200]!r}")
    return given if given == digest else digest  # the caller holds that one already


def new_content_paths(
    previous: Inventory | None, following: Inventory
) -> Mapping[ContentPath, LogicalPath]:
    """The files that must be written for the head of `following`, each with a logical path whose
    bytes it takes: those the manifest of `previous` does not have."""
    return dict(new_contents(previous, following))


def new_contents(
    previous: Inventory | None, following: Inventory
) -> Iterator[tuple[ContentPath, LogicalPath]]:
    """As `new_content_paths`, one after the other."""
    before = previous.manifest if previous is not None else {}
    state = following.versions[following.head].state
    prefix = f"{following.head}/{following.content_directory}/"
    for digest, paths in following.manifest.items():
        known = frozenset(before.get(digest, ()))
        new = [path for path in paths if path not in known]
        logical = state[digest] if new else ()
        names = frozenset(logical)
        for path in new:
            own = path.removeprefix(prefix)
            yield path, LogicalPath(own) if own in names else logical[0]
