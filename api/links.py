"""Every address of the API, and the Link headers (RFC 8288, FAIR Signposting). Core.

Addresses are absolute, below `base_url`, and never change. An identifier or a file name is one or more
path segments, percent-encoded once; what it holds of percent signs is encoded with the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from urllib.parse import quote, urlencode

# The metadata files of a version that have an address of their own: name, path, media type.
SHORTCUTS: Mapping[str, tuple[str, str]] = {
    "mets.xml": ("data/METS.xml", "application/xml"),
    "premis.xml": ("data/metadata/preservation/PREMIS.xml", "application/xml"),
    "ead.xml": ("data/metadata/descriptive/EAD.xml", "application/xml"),
    "dossier.json": ("data/metadata/other/dossier.json", "application/json"),
}
PROFILES: Mapping[str, str] = {
    "mets.xml": "http://www.loc.gov/METS/",
    "premis.xml": "http://www.loc.gov/premis/v3",
}
# Files are named in the Link header up to so many, and so many characters; a linkset has them all.
MOST_ITEMS = 50
LONGEST_ITEMS = 6_000
OBJECT_TYPE = "https://schema.org/ArchiveComponent"


class Links:
    """Builds addresses below one base."""

    def __init__(self, base_url: str) -> None:
        self.base = base_url.rstrip("/")

    def to(self, *segments: str, **query: str | int | None) -> str:
        """An address made of whole path segments and the query values that are not None."""
        path = "/".join(_segment(segment) for segment in segments)
        asked = urlencode({k: v for k, v in query.items() if v is not None}, errors="replace")
        return f"{self.base}/{path}" + (f"?{asked}" if asked else "")

    def object(self, object_id: str) -> str:
        return self.to("objects", object_id)

    def version(self, object_id: str, version: str) -> str:
        return self.to("objects", object_id, version)

    def file(self, object_id: str, version: str, path: str) -> str:
        return self.to("objects", object_id, version, "files", *path.split("/"))

    def problem(self, code: str) -> str:
        return self.to("problems", code)

    def of_object(self, object_id: str, head: str | None) -> dict[str, str]:
        """The links of an object; only to itself where its versions are not for this reader."""
        itself = {"self": self.object(object_id)}
        if head is None:
            return itself
        return {
            **itself,
            "head": self.version(object_id, head),
            "versions": self.to("objects", object_id, "versions"),
            "events": self.to("objects", object_id, "events"),
            "fixity": self.to("objects", object_id, "fixity"),
            "linkset": self.to("objects", object_id, "linkset"),
        }

    def of_version(self, object_id: str, version: str) -> dict[str, str]:
        return {
            "self": self.version(object_id, version),
            "object": self.object(object_id),
            "files": self.to("objects", object_id, version, "files"),
            "inventory": self.to("objects", object_id, version, "inventory.json"),
            **{
                name.split(".")[0]: self.to("objects", object_id, version, name)
                for name in SHORTCUTS
            },
        }

    def described_by(self, object_id: str, head: str) -> list[tuple[str, str, str]]:
        """Where the object is described: address, media type, profile (or nothing)."""
        return [
            (self.to("objects", object_id, head, name), media_type, PROFILES.get(name, ""))
            for name, (_, media_type) in SHORTCUTS.items()
        ]

    def signposts(
        self, object_id: str, head: str | None, items: Iterable[tuple[str, str]]
    ) -> list[str]:
        """The Link values of an object page. `items`: path and media type of its files."""
        values = [
            link(self.object(object_id), "cite-as"),
            link(OBJECT_TYPE, "type"),
        ]
        if head is None:
            return values
        values.append(link(self.version(object_id, head), "latest-version"))
        values.append(link(self.to("objects", object_id, "versions"), "version-history"))
        for address, media_type, profile in self.described_by(object_id, head):
            values.append(link(address, "describedby", type=media_type, profile=profile))
        named = [
            link(self.file(object_id, head, path), "item", type=media_type)
            for path, media_type in islice(items, MOST_ITEMS + 1)
        ]
        if len(named) <= MOST_ITEMS and sum(map(len, named)) <= LONGEST_ITEMS:
            values += named
        values.append(
            link(
                self.to("objects", object_id, "linkset"),
                "linkset",
                type="application/linkset+json",
            )
        )
        return values


def link(address: str, relation: str, **attributes: str) -> str:
    """One Link value. Addresses and attributes are ours, so nothing in them needs escaping."""
    named = "".join(f'; {name}="{value}"' for name, value in attributes.items() if value)
    return f'<{address}>; rel="{relation}"{named}'


def _segment(segment: str) -> str:
    # RFC 3986 §3.3: these may stand in a segment as they are.
    return quote(segment, safe=":@!$&'()*,;=~", errors="replace")
