"""What was found in a file at intake, in a reader's words: signatures, damage, viruses. Core.

Taken from the catalogue's row of the file; a row from before a fact existed says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from api.web.words import Words

Kind = Literal["ok", "bad", "warn", "note"]
_KINDS: dict[str, Kind] = {"VALID": "ok", "INVALID": "bad", "INDETERMINATE": "warn"}


@dataclass(frozen=True, slots=True)
class FactShown:
    """One sentence about a file, and its sign."""

    kind: Kind
    text: str


def facts_shown(file: Mapping[str, Any], words: Words) -> tuple[FactShown, ...]:
    """The sentences about one file, signatures first."""
    return (*_signatures(file, words), *_structure(file, words), *_viruses(file, words))


def _signatures(file: Mapping[str, Any], words: Words) -> list[FactShown]:
    check = file.get("signatures")
    if not check:
        return []
    shown = [_signature(one, words) for one in check["found"]]
    if check["not_checked"]:
        shown.append(FactShown("warn", words.t("file.signature.not-judged")))
    return shown


def _signature(one: Mapping[str, Any], words: Words) -> FactShown:
    who = one["signer"] or "?"
    if one["organisation"] and one["organisation"] != who:
        who = f"{who} ({one['organisation']})"
    parts = [words.t(f"file.signature.{one['verdict']}", who=who)]
    if one["stamped_at"]:
        parts.append(words.t("file.signature.stamped", when=_instant(one["stamped_at"], words)))
    elif one["signed_at"]:
        parts.append(words.t("file.signature.signed", when=_instant(one["signed_at"], words)))
    if one["issuer"]:
        parts.append(words.t("file.signature.issuer", issuer=one["issuer"]))
    if one["reason"]:
        key = f"file.signature.reason.{one['reason'].partition(':')[0]}"
        known = words.t(key) if words.has(key) else one["reason"]
        parts.append(words.t("file.signature.because", reason=known))
    return FactShown(_KINDS.get(one["verdict"], "warn"), " · ".join(parts))


def _instant(given: str, words: Words) -> str:
    """The signer may have said what is no time."""
    return words.instant(given) if given.endswith("Z") and len(given) == 20 else given


def _structure(file: Mapping[str, Any], words: Words) -> list[FactShown]:
    verdict = file.get("structure")
    if verdict == "damaged":
        return [FactShown("bad", words.t("file.structure.damaged"))]
    if verdict == "not-checked":
        return [FactShown("warn", words.t("file.structure.not-checked"))]
    claimed = (file.get("properties") or {}).get("pdfa_claimed")
    if claimed:
        return [FactShown("note", words.t("file.pdfa-claimed", level=str(claimed).upper()))]
    return []


def _viruses(file: Mapping[str, Any], words: Words) -> list[FactShown]:
    fact = file.get("virus")
    if not fact:
        return []
    if fact["verdict"] == "nothing-found":
        text = words.t("file.virus.nothing-found", tool=fact["tool"], database=fact["database"])
        return [FactShown("note", text)]
    return [FactShown("note", words.t("file.virus.not-checked"))]
