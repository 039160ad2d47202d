import errno
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.digest import digest_bytes
from repository.errors import NotFound
from repository.ocfl import validate
from repository.ocfl.codes import CODES_1_0, CODES_1_1
from repository.ocfl.grammar import DIGEST_LENGTHS
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.tree import TreeDigest
from repository.ocfl.validate import judge_object, validate_object
from repository.problems import Report
from schemas.problem_texts import known_codes
from tests.repository.ocfl.builder import TWO_VERSIONS, MemoryTree, make_object, put_inventory


def _judge(tree: dict[str, bytes], **planted) -> Report:
    return validate_object(MemoryTree(tree, **planted))


def _errors(report: Report) -> set[str]:
    return {p.code for p in report if p.severity == "error"}


def _place(tree: dict[str, bytes], root) -> str:
    for path, data in tree.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return str(root)


def test_an_object_of_ours_has_no_findings_in_memory_and_on_disk(tmp_path) -> None:
    tree = make_object(*TWO_VERSIONS)
    assert _judge(tree).problems == ()
    judged = judge_object(LocalTree(_place(tree, tmp_path)))
    assert judged.report.problems == ()
    assert (judged.object_id, judged.spec_version) == ("urn:H49:uuid-1", "1.1")


def test_each_file_is_read_once_for_all_its_digests() -> None:
    tree = MemoryTree(make_object(*TWO_VERSIONS))
    validate_object(tree)
    assert set(tree.read_count.values()) == {1}
    assert len(tree.read_count) == 4


SOUND = make_object(*TWO_VERSIONS)
SIDECARS = {path for path in SOUND if path.endswith(".sha512")}


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_altered_byte_is_found(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(p for p in SOUND if SOUND[p])))
    spot = data.draw(st.integers(0, len(SOUND[path]) - 1))
    altered = bytearray(SOUND[path])
    altered[spot] ^= data.draw(st.integers(1, 255))
    report = _judge({**SOUND, path: bytes(altered)})
    # Upper-case hex and another white space say the same digest; nothing else may pass. What counts
    # as white space beyond blanks, tabs and line ends (a form feed?) is for the validator to refuse.
    same = path in SIDECARS and altered.lower().split() == SOUND[path].split()
    if not same:
        assert report.has_errors
    elif not {0x0B, 0x0C} & set(altered):
        assert not report.has_errors


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(SOUND)), st.integers(0, 3), st.binary(max_size=3))
def test_any_truncated_lengthened_removed_renamed_or_linked_file_is_found(
    path: str, cut: int, more: bytes
) -> None:
    changed = SOUND[path][: len(SOUND[path]) - cut] + more
    # A sidecar without its last line end is still a digest and a name.
    if changed.strip() != SOUND[path].strip():
        assert _judge({**SOUND, path: changed}).has_errors
    gone = {other: data for other, data in SOUND.items() if other != path}
    assert _judge(gone).problems
    assert _judge({**gone, path + "x": SOUND[path]}).has_errors
    assert "E090" in _errors(_judge(gone, links=[path]))
    assert "E090" in _errors(_judge(gone, special=[path]))


@given(st.sampled_from(sorted(SOUND)), st.sampled_from(sorted(SOUND)))
def test_two_files_with_their_bytes_exchanged_are_found(one: str, other: str) -> None:
    swapped = {**SOUND, one: SOUND[other], other: SOUND[one]}
    assert _judge(swapped).has_errors == (SOUND[one] != SOUND[other])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("stray.txt", "E001"),
        ("v3.txt", "E001"),
        ("other/file", "E001"),
        ("inventory.json.md5", "E059"),
        ("0=ocfl_object_1.0", "E003"),
        ("1=ocfl_object_1.1", "E005"),
        ("0=ocfl_thing_1.1", "E006"),
        ("0=ocfl_object_2.0", "E004"),
        ("v3/inventory.json", "E046"),
        ("v1/stray.txt", "E015"),
        ("v1/content/stray.txt", "E023"),
        ("v1/content/data/dấu.txt", "E023"),
        ("v1/content/\udcff.txt", "E023"),
        ("extensions/file", "E067"),
    ],
)
def test_an_added_file_is_found_under_its_code(path: str, code: str) -> None:
    assert code in _errors(_judge({**SOUND, path: b"stray"}))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("v1/other/file", "W002"),
        ("extensions/unknown-extension/file", "W013"),
        ("extensions/0005-mutable-head/head/inventory.json", "STO-MUTABLE-HEAD"),
    ],
)
def test_what_is_only_unusual_is_a_warning(path: str, code: str) -> None:
    report = _judge({**SOUND, path: b"x"})
    assert code in report.codes()
    assert not report.has_errors


