"""What a store lies on grows old: when an offline disk is due back, when a medium is to be replaced.

Pure. A disk in a cupboard proves nothing; it is due when the oldest look at one of its copies is a
rotation ago. Thông tư 05/2025/TT-BNV wants a medium replaced at least a year before the end of its
rated life.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from preservation.audit.policy import looked_at
from repository.catalogue.records import CopyRecord
from repository.clock import VIETNAM, parse_utc

DEFAULT_ROTATION_DAYS = 90
_YEAR = 365.25  # days

MediumState = Literal["unknown", "good", "replace", "over"]


@dataclass(frozen=True, slots=True)
class Medium:
    """What is known of a store's medium: in use since, and for how many years its maker answers."""

    started: date | None
    rated_years: float | None

    @property
    def ends(self) -> date | None:
        """When its rated life ends; None when that is not known."""
        if self.started is None or self.rated_years is None:
            return None
        return self.started + timedelta(days=round(self.rated_years * _YEAR))

    @property
    def replace_by(self) -> date | None:
        """A year before."""
        return self.ends - timedelta(days=round(_YEAR)) if self.ends else None

    def state(self, now: datetime) -> MediumState:
        """`replace` from a year before the end of its rated life, `over` after it."""
        today = now.astimezone(VIETNAM).date()
        if self.ends is None or self.replace_by is None:
            return "unknown"
        if today >= self.ends:
            return "over"
        return "replace" if today >= self.replace_by else "good"


def rests_until(copies: Iterable[CopyRecord], rotation_days: int | None) -> datetime | None:
    """Until when the absence of an offline store is no alarm; None when it holds nothing yet."""
    oldest = min((looked_at(copy) for copy in copies), default="")
    if not oldest:
        return None
    return parse_utc(oldest) + timedelta(days=rotation_days or DEFAULT_ROTATION_DAYS)
