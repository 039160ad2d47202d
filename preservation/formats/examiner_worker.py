"""The process in which files are read whole and signatures judged, for `examiner.py`.

`python -m preservation.formats.examiner_worker`. First it is told the trusted roots and says that
it is there; then one answer for each file asked: {"path", "extension", "seconds", "at", "beside"} →
{"structure", "signatures"}. Libraries are loaded with the first file that needs them. Memory is
bounded; whoever asked bounds the time. It ends with its standard input.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
import resource
import signal
import sys
import warnings
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from preservation.formats.structure import look
from preservation.formats.structure.seen import Seen
from preservation.signatures.trust import TrustRoots

_MEMORY: Final = 2 * 1024**3
_SIGNED_PDF: Final = b"/ByteRange"
_SIGNED_XML: Final = b"http://www.w3.org/2000/09/xmldsig#"


def main() -> int:
    """Answer until nobody asks."""
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ["VIPS_CONCURRENCY"] = "1"
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    lines = iter(sys.stdin.buffer)
    examiner = _Examiner(_trust_in(next(lines, b"{}")))
    _say(answers, {"ready": True})
    for line in lines:
        asked = json.loads(line)
        # Whoever asked gives up earlier than this. If he is gone, this ends us all the same.
        signal.alarm(int(asked["seconds"]) + 5)
        _say(answers, examiner.examine(asked))
        signal.alarm(0)
    return 0


class _Examiner:
    """The two looks, and the judges, made when the first signature comes."""

    def __init__(self, trust: TrustRoots) -> None:
        self._trust = trust
        self._made: tuple[Any, Any] | None = None

    def examine(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Both facts of one file, as plain data."""
        path = Path(asked["path"])
        seen = self._look(path, asked["extension"])
        return {
            "structure": seen.as_answer(),
            "signatures": self._signatures(path, seen, asked),
        }

    def _look(self, path: Path, extension: str) -> Seen:
        try:
            return look(path, extension)
        except OSError as problem:
            return Seen("", unchecked=[f"it could not be read: {problem.strerror or problem}"])
        except ImportError as problem:
            return Seen("", unchecked=[f"a library is missing: {problem.name}"])
        except (MemoryError, RecursionError) as problem:
            return Seen("", unchecked=[f"reading it needs too much: {type(problem).__name__}"])

    def _signatures(self, path: Path, seen: Seen, asked: dict[str, Any]) -> dict[str, Any] | None:
        if not seen.kind and seen.unchecked:
            # What could not be read at all may carry any signature.
            return {"not_checked": seen.unchecked[0]}
        if seen.kind == "office" and seen.properties.get("signatures_inside") == "yes":
            return {"not_checked": "signatures inside an office document are not judged"}
        try:
            if seen.kind == "pdf" and (_holds(path, _SIGNED_PDF) or _has_fields(seen)):
                return self._pdf(path, asked)
            if seen.kind == "xml" and _holds(path, _SIGNED_XML):
                return self._xml(path, asked)
        except OSError as problem:
            return {"not_checked": f"it could not be read: {problem.strerror or problem}"}
        except ImportError as problem:
            return {"not_checked": f"a library is missing: {problem.name}"}
        except (MemoryError, RecursionError) as problem:
            return {"not_checked": f"judging needs too much: {type(problem).__name__}"}
        return None

    def _pdf(self, path: Path, asked: dict[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._judges()[0].judge(path, _moment(asked))
        return found

    def _xml(self, path: Path, asked: dict[str, Any]) -> dict[str, Any] | None:
        beside = asked.get("beside", {})
        found: dict[str, Any] | None = self._judges()[1].judge(path, _moment(asked), beside)
        return found

    def _judges(self) -> tuple[Any, Any]:
        if self._made is None:
            from preservation.signatures.chains import Chains
            from preservation.signatures.pades import PadesJudge
            from preservation.signatures.quickening import quicken
            from preservation.signatures.xades import XadesJudge

            quicken()
            chains = Chains(self._trust)
            self._made = (PadesJudge(chains), XadesJudge(chains))
        return self._made


def _has_fields(seen: Seen) -> bool:
    """The name of a key may be written otherwise (`/Byte#52ange`): then the form's fields tell."""
    return seen.properties.get("signature_fields", "0") != "0"


def _holds(path: Path, what: bytes) -> bool:
    with path.open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return view.find(what) >= 0


def _moment(asked: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(asked["at"])


def _trust_in(line: bytes) -> TrustRoots:
    told = json.loads(line)
    roots, helpers = (
        tuple(b64decode(one) for one in told.get(name, ())) for name in ("roots", "helpers")
    )
    return TrustRoots(roots, helpers)


def _say(answers: Any, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