@pytest.mark.parametrize("path", ["logs/log.txt", "extensions/0001-digest-algorithms/config.json"])
def test_logs_and_registered_extensions_are_no_finding(path: str) -> None:
    assert _judge({**SOUND, path: b"x"}).problems == ()


@pytest.mark.parametrize(
    ("folder", "code"),
    [("v1/content/hollow", "E024"), ("v2/content/a/b", "E024"), ("hollow", "E001"), ("v3", "E046")],
)
def test_an_empty_folder_is_found_under_its_code(folder: str, code: str) -> None:
    assert code in _judge(SOUND, dirs=[folder]).codes()


def test_an_empty_content_folder_is_a_warning_not_an_empty_folder() -> None:
    tree = make_object({"a": b"x"}, {"b": b"x"})
    report = _judge(tree, dirs=["v2/content"])
    assert report.codes() == ["W003"]


@pytest.mark.parametrize("path", sorted(SOUND))
@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_a_file_that_cannot_be_read_makes_the_object_not_valid(path: str, code: int) -> None:
    report = _judge(SOUND, failing={path: code})
    (problem,) = [p for p in report if p.code == "STO-UNREADABLE"]
    assert (problem.location, problem.params["errno"]) == (path, str(code))
    assert report.has_errors


@pytest.mark.parametrize("folder", ["", "v1", "v1/content", "v2", "v1/content/data", "logs"])
def test_a_folder_that_cannot_be_listed_is_unreadable_and_nothing_in_it_is_called_missing(
    folder: str,
) -> None:
    report = _judge({**SOUND, "logs/a": b""}, unlistable={folder: errno.EIO})
    assert _errors(report) == {"STO-UNREADABLE"}


def test_without_digests_a_changed_file_passes_and_a_missing_one_does_not() -> None:
    path = "v1/content/data/a.txt"
    changed = MemoryTree({**SOUND, path: b"other"})
    assert not validate_object(changed, check_digests=False).has_errors
    assert changed.read_count == {}
    del changed.files[path]
    assert "E092" in _errors(validate_object(changed, check_digests=False))


def test_names_that_differ_only_in_case_or_accents_are_valid_and_told() -> None:
    tree = make_object({"a.txt": b"1", "A.txt": b"2", "\u1ec7": b"3", "e\u0302\u0323": b"4"})
    report = _judge(tree)
    assert report.codes() == ["STO-NAME-CLASH", "STO-NAME-CLASH"]
    assert not report.has_errors


def test_of_a_missing_file_each_block_is_told_with_its_own_digest() -> None:
    object_files = make_object({"a": b"alone"})
    del object_files["v1/content/a"]
    report = validate_object(MemoryTree(object_files))
    told = {one.code: dict(one.params) for one in report if one.code in ("E092", "E093")}
    digests = digest_bytes(b"alone", ["sha512", "sha256"])
    assert told == {
        "E092": {"value": "—", "expected": f"sha512 {digests['sha512']}"},
        "E093": {"value": "—", "expected": f"sha256 {digests['sha256']}"},
    }


def test_a_name_stored_in_another_unicode_form_is_missing_and_unlisted() -> None:
    tree = make_object({"v\u0103n b\u1ea3n": b"1"})
    tree["v1/content/va\u0306n ba\u0309n"] = tree.pop("v1/content/v\u0103n b\u1ea3n")
    assert {"E092", "E023"} <= _errors(_judge(tree))


