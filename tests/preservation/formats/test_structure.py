from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.dossier import StructureVerdict
from preservation.formats.structure import kind_of, look
from preservation.formats.structure.seen import Seen, fact_of
from tests.preservation.formats import samples

SOUND = {name: make() for name, make in samples.SOUND.items()}


def seen(folder: Path, name: str, data: bytes) -> Seen:
    path = folder / "f0001"
    path.write_bytes(data)
    return look(path, name.rpartition(".")[2])


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_of_each_kind_is_read_to_its_end_and_nothing_is_found(tmp_path, name):
    found = seen(tmp_path, name, SOUND[name])
    assert (found.damage, found.unchecked) == ([], [])
    assert found.kind and found.tool
    assert fact_of(found.as_answer(), "x").verdict is StructureVerdict.NO_DAMAGE_FOUND


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9])
def test_a_file_cut_short_is_damaged(tmp_path, name, part):
    data = SOUND[name]
    assert seen(tmp_path, name, data[: int(len(data) * part)]).damage


@pytest.mark.parametrize("name", ["a.pdf", "a.jpg", "a.png", "a.docx"])
def test_a_file_whose_beginning_is_gone_is_damaged_and_not_passed_over(tmp_path, name):
    # What it is by its bytes nobody can say any more; its name still says what it should be.
    assert seen(tmp_path, name, b"\0" * 2000 + SOUND[name][2000:]).damage


def test_a_compound_file_without_its_beginning_is_none_that_is_checked(tmp_path):
    assert seen(tmp_path, "a.doc", b"\0" * 2000).kind == ""


def test_an_empty_file_is_damaged_whatever_it_is_called(tmp_path):
    assert seen(tmp_path, "a.csv", b"").damage == ["the file is empty"]


def test_what_there_is_no_check_for_is_not_passed(tmp_path):
    found = seen(tmp_path, "a.mp3", b"ID3 something")
    assert fact_of(found.as_answer(), "x").verdict is StructureVerdict.NO_CHECK


@pytest.mark.parametrize("name", SOUND)
def test_no_byte_of_chance_brings_a_reader_to_an_exception(tmp_path, name):
    random = Random(name)  # a test's chance
    data = SOUND[name]
    for _ in range(25):
        changed = bytearray(data)
        for _ in range(random.choice([1, 1, 3, 20])):
            changed[random.randrange(len(changed))] = random.randrange(256)
        if random.random() < 0.3:
            del changed[random.randrange(len(changed)) :]
        json.dumps(seen(tmp_path, name, bytes(changed)).as_answer())


# -- PDF


