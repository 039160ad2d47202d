"""Who reads, and what they are given; the rules themselves are in `rights.py`.

Lists, sums and searches are asked of the catalogue with the reader's modes, never filtered after. What
is not open is written into the access log before it is given; when that cannot be done, it is not.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from api.methods import is_head
from api.problems import ApiProblem
from api.rights import LISTED_FOR_ALL, OPEN, READ_BY_ALL
from api.services import ApiServices
from api.spool import Reading
from repository.catalogue.records import ObjectRecord
from repository.digest import digest_bytes
from repository.errors import Unavailable

# One `no-store` for all that a key opens; open versions never change, the rest is asked for anew.
PRIVATE: Final = "private, no-store"
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "public, no-cache"


@dataclass(frozen=True)
class Reader:
    """Whoever asks, for the length of one request."""

    services: ApiServices
    request: Request
    auditor: bool

    @property
    def listed(self) -> frozenset[str] | None:
        """The modes of what this reader may know of; None: all."""
        return None if self.auditor else LISTED_FOR_ALL

    def may_read(self, record: ObjectRecord) -> bool:
        """Whether this reader may read all of the object."""
        return self.auditor or record.mode in READ_BY_ALL

    def find(self, object_id: str) -> ObjectRecord:
        """The object, if this reader may know of it; otherwise it is not there."""
        record = self.services.catalogue.object(object_id) if len(object_id) <= 1000 else None
        if record is None or not (self.listed is None or record.mode in self.listed):
            raise ApiProblem("not-found")
        if record.mode != OPEN and self.auditor:
            self.log(record.object_id)
        return record

    def open(self, object_id: str) -> ObjectRecord:
        """The object, if this reader may read all of it."""
        record = self.find(object_id)
        if not self.may_read(record):
            raise ApiProblem("access-conditional")
        return record

    def enter_lists(self) -> None:
        """Before a list that everybody has: an auditor's holds more, so it is logged."""
        if self.auditor:
            self.log("")

    def require_auditor(self) -> None:
        """Before what is for auditors alone."""
        if not self.auditor:
            raise ApiProblem("auditors-only")
        self.log("")

    def log(self, object_id: str) -> None:
        """Write the reading down; when that fails nothing is given."""
        spool, request = self.services.spool, self.request
        reading = Reading(
            reader="auditor",
            client=request.client.host if request.client else "",
            method="HEAD" if is_head(request) else request.method,
            path=request.scope["path"],
            query=request.scope["query_string"].decode("latin-1"),
            object_id=object_id,
        )
        if spool is None:
            raise ApiProblem("spool-unavailable")
        try:
            spool.log_reading(reading, self.services.clock.now())
        except Unavailable as problem:
            raise ApiProblem("spool-unavailable") from problem

    def caching(self, record: ObjectRecord | None = None, *, fixed: bool = False) -> str:
        """The Cache-Control of an answer about an object, or about the archive."""
        if self.auditor or (record is not None and record.mode != OPEN):
            return PRIVATE
        return FOREVER if fixed else ASK_AGAIN


def reader_of(request: Request) -> Reader:
    """The reader of a request. A key that is given and wrong is refused, never overlooked."""
    services: ApiServices = request.app.state.services
    given = request.headers.getlist("authorization")
    if not given:
        return Reader(services, request, auditor=False)
    if len(given) != 1 or not _is_auditor(given[0], services.auditor_token_sha256):
        raise ApiProblem("token-invalid")
    return Reader(services, request, auditor=True)


def _is_auditor(header: str, expected: str | None) -> bool:
    scheme, _, token = header.partition(" ")
    if expected is None or scheme.lower() != "bearer" or not token.strip():
        return False
    found = digest_bytes(token.strip().encode("utf-8", "surrogateescape"), ["sha256"])["sha256"]
    return hmac.compare_digest(found.encode(), expected.lower().encode())


CurrentReader = Annotated[Reader, Depends(reader_of)]
