"""XML at the boundary: strangers' bytes become a tree or one clear error, and nothing is opened."""

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from schemas.xml import (
    MAX_MARKS,
    MAX_VIOLATIONS,
    Kind,
    MalformedXml,
    parse_xml,
    schema_file,
    validate_xml,
)

METS = (
    b'<mets xmlns="http://www.loc.gov/METS/" xmlns:csip="https://DILCIS.eu/XML/METS/'
    b'CSIPExtensionMETS" OBJID="x"><metsHdr csip:OAISPACKAGETYPE="%s"/><structMap><div/></structMap>'
    b"</mets>"
)


@pytest.fixture
def secret(tmp_path):
    place = tmp_path / "secret.dtd"
    place.write_text('<!ENTITY leak "LEAKED"><!ELEMENT a ANY>')
    return place.as_uri().encode()


def refused(data, **limit):
    with pytest.raises(MalformedXml) as caught:
        parse_xml(data, **limit)
    return caught.value


def test_a_plain_document_is_read():
    assert parse_xml("<a>Hồ sơ</a>".encode()).text == "Hồ sơ"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_and_utf16_are_read(encoding):
    text = '<?xml version="1.0"?><a>Hồ sơ</a>'
    data = ("\ufeff" if encoding == "utf-16-le" else "") + text
    assert parse_xml(data.encode(encoding)).text == "Hồ sơ"


@pytest.mark.parametrize(
    "prolog",
    [
        b"<!DOCTYPE a>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]>",
        b"<!--" + b"x" * 10_000 + b"-->\n<!DOCTYPE a [<!ELEMENT a ANY>]>",
        b"<!DOCTYPE a [" + b"<!ENTITY e 'eeeeeeeeee'>" * 2000 + b"]>",
    ],
)
def test_a_doctype_is_refused_as_one(prolog):
    assert refused(prolog + b"<a>&x;</a>").reason == "a DOCTYPE is not accepted"


def test_an_outer_dtd_is_refused_and_never_opened(secret):
    data = b"<!DOCTYPE a SYSTEM '" + secret + b"'><a b='&leak;'>&leak;</a>"
    assert refused(data).reason == "a DOCTYPE is not accepted"


def test_an_outer_entity_is_refused_and_never_opened(secret):
    data = b"<!DOCTYPE a [<!ENTITY x SYSTEM '" + secret + b"'>]><a>&x;</a>"
    assert "LEAKED" not in str(refused(data))


def test_a_thousand_million_laughs_are_not_laughed():
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    refused(b'<!DOCTYPE a [<!ENTITY l0 "ha">' + entities + b']><a b="&l9;">&l9;</a>')


def test_xinclude_is_only_an_element_like_others(secret):
    data = b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="' + secret + b'"/></a>'
    assert parse_xml(data)[0].tag == "{http://www.w3.org/2001/XInclude}include"


def test_depth_is_bounded():
    assert parse_xml(b"<a>" * 250 + b"</a>" * 250).tag == "a"
    assert "depth" in refused(b"<a>" * 300 + b"</a>" * 300).reason.lower()
    refused(b"<a>" * 1_000_000)


def test_size_is_bounded_before_anything_is_parsed():
    assert "11 bytes" in refused(b"<a>1234</a>", limit=10).reason
    assert parse_xml(b"<a>1234</a>", limit=11).text == "1234"


def test_the_number_of_elements_is_bounded_before_anything_is_parsed():
    assert "tags" in refused(b"<a>" + b"<b/>" * MAX_MARKS + b"</a>").reason


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"\0", 1),
        (b"<a>\n<b>\n</a>", 3),
        (b"<a>&nbsp;</a>", 1),
        (b"<a/><b/>", 1),
        (b"<a b='1' b='2'/>", 1),
        (b"<a>\x01</a>", 1),
        (b"<a>\xff</a>", 1),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', 1),
        (b'\n<?xml version="1.0"?><a/>', 2),
        (b"PK\x03\x04", 1),
    ],
)
def test_what_is_not_wellformed_is_told_with_its_line(data, line):
    fault = refused(data)
    assert fault.line == line
    assert fault.reason
    assert "\n" not in fault.reason


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe<\0")
@example(b"+/v8-<a/>")
def test_no_bytes_at_all_raise_anything_else(data):
    for candidate in (data, b"<a>" + data + b"</a>", b"<?xml " + data + b"?><a/>"):
        try:
            assert isinstance(parse_xml(candidate), etree._Element)
        except MalformedXml as fault:
            assert len(fault.reason) <= 600


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_schema_compiles_with_no_network_and_judges(kind):
    (violation,) = validate_xml(kind, b"<nothing/>")
    assert "nothing" in violation.text
    assert violation.line == 1


def test_attributes_of_the_extension_are_judged_with_mets():
    assert validate_xml("mets", METS % b"AIP") == []
    (violation,) = validate_xml("mets", METS % b"PIA")
    assert "OAISPACKAGETYPE" in violation.text
    assert violation.path


def test_bytes_that_are_no_xml_are_one_violation():
    (violation,) = validate_xml("premis", b"<premis>")
    assert violation.path == ""


def test_the_number_of_violations_is_bounded():
    bad = b'<mets xmlns="http://www.loc.gov/METS/">' + b"<agent/>" * 10 + b"</mets>"
    assert 0 < len(validate_xml("mets", bad)) <= MAX_VIOLATIONS
    structure = b'<structMap TYPE="x" NOPE="1"><div/></structMap>' * 1000
    many = b'<mets xmlns="http://www.loc.gov/METS/">' + structure + b"</mets>"
    assert len(validate_xml("mets", many)) == MAX_VIOLATIONS


@pytest.mark.parametrize("name", ["nothing.xsd", "../xml.py", "SOURCES.md", "", "a/b.xsd"])
def test_only_vendored_schemas_are_given_out(name):
    with pytest.raises(KeyError):
        schema_file(name)


def test_the_schemas_of_the_circulars_files_keep_to_its_order():
    swapped = b"<simpledc><title/><arcFileCode/></simpledc>"
    assert validate_xml("EAD", swapped)
