"""The daily second opinion: ocfl-py and bagit-python judge a few copies that we have just judged.

Programs of others share no code with ours, so a fault of ours that calls damage intact shows here.
The sample is drawn by the day's date, so anybody can draw it again. A judge who says otherwise than
we do is damage of the archive's word: the run fails. A judge who is not there, or who breaks down,
has not checked, and that is said; it is never an agreement.

Each judge of each copy has a result of its own, in a place no store can have: `(ocfl-py) primary`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from preservation.audit import recording
from preservation.audit.fixity import CopyJudgement, FileFinding, FileVerdict, Sums
from preservation.audit.policy import sample
from preservation.audit.recording import Recorder, sums_of
from preservation.audit.run import AuditServices, AuditSummary, Selection, audit
from preservation.export import export_versions
from repository import durable
from repository.catalogue.records import AuditResultRecord
from repository.clock import VIETNAM
from repository.errors import ArchiveError, Corrupt, Unavailable
from repository.model import ObjectId
from repository.second_opinion import SecondOpinion, bagit_python_verdict, ocfl_py_verdict
from repository.store import Store

OBJECTS_A_DAY = 2
LARGEST_BAG = 1_000_000_000  # bytes copied out for bagit-python, at most
NOTE = "second opinion"


class StoreOfFolders(Store, Protocol):
    """A store whose copies lie in folders that others can open."""

    def folder(self, object_id: ObjectId) -> Path:
        """Where the copy lies or would lie."""
        ...


@dataclass(frozen=True, slots=True)
class Judges:
    """Who is asked. Each takes a folder and says whether it is valid; None: no verdict."""

    ocfl: Callable[[str], SecondOpinion] = ocfl_py_verdict
    bag: Callable[[str], SecondOpinion] = bagit_python_verdict


def second_opinion(
    services: AuditServices,
    stores: Mapping[str, StoreOfFolders],
    scratch: Path,
    *,
    operator: str,
    count: int = OBJECTS_A_DAY,
    judges: Judges | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> AuditSummary | None:
    """Judge today's sample in every store that is there, and let the others judge it too.

    Returns the sums of the others' run: intact where they agree with us, altered where they do not.
    None when nothing is held, or every store is away. `scratch` is a folder for what is copied out;
    what is made there is removed.
    """
    seed = int(f"{services.clock.now().astimezone(VIETNAM):%Y%m%d}")
    held = [record.object_id for record in services.catalogue.objects(canaries=False)]
    drawn = sample(held, 100 * min(count, len(held)) / len(held), seed)[:count] if held else []
    there = {name: store for name, store in stores.items() if _is_there(store)}
    copies = {name: _copies(services, name, drawn) for name in there}
    if not any(copies.values()):
        return None
    ours: list[AuditResultRecord] = []
    note = f"{NOTE} --seed {seed}"
    named = Selection("named", copies, roots=False, note=f"{note}: our own look")
    audit(services, named, operator=operator, on_result=ours.append, stop=stop)
    selection = Selection("sample", copies, roots=False, note=note)
    run = recording.begin(services, selection, operator, services.clock.now())
    summary = AuditSummary(run.run_id)
    recorder = Recorder(services, run.run_id, operator, None)
    for mine in ours:
        if mine.store not in there:
            continue
        for place, judged in _asked(
            services, there[mine.store], mine, scratch, judges or Judges(), stop
        ):
            now = services.clock.now()
            result = recording.to_record(run.run_id, mine.object_id, place, judged, now)
            summary.sums += sums_of(result)
            summary.rows += 1
            recorder.add(result)
        summary.copies += 1
    summary.objects = len({mine.object_id for mine in ours})
    recorder.record()
    recording.end(services, run, summary, operator)
    return summary


def _copies(services: AuditServices, store: str, drawn: Sequence[str]) -> list[str]:
    return [
        object_id
        for object_id in drawn
        if any(copy.store == store for copy in services.catalogue.copies(object_id))
    ]


def _asked(
    services: AuditServices,
    store: StoreOfFolders,
    mine: AuditResultRecord,
    scratch: Path,
    judges: Judges,
    stop: Callable[[], bool],
) -> Iterator[tuple[str, CopyJudgement]]:
    """What each judge says of one copy, held against what we say."""
    object_id = ObjectId(mine.object_id)
    asked: dict[str, Callable[[], SecondOpinion]] = {
        "ocfl-py": lambda: judges.ocfl(str(store.folder(object_id))),
        "bagit-python": lambda: _of_bag(services, store, object_id, scratch, judges),
    }
    for name, ask in asked.items():
        place = f"({name}) {store.name}"
        if stop():
            yield place, _open("stopped")
        elif mine.verdict == "incomplete":
            yield place, _open("we could not look at all of it ourselves")
        elif mine.verdict == "damaged" and name == "bagit-python":
            yield place, _open("of a damaged copy no bag is made")
        else:
            said = ask()
            if said.valid is False and not _is_there(store):
                said = replace(said, valid=None, messages=("the store went away meanwhile",))
            yield place, _held_against(mine.verdict == "intact", said)


def _of_bag(
    services: AuditServices,
    store: Store,
    object_id: ObjectId,
    scratch: Path,
    judges: Judges,
) -> SecondOpinion:
    """bagit-python's verdict on the head, copied out of the store as a bag."""
    judge = "bagit-python"
    record = services.catalogue.object(object_id)
    digest = next(
        (r.sha512 for r in services.catalogue.expected(object_id) if r.path == "inventory.json"), ""
    )
    if record is None or record.byte_count > LARGEST_BAG:
        return SecondOpinion(judge, None, ("too large to be copied out",))
    folder = scratch / NOTE.replace(" ", "-")
    try:
        durable.remove_staging(folder)
        folder.mkdir(parents=True)
        (made,) = export_versions(store, object_id, folder, inventory_sha512=digest)
        return judges.bag(made.folder)
    except Corrupt as problem:  # our own export reads otherwise than our own audit
        return SecondOpinion(judge, False, (problem.operator,))
    except (ArchiveError, OSError) as problem:
        return SecondOpinion(judge, None, (str(problem),))
    finally:
        durable.remove_staging(folder)


def _held_against(intact: bool, said: SecondOpinion) -> CopyJudgement:
    if said.valid is None:
        return _open("; ".join(said.messages)[:500] or "no verdict")
    if said.valid is intact:
        return CopyJudgement(Sums(expected=1, intact=1), (), 0)
    ours, theirs = ("intact", "not valid") if intact else ("damaged", "valid")
    reason = f"AUD-DISAGREE: {said.judge} says {theirs}, we say {ours}. "
    finding = FileFinding(".", FileVerdict.ALTERED, (reason + "; ".join(said.messages))[:1000])
    return CopyJudgement(Sums(expected=1, altered=1), (finding,), 0)


def _open(reason: str) -> CopyJudgement:
    finding = FileFinding(".", FileVerdict.NOT_CHECKED, reason)
    return CopyJudgement(Sums(expected=1, not_checked=1), (finding,), 0)


def _is_there(store: Store) -> bool:
    try:
        store.check_available()
    except Unavailable:
        return False
    return True
