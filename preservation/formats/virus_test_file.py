"""The EICAR test file, known by the digest of its 68 bytes: it is refused with or without a
scanner.

It harms nothing; an archive that lets it pass shows that nobody looks. This source holds its digest
and not its text, so that a scanner leaves the source alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from repository.digest import digest_bytes

NAME: Final = "EICAR test file"
_LENGTH: Final = 68
_SHA256: Final = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"


def is_test_file(path: str) -> bool:
    """Whether the file begins with it. OSError when it cannot be read."""
    with Path(path).open("rb") as stream:
        beginning = stream.read(_LENGTH)
    return len(beginning) == _LENGTH and digest_bytes(beginning, ["sha256"])["sha256"] == _SHA256
