"""The claims of each cell of the NDSA levels, in our own words, and what each is answered by. Core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from preservation.reports.ndsa_values import Claim, Declaration, NdsaFacts, Result


class Answers:
    """The facts, and the ways to make claims of them."""

    def __init__(self, facts: NdsaFacts, declaration: Declaration | None) -> None:
        self.facts = facts
        self._declaration = declaration

    def asked(self, vi: str, en: str, query: str, found: object, met: bool | None) -> Claim:
        """A claim that a query answers; `met` None: the query could not know."""
        result: Result = "not-known" if met is None else "met" if met else "not-met"
        return Claim(vi, en, "query", query, str(found), result)

    def set(self, vi: str, en: str, query: str, found: object, met: bool | None) -> Claim:
        """A claim that the settings answer; where they are silent, a declaration may."""
        if met is None:
            return self.declared(vi, en)
        return Claim(vi, en, "settings", query, str(found), "met" if met else "not-met")

    def declared(self, vi: str, en: str) -> Claim:
        """A claim that only a person can answer for."""
        said = self._declaration
        if said is None:
            return Claim(vi, en, "declared", "[ndsa.declared]", "–", "not-known")
        found = f"{said.statement} ({said.by}, {said.on})"
        return Claim(vi, en, "declared", "[ndsa.declared]", found, "met")

    def copies(self, count: int) -> Claim:
        """That every dossier has so many current copies."""
        facts = self.facts
        enough = sum(n for copies, n in facts.copies_at_head.items() if copies >= count)
        return self.asked(
            f"Mỗi hồ sơ có ít nhất {count} bản sao đầy đủ",
            f"Every dossier has at least {count} complete copies",
            f"objects whose head version is in ≥ {count} stores",
            f"{enough} / {facts.objects}",
            enough == facts.objects if facts.objects else None,
        )

    def places(self, count: int) -> Claim:
        """That the stores stand in different places."""
        places = {store.place for store in self.facts.stores if store.place}
        said = all(store.place for store in self.facts.stores)
        return self.set(
            "Các kho đặt ở những nơi khác nhau",
            "The stores stand in different places",
            "[stores.NAME] place",
            ", ".join(sorted(places)) or "–",
            len(places) >= count if said else None,
        )

    def events_of(self, *types: str) -> int:
        return sum(sum(self.facts.events.get(type_, {}).values()) for type_ in types)


def _storage_1(of: Answers) -> Iterator[Claim]:
    yield of.copies(2)
    yield of.places(2)
    kinds = [f"{store.name}: {store.kind}" for store in of.facts.stores]
    known = all(store.media_known for store in of.facts.stores)
    yield of.set(
        "Mọi vật mang tin được ghi vào sổ",
        "Every medium is on record",
        "[stores.NAME] kind, started, rated_years",
        ", ".join(kinds),
        True if known else None,
    )


def _storage_2(of: Answers) -> Iterator[Claim]:
    yield of.copies(3)
    yield of.places(2)
    yield of.declared(
        "Ít nhất một bản ở vùng địa lý khác; nơi lưu và thứ nó cần được ghi thành tài liệu",
        "At least one copy in another region; storage and what it needs is documented",
    )


def _storage_3(of: Answers) -> Iterator[Claim]:
    kinds = {store.kind for store in of.facts.stores}
    yield of.set(
        "Một bản nằm trên loại vật mang tin khác",
        "One copy is on another kind of medium",
        "[stores.NAME] kind",
        ", ".join(sorted(kinds)),
        True if len(kinds) > 1 else None,
    )
    yield _media(of)
    yield of.declared(
        "Một bản không chịu cùng một loại thảm hoạ", "One copy faces other disasters than the rest"
    )


def _media(of: Answers) -> Claim:
    over = [store.name for store in of.facts.stores if store.media_over]
    known = all(store.media_known for store in of.facts.stores)
    return of.asked(
        "Tuổi vật mang tin được theo dõi và không cái nào quá hạn",
        "The age of media is watched, and none is past its rated life",
        "[stores.NAME] started, rated_years against today",
        ", ".join(over) or ("0" if known else "–"),
        None if not known and not over else not over,
    )


def _storage_4(of: Answers) -> Iterator[Claim]:
    yield of.copies(3)
    yield _media(of)
    yield of.declared(
        "Ba bản, mỗi bản chịu một loại thảm hoạ khác nhau; có kế hoạch thay vật mang tin",
        "Three copies, each facing other disasters; a plan for media that grow old",
    )


def _integrity_1(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    yield of.asked(
        "Mọi tệp có mã băm, so với mã của bên nộp nếu có",
        "Every file has a digest, compared with the sender's where there was one",
        "files of the catalogue, each with sha512",
        facts.files,
        facts.files > 0 or None,
    )
    yield of.asked(
        "Tệp đã được quét vi-rút",
        "Files were scanned for viruses",
        f"virus facts in {facts.sampled} records (seed {facts.sample_seed})",
        f"{facts.scanned} / {facts.sampled_files}",
        facts.scanned == facts.sampled_files if facts.sampled_files else None,
    )
    judged = sum(facts.transfers.values())
    yield of.asked(
        "Mọi lần nộp được xét ở khu cách ly trước khi nhận",
        "Every transfer was judged in quarantine before it was taken",
        "transfers, by state",
        judged,
        judged > 0 or None,
    )


def _integrity_2(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    proven = sum(facts.read_back.get(how, 0) for how in ("direct", "evicted"))
    every = sum(facts.read_back.values())
    yield of.asked(
        "Mỗi bản sao được đọc lại từ vật mang tin khi ghi",
        "Every copy was read back from the medium when it was written",
        "copies, by how they were read back",
        f"{proven} / {every}",
        proven == every if every else None,
    )
    yield of.asked(
        "Mã băm được giữ ở nơi khác: sổ cái cam kết từng hồ sơ",
        "Digests are kept elsewhere: the ledger commits to every dossier",
        "objects whose inventory digest is in the ledger",
        f"{facts.committed} / {facts.objects}",
        facts.committed == facts.objects if facts.objects else None,
    )
    yield of.declared(
        "Thiết bị chống ghi được dùng khi nhận vật mang tin gốc",
        "Write-blockers are used on original media",
    )


def _integrity_3(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    covered = all(store.audited_percent == "100" and not store.late for store in facts.stores)
    told = [f"{s.name} {s.audited_percent} %, {s.late} late" for s in facts.stores]
    yield of.asked(
        "Mọi tệp được đọc lại theo chu kỳ",
        "Every file is read again at fixed intervals",
        "coverage of each store",
        "; ".join(told),
        covered if facts.objects else None,
    )
    yield of.asked(
        "Cách làm và kết quả được ghi lại",
        "The process and its outcomes are recorded",
        "audit runs that ended",
        sum(facts.runs.values()),
        sum(facts.runs.values()) > 0,
    )
    asked = sum(count for kind, count in facts.runs.items() if kind != "due")
    yield of.asked(
        "Kiểm tra được theo yêu cầu",
        "Audits are made on demand",
        "audit runs that somebody asked for",
        asked,
        asked > 0,
    )


def _integrity_4(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    special = of.events_of("repair", "store attachment", "replication", "drill")
    yield of.asked(
        "Kiểm tra sau các sự kiện đặc biệt: sửa chữa, gắn đĩa, sao chép, diễn tập",
        "Checks follow certain events: repair, attachment, replication, drills",
        "events of these types; each reads back what it wrote",
        special,
        special > 0 or None,
    )
    yield of.asked(
        "Bản hỏng được thay: không bản nào đang hỏng",
        "Damage is replaced: no copy is damaged now",
        "copies whose last verdict is damaged; repairs",
        f"{facts.damaged_copies}; {of.events_of('repair')}",
        facts.damaged_copies == 0,
    )


def _control_1(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    yield of.asked(
        "Khoá chỉ chủ của kho đọc được",
        "Keys can be read by the archive's own accounts alone",
        "files of keys/ that others may read",
        "?" if facts.keys_open is None else f"{len(facts.keys_open)} / {facts.keys}",
        None if facts.keys_open is None else not facts.keys_open,
    )
    yield of.asked(
        "Biết hồ sơ nào ai được đọc: mỗi hồ sơ có chế độ sử dụng",
        "It is known who may read what: every dossier has a mode of use",
        "dossiers, by mode",
        ", ".join(f"{mode or '–'}: {count}" for mode, count in sorted(facts.modes.items())),
        "" not in facts.modes if facts.objects else None,
    )
    yield of.declared(
        "Danh sách người được đọc, ghi, chuyển, xoá", "A list of who may read, write, move, delete"
    )


def _control_2(of: Answers) -> Iterator[Claim]:
    yield of.declared(
        "Quyền được ghi thành tài liệu và đang áp dụng",
        "Authorisations are documented and applied",
    )


def _control_3(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    yield of.asked(
        "Ai làm gì được ghi vào sổ cái chỉ ghi thêm",
        "Who did what is in the append-only ledger",
        "entries of the ledger",
        facts.ledger_entries,
        facts.ledger_entries > 0,
    )
    yield of.asked(
        "Việc đọc hồ sơ không mở được ghi lại",
        "Reading of what is not open is logged",
        "lines of spool/access-*.jsonl",
        "?" if facts.access_lines is None else facts.access_lines,
        None if facts.access_lines is None else True,
    )


def _control_4(of: Answers) -> Iterator[Claim]:
    yield of.declared("Nhật ký được xem xét định kỳ", "The logs are reviewed periodically")


def _metadata_1(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    yield of.asked(
        "Có danh mục mọi thứ và nơi nằm của nó",
        "There is an inventory of everything and where it lies",
        "objects of the catalogue",
        facts.objects,
        facts.objects > 0 or None,
    )
    copied = [store.name for store in facts.stores if store.ledger == "identical"]
    yield of.asked(
        "Danh mục dựng lại được: sổ cái có ở các kho",
        "It can be made again: stores hold the ledger",
        "stores with an identical copy of the ledger",
        f"{len(copied)} / {len(facts.stores)}",
        len(copied) >= 2,
    )


def _metadata_2(of: Answers) -> Iterator[Claim]:
    yield _described(of)


def _described(of: Answers) -> Claim:
    facts = of.facts
    return of.asked(
        "Mỗi hồ sơ có tiêu đề, cơ quan và ngày tháng",
        "Every dossier has a title, an agency and dates",
        "objects with title, agency, start and end",
        f"{facts.described} / {facts.objects}",
        facts.described == facts.objects if facts.objects else None,
    )


def _metadata_3(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    yield of.asked(
        "Chuẩn siêu dữ liệu đã chọn: mỗi gói theo một hồ sơ kỹ thuật",
        "Metadata standards are chosen: every package is of one profile",
        "objects, by Kho-AIP-Profile",
        ", ".join(f"{name or '–'}: {count}" for name, count in sorted(facts.profiles.items())),
        "" not in facts.profiles if facts.objects else None,
    )
    yield _described(of)


def _metadata_4(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    types = len(facts.events)
    total = sum(sum(outcomes.values()) for outcomes in facts.events.values())
    yield of.asked(
        "Việc bảo quản và ngày giờ của nó được ghi (PREMIS)",
        "Preservation actions and their dates are recorded (PREMIS)",
        "events, and their types",
        f"{total}; {types}",
        total > 0,
    )


def _content_1(of: Answers) -> Iterator[Claim]:
    yield _identified(of, every=False)


def _identified(of: Answers, *, every: bool) -> Claim:
    facts = of.facts
    met = facts.identified == facts.sampled_files if every else facts.identified > 0
    return of.asked(
        "Định dạng tệp được nhận biết (PRONOM)"
        if not every
        else "Mọi tệp được nhận biết định dạng",
        "Formats are identified (PRONOM)" if not every else "The format of every file is known",
        f"files with a PUID in {facts.sampled} records (seed {facts.sample_seed})",
        f"{facts.identified} / {facts.sampled_files}",
        met if facts.sampled_files else None,
    )


def _content_2(of: Answers) -> Iterator[Claim]:
    facts = of.facts
    yield _identified(of, every=True)
    sent_back = facts.transfers.get("refused", 0) + facts.transfers.get("returned", 0)
    yield of.asked(
        "Bên nộp được báo lỗi để sửa",
        "Senders are told what to mend",
        "transfers refused or returned, each with its findings",
        sent_back,
        True if sent_back else None,
    )


def _content_3(of: Answers) -> Iterator[Claim]:
    yield of.declared("Định dạng lỗi thời được theo dõi", "Obsolescence of formats is watched")


def _content_4(of: Answers) -> Iterator[Claim]:
    yield of.asked(
        "Có bản truy cập được tạo từ bản gốc",
        "Access copies are made of originals",
        "access copies in derivatives/",
        of.facts.access_copies,
        of.facts.access_copies > 0 or None,
    )
    yield of.declared(
        "Chuyển đổi, chuẩn hoá hoặc giả lập khi cần",
        "Content is migrated, normalised or emulated as needed",
    )


CLAIMS: Final = {
    "storage-1": _storage_1, "storage-2": _storage_2, "storage-3": _storage_3,
    "storage-4": _storage_4,
    "integrity-1": _integrity_1, "integrity-2": _integrity_2, "integrity-3": _integrity_3,
    "integrity-4": _integrity_4,
    "control-1": _control_1, "control-2": _control_2, "control-3": _control_3,
    "control-4": _control_4,
    "metadata-1": _metadata_1, "metadata-2": _metadata_2, "metadata-3": _metadata_3,
    "metadata-4": _metadata_4,
    "content-1": _content_1, "content-2": _content_2, "content-3": _content_3,
    "content-4": _content_4,
}  # fmt: skip
