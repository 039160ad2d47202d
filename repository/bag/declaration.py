"""`bagit.txt`: which BagIt a bag follows, and how its tag files are encoded. RFC 8493 §2.1.1.

Core. Also turns the bytes of any tag file into lines, because how to do that is what it declares.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from repository.problems import Problem, error, warning

BAGIT_TXT: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
"""The declaration of every bag we write."""

VERSIONS: Final = ("0.93", "0.94", "0.95", "0.96", "0.97", "1.0")

_EXACT = re.compile(
    r"BagIt-Version: (?P<version>[0-9]+\.[0-9]+)\n"
    r"Tag-File-Character-Encoding: (?P<encoding>[A-Za-z0-9._:+-]+)\n?\Z"
)
_LOOSE = re.compile(
    r"\s*BagIt-Version\s*:\s*(?P<version>[0-9]+\.[0-9]+)[ \t]*\n"
    r"\s*Tag-File-Character-Encoding\s*:\s*(?P<encoding>[A-Za-z0-9._:+-]+)\s*\Z",
    re.IGNORECASE,
)
# Character encodings only: Python's registry also holds codecs that unpack or transform.
_ENCODINGS: Final = (
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii"}
    | {f"cp{page}" for page in (437, 850, *range(1250, 1259))}
    | {f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))}
    | {"big5", "gb2312", "gbk", "gb18030", "shift_jis", "euc_jp", "euc_kr", "koi8-r"}
)
_NEWLINE = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What `bagit.txt` says. `encoding` is a name Python knows for text."""

    version: str
    encoding: str

    @property
    def is_1_0(self) -> bool:
        """Whether the rules of RFC 8493 hold, and not those of a draft before it."""
        return self.version == "1.0"


def parse_declaration(data: bytes) -> tuple[Declaration | None, list[Problem]]:
    """The declaration in these bytes, or None when nothing can be made of them."""
    place = "bagit.txt"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as bad:
        return None, [error("BAG-ENCODING", place, value=f"byte {bad.start}", encoding="UTF-8")]
    problems: list[Problem] = []
    if text.startswith("\ufeff"):
        problems.append(error("BAG-BYTE-ORDER-MARK", place))
        text = text[1:]
    text = _NEWLINE.sub("\n", text)
    match = _EXACT.match(text)
    if match is None:
        match = _LOOSE.match(text) if len(text) < 1000 else None
        # Before 0.97 no draft said how much white space there may be.
        old = match is not None and match["version"] in VERSIONS[:4]
        problems.append((warning if old else error)("BAG-DECLARATION", place, value=text[:200]))
        if match is None:
            return None, problems
    version = match["version"]
    if version not in VERSIONS:
        problems.append(error("BAG-VERSION", place, value=version))
        return None, problems
    encoding = _known_encoding(match["encoding"])
    if encoding is None:
        problems.append(error("BAG-ENCODING-UNKNOWN", place, value=match["encoding"]))
        return None, problems
    return Declaration(version, encoding), problems


def tag_file_lines(data: bytes, encoding: str, place: str) -> tuple[list[str], list[Problem]]:
    """The lines of a tag file without their ends, which may be LF, CR or CRLF (§2.2.4)."""
    problems: list[Problem] = []
    try:
        text = data.decode(encoding)
    except UnicodeError as bad:
        where = f"byte {bad.start}" if isinstance(bad, UnicodeDecodeError) else str(bad)[:100]
        return [], [error("BAG-ENCODING", place, value=where, encoding=encoding)]
    if text.startswith("\ufeff"):
        problems.append(warning("BAG-BYTE-ORDER-MARK", place))
        text = text[1:]
    lines = _NEWLINE.split(text)
    if lines[-1] == "":
        lines.pop()
    return lines, problems


def _known_encoding(name: str) -> str | None:
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return None
    return known if known in _ENCODINGS else None
