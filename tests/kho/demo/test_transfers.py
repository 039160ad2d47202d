"""The sample transfers as files: the good ones hold together, each bad one has its one fault."""

from __future__ import annotations

import gc
import importlib
import io
import re
import shutil
import subprocess
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image

from kho.demo import SampleTransfer, _make_bad, _make_good, make_transfers
from kho.demo.faults import FAULTS, eicar, virus_test_file
from repository.search_text import fold
from schemas.xml import validate_xml
from tests.kho.demo.reading import METS, Opened, open_transfer


def test_the_good_ones_come_first_and_are_named_by_position_and_objid(
    transfers: list[SampleTransfer],
) -> None:
    assert [t.kind for t in transfers] == ["good"] * 12 + ["bad"] * len(FAULTS)
    for number, transfer in enumerate(transfers[:12], start=1):
        opened = open_transfer(transfer.path)
        assert transfer.path.name == f"{number:03d}{opened.folder}.zip"
        assert transfer.expected_verdict == "accepted"
        assert transfer.title == opened.dossier["title"]
    names = [t.path.name for t in transfers]
    assert names == sorted(names)


def test_nothing_is_wrong_with_a_good_one_and_every_member_is_named_by_a_mets(
    good: list[Opened],
) -> None:
    for opened in good:
        assert opened.codes == set()
        assert opened.named == set(opened.members)
        assert re.fullmatch(r"uuid-[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", opened.folder)
        root = etree.fromstring(opened.members["METS.xml"])
        assert root.get("OBJID") == opened.folder


def test_every_mets_is_valid_against_its_xsd_and_every_id_it_points_to_is_there(
    good: list[Opened],
) -> None:
    for opened in good:
        for path in ("METS.xml", "representations/rep1/METS.xml"):
            content = opened.members[path]
            assert validate_xml("mets", content) == []
            root = etree.fromstring(content)
            ids = {element.get("ID") for element in root.iter() if element.get("ID")}
            for pointer in root.iter(f"{METS}fptr"):
                assert pointer.get("FILEID") in ids
            for division in root.iter(f"{METS}div"):
                assert division.get("DMDID", next(iter(ids))) in ids


def test_every_description_is_valid_against_the_xsd_in_its_own_package(good: list[Opened]) -> None:
    for opened in good:
        pairs = [("metadata/descriptive/EAD.xml", "EAD")]
        pairs += [(p, "EAD_pic" if "/EAD_pic_" in p else "EAD_doc") for p in opened.records]
        for path, name in pairs:
            schema = etree.XMLSchema(etree.fromstring(opened.members[f"schemas/{name}.xsd"]))
            schema.assertValid(etree.fromstring(opened.members[path]))


def test_a_document_description_is_linked_to_its_file_and_attachments_stand_apart(
    good: list[Opened],
) -> None:
    attached = 0
    for opened in good:
        root = etree.fromstring(opened.members["representations/rep1/METS.xml"])
        links = root.xpath(
            "//m:div[starts-with(@LABEL, 'MetadataLink/')]", namespaces={"m": METS[1:-1]}
        )
        assert len(links) == len(opened.records) == int(opened.dossier["totalDoc"])
        files = len(list(root.iter(f"{METS}file")))
        attachments = root.findall(f".//{METS}div[@LABEL='AttachmentFile']/{METS}fptr")
        attached += len(attachments)
        assert files == len(links) + len(attachments)
    assert attached > 5


def test_the_twelve_show_every_shape(good: list[Opened]) -> None:
    names = {name for opened in good for name in opened.members}
    for ending in (
        ".pdf",
        ".docx",
        ".xlsx",
        ".tif",
        ".jpg",
        ".PL1.xlsx",
        ".QTXL.xml",
        ".fetch.txt",
    ):
        assert any(name.endswith(ending) for name in names), ending
    fonds = set()
    for opened in good:
        rep1 = etree.fromstring(opened.members["representations/rep1/METS.xml"])
        fonds.add(rep1.findtext(f".//{METS}note"))
    assert fonds == {"P_UBND", "P_SNV", "P_STNMT"}
    assert {opened.dossier["mode"] for opened in good} == {"01", "02"}
    assert {opened.dossier["confidenceLevel"] for opened in good} == {"01", "02", "03"}
    assert max(int(opened.dossier["totalDoc"]) for opened in good) == 300
    for opened in good:
        if opened.dossier["confidenceLevel"] == "02":
            assert opened.dossier["paperFileCode"]
            assert int(opened.dossier["numberOfPaper"]) > 0


