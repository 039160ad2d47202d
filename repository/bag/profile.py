"""BagIt Profiles: what an agency's bags must have beyond RFC 8493. BagIt Profiles Specification 1.4.

Core. A profile says which labels, manifests and tag files a bag must or may have. It is judged beside
`validate_bag`, never in place of it. Parts of a profile that are not judged here (serialisation, and
keys this module does not know) are told, not passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, cast

from repository.bag.declaration import Declaration, parse_declaration
from repository.bag.info import parse_bag_info
from repository.bag.manifest import algorithm_of
from repository.ocfl.codes import shown
from repository.ocfl.strict_json import MalformedJson, parse_json
from repository.ocfl.tree import ObjectTree
from repository.problems import Problem, Report, error, info, warning

_LIMIT: Final = 16 * 1024 * 1024
_LISTS: Final = {
    "Manifests-Required",
    "Manifests-Allowed",
    "Tag-Manifests-Required",
    "Tag-Manifests-Allowed",
    "Tag-Files-Required",
    "Tag-Files-Allowed",
    "Accept-BagIt-Version",
}
_JUDGED: Final = _LISTS | {"BagIt-Profile-Info", "Bag-Info", "Allow-Fetch.txt"}
_IDENTIFIER: Final = "BagIt-Profile-Identifier"
_OWN_TAG_FILES: Final = ("bagit.txt", "bag-info.txt", "fetch.txt")


class InvalidProfile(ValueError):
    """The bytes are not a profile that can be followed; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__("; ".join(f"{p.location}: {p.params}" for p in report))
        self.report = report


