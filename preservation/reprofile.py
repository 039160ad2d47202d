"""Reprofile: write the package of a held dossier again under the newest projection.

METS, EAD and PREMIS are a projection of the record (`dossier.json`) with a version. When the projection
gets better, every object gets a new version under it: the same record, the same received bytes
(deduplicated, not written again), the old versions untouched and valid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from preservation import holding, indexing
from preservation.events import EventType
from preservation.holding import Holding, HoldingServices
from preservation.package.plan import PROFILE, AipPlan, Organisation, plan_reprofile
from repository.model import ObjectId
from repository.store import Kept, Store


@dataclass(frozen=True, slots=True)
class Reprofiled:
    """What became of one object."""

    object_id: str
    action: Literal["current", "planned", "written"]
    profile: str
    version: str
    new_bytes: int


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

    The guarantees of `holding.hold` hold for each object; `stop` is asked between them.
    """
    holding.require_stores(services)
    for object_id in object_ids:
        if stop():
            return
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
    primary = services.stores[0]
    held = indexing.read_object(primary, object_id)
    head = str(held.facts.head.version)
    if held.profiles[head] == profile:
        return Reprofiled(object_id, "current", profile, head, 0)
    plan = _plan(services, primary, object_id, operator, software, organisation, reason, profile)
    new_bytes = sum(file.size for file in plan.version.files if not isinstance(file.source, Kept))
    version = str(held.facts.head.version.next())
    if dry_run:
        return Reprofiled(object_id, "planned", profile, version, new_bytes)
    work_id = f"reprofile-{held.facts.head.inventory_sha512[:24]}"
    with services.work.begin(work_id):
        holding.hold(
            services,
            work_id,
            plan.version,
            Holding(EventType.UPDATE, operator, transfer=None, reason=reason),
        )
    return Reprofiled(object_id, "written", profile, version, new_bytes)


def _plan(
    services: HoldingServices,
    store: Store,
    object_id: ObjectId,
    operator: str,
    software: str,
    organisation: Organisation,
    reason: str,
    profile: str,
) -> AipPlan:
    facts = store.facts(object_id)
    sizes = {file.path: file.size for file in facts.expected}
    sha256 = {
        path: digest
        for digest, paths in facts.inventory.fixity.get("sha256", {}).items()
        for path in paths
    }
    kept = {}
    for logical, digest in facts.inventory.state(facts.head.version).items():
        path = facts.inventory.content_path(digest)
        kept[logical] = (sizes[path], digest, sha256[path])
    record = indexing.read_logical(store, facts, facts.head.version, indexing.RECORD_PATH)
    return plan_reprofile(
        record,
        facts.inventory,
        kept,
        now=services.clock.now(),
        software=software,
        organisation=organisation,
        profile=profile,
        reason=reason,
        operator=operator,
    )
