"""The judge of one bag: RFC 8493 (BagIt 1.0) and the drafts 0.93 to 0.97.

Core, over the same kind of tree as the OCFL validator. Tells everything it finds, not the first thing;
reads each file once for all manifests. Never fails open: what cannot be read, listed or digested is an
error of its own. Never raises because of what is in the bag, never follows a link or `fetch.txt`.
Verdicts the RFC leaves open are stated in `docs/conformance.md`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from repository.bag.declaration import Declaration, parse_declaration
from repository.bag.fetch import parse_fetch
from repository.bag.info import parse_bag_info
from repository.bag.manifest import algorithm_of, parse_manifest
from repository.digest import SUPPORTED
from repository.ocfl.codes import shown
from repository.ocfl.tree import ObjectTree
from repository.problems import Problem, Report, error, info, warning

_MANIFEST_LIMIT: Final = 512 * 1024 * 1024
_TAG_FILE_LIMIT: Final = 16 * 1024 * 1024
_PAYLOAD_MANIFEST = re.compile(r"manifest-[^/]+\.txt\Z", re.IGNORECASE)
_TAG_MANIFEST = re.compile(r"tagmanifest-[^/]+\.txt\Z", re.IGNORECASE)
_OXUM = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\Z")


@dataclass(slots=True)
class _Manifest:
    """One manifest as read: the algorithm in the digest engine's name, and digest by path."""

    name: str
    algorithm: str
    digests: dict[str, str]


@dataclass(slots=True)
class _Bag:
    """What has been learnt of the bag so far."""

    tree: ObjectTree
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    unlisted: list[str] = field(default_factory=list)
    has_payload_folder: bool = False

    def payload(self) -> Iterator[str]:
        return (path for path in self.files if path.startswith("data/"))

    def unknown(self, path: str) -> bool:
        return any(path == u or not u or path.startswith(f"{u}/") for u in self.unlisted)

    def read(self, path: str, limit: int) -> bytes | None:
        """A whole tag file, or None and a finding."""
        try:
            data = self.tree.read(path, limit)
        except OSError as failure:
            self.problems.append(_unreadable(path, failure.errno or 0))
            return None
        if len(data) > limit:
            self.problems.append(error("STO-TOO-LARGE", shown(path), limit=limit))
            return None
        return data


def validate_bag(tree: ObjectTree) -> Report:
    """Every finding about the bag in this tree. It is valid when the report has no errors."""
    bag = _Bag(tree)
    _look_at(bag)
    declaration = _read_declaration(bag)
    if declaration is None:
        return Report.of(bag.problems)
    if not bag.has_payload_folder:
        bag.problems.append(error("BAG-NO-PAYLOAD-FOLDER", "data"))
    payload = _read_manifests(bag, declaration, _PAYLOAD_MANIFEST, of_payload=True)
    tags = _read_manifests(bag, declaration, _TAG_MANIFEST, of_payload=False)
    if not any(_PAYLOAD_MANIFEST.match(name) for name in bag.files):
        bag.problems.append(error("BAG-NO-MANIFEST", ""))
    _check_fetch(bag, declaration, payload)
    _check_info(bag, declaration)
    _check_completeness(bag, declaration, payload, tags)
    _check_names(bag)
    _check_digests(bag, [*payload, *tags])
    return Report.of(bag.problems)


def _look_at(bag: _Bag) -> None:
    for entry in bag.tree.list():
        if entry.errno is not None:
            bag.problems.append(_unreadable(entry.path, entry.errno))
            bag.unlisted.append(entry.path)
        elif entry.kind == "file":
            bag.files[entry.path] = entry.size
        elif entry.kind == "dir":
            bag.has_payload_folder |= entry.path == "data"
        else:
            # A link may lead out of the bag, and a pipe never ends (§5.1).
            bag.problems.append(error("BAG-LINK", shown(entry.path), kind=entry.kind))


def _read_declaration(bag: _Bag) -> Declaration | None:
    if "bagit.txt" not in bag.files:
        if not bag.unknown("bagit.txt"):
            bag.problems.append(error("BAG-NO-DECLARATION", "bagit.txt"))
        return None
    data = bag.read("bagit.txt", _TAG_FILE_LIMIT)
    if data is None:
        return None
    declaration, found = parse_declaration(data)
    bag.problems += found
    return declaration


def _read_manifests(
    bag: _Bag, declaration: Declaration, pattern: re.Pattern[str], *, of_payload: bool
) -> list[_Manifest]:
    manifests: list[_Manifest] = []
    for name in sorted(name for name in bag.files if pattern.match(name)):
        algorithm = algorithm_of(name)
        if algorithm is None or algorithm not in SUPPORTED:
            # What it says cannot be checked; another manifest beside it does not change that.
            bag.problems.append(error("BAG-ALGORITHM", name))
            continue
        data = bag.read(name, _MANIFEST_LIMIT)
        if data is None:
            continue
        entries, report = parse_manifest(
            data,
            algorithm,
            version=declaration.version,
            encoding=declaration.encoding,
            place=name,
        )
        bag.problems += report
        digests: dict[str, str] = {}
        for entry in entries:
            if entry.path.startswith("data/") is of_payload and not (
                _TAG_MANIFEST.match(entry.path) and not of_payload
            ):
                digests[_as_stored(bag, declaration, entry.path)] = entry.digest
            else:
                # §2.1.3, §2.2.1: payload in one kind, tag files but the tag manifests in the other.
                bag.problems.append(error("BAG-MANIFEST-SCOPE", name, path=shown(entry.path)))
        manifests.append(_Manifest(name, algorithm, digests))
    if len({manifest.algorithm for manifest in manifests}) < len(manifests):
        bag.problems.append(error("BAG-ALGORITHM-TWICE", manifests[-1].name))
    return manifests


