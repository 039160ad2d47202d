"""The archive that the tests of the API read: real stores, a real catalogue, every mode of use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256, sha512
from pathlib import Path

from api.services import ApiServices
from api.spool import Spool
from preservation.audit.run import AuditServices, Selection, audit
from preservation.dossier import Coded, Dossier, FileRole
from preservation.events import EventType
from preservation.holding import Holding, HoldingServices, hold
from preservation.package.plan import plan_new
from preservation.work import WorkFolder
from repository.catalogue.catalogue import create_catalogue, open_catalogue
from repository.catalogue.records import TransferRecord
from repository.clock import FrozenClock
from repository.local_store import LocalStore, create_local_store
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.problems import Report, warning
from repository.store import FromBytes, Kept, PlannedFile, VersionPlan
from tests.preservation.package.builder import (
    ARCHIVE,
    SOFTWARE,
    content_of,
    make_documents,
    make_dossier,
    make_files,
    make_submission,
    received,
    write_sources,
)

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
BASE = "http://kho.test"
TOKEN = "an-auditors-token"
ARCHIVE_NAME = "Trung tâm Lưu trữ lịch sử tỉnh Hà Tĩnh"

OPEN = "urn:P_SNV:uuid-87AEE70F-80D4-4DB1-9C03-9C3057B047FC"
ESCAPED = "urn:P%5FS%2FNV:uuid-00000000-0000-4000-8000-000000000002"
CONDITIONAL = "urn:P_SNV:uuid-00000000-0000-4000-8000-000000000003"
SECRET = "urn:P_SNV:uuid-00000000-0000-4000-8000-000000000004"
UNKNOWN = "urn:P_SNV:uuid-00000000-0000-4000-8000-000000000005"

# Words that stand in the documents of every dossier, and words of one title only.
IN_DOCUMENTS = "Lễ khởi công"
LARGE = "representations/rep1/data/bản quét lớn.tif"
LARGE_PATH = "data/representations/rep1/data/bản quét lớn.tif"
LARGE_BYTES = bytes(range(256)) * 10_000 + b"end"  # more than two pieces of a stream
NOTE = b"Added later.\n"


@dataclass(frozen=True)
class Made:
    """An archive in a folder."""

    home: Path
    store_ids: Mapping[str, str]

    def place(self, store: str = "primary") -> Path:
        return self.home / "stores" / store

    def store(self, name: str = "primary") -> LocalStore:
        return LocalStore(name, self.place(name), self.store_ids[name])

    def file(self, object_id: str, path: str, store: str = "primary") -> Path:
        """One stored file of an object, by its path below the object's folder."""
        folder = self.place(store) / "root" / self.store(store).object_path(ObjectId(object_id))
        return folder / path

    def lines(self, kind: str) -> list[dict[str, str]]:
        """What was written into the spool."""
        return [
            json.loads(line)
            for path in sorted((self.home / "spool").glob(f"{kind}-*.jsonl"))
            for line in path.read_text().splitlines()
        ]


@contextmanager
def open_services(made: Made, **changes: object) -> Iterator[ApiServices]:
    """What the API is given, with any of it changed."""
    with open_catalogue(made.home / "catalogue.sqlite", read_only=True) as catalogue:
        services = ApiServices(
            catalogue=catalogue,
            stores={name: made.store(name) for name in ("primary", "copy-1")},
            primary="primary",
            spool=Spool(made.home / "spool"),
            clock=FrozenClock(NOW),
            base_url=BASE,
            auditor_token_sha256=sha256(TOKEN.encode()).hexdigest(),
            archive_name=ARCHIVE_NAME,
            signing_key=b"0123456789abcdef",
        )
        yield replace(services, **changes)


def make_archive(home: Path) -> Made:
    """An open dossier of two versions, one with a difficult identifier, a conditional, a secret one,
    and one of a mode nobody knows; one audit run, one refused transfer."""
    home.mkdir(parents=True)
    for name in ("work", "spool"):
        (home / name).mkdir()
    ids = {name: create_local_store(home / "stores" / name) for name in ("primary", "copy-1")}
    made = Made(home, ids)
    create_catalogue(home / "catalogue.sqlite")
    with open_catalogue(home / "catalogue.sqlite") as catalogue:
        stores = [made.store(name) for name in ids]
        services = HoldingServices(
            catalogue, stores, FrozenClock(NOW), WorkFolder(home / "work"), lambda: None
        )
        _hold(services, _open_dossier())
        _second_version(services)
        _hold(services, _dossier(ESCAPED, "Hồ sơ quyết định đất đai, năm 2020", "01"))
        _hold(services, _dossier(CONDITIONAL, "Hồ sơ kỷ luật cán bộ, năm 2021", "02"))
        _hold(services, _dossier(SECRET, "Hồ sơ phòng thủ khu vực, năm 2021", "03"))
        with catalogue.transaction() as tx:
            record = catalogue.object(ESCAPED)
            assert record is not None
            odd = replace(record, object_id=UNKNOWN, mode="07", title="Hồ sơ chế độ lạ")
            from repository.search_text import SearchText

            tx.put_object(odd, [], [], [], {}, SearchText(title=odd.title))
            tx.put_transfer(_transfer("20261122-0099", "refused"))
        held = [OPEN, ESCAPED, CONDITIONAL, SECRET]
        audit(
            AuditServices(
                catalogue, {s.name: s for s in stores}, FrozenClock(NOW), tuple, lambda: None
            ),
            Selection("all", dict.fromkeys(ids, held), roots=False),
            operator="lan",
            medium=False,
        )
    return made


