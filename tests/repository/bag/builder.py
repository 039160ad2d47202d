"""Bags made in memory, valid but for what a test changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from repository.bag.manifest import encode_path


def manifest(algorithm: str, files: Mapping[str, bytes], version: str = "1.0") -> str:
    """By hand, so that our own writer is not judged by itself."""
    lines = []
    for path, data in files.items():
        written = encode_path(path) if version == "1.0" else path
        lines.append(f"{hashlib.new(algorithm, data).hexdigest()}  {written}\n")
    return "".join(lines)


def make_bag(
    payload: Mapping[str, bytes],
    *,
    version: str = "1.0",
    algorithms: Sequence[str] = ("sha512",),
    encoding: str = "UTF-8",
    info: str = "Source-Organization: Sở Nội vụ\n",
) -> dict[str, bytes]:
    """Every file of a valid bag with this payload (paths below `data/`)."""
    files = {f"data/{path}": data for path, data in payload.items()}
    size = sum(map(len, files.values()))
    info_name = "package-info.txt" if version < "0.96" else "bag-info.txt"
    bag = dict(files)
    bag["bagit.txt"] = (
        f"BagIt-Version: {version}\nTag-File-Character-Encoding: {encoding}\n".encode()
    )
    bag[info_name] = f"{info}Payload-Oxum: {size}.{len(files)}\n".encode(encoding)
    for algorithm in algorithms:
        bag[f"manifest-{algorithm}.txt"] = manifest(algorithm, files, version).encode(encoding)
    put_tag_manifests(bag, algorithms, encoding)
    return bag


def put_tag_manifests(
    bag: dict[str, bytes], algorithms: Sequence[str] = ("sha512",), encoding: str = "UTF-8"
) -> None:
    tags = {
        path: data for path, data in bag.items() if not path.startswith(("data/", "tagmanifest-"))
    }
    for algorithm in algorithms:
        bag[f"tagmanifest-{algorithm}.txt"] = manifest(algorithm, tags).encode(encoding)