def _rewritten(change, tree: dict[str, bytes] = SOUND, *folders: str) -> dict[str, bytes]:
    """The object with a changed inventory and a matching sidecar."""
    made = dict(tree)
    folders = folders or ("", "v2/")
    document = json.loads(tree[f"{folders[0]}inventory.json"])
    change(document)
    put_inventory(made, json.dumps(document).encode(), *folders)
    return made


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.update(id="urn:other"), "E110"),
        (lambda d: d.update(head="v2"), "E040"),
        (lambda d: d.update(contentDirectory="inhalt"), "E019"),
        (lambda d: d["versions"].update(v2=d["versions"]["v1"]), "E066"),
        (lambda d: d["versions"]["v1"]["state"].popitem(), "E066"),
        (lambda d: d["manifest"].popitem(), "E023"),
        (lambda d: d["manifest"].update({"0" * 128: ["v1/content/bagit.txt"]}), "E092"),
        (lambda d: d["fixity"]["sha256"].update({"0" * 64: ["v1/content/bagit.txt"]}), "E093"),
        (lambda d: d["versions"]["v1"].update(message="another"), "W011"),
        (lambda d: d["versions"]["v1"].update(created="2026-11-22T08:00:01+07:00"), "W011"),
        (lambda d: d["versions"]["v1"].pop("user"), "W011"),
    ],
)
def test_an_earlier_inventory_that_says_otherwise_is_found(change, code: str) -> None:
    report = _judge(_rewritten(change, SOUND, "v1/"))
    assert code in report.codes()
    assert report.has_errors == code.startswith("E")


def test_an_earlier_version_under_a_newer_specification_is_found() -> None:
    def older(document):
        document["type"] = "https://ocfl.io/1.0/spec/#inventory"

    tree = _rewritten(older)
    tree["0=ocfl_object_1.0"] = b"ocfl_object_1.0\n"
    del tree["0=ocfl_object_1.1"]
    assert "E103" in _errors(_judge(tree))


def test_an_object_may_move_from_1_0_to_1_1() -> None:
    def older(document):
        document["type"] = "https://ocfl.io/1.0/spec/#inventory"

    assert _judge(_rewritten(older, SOUND, "v1/")).problems == ()


def test_a_declaration_and_an_inventory_of_different_versions_are_found() -> None:
    tree = dict(SOUND)
    del tree["0=ocfl_object_1.1"]
    tree["0=ocfl_object_1.0"] = b"ocfl_object_1.0\n"
    assert "E038" in _errors(_judge(tree))


def test_the_root_inventory_must_be_that_of_the_newest_version() -> None:
    def other_message(document):
        document["versions"]["v2"]["message"] = "changed in the root only"

    codes = _judge(_rewritten(other_message, SOUND, "")).codes()
    assert "E064" in codes


def test_a_fixity_size_and_an_unknown_registered_algorithm() -> None:
    def with_sizes(document):
        document["fixity"] |= {
            "size": {"5": ["v1/content/data/a.txt", "v1/content/bagit.txt"], "7": []},
            "blake2b-160": {"0" * 40: ["v1/content/bagit.txt"]},
        }

    assert _judge(_rewritten(with_sizes)).codes() == ["STO-FIXITY-NOT-CHECKED"]

    def with_a_wrong_size(document):
        document["fixity"]["size"] = {"6": ["v1/content/bagit.txt"]}

    assert _errors(_judge(_rewritten(with_a_wrong_size))) == {"E093"}


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "blake2b-512", "sha512/256"])
def test_a_wrong_fixity_value_is_found_in_every_algorithm_we_have(algorithm: str) -> None:
    lengths = {"md5": 32, "sha1": 40, "blake2b-512": 128, "sha512/256": 64}

    def with_a_lie(document):
        document["fixity"][algorithm] = {"0" * lengths[algorithm]: ["v1/content/bagit.txt"]}

    assert _errors(_judge(_rewritten(with_a_lie))) == {"E093"}


@pytest.mark.parametrize("path", ["inventory.json", "v1/inventory.json", "v2/inventory.json"])
@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b'{"id": "a", "id": "a"}', b"\xff"])
def test_a_hostile_inventory_anywhere_is_findings_and_nothing_else(path: str, data: bytes) -> None:
    assert "E033" in _errors(_judge({**SOUND, path: data}))


