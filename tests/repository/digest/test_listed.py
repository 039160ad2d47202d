"""Files digested by the folder: the same answers as one by one, a few at a time."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repository.digest import DigestOptions, EngineUnavailable, ListedFolder, digest_listed
from repository.digest.native import native

ENGINES = ["hashlib", "auto", *(["native"] if native().module else [])]
engines = pytest.mark.parametrize("engine", ENGINES)


@engines
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    folders=st.lists(st.lists(st.integers(0, 300), max_size=40), max_size=6),
    look_ahead=st.integers(1, 60),
)
def test_every_name_has_one_result_with_the_key_of_its_folder(
    tmp_path: Path, engine: str, folders: list[list[int]], look_ahead: int
) -> None:
    wanted = {}
    listed: list[ListedFolder] = []
    for number, sizes in enumerate(folders):
        folder = tmp_path / f"{number}"
        folder.mkdir(exist_ok=True)
        for name, size in enumerate(sizes):
            data = bytes([name % 251]) * size
            (folder / f"tệp-{name}").write_bytes(data)
            wanted[number, f"tệp-{name}"] = (size, hashlib.sha512(data).hexdigest(), None)
        listed.append((number, str(folder), [f"tệp-{name}" for name in range(len(sizes))]))
    options = DigestOptions(engine=engine, look_ahead=look_ahead)  # type: ignore[arg-type]
    found = [one for some in digest_listed(listed, "sha512", options=options) for one in some]
    assert len(found) == len(wanted)
    assert {(key, name): (size, sha, code) for key, name, size, sha, code, _ in found} == wanted


@engines
def test_what_cannot_be_read_has_its_errno_and_stops_nothing(tmp_path: Path, engine: str) -> None:
    (tmp_path / "good").write_bytes(b"good")
    (tmp_path / "link").symlink_to("good")
    (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"")
    names = ["gone", "link", "a\0b", "good", "\ud800", os.fsdecode(b"\xff")]
    options = DigestOptions(engine=engine)  # type: ignore[arg-type]
    listed: list[ListedFolder] = [("key", str(tmp_path), names)]
    found = [one for some in digest_listed(listed, "sha256", options=options) for one in some]
    assert {name: code for _, name, _, _, code, _ in found} == {
        "gone": errno.ENOENT,
        "link": errno.ELOOP,
        "a\0b": errno.EINVAL,
        "good": None,
        "\ud800": errno.EILSEQ,
        os.fsdecode(b"\xff"): None,
    }
    assert len(found) == len(names)
    for key, _, size, digest, code, source in found:
        assert key == "key"
        assert (size is None) == (digest is None) == (code is not None)
        assert source == "cached"


@engines
def test_names_are_drawn_only_as_far_ahead_as_allowed(tmp_path: Path, engine: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    drawn = 0

    def names() -> Iterator[str]:
        nonlocal drawn
        while True:
            drawn += 1
            yield "file"

    options = DigestOptions(engine=engine, look_ahead=8)  # type: ignore[arg-type]
    results = digest_listed([(0, str(tmp_path), names())], "sha512", options=options)
    taken = 0
    for some in results:
        taken += len(some)
        assert drawn <= taken + 8
        if taken > 100:
            break
    results.close()  # type: ignore[attr-defined]
    assert drawn <= taken + 8


def test_what_the_native_engine_has_not_it_refuses(tmp_path: Path) -> None:
    options = DigestOptions(engine="native")
    with pytest.raises(EngineUnavailable):
        digest_listed([], "md5", options=options)
    assert list(digest_listed([], "md5")) == []
    with pytest.raises(ValueError, match="unknown"):
        digest_listed([], "crc32")
