import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.bag import (
    BAGIT_TXT,
    ManifestEntry,
    parse_bag_info,
    parse_manifest,
    write_bag_info,
    write_manifest,
)
from repository.bag.declaration import Declaration, parse_declaration
from repository.bag.fetch import Fetch, parse_fetch
from repository.bag.manifest import algorithm_of, decode_path, encode_path

SHA256 = hashlib.sha256(b"x").hexdigest()
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12
).filter(lambda s: s not in (".", "..") and not s.startswith("~"))
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: "data/" + "/".join(parts))
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)


@settings(deadline=None)
@given(st.dictionaries(paths, digests, max_size=6))
def test_a_written_manifest_reads_back_whole_and_without_findings(wanted: dict[str, str]) -> None:
    data = write_manifest("sha256", wanted)
    entries, report = parse_manifest(data, "sha256")
    assert report.problems == ()
    assert {entry.path: entry.digest for entry in entries} == wanted
    assert data.count(b"\n") == len(wanted)


@given(st.text(max_size=30))
def test_encoding_a_path_is_undone_by_decoding(path: str) -> None:
    assert decode_path(encode_path(path)) == path
    assert "\n" not in encode_path(path)
    assert "\r" not in encode_path(path)


def test_only_what_the_rfc_names_is_encoded() -> None:
    # RFC 8493 §2.1.3
    assert encode_path("data/a%0A\r\nb c\té") == "data/a%250A%0D%0Ab c\té"
    assert decode_path("data/%0a%0D%25%20%2F%41") == "data/\n\r%%20%2F%41"


@pytest.mark.parametrize("path", ["", "/a", "a//b", "../a", "data/../a", "./a", "a/", " a", "*a"])
def test_an_unsafe_path_is_not_written(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        write_manifest("sha256", {path: SHA256})


@pytest.mark.parametrize("digest", ["", "x", SHA256[:-1], SHA256 + "0", "g" * 64])
def test_a_digest_of_another_form_is_not_written(digest: str) -> None:
    with pytest.raises(ValueError, match="not a sha256 digest"):
        write_manifest("sha256", {"data/a": digest})


def test_a_manifest_of_an_unknown_algorithm_is_not_written() -> None:
    with pytest.raises(ValueError, match="not an algorithm"):
        write_manifest("rot13", {})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("GARBAGE", "BAG-MANIFEST-LINE"),
        (SHA256, "BAG-MANIFEST-LINE"),
        (f"{SHA256}data/a", "BAG-MANIFEST-LINE"),
        (f" {SHA256} data/a", "BAG-MANIFEST-LINE"),
        ("abc data/a", "BAG-MANIFEST-DIGEST"),
        (f"{SHA256} ", "BAG-MANIFEST-LINE"),
        (f"{SHA256} /etc/passwd", "BAG-PATH-UNSAFE"),
        (f"{SHA256} ../c-evil/secret", "BAG-PATH-UNSAFE"),
        (f"{SHA256} data/../../secret", "BAG-PATH-UNSAFE"),
        (f"{SHA256} ~/secret", "BAG-PATH-UNSAFE"),
        (f"{SHA256} ~root/secret", "BAG-PATH-UNSAFE"),
        (f"{SHA256} data//a", "BAG-PATH-UNSAFE"),
        (f"{SHA256} data/a\0", "BAG-PATH-UNSAFE"),
        (f"{SHA256} data/a\n{SHA256} data/a", "BAG-MANIFEST-TWICE"),
    ],
)
def test_a_line_that_is_not_digest_and_safe_path_is_an_error(line: str, code: str) -> None:
    _, report = parse_manifest(f"{line}\n".encode(), "sha256")
    assert [p.code for p in report if p.severity == "error"] == [code]


