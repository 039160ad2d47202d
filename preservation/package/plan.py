"""The plan of one version: every path, every byte we make, every byte we were given.

A plan is complete before anything is written, so a dry run prints it. The same input gives the same
bytes. What is planned is a whole BagIt bag whose payload is the AIP_hoso of Thông tư 05/2025/TT-BNV
(design section 2); METS, EAD and PREMIS are a projection of the record, and `PROFILE` is its version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from preservation.dossier import Dossier, ReceivedFile
from preservation.package import layout
from preservation.package.bag_files import ALGORITHMS, Organisation, tag_files
from preservation.package.ead import document_ead, dossier_ead
from preservation.package.identifiers import Names
from preservation.package.layout import document_paths, place_files, schema_files
from preservation.package.mets import PackageFile, representation_mets, root_mets
from preservation.package.premis import package_premis, representation_premis
from preservation.package.record_json import (
    IntakeSums,
    InvalidRecord,
    Projection,
    Record,
    read_record,
    read_whole_record,
    write_record,
    write_whole_record,
)
from preservation.package.supplement import joined, supplement_reason, supplement_report
from preservation.package.times import is_xml_instant, package_time
from repository.clock import utc_text
from repository.digest import digest_bytes
from repository.errors import Corrupt, Refused
from repository.model import LogicalPath, ObjectId
from repository.ocfl.inventory import Inventory
from repository.problems import Report
from repository.store import FromBytes, FromPath, Kept, PlannedFile, Source, VersionPlan
from schemas.problem_texts import problem_text
from schemas.xml import schema_file

__all__ = [
    "PROFILE",
    "AipPlan",
    "InvalidRecord",
    "Organisation",
    "arc_file_code",
    "plan_new",
    "plan_reprofile",
    "plan_supplement",
    "read_record",
    "write_record",
]

PROFILE: Final = "tt05-2025/1"

KeptFile = tuple[int, str, str]  # size, sha512, sha256

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[\w.+-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AipPlan:
    """A version to be written, and the record it holds: `dossier` has every `stored_path`."""

    dossier: Dossier
    version: VersionPlan
    profile: str


def plan_new(
    dossier: Dossier,
    sources: Mapping[str, str],
    report: Report,
    *,
    now: datetime,
    software: str,
    organisation: Organisation,
) -> AipPlan:
    """The first version of a dossier's object.

    `sources` says for each `file_id` where its received bytes lie; `report` is what the intake rules
    found and is kept in the package. The plan has every received file exactly once. Raises
    InvalidRecord for a dossier that could not be read back, ValueError when a source is lacking.
    """
    if lacking := [file.file_id for file in dossier.files if file.file_id not in sources]:
        raise ValueError(f"no source for {len(lacking)} received files, such as {lacking[0]}")
    placed = place_files(_with_arc_file_code(dossier))
    operator = placed.submission.operator
    record = Record(
        placed,
        IntakeSums.of(report),
        (Projection(PROFILE, utc_text(now), software, operator),),
    )
    planned = [_received(file, FromPath(sources[file.file_id])) for file in placed.files]
    planned.append(_made(layout.INTAKE_REPORT, _report_json(record, report)))
    files = _package(record, planned, {}, now, organisation)
    version = VersionPlan(
        object_id=ObjectId(placed.object_id),
        follows=None,
        files=files,
        created=utc_text(now),
        message=f"Ingestion of transfer {placed.submission.transfer_id}",
        user_name=operator or organisation.name,
        user_address=_user_address(organisation),
    )
    return AipPlan(placed, version, PROFILE)


def plan_reprofile(
    record_json: bytes,
    previous_inventory: Inventory,
    kept: Mapping[LogicalPath, KeptFile],
    *,
    now: datetime,
    software: str,
    organisation: Organisation,
    profile: str = PROFILE,
    reason: str,
    operator: str = "",
) -> AipPlan:
    """The next version of an object: the same record, written by this software's projection.

    `kept` tells size, sha512 and sha256 of the files of the previous version's state. What was
    received stays as it is, the intake report too; what we write and comes out the same is kept.
    Raises InvalidRecord for bytes that are no record, Corrupt when record and object disagree, Refused
    for a profile this software does not write.
    """
    if profile != PROFILE:
        raise Refused(f"this software writes the profile {PROFILE}, not {profile!r}")
    before = read_whole_record(record_json)
    dossier = before.dossier
    if dossier.object_id != previous_inventory.object_id:
        raise Corrupt(
            f"{previous_inventory.object_id} holds the record of another object, {dossier.object_id}"
        )
    projection = Projection(profile, utc_text(now), software, operator, reason)
    record = replace(before, projections=(*before.projections, projection))
    planned = [_kept_received(file, kept) for file in dossier.files]
    planned += _kept_reports(dossier, kept)
    version = VersionPlan(
        object_id=ObjectId(dossier.object_id),
        follows=previous_inventory.head,
        files=_package(record, planned, kept, now, organisation),
        created=utc_text(now),
        message=reason or f"Written again after profile {profile}",
        user_name=operator or organisation.name,
        user_address=_user_address(organisation),
    )
    return AipPlan(dossier, version, profile)


def plan_supplement(
    record_json: bytes,
    previous_inventory: Inventory,
    kept: Mapping[LogicalPath, KeptFile],
    added: Dossier,
    sources: Mapping[str, str],
    report: Report,
    *,
    now: datetime,
    software: str,
    organisation: Organisation,
) -> AipPlan:
    """The next version of an object: what it holds, and the documents of `added` beside them.

    `kept` as for `plan_reprofile`; `sources` and `report` as for `plan_new`, of what was added. What
    is held keeps its place and its bytes. Conflict when the two cannot be joined
    (`supplement.joined`); else raises what those two raise.
    """
    before = read_whole_record(record_json)
    if before.dossier.object_id != previous_inventory.object_id:
        raise Corrupt(
            f"{previous_inventory.object_id} holds the record of another object, "
            f"{before.dossier.object_id}"
        )
    dossier, was_called = joined(before.dossier, added)
    supplement = dossier.supplements[-1]
    operator, reason = supplement.submission.operator, supplement_reason(supplement)
    projection = Projection(PROFILE, utc_text(now), software, operator, reason)
    record = Record(dossier, before.intake, (*before.projections, projection))
    planned = []
    for file in dossier.files:
        if file.file_id in was_called:
            planned.append(_received(file, FromPath(sources[was_called[file.file_id]])))
        else:
            planned.append(_kept_received(file, kept))
    planned += _kept_reports(before.dossier, kept)
    told = Record(replace(dossier, submission=supplement.submission), before.intake, (projection,))
    planned.append(_made(supplement_report(supplement), _report_json(told, report), kept))
    version = VersionPlan(
        object_id=ObjectId(dossier.object_id),
        follows=previous_inventory.head,
        files=_package(record, planned, kept, now, organisation),
        created=utc_text(now),
        message=reason,
        user_name=operator or organisation.name,
        user_address=_user_address(organisation),
    )
    return AipPlan(dossier, version, PROFILE)


def arc_file_code(archive_code: str, file_code: str) -> str:
    """Mã hồ sơ lưu trữ: the archive's code before the dossier's, once (facts, section 3.3)."""
    if not archive_code or not file_code:
        return ""
    prefix = f"{archive_code}."
    return file_code if file_code.startswith(prefix) else prefix + file_code


def _with_arc_file_code(dossier: Dossier) -> Dossier:
    """A code that was assigned stays; one is built only where this archive's own code is known."""
    if dossier.arc_file_code:
        return dossier
    return replace(dossier, arc_file_code=arc_file_code(dossier.archive_code, dossier.file_code))


