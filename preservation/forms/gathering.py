"""What the forms say, gathered from the catalogue: plain values, ready to be printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from preservation.audit.sampling import Statement
from preservation.drills.notes import CANARY_PREFIX
from preservation.incidents.following import events_of
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import AuditRunRecord, EventRecord
from repository.clock import VIETNAM, parse_utc, utc_text
from repository.errors import NotFound
from repository.store import STORAGE_ROOT
from schemas.wording import worded_list

LISTED = 500  # rows that one paper lists; it says how many more there are
_PAGE = 1000
_REASONS_VI: Final = (
    (re.compile(r"(\d+) bytes, expected (\d+)"), r"\1 byte, phải là \2"),
    (re.compile(r"same size, other content"), "cùng cỡ, khác nội dung"),
    (re.compile(r"an empty folder"), "thư mục rỗng"),
    (re.compile(r"not a regular file"), "không phải tệp thường"),
)
_KINDS_VI: Final = {
    "all": "Toàn bộ các bản sao",
    "due": "Định kỳ (phần đến hạn)",
    "named": "Theo yêu cầu (hồ sơ được nêu tên)",
    "sample": "Chọn mẫu ngẫu nhiên",
}
# What a run looked at, by its depth. A paper never says more than was done.
_METHODS_VI: Final = {
    "full": "Đọc lại từng tệp của các bản sao thuộc lần kiểm tra, tính mã băm SHA-512 và so với "
    "giá trị ghi trong mục lục và sổ cái. Tệp không đọc được hoặc chưa đọc không được tính là nguyên "
    "vẹn.",
    "structural": "Kiểm tra cấu trúc: liệt kê mọi tệp của các bản sao thuộc lần kiểm tra, so tên và "
    "kích thước; chỉ đọc và so mã băm của bản kê và tệp khai báo. Nội dung tài liệu KHÔNG được đọc lại "
    "và được ghi là chưa kiểm tra.",
}
_OUTCOMES_VI: Final = {
    "success": "ĐẠT: toàn bộ tệp thuộc lần kiểm tra còn nguyên vẹn",
    "failure": "KHÔNG ĐẠT: có tệp bị hỏng, mất hoặc thừa",
    "incomplete": "CHƯA ĐẦY ĐỦ: có tệp không đọc được hoặc chưa kiểm tra được",
    "": "CHƯA KẾT THÚC: lần kiểm tra bị dừng giữa chừng",
}
_VERDICTS_VI: Final = {
    "altered": "bị thay đổi",
    "missing": "bị mất",
    "unexpected": "thừa",
    "unreadable": "không đọc được",
    "not_checked": "chưa kiểm tra",
}
_READ_BACK_VI: Final = {
    "direct": "đọc lại từ vật mang",
    "evicted": "đọc lại từ vật mang",
    "cached": "đọc lại (qua bộ nhớ đệm)",
}
_CAUSES_VI: Final = {
    "damage": "Hồ sơ lưu trữ số bị hỏng trong một bản sao",
    "unreadable": "Không đọc được dữ liệu của một bản sao",
    "store away": "Kho lưu (vật mang) không dùng được",
    "ledger": "Sổ cái bằng chứng không đúng như phải có",
    "catalogue": "Cơ sở dữ liệu mục lục nói khác sổ cái",
    "second opinion": "Chương trình đối chứng kết luận khác",
    "drill": "Diễn tập không đạt",
    "silence": "Đồng hồ kiểm tra ngừng chạy",
}
_STATES_VI: Final = {
    "found": "Mới phát hiện, chưa xử lý",
    "diagnosed": "Đã chẩn đoán, chưa xử lý",
    "repaired": "Đã phục hồi, chờ kiểm tra lại",
    "verified": "Đã phục hồi và kiểm tra lại đạt",
    "vanished": "Không còn thấy nữa dù chưa ai xử lý",
    "explained": "Đã giải trình",
    "closed": "Đã kết thúc",
}
# How an event is told in a log of copies.
_COPYING_VI: Final = {
    "ingestion": "Ghi mới khi tiếp nhận",
    "metadata modification": "Ghi phiên bản mới",
    "replication": "Sao lưu bổ sung",
    "repair": "Phục hồi bản sao hỏng",
    "store addition": "Lập kho mới",
    "store attachment": "Gắn lại vật mang rời",
    "store detachment": "Cất vật mang rời",
}
_DIAGNOSES_VI: Final = {
    "bit flip": "lật một bit",
    "zeros": "vùng dữ liệu bị xóa về 0",
    "truncation": "tệp bị cắt cụt",
    "growth": "tệp bị ghi thêm",
    "edit": "tệp bị sửa sau khi ghi",
    "hidden edit": "tệp bị sửa và đặt lại thời gian",
    "swap": "tệp bị tráo với tệp khác",
    "rewrite": "bản kê trong bản sao bị sửa theo dữ liệu sai",
    "other version": "phiên bản khác nằm ở chỗ này",
    "replaced": "bị thay bằng liên kết hoặc thư mục",
    "removal": "tệp bị xóa",
    "no copy": "cả bản sao không còn",
    "addition": "có tệp không ai ghi nhận",
    "disk error": "vật mang báo lỗi đọc",
    "no permission": "tài khoản kiểm tra không được quyền đọc",
    "whole store": "gần như cả kho hỏng",
    "unknown": "chưa rõ nguyên nhân",
}


@dataclass(frozen=True, slots=True)
class StoreOnPaper:
    """A store as its papers name it."""

    name: str
    kind: str
    place: str
    started: str
    rated_years: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps the archive."""

    name: str
    address: str
    stores: Mapping[str, StoreOnPaper] = field(default_factory=dict)


