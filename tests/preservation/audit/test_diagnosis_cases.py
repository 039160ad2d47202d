"""Which cause is told where several would do, and in which words: each case for a change that a
mutation test made and nobody had noticed."""

from __future__ import annotations

import errno

import pytest

from preservation.audit.diagnosis import (
    Cause,
    CopyEvidence,
    DamagedFile,
    Diagnosis,
    Difference,
    diagnose,
)
from preservation.audit.fixity import FileVerdict

WRITTEN = "2026-01-01T00:00:00Z"


def file(path: str = "a", verdict: FileVerdict = FileVerdict.ALTERED, **changes) -> DamagedFile:
    if verdict is FileVerdict.ALTERED:
        changes = {"seen_sha512": "f" * 128, **changes}
    return DamagedFile(path, verdict, **changes)


def of(*files: DamagedFile, **changes) -> Diagnosis:
    return diagnose(CopyEvidence("urn:a", "primary", WRITTEN, files, **changes))


def differing(**changes) -> Difference:
    values = {
        "right_size": 100, "wrong_size": 100, "first": 3, "last": 20,
        "differing_bytes": 18, "differing_bits": 60, "zeroed_bytes": 0, **changes,
    }  # fmt: skip
    return Difference(**values)


def test_what_nobody_knows_of_a_damaged_copy_is_empty() -> None:
    found = DamagedFile("a", FileVerdict.MISSING)
    assert (found.reason, found.seen_sha512, found.modified_at, found.changed_at) == ("",) * 4
    assert (found.errno, found.difference, found.agree, found.differ) == (None, None, (), ())
    known = CopyEvidence("urn:a", "primary", WRITTEN, [])
    assert (known.exists, known.consistent, dict(known.expected)) == (True, False, {})
    assert (known.head_seen, known.head_expected) == ("", "")
    assert (known.looked_at, known.damaged) == (0, 0)
    told = Diagnosis(Cause.UNKNOWN)
    assert (told.detail, dict(told.files), told.agree, told.differ) == ("", {}, (), ())


def test_the_words_for_causes_are_stable() -> None:
    assert [cause.value for cause in Cause] == [
        "bit flip", "zeros", "truncation", "growth", "edit", "hidden edit", "swap", "rewrite",
        "other version", "replaced", "removal", "no copy", "addition", "disk error",
        "no permission", "whole store", "unknown",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("looked", "damaged", "whole"),
    [(8, 8, True), (7, 7, False), (10, 9, True), (10, 8, False), (0, 0, False)],
)
def test_a_whole_store_is_damaged_from_eight_copies_and_nine_tenths_on(
    looked: int, damaged: int, whole: bool
) -> None:
    found = of(file(), looked_at=looked, damaged=damaged)
    assert (found.kind is Cause.WHOLE_STORE) is whole
    if whole:
        assert found.detail == f"{damaged} of {looked} copies looked at in primary"


def test_no_copy_says_where() -> None:
    found = of(file("a", FileVerdict.MISSING), exists=False)
    assert (found.kind, found.detail) == (Cause.NO_COPY, "nothing of it is in primary")


def test_a_copy_that_contradicts_itself_is_neither_rewritten_nor_of_another_version() -> None:
    at = file("inventory.json")
    assert of(at, consistent=False, head_seen="v1", head_expected="v2").kind is Cause.UNKNOWN
    assert of(at, consistent=True, head_seen="", head_expected="v2").kind is Cause.REWRITE
    told = of(at, consistent=True, head_seen="v2", head_expected="v2")
    assert told.kind is Cause.REWRITE
    assert told.detail == "its own inventory agrees with itself and not with the ledger"
    told = of(at, consistent=True, head_seen="v1", head_expected="v2")
    assert (told.kind, told.detail) == (
        Cause.OTHER_VERSION, "the copy is at v1, held is v2",
    )  # fmt: skip
    assert of(file("b"), consistent=True, head_seen="v1", head_expected="v2").kind is Cause.UNKNOWN


def test_nothing_known_of_any_file_is_unknown_without_a_word() -> None:
    found = of()
    assert found == Diagnosis(Cause.UNKNOWN, "", {}, (), ())
    assert found.as_json() == {
        "kind": "unknown", "detail": "", "files": {}, "agree": [], "differ": [],
    }  # fmt: skip


def test_the_most_telling_cause_speaks_even_where_another_befell_more() -> None:
    found = of(
        file("a", FileVerdict.MISSING),
        file("b", FileVerdict.MISSING),
        file("c", FileVerdict.UNREADABLE, errno=errno.EIO),
    )
    assert (found.kind, found.detail) == (Cause.DISK_ERROR, "c")
    assert dict(found.files) == {"a": Cause.REMOVAL, "b": Cause.REMOVAL, "c": Cause.DISK_ERROR}


def test_others_of_the_same_cause_are_counted() -> None:
    assert of(file("a", FileVerdict.MISSING)).detail == "a"
    both = of(file("a", FileVerdict.MISSING), file("b", FileVerdict.MISSING))
    assert both.detail == "a and 1 more"
    three = of(*(file(name, FileVerdict.MISSING, reason="gone") for name in "abc"))
    assert three.detail == "a and 2 more: gone"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (errno.EACCES, Cause.NO_PERMISSION), (errno.EPERM, Cause.NO_PERMISSION),
        (errno.EIO, Cause.DISK_ERROR), (errno.ENODATA, Cause.DISK_ERROR),
        (errno.EILSEQ, Cause.DISK_ERROR), (errno.EREMOTEIO, Cause.DISK_ERROR),
        (errno.EUCLEAN, Cause.DISK_ERROR), (errno.EMFILE, Cause.UNKNOWN), (None, Cause.UNKNOWN),
    ],
)  # fmt: skip
def test_what_could_not_be_read_is_told_by_its_error(code: int | None, cause: Cause) -> None:
    assert of(file("a", FileVerdict.UNREADABLE, errno=code)).kind is cause


