"""The line for a paper register: a checkpoint in so few characters that it can be written and read
aloud.

    KHO1-SIZE-8 groups of 4-CHECK      `docs/ledger.md` has the exact rule

It commits to the log's name, its size and its root by 160 bits, and a slip of the pen is found by
its check characters. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from preservation.ledger.checkpoint import BadNote, Checkpoint
from repository.digest.small import sha256

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U
_DIGEST = 20
_LINE = re.compile(r"KH0[1IL][\s-]+([0-9IL\s]{1,30}?)\s*-([0-9A-Z\s-]{36,200})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """What such a line says: a size, and the digest of the checkpoint's text."""

    size: int
    digest: bytes

    def tells(self, checkpoint: Checkpoint) -> bool:
        """Whether the line was written of this checkpoint."""
        return self == _of(checkpoint)


def register_line(checkpoint: Checkpoint) -> str:
    """The line of a checkpoint."""
    return _written(_of(checkpoint))


def parse_register_line(text: str) -> RegisterLine:
    """What `register_line` wrote, as a person wrote it down. BadNote: it was not written down right."""
    read = text.strip().upper().replace("O", "0")
    match = _LINE.match(read) if len(read) <= 300 else None
    if match is None:
        raise BadNote("this is no line of a register: KHO1-SIZE-…")
    size, letters = (
        re.sub(r"[\s-]", "", part).replace("I", "1").replace("L", "1") for part in match.groups()
    )
    if len(letters) != 36 or not size or set(letters) - set(_ALPHABET):
        raise BadNote("the line has a character too many, too few, or one that is never used")
    value = 0
    for letter in letters[:32]:
        value = value * 32 + _ALPHABET.index(letter)
    line = RegisterLine(int(size), value.to_bytes(_DIGEST, "big"))
    if _written(line)[-4:] != letters[32:]:
        raise BadNote("the check characters do not fit: the line was not written down right")
    return line


def find_register_line(text: str) -> RegisterLine | None:
    """The first line of a text that is meant as one; None when there is none. BadNote."""
    for line in text.splitlines():
        if line.strip().upper().startswith(("KHO", "KH0")):
            return parse_register_line(line)
    return None


def _of(checkpoint: Checkpoint) -> RegisterLine:
    return RegisterLine(checkpoint.size, sha256(checkpoint.text)[:_DIGEST])


def _written(line: RegisterLine) -> str:
    letters = _base32(int.from_bytes(line.digest, "big"), 32)
    groups = "-".join(letters[place : place + 4] for place in range(0, 32, 4))
    body = f"KHO1-{line.size}-{groups}"
    check = int.from_bytes(sha256(b"kho-line\n" + body.encode())[:3], "big") >> 4
    return f"{body}-{_base32(check, 4)}"


def _base32(value: int, length: int) -> str:
    return "".join(_ALPHABET[(value >> (5 * place)) & 31] for place in reversed(range(length)))
