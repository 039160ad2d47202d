"""The rules of one inventory taken by itself: OCFL 1.0 and 1.1 §3.5, §3.4 and the naming rules of §3.3.

Core: bytes in, a `Draft` out. The draft holds whatever could be understood, and every finding, so that
a validator can go on looking at an object whose inventory is wrong in places. What needs other
inventories or the files themselves is in `validate.py`. Nothing here raises because of its input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from repository.model import InvalidValue, ObjectId, VersionNumber
from repository.ocfl.codes import finding
from repository.ocfl.grammar import (
    DIGEST_LENGTHS,
    REGISTERED_DIGESTS,
    conflicting,
    is_digest,
    is_instant,
    is_uri,
    lowered,
)
from repository.ocfl.strict_json import MalformedJson, parse_json
from repository.problems import Problem, error

SPEC_VERSIONS: Final = ("1.0", "1.1")
_TYPE = re.compile(r"https://ocfl\.io/([0-9]+\.[0-9]+)/spec/#inventory\Z")
_TOP_KEYS: Final = {"id", "type", "digestAlgorithm", "head", "manifest", "versions"} | {
    "contentDirectory",
    "fixity",
}
_VERSION_KEYS: Final = {"created", "state", "message", "user"}
_USER_KEYS: Final = {"name", "address"}
_HEX_CODE: Final = {"sha1": "E029", "sha256": "E030", "sha512": "E031", "blake2b-512": "E032"}


@dataclass(slots=True)
class DraftVersion:
    """What could be understood of one version block. `state`: digest as lower-case hex → paths."""

    created: str | None = None
    message: str | None = None
    user_name: str | None = None
    user_address: str | None = None
    user: object = None  # as given, for W011
    state: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """What could be understood of one inventory. Digests are lower-case; unsafe paths are left out."""

    location: str
    problems: list[Problem] = field(default_factory=list)
    object_id: str | None = None
    spec_version: str | None = None
    digest_algorithm: str | None = None
    head: str | None = None
    content_directory: str = "content"
    content_directory_given: bool = False
    manifest: dict[str, tuple[str, ...]] = field(default_factory=dict)
    versions: dict[str, DraftVersion] = field(default_factory=dict)
    fixity: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        """True when the bytes were a JSON object at all."""
        return self.object_id is not None or bool(self.versions) or bool(self.manifest)

    def found(self, code: str, pointer: str, value: object = "", expected: object = "") -> None:
        """Note a finding at a place inside this inventory."""
        place = f"{self.location}#{pointer}" if pointer else self.location
        self.problems += finding(self.spec_version, code, place, value, expected)


def examine(data: bytes, location: str = "inventory.json") -> Draft:
    """Judge the bytes of one inventory file."""
    draft = Draft(location)
    try:
        document = parse_json(data)
    except MalformedJson as malformed:
        draft.found("E033", "", malformed.args[0])
        return draft
    if not isinstance(document, dict):
        draft.found("E033", "", type(document).__name__, "object")
        return draft
    _check_type(draft, document)  # first: the codes of what follows depend on the version
    for key in document.keys() - _TOP_KEYS:
        draft.found("E102", "", key)
    _check_id(draft, document)
    _check_algorithm(draft, document)
    _check_content_directory(draft, document)
    as_written = _check_manifest(draft, document)
    _check_versions(draft, document, as_written)
    _check_head(draft, document)
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


def _check_manifest(draft: Draft, document: Mapping[str, object]) -> set[str]:
    """Fill in the manifest; return its digests as they are written, in their own case."""
    if "manifest" not in document:
        draft.found("E041", "", "manifest")
        return set()
    block = document["manifest"]
    if not isinstance(block, dict):
        draft.found("E106", "/manifest", type(block).__name__, "object")
        return set()
    draft.manifest = _digest_block(
        draft, block, draft.digest_algorithm, "/manifest", "E096", "E092"
    )
    everything = [path for paths in draft.manifest.values() for path in paths]
    for above, below in conflicting(everything):
        draft.found("E101", "/manifest", below, above)
    return set(block)


def _digest_block(
    draft: Draft,
    block: Mapping[str, object],
    algorithm: str | None,
    pointer: str,
    twice_code: str,
    array_code: str,
) -> dict[str, tuple[str, ...]]:
    """A block digest → content paths, as both `manifest` and each part of `fixity` are built."""
    made: dict[str, tuple[str, ...]] = {}
    for digest, paths in block.items():
        place = f"{pointer}/{digest[:140]}"
        if algorithm is not None and not is_digest(digest, algorithm):
            draft.found(_form_code(digest, algorithm, twice_code), place, digest, algorithm)
        key = lowered(digest)
        if key in made:
            draft.found(twice_code, place, digest)
        if not isinstance(paths, list):
            draft.found(array_code, place, type(paths).__name__, "array")
            continue
        safe = tuple(path for path in paths if _safe_content_path(draft, path, place, array_code))
        made[key] = made.get(key, ()) + safe
    return made


def _form_code(digest: str, algorithm: str, twice_code: str) -> str:
    if twice_code == "E096":
        other = "sha256" if algorithm == "sha512" else "sha512"
        if is_digest(digest, other):
            return "E039"  # a digest well enough, but of another algorithm than was declared
    return _HEX_CODE.get(algorithm, "E057" if twice_code == "E097" else "E025")


def _safe_content_path(draft: Draft, path: object, place: str, array_code: str) -> bool:
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


def _check_versions(draft: Draft, document: Mapping[str, object], as_written: set[str]) -> None:
    if "versions" not in document:
        draft.found("E041", "", "versions")
        draft.found("E043", "", "versions")
        return
    block = document["versions"]
    if not isinstance(block, dict):
        draft.found("E044", "/versions", type(block).__name__, "object")
        return
    if not block:
        draft.found("E008", "/versions")
        return
    _check_sequence(draft, list(block))
    for name, version in block.items():
        pointer = f"/versions/{name[:40]}"
        if not isinstance(version, dict):
            draft.found("E047", pointer, type(version).__name__, "object")
            continue
        draft.versions[name] = _draft_version(draft, version, pointer, as_written)


def _check_sequence(draft: Draft, names: list[str]) -> None:
    numbers: list[VersionNumber] = []
    for name in names:
        try:
            numbers.append(VersionNumber.parse(name))
        except InvalidValue:
            draft.found("E105" if name.startswith("v") else "E104", "/versions", name)
    if not numbers:
        return
    numbers.sort()
    for code, value in sequence_faults(numbers):
        draft.found(code, "/versions", value)
    if any(number.width for number in numbers):
        draft.found("W001", "/versions", numbers[0])


def sequence_faults(numbers: list[VersionNumber]) -> Iterator[tuple[str, str]]:
    """What is wrong with the version numbers of one object: E009 to E013, with the number."""
    ordered = sorted(numbers)
    if ordered[0].number != 1:
        yield "E009", str(ordered[0])
    for before, after in pairwise(ordered):
        if after.number != before.number + 1:
            yield "E010", str(after)
    width = ordered[0].width
    for number in ordered[1:]:
        if number.width == width:
            continue
        yield "E012", str(number)
        yield "E013", str(number)  # the same rule, seen from the operation that broke it
        if width and not number.width:
            yield "E011", str(number)  # v10 after v09: the prefix must be v and a zero


def _draft_version(
    draft: Draft, block: Mapping[str, object], pointer: str, as_written: set[str]
) -> DraftVersion:
    made = DraftVersion()
    for key in block.keys() - _VERSION_KEYS:
        draft.found("E102", pointer, key)
    if "created" not in block:
        draft.found("E048", pointer, "created")
    else:
        created = block["created"]
        if isinstance(created, str) and is_instant(created):
            made.created = created
        else:
            draft.found("E049", f"{pointer}/created", created)
    _check_message(draft, block, pointer, made)
    _check_user(draft, block, pointer, made)
    if "state" not in block:
        draft.found("E048", pointer, "state")
    elif not isinstance(block["state"], dict):
        draft.found("E050", f"{pointer}/state", type(block["state"]).__name__, "object")
    else:
        made.state = _draft_state(draft, block["state"], f"{pointer}/state", as_written)
    return made


def _check_message(
    draft: Draft, block: Mapping[str, object], pointer: str, made: DraftVersion
) -> None:
    if "message" not in block:
        draft.found("W007", pointer, "message")
        return
    message = block["message"]
    if isinstance(message, str):
        made.message = message
    else:
        draft.found("E094", f"{pointer}/message", type(message).__name__, "string")


def _check_user(
    draft: Draft, block: Mapping[str, object], pointer: str, made: DraftVersion
) -> None:
    if "user" not in block:
        draft.found("W007", pointer, "user")
        return
    made.user = block["user"]
    user, place = block["user"], f"{pointer}/user"
    if not isinstance(user, dict):
        draft.found("E054", place, type(user).__name__, "object")
        return
    for key in user.keys() - _USER_KEYS:
        draft.found("E102", place, key)
    name = user.get("name")
    if isinstance(name, str) and name:
        made.user_name = name
    else:
        draft.found("E054", f"{place}/name", name)
    if "address" not in user:
        draft.found("W008", place)
        return
    address = user["address"]
    if not isinstance(address, str):
        draft.found("E054", f"{place}/address", type(address).__name__, "string")
        return
    made.user_address = address
    if not is_uri(address):
        draft.found("W009", f"{place}/address", address)


def _draft_state(
    draft: Draft, block: Mapping[str, object], pointer: str, as_written: set[str]
) -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = {}
    for digest, paths in block.items():
        # §3.5.3.1: the key must match the manifest's key; upper and lower case are two keys.
        if digest not in as_written:
            draft.found("E050", pointer, digest)
        if not isinstance(paths, list):
            draft.found("E051", f"{pointer}/{digest[:140]}", type(paths).__name__, "array")
            continue
        safe = tuple(path for path in paths if _safe_logical_path(draft, path, pointer))
        key = lowered(digest)
        made[key] = made.get(key, ()) + safe
    for above, below in conflicting(path for paths in made.values() for path in paths):
        draft.found("E095", pointer, below, above)
    return made


def _safe_logical_path(draft: Draft, path: object, pointer: str) -> bool:
    if not isinstance(path, str) or "\0" in path:
        draft.found("E051", pointer, path)
        return False
    safe = True
    if path.startswith("/") or path.endswith("/"):
        draft.found("E053", pointer, path)
        safe = False
    parts = path.split("/")
    inner = parts[1 if path.startswith("/") else 0 : -1 if path.endswith("/") else None]
    if any(part in ("", ".", "..") for part in inner):
        draft.found("E052", pointer, path)
        safe = False
    return safe


def _check_head(draft: Draft, document: Mapping[str, object]) -> None:
    if "head" not in document:
        draft.found("E036", "", "head")
        return
    given = document["head"]
    try:
        head = VersionNumber.parse(given) if isinstance(given, str) else None
    except InvalidValue:
        head = None
    if head is None:
        draft.found("E040", "/head", given)
        return
    draft.head = str(head)
    known = sorted(number for name in draft.versions if (number := _number(name)) is not None)
    if not known:
        return
    if head != known[-1]:
        draft.found("E040", "/head", given, known[-1])


def _check_content_paths(draft: Draft) -> None:
    """Content paths lie in the content folder of a version that exists (§3.3.1, §3.5.2)."""
    widths = {number.number: name for name in draft.versions if (number := _number(name))}
    for digest, paths in draft.manifest.items():
        for path in paths:
            first, _, rest = path.partition("/")
            place = f"/manifest/{digest[:140]}"
            if first not in draft.versions:
                number = _number(first)
                padded_otherwise = number is not None and number.number in widths
                draft.found("E014" if padded_otherwise else "E042", place, path)
            elif not rest.startswith(draft.content_directory + "/"):
                draft.found("E042", place, path, f"{first}/{draft.content_directory}/")


def _check_unused(draft: Draft) -> None:
    used = {digest for version in draft.versions.values() for digest in version.state}
    for digest in draft.manifest.keys() - used:
        draft.found("E107", "/manifest", digest)


def _check_fixity(draft: Draft, document: Mapping[str, object]) -> None:
    if "fixity" not in document:
        return
    fixity = document["fixity"]
    if not isinstance(fixity, dict):
        draft.found("E111", "/fixity", type(fixity).__name__, "object")
        return
    known = {path for paths in draft.manifest.values() for path in paths}
    for algorithm, block in fixity.items():
        pointer = f"/fixity/{algorithm[:40]}"
        if algorithm not in REGISTERED_DIGESTS:
            draft.found("E056", pointer, algorithm)
            continue
        if not isinstance(block, dict):
            draft.found("E057", pointer, type(block).__name__, "object")
            continue
        form = algorithm if algorithm in DIGEST_LENGTHS else None
        made = _digest_block(draft, block, form, pointer, "E097", "E057")
        draft.fixity[algorithm] = made
        for digest, paths in made.items():
            for path in paths:
                if path not in known:
                    draft.found("E057", f"{pointer}/{digest[:140]}", path)
        for above, below in conflicting(path for paths in made.values() for path in paths):
            draft.found("E057", pointer, below, above)


def _number(name: str) -> VersionNumber | None:
    try:
        return VersionNumber.parse(name)
    except InvalidValue:
        return None
