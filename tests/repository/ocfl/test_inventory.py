import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.model import ContentPath, InvalidValue, LogicalPath, ObjectId, VersionNumber
from repository.ocfl.grammar import is_safe_path
from repository.ocfl.inventory import (
    InvalidInventory,
    Inventory,
    NewContent,
    Version,
    first_inventory,
    inventory_after,
    new_content_paths,
    next_inventory,
    no_inventory,
    parse_inventory,
    serialise_inventory,
)
from repository.ocfl.strict_json import MalformedJson, parse_json
from tests.repository.ocfl.builder import CREATED, content

WHO = ("why", "An archivist", "mailto:a@example.org")
OBJECT = ObjectId("urn:H49:uuid-1")

segments = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=8
).filter(lambda s: s not in (".", ".."))
paths = st.lists(segments, min_size=1, max_size=3).map("/".join)


def _free_of_conflicts(names: list[str]) -> list[str]:
    folders = {name[:i] for name in names for i, c in enumerate(name) if c == "/"}
    return sorted({name for name in names if name not in folders})


states = (
    st.lists(paths, max_size=8)
    .map(_free_of_conflicts)
    .flatmap(
        lambda names: st.tuples(*(st.binary(max_size=2) for _ in names)).map(
            lambda datas: dict(zip(names, datas, strict=True))
        )
    )
)


def _inventories(versions: list[dict[str, bytes]]) -> list[Inventory]:
    made: list[Inventory] = []
    for state in versions:
        files = [content(path, data) for path, data in state.items()]
        if made:
            made.append(next_inventory(made[-1], files, CREATED, *WHO))
        else:
            made.append(first_inventory(OBJECT, files, CREATED, *WHO))
    return made


@settings(deadline=None, max_examples=60)
@given(st.lists(states, min_size=1, max_size=4))
def test_what_is_written_reads_back_equal_and_every_state_is_kept(
    versions: list[dict[str, bytes]],
) -> None:
    made = _inventories(versions)
    stored: dict[ContentPath, bytes] = {}
    previous = None
    for number, (inventory, state) in enumerate(zip(made, versions, strict=True), 1):
        assert parse_inventory(serialise_inventory(inventory)) == inventory
        for path, logical in new_content_paths(previous, inventory).items():
            assert path not in stored  # nothing is ever written over
            assert path.startswith(f"v{number}/content/")
            stored[path] = state[logical]
        previous = inventory
    last = made[-1]
    assert set(stored) == {path for held in last.manifest.values() for path in held}
    for number, state in enumerate(versions, 1):
        found = last.state(VersionNumber(number))
        assert {path: stored[last.content_path(d)] for path, d in found.items()} == state
    # Deduplicated: as many content files as there are different bytes.
    assert len(stored) == len({data for state in versions for data in state.values()})


def test_serialisation_is_the_same_bytes_for_the_same_inventory() -> None:
    files = [content("b", b"1"), content("a", b"2")]
    one = serialise_inventory(first_inventory(OBJECT, files, CREATED, *WHO))
    other = serialise_inventory(first_inventory(OBJECT, files[::-1], CREATED, *WHO))
    assert one == other
    assert one.endswith(b"}\n")


def test_equal_files_of_one_version_get_one_content_path_named_for_the_first() -> None:
    inventory = first_inventory(OBJECT, [content("z", b"x"), content("a", b"x")], CREATED, *WHO)
    assert list(inventory.manifest.values()) == [(ContentPath("v1/content/a"),)]
    assert dict(new_content_paths(None, inventory)) == {"v1/content/a": "a"}


def test_other_digests_are_recorded_in_fixity_once() -> None:
    first = first_inventory(OBJECT, [content("a", b"x")], CREATED, *WHO)
    second = next_inventory(first, [content("a", b"x"), content("b", b"x")], CREATED, *WHO)
    sha256 = hashlib.sha256(b"x").hexdigest()
    assert second.fixity == {"sha256": {sha256: ("v1/content/a",)}}
    assert second.digest_of(ContentPath("v1/content/a")) == hashlib.sha512(b"x").hexdigest()