def _package(
    record: Record,
    given: list[PlannedFile],
    kept: Mapping[LogicalPath, KeptFile],
    now: datetime,
    organisation: Organisation,
) -> tuple[PlannedFile, ...]:
    """Everything received and kept, with all that is made around it, by path."""
    record_json = write_whole_record(record)  # refuses what could not be read back
    dossier, this = record.dossier, record.projections[-1]
    names = Names(dossier.object_id)
    ead_paths = document_paths(dossier)
    made = {
        layout.EAD: dossier_ead(dossier),
        layout.RECORD: record_json,
        layout.PREMIS: package_premis(record, names),
        layout.REP_PREMIS: representation_premis(record, names),
        **{path: schema_file(source) for path, source in schema_files(dossier).items()},
        **{
            path: document_ead(dossier, document)
            for path, document in zip(ead_paths, dossier.documents, strict=True)
        },
    }
    files = {file.logical_path: file for file in given}
    for path, data in made.items():
        files[LogicalPath(path)] = _made(path, data, kept)
    described = _described(record, files)
    inside = {path: file for path, file in described.items() if path.startswith(layout.REP)}
    rep_mets = _made(layout.REP_METS, representation_mets(record, names, inside, ead_paths), kept)
    files[rep_mets.logical_path] = rep_mets
    outside = {path: file for path, file in described.items() if path not in inside}
    outside[layout.REP_METS] = _describe(rep_mets, None, record)
    whole = _made(layout.METS, root_mets(record, names, outside), kept)
    files[whole.logical_path] = whole
    tags = tag_files(
        dossier,
        files.values(),
        now=now,
        software=this.software,
        organisation=organisation,
        profile=this.profile,
    )
    for name, data in tags.items():
        files[LogicalPath(name)] = _made(name, data, kept)
    return tuple(files[path] for path in sorted(files))


