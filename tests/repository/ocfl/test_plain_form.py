import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from repository.model import ContentPath, LogicalPath, ObjectId
from repository.ocfl import inventory_rules, plain_form
from repository.ocfl.blocks import PlainBlock, TypedBlock
from repository.ocfl.draft import Draft
from repository.ocfl.inventory import (
    first_inventory,
    next_inventory,
    parse_inventory,
    serialise_inventory,
)
from repository.ocfl.inventory_rules import examine
from repository.ocfl.plain_form import KnownStrings, VersionsRead, plain_document
from repository.ocfl.strict_json import MalformedJson, parse_json
from tests.repository.ocfl.builder import CREATED, content

WHO = ("vì sao", "Người lưu trữ", "mailto:a@example.org")
OBJECT = ObjectId("urn:H49:uuid-1")
NAMES = (
    "data/a.pdf",
    "data/b c.pdf",
    "data/đơn.pdf",
    "data/.hidden",
    "bagit.txt",
    "same",
    'a"\\b\n',
)


def _two_versions() -> bytes:
    first = [content(name, name[-3:].encode()) for name in NAMES]
    one = first_inventory(OBJECT, first, CREATED, *WHO)
    return serialise_inventory(next_inventory(one, first[:3], CREATED, *WHO))


PLAIN = _two_versions()
FORMS = [
    PLAIN,
    json.dumps(json.loads(PLAIN)).encode(),  # with \u escapes, as ocfl-py writes
    json.dumps(json.loads(PLAIN), ensure_ascii=False, separators=(",", ":")).encode(),
    json.dumps(json.loads(PLAIN), indent="\t").replace("\n", "\r\n").encode(),
    json.dumps(dict(reversed(json.loads(PLAIN).items()))).encode(),
]


def _listed(value: object) -> object:
    """With lists for tuples, and dicts for blocks."""
    if isinstance(value, PlainBlock):
        return {digest: list(paths) for digest, paths in value.items()}
    if isinstance(value, dict):
        return {name: _listed(item) for name, item in value.items()}
    return value


def _judged_by_json(data: bytes) -> tuple:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inventory_rules, "plain_document", lambda *_: None)
        return _told(data)


def _told(data: bytes) -> tuple:
    return _told_of(examine(data))


def _told_of(draft: Draft) -> tuple:
    return (
        [problem.as_dict() for problem in draft.problems],
        (draft.object_id, draft.spec_version, draft.digest_algorithm, draft.head),
        dict(draft.manifest),
        [(name, version.created, dict(version.state)) for name, version in draft.versions.items()],
        {name: dict(block) for name, block in draft.fixity.items()},
    )


def test_inventories_as_programs_write_them_are_plain() -> None:
    for data in FORMS:
        made = plain_document(data)
        assert made is not None
        assert _listed(made) == parse_json(data)
        assert list(made) == list(json.loads(data))


SNIPPETS = [
    b"", b" ", b",", b"{}", b"[]", b'""', b'"x"', b"null", b"1", b"}", b"]", b"{", b"[", b'"', b"/",
    b"..", b"/../", b"//", b"\\", b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\xef\xbb\xbf", b"A",
    b'"data/a.pdf",', b'"data",', b'"manifest":{},', b'"v3":{},', b":", b"\xc2\xa0", b"\x0c", b".",
]  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """An inventory with a few places cut out, doubled or written over."""
    data = draw(st.sampled_from(FORMS))
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 40, 130, 150, 300])))
        other = draw(st.integers(0, len(data)))
        put = draw(st.sampled_from([*SNIPPETS, data[begin:end] * 2, data[other : other + 200]]))
        data = data[:begin] + put + data[end:]
    return data


@settings(deadline=None, max_examples=600)
@given(mangled())
@example(PLAIN + b" \n")
@example(PLAIN + b"x")
@example(b"\xef\xbb\xbf" + PLAIN)
@example(PLAIN.replace(b'"data/a.pdf"', b'"data"'))
@example(PLAIN.replace(b'"bagit.txt"', b'"same"'))
@example(PLAIN.replace(b'"sha512"', b'"sha256"'))
@example(PLAIN.replace(b'"sha256"', b'"size"'))
@example(PLAIN.replace(b'"sha256"', b'"md5"'))
@example(PLAIN.replace(b'"head": "v2"', b'"head": "v2", "head": "v2"'))
def test_reading_at_once_and_reading_as_json_find_the_same(data: bytes) -> None:
    made = plain_document(data)
    if made is not None:
        assert _listed(made) == parse_json(data)
    assert _told(data) == _judged_by_json(data)


