"""One dossier of a list as a container: its own files, its rows, and the list where it may be kept."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import BinaryIO

from ingest.container import Container, Member
from ingest.lists.dossiers import ListedDossier
from ingest.member_names import clash_key
from ingest.readers.listed import ROWS, ROWS_INDEX


class ListedContainer(Container):
    """A view of the container that the list lies in. Closing it closes that.

    `outside` are members around the payload of a bag: what the bag says of itself goes with each of
    its dossiers, unless another of them is secret.
    """

    def __init__(
        self, inner: Container, listed: ListedDossier, outside: Collection[int] = ()
    ) -> None:
        self.limits = inner.limits
        self.name = f"{inner.name}#{listed.file_code}"
        self.top = ""
        self._inner = inner
        self._rows = listed.rows
        own = {*listed.files, *([listed.sheet_raw] if listed.keep_sheet else [])}
        kept = [
            m
            for m in inner.members
            if m.raw_name in own or (listed.keep_sheet and m.index in outside)
        ]
        name = ROWS
        taken = {clash_key(m.name) for m in kept}
        while name in taken:
            name = f"_{name}"
        self.members = (Member(ROWS_INDEX, name, name.encode(), len(listed.rows), ""), *kept)

    def open(self, member: Member) -> BinaryIO:
        """See `Container`."""
        if member.index == ROWS_INDEX:
            return io.BytesIO(self._rows)
        return self._inner.open(member)

    def close(self) -> None:
        """Let go of what the list lies in."""
        self._inner.close()
