"""The offices, fonds and places of Hà Tĩnh that the sample dossiers speak of.

Offices and places are real names of the years before the reform of 2025; fonds codes (mã phông) and
the level-2 numbers of agency codes are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Office:
    """One agency as it appears at the head and at the foot of its documents."""

    name: str
    heading: tuple[str, str]
    """The two lines at the top left; the first is set light unless it belongs to the name."""
    heading_is_one_name: bool
    sign: str
    """What follows the type in a notation: `QĐ-UBND`."""
    seat: str
    on_behalf: str
    """`TM. ỦY BAN NHÂN DÂN` for a body that decides as one, else empty."""
    head: str
    deputy: str


@dataclass(frozen=True)
class Fonds:
    """A fonds of the demo: its code, its creator and the creator's code."""

    code: str
    agency_code: str
    """In the order of QĐ 20/2020/QĐ-TTg: `H27.16`."""
    office: Office
    paper_prefix: str
    """Start of a paper file code: archive, store room and rack."""


@dataclass(frozen=True)
class Place:
    """A commune and its district."""

    commune: str
    district: str

    @property
    def full(self) -> str:
        return f"xã {self.commune}, huyện {self.district}"


def _committee(level: str, name: str, seat: str) -> Office:
    return Office(
        name=f"Ủy ban nhân dân {level} {name}",
        heading=("ỦY BAN NHÂN DÂN", f"{level} {name}".upper()),
        heading_is_one_name=True,
        sign="UBND",
        seat=seat,
        on_behalf="TM. ỦY BAN NHÂN DÂN",
        head="CHỦ TỊCH",
        deputy="PHÓ CHỦ TỊCH",
    )


def _department(name: str, sign: str) -> Office:
    return Office(
        name=f"{name} tỉnh Hà Tĩnh",
        heading=("UBND TỈNH HÀ TĨNH", name.upper()),
        heading_is_one_name=False,
        sign=sign,
        seat="Hà Tĩnh",
        on_behalf="",
        head="GIÁM ĐỐC",
        deputy="PHÓ GIÁM ĐỐC",
    )


PROVINCE = _committee("tỉnh", "Hà Tĩnh", "Hà Tĩnh")
INTERIOR = _department("Sở Nội vụ", "SNV")
ENVIRONMENT = _department("Sở Tài nguyên và Môi trường", "STNMT")

FONDS = {
    fonds.code: fonds
    for fonds in (
        Fonds("P_UBND", "H27", PROVINCE, "H27.LTLS.K1/G04"),
        Fonds("P_SNV", "H27.10", INTERIOR, "H27.LTLS.K2/G11"),
        Fonds("P_STNMT", "H27.16", ENVIRONMENT, "H27.LTLS.K2/G07"),
    )
}

_COMMUNES = {
    "Cẩm Xuyên": ("Cẩm Nhượng", "Cẩm Dương", "Cẩm Lĩnh", "Cẩm Quan", "Cẩm Mỹ", "Cẩm Minh"),
    "Thạch Hà": ("Thạch Khê", "Thạch Long", "Thạch Ngọc", "Thạch Xuân", "Thạch Đài", "Thạch Hải"),
    "Can Lộc": ("Thiên Lộc", "Vượng Lộc", "Thanh Lộc", "Sơn Lộc", "Mỹ Lộc", "Thuần Thiện"),
    "Đức Thọ": ("Tùng Ảnh", "Đức Lạng", "Đức Đồng", "Trường Sơn", "Liên Minh", "Yên Hồ"),
    "Nghi Xuân": ("Cương Gián", "Xuân Thành", "Xuân Hội", "Xuân Phổ", "Cổ Đạm", "Tiên Điền"),
    "Hương Sơn": ("Sơn Tây", "Sơn Hồng", "Sơn Lĩnh", "Sơn Giang", "Sơn Trường", "Sơn Lễ"),
    "Hương Khê": ("Hương Trạch", "Phúc Trạch", "Gia Phố", "Hà Linh", "Phú Gia", "Hương Long"),
    "Kỳ Anh": ("Kỳ Phong", "Kỳ Tiến", "Kỳ Xuân", "Kỳ Tân", "Kỳ Thượng", "Kỳ Khang"),
}
_SEATS = {
    "Hương Sơn": "Phố Châu",
    "Kỳ Anh": "Kỳ Đồng",
}

PLACES = tuple(
    Place(commune, district) for district in _COMMUNES for commune in _COMMUNES[district]
)


def district_committee(place: Place) -> Office:
    """The people's committee of the place's district."""
    seat = _SEATS.get(place.district, place.district)
    return _committee("huyện", place.district, seat)


def commune_committee(place: Place) -> Office:
    """The people's committee of the commune."""
    return _committee("xã", place.commune, place.commune)


def draw_place(rng: Random) -> Place:
    """Any commune of the list."""
    return rng.choice(PLACES)