@pytest.mark.parametrize(
    "sidecar", [b"", b"\xff", b"abc", b"0" * 128, b"0" * 128 + b" other.json", b"x" * 5000]
)
def test_a_sidecar_that_is_not_one_is_found(sidecar: bytes) -> None:
    codes = _errors(_judge({**SOUND, "inventory.json.sha512": sidecar}))
    assert codes & {"E061", "STO-TOO-LARGE"}


def test_a_second_name_of_one_file_is_a_hard_link(tmp_path) -> None:
    tree = make_object({"a": b"same", "b": b"other"})
    root = _place(tree, tmp_path)
    os.link(f"{root}/v1/content/a", f"{root}/v1/content/c")
    assert {"E090", "E023"} <= _errors(validate_object(LocalTree(root)))


def test_a_content_file_replaced_by_a_link_to_its_own_bytes_is_not_valid(tmp_path) -> None:
    root = _place(make_object({"a": b"same"}), tmp_path / "object")
    (tmp_path / "elsewhere").write_bytes(b"same")
    os.unlink(f"{root}/v1/content/a")
    os.symlink(tmp_path / "elsewhere", f"{root}/v1/content/a")
    assert "E090" in _errors(validate_object(LocalTree(root)))


def test_a_version_folder_replaced_by_a_link_is_not_valid_and_not_followed(tmp_path) -> None:
    root = _place(make_object({"a": b"same"}), tmp_path / "object")
    os.rename(f"{root}/v1", tmp_path / "v1")
    os.symlink(tmp_path / "v1", f"{root}/v1")
    assert {"E090", "E092"} <= _errors(validate_object(LocalTree(root)))


def test_a_pipe_is_told_and_never_waited_for(tmp_path) -> None:
    root = _place(make_object({"a": b"same"}), tmp_path)
    os.unlink(f"{root}/inventory.json")
    os.mkfifo(f"{root}/inventory.json")
    assert "E090" in _errors(validate_object(LocalTree(root)))


def test_a_folder_that_goes_away_while_we_look_is_told_with_the_reason(tmp_path) -> None:
    (tmp_path / "a").mkdir()
    entries = LocalTree(str(tmp_path)).list()
    assert next(entries).path == "a"
    (tmp_path / "a").rmdir()
    (gone,) = entries
    assert (gone.path, gone.errno) == ("a", errno.ENOENT)


def test_a_folder_that_is_not_there_is_not_found(tmp_path) -> None:
    with pytest.raises(NotFound):
        LocalTree(str(tmp_path / "absent"))


def test_every_code_has_a_text_in_both_languages() -> None:
    ours = {
        "STO-UNREADABLE", "STO-TOO-LARGE", "STO-OBJECT-ID", "STO-MUTABLE-HEAD", "STO-NAME-CLASH",
        "STO-FIXITY-NOT-CHECKED", "STO-LAYOUT-NOT-CHECKED",
    }  # fmt: skip
    for language in ("vi", "en"):
        assert known_codes(language) >= CODES_1_0 | CODES_1_1 | ours


class _HastyTree(MemoryTree):
    """Its first answer is wrong for one file, as a faulty engine's or memory's would be."""

    def digests(self, requests, *, again=False):
        for result in super().digests(requests, again=again):
            if result.path == "v1/content/bagit.txt" and not again:
                yield TreeDigest(result.path, result.size, dict.fromkeys(result.digests, "0"))
            else:
                yield result


def test_a_difference_that_does_not_stand_a_second_look_is_no_finding() -> None:
    tree = _HastyTree(SOUND)
    assert validate_object(tree).problems == ()
    assert tree.read_count["v1/content/bagit.txt"] == 2


