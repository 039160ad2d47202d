"""Lists in pages: how long a page is, where it begins, and the way to the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query, Request, Response

from api.cursors import BadCursor, Cursors
from api.links import Links, link
from api.problems import ApiProblem

LONGEST: Final = 500

Limit = Annotated[int, Query(ge=1, le=LONGEST, description="Items of a page.")]
Cursor = Annotated[
    str | None, Query(max_length=8_192, description="From `next`; never made by the reader.")
]
Fonds = Annotated[str | None, Query(max_length=200, description="Only this fonds (mã phông).")]


class Paging:
    """The place in one list, for one request. `question` is what the list answers."""

    def __init__(self, request: Request, name: str, *question: str | None) -> None:
        self._cursors: Cursors = request.app.state.cursors
        self._links: Links = request.app.state.links
        self._question = (name, *question)

    def position(self, cursor: str | None, parts: int = 1) -> list[str] | None:
        """The sort key of the last item seen; None at the beginning. `bad-cursor`."""
        if cursor is None:
            return None
        try:
            return self._cursors.read(self._question, cursor, parts)
        except BadCursor:
            raise ApiProblem("bad-cursor") from None

    def following(
        self,
        response: Response,
        path: Sequence[str],
        last: Sequence[str],
        **query: str | int | None,
    ) -> str:
        """The address of the page after `last`; also put into the Link header."""
        cursor = self._cursors.make(self._question, last)
        address = self._links.to(*path, **query, cursor=cursor)
        response.headers.append("Link", link(address, "next"))
        return address
