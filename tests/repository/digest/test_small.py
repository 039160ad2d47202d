import hashlib

from hypothesis import given
from hypothesis import strategies as st

from repository.digest.small import sha256, sha256_of_each


@given(st.lists(st.binary(min_size=64, max_size=64), max_size=5), st.binary(max_size=2))
def test_each_piece_has_its_own_digest_behind_what_is_before(
    pieces: list[bytes], before: bytes
) -> None:
    found = sha256_of_each(b"".join(pieces), 64, before)
    assert found == b"".join(hashlib.sha256(before + piece).digest() for piece in pieces)


def test_a_shorter_last_piece_is_a_piece() -> None:
    assert sha256_of_each(b"abc", 2, b"") == sha256(b"ab") + sha256(b"c")
