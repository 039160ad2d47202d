"""The words of one official document, from its kind, its theme and its place in the dossier.

Form after Nghị định 30/2020/NĐ-CP, annex I: issuing body, number and notation, place and date,
abstract, grounds, body, signature, recipients. Pure: the same `Random` state gives the same
words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from kho.demo.acts import legal_grounds
from kho.demo.offices import Office
from kho.demo.themes import Theme


@dataclass(frozen=True)
class Kind:
    """A type of document: its TT 05 code (typeName), its name and its short form in notations."""

    code: str
    name: str
    short: str


KINDS = {
    kind.short: kind
    for kind in (
        Kind("02", "Quyết định", "QĐ"),
        Kind("07", "Thông báo", "TB"),
        Kind("10", "Kế hoạch", "KH"),
        Kind("14", "Báo cáo", "BC"),
        Kind("15", "Tờ trình", "TTr"),
        Kind("20", "Biên bản", "BB"),
        Kind("22", "Công văn", "CV"),
        Kind("26", "Giấy mời", "GM"),
    )
}


@dataclass(frozen=True)
class Paper:
    """The words of one document, ready to be set on pages or into another format."""

    office: Office
    kind: Kind
    number: int
    notation: str
    issued: date
    subject: str
    grounds: tuple[str, ...]
    authority: str
    """`CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH`… above the operative part of a decision, else empty."""
    addressees: tuple[str, ...]
    body: tuple[str, ...]
    recipients: tuple[str, ...]
    sign_lines: tuple[str, ...]
    signer: str
    signer_title: str

    @property
    def reference(self) -> str:
        """Number and notation as printed: `1063/QĐ-UBND`."""
        return f"{self.number:02d}/{self.notation}"


@dataclass(frozen=True)
class Matter:
    """What the dossier is about, in the forms the sentences need."""

    theme: Theme
    phrase: str
    object: str
    place: str
    superior: Office
    applicant: Office

    def above(self, office: Office) -> Office:
        """To whom this office turns; the highest turns to the applicant."""
        below_applicant = office.name.startswith("Ủy ban nhân dân xã")
        return self.applicant if below_applicant or office == self.superior else self.superior


def write_paper(
    rng: Random,
    matter: Matter,
    kind: Kind,
    office: Office,
    number: int,
    issued: date,
    signer: str,
    *,
    deputy: bool,
) -> Paper:
    """The words of one document of this kind, issued by this office on this day."""
    body, addressees = _BODIES[kind.short](rng, matter, office, issued)
    title = office.deputy if deputy else office.head
    if kind.short == "BB":
        sign_lines: tuple[str, ...] = ("CHỦ TRÌ",)
        title = "CHỦ TRÌ"
    elif deputy:
        sign_lines = tuple(
            line for line in (office.on_behalf, f"KT. {office.head}", office.deputy) if line
        )
    else:
        sign_lines = tuple(line for line in (office.on_behalf, office.head) if line)
    sign = office.sign
    return Paper(
        office=office,
        kind=kind,
        number=number,
        notation=f"{sign}-VP" if kind.short == "CV" else f"{kind.short}-{sign}",
        issued=issued,
        subject=_subject(kind, matter),
        grounds=_grounds(matter, office, issued) if kind.short in ("QĐ", "KH", "BB") else (),
        authority=office.name.upper() if kind.short == "QĐ" else "",
        addressees=addressees,
        body=body,
        recipients=_recipients(kind, matter, office, bool(addressees)),
        sign_lines=sign_lines,
        signer=signer,
        signer_title=title.capitalize() if title != "CHỦ TRÌ" else "Chủ trì cuộc họp",
    )


def long_date(day: date) -> str:
    """`ngày 05 tháng 3 năm 2021`: days under 10 and months 1 and 2 take a leading zero."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def number_text(value: int) -> str:
    """1234567 → 1.234.567."""
    return f"{value:,}".replace(",", ".")


def _subject(kind: Kind, matter: Matter) -> str:
    opening = {
        "QĐ": "Về việc",
        "CV": "V/v đề nghị cho ý kiến về việc",
        "TTr": "Về việc đề nghị phê duyệt nội dung",
        "BB": "Họp thẩm định nội dung",
        "BC": "Kết quả thẩm định nội dung",
        "KH": "Triển khai",
        "TB": "Kết luận về việc",
        "GM": "Họp về việc",
    }[kind.short]
    return f"{opening} {matter.phrase}"


def _grounds(matter: Matter, office: Office, issued: date) -> tuple[str, ...]:
    lines = [f"Căn cứ {act};" for act in legal_grounds(matter.theme.key, issued)]
    if office != matter.applicant:
        lines.append(
            f"Xét đề nghị của {matter.applicant.name} và kết quả thẩm định của cơ quan chuyên môn."
        )
    else:
        lines.append(f"Thực hiện chỉ đạo của {matter.superior.name}.")
    return tuple(lines)