def test_a_contradicting_fixity_value_is_refused() -> None:
    first = first_inventory(OBJECT, [content("a", b"x")], CREATED, *WHO)
    lie = NewContent(LogicalPath("a"), content("a", b"x").digest, {"sha256": "0" * 64})
    with pytest.raises(ValueError, match="two digests"):
        next_inventory(first, [lie], CREATED, *WHO)


@pytest.mark.parametrize("names", [["a", "a"], ["a", "a/b"], ["a/b", "a/b/c", "d"]])
def test_logical_paths_in_each_others_way_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="in each other's way"):
        first_inventory(OBJECT, [content(n, n.encode()) for n in names], CREATED, *WHO)


@pytest.mark.parametrize("created", ["2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T08:00:00"])
def test_an_instant_that_is_not_rfc_3339_is_refused(created: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        first_inventory(OBJECT, [], created, *WHO)


def test_a_digest_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="not a sha512 digest"):
        first_inventory(OBJECT, [NewContent(LogicalPath("a"), "ab" * 32)], CREATED, *WHO)


def test_a_zero_padded_object_goes_on_padded_and_stops_before_its_width_is_used_up() -> None:
    padded = Inventory(
        OBJECT, "1.1", "sha512", VersionNumber(8, 2), "content", {},
        {VersionNumber(n, 2): Version(CREATED, {}, *WHO) for n in range(1, 9)},
    )  # fmt: skip
    ninth = next_inventory(padded, [content("a", b"")], CREATED, *WHO)
    assert str(ninth.head) == "v09"
    assert parse_inventory(serialise_inventory(ninth)) == ninth
    with pytest.raises(ValueError, match="no zero-padded version number"):
        next_inventory(ninth, [], CREATED, *WHO)


def test_a_foreign_inventory_in_upper_case_is_read_in_lower_case() -> None:
    document = _document()
    (digest,) = document["manifest"]
    document["manifest"] = {digest.upper(): document["manifest"][digest]}
    document["versions"]["v1"]["state"] = {digest.upper(): ["a"]}
    inventory = parse_inventory(json.dumps(document).encode())
    assert list(inventory.manifest) == [digest]


def _document() -> dict:
    inventory = first_inventory(OBJECT, [content("a", b"x")], CREATED, *WHO)
    return json.loads(serialise_inventory(inventory))


def _codes(data: bytes) -> set[str]:
    with pytest.raises(InvalidInventory) as caught:
        parse_inventory(data)
    return {p.code for p in caught.value.report if p.severity == "error"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe{",
        b"\xef\xbb\xbf{}",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"id":1' + b"0" * 100_000 + b"}",
        b'{"id":1e999}',
        b'{"id":NaN}',
        b'{"id":"a","id":"b"}',
        b'{"id":"\\ud800"}',
        b"[]",
        b"null",
        b"{} {}",
    ],
)
def test_hostile_json_is_one_finding_and_no_other_exception(data: bytes) -> None:
    # 1e999 is a number like any other to JSON; what is wrong with it is that an id is a string.
    assert _codes(data) == ({"E036", "E037", "E041", "E043"} if b"1e999" in data else {"E033"})


def _each(document: dict, value: object) -> dict[str, object]:
    return {digest: value for digest in document["manifest"]}  # noqa: C420 - as in the inventory


