"""Whatever is done to an object behind the archive's back is found, and called what it is.

Real files of a real store, looked at by `observe` and judged by `compare`: any byte altered, any file
removed, added, renamed, swapped, cut, or replaced by something that is no file, anywhere in the object.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preservation.audit.fixity import CopyVerdict, FileVerdict, compare
from repository.catalogue.records import ExpectedRecord
from repository.errors import Unavailable
from repository.local_store import LocalStore, create_local_store
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.store import FromBytes, PlannedFile, Store, VersionPlan
from tests.contracts.memory_store import Lie, MemoryStore

INTACT, ALTERED, MISSING = FileVerdict.INTACT, FileVerdict.ALTERED, FileVerdict.MISSING
UNREADABLE, UNEXPECTED = FileVerdict.UNREADABLE, FileVerdict.UNEXPECTED
OBJECT = ObjectId("urn:hatinh:uuid-1")
STATES = (
    {
        "bagit.txt": b"BagIt-Version: 1.0\n",
        "manifest-sha512.txt": b"0 data/a\n",
        "data/METS.xml": b"<mets/>" * 400,
        "data/representations/rep1/data/ti\u1ebfng vi\u1ec7t.pdf": bytes(range(256)) * 40,
        "data/representations/rep1/data/empty": b"",
    },
    {
        "bagit.txt": b"BagIt-Version: 1.0\n",
        "data/METS.xml": b"<mets2/>" * 400,
        "data/metadata/PREMIS.xml": b"<premis/>",
    },
)
# Found by hand: everything that a file can be replaced by, or a folder.
THINGS = ("link to itself", "link to nothing", "folder", "full folder", "pipe", "socket")


@dataclass(frozen=True)
class Held:
    """One object in a store, with what must be in it and an untouched copy of its folder."""

    store: LocalStore
    folder: Path
    pristine: Path
    expected: tuple[ExpectedRecord, ...]

    def judged(self) -> tuple[dict[str, FileVerdict], CopyVerdict]:
        """Everything that is not intact, by path. The sums are checked on the way."""
        (seen,) = self.store.observe([OBJECT])
        judgement = compare(self.expected, seen)
        sums = judgement.sums
        assert sums.expected == len(self.expected)
        found = {finding.path: finding.verdict for finding in judgement.findings}
        assert len(found) == len(judgement.findings)
        assert sums.intact == sums.expected - sum(1 for v in found.values() if v is not UNEXPECTED)
        return found, judgement.verdict

    def mend(self) -> None:
        _remove(self.folder)
        shutil.copytree(self.pristine, self.folder, symlinks=True)


@pytest.fixture(scope="module")
def held() -> Iterator[Held]:
    # In memory where that can be had: what was just altered need not be flushed to be looked at.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="kho-flips-") as made:
        base = Path(made)
        at = base / "store"
        store = LocalStore("s", at, create_local_store(at), readers=1)
        _fill(store)
        folder = at / "root" / store.object_path(OBJECT)
        shutil.copytree(folder, base / "pristine")
        yield Held(store, folder, base / "pristine", _expected(store))


@pytest.fixture(autouse=True)
def _mended(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "held" in request.fixturenames:
        request.getfixturevalue("held").mend()


def _fill(store: Store) -> None:
    for number, state in enumerate(STATES):
        files = tuple(
            PlannedFile(
                LogicalPath(name),
                len(data),
                hashlib.sha512(data).hexdigest(),
                hashlib.sha256(data).hexdigest(),
                FromBytes(data),
            )
            for name, data in state.items()
        )
        follows = VersionNumber(number) if number else None
        at = f"2026-11-{number + 1:02d}T00:00:00Z"
        store.commit(VersionPlan(OBJECT, follows, files, at, "m", "A", "mailto:a@example.org"))


def _expected(store: Store) -> tuple[ExpectedRecord, ...]:
    return tuple(
        ExpectedRecord(OBJECT, file.path, file.size, file.sha512)
        for file in store.facts(OBJECT).expected
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _emptied(held: Held, path: str) -> dict[str, FileVerdict]:
    """The folder that a removal left empty: that is seen too, and was not expected."""
    folder = (held.folder / path).parent
    if any(folder.iterdir()):
        return {}
    return {f"{folder.relative_to(held.folder).as_posix()}/": UNEXPECTED}


def _paths() -> st.SearchStrategy[int]:
    return st.integers(0, 10_000)


def _pick(held: Held, number: int, *, content: bool = False) -> ExpectedRecord:
    wanted = [one for one in held.expected if one.size or not content]
    return wanted[number % len(wanted)]


examples = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def test_an_untouched_object_is_intact(held: Held) -> None:
    assert held.judged() == ({}, CopyVerdict.INTACT)


@examples
@given(number=_paths(), at=st.integers(0), bit=st.integers(0, 7), silently=st.booleans())
def test_a_flipped_bit_is_altered(
    held: Held, number: int, at: int, bit: int, silently: bool
) -> None:
    wanted = _pick(held, number, content=True)
    path = held.folder / wanted.path
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    if silently:  # the same inode, size and times, as a failing disk would have it
        path.write_bytes(data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        path.unlink()
        path.write_bytes(data)
    assert held.judged() == ({wanted.path: ALTERED}, CopyVerdict.DAMAGED)
    held.mend()


@examples
@given(number=_paths(), size=st.integers(0), more=st.binary(max_size=5))
def test_a_file_cut_or_grown_is_altered(held: Held, number: int, size: int, more: bytes) -> None:
    wanted = _pick(held, number)
    path = held.folder / wanted.path
    data = path.read_bytes()
    changed = data + more if more else data[: size % len(data)] if data else b"\0"
    path.unlink()
    path.write_bytes(changed)
    assert held.judged() == ({wanted.path: ALTERED}, CopyVerdict.DAMAGED)
    held.mend()


@examples
@given(number=_paths(), whole=st.integers(0, 3))
def test_a_file_or_folder_that_is_gone_is_missing(held: Held, number: int, whole: int) -> None:
    wanted = _pick(held, number)
    folders = [parent.as_posix() for parent in Path(wanted.path).parents if parent != Path()]
    path = folders[whole % len(folders)] if whole and folders else wanted.path
    _remove(held.folder / path)
    gone = {e.path: MISSING for e in held.expected if f"{e.path}/".startswith(f"{path}/")}
    assert held.judged() == ({**gone, **_emptied(held, path)}, CopyVerdict.DAMAGED)
    held.mend()


@examples
@given(
    number=_paths(),
    name=st.sampled_from(
        ["x", ".hidden", "inventory.json.sha256", "0=ocfl_object_1.0", "\u1ebf", "e\u0302\u0301"]
    ),
    raw=st.booleans(),
)
def test_a_file_that_was_added_is_unexpected(held: Held, number: int, name: str, raw: bool) -> None:
    folder = (held.folder / _pick(held, number).path).parent
    at = os.fsencode(folder / name) + (b"\xff" if raw else b"")
    with open(at, "wb"):
        pass
    found, verdict = held.judged()
    assert (list(found.values()), verdict) == ([UNEXPECTED], CopyVerdict.DAMAGED)
    (path,) = found
    assert path.isprintable() and path.encode("utf-8")
    held.mend()


@examples
@given(number=_paths(), add=st.sampled_from(["~", " ", ".bak", "\u0301"]))
def test_a_renamed_file_is_missing_and_its_new_name_unexpected(
    held: Held, number: int, add: str
) -> None:
    wanted = _pick(held, number)
    (held.folder / wanted.path).rename(held.folder / (wanted.path + add))
    found = {wanted.path: MISSING, wanted.path + add: UNEXPECTED}
    assert held.judged() == (found, CopyVerdict.DAMAGED)
    held.mend()


def test_a_name_in_another_normal_form_is_another_name(held: Held) -> None:
    (wanted,) = [e for e in held.expected if not e.path.isascii()]
    other = unicodedata.normalize("NFD", wanted.path)
    (held.folder / wanted.path).rename(held.folder / other)
    assert held.judged()[0] == {wanted.path: MISSING, other: UNEXPECTED}


@examples
@given(one=_paths(), other=_paths())
def test_files_that_changed_places_are_both_altered(held: Held, one: int, other: int) -> None:
    first, second = _pick(held, one), _pick(held, other)
    a, b = held.folder / first.path, held.folder / second.path
    a.rename(held.folder / "between")
    if first.path != second.path:
        b.rename(a)
    (held.folder / "between").rename(b)
    same = first.sha512 == second.sha512
    found = {} if same else {first.path: ALTERED, second.path: ALTERED}
    assert held.judged()[0] == found
    held.mend()


@pytest.mark.parametrize("thing", THINGS)
@examples
@given(number=_paths())
def test_a_file_replaced_by_something_else_is_never_intact(
    held: Held, thing: str, number: int
) -> None:
    wanted = _pick(held, number)
    path = held.folder / wanted.path
    path.unlink()
    _put(thing, path, held.pristine / wanted.path)
    found, verdict = held.judged()
    if thing == "full folder":
        # What lies in it was not expected; the file itself is not there any more.
        assert found.pop(f"{wanted.path}/inside") is UNEXPECTED
        assert found.pop(wanted.path) in (MISSING, ALTERED)
    else:
        assert found.pop(wanted.path) is ALTERED
    assert (found, verdict) == ({}, CopyVerdict.DAMAGED)
    held.mend()


@pytest.mark.parametrize("thing", [thing for thing in THINGS if "folder" not in thing])
@examples
@given(number=_paths(), up=st.integers(0, 9))
def test_a_folder_replaced_by_something_else_has_lost_its_files(
    held: Held, thing: str, number: int, up: int
) -> None:
    wanted = _pick(held, number)
    parents = [Path(), *(p for p in Path(wanted.path).parents if p != Path())]
    folder = parents[up % len(parents)]
    path = held.folder / folder
    shutil.rmtree(path)
    _put(thing, path, held.pristine / folder)
    found, verdict = held.judged()
    name = folder.as_posix()
    below = {e.path for e in held.expected if name == "." or e.path.startswith(f"{name}/")}
    assert found == {**dict.fromkeys(below, MISSING), name: UNEXPECTED}
    assert verdict is CopyVerdict.DAMAGED
    held.mend()


def _put(thing: str, path: Path, honest: Path) -> None:
    match thing:
        case "link to itself":
            path.symlink_to(honest)
        case "link to nothing":
            path.symlink_to("nowhere")
        case "folder":
            path.mkdir()
        case "full folder":
            path.mkdir()
            (path / "inside").write_bytes(b"")
        case "pipe":
            os.mkfifo(path)
        case "socket":
            here = Path.cwd()
            os.chdir(path.parent)  # the path of a socket is short
            try:
                with socket.socket(socket.AF_UNIX) as listening:
                    listening.bind(path.name)
            finally:
                os.chdir(here)


def test_an_empty_folder_is_unexpected(held: Held) -> None:
    (held.folder / "v1" / "content" / "new" / "deep").mkdir(parents=True)
    assert held.judged()[0] == {"v1/content/new/deep/": UNEXPECTED}


def test_two_versions_that_changed_places_are_found(held: Held) -> None:
    (held.folder / "v1").rename(held.folder / "x")
    (held.folder / "v2").rename(held.folder / "v1")
    (held.folder / "x").rename(held.folder / "v2")
    found, _ = held.judged()
    assert {e.path for e in held.expected if e.path.startswith("v")} <= found.keys()


# -- what cannot be read


def _seen_without_rights(held: Held) -> dict[str, str]:
    """As `judged`, by a process that is not root."""
    place = held.folder
    while not (place / "store.json").exists():
        place = place.parent
    expected = [(e.path, e.size, e.sha512) for e in held.expected]
    ended = subprocess.run(
        [sys.executable, "-c", _LOOK, str(place), OBJECT],
        input=json.dumps(expected),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(ended.stdout)
    return found


_LOOK = """
import json, os, sys
from pathlib import Path
from preservation.audit.fixity import compare
from repository.catalogue.records import ExpectedRecord
from repository.local_store import LocalStore
from repository.model import ObjectId
os.chdir(sys.argv[1])
store_id = json.loads(Path("store.json").read_text())["store_id"]
if os.geteuid() == 0:
    os.seteuid(65534)
