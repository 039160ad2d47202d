"""What a copy must hold, from outside of the copy: the catalogue's rows, held against the ledger. Pure.

The ledger committed to the root inventory of each version. That inventory names every payload file
with its digest, so one digest outside of every store and of the catalogue vouches for all of an object.
A row of the catalogue that says otherwise is damage of the catalogue, not of a copy, and what is
expected of the copy is then what the ledger committed to.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from repository.catalogue.records import ExpectedRecord
from repository.digest import digest_bytes
from repository.local_place import DECLARATION_BYTES, OBJECT_DECLARATION, sidecar_bytes

INVENTORY = "inventory.json"


class CatalogueFault(StrEnum):
    """What is wrong with what the catalogue says of an object. Stable words."""

    DIFFERS = "AUD-CATALOGUE-DIFFERS"  # its rows are not what the ledger committed to
    UNCOMMITTED = "AUD-UNCOMMITTED"  # the ledger never spoke of the object
    FORGOTTEN = "AUD-CATALOGUE-FORGOT"  # the ledger committed to it, the catalogue has it not


@dataclass(frozen=True, slots=True)
class CatalogueFinding:
    """One fault, and where: `path` is of the first row that is wrong."""

    fault: CatalogueFault
    path: str = "."
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What every copy of one object must hold, and what is wrong with the catalogue's idea of it."""

    files: Sequence[ExpectedRecord]
    finding: CatalogueFinding | None = None


def agrees(
    rows: Sequence[ExpectedRecord], committed: Sequence[str], inventory: bytes | None
) -> bool:
    """Whether the rows are exactly what the ledger committed to, by the bytes of the root inventory.

    False also when that cannot be told: the caller then looks for the reason with `expectation`.
    """
    if not committed or inventory is None:
        return False
    if digest_bytes(inventory, ["sha512"])["sha512"] != committed[-1]:
        return False
    known = {row.path: row.sha512 for row in rows}
    return len(known) == len(rows) and known == _wanted(inventory, committed, known)


def expectation(
    object_id: str,
    rows: Sequence[ExpectedRecord],
    committed: Sequence[str],
    inventory: bytes | None,
) -> Expectation:
    """What must be there, by the ledger where it spoke, else by the catalogue.

    `inventory`: the bytes of the root inventory that the ledger committed to last, from whatever store
    has them; None when no store has them: then only its own row can be held against the ledger.
    """
    if not committed:
        return Expectation(rows, CatalogueFinding(CatalogueFault.UNCOMMITTED))
    known = {row.path: row.sha512 for row in rows}
    sizes = {row.path: row.size for row in rows}
    if inventory is None:
        if known.get(INVENTORY) == committed[-1]:
            return Expectation(rows)
        wanted = {**known, **_of_inventory("", committed[-1])}
    else:
        wanted = _wanted(inventory, committed, known)
        sizes |= {INVENTORY: len(inventory)}
    if known == wanted and len(known) == len(rows):
        return Expectation(rows)
    files = [
        ExpectedRecord(object_id, path, sizes.get(path, 0), sha512)
        for path, sha512 in sorted(wanted.items())
    ]
    return Expectation(files, _difference(known, wanted))


def _wanted(inventory: bytes, committed: Sequence[str], known: dict[str, str]) -> dict[str, str]:
    """Every file of the object and its digest, by the inventory that the ledger committed to."""
    # Its digest was compared with the ledger's: these are bytes that we wrote.
    value = json.loads(inventory)
    wanted = {path: digest for digest, paths in value["manifest"].items() for path in paths}
    wanted[OBJECT_DECLARATION] = _DECLARATION_SHA512
    sidecar = _of_sidecar(committed[-1])
    for prefix in ("", f"{value['head']}/"):
        wanted[f"{prefix}{INVENTORY}"] = committed[-1]
        wanted[f"{prefix}{INVENTORY}.sha512"] = sidecar
    for version in value["versions"]:
        if version == value["head"]:
            continue
        own = known.get(f"{version}/{INVENTORY}", "")
        # An earlier version's inventory was committed to when it was the head. A ledger that began
        # later (a rebuilt archive) does not know it: then the catalogue's row has to do.
        if own not in committed and len(committed) >= len(value["versions"]):
            own = committed[list(value["versions"]).index(version)]
        wanted |= _of_inventory(f"{version}/", own)
    return wanted


def _of_inventory(prefix: str, sha512: str) -> dict[str, str]:
    return {f"{prefix}{INVENTORY}": sha512, f"{prefix}{INVENTORY}.sha512": _of_sidecar(sha512)}


def _of_sidecar(sha512: str) -> str:
    return digest_bytes(sidecar_bytes(sha512), ["sha512"])["sha512"]


def _difference(known: dict[str, str], wanted: dict[str, str]) -> CatalogueFinding:
    """The first row, by path, that is not as it must be."""
    path = min(set(known.items()) ^ set(wanted.items()), default=(".", ""))[0]
    count = len({name for name, _ in known.items() ^ wanted.items()})
    if path not in known:
        reason = "the catalogue does not expect it"
    elif path not in wanted:
        reason = "the catalogue expects it, the ledger's inventory has it not"
    else:
        reason = f"the catalogue has {known[path][:16]}…, the ledger {wanted[path][:16]}…"
    more = f" ({count} rows)" if count > 1 else ""
    return CatalogueFinding(CatalogueFault.DIFFERS, path, reason + more)


_DECLARATION_SHA512 = digest_bytes(DECLARATION_BYTES, ["sha512"])["sha512"]
