from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from preservation.formats.facts import UNKNOWN, extension_of, fact_of, unknown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
MATCH = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["fmt/412", "x-fmt/111", "UNKNOWN", "fmt/", "fmt/1\n"]) | JSON,
        "format": JSON,
        "version": JSON,
        "mime": JSON,
        "basis": JSON,
        "warning": st.sampled_from(["", "match on extension only", "extension mismatch"]) | JSON,
    },
)
ENTRY = st.dictionaries(st.text(max_size=8), JSON) | st.fixed_dictionaries(
    {"matches": st.lists(MATCH | JSON, max_size=3) | JSON},
    optional={"errors": st.just("") | JSON},
)


def _match(**values: str) -> dict[str, str]:
    return {
        "id": "fmt/412",
        "format": "Microsoft Word for Windows",
        "version": "2007 onwards",
        "mime": "application/vnd.x",
        "basis": "container name [Content_Types].xml",
        "warning": "",
        **values,
    }


def _fact(*matches: dict[str, str], errors: str = "", named: bool = True):
    return fact_of(
        {"errors": errors, "matches": list(matches)}, tool="t", signature="s", named=named
    )


def test_what_the_bytes_show_is_taken_over():
    fact = _fact(_match())
    assert (fact.puid, fact.version, fact.tool, fact.signature) == (
        "fmt/412",
        "2007 onwards",
        "t",
        "s",
    )
    assert fact.warning == ""


def test_a_name_alone_identifies_nothing_but_is_told():
    fact = _fact(
        _match(id="x-fmt/18", basis="extension match csv", warning="match on extension only")
    )
    assert fact.puid == UNKNOWN
    assert fact.name == ""
    assert fact.warning == "no match; the name suggests x-fmt/18"


def test_several_formats_that_fit_are_no_identification():
    fact = _fact(_match(), _match(id="fmt/189"))
    assert fact.puid == UNKNOWN
    assert fact.warning == "several formats fit: fmt/412, fmt/189"


def test_an_error_of_the_tool_wins_over_what_it_suggests():
    assert _fact(_match(), errors="empty source").warning == "the file is empty"
    assert _fact(_match(), errors="empty source").puid == UNKNOWN


def test_a_wrong_extension_is_told_only_when_there_was_a_name():
    warned = _match(warning="match on text only; extension mismatch")
    assert _fact(warned).warning == "match on text only; extension mismatch"
    assert _fact(warned, named=False).warning == "match on text only"


@given(ENTRY, st.booleans())
def test_whatever_the_tool_says_gives_one_fact_that_can_be_written_down(entry, named):
    fact = fact_of(entry, tool="t", signature="s", named=named)
    assert fact.puid == UNKNOWN or fact.puid.startswith(("fmt/", "x-fmt/"))
    for text in (fact.puid, fact.name, fact.version, fact.mime, fact.basis, fact.warning):
        assert len(text) <= 500
        assert text.isprintable()
    if fact.puid == UNKNOWN:
        assert fact.warning


@given(st.text(max_size=300))
def test_an_extension_is_short_plain_text_or_nothing(name):
    extension = extension_of(name)
    assert extension == "" or (extension.isascii() and extension.isalnum() and len(extension) <= 16)


def test_extensions_of_received_names():
    assert extension_of("representations/rep1/data/Quyết định.PDF") == "PDF"
    assert extension_of("a.b/c") == ""
    assert extension_of(".profile") == "profile"
    assert extension_of("tệp.đuôi") == ""
    assert extension_of("x.") == ""


def test_a_reason_is_always_one_printable_line():
    assert unknown("a\nb\x00c", "t", "s").warning == "a b c"
