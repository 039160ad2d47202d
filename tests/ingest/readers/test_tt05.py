"""Reading TT 05 packages: what is right is read whole, what deviates is read and told."""

from __future__ import annotations

import base64
import unicodedata
from dataclasses import replace

import pytest

from ingest.readers.package import object_id_of
from ingest.readers.record import to_dossier
from preservation.dossier import DocumentKind, FileRole
from tests.ingest.readers.sip import (
    DOSSIER,
    FACTS,
    FILE_CODE,
    OBJID,
    TOWN,
    Doc,
    Sip,
    doc,
    files_of,
    judge,
    record_xml,
    sip_zip,
    text_record,
    write_sip,
)
from tests.ingest.readers.zip_bytes import Entry, zip_bytes

REP = "representations/rep1/"


def dossier_of(judged):
    assert judged.package is not None
    return to_dossier(judged.package, judged.received, transfer=FACTS)


def test_a_package_by_the_book_is_accepted_without_a_word(tmp_path):
    judged = judge(write_sip(tmp_path, Sip()))
    assert judged.codes() == set()


def test_the_record_holds_values_as_given_and_as_understood(tmp_path):
    record = dossier_of(judge(write_sip(tmp_path, Sip())))
    assert record.object_id == f"urn:P_HL:{OBJID}"
    assert (record.title, record.file_code) == (DOSSIER["title"], FILE_CODE)
    assert record.agency_name == f"Ủy ban nhân dân {TOWN}"
    assert (record.end_date.given, record.end_date.iso) == ("28/12/2019", "2019-12-28")
    assert (record.maintenance.code, record.mode.code, record.total_doc.value) == ("01", "01", 2)
    assert record.keywords == ("đê điều", "tu bổ")
    assert record.submission.agreement == "NL-2026-00001"
    assert (record.submission.software_name, record.submission.software_version) == ("HSCV", "1.0")
    assert dict(record.given) == dict(DOSSIER)
    first = record.documents[0]
    assert (first.doc_id, first.ordinal, first.type_name.code) == (f"{FILE_CODE}.1", 1, "02")
    main = record.file(first.file_ids[0])
    assert (main.role, main.received_path) == (FileRole.MAIN, f"{REP}data/{FILE_CODE}.1.pdf")
    assert main.sender_digests[0].value == main.digests["sha256"]
    assert main.received_path_base64 is None


def test_every_member_is_in_the_record_exactly_once(tmp_path):
    sip = Sip(extra={"documentation/x.txt": b"x", f"{REP}data/loose.bin": b"y"})
    record = dossier_of(judge(write_sip(tmp_path, sip)))
    assert sorted(f.received_path for f in record.files) == sorted(files_of(sip))
    assert len({f.file_id for f in record.files}) == len(record.files)


def test_names_in_nfd_are_joined_to_mets_in_nfc_and_keep_their_bytes(tmp_path):
    name = "Quyết định đã ký.pdf"
    sip = Sip(docs=(replace(doc(1), files={name: b"a"}), doc(2)))
    files = files_of(sip)
    entries = [Entry(f"{OBJID}/{unicodedata.normalize('NFD', n)}", b) for n, b in files.items()]
    path = tmp_path / "x.zip"
    path.write_bytes(zip_bytes(entries))
    judged = judge(path)
    assert not judged.refused
    assert "ING-NAME-FORM" in judged.codes("info")
    stored = dossier_of(judged).documents[0]
    received = dossier_of(judged).file(stored.file_ids[0]).received_path
    assert received == unicodedata.normalize("NFD", f"{REP}data/{name}")