def test_the_link_names_a_document_of_an_earlier_dossier_of_the_same_fonds(
    good: list[Opened],
) -> None:
    stubs = [
        (number, content.decode())
        for number, opened in enumerate(good)
        for name, content in opened.members.items()
        if name.endswith(".fetch.txt")
    ]
    assert len(stubs) == 1
    number, target = stubs[0]
    earlier = [
        opened
        for opened in good[:number]
        if target in {record.get("docId") for record in opened.records.values()}
    ]
    assert len(earlier) == 1
    rep1 = "representations/rep1/METS.xml"
    fonds = {
        etree.fromstring(opened.members[rep1]).findtext(f".//{METS}note")
        for opened in (earlier[0], good[number])
    }
    assert fonds == {"P_STNMT"}


def test_words_typed_without_marks_lead_to_the_dossier_about_land(good: list[Opened]) -> None:
    title = fold(good[0].dossier["title"])
    for word in ("quyet", "dinh", "dat", "dai", "ha", "tinh"):
        assert word in title.split() or f"{word}," in title.split() or f"{word}:" in title.split()


def test_every_text_is_in_nfc_and_within_the_lengths_of_the_circular(good: list[Opened]) -> None:
    lengths = {"title": 1000, "keyword": 100, "subject": 500, "organName": 200, "codeNumber": 11,
               "codeNotation": 30, "docId": 25, "docCode": 100, "fileCode": 100, "eventName": 500,
               "imageTitle": 500, "description": 500}  # fmt: skip
    for opened in good:
        for values in (opened.dossier, *opened.records.values()):
            for name, text in values.items():
                assert text == unicodedata.normalize("NFC", text)
                assert len(text) <= lengths.get(name, 300), (name, text)


def test_every_pdf_embeds_every_font_it_names(good: list[Opened]) -> None:
    pdfs = [c for o in good for n, c in o.members.items() if n.endswith(".pdf")]
    assert len(pdfs) > 60
    for content in pdfs:
        fonts = len(re.findall(rb"/Type /Font\b", content))
        assert fonts == len(re.findall(rb"/FontFile2 \d+ 0 R", content))
        assert fonts == len(re.findall(rb"/ToUnicode \d+ 0 R", content))
        assert b"Helvetica" not in content


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler) not on PATH")
def test_the_words_of_a_pdf_can_be_copied_out_of_it(good: list[Opened], tmp_path: Path) -> None:
    opened = good[0]
    for path, record in opened.records.items():
        if record["typeName"] == "22":
            continue  # a letter breaks its abstract into short lines beside the date
        start = f"representations/rep1/data/{record['docId']}."
        (name,) = (start + end for end in ("pdf", "signed.pdf") if start + end in opened.members)
        text = _text_of(opened.members[name], tmp_path / "one.pdf")
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text, path
        assert f"{record['codeNumber']}/{record['codeNotation']}" in text.replace("Số: 0", "Số: ")
        assert record["subject"] in text


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler) not on PATH")
def test_scans_have_a_text_layer_or_none(good: list[Opened], tmp_path: Path) -> None:
    opened = good[3]
    assert opened.dossier["confidenceLevel"] == "02"
    lengths = [
        len(_text_of(content, tmp_path / "scan.pdf"))
        for name, content in opened.members.items()
        if name.endswith(".pdf")
    ]
    assert min(lengths) == 0
    assert max(lengths) > 500


def test_pictures_open_and_state_their_resolution(good: list[Opened]) -> None:
    pictures = {
        name: content
        for opened in good
        for name, content in opened.members.items()
        if name.endswith((".jpg", ".tif"))
    }
    assert pictures
    for content in pictures.values():
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            assert image.mode == "RGB"
            assert round(float(image.info["dpi"][0])) == 200


def test_word_and_excel_files_are_sound_zips_of_well_formed_xml(good: list[Opened]) -> None:
    office = [c for o in good for n, c in o.members.items() if n.endswith((".docx", ".xlsx"))]
    assert office
    for content in office:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            for name in archive.namelist():
                etree.fromstring(archive.read(name))


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[f.name for f in FAULTS])
def test_a_bad_one_has_its_one_fault_and_no_other(
    transfers: list[SampleTransfer], good: list[Opened], number: int
) -> None:
    transfer = transfers[12 + number]
    opened = open_transfer(transfer.path)
    if opened.folder == good[0].folder:
        same = {n for n, c in opened.members.items() if good[0].members[n] == c}
        assert len(same) < len(opened.members)
        assert opened.dossier == good[0].dossier
        opened.codes.add("ING-OBJECT-HELD")
    if eicar() in opened.members.values():
        opened.codes.add("ING-VIRUS-TEST-FILE")
    assert opened.codes == {transfer.expected_code}
    assert transfer.expected_verdict == "refused"


