"""Making the access copies that held objects lack, newest first: what the clock calls.

The bytes are read from a store and compared with the catalogue's digest while they are copied for the
maker: a source that differs is never rendered, it is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from preservation.derivatives.derivative_store import DerivativeStore
from preservation.derivatives.maker import Fetch, Made, Maker, SourceDamaged, SourceProblem
from preservation.derivatives.rendering import Limits
from preservation.derivatives.wanting import Task, wanted
from repository import durable
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import DocumentRecord
from repository.clock import Clock, SystemClock
from repository.digest import MultiDigest
from repository.errors import NotFound, Unavailable
from repository.model import ContentPath, ObjectId
from repository.store import Store

__all__ = ["Made", "make_missing"]


def make_missing(
    catalogue: Catalogue,
    store: Store,
    derivative_store: DerivativeStore,
    *,
    limit: int | None,
    deadline: float | None,
    first: Sequence[str] = (),
    allowed: Callable[[DocumentRecord], bool] = lambda _: True,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> Made:
    """Make what is missing, of the objects named `first` and then of all others, last changed first.

    `allowed` says of which documents access copies may be made. Guarantees, `limit`, `deadline` and
    errors are those of `Maker.run`; sources that are not what they must be are in `damaged`.
    """
    store.check_available()
    maker = Maker(derivative_store, clock or SystemClock(), limits)
    tasks = _tasks(catalogue, first, allowed)
    return maker.run(tasks, fetch_from(catalogue, store), limit=limit, deadline=deadline)


def fetch_from(catalogue: Catalogue, store: Store) -> Fetch:
    """The fetching of sources from one store, proven against the catalogue."""

    def fetch(task: Task, target: Path) -> None:
        digest = MultiDigest(["sha512"])
        path = _content_path(catalogue, task)
        try:
            durable.copy_new(target, _blocks(store, task, path, digest))
        except OSError as problem:
            doing = "copying a file to make access copies of it"
            raise durable.explained(problem, doing) from problem
        if digest.hexdigests()["sha512"] != task.sha512:
            raise _damaged(task, "altered")

    return fetch


def _blocks(store: Store, task: Task, path: ContentPath, digest: MultiDigest) -> Iterator[bytes]:
    """The bytes of the source as the store gives them, no more than there should be."""
    try:
        with store.open(ObjectId(task.object_id), path) as stream:
            while block := durable.read_block(stream):
                digest.update(block)
                if digest.size > task.size:
                    raise _damaged(task, "altered")
                yield block
    except NotFound as problem:
        raise _damaged(task, "missing") from problem
    except (OSError, Unavailable) as problem:
        store.check_available()  # raises when it is the store that is away, and not the file
        raise _damaged(task, "unreadable") from problem


def _content_path(catalogue: Catalogue, task: Task) -> ContentPath:
    """Where the bytes of that digest lie in the object: any version's copy of them will do."""
    for file in catalogue.expected(task.object_id):
        if file.sha512 == task.sha512:
            return ContentPath(file.path)
    raise _damaged(task, "missing")


def _tasks(
    catalogue: Catalogue, first: Sequence[str], allowed: Callable[[DocumentRecord], bool]
) -> Iterator[Task]:
    asked = set(first)
    for object_id in first:
        yield from _tasks_of(catalogue, object_id, allowed)
    held = [(record.updated_at, record.object_id) for record in catalogue.objects()]
    # Two sorts, so that objects of one instant stand in the order of their identifiers.
    held.sort(key=lambda one: one[1])
    held.sort(key=lambda one: one[0], reverse=True)
    for _, object_id in held:
        if object_id not in asked:
            yield from _tasks_of(catalogue, object_id, allowed)


def _tasks_of(
    catalogue: Catalogue, object_id: str, allowed: Callable[[DocumentRecord], bool]
) -> list[Task]:
    return wanted(document for document in catalogue.documents(object_id) if allowed(document))


def _damaged(task: Task, kind: Literal["altered", "missing", "unreadable"]) -> SourceDamaged:
    return SourceDamaged(SourceProblem(task.object_id, task.path, kind, task.sha512))
