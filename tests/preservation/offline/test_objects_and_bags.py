"""Objects, bags and ZIPs of both: any harm is found, and others' verdicts on the fixtures are ours."""

from __future__ import annotations

import errno
import os
import random
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.offline import kho_verify
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.validate import validate_object
from repository.second_opinion import ocfl_py_verdict
from tests.conformance.test_bags import ACCEPTED_WRONGLY, AGREED, BREAKS_IT
from tests.preservation.offline.judging import Judged, harms, judge, write
from tests.repository.bag.builder import make_bag
from tests.repository.ocfl.builder import make_object, put_inventory

CORPORA = os.environ.get("KHO_TEST_CORPORA")
CASES = sorted(Path(CORPORA, "ocfl-fixtures").glob("1.[01]/*-objects/*")) if CORPORA else []
KHO = "Kho-AIP-Profile: tt05-2025/1\n"
BAG = make_bag({"a.txt": b"alpha", "thư mục/văn bản.pdf": b"beta"}, info=KHO,
               algorithms=("sha512", "sha256"))  # fmt: skip
LATER = make_bag({"a.txt": b"alpha", "b.txt": b"gamma"}, info=KHO, algorithms=("sha512", "sha256"))
OBJECT = make_object(BAG, LATER, object_id="urn:x:1")

# Where it differs from Kho's validator and ocfl-py; docs/verify-without-us.md says why.
DIFFERENT = {"E003_E063_empty": "incomplete"}


def zipped(place: Path, files: dict[str, bytes], *, sidecar: bool) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as made:
        for path, data in files.items():
            made.writestr(zipfile.ZipInfo(f"x/{path}"), data)
    if sidecar:
        digest = kho_verify.digests_of([place.read_bytes()], ["sha512"])["sha512"]
        place.with_name(f"{place.name}.sha512").write_text(f"{digest}  {place.name}\n")
    return place


@pytest.mark.skipif(not CASES, reason="KHO_TEST_CORPORA does not lead to the OCFL fixtures")
def test_the_fixtures_are_judged_as_kho_and_ocfl_py_judge_them() -> None:
    differing = {}
    for case in CASES:
        ours = judge(case)
        assert len(ours.subjects) <= 1
        verdict = ours.subjects[0]["verdict"] if ours.subjects else "intact"
        theirs = "damaged" if validate_object(LocalTree(str(case))).has_errors else "intact"
        if verdict != theirs:
            differing[case.name] = verdict
    assert differing == DIFFERENT
    assert len(CASES) == 156


@pytest.mark.parametrize("files", [BAG, OBJECT, LATER], ids=["bag", "object", "later bag"])
def test_what_is_sound_is_intact_in_a_folder_and_in_a_zip(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    for place in (
        write(tmp_path / "folder", files),
        zipped(tmp_path / "a.zip", files, sidecar=False),
        zipped(tmp_path / "b.zip", files, sidecar=True),
    ):
        result = judge(place)
        assert (result.status, result.subjects) == (0, []), result
        assert result.summary["expected"] == len(files) + (place.name == "b.zip")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9), which=st.sampled_from([BAG, OBJECT]))