@pytest.mark.parametrize("algorithm", ["blake2b-160", "blake2b-384", "md5", "sha512/256"])
def test_an_inventory_in_an_algorithm_that_it_may_not_have_is_a_finding(algorithm: str) -> None:
    digest = "0" * DIGEST_LENGTHS[algorithm]
    tree = {path: data for path, data in SOUND.items() if "inventory" not in path}
    inventory = json.dumps(
        {
            "id": "urn:a",
            "type": "https://ocfl.io/1.1/spec/#inventory",
            "digestAlgorithm": algorithm,
            "head": "v1",
            "manifest": {digest: ["v1/content/a"]},
            "versions": {"v1": {"created": "2026-01-01T00:00:00Z", "state": {digest: ["a"]}}},
        }
    ).encode()
    for folder in ("", "v1/"):
        tree[f"{folder}inventory.json"] = inventory
        tree[f"{folder}inventory.json.{algorithm}"] = f"{digest} inventory.json\n".encode()
    assert "E025" in _errors(_judge(tree))


MANY_FILES = make_object({f"data/{n}.txt": b"%d" % n for n in range(40)})
INVENTORIES = {
    "sound": MANY_FILES["inventory.json"],
    "not JSON": b"{" + MANY_FILES["inventory.json"],
    "cut off": MANY_FILES["inventory.json"][:-9],
    "not plain": json.dumps(json.loads(MANY_FILES["inventory.json"]) | {"more": [1]}).encode(),
    "another id": MANY_FILES["inventory.json"].replace(b"uuid-1", b"uuid-2"),
    "a name twice": MANY_FILES["inventory.json"].replace(b'"head"', b'"head": "v1", "head"', 1),
    "of another digest": MANY_FILES["inventory.json"].replace(b'"sha512"', b'"sha256"', 1),
    "bytes behind it": MANY_FILES["inventory.json"] + b" x",
    "empty": b"",
}


@pytest.mark.parametrize("head_too", [False, True])
@pytest.mark.parametrize("kind", INVENTORIES)
def test_an_inventory_read_a_piece_at_a_time_is_judged_as_one_that_is_read_whole(
    kind: str, head_too: bool, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = {**MANY_FILES, "inventory.json": INVENTORIES[kind]}
    if head_too:
        tree["v1/inventory.json"] = INVENTORIES[kind]
    place = _place(tree, tmp_path)
    whole = judge_object(LocalTree(place))
    monkeypatch.setattr(validate, "_LARGE", -1)
    monkeypatch.setattr(validate, "_PIECE", 100)
    in_pieces = judge_object(LocalTree(place))
    told = [  # the files were read side by side, so in no order
        (sorted(str(p.as_dict()) for p in judged.report), judged.object_id, judged.spec_version)
        for judged in (in_pieces, whole)
    ]
    assert told[0] == told[1]
    assert whole.report.has_errors == (kind != "sound")


def test_an_inventory_beyond_the_limit_or_unreadable_is_told_when_read_in_pieces_too(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _place(MANY_FILES, tmp_path)
    monkeypatch.setattr(validate, "_LARGE", -1)
    monkeypatch.setattr(validate, "_PIECE", 100)

    def refused(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(LocalTree, "open", refused)
        assert _errors(validate_object(LocalTree(place))) == {"STO-UNREADABLE"}
    monkeypatch.setattr(validate, "INVENTORY_LIMIT", len(MANY_FILES["inventory.json"]) - 1)
    assert _errors(validate_object(LocalTree(place))) == {"STO-TOO-LARGE"}


def test_a_large_inventory_is_compared_without_a_second_copy_and_judged_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    damaged = {**SOUND, "v2/inventory.json": SOUND["v2/inventory.json"] + b" "}
    gone = {path: data for path, data in SOUND.items() if path != "v2/inventory.json"}
    trees = (SOUND, damaged, gone, {**SOUND, "v2/inventory.json.sha512": b"0" * 128})
    failing = {"v2/inventory.json": errno.EIO}

    def judged() -> list[list[dict[str, object]]]:
        reports = [*(_judge(tree) for tree in trees), _judge(SOUND, failing=failing)]
        return [[problem.as_dict() for problem in report] for report in reports]

    before = judged()
    monkeypatch.setattr(validate, "_LARGE", 0)
    assert judged() == before
    assert before[0] == []
    assert all(before[1:])
