"""The process in which pygfried runs: `python -m preservation.formats.worker`, for `siegfried.py`.

First one line that says what it is, then one line for each line asked: {"path", "seconds"} → the
file's entry of siegfried's report. Ends with its standard input. pygfried is a library in Go that
holds the interpreter's lock while it looks, and hangs in a forked process: so nobody else imports
it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from importlib import metadata
from typing import Any

_MEMORY = 2 * 1024**3  # bytes of its own; the files it looks at are mapped and do not count


def main() -> int:
    """Answer until nobody asks."""
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        import pygfried

        scanner = pygfried.Scanner()
        hello = {
            "tool": f"pygfried {metadata.version('pygfried')} / siegfried {pygfried.version()}",
            "signature": _signature(scanner.identify(os.devnull, detailed=True)),
        }
    except (ImportError, OSError, metadata.PackageNotFoundError) as problem:
        _say(answers, {"missing": f"pygfried cannot be used: {problem}"})
        return 1
    _say(answers, hello)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        # Whoever asked gives up earlier than this. If he is gone, this ends us all the same.
        signal.alarm(int(asked["seconds"]) + 5)
        _say(answers, _entry(scanner, asked["path"]))
        signal.alarm(0)
    return 0


def _entry(scanner: Any, path: str) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = scanner.identify_many([path])["files"][0]
    except (OSError, LookupError, ValueError, MemoryError) as problem:
        return {"errors": str(problem) or type(problem).__name__}
    # The path is one of the moment, and nobody's business later.
    return {"errors": entry["errors"].replace(path, "it"), "matches": entry["matches"][:50]}


def _signature(report: Any) -> str:
    return "; ".join(str(identifier["details"]) for identifier in report["identifiers"])


def _say(answers: Any, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