def test_any_harm_to_a_file_is_found(
    seed: int, which: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    place = write(tmp_path_factory.mktemp("harmed"), which)
    name = chance.choice(sorted(which))
    for what, data in harms(which[name], chance):
        (place / name).write_bytes(data)
        result = judge(place)
        assert result.told(), (name, what)
        # Letters in another case and white space beside a digest leave a sidecar what it was.
        assert result.status == 3 or ".json.sha" in name, (name, what)
    (place / name).unlink()
    assert judge(place).status == 3, f"{name} removed"
    (place / name).write_bytes(which[name])
    (place / name).with_name("thêm.txt").write_bytes(b"x")
    result = judge(place)
    assert result.status == 3, f"added beside {name}"
    assert result.summary["unexpected"] == 1


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**9), which=st.sampled_from([BAG, OBJECT]))
def test_any_harm_to_a_zip_or_its_digest_is_found(
    seed: int, which: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    place = zipped(tmp_path_factory.mktemp("zip") / "x.zip", which, sidecar=True)
    name = chance.choice([place, place.with_name("x.zip.sha512")])
    whole = name.read_bytes()
    for what, data in harms(whole, chance):
        name.write_bytes(data)
        assert judge(place).status == 3, (name, what)


def valid(result: Judged) -> bool:
    return result.status == 0


@pytest.mark.parametrize("case", AGREED)
def test_bags_are_judged_as_kho_and_bagit_python_judge_them(case: str, tmp_path: Path) -> None:
    bag, agreed = AGREED[case]
    assert valid(judge(write(tmp_path, bag))) is agreed


@pytest.mark.parametrize("case", [*ACCEPTED_WRONGLY, *BREAKS_IT])
def test_bags_that_bagit_python_takes_or_breaks_on_are_refused(case: str, tmp_path: Path) -> None:
    bag = {**ACCEPTED_WRONGLY, **BREAKS_IT}[case]
    if case == "a file in one of two manifests":
        bag = {name: data for name, data in bag.items() if not name.startswith("tagmanifest")}
    assert not valid(judge(write(tmp_path, bag)))


def test_our_bag_without_one_of_its_tag_manifests_is_found(tmp_path: Path) -> None:
    bag = {name: data for name, data in BAG.items() if name != "tagmanifest-sha256.txt"}
    assert judge(write(tmp_path, bag)).status == 3


def test_links_are_never_followed(tmp_path: Path) -> None:
    place = write(tmp_path / "object", OBJECT)
    (tmp_path / "elsewhere").write_bytes(b"alpha")
    (place / "v1/content/data/a.txt").unlink()
    (place / "v1/content/data/a.txt").symlink_to(tmp_path / "elsewhere")
    result = judge(place)
    assert result.status == 3
    assert {"LINK", "MISSING"} <= result.codes()
    (tmp_path / "link").symlink_to(write(tmp_path / "sound", OBJECT))
    assert judge(tmp_path / "link").status == 3


def test_pipes_are_told_and_not_waited_for(tmp_path: Path) -> None:
    place = write(tmp_path / "bag", BAG)
    os.mkfifo(place / "data" / "pipe")
    assert "LINK" in judge(place).codes()
    os.mkfifo(tmp_path / "x.zip")
    assert judge(tmp_path / "x.zip").status == 4
    os.mkfifo(tmp_path / "p.json")
    assert judge("--proof", tmp_path / "p.json").status == 4


def test_what_cannot_be_read_is_not_checked_and_never_intact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write(tmp_path / "bag", BAG)
    real = kho_verify.Stream.read

    def failing(self: kho_verify.Stream, size: int | None = -1, /) -> bytes:
        if os.readlink(f"/proc/self/fd/{self.fileno()}").endswith("a.txt"):
            raise OSError(errno.EIO, "Input/output error")
        return real(self, size)

    monkeypatch.setattr(kho_verify.Stream, "read", failing)
    result = judge(place)
    assert result.status == 4
    assert result.summary["unreadable"] == 1
    assert result.summary["missing"] == result.summary["altered"] == 0


def test_a_folder_that_cannot_be_listed_has_nothing_missing_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write(tmp_path / "bag", BAG)
    real = os.scandir

    def refusing(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("data"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)  # type: ignore[return-value]

    monkeypatch.setattr(os, "scandir", refusing)
    result = judge(place)
    assert result.summary["missing"] == 0
    assert result.summary["unreadable"] == 2
    assert "UNREADABLE" in result.codes()


def test_what_is_not_there_is_not_checked(tmp_path: Path) -> None:
    assert judge(tmp_path / "absent").status == 4
    (tmp_path / "empty").mkdir()
    assert judge(tmp_path / "empty").status == 4


def storage_root(place: Path) -> Path:
    from repository.model import ObjectId
    from repository.ocfl.layout import HashedWithId, write_layout

    write(place, write_layout())
    for number in (1, 2):
        name = f"urn:x:{number}"
        write(place / HashedWithId().path(ObjectId(name)), make_object(BAG, object_id=name))
    return place


def test_a_storage_root_is_judged_object_by_object_and_around_them(tmp_path: Path) -> None:
    place = storage_root(tmp_path / "root")
    result = judge(place)
    assert (result.status, result.summary["subjects"]) == (0, 3)
    folder = next(place.rglob("0=ocfl_object_1.1")).parent
    (folder.parent / "stray").write_bytes(b"")
    assert judge(place).codes() >= {"UNEXPECTED"}
    (folder.parent / "stray").unlink()
    shutil.copytree(folder, place / "other")
    assert "RULE" in judge(place).codes()
    shutil.rmtree(place / "other")
    (folder / "0=ocfl_object_1.1").unlink()
    assert judge(place).status == 3
    (place / "0=ocfl_1.1").write_bytes(b"ocfl_1.0\n")
    assert judge(place).status == 3


def test_an_object_rewritten_as_a_whole_is_found_by_the_ledger(tmp_path: Path) -> None:
    """File, manifest, inventory and sidecar agree; only the ledger knows better."""
    from tests.preservation.offline.judging import Log

    place = storage_root(tmp_path / "root")
    log = Log()
    log.new_key()
    for inventory in sorted(place.rglob("v1/inventory.json")):
        digest = kho_verify.digests_of([inventory.read_bytes()], ["sha512"])["sha512"]
        name = kho_verify.parse_json(inventory.read_bytes())["id"]
        log.add(type="accession", object_id=name, detail={"inventory_sha512": digest})
    log.sign()
    ledger = write(tmp_path / "ledger", log.files())
    assert judge("--ledger", ledger, place).status == 0
    folder = next(place.rglob("urn%3ax%3a1"))
    forged = make_object({**BAG, "data/a.txt": b"forged"}, object_id="urn:x:1")
    shutil.rmtree(folder)
    write(folder, forged)
    result = judge("--ledger", ledger, place)
    assert "COMMITMENT" in result.codes()
    shutil.rmtree(folder)
    result = judge("--ledger", ledger, place)
    assert "MISSING" in result.codes()


def test_a_ledger_older_than_the_object_leaves_it_unchecked(tmp_path: Path) -> None:
    from tests.preservation.offline.judging import Log

    first = make_object(BAG, object_id="urn:x:1")
    log = Log()
    log.new_key()
    digest = kho_verify.digests_of([first["inventory.json"]], ["sha512"])["sha512"]
    log.add(type="accession", object_id="urn:x:1", detail={"inventory_sha512": digest})
    ledger = write(tmp_path / "ledger", log.files())
    assert judge("--ledger", ledger, write(tmp_path / "one", first)).status == 0
    assert judge("--ledger", ledger, write(tmp_path / "two", OBJECT)).status == 4


# -- Hostile input


@pytest.mark.parametrize(
    "inventory",
    [
        b'{"a":' * 100_000, b"[" * 1_000_000, b"{" + b'"id":"urn:x:1",' * 2 + b'"head":"v1"}',
        b'{"id":' + b"9" * 100_000 + b"}", b"\xff\xfe", b"", b"null", b"[]", b'{"id":"\\ud800"}',
        b'\xef\xbb\xbf{"id":"x"}', b'{"id":NaN}', b"[],[]" * 100_000, b'{"versions":{"v1":1e999}}',
    ],
    ids=lambda data: repr(data[:24]),
)  # fmt: skip
def test_a_hostile_inventory_is_a_finding(inventory: bytes, tmp_path: Path) -> None:
    tree = dict(OBJECT)
    put_inventory(tree, inventory, "", "v2/")
    assert judge(write(tmp_path, tree)).status == 3


@pytest.mark.parametrize(
    "name", ["../up", "/root", "a\\b", "C:evil", "a//b", "./a", "x/../../y", "a\0b"]
)
def test_unsafe_names_in_a_zip_are_findings_and_nothing_is_unpacked(
    name: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        for path, data in BAG.items():
            made.writestr(path, data)
        made.writestr("data/Z" + "z" * (len(name) - 1), b"x")
    data = (tmp_path / "x.zip").read_bytes()
    stored = b"data/Z" + b"z" * (len(name) - 1)
    evil = name.encode().ljust(len(stored), b"_")
    (tmp_path / "x.zip").write_bytes(data.replace(stored, evil))
    assert judge(tmp_path / "x.zip").status == 3
    assert os.listdir(tmp_path) == ["x.zip"]


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        kho_verify, "BLOCK", 1024
    )  # what is allowed to any ZIP: then 1 MiB, else 1 GiB
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.writestr("data/zeros", bytes(8 * 1024 * 1024))
    result = judge(tmp_path / "x.zip")
    assert (result.status, result.codes()) == (4, {"UNREADABLE"})


@pytest.mark.parametrize("depth", range(880, 1000, 7))
def test_values_nested_almost_too_deeply_are_findings(depth: int, tmp_path: Path) -> None:
    tree = dict(OBJECT)
    deep = b"[" * depth + b"]" * depth
    put_inventory(tree, tree["inventory.json"].replace(b'"v2"', deep, 1), "", "v2/")
    assert judge(write(tmp_path / "object", tree)).status == 3
    entry = b'{"commitment":' + deep + b"}"
    assert judge(write(tmp_path / "ledger", {"journal-000001.jsonl": entry + b"\n"})).status == 3
    (tmp_path / "p.json").write_bytes(b'{"format":' + deep + b"}")
    assert judge(tmp_path / "p.json").status == 3


@pytest.mark.parametrize("line", ["   ", "http://x.example/a", "\t", "http://x.example - ../up"])
def test_odd_lines_of_fetch_txt_are_findings(line: str, tmp_path: Path) -> None:
    bag = {**BAG, "fetch.txt": f"{line}\n".encode()}
    assert judge(write(tmp_path, bag)).status == 3


def test_encrypted_or_unknown_packing_is_not_checked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_LZMA) as made:
        for path, data in BAG.items():
            made.writestr(path, data)
    assert judge(tmp_path / "x.zip").status == 4


PIECES = st.sampled_from(
    [b"0" * 128, b"  ", b"data/a.txt", b"\n", b"\r", b"%0A", b"../", b"\xff", b"\0", b"PK\3\4", b"{}",
     b"BagIt-Version: 1.0\n", b"Tag-File-Character-Encoding: UTF-8\n", b"Payload-Oxum: 1.1\n", b"*"]
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    which=st.sampled_from([BAG, OBJECT]),
    name=st.integers(0, 100),
    data=st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=20).map(b"".join)),
)
def test_garbage_in_any_file_is_a_finding_and_never_an_exception(
    which: dict[str, bytes], name: int, data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    names = sorted(which)
    place = write(tmp_path_factory.mktemp("garbage"), which)
    (place / names[name % len(names)]).write_bytes(data)
    assert judge(place).status == (0 if data == which[names[name % len(names)]] else 3)


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=300), at=st.integers(0, 400), length=st.integers(0, 60))
def test_garbage_as_a_zip_or_proof_is_a_finding_and_never_an_exception(
    data: bytes, at: int, length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = zipped(tmp_path_factory.mktemp("garbage") / "x.zip", {"bagit.txt": b"x"}, sidecar=False)
    whole = place.read_bytes()
    place.write_bytes(whole[:at] + data + whole[at + length :])
    assert judge(place).status in (3, 4)
    (place.parent / "p.json").write_bytes(data)
    assert judge(place.parent / "p.json").status == 3


def test_ocfl_py_takes_what_the_table_says_it_takes(tmp_path: Path) -> None:
    """One row of the table in the documents: a content file replaced by a link."""
    place = write(tmp_path / "object", OBJECT)
    (tmp_path / "elsewhere").write_bytes(b"alpha")
    (place / "v1/content/data/a.txt").unlink()
    (place / "v1/content/data/a.txt").symlink_to(tmp_path / "elsewhere")
    assert ocfl_py_verdict(str(place)).valid is True
    assert judge(place).status == 3
