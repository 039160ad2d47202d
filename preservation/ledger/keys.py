"""The keys of a log: what its own entries say of them, and the private one in its file.

A log's keys are told by its `ledger key` entries (`docs/ledger.md`): each names the one before it,
and the old key signs for the new. A private key that was lost is followed by one that nothing signs
for, and every check says so. Private keys lie in the archive's `keys/` and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from preservation.events import EventType
from preservation.ledger.checkpoint import BadNote, VerifierKey, parse_vkey, public_half
from repository import durable
from repository.errors import Misconfigured

_MOST_PEM = 4096


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """What one `ledger key` entry says; `detail.ledger_key` of the event."""

    origin: str
    previous: str
    reason: str
    signature: str
    vkey: str

    def detail(self) -> dict[str, Any]:
        """As the event carries it. `key_of` reads it."""
        return {"ledger_key": asdict(self)}


def first_key(key: VerifierKey, reason: str) -> LedgerKey:
    """The entry with which a log begins to be signed."""
    return LedgerKey(key.name, "", reason, "", key.vkey)


def next_key(
    new: VerifierKey, previous: VerifierKey, reason: str, old: Ed25519PrivateKey | None
) -> LedgerKey:
    """The entry that puts `new` in the place of `previous`; without `old` nothing signs for it."""
    signature = b"" if old is None else old.sign(_statement(previous, new))
    return LedgerKey(
        new.name, previous.vkey, reason, base64.b64encode(signature).decode(), new.vkey
    )


def key_of(record: Mapping[str, Any] | None) -> LedgerKey | None:
    """What a record says of the log's keys; None when it is no such record. BadNote."""
    if record is None or record.get("type") != EventType.LEDGER_KEY.value:
        return None
    detail = record.get("detail")
    said = detail.get("ledger_key") if isinstance(detail, dict) else None
    names = LedgerKey.__dataclass_fields__
    if not isinstance(said, dict) or set(said) != set(names):
        raise BadNote("an entry of the type `ledger key` names no key")
    if not all(isinstance(said[name], str) for name in names):
        raise BadNote("an entry of the type `ledger key` names no key")
    return LedgerKey(**said)


def check_follows(old: VerifierKey, said: LedgerKey) -> VerifierKey:
    """The key that an entry puts in the place of `old`, whose signature it has, or none. BadNote."""
    new = parse_vkey(said.vkey)
    if said.previous != old.vkey or {said.origin, new.name} != {old.name}:
        raise BadNote("it does not follow the key before it")
    if said.signature and not old.signed(_statement(old, new), _signature(said.signature)):
        raise BadNote("the old key did not sign for the new one")
    return new


class KeyHistory:
    """The keys of a log in the order of its entries."""

    def __init__(self) -> None:
        self._keys: list[tuple[int, VerifierKey]] = []
        self.without_old_key: list[int] = []  # the entries that no old key signed for

    @property
    def origin(self) -> str:
        """The log's name; empty before its first key."""
        return self._keys[0][1].name if self._keys else ""

    def take(self, seq: int, record: Mapping[str, Any] | None) -> None:
        """Take what entry `seq` says. BadNote when it is no next key of this log."""
        said = key_of(record)
        if said is None:
            return
        try:
            if self._keys:
                new = check_follows(self._keys[-1][1], said)
                if not said.signature:
                    self.without_old_key.append(seq)
            else:
                new = parse_vkey(said.vkey)
                if said.previous or said.signature or said.origin != new.name:
                    raise BadNote("it does not begin the keys of a log")
        except BadNote as problem:
            raise BadNote(f"entry {seq}: {problem}") from problem
        self._keys.append((seq, new))

    def in_force(self, size: int) -> VerifierKey | None:
        """The key that signs a checkpoint of this size."""
        found = None
        for seq, key in self._keys:
            if seq <= size:
                found = key
        return found

    def all(self) -> list[tuple[int, VerifierKey]]:
        """Each key with the entry that named it."""
        return list(self._keys)


class KeyFiles:
    """Private keys in a folder: `ledger-KEYID.key`, PKCS #8 PEM, for their owner's eyes only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str) -> Ed25519PrivateKey:
        """A new key for a log of this name. After return it is on the medium."""
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self._path(public_half(name, private).key_id)
        try:
            durable.write_durably(path, pem, 0o600)
        except OSError as problem:
            raise durable.explained(problem, "keeping the ledger's key") from problem
        return private

    def of(self, name: str, key_id: bytes) -> Ed25519PrivateKey | None:
        """The private key of this id; None when there is none. Misconfigured: the file is no key."""
        path = self._path(key_id)
        try:
            with path.open("rb") as stream:
                private = load_pem_private_key(stream.read(_MOST_PEM), password=None)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise durable.explained(problem, "reading the ledger's key") from problem
        except (ValueError, TypeError) as problem:
            raise Misconfigured(f"{path} is no private key.") from problem
        if not isinstance(private, Ed25519PrivateKey):
            raise Misconfigured(f"{path} is no Ed25519 key.")
        if public_half(name, private).key_id != key_id:
            raise Misconfigured(f"{path} holds another key than its name says.")
        return private

    def _path(self, key_id: bytes) -> Path:
        return self._folder / f"ledger-{key_id.hex()}.key"


def _statement(old: VerifierKey, new: VerifierKey) -> bytes:
    return f"kho-ledger-key\n{new.name}\n{old.vkey}\n{new.vkey}\n".encode()


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as problem:
        raise BadNote("a signature is not base64") from problem
