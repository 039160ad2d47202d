"""The rules of the `versions` block and of `head`: OCFL 1.1 §3.5.3, and the naming rules of §3.3.

Core; part of `inventory_rules.examine`. Nothing here raises because of its input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

from repository.model import InvalidValue, VersionNumber
from repository.ocfl.blocks import PlainBlock, paths_of
from repository.ocfl.draft import Draft, DraftVersion
from repository.ocfl.grammar import conflicting, is_instant, is_safe_path, is_uri, lowered

_VERSION_KEYS: Final = {"created", "state", "message", "user"}
_USER_KEYS: Final = {"name", "address"}


def check_versions(
    draft: Draft, document: Mapping[str, object], as_written: AbstractSet[str]
) -> None:
    """Fill in the version blocks. `as_written`: the digests of the manifest in their own case."""
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
    draft: Draft, block: Mapping[str, object], pointer: str, as_written: AbstractSet[str]
) -> DraftVersion:
    made = DraftVersion()
    for key in sorted(block.keys() - _VERSION_KEYS):
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
    elif not isinstance(block["state"], Mapping):
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
    for key in sorted(user.keys() - _USER_KEYS):
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
    draft: Draft, block: Mapping[str, object], pointer: str, as_written: AbstractSet[str]
) -> Mapping[str, tuple[str, ...]]:
    made: Mapping[str, tuple[str, ...]]
    if isinstance(block, PlainBlock) and block.keys() <= as_written:
        made = block
    else:
        made = _judged_state(draft, block, pointer, as_written)
    for above, below in conflicting(paths_of(made)):
        draft.found("E095", pointer, below, above)
    return made


def _judged_state(
    draft: Draft, block: Mapping[str, object], pointer: str, as_written: AbstractSet[str]
) -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = {}
    for digest, paths in block.items():
        # §3.5.3.1: the key must match the manifest's key; upper and lower case are two keys.
        if digest not in as_written:
            draft.found("E050", pointer, digest)
        if not isinstance(paths, list | tuple):
            draft.found("E051", f"{pointer}/{digest[:140]}", type(paths).__name__, "array")
            continue
        safe = tuple(path for path in paths if _is_safe_logical_path(draft, path, pointer))
        key = lowered(digest)
        made[key] = made[key] + safe if key in made else safe
    return made


def _is_safe_logical_path(draft: Draft, path: object, pointer: str) -> bool:
    if isinstance(path, str) and is_safe_path(path):
        return True
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


def check_head(draft: Draft, document: Mapping[str, object]) -> None:
    """The head is the highest of the versions, which must be known by now."""
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
    known = sorted(
        number for name in draft.versions if (number := version_number(name)) is not None
    )
    if not known:
        return
    if head != known[-1]:
        draft.found("E040", "/head", given, known[-1])


def version_number(name: str) -> VersionNumber | None:
    """The number a name stands for, or None when it is not one."""
    try:
        return VersionNumber.parse(name)
    except InvalidValue:
        return None