@pytest.mark.parametrize(
    "edit",
    [
        (f"data/{FILE_CODE}.1.pdf", f"data/{FILE_CODE.replace('.', '%2E')}.1.pdf"),
        (f"data/{FILE_CODE}.1.pdf", f"./data/{FILE_CODE}.1.pdf"),
        (f"data/{FILE_CODE}.1.pdf", f"data\\{FILE_CODE}.1.pdf"),
        (f"data/{FILE_CODE}.1.pdf", f"../rep1/data/{FILE_CODE}.1.pdf"),
        (f"data/{FILE_CODE}.1.pdf", f"file:data/{FILE_CODE}.1.pdf"),
        (f"data/{FILE_CODE}.1.pdf", f"&#10;  data/{FILE_CODE}.1.pdf "),
    ],
)
def test_a_reference_is_found_however_it_is_spelled(tmp_path, edit):
    assert judge(write_sip(tmp_path, Sip(mets_edits=(edit,)))).codes() == set()


def test_a_file_whose_name_has_a_percent_sign_is_found_as_written(tmp_path):
    sip = Sip(docs=(replace(doc(1), files={"tỷ lệ 100%25.pdf": b"a"}), doc(2)))
    assert judge(write_sip(tmp_path, sip)).codes() == set()


def test_a_name_that_ends_in_a_space_is_found(tmp_path):
    sip = Sip(docs=(replace(doc(1), files={"a ": b"a"}), doc(2)))
    assert judge(write_sip(tmp_path, sip)).codes() == {"ING-NAME-ODD"}


def test_utf16_crlf_byte_order_marks_and_any_order_of_elements_are_read(tmp_path):
    text = record_xml(dict(reversed(DOSSIER.items()))).decode().replace("\n", "\r\n")
    for encoding in ("utf-16", "utf-8-sig"):
        data = text.replace("UTF-8", encoding.removesuffix("-sig")).encode(encoding)
        files = files_of(Sip())
        path = tmp_path / f"{encoding}.zip"
        path.write_bytes(_zip({**files, "metadata/descriptive/EAD.xml": data}))
        judged = judge(path)
        assert judged.package is not None
        assert judged.package.title == DOSSIER["title"]
        # METS was written for other bytes: that, and nothing else, is told.
        assert judged.codes("error") == {"ING-DIGEST-MISMATCH", "ING-SIZE-MISMATCH"}


def test_comments_and_namespaces_and_letter_case_of_elements_do_not_hide_values(tmp_path):
    xml = (
        b"<d:simpledc xmlns:d='urn:x'><d:FILECODE>A.1</d:FILECODE><d:title>Ti<!-- x -->t"
        b"<?p q?>le</d:title><d:Mode>0<!-- 1 -->3</d:Mode></d:simpledc>"
    )
    files = files_of(Sip())
    path = tmp_path / "x.zip"
    path.write_bytes(_zip({**files, "metadata/descriptive/EAD.xml": xml}))
    judged = judge(path)
    assert judged.package is not None
    assert (judged.package.file_code, judged.package.title) == ("A.1", "Title")
    assert judged.codes("error") == {"ING-SECRET"}


def test_pictures_and_recordings_take_their_identifier_from_the_record_s_name(tmp_path):
    picture = Doc(
        {"docCode": f"{FILE_CODE}.0000003", "maintenance": "01", "typePic": "02", "mode": "01",
         "imageTitle": "Lễ khởi công", "photoTime": "05/2019", "photographer": "A",
         "colour": "02", "riskRecovery": "0"},
        {f"{FILE_CODE}.3.jpg": b"\xff\xd8"}, kind="pic", name=f"{FILE_CODE}.3",
    )  # fmt: skip
    sip = Sip(dossier={**DOSSIER, "totalDoc": "3"}, docs=(doc(1), doc(2), picture))
    judged = judge(write_sip(tmp_path, sip))
    assert judged.codes("error") == set()
    third = dossier_of(judged).documents[2]
    assert third.kind is DocumentKind.PICTURE
    assert (third.doc_id, third.title) == (f"{FILE_CODE}.3", "Lễ khởi công")
    assert third.issued_date.iso == "2019-05"