store = LocalStore("s", Path("."), store_id, readers=1)
expected = [ExpectedRecord(sys.argv[2], *one) for one in json.load(sys.stdin)]
(seen,) = store.observe([ObjectId(sys.argv[2])])
judged = compare(expected, seen)
print(json.dumps({"verdict": judged.verdict, **{f.path: f.verdict for f in judged.findings}}))
"""


@pytest.fixture
def rights(held: Held) -> Iterator[Callable[[str, int], None]]:
    changed: list[Path] = []

    def set_mode(path: str, mode: int) -> None:
        changed.append(held.folder / path)
        (held.folder / path).chmod(mode)

    yield set_mode
    for path in changed:
        path.chmod(0o755)


def test_a_file_without_the_right_to_read_is_unreadable(
    held: Held, rights: Callable[[str, int], None]
) -> None:
    rights("v1/content/bagit.txt", 0)
    found = {"verdict": "incomplete", "v1/content/bagit.txt": "unreadable"}
    assert _seen_without_rights(held) == found


@pytest.mark.parametrize("mode", [0, 0o111, 0o444])
def test_files_in_a_folder_that_is_closed_are_unreadable_and_not_missing(
    held: Held, rights: Callable[[str, int], None], mode: int
) -> None:
    rights("v1/content/data", mode)
    below = [e.path for e in held.expected if e.path.startswith("v1/content/data/")]
    found = _seen_without_rights(held)
    assert found.pop("verdict") == "incomplete"
    assert found == dict.fromkeys(below, "unreadable")


def test_an_object_whose_folder_is_closed_is_unreadable_as_a_whole(
    held: Held, rights: Callable[[str, int], None]
) -> None:
    rights(".", 0)
    found = _seen_without_rights(held)
    assert found.pop("verdict") == "incomplete"
    assert found == {e.path: "unreadable" for e in held.expected}


def test_a_closed_folder_that_nobody_expected_is_not_passed_over(
    held: Held, rights: Callable[[str, int], None]
) -> None:
    (held.folder / "v1/content/more").mkdir()
    (held.folder / "v1/content/more/secret").write_bytes(b"?")
    rights("v1/content/more", 0)
    found = _seen_without_rights(held)
    assert found.pop("verdict") == "damaged"
    assert found == {"v1/content/more": "unexpected"}


# -- media that lie, and stores that go away


@pytest.mark.parametrize(
    ("lie", "verdict"),
    [("flip", ALTERED), ("short", ALTERED), ("eio", UNREADABLE), ("lost", MISSING)],
)
def test_what_a_lying_medium_gives_is_called_what_it_is(lie: Lie, verdict: FileVerdict) -> None:
    store = MemoryStore("liar")
    _fill(store)
    expected = _expected(store)
    for wanted in expected:
        if not wanted.size:
            continue
        path = f"{store.object_path(OBJECT)}/{wanted.path}"
        data = store.medium.files[path]
        if lie == "lost":
            del store.medium.files[path]
        else:
            store.medium.lies = {path: lie}
        (seen,) = store.observe([OBJECT])
        judged = compare(expected, seen)
        assert {f.path: f.verdict for f in judged.findings} == {wanted.path: verdict}
        store.medium.files[path], store.medium.lies = data, {}


def test_a_stale_listing_shows_as_missing_and_altered_and_never_as_intact() -> None:
    store = MemoryStore("stale")
    _fill(store)
    expected = _expected(store)
    store.medium.lies = {"": "stale"}
    (seen,) = store.observe([OBJECT])
    found = {f.path: f.verdict for f in compare(expected, seen).findings}
    assert set(found.values()) == {MISSING, ALTERED}
    assert {path for path, verdict in found.items() if verdict is ALTERED} == {
        "inventory.json",
        "inventory.json.sha512",
    }


def test_a_store_that_is_exchanged_while_it_is_looked_at_has_no_missing_files(
    tmp_path: Path,
) -> None:
    at = tmp_path / "mount"
    store = LocalStore("s", at, create_local_store(at), readers=1)
    _fill(store)
    empty = tmp_path / "other disk"
    create_local_store(empty)

    def exchanged() -> Iterator[ObjectId]:
        yield OBJECT
        at.rename(tmp_path / "unmounted")
        empty.rename(at)
        yield OBJECT

    with pytest.raises(Unavailable, match="Another store"):
        list(store.observe(exchanged()))


def test_a_store_that_is_unmounted_while_it_is_looked_at_has_no_missing_files(
    tmp_path: Path,
) -> None:
    at = tmp_path / "mount"
    store = LocalStore("s", at, create_local_store(at), readers=1)
    _fill(store)

    def unmounted() -> Iterator[ObjectId]:
        at.rename(tmp_path / "elsewhere")
        at.mkdir()
        yield OBJECT

    with pytest.raises(Unavailable):
        list(store.observe(unmounted()))