@pytest.mark.parametrize(
    ("line", "path", "code"),
    [
        (f"{SHA256} *data/a", "data/a", "BAG-MANIFEST-MD5SUM"),
        (f"{SHA256} ./data/a", "data/a", "BAG-MANIFEST-MD5SUM"),
        (f"{SHA256} *././data/a", "data/a", "BAG-MANIFEST-MD5SUM"),
        (f"{SHA256} data/100%.txt", "data/100%.txt", "BAG-MANIFEST-PERCENT"),
        (f"{SHA256} data/a%20b", "data/a%20b", "BAG-MANIFEST-PERCENT"),
        (f"\n{SHA256} data/a", "data/a", "BAG-MANIFEST-EMPTY-LINE"),
    ],
)
def test_what_has_one_reading_is_read_with_a_warning(line: str, path: str, code: str) -> None:
    entries, report = parse_manifest(f"{line}\n".encode(), "sha256")
    assert entries == [ManifestEntry(path, SHA256)]
    assert report.codes() == [code]
    assert not report.has_errors


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", ""])
@pytest.mark.parametrize("gap", [" ", "  ", "\t", " \t "])
def test_every_line_end_and_gap_of_the_rfc_is_read(end: str, gap: str) -> None:
    data = f"{SHA256.upper()}{gap}data/a b \u00a0c{end}".encode()
    entries, report = parse_manifest(data, "sha256")
    assert entries == [ManifestEntry("data/a b \u00a0c", SHA256)]
    assert report.problems == ()


def test_a_draft_does_not_encode_and_may_repeat_what_agrees() -> None:
    data = f"{SHA256} data/a%0A\n{SHA256} data/a%0A\n".encode()
    entries, report = parse_manifest(data, "sha256", version="0.97")
    assert entries == [ManifestEntry("data/a%0A", SHA256)]
    assert not report.has_errors
    other = hashlib.sha256(b"y").hexdigest()
    _, report = parse_manifest(data + f"{other} data/a%0A\n".encode(), "sha256", version="0.97")
    assert report.has_errors


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")),
    st.sampled_from(["utf-8", "utf-16", "ascii", "iso8859-1", "shift_jis"]),
    st.sampled_from(["0.93", "0.97", "1.0"]),
)
def test_no_tag_file_raises_anything(data: bytes, encoding: str, version: str) -> None:
    entries, report = parse_manifest(data, "sha256", encoding=encoding, version=version)
    assert all(".." not in entry.path.split("/") for entry in entries)
    assert data == b"" or entries or report.problems
    parse_bag_info(data, encoding=encoding, version=version)
    parse_fetch(data, Declaration(version, encoding))
    parse_declaration(data)


def test_a_manifest_that_is_not_in_its_encoding_is_one_finding() -> None:
    entries, report = parse_manifest(b"\xff\xff data/a\n", "sha256")
    assert (entries, report.codes()) == ([], ["BAG-ENCODING"])


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("manifest-sha512.txt", "sha512"),
        ("tagmanifest-SHA-256.txt", "sha256"),
        ("manifest-blake2b512.txt", "blake2b-512"),
        ("manifest-rot13.txt", None),
        ("manifest-.txt", None),
        ("manifest-sha512.txt.bak", None),
    ],
)
def test_the_algorithm_stands_in_the_name(name: str, algorithm: str | None) -> None:
    assert algorithm_of(name) == algorithm


labels = st.text(st.characters(categories=["L", "N", "Pd"]), min_size=1, max_size=10)
values = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)


@settings(deadline=None)
@given(st.lists(st.tuples(labels, values), max_size=5))
def test_written_bag_info_reads_back_in_order(elements: list[tuple[str, str]]) -> None:
    read, report = parse_bag_info(write_bag_info(elements))
    assert report.problems == ()
    assert read == [(label, value.strip()) for label, value in elements]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_value_can_smuggle_in_another_element(value: str) -> None:
    read, report = parse_bag_info(write_bag_info([("A", f"x{value}\nPayload-Oxum: 0.0\r\n y")]))
    assert [label for label, _ in read] == ["A"]
    assert report.problems == ()