@pytest.mark.parametrize("loose", [True, False])
def test_attachments_go_to_their_document_wherever_mets_puts_them(tmp_path, loose):
    with_table = replace(doc(1), attachments={f"{FILE_CODE}.1.PL1.xlsx": b"PK"}, loose=loose)
    eleventh = replace(doc(2), record=text_record(11), files={f"{FILE_CODE}.11.pdf": b"x"})
    judged = judge(write_sip(tmp_path, Sip(docs=(with_table, eleventh))))
    record = dossier_of(judged)
    names = [record.file(i).received_path.rsplit("/", 1)[1] for i in record.documents[0].file_ids]
    assert names == [f"{FILE_CODE}.1.pdf", f"{FILE_CODE}.1.PL1.xlsx"]
    assert record.file(record.documents[0].file_ids[1]).role is FileRole.ATTACHMENT


def test_an_attachment_of_no_document_is_kept_and_told(tmp_path):
    odd = replace(doc(1), attachments={"bang-ke.xlsx": b"PK"}, loose=True)
    judged = judge(write_sip(tmp_path, Sip(docs=(odd, doc(2)))))
    assert judged.codes() == {"ING-ATTACHMENT-LOOSE"}
    roles = {f.received_path: f.role for f in dossier_of(judged).files}
    assert roles[f"{REP}data/bang-ke.xlsx"] is FileRole.ATTACHMENT


def test_without_a_link_in_mets_the_name_ties_document_and_file(tmp_path):
    judged = judge(write_sip(tmp_path, Sip(docs=(replace(doc(1), link=""), doc(2)))))
    assert judged.codes() == {"ING-DOC-BY-NAME"}
    assert [len(d.files) for d in judged.package.documents] == [1, 1]


def test_documents_stand_in_the_order_their_codes_state(tmp_path):
    judged = judge(write_sip(tmp_path, Sip(docs=(doc(2), doc(1)))))
    assert [d.doc_id for d in judged.package.documents] == [f"{FILE_CODE}.1", f"{FILE_CODE}.2"]
    assert "ING-ORDINAL" not in judged.codes()


def test_the_identifier_is_made_of_fonds_and_file_code_when_the_objid_has_none(tmp_path):
    one = judge(write_sip(tmp_path, Sip(objid="ho-so-01"))).package
    other = judge(write_sip(tmp_path, Sip(objid="ho-so-02", container="2.zip"))).package
    nil = "uuid-00000000-0000-0000-0000-000000000000"
    template = judge(write_sip(tmp_path, Sip(objid=nil, container="3.zip"))).package
    names = {object_id_of(p, "A") for p in (one, other, template)}
    assert len(names) == 1
    assert names != {object_id_of(one, "B")}
    # Fixed for ever: objects carry it.
    assert names == {"urn:P_HL:uuid-" + str(object_id_of(one, "A"))[-36:]}


def test_lower_case_uuids_give_the_same_identifier(tmp_path):
    judged = judge(write_sip(tmp_path, Sip(objid=OBJID.lower())))
    assert object_id_of(judged.package, "A") == f"urn:P_HL:{OBJID}"


def test_the_agency_s_code_stands_in_for_a_missing_fonds_code(tmp_path):
    judged = judge(write_sip(tmp_path, Sip(fonds=None)))
    assert judged.codes() == {"ING-FONDS-AGENCY"}
    assert judged.package.fonds_code == "H27.14"
    old = {**DOSSIER, "fileCode": "000.00.04.H27.2021.01"}
    assert (
        judge(write_sip(tmp_path, Sip(fonds=None, dossier=old))).package.fonds_code
        == "000.00.04.H27"
    )
    bare = {**DOSSIER, "fileCode": "160"}
    assert "ING-FONDS-MISSING" in judge(write_sip(tmp_path, Sip(fonds=None, dossier=bare))).codes(
        "error"
    )


def test_a_title_in_nfd_is_understood_in_nfc_and_kept_as_given(tmp_path):
    given = "  " + unicodedata.normalize("NFD", DOSSIER["title"]) + "\n"
    record = dossier_of(judge(write_sip(tmp_path, Sip(dossier={**DOSSIER, "title": given}))))
    assert record.title == DOSSIER["title"]
    assert dict(record.given)["title"] == given


