"""METS, PREMIS and EAD: valid by schema, true to the plan, complete, and made from the record."""

import json
import re
from collections import Counter
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from lxml import etree

from preservation.dossier import Coded, DocumentKind, FileRole, SenderDigest
from preservation.package.ead import DOCUMENT_ELEMENTS, DOSSIER_ELEMENTS
from repository.problems import Report, error
from schemas.xml import parse_xml, validate_xml
from tests.preservation.package.builder import (
    REPORT,
    made_files,
    make_documents,
    make_dossier,
    make_files,
    make_plan,
    make_submission,
)
from tests.preservation.package.strategies import dossiers

NS = {
    "m": "http://www.loc.gov/METS/",
    "p": "http://www.loc.gov/premis/v3",
    "x": "http://www.w3.org/1999/xlink",
    "csip": "https://DILCIS.eu/XML/METS/CSIPExtensionMETS",
}
ROOT = "data/METS.xml"
REP = "data/representations/rep1/METS.xml"
PREMIS = "data/metadata/preservation/PREMIS.xml"
REP_PREMIS = "data/representations/rep1/metadata/preservation/PREMIS_rep1.xml"
HREF = "{http://www.w3.org/1999/xlink}href"


def kind_of(path):
    name = path.rsplit("/", 1)[-1]
    if name == "METS.xml":
        return "mets"
    if name.startswith("PREMIS") and name.endswith(".xml"):
        return "premis"
    match = re.match(r"EAD(_doc|_pic|_media)?(_.*)?\.xml$", name, re.DOTALL)
    return f"EAD{match[1] or ''}" if match else None


def tree(plan, path):
    return parse_xml(made_files(plan)[path])


def found(plan, path, query):
    return tree(plan, path).xpath(query, namespaces=NS)


@given(dossiers())
@settings(max_examples=60)
def test_every_xml_file_of_any_package_is_valid_by_its_schema(dossier):
    judged = Counter()
    for path, data in made_files(make_plan(dossier)).items():
        if path.endswith(".xml"):
            kind = kind_of(path)
            assert validate_xml(kind, data) == [], path
            judged[kind] += 1
    assert judged["mets"] == judged["premis"] == 2
    assert judged.total() == 5 + len(dossier.documents)


@given(dossiers())
@settings(max_examples=60)
def test_the_two_mets_cover_every_file_of_the_payload_exactly_once(dossier):
    plan = make_plan(dossier)
    covered = Counter()
    for mets, base in ((ROOT, "data/"), (REP, "data/representations/rep1/")):
        for pointer in found(plan, mets, "//m:mdRef | //m:file"):
            located = pointer if pointer.get(HREF) else pointer.find("m:FLocat", NS)
            path = base + unquote(located.get(HREF))
            covered[path] += 1
            planned = next(f for f in plan.version.files if f.logical_path == path)
            assert pointer.get("CHECKSUM") == planned.sha256
            assert pointer.get("CHECKSUMTYPE") == "SHA-256"
            assert pointer.get("SIZE") == str(planned.size)
    payload = {f.logical_path for f in plan.version.files if f.logical_path.startswith("data/")}
    assert set(covered) == payload - {ROOT}
    assert set(covered.values()) == {1}


@given(dossiers())
@settings(max_examples=40)
def test_identifiers_in_a_mets_are_unique_and_every_reference_leads_to_one(dossier):
    plan = make_plan(dossier)
    for mets in (ROOT, REP):
        root = tree(plan, mets)
        ids = root.xpath("//@ID")
        assert len(ids) == len(set(ids))
        used = root.xpath("//@FILEID | //@DMDID | //@ADMID | //m:mptr/@x:title", namespaces=NS)
        assert {one for value in used for one in value.split()} <= set(ids)


def test_the_root_mets_says_what_the_circular_asks():
    plan = make_plan()
    root = tree(plan, ROOT)
    assert root.get("OBJID") == plan.dossier.object_id
    assert root.get("TYPE") == "Mixed"
    assert root.get("PROFILE") == "http://www.ra.ee/METS/v01/IP.xml"
    (header,) = root.xpath("m:metsHdr", namespaces=NS)
    assert header.get("RECORDSTATUS") == "NEW"
    assert header.get(f"{{{NS['csip']}}}OAISPACKAGETYPE") == "AIP"
    assert header.get("CREATEDATE") == "2026-11-22T10:04:05+07:00"
    (agent,) = header.xpath("m:agent", namespaces=NS)
    assert agent.attrib == {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}
    assert agent.xpath("string(m:name)", namespaces=NS) == "Kho"
    assert agent.xpath("string(m:note)", namespaces=NS) == "0.1.0"
    (agreement,) = header.xpath("m:altRecordID[@TYPE='SUBMISSIONAGREEMENT']", namespaces=NS)
    assert agreement.text == "NL-2026-30740"


