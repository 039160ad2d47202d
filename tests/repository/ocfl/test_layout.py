import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.model import InvalidValue, ObjectId
from repository.ocfl.layout import (
    FLAT_DIRECT,
    FLAT_OMIT_PREFIX,
    HASHED,
    HASHED_WITH_ID,
    TUPLES_OMIT_PREFIX,
    InvalidLayout,
    Layout,
    layout_name,
    read_layout,
    write_layout,
)


def _layout(name: str, **config: object) -> Layout:
    layout = json.dumps({"extension": name, "description": "x"}).encode()
    found = read_layout(layout, json.dumps({"extensionName": name, **config}).encode())
    assert found is not None
    assert found.name == name
    return found


LONG = "abcdefghij" * 10 + "a"
MD5_15 = {"digestAlgorithm": "md5", "tupleSize": 2, "numberOfTuples": 15}
# The mappings that the texts of the extensions publish.
PUBLISHED = [
    (FLAT_DIRECT, {}, "object-01", "object-01"),
    (FLAT_DIRECT, {}, "..hor_rib:lé-$id", "..hor_rib:lé-$id"),
    (HASHED_WITH_ID, {}, "object-01", "3c0/ff4/240/object-01"),
    (HASHED_WITH_ID, {}, "..hor/rib:le-$id", "487/326/d8c/%2e%2ehor%2frib%3ale-%24id"),
    (HASHED_WITH_ID, {}, "..Hor/rib:lè-$id", "373/529/21a/%2e%2eHor%2frib%3al%c3%a8-%24id"),
    (
        HASHED_WITH_ID, {}, LONG,
        f"5cc/73e/648/{LONG[:100]}-5cc73e648fbcff136510e330871180922ddacf193b68fdeff855683a01464220",
    ),
    (HASHED_WITH_ID, MD5_15, "object-01", "ff/75/53/44/92/48/5e/ab/b3/9f/86/35/67/28/88/object-01"),
    (
        HASHED_WITH_ID, MD5_15, "..hor/rib:le-$id",
        "08/31/97/66/fb/6c/29/35/dd/17/5b/94/26/77/17/%2e%2ehor%2frib%3ale-%24id",
    ),
    (HASHED_WITH_ID, {"tupleSize": 0, "numberOfTuples": 0}, "object-01", "object-01"),
    (
        HASHED, {}, "object-01",
        "3c0/ff4/240/3c0ff4240c1e116dba14c7627f2319b58aa3d77606d0d90dfc6161608ac987d4",
    ),
    (
        HASHED, {}, "..hor/rib:le-$id",
        "487/326/d8c/487326d8c2a3c0b885e23da1469b4d6671fd4e76978924b4443e9e3c316cda6d",
    ),
    (
        HASHED, {**MD5_15, "shortObjectRoot": True}, "object-01",
        "ff/75/53/44/92/48/5e/ab/b3/9f/86/35/67/28/88/4e",
    ),
    (
        HASHED, {**MD5_15, "shortObjectRoot": True}, "..hor/rib:le-$id",
        "08/31/97/66/fb/6c/29/35/dd/17/5b/94/26/77/17/e0",
    ),
    (
        HASHED, {"tupleSize": 0, "numberOfTuples": 0}, "object-01",
        "3c0ff4240c1e116dba14c7627f2319b58aa3d77606d0d90dfc6161608ac987d4",
    ),
    (FLAT_OMIT_PREFIX, {"delimiter": ":"}, "namespace:12887296", "12887296"),
    (
        FLAT_OMIT_PREFIX, {"delimiter": ":"}, "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "6e8bc430-9c3a-11d9-9669-0800200c9a66",
    ),
    (FLAT_OMIT_PREFIX, {"delimiter": "edu/"}, "https://institution.edu/3448793", "3448793"),
    (FLAT_OMIT_PREFIX, {"delimiter": "edu/"}, "https://institution.edu/abc/edu/f8.05v", "f8.05v"),
    (
        TUPLES_OMIT_PREFIX,
        {"delimiter": ":", "tupleSize": 4, "numberOfTuples": 2, "reverseObjectRoot": True},
        "namespace:12887296", "6927/8821/12887296",
    ),
    (
        TUPLES_OMIT_PREFIX,
        {"delimiter": ":", "tupleSize": 4, "numberOfTuples": 2, "reverseObjectRoot": True},
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "66a9/c002/6e8bc430-9c3a-11d9-9669-0800200c9a66",
    ),
    (
        TUPLES_OMIT_PREFIX,
        {"delimiter": ":", "tupleSize": 4, "numberOfTuples": 2, "reverseObjectRoot": True},
        "abc123", "321c/ba00/abc123",
    ),
    (
        TUPLES_OMIT_PREFIX, {"delimiter": "edu/", "zeroPadding": "right"},
        "https://institution.edu/3448793", "344/879/300/3448793",
    ),
    (
        TUPLES_OMIT_PREFIX, {"delimiter": "edu/", "zeroPadding": "right"},
        "https://institution.edu/abc/edu/f8.05v", "f8./05v/000/f8.05v",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "config", "object_id", "path"), PUBLISHED)
