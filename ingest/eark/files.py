"""The files the METS name: that they are there, their sizes and checksums, and files none names. Core.

CSIP24, 27, 29; 38, 41, 43; 51, 54, 56; 69, 71, 79. Every file is read at most once, whatever number of
places name it; a checksum that differs is computed again by the surest means before it is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ingest.eark.findings import Findings, line_of
from ingest.eark.hrefs import is_external, resolve
from ingest.eark.package import METS, Mets, Package
from ingest.eark.rules import NAMESPACES, clark
from ingest.eark.values import size_of
from repository.ocfl.tree import TreeDigest
from repository.problems import Severity

_HREF: Final = clark("xlink:href")
_ALGORITHMS: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
MAX_REFERENCES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class _Codes:
    href: str
    size: str
    checksum: str


_METADATA: Final = (
    ("m:dmdSec/m:mdRef", _Codes("CSIP24", "CSIP27", "CSIP29")),
    ("m:amdSec/m:digiprovMD/m:mdRef", _Codes("CSIP38", "CSIP41", "CSIP43")),
    ("m:amdSec/m:rightsMD/m:mdRef", _Codes("CSIP51", "CSIP54", "CSIP56")),
    ("m:amdSec/m:techMD/m:mdRef", None),
    ("m:amdSec/m:sourceMD/m:mdRef", None),
)
_FILES: Final = _Codes("CSIP79", "CSIP69", "CSIP71")


@dataclass(frozen=True, slots=True)
class _Promise:
    """What one place says of a file's checksum."""

    code: str
    mets: str
    line: int | None
    algorithm: str
    checksum: str


class References:
    """What the METS of a package say of its files, gathered one METS after the other."""

    def __init__(self, package: Package, findings: Findings) -> None:
        self._package = package
        self._findings = findings
        self._named: set[str] = set()
        self._promises: dict[str, set[_Promise]] = {}
        self._count = 0
        self._folded: dict[str, str] | None = None

    def gather(self, mets: Mets) -> None:
        """Judge addresses and sizes of one METS now and keep its checksums for `check_bytes`."""
        for element, href, codes in _references(mets):
            self._count += 1
            if self._count > MAX_REFERENCES:
                found = f"> {MAX_REFERENCES} href"
                self._findings.add("EARK-LIMIT", Severity.ERROR, mets.path, found=found)
                return
            self._reference(mets, element, href, codes)
        for pointer in mets.root.iterfind(".//m:mptr", NAMESPACES):
            path = resolve(mets.folder, pointer.get(_HREF) or "", self._package.files)
            if path is not None:
                self._named.add(path)

    def check_bytes(self) -> None:
        """Read every file that has a checksum and compare."""
        differs: dict[str, set[_Promise]] = {}
        for answer in self._digests(self._promises, again=False):
            wrong = self._compare(answer, self._promises)
            if wrong:
                differs[answer.path.removeprefix(self._package.prefix)] = wrong
        for answer in self._digests(differs, again=True):
            for promise in sorted(self._compare(answer, differs), key=lambda p: p.line or 0):
                path = answer.path.removeprefix(self._package.prefix)
                self._findings.add(
                    promise.code, Severity.ERROR, promise.mets, line=promise.line, found=path
                )

    def check_unnamed(self) -> None:
        """Files that no METS names. The METS themselves need not be."""
        own = {METS, *(f"{folder}/{METS}" for folder in self._package.representations)}
        for path in self._package.files:
            if path not in self._named and path not in own:
                self._findings.add("EARK-UNREFERENCED", Severity.WARNING, "", found=path)

    def _reference(
        self, mets: Mets, element: etree._Element, href: str, codes: _Codes | None
    ) -> None:
        line = line_of(element)
        path = resolve(mets.folder, href, self._package.files)
        if path is not None:
            self._named.add(path)
        if codes is None:
            return
        if path is None:
            severity = Severity.WARNING if is_external(href) else Severity.ERROR
            near = self._in_other_case(mets, href)
            found = f"{href} (≠ {near})" if near else href
            self._findings.add(codes.href, severity, mets.path, line=line, found=found)
            return
        size = size_of(element.get("SIZE") or "")
        if size is not None and size != self._package.files[path]:
            found = f"SIZE={size}, {self._package.files[path]}: {path}"
            self._findings.add(codes.size, Severity.ERROR, mets.path, line=line, found=found)
        checksum, kind = (element.get("CHECKSUM") or "").strip(), element.get("CHECKSUMTYPE") or ""
        if not checksum or not kind:
            return
        algorithm = _ALGORITHMS.get(kind)
        if algorithm is None:
            self._findings.add("EARK-NOT-CHECKED", Severity.WARNING, mets.path, found=kind)
            return
        promise = _Promise(codes.checksum, mets.path, line, algorithm, checksum.lower())
        self._promises.setdefault(path, set()).add(promise)

    def _in_other_case(self, mets: Mets, href: str) -> str | None:
        """The only file whose path differs in case alone: named wrongly, but plainly meant."""
        if self._folded is None:
            self._folded = {}
            for path in self._package.files:
                key = path.casefold()
                self._folded[key] = "" if key in self._folded else path
        key = resolve(mets.folder.casefold(), href.casefold(), self._folded) or ""
        near = self._folded.get(key, "")
        if near:
            self._named.add(near)
        return near or None

    def _digests(self, wanted: Mapping[str, set[_Promise]], *, again: bool) -> Iterator[TreeDigest]:
        prefix = self._package.prefix
        requests = (
            (prefix + path, tuple(sorted({promise.algorithm for promise in promises})))
            for path, promises in wanted.items()
        )
        return self._package.tree.digests(requests, again=again)

    def _compare(self, answer: TreeDigest, wanted: Mapping[str, set[_Promise]]) -> set[_Promise]:
        """The promises that are not kept. A file that cannot be read keeps none and breaks none."""
        path = answer.path.removeprefix(self._package.prefix)
        if answer.errno is not None:
            found = f"errno {answer.errno}"
            self._findings.add("EARK-UNREADABLE", Severity.ERROR, path, found=found)
            return set()
        return {p for p in wanted[path] if answer.digests[p.algorithm].lower() != p.checksum}


def _references(mets: Mets) -> Iterator[tuple[etree._Element, str, _Codes | None]]:
    """Every place that names a file: the element with size and checksum, and the address.

    A place without an address has its finding from the table.
    """
    for path, codes in _METADATA:
        for element in mets.root.iterfind(path, NAMESPACES):
            href = element.get(_HREF)
            if href is not None and href.strip():
                yield element, href, codes
    for section in mets.root.iterfind("m:fileSec", NAMESPACES):
        for element in section.iter(clark("m:file")):
            for place in element.iterfind("m:FLocat", NAMESPACES):
                href = place.get(_HREF)
                if href is not None and href.strip():
                    yield element, href, _FILES