def _hold(services: HoldingServices, dossier: Dossier) -> None:
    work_id = f"w-{dossier.object_id[-12:]}"
    with services.work.begin(work_id) as folder:
        sources = write_sources(dossier, folder / "received")
        for file in dossier.files:
            if file.received_path == LARGE:
                Path(sources[file.file_id]).write_bytes(LARGE_BYTES)
        report = Report.of([warning("ING-DATE-ORDER", "metadata/descriptive/EAD.xml")])
        plan = plan_new(dossier, sources, report, now=NOW, software=SOFTWARE, organisation=ARCHIVE)
        transfer = _transfer(dossier.submission.transfer_id, "accepted")
        hold(services, work_id, plan.version, Holding(EventType.INGESTION, "lan", transfer))


def _second_version(services: HoldingServices) -> None:
    """All that was there, and a note."""
    facts = services.stores[0].facts(ObjectId(OPEN))
    sizes = {file.path: file.size for file in facts.expected}
    sha256s = {p: d for d, paths in facts.inventory.fixity["sha256"].items() for p in paths}
    files = [
        PlannedFile(logical, sizes[path], digest, sha256s[path], Kept())
        for logical, digest in facts.inventory.state(facts.head.version).items()
        for path in [facts.inventory.content_path(digest)]
    ]
    files.append(
        PlannedFile(
            LogicalPath("data/documentation/note.txt"),
            len(NOTE),
            sha512(NOTE).hexdigest(),
            sha256(NOTE).hexdigest(),
            FromBytes(NOTE),
        )
    )
    plan = VersionPlan(
        ObjectId(OPEN), VersionNumber(1), tuple(sorted(files, key=lambda f: f.logical_path)),
        "2026-11-22T03:05:00Z", "A note was added", "lan", "",
    )  # fmt: skip
    with services.work.begin("w-second"):
        hold(services, "w-second", plan, Holding(EventType.UPDATE, "lan", None, "a note"))


def _open_documents() -> tuple[object, ...]:
    return tuple(replace(document, mode=Coded("01", "01")) for document in make_documents())


def _open_dossier() -> Dossier:
    large = received(
        "f0016",
        LARGE,
        FileRole.MAIN,
        size=len(LARGE_BYTES),
        digests={
            "sha512": sha512(LARGE_BYTES).hexdigest(),
            "sha256": sha256(LARGE_BYTES).hexdigest(),
        },
    )
    first, *others = _open_documents()
    first = replace(first, file_ids=(*first.file_ids, "f0016"))
    return make_dossier(documents=(first, *others), files=(*make_files(), large))


def _dossier(object_id: str, title: str, mode: str) -> Dossier:
    return make_dossier(
        object_id=object_id,
        fonds_code=object_id.split(":")[1],
        file_code=f"000.00.04.H27.2021.{object_id[-2:]}",
        title=title,
        mode=Coded(mode, mode),
        documents=_open_documents(),
        submission=make_submission(transfer_id=f"20261122-{object_id[-4:]}"),
    )


def _transfer(transfer_id: str, state: str) -> TransferRecord:
    refused = state == "refused"
    return TransferRecord(
        transfer_id=transfer_id,
        source="SIP_hoso.zip",
        shape="tt05-sip-zip",
        container_sha256=sha256(transfer_id.encode()).hexdigest(),
        received_at="2026-11-22T03:00:00Z",
        finished_at="2026-11-22T03:01:00Z",
        operator="lan",
        state=state,
        object_id="",
        version="",
        title="Hồ sơ bị trả lại" if refused else "Hồ sơ",
        decided_by="tu-dong",
        reason="",
        problems=(warning("ING-DATE-ORDER", "EAD.xml").as_dict(),) if refused else (),
    )


def stored_content(received_path: str) -> bytes:
    """The bytes of a received file."""
    return content_of(received_path)
