"""Runs the tests against mutants, each in a process of its own that is forked from a ready one.

A mutant of a function body is put in the place of the function's code in a process that has imported
and collected everything and has seen the tests pass; only the tests that called the function are run,
up to the first that fails: first those that ran the very line, that noticed others of the function's
mutants, that are quick. A mutant that takes effect at import is given to the import system of a process
that has imported nothing of ours, and all tests of its module are run.

A mutant is killed by a failing test. One with which a test comes to no end is *timed out*, which is
told apart: the test used four times the processor time that it takes, and three seconds, or waited
twenty times as long as it takes, and thirty seconds. So a busy machine, on which everything takes
longer, times nothing out; and what was tried while this process was stopped is tried again.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.util
import json
import math
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutator import Mutant, mutated

ROOT = Path(__file__).parents[2]
MEMORY = 3 << 30  # bytes that a mutant may have: one that fills a list for ever ends by itself
LEAST_SECONDS = 3.0  # of processor time, beside four times what a test takes
LEAST_WAIT = 30.0  # seconds, beside twenty times what a test takes
AT_IMPORT = (20.0, 20.0)  # seconds, what the tests of a module and their imports may take, at most
ARGUMENTS = (
    *("-q", "-s", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider"),
    *("-o", "tmp_path_retention_policy=none"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # hypothesis is imported before it
)
STANDSTILL = 5.0  # seconds in which this process had no turn: somebody stopped it
LATE = (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
PASSED, FAILED = 0, 1
Place = tuple[str, int]  # a file and a line of it
Took = tuple[float, float]  # seconds of the processor, and on the wall
Fate = Literal["killed", "timed out", "survived"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant. `by`: the test that failed. `tests`: how many could have."""

    mutant: Mutant
    fate: Fate
    by: str = ""
    tests: int = 0


def run(found: Sequence[Mutant], tests: Sequence[str], told: Callable[[Outcome], None]) -> None:
    """Run the mutants of one module; `told` hears of each. RuntimeError when the tests do not pass
    on the unchanged module."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        arguments = (*ARGUMENTS, "--basetemp", f"{place}/pytest")
        _run(found, tests, told, arguments)


def _run(
    found: Sequence[Mutant],
    tests: Sequence[str],
    told: Callable[[Outcome], None],
    arguments: Sequence[str],
) -> None:
    within = [one for one in found if one.function]
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            _quiet()
            _profile()
            pytest.main([*arguments, *tests], plugins=[_Session(within, write)])
        finally:
            os._exit(0)
    os.close(write)
    heard = 0
    uncalled = []  # by no test: it may take effect when something is imported
    with os.fdopen(read, encoding="utf-8") as lines:
        for line in lines:
            value = json.loads(line)
            outcome = Outcome(**{**value, "mutant": Mutant(**value["mutant"])})
            heard += 1
            if outcome.tests:
                told(outcome)
            else:
                uncalled.append(outcome.mutant)
    os.waitpid(child, 0)
    if heard != len(within):
        raise RuntimeError(f"{heard} of {len(within)} mutants: do the tests pass without them?")
    for one in found:
        if not one.function or one in uncalled:
            fate, by = _forked(lambda _, one=one: _at_import(one, [*arguments, *tests]), AT_IMPORT)
            told(Outcome(one, fate, by, len(tests)))


class _Session:
    """A pytest plugin: the tests once as they are, then for each mutant those that call it."""

    def __init__(self, found: Sequence[Mutant], write: int) -> None:
        self._found = found
        self._write = write
        self._called: dict[str, set[Place]] = {}
        self._lines: dict[str, set[Place]] = {}
        self._took: dict[str, Took] = {}
        self._killed: Counter[tuple[str, str]] = Counter()  # by function and test

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        files = {str(_path(one.module)) for one in self._found}
        for number, item in enumerate(session.items):
            # Never None: what the whole session shares stays for the mutants' processes.
            following = session.items[min(number + 1, len(session.items) - 1)]
            begun, used = time.monotonic(), time.process_time()
            with _reached(files) as (called, lines):
                reports = runtestprotocol(item, nextitem=following, log=False)
            if any(report.failed for report in reports):
                sys.stderr.write("".join(report.longreprtext for report in reports))
                return True
            self._called[item.nodeid], self._lines[item.nodeid] = called, lines
            took = (time.process_time() - used, time.monotonic() - begun)
            self._took[item.nodeid] = took
        with os.fdopen(self._write, "w", encoding="utf-8") as pipe:
            for one in self._found:
                pipe.write(json.dumps(asdict(self._tried(one, session))) + "\n")
                pipe.flush()
        return True

    def _tried(self, one: Mutant, session: pytest.Session) -> Outcome:
        function = _named(one)
        place = (str(_path(one.module)), function.__code__.co_firstlineno)
        items = [item for item in session.items if place in self._called[item.nodeid]]
        line = (place[0], one.line)

        def order(item: pytest.Item) -> tuple[bool, int, Took]:
            ran = line in self._lines[item.nodeid]
            return not ran, -self._killed[one.function, item.nodeid], self._took[item.nodeid]

        items.sort(key=order)
        took = (
            sum(self._took[item.nodeid][0] for item in items),
            sum(self._took[item.nodeid][1] for item in items),
        )

        def child(tell: Callable[[str], None]) -> int:
            if items:
                session._setupstate.teardown_exact(items[0])
            code = _code_of(one)
            function.__code__ = code
            for value in vars(sys.modules[one.module]).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()  # what was answered by the right code is no answer here
            for number, item in enumerate(items):
                following = items[min(number + 1, len(items) - 1)]
                _limit(self._took[item.nodeid])
                for report in runtestprotocol(item, nextitem=following, log=False):
                    if report.failed:
                        tell(item.nodeid)
                        return FAILED
            return PASSED

        fate, by = _forked(child, took)
        self._killed[one.function, by] += 1
        return Outcome(one, fate, by, len(items))


def _forked(child: Callable[[Callable[[str], None]], int], took: Took) -> tuple[Fate, str]:
    """Whether a forked process failed, and what it said of why; `took`: what is usual. What went on
    while the machine stood still for us is no outcome, and is tried again."""
    while True:
        fate, by, longest = _once(child, took)
        if longest < STANDSTILL:
            return fate, by


def _once(child: Callable[[Callable[[str], None]], int], took: Took) -> tuple[Fate, str, float]:
    """The same, and the longest time that this process, which only watches, did not get on."""
    read, write = os.pipe()
    now = time.monotonic()
    deadline = now + LEAST_WAIT + 20 * took[1]
    number = os.fork()
    if number == 0:
        status = FAILED
        try:
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            _limit(took)
            _quiet()
            status = child(lambda text: os.write(write, text.encode()) and None)
        finally:
            os._exit(status)
    os.close(write)
    longest, done = 0.0, 0
    while not done and now < deadline:
        done, status = os.waitpid(number, os.WNOHANG)
        time.sleep(0.005)
        longest = max(longest, time.monotonic() - now)
        now = time.monotonic()
    if not done:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(number, signal.SIGKILL)
        os.waitpid(number, 0)
        os.close(read)
        return "timed out", "", longest
    with os.fdopen(read, encoding="utf-8") as stream:
        by = stream.read()
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in LATE:
        return "timed out", "", longest
    if not status:
        return "survived", "", longest
    return "killed", by or "the tests as a whole", longest


def _limit(took: Took) -> None:
    """From now on this process may use and wait so much, else the kernel ends it."""
    used, waited = took
    seconds = math.ceil(time.process_time() + LEAST_SECONDS + 4 * used)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.setitimer(signal.ITIMER_REAL, LEAST_WAIT + 20 * waited)


def _at_import(one: Mutant, arguments: Sequence[str]) -> int:
    _profile()
    sys.meta_path.insert(0, _Changed(one))
    watch = _Watch()
    pytest.main([*arguments, "-x"], plugins=[watch])
    return PASSED if watch.all_passed else FAILED


class _Watch:
    """A pytest plugin: whether tests were run, and all of them passed."""

    all_passed = False

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self.all_passed = exitstatus == 0


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the import system one module with one mutant in it."""

    def __init__(self, one: Mutant) -> None:
        self._one = one

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._one.module:
            return None
        at = _path(name)
        return importlib.util.spec_from_file_location(name, at, loader=self)

    def exec_module(self, module: types.ModuleType) -> None:
        at = _path(self._one.module)
        tree = mutated(_source(at), self._one)
        exec(compile(tree, str(at), "exec"), module.__dict__)