def _as_stored(bag: _Bag, declaration: Declaration, path: str) -> str:
    """Drafts did not encode, but writers of 0.97 did with CR and LF: their bags can be read."""
    if declaration.is_1_0 or path in bag.files or "%0" not in path:
        return path
    decoded = re.sub("%0[Aa]", "\n", re.sub("%0[Dd]", "\r", path))
    return decoded if decoded in bag.files else path


def _check_fetch(bag: _Bag, declaration: Declaration, payload: list[_Manifest]) -> None:
    if "fetch.txt" not in bag.files:
        return
    data = bag.read("fetch.txt", _TAG_FILE_LIMIT)
    if data is None:
        return
    fetches, found = parse_fetch(data, declaration)
    bag.problems += found
    for fetch in fetches:
        present = fetch.path in bag.files
        bag.problems.append(
            (info if present else error)(
                "BAG-FETCH-PRESENT" if present else "BAG-FETCH-ABSENT",
                shown(fetch.path),
                url=shown(fetch.url),
            )
        )
        if present and fetch.length is not None and fetch.length != bag.files[fetch.path]:
            bag.problems.append(
                error(
                    "BAG-FETCH-LENGTH",
                    shown(fetch.path),
                    expected=fetch.length,
                    actual=bag.files[fetch.path],
                )
            )
        for manifest in payload:
            if fetch.path not in manifest.digests:
                bag.problems.append(
                    error("BAG-FETCH-UNLISTED", shown(fetch.path), manifest=manifest.name)
                )


def _check_info(bag: _Bag, declaration: Declaration) -> None:
    # Called package-info.txt up to 0.95.
    for name in ("bag-info.txt", "package-info.txt"):
        if name not in bag.files or (name.startswith("package") and declaration.is_1_0):
            continue
        data = bag.read(name, _TAG_FILE_LIMIT)
        if data is None:
            continue
        elements, report = parse_bag_info(
            data, version=declaration.version, encoding=declaration.encoding, place=name
        )
        bag.problems += report
        oxums = [value for label, value in elements if label.lower() == "payload-oxum"]
        if len(oxums) > 1:
            bag.problems.append(error("BAG-OXUM-TWICE", name, count=len(oxums)))
        for oxum in oxums:
            _check_oxum(bag, name, oxum)


def _check_oxum(bag: _Bag, name: str, given: str) -> None:
    match = _OXUM.match(given)
    if match is None:
        bag.problems.append(error("BAG-OXUM-FORM", name, value=shown(given)))
        return
    sizes = [bag.files[path] for path in bag.payload()]
    actual = f"{sum(sizes)}.{len(sizes)}"
    if (int(match[1]), int(match[2])) != (sum(sizes), len(sizes)):
        bag.problems.append(error("BAG-OXUM", name, expected=given, actual=actual))


def _check_completeness(
    bag: _Bag, declaration: Declaration, payload: list[_Manifest], tags: list[_Manifest]
) -> None:
    for manifest in (*payload, *tags):
        for path in sorted(manifest.digests.keys() - bag.files.keys()):
            if not bag.unknown(path):
                bag.problems.append(error("BAG-FILE-MISSING", shown(path), manifest=manifest.name))
    for path in sorted(bag.payload()):
        lacking = [manifest.name for manifest in payload if path not in manifest.digests]
        # 1.0 §2.1.3: every payload file in every manifest. Drafts: in at least one.
        if lacking and (declaration.is_1_0 or len(lacking) == len(payload)):
            bag.problems.append(
                error("BAG-FILE-UNLISTED", shown(path), manifest=", ".join(lacking))
            )
        elif lacking:
            bag.problems.append(
                warning("BAG-MANIFESTS-DIFFER", shown(path), manifest=", ".join(lacking))
            )
    for manifest in tags:
        for other in tags:
            for path in sorted(other.digests.keys() - manifest.digests.keys()):
                # §2.2.1: each should list the same tag files; none need list all there are.
                bag.problems.append(
                    warning("BAG-MANIFESTS-DIFFER", shown(path), manifest=manifest.name)
                )


def _check_names(bag: _Bag) -> None:
    """Names some file systems cannot keep apart, or hold in another form: a copy may lose one."""
    seen: dict[str, str] = {}
    for path in bag.files:
        if path.isascii() and path.islower():
            key = path
        else:
            key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        other = seen.setdefault(key, path)
        if other != path:
            bag.problems.append(warning("BAG-NAME-CLASH", shown(path), other=shown(other)))


def _check_digests(bag: _Bag, manifests: list[_Manifest]) -> None:
    wanted: dict[str, list[_Manifest]] = {}
    for manifest in manifests:
        for path in manifest.digests:
            if path in bag.files:
                wanted.setdefault(path, []).append(manifest)

    def request(path: str) -> tuple[str, list[str]]:
        return path, [manifest.algorithm for manifest in wanted[path]]

    suspects = [
        result.path
        for result in bag.tree.digests(map(request, wanted))
        if result.errno is not None
        or any(result.digests[m.algorithm] != m.digests[result.path] for m in wanted[result.path])
    ]
    for result in bag.tree.digests(map(request, sorted(suspects)), again=True):
        if result.errno is not None:
            bag.problems.append(_unreadable(result.path, result.errno))
            continue
        for manifest in wanted[result.path]:
            actual, expected = result.digests[manifest.algorithm], manifest.digests[result.path]
            if actual != expected:
                bag.problems.append(
                    error(
                        "BAG-DIGEST",
                        shown(result.path),
                        manifest=manifest.name,
                        expected=expected,
                        actual=actual,
                    )
                )


def _unreadable(path: str, errno: int) -> Problem:
    return error("STO-UNREADABLE", shown(path), errno=errno)
