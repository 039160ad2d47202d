"""The tree against known answers and against the definition, written down again slowly."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.ledger.tree import (
    Growing,
    check_consistency,
    check_inclusion,
    complete_root,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
)

# The leaves and roots that implementations of RFC 6962 are tried with everywhere.
KNOWN_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 300
LEAVES = [number.to_bytes(32, "big") for number in range(MOST)]


@cache
def mth(start: int, end: int) -> bytes:
    """RFC 9162 §2.1.1, word for word, over LEAVES[start:end]."""
    if end - start == 1:
        return hashlib.sha256(b"\x00" + LEAVES[start]).digest()
    k = 1
    while 2 * k < end - start:
        k *= 2
    return hashlib.sha256(b"\x01" + mth(start, start + k) + mth(start + k, end)).digest()


def path(m: int, start: int, end: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1, word for word; `m` counts from `start`."""
    n = end - start
    if n == 1:
        return []
    k = 1
    while 2 * k < n:
        k *= 2
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, b: bool) -> list[bytes]:
    """RFC 9162 §2.1.4.1, word for word."""
    n = end - start
    if m == n:
        return [] if b else [mth(start, end)]
    k = 1
    while 2 * k < n:
        k *= 2
    if m <= k:
        return [*subproof(m, start, start + k, b), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, False), mth(start, start + k)]


def nodes(level: int, number: int) -> bytes:
    return mth(number << level, (number + 1) << level)


def test_the_known_leaves_have_the_known_roots() -> None:
    tree = Growing()
    for leaf, root in zip(KNOWN_LEAVES, KNOWN_ROOTS, strict=True):
        tree.add(leaf)
        assert tree.root().hex() == root
    assert complete_root(b"".join(map(leaf_hash, KNOWN_LEAVES))).hex() == KNOWN_ROOTS[-1]


def test_every_tree_has_the_root_of_the_definition() -> None:
    tree = Growing()
    for size in range(1, MOST + 1):
        tree.add(LEAVES[size - 1])
        assert tree.root() == tree_root(size, nodes) == mth(0, size)


def test_every_inclusion_proof_is_that_of_the_definition_and_leads_to_the_root() -> None:
    for size in range(1, MOST + 1):
        for index in range(0, size, 1 if size <= 70 else 7):
            proof = inclusion_proof(index, size, nodes)
            assert proof == path(index, 0, size)
            assert check_inclusion(mth(index, index + 1), index, size, proof, mth(0, size))


def test_every_consistency_proof_is_that_of_the_definition_and_holds() -> None:
    for new in range(1, MOST + 1):
        for old in range(1, new + 1, 1 if new <= 70 else 7):
            proof = consistency_proof(old, new, nodes)
            assert proof == (subproof(old, 0, new, True) if old < new else [])
            assert check_consistency(old, new, mth(0, old), mth(0, new), proof)


SIZES = st.integers(1, MOST)


@given(st.data())
def test_a_tampered_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    proof, leaf, root = path(index, 0, size), mth(index, index + 1), mth(0, size)
    other = data.draw(st.integers(0, MOST - 1).filter(lambda number: number != index))
    assert not check_inclusion(mth(other, other + 1), index, size, proof, root)
    if other < size:
        assert not check_inclusion(leaf, other, size, proof, root)
    assert not check_inclusion(leaf, index, size, [*proof, root], root)
    assert not check_inclusion(leaf, -1, size, proof, root)
    assert not check_inclusion(leaf, size, size, proof, root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        assert not check_inclusion(leaf, index, size, proof[:place] + proof[place + 1 :], root)
        proof[place] = flipped(proof[place])
        assert not check_inclusion(leaf, index, size, proof, root)


@given(st.data())
def test_a_tampered_consistency_proof_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, MOST))
    old = data.draw(st.integers(1, new - 1))
    proof = subproof(old, 0, new, True)
    first, second = mth(0, old), mth(0, new)
    assert not check_consistency(old, new, flipped(first), second, proof)
    assert not check_consistency(old, new, first, flipped(second), proof)
    assert not check_consistency(old, new, first, second, [*proof, first])
    assert not check_consistency(old, new, first, second, proof[:-1])
    assert not check_consistency(new, old, second, first, proof)
    place = data.draw(st.integers(0, len(proof) - 1))
    proof[place] = flipped(proof[place])
    assert not check_consistency(old, new, first, second, proof)


@given(SIZES, SIZES, st.lists(st.binary(min_size=32, max_size=32), max_size=12))
def test_any_other_proof_is_refused_and_never_fails(
    size: int, place: int, proof: list[bytes]
) -> None:
    root = mth(0, size)
    assert not check_inclusion(b"\0" * 32, place - 1, size, proof, root)
    wanted = subproof(place, 0, size, True) if place < size else []
    if proof != wanted:
        assert not check_consistency(place, size, mth(0, place), root, proof)


def test_what_cannot_be_proven_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(3, 3, nodes)
    with pytest.raises(ValueError, match="cannot begin"):
        consistency_proof(4, 3, nodes)
    assert not check_consistency(0, 3, mth(0, 1), mth(0, 3), [])


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]
