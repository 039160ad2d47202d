"""What somebody can do who has every right on the machine, and every key: for the attackers' tests."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from preservation.ledger import checkpoint
from preservation.ledger.chain import ChainHead, after, line, link
from preservation.ledger.checkpoint import Checkpoint, public_half
from preservation.ledger.journal import Journal
from preservation.ledger.kept import Kept, KeptCheckpoints
from preservation.ledger.keys import KeyFiles
from preservation.ledger.tiles import Tiles

JOURNAL = "journal-000001.jsonl"
CHECKPOINTS = "checkpoints-000001.jsonl"
Change = Callable[[int, dict[str, Any]], None]


def ledgers(home: Path) -> list[Path]:
    """The ledger's folder and every store's copy of it."""
    return [home / "ledger", *sorted(path / "ledger" for path in (home / "stores").iterdir())]


def resigned(home: Path, change: Change, *, new_key: bool) -> None:
    """Rewrite the records, chain them anew, sign every checkpoint there was anew, and give every store
    the result: by itself nothing in it is wrong. With `new_key` the signer is somebody else, and was
    from the beginning."""
    folder, keys = home / "ledger", KeyFiles(home / "keys")
    kept = list(KeptCheckpoints(folder).all())
    origin = kept[0].signed.checkpoint.origin
    private = keys.make(origin) if new_key else keys.of(origin, kept[0].signed.key_id)
    assert private is not None
    public = public_half(origin, private)
    sizes = {one.signed.size: one.at for one in kept}
    head, written, tiles, signed = ChainHead(), b"", Tiles(folder / "log"), []
    for entry in list(Journal(folder).entries()):
        record: dict[str, Any] = json.loads(json.dumps(entry.record))
        change(entry.seq, record)
        if "ledger_key" in record["detail"]:
            record["detail"]["ledger_key"]["vkey"] = public.vkey
        new = link(head, record, entry.salt)
        head, written = after(new), written + line(new)
        tiles.add(bytes.fromhex(new.hash))
        if entry.seq in sizes:
            note = checkpoint.sign(Checkpoint(origin, entry.seq, tiles.root()), private)
            signed.append(Kept(note, sizes[entry.seq]))
    shutil.rmtree(folder / "log")
    tiles.write()
    (folder / "log" / "checkpoint").write_text(signed[-1].signed.note, "utf-8")
    for place in ledgers(home):
        (place / JOURNAL).write_bytes(written)
        (place / CHECKPOINTS).unlink()
        for one in signed:
            KeptCheckpoints(place).append(one)


def cut(folder: Path, entries: int) -> None:
    """Take away what was written last, of the journal and of the checkpoints, tree included."""
    kept = list(KeptCheckpoints(folder).all())
    (folder / CHECKPOINTS).unlink()
    for one in kept:
        if one.signed.size <= entries:
            KeptCheckpoints(folder).append(one)
    segment = folder / JOURNAL
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:entries]))
    for name in ("tile", "checkpoint", "keys"):
        path = folder / "log" / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


def edited(folder: Path, seq: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Change one line of the journal in place, and nothing else."""
    lines = (folder / JOURNAL).read_bytes().splitlines()
    value = json.loads(lines[seq - 1])
    change(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    lines[seq - 1] = text.encode()
    (folder / JOURNAL).write_bytes(b"".join(one + b"\n" for one in lines))


def tree(folder: Path, besides: Sequence[str] = ()) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in besides
    }


def catalogue_as_ledger(home: Path) -> None:
    """Make the catalogue tell what the ledger does, event by event."""
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        for entry in Journal(home / "ledger").entries():
            record = dict(entry.record or {})
            connection.execute(
                "UPDATE events SET agent = ?, detail = ? WHERE sequence = ?",
                (record["agent"], json.dumps(record["detail"]), entry.seq),
            )
    connection.close()
