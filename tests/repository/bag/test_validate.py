import errno
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.bag import validate_bag
from repository.problems import Report
from schemas.problem_texts import known_codes
from tests.repository.bag.builder import make_bag, manifest, put_tag_manifests
from tests.repository.ocfl.builder import MemoryTree

PAYLOAD = {"a.txt": b"alpha", "thư mục/văn bản.pdf": b"beta", "empty": b""}
SOUND = make_bag(PAYLOAD, algorithms=("sha512", "sha256"))


def _judge(bag: dict[str, bytes], **planted) -> Report:
    return validate_bag(MemoryTree(bag, **planted))


def _errors(report: Report) -> set[str]:
    return {p.code for p in report if p.severity == "error"}


@pytest.mark.parametrize("version", ["0.93", "0.94", "0.95", "0.96", "0.97", "1.0"])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_a_sound_bag_of_every_version_has_no_findings(version: str, algorithm: str) -> None:
    bag = make_bag(PAYLOAD, version=version, algorithms=(algorithm,))
    assert _judge(bag).problems == ()


def test_each_file_is_read_once_for_all_manifests() -> None:
    tree = MemoryTree(SOUND)
    assert validate_bag(tree).problems == ()
    assert set(tree.read_count.values()) == {1}


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "windows-1258", "ISO-8859-1"])
def test_tag_files_are_read_in_the_encoding_declared(encoding: str) -> None:
    info = "Source-Organization: Lê\n"
    bag = make_bag({"é": b"x"}, version="0.97", encoding=encoding, info=info)
    assert not _judge(bag).has_errors


def test_an_empty_bag_is_a_bag() -> None:
    assert _judge(make_bag({}), dirs=["data"]).problems == ()
    assert _errors(_judge(make_bag({}))) == {"BAG-NO-PAYLOAD-FOLDER"}


AWKWARD = {"100%": b"1", "a%0Ab": b"2", "line\nbreak\n": b"3", "cr\rlf": b"4", "%25": b"5"}


def test_percent_encoding_is_that_of_the_rfc() -> None:
    assert _judge(make_bag(AWKWARD)).problems == ()


def test_a_name_that_looks_encoded_is_not_taken_for_one() -> None:
    # 1.0 writes a file named `a%0Ab` as `a%250Ab`; `a%0Ab` would be a name with a line break.
    bag = make_bag({"a%0Ab": b"x"})
    bag["manifest-sha512.txt"] = bag["manifest-sha512.txt"].replace(b"%250A", b"%0A")
    put_tag_manifests(bag)
    assert _errors(_judge(bag)) == {"BAG-FILE-MISSING", "BAG-FILE-UNLISTED"}


def test_a_0_97_bag_is_read_whether_or_not_its_writer_encoded_line_breaks() -> None:
    assert _judge(make_bag({"a%0Ab": b"x"}, version="0.97")).problems == ()
    bag = make_bag({"a\nb": b"x"})  # encodes, as bagit-python does for 0.97 too
    bag["bagit.txt"] = bag["bagit.txt"].replace(b"1.0", b"0.97")
    put_tag_manifests(bag)
    assert _judge(bag).problems == ()


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_altered_byte_of_payload_or_tag_files_is_found(data: st.DataObject) -> None:
    covered = sorted(p for p in SOUND if SOUND[p] and not p.startswith("tagmanifest"))
    path = data.draw(st.sampled_from(covered))
    spot = data.draw(st.integers(0, len(SOUND[path]) - 1))
    altered = bytearray(SOUND[path])
    altered[spot] ^= data.draw(st.integers(1, 255))
    assert _judge({**SOUND, path: bytes(altered)}).has_errors


@pytest.mark.parametrize("path", sorted(p for p in SOUND if not p.startswith("tagmanifest")))
def test_any_removed_renamed_or_linked_file_is_found(path: str) -> None:
    gone = {other: data for other, data in SOUND.items() if other != path}
    assert _judge(gone).has_errors
    assert _judge({**gone, path + "x": SOUND[path]}).has_errors
    assert "BAG-LINK" in _errors(_judge(gone, links=[path]))
    assert "BAG-LINK" in _errors(_judge(gone, special=[path]))