def test_the_root_mets_has_the_divisions_of_csip():
    plan = make_plan()
    divisions = found(plan, ROOT, "m:structMap[@LABEL='CSIP'][@TYPE='PHYSICAL']/m:div/m:div")
    assert [division.get("LABEL") for division in divisions] == [
        "Metadata",
        "Documentation",
        "Schemas",
        "Representations/rep1",
    ]
    groups = found(plan, ROOT, "m:fileSec/m:fileGrp")
    assert [group.get("USE") for group in groups] == [
        "Documentation",
        "Schemas",
        "Representations/rep1",
    ]


def test_the_metadata_division_of_the_root_names_both_descriptions_and_the_provenance():
    plan = make_plan()
    (division,) = found(plan, ROOT, "m:structMap/m:div/m:div[@LABEL='Metadata']")
    descriptions = found(plan, ROOT, "m:dmdSec/@ID")
    assert division.get("DMDID").split() == descriptions
    assert [division.get("ADMID")] == found(plan, ROOT, "m:amdSec/m:digiprovMD/@ID")
    kinds = found(plan, ROOT, "m:dmdSec/m:mdRef/@MDTYPE")
    assert kinds == ["EAD", "OTHER"]


def test_the_representation_mets_names_the_agency_with_its_fonds_code():
    plan = make_plan()
    (agency,) = found(plan, REP, "m:metsHdr/m:agent[@TYPE='ORGANIZATION']")
    assert agency.xpath("string(m:name)", namespaces=NS) == "Sở Nội vụ tỉnh Hà Tĩnh"
    (note,) = agency.xpath("m:note[@csip:NOTETYPE='IDENTIFICATIONCODE']", namespaces=NS)
    assert note.text == "P_SNV"


def test_a_document_is_linked_to_its_record_its_file_and_its_attachment():
    plan = make_plan()
    (second,) = found(plan, REP, "//m:div[@LABEL='MetadataLink']/m:div[2]")
    assert second.get("LABEL") == "MetadataLink/File"
    pointed = second.xpath("m:fptr/@FILEID", namespaces=NS)
    nested = second.xpath("m:div[@LABEL='AttachmentFile']/m:fptr/@FILEID", namespaces=NS)

    def href(file_id):
        (found_href,) = found(plan, REP, f"//m:file[@ID='{file_id}']/m:FLocat/@x:href")
        return unquote(found_href)

    assert [href(one) for one in pointed] == ["data/000.00.04.H27.2021.01.2 Tờ trình đã ký.pdf"]
    assert [href(one) for one in nested] == ["data/phụ lục/biểu 50=25.xlsx"]
    (record,) = found(plan, REP, f"m:dmdSec[@ID='{second.get('DMDID')}']/m:mdRef/@x:href")
    assert record == "metadata/descriptive/EAD_doc_000.00.04.H27.2021.01.2.xml"


def test_a_link_to_a_document_sent_earlier_is_a_holey_file():
    plan = make_plan()
    (group,) = found(plan, REP, "m:fileSec/m:fileGrp[@USE='Holeyfile']/m:file/@ID")
    (division,) = found(plan, REP, "//m:div[@LABEL='MetadataLink/Holey']")
    assert division.xpath("m:fptr/@FILEID", namespaces=NS) == [group]


def test_an_attachment_of_no_document_stands_beside_them():
    documents = tuple(replace(one, file_ids=one.file_ids[:1]) for one in make_documents())
    plan = make_plan(make_dossier(documents=documents))
    (loose,) = found(plan, REP, "m:structMap/m:div/m:div[@LABEL='AttachmentFile']")
    assert len(loose) == 1


