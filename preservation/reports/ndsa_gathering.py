"""The facts of an NDSA self-assessment, asked of catalogue, ledger, stores and folders. Judges nothing.

Formats and virus scans stand in the records of the dossiers themselves; of those a sample is read,
drawn by a seed that the report prints, so that anybody can draw it again.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from preservation import indexing
from preservation.audit.policy import sample
from preservation.dossier import FileRole, VirusVerdict
from preservation.drills.runs import of_a_drill
from preservation.ledger.committed import committed_inventories
from preservation.ledger.comparing import verify_ledger
from preservation.media import Medium
from preservation.reports.gathering import Reporting, coverages
from preservation.reports.ndsa_values import NdsaFacts, StoreFact
from repository import durable
from repository.catalogue.records import ObjectRecord
from repository.clock import utc_text
from repository.errors import Corrupt, NotFound, Unavailable
from repository.model import ObjectId
from repository.store import Store

SAMPLED: Final = 200  # dossiers whose records are read
_UNKNOWN: Final = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class StoreSaid:
    """What the settings say of one store."""

    kind: str
    place: str
    medium: Medium


def gather(
    asking: Reporting,
    said: Mapping[str, StoreSaid],
    home: Path,
    *,
    software: str,
    seed: int,
) -> NdsaFacts:
    """Ask everything once. Unavailable, Corrupt when the catalogue or the ledger cannot be asked."""
    catalogue, now = asking.catalogue, asking.clock.now()
    records = list(catalogue.objects(canaries=False))
    heads = {record.object_id: record.head for record in records}
    at_head: Counter[str] = Counter()
    read_back: Counter[str] = Counter()
    damaged = 0
    for name in asking.stores:
        for copy in catalogue.copies_of_store(name):
            if copy.object_id in heads:
                at_head[copy.object_id] += copy.head == heads[copy.object_id]
                read_back[copy.read_back] += 1
                damaged += copy.last_verdict == "damaged"
    committed = committed_inventories(home / "ledger")
    keys = _keys(home / "keys")
    sampled = _records(next(iter(asking.stores.values())), records, seed)
    counts = catalogue.counts()
    return NdsaFacts(
        at=utc_text(now),
        software=software,
        objects=len(records),
        files=sum(record.file_count for record in records),
        copies_at_head=dict(Counter(at_head[object_id] for object_id in heads)),
        read_back=dict(read_back),
        events=catalogue.event_counts(),
        runs=dict(
            Counter(
                run.kind
                for run in catalogue.audit_runs()
                if run.finished_at and not of_a_drill(run)
            )
        ),
        damaged_copies=damaged,
        modes=dict(Counter(record.mode for record in records)),
        keys_open=None if keys is None else tuple(name for name, open_ in keys.items() if open_),
        keys=len(keys or ()),
        access_lines=_access_lines(home / "spool"),
        ledger_entries=catalogue.last_sequence(),
        committed=sum(1 for object_id in heads if object_id in committed),
        described=sum(1 for record in records if _described(record)),
        profiles=dict(Counter(record.profile for record in records)),
        sampled=len(sampled),
        sample_seed=seed,
        sampled_files=sum(files for files, _, _ in sampled),
        identified=sum(identified for _, identified, _ in sampled),
        scanned=sum(scanned for _, _, scanned in sampled),
        transfers={
            name.removeprefix("transfers."): count
            for name, count in counts.items()
            if name.startswith("transfers.")
        },
        access_copies=sum(1 for _ in (home / "derivatives").rglob("made.json")),
        stores=_stores(asking, said, home),
    )


def _stores(asking: Reporting, said: Mapping[str, StoreSaid], home: Path) -> tuple[StoreFact, ...]:
    covered = {told.store: told for told in coverages(asking)}
    ledgers = verify_ledger(home / "ledger", list(asking.stores.values()), asking.catalogue).copies
    now = asking.clock.now()
    told = []
    for name, store in asking.stores.items():
        settings = said[name]
        told.append(
            StoreFact(
                name=name,
                kind=settings.kind,
                place=settings.place,
                available=store.status().available,
                media_known=settings.medium.state(now) != "unknown",
                media_over=settings.medium.state(now) == "over",
                audited_percent=covered[name].percent,
                late=covered[name].late,
                not_seen=covered[name].not_seen,
                ledger=str(ledgers.get(name, "")),
            )
        )
    return tuple(told)


def _records(
    store: Store, records: Sequence[ObjectRecord], seed: int
) -> list[tuple[int, int, int]]:
    """Of a drawn sample: content files, those with a PUID, those that a scanner looked at. The
    files of a dossier whose record cannot be read now are of unknown format and not scanned."""
    documents = {record.object_id: record.document_count for record in records}
    ids = list(documents)
    percent = 100.0 if len(ids) <= SAMPLED else 100 * SAMPLED / len(ids)
    found = []
    for object_id in sample(ids, percent, seed):
        try:
            dossier = indexing.read_object(store, ObjectId(object_id)).dossier
        except (NotFound, Corrupt, Unavailable):
            found.append((max(1, documents[object_id]), 0, 0))
            continue
        files = [file for file in dossier.files if file.role is not FileRole.METADATA]
        known = sum(1 for file in files if file.format and file.format.puid != _UNKNOWN)
        scanned = sum(
            1
            for file in files
            if file.virus is not None and file.virus.verdict is not VirusVerdict.NOT_CHECKED
        )
        found.append((len(files), known, scanned))
    return found


def _described(record: ObjectRecord) -> bool:
    return all((record.title, record.agency_name, record.start_date, record.end_date))


def _keys(folder: Path) -> dict[str, bool] | None:
    """Each key, and whether others than owner and group may read it; None: cannot be looked at."""
    try:
        with os.scandir(folder) as entries:
            return {
                entry.name: bool(entry.stat(follow_symlinks=False).st_mode & stat.S_IRWXO)
                for entry in entries
            }
    except OSError:
        return None


def _access_lines(spool: Path) -> int | None:
    """How many readings of what is not open are on record; None: cannot be looked at."""
    count = 0
    try:
        for path in sorted(spool.glob("access-*.jsonl")):
            with path.open("rb") as stream:
                while block := durable.read_block(stream):
                    count += block.count(b"\n")
    except OSError:
        return None
    return count
