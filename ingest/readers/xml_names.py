"""Elements without regard to namespaces: local names, attributes, text. Core.

Senders declare the namespaces of METS and its extensions in many wrong ways; what a name means here
never depends on one.
"""

from __future__ import annotations

from lxml import etree


def local_name(element: etree._Element | None) -> str:
    """The name without its namespace; empty for comments, processing instructions and None."""
    if element is None:
        return ""
    tag: object = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def attribute(element: etree._Element | None, name: str, *, exactly: bool = False) -> str:
    """An attribute by its local name, in whatever namespace it stands; empty when absent.

    Outer space is removed unless `exactly` is asked for.
    """
    if element is None:
        return ""
    value = element.get(name)
    if value is None:
        found = (str(v) for k, v in element.attrib.items() if str(k).rsplit("}", 1)[-1] == name)
        value = next(found, "")
    return str(value) if exactly else str(value).strip()


def text_of(element: etree._Element) -> str:
    """All text inside, character for character, without that of comments."""
    parts = [element.text or ""]
    for child in element:
        if local_name(child):
            parts.append(text_of(child))
        parts.append(child.tail or "")
    return "".join(parts)