def _code_of(one: Mutant) -> types.CodeType:
    """The compiled body of the mutant's function."""
    at = _path(one.module)
    code = compile(mutated(_source(at), one), str(at), "exec")
    for name in one.function.split("."):
        code = next(
            const
            for const in code.co_consts
            if isinstance(const, types.CodeType) and const.co_name == name
        )
    return code


def _named(one: Mutant) -> types.FunctionType:
    """The function that a mutant is in, as it was imported, without what is wrapped around it."""
    value: Any = importlib.import_module(one.module)
    for name in one.function.split("."):
        value = vars(value)[name]
    while not isinstance(value, types.FunctionType) or hasattr(value, "__wrapped__"):
        if isinstance(value, property):
            value = value.fget
        elif hasattr(value, "__wrapped__"):
            value = value.__wrapped__
        else:
            value = value.__func__
    return value


@contextlib.contextmanager
def _reached(files: set[str]) -> Iterator[tuple[set[Place], set[Place]]]:
    """Which functions of these files are called, by file and first line, and which lines are run."""
    called: set[Place] = set()
    lines: set[Place] = set()

    def line(frame: types.FrameType, event: str, _: object) -> Any:
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def heard(frame: types.FrameType, event: str, _: object) -> Any:
        code = frame.f_code
        if code.co_filename not in files:
            return None
        called.add((code.co_filename, code.co_firstlineno))
        return line

    threading.settrace(heard)
    sys.settrace(heard)
    try:
        yield called, lines
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]


def _profile() -> None:
    """The same examples for every mutant, none kept, and no time lost on making them small."""
    hypothesis.settings.register_profile(
        "mutation",
        database=None,
        derandomize=True,
        deadline=None,
        max_examples=25,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutation")


def _quiet() -> None:
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        if "KHO_MUTATION_LOUD" not in os.environ:
            os.dup2(nowhere.fileno(), 2)


@lru_cache
def _source(path: Path) -> str:
    """As it was when first asked for: the tree may change under a long campaign."""
    return path.read_text("utf-8")


def _path(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"
