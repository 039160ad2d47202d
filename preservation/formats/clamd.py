"""ClamAV's daemon, asked over its socket: `VERSION` and `INSTREAM` (clamd(8)).

Nothing found means: nothing found by that engine with those signatures. What could not be asked is
*not checked*, with the reason, and never a pass. The bytes are sent, so the daemon needs no right
to read them and may run on another machine.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from preservation.dossier import VirusFact, VirusVerdict
from preservation.formats.structure.seen import line_of
from repository.clock import utc_text

_CHUNK: Final = 256 * 1024
_LONGEST_ANSWER: Final = 4096
_VERSION: Final = re.compile(r"ClamAV (?P<engine>[^/]+)(?:/(?P<number>\d+)/(?P<date>.+))?\Z")
_DATE: Final = "%a %b %d %H:%M:%S %Y"
_TOOL: Final = "ClamAV"


@dataclass(frozen=True, slots=True)
class Database:
    """The daemon's engine and signatures, as it told them. `dated` is None when it told no date."""

    tool: str
    label: str
    dated: datetime | None = None

    def days_old(self, now: datetime) -> int | None:
        return None if self.dated is None else (now - self.dated) // timedelta(days=1)


class ClamdUnavailable(Exception):
    """The daemon could not be asked. The text says why."""


class Clamd:
    """One daemon: `unix:/run/clamav/clamd.ctl` or `tcp:HOST:PORT`. Several threads may ask at once."""

    def __init__(self, address: str, *, seconds: float = 120.0) -> None:
        self._address = address
        self._seconds = seconds

    def database(self) -> Database:
        """What it looks with. ClamdUnavailable."""
        with self._connected() as connection:
            connection.sendall(b"zVERSION\0")
            told = _answer(connection)
        match = _VERSION.match(told)
        if match is None:
            raise ClamdUnavailable(f"what answers at {self._address} is no clamd: {told[:60]}")
        tool = f"{_TOOL} {match['engine']}"
        if match["number"] is None:
            return Database(tool, "signatures of no stated date")
        try:
            # It tells its own local time without a zone; a day more or less is no matter here.
            dated = datetime.strptime(match["date"], _DATE).replace(tzinfo=UTC)
        except ValueError:
            return Database(tool, line_of(f"{match['number']} of {match['date']}"))
        return Database(tool, f"{match['number']} of {dated.date().isoformat()}", dated)

    def scan(self, path: str, database: Database, at: datetime) -> VirusFact:
        """What it says of one file. Raises nothing."""

        def fact(verdict: VirusVerdict, detail: str = "") -> VirusFact:
            return VirusFact(verdict, database.tool, database.label, utc_text(at), line_of(detail))

        try:
            told = self._sent(path)
        except ClamdUnavailable as problem:
            return fact(VirusVerdict.NOT_CHECKED, str(problem))
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            return fact(VirusVerdict.NOT_CHECKED, f"the file could not be read: {reason}")
        said = told.removeprefix("stream: ")
        if said == "OK":
            return fact(VirusVerdict.NOTHING_FOUND)
        if said.endswith(" FOUND"):
            return fact(VirusVerdict.FOUND, said.removesuffix(" FOUND"))
        return fact(VirusVerdict.NOT_CHECKED, f"it answered: {said[:200]}")

    def _sent(self, path: str) -> str:
        with Path(path).open("rb") as stream, self._connected() as connection:
            try:
                connection.sendall(b"zINSTREAM\0")
                while chunk := stream.read(_CHUNK):
                    connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
                connection.sendall(b"\0\0\0\0")
            except (BrokenPipeError, ConnectionResetError):
                pass  # it stops listening at its own limit, and says so
            return _answer(connection)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        kind, _, where = self._address.partition(":")
        try:
            if kind == "unix":
                connection = _unix(where, self._seconds)
            else:
                host, _, port = where.rpartition(":")
                connection = socket.create_connection((host, int(port)), self._seconds)
        except (OSError, ValueError, OverflowError) as problem:
            why = problem.strerror if isinstance(problem, OSError) else None
            raise ClamdUnavailable(
                f"clamd cannot be asked at {self._address}: {why or problem}"
            ) from problem
        with connection:
            yield connection


def _unix(path: str, seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(seconds)
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket) -> str:
    """One answer, up to its NUL. ClamdUnavailable."""
    told = b""
    try:
        while b"\0" not in told and len(told) < _LONGEST_ANSWER:
            got = connection.recv(_LONGEST_ANSWER)
            if not got:
                break
            told += got
    except OSError as problem:
        raise ClamdUnavailable(f"clamd did not answer: {problem.strerror or problem}") from problem
    if not told:
        raise ClamdUnavailable("clamd ended the connection without an answer")
    return told.partition(b"\0")[0].decode("utf-8", "replace").strip()
