"""Objects of a root judged by other processes: the same verdicts, whoever dies on the way."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.digest import DigestOptions
from repository.ocfl import judging_apart
from repository.ocfl.judging_apart import WORTH_WHILE, _Answer, _Asked, _lots, _shared, _work
from repository.ocfl.root import validate_root
from repository.ocfl.validate import Judgement, ReadyToRead
from repository.problems import Report
from tests.repository.ocfl.builder import write_root

COUNT = WORTH_WHILE + 37
DAMAGED = {3, 30, 64, 65, COUNT - 1}


def _root_of_many(root: Path) -> Path:
    write_root(root, COUNT)
    (root / "003/v1/content/a").write_bytes(b"altered")
    (root / "030/v1/content/a").unlink()
    (root / "064/inventory.json").write_bytes(b"{}")
    (root / "065/v1/content/more").write_bytes(b"unlisted")
    (root / f"{COUNT - 1:03d}/v1/content/a").write_bytes(b"altered")
    (root / "200/below").mkdir(parents=True)  # no object: the root's own fault
    return root


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _root_of_many(tmp_path_factory.mktemp("many"))


def told(reports: Iterator[tuple[str, Report]]) -> list[tuple[str, list[str]]]:
    return [(folder, report.codes()) for folder, report in reports]


def alone(root: Path) -> list[tuple[str, list[str]]]:
    found = told(validate_root(str(root)))
    broken = {folder for folder, codes in found if any(code.startswith("E") for code in codes)}
    assert broken == {f"{number:03d}" for number in DAMAGED} | {""}
    return found


def nobody_left() -> bool:
    """A killed process is there until the kernel has come to it."""
    deadline = time.monotonic() + 30
    while (left := multiprocessing.active_children()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not left


@pytest.mark.parametrize("check_digests", [True, False])
@pytest.mark.parametrize("processes", [2, 3])
def test_two_processes_say_what_one_says_and_in_the_same_order(
    many: Path, processes: int, check_digests: bool
) -> None:
    asked = validate_root(str(many), check_digests=check_digests, processes=processes)
    found = told(asked)
    assert found == told(validate_root(str(many), check_digests=check_digests))
    assert len(found) == COUNT + 1
    assert found[-1][0] == ""
    assert nobody_left()


def test_few_objects_are_not_worth_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(asked: object) -> None:
        raise AssertionError("a process was begun")

    monkeypatch.setattr(judging_apart, "_started", never)
    few = write_root(tmp_path, WORTH_WHILE - 1)
    found = told(validate_root(str(few), processes=2))
    assert found == told(validate_root(str(few)))
    assert len(found) == WORTH_WHILE
    enough = write_root(tmp_path, WORTH_WHILE)
    with pytest.raises(AssertionError, match="a process was begun"):
        list(validate_root(str(enough), processes=2))


def test_names_that_are_not_utf_8_come_back_as_they_were(tmp_path: Path) -> None:
    root = write_root(tmp_path, WORTH_WHILE)
    os.rename(root / "007", os.fsencode(root) + b"/\xff7")
    (root / "\udcff7/v1/content/a").write_bytes(b"altered")
    found = told(validate_root(str(root), processes=2))
    assert found == told(validate_root(str(root)))
    assert "E092" in dict(found)["\udcff7"]


@pytest.mark.parametrize("killed", ["one", "each"])
def test_what_a_killed_process_had_is_judged_all_the_same(many: Path, killed: str) -> None:
    before = alone(many)
    asked = validate_root(str(many), processes=2)
    found = [next(asked)]
    children = multiprocessing.active_children()
    assert len(children) == 2
    for child in children if killed == "each" else children[:1]:
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
    found += asked
    assert told(iter(found)) == before
    assert nobody_left()


def test_leaving_in_the_middle_leaves_no_process(many: Path) -> None:
    asked = validate_root(str(many), processes=2)
    next(asked)
    assert multiprocessing.active_children()
    asked.close()  # type: ignore[attr-defined]
    assert nobody_left()


def test_processes_end_when_the_one_that_asked_is_killed(many: Path) -> None:
    script = """
import multiprocessing, os, signal, sys
from repository.ocfl.root import validate_root
if __name__ == "__main__":
    asked = validate_root(sys.argv[1], processes=2)
    next(asked)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", script, str(many)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    children = [int(word) for word in done.stdout.split()]
    assert len(children) == 2
    deadline = time.monotonic() + 60
    while any(map(_runs, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_runs, children))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # whoever has it now has not asked how it ended


