"""Two slow functions of libraries, replaced by ones that give the same answers in a tenth of the
time.

Half of the time that judging a PDF took went into reading the hexadecimal string of each signature
one character at a time, and into preparing the same few names for comparison over and over. A test
holds the replacements to what they replace. In the child process only.
"""

from __future__ import annotations

import binascii
from functools import lru_cache
from typing import Any, Final

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils import generic

_HEX: Final = b"0123456789abcdefABCDEF"
_WHITE: Final = b" \n\r\t\x0c\x00"
_CHUNK: Final = 4096

slow_hex_string = generic.read_hex_string_from_stream
slow_prepared = x509.NameTypeAndValue._ldap_string_prep


def quicken() -> None:
    """Put the replacements in place. May be called again."""
    generic.read_hex_string_from_stream = read_hex_string
    x509.NameTypeAndValue._ldap_string_prep = prepared


def read_hex_string(stream: Any) -> Any:
    """A hexadecimal string of a PDF (ISO 32000-1, 7.3.4.3), and the stream behind its end.

    Whatever is not digits and white space up to `>` is left to the original.
    """
    start = stream.tell()
    stream.read(1)
    parts = []
    while True:
        chunk = stream.read(_CHUNK)
        end = chunk.find(b">")
        if end >= 0:
            parts.append(chunk[:end])
            stream.seek(end + 1 - len(chunk), 1)
            break
        if not chunk:
            stream.seek(start)
            return slow_hex_string(stream)
        parts.append(chunk)
    digits = b"".join(parts).translate(None, _WHITE)
    if digits.translate(None, _HEX):
        stream.seek(start)
        return slow_hex_string(stream)
    return generic.pdf_string(binascii.unhexlify(digits + b"0" * (len(digits) % 2)))


def prepared(self: Any, string: str) -> str:
    """A name made ready for comparison (RFC 4518, 2)."""
    return _prepared(string)


@lru_cache(maxsize=4096)
def _prepared(string: str) -> str:
    answer: str = slow_prepared(_ANY, string)
    return answer


_ANY: Final = x509.NameTypeAndValue(
    {"type": "common_name", "value": x509.DirectoryString(name="utf8_string", value="")}
)
