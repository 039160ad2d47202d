"""The judgement of one copy, case by case and to the last count: no disk, no chance. What a mutation
test changes in `preservation.audit.fixity` is to be noticed by these alone."""

from __future__ import annotations

import errno

import pytest

from preservation.audit.fixity import (
    CopyJudgement,
    CopyVerdict,
    FileFinding,
    FileVerdict,
    Sums,
    compare,
    not_checked,
)
from repository.catalogue.records import ExpectedRecord
from repository.model import ObjectId
from repository.store import Observation, ObservedFile

A, B = "a" * 128, "b" * 128
PATHS = ("inventory.json", "v1/content/data/one", "v1/content/two")
ROWS = [ExpectedRecord("urn:a", path, 10 * n, A) for n, path in enumerate(PATHS, start=1)]
GOOD = [ObservedFile(row.path, row.size, row.sha512, None) for row in ROWS]
COUNTED = ("intact", "altered", "missing", "unreadable", "not_checked")


def judged(files=GOOD, *, structural=False, **seen) -> CopyJudgement:
    values = {"exists": True, "files": tuple(files), **seen}
    observation = Observation(ObjectId("urn:a"), "primary", **values)
    return compare(ROWS, observation, structural=structural)


def with_file(number: int, **changes) -> list[ObservedFile]:
    return [one._replace(**changes) if n == number else one for n, one in enumerate(GOOD)]


def without(*numbers: int) -> list[ObservedFile]:
    return [one for n, one in enumerate(GOOD) if n not in numbers]


def finding(path: str, verdict: str, reason: str = "") -> FileFinding:
    return FileFinding(path, FileVerdict(verdict), reason)


def is_found(found: CopyJudgement, *findings: FileFinding, **sums: int) -> None:
    intact = 3 - sum(sums.get(name, 0) for name in COUNTED)
    assert found.sums == Sums(expected=3, intact=intact, **sums)
    assert found.findings == findings


# -- words and sums


def test_the_words_for_verdicts_are_stable() -> None:
    assert [one.value for one in FileVerdict] == [
        "intact", "altered", "missing", "unreadable", "not_checked", "unexpected",
    ]  # fmt: skip
    assert [one.value for one in CopyVerdict] == ["intact", "damaged", "incomplete"]


