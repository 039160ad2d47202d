"""The digest engine: one read, many digests; the only place in Kho that hashes.

Two engines answer the same calls. The *hashlib* engine is OpenSSL on threads and always works. The
*native* engine (an optional C extension) digests many files at once, one in each lane of a vector
register, and is several times faster where the processor has AVX-512.

Trust: a digest that gets *recorded* comes from ``MultiDigest``, ``digest_bytes``,
``digest_stream`` or ``digest_files`` with ``DigestOptions(engine="hashlib")``, all of which are
OpenSSL. A digest of the native engine may *confirm* an expected value. Where it differs from the
expected value, digest that file again with ``engine="hashlib"`` before the difference becomes a
verdict.

Not here: what a digest means, expected values, verdicts (``preservation.audit``), paths and links
above the last path component (pass ``dir_fd`` of a folder you trust).
"""

from repository.digest.engine import EngineReport, digest_files, digest_listed, engine_report
from repository.digest.multi import SUPPORTED, MultiDigest, digest_bytes, digest_stream
from repository.digest.tasks import (
    DigestOptions,
    EngineName,
    EngineUnavailable,
    FileResult,
    FileTask,
    ListedFolder,
    ListedResult,
    Source,
)

__all__ = [
    "SUPPORTED",
    "DigestOptions",
    "EngineName",
    "EngineReport",
    "EngineUnavailable",
    "FileResult",
    "FileTask",
    "ListedFolder",
    "ListedResult",
    "MultiDigest",
    "Source",
    "digest_bytes",
    "digest_files",
    "digest_listed",
    "digest_stream",
    "engine_report",
]
