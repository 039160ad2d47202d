"""Identification by siegfried (pygfried), in a child process that any file may bring down.

The child is started at the first question and kept. A file at which it dies or is not done in time
is UNKNOWN, with that as the reason; the child is started again and the next file looked at. A
question costs about half a millisecond for a small file; a large file of no known kind is read to
its end.
"""

from __future__ import annotations

import stat
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from preservation.dossier import FormatFact
from preservation.formats.child import Child, ChildEnded, ChildSilent
from preservation.formats.facts import extension_of, fact_of, unknown

_WORKER: Final = "preservation.formats.worker"
_START_SECONDS: Final = 60.0
_SLOWEST: Final = 8 * 1024 * 1024  # bytes a second; measured: 65 MB/s for a file of zeros
_LONGEST_SECONDS: Final = 1800.0
_NO_TOOL: Final = "pygfried"


class SiegfriedIdentifier:
    """A `FormatIdentifier` with a child process of its own. Usable from several threads, in turn.

    `seconds` is what each file is given, beside the time its size needs. Starts nothing until asked.
    """

    def __init__(self, *, seconds: float = 30.0, worker: str = _WORKER) -> None:
        self._seconds = seconds
        self._worker = worker
        self._turn = threading.Lock()
        self._child: Child | None = None
        self._tool = _NO_TOOL
        self._signature = "none"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child. It is started again should somebody ask."""
        with self._turn:
            if self._child is not None:
                self._child.close()
                self._child = None

    def identify(
        self, paths: Mapping[str, str], *, names: Mapping[str, str] | None = None
    ) -> Mapping[str, FormatFact]:
        """See `FormatIdentifier.identify`."""
        facts: dict[str, FormatFact] = {}
        with self._turn, tempfile.TemporaryDirectory(prefix="kho-formats-") as folder:
            missing = ""  # why the tool cannot be used at all
            for number, (file_id, path) in enumerate(paths.items()):
                if not missing:
                    missing = self._start()
                name = (names or {}).get(file_id, "")
                facts[file_id] = (
                    self._unknown(missing)
                    if missing
                    else self._ask(Path(folder), number, path, name)
                )
        return facts

    def _start(self) -> str:
        """Have a child that answers; else say why there is none."""
        if self._child is not None:
            return ""
        try:
            child = Child(self._worker)
        except OSError as problem:
            return f"the identifier could not be started: {problem.strerror}"
        try:
            hello = child.answer(_START_SECONDS)
        except ChildSilent:
            return "the identifier could not be started: it did not answer in time"
        except ChildEnded as problem:
            return f"the identifier could not be started: {problem}"
        except BaseException:
            child.kill()
            raise
        if "tool" not in hello:
            child.close()
            return str(hello.get("missing", "the identifier did not say what it is"))
        self._child = child
        self._tool, self._signature = str(hello["tool"]), str(hello.get("signature", ""))
        return ""

    def _ask(self, folder: Path, number: int, path: str, name: str) -> FormatFact:
        assert self._child is not None
        try:
            seen = Path(path).lstat()
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "not a path"
            return self._unknown(f"it could not be read: {reason}")
        if not stat.S_ISREG(seen.st_mode):
            return self._unknown("it is not a regular file")
        # Stored bytes lie under names without an extension: a link shows the tool the received one,
        # and keeps every name that is no clean text away from it.
        extension = extension_of(name)
        link = folder / (f"f{number}.{extension}" if extension else f"f{number}")
        allowed = min(self._seconds + seen.st_size / _SLOWEST, _LONGEST_SECONDS)
        try:
            link.symlink_to(Path(path).absolute())
            self._child.ask({"path": str(link), "seconds": allowed})
            entry = self._child.answer(allowed)
        except OSError as problem:
            return self._unknown(f"it could not be shown to the identifier: {problem.strerror}")
        except ChildSilent:
            self._child = None
            return self._unknown(f"the identifier was not done after {allowed:.0f} seconds")
        except ChildEnded as problem:
            self._child = None
            return self._unknown(f"the identifier failed at this file: {problem}")
        except BaseException:
            # Its answer is still to come and would be taken for the next file's.
            self._child.kill()
            self._child = None
            raise
        finally:
            with suppress(OSError):
                link.unlink()
        return fact_of(entry, tool=self._tool, signature=self._signature, named=bool(extension))

    def _unknown(self, reason: str) -> FormatFact:
        return unknown(reason, self._tool, self._signature)
