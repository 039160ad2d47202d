"""Taking out of quarantine, and destroying there, what a person decided about.

Only what lies in the quarantine folder of one transfer is touched: names that lead elsewhere are
removed and never followed, a file that has a second name somewhere is not overwritten. What was
destroyed, how, on what medium and what that means there is an event; the certificate says the same.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, Literal

from ingest.pipeline import IngestServices, write_receipt
from preservation import history
from preservation.deadlines import UNDECIDED
from preservation.events import EventType, Outcome
from preservation.package.names import store_names
from preservation.package.record_json import read_record
from preservation.work import WorkNote, WorkState
from repository import durable
from repository.catalogue.records import TransferRecord
from repository.clock import utc_text
from repository.digest import digest_stream
from repository.errors import Conflict, Corrupt, NotFound, Refused
from repository.local_place import open_regular
from schemas.problem_texts import problem_text

_SHOWN: Final = 200  # digests of one event
_COPY_ON_WRITE: Final = frozenset({"btrfs", "zfs", "overlay", "bcachefs", "nilfs2", "f2fs"})
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse", "fuse.sshfs", "9p", "virtiofs"})

Meaning = Literal["none", "rotating", "flash", "copy-on-write", "remote", "unknown"]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One piece of work in the quarantine folder."""

    work_id: str
    state: str  # receiving, awaiting-decision, committing; unreadable
    object_id: str
    files: int
    bytes: int
    transfer: TransferRecord | None


@dataclass(frozen=True, slots=True)
class Purge:
    """What was destroyed, as the event and the certificate tell it."""

    work_id: str
    at: str
    by: str
    reason: str
    files: int
    bytes: int
    overwritten: bool  # each file, where nothing else has a name for it
    medium: str
    meaning: Meaning
    gone: bool
    digests: tuple[tuple[int, str], ...]
    digests_left_out: int

    def document(self) -> dict[str, object]:
        """With what deletion means on this medium, in both languages."""
        said = {"reason": self.meaning}
        return {
            **asdict(self),
            "meaning_vi": problem_text("DSK-PURGE-MEDIUM", said, "vi"),
            "meaning_en": problem_text("DSK-PURGE-MEDIUM", said, "en"),
        }


def quarantined(services: IngestServices) -> list[Quarantined]:
    """Everything in quarantine, in order of name."""
    work, found = services.holding.work, []
    for work_id in work.names():
        if work.folder(work_id).is_symlink():
            continue
        try:
            note = work.note(work_id)
        except Corrupt:
            note = None
        files = [path.stat(follow_symlinks=False) for path in _files(work.folder(work_id))]
        found.append(
            Quarantined(
                work_id=work_id,
                state=note.state.value if note else "unreadable",
                object_id=note.object_id if note else "",
                files=len(files),
                bytes=sum(facts.st_size for facts in files if stat.S_ISREG(facts.st_mode)),
                transfer=services.holding.catalogue.transfer(work_id),
            )
        )
    return found


def release(services: IngestServices, work_id: str, target: Path) -> int:
    """Copy what waits to a new folder `target`, under the names it came with; how many files.

    The transfer waits on. Conflict when `target` is there; Corrupt when a file is not what was
    received. After an exception `target` may hold some of the files.
    """
    hold = services.holding
    with hold.work.resume(_plain(work_id)) as note:
        if note is None or note.state is not WorkState.AWAITING:
            raise NotFound(
                f"Nothing of {work_id} waits in quarantine. `kho quarantine list` shows."
            )
        folder = hold.work.folder(work_id)
        try:
            dossier = read_record((folder / "dossier.json").read_bytes())
            target.mkdir()
            names = store_names([file.received_path for file in dossier.files])
            for file, name in zip(dossier.files, names, strict=True):
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with open_regular(folder / note.detail["sources"][file.file_id]) as reader:
                    durable.copy_new(path, _blocks(reader))
                with path.open("rb") as written:
                    _, digests = digest_stream(written, ["sha512"])
                if digests["sha512"] != file.digests["sha512"]:
                    raise Corrupt(f"{file.received_path} of {work_id} is not what was received.")
        except FileExistsError as problem:
            raise Conflict(f"{target} is there already. Name a new folder.") from problem
        except OSError as problem:
            raise durable.explained(problem, f"releasing {work_id}") from problem
        return len(dossier.files)