class InAThread:
    """What stands for a process, so that it can be made to lie."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work)
        self._thread.start()

    def kill(self) -> None:
        """It ends when its line is closed."""

    def join(self, seconds: float) -> None:
        self._thread.join(30 * seconds)
        assert not self._thread.is_alive()


def lying(monkeypatch: pytest.MonkeyPatch, change: Callable[[_Answer], _Answer]) -> list[object]:
    """Every second answer of a process is changed on its way."""
    lies: list[object] = []

    class Liar(_Asked):
        def answers(self, lots: Iterator[list[str]]) -> Iterator[_Answer]:
            for number, answer in enumerate(super().answers(lots)):
                if number % 2:
                    lies.append(answer)
                    yield change(answer)
                else:
                    yield answer

    def started(asked: _Asked) -> judging_apart._Worker:
        ours, theirs = multiprocessing.Pipe()
        liar = Liar(asked.root, asked.options, asked.check_digests)

        def work() -> None:
            with theirs:
                _work(theirs, liar)

        monkeypatch.setattr(judging_apart.signal, "signal", lambda *_: None)  # of the main thread
        return judging_apart._Worker(InAThread(work), ours)  # type: ignore[arg-type]

    monkeypatch.setattr(judging_apart, "_started", started)
    return lies


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: _Answer(answer.judged[1:], answer.large),
        lambda answer: _Answer([], []),
        lambda answer: _Answer([*answer.judged, ("somewhere", answer.judged[0][1])], []),
    ],
)
def test_an_object_that_was_not_answered_for_is_judged_here(
    many: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[_Answer], _Answer]
) -> None:
    before = alone(many)
    lies = lying(monkeypatch, change)
    assert told(validate_root(str(many), processes=2)) == before
    assert lies


def test_where_no_process_can_be_begun_all_are_judged_here(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(asked: object) -> None:
        raise BlockingIOError("no more processes")

    before = alone(many)
    monkeypatch.setattr(judging_apart, "_started", started)
    assert told(validate_root(str(many), processes=2)) == before


def test_there_is_an_end_to_how_many_processes_are_begun(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Few(judging_apart._Workers):
        def __init__(self, what: _Asked, processes: int) -> None:
            asked.append(processes)
            super().__init__(what, 1)

    monkeypatch.setattr(judging_apart, "_Workers", Few)
    assert told(validate_root(str(many), processes=1000)) == alone(many)
    assert asked == [16]


@pytest.mark.parametrize("bound", ["_LARGE", "_LARGE_INVENTORY"])
def test_large_objects_are_read_at_the_end_by_whoever_asked(
    many: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    before = alone(many)
    lying(monkeypatch, lambda answer: answer)
    waited: list[str] = []
    here = judging_apart.judge_folders

    def judge_folders(
        root: str, folders: Iterator[str], options: DigestOptions, *, check_digests: bool
    ) -> Iterator[tuple[str, Judgement]]:
        waited.extend(folders)
        return here(root, waited, options, check_digests=check_digests)

    monkeypatch.setattr(judging_apart, "judge_folders", judge_folders)
    monkeypatch.setattr(judging_apart, bound, 0)
    found = told(validate_root(str(many), processes=2))
    assert found == before
    assert len(waited) == COUNT


def test_what_is_not_large_is_told_first(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = alone(many)
    lying(monkeypatch, lambda answer: answer)
    sizes = {
        folder: _bytes_and_files(many / folder) for folder, _ in before if (many / folder).is_dir()
    }
    bound = sorted(sizes[folder] for folder, _ in before if folder)[COUNT // 2]
    monkeypatch.setattr(judging_apart, "_LARGE", bound)
    found = told(validate_root(str(many), processes=2))
    small = [one for one in before if one[0] and sizes[one[0]] <= bound]
    assert 0 < len(small) < COUNT
    assert found[: len(small)] == small
    assert found[len(small) :] == [one for one in before if one not in small]


def _bytes_and_files(folder: Path) -> int:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes) + 16 * 1024 * len(sizes)


@given(st.data())
def test_answers_are_one_for_each_lot_and_in_order_whatever_is_large(
    many: Path, data: st.DataObject
) -> None:
    folders = data.draw(st.lists(st.sampled_from(range(COUNT)), unique=True, max_size=30))
    large = data.draw(st.sets(st.sampled_from(folders)) if folders else st.just(set()))
    lots: list[list[str]] = [[]]
    for number in folders:
        if lots[-1] and data.draw(st.booleans()):
            lots.append([])
        lots[-1].append(f"{number:03d}")

    class Some(_Asked):
        def _unless_large(self, folder: str) -> ReadyToRead | Judgement | None:
            return None if int(folder) in large else super()._unless_large(folder)

    asked = Some(str(many), DigestOptions(engine="hashlib", threads=1), True)
    given_lots = [lot for lot in lots if lot]
    answers = list(asked.answers(iter(given_lots)))
    assert len(answers) == len(given_lots)
    for lot, answer in zip(given_lots, answers, strict=True):
        assert answer.is_for(lot)
        assert [folder for folder, _ in answer.judged] == [f for f in lot if int(f) not in large]
        assert answer.large == [folder for folder in lot if int(folder) in large]
        for folder, judgement in answer.judged:
            assert judgement.report.has_errors == (int(folder) in DAMAGED)


@given(st.lists(st.text("a/", min_size=1, max_size=5000), max_size=40))
def test_lots_are_all_of_the_folders_and_fit_in_a_line(folders: list[str]) -> None:
    lots = list(_lots(folders))
    assert [folder for lot in lots for folder in lot] == folders
    for lot in lots:
        assert 1 <= len(lot) <= 8
        assert len(lot) == 1 or sum(map(len, lot)) <= 8000


def test_the_processes_share_the_threads_and_the_rate() -> None:
    shared = _shared(DigestOptions(threads=8, max_bytes_per_second=1000), 4)
    assert (shared.threads, shared.max_bytes_per_second) == (2, 250)
    assert _shared(DigestOptions(threads=4), 4).threads == 0  # each reads with its own
    assert _shared(DigestOptions(threads=1, max_bytes_per_second=1), 4).threads == 0
    assert _shared(DigestOptions(threads=1, max_bytes_per_second=1), 4).max_bytes_per_second == 1
    assert _shared(DigestOptions(), 2).max_bytes_per_second is None