def inspection(catalogue: Catalogue, run_id: str) -> dict[str, Any]:
    """One audit run. NotFound."""
    run = catalogue.audit_run(run_id)
    if run is None:
        raise NotFound(f"There is no audit run {run_id}. `kho status` names the last one.")
    wrong = catalogue.audit_results(run_id, only_not_intact=True)
    rows = [
        {
            "object_id": "Thư mục gốc của kho" if one.object_id == STORAGE_ROOT else one.object_id,
            "title": _title(catalogue, one.object_id),
            "store": one.store,
            "path": str(file["path"]),
            "verdict": _VERDICTS_VI.get(str(file["verdict"]), str(file["verdict"])),
            "reason": _reason(str(file["reason"])),
        }
        for one in wrong
        for file in one.files
    ]
    return {
        "run": run,
        "kind": _KINDS_VI.get(run.kind, run.kind),
        "outcome": _OUTCOMES_VI.get(run.outcome, run.outcome),
        "started": local(run.started_at),
        "finished": local(run.finished_at),
        "note": str(run.totals.get("note", "")),
        "method": _METHODS_VI[str(run.totals.get("depth", "full"))],
        "extent": _extent(run),
        "stores": list(catalogue.stores_of_run(run_id)),
        "sums": _sums(run),
        "away": [str(name) for name in run.totals.get("stores_unavailable", ())],
        "rows": rows[:LISTED],
        "more": max(0, len(rows) - LISTED),
        "incidents": [one.incident_id for one in catalogue.incidents() if one.run_id == run_id][
            :LISTED
        ],
    }


def copying(catalogue: Catalogue, since: datetime, until: datetime) -> dict[str, Any]:
    """Every copy written from `since` to before `until`, and what became of disks meanwhile."""
    rows: list[dict[str, Any]] = []
    by_store: dict[str, dict[str, Any]] = {}
    count = 0
    for event in _events(catalogue, utc_text(since), utc_text(until)):
        for row in _copying_rows(event):
            if str(row["object_id"]).startswith(CANARY_PREFIX):
                continue  # our own, for drills
            count += 1
            if len(rows) < LISTED:
                rows.append({**row, "title": _title(catalogue, str(row["object_id"]))})
            sums = by_store.setdefault(
                str(row["store"]), {"copies": 0, "objects": set(), "ways": set()}
            )
            if row["object_id"]:
                sums["copies"] += 1
                sums["objects"].add(row["object_id"])
                sums["ways"].add(row["read_back"])
    held: dict[str, int] = {}
    for name in by_store:
        copies = catalogue.copies_of_store(name)
        held[name] = sum(1 for copy in copies if not copy.object_id.startswith(CANARY_PREFIX))
    return {
        "since": since.astimezone(VIETNAM),
        "last_day": until.astimezone(VIETNAM) - timedelta(days=1),
        "rows": rows,
        "more": count - len(rows),
        "count": count,
        "by_store": {
            name: {
                "copies": sums["copies"],
                "objects": len(sums["objects"]),
                "ways": "; ".join(sorted(filter(None, sums["ways"]))),
                "held": held[name],
            }
            for name, sums in sorted(by_store.items())
        },
    }


