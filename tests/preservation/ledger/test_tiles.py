"""The tree on disk: grown in any steps, lost and made again, tampered with and found."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.ledger.tiles import Tiles, TreeIncomplete, tile_name
from preservation.ledger.tree import (
    Growing,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)
from repository.errors import Corrupt

MOST = 70_000
LEAVES = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(MOST)]


def grown(folder: Path, *sizes: int) -> Tiles:
    """The tree of the last size, written and taken up again at each."""
    tiles = Tiles(folder)
    for size in sizes:
        tiles = Tiles(folder)
        if size != sizes[0]:
            tiles.load(sizes[sizes.index(size) - 1])
        for leaf in LEAVES[tiles.size : size]:
            tiles.add(leaf)
        tiles.write()
    return tiles


def root_of(size: int) -> bytes:
    tree = Growing()
    for leaf in LEAVES[:size]:
        tree.add(leaf)
    return tree.root()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_tiles_are_named_as_the_standard_says() -> None:
    assert tile_name(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_name(1, 7, 44) == "tile/1/007.p/44"
    assert tile_name("entries", 999) == "tile/entries/999"
    assert tile_name("entries", 1000, 1) == "tile/entries/x001/000.p/1"


def test_what_lies_on_disk_is_what_the_standard_says_byte_for_byte(tmp_path: Path) -> None:
    grown(tmp_path, 100, 600)
    assert files(tmp_path) == {
        "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
        "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88",
    }  # fmt: skip
    assert (tmp_path / "tile/0/001").read_bytes() == b"".join(map(leaf_hash, LEAVES[256:512]))
    bundle = b"".join(b"\x00\x20" + leaf for leaf in LEAVES[512:600])
    assert (tmp_path / "tile/entries/002.p/88").read_bytes() == bundle
    above = b"".join(tree_of(LEAVES[start : start + 256]) for start in (0, 256))
    assert (tmp_path / "tile/1/000.p/2").read_bytes() == above


def tree_of(leaves: list[bytes]) -> bytes:
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def test_a_tree_of_three_levels_is_taken_up_and_proves(tmp_path: Path) -> None:
    size = 66_000
    grown(tmp_path, 65_536, size)
    tiles = Tiles(tmp_path)
    tiles.load(size)
    roots, tree = {}, Growing()
    for leaf in LEAVES[:size]:
        tree.add(leaf)
        if tree.size in (1, 256, 65_535, 65_536, 65_537, size):
            roots[tree.size] = tree.root()
    root = roots.pop(size)
    assert tiles.root() == root
    assert (tmp_path / "tile/2/000.p/1").stat().st_size == 32
    for index in (0, 255, 256, 40_000, 65_535, 65_536, size - 1):
        proof = inclusion_proof(index, size, tiles.node)
        assert check_inclusion(leaf_hash(LEAVES[index]), index, size, proof, root)
    for old, old_root in roots.items():
        proof = consistency_proof(old, size, tiles.node)
        assert check_consistency(old, size, old_root, root, proof)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 800), min_size=1, max_size=4, unique=True).map(sorted))
def test_grown_in_any_steps_it_is_the_same_tree(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        grown(Path(one), *sizes)
        assert grown(Path(other), sizes[-1]).root() == root_of(sizes[-1])
        assert {name: (Path(one) / name).read_bytes() for name in files(Path(one))} == {
            name: (Path(other) / name).read_bytes() for name in files(Path(other))
        }
        again = Tiles(Path(one))
        again.load(sizes[-1])
        assert (again.root(), again.last_leaf()) == (root_of(sizes[-1]), LEAVES[sizes[-1] - 1])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 700), st.data())
def test_any_file_lost_or_torn_is_made_again_and_any_other_byte_is_found(
    size: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        grown(folder, size)
        name = data.draw(st.sampled_from(sorted(files(folder))))
        path, whole = folder / name, (folder / name).read_bytes()
        kind = data.draw(st.sampled_from(("lost", "short", "zeros", "changed", "longer")))
        at = data.draw(st.integers(0, len(whole) - 1))
        path.unlink()
        if kind == "short":
            path.write_bytes(whole[:at])
        if kind == "zeros":
            path.write_bytes(bytes(len(whole)))
        if kind == "changed":
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        if kind == "longer":
            path.write_bytes(whole + b"x")
        held = compared(folder, size)
        again = Tiles(folder)
        for leaf in LEAVES[:size]:
            again.add(leaf)
        if kind in ("changed", "longer"):
            assert held == [name]
            with pytest.raises(Corrupt):
                again.write()
        else:
            assert held == []
            again.write()
            assert path.read_bytes() == whole


def compared(folder: Path, size: int) -> list[str]:
    tiles = Tiles(folder)
    for leaf in LEAVES[:size]:
        tiles.add(leaf)
    return tiles.compare_end()


def test_a_tree_that_goes_on_behind_its_end_is_found(tmp_path: Path) -> None:
    grown(tmp_path, 300)
    assert compared(tmp_path, 300) == []
    assert compared(tmp_path, 290) == ["tile/0/001.p/44", "tile/entries/001.p/44"]
    found = compared(tmp_path, 250)
    assert {"tile/0/000", "tile/entries/000", "tile/0/001", "tile/1/000"} <= set(found)


def test_a_missing_tile_is_said_to_be_missing(tmp_path: Path) -> None:
    grown(tmp_path, 600)
    tiles = Tiles(tmp_path)
    tiles.load(600)
    shutil.move(tmp_path / "tile/0/000", tmp_path / "aside")
    with pytest.raises(TreeIncomplete, match="tile/0/000"):
        inclusion_proof(3, 600, tiles.node)
    shutil.rmtree(tmp_path / "tile/0/002.p")
    with pytest.raises(TreeIncomplete, match=r"tile/0/002\.p/88"):
        Tiles(tmp_path).load(600)


def test_what_a_crash_left_ahead_is_taken_up_as_a_beginning(tmp_path: Path) -> None:
    grown(tmp_path, 200, 260)  # written, but the checkpoint of 260 was never signed
    tiles = Tiles(tmp_path)
    tiles.load(200)
    assert tiles.root() == root_of(200)
    for leaf in LEAVES[200:280]:
        tiles.add(leaf)
    tiles.write()
    assert compared(tmp_path, 280) == []
