"""The rules of one inventory taken by itself: OCFL 1.0 and 1.1 §3.5, §3.4 and the naming rules of §3.3.

Core: bytes in, a `Draft` out. Version blocks are in `version_rules`, what needs other inventories in
`history`, and what needs the files in `validate`. Nothing here raises because of its input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, cast

from repository.model import InvalidValue, ObjectId
from repository.ocfl.blocks import PlainBlock, pairs, paths_of
from repository.ocfl.draft import Draft
from repository.ocfl.grammar import (
    DIGEST_LENGTHS,
    REGISTERED_DIGESTS,
    conflicting,
    is_digest,
    is_safe_path,
    is_uri,
    lowered,
)
from repository.ocfl.plain_form import KnownStrings, VersionsRead, plain_document
from repository.ocfl.strict_json import MalformedJson, parse_json
from repository.ocfl.version_rules import check_head, check_versions, version_number
from repository.problems import Severity, error

SPEC_VERSIONS: Final = ("1.0", "1.1")
_TYPE = re.compile(r"https://ocfl\.io/([0-9]+\.[0-9]+)/spec/#inventory\Z")
_TOP_KEYS: Final = {"id", "type", "digestAlgorithm", "head", "manifest", "versions"} | {
    "contentDirectory",
    "fixity",
}
_HEX_CODE: Final = {"sha1": "E029", "sha256": "E030", "sha512": "E031", "blake2b-512": "E032"}


def examine(
    data: bytes,
    location: str = "inventory.json",
    known: KnownStrings | None = None,
    versions: VersionsRead | None = None,
) -> Draft:
    """Judge the bytes of one inventory file. `known` changes nothing but the memory it takes, and
    `versions` nothing but the time."""
    return examine_pieces((data,), lambda: data, location, known, versions)


def examine_pieces(
    pieces: Iterable[bytes],
    whole: Callable[[], bytes],
    location: str = "inventory.json",
    known: KnownStrings | None = None,
    versions: VersionsRead | None = None,
) -> Draft:
    """As `examine`, of bytes that come a piece at a time; `whole` gives all of them once more where
    that is not enough. What these raise goes to the caller."""
    draft = Draft(location)
    document: object = plain_document(pieces, known, versions)
    if document is None:
        try:
            document = parse_json(whole())
        except MalformedJson as malformed:
            draft.found("E033", "", malformed.args[0])
            return draft
    if not isinstance(document, dict):
        draft.found("E033", "", type(document).__name__, "object")
        return draft
    _check_type(draft, document)  # first: the codes of what follows depend on the version
    for key in sorted(document.keys() - _TOP_KEYS):
        draft.found("E102", "", key)
    _check_id(draft, document)
    _check_algorithm(draft, document)
    _check_content_directory(draft, document)
    as_written = _check_manifest(draft, document)
    check_versions(draft, document, as_written)
    check_head(draft, document)
    _check_content_paths(draft)
    _check_unused(draft)
    _check_fixity(draft, document)
    return draft


def _check_type(draft: Draft, document: Mapping[str, object]) -> None:
    if "type" not in document:
        draft.found("E036", "", "type")
        return
    given = document["type"]
    match = _TYPE.match(given) if isinstance(given, str) else None
    if match is None or match[1] not in SPEC_VERSIONS:
        draft.found("E038", "/type", given, "https://ocfl.io/1.1/spec/#inventory")
        return
    draft.spec_version = match[1]


def _check_id(draft: Draft, document: Mapping[str, object]) -> None:
    if "id" not in document:
        draft.found("E036", "", "id")
        return
    given = document["id"]
    if not isinstance(given, str) or not given:
        draft.found("E037", "/id", given)
        return
    draft.object_id = given
    try:
        ObjectId(given)
    except InvalidValue:
        # The specification would allow it; we could not name the object in a catalogue or a log.
        draft.problems.append(error("STO-OBJECT-ID", f"{draft.location}#/id", value=given[:200]))
    if not is_uri(given):
        draft.found("W005", "/id", given)


def _check_algorithm(draft: Draft, document: Mapping[str, object]) -> None:
    if "digestAlgorithm" not in document:
        draft.found("E036", "", "digestAlgorithm")
        return
    given = document["digestAlgorithm"]
    if given not in ("sha512", "sha256"):
        draft.found("E025", "/digestAlgorithm", given, "sha512")
    if given == "sha256":
        draft.found("W004", "/digestAlgorithm", given, "sha512")
    if isinstance(given, str) and given in DIGEST_LENGTHS:
        draft.digest_algorithm = given


def _check_content_directory(draft: Draft, document: Mapping[str, object]) -> None:
    if "contentDirectory" not in document:
        return
    given = document["contentDirectory"]
    draft.content_directory_given = True
    if not isinstance(given, str) or "/" in given:
        draft.found("E017", "/contentDirectory", given)
    elif given in (".", ".."):
        draft.found("E018", "/contentDirectory", given)
    elif not given or "\0" in given:
        draft.found("E108", "/contentDirectory", given)
    else:
        draft.content_directory = given


def _check_manifest(draft: Draft, document: Mapping[str, object]) -> AbstractSet[str]:
    """Fill in the manifest; return its digests as they are written, in their own case."""
    if "manifest" not in document:
        draft.found("E041", "", "manifest")
        return set()
    block = document["manifest"]
    if not isinstance(block, Mapping):
        draft.found("E106", "/manifest", type(block).__name__, "object")
        return set()
    draft.manifest = _digest_block(
        draft, block, draft.digest_algorithm, "/manifest", "E096", "E092"
    )
    for above, below in conflicting(paths_of(draft.manifest)):
        draft.found("E101", "/manifest", below, above)
    return block.keys()


def _digest_block(
    draft: Draft,
    block: Mapping[str, object],
    algorithm: str | None,
    pointer: str,
    twice_code: str,
    array_code: str,
) -> Mapping[str, tuple[str, ...]]:
    """A block digest → content paths, as both `manifest` and each part of `fixity` are built."""
    if isinstance(block, PlainBlock) and (
        algorithm is None or block.length == DIGEST_LENGTHS[algorithm]
    ):
        return block
    made: dict[str, tuple[str, ...]] = {}
    for digest, paths in block.items():
        if algorithm is not None and not is_digest(digest, algorithm):
            code = _form_code(digest, algorithm, twice_code)
            draft.found(code, f"{pointer}/{digest[:140]}", digest, algorithm)
        key = lowered(digest)
        if key in made:
            draft.found(twice_code, f"{pointer}/{digest[:140]}", digest)
        if isinstance(paths, list | tuple):
            safe = _safe_content_paths(draft, paths, pointer, digest, array_code)
            made[key] = made[key] + safe if key in made else safe
        else:
            draft.found(array_code, f"{pointer}/{digest[:140]}", type(paths).__name__, "array")
    return made


def _form_code(digest: str, algorithm: str, twice_code: str) -> str:
    if twice_code == "E096":
        other = "sha256" if algorithm == "sha512" else "sha512"
        if is_digest(digest, other):
            return "E039"  # a digest well enough, but of another algorithm than was declared
    return _HEX_CODE.get(algorithm, "E057" if twice_code == "E097" else "E025")


def _safe_content_paths(
    draft: Draft, paths: Sequence[object], pointer: str, digest: str, array_code: str
) -> tuple[str, ...]:
    """The safe ones among the paths of a digest; what is wrong with the others is told."""
    if all(isinstance(path, str) and is_safe_path(path) for path in paths):
        return tuple(cast("Sequence[str]", paths))
    place = f"{pointer}/{digest[:140]}"
    return tuple(
        path
        for path in paths
        if _is_safe_content_path(draft, path, place, array_code) and isinstance(path, str)
    )


def _is_safe_content_path(draft: Draft, path: object, place: str, array_code: str) -> bool:
    if not isinstance(path, str):
        draft.found(array_code, place, type(path).__name__, "string")
        return False
    parts = path.split("/")
    safe = True
    if path.startswith("/") or path.endswith("/"):
        draft.found("E100", place, path)
        safe = False
    # The empty parts that a slash at either end makes have been told already.
    inner = parts[1 if path.startswith("/") else 0 : -1 if path.endswith("/") else None]
    if any(part in ("", ".", "..") for part in inner):
        draft.found("E099", place, path)
        safe = False
    if "\0" in path:
        draft.found("E098", place, path)
        safe = False
    return safe


def _check_content_paths(draft: Draft) -> None:
    """Content paths lie in the content folder of a version that exists (§3.3.1, §3.5.2)."""
    widths = {number.number: name for name in draft.versions if (number := version_number(name))}
    inside = draft.content_directory + "/"
    starts = tuple(f"{version}/{inside}" for version in draft.versions if "/" not in version)
    for digest, path in pairs(draft.manifest):
        if path.startswith(starts):
            continue
        first = path.partition("/")[0]
        place = f"/manifest/{digest[:140]}"
        if first not in draft.versions:
            number = version_number(first)
            padded_otherwise = number is not None and number.number in widths
            draft.found("E014" if padded_otherwise else "E042", place, path)
        else:
            draft.found("E042", place, path, f"{first}/{draft.content_directory}/")


def _check_unused(draft: Draft) -> None:
    states = [version.state for version in draft.versions.values()]
    used: Collection[str] = states[0] if len(states) == 1 else set().union(*states)
    for digest in sorted(digest for digest in draft.manifest if digest not in used):
        draft.found("E107", "/manifest", digest)


def _check_fixity(draft: Draft, document: Mapping[str, object]) -> None:
    if "fixity" not in document:
        return
    fixity = document["fixity"]
    if not isinstance(fixity, dict):
        draft.found("E111", "/fixity", type(fixity).__name__, "object")
        return
    for algorithm, block in fixity.items():
        pointer = f"/fixity/{algorithm[:40]}"
        if algorithm not in REGISTERED_DIGESTS:
            draft.found("E056", pointer, algorithm)
            continue
        if not isinstance(block, Mapping):
            draft.found("E057", pointer, type(block).__name__, "object")
            continue
        form = algorithm if algorithm in DIGEST_LENGTHS else None
        made = _digest_block(draft, block, form, pointer, "E097", "E057")
        draft.fixity[algorithm] = made
        if not _is_part_of_manifest(draft, made):
            _check_fixity_paths(draft, made, pointer)


def _is_part_of_manifest(draft: Draft, block: Mapping[str, tuple[str, ...]]) -> bool:
    """True only when every path is one of the manifest, once, and no two of those are in each
    other's way. Says so of what is right in one set, as there may be very many."""
    if any(problem.severity is Severity.ERROR for problem in draft.problems):
        return False
    left = set(paths_of(draft.manifest))
    for path in paths_of(block):
        if path not in left:
            return False
        left.remove(path)
    return True


def _check_fixity_paths(draft: Draft, block: Mapping[str, tuple[str, ...]], pointer: str) -> None:
    known = set(paths_of(draft.manifest))
    for digest, path in pairs(block):
        if path not in known:
            draft.found("E057", f"{pointer}/{digest[:140]}", path)
    for above, below in conflicting(paths_of(block)):
        draft.found("E057", pointer, below, above)
