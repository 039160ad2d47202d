"""A store in which one file cannot be read, for accounts that nothing keeps from reading (root)."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from repository.model import ObjectId
from repository.store import Observation, Store


class Unreadable:
    """The store as it is, but for one path, which every look reports as EIO. Only for looking."""

    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self._path = path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def name(self) -> str:
        """As the store is called."""
        return self._store.name

    def observe(self, object_ids: Iterable[ObjectId], **how: Any) -> Iterator[Observation]:
        """What the store sees, with the medium's error in the place of one file's digest."""
        for seen in self._store.observe(object_ids, **how):
            files = tuple(
                file._replace(size=None, sha512=None, errno=errno.EIO)
                if file.path == self._path
                else file
                for file in seen.files
            )
            yield replace(seen, files=files)
