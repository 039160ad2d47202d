"""Identifiers inside a package: made from the object and the place, so they never change by chance.

UUIDv5 (RFC 9562 §5.5) over object id, kind and place. The circular writes them in upper case with
`uuid-` before, and `ID-` for a METS `file`.
"""

from __future__ import annotations

from uuid import UUID, uuid5

_NAMESPACE = UUID("6c0f3c52-3f0e-5a83-9c55-0d5f1a0f7f10")


class Names:
    """The identifiers of one object's package."""

    def __init__(self, object_id: str) -> None:
        self._namespace = uuid5(_NAMESPACE, object_id)

    def uuid(self, kind: str, place: str = "") -> str:
        """A UUID in upper case, always the same for the same object, kind and place."""
        return str(uuid5(self._namespace, f"{kind}\n{place}")).upper()

    def section(self, kind: str, place: str = "") -> str:
        """The ID of a METS section, group or division."""
        return f"uuid-{self.uuid(kind, place)}"

    def file(self, place: str) -> str:
        """The ID of a METS file."""
        return f"ID-{self.uuid('file', place)}"
