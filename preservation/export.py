"""Export: what a store holds copied out, every byte checked on the way.

    bag     the state of a version, whole: a BagIt bag that anybody's tool validates
    aip     the AIP_hoso alone: `data/` of the bag, in a folder named after the object id
    files   only the received documents: `representations/rep1/data/`
    ocfl    the whole OCFL object, all versions, exactly as stored

What is exported is read from one store; a file whose digest is not the recorded one stops the export of
that version with Corrupt, and what was written of it is removed, so that no damaged copy leaves as a
good one. A bag or an object can leave as one ZIP file, whose bytes depend on nothing but its content,
with its sha512 in a file beside it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, BinaryIO, Literal, Protocol

from repository import durable
from repository.catalogue.records import ExpectedRecord
from repository.digest import MultiDigest, digest_stream
from repository.errors import Conflict, Corrupt, NotFound
from repository.model import ContentPath, InvalidValue, ObjectId, VersionNumber
from repository.store import ObjectFacts, Store

Shape = Literal["bag", "aip", "files"]
Packing = Literal["folder", "zip", "deflated zip"]
_PREFIXES: dict[Shape, str] = {
    "bag": "",
    "aip": "data/",
    "files": "data/representations/rep1/data/",
}
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Exported:
    """One version, or one whole object, that was copied out. `folder` is the ZIP where it is one."""

    version: str
    folder: str
    files: int
    bytes: int

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def export_versions(
    store: Store,
    object_id: ObjectId,
    to: Path,
    *,
    inventory_sha512: str,
    shape: Shape = "bag",
    version: str | None = None,
    packing: Packing = "folder",
) -> Iterator[Exported]:
    """Copy the head, the named version or (`all`) every version into folders or ZIPs in `to`.

    `inventory_sha512`: of the root inventory, as known from outside of the store. NotFound for an
    unknown object or version; Conflict when something is there already; Corrupt when bytes differ, or
    the store's copy is another one. What was exported before an error stays.
    """
    facts = _facts(store, object_id, inventory_sha512)
    sizes = {file.path: file.size for file in facts.expected}
    prefix = _PREFIXES[shape]
    for number in _versions(facts, version):
        several = version == "all" or number != facts.head.version
        files = [
            _File(logical[len(prefix) :], content, sizes[content], digest)
            for logical, digest in sorted(facts.inventory.state(number).items())
            if logical.startswith(prefix)
            for content in [facts.inventory.content_path(digest)]
        ]
        name = folder_name(object_id) + (f"_{number}" if several else "")
        yield _export(store, object_id, files, str(number), to / name, packing)


def export_object(
    store: Store,
    object_id: ObjectId,
    to: Path,
    *,
    inventory_sha512: str,
    expected: Iterable[ExpectedRecord],
    packing: Packing = "folder",
) -> Exported:
    """Copy the whole OCFL object, every file of it as it is stored, into one folder or ZIP in `to`.

    `expected`: every file of the object with its digest, as known from outside of the store. Errors as
    of `export_versions`.
    """
    facts = _facts(store, object_id, inventory_sha512)
    files = [
        _File(record.path, ContentPath(record.path), record.size, record.sha512)
        for record in sorted(expected, key=lambda record: record.path)
    ]
    folder = to / folder_name(object_id)
    return _export(store, object_id, files, str(facts.head.version), folder, packing)


def folder_name(object_id: ObjectId) -> str:
    """The name under which an object leaves."""
    return object_id.replace(":", "_").replace("/", "_")


@dataclass(frozen=True, slots=True)
class _File:
    name: str  # relative to what is exported
    content: ContentPath
    size: int
    sha512: str


def _facts(store: Store, object_id: ObjectId, inventory_sha512: str) -> ObjectFacts:
    facts = store.facts(object_id)
    if facts.head.inventory_sha512 != inventory_sha512:
        raise Corrupt(
            f"{object_id} in {store.name} is not what the catalogue says; nothing was exported. Export "
            "it from another store with --copy, and audit this one."
        )
    return facts


def _versions(facts: ObjectFacts, wanted: str | None) -> list[VersionNumber]:
    if wanted is None:
        return [facts.head.version]
    if wanted == "all":
        return list(facts.inventory.versions)
    try:
        number = VersionNumber.parse(wanted)
    except InvalidValue as problem:
        raise NotFound(f"{wanted} is not a version; {facts.object_id} has them up to "
                       f"{facts.head.version}.") from problem  # fmt: skip
    if number not in facts.inventory.versions:
        raise NotFound(f"{facts.object_id} has no {wanted}; its newest is {facts.head.version}.")
    return [number]


def _export(
    store: Store,
    object_id: ObjectId,
    files: list[_File],
    version: str,
    folder: Path,
    packing: Packing,
) -> Exported:
    outlet: _Outlet = _Folder(folder) if packing == "folder" else _Zip(folder, packing)
    for place in outlet.places:
        if place.exists():
            raise Conflict(f"{place} is there already. Choose another place for the export.")
    size = 0
    try:
        outlet.begin()
        for file in files:
            size += _copy(store, object_id, file, outlet)
        outlet.finish()
    except OSError as problem:
        outlet.withdraw()
        raise durable.explained(problem, f"exporting {object_id}") from problem
    except BaseException:
        outlet.withdraw()
        raise
    return Exported(version, str(outlet.places[0]), len(files), size)


def _copy(store: Store, object_id: ObjectId, file: _File, outlet: _Outlet) -> int:
    seen = MultiDigest(["sha512"])
    with store.open(object_id, file.content) as reader, outlet.writing(file) as writer:
        while seen.size <= file.size and (chunk := reader.read(_CHUNK)):
            seen.update(chunk)
            writer.write(chunk)
    if seen.size != file.size or seen.hexdigests()["sha512"] != file.sha512:
        raise Corrupt(
            f"{file.name} of {object_id} in {store.name} is damaged; nothing was exported. "
            "Export it from another store with --copy, and audit this one."
        )
    return seen.size


class _Outlet(Protocol):
    """Where exported files go. After `finish` all of it is on the medium; `withdraw` removes it."""

    @property
    def places(self) -> tuple[Path, ...]: ...

    def begin(self) -> None: ...

    def writing(self, file: _File) -> AbstractContextManager[IO[bytes]]: ...

    def finish(self) -> None: ...

    def withdraw(self) -> None: ...


class _Folder:
    def __init__(self, folder: Path) -> None:
        self.places: tuple[Path, ...] = (folder,)

    def begin(self) -> None:
        self.places[0].mkdir(parents=True)

    def writing(self, file: _File) -> AbstractContextManager[IO[bytes]]:
        target = self.places[0] / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        return durable.create_file(target, 0o644)

    def finish(self) -> None:
        durable.sync_tree(self.places[0])

    def withdraw(self) -> None:
        durable.remove_staging(self.places[0])


class _Zip:
    """One ZIP with everything in one folder: the same content gives the same bytes (deflated: with the
    same zlib). Its sha512 stands in a line beside it, as `sha512sum -c` reads it."""

    def __init__(self, folder: Path, packing: Packing) -> None:
        name = f"{folder.name}.zip"
        self.places: tuple[Path, ...] = (
            folder.with_name(name), folder.with_name(f"{name}.sha512")
        )  # fmt: skip
        self._folder = folder.name
        self._method = zipfile.ZIP_STORED if packing == "zip" else zipfile.ZIP_DEFLATED
        self._stream: BinaryIO | None = None

    def begin(self) -> None:
        self.places[0].parent.mkdir(parents=True, exist_ok=True)
        self._stream = durable.create_file(self.places[0], 0o644)
        self._zip = zipfile.ZipFile(self._stream, "w")

    def writing(self, file: _File) -> AbstractContextManager[IO[bytes]]:
        member = zipfile.ZipInfo(f"{self._folder}/{file.name}", (1980, 1, 1, 0, 0, 0))
        member.create_system = 3
        member.external_attr = 0o100644 << 16
        member.compress_type = self._method
        member.file_size = file.size  # so that a member beyond 2 GiB gets room for its size
        return self._zip.open(member, "w")

    def finish(self) -> None:
        assert self._stream is not None
        self._zip.close()
        durable.flush(self._stream)
        self._stream.close()
        with self.places[0].open(
            "rb"
        ) as stream:  # as it lies there: sizes were filled in afterwards
            _, digests = digest_stream(stream, ["sha512"])
        line = f"{digests['sha512']}  {self.places[0].name}\n"
        durable.write_durably(self.places[1], line.encode("utf-8"))

    def withdraw(self) -> None:
        if self._stream is not None:
            with suppress(OSError, ValueError):  # what stopped the export is what must be told
                self._zip.close()
            with suppress(OSError):
                self._stream.close()
        for place in self.places:
            place.unlink(missing_ok=True)