def test_every_published_mapping_is_followed(
    name: str, config: dict[str, object], object_id: str, path: str
) -> None:
    assert _layout(name, **config).path(ObjectId(object_id)) == path


@pytest.mark.parametrize(
    ("name", "config", "object_id"),
    [
        (FLAT_DIRECT, {}, "info:fedora/object-01"),
        (FLAT_DIRECT, {}, "abcdefghij" * 26),
        (FLAT_DIRECT, {}, ".."),
        (FLAT_DIRECT, {}, "extensions"),
        (FLAT_DIRECT, {}, "0=ocfl_1.1"),
        (FLAT_OMIT_PREFIX, {"delimiter": "info:"}, "info:fedora/object-01"),
        (FLAT_OMIT_PREFIX, {"delimiter": "info:"}, "https://example.org/info:/12345/x54xz321"),
        (FLAT_OMIT_PREFIX, {"delimiter": ":"}, "urn:nothing:"),
        (TUPLES_OMIT_PREFIX, {}, "a/b/c"),
        (TUPLES_OMIT_PREFIX, {"tupleSize": 2}, "x:....abc"),
    ],
)
def test_an_identifier_without_a_usable_folder_is_refused(
    name: str, config: dict[str, object], object_id: str
) -> None:
    with pytest.raises(InvalidValue):
        _layout(name, **config).path(ObjectId(object_id))


def test_a_delimiter_is_found_in_either_case_and_at_its_last_place() -> None:
    assert _layout(FLAT_OMIT_PREFIX, delimiter="EDU/").path(ObjectId("x.edu/y.Edu/z")) == "z"
    assert _layout(FLAT_OMIT_PREFIX, delimiter="aa").path(ObjectId("xaaay")) == "y"


ids = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=300)


@pytest.mark.parametrize("name", [HASHED_WITH_ID, HASHED])
@given(one=ids, other=ids)
def test_a_hashed_layout_takes_any_identifier_to_one_safe_place(
    name: str, one: str, other: str
) -> None:
    layout = _layout(name)
    path = layout.path(ObjectId(one))
    assert path.count("/") == 3
    assert path.isascii()
    assert all(0 < len(part) <= 255 and part not in (".", "..") for part in path.split("/"))
    assert (path == layout.path(ObjectId(other))) == (one == other)


@pytest.mark.parametrize("name", [HASHED_WITH_ID, HASHED])
def test_what_a_new_root_is_given_reads_back_as_its_layout(name: str) -> None:
    files = write_layout(name)
    assert set(files) == {"0=ocfl_1.1", "ocfl_layout.json", f"extensions/{name}/config.json"}
    assert files["0=ocfl_1.1"] == b"ocfl_1.1\n"
    found = read_layout(files["ocfl_layout.json"], files[f"extensions/{name}/config.json"])
    assert found == _layout(name)


def test_other_layouts_are_not_written() -> None:
    with pytest.raises(ValueError, match="new storage roots use"):
        write_layout(FLAT_DIRECT)


def test_a_root_without_or_with_an_unknown_layout_has_none() -> None:
    assert read_layout(None, None) is None
    unknown = b'{"extension": "0010-x", "description": ""}'
    assert layout_name(unknown) == "0010-x"
    assert read_layout(unknown, b"not even json") is None


def test_parameters_default_as_published_and_0006_has_no_default() -> None:
    declared = json.dumps({"extension": HASHED, "description": ""}).encode()
    assert read_layout(declared, None) == _layout(HASHED)
    with pytest.raises(InvalidLayout):
        read_layout(declared.replace(HASHED.encode(), FLAT_OMIT_PREFIX.encode()), None)


@pytest.mark.parametrize(
    ("layout", "config"),
    [
        (b"[]", None),
        (b"{", None),
        (b'{"extension": 1, "description": ""}', None),
        (b'{"extension": "x"}', None),
        (None, b"[]"),
        (None, b'{"extensionName": "other"}'),
        (None, b'{"digestAlgorithm": "rot13"}'),
        (None, b'{"digestAlgorithm": ""}'),
        (None, b'{"tupleSize": 0}'),
        (None, b'{"tupleSize": 33}'),
        (None, b'{"tupleSize": true}'),
        (None, b'{"tupleSize": 3.0}'),
        (None, b'{"tupleSize": 32, "numberOfTuples": 3}'),
        (None, b'{"tupleSize": 32, "numberOfTuples": 2, "shortObjectRoot": true}'),
        (None, b'{"shortObjectRoot": 1}'),
    ],
)
def test_a_layout_that_cannot_be_followed_says_why(
    layout: bytes | None, config: bytes | None
) -> None:
    good = json.dumps({"extension": HASHED, "description": ""}).encode()
    with pytest.raises(InvalidLayout) as caught:
        read_layout(good if layout is None else layout, config)
    assert caught.value.report.has_errors
