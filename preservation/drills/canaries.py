"""Canaries: dossiers of our own, held like all others, that drills may harm.

They stand in the reserved fonds `KHO.CANARY` and in mode 03, so that no reader is ever shown one, and
lists, sums, search and exports leave them out. Everything else is as with any dossier: packaged by the
same plan, in every required store, read back, in catalogue and ledger, audited on its day. Each has two
versions, so that an old one can be put back. Their words say what they are, to whoever finds one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from preservation import holding
from preservation.dossier import (
    Coded,
    Count,
    Custody,
    Document,
    DocumentKind,
    Dossier,
    FileRole,
    PartialDate,
    ReceivedFile,
    Submission,
)
from preservation.drills.notes import CANARY_PREFIX, canaries
from preservation.events import EventType
from preservation.holding import Holding, HoldingServices
from preservation.package.plan import Organisation, plan_new, plan_reprofile
from preservation.updating import read_base
from repository import durable
from repository.catalogue.records import CANARY_FONDS
from repository.clock import utc_text
from repository.digest import digest_bytes
from repository.model import ObjectId
from repository.problems import Report
from repository.store import VersionPlan

COUNT = 3
_REASON = "a canary, made for drills"
_WORDS = (
    "Tệp này do Kho tự tạo để diễn tập: nó được cố ý làm hỏng rồi sửa lại. "
    "Nó không phải tài liệu lưu trữ.\n"
    "This file was made by Kho for drills: it is harmed on purpose and mended again. It is no record.\n"
)
_DATA = "representations/rep1/data/"
_DESCRIPTIVE = "representations/rep1/metadata/descriptive/"


def make_canaries(
    services: HoldingServices,
    *,
    operator: str,
    software: str,
    organisation: Organisation,
    count: int = COUNT,
) -> Iterator[str]:
    """Make canaries until there are `count`, and finish those made halfway; names each it made.

    The guarantees of `holding.hold` hold for each version; killed anywhere, calling it again goes on.
    """
    holding.require_stores(services)
    there = canaries(services.catalogue)
    for number in range(1, count + 1):
        object_id = canary_id(services, number)
        work_id = f"canary-{number}"
        made = False
        if object_id not in there:
            with services.work.begin(work_id) as folder:
                dossier, sources = _dossier(object_id, number, services.clock.now(), folder)
                plan = plan_new(
                    dossier,
                    sources,
                    Report(),
                    now=services.clock.now(),
                    software=software,
                    organisation=organisation,
                )
                _hold(services, work_id, plan.version, operator)
            made = True
        if len(services.catalogue.versions(object_id)) < 2:
            with services.work.begin(work_id):
                base = read_base(services, ObjectId(object_id))
                again = plan_reprofile(
                    base.record,
                    base.held.facts.inventory,
                    base.kept,
                    now=services.clock.now(),
                    software=software,
                    organisation=organisation,
                    reason=_REASON,
                    operator=operator,
                )
                _hold(services, work_id, again.version, operator)
            made = True
        if made:
            yield object_id


def canary_id(services: HoldingServices, number: int) -> str:
    """The identifier of an archive's n-th canary: the same however often it is asked."""
    first = services.catalogue.events(limit=1)
    archive = first[0].event_id if first else "kho"
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"kho:canary:{archive}:{number}")
    return f"{CANARY_PREFIX}uuid-{str(name).upper()}"


def _hold(services: HoldingServices, work_id: str, version: VersionPlan, operator: str) -> None:
    made = Holding(EventType.CANARY_MADE, operator, transfer=None, reason=_REASON)
    holding.hold(services, work_id, version, made)


def _dossier(
    object_id: str, number: int, now: datetime, folder: Path
) -> tuple[Dossier, dict[str, str]]:
    """A small dossier of two documents, and where their bytes lie."""
    code = f"CANARY.{number:02d}"
    contents = {
        "f0001": (f"{code}.1.txt", _WORDS.encode()),
        "f0002": (f"{code}.2.bin", _noise(f"{object_id}".encode(), 70_000)),
    }
    files, sources = [], {}
    for file_id, (name, data) in contents.items():
        path = folder / file_id
        durable.write_new(path, data)
        digests = digest_bytes(data, ["sha512", "sha256"])
        files.append(
            ReceivedFile(
                file_id=file_id,
                role=FileRole.MAIN,
                received_path=_DATA + name,
                size=len(data),
                digests=dict(digests),
            )
        )
        sources[file_id] = str(path)
    instant = utc_text(now)
    day = PartialDate(instant[:10], instant[:10])
    secret = Coded("03", "03")
    documents = tuple(
        Document(
            ordinal=ordinal,
            kind=DocumentKind.TEXT,
            doc_id=f"{code}.{ordinal}",
            doc_code=f"{code}.{ordinal:07d}",
            title="Tệp diễn tập của Kho, không phải tài liệu lưu trữ",
            mode=secret,
            metadata_path=f"{_DESCRIPTIVE}EAD_doc_{code}.{ordinal}.xml",
            file_ids=(file.file_id,),
            issued_date=day,
            languages=(Coded("01", "01"),),
        )
        for ordinal, file in enumerate(files, 1)
    )
    dossier = Dossier(
        object_id=object_id,
        fonds_code=CANARY_FONDS,
        agency_name="Kho",
        file_code=code,
        title="Hồ sơ diễn tập của Kho, không phải hồ sơ lưu trữ",
        maintenance=Coded("01", "01"),
        mode=secret,
        languages=(Coded("01", "01"),),
        start_date=day,
        end_date=day,
        total_doc=Count(str(len(documents)), len(documents)),
        submission=Submission(
            transfer_id=f"{CANARY_FONDS}-{number}",
            shape="canary",
            container_name="",
            container_size=0,
            container_sha256="",
            received_at=instant,
            operator="Kho",
            objid_given="",
            record_status="OTHER",
            members=len(files),
        ),
        documents=documents,
        files=tuple(files),
        custody=Custody("Kho", instant, _REASON),
    )
    return dossier, sources


def _noise(seed: bytes, size: int) -> bytes:
    """Bytes without any pattern, the same for the same seed."""
    block, made = seed, b""
    while len(made) < size:
        block = bytes.fromhex(digest_bytes(block, ["sha512"])["sha512"])
        made += block
    return made[:size]
