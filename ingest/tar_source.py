"""The unpacked bytes of a `.tar.gz` by position, without unpacking it anywhere. Forward is cheap.

A gzip stream can only be read forwards: a step back begins again. `ingest.tar_container` remembers the
metadata when it first comes by, so that judging and copying read the file twice and not once for every
member. What the stream gives is bounded by ratio and total while it is read.
"""

from __future__ import annotations

import threading
import zlib
from typing import Final

from ingest.container import ContainerFault, Limits, bomb
from ingest.zip_directory import Source
from repository.problems import error

_CHUNK: Final = 256 * 1024


class GzipSource:
    """Positioned reads of what a gzip file holds. Raises ContainerFault for a bomb or damage."""

    def __init__(self, name: str, packed: Source, limits: Limits) -> None:
        self._name = name
        self._packed = packed
        self._limits = limits
        self._lock = threading.Lock()
        self._rewind()

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end."""
        if length <= 0:
            return b""
        with self._lock:
            if offset < self._start:
                self._rewind()
            self._skip_to(offset)
            while self._start + len(self._ready) < offset + length and self._more():
                pass
            begin = offset - self._start
            return bytes(self._ready[begin : begin + length]) if begin >= 0 else b""

    def close(self) -> None:
        """Let go of the sender's file."""
        self._packed.close()

    def _rewind(self) -> None:
        self._inflater = zlib.decompressobj(31)
        self._read = 0  # packed bytes taken in
        self._tail = b""
        self._start = 0  # position of the first byte of `_ready`
        self._ready = bytearray()
        self._ended = False

    def _skip_to(self, offset: int) -> None:
        while self._start + len(self._ready) <= offset:
            self._start += len(self._ready)
            self._ready.clear()
            if not self._more():
                return
        del self._ready[: offset - self._start]
        self._start = offset

    def _more(self) -> bool:
        """Unpack a little more; False at the end."""
        while not self._ended:
            data = self._tail or self._packed.read_at(self._read, _CHUNK)
            if not self._tail:
                self._read += len(data)
            if not data:
                raise self._damaged("it is cut short")
            try:
                out = self._inflater.decompress(data, _CHUNK)
            except zlib.error as fault:
                raise self._damaged(str(fault)) from None
            self._tail = self._inflater.unconsumed_tail
            if self._inflater.eof:
                self._next_part()
            if out:
                self._ready += out
                self._judge(self._start + len(self._ready))
                return True
        return False

    def _next_part(self) -> None:
        """A gzip file may be several, one after the other; zeros may fill it up."""
        rest = self._inflater.unused_data or self._packed.read_at(self._read, 64)
        if not self._inflater.unused_data:
            self._read += len(rest)
        if not rest.strip(b"\0"):
            self._ended = True
            return
        self._inflater = zlib.decompressobj(31)
        self._tail = rest

    def _judge(self, total: int) -> None:
        limits = self._limits
        if total > limits.max_total:
            raise ContainerFault(bomb(self._name, "total", total, limits.max_total))
        ratio = total // max(self._read, 1)
        if total > limits.total_ratio_from and ratio > limits.max_total_ratio:
            raise ContainerFault(bomb(self._name, "total-ratio", ratio, limits.max_total_ratio))

    def _damaged(self, detail: str) -> ContainerFault:
        return ContainerFault(
            error("ING-CORRUPT", self._name, name=self._name, reason="container", detail=detail)
        )
