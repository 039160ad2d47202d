"""Anchors as values: a checkpoint that was shown to somebody outside, as an event says it.

An anchor is what an administrator with every key and every disk cannot take back: the checkpoint is
in somebody else's hands. `detail.anchor` of a `ledger anchor` event; `docs/ledger.md`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from preservation.events import EventType
from preservation.ledger.checkpoint import BadNote, SignedCheckpoint, parse_note
from repository.digest import digest_bytes

Kind = Literal["rfc3161", "mail"]
Worth = Literal["right", "wrong", "not judged", "told"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One checkpoint, to whom it was shown, and what came back."""

    kind: Kind
    note: str
    size: int
    target: str
    token: bytes = b""  # the time-stamping authority's whole answer
    time: str = ""  # when it says it saw the checkpoint

    @property
    def file_name(self) -> str:
        """The name of the token's file in `log/anchors`."""
        return f"{self.size:012d}-{digest_bytes(self.token, ['sha256'])['sha256'][:8]}.tsr"

    def detail(self) -> dict[str, Any]:
        """As the event carries it. `anchor_of` reads it."""
        said: dict[str, Any] = {
            "kind": self.kind, "note": self.note, "size": self.size, "target": self.target
        }  # fmt: skip
        if self.kind == "rfc3161":
            said |= {"token": base64.b64encode(self.token).decode(), "time": self.time}
        return {"anchor": said}


@dataclass(frozen=True, slots=True)
class AnchorVerdict:
    """What an anchor is worth now; `told`: only who was told can say."""

    verdict: Worth
    reason: str


def anchor_of(record: Mapping[str, Any] | None) -> Anchor | None:
    """What a record says of an anchor; None when it is no such record. BadNote."""
    if record is None or record.get("type") != EventType.LEDGER_ANCHOR.value:
        return None
    detail = record.get("detail")
    said = detail.get("anchor") if isinstance(detail, dict) else None
    if not isinstance(said, dict):
        raise BadNote("an entry of the type `ledger anchor` names none")
    texts = {name: said.get(name, "") for name in ("kind", "note", "target", "token", "time")}
    size = said.get("size")
    if not all(isinstance(text, str) for text in texts.values()) or type(size) is not int:
        raise BadNote("an entry of the type `ledger anchor` names none")
    signed: SignedCheckpoint = parse_note(texts["note"])
    kind = texts["kind"]
    if signed.size != size or kind not in ("rfc3161", "mail"):
        raise BadNote("an anchor is of another size than its checkpoint, or of an unknown kind")
    try:
        token = base64.b64decode(texts["token"].encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as problem:
        raise BadNote("an anchor's token is not base64") from problem
    return Anchor(kind, texts["note"], size, texts["target"], token, texts["time"])
