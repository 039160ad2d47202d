"""What damage looks like: each kind that is done to bytes is told from the others."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kho import selecting, wiring
from preservation.audit.diagnosis import (
    Cause,
    CopyEvidence,
    DamagedFile,
    Diagnosis,
    Difference,
    diagnose,
)
from preservation.audit.evidence import compare_streams
from preservation.audit.fixity import FileVerdict
from preservation.audit.run import audit
from tests.preservation.audit import grounds, matrix

WRITTEN = "2026-01-01T00:00:00Z"
LATER, BEFORE = "2026-02-01T00:00:00Z", "2025-12-01T00:00:00Z"


def altered(**changes) -> DamagedFile:
    values = {"path": "a", "verdict": FileVerdict.ALTERED, "seen_sha512": "f" * 128, **changes}
    return DamagedFile(**values)


def of(*files: DamagedFile, **changes) -> Diagnosis:
    return diagnose(CopyEvidence("urn:a", "primary", WRITTEN, files, **changes))


def difference(right: bytes, wrong: bytes) -> Difference:
    return compare_streams(io.BytesIO(right), io.BytesIO(wrong), len(right), len(wrong))


@given(st.binary(min_size=1, max_size=300), st.data())
def test_one_flipped_bit_is_a_bit_flip_and_its_place_is_told(right: bytes, data) -> None:
    at = data.draw(st.integers(0, len(right) - 1))
    wrong = bytearray(right)
    wrong[at] ^= 1 << data.draw(st.integers(0, 7))
    found = difference(right, bytes(wrong))
    assert (found.first, found.last, found.differing_bytes, found.differing_bits) == (at, at, 1, 1)
    assert of(altered(difference=found)).kind is Cause.BIT_FLIP


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_difference_counts_as_going_through_byte_by_byte_does(right: bytes, wrong: bytes) -> None:
    found = difference(right, wrong)
    places = [n for n, (a, b) in enumerate(zip(right, wrong, strict=False)) if a != b]
    assert found.differing_bytes == len(places)
    assert found.first == (places[0] if places else min(len(right), len(wrong)))
    assert found.last == (places[-1] if places else -1)
    assert found.differing_bits == sum((right[n] ^ wrong[n]).bit_count() for n in places)
    assert found.zeroed_bytes == sum(1 for n in places if wrong[n] == 0)


@pytest.mark.parametrize(
    ("right", "wrong", "kind"),
    [
        (b"x" * 100, b"x" * 60, Cause.TRUNCATION),
        (b"x" * 100, b"", Cause.TRUNCATION),
        (b"x" * 100, b"x" * 101, Cause.GROWTH),
        (b"x" * 100, b"x" * 40 + bytes(60), Cause.ZEROS),
        (b"x" * 100, b"x" * 99 + b"\0", Cause.UNKNOWN),  # one byte that is zero was as likely typed
        (b"x" * 100, b"y" * 100, Cause.UNKNOWN),
    ],
)
def test_the_shape_of_a_difference_tells_its_cause(right: bytes, wrong: bytes, kind: Cause) -> None:
    assert of(altered(difference=difference(right, wrong))).kind is kind


@pytest.mark.parametrize(
    ("modified", "changed", "kind"),
    [
        (LATER, LATER, Cause.EDIT),
        (BEFORE, LATER, Cause.HIDDEN_EDIT),
        (BEFORE, BEFORE, Cause.UNKNOWN),
        ("", "", Cause.UNKNOWN),
        ("not a time", LATER, Cause.HIDDEN_EDIT),
    ],
)
def test_time_stamps_tell_an_edit_and_one_that_was_hidden(
    modified: str, changed: str, kind: Cause
) -> None:
    told = of(altered(modified_at=modified, changed_at=changed))
    assert told.kind is kind
    assert told.files == {"a": kind}


def test_the_bytes_of_another_file_of_the_object_are_a_swap() -> None:
    told = of(altered(), expected={"a": "0" * 128, "b": "f" * 128})
    assert told.kind is Cause.SWAP
    assert of(altered(), expected={"a": "f" * 128}).kind is Cause.UNKNOWN


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (DamagedFile("a", FileVerdict.MISSING), Cause.REMOVAL),
        (DamagedFile("a", FileVerdict.UNEXPECTED), Cause.ADDITION),
        (DamagedFile("a", FileVerdict.UNREADABLE, errno=errno.EIO), Cause.DISK_ERROR),
        (DamagedFile("a", FileVerdict.UNREADABLE, errno=errno.EACCES), Cause.NO_PERMISSION),
        (DamagedFile("a", FileVerdict.UNREADABLE, errno=errno.ENXIO), Cause.UNKNOWN),
        (DamagedFile("a", FileVerdict.ALTERED), Cause.REPLACED),
    ],
)
def test_what_became_of_a_file_tells_its_cause(file: DamagedFile, kind: Cause) -> None:
    assert of(file).kind is kind


def test_the_copy_as_a_whole_speaks_before_its_files() -> None:
    root = altered(path="inventory.json")
    assert of(root, exists=False).kind is Cause.NO_COPY
    assert of(root, consistent=True, head_seen="v2", head_expected="v2").kind is Cause.REWRITE
    assert of(root, consistent=True, head_seen="v1", head_expected="v2").kind is Cause.OTHER_VERSION
    assert of(altered(), consistent=True, head_seen="v1", head_expected="v2").kind is Cause.UNKNOWN
    assert of(root, looked_at=10, damaged=9).kind is Cause.WHOLE_STORE
    assert of(altered(), looked_at=10, damaged=8).kind is Cause.UNKNOWN
    assert of(altered(), looked_at=7, damaged=7).kind is Cause.UNKNOWN


def test_the_stores_that_agree_have_every_damaged_file_right() -> None:
    one = altered(path="a", agree=("x", "y"), differ=("z",))
    two = altered(path="b", agree=("y",), differ=("x",))
    told = of(one, two)
    assert (told.agree, told.differ) == (("y",), ("x", "z"))
    assert of().kind is Cause.UNKNOWN
    assert set(told.as_json()) == {"kind", "detail", "files", "agree", "differ"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("diagnosis") / "home"
    made = grounds.make_many(home, 2, files=3, size=300).path
    with wiring.open_archive(made) as opened:
        grounds.hold(opened, [matrix.TARGET], files=3, size=300)
    return made


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[wiring.Archive]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    with wiring.open_archive(tmp_path / "home") as opened:
        yield opened


def _hide(path: Path) -> None:
    before = path.stat()
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, ns=(before.st_atime_ns, 0))


HARMS: dict[str, tuple[Callable[[Path], None], Cause]] = {
    "flip": (matrix.HARMS["flip"], Cause.BIT_FLIP),
    "truncation": (matrix.HARMS["truncation"], Cause.TRUNCATION),
    "edit": (matrix.HARMS["edit"], Cause.EDIT),
    "edit and put the time back": (_hide, Cause.HIDDEN_EDIT),
    "missing": (matrix.HARMS["missing"], Cause.REMOVAL),
    "extra": (matrix.HARMS["extra"], Cause.ADDITION),
    "swap": (matrix.HARMS["swap"], Cause.SWAP),
    "link": (matrix.HARMS["link"], Cause.REPLACED),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_copy_in_a_store_is_diagnosed_beside_its_other_copy(archive, harm: str) -> None:
    do, kind = HARMS[harm]
    path = "v2/content/data/v2/tệp-0002.bin"
    do(grounds.object_folder(archive, "primary", matrix.TARGET) / path)
    found = []
    audit(
        archive.auditing(),
        selecting.named(archive, ["primary"], [matrix.TARGET]),
        operator="t",
        medium=False,
        on_result=found.append,
    )
    told = found[0].files[0]["diagnosis"]
    assert told["kind"] == kind.value
    if harm != "extra":
        assert (told["agree"], told["differ"]) == (["copy-1"], [])


def test_a_copy_put_back_from_an_old_backup_is_another_version(archive) -> None:
    folder = grounds.object_folder(archive, "copy-1", matrix.TARGET)
    shutil.rmtree(folder / "v2")
    for name in ("inventory.json", "inventory.json.sha512"):
        shutil.copyfile(folder / "v1" / name, folder / name)
    found = []
    audit(
        archive.auditing(),
        selecting.named(archive, ["copy-1"], [matrix.TARGET]),
        operator="t",
        medium=False,
        on_result=found.append,
    )
    told = found[0].files[0]["diagnosis"]
    assert (told["kind"], told["agree"]) == ("other version", ["primary"])
    assert "v1" in told["detail"]
