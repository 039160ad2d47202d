"""XML too large for a tree, element by element: the strict rules of `schemas.xml`, in a stream.

Opens nothing, knows no DTD and no entity, keeps nothing that went by. What is not well-formed or has a
DOCTYPE is `MalformedXml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from lxml import etree

from schemas.xml import MalformedXml


class XmlStream:
    """Give it bytes, take whole elements of the names asked for. They are emptied after each step."""

    def __init__(self, names: tuple[str, ...]) -> None:
        # As in schemas.xml: `collect_ids=False` must not be added, lxml 6.1.3 then loads DTDs.
        self._parser = etree.XMLPullParser(
            events=("end",),
            tag=names,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._checked = False
        self._head = b""

    def feed(self, data: bytes) -> Iterator[etree._Element]:
        """The elements that end in these bytes."""
        if not self._checked:
            self._check_head(data)
        try:
            self._parser.feed(data)
        except etree.XMLSyntaxError as fault:
            raise _malformed(fault) from None
        yield from self._ended()

    def close(self) -> Iterator[etree._Element]:
        """What is left; MalformedXml when the document is not finished."""
        yield from self._ended()
        try:
            self._parser.close()
        except etree.XMLSyntaxError as fault:
            raise _malformed(fault) from None

    def _check_head(self, data: bytes) -> None:
        """A DOCTYPE can only stand before the first element, whatever the encoding."""
        self._head += data
        probe = etree.XMLPullParser(events=("start",), resolve_entities=False, load_dtd=False)
        try:
            probe.feed(self._head)
            for _, root in probe.read_events():
                if cast(etree._Element, root).getroottree().docinfo.internalDTD is not None:
                    raise MalformedXml("a DOCTYPE is not accepted")
                self._checked = True
                self._head = b""
                return
        except etree.XMLSyntaxError as fault:
            raise _malformed(fault) from None
        if len(self._head) > 64 * 1024:
            raise MalformedXml("no element in the first 64 KiB")

    def _ended(self) -> Iterator[etree._Element]:
        try:
            for _, found in self._parser.read_events():
                element = cast(etree._Element, found)
                yield element
                element.clear()
                _forget_before(element)
        except etree.XMLSyntaxError as fault:
            raise _malformed(fault) from None


def _forget_before(element: etree._Element) -> None:
    """Drop all that stands before the element, beside it and beside those around it."""
    for each in (element, *element.iterancestors()):
        parent = each.getparent()
        while parent is not None and each.getprevious() is not None:
            del parent[0]


def _malformed(fault: etree.XMLSyntaxError) -> MalformedXml:
    return MalformedXml(" ".join(str(fault.msg or "not well-formed").split())[:300])
