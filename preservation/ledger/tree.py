"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: hashes, proofs, and their checks. Pure.

Where the hashes come from is the caller's business: a proof is built from *nodes*, the roots of
complete subtrees, which a function gives by level and number. Node (0, i) is the hash of leaf i,
node (h, i) the root over the 2^h leaves from i·2^h on. Nothing here trusts a proof: the checks take
what an outsider has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from repository.digest.small import sha256, sha256_of_each

HASH_BYTES = 32
Nodes = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right)


def complete_root(hashes: bytes | bytearray) -> bytes:
    """The root over a power of two of adjacent nodes of one level, 32 bytes each, joined."""
    row = bytes(hashes)
    while len(row) > HASH_BYTES:
        row = sha256_of_each(row, 2 * HASH_BYTES, b"\x01")
    return row


def join_peaks(peaks: Iterable[bytes]) -> bytes:
    """The root of a tree whose largest complete subtrees, from left to right, are `peaks`."""
    found = list(peaks)
    root = found.pop()
    while found:
        root = node_hash(found.pop(), root)
    return root


class Growing:
    """A tree that grows leaf by leaf and knows its root: one hash for each bit of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, data: bytes) -> None:
        """One more leaf."""
        new = leaf_hash(data)
        size = self.size
        while size & 1:
            new = node_hash(self._peaks.pop(), new)
            size >>= 1
        self._peaks.append(new)
        self.size += 1

    def root(self) -> bytes:
        """The root now. The tree must not be empty."""
        return join_peaks(self._peaks)


def tree_root(size: int, nodes: Nodes) -> bytes:
    """The root of the tree of `size` leaves."""
    return _range_root(0, size, nodes)


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The path from leaf `index` to the root of the tree of `size` leaves (§2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    return _path(index, 0, size, nodes)


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """What shows that the tree of `old` leaves is a beginning of that of `new` (§2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} leaves cannot begin one of {new}")
    return _subproof(old, 0, new, True, nodes) if old < new else []


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof leads from this leaf hash, at this place, to this root (§2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that the one tree is a beginning of the other (§2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, step)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _range_root(start: int, end: int, nodes: Nodes) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _left(size)
    return node_hash(_range_root(start, middle, nodes), _range_root(middle, end, nodes))


def _path(index: int, start: int, end: int, nodes: Nodes) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _left(end - start)
    if index < middle:
        return [*_path(index, start, middle, nodes), _range_root(middle, end, nodes)]
    return [*_path(index, middle, end, nodes), _range_root(start, middle, nodes)]


def _subproof(old: int, start: int, end: int, known: bool, nodes: Nodes) -> list[bytes]:
    """`known`: the subtree of the old tree is the old tree itself, whose root the asker has."""
    if old == end:
        return [] if known else [_range_root(start, end, nodes)]
    middle = start + _left(end - start)
    if old <= middle:
        return [*_subproof(old, start, middle, known, nodes), _range_root(middle, end, nodes)]
    return [*_subproof(old, middle, end, False, nodes), _range_root(start, middle, nodes)]


def _left(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