@pytest.mark.parametrize("label", ["", " ", "a:b", " a", "a ", "a\nb", "a\u2028b"])
def test_a_label_that_could_not_be_read_again_is_not_written(label: str) -> None:
    with pytest.raises(ValueError, match="not a label"):
        write_bag_info([(label, "x")])


def test_a_folded_value_is_one_value_and_repeated_labels_stay() -> None:
    data = b"A: one\r\n  two\n\tthree\rA: again\nEmpty:\n"
    read, report = parse_bag_info(data)
    assert read == [("A", "one two three"), ("A", "again"), ("Empty", "")]
    assert report.problems == ()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no colon\n", "BAG-INFO-LINE"),
        (b": value\n", "BAG-INFO-LINE"),
        (b"  begins folded\n", "BAG-INFO-LINE"),
        (b"A:b\n", "BAG-INFO-SPACE"),
        (b"A : b\n", "BAG-INFO-SPACE"),
        (b"\n", "BAG-INFO-EMPTY-LINE"),
    ],
)
def test_a_line_that_is_not_label_and_value_is_told(data: bytes, code: str) -> None:
    _, report = parse_bag_info(data)
    assert report.codes() == [code]


def test_our_declaration_is_bagit_1_0_in_utf_8() -> None:
    assert parse_declaration(BAGIT_TXT) == (Declaration("1.0", "utf-8"), [])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "BAG-DECLARATION"),
        (b"BagIt-Version: 1.0\n", "BAG-DECLARATION"),
        (BAGIT_TXT + b"More: x\n", "BAG-DECLARATION"),
        (BAGIT_TXT.replace(b": ", b":"), "BAG-DECLARATION"),
        (BAGIT_TXT.replace(b": ", b" : "), "BAG-DECLARATION"),
        (BAGIT_TXT.replace(b"1.0", b"1.0 "), "BAG-DECLARATION"),
        (b" " + BAGIT_TXT, "BAG-DECLARATION"),
        (b"\xef\xbb\xbf" + BAGIT_TXT, "BAG-BYTE-ORDER-MARK"),
        (BAGIT_TXT.decode().encode("utf-16"), "BAG-ENCODING"),
        (BAGIT_TXT.replace(b"1.0", b"2.0"), "BAG-VERSION"),
        (BAGIT_TXT.replace(b"1.0", b"0.92"), "BAG-VERSION"),
        (BAGIT_TXT.replace(b"UTF-8", b"zip"), "BAG-ENCODING-UNKNOWN"),
        (BAGIT_TXT.replace(b"UTF-8", b"base64"), "BAG-ENCODING-UNKNOWN"),
        (BAGIT_TXT.replace(b"UTF-8", b"no-such"), "BAG-ENCODING-UNKNOWN"),
    ],
)
def test_a_declaration_that_is_not_exact_is_an_error(data: bytes, code: str) -> None:
    _, problems = parse_declaration(data)
    assert [p.code for p in problems if p.severity == "error"] == [code]


def test_an_old_draft_may_be_free_with_white_space() -> None:
    declaration, problems = parse_declaration(
        b"BagIt-Version:0.95\r\nTag-File-Character-Encoding:  UTF-8\r\n\r\n"
    )
    assert declaration == Declaration("0.95", "utf-8")
    assert [(p.code, p.severity) for p in problems] == [("BAG-DECLARATION", "warning")]


def test_fetch_lines_are_read_and_bad_ones_told() -> None:
    data = (
        b"http://x.example/a 12 data/a%0Ab\n"
        b"http://x.example/b - data/b c\n"
        b"word\n"
        b"http://x.example/d twelve data/d\n"
        b"http://x.example/e 1 ../e\n"
        b"http://x.example/f 1 bagit.txt\n"
    )
    fetches, problems = parse_fetch(data, Declaration("1.0", "utf-8"))
    assert fetches == [
        Fetch("http://x.example/a", 12, "data/a\nb"),
        Fetch("http://x.example/b", None, "data/b c"),
    ]
    assert [p.code for p in problems] == ["BAG-FETCH-LINE"] * 2 + ["BAG-PATH-UNSAFE"] * 2