def purge(services: IngestServices, work_id: str, *, operator: str, reason: str) -> Purge:
    """Destroy what lies in quarantine under `work_id`, and record that.

    A transfer that waited counts as returned. NotFound when nothing is there; Refused for work that
    may be in a store already. After a crash some files may be gone: the same call goes on.
    """
    hold = services.holding
    with hold.work.resume(_plain(work_id)):
        folder = hold.work.folder(work_id)
        if work_id not in hold.work.names():
            raise NotFound(f"There is no {work_id} in quarantine. `kho quarantine list` shows all.")
        if folder.is_symlink():
            raise Refused(
                f"{folder} leads elsewhere and is no work of ours. Remove the link by hand."
            )
        note = _note(services, work_id)
        if note is not None and note.state is WorkState.COMMITTING:
            raise Refused(
                f"{work_id} was being written into the stores. The next command finishes or undoes "
                "it; what is preserved is never purged."
            )
        # The note goes last, so that a purge that was interrupted can be gone on with.
        note_file = folder / "work.json"
        files = [path for path in _files(folder) if path != note_file]
        digests = [_digest(path) for path in files]
        medium, meaning = medium_of(folder)
        try:
            ways = [durable.destroy_file(path) for path in files]
        except OSError as problem:
            raise durable.explained(problem, f"purging {work_id}") from problem
        hold.step("purged")
        now = hold.clock.now()
        done = Purge(
            work_id=work_id,
            at=utc_text(now),
            by=operator,
            reason=reason,
            files=len(files),
            bytes=sum(size for size, _ in digests),
            overwritten=all(ways),
            medium=medium,
            meaning=meaning,
            gone=all(path == note_file for path in _files(folder)),
            digests=tuple(digests[:_SHOWN]),
            digests_left_out=max(0, len(digests) - _SHOWN),
        )
        waiting = hold.catalogue.transfer(work_id)
        detail: dict[str, object] = {"purge": asdict(done)}
        if waiting is not None and waiting.state == UNDECIDED:
            returned = replace(
                waiting,
                state="returned",
                decided_by=operator,
                reason=reason,
                finished_at=utc_text(now),
            )
            detail |= history.transfer_detail(returned)
        event = history.new_event(
            EventType.QUARANTINE_PURGE,
            at=now,
            agent=operator,
            outcome=Outcome.SUCCESS,
            transfer_id=work_id,
            detail=detail,
        )
        with hold.catalogue.transaction() as tx:
            history.record(tx, event)
        hold.step("purge recorded")
        hold.work.end(work_id)
        hold.publish()
    if waiting is not None:
        write_receipt(services, work_id)
    return done


def medium_of(folder: Path) -> tuple[str, Meaning]:
    """On what the folder lies, in words, and what destroying a file there means."""
    kind = _file_system(folder)
    if kind in ("tmpfs", "ramfs"):
        return kind, "none"
    if kind in _REMOTE:
        return kind, "remote"
    if kind in _COPY_ON_WRITE:
        return kind, "copy-on-write"
    device = folder.stat().st_dev
    block = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    for place in (block / "queue/rotational", block / "../queue/rotational"):
        try:
            rotates = place.read_text().strip() == "1"
        except OSError:
            continue
        return f"{kind}, {'rotating' if rotates else 'solid state'}", (
            "rotating" if rotates else "flash"
        )
    return kind or "unknown", "unknown"


def _file_system(folder: Path) -> str:
    """Its type, from the longest mount point above it; empty where the system does not say."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    place = str(folder.resolve())
    for line in mounts:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def _files(folder: Path) -> Iterator[Path]:
    """Everything below the folder that is no folder, links unfollowed."""
    for above, folders, names in os.walk(folder, followlinks=False):
        yield from (Path(above, name) for name in sorted(names))
        for name in folders:
            if Path(above, name).is_symlink():
                yield Path(above, name)


def _blocks(reader: BinaryIO) -> Iterator[bytes]:
    while block := durable.read_block(reader):
        yield block


def _digest(path: Path) -> tuple[int, str]:
    try:
        with open_regular(path) as stream:
            size, digests = digest_stream(stream, ["sha256"])
    except OSError:
        return 0, ""  # a link, a pipe, or a place that cannot be read: destroyed all the same
    return size, digests["sha256"]


def _note(services: IngestServices, work_id: str) -> WorkNote | None:
    try:
        return services.holding.work.note(work_id)
    except Corrupt:
        return None  # what nobody can understand may be purged: it is in no store by this name


def _plain(work_id: str) -> str:
    if not work_id or work_id != Path(work_id).name or work_id.startswith("."):
        raise NotFound(f"{work_id!r} is no name of anything in quarantine.")
    return work_id
