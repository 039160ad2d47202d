"""Ed25519 in pure Python: the vectors of RFC 8032 §7.1, OpenSSL as a judge, and no second encodings."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.offline.kho_verify import ORDER, Broken, P, check_signature

VECTORS = [  # RFC 8032 §7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]  # fmt: skip


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        check_signature(public, message, signature)
    except Broken:
        return False
    return True


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold(public: str, message: str, signature: str) -> None:
    assert holds(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))
    assert not holds(bytes.fromhex(public), bytes.fromhex(message) + b"x", bytes.fromhex(signature))


@settings(max_examples=15, deadline=None)
@given(
    st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511), st.booleans()
)
def test_openssl_and_we_agree_on_signatures_whole_and_flipped(
    seed: bytes, message: bytes, bit: int, of_key: bool
) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert holds(public, message, signature)
    harmed = bytearray(public if of_key else signature)
    harmed[bit // 8 % len(harmed)] ^= 1 << bit % 8
    public, signature = (bytes(harmed), signature) if of_key else (public, bytes(harmed))
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        theirs = True
    except (InvalidSignature, ValueError):
        theirs = False
    assert holds(public, message, signature) is theirs is False


def test_a_second_encoding_of_the_same_signature_is_refused() -> None:
    public, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    s = int.from_bytes(signature[32:], "little") + ORDER
    assert not holds(public, message, signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("y", [P, P + 1, P - 1 | 1 << 255, 1 | 1 << 255, 2**255 - 1, 2, 2**256 - 1])
def test_a_key_that_is_no_point_or_not_in_its_one_encoding_is_refused(y: int) -> None:
    signature = bytes.fromhex(VECTORS[0][2])
    assert not holds(y.to_bytes(32, "little"), b"", signature)


@pytest.mark.parametrize("sizes", [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_other_lengths_are_refused(sizes: tuple[int, int]) -> None:
    assert not holds(b"\1" * sizes[0], b"", b"\1" * sizes[1])