def test_the_exact_bytes_of_a_name_that_is_not_utf8_are_kept(tmp_path):
    files = files_of(Sip(extra={f"{REP}data/Công văn.pdf": b"x"}))
    entries = [
        Entry(f"{OBJID}/{n}".encode("cp1258") if "Công" in n else f"{OBJID}/{n}", b, flags=0)
        for n, b in files.items()
    ]
    path = tmp_path / "x.zip"
    path.write_bytes(zip_bytes(entries))
    judged = judge(path)
    assert "ING-NAME-ENCODING" in judged.codes("warning")
    kept = next(f for f in dossier_of(judged).files if f.received_path.endswith("Công văn.pdf"))
    assert base64.b64decode(kept.received_path_base64) == f"{OBJID}/{REP}data/Công văn.pdf".encode(
        "cp1258"
    )


def test_a_resource_fork_folder_of_macos_and_a_wrapping_folder_do_no_harm(tmp_path):
    entries = [Entry(f"nop/{OBJID}/{n}", b) for n, b in files_of(Sip()).items()]
    path = tmp_path / "x.zip"
    path.write_bytes(zip_bytes([*entries, Entry(f"__MACOSX/{OBJID}/._METS.xml", b"Mac")]))
    judged = judge(path)
    assert not judged.refused
    assert {"ING-TOP-FOLDER", "ING-FILE-UNREFERENCED"} <= judged.codes("warning")


def test_a_record_that_no_mets_names_is_kept_but_is_no_document(tmp_path):
    stray = {f"{REP}metadata/descriptive/EAD_doc_old.xml": record_xml(text_record(9))}
    judged = judge(write_sip(tmp_path, Sip(extra=stray)))
    assert len(judged.package.documents) == 2
    assert judged.codes() == {"ING-FILE-UNREFERENCED"}
    secret = {f"{REP}metadata/descriptive/EAD_doc_old.xml": record_xml(text_record(9, mode="03"))}
    assert judge(write_sip(tmp_path, Sip(extra=secret))).codes() == {"ING-SECRET"}


def test_a_document_that_a_second_representation_has_again_stays_one_document(tmp_path):
    files = files_of(Sip())
    second = {
        n.replace("rep1", "rep2"): b for n, b in files.items() if n.startswith(REP) and n.count("/")
    }
    path = tmp_path / f"001{OBJID}.zip"
    path.write_bytes(_zip({**files, **second}))
    judged = judge(path)
    assert not judged.refused
    assert "ING-REPRESENTATIONS" in judged.codes("warning")
    assert [len(d.files) for d in judged.package.documents] == [2, 2]


@pytest.mark.parametrize(
    "where",
    ["metadata/descriptive/EAD2.xml", "EAD_doc_x.xml", f"{REP}EAD_x.xml", "documentation/ead.xml",
     "representations/rep9/metadata/descriptive/x.xml"],
)  # fmt: skip
def test_a_secret_record_is_found_wherever_it_is_put(tmp_path, where):
    judged = judge(write_sip(tmp_path, Sip(extra={where: record_xml(text_record(9, mode="03"))})))
    assert judged.codes() == {"ING-SECRET"}


def test_a_document_that_is_itself_called_like_a_record_stays_a_document(tmp_path):
    odd = replace(doc(1), files={"EAD_doc_report.xml": b"<not-xml", "METS.xml": b"<mets/>"})
    judged = judge(write_sip(tmp_path, Sip(docs=(odd, doc(2)))))
    assert judged.codes() == set()
    assert [len(d.files) for d in judged.package.documents] == [2, 1]


def test_links_that_multiply_files_are_refused_and_not_followed(tmp_path):
    pointers = '<fptr FILEID="all"/>' * 3_000
    many = "".join(f'<div DMDID="d{i}"><fptr FILEID="all"/></div>' for i in range(3_000))
    files = "".join(f'<file ID="f{i}"/>' for i in range(3_000))
    for added in (f'<div DMDID="d">{pointers}</div>', many):
        edits = (("</fileGrp>", files + "</fileGrp>"), ('<div LABEL="Data">', added + "<div>"))
        judged = judge(write_sip(tmp_path, Sip(mets_edits=edits)))
        assert judged.codes("error") == {"ING-XML-MALFORMED"}


