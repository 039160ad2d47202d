"""Bags of our own making, judged by us and by bagit-python, and those on which bagit-python is wrong.

The published BagIt suite has one valid and four invalid bags of version 1.0; these cases are for
everything else that RFC 8493 §2 says, and for what the suite's folders try.
"""

import os
import subprocess
from pathlib import Path

import pytest

from repository.bag import BAGIT_TXT, validate_bag, write_bag_info, write_manifest
from repository.digest import digest_bytes
from repository.ocfl.local_tree import LocalTree
from repository.second_opinion import bagit_python_verdict
from tests.repository.bag.builder import make_bag, manifest, put_tag_manifests

PAYLOAD = {"a.txt": b"alpha", "thư mục/văn bản.pdf": b"beta"}
FILES = {f"data/{path}": data for path, data in PAYLOAD.items()}


def _write(root: Path, files: dict[str, bytes]) -> str:
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return str(root)


def _valid(path: str) -> bool:
    return not validate_bag(LocalTree(path)).has_errors


def _changed(bag: dict[str, bytes], **changes: bytes) -> dict[str, bytes]:
    made = {**bag, **{name.replace("_", "-") + ".txt": data for name, data in changes.items()}}
    put_tag_manifests(made)
    return made


def _ours() -> dict[str, bytes]:
    """A bag by our own writer."""
    bag = dict(FILES)
    bag["bagit.txt"] = BAGIT_TXT
    bag["bag-info.txt"] = write_bag_info(
        [("Source-Organization", "Sở Nội vụ"), ("Payload-Oxum", "9.2")]
    )
    for algorithm in ("sha512", "sha256"):
        digests = {p: digest_bytes(d, [algorithm])[algorithm] for p, d in FILES.items()}
        bag[f"manifest-{algorithm}.txt"] = write_manifest(algorithm, digests)
    tags = {path: data for path, data in bag.items() if not path.startswith("data/")}
    for algorithm in ("sha512", "sha256"):
        digests = {p: digest_bytes(d, [algorithm])[algorithm] for p, d in tags.items()}
        bag[f"tagmanifest-{algorithm}.txt"] = write_manifest(algorithm, digests)
    return bag


def test_a_bag_of_ours_is_valid_for_us_bagit_python_and_sha512sum(tmp_path: Path) -> None:
    path = _write(tmp_path, _ours())
    assert validate_bag(LocalTree(path)).problems == ()
    assert bagit_python_verdict(path).valid is True
    for name in ("manifest-sha512.txt", "tagmanifest-sha512.txt"):
        subprocess.run(["sha512sum", "--check", "--strict", "--quiet", name], cwd=path, check=True)


