"""The process in which files are decoded: `python -m preservation.derivatives.worker`.

First an empty line of JSON, then for each line asked any number of {"page": n} and one end:
{"pages", "software"}, or {"failed", "detail"}, or {"failed", "errno"}. Ends with its standard input.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from preservation.derivatives.image_pages import image_pages
from preservation.derivatives.page_files import CannotRender, PageFiles
from preservation.derivatives.pdf_pages import pdf_pages, pdf_text
from preservation.derivatives.reasons import Reason
from preservation.derivatives.recipe import Recipe
from preservation.derivatives.rendering import Limits

_LARGEST_FILE = 256 * 1024 * 1024


def main() -> int:
    """Answer until nobody asks."""
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))

    def say(value: dict[str, Any]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    say({})
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        limits = Limits(**asked["limits"])
        resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, resource.RLIM_INFINITY))
        # Whoever asked gives up earlier than this. If he is gone, this ends us all the same.
        signal.alarm(int(limits.source_seconds) + 10)
        say(_answer(asked, limits, lambda number: say({"page": number})))
        signal.alarm(0)
    return 0


def _answer(asked: Any, limits: Limits, done: Callable[[int], None]) -> dict[str, Any]:
    recipe = Recipe(**asked["recipe"])
    files = PageFiles(Path(asked["into"]), recipe, limits.most_bytes, done)
    source = Path(asked["source"])
    try:
        if asked["media"] == "image":
            software = image_pages(source, recipe, limits, files)
        elif recipe.form == "text":
            software = pdf_text(source, limits, files)
        else:
            software = pdf_pages(source, recipe, limits, files)
    except CannotRender as problem:
        return {"failed": problem.reason.value, "detail": problem.detail[:500]}
    except MemoryError:
        return {"failed": Reason.NO_MEMORY.value, "detail": "out of memory"}
    except OSError as problem:
        return {
            "failed": Reason.CRASHED.value,
            "detail": problem.strerror or str(problem),
            "errno": problem.errno,
        }
    return {"pages": files.pages, "software": software}


if __name__ == "__main__":
    sys.exit(main())
