"""Writing XML: what a reader gets back is what was written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.package.times import is_xml_instant, package_time
from preservation.package.xml_text import XmlText
from schemas.xml import parse_xml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@given(texts, texts)
def test_text_and_attributes_come_back_as_written_but_for_what_xml_cannot_hold(text, value):
    document = XmlText()
    with document.element("a", {"v": value, "none": None, "n": 7}):
        document.leaf("b", text, {"v": value})
        document.leaf("c")
    root = parse_xml(document.data())
    assert (root[0].text or "") == NOT_XML.sub("\ufffd", text)
    assert root.get("v") == root[0].get("v") == NOT_XML.sub("\ufffd", value)
    assert set(root.attrib) == {"v", "n"}
    assert root[1].text is None


def test_a_document_with_an_open_element_is_not_given_out():
    document = XmlText()
    with document.element("a"), pytest.raises(AssertionError):
        document.data()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-05T16:04:42+07:00", True),
        ("2026-07-05T16:04:42Z", True),
        ("2026-07-05T16:04:42", True),
        ("2026-07-05T16:04:42.123456-05:00", True),
        ("2026-02-30T16:04:42Z", False),
        ("0000-02-03T16:04:42Z", False),
        ("2026-07-05 16:04:42", False),
        ("2026-07-05", False),
        ("2026-07-05T24:04:42Z", False),
        ("2026-07-05T16:04:42+15:00", False),
        ("2026-07-05T16:04:42Z\n", False),
        ("", False),
    ],
)
def test_only_instants_a_schema_accepts_are_instants(text, instant):
    assert is_xml_instant(text) is instant


def test_times_of_the_record_are_shown_in_vietnams_zone():
    assert package_time("2026-11-22T18:00:00Z") == "2026-11-23T01:00:00+07:00"
    assert package_time("hôm qua") == "hôm qua"
    assert package_time("9999-12-31T23:59:59Z") == "9999-12-31T23:59:59Z"