def test_an_unknown_record_status_is_written_as_other_and_stays_in_the_record():
    plan = make_plan(make_dossier(submission=make_submission(record_status="MỚI")))
    assert found(plan, ROOT, "m:metsHdr/@RECORDSTATUS") == ["OTHER"]
    assert plan.dossier.submission.record_status == "MỚI"


def test_a_time_of_the_sender_that_is_none_gives_way_to_the_time_of_receipt():
    files = tuple(replace(file, created_given="05/07/2026 16:04") for file in make_files())
    plan = make_plan(make_dossier(files=files))
    times = set(found(plan, REP, "//m:file/@CREATED"))
    assert times == {"2026-11-22T10:00:00+07:00"}


def test_a_media_type_that_is_none_is_written_as_unknown_bytes_and_stays_in_the_record():
    files = tuple(replace(file, mime_given="PDF", format=None) for file in make_files())
    plan = make_plan(make_dossier(files=files))
    assert set(found(plan, REP, "//m:file/@MIMETYPE")) == {"application/octet-stream"}
    assert {file.mime_given for file in plan.dossier.files} == {"PDF"}


def events_of(plan):
    return {
        event.xpath("string(p:eventType)", namespaces=NS): event
        for event in found(plan, PREMIS, "p:event")
    }


def outcome(event):
    return event.xpath("string(.//p:eventOutcome)", namespaces=NS)


def test_premis_tells_the_work_in_order_with_its_agents():
    plan = make_plan()
    assert list(events_of(plan)) == [
        "ingestion",
        "message digest calculation",
        "fixity check",
        "validation",
        "accession",
        "information package creation",
    ]
    assert found(plan, PREMIS, "p:agent/p:agentName/text()") == [
        "Nguyễn Thị Lan",
        "Kho",
        "tu-dong",
    ]
    agents = set(found(plan, PREMIS, "p:agent//p:agentIdentifierValue/text()"))
    linked = set(found(plan, PREMIS, "//p:linkingAgentIdentifierValue/text()"))
    assert linked == agents


def test_the_sip_is_the_source_and_the_aip_the_outcome_of_the_packaging():
    event = events_of(make_plan())["information package creation"]
    linked = {
        one.xpath("string(p:linkingObjectRole)", namespaces=NS): one.xpath(
            "string(p:linkingObjectIdentifierValue)", namespaces=NS
        )
        for one in event.xpath("p:linkingObjectIdentifier", namespaces=NS)
    }
    assert linked == {"source": make_submission().objid_given, "outcome": make_dossier().object_id}


def with_sender_digests(*digests):
    files = tuple(replace(file, sender_digests=digests) for file in make_files())
    return make_plan(make_dossier(files=files))


def test_files_without_a_checksum_of_the_sender_are_never_said_to_be_checked():
    event = events_of(with_sender_digests())["fixity check"]
    assert outcome(event) == "incomplete"
    assert "without a checksum of the sender: 15" in etree.tostring(event, encoding="unicode")


def test_a_checksum_in_an_algorithm_not_kept_is_not_a_success():
    event = events_of(with_sender_digests(SenderDigest("MD5", "0" * 32, "METS.xml")))[
        "fixity check"
    ]
    assert outcome(event) == "incomplete"


def test_a_checksum_that_differs_is_a_failure():
    event = events_of(with_sender_digests(SenderDigest("SHA-256", "0" * 64, "METS.xml")))[
        "fixity check"
    ]
    assert outcome(event) == "failure"


def test_checksums_that_are_all_equal_are_a_success_whatever_their_case():
    files = tuple(file for file in make_files() if file.role is not FileRole.UNREFERENCED)
    assert outcome(events_of(make_plan(make_dossier(files=files)))["fixity check"]) == "success"


@pytest.mark.parametrize(
    ("report", "said"),
    [(Report(), "success"), (REPORT, "warning"), (Report.of([error("ING-X")]), "failure")],
)
def test_the_outcome_of_the_validation_is_that_of_the_intake_report(report, said):
    assert outcome(events_of(make_plan(report=report))["validation"]) == said


def test_without_an_act_of_custody_there_is_no_accession():
    assert "accession" not in events_of(make_plan(make_dossier(custody=None)))