def test_a_pdf_whose_picture_breaks_off_is_damaged(tmp_path):
    jpeg = samples.picture("JPEG")
    found = seen(tmp_path, "a.pdf", samples.pdf(jpeg=jpeg[: len(jpeg) // 2]))
    assert "error decoding stream data" in found.damage[0]


def test_a_pdf_that_draws_what_is_not_there_is_damaged(tmp_path):
    found = seen(tmp_path, "a.pdf", samples.pdf(names_missing=True))
    assert found.damage == ["page 1 draws /Lost, which is not in the file"]


@pytest.mark.parametrize(
    ("xmp", "claimed"),
    [
        (b"<x pdfaid:part='2' pdfaid:conformance='B'/>", "2b"),
        (b"<pdfaid:part>1</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>", "1a"),
        (b'<x pdfaid:part = "4"/>', "4"),
    ],
)
def test_a_claim_to_be_pdfa_is_told_as_a_claim_that_nobody_validated(tmp_path, xmp, claimed):
    told = seen(tmp_path, "a.pdf", samples.pdf(xmp=xmp)).properties
    assert (told["pdfa_claimed"], told["pdfa_validated"]) == (claimed, "not validated")


def test_a_pdf_without_a_claim_has_none(tmp_path):
    told = seen(tmp_path, "a.pdf", samples.pdf()).properties
    assert "pdfa_claimed" not in told
    assert (told["pages"], told["text_layer"], told["encrypted"]) == ("1", "none", "no")
    assert "scripts" not in told


def test_a_pdf_that_needs_a_password_is_not_checked_and_never_passed(tmp_path):
    found = seen(tmp_path, "a.pdf", samples.pdf(password="bí mật"))
    assert fact_of(found.as_answer(), "x").verdict is StructureVerdict.NOT_CHECKED
    assert found.properties["encrypted"] == "needs a password"


def test_a_pdf_with_restrictions_only_is_read_and_said_to_be_encrypted(tmp_path):
    found = seen(tmp_path, "a.pdf", samples.pdf(password=""))
    assert (found.damage, found.properties["encrypted"]) == ([], "yes")


def test_scripts_of_a_pdf_are_told(tmp_path):
    assert seen(tmp_path, "a.pdf", samples.pdf(script=True)).properties["scripts"] == "yes"


# -- pictures


def test_every_page_of_a_tiff_is_decoded(tmp_path):
    data = samples.two_page_tiff()
    found = seen(tmp_path, "two.tif", data)
    assert (found.properties["pages"], found.damage) == ("2", [])
    assert (found.properties["width"], found.properties["height"]) == ("40", "30")


def test_a_picture_of_more_samples_than_are_decoded_is_not_checked(tmp_path, monkeypatch):
    from preservation.formats.structure import image

    monkeypatch.setattr(image, "_MOST_SAMPLES", 1000)
    found = seen(tmp_path, "a.png", SOUND["a.png"])
    assert fact_of(found.as_answer(), "x").verdict is StructureVerdict.NOT_CHECKED


def test_a_png_without_its_end_is_damaged(tmp_path):
    assert seen(tmp_path, "a.png", SOUND["a.png"][:-12]).damage


# -- office documents


def test_a_member_whose_crc_is_wrong_is_named(tmp_path):
    data = bytearray(SOUND["a.docx"])
    place = data.index(b"word/document.xml") + len("word/document.xml") + 20
    data[place] ^= 0x01
    assert "word/document.xml" in seen(tmp_path, "a.docx", bytes(data)).damage[0]


def test_a_part_that_is_not_well_formed_is_damage(tmp_path):
    found = seen(tmp_path, "a.docx", samples.office(word__styles_dot_xml=b"<a><b></a>"))
    assert "word/styles.xml" in found.damage[0]


def test_macros_contents_from_elsewhere_and_signatures_inside_are_told(tmp_path):
    relations = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="1" Type="x/image" Target="http://a.example/i.png" TargetMode="External"/>'
        b'<Relationship Id="2" Type="x/hyperlink" Target="http://b.example" TargetMode="External"/>'
        b"</Relationships>"
    )
    told = seen(
        tmp_path,
        "a.docm",
        samples.office(
            word__vbaProject_dot_bin=b"x",
            word___rels__document_dot_xml_dot_rels=relations,
            _xmlsignatures__sig1_dot_xml=b"<s/>",
        ),
    ).properties
    assert (told["macros"], told["external"], told["signatures_inside"]) == ("yes", "1", "yes")
    assert told["external_first"] == "http://a.example/i.png"


def test_a_bomb_in_a_document_is_not_unpacked_and_not_passed(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", samples.CONTENT_TYPES)
        for number in range(50):
            archive.writestr(f"word/{number}.bin", b"\0")
    data = out.getvalue()
    # The directory says that each member unpacks to a gigabyte.
    data = data.replace(b"\x01\x00\x00\x00", (1 << 30).to_bytes(4, "little"))
    found = seen(tmp_path, "a.docx", data)
    assert fact_of(found.as_answer(), "x").verdict is not StructureVerdict.NO_DAMAGE_FOUND


def test_a_compound_file_tells_macros_and_passwords(tmp_path):
    told = seen(
        tmp_path, "a.xls", samples.compound(Workbook=b"x" * 5000, VBA=b"y" * 5000)
    ).properties
    assert (told["macros"], told["encrypted"], told["streams"]) == ("yes", "no", "2")
    told = seen(tmp_path, "a.docx", samples.compound(EncryptedPackage=b"x" * 5000)).properties
    assert told["encrypted"] == "yes"


def test_a_chain_of_sectors_that_turns_in_a_circle_ends(tmp_path):
    data = bytearray(SOUND["a.doc"])
    data[512 + 4 * 3 : 512 + 4 * 4] = (2).to_bytes(4, "little")
    assert "circle" in seen(tmp_path, "a.doc", bytes(data)).damage[0]


# -- XML


def test_xml_that_expands_for_ever_is_refused_soon(tmp_path):
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
    data = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "x">{entities}]><a>&a12;</a>'.encode()
    json.dumps(seen(tmp_path, "a.xml", data).as_answer())


def test_an_entity_of_a_file_is_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("<open/>")
    data = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{secret}">]><a>&b;</a>'.encode()
    assert seen(tmp_path, "a.xml", data).properties["doctype"] == "yes"


# -- answers


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = ["kind", "tool", "damage", "unchecked", "properties"]


@settings(max_examples=100)
@given(JSON | st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_answer_of_a_child_becomes_a_bounded_fact(answer):
    fact = fact_of(answer, "x")
    assert len(fact.problems) <= 22
    assert len(fact.properties) <= 30
    if not isinstance(answer, dict):
        assert fact.verdict is StructureVerdict.NOT_CHECKED


@given(st.binary(max_size=1100), st.text(max_size=6))
def test_any_beginning_has_a_kind_or_none(beginning, extension):
    assert kind_of(beginning, extension) in {"", "pdf", "image", "zip", "ole", "xml"}