@pytest.mark.parametrize("path", sorted(SOUND))
def test_a_file_that_cannot_be_read_makes_the_bag_not_valid(path: str) -> None:
    report = _judge(SOUND, failing={path: errno.EIO})
    assert "STO-UNREADABLE" in _errors(report)


@pytest.mark.parametrize("folder", ["", "data", "data/thư mục"])
def test_a_folder_that_cannot_be_listed_is_unreadable_and_not_called_missing(folder: str) -> None:
    codes = _errors(_judge(SOUND, unlistable={folder: errno.EACCES}))
    assert codes - {"BAG-OXUM"} == {"STO-UNREADABLE"}


def test_everything_wrong_is_told_not_the_first_thing() -> None:
    bag = dict(SOUND)
    bag["data/a.txt"] = b"ALPHA and more"
    bag["data/new.txt"] = b""
    del bag["data/empty"]
    codes = _errors(_judge(bag))
    assert codes == {"BAG-OXUM", "BAG-DIGEST", "BAG-FILE-UNLISTED", "BAG-FILE-MISSING"}


def _with(changes: dict[str, bytes | str], bag: dict[str, bytes] = SOUND) -> dict[str, bytes]:
    made = dict(bag)
    for path, data in changes.items():
        made[path] = data.encode() if isinstance(data, str) else data
    put_tag_manifests(made, ("sha512", "sha256"))
    return made


FILES = {f"data/{path}": data for path, data in PAYLOAD.items()}
FEWER = dict(list(FILES.items())[1:])


def test_in_1_0_every_manifest_lists_every_file_and_in_drafts_one_does() -> None:
    assert _errors(_judge(_with({"manifest-sha256.txt": manifest("sha256", FEWER)}))) == {
        "BAG-FILE-UNLISTED"
    }
    old = make_bag(PAYLOAD, version="0.97", algorithms=("sha512", "sha256"))
    report = _judge(_with({"manifest-sha256.txt": manifest("sha256", FEWER, "0.97")}, old))
    assert report.codes() == ["BAG-MANIFESTS-DIFFER"]
    assert not report.has_errors


def test_in_1_0_two_manifests_may_not_complete_each_other() -> None:
    one, rest = dict(list(FILES.items())[:1]), FEWER
    bag = _with(
        {
            "manifest-sha512.txt": manifest("sha512", one),
            "manifest-sha256.txt": manifest("sha256", rest),
        }
    )
    assert _errors(_judge(bag)) == {"BAG-FILE-UNLISTED"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bagit.txt": "BagIt-Version: 1.0\n"}, "BAG-DECLARATION"),
        ({"bagit.txt": "BagIt-Version: 3.0\nTag-File-Character-Encoding: UTF-8\n"}, "BAG-VERSION"),
        ({"bag-info.txt": "Payload-Oxum: 9.3\n"}, None),
        ({"bag-info.txt": "Payload-Oxum: 10.3\n"}, "BAG-OXUM"),
        ({"bag-info.txt": "payload-oxum: 9.4\n"}, "BAG-OXUM"),
        ({"bag-info.txt": "Payload-Oxum: 5\n"}, "BAG-OXUM-FORM"),
        ({"bag-info.txt": "Payload-Oxum: 9.3.1\n"}, "BAG-OXUM-FORM"),
        ({"bag-info.txt": "Payload-Oxum: " + "9" * 5000 + ".3\n"}, "BAG-OXUM-FORM"),
        ({"bag-info.txt": "Payload-Oxum: 9.3\nPayload-Oxum: 9.3\n"}, "BAG-OXUM-TWICE"),
        ({"bag-info.txt": b"\xff: x\n"}, "BAG-ENCODING"),
        ({"manifest-sha512.txt": manifest("sha512", FILES) + "GARBAGE\n"}, "BAG-MANIFEST-LINE"),
        ({"manifest-sha512.txt": b"\xff\xfe"}, "BAG-ENCODING"),
        (
            {"manifest-sha512.txt": manifest("sha512", {**FILES, "data/gone": b""})},
            "BAG-FILE-MISSING",
        ),
        (
            {"manifest-sha512.txt": manifest("sha512", {**FILES, "bagit.txt": b""})},
            "BAG-MANIFEST-SCOPE",
        ),
        (
            {"manifest-sha512.txt": manifest("sha512", {**FILES, "../x-evil/secret": b""})},
            "BAG-PATH-UNSAFE",
        ),
        ({"manifest-sha999.txt": manifest("sha512", FILES)}, "BAG-ALGORITHM"),
        ({"manifest-SHA-512.txt": manifest("sha512", FILES)}, "BAG-ALGORITHM-TWICE"),
        ({"data/unlisted.txt": b""}, "BAG-FILE-UNLISTED"),
        ({"data/\udcff": b""}, "BAG-FILE-UNLISTED"),
        ({"fetch.txt": "word\n"}, "BAG-FETCH-LINE"),
        ({"fetch.txt": "http://x.example/ - data/absent\n"}, "BAG-FETCH-ABSENT"),
        ({"fetch.txt": "http://x.example/ - data/absent\n"}, "BAG-FETCH-UNLISTED"),
        ({"fetch.txt": "http://x.example/ 99 data/a.txt\n"}, "BAG-FETCH-LENGTH"),
        ({"fetch.txt": "file:///etc/passwd - ../../escape\n"}, "BAG-PATH-UNSAFE"),
    ],
)  # fmt: skip
def test_each_broken_rule_is_found_under_its_code(
    changes: dict[str, bytes | str], code: str | None
) -> None:
    report = _judge(_with(changes))
    if code is None:
        assert report.problems == ()
    else:
        assert code in _errors(report)