@pytest.mark.parametrize(
    ("verdict", "cause"),
    [
        (FileVerdict.MISSING, Cause.REMOVAL), (FileVerdict.UNEXPECTED, Cause.ADDITION),
        (FileVerdict.INTACT, Cause.UNKNOWN), (FileVerdict.NOT_CHECKED, Cause.UNKNOWN),
    ],
)  # fmt: skip
def test_a_verdict_with_one_cause_has_it(verdict: FileVerdict, cause: Cause) -> None:
    assert of(file("a", verdict)).kind is cause


def test_bytes_of_another_file_are_a_swap_and_of_the_same_none() -> None:
    expected = {"a": "f" * 128, "b": "e" * 128}
    assert of(file("a"), expected=expected).kind is Cause.UNKNOWN
    assert of(file("b"), expected=expected).kind is Cause.SWAP
    assert of(file("a", seen_sha512="")).kind is Cause.REPLACED


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"differing_bytes": 1, "differing_bits": 1, "last": 3}, Cause.BIT_FLIP),
        ({"differing_bytes": 1, "differing_bits": 2, "last": 3}, Cause.UNKNOWN),
        ({"differing_bytes": 8, "zeroed_bytes": 8}, Cause.ZEROS),
        ({"differing_bytes": 7, "zeroed_bytes": 7}, Cause.UNKNOWN),
        ({"differing_bytes": 9, "zeroed_bytes": 8}, Cause.UNKNOWN),
        ({"differing_bytes": 0, "wrong_size": 99}, Cause.TRUNCATION),
        ({"differing_bytes": 0, "wrong_size": 101}, Cause.GROWTH),
        ({"differing_bytes": 0}, Cause.UNKNOWN),
        ({"differing_bytes": 1, "differing_bits": 1, "wrong_size": 99}, Cause.UNKNOWN),
        ({"differing_bytes": 1, "differing_bits": 1, "wrong_size": 101}, Cause.UNKNOWN),
    ],
)
def test_the_shape_of_a_difference_tells_its_cause(changes, cause: Cause) -> None:
    assert of(file(difference=differing(**changes))).kind is cause


@pytest.mark.parametrize(
    ("modified", "changed", "cause"),
    [
        ("2026-01-01T00:10:00Z", "", Cause.UNKNOWN),  # as the clocks of two machines may differ
        ("2026-01-01T00:10:01Z", "", Cause.EDIT),
        ("", "2026-01-01T00:10:00Z", Cause.UNKNOWN),
        ("", "2026-01-01T00:10:01Z", Cause.HIDDEN_EDIT),
        ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", Cause.EDIT),
        ("no time", "no time", Cause.UNKNOWN),
    ],
)
def test_time_stamps_tell_an_edit_from_ten_minutes_on(modified, changed, cause) -> None:
    assert of(file(modified_at=modified, changed_at=changed)).kind is cause


def test_the_detail_is_of_the_file_that_speaks() -> None:
    at = file(
        "b", reason="same size, other content", difference=differing(),
        modified_at="2026-01-02T00:00:00Z", changed_at="2026-01-03T00:00:00Z",
    )  # fmt: skip
    found = of(file("a", FileVerdict.MISSING, reason="not this"), at)
    assert found.detail == (
        "b: same size, other content; 18 bytes differ from 3 to 20; modified 2026-01-02T00:00:00Z"
    )
    hidden = file(modified_at="2025-01-01T00:00:00Z", changed_at="2026-01-03T00:00:00Z")
    assert of(hidden).detail == (
        "a: changed 2026-01-03T00:00:00Z, its modification time says 2025-01-01T00:00:00Z"
    )
    single = differing(differing_bytes=1, differing_bits=1, first=3, last=3)
    assert of(file(difference=single)).detail == "a: byte 3 differs"
    two = differing(differing_bytes=2, last=4)
    assert of(file(difference=two)).detail == "a: 2 bytes differ from 3 to 4"
    assert of(file(difference=differing(differing_bytes=0))).detail == "a"


def test_stores_agree_only_where_they_have_every_damaged_file_right() -> None:
    found = of(
        file("a", agree=("s1", "s2", "s3"), differ=()),
        file("b", agree=("s1", "s2"), differ=("s3",)),
        file("c", FileVerdict.UNEXPECTED),  # of which no store can say anything
    )
    assert (found.agree, found.differ) == (("s1", "s2"), ("s3",))
    none = of(file("a", agree=("s1",)), file("b", differ=("s1",)))
    assert (none.agree, none.differ) == ((), ("s1",))
    # Nobody has b right: none has every damaged file right, whoever has a.
    lone = of(file("a", agree=("s1",)), file("b", differ=("s2",)))
    assert (lone.agree, lone.differ) == ((), ("s2",))


def test_a_store_agrees_only_if_it_has_every_damaged_file_right() -> None:
    one, two = file("a", agree=("x",)), file("b", agree=("x", "y"), differ=("z",))
    for files in ((one, two), (two, one)):
        found = of(*files)
        assert (found.agree, found.differ) == (("x",), ("z",))
    assert of(one).agree == ("x",)
    assert of(two, file("c")).agree == (
        "x",
        "y",
    )  # of a file that no store has nobody says anything
    assert of(file("a", differ=("x",)), two).agree == ()
