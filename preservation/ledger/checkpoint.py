"""Checkpoints as values: the signed note, the key that signs it, and the line for a paper register.

C2SP tlog-checkpoint and signed-note with Ed25519 (RFC 8032); `docs/ledger.md` has the exact bytes.
No reading or writing; a private key is used here only while it is in the caller's hands.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from repository.digest.small import sha256

MAX_NOTE = 8192
_ED25519 = b"\x01"
_ORIGIN = re.compile(r"[!-*,-~]{1,200}\Z")  # printable ASCII without blank and without `+`
_SIZE = re.compile(r"[1-9]\d{0,17}\Z", re.ASCII)
_MARK = "\N{EM DASH} "


class BadNote(ValueError):
    """What was given is no checkpoint, key or line."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: which log, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The bytes that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n".encode()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a log's key, under the log's name."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public)[:4]

    @property
    def vkey(self) -> str:
        """The key as one word of text."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public)}"

    def signed(self, data: bytes, signature: bytes) -> bool:
        """Whether the signature of `data` is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the signatures that stand under it: name, key id and signature of each."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes, bytes], ...]
    note: str

    @property
    def size(self) -> int:
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        return self.checkpoint.root

    @property
    def key_id(self) -> bytes:
        """The id of the key that signed it: the first, for ours have one."""
        return self.signatures[0][1]

    def signed_by(self, key: VerifierKey) -> bool:
        """Whether one of the signatures is this key's, and right."""
        return key.name == self.checkpoint.origin and any(
            name == key.name and key_id == key.key_id and key.signed(self.checkpoint.text, value)
            for name, key_id, value in self.signatures
        )


def sign(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> SignedCheckpoint:
    """The checkpoint, signed."""
    key = public_half(checkpoint.origin, private)
    value = private.sign(checkpoint.text)
    note = f"{checkpoint.text.decode()}\n{_MARK}{key.name} {_base64(key.key_id + value)}\n"
    return SignedCheckpoint(checkpoint, ((key.name, key.key_id, value),), note)


def public_half(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """What others check this key's signatures with."""
    return VerifierKey(name, private.public_key().public_bytes_raw())


def parse_note(note: str) -> SignedCheckpoint:
    """The checkpoint that `sign` wrote, perhaps with more signatures. Checks none. BadNote."""
    if len(note) > MAX_NOTE:
        raise BadNote("this is longer than any checkpoint")
    text, gap, below = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) != 3 or not below.endswith("\n"):
        raise BadNote("this is no checkpoint: three lines, an empty one, and a signature")
    origin, size, root = lines
    if not _ORIGIN.match(origin) or not _SIZE.match(size):
        raise BadNote("the checkpoint names no log, or no size")
    checkpoint = Checkpoint(origin, int(size), _bytes(root, 32))
    signatures = tuple(_signature(line) for line in below[:-1].split("\n"))
    return SignedCheckpoint(checkpoint, signatures, note)


def find_note(text: str) -> SignedCheckpoint | None:
    """The first checkpoint inside a text, such as a mail that somebody kept; None when there is
    none. BadNote when something that begins as one is none."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    for number, line in enumerate(lines):
        if line.startswith(_MARK) and number >= 4:
            end = number
            while end < len(lines) and lines[end].startswith(_MARK):
                end += 1
            return parse_note("\n".join([*lines[number - 4 : end], ""]))
    return None


def parse_vkey(text: str) -> VerifierKey:
    """The key that `VerifierKey.vkey` wrote. BadNote."""
    parts = text.split("+", 2)
    if len(text) > MAX_NOTE or len(parts) != 3 or not _ORIGIN.match(parts[0]):
        raise BadNote("this is no verifier key: NAME+ID+KEY")
    public = _bytes(parts[2], 33)
    key = VerifierKey(parts[0], public[1:])
    if key.vkey != text:
        raise BadNote("this is no verifier key of ours: its id, or its kind, is another")
    return key


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, value = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not _ORIGIN.match(name):
        raise BadNote("a line under the checkpoint is no signature")
    # Another kind of signature may have another length; ours has 64 bytes.
    data = _bytes(value, None)
    if len(data) < 5:
        raise BadNote("a signature is too short")
    return name, data[:4], data[4:]


def _bytes(text: str, length: int | None) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as problem:
        raise BadNote("a line is not base64") from problem
    if _base64(data) != text or (length is not None and len(data) != length):
        raise BadNote("a line is not the base64 it should be")
    return data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
