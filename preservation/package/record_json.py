"""dossier.json: the whole record of a dossier, written down and read back.

This file is authoritative (design section 2): METS, EAD and PREMIS are made from it. Its shape is
described field by field in `schemas/json/dossier.schema.json` and `docs/dossier-json.md`; the test
suite holds the three together. Beside the `Dossier` it keeps what later projections need: the sums of
the intake report, and one entry for each time the package was written.

The form is fixed: UTF-8, fields in the order of their declaration, one space of indentation, a newline
at the end; the same record is always the same bytes. The reader is strict: what is not exactly such a
record is refused whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from preservation.dossier import Dossier
from preservation.package.typed_json import InvalidRecord, from_plain, to_json
from repository.model import InvalidValue, LogicalPath, ObjectId, normalised_hex
from repository.problems import Report, Severity

__all__ = [
    "FORMAT",
    "IntakeSums",
    "InvalidRecord",
    "Projection",
    "Record",
    "read_record",
    "read_whole_record",
    "write_record",
    "write_whole_record",
]

FORMAT = "kho-dossier/1"
_DIGEST_LENGTHS = {"sha512": 128, "sha256": 64}


@dataclass(frozen=True, slots=True)
class IntakeSums:
    """How many findings of each severity the intake report holds."""

    errors: int = 0
    warnings: int = 0
    infos: int = 0

    @classmethod
    def of(cls, report: Report) -> IntakeSums:
        found = [problem.severity for problem in report]
        return cls(
            found.count(Severity.ERROR), found.count(Severity.WARNING), found.count(Severity.INFO)
        )


NO_FINDINGS = IntakeSums()


@dataclass(frozen=True, slots=True)
class Projection:
    """One time the package was written: by which rules, when, by what software, and why."""

    profile: str
    created: str
    software: str
    operator: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """All of dossier.json. The last projection is the one of this version."""

    dossier: Dossier
    intake: IntakeSums
    projections: tuple[Projection, ...]


def write_record(
    dossier: Dossier,
    *,
    profile: str,
    created: str,
    software: str,
    operator: str = "",
    reason: str = "",
    intake: IntakeSums = NO_FINDINGS,
    earlier: tuple[Projection, ...] = (),
) -> bytes:
    """The bytes of dossier.json. Raises InvalidRecord for a dossier that `read_record` would refuse."""
    this = Projection(profile, created, software, operator, reason)
    return write_whole_record(Record(dossier, intake, (*earlier, this)))


def write_whole_record(record: Record) -> bytes:
    """The same from the parts in hand."""
    _check(record)
    body = to_json(record).removeprefix("{")
    try:
        return f'{{\n "format": "{FORMAT}",{body}\n'.encode()
    except UnicodeEncodeError as fault:
        raise InvalidRecord(f"a text holds half a surrogate pair: {fault.object!r:.80}") from None


def read_record(data: bytes) -> Dossier:
    """The dossier that `write_record` wrote. Raises InvalidRecord, and nothing else."""
    return read_whole_record(data).dossier


def read_whole_record(data: bytes) -> Record:
    """All of it. Raises InvalidRecord."""
    try:
        tree = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise InvalidRecord("nested too deeply") from None
    except ValueError as fault:  # not UTF-8, not JSON, a number beyond all measure
        raise InvalidRecord(str(fault)[:300]) from None
    if not isinstance(tree, dict) or tree.pop("format", None) != FORMAT:
        raise InvalidRecord(f"not in the format {FORMAT}")
    record = from_plain(Record, tree)
    _check(record)
    return record


def _check(record: Record) -> None:
    """What the types cannot say: names that must be unique, references that must lead somewhere."""
    dossier = record.dossier
    if not record.projections:
        raise InvalidRecord("no projection is named")
    try:
        ObjectId(dossier.object_id)
        known: set[str] = set()
        for file in dossier.files:
            if not file.file_id or file.file_id in known:
                raise InvalidRecord(f"file_id {file.file_id!r} is empty or used twice")
            known.add(file.file_id)
            if file.size < 0:
                raise InvalidRecord(f"file {file.file_id}: a size of {file.size}")
            if file.stored_path:
                LogicalPath(file.stored_path)
            for algorithm, length in _DIGEST_LENGTHS.items():
                digest = file.digests.get(algorithm, "")
                if len(digest) != length or digest != normalised_hex(digest):
                    raise InvalidRecord(f"file {file.file_id}: no {algorithm} of {length} digits")
    except InvalidValue as fault:
        raise InvalidRecord(str(fault)) from None
    stored = [file.stored_path for file in dossier.files if file.stored_path]
    if len(set(stored)) != len(stored):
        raise InvalidRecord("two files have one stored_path")
    for supplement in dossier.supplements:
        if not known.issuperset(supplement.file_ids):
            raise InvalidRecord("a supplement names a file that is not in files")
    for document in dossier.documents:
        if lost := [file_id for file_id in document.file_ids if file_id not in known]:
            raise InvalidRecord(f"document {document.ordinal} names file {lost[0]!r}, not in files")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise InvalidRecord("a name stands twice in one object")
    return tree


def _refuse_constant(text: str) -> None:
    raise InvalidRecord(f"{text} is not JSON")
