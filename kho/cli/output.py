"""How verbs speak: results on stdout, everything else on stderr, JSON when asked.

With `--json` stdout carries one JSON document, or JSON lines that end with one whose `message_type` is
`summary`. Progress shows only on a terminal. Nothing here decides anything.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

from schemas.wording import worded, worded_list

if TYPE_CHECKING:
    from repository.problems import Problem
    from repository.store import Recovered

Language = Literal["vi", "en"]
_SUMS_VI: Final = {
    "expected": "cần có", "intact": "nguyên vẹn", "altered": "bị sửa", "missing": "bị mất",
    "unreadable": "không đọc được", "not_checked": "chưa kiểm tra", "unexpected": "thừa",
}  # fmt: skip


def language() -> Language:
    """Vietnamese when the locale is, else English. `KHO_LANG` decides where it is set."""
    chosen = os.environ.get("KHO_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "vi" if chosen.lower().startswith("vi") else "en"


class Output:
    """Where one run of a verb writes."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.language: Language = language()

    def document(self, value: object) -> None:
        """The one JSON document of a short answer."""
        _print(value, indent=1)

    def line(self, message_type: str, value: Mapping[str, object]) -> None:
        """One JSON line of a long answer; nothing without `--json`."""
        if self.as_json:
            _print({"message_type": message_type, **value})

    def text(self, line: str = "") -> None:
        """A line of the result for a person; nothing with `--json`."""
        if not self.as_json:
            _say(printable(line), sys.stdout)

    def raw(self, line: bytes) -> None:
        """A line of the result that another program reads byte for byte; nothing with `--json`."""
        if not self.as_json:
            sys.stdout.flush()
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()

    def note(self, line: str) -> None:
        """Something about the work, not its result: on stderr."""
        _say(printable(line), sys.stderr)

    def say(self, vi: str, en: str) -> None:
        """A line of the result in the reader's language."""
        self.text(vi if self.language == "vi" else en)

    def word(self, code: str) -> str:
        """A code (a verdict, a state, an event) as the reader says it."""
        return worded(code, self.language)

    def words(self, codes: str) -> str:
        """Several of them in a row, with numbers and marks between."""
        return worded_list(codes, self.language)

    def problems(self, problems: Sequence[Problem], indent: str = "  ") -> None:
        """Findings for a person, each with its place and what to do."""
        if self.as_json:
            return
        for problem in problems:
            mark = {"error": "✗", "warning": "!", "info": "·"}[problem.severity.value]
            place = f" [{problem.location}]" if problem.location else ""
            self.text(f"{indent}{mark} {problem.code}{place}: {self._text(problem)}")

    def _text(self, problem: Problem) -> str:
        from schemas.problem_texts import problem_text

        return problem_text(problem.code, problem.params, self.language)

    def sums(self, counts: Mapping[str, int]) -> str:
        """The sums of an audit in the reader's words, in the order they are given."""
        vi = self.language == "vi"
        return " · ".join(
            f"{_SUMS_VI.get(name, name) if vi else name.replace('_', ' ')} {count}"
            for name, count in counts.items()
        )

    @contextmanager
    def progress(self, what: str, total: int | None, unit: str) -> Iterator[Progress]:
        """A bar on a terminal; elsewhere silence. The block advances it."""
        bar = Progress(what, total, unit, visible=sys.stderr.isatty() and not self.as_json)
        try:
            yield bar
        finally:
            bar.close()


class Progress:
    """How far long work has come: count, rate and what is at hand."""

    def __init__(self, what: str, total: int | None, unit: str, *, visible: bool) -> None:
        self._bar: Any = None
        if visible:
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                TextColumn,
                TimeRemainingColumn,
            )
            from rich.progress import (
                Progress as RichProgress,
            )

            self._bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn(unit),
                TimeRemainingColumn(),
                TextColumn("{task.fields[at]}"),
                transient=True,
            )
            self._task = self._bar.add_task(what, total=total, at="")
            self._bar.start()

    def advance(self, count: int = 1, at: str = "") -> None:
        """So much more is done; `at` names what is at hand."""
        if self._bar is not None:
            self._bar.update(self._task, advance=count, at=printable(at)[:60])

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()


def recovered(out: Output, done: Sequence[Recovered]) -> None:
    """Tell what an earlier, interrupted command left, and what became of it."""
    for one in done:
        out.note(" ".join(filter(None, (f"{one.action}:", one.store, one.object_id, one.detail))))


def ledger_behind(out: Output, reasons: Mapping[str, str]) -> None:
    """Tell which stores have not been given the newest entries of the ledger, and why."""
    for store, reason in reasons.items():
        out.note(
            f"Sổ cái chưa được chép sang kho {store}: {reason}"
            if out.language == "vi"
            else f"The ledger was not copied to store {store}: {reason}"
        )


def problem_document(problem: Problem) -> dict[str, object]:
    """A finding as other programs rely on it, with its text in both languages."""
    from schemas.problem_texts import problem_text

    texts = {
        lang: problem_text(problem.code, problem.params, lang)
        for lang in ("vi", "en")  # the order in which they are read here
    }
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "location": printable(problem.location),
        "message": texts[language()],
        "message_vi": texts["vi"],
        "message_en": texts["en"],
    }


def new_page(path: Path | None) -> None:
    """Conflict when something is there: asked before long work, so that it is not done for nothing."""
    from repository.errors import Conflict

    if path is not None and os.path.lexists(path):
        raise Conflict(f"{path} is there already. Name a new file.")


def write_page(path: Path, page: str) -> None:
    """Write a page to a new file. Conflict when something is there."""
    from repository import durable
    from repository.errors import Conflict

    try:
        durable.write_new(path, page.encode("utf-8", "replace"), 0o644)
    except FileExistsError as problem:
        raise Conflict(f"{path} is there already. Name a new file.") from problem
    except OSError as problem:
        raise durable.explained(problem, f"writing {path}") from problem


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey: control characters and lone surrogates escaped."""
    return "".join(
        character
        if character.isprintable() or character == " "
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def _print(value: object, indent: int | None = None) -> None:
    """JSON, at once. A name that is not UTF-8, or a terminal that is not, must not stop an answer:
    what it has no letters for goes out as an escape, which is the same string."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        plain = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8" and text.encode()
    except UnicodeEncodeError:
        plain = False
    if not plain:
        text = json.dumps(value, indent=indent)
    print(text, flush=True)  # noqa: T201


def _say(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    print(shown, file=stream, flush=True)
