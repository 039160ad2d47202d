"""Asking every tool about every received file, viruses first.

Nothing that a virus scanner spoke against is opened by any other tool. Every fact is of the moment of
intake. The tools run outside this process and are bounded there (`preservation.formats`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from posixpath import dirname, join, normpath
from typing import Protocol
from urllib.parse import unquote

from ingest.checks import check_facts
from ingest.checks.fact_policy import FactPolicy
from ingest.facts.viruses import VirusScanner
from preservation.dossier import Dossier, FileRole, ReceivedFile, VirusVerdict
from preservation.formats.examiner import Examined, Examiner
from preservation.formats.facts import with_formats
from preservation.formats.identifier import FormatIdentifier
from preservation.signatures.facts import bounded_data
from repository.problems import Report


class FactGatherer(Protocol):
    """Something that says what files are."""

    def gather(
        self, dossier: Dossier, sources: Mapping[str, str], now: datetime
    ) -> tuple[Dossier, Report]:
        """The dossier with what was found in its files, and the findings.

        `sources` says where the bytes of each file id lie. Raises nothing about files or tools.
        """
        ...


class ToolGatherer:
    """Gathers with real tools, which are whoever made them to close. For several threads."""

    def __init__(
        self,
        identifier: FormatIdentifier,
        examiner: Examiner,
        scanner: VirusScanner,
        policy: FactPolicy,
    ) -> None:
        self._identifier = identifier
        self._examiner = examiner
        self._scanner = scanner
        self._policy = policy

    def gather(
        self, dossier: Dossier, sources: Mapping[str, str], now: datetime
    ) -> tuple[Dossier, Report]:
        """See `FactGatherer.gather`."""
        viruses, scanned = self._scanner.scan(sources, now)
        dossier = _with_files(
            dossier, (replace(f, virus=viruses[f.file_id]) for f in dossier.files)
        )
        policy = replace(self._policy, roots=len(self._examiner.trust.roots))
        if any(fact.verdict is VirusVerdict.FOUND for fact in viruses.values()):
            return dossier, Report.of(scanned) + check_facts(dossier, policy)
        names = {file.file_id: file.received_path for file in dossier.files}
        dossier = with_formats(dossier, self._identifier.identify(sources, names=names))
        dossier = self._examined(dossier, sources, names, now)
        return dossier, Report.of(scanned) + check_facts(dossier, policy)

    def _examined(
        self,
        dossier: Dossier,
        sources: Mapping[str, str],
        names: Mapping[str, str],
        now: datetime,
    ) -> Dossier:
        # A stub names a document sent earlier and may be as empty as it likes.
        looked_at = {f.file_id: sources[f.file_id] for f in dossier.files if not _is_stub(f)}
        found = self._examiner.examine(looked_at, names=names, at=now)
        by_name = {normpath(name): sources[file_id] for file_id, name in names.items()}
        for file_id, one in found.items():
            if one.wanted and (beside := _beside(one, names[file_id], by_name)):
                found[file_id] = self._examiner.examine_one(
                    sources[file_id], name=names[file_id], at=now, beside=beside
                )
        data = bounded_data([dossier.validation_data, *(one.data for one in found.values())])
        dossier = _with_files(dossier, (_with_found(file, found) for file in dossier.files))
        return replace(dossier, validation_data=data)


def _beside(one: Examined, name: str, by_name: Mapping[str, str]) -> dict[str, str]:
    """Of the files that a signature names those in the package, at the place it names them."""
    found = {}
    for uri in one.wanted:
        path = unquote(uri).replace("\\", "/")
        source = by_name.get(normpath(join(dirname(name), path))) or by_name.get(normpath(path))
        if source is not None:
            found[uri] = source
    return found


def _with_found(file: ReceivedFile, found: Mapping[str, Examined]) -> ReceivedFile:
    one = found.get(file.file_id)
    if one is None:
        return file
    return replace(file, structure=one.structure, signatures=one.signatures)


def _with_files(dossier: Dossier, files: Iterator[ReceivedFile]) -> Dossier:
    return replace(dossier, files=tuple(files))


def _is_stub(file: ReceivedFile) -> bool:
    return file.role is FileRole.LINK