WRONG = [
    ("E036", lambda d: d.pop("id")),
    ("E036", lambda d: d.pop("head")),
    ("E036", lambda d: d.pop("type")),
    ("E036", lambda d: d.pop("digestAlgorithm")),
    ("E041", lambda d: d.pop("manifest")),
    ("E041", lambda d: d.pop("versions")),
    ("E037", lambda d: d.update(id="")),
    ("E037", lambda d: d.update(id=7)),
    ("STO-OBJECT-ID", lambda d: d.update(id="urn:" + "x" * 1000)),
    ("STO-OBJECT-ID", lambda d: d.update(id="urn:x\n")),
    ("E038", lambda d: d.update(type="https://ocfl.io/2.0/spec/#inventory")),
    ("E038", lambda d: d.update(type=["x"])),
    ("E025", lambda d: d.update(digestAlgorithm="md5")),
    ("E025", lambda d: d.update(digestAlgorithm=["sha512"])),
    ("E039", lambda d: d.update(digestAlgorithm="sha256")),
    ("E040", lambda d: d.update(head="v2")),
    ("E040", lambda d: d.update(head=1)),
    ("E017", lambda d: d.update(contentDirectory="a/b")),
    ("E017", lambda d: d.update(contentDirectory=1)),
    ("E018", lambda d: d.update(contentDirectory="..")),
    ("E108", lambda d: d.update(contentDirectory="")),
    ("E042", lambda d: d.update(contentDirectory="elsewhere")),
    ("E102", lambda d: d.update(extra=1)),
    ("E102", lambda d: d["versions"]["v1"].update(extra=1)),
    ("E102", lambda d: d["versions"]["v1"]["user"].update(extra=1)),
    ("E106", lambda d: d.update(manifest=[])),
    ("E044", lambda d: d.update(versions=[])),
    ("E008", lambda d: d.update(versions={})),
    ("E047", lambda d: d["versions"].update(v1=[])),
    ("E009", lambda d: d.update(versions={"v2": d["versions"]["v1"]}, head="v2")),
    ("E010", lambda d: d.update(versions=d["versions"] | {"v3": d["versions"]["v1"]}, head="v3")),
    ("E012", lambda d: d.update(versions=d["versions"] | {"v02": d["versions"]["v1"]}, head="v02")),
    ("E104", lambda d: d.update(versions=d["versions"] | {"2": d["versions"]["v1"]})),
    ("E105", lambda d: d.update(versions=d["versions"] | {"v0": d["versions"]["v1"]})),
    ("E105", lambda d: d.update(versions=d["versions"] | {"v1٢": d["versions"]["v1"]})),
    ("E048", lambda d: d["versions"]["v1"].pop("created")),
    ("E048", lambda d: d["versions"]["v1"].pop("state")),
    ("E049", lambda d: d["versions"]["v1"].update(created="2026-11-22T08:00Z")),
    ("E049", lambda d: d["versions"]["v1"].update(created=5)),
    ("E050", lambda d: d["versions"]["v1"].update(state=[])),
    ("E050", lambda d: d["versions"]["v1"]["state"].update({"0" * 128: ["b"]})),
    ("E051", lambda d: d["versions"]["v1"].update(state=_each(d, "a"))),
    ("E051", lambda d: d["versions"]["v1"].update(state=_each(d, [1]))),
    ("E051", lambda d: d["versions"]["v1"].update(state=_each(d, ["a\0"]))),
    ("E052", lambda d: d["versions"]["v1"].update(state=_each(d, ["a/../b"]))),
    ("E052", lambda d: d["versions"]["v1"].update(state=_each(d, [""]))),
    ("E053", lambda d: d["versions"]["v1"].update(state=_each(d, ["/a"]))),
    ("E095", lambda d: d["versions"]["v1"].update(state=_each(d, ["a", "a"]))),
    (
        "E095",
        lambda d: d["versions"]["v1"].update(state=_each(d, ["a", "a/b"])),
    ),
    ("E094", lambda d: d["versions"]["v1"].update(message=None)),
    ("E054", lambda d: d["versions"]["v1"].update(user="me")),
    ("E054", lambda d: d["versions"]["v1"].update(user={})),
    ("E054", lambda d: d["versions"]["v1"]["user"].update(address=None)),
    ("E092", lambda d: d.update(manifest=_each(d, "v1/content/a"))),
    ("E092", lambda d: d.update(manifest=_each(d, [1]))),
    ("E099", lambda d: d.update(manifest=_each(d, ["v1/content/../a"]))),
    ("E100", lambda d: d.update(manifest=_each(d, ["/v1/content/a"]))),
    ("E098", lambda d: d.update(manifest=_each(d, ["v1/content/a\0"]))),
    ("E101", lambda d: d.update(manifest=_each(d, ["v1/content/a"] * 2))),
    ("E042", lambda d: d.update(manifest=_each(d, ["v1/a"]))),
    ("E042", lambda d: d.update(manifest=_each(d, ["v2/content/a"]))),
    ("E014", lambda d: d.update(manifest=_each(d, ["v01/content/a"]))),
    ("E031", lambda d: d["manifest"].update({"xyz": ["v1/content/b"]})),
    ("E096", lambda d: d["manifest"].update({k.upper(): v for k, v in d["manifest"].items()})),
    ("E107", lambda d: d["manifest"].update({"0" * 128: ["v1/content/b"]})),
    ("E111", lambda d: d.update(fixity=None)),
    ("E056", lambda d: d.update(fixity={"rot13": {}})),
    ("E057", lambda d: d.update(fixity={"md5": []})),
    ("E057", lambda d: d.update(fixity={"md5": {"zz": ["v1/content/a"]}})),
    ("E057", lambda d: d.update(fixity={"md5": {"0" * 32: ["v1/content/other"]}})),
    ("E057", lambda d: d.update(fixity={"md5": {"0" * 32: "v1/content/a"}})),
    ("E097", lambda d: d.update(fixity={"md5": {"a" * 32: [], "A" * 32: []}})),
    ("E029", lambda d: d.update(fixity={"sha1": {"a" * 32: []}})),
    ("E030", lambda d: d.update(fixity={"sha256": {"a" * 32: []}})),
    ("E032", lambda d: d.update(fixity={"blake2b-512": {"a" * 32: []}})),
]


