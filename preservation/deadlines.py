"""By when a transfer is to be decided: 60 days after receipt (Thông tư 05/2025/TT-BNV). Core."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from repository.catalogue.records import TransferRecord
from repository.clock import VIETNAM, parse_utc

DECIDE_WITHIN_DAYS = 60
UNDECIDED = "awaiting-decision"


def due_day(transfer: TransferRecord) -> str:
    """The last day, in Vietnam, on which the transfer is to be decided; empty once it is."""
    if transfer.state != UNDECIDED:
        return ""
    received = parse_utc(transfer.received_at).astimezone(VIETNAM).date()
    return (received + timedelta(days=DECIDE_WITHIN_DAYS)).isoformat()


def is_late(transfer: TransferRecord, now: datetime) -> bool:
    """Whether that day has passed and nobody has decided."""
    due = due_day(transfer)
    return bool(due) and now.astimezone(VIETNAM).date().isoformat() > due


def late_ones(transfers: Iterable[TransferRecord], now: datetime) -> list[TransferRecord]:
    """Those that wait past their day, the longest wait first."""
    found = [transfer for transfer in transfers if is_late(transfer, now)]
    return sorted(found, key=lambda transfer: (transfer.received_at, transfer.transfer_id))
