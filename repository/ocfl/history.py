"""Whether the inventories of earlier versions agree with the current one.

OCFL 1.1 §3.7, §3.3.1, §3.5.1. Core: drafts in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterator

from repository.model import VersionNumber
from repository.ocfl.blocks import pairs
from repository.ocfl.codes import finding
from repository.ocfl.draft import Draft, DraftVersion
from repository.ocfl.inventory_rules import SPEC_VERSIONS
from repository.ocfl.version_rules import version_number
from repository.problems import Problem


def check_against_current(prior: Draft, number: VersionNumber, root: Draft) -> Iterator[Problem]:
    """What the inventory in version folder `number` says otherwise than the one in the object root."""
    spec, place = root.spec_version, prior.location
    if prior.object_id is not None and prior.object_id != root.object_id:
        yield from finding(spec, "E037", f"{place}#/id", prior.object_id, root.object_id or "")
        if spec != "1.0":
            yield from finding(spec, "E110", f"{place}#/id", prior.object_id, root.object_id or "")
    if prior.head is not None and prior.head != str(number):
        yield from finding(spec, "E040", f"{place}#/head", prior.head, number)
    yield from _check_content_directory(prior, number, root)
    yield from _check_versions(prior, number, root)


def check_spec_order(inventories: list[Draft]) -> Iterator[Problem]:
    """Given the inventories of ascending versions: none follows an older specification (E103)."""
    newest = -1
    for draft in inventories:
        if draft.spec_version is None:
            continue
        level = SPEC_VERSIONS.index(draft.spec_version)
        if level < newest:
            # A rule of 1.1, and only a part of the object that follows 1.1 can break it.
            yield from finding(
                "1.1",
                "E103",
                f"{draft.location}#/type",
                draft.spec_version,
                SPEC_VERSIONS[newest],
            )
        newest = max(newest, level)


def _check_content_directory(prior: Draft, number: VersionNumber, root: Draft) -> Iterator[Problem]:
    if prior.content_directory == root.content_directory:
        return
    place = f"{prior.location}#/contentDirectory"
    values = (prior.content_directory, root.content_directory)
    if number.number == 1 and root.content_directory_given and not prior.content_directory_given:
        yield from finding(root.spec_version, "E019", place, *values)
    elif number.number == 1 and prior.content_directory_given:
        # Set in the first version and something else now: both halves of the sentence are broken.
        yield from finding(root.spec_version, "E019", place, *values)
        yield from finding(root.spec_version, "E020", place, *values)
    else:
        yield from finding(root.spec_version, "E020", place, *values)


def _check_versions(prior: Draft, number: VersionNumber, root: Draft) -> Iterator[Problem]:
    spec = root.spec_version
    parsed = {name: version_number(name) for name in root.versions}
    wanted = {name for name, known in parsed.items() if known is not None and known <= number}
    for name in sorted(wanted ^ prior.versions.keys()):
        yield from finding(spec, "E066", f"{prior.location}#/versions", name)
    same_digests = prior.digest_algorithm == root.digest_algorithm
    for name in sorted(prior.versions.keys() & root.versions.keys()):
        before, now = prior.versions[name], root.versions[name]
        place = f"{prior.location}#/versions/{name}"
        if same_digests:
            difference = _state_difference(before, now)
        else:
            difference = _content_difference(before, prior, now, root)
        if difference is not None:
            yield from finding(spec, "E066", f"{place}/state", difference)
        for key, old, new in (
            ("created", before.created, now.created),
            ("message", before.message, now.message),
            ("user", before.user, now.user),
        ):
            if old != new:
                yield from finding(spec, "W011", f"{place}/{key}", old or "", new or "")


def _state_difference(before: DraftVersion, now: DraftVersion) -> str | None:
    """A logical path the two states differ in, or None."""
    if before.state == now.state:
        return None
    differing = _pairs(before) ^ _pairs(now)
    return min(differing)[0] if differing else None


def _pairs(version: DraftVersion) -> set[tuple[str, str]]:
    return {(path, digest) for digest, path in pairs(version.state)}


def _content_difference(
    before: DraftVersion, prior: Draft, now: DraftVersion, root: Draft
) -> str | None:
    """The same over a change of digest algorithm: equal files are told by a content path they share."""
    old, new = dict(_pairs(before)), dict(_pairs(now))
    if old.keys() != new.keys():
        return min(old.keys() ^ new.keys())
    for path, digest in sorted(old.items()):
        here = prior.manifest.get(digest, ())
        if not set(here) & set(root.manifest.get(new[path], ())):
            return path
    return None