@pytest.mark.parametrize(
    ("code", "change"), WRONG, ids=[f"{i}-{c}" for i, (c, _) in enumerate(WRONG)]
)
def test_each_broken_rule_is_found_under_its_code(code: str, change) -> None:
    document = _document()
    change(document)
    assert code in _codes(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("code", "named_1_0"),
    [("E106", "E041"), ("E110", None), ("E111", "E057"), ("E104", "E046"), ("E107", None)],
)
def test_an_inventory_of_1_0_gets_codes_of_1_0(code: str, named_1_0: str | None) -> None:
    for wanted, change in WRONG:
        if wanted == code:
            document = _document()
            change(document)
            document["type"] = document["type"].replace("1.1", "1.0")
            data = json.dumps(document).encode()
            if named_1_0 is None:
                parse_inventory(data)
            else:
                assert named_1_0 in _codes(data)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_mangled_inventory_raises_anything_but_its_own_refusal(data: st.DataObject) -> None:
    document = _document()
    spots: list[tuple[dict, str]] = []
    waiting: list[dict] = [document]
    while waiting:
        block = waiting.pop()
        for key, value in block.items():
            spots.append((block, key))
            if isinstance(value, dict):
                waiting.append(value)
    block, key = data.draw(st.sampled_from(spots))
    block[data.draw(st.sampled_from([key, "x", "v2", "/"]))] = data.draw(JUNK)
    try:
        inventory = parse_inventory(json.dumps(document).encode())
    except InvalidInventory as refused:
        assert refused.report.has_errors
    else:
        assert parse_inventory(serialise_inventory(inventory)) == inventory


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_malformed(data: bytes) -> None:
    try:
        parse_json(data)
    except MalformedJson as malformed:
        assert malformed.args[0]


def test_checking_for_conflicts_is_linear_in_one_hostile_path() -> None:
    document = _document()
    deep = "v1/content/" + "a/" * 100_000 + "a"
    document["manifest"] = _each(document, [deep])
    document["fixity"] = {}
    document["versions"]["v1"]["state"] = _each(document, [deep])
    assert parse_inventory(json.dumps(document).encode()).head == VersionNumber(1)


@given(st.text("a./\0é", max_size=8))
def test_what_the_rules_call_safe_is_what_the_path_types_accept(text: str) -> None:
    try:
        accepted = ContentPath(text) == text
    except InvalidValue:
        accepted = False
    assert is_safe_path(text) == accepted


def test_files_given_one_at_a_time_must_come_in_their_order() -> None:
    files = [content("b", b"x"), content("a", b"y")]
    with pytest.raises(ValueError, match="order"):
        inventory_after(no_inventory(OBJECT), files, CREATED, *WHO)
    made = inventory_after(no_inventory(OBJECT), reversed(files), CREATED, *WHO)
    assert made == first_inventory(OBJECT, files, CREATED, *WHO)