def test_each_file_of_the_representation_has_its_fixity_size_format_and_name():
    plan = make_plan()
    objects = found(plan, REP_PREMIS, "p:object[.//p:fixity]")
    by_name = {one.xpath("string(p:originalName)", namespaces=NS): one for one in objects}
    content = [f for f in plan.dossier.files if f.stored_path.startswith("data/representations")]
    assert set(by_name) == {file.received_path for file in content}
    for file in content:
        described = by_name[file.received_path]
        digests = described.xpath(".//p:messageDigest/text()", namespaces=NS)
        assert digests == [file.digests["sha256"], file.digests["sha512"]]
        assert described.xpath("string(.//p:size)", namespaces=NS) == str(file.size)


def test_an_identified_format_is_given_with_its_key_and_a_stated_one_as_stated():
    plan = make_plan()
    keys = found(plan, REP_PREMIS, "//p:formatRegistryKey/text()")
    assert keys == ["fmt/477"]
    stated = found(plan, REP_PREMIS, "//p:format[p:formatNote='as stated by the sender']")
    assert [one.xpath("string(.//p:formatName)", namespaces=NS) for one in stated] == [
        "application/pdf",
        "image/jpeg",
    ]
    unknown = found(plan, REP_PREMIS, "//p:format[p:formatNote='not identified']")
    assert {one.xpath("string(.//p:formatName)", namespaces=NS) for one in unknown} == {"UNKNOWN"}


def elements(plan, path):
    return [(one.tag, one.text or "") for one in tree(plan, path)]


def test_the_dossier_record_has_the_eighteen_elements_of_the_circular_in_order():
    listed = elements(make_plan(), "data/metadata/descriptive/EAD.xml")
    assert list(dict.fromkeys(tag for tag, _ in listed)) == list(DOSSIER_ELEMENTS)
    assert len(DOSSIER_ELEMENTS) == 18
    values = dict(listed)
    assert values["arcFileCode"] == "H27.LTLS.000.00.04.H27.2021.01"
    assert values["endDate"] == "12/2021"
    assert values["keyword"] == "tuyển dụng; công chức"
    assert values["paperFileCode"] == ""
    assert [value for tag, value in listed if tag == "language"] == ["01", "03"]


def test_codes_are_written_as_they_were_given():
    plan = make_plan(make_dossier(maintenance=Coded("Vĩnh viễn", "01")))
    assert dict(elements(plan, "data/metadata/descriptive/EAD.xml"))["maintenance"] == "Vĩnh viễn"


def test_a_text_document_has_nineteen_elements_and_no_docid():
    assert len(DOCUMENT_ELEMENTS[DocumentKind.TEXT]) == 19
    path = "data/representations/rep1/metadata/descriptive/EAD_doc_000.00.04.H27.2021.01.2.xml"
    listed = elements(make_plan(), path)
    assert [tag for tag, _ in listed] == list(DOCUMENT_ELEMENTS[DocumentKind.TEXT])
    values = dict(listed)
    assert values["docOrdinal"] == "2"
    assert values["arcFileCode"] == "H27.LTLS.000.00.04.H27.2021.01"
    assert values["subject"] == "Tờ trình <A & B>"
    assert values["process"] == "0"
    assert values["autograph"] == ""


def test_a_picture_is_described_by_what_was_received_for_it():
    path = (
        "data/representations/rep1/metadata/descriptive/EAD_pic_000.00.04.H27.2021.01.0000003.xml"
    )
    values = dict(elements(make_plan(), path))
    assert list(values) == list(DOCUMENT_ELEMENTS[DocumentKind.PICTURE])
    assert values["imageTitle"] == "Lễ khởi công"
    assert values["colour"] == "01"
    assert values["photographer"] == ""


@given(dossiers())
@settings(max_examples=40)
def test_no_value_of_a_record_is_invented(dossier):
    plan = make_plan(dossier)
    known = json.dumps(
        json.loads(made_files(plan)["data/metadata/other/dossier.json"]), ensure_ascii=False
    )
    texts = set(json.loads(f"[{', '.join(re.findall(QUOTED, known))}]"))
    allowed = {fit(text) for text in texts} | {"", fit("; ".join(plan.dossier.keywords))}
    for document in plan.dossier.documents:
        allowed |= {str(document.ordinal), fit("; ".join(document.keywords))}
    for path, data in made_files(plan).items():
        if (kind_of(path) or "").startswith("EAD"):
            assert {one.text or "" for one in parse_xml(data)} <= allowed


QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def fit(text):
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
