import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.digest import SUPPORTED, MultiDigest, digest_bytes, digest_stream

ALGORITHMS = st.lists(st.sampled_from(sorted(SUPPORTED)), min_size=1, unique=True)


def expected(data: bytes, name: str) -> str:
    known = {"blake2b-512": "blake2b", "sha512/256": "sha512_256"}
    return hashlib.new(known.get(name, name), data).hexdigest()


@given(pieces=st.lists(st.binary(max_size=3000)), algorithms=ALGORITHMS)
def test_pieces_give_the_digests_of_the_whole(pieces: list[bytes], algorithms: list[str]) -> None:
    digest = MultiDigest(algorithms)
    for piece in pieces:
        digest.update(piece)
    whole = b"".join(pieces)
    assert digest.size == len(whole)
    assert digest.hexdigests() == {name: expected(whole, name) for name in algorithms}
    assert list(digest.hexdigests()) == algorithms
    assert digest_bytes(whole, algorithms) == digest.hexdigests()


@given(data=st.binary(max_size=5000), algorithms=ALGORITHMS, buffer_size=st.integers(1, 700))
def test_a_stream_is_digested_to_its_end(
    data: bytes, algorithms: list[str], buffer_size: int
) -> None:
    size, digests = digest_stream(io.BytesIO(data), algorithms, buffer_size=buffer_size)
    assert (size, digests) == (len(data), digest_bytes(data, algorithms))


def test_the_digests_of_no_bytes_are_those_of_the_standard() -> None:
    assert digest_bytes(b"", ["sha256", "md5"]) == {
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "md5": "d41d8cd98f00b204e9800998ecf8427e",
    }


def test_a_view_counts_by_its_bytes() -> None:
    view = memoryview(bytearray(range(16))).cast("I")
    digest = MultiDigest(["sha256"])
    digest.update(view)
    assert digest.size == 16
    assert digest.hexdigests() == digest_bytes(bytes(range(16)), ["sha256"])


def test_asking_for_digests_does_not_end_them() -> None:
    digest = MultiDigest(["sha512"])
    digest.update(b"a")
    assert digest.hexdigests() == digest_bytes(b"a", ["sha512"])
    digest.update(b"b")
    assert digest.hexdigests() == digest_bytes(b"ab", ["sha512"])


@pytest.mark.parametrize("algorithms", [[], ["sha513"], ["sha512", "SHA256"], "sha512", [""]])
def test_an_unknown_algorithm_or_none_is_refused(algorithms: Any) -> None:
    with pytest.raises(ValueError, match="digest algorithm"):
        MultiDigest(algorithms)
    with pytest.raises(ValueError, match="digest algorithm"):
        digest_stream(io.BytesIO(), algorithms)


def test_a_stream_without_data_yet_is_not_taken_for_ended() -> None:
    class Slow(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> Any:
            return None

    with pytest.raises(BlockingIOError):
        digest_stream(Slow(), ["sha512"])  # type: ignore[arg-type]


def test_what_a_stream_raises_goes_to_the_caller() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(5, "broken")

    with pytest.raises(OSError, match="broken"):
        digest_stream(Broken(), ["sha512"])  # type: ignore[arg-type]