def test_the_bad_ones_but_the_repeated_dossier_are_nobody_elses(
    transfers: list[SampleTransfer], good: list[Opened]
) -> None:
    held = {opened.folder for opened in good}
    bad = [open_transfer(t.path) for t in transfers[12:]]
    assert len({opened.folder for opened in bad}) == len(bad)
    assert len([opened for opened in bad if opened.folder in held]) == 1
    codes = {o.dossier["fileCode"] for o in good} | {
        o.dossier["fileCode"] for o in bad if o.dossier and o.folder not in held
    }
    assert len(codes) == len(good) + len([o for o in bad if o.dossier]) - 1


def test_the_bomb_is_small_on_disk(transfers: list[SampleTransfer]) -> None:
    bomb = next(t for t in transfers if t.expected_code == "ING-BOMB")
    with zipfile.ZipFile(bomb.path) as archive:
        unpacked = sum(info.file_size for info in archive.infolist())
    assert unpacked > 100 * bomb.path.stat().st_size


def test_the_virus_test_file_is_the_true_one() -> None:
    package = virus_test_file(2025, 12)
    assert eicar() in package.members.values()
    assert len(eicar()) == 68
    assert zlib.crc32(eicar()) == 0x6851CF3C


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    transfers: list[SampleTransfer], tmp_path: Path
) -> None:
    # Scans, photographs, Word, Excel and a link; the fixture was made in another order.
    for index in (8, 7, 3, 0):
        again = _make_good(tmp_path, 2025, 12, index)
        assert again.path.name == transfers[index].path.name
        assert again.path.read_bytes() == transfers[index].path.read_bytes()
    other = _make_good(tmp_path, 7, 12, 0)
    assert other.path.name != transfers[0].path.name
    assert other.path.read_bytes() != transfers[0].path.read_bytes()


def test_a_run_on_several_processors_gives_the_same_bytes(
    transfers: list[SampleTransfer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kho.demo._LARGE_RUN", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    made = make_transfers(tmp_path, dossiers=3, bad=False)
    assert [t.path.name for t in made] == [t.path.name for t in transfers[:3]]
    for mine, theirs in (
        (made[0], transfers[0]),
        (made[2], transfers[2]),
    ):  # the second is larger there
        assert mine.path.read_bytes() == theirs.path.read_bytes()


def test_nothing_of_a_dossier_is_kept_once_it_is_made(tmp_path: Path) -> None:
    importlib.import_module("kho.demo.signing")  # else loaded with the first signed document
    counts = []
    for start in (36, 41, 46):
        for index in range(start, start + 5):
            _make_good(tmp_path, 2025, 400, index)
        gc.collect()
        counts.append(len(gc.get_objects()))
    # The first five fill the caches. One PDF kept of each dossier would show as some 400 more.
    assert counts[2] - counts[1] < 300


def test_a_bad_one_is_made_alike_too(transfers: list[SampleTransfer], tmp_path: Path) -> None:
    again = _make_bad(tmp_path, 2025, 0, 12)
    assert again.path.read_bytes() == transfers[12].path.read_bytes()


def test_a_file_that_is_there_is_left_alone_and_a_spoilt_one_is_made_again(tmp_path: Path) -> None:
    (made,) = make_transfers(tmp_path, dossiers=1, bad=False)
    bystander = tmp_path / "mine.txt"
    bystander.write_text("left alone")
    whole, before = made.path.read_bytes(), made.path.stat()
    make_transfers(tmp_path, dossiers=1, bad=False)
    after = made.path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    made.path.write_bytes(whole[: len(whole) // 2])
    make_transfers(tmp_path, dossiers=1, bad=False)
    assert made.path.read_bytes() == whole
    assert bystander.read_text() == "left alone"


def test_progress_is_told_for_every_transfer(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_transfers(
        tmp_path, dossiers=1, bad=False, on_progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 1)]
    with pytest.raises(ValueError, match="at least one"):
        make_transfers(tmp_path, dossiers=0)


def _text_of(pdf: bytes, path: Path) -> str:
    path.write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(path), "-"], check=True, capture_output=True
    )
    return " ".join(done.stdout.decode().split())