def _cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    while data:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@settings(deadline=None, max_examples=400)
@given(
    mangled() | st.sampled_from(FORMS),
    st.lists(st.integers(0, 300), min_size=1, max_size=5).filter(any),
    st.sampled_from([0, 1, 100, 64 * 1024]),
)
@example(PLAIN, [1], 0)
@example(PLAIN, [1], 64 * 1024)
@example(PLAIN, [7, 0, 130], 1)
def test_however_the_bytes_are_cut_into_pieces_the_document_is_the_same(
    data: bytes, sizes: list[int], in_sight: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_form, "_IN_SIGHT", in_sight)
        left = iter(_cut(data, sizes))
        made, whole = plain_document(left), plain_document(data)
    assert _listed(made) == _listed(whole)
    if made is not None and whole is not None:
        assert list(made) == list(whole)
        assert b"".join(left) == b""  # drawn to the end: what was digested on the way is all of it


@settings(deadline=None, max_examples=600)
@given(st.lists(mangled() | st.sampled_from(FORMS), min_size=1, max_size=3))
@example([PLAIN, PLAIN])
@example([PLAIN, PLAIN.replace(b'"same"', b'"other"')])
@example([PLAIN, PLAIN.replace(b"sha512", b"sha256", 1)])
@example([PLAIN, PLAIN.replace("vì sao".encode(), b"another")])
def test_what_was_read_before_changes_nothing_of_what_is_read(inventories: list[bytes]) -> None:
    versions: VersionsRead = {}
    for data in inventories:
        made, alone = plain_document(data, versions=versions), plain_document(data)
        assert _listed(made) == _listed(alone)
        if made is not None and alone is not None:
            assert list(made) == list(alone)
        assert _told_of(examine(data, versions=versions)) == _told(data)


def test_the_blocks_of_versions_read_before_are_not_read_again() -> None:
    versions: VersionsRead = {}
    first = plain_document(PLAIN, versions=versions)
    assert first is not None
    assert list(versions) == ["v1", "v2"]
    changed = PLAIN.replace(CREATED.encode(), b"2026-11-23T00:00:00Z").replace(
        b"2026-11-23T00:00:00Z", CREATED.encode(), 1
    )  # of one version only
    second = plain_document(changed, versions=versions)
    assert second is not None
    same = [second["versions"][name] is first["versions"][name] for name in ("v1", "v2")]  # type: ignore[index]
    assert sorted(same) == [False, True]
    assert _listed(second) == parse_json(changed)


def test_of_a_large_inventory_only_a_piece_is_in_sight() -> None:
    files = [content(f"data/{n:05d}.pdf", b"%d" % n) for n in range(5_000)]
    data = serialise_inventory(first_inventory(OBJECT, files, CREATED, *WHO))
    reader = plain_form._Reader(iter(_cut(data, [65_536])), KnownStrings(), {})
    seen = 0

    see_more = reader._see_more

    def measured() -> None:
        nonlocal seen
        see_more()
        seen = max(seen, len(reader._data))

    reader._see_more = measured  # type: ignore[method-assign]
    assert _listed(reader.document()) == parse_json(data)
    assert seen < 300_000 < len(data)


UNSAFE = ("../x", "x/../y", "./x", "x/.", "x/..", "..", ".", "", "/x", "x/", "x//y", "x/./y")


@pytest.mark.parametrize("place", ["manifest", "state", "fixity"])
@pytest.mark.parametrize("unsafe", [*UNSAFE, "x\\u0000y"])
def test_an_unsafe_path_is_never_plain(place: str, unsafe: str) -> None:
    begin, block, rest = PLAIN.partition(f'"{place}"'.encode())
    path = b'"same"' if place == "state" else b'"v1/content/same"'
    data = begin + block + rest.replace(path, f'"{unsafe}"'.encode(), 1)
    assert data != PLAIN
    assert plain_document(data) is None
    assert "E" in {problem["code"][0] for problem in _told(data)[0]}
    assert _told(data) == _judged_by_json(data)
    several = rest.replace(path, f'"w", "{unsafe}"'.encode(), 1)
    assert plain_document(begin + block + several) is None


LEAVES = st.sampled_from(
    ["data/a", "data/b", "data", "v1/content/data/a", "v1/content/b", "../x", "", "a" * 128, "é", 1]
)
CHANGES = st.one_of(
    LEAVES,
    st.lists(LEAVES, max_size=3),
    st.dictionaries(
        st.sampled_from(["a" * 128, "b" * 128, "a" * 64, "A" * 128, "sha256", "v1", "state"]),
        st.lists(LEAVES, max_size=3),
        max_size=3,
    ),
)


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_any_value_anywhere_is_judged_the_same_both_ways(data: st.DataObject) -> None:
    document = json.loads(PLAIN)
    for _ in range(data.draw(st.integers(1, 2))):
        spots: list[dict] = [document]
        for block in spots:
            spots.extend(value for value in block.values() if isinstance(value, dict))
        block = data.draw(st.sampled_from(spots))
        keys = [*sorted(block), "new", "c" * 128]
        block[data.draw(st.sampled_from(keys))] = data.draw(CHANGES)
    told = json.dumps(document).encode()
    assert _told(told) == _judged_by_json(told)


