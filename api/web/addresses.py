"""Where pages point to: addresses without host, below the path of `base_url`. Core.

Without host, so that a page works under whatever name it was reached by, and its own policy lets it
load only from there. What is to be written down (`permalink`) is absolute.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from api.links import Links


class Addresses:
    """All addresses in pages."""

    def __init__(self, links: Links, style: str) -> None:
        self._links = links
        self._origin = len(links.base) - len(urlsplit(links.base).path)
        self._style = style

    def to(self, *segments: str, **query: str | int | None) -> str:
        return self._links.to(*segments, **query)[self._origin :]

    def permalink(self, object_id: str, version: str | None = None) -> str:
        """The lasting address of a dossier, or of one version of it."""
        if version is None:
            return self._links.object(object_id)
        return self._links.version(object_id, version)

    def absolute(self, address: str) -> str:
        return self._links.base[: self._origin] + address

    def style(self) -> str:
        return self.to("static", "kho.css", v=self._style)

    def icon(self) -> str:
        return self.to("static", "kho.svg")

    def home(self) -> str:
        return self.to("")

    def search(self, **query: str | int | None) -> str:
        return self.to("search", **query)

    def object(self, object_id: str, **query: str | int | None) -> str:
        return self.to("objects", object_id, **query)

    def of_object(self, object_id: str, what: str, **query: str | int | None) -> str:
        return self.to("objects", object_id, what, **query)

    def of_version(self, object_id: str, version: str, what: str, **query: str | int | None) -> str:
        return self.to("objects", object_id, version, what, **query)

    def file(self, object_id: str, version: str, path: str) -> str:
        return self.to("objects", object_id, version, "files", *path.split("/"))

    def viewer(self, object_id: str, version: str, path: str, page: int | None = None) -> str:
        return self.to("objects", object_id, version, "pages", *path.split("/"), p=page)

    def image(self, object_id: str, version: str, path: str, page: int) -> str:
        place = ("objects", object_id, version, "page-images", str(page))
        return self.to(*place, *path.split("/"))

    def thumbnail(self, object_id: str, version: str, path: str) -> str:
        return self.to("objects", object_id, version, "thumbnails", *path.split("/"))
