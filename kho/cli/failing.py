"""From an exception to one clear message and an exit status: the outermost edge of every verb."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from kho.cli.output import language, printable

Parameters = ParamSpec("Parameters")


def verb(function: Callable[Parameters, int | None]) -> Callable[Parameters, None]:
    """Run a verb; what it returns is the exit status (None: 0), what it raises becomes one message.

    A failure of the archive's own tree says what happened and what to do. Ctrl-C is 130. Anything
    else is a fault of ours: it keeps its traceback, and the status is 1.
    """

    @wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        from repository.errors import ArchiveError

        as_json = bool(kwargs.get("as_json"))
        try:
            status = function(*args, **kwargs)
        except ArchiveError as failure:
            from kho import exits

            _tell(failure, as_json=as_json)
            raise typer.Exit(exits.of_failure(failure)) from failure
        except KeyboardInterrupt as stop:
            _say("Đã dừng.", "Stopped.")
            raise typer.Exit(130) from stop
        except BrokenPipeError as stop:
            # The reader of our output went away (`kho list | head`): nothing more to say to it.
            sys.stderr.close()
            raise typer.Exit(1) from stop
        raise typer.Exit(status or 0)

    return run


def _tell(failure: Exception, *, as_json: bool) -> None:
    kind = type(failure).__name__
    text = str(failure)
    if as_json:
        line = {"message_type": "error", "error": kind, "message": text}
        print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201
    label = "Lỗi" if language() == "vi" else "Error"
    print(f"{label}: {printable(text)}", file=sys.stderr, flush=True)  # noqa: T201
    for note in getattr(failure, "__notes__", ()):
        print(printable(note), file=sys.stderr, flush=True)  # noqa: T201


def _say(vi: str, en: str) -> None:
    print(vi if language() == "vi" else en, file=sys.stderr, flush=True)  # noqa: T201