def test_sums_have_nothing_in_them_until_something_is_counted() -> None:
    assert list(Sums().as_dict().items()) == [
        ("expected", 0), ("intact", 0), ("altered", 0), ("missing", 0), ("unreadable", 0),
        ("not_checked", 0), ("unexpected", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("name", COUNTED)
def test_each_count_is_a_part_of_what_was_expected(name: str) -> None:
    assert Sums(expected=2, **{name: 2}).as_dict()[name] == 2
    for wrong in (1, 3):
        with pytest.raises(ValueError, match="do not add up"):
            Sums(expected=2, **{name: wrong})
    others = dict.fromkeys(COUNTED, 1)
    assert Sums(expected=5, **others).expected == 5


@pytest.mark.parametrize("name", COUNTED)
def test_no_count_can_be_below_nothing(name: str) -> None:
    other = "altered" if name == "intact" else "intact"
    with pytest.raises(ValueError, match="do not add up"):
        Sums(expected=1, **{name: -1, other: 2})
    with pytest.raises(ValueError, match="do not add up"):
        Sums(unexpected=-1)
    with pytest.raises(ValueError, match="do not add up"):
        Sums(expected=-1, intact=-1)


def test_what_is_unexpected_is_no_part_of_what_was_expected() -> None:
    assert Sums(unexpected=1).expected == 0


def test_sums_are_added_count_by_count() -> None:
    one, two = Sums(15, 1, 2, 3, 4, 5, 6), Sums(150, 10, 20, 30, 40, 50, 60)
    assert one + two == Sums(165, 11, 22, 33, 44, 55, 66)


@pytest.mark.parametrize(
    ("sums", "verdict"),
    [
        (Sums(), "intact"),
        (Sums(expected=1, intact=1), "intact"),
        (Sums(expected=1, altered=1), "damaged"),
        (Sums(expected=1, missing=1), "damaged"),
        (Sums(unexpected=1), "damaged"),
        (Sums(expected=1, unreadable=1), "incomplete"),
        (Sums(expected=1, not_checked=1), "incomplete"),
        (Sums(expected=2, unreadable=1, altered=1), "damaged"),
        (Sums(expected=2, not_checked=1, missing=1), "damaged"),
        (Sums(expected=1, not_checked=1, unexpected=1), "damaged"),
    ],
)
def test_damage_outweighs_what_could_not_be_checked(sums: Sums, verdict: str) -> None:
    assert sums.verdict() is CopyVerdict(verdict)


# -- a judgement's findings are what its sums count

ONE_OF_EACH = tuple(finding(f"f{n}", one) for n, one in enumerate(
    ("altered", "missing", "unreadable", "unexpected", "not_checked")))  # fmt: skip
SUMS_OF_EACH = Sums(4, 0, 1, 1, 1, 1, 1)


def test_a_judgement_of_every_kind_of_finding_stands() -> None:
    found = CopyJudgement(SUMS_OF_EACH, ONE_OF_EACH, 7)
    assert (found.verdict, found.byte_count) == (CopyVerdict.DAMAGED, 7)
    assert CopyJudgement(Sums(expected=1, intact=1), (), 0).verdict is CopyVerdict.INTACT
    many = Sums(expected=9, not_checked=9)
    assert CopyJudgement(many, (finding(".", "not_checked"),), 0).sums is many
    assert CopyJudgement(many, (finding(".", "not_checked"),) * 2, 0).sums is many


@pytest.mark.parametrize("lost", range(5))
def test_a_judgement_that_lacks_a_finding_cannot_be_made(lost: int) -> None:
    left = ONE_OF_EACH[:lost] + ONE_OF_EACH[lost + 1 :]
    with pytest.raises(ValueError, match="differ"):
        CopyJudgement(SUMS_OF_EACH, left, 0)


@pytest.mark.parametrize("verdict", [one.value for one in FileVerdict])
def test_a_finding_that_no_sum_counts_cannot_be_told(verdict: str) -> None:
    with pytest.raises(ValueError, match="differ"):
        CopyJudgement(Sums(expected=1, intact=1), (finding("x", verdict),), 0)
    if verdict == "not_checked":  # one finding may be of many files
        return
    with pytest.raises(ValueError, match="differ"):
        CopyJudgement(SUMS_OF_EACH, (*ONE_OF_EACH, finding("x", verdict)), 0)


@pytest.mark.parametrize(
    "sums", [Sums(expected=1, altered=1), Sums(unexpected=1), Sums(expected=1, not_checked=1)]
)
def test_a_judgement_that_is_not_intact_and_names_nothing_cannot_be_made(sums: Sums) -> None:
    with pytest.raises(ValueError, match="differ"):
        CopyJudgement(sums, (), 0)


# -- compare


def test_all_there_is_intact_and_its_bytes_are_counted() -> None:
    found = judged()
    is_found(found)
    assert (found.verdict, found.byte_count) == (CopyVerdict.INTACT, 60)
    is_found(judged(list(reversed(GOOD))))
    nothing = compare([], Observation(ObjectId("urn:a"), "primary", True, ()))
    assert (nothing.sums, nothing.byte_count) == (Sums(), 0)


def test_only_bytes_that_were_read_are_counted() -> None:
    assert judged(with_file(0, sha512=None)).byte_count == 50
    assert judged(with_file(1, size=None)).byte_count == 40
    assert judged(without(2)).byte_count == 30


def test_other_content_is_altered() -> None:
    why = finding(PATHS[1], "altered", "same size, other content")
    is_found(judged(with_file(1, sha512=B)), why, altered=1)


@pytest.mark.parametrize("size", [0, 19, 21])
@pytest.mark.parametrize("sha512", [B, None])
def test_another_size_is_altered_read_or_not(size: int, sha512: str | None) -> None:
    why = finding(PATHS[1], "altered", f"{size} bytes, expected 20")
    for structural in (False, True):
        found = judged(with_file(1, size=size, sha512=sha512), structural=structural)
        is_found(found, why, altered=1)


@pytest.mark.parametrize("size", [None, 20])
def test_a_file_without_a_digest_is_unreadable_and_never_intact(size: int | None) -> None:
    why = finding(PATHS[1], "unreadable", "no digest was computed")
    is_found(judged(with_file(1, size=size, sha512=None)), why, unreadable=1)


def test_a_file_that_is_not_there_is_missing() -> None:
    is_found(judged(without(1)), finding(PATHS[1], "missing"), missing=1)
    is_found(
        judged(without(0, 2)),
        finding(PATHS[0], "missing"),
        finding(PATHS[2], "missing"),
        missing=2,
    )


def test_where_nothing_of_the_object_is_every_file_is_missing_and_says_so() -> None:
    found = judged([], exists=False)
    is_found(found, *(finding(path, "missing", "no copy") for path in PATHS), missing=3)
    there = judged([], exists=True)
    is_found(there, *(finding(path, "missing") for path in PATHS), missing=3)


def test_only_what_is_missing_says_no_copy() -> None:
    found = judged(with_file(1, sha512=B), exists=False)
    is_found(found, finding(PATHS[1], "altered", "same size, other content"), altered=1)


@pytest.mark.parametrize(
    ("code", "verdict", "reason"),
    [
        (errno.ENOENT, "missing", ""),
        (errno.ELOOP, "altered", "replaced by a link"),
        (errno.EIO, "unreadable", "EIO"),
        (errno.EACCES, "unreadable", "EACCES"),
        (99999, "unreadable", "99999"),
    ],
)
@pytest.mark.parametrize("sha512", [A, None])  # whatever else a store says of a file it failed on
@pytest.mark.parametrize("structural", [False, True])
def test_an_error_is_told_for_what_it_is(code, verdict, reason, sha512, structural) -> None:
    found = judged(with_file(2, errno=code, sha512=sha512), structural=structural)
    is_found(found, finding(PATHS[2], verdict, reason), **{verdict: 1})


def test_something_else_in_the_place_of_a_file_is_altered() -> None:
    why = finding(PATHS[1], "altered", "not a regular file any more")
    is_found(judged(without(1), odd=(PATHS[1],)), why, altered=1)
    is_found(judged(without(1), odd=(f"{PATHS[1]}/",)), why, altered=1)
    is_found(judged(without(1), unlisted=((PATHS[1], errno.EACCES),)), why, altered=1)


@pytest.mark.parametrize("folder", [".", "v1", "v1/content", "v1/content/data"])
def test_a_file_in_a_folder_that_could_not_be_listed_is_unreadable(folder: str) -> None:
    found = judged(without(1), unlisted=((folder, errno.EACCES),))
    is_found(found, finding(PATHS[1], "unreadable", f"EACCES folder {folder}"), unreadable=1)


def test_a_file_beside_a_folder_that_could_not_be_listed_is_missing() -> None:
    found = judged(without(2), unlisted=(("v1/content/data", errno.EIO),))
    is_found(found, finding(PATHS[2], "missing"), missing=1)


def test_the_outermost_closed_folder_is_the_reason() -> None:
    found = judged(without(1), unlisted=(("v1/content", errno.EIO), ("v1", errno.EACCES)))
    is_found(found, finding(PATHS[1], "unreadable", "EACCES folder v1"), unreadable=1)


def test_what_nobody_expected_is_counted_apart() -> None:
    more = ObservedFile("v1/content/x\udcff", 5, B, None)
    found = judged([*GOOD, more])
    is_found(found, finding("v1/content/x\\xff", "unexpected"), unexpected=1)
    assert (found.verdict, found.byte_count) == (CopyVerdict.DAMAGED, 65)


def test_odd_things_that_nobody_expected_are_told_apart() -> None:
    found = judged(odd=("empty/", "pipe", "b\udcfe/"))
    is_found(
        found,
        finding("empty/", "unexpected", "an empty folder"),
        finding("pipe", "unexpected", "not a regular file"),
        finding("b\\xfe/", "unexpected", "an empty folder"),
        unexpected=3,
    )


def test_a_closed_folder_that_nobody_expected_is_not_passed_over() -> None:
    found = judged(unlisted=(("else", errno.EACCES), ("v1", errno.EIO), ("v1/content", 5)))
    why = finding("else", "unexpected", "EACCES folder that cannot be listed")
    is_found(found, why, unexpected=1)


def test_a_name_given_twice_is_never_all_intact() -> None:
    twice = [GOOD[0], GOOD[0], GOOD[1]]
    is_found(judged(twice), finding(PATHS[2], "missing"), missing=1)
    rows = [ROWS[0], ROWS[0]]
    seen = Observation(ObjectId("urn:a"), "primary", True, (GOOD[0], GOOD[0]))
    assert compare(rows, seen).sums == Sums(expected=2, intact=2)


def test_a_name_given_twice_is_judged_by_what_was_said_of_it_last() -> None:
    failed = GOOD[0]._replace(errno=errno.EIO)
    is_found(judged([*GOOD, failed]), finding(PATHS[0], "unreadable", "EIO"), unreadable=1)
    other = [ROWS[0]._replace(sha512=B), ROWS[0]]
    seen = Observation(ObjectId("urn:a"), "primary", True, (GOOD[0], GOOD[0]))
    assert compare(other, seen).sums == Sums(expected=2, intact=1, altered=1)


def test_the_digest_decides_and_not_a_size_that_was_noted_wrong() -> None:
    for number in (0, 1):  # alone, and beside a file that is altered
        files = [GOOD[0]._replace(size=11), *with_file(1, sha512=B)[1:]] if number else [
            GOOD[0]._replace(size=11), *GOOD[1:]]  # fmt: skip
        assert judged(files).sums == Sums(expected=3, intact=3 - number, altered=number)


def test_a_folder_without_a_name_is_nobodys_parent() -> None:
    found = judged(unlisted=(("", errno.EIO),))
    is_found(found, finding("", "unexpected", "EIO folder that cannot be listed"), unexpected=1)


def test_no_file_that_failed_is_intact_whatever_digest_is_said_of_it() -> None:
    failed = [one._replace(errno=errno.EIO) for one in GOOD]
    assert judged(failed).sums == Sums(expected=3, unreadable=3)


def test_a_whole_copy_with_anything_odd_or_closed_takes_the_long_way() -> None:
    assert judged(odd=("pipe",)).sums.unexpected == 1
    assert judged(unlisted=(("else", errno.EIO),)).sums.unexpected == 1
    assert judged([*with_file(1, errno=errno.EIO)]).sums.unreadable == 1


# -- structural


def test_what_was_listed_and_not_read_is_not_checked() -> None:
    files = [GOOD[0], *(one._replace(sha512=None) for one in GOOD[1:])]
    found = judged(files, structural=True)
    is_found(found, finding(".", "not_checked", "listed and not read"), not_checked=2)
    assert found.byte_count == 10
    whole = judged(files)  # who promised to read and did not has not been able to
    assert whole.sums == Sums(expected=3, intact=1, unreadable=2)


def test_a_look_is_a_full_one_where_nothing_else_is_said() -> None:
    files = (GOOD[0]._replace(sha512=None), *GOOD[1:])
    seen = Observation(ObjectId("urn:a"), "primary", True, files)
    assert compare(ROWS, seen).sums == Sums(expected=3, intact=2, unreadable=1)


def test_after_a_file_that_was_not_read_the_others_are_judged_too() -> None:
    files = [GOOD[0]._replace(sha512=None), GOOD[1]._replace(sha512=B), GOOD[2]]
    found = judged(files, structural=True)
    is_found(
        found,
        finding(PATHS[1], "altered", "same size, other content"),
        finding(".", "not_checked", "listed and not read"),
        altered=1,
        not_checked=1,
    )


def test_a_structural_look_misses_what_is_not_there_and_reads_what_was_read() -> None:
    is_found(judged(without(0), structural=True), finding(PATHS[0], "missing"), missing=1)
    is_found(judged(structural=True))


# -- nobody could look


def test_a_copy_that_nobody_could_look_at_is_not_checked() -> None:
    for asked in (ROWS, 3):
        found = not_checked(asked, "the store is away")
        is_found(found, finding(".", "not_checked", "the store is away"), not_checked=3)
        assert found.byte_count == 0
    for nothing in ([], 0):
        assert not_checked(nothing, "away") == CopyJudgement(Sums(), (), 0)
