"""Registered extension names, and what is said of the `extensions` folders. OCFL 1.1 §3.9, §4.4.

Core. The names are those of the OCFL Extensions repository, as of extension 0012.
"""

from __future__ import annotations

from typing import Final

MUTABLE_HEAD: Final = "0005-mutable-head"

REGISTERED: Final = frozenset(
    {
        "initial",
        "0001-digest-algorithms",
        "0002-flat-direct-storage-layout",
        "0003-hash-and-id-n-tuple-storage-layout",
        "0004-hashed-n-tuple-storage-layout",
        MUTABLE_HEAD,
        "0006-flat-omit-prefix-storage-layout",
        "0007-n-tuple-omit-prefix-storage-layout",
        "0008-schema-registry",
        "0009-digest-algorithms",
        "0010-differential-n-tuple-omit-prefix-storage-layout",
        "0011-direct-clean-path-layout",
        "0012-hash-and-no-prefix-id-n-tuple-storage-layout",
    }
)
