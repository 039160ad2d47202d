"""The long form of the offline verifier's tests: harm and garbage, drawn for as long as asked.

    python -m tests.preservation.offline.campaign [--seconds 600] [--seed 1]

Each round harms one file of a bag, an object, a ZIP, a ledger or a proof (a bit flipped, a byte more or
less, cut short, pieces of the formats thrown in) and asks: is it told, and was there an exception?
The result stands in docs/verify-without-us.md.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.preservation.offline.judging import harms, judge, sample_log, write
from tests.preservation.offline.test_ledgers import says_the_same
from tests.preservation.offline.test_objects_and_bags import BAG, OBJECT, zipped

PIECES = (
    b"0" * 128, b"  ", b"data/a.txt", b"\n", b"\r", b"%0A", b"../", b"\xff", b"\0", b"PK\3\4",
    b"PK\5\6",
    b"{", b"}", b"[", b'"', b":", b",", b"null", b"1e999", b"-1", b"\\ud800", b"v1", b"urn:x:1",
)  # fmt: skip


def subjects(place: Path) -> dict[str, Path]:
    log = sample_log()
    about = {"object_id": "urn:x:1", "inventory_sha512": "3" * 128, "seq": 6}
    (place / "p.json").write_text(json.dumps({**log.proof(3, 6), "object": about}))
    (place / "c.json").write_text(json.dumps(log.consistency(4, old_key=0)))
    return {
        "bag": write(place / "bag", BAG),
        "object": write(place / "object", OBJECT),
        "zip": zipped(place / "x.zip", OBJECT, sidecar=True),
        "zip without digest": zipped(place / "y.zip", BAG, sidecar=False),
        "ledger": write(place / "ledger", log.files(4)),
        "proof": place / "p.json",
        "consistency": place / "c.json",
    }


def garbage(chance: random.Random, data: bytes) -> bytes:
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        made[at : at + chance.choice((0, 1, 8, 64))] = chance.choice(PIECES)
    return bytes(made)


def campaign(seconds: float, seed: int) -> int:
    chance, counts, wrong = random.Random(seed), Counter[str](), 0
    folder = Path(tempfile.mkdtemp())
    try:
        places = subjects(folder)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            kind = chance.choice(sorted(places))
            place = places[kind]
            files = [p for p in place.rglob("*") if p.is_file()] if place.is_dir() else [place]
            victim = chance.choice(sorted(files))
            whole = victim.read_bytes()
            for what, data in [*harms(whole, chance), ("garbage", garbage(chance, whole))]:
                if data == whole:
                    continue
                victim.write_bytes(data)
                result = judge(place)  # an exception ends the campaign
                counts[kind] += 1
                counts[f"{kind}: status {result.status}"] += 1
                # What no digest and no signature covers, and says nothing of the content.
                free = kind in ("zip without digest", "proof", "consistency") or (
                    victim.name.startswith("checkpoints") and says_the_same(whole, data)
                )
                if not result.told() and not free:
                    wrong += 1
                    print(f"NOT TOLD: {kind} {victim.name} {what} seed {seed}", file=sys.stderr)
            victim.write_bytes(whole)
        for kind, place in places.items():
            if judge(place).status != 0:
                print(f"{kind} is no longer sound", file=sys.stderr)
                wrong += 1
    finally:
        shutil.rmtree(folder)
    for name, number in sorted(counts.items()):
        print(f"{number:8,}  {name}")
    print(f"{wrong} not told")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.exit(campaign(arguments.seconds, arguments.seed))