SOUND = make_bag(PAYLOAD)
LINES = SOUND["manifest-sha512.txt"]
AGREED = {
    "a sound bag": (SOUND, True),
    "a draft 0.97": (make_bag(PAYLOAD, version="0.97"), True),
    "a draft 0.96 in md5": (make_bag(PAYLOAD, version="0.96", algorithms=("md5",)), True),
    "a draft 0.95 with package-info": (make_bag(PAYLOAD, version="0.95"), True),
    "a draft 0.93": (make_bag(PAYLOAD, version="0.93"), True),
    "tag files in UTF-16": (make_bag(PAYLOAD, version="0.97", encoding="UTF-16"), True),
    "repeated labels": (
        make_bag(PAYLOAD, info="Contact-Name: A\nContact-Name: B\n"), True,
    ),
    "a folder of other tag files": ({**SOUND, "metadata/notes.txt": b"x"}, True),
    "made with md5sum tools": (
        _changed(SOUND, manifest_sha512=LINES.replace(b"  data/", b" *data/")), True,
    ),
    "a leading dot and slash": (
        _changed(SOUND, manifest_sha512=LINES.replace(b"  data/", b"  ./data/")), True,
    ),
    "line ends of Windows": (
        _changed(SOUND, manifest_sha512=LINES.replace(b"\n", b"\r\n")), True,
    ),
    "an altered file": ({**SOUND, "data/a.txt": b"Alpha"}, False),
    "a missing file": ({k: v for k, v in SOUND.items() if k != "data/a.txt"}, False),
    "an added file": ({**SOUND, "data/b.txt": b""}, False),
    "an altered tag file": ({**SOUND, "bag-info.txt": b"Payload-Oxum: 9.2\n"}, False),
    "a tag file missing": ({k: v for k, v in SOUND.items() if k != "bag-info.txt"}, False),
    "no manifest": ({k: v for k, v in SOUND.items() if k != "manifest-sha512.txt"}, False),
    "no bagit.txt": ({k: v for k, v in SOUND.items() if k != "bagit.txt"}, False),
    "another version": (_changed(SOUND, bagit=BAGIT_TXT.replace(b"1.0", b"9.9")), False),
    "a byte order mark": (_changed(SOUND, bagit=b"\xef\xbb\xbf" + BAGIT_TXT), False),
    "a wrong Payload-Oxum": (_changed(SOUND, bag_info=b"Payload-Oxum: 1.1\n"), False),
    "a path with dots": (
        _changed(SOUND, manifest_sha512=LINES + b"0" * 128 + b"  ../../../../etc/passwd\n"), False,
    ),
    "an absolute path": (
        _changed(SOUND, manifest_sha512=LINES + b"0" * 128 + b"  /etc/passwd\n"), False,
    ),
    "a path with a tilde": (
        _changed(SOUND, manifest_sha512=LINES + b"0" * 128 + b"  ~/secret\n"), False,
    ),
    "a file listed twice with other digests": (
        _changed(SOUND, manifest_sha512=LINES + b"0" * 128 + b"  data/a.txt\n"), False,
    ),
    "a file to be fetched": (
        _changed(
            SOUND,
            manifest_sha512=LINES + b"0" * 128 + b"  data/far\n",
            fetch=b"http://x.example/far - data/far\n",
        ),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", AGREED)
def test_we_and_bagit_python_agree(case: str, tmp_path: Path) -> None:
    bag, valid = AGREED[case]
    path = _write(tmp_path, bag)
    assert _valid(path) is valid
    assert bagit_python_verdict(path).valid is valid


# What bagit-python 1.9.0 accepts and RFC 8493 does not.
ACCEPTED_WRONGLY = {
    "a file in one of two manifests": _changed(
        make_bag(PAYLOAD, algorithms=("sha512", "sha256")),
        manifest_sha256=manifest("sha256", {"data/a.txt": b"alpha"}).encode(),
    ),
    "a line of garbage": _changed(SOUND, manifest_sha512=LINES + b"GARBAGE\n"),
    "white space in bagit.txt": _changed(
        SOUND, bagit=BAGIT_TXT.replace(b"BagIt-Version: 1.0", b"BagIt-Version: 1.0  ")
    ),
}


@pytest.mark.parametrize("case", ACCEPTED_WRONGLY)
def test_we_refuse_what_bagit_python_accepts_wrongly(case: str, tmp_path: Path) -> None:
    bag = ACCEPTED_WRONGLY[case]
    if "tagmanifest-sha256.txt" in bag:
        put_tag_manifests(bag, ("sha512", "sha256"))
    path = _write(tmp_path, bag)
    assert not _valid(path)
    assert bagit_python_verdict(path).valid is True


def test_a_path_to_a_sibling_folder_of_similar_name_is_refused_by_us(tmp_path: Path) -> None:
    _write(tmp_path / "c-evil", {"secret": b"s"})
    evil = manifest("sha512", {"../c-evil/secret": b"s"}).encode()
    path = _write(tmp_path / "c", _changed(SOUND, manifest_sha512=LINES + evil))
    assert not _valid(path)
    assert bagit_python_verdict(path).valid is True


def test_a_percent_sign_encoded_as_the_rfc_says_is_accepted_by_us(tmp_path: Path) -> None:
    path = _write(tmp_path, make_bag({"100%": b"x", "a%0Ab": b"y"}))
    assert validate_bag(LocalTree(path)).problems == ()
    assert bagit_python_verdict(path).valid is False


# What makes bagit-python raise something that is no verdict.
BREAKS_IT = {
    "a Payload-Oxum without a dot": _changed(SOUND, bag_info=b"Payload-Oxum: 5\n"),
    "a fetch.txt line of one word": _changed(SOUND, fetch=b"word\n"),
    "a manifest that is not UTF-8": _changed(SOUND, manifest_sha512=b"\xff\xfe\xfd data/a\n"),
}


@pytest.mark.parametrize("case", BREAKS_IT)
def test_what_breaks_bagit_python_is_findings_for_us_and_no_verdict_of_it(
    case: str, tmp_path: Path
) -> None:
    path = _write(tmp_path, BREAKS_IT[case])
    assert not _valid(path)
    opinion = bagit_python_verdict(path)
    assert opinion.valid is None
    assert opinion.messages


def test_a_payload_link_is_refused_and_not_followed(tmp_path: Path) -> None:
    path = _write(tmp_path / "bag", SOUND)
    (tmp_path / "elsewhere").write_bytes(b"alpha")
    os.unlink(f"{path}/data/a.txt")
    os.symlink(tmp_path / "elsewhere", f"{path}/data/a.txt")
    assert "BAG-LINK" in validate_bag(LocalTree(path)).codes()


def test_a_pipe_is_told_and_not_given_to_bagit_python(tmp_path: Path) -> None:
    path = _write(tmp_path, SOUND)
    os.mkfifo(f"{path}/data/pipe")
    assert "BAG-LINK" in validate_bag(LocalTree(path)).codes()
    assert bagit_python_verdict(path).valid is None


def test_names_in_other_unicode_forms_are_missing_and_unlisted(tmp_path: Path) -> None:
    bag = make_bag({"v\u0103n": b"x"})
    bag["data/va\u0306n"] = bag.pop("data/v\u0103n")
    codes = validate_bag(LocalTree(_write(tmp_path, bag))).codes()
    assert {"BAG-FILE-MISSING", "BAG-FILE-UNLISTED"} <= set(codes)