def _received(file: ReceivedFile, source: Source) -> PlannedFile:
    return PlannedFile(
        LogicalPath(file.stored_path),
        file.size,
        file.digests["sha512"],
        file.digests["sha256"],
        source,
    )


def _kept_received(file: ReceivedFile, kept: Mapping[LogicalPath, KeptFile]) -> PlannedFile:
    planned = _received(file, Kept())
    if _known(kept, file.stored_path) != (planned.size, planned.sha512, planned.sha256):
        raise Corrupt(f"{file.stored_path} is not what the record says was received")
    return planned


def _kept_reports(dossier: Dossier, kept: Mapping[LogicalPath, KeptFile]) -> Iterator[PlannedFile]:
    """What the intake rules found, of the first submission and of each supplement."""
    for path in (layout.INTAKE_REPORT, *map(supplement_report, dossier.supplements)):
        size, sha512, sha256 = _known(kept, path)
        yield PlannedFile(LogicalPath(path), size, sha512, sha256, Kept())


def _known(kept: Mapping[LogicalPath, KeptFile], path: str) -> KeptFile:
    try:
        return kept[LogicalPath(path)]
    except KeyError:
        raise Corrupt(f"{path} is in the record and not in the object") from None


def _made(
    path: str, data: bytes, kept: Mapping[LogicalPath, KeptFile] | None = None
) -> PlannedFile:
    digests = digest_bytes(data, ALGORITHMS)
    facts = (len(data), digests["sha512"], digests["sha256"])
    logical_path = LogicalPath(path)
    same = kept is not None and kept.get(logical_path) == facts
    return PlannedFile(logical_path, *facts, Kept() if same else FromBytes(data))


def _described(record: Record, files: Mapping[LogicalPath, PlannedFile]) -> dict[str, PackageFile]:
    received = {file.stored_path: file for file in record.dossier.files}
    return {path: _describe(file, received.get(path), record) for path, file in files.items()}


def _describe(planned: PlannedFile, received: ReceivedFile | None, record: Record) -> PackageFile:
    """How METS tells of a file: what was identified, else what the sender said, else nothing."""
    if received is None:
        suffix = planned.logical_path.rsplit(".", 1)[-1]
        mime = "application/json" if suffix == "json" else "application/xml"
        created = package_time(record.projections[-1].created)
    else:
        fact = received.format
        mime = (fact.mime if fact is not None else "") or received.mime_given
        mime = mime if _MEDIA_TYPE.fullmatch(mime) else "application/octet-stream"
        created = received.created_given
        if not is_xml_instant(created):
            created = package_time(record.dossier.submission.received_at)
        if not is_xml_instant(created):
            created = package_time(record.projections[0].created)
    return PackageFile(planned.logical_path, mime, planned.size, planned.sha256, created)


def _report_json(record: Record, report: Report) -> bytes:
    """The findings with their texts, so that the report can be read without this software."""
    tree = {
        "format": "kho-intake-report/1",
        "object_id": record.dossier.object_id,
        "transfer_id": record.dossier.submission.transfer_id,
        "created": record.projections[0].created,
        "problems": [
            {
                **problem.as_dict(),
                "vi": problem_text(problem.code, problem.params, "vi"),
                "en": problem_text(problem.code, problem.params, "en"),
            }
            for problem in report
        ],
    }
    return (json.dumps(tree, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _user_address(organisation: Organisation) -> str:
    """OCFL asks for a URI; a telephone number or a name is none."""
    contact = organisation.contact.strip()
    if "@" in contact and " " not in contact:
        return f"mailto:{contact}"
    return contact if contact.startswith(("https://", "http://", "urn:", "tel:")) else ""
