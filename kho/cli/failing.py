"""From an exception to one clear message and an exit status: the outermost edge of every verb."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

import typer

from kho.cli.output import Output, language

if TYPE_CHECKING:
    from repository.errors import ArchiveError

Parameters = ParamSpec("Parameters")


def verb(function: Callable[Parameters, int | None]) -> Callable[Parameters, None]:
    """Run a verb; what it returns is the exit status (None: 0), what it raises becomes one message.

    A failure of the archive's own tree says what happened and what to do, and so does one of the
    system's (a full disk, a folder nobody may read). Ctrl-C is 130. Anything else is a fault of ours:
    it keeps its traceback, and the status is 1.
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
        except OSError as problem:
            from kho import exits
            from repository.durable import explained

            if isinstance(problem, BrokenPipeError):
                _nobody_listens()
                raise typer.Exit(exits.Exit.FAILURE) from problem
            told = explained(problem, f"running `kho {function.__name__.replace('_', ' ')}`")
            _tell(told, as_json=as_json)
            raise typer.Exit(exits.of_failure(told)) from problem
        except KeyboardInterrupt as stop:
            _say("Đã dừng.", "Stopped.")
            raise typer.Exit(130) from stop
        raise typer.Exit(status or 0)

    return run


def _nobody_listens() -> None:
    """The reader of our output went away (`kho list | head`): nothing more to say to it, and the
    interpreter must not try when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(failure: ArchiveError, *, as_json: bool) -> None:
    from kho.cli.failing_in_vietnamese import in_vietnamese

    kind, text = type(failure).__name__, failure.operator
    if as_json:
        # stdout itself may be what failed, or cannot be written any more.
        with suppress(OSError):
            print(  # noqa: T201
                json.dumps({"message_type": "error", "error": kind, "message": text}), flush=True
            )
    _say(f"Lỗi: {in_vietnamese(failure)}", f"Error: {text}")
    for note in getattr(failure, "__notes__", ()):
        _say(note, note)


def _say(vi: str, en: str) -> None:
    with suppress(OSError):
        Output(as_json=False).note(vi if language() == "vi" else en)
