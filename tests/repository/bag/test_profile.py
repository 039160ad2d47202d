import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.bag.profile import InvalidProfile, check_profile, parse_profile
from tests.repository.bag.builder import make_bag
from tests.repository.ocfl.builder import MemoryTree

URI = "https://example.org/profile.json"
PROFILE = {
    "BagIt-Profile-Info": {"BagIt-Profile-Identifier": URI, "Version": "1"},
    "Bag-Info": {
        "Source-Organization": {"required": True, "values": ["Sở Nội vụ", "Sở Tư pháp"]},
        "Contact-Email": {"required": True, "repeatable": False},
        "Internal-Sender-Description": {},
    },
    "Manifests-Required": ["sha512"],
    "Manifests-Allowed": ["sha512", "SHA-256"],
    "Tag-Manifests-Required": ["sha512"],
    "Tag-Files-Required": ["metadata/list.xlsx"],
    "Tag-Files-Allowed": ["metadata/*"],
    "Allow-Fetch.txt": False,
    "Accept-BagIt-Version": ["1.0", "0.97"],
}
WHO = "Source-Organization: Sở Nội vụ\ncontact-email: a@example.org\n"
INFO = f"{WHO}BagIt-Profile-Identifier: {URI}\n"


def _bag(info: str = INFO, **options) -> dict[str, bytes]:
    return {**make_bag({"a": b"x"}, info=info, **options), "metadata/list.xlsx": b"x"}


def _codes(bag: dict[str, bytes], **changes: object) -> list[str]:
    profile = parse_profile(json.dumps({**PROFILE, **changes}).encode())
    return check_profile(MemoryTree(bag), profile).codes()


def test_a_bag_that_has_what_the_profile_wants_has_no_findings() -> None:
    assert _codes(_bag()) == []
    assert _codes(_bag(algorithms=("sha512", "sha256"))) == []


@pytest.mark.parametrize(
    ("info", "code"),
    [
        (INFO.replace("contact-email", "x"), "BAG-PROFILE-LABEL"),
        (INFO.replace("a@example.org", ""), "BAG-PROFILE-LABEL"),
        (INFO + "Contact-Email: b@example.org\n", "BAG-PROFILE-REPEATED"),
        (INFO.replace("Nội vụ", "Y tế"), "BAG-PROFILE-VALUE"),
        (INFO.replace(URI, "https://example.org/other.json"), "BAG-PROFILE-IDENTIFIER"),
    ],
)
def test_what_a_label_lacks_is_found_under_its_code(info: str, code: str) -> None:
    assert _codes(_bag(info)) == [code]


def test_what_files_lack_or_have_too_much_is_found_under_its_code() -> None:
    assert _codes(_bag(algorithms=("sha256",))) == ["BAG-PROFILE-FILE"] * 2
    assert _codes(_bag(algorithms=("sha512", "md5"))) == ["BAG-PROFILE-EXTRA"]
    assert _codes({**_bag(), "notes.txt": b""}) == ["BAG-PROFILE-EXTRA"]
    assert _codes({**_bag(), "fetch.txt": b""}) == ["BAG-PROFILE-FETCH"]
    bag = _bag()
    del bag["metadata/list.xlsx"]
    assert _codes(bag) == ["BAG-PROFILE-FILE"]
    assert _codes(_bag(version="0.96")) == ["BAG-PROFILE-VERSION"]
    assert _codes({}) == ["BAG-NO-DECLARATION"]


def test_a_bag_that_names_no_profile_is_a_warning_and_unknown_keys_are_told() -> None:
    without = INFO.replace("BagIt-Profile-Identifier", "X")
    profile = parse_profile(json.dumps({**PROFILE, "Serialization": "optional"}).encode())
    report = check_profile(MemoryTree(_bag(without)), profile)
    assert report.codes() == ["BAG-PROFILE-IDENTIFIER", "BAG-PROFILE-NOT-CHECKED"]
    assert not report.has_errors


def test_a_bag_info_that_cannot_be_read_is_not_called_empty() -> None:
    tree = MemoryTree(_bag(), failing={"bag-info.txt": 5})
    codes = check_profile(tree, parse_profile(json.dumps(PROFILE).encode())).codes()
    assert codes == ["STO-UNREADABLE"]


@settings(deadline=None)
@given(
    st.sampled_from([*PROFILE]),
    st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), min_size=1, max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(), min_size=1, max_size=2),
)  # fmt: skip
def test_a_profile_that_cannot_be_followed_says_where(key: str, value: object) -> None:
    with pytest.raises(InvalidProfile) as caught:
        parse_profile(json.dumps({**PROFILE, key: value}).encode())
    assert caught.value.report.codes() == ["BAG-PROFILE-FORM"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_profile_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidProfile):
        parse_profile(data)
