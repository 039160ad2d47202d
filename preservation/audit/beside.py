"""What an audit of everything looks at beside the copies of objects: what belongs to no object.

The storage roots' own files and whatever lies among the objects; the stores' copies of the ledger; and
the objects that the ledger committed to and the catalogue has forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from preservation.audit.expectation import CatalogueFault, CatalogueFinding
from preservation.audit.fixity import (
    CopyJudgement,
    CopyVerdict,
    FileFinding,
    FileVerdict,
    Sums,
    compare,
)
from preservation.audit.looking import catalogue_result
from preservation.audit.recording import to_record
from preservation.audit.selection import AuditServices
from preservation.ledger.comparing import compare_copies
from repository.catalogue.records import AuditResultRecord, ExpectedRecord
from repository.digest import digest_bytes
from repository.model import ObjectId
from repository.store import LEDGER, STORAGE_ROOT, Observation, Store


def root_result(
    services: AuditServices, store: Store, run_id: str, *, medium: bool
) -> AuditResultRecord:
    """The storage root's own files, and everything in it that belongs to no held object."""
    judgement = _judge_root(services, store, medium=medium)
    if judgement.verdict is not CopyVerdict.INTACT:
        judgement = _judge_root(services, store, medium=medium)
    return to_record(run_id, STORAGE_ROOT, store.name, judgement, services.clock.now())


def ledger_results(
    services: AuditServices, stores: Sequence[Store], run_id: str
) -> Iterator[AuditResultRecord]:
    """Of each store that is there: whether its copy of the ledger says what the ledger says.

    That the ledger itself is whole was proven when its commitments were read; its signatures and its
    anchors are for `kho ledger verify`.
    """
    if services.ledger is None:
        return
    copies = compare_copies(services.ledger, stores)
    if set(copies.values()) & {"behind", "ahead"}:
        services.publish()  # somebody may have been recording meanwhile
        copies = compare_copies(services.ledger, stores)
    now = services.clock.now()
    for name, found in sorted(copies.items()):
        match found:
            case "identical" | "whole":
                judged = CopyJudgement(Sums(expected=1, intact=1), (), 0)
            case "behind" | "unavailable":
                judged = _one(FileVerdict.NOT_CHECKED, f"the copy of the ledger is {found}")
            case _:
                judged = _one(FileVerdict.ALTERED, f"the copy of the ledger: {found}")
        yield to_record(run_id, LEDGER, name, judged, now)


def forgotten_results(
    services: AuditServices, run_id: str, told: Collection[str]
) -> Iterator[AuditResultRecord]:
    """The objects that the ledger committed to and the catalogue does not have, and those of which it
    has not the copies that the ledger says were written. `told`: objects of which the catalogue was
    found wrong already."""
    if services.commitments is None:
        return
    services.commitments.refresh()
    held = {*services.catalogue.object_ids(), *services.in_progress()}
    for object_id in sorted(set(services.commitments.objects()) - held):
        finding = CatalogueFinding(CatalogueFault.FORGOTTEN)
        yield catalogue_result(services, run_id, object_id, finding)
    there = {
        name: {copy.object_id for copy in services.catalogue.copies_of_store(name)}
        for name in services.stores
    }
    # A copy without a row is a copy that no audit would be asked to look at ever again.
    for object_id in sorted(set(services.commitments.objects()) & held - set(told)):
        written = services.commitments.stores_of(object_id)
        if gone := [name for name in written if object_id not in there.get(name, {object_id})]:
            reason = f"the catalogue has no copy of it in {', '.join(sorted(gone))}"
            finding = CatalogueFinding(CatalogueFault.FORGOTTEN, reason=reason)
            yield catalogue_result(services, run_id, object_id, finding)


def _one(verdict: FileVerdict, reason: str) -> CopyJudgement:
    bad = verdict is FileVerdict.ALTERED
    sums = Sums(expected=1, altered=int(bad), not_checked=int(not bad))
    return CopyJudgement(sums, (FileFinding(".", verdict, reason),), 0)


def _judge_root(services: AuditServices, store: Store, *, medium: bool) -> CopyJudgement:
    ids = [*services.catalogue.object_ids(), *services.in_progress()]
    known = {store.object_path(ObjectId(object_id)) for object_id in ids}
    seen: Observation = store.observe_root(known.__contains__, medium=medium)
    expected = [
        ExpectedRecord(STORAGE_ROOT, path, len(data), digest_bytes(data, ["sha512"])["sha512"])
        for path, data in store.expected_root().items()
    ]
    return compare(expected, seen)
