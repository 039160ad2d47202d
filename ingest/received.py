"""What an intake knows of bytes it has copied, and of the transfer they came with. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceivedBytes:
    """One member, copied into quarantine: its number there, its size and its digests."""

    member_index: int
    file_id: str  # `f0001`…
    size: int
    digests: Mapping[str, str]  # algorithm → lower-case hex; sha512 and sha256 always
    path: str  # where the bytes lie now


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """How the package came to us."""

    transfer_id: str
    container_name: str
    container_size: int
    container_sha256: str
    received_at: str  # UTC text
    operator: str
    archive_code: str  # mã cơ quan lưu trữ of this archive
