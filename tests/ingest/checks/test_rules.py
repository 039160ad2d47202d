"""Each rule: what breaks it is found, with its severity, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.checks.mojibake import looks_broken
from ingest.checks.secrecy import check as check_secrecy
from ingest.readers.record import to_dossier
from ingest.readers.values import first_day, last_day, parse_count, parse_date
from preservation.dossier import FileRole, HeldDossier
from tests.ingest.readers.sip import (
    DOSSIER,
    FACTS,
    FILE_CODE,
    OBJID,
    Doc,
    Held,
    Sip,
    doc,
    judge,
    text_record,
    write_sip,
)

REP = "representations/rep1/"
ONE = f"data/{FILE_CODE}.1.pdf"


def dossier(**changes: str) -> Sip:
    return Sip(dossier={**DOSSIER, **changes})


def without(name: str) -> Sip:
    return Sip(dossier={k: v for k, v in DOSSIER.items() if k != name})


def first(**changes: str) -> Sip:
    return Sip(docs=(doc(1, **changes), doc(2)))


ERRORS = {
    "no file code": (without("fileCode"), {"ING-FIELD-MISSING"}),
    "blank file code": (dossier(fileCode=" \n "), {"ING-FIELD-MISSING"}),
    "no title": (without("title"), {"ING-FIELD-MISSING"}),
    "no end date": (without("endDate"), {"ING-NOT-CLOSED"}),
    "blank end date": (dossier(endDate="  "), {"ING-NOT-CLOSED"}),
    "end date tomorrow": (dossier(endDate="23/11/2026"), {"ING-NOT-CLOSED"}),
    "end date next year": (dossier(endDate="2027"), {"ING-NOT-CLOSED"}),
    "end date is no day": (dossier(endDate="31/02/2019"), {"ING-DATE-UNREADABLE"}),
    "end date in words": (dossier(endDate="đến nay"), {"ING-DATE-UNREADABLE"}),
    "end date the other way round": (dossier(endDate="12/28/2019"), {"ING-DATE-UNREADABLE"}),
    "dates reversed": (dossier(startDate="01/02/2020"), {"ING-DATE-ORDER"}),
    "total too high": (dossier(totalDoc="3"), {"ING-TOTAL-DOC"}),
    "total zero": (dossier(totalDoc="0"), {"ING-TOTAL-DOC"}),
    "total negative": (dossier(totalDoc="-2"), {"ING-TOTAL-DOC"}),
    "total in words": (dossier(totalDoc="hai"), {"ING-TOTAL-DOC"}),
    "no total": (without("totalDoc"), {"ING-TOTAL-DOC"}),
    "no documents": (Sip(docs=(), dossier={**DOSSIER, "totalDoc": "0"}), {"ING-NO-DOCUMENT"}),
    "secret dossier": (dossier(mode="03"), {"ING-SECRET"}),
    "secret by label": (dossier(mode="Mật"), {"ING-SECRET"}),
    "secret by both": (dossier(mode="03 - Mật"), {"ING-SECRET"}),
    "secret among modes": (dossier(mode="01; 03"), {"ING-SECRET"}),
    "secret mode in words": (dossier(mode="Độ mật: Mật"), {"ING-SECRET"}),
    "secret without zero": (dossier(mode="3"), {"ING-SECRET"}),
    "secret without marks": (dossier(mode="TOI MAT"), {"ING-SECRET"}),
    "secret document": (first(mode="03"), {"ING-SECRET"}),
    "top secret document": (first(mode="Tuyệt mật"), {"ING-SECRET"}),
    "secret in description": (dossier(description="Độ mật: Tối mật"), {"ING-SECRET"}),
    "secret stamp in remarks": (first(autograph="Đóng dấu Mật"), {"ING-SECRET"}),
    "secret in an added element": (dossier(doMat="Mật"), {"ING-SECRET"}),
    "secret as a code in an added element": (dossier(secrecyMarking="2"), {"ING-SECRET"}),
    "secret in brackets": (first(subject="(TỐI MẬT) Kế hoạch phòng thủ"), {"ING-SECRET"}),
    "secret keyword": (dossier(keyword="phòng thủ; Tối mật"), {"ING-SECRET"}),
    "test": (Sip(status="TEST"), {"ING-RECORD-STATUS"}),
    "supplement of nothing": (Sip(status="SUPPLEMENT"), {"ING-RECORD-STATUS"}),
    "dip": (Sip(package_type="DIP"), {"ING-NOT-TT05"}),
    "no fonds": (replace(dossier(fileCode="160"), fonds=None), {"ING-FONDS-MISSING"}),
    "endless fonds": (Sip(fonds="P" * 5_000), {"ING-FONDS-MISSING"}),
    "file missing": (Sip(extra={REP + ONE: None}), {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "schema missing": (Sip(extra={"schemas/EAD.xsd": None}), {"ING-FILE-MISSING"}),
    "record missing": (
        Sip(extra={f"{REP}metadata/descriptive/EAD_doc_{FILE_CODE}.1.xml": None}),
        {"ING-FILE-MISSING", "ING-TOTAL-DOC"},
    ),
    "dossier record missing": (Sip(extra={"metadata/descriptive/EAD.xml": None}),
        {"ING-EAD-MISSING"}),
    "mets missing": (Sip(extra={"METS.xml": None}), {"ING-METS-MISSING"}),
    "rep mets missing": (Sip(extra={REP + "METS.xml": None}), {"ING-METS-MISSING"}),
    "href outside": (Sip(mets_edits=((ONE, "../../../x.pdf"),)),
        {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "href absolute": (Sip(mets_edits=((ONE, "/etc/passwd"),)),
        {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "href elsewhere": (
        Sip(mets_edits=((ONE, "http://127.0.0.1:9/x.pdf"),)),
        {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"},
    ),
    "href empty": (Sip(mets_edits=((f'"{ONE}"', '""'),)), {"ING-FILE-MISSING", "ING-DOC-UNPAIRED"}),
    "byte changed": (Sip(extra={REP + ONE: b"z"}), {"ING-DIGEST-MISMATCH", "ING-SIZE-MISMATCH"}),
    "checksum of another algorithm": (Sip(checksum_type="SHA3-256"), {"ING-DIGEST-UNKNOWN"}),
    "checksum of no algorithm": (Sip(checksum_type="NONE"), {"ING-DIGEST-UNKNOWN"}),
    "document without file": (
        Sip(docs=(replace(doc(1), files={}), doc(2))),
        {"ING-DOC-UNPAIRED"},
    ),
    "two file codes": (
        Sip(extra={"metadata/descriptive/EAD.xml": b"<simpledc><fileCode>A</fileCode><fileCode>B"
                   b"</fileCode><title>T</title><endDate>2019</endDate><totalDoc>2</totalDoc></simpledc>"}),
        {"ING-FIELD-REPEATED"},
    ),
    "another schema": (
        Sip(extra={"metadata/descriptive/EAD.xml": b"<ead><control/></ead>"}),
        {"ING-NOT-TT05", "ING-FIELD-MISSING", "ING-NOT-CLOSED", "ING-TOTAL-DOC"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ERRORS)
def test_what_harms_is_refused_and_only_for_its_own_reason(tmp_path, kind):
    sip, wanted = ERRORS[kind]
    assert judge(write_sip(tmp_path, sip)).codes("error") == wanted


NEW_FILE = '<file ID="n"><FLocat xlink:href="data/n.bin"/></file>'

WARNINGS = {
    "30 years": (dossier(maintenance="04"), {"ING-NOT-PERMANENT"}),
    "one document 10 years": (first(maintenance="06"), {"ING-NOT-PERMANENT"}),
    "unknown retention": (dossier(maintenance="99"), {"ING-CODE-UNKNOWN"}),
    "unknown mode": (dossier(mode="Hạn chế"), {"ING-CODE-UNKNOWN"}),
    "other supplier's mode": (dossier(mode="01 Hạn chế"), {"ING-CODE-UNKNOWN"}),
    "unknown type": (first(typeName="Lệnh"), {"ING-CODE-UNKNOWN"}),
    "no mode": (first(mode=""), {"ING-FIELD-MISSING"}),
    "no docId": (Sip(docs=(replace(doc(1, docId=""), name=f"{FILE_CODE}.1"), doc(2))),
                 {"ING-FIELD-MISSING"}),
    "no subject": (first(subject=""), {"ING-FIELD-MISSING"}),
    "no start": (without("startDate"), {"ING-FIELD-MISSING"}),
    "no recovery status": (dossier(riskRecoveryStatus=""), {"ING-FIELD-MISSING"}),
    "paper without code": (dossier(confidenceLevel="02", numberOfPaper="3"), {"ING-PAPER-CODE"}),
    "long title": (dossier(title="Hồ sơ " + "a" * 1_000), {"ING-FIELD-LENGTH"}),
    "start is no day": (dossier(startDate="30/02/2019"), {"ING-DATE-UNREADABLE"}),
    "issued is no day": (first(issuedDate="1/13/2019"), {"ING-DATE-UNREADABLE"}),
    "issued too late": (first(issuedDate="05/01/2020"), {"ING-DATE-RANGE"}),
    "issued in the future": (first(issuedDate="05/01/2027"), {"ING-DATE-RANGE"}),
    "issued too early": (first(issuedDate="2018"), {"ING-DATE-RANGE"}),
    "pages differ": (dossier(numberOfPage="9"), {"ING-PAGES"}),
    "pages in words": (first(numberOfPage="ba"), {"ING-PAGES"}),
    "ordinal gap": (Sip(docs=(doc(1), doc(3)), dossier={**DOSSIER, "numberOfPage": "6"}),
                    {"ING-ORDINAL"}),
    "same docId": (Sip(docs=(doc(1), replace(doc(2, docId=f"{FILE_CODE}.1"), name="b"))),
                   {"ING-DOC-TWICE"}),
    "strange docCode": (first(docCode="H27.14.2009.02.0000001"), {"ING-DOC-CODE"}),
    "two documents of one file": (
        Sip(docs=(replace(doc(1), files={"a.pdf": b"x"}), replace(doc(2), files={"a.pdf": b"x"}))),
        {"ING-FILE-SHARED"}),
    "no checksums": (Sip(checksum_type=""), {"ING-DIGEST-ABSENT"}),
    "no size": (Sip(mets_edits=(("SIZE=", "XSIZE="),)), {"ING-SIZE-ABSENT"}),
    "empty file": (Sip(docs=(replace(doc(1), files={f"{FILE_CODE}.1.pdf": b""}), doc(2))),
                   {"ING-FILE-EMPTY"}),
    "unreferenced": (Sip(extra={"Thumbs.db": b"x"}), {"ING-FILE-UNREFERENCED"}),
    "undescribed": (Sip(mets_edits=(("</fileGrp>", NEW_FILE + "</fileGrp>"),),
                        extra={REP + "data/n.bin": b"x"}),
                    {"ING-DATA-UNDESCRIBED", "ING-SIZE-ABSENT", "ING-DIGEST-ABSENT"}),
    "tcvn3": (dossier(title="Hå s¬ vÒ viÖc tu bæ ®ª ®iÒu"), {"ING-MOJIBAKE"}),
    "vni": (dossier(title="Hoà sô veà vieäc quyeát ñònh ñaát ñai"), {"ING-MOJIBAKE"}),
    "utf-8 twice": (dossier(title="Há»“ sÆ¡ vá» viá»‡c"), {"ING-MOJIBAKE"}),
    "lost marks": (dossier(title="Quy?t ??nh v? vi?c"), {"ING-MOJIBAKE"}),
    "replacement signs": (dossier(title="Quy\ufffdt định"), {"ING-MOJIBAKE"}),
    "unknown element": (dossier(nguoiKy="Trần Văn A"), {"ING-FIELD-UNKNOWN"}),
    "a list of secrets": (first(subject="Về danh mục bí mật nhà nước độ Tối mật"),
                          {"ING-SECRET-MENTION"}),
    "aip": (Sip(package_type="AIP"), {"ING-NOT-TT05"}),
    "no package type": (Sip(package_type=""), {"ING-NOT-TT05"}),
    "unknown status": (Sip(status="MOI"), {"ING-RECORD-STATUS"}),
    "replaces nothing": (Sip(status="REPLACEMENT"), {"ING-RECORD-STATUS"}),
    "bare name": (Sip(container="0A0B0C0D.zip"), {"ING-CONTAINER-NAME"}),
    "no agreement": (Sip(agreement=""), {"ING-AGREEMENT"}),
    "file code as agreement": (Sip(agreement=FILE_CODE), {"ING-AGREEMENT"}),
    "other folder": (Sip(top="ho-so"), {"ING-OBJID"}),
    "case in mets": (Sip(mets_edits=((ONE, ONE.upper().replace("DATA", "data")),)),
        {"ING-NAME-CASE"}),
    "dc": (Sip(root_edits=(('MDTYPE="EAD"', 'MDTYPE="DC"'),)), {"ING-MDTYPE"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", WARNINGS)
def test_what_only_deviates_is_accepted_with_its_own_warning(tmp_path, kind):
    sip, wanted = WARNINGS[kind]
    judged = judge(write_sip(tmp_path, sip))
    assert judged.codes("error") == set(), judged.report
    # The sender's own schema does not know an element added for the test.
    assert judged.codes("warning") - {"ING-XSD-MISMATCH"} == wanted


NOT_SECRET = {
    "description": ["Đã giải mật; trước đây Tối mật", "Không có tài liệu mật", "Độ mật: Không",
                    "Dấu mật: không", "Sản lượng mật ong", "Có tài liệu mật độ dân số", "bảo mật",
                    "Người lập: Trần Thị Mật"],
    "title": ["Công tác bảo vệ bí mật nhà nước", "Mật độ xây dựng", "Nuôi ong lấy mật"],
    "keyword": ["mật ong; bảo mật; bí mật nhà nước"],
    "doMat": ["Không", "", "0", "Thường"],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, vs in NOT_SECRET.items() for v in vs])
def test_words_that_only_look_secret_refuse_nothing(tmp_path, field, value):
    judged = judge(write_sip(tmp_path, dossier(**{field: value})))
    assert list(check_secrecy(judged.package, None)) == []


def test_nothing_of_a_secret_package_is_quoted(tmp_path):
    sip = dossier(
        mode="03", title="KẾ-HOẠCH-A", startDate="KẾ-HOẠCH-A", description="Độ mật: KẾ-HOẠCH-A"
    )
    judged = judge(write_sip(tmp_path, sip))
    assert judged.codes() == {"ING-SECRET"}
    assert "KẾ-HOẠCH-A" not in repr(judged.report)
    assert judged.received == {}


def test_every_fault_is_told_and_not_only_the_first(tmp_path):
    sip = Sip(
        dossier={**DOSSIER, "endDate": "", "title": "", "totalDoc": "7"},
        extra={REP + ONE: None},
        status="TEST",
    )
    assert judge(write_sip(tmp_path, sip)).codes("error") == {
        "ING-FIELD-MISSING", "ING-NOT-CLOSED", "ING-TOTAL-DOC", "ING-FILE-MISSING",
        "ING-DOC-UNPAIRED", "ING-RECORD-STATUS",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["SHA-256", "SHA-512", "MD5", "SHA-1", "sha256", "SHA_256"])
def test_every_known_algorithm_is_compared(tmp_path, kind):
    sip = Sip(checksum_type=kind)
    assert judge(write_sip(tmp_path, sip)).codes() == set()
    broken = replace(sip, extra={REP + ONE: doc(1).files[f"{FILE_CODE}.1.pdf"][:-1] + b"X"})
    assert "ING-DIGEST-MISMATCH" in judge(write_sip(tmp_path, broken)).codes("error")


def test_upper_case_checksums_are_equal_ones(tmp_path):
    plain = judge(write_sip(tmp_path, Sip())).package
    given = {r.reference.checksum for r in plain.references if r.reference.mets.startswith(REP)}
    edits = tuple((value, value.upper()) for value in sorted(given))
    assert judge(write_sip(tmp_path, Sip(mets_edits=edits))).codes() == {"ING-DIGEST-CASE"}


def link(target: str, encoding: str = "utf-8") -> Sip:
    stub = Doc(
        text_record(2),
        {f"{FILE_CODE}.2.pdf.fetch.txt": target.encode(encoding)},
        link="MetadataLink/Holey",
    )
    return Sip(docs=(doc(1), stub))


OLD = HeldDossier("urn:P_HL:uuid-OLD", "v1", "H27.14.2018.01", "P_HL", "Cũ",
                  frozenset({"ab"}), frozenset({"H27.14.2018.01.7"}))  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_link_is_resolved_inside_its_fonds(tmp_path, encoding):
    path = write_sip(tmp_path, link("H27.14.2018.01.7\r\n", encoding))
    judged = judge(path, Held([OLD]))
    assert judged.codes() == {"ING-LINK-RESOLVED"}
    record = to_dossier(
        judged.package, judged.received, transfer=FACTS, links={f"{FILE_CODE}.2": "urn:x"}
    )
    stub = record.documents[1]
    assert (stub.linked_document, stub.linked_object) == ("H27.14.2018.01.7", "urn:x")
    assert record.file(stub.file_ids[0]).role is FileRole.LINK


def test_an_aip_s_stub_of_four_parts_is_understood(tmp_path):
    path = write_sip(tmp_path, link("urn:uuid:X 2048 data/a.pdf H27.14.2018.01.7"))
    assert judge(path, Held([OLD])).codes() == {"ING-LINK-RESOLVED"}


@pytest.mark.parametrize(
    "text",
    [
        "{}.pdf",
        "data/{}.pdf",
        "docId: {}",
        "<docId>{}</docId>",
        '{{"docId": "{}"}}',
        "{}\r\n",
        "data\\{}.pdf",
    ],
)
def test_a_link_is_understood_in_other_forms_of_its_stub(tmp_path, text):
    path = write_sip(tmp_path, link(text.format("H27.14.2018.01.7")))
    assert judge(path, Held([OLD])).codes() == {"ING-LINK-RESOLVED"}


@pytest.mark.parametrize("target", ["H27.14.2018.01.8", "", "../../etc/passwd", "http://x/"])
def test_a_link_to_nothing_or_to_another_fonds_is_refused(tmp_path, target):
    elsewhere = replace(OLD, fonds_code="P_KHAC", document_ids=frozenset({target}))
    judged = judge(write_sip(tmp_path, link(target)), Held([OLD, elsewhere]))
    assert judged.codes("error") == {"ING-LINK-UNRESOLVED"}


def test_without_an_archive_to_ask_a_link_is_not_checked_and_said_so(tmp_path):
    from ingest.checks import CheckContext, check_metadata
    from tests.ingest.readers.sip import NOW

    judged = judge(write_sip(tmp_path, link("H27.14.2018.01.7")), Held([OLD]))
    report = check_metadata(judged.package, CheckContext(NOW, None))
    assert report.codes() == ["ING-LINK-UNCHECKED"]


def held(judged, **changes) -> HeldDossier:
    record = to_dossier(judged.package, judged.received, transfer=FACTS)
    payload = (record.file(i).digests["sha256"] for d in record.documents for i in d.file_ids)
    kept = HeldDossier(
        record.object_id, "v1", record.file_code, record.fonds_code, record.title,
        frozenset(payload), frozenset(d.doc_id for d in record.documents),
    )  # fmt: skip
    return replace(kept, **changes)


@pytest.mark.parametrize("checksum_type", ["SHA-256", "MD5", ""])
def test_the_same_content_again_is_known_and_other_content_is_refused(tmp_path, checksum_type):
    path = write_sip(tmp_path, Sip(checksum_type=checksum_type))
    once = judge(path)
    every = {i.digests["sha256"]: "urn:x" for i in once.received.values()}
    again = judge(path, Held([held(once)], every))
    assert again.codes("info") == {"ING-HELD-ALREADY"}
    assert [p.code for p in again.report].count("ING-HELD-ALREADY") == 1
    for change in (
        {"payload_sha256": frozenset({"00"})},
        {"title": "Khác"},
        {"document_ids": frozenset()},
    ):
        other = judge(path, Held([held(once, **change)], every))
        assert other.codes("error") == {"ING-OBJECT-HELD"}, change


def test_a_description_that_was_edited_is_other_content(tmp_path):
    """Same files, same title and codes; only a description differs: it must not be lost."""
    once = judge(write_sip(tmp_path, Sip()))
    payload = {i.digests["sha256"]: "urn:x" for i in once.received.values()}
    described = {r.member_index for r in once.package.records()}
    for index in described:
        payload.pop(once.received[index].digests["sha256"])
    edited = judge(write_sip(tmp_path, Sip()), Held([held(once)], payload))
    assert edited.codes("error") == {"ING-OBJECT-HELD"}


def test_a_file_of_no_document_counts_when_the_same_content_comes_again(tmp_path):
    loose = replace(doc(1), attachments={"bang-ke.xlsx": b"PK"}, loose=True)
    sip = Sip(docs=(loose, doc(2)), extra={"Thumbs.db": b"t"})
    path = write_sip(tmp_path, sip)
    once = judge(path)
    every = {i.digests["sha256"]: "urn:x" for i in once.received.values()}
    assert "ING-HELD-ALREADY" in judge(path, Held([held(once)], every)).codes("info")
    assert judge(path, Held([held(once)])).codes("error") == {"ING-OBJECT-HELD"}


@pytest.mark.parametrize("status", ["SUPPLEMENT", "REPLACEMENT"])
def test_an_update_of_what_is_held_names_its_target(tmp_path, status):
    once = judge(write_sip(tmp_path, Sip()))
    kept = held(once, payload_sha256=frozenset({"00"}), document_ids=frozenset({"other"}))
    by_objid = judge(write_sip(tmp_path, Sip(status=status)), Held([kept]))
    assert by_objid.codes("error") == set()
    assert by_objid.find("ING-RECORD-STATUS").params["object_id"] == kept.object_id
    other_id = Sip(status=status, objid=OBJID.replace("0A0B", "9A9B"), top=OBJID)
    by_code = judge(write_sip(tmp_path, other_id), Held([kept]))
    assert by_code.codes("error") == set()
    assert by_code.find("ING-RECORD-STATUS").params["object_id"] == kept.object_id


def test_a_supplement_adds_documents_and_never_changes_one_that_is_held(tmp_path):
    once = judge(write_sip(tmp_path, Sip()))
    path = write_sip(tmp_path, Sip(status="SUPPLEMENT"))
    same = judge(path, Held([held(once)]))
    assert "ING-HELD-ALREADY" in same.codes("info") and same.codes("error") == set()
    changed = judge(path, Held([held(once, payload_sha256=frozenset({"00"}))]))
    assert changed.codes("error") == {"ING-SUPPLEMENT"}
    assert changed.find("ING-SUPPLEMENT").params["reason"] == "clash"
    new = judge(path, Held([held(once, document_ids=frozenset())]))
    assert new.codes("error") == set()
    assert new.find("ING-SUPPLEMENT").params["reason"] == "adds"


def test_a_supplement_may_state_how_many_documents_the_dossier_has_then(tmp_path):
    once = judge(write_sip(tmp_path, Sip()))
    kept = held(once, document_ids=frozenset({"x", "y"}), document_count=2)
    for total, errors in (("1", set()), ("3", set()), ("4", {"ING-TOTAL-DOC"})):
        sip = Sip(status="SUPPLEMENT", docs=(doc(1),), dossier={**DOSSIER, "totalDoc": total})
        assert judge(write_sip(tmp_path, sip), Held([kept])).codes("error") == errors, total


def test_a_file_code_held_under_another_identifier_is_refused(tmp_path):
    path = write_sip(tmp_path, Sip())
    kept = held(judge(path), object_id="urn:P_HL:uuid-OTHER")
    judged = judge(path, Held([kept]))
    assert judged.codes("error") == {"ING-FILECODE-HELD"}


def test_the_same_file_in_another_dossier_is_told(tmp_path):
    path = write_sip(tmp_path, Sip())
    kept = held(judge(path), object_id="urn:P_HL:uuid-OTHER", file_code="H27.1")
    assert judge(path, Held([kept])).codes() == {"ING-PAYLOAD-HELD"}


def test_an_archive_of_an_office_takes_records_of_limited_retention(tmp_path):
    path = write_sip(tmp_path, dossier(maintenance="04"))
    assert judge(path, historical_archive=False).codes() == set()


def test_what_was_not_received_is_refused(tmp_path):
    from ingest.checks import CheckContext, check_payload
    from tests.ingest.readers.sip import NOW

    judged = judge(write_sip(tmp_path, Sip()))
    index = judged.package.members[0].index
    received = {k: v for k, v in judged.received.items() if k != index}
    report = check_payload(judged.package, received, CheckContext(NOW, Held()))
    assert report.codes() == ["ING-NOT-RECEIVED"]


DATES = {
    "17/05/2020": "2020-05-17", "7/5/2020": "2020-05-07", "17-05-2020": "2020-05-17",
    "17.05.2020": "2020-05-17", "05/2020": "2020-05", "2020": "2020", "2020-05-17": "2020-05-17",
    "2020-05": "2020-05", "17/05/2020 08:30:00": "2020-05-17",
    "2020-05-17T08:30:00+07:00": "2020-05-17",
    "2020-05-17T08:30:00.000Z": "2020-05-17", "ngày 17 tháng 5 năm 2020": "2020-05-17",
    "Tháng 5 năm 2020": "2020-05", "29/02/2020": "2020-02-29", "29/02/2019": None, "05/17/2020": None,
    "17/05/20": None, "0000": None, "13/2020": None, "": None, "x": None, "１７/05/2020": None,
    "17/05/2020/1": None, "1" * 4_000: None,
}  # fmt: skip


@pytest.mark.parametrize("given_text", DATES)
def test_dates_are_read_in_every_common_form_and_never_guessed(given_text):
    assert parse_date(given_text).iso == DATES[given_text]
    assert parse_date(given_text).given == given_text


@given(st.dates())
def test_a_date_written_as_the_circular_says_comes_back(day):
    if day.year < 1000:
        return
    iso = parse_date(day.strftime("%d/%m/%Y")).iso
    assert iso == day.isoformat()
    assert first_day(iso) == last_day(iso) == day


@given(st.text(max_size=40))
def test_no_text_breaks_the_parsers_of_values(text):
    parse_date(text)
    parse_count(text)
    looks_broken(text)


GOOD_VIETNAMESE = [
    "Hồ sơ về việc bảo tồn và phát huy giá trị dân ca ví, giặm Nghệ Tĩnh",
    "QUYẾT ĐỊNH SỐ 12/QĐ-UBND CỦA ỦY BAN NHÂN DÂN TỈNH HÀ TĨNH", "Gửi: Sở Nội vụ? Đúng.",
    "Diện tích 25m², nhiệt độ 30°C, điều 5 § 2 «văn bản»", "Ông François gặp bà Müller",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD_VIETNAMESE)
def test_good_text_is_not_called_broken(text):
    assert not looks_broken(text)
