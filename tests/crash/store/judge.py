"""Whether a store is whole after an interruption, and holds the old state or the new."""

from __future__ import annotations

import hashlib
import logging
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

import ocfl

from repository.local_store import create_local_store
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.validate import validate_object
from tests.crash.store.scenario import IDS, LINES, SEGMENT, Work, open_store

Tree = dict[str, bytes]
_FOLDER = b"(folder)"


@dataclass
class Grounds:
    """A prepared ground for one piece of work, what it holds, and what it holds once that is done."""

    work: Work
    place: Path
    old: Tree = field(default_factory=dict)
    new: Tree = field(default_factory=dict)
    _valid: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def prepare(cls, work: Work, place: Path) -> Grounds:
        make_ground(place)
        work.before(place)
        grounds = cls(work, place)
        grounds.old = snapshot(place / work.store)
        after = place.with_name(f"{place.name}-after")
        shutil.copytree(place, after, symlinks=True)
        work.do(after)
        grounds.new = snapshot(after / work.store)
        shutil.rmtree(after)
        assert grounds.old != grounds.new
        return grounds

    def trial(self, place: Path) -> Path:
        """A fresh ground to interrupt the work on."""
        if place.exists():
            shutil.rmtree(place)
        shutil.copytree(self.place, place, symlinks=True)
        return place

    def judge(self, ground: Path) -> str:
        """`old` or `new`. AssertionError, with what is wrong, when the store is neither, when
        something was left behind, or when the work cannot be done again."""
        store = open_store(ground, self.work.store)
        told = store.recover()
        assert all(one.action != "postponed" for one in told), f"postponed: {told}"
        place = ground / self.work.store
        for name in ("staging", "locks", "aside"):
            left = {f"{name}/{path.name}/" for path in (place / name).iterdir()}
            assert left <= self.new.keys(), f"left in {name}: {left}"
        state = self._state(place)
        self._check_valid(place)
        self.work.do(ground)
        again = snapshot(place)
        assert again == self.new, f"done again, it differs: {difference(again, self.new)}"
        assert not store.recover(), "something is left after doing it again"
        return state

    def _state(self, place: Path) -> str:
        found = snapshot(place)
        if self.work.name == "evidence":
            return self._evidence_state(found)
        if found == self.old:
            return "old"
        assert found == self.new, (
            f"neither old nor new: to old {difference(found, self.old)}; "
            f"to new {difference(found, self.new)}"
        )
        return "new"

    def _evidence_state(self, found: Tree) -> str:
        """An append may be cut anywhere behind what was acknowledged, and nowhere before."""
        whole = b"".join(LINES)
        # A torn append may have left its length alone.
        data = found[f"ledger/{SEGMENT}"].rstrip(b"\0")
        assert whole.startswith(data) and data.startswith(b"".join(LINES[:20])), "evidence lost"
        second = found.get("ledger/segment-00000002.jsonl", b"").rstrip(b"\0")
        assert LINES[0].startswith(second)
        assert data == whole or not second, "the second segment before the first was whole"
        rest = {name for name in found if not name.startswith("ledger/segment")}
        assert rest == {name for name in self.old if not name.startswith("ledger/segment")}
        return "new" if found == self.new else "old"

    def _check_valid(self, place: Path) -> None:
        """Both validators; each distinct tree once, for equal trees have equal verdicts."""
        found = snapshot(place / "root")
        key = hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()
        if key not in self._valid:
            self._valid[key] = all(_valid(path.parent) for path in _declarations(place / "root"))
        assert self._valid[key], "not valid"


def make_ground(place: Path) -> None:
    place.mkdir(parents=True)
    for name, store_id in IDS.items():
        made = create_local_store(place / name)
        note = place / name / "store.json"
        text = note.read_text()
        note.unlink()
        note.write_text(text.replace(made, store_id))


def snapshot(place: Path) -> Tree:
    """Every file with its bytes and every folder, without what a crash may leave in the open."""
    found: Tree = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            found[f"{name}/"] = _FOLDER
        else:
            assert stat.S_ISREG(mode), f"{name} is neither file nor folder"
            found[name] = path.read_bytes()
    return found


def difference(found: Tree, wanted: Tree) -> str:
    parts = [f"-{name}" for name in sorted(wanted.keys() - found.keys())]
    parts += [f"+{name}" for name in sorted(found.keys() - wanted.keys())]
    parts += [f"~{name}" for name in sorted(wanted) if found.get(name, b"") != wanted[name]]
    return " ".join(parts[:12])


def _declarations(root: Path) -> list[Path]:
    return sorted(root.rglob("0=ocfl_object_1.1"))


def _valid(folder: Path) -> bool:
    logging.getLogger().setLevel(logging.CRITICAL)
    by_ocfl_py, _ = ocfl.Object().validate(str(folder), log_warnings=False, log_errors=False)
    return bool(by_ocfl_py) and not validate_object(LocalTree(str(folder))).has_errors
