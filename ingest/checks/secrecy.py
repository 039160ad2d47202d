"""No state secrets: the archive's machines are on a network (Luật Bảo vệ bí mật nhà nước).

Runs first, and before any payload byte is copied. Terms of use 03 in the dossier or in any record of
the package, named by METS or not, refuse it; so does any field that states a degree of secrecy. A title
that only mentions one (a public list of secrets names all three) is a warning for a person to look.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from ingest.readers.simpledc import Element, Record
from repository.problems import Problem, Severity, error, warning
from schemas.codelists import code_list

_DEGREE: Final = r"(?:tuyệt mật|tối mật|mật(?! (?:độ|ong|khẩu|mã|thiết|vụ|thư)))\b"
# Elements that some systems add for the degree of secrecy: doMat, mucDoMat, secrecyMarking…
_SECRECY_NAME: Final = re.compile(
    r"(?:do[\s_-]?mat|(?:dau|cap|bao|muc)[\s_-]?mat(?![a-z])|(?:\A|[/@])mat\Z|secre|security|classif|confidential)"
)
_NOT_SECRET: Final = frozenset(
    {"", "0", "00", "không", "khong", "không mật", "khong mat", "thường", "thuong", "bình thường",
     "none", "no", "false", "công khai", "cong khai", "unclassified", "public", "01", "không có",
     "khong co", "thông thường", "thong thuong", "normal", "null", "n/a", "-"}
)  # fmt: skip
_WHOLE: Final = re.compile(rf"[\W_]*(?:(?:tài liệu|văn bản|hồ sơ)\s+)?(?:độ\s+)?{_DEGREE}[\W_]*\Z")
_BRACKETED: Final = re.compile(rf"[(\[<]\s*(?:độ\s+)?{_DEGREE}\s*[)\]>]")
_LABEL: Final = (
    r"(?:độ mật|mức độ mật|độ bảo mật|dấu mật|dấu chỉ độ mật|dấu độ mật"
    r"|chế độ sử dụng|mức độ tiếp cận)"
)
_STATED: Final = re.compile(
    rf"{_LABEL}\s*(?:[:=–-]|là)\s*\W*{_DEGREE}"
    rf"|(?:đóng dấu|mang dấu|dấu)\s*\W*{_DEGREE}(?!\s*[:=–-])"
    rf"|độ\s*[\"“'«]\s*{_DEGREE}"
    rf"|(?:có|gồm|chứa|thuộc)\s+(?:[0-9]+\s+)?(?:tài liệu|văn bản|hồ sơ)\s+(?:độ\s+)?{_DEGREE}"
    r"|(?:tuyệt mật|tối mật)\b"
)
_NEGATED: Final = re.compile(r"(?:không|chưa|giải mật|trước đây|nguyên là|đã giảm)[^.;]{0,40}\Z")
# What a mode says when the list does not know it, marks dropped: senders write it in many ways.
_SECRET_MODE: Final = re.compile(
    r"\b(?<!khong )(?<!giai )(?<!chua )mat\b(?! (?:khau|ma|thiet|do)\b)"
    r"|\A(?:(?:che do|muc|loai|ma) )?[ct]?[0o]*3\b"
    r"|\b(?:secret|confidential|classified)\b|\bbmnn\b"
)
_NO_SECRET_MODE: Final = re.compile(r"\b(?:khong|not|non|no|giai)\b")
# The same statements by a sender who writes without marks; only then `mat` can be read so.
_PLAIN_STATED: Final = re.compile(
    r"(?:do mat|do bao mat|dau mat|che do su dung|muc do tiep can)\s*(?:[:=-]|la)\s*\W*"
    r"(?:tuyet mat|toi mat|mat)\b|(?:dong dau|mang dau)\s*\W*(?:tuyet mat|toi mat|mat)\b"
    r"|\A\W*(?:(?:tai lieu|van ban|ho so)\s+)?(?:do\s+)?(?:tuyet mat|toi mat|mat)\W*\Z"
)
_REMARKS: Final = frozenset({"description", "autograph", "inforSign", "keyword"})
_HEADINGS: Final = frozenset({"title", "subject", "imageTitle", "movieTitle", "eventName"})


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-SECRET for each record that says it is secret; ING-SECRET-MENTION for a mere mention."""
    for record in package.records():
        for element in (*record.elements, *record.inner):
            yield from _judge(record, element)
    for mets in (package.root, *package.representations):
        label = Element("METS/@LABEL", "title", mets.label)
        yield from _judge(Record(mets.path, -1, None, "mets", ()), label)


def any_secret(records: Iterable[Record]) -> bool:
    """Whether one of the records says that it is secret."""
    found = (
        p
        for record in records
        for element in (*record.elements, *record.inner)
        for p in _judge(record, element)
    )
    return any(problem.severity is Severity.ERROR for problem in found)


def _judge(record: Record, element: Element) -> Iterator[Problem]:
    value = " ".join(unicodedata.normalize("NFC", element.given).casefold().split())
    if not value:
        return
    place, field = record.path, (element.written or element.name)[:100]
    if _states_secret(element, value):
        # The value itself is told only where it can be nothing but a code: findings are kept.
        shown = value[:20] if element.name == "mode" else "…"
        yield error("ING-SECRET", place, path=place, field=field, value=shown)
    elif element.name in _HEADINGS and _STATED.search(value):
        yield warning("ING-SECRET-MENTION", place, path=place, field=field)


def _states_secret(element: Element, value: str) -> bool:
    if element.name == "mode":
        parts = [value, *re.split(r"[;,/|]", value)]
        return any(_is_secret_mode(part) for part in parts)
    if not element.name and _SECRECY_NAME.search(_plain(element.written)):
        return value not in _NOT_SECRET
    if _WHOLE.match(value) or _BRACKETED.search(value):
        return True
    if element.name in _REMARKS or not element.name:
        parts = value.split(";") if element.name == "keyword" else [value]
        return any(_says_so(part) for part in parts)
    return False


def _is_secret_mode(text: str) -> bool:
    code = code_list("mode").code(text)
    if code is not None or _says_so(text):
        return code == "03" or _says_so(text)
    plain = " ".join(re.sub(r"[\W_]+", " ", _plain(text)).split())
    if plain.replace(" ", "") in ("mat", "toimat", "tuyetmat"):  # letters spaced out
        return True
    return bool(_SECRET_MODE.search(plain)) and not _NO_SECRET_MODE.search(plain)


def _plain(text: str) -> str:
    """Without marks, in small letters; digits and letters of any width as the plain ones."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(c for c in bare if not unicodedata.combining(c) and c != "\u200b")


def _says_so(text: str) -> bool:
    if _WHOLE.match(text) or (text.isascii() and _PLAIN_STATED.search(text)):
        return True
    return any(not _NEGATED.search(text[: match.start()]) for match in _STATED.finditer(text))
