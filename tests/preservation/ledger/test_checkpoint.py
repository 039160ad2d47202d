"""Checkpoints, keys and register lines: what is written is read, and nothing else is."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from preservation.ledger import kept
from preservation.ledger.checkpoint import (
    BadNote,
    Checkpoint,
    find_note,
    parse_note,
    parse_vkey,
    public_half,
    sign,
)
from preservation.ledger.keys import KeyHistory, first_key, next_key
from preservation.ledger.register import (
    find_register_line,
    parse_register_line,
    register_line,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "kho.h27-ltls/4f1c9e0a7b3d2586"
CHECKPOINT = Checkpoint(ORIGIN, 1284, bytes(range(100, 132)))
SIGNED = sign(CHECKPOINT, PRIVATE)

CHECKPOINTS = st.builds(
    Checkpoint,
    st.from_regex(r"[a-z0-9.-]{1,20}/[0-9a-f]{16}", fullmatch=True),
    st.integers(1, 10**15),
    st.binary(min_size=32, max_size=32),
)


def test_a_note_is_what_the_standard_says_byte_for_byte() -> None:
    public = PRIVATE.public_key().public_bytes_raw()
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    root = base64.b64encode(CHECKPOINT.root).decode()
    text = f"{ORIGIN}\n1284\n{root}\n"
    signature = base64.b64encode(key_id + PRIVATE.sign(text.encode())).decode()
    assert SIGNED.note == f"{text}\n— {ORIGIN} {signature}\n"
    encoded = base64.b64encode(b"\x01" + public).decode()
    vkey = f"{ORIGIN}+{key_id.hex()}+{encoded}"
    assert public_half(ORIGIN, PRIVATE).vkey == vkey


def test_the_example_of_the_note_format_verifies() -> None:
    # From the documentation of golang.org/x/mod/sumdb/note, where the format comes from.
    key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        b"If you think cryptography is the answer to your problem,\n"
        b"then you don't know what your problem is.\n"
    )
    value = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    assert value[:4] == key.key_id
    assert key.signed(text, value[4:])
    assert not key.signed(text + b"\n", value[4:])


@given(CHECKPOINTS)
def test_what_is_signed_is_read_and_verifies_under_its_key_only(checkpoint: Checkpoint) -> None:
    signed = sign(checkpoint, PRIVATE)
    assert parse_note(signed.note) == signed
    key = public_half(checkpoint.origin, PRIVATE)
    assert parse_vkey(key.vkey) == key
    assert signed.signed_by(key)
    assert not signed.signed_by(public_half(checkpoint.origin, OTHER))
    assert not signed.signed_by(public_half("another", PRIVATE))
    line = kept.line(kept.Kept(signed, "2026-11-22T08:00:00Z"))
    assert kept.parse_line(line) == kept.Kept(signed, "2026-11-22T08:00:00Z")


@given(st.integers(0, len(SIGNED.note) - 1), st.characters(max_codepoint=0x3000))
def test_every_changed_character_of_a_note_is_found(place: int, character: str) -> None:
    changed = SIGNED.note[:place] + character + SIGNED.note[place + 1 :]
    if changed == SIGNED.note:
        return
    try:
        read = parse_note(changed)
    except BadNote:
        return
    assert not read.signed_by(public_half(ORIGIN, PRIVATE))


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_note_or_none(text: str) -> None:
    for parse in (parse_note, parse_vkey, parse_register_line, find_note, find_register_line):
        try:
            parse(text)
        except BadNote:
            continue
    for raw in (text.encode("utf-8", "replace"), b'{"at":"","note":"","size":1}\n'):
        with pytest.raises(BadNote):
            kept.parse_line(raw)


def test_a_note_is_found_in_a_mail_that_somebody_kept() -> None:
    mail = "Kính gửi,\r\n\r\n" + SIGNED.note.replace("\n", "\r\n") + "\r\n-- \r\nVăn thư\r\n"
    assert find_note(mail) == SIGNED
    assert find_note("nothing of the kind") is None
    line = register_line(CHECKPOINT)
    assert find_register_line(f"Sổ giấy:\n   {line.lower()}\n") == parse_register_line(line)


@given(CHECKPOINTS)
def test_a_register_line_is_read_back_as_people_write_it(checkpoint: Checkpoint) -> None:
    line = register_line(checkpoint)
    read = parse_register_line(line)
    assert read.tells(checkpoint)
    groups = line.split("-")
    spoken = "-".join(groups[:2]) + " - " + " ".join(groups[2:]).lower()
    assert parse_register_line(spoken.replace("0", "o").replace("1", "l")) == read
    other = Checkpoint(checkpoint.origin, checkpoint.size, bytes(32))
    assert read.tells(other) == (other == checkpoint)


def test_every_slip_of_one_character_in_a_register_line_is_found() -> None:
    line = register_line(CHECKPOINT)
    for place, character in enumerate(line[5:], 5):
        for wrong in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
            if wrong != character and character != "-":
                with pytest.raises(BadNote):
                    parse_register_line(line[:place] + wrong + line[place + 1 :])
    swapped = 0
    for place in range(5, len(line) - 1):
        one, two = line[place], line[place + 1]
        if one != two and "-" not in (one, two):
            swapped += 1
            with pytest.raises(BadNote):
                parse_register_line(line[:place] + two + one + line[place + 2 :])
    assert swapped > 20


def test_keys_follow_one_another_by_signature_or_say_that_they_do_not() -> None:
    first, second = public_half(ORIGIN, PRIVATE), public_half(ORIGIN, OTHER)
    history = KeyHistory()
    take(history, 2, first_key(first, "begin").detail())
    take(history, 9, next_key(second, first, "yearly", PRIVATE).detail())
    take(history, 11, next_key(first, second, "lost", None).detail())
    assert [history.in_force(size) for size in (1, 2, 8, 9, 10, 11)] == [
        None, first, first, second, second, first
    ]  # fmt: skip
    assert history.without_old_key == [11]
    assert history.origin == ORIGIN


def test_a_key_that_does_not_follow_is_refused() -> None:
    first, second = public_half(ORIGIN, PRIVATE), public_half(ORIGIN, OTHER)
    elsewhere = public_half("elsewhere", OTHER)
    good = next_key(second, first, "yearly", PRIVATE).detail()["ledger_key"]
    bad = (
        next_key(second, first, "forged", OTHER).detail()["ledger_key"],
        next_key(first, second, "of another", None).detail()["ledger_key"],
        next_key(elsewhere, first, "another log", PRIVATE).detail()["ledger_key"],
        first_key(second, "begins again").detail()["ledger_key"],
        {**good, "signature": "?"},
        {**good, "vkey": "no key"},
        {**good, "more": ""},
        {**good, "reason": 7},
        None,
    )
    for said in bad:
        history = KeyHistory()
        take(history, 2, first_key(first, "begin").detail())
        with pytest.raises(BadNote):
            take(history, 9, {"ledger_key": said})
    with pytest.raises(BadNote):
        take(KeyHistory(), 1, {"ledger_key": good})


def take(history: KeyHistory, seq: int, detail: object) -> None:
    history.take(seq, {"type": "ledger key", "detail": detail})
