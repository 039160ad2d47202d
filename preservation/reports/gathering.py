"""What reports are made of, asked of the catalogue and the stores. Judges nothing.

The one thing that is read from a medium here is the sample that measures a store's speed, where no
audit has told it yet.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from preservation.audit.coverage import Coverage, cover
from preservation.audit.planning import UNKNOWN, Load, Plan, Rate, plan_store, rate_of
from preservation.audit.policy import AuditPolicy
from preservation.audit.readings import copies_as_read
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import AuditMonthRecord, ObjectRecord
from repository.clock import Clock
from repository.errors import Unavailable
from repository.model import ObjectId
from repository.store import Store

SAMPLE_SECONDS: Final = 3.0
_RUNS_LOOKED_AT = 60


@dataclass(frozen=True, slots=True)
class Reporting:
    """What reports ask. `required`: the stores that must have a copy of everything."""

    catalogue: Catalogue
    stores: Mapping[str, Store]
    required: Collection[str]
    policy: AuditPolicy
    clock: Clock


def coverages(
    asking: Reporting, records: Sequence[ObjectRecord] | None = None
) -> tuple[Coverage, ...]:
    """The statement of each store; of these objects only, where they are given. Canaries are no
    dossiers, and not in it."""
    held = list(asking.catalogue.objects(canaries=False)) if records is None else records
    by_id = {record.object_id: record for record in held}
    now = asking.clock.now()
    return tuple(
        cover(
            name,
            copies_as_read(asking.catalogue, name),
            by_id,
            asking.policy.of(name),
            now,
            windows=asking.policy.windows(name, held),
            looks=asking.catalogue.looks_not_intact(name),
            required=name in asking.required,
        )
        for name in asking.stores
    )


def trends(asking: Reporting) -> dict[str, Sequence[AuditMonthRecord]]:
    """What audits read of each store, month by month."""
    return {name: asking.catalogue.audit_months(name) for name in asking.stores}


def plans(asking: Reporting, *, sampling: bool) -> tuple[Plan, ...]:
    """What the policy asks of each store. `sampling`: read a little where no audit told the rate."""
    held = {record.object_id: record for record in asking.catalogue.objects()}
    told = []
    for name, store in asking.stores.items():
        policy = asking.policy.of(name)
        there = [copy.object_id for copy in asking.catalogue.copies_of_store(name)]
        records = [held[object_id] for object_id in there if object_id in held]
        rate = audited_rate(asking.catalogue, name)
        if rate.bytes_per_second is None and sampling:
            rate = sampled_rate(store, there)
        load = Load.of(records, asking.policy.windows(name, records), policy.window_days)
        told.append(plan_store(name, load, policy, rate))
    return tuple(told)


def audited_rate(catalogue: Catalogue, store: str) -> Rate:
    """How fast the clock's audits read a store lately."""
    runs = (run for run in catalogue.audit_runs(_RUNS_LOOKED_AT) if run.finished_at)
    # One after the other, and no more than it takes: a run may have read the whole archive.
    return rate_of(((run, catalogue.audit_results(run.run_id)) for run in runs), store)


def sampled_rate(store: Store, object_ids: Sequence[str], seconds: float = SAMPLE_SECONDS) -> Rate:
    """Read some objects from the medium now, and take the time. Nothing is judged or recorded."""
    if not object_ids:
        return UNKNOWN
    drawn = list(object_ids)
    random.shuffle(drawn)
    begun = time.monotonic()
    read = 0
    try:
        for seen in store.observe(ObjectId(object_id) for object_id in drawn):
            read += sum(file.size or 0 for file in seen.files)
            if time.monotonic() - begun >= seconds:
                break
    except Unavailable:
        return UNKNOWN
    took = time.monotonic() - begun
    return Rate(read / took, "sample", read, took) if read else UNKNOWN
