"""Proofs of small trees that are made to fit: too short, too long, of nothing, with the roots that
would make a careless check say yes. What a mutation test changes in the checks is noticed by these."""

from __future__ import annotations

import pytest

from preservation.ledger.tree import (
    HASH_BYTES,
    Growing,
    check_consistency,
    check_inclusion,
    complete_root,
    consistency_proof,
    inclusion_proof,
    join_peaks,
    leaf_hash,
    node_hash,
    tree_root,
)
from tests.preservation.ledger.test_tree import KNOWN_LEAVES, KNOWN_ROOTS, LEAVES, mth, nodes

MOST = 17


def test_hashes_are_thirty_two_bytes_and_leaves_are_no_nodes() -> None:
    assert HASH_BYTES == 32 == len(leaf_hash(b""))
    assert leaf_hash(b"ab") != node_hash(b"a", b"b")
    assert node_hash(b"a" * 32, b"b" * 32) != node_hash(b"b" * 32, b"a" * 32)


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_complete_trees_and_joined_peaks_have_the_roots_of_the_definition(size: int) -> None:
    row = b"".join(map(leaf_hash, KNOWN_LEAVES[:size]))
    assert complete_root(row).hex() == KNOWN_ROOTS[size - 1]
    assert complete_root(bytearray(row)).hex() == KNOWN_ROOTS[size - 1]
    assert join_peaks([mth(0, 4), mth(4, 6), mth(6, 7)]) == mth(0, 7)
    assert join_peaks([mth(0, 4)]) == mth(0, 4)


def test_a_tree_knows_its_size() -> None:
    tree = Growing()
    for size in range(MOST):
        assert tree.size == size
        tree.add(b"x")
    assert tree_root(1, nodes) == mth(0, 1)


def test_a_tree_that_grows_has_at_every_size_the_root_of_the_definition() -> None:
    tree = Growing()
    for size in range(1, MOST):
        tree.add(LEAVES[size - 1])
        assert tree.root() == tree_root(size, nodes) == mth(0, size)


def test_another_root_leaf_or_place_is_refused() -> None:
    other = bytes(32)
    for size in range(1, MOST):
        for index in range(size):
            proof = inclusion_proof(index, size, nodes)
            leaf, root = mth(index, index + 1), mth(0, size)
            assert check_inclusion(leaf, index, size, proof, other) is False
            assert check_inclusion(other, index, size, proof, root) is False
        for old in range(1, size):
            proof = consistency_proof(old, size, nodes)
            first, second = mth(0, old), mth(0, size)
            assert check_consistency(old, size, other, second, proof) is False
            assert check_consistency(old, size, first, other, proof) is False


def test_every_answer_of_the_checks_is_yes_or_no_and_right() -> None:
    for size in range(1, MOST):
        for index in range(size):
            proof = inclusion_proof(index, size, nodes)
            leaf, root = mth(index, index + 1), mth(0, size)
            assert check_inclusion(leaf, index, size, proof, root) is True
            for wrong in ([*proof, root], proof[:-1] if proof else [leaf], [root, *proof]):
                assert check_inclusion(leaf, index, size, wrong, root) is False
            for place in (-1, -2, size, size + 1):
                assert check_inclusion(leaf, place, size, proof, root) is False
    for new in range(1, MOST):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, nodes)
            first, second = mth(0, old), mth(0, new)
            assert check_consistency(old, new, first, second, proof) is True
            for wrong in ([*proof, first], [second, *proof], *([proof[:-1]] if proof else [])):
                assert check_consistency(old, new, first, second, wrong) is False
            for size in (0, -1, new + 1):
                assert check_consistency(size, new, first, second, proof) is False


def test_a_proof_that_ends_below_the_root_leads_nowhere_whatever_root_is_claimed() -> None:
    # Each step is right, and the root claimed is the one of the subtree that the steps lead to.
    assert check_inclusion(mth(0, 1), 0, 4, [], mth(0, 1)) is False
    assert check_inclusion(mth(0, 1), 0, 4, [mth(1, 2)], mth(0, 2)) is False
    assert check_inclusion(mth(5, 6), 5, 8, [mth(4, 5), mth(6, 8)], mth(4, 8)) is False
    assert check_consistency(2, 8, mth(0, 2), mth(0, 4), [mth(2, 4)]) is False
    assert check_consistency(2, 8, mth(0, 2), mth(0, 2), []) is False
    assert check_consistency(3, 8, mth(0, 3), mth(0, 4), [mth(2, 3), mth(3, 4), mth(0, 2)]) is False


def test_a_proof_that_goes_on_above_the_root_leads_nowhere_whatever_root_is_claimed() -> None:
    more = b"\x07" * 32
    for above in (node_hash(more, mth(0, 1)), node_hash(mth(0, 1), more)):
        assert check_inclusion(mth(0, 1), 0, 1, [more], above) is False
    path = inclusion_proof(2, 3, nodes)
    for above in (node_hash(more, mth(0, 3)), node_hash(mth(0, 3), more)):
        assert check_inclusion(mth(2, 3), 2, 3, [*path, more], above) is False
    path = consistency_proof(2, 3, nodes)
    for old_above, new_above in (
        (node_hash(more, mth(0, 2)), node_hash(more, mth(0, 3))),
        (mth(0, 2), node_hash(mth(0, 3), more)),
        (mth(0, 2), node_hash(more, mth(0, 3))),
    ):
        assert check_consistency(2, 3, old_above, new_above, [*path, more]) is False
    path = consistency_proof(3, 4, nodes)
    above = (node_hash(more, mth(0, 3)), node_hash(more, mth(0, 4)))
    assert check_consistency(3, 4, *above, [*path, more]) is False


def test_two_trees_of_one_size_are_one_tree_and_need_no_proof() -> None:
    assert check_consistency(4, 4, mth(0, 4), mth(0, 4), []) is True
    assert check_consistency(4, 4, mth(0, 4), mth(1, 5), []) is False
    assert check_consistency(4, 4, mth(0, 4), mth(0, 4), [mth(0, 4)]) is False
    assert consistency_proof(4, 4, nodes) == []


def test_no_proof_is_no_proof() -> None:
    assert check_consistency(3, 7, mth(0, 3), mth(0, 7), []) is False
    assert check_consistency(4, 7, mth(0, 4), mth(0, 7), []) is False


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (4, 3), (0, 0)])
def test_a_leaf_that_is_not_there_cannot_be_proven(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, nodes)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (-1, 3), (4, 3), (0, 0)])
def test_a_tree_that_begins_no_other_cannot_be_proven_to(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        consistency_proof(old, new, nodes)