@dataclass(frozen=True, slots=True)
class LabelRule:
    """What a profile wants of one label of `bag-info.txt`. No `values`: any value."""

    required: bool = False
    repeatable: bool = True
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile. `lists` holds those of its lists that it has; `not_judged` the keys left out."""

    identifier: str
    labels: Mapping[str, LabelRule]
    lists: Mapping[str, tuple[str, ...]]
    allow_fetch: bool
    not_judged: tuple[str, ...]


def parse_profile(data: bytes) -> Profile:
    """The profile in these bytes. InvalidProfile, and nothing else, when it cannot be followed."""
    try:
        document = parse_json(data)
    except MalformedJson as malformed:
        raise _invalid("", malformed.args[0]) from None
    if not isinstance(document, dict):
        raise _invalid("", document)
    about = document.get("BagIt-Profile-Info")
    identifier = about.get(_IDENTIFIER) if isinstance(about, dict) else None
    if not isinstance(identifier, str) or not identifier:
        raise _invalid(_IDENTIFIER, identifier)
    allow_fetch = document.get("Allow-Fetch.txt", True)
    if not isinstance(allow_fetch, bool):
        raise _invalid("Allow-Fetch.txt", allow_fetch)
    lists = {key: _texts(key, document[key]) for key in sorted(_LISTS & document.keys())}
    labels = document.get("Bag-Info", {})
    if not isinstance(labels, dict):
        raise _invalid("Bag-Info", labels)
    return Profile(
        identifier,
        {label: _label_rule(label, rule) for label, rule in labels.items()},
        lists,
        allow_fetch,
        tuple(sorted(document.keys() - _JUDGED)),
    )


def _label_rule(label: str, rule: object) -> LabelRule:
    place = f"Bag-Info/{label}"
    if not isinstance(rule, dict):
        raise _invalid(place, rule)
    required, repeatable = rule.get("required", False), rule.get("repeatable", True)
    if not isinstance(required, bool) or not isinstance(repeatable, bool):
        raise _invalid(place, rule)
    return LabelRule(required, repeatable, _texts(place, rule.get("values", [])))


def _texts(place: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid(place, value)
    return tuple(cast("list[str]", value))


def _invalid(place: str, value: object) -> InvalidProfile:
    return InvalidProfile(Report.of([error("BAG-PROFILE-FORM", shown(place), value=shown(value))]))


def check_profile(tree: ObjectTree, profile: Profile) -> Report:
    """What the bag in this tree lacks, or has too much, by the profile."""
    problems: list[Problem] = []
    files: set[str] = set()
    for entry in tree.list():
        if entry.errno is not None:
            problems.append(error("STO-UNREADABLE", shown(entry.path), errno=entry.errno))
        elif entry.kind == "file":
            files.add(entry.path)
    declaration = _read_declaration(tree, files, problems)
    if declaration is None:
        return Report.of([*problems, error("BAG-NO-DECLARATION", "bagit.txt")])
    accepted = profile.lists.get("Accept-BagIt-Version")
    if accepted is not None and declaration.version not in accepted:
        problems.append(
            error(
                "BAG-PROFILE-VERSION", "bagit.txt", value=declaration.version, allowed=_or(accepted)
            )
        )
    data = _read(tree, "bag-info.txt", problems) if "bag-info.txt" in files else b""
    if data is not None:
        elements, _ = parse_bag_info(
            data, version=declaration.version, encoding=declaration.encoding
        )
        problems += _check_labels(elements, profile)
    problems += _check_manifests(files, "manifest-", "Manifests", profile)
    problems += _check_manifests(files, "tagmanifest-", "Tag-Manifests", profile)
    problems += _check_tag_files(files, profile)
    if "fetch.txt" in files and not profile.allow_fetch:
        problems.append(error("BAG-PROFILE-FETCH", "fetch.txt"))
    problems += [info("BAG-PROFILE-NOT-CHECKED", shown(key)) for key in profile.not_judged]
    return Report.of(problems)


def _read_declaration(
    tree: ObjectTree, files: set[str], problems: list[Problem]
) -> Declaration | None:
    data = _read(tree, "bagit.txt", problems) if "bagit.txt" in files else None
    return None if data is None else parse_declaration(data)[0]


def _read(tree: ObjectTree, path: str, problems: list[Problem]) -> bytes | None:
    try:
        data = tree.read(path, _LIMIT)
    except OSError as failure:
        problems.append(error("STO-UNREADABLE", path, errno=failure.errno or 0))
        return None
    if len(data) > _LIMIT:
        problems.append(error("STO-TOO-LARGE", path, limit=_LIMIT))
        return None
    return data


def _check_labels(elements: list[tuple[str, str]], profile: Profile) -> Iterator[Problem]:
    place = "bag-info.txt"
    given: dict[str, list[str]] = {}
    for label, value in elements:
        given.setdefault(label.lower(), []).append(value)  # RFC 8493: in any case of letters
    for label, rule in profile.labels.items():
        values = given.get(label.lower(), [])
        if rule.required and not any(values):
            yield error("BAG-PROFILE-LABEL", place, label=shown(label))
        if len(values) > 1 and not rule.repeatable:
            yield error("BAG-PROFILE-REPEATED", place, label=shown(label), count=len(values))
        for value in values:
            if rule.values and value not in rule.values:
                yield error(
                    "BAG-PROFILE-VALUE",
                    place,
                    label=shown(label),
                    value=shown(value),
                    allowed=_or(rule.values),
                )
    named = given.get(_IDENTIFIER.lower(), [])
    if profile.identifier not in named:
        # Many agencies' tools leave it out; a bag that names another profile says it is another kind.
        weigh = error if named else warning
        yield weigh(
            "BAG-PROFILE-IDENTIFIER", place, value=shown(_or(named)), expected=profile.identifier
        )


def _check_manifests(files: set[str], prefix: str, key: str, profile: Profile) -> Iterator[Problem]:
    present = {
        algorithm_of(name) or name.removeprefix(prefix).removesuffix(".txt"): name
        for name in files
        if name.startswith(prefix) and name.endswith(".txt") and "/" not in name
    }
    for algorithm in profile.lists.get(f"{key}-Required", ()):
        wanted = algorithm_of(f"manifest-{algorithm}.txt") or algorithm
        if wanted not in present:
            yield error("BAG-PROFILE-FILE", f"{prefix}{algorithm}.txt")
    allowed = profile.lists.get(f"{key}-Allowed")
    if allowed is not None:
        known = {algorithm_of(f"manifest-{algorithm}.txt") or algorithm for algorithm in allowed}
        for algorithm in sorted(present.keys() - known):
            yield error("BAG-PROFILE-EXTRA", present[algorithm], allowed=_or(allowed))


def _check_tag_files(files: set[str], profile: Profile) -> Iterator[Problem]:
    for path in profile.lists.get("Tag-Files-Required", ()):
        if path not in files:
            yield error("BAG-PROFILE-FILE", shown(path))
    allowed = profile.lists.get("Tag-Files-Allowed")
    if allowed is None:
        return
    for path in sorted(files):
        ours = path.startswith(("data/", "manifest-", "tagmanifest-")) or path in _OWN_TAG_FILES
        if not ours and not any(fnmatchcase(path, pattern) for pattern in allowed):
            yield error("BAG-PROFILE-EXTRA", shown(path), allowed=_or(allowed))


def _or(values: Iterable[str]) -> str:
    return shown(", ".join(values))