def test_a_file_of_fetch_txt_that_is_there_is_told_and_nothing_is_fetched() -> None:
    report = _judge(_with({"fetch.txt": "http://x.example/ 5 data/a.txt\n"}))
    assert report.codes() == ["BAG-FETCH-PRESENT"]
    assert not report.has_errors


def test_a_bag_without_payload_manifest_or_declaration_is_not_valid() -> None:
    bag = {path: data for path, data in SOUND.items() if "manifest" not in path}
    assert "BAG-NO-MANIFEST" in _errors(_judge(bag))
    del bag["bagit.txt"]
    assert _errors(_judge(bag)) == {"BAG-NO-DECLARATION"}
    assert _errors(_judge({})) == {"BAG-NO-DECLARATION"}


def test_a_tag_file_outside_the_tag_manifest_is_allowed() -> None:
    assert _judge({**SOUND, "notes/extra.txt": b"x"}).problems == ()


def test_a_tag_manifest_may_not_list_payload_or_tag_manifests() -> None:
    bag = dict(SOUND)
    bag["tagmanifest-sha256.txt"] += (
        f"{hashlib.sha256(b'alpha').hexdigest()}  data/a.txt\n{'0' * 64}  tagmanifest-sha512.txt\n"
    ).encode()
    assert [p.code for p in _judge(bag) if p.severity == "error"] == ["BAG-MANIFEST-SCOPE"] * 2


def test_tag_manifests_that_list_different_files_are_a_warning() -> None:
    bag = dict(SOUND)
    bag["tagmanifest-sha256.txt"] = manifest("sha256", {"bagit.txt": bag["bagit.txt"]}).encode()
    report = _judge(bag)
    assert set(report.codes()) == {"BAG-MANIFESTS-DIFFER"}
    assert not report.has_errors


def test_names_no_other_file_system_keeps_apart_are_told() -> None:
    report = _judge(make_bag({"a.txt": b"1", "A.TXT": b"2", "\u1ec7": b"3", "e\u0302\u0323": b"4"}))
    assert report.codes() == ["BAG-NAME-CLASH", "BAG-NAME-CLASH"]
    assert not report.has_errors


def test_every_code_has_a_text_in_both_languages() -> None:
    import re
    from pathlib import Path

    import repository.bag

    (folder,) = repository.bag.__path__
    codes = {
        code
        for path in Path(folder).glob("*.py")
        for code in re.findall(r'"(BAG-[A-Z0-9-]+)"', path.read_text("utf-8"))
    }
    assert len(codes) > 30
    for language in ("vi", "en"):
        known = {code for code in known_codes(language) if code.startswith("BAG-")}
        assert known >= codes