def incident(catalogue: Catalogue, incident_id: str) -> dict[str, Any]:
    """One incident, what was found, done and said, and by whom. NotFound."""
    found = catalogue.incident(incident_id)
    if found is None:
        raise NotFound(f"There is no incident {incident_id}. `kho incidents --all` lists them.")
    events = events_of(catalogue, found)
    repair = dict(found.detail.get("repair", {}))
    diagnosis = dict(found.detail.get("diagnosis", {}))
    kind = str(diagnosis.get("kind", found.diagnosis))
    return {
        "incident": found,
        "cause": _CAUSES_VI.get(found.cause, found.cause),
        "state": _STATES_VI.get(found.state, found.state),
        "title": _title(catalogue, found.object_id),
        "opened": local(found.opened_at),
        "counts": [
            f"{count} tệp {_VERDICTS_VI[kind]}"
            for kind, count in dict(found.detail.get("counts", {})).items()
            if count and kind in _VERDICTS_VI
        ],
        "files": [
            {
                "path": file["path"],
                "verdict": _VERDICTS_VI.get(file["verdict"], file["verdict"]),
                "reason": _reason(file["reason"]),
            }
            for file in found.detail.get("files", ())
        ],
        "why": str(found.detail.get("why", "")),
        "hint": _DIAGNOSES_VI.get(kind, kind),
        "hint_detail": worded_list(str(diagnosis.get("detail", "")), "vi"),
        "agree": ", ".join(diagnosis.get("agree", ())),
        "repair": repair,
        "repaired_at": local(str(repair.get("at", ""))),
        "sources": ", ".join(
            f"kho {name} ({count} tệp)" for name, count in dict(repair.get("sources", {})).items()
        ),
        "verified_at": local(str(found.detail.get("intact_at", ""))),
        "verified_run": str(found.detail.get("intact_run", "")),
        "explained": dict(found.detail.get("explained", {})),
        "closed": dict(found.detail.get("closed", {})),
        "closed_at": local(str(dict(found.detail.get("closed", {})).get("at", ""))),
        "events": [
            {"at": local(event.at), "type": event.type, "agent": event.agent} for event in events
        ],
    }


def local(text: str) -> str:
    """An instant as papers write it, in Vietnam's time; empty when there is none."""
    if not text:
        return ""
    return f"{parse_utc(text).astimezone(VIETNAM):%H giờ %M phút, ngày %d/%m/%Y}"


def _extent(run: AuditRunRecord) -> str:
    """How far the run went beyond or short of everything, and what a sample says; may be empty."""
    told = run.totals.get("sample")
    if isinstance(told, Mapping):
        said = (
            f"Chọn ngẫu nhiên {told['drawn']} trong {told['of']} hồ sơ ({told['percent']:g} %, "
            f"hạt giống {told['seed']}). Hồ sơ ngoài mẫu không được kiểm tra lần này."
        )
        if run.totals.get("depth", "full") != "full":
            return said  # what was not read proves nothing about content
        bad = told["drawn"] - told["intact"]
        proven = Statement(told["of"], told["drawn"], bad, told["at_most"])
        return f"{said} {proven.sentence('hồ sơ', vi=True)}"
    if run.kind == "due":
        return (
            "Chỉ các bản sao đến hạn được kiểm tra lần này; các bản sao khác theo kỳ hạn của chúng."
        )
    if run.kind == "named":
        return "Chỉ các hồ sơ được nêu tên được kiểm tra lần này."
    if run.kind == "sample":
        return "Hồ sơ ngoài mẫu không được kiểm tra lần này."
    return ""


def _sums(run: AuditRunRecord) -> dict[str, Any]:
    wanted = (
        "objects", "copies", "bytes", "expected", "intact", "altered", "missing", "unreadable",
        "not_checked", "unexpected",
    )  # fmt: skip
    return {name: run.totals.get(name, "") for name in wanted}


def _copying_rows(event: EventRecord) -> Iterator[dict[str, Any]]:
    what = _COPYING_VI.get(event.type)
    copies = event.detail.get("copies", ())
    for copy in copies:
        yield {
            "at": local(event.at),
            "what": what or event.type,
            "object_id": str(copy["object_id"]),
            "version": str(copy["head"]),
            "store": str(copy["store"]),
            "read_back": _READ_BACK_VI.get(str(copy["read_back"]), str(copy["read_back"])),
            "agent": event.agent,
        }
    if what is not None and not copies and "store" in event.detail:
        told = event.detail["store"]
        name = told.get("name", "") if isinstance(told, Mapping) else told
        yield {
            "at": local(event.at), "what": what, "object_id": "", "version": "",
            "store": str(name), "read_back": "", "agent": event.agent,
        }  # fmt: skip


def _events(catalogue: Catalogue, since: str, until: str) -> Iterator[EventRecord]:
    """The events of a period; a clock that went back for a while hides none of them."""
    after = 0
    while page := catalogue.events(after=after, limit=_PAGE):
        for event in page:
            if since <= event.at < until:
                yield event
        after = page[-1].sequence


def _reason(text: str) -> str:
    """Why a file is not intact, in the paper's language where that is known."""
    for pattern, words in _REASONS_VI:
        text = pattern.sub(words, text)
    return text


def _title(catalogue: Catalogue, object_id: str) -> str:
    record = catalogue.object(object_id) if object_id else None
    return record.title if record is not None else ""
