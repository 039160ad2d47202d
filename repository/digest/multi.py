"""Several digests of one stream of bytes, by OpenSSL: the digests that get recorded.

Algorithm names are those of OCFL 1.1 (§2.2 and the digest registry): ``sha512``, ``sha256``, ``sha1``,
``md5``, ``blake2b-512``, ``sha512/256``; and ``sha384``, ``sha224``, which bags may have (RFC 8493).
Digests are lower-case hexadecimal.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable
from typing import BinaryIO, Final, Protocol

DEFAULT_BUFFER: Final = 256 * 1024


class _Running(Protocol):
    def update(self, data: bytes | bytearray | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class _Maker(Protocol):
    def __call__(self, data: bytes | bytearray | memoryview = ..., /) -> _Running: ...


def _named(openssl_name: str) -> _Maker:
    return functools.partial(hashlib.new, openssl_name, usedforsecurity=False)


def _direct(constructor: Callable[..., _Running]) -> _Maker:
    # `hashlib.new` gives the same and looks for it anew each time: of small pieces that is most.
    return functools.partial(constructor, usedforsecurity=False)


_MAKERS: Final[dict[str, _Maker]] = {
    "sha512": _direct(hashlib.sha512),
    "sha256": _direct(hashlib.sha256),
    # Senders' manifests may use these four; Kho never chooses them.
    "sha384": _direct(hashlib.sha384),
    "sha224": _direct(hashlib.sha224),
    "sha1": _direct(hashlib.sha1),
    "md5": _direct(hashlib.md5),
    "blake2b-512": functools.partial(hashlib.blake2b, digest_size=64, usedforsecurity=False),
    "sha512/256": _named("sha512_256"),
}

SUPPORTED: Final[frozenset[str]] = frozenset(_MAKERS)


class MultiDigest:
    """Digests of everything given to ``update``, in every algorithm asked for.

    An unknown algorithm, or none at all, is a ``ValueError``: a digest over no algorithm would confirm
    anything. ``hexdigests`` may be asked at any moment and changes nothing. Not for use by two threads
    at once.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes = {name: _MAKERS[name]() for name in check_algorithms(algorithms)}
        self._size = 0

    @property
    def size(self) -> int:
        """The number of bytes given so far."""
        return self._size

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes. A view counts by its bytes, whatever its items are; it must be contiguous."""
        for running in self._hashes.values():
            running.update(data)
        self._size += data.nbytes if isinstance(data, memoryview) else len(data)

    def hexdigests(self) -> dict[str, str]:
        """The digests of the bytes given so far, in the order the algorithms were asked for."""
        return {name: running.hexdigest() for name, running in self._hashes.items()}


def digest_bytes(data: bytes | bytearray | memoryview, algorithms: Iterable[str]) -> dict[str, str]:
    """The digests of one piece of memory."""
    return digester(tuple(algorithms))(data)


@functools.lru_cache(64)
def digester(
    algorithms: tuple[str, ...],
) -> Callable[[bytes | bytearray | memoryview], dict[str, str]]:
    """What `digest_bytes` does with these algorithms: for very many pieces of memory."""
    makers = {name: _MAKERS[name] for name in check_algorithms(algorithms)}

    def digests(data: bytes | bytearray | memoryview) -> dict[str, str]:
        return {name: make(data).hexdigest() for name, make in makers.items()}

    return digests


def digest_stream(
    stream: BinaryIO, algorithms: Iterable[str], *, buffer_size: int = DEFAULT_BUFFER
) -> tuple[int, dict[str, str]]:
    """Read a stream to its end: (bytes read, digests). What the stream raises goes to the caller.

    A stream that has nothing to give *yet* (non-blocking) raises ``BlockingIOError``: its end is not
    known, so no digest is given.
    """
    if buffer_size < 1:
        raise ValueError("buffer_size must be at least 1")
    digest = MultiDigest(algorithms)
    while data := stream.read(buffer_size):
        digest.update(data)
    if data is None:
        raise BlockingIOError("the stream has no data yet and its end is not known")
    return digest.size, digest.hexdigests()


def check_algorithms(algorithms: Iterable[str]) -> tuple[str, ...]:
    """The names without repetition, in order; ``ValueError`` for an unknown one or none."""
    names = tuple(dict.fromkeys(algorithms))
    unknown = [name for name in names if name not in _MAKERS]
    if unknown:
        raise ValueError(
            f"unknown digest algorithm {unknown[0]!r}; known: {', '.join(sorted(SUPPORTED))}"
        )
    if not names:
        raise ValueError("at least one digest algorithm is needed")
    return names