def _fact(rng: Random, matter: Matter, which: int) -> str:
    text = matter.theme.facts[which % len(matter.theme.facts)]
    return text.format(
        a=number_text(rng.randrange(1200, 98000)),
        b=rng.randrange(12, 240),
        object=matter.object,
        place=matter.place,
    )


def _facts(rng: Random, matter: Matter) -> list[str]:
    return [_fact(rng, matter, which) for which in range(len(matter.theme.facts))]


_Body = tuple[tuple[str, ...], tuple[str, ...]]
"""The paragraphs, and to whom the document is addressed."""


def _decision(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    tasks = matter.theme.tasks
    first = rng.randrange(len(tasks))
    return (
        f"Điều 1. Phê duyệt việc {matter.phrase}, với các nội dung chủ yếu sau đây:",
        *(f"{n}. {fact}" for n, fact in enumerate(_facts(rng, matter), start=1)),
        (
            f"Điều 2. Giao {matter.applicant.name} chủ trì, phối hợp với các cơ quan, đơn vị "
            "liên quan: "
            f"{_lower(tasks[first])}; {_lower(tasks[(first + 1) % len(tasks)])}; báo cáo kết "
            "quả trước "
            f"{long_date(issued + timedelta(days=90))}."
        ),
        (
            "Điều 3. Quyết định này có hiệu lực kể từ ngày ký. Chánh Văn phòng, Thủ trưởng các "
            "cơ quan, "
            f"đơn vị có liên quan và {matter.applicant.name} chịu trách nhiệm thi hành Quyết "
            "định này./."
        ),
    ), ()


def _letter(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    to = matter.above(office)
    return (
        (
            f"Thực hiện nhiệm vụ được giao, {office.name} đã chủ trì rà soát hồ sơ về việc "
            f"{matter.phrase}. Sau khi nghiên cứu, {office.name} có ý kiến như sau:"
        ),
        *(f"{n}. {fact}" for n, fact in enumerate(_facts(rng, matter)[:3], start=1)),
        (
            f"Để việc thực hiện bảo đảm tiến độ, đề nghị {to.name} xem xét, cho ý kiến bằng văn "
            "bản "
            f"trước {long_date(issued + timedelta(days=rng.randrange(7, 21)))}."
        ),
        f"{office.name} trân trọng đề nghị sự quan tâm, phối hợp./.",
    ), (to.name,)


def _submission(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    to = matter.above(office)
    tasks = matter.theme.tasks
    return (
        f"{office.name} kính trình {to.name} xem xét, phê duyệt nội dung {matter.phrase}, cụ thể:",
        "I. SỰ CẦN THIẾT",
        _fact(rng, matter, 0),
        (
            f"Việc {matter.phrase} là cần thiết, đáp ứng nguyện vọng của nhân dân và phù hợp "
            "với định "
            "hướng phát triển kinh tế - xã hội của địa phương."
        ),
        "II. NỘI DUNG TRÌNH",
        *(f"{n}. {_fact(rng, matter, n)}" for n in range(1, len(matter.theme.facts))),
        "III. TỔ CHỨC THỰC HIỆN",
        *(f"- {task}." for task in tasks),
        f"{office.name} kính trình {to.name} xem xét, quyết định./.",
    ), (to.name,)


def _minutes(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    return (
        (
            f"Hôm nay, vào hồi {rng.randrange(7, 10):02d} giờ 30 phút, {long_date(issued)}, tại "
            "trụ sở "
            f"{office.name} đã tiến hành cuộc họp thẩm định nội dung {matter.phrase}."
        ),
        "I. THÀNH PHẦN",
        (
            f"Đại diện {matter.superior.name}; đại diện {matter.applicant.name}; "
            f"{rng.randrange(5, 14)} thành viên của tổ thẩm định có mặt."
        ),
        "II. NỘI DUNG",
        *(f"{n}. {fact}" for n, fact in enumerate(_facts(rng, matter), start=1)),
        (
            "Các thành viên đã thảo luận từng nội dung; ý kiến tham gia được thư ký ghi nhận "
            "đầy đủ và "
            "đọc lại trước cuộc họp."
        ),
        "III. KẾT LUẬN",
        (
            f"Thống nhất trình cấp có thẩm quyền xem xét việc {matter.phrase}; giao bộ phận "
            "chuyên môn "
            f"{_lower(rng.choice(matter.theme.tasks))}."
        ),
        (
            "Cuộc họp kết thúc vào hồi 11 giờ 00 phút cùng ngày, biên bản được lập thành 04 "
            "bản có giá "
            "trị như nhau./."
        ),
    ), ()


def _report(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    tasks = matter.theme.tasks
    return (
        (
            f"Thực hiện kế hoạch công tác năm {issued.year}, {office.name} báo cáo kết quả thẩm "
            "định nội "
            f"dung {matter.phrase} như sau:"
        ),
        "I. KẾT QUẢ ĐẠT ĐƯỢC",
        *(f"{n}. {fact}" for n, fact in enumerate(_facts(rng, matter), start=1)),
        "II. TỒN TẠI, HẠN CHẾ",
        (
            f"Tiến độ ở một số khâu còn chậm so với kế hoạch {rng.randrange(5, 30)} ngày, chủ "
            "yếu do thời "
            "tiết bất lợi và việc phối hợp giữa các đơn vị có lúc chưa kịp thời."
        ),
        "III. NHIỆM VỤ THỜI GIAN TỚI",
        *(f"- {task}." for task in tasks),
        f"Trên đây là báo cáo của {office.name}, kính đề nghị cấp trên theo dõi, chỉ đạo./.",
    ), ()


def _scheme(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    tasks = matter.theme.tasks
    return (
        "I. MỤC ĐÍCH, YÊU CẦU",
        f"1. Tổ chức triển khai kịp thời, đồng bộ, hiệu quả việc {matter.phrase}.",
        "2. Phân công rõ người, rõ việc, rõ thời gian, rõ trách nhiệm và rõ kết quả.",
        "II. NHIỆM VỤ",
        *(
            f"{n}. {task}. Thời gian hoàn thành: trước "
            f"{long_date(issued + timedelta(days=30 * n + rng.randrange(10)))}."
            for n, task in enumerate(tasks, start=1)
        ),
        _fact(rng, matter, rng.randrange(len(matter.theme.facts))),
        "III. KINH PHÍ",
        (
            f"Kinh phí thực hiện dự kiến {number_text(rng.randrange(150, 4800) * 10)} nghìn "
            "đồng, bố trí "
            "trong dự toán ngân sách được giao và các nguồn hợp pháp khác."
        ),
        "IV. TỔ CHỨC THỰC HIỆN",
        (
            f"{matter.applicant.name} chủ trì, phối hợp với các đơn vị liên quan triển khai Kế "
            "hoạch này; "
            "định kỳ hằng tháng báo cáo kết quả để theo dõi, chỉ đạo./."
        ),
    ), ()


def _notice(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    held = issued - timedelta(days=rng.randrange(2, 6))
    return (
        (
            f"{_upper(long_date(held))}, lãnh đạo {office.name} đã chủ trì cuộc họp nghe và cho "
            "ý kiến về "
            f"việc {matter.phrase}. Sau khi nghe báo cáo và ý kiến của các đại biểu, người chủ "
            "trì kết luận:"
        ),
        *(f"{n}. {fact}" for n, fact in enumerate(_facts(rng, matter)[:2], start=1)),
        (
            f"Giao {matter.applicant.name} {_lower(rng.choice(matter.theme.tasks))}; hoàn thành "
            "trước "
            f"{long_date(issued + timedelta(days=rng.randrange(15, 45)))}."
        ),
        f"{office.name} thông báo để các cơ quan, đơn vị biết, thực hiện./.",
    ), ()


def _invitation(rng: Random, matter: Matter, office: Office, issued: date) -> _Body:
    when = issued + timedelta(days=rng.randrange(3, 8))
    return (
        (
            f"{office.name} trân trọng kính mời đại diện lãnh đạo quý cơ quan tham dự cuộc họp "
            "về việc "
            f"{matter.phrase}."
        ),
        f"- Thời gian: {rng.choice(('07', '08', '14'))} giờ 30 phút, {long_date(when)}.",
        f"- Địa điểm: Phòng họp tầng {rng.randrange(2, 6)}, trụ sở {office.name}.",
        f"- Tài liệu: {matter.applicant.name} gửi trước cuộc họp 02 ngày.",
        "Rất mong quý cơ quan sắp xếp thời gian tham dự đúng giờ để cuộc họp đạt kết quả./.",
    ), (matter.above(office).name,)


_BODIES = {
    "QĐ": _decision,
    "CV": _letter,
    "TTr": _submission,
    "BB": _minutes,
    "BC": _report,
    "KH": _scheme,
    "TB": _notice,
    "GM": _invitation,
}


def _recipients(kind: Kind, matter: Matter, office: Office, addressed: bool) -> tuple[str, ...]:
    if kind.short == "BB":
        lines = ["Các thành phần dự họp;"]
    else:
        lines = ["Như Điều 3;" if kind.short == "QĐ" else "Như trên;"]
        if kind.short != "QĐ" and not addressed:
            lines = []
        if office == matter.superior:
            lines.append("TTr Tỉnh ủy, TTr HĐND tỉnh;")
        elif not addressed:
            lines.append(f"{matter.above(office).name} (để báo cáo);")
        lines.append("Các sở, ngành liên quan;")
    return (*lines, f"Lưu: VT, {office.sign}.")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
