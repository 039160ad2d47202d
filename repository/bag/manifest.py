"""Payload and tag manifests: lines of digest and path. RFC 8493 §2.1.3 and §2.2.1.

Core. In BagIt 1.0 a CR, LF or percent sign in a path stands as `%0D`, `%0A` or `%25`, and nothing else
is encoded; drafts before it encode nothing. Reading gives an entry for every line that can be
understood and a finding for every one that cannot; it never raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from repository.bag.declaration import tag_file_lines
from repository.problems import Problem, Report, error, warning

DIGEST_LENGTHS: Final = {
    "md5": 32,
    "sha1": 40,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "blake2b-512": 128,
    "sha512/256": 64,
}
"""Hex digits of the algorithms a bag may use, by the name the digest engine has for them."""

_NAMES: Final = {re.sub("[^a-z0-9]", "", name): name for name in DIGEST_LENGTHS}
_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+([^ \t].*)\Z", re.DOTALL)
_MD5SUM = re.compile(r"\*?(?:\./)*")
_ENCODED = re.compile("%(25|0[AaDd])")
_DECODED: Final = {"25": "%", "0A": "\n", "0D": "\r"}


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One line: the digest in lower case, and the path as a file of the bag is named."""

    path: str
    digest: str


def algorithm_of(file_name: str) -> str | None:
    """The digest engine's name for the algorithm in `manifest-ALG.txt` or `tagmanifest-ALG.txt`.

    None when the name is not one of a manifest, or the algorithm is none we know.
    """
    match = re.match(r"(?:tag)?manifest-([A-Za-z0-9_.-]+)\.txt\Z", file_name)
    return _NAMES.get(re.sub("[^a-z0-9]", "", match[1].lower())) if match else None


def write_manifest(algorithm: str, digests: Mapping[str, str]) -> bytes:
    """A manifest for BagIt 1.0, by path; `sha512sum -c` reads it too where no path needed encoding.

    ValueError for a digest that is not of the algorithm, or a path no bag may list.
    """
    known = _NAMES.get(re.sub("[^a-z0-9]", "", algorithm.lower()))
    if known is None:
        raise ValueError(f"not an algorithm for a manifest: {algorithm!r}")
    lines: list[str] = []
    for path in sorted(digests):
        digest = digests[path].lower()
        if len(digest) != DIGEST_LENGTHS[known] or not re.fullmatch("[0-9a-f]+", digest):
            raise ValueError(f"not a {algorithm} digest of {path[:120]!r}: {digest[:140]!r}")
        if unsafe(path) or path != path.lstrip(" \t*"):
            raise ValueError(f"not a path for a manifest: {path[:120]!r}")
        lines.append(f"{digest}  {encode_path(path)}\n")
    return "".join(lines).encode("utf-8")


def parse_manifest(
    data: bytes,
    algorithm: str | None = None,
    *,
    version: str = "1.0",
    encoding: str = "utf-8",
    place: str = "manifest",
) -> tuple[list[ManifestEntry], Report]:
    """Every entry of a manifest, in order, and what is wrong with its lines.

    Paths are decoded as the version wants and are safe to look up below the bag: those that are not
    are findings and no entries. A path occurs once in the result.
    """
    lines, problems = tag_file_lines(data, encoding, place)
    entries: dict[str, ManifestEntry] = {}
    for number, line in enumerate(lines, 1):
        where = f"{place}:{number}"
        if not line.strip(" \t"):
            problems.append(warning("BAG-MANIFEST-EMPTY-LINE", where))
            continue
        entry = _entry(line, algorithm, version, where, problems)
        if entry is None:
            continue
        known = entries.setdefault(entry.path, entry)
        if known is not entry:
            # 1.0 wants each file once; older bags made by joining lists are read if they agree.
            grave = version == "1.0" or known.digest != entry.digest
            problems.append(
                (error if grave else warning)("BAG-MANIFEST-TWICE", where, path=entry.path[:200])
            )
    return list(entries.values()), Report.of(problems)


def _entry(
    line: str, algorithm: str | None, version: str, where: str, problems: list[Problem]
) -> ManifestEntry | None:
    match = _LINE.match(line)
    if match is None:
        problems.append(error("BAG-MANIFEST-LINE", where, value=line[:200]))
        return None
    digest, path = match[1].lower(), match[2]
    if algorithm is not None and len(digest) != DIGEST_LENGTHS[algorithm]:
        problems.append(
            error("BAG-MANIFEST-DIGEST", where, value=digest[:140], algorithm=algorithm)
        )
        return None
    # What md5sum and find leave behind. Neither can begin a payload path.
    marks = _MD5SUM.match(path)
    if marks and marks.end():
        problems.append(warning("BAG-MANIFEST-MD5SUM", where, value=path[:200]))
        path = path[marks.end() :]
    if version == "1.0":
        if "%" in _ENCODED.sub("", path):
            problems.append(warning("BAG-MANIFEST-PERCENT", where, value=path[:200]))
        path = decode_path(path)
    if unsafe(path):
        problems.append(error("BAG-PATH-UNSAFE", where, value=path[:200]))
        return None
    return ManifestEntry(path, digest)


def encode_path(path: str) -> str:
    """The form of a path in the manifests and `fetch.txt` of BagIt 1.0."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def decode_path(written: str) -> str:
    """The path that BagIt 1.0 writes so. Other percent signs stand for themselves."""
    return _ENCODED.sub(lambda match: _DECODED[match[1].upper()], written)


def unsafe(path: str) -> bool:
    """Whether a path could name anything but a file below the bag (§5.1), or nothing at all."""
    return (
        any(part in ("", ".", "..") for part in path.split("/"))
        or "\0" in path
        or (path.startswith("~") and "/" in path)
        or any("\ud800" <= character <= "\udfff" for character in path)
    )
