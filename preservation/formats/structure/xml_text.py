"""An XML file: well-formed or not, by libxml2 (lxml), with no network, no DTD fetched, no entity
expanded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from lxml import etree

from preservation.formats.structure.seen import Seen

TOOL: Final = "lxml {} / libxml2 {}".format(
    ".".join(map(str, etree.LXML_VERSION[:3])), ".".join(map(str, etree.LIBXML_VERSION))
)
_CHUNK: Final = 65536


class _Nothing:
    """Takes what the parser tells and keeps none of it, so that memory does not grow with the file."""

    def __init__(self) -> None:
        self.doctype_seen = False
        self.root = ""

    def start(self, tag: str, attributes: Any) -> None:
        self.root = self.root or tag

    def end(self, tag: str) -> None:
        return None

    def data(self, data: Any) -> None:
        return None

    def comment(self, text: Any) -> None:
        return None

    def pi(self, target: Any, data: Any = None) -> None:
        return None

    def doctype(self, name: Any, _public: Any, _system: Any) -> None:
        self.doctype_seen = True

    def close(self) -> None:
        return None


def look(path: Path) -> Seen:
    """Parse it to its end."""
    seen = Seen("xml", TOOL)
    target: Any = _Nothing()
    parser = etree.XMLParser(
        target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                parser.feed(chunk)
        parser.close()
    except etree.XMLSyntaxError as problem:
        seen.damage.append(problem.msg or "it is not well-formed")
    except (ValueError, LookupError) as problem:
        seen.damage.append(str(problem))
    if target.root:
        seen.properties["root"] = target.root
    if target.doctype_seen:
        seen.properties["doctype"] = "yes"
    return seen