@given(st.binary(max_size=60) | st.text('{}[]":,\\ \nav1', max_size=30).map(str.encode))
def test_no_bytes_raise_and_what_is_plain_is_json(data: bytes) -> None:
    made = plain_document(data)
    try:
        value = parse_json(data)
    except MalformedJson:
        assert made is None
    else:
        assert made is None or _listed(made) == value


def test_hostile_bytes_are_given_up_in_linear_time() -> None:
    begin = PLAIN[: PLAIN.index(b'"manifest"')]
    several = b",".join(b'"%064x":["a","b"]' % n for n in range(20_000))
    for tail in (
        b'"manifest":{' + several + b"x",
        b'"manifest":{' + b" " * 3_000_000,
        b'"manifest":{"' + b"a" * 3_000_000,
        b'"manifest":{"aa":["' + b"\\u0061" * 500_000 + b'"]}}',
        b'"message":"' + b"\\n" * 1_000_000,
        b'"user":{' + b'"a":"b",' * 300_000 + b"}}",
    ):
        assert plain_document(begin + tail) is None
    deep = b'{"manifest":{"aa":["' + b"a/" * 1_000_000 + b'a"]}}'
    assert plain_document(deep) is not None


def test_paths_of_an_inventory_have_their_types() -> None:
    inventory = parse_inventory(PLAIN)
    for paths in inventory.manifest.values():
        assert {type(path) for path in paths} == {ContentPath}
    for version in inventory.versions.values():
        assert {type(path) for paths in version.state.values() for path in paths} == {LogicalPath}
    for path in inventory.state(inventory.head):
        assert type(path) is LogicalPath


def test_blocks_are_equal_to_what_they_hold_and_to_nothing_else() -> None:
    block = PlainBlock({"aa": "x", "bb": ("y", "z")})
    typed = TypedBlock(LogicalPath, block)
    same = {"aa": (LogicalPath("x"),), "bb": (LogicalPath("y"), LogicalPath("z"))}
    assert typed == same
    assert same == typed
    assert typed == TypedBlock(LogicalPath, same)
    assert typed != {**same, "cc": ()}
    assert typed != {"aa": same["bb"], "bb": same["bb"]}
    assert typed != [("aa", "x")]
    assert block == {"aa": ("x",), "bb": ("y", "z")}
    assert block != PlainBlock({"aa": "x"})
    assert repr(typed) == repr(same)


CONTENT = ["v1/content/data/a.pdf", "v1/content/same", "v1/content/bagit.txt", "x"]


@settings(deadline=None, max_examples=150)
@given(mangled(), st.data())
def test_strings_known_beforehand_change_nothing_that_is_said(
    data: bytes, chance: st.DataObject
) -> None:
    digests = sorted({d for form in FORMS for d in re.findall(r"[0-9a-f]{64,128}", form.decode())})
    some = chance.draw(st.lists(st.sampled_from(digests), max_size=6))
    paths = {digest: chance.draw(st.sampled_from(["data/a.pdf", "same", "x"])) for digest in some}
    content = {path: path for path in chance.draw(st.lists(st.sampled_from(CONTENT), max_size=4))}
    known = KnownStrings({digest: digest for digest in some}, paths, content)
    assert _told_of(examine(data, known=known)) == _told(data)


def test_strings_known_beforehand_are_the_ones_that_are_held() -> None:
    files = [content(f"data/{n:03d}.pdf", b"%d" % n) for n in range(3)]
    data = serialise_inventory(first_inventory(OBJECT, files, CREATED, *WHO))
    known = KnownStrings(
        {file.digest: file.digest for file in files},
        {file.digest: file.logical_path for file in files},
        {path: path for path in map("v1/content/{}".format, (f.logical_path for f in files))},
    )
    made = plain_document(data, known)
    assert made is not None
    state = made["versions"]["v1"]["state"]  # type: ignore[index]
    for digest, path in state.held.items():
        file = next(file for file in files if file.digest == digest)
        assert digest is file.digest
        assert path is file.logical_path
    for block in (made["manifest"], made["fixity"]["sha256"]):  # type: ignore[index]
        for path in block.held.values():  # type: ignore[attr-defined]
            assert path is known.content[path]
