"""Names of the people who sign and appear in the sample documents.

All of them are invented: a family name, a middle name and a given name drawn by the seed.
"""

from __future__ import annotations

from random import Random

_FAMILY = (
    *("Nguyễn", "Trần", "Lê", "Phan", "Võ", "Hoàng", "Đặng", "Bùi", "Hồ", "Phạm", "Dương", "Đinh"),
    *("Thái", "Lưu", "Cao", "Đoàn", "Trương", "Hà", "Mai", "Tôn", "Biện", "Kiều", "Uông", "Ngô"),
)
_MIDDLE_OF_MEN = ("Văn", "Đình", "Quang", "Xuân", "Đức", "Hữu", "Công", "Viết", "Trọng", "Quốc")
_GIVEN_OF_MEN = (
    *("Sơn", "Dũng", "Thắng", "Lĩnh", "Tuấn", "Hải", "Bảo", "Cường", "Khánh", "Toàn", "Nghĩa"),
    *("Phúc", "Hợp", "Thiện", "Vinh", "Lộc", "Châu", "Đạt", "Hưng", "Kỷ", "Mạnh", "Ngọc"),
)
_MIDDLE_OF_WOMEN = ("Thị", "Thị Thu", "Thị Hồng", "Thúy", "Thị Minh", "Thị Bích", "Thị Kim")
_GIVEN_OF_WOMEN = (
    *("Hà", "Lan", "Hương", "Nga", "Thủy", "Yến", "Loan", "Hạnh", "Ngân", "Quỳnh", "Dung"),
    *("Nhung", "Tâm", "Trang", "Oanh", "Phượng", "Hằng", "Liên", "Huệ", "Vân", "Thảo"),
)


def draw_name(rng: Random) -> str:
    """An invented full name, in the Vietnamese order (family, middle, given)."""
    if rng.random() < 0.7:
        parts = (rng.choice(_FAMILY), rng.choice(_MIDDLE_OF_MEN), rng.choice(_GIVEN_OF_MEN))
    else:
        parts = (rng.choice(_FAMILY), rng.choice(_MIDDLE_OF_WOMEN), rng.choice(_GIVEN_OF_WOMEN))
    return " ".join(parts)
