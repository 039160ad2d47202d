"""Vietnamese text that was stored in an old encoding or lost its marks. Never converted here.

TCVN3 (ABC) and VNI texts, and UTF-8 read as Windows-1252, leave letters and signs inside words that
Vietnamese does not have; a failed conversion leaves `?` or U+FFFD.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, warning

_UTF8_AS_LATIN: Final = re.compile(
    r"áº|á»|Ã[\u0080-\u00bf¡-¿]|Ä[‘’\u0091\u0090]|Æ[°¡]|Â[\u0080-\u00bf]"
)
_VIETNAMESE: Final = frozenset("àáâãèéêìíòóôõùúýăđĩũơưÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯ")
_UNICODE_ONLY: Final = re.compile(
    r"[\u1ea0-\u1ef9\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0]"
)
_LOST: Final = re.compile(r"[^\W\d_]\?+[^\W\d_]")


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-MOJIBAKE for each value that looks so."""
    for record in package.records():
        for element in record.elements:
            value = unicodedata.normalize("NFC", element.given)
            if looks_broken(value):
                yield warning(
                    "ING-MOJIBAKE",
                    record.path,
                    path=record.path,
                    field=element.written or element.name,
                    value=" ".join(value.split())[:120],
                )


def looks_broken(value: str) -> bool:
    """Whether the text has more signs of a wrong or lost encoding than a foreign name leaves."""
    if value.isascii():
        return len(_LOST.findall(value)) >= 2
    if "\ufffd" in value or _UTF8_AS_LATIN.search(value) or len(_LOST.findall(value)) >= 2:
        return True
    strange = sum(_strange(value, i) for i in range(len(value)))
    # Old encodings have none of Unicode's own Vietnamese letters; foreign names stand among them.
    return strange >= (6 if _UNICODE_ONLY.search(value) else 2)


def _strange(value: str, position: int) -> bool:
    """A Latin-1 letter or sign that Vietnamese lacks, with a letter beside it."""
    char = value[position]
    if not "\xa1" <= char <= "\xff" or char in _VIETNAMESE or char in "«»°§·²³–":
        return False
    around = value[max(0, position - 1) : position] + value[position + 1 : position + 2]
    return any(c.isalpha() for c in around)
