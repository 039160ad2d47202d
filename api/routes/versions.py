"""/objects/{id}/v{n}: versions, their files, and the bytes. A version never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from api import presenters
from api.access import CurrentReader, Reader
from api.holdings import Holdings
from api.links import SHORTCUTS, Links, link
from api.sending import file_response
from repository.catalogue.records import ObjectRecord, VersionRecord
from repository.digest import digest_bytes
from schemas import access as body

router = APIRouter(tags=["Versions and files"])

_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The bytes."}
}


@router.get("/objects/{object_id}/versions", summary="All versions of a dossier")
def versions(
    request: Request, response: Response, reader: CurrentReader, object_id: str
) -> body.VersionList:
    """First version to head."""
    record = reader.open(object_id)
    found = reader.services.catalogue.versions(object_id)
    response.headers["Cache-Control"] = reader.caching(record)
    links = request.app.state.links
    return body.VersionList(
        object_id=object_id,
        items=tuple(presenters.present_version(one, record.head, links) for one in found),
    )


@router.get("/objects/{object_id}/{version}", summary="One version")
def one_version(
    request: Request, response: Response, reader: CurrentReader, object_id: str, version: str
) -> body.VersionBody:
    """Who made it, when, why, and the digest of its inventory."""
    record, found = _version(request, reader, object_id, version)
    links: Links = request.app.state.links
    # Not for ever: `is_head` changes with the next version.
    response.headers["Cache-Control"] = reader.caching(record)
    response.headers["Link"] = ", ".join(
        [
            link(links.object(object_id), "latest-version"),
            link(links.object(object_id), "collection"),
        ]
    )
    return presenters.present_version(found, record.head, links)


@router.get("/objects/{object_id}/{version}/files", summary="Every file of a version")
def files(
    request: Request, response: Response, reader: CurrentReader, object_id: str, version: str
) -> body.FileList:
    """Every file by its logical path, with its size and digests."""
    record, found = _version(request, reader, object_id, version)
    holdings: Holdings = request.app.state.holdings
    answer = presenters.present_files(found, holdings.state(found).files, request.app.state.links)
    response.headers["Cache-Control"] = reader.caching(record, fixed=True)
    return answer


@router.get(
    "/objects/{object_id}/{version}/files/{path:path}",
    summary="The bytes of a file",
    responses=_BYTES,
    response_class=Response,
)
def file_bytes(
    request: Request, reader: CurrentReader, object_id: str, version: str, path: str
) -> Response:
    """The bytes as they were received or made; ranges and conditions as in RFC 9110."""
    return _send_file(request, reader, object_id, version, path)


@router.get(
    "/objects/{object_id}/{version}/inventory.json",
    summary="The OCFL inventory of a version",
    responses=_BYTES,
    response_class=Response,
)
def inventory(request: Request, reader: CurrentReader, object_id: str, version: str) -> Response:
    """The inventory that closes a version, byte for byte."""
    record, found = _version(request, reader, object_id, version)
    holdings: Holdings = request.app.state.holdings
    ready = holdings.inventory(found)
    assert ready.data is not None
    digests = digest_bytes(ready.data, ["sha256", "sha512"])
    headers = _headers(request, reader, record)
    return file_response(request, holdings, ready, "inventory.json", digests, headers)


def _shortcut(name: str, path: str) -> Callable[..., Response]:
    def send(request: Request, reader: CurrentReader, object_id: str, version: str) -> Response:
        return _send_file(request, reader, object_id, version, path)

    send.__name__ = name.replace(".", "_")
    send.__doc__ = f"The same as `files/{path}`."
    return send


for _name, (_path, _type) in SHORTCUTS.items():
    router.get(
        f"/objects/{{object_id}}/{{version}}/{_name}",
        summary=f"{_name} of a version",
        responses=_BYTES,
        response_class=Response,
    )(_shortcut(_name, _path))


def _send_file(
    request: Request, reader: Reader, object_id: str, version: str, path: str
) -> Response:
    record, found = _version(request, reader, object_id, version)
    holdings: Holdings = request.app.state.holdings
    file = holdings.file(found, path)
    headers = _headers(request, reader, record)
    return file_response(
        request, holdings, holdings.open(object_id, file), path, file.digests, headers
    )


def _version(
    request: Request, reader: Reader, object_id: str, version: str
) -> tuple[ObjectRecord, VersionRecord]:
    record = reader.open(object_id)
    holdings: Holdings = request.app.state.holdings
    return record, holdings.version(object_id, version)


def _headers(request: Request, reader: Reader, record: ObjectRecord) -> dict[str, str]:
    links: Links = request.app.state.links
    return {
        "Cache-Control": reader.caching(record, fixed=True),
        "Link": link(links.object(record.object_id), "collection", type="application/json"),
    }
