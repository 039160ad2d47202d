"""SHA-256 of a few bytes, as bytes: what chains and trees of hashes are made of.

For one small piece of memory that is hashed millions of times. Files and streams go through `multi` and
`engine`.
"""

from __future__ import annotations

import hashlib


def sha256(data: bytes | bytearray) -> bytes:
    """The 32 bytes of the digest, by OpenSSL."""
    return hashlib.sha256(data).digest()


def sha256_of_each(data: bytes, width: int, before: bytes) -> bytes:
    """Of each `width` bytes of `data`, behind `before`, the digest; all joined."""
    new = hashlib.sha256
    each = range(0, len(data), width)
    return b"".join([new(before + data[start : start + width]).digest() for start in each])
