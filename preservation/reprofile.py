"""Reprofile: write the package of a held dossier again under the newest projection.

METS, EAD and PREMIS are a projection of the record (`dossier.json`) with a version. When the projection
gets better, every object gets a new version under it: the same record, the same received bytes
(deduplicated, not written again), the old versions untouched and valid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from preservation import holding
from preservation.events import EventType
from preservation.holding import Holding, HoldingServices
from preservation.package.plan import PROFILE, AipPlan, Organisation, plan_reprofile
from preservation.updating import Base, read_base
from repository import locks
from repository.digest import digest_bytes
from repository.errors import Conflict, Corrupt, Locked, NotFound, Refused
from repository.model import ObjectId
from repository.store import Kept


@dataclass(frozen=True, slots=True)
class Reprofiled:
    """What became of one object."""

    object_id: str
    action: Literal["current", "planned", "written", "failed"]
    profile: str
    version: str
    new_bytes: int
    reason: str = ""  # why it failed


def reprofile(
    services: HoldingServices,
    object_ids: Sequence[str],
    *,
    operator: str,
    software: str,
    organisation: Organisation,
    reason: str,
    profile: str = PROFILE,
    dry_run: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Reprofiled]:
    """Write a new version of each object that is not under `profile` yet. Objects that are, stay.

    The guarantees of `holding.hold` hold for each object; `stop` is asked between them. One that cannot
    be written again is told as failed and does not hold up the others; a store that is away stops all.
    """
    holding.require_stores(services)
    for object_id in object_ids:
        if stop():
            return
        try:
            yield _reprofile_one(
                services,
                ObjectId(object_id),
                operator=operator,
                software=software,
                organisation=organisation,
                reason=reason,
                profile=profile,
                dry_run=dry_run,
            )
        except (Conflict, Corrupt, Locked, NotFound, Refused) as problem:
            yield Reprofiled(object_id, "failed", profile, "", 0, problem.operator)


def _reprofile_one(
    services: HoldingServices,
    object_id: ObjectId,
    *,
    operator: str,
    software: str,
    organisation: Organisation,
    reason: str,
    profile: str,
    dry_run: bool,
) -> Reprofiled:
    work_id = f"reprofile-{digest_bytes(object_id.encode(), ['sha256'])['sha256'][:24]}"
    # Read with the work's lock held: another process may be writing the same version.
    with services.work.resume(work_id, wait=locks.DEFAULT_WAIT):
        base = read_base(services, object_id)
        held = base.held
        head = str(held.facts.head.version)
        if held.profiles[head] == profile:
            return Reprofiled(object_id, "current", profile, head, 0)
        plan = _plan(services, base, operator, software, organisation, reason, profile)
        written = [file.size for file in plan.version.files if not isinstance(file.source, Kept)]
        version = str(held.facts.head.version.next())
        if dry_run:
            return Reprofiled(object_id, "planned", profile, version, sum(written))
        with services.work.fresh(work_id):
            holding.hold(
                services,
                work_id,
                plan.version,
                Holding(EventType.UPDATE, operator, transfer=None, reason=reason),
            )
        return Reprofiled(object_id, "written", profile, version, sum(written))


def _plan(
    services: HoldingServices,
    base: Base,
    operator: str,
    software: str,
    organisation: Organisation,
    reason: str,
    profile: str,
) -> AipPlan:
    return plan_reprofile(
        base.record,
        base.held.facts.inventory,
        base.kept,
        now=services.clock.now(),
        software=software,
        organisation=organisation,
        profile=profile,
        reason=reason,
        operator=operator,
    )