def test_thousands_of_documents_without_links_are_paired_in_one_pass(tmp_path):
    number = 800
    docs = [
        replace(doc(i), link="", files={f"{FILE_CODE}.{i}.pdf": b"%PDF"})
        for i in range(1, number + 1)
    ]
    sip = Sip(docs=docs, dossier={**DOSSIER, "totalDoc": str(number)})
    judged = judge(write_sip(tmp_path, sip))
    assert judged.codes("error") == set()
    assert all(len(d.files) == 1 for d in judged.package.documents)
    more = {p.params["of"]: p.params["count"] for p in judged.report if p.code == "ING-MORE"}
    assert more["ING-DOC-BY-NAME"] == str(number - 100)


HOSTILE_XML = {
    "xxe": b'<!DOCTYPE simpledc [<!ENTITY x SYSTEM "file:///etc/passwd">]><simpledc><title>&x;</title></simpledc>',
    "doctype": b"<!DOCTYPE simpledc><simpledc/>",
    "remote-dtd": b'<!DOCTYPE simpledc SYSTEM "http://127.0.0.1:9/x.dtd"><simpledc/>',
    "billion-laughs": b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><simpledc><title>&j;</title></simpledc>",
    "quadratic": b'<!DOCTYPE l [<!ENTITY a "'
    + b"a" * 50_000
    + b'">]><simpledc>'
    + b"&a;" * 5_000
    + b"</simpledc>",
    "parameter-entity": b'<!DOCTYPE l [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><simpledc/>',
    "undeclared-entity": b"<simpledc><title>&nbsp;</title></simpledc>",
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "wide": b"<simpledc>" + b"<a/>" * 5_000 + b"</simpledc>",
    "unclosed": b"<simpledc><title>",
    "empty": b"",
    "not-xml": b"\x00\x01\x02",
    "html": b"<html><body>404 Not Found<br></body></html>",
    "two-roots": b"<simpledc/><simpledc/>",
    "bad-utf8": b"<simpledc><title>\xff\xfe\xfd</title></simpledc>",
    "unknown-encoding": b"<?xml version='1.0' encoding='x-nope'?><simpledc/>",
    "lying-encoding": b"<?xml version='1.0' encoding='utf-16'?><simpledc/>",
    "control-character": b"<simpledc><title>a\x08b</title></simpledc>",
    "nul-reference": b"<simpledc><title>&#0;</title></simpledc>",
    "long-attribute": b'<simpledc x="' + b"a" * 11_000_000 + b'"/>',
    "long-text": b"<simpledc><title>" + b"a" * 11_000_000 + b"</title></simpledc>",
}


@pytest.mark.parametrize("where", ["metadata/descriptive/EAD.xml", "METS.xml", REP + "METS.xml",
                                   f"{REP}metadata/descriptive/EAD_doc_{FILE_CODE}.1.xml"])  # fmt: skip
@pytest.mark.parametrize("kind", HOSTILE_XML)
def test_hostile_xml_is_one_clear_refusal_wherever_it_stands(tmp_path, kind, where):
    data = HOSTILE_XML[kind]
    path = tmp_path / "x.zip"
    files = {**files_of(Sip()), where: data}
    entries = [Entry(f"{OBJID}/{n}", b, method=0 if n == where else 8) for n, b in files.items()]
    path.write_bytes(zip_bytes(entries))
    judged = judge(path)
    errors = judged.codes("error")
    assert errors & {"ING-XML-MALFORMED", "ING-BOMB", "ING-NOT-TT05"}, judged.report
    assert "root:" not in repr(judged.report)


def _zip(files):
    return zip_bytes([Entry(f"{OBJID}/{n}", b) for n, b in files.items()])


def test_the_builder_itself_makes_what_a_common_program_reads(tmp_path):
    import zipfile

    path = tmp_path / "x.zip"
    path.write_bytes(sip_zip(Sip()))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
