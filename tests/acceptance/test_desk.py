"""The desk, through its verbs: announced, received, late, approved, returned, purged, printed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kho import founding
from repository.second_opinion import bagit_python_verdict, ocfl_py_verdict
from tests.acceptance.calling import call
from tests.archives import STORES, TestArchive
from tests.ingest.readers.sip import DOSSIER, Sip, doc, write_sip

CODE = DOSSIER["fileCode"]
LIST = f"""Số TT;Số và ký hiệu hồ sơ;Tiêu đề hồ sơ;Thời hạn bảo quản;Hình thức;Ghi chú
1;2;3;4;5;6
I;;Tài liệu tổng hợp;;;
1;{CODE};Hồ sơ có thật;Vĩnh viễn;điện tử;
2;{CODE}.khac;Hồ sơ chưa nộp;Vĩnh viễn;điện tử;
3;{CODE}.giay;Hồ sơ giấy;Vĩnh viễn;giấy;
"""


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("desk") / "archive"
    founding.found(home, "test")
    return home


@pytest.fixture
def archive(founded: Path, tmp_path: Path) -> TestArchive:
    shutil.copytree(founded, tmp_path / "archive")
    return TestArchive(tmp_path / "archive")


def asks_a_person(archive: TestArchive) -> None:
    settings = archive.home / "kho.toml"
    settings.write_text(settings.read_text("utf-8").replace("tu-dong", "nguoi-duyet"), "utf-8")


def sip(folder: Path, **changes: object) -> Path:
    folder.mkdir()
    return write_sip(folder, replace(Sip(), **changes))  # type: ignore[arg-type]


def whole(archive: TestArchive) -> None:
    """Others judge every object sound, and the catalogue made again answers the same."""
    for store in STORES:
        for folder in archive.object_folders(store):
            assert ocfl_py_verdict(str(folder)).valid is True
    assert call(archive, "verify", "--all").status == 0
    before = call(archive, "list", "--json").stdout
    report = call(archive, "transfer", "report", "--json").stdout
    assert call(archive, "rebuild").status == 0
    assert call(archive, "list", "--json").stdout == before
    assert call(archive, "transfer", "report", "--json").stdout == report


def test_a_supplement_becomes_a_version_in_which_nothing_held_has_changed(
    archive: TestArchive, tmp_path: Path
) -> None:
    first = sip(tmp_path / "a")
    added = {**DOSSIER, "totalDoc": "1", "endDate": "31/12/2023"}
    second = sip(tmp_path / "b", status="SUPPLEMENT", docs=(doc(3),), dossier=added)
    assert call(archive, "ingest", first).status == 0
    taken = call(archive, "ingest", second, "--json")
    assert taken.status == 0, taken.stdout
    codes = {p["code"] for p in taken.lines()[0]["problems"] if p["severity"] != "warning"}
    assert "ING-SUPPLEMENT" in codes
    held = call(archive, "list", "--json").lines()[0]
    assert (held["version"], held["documents"]) == ("v2", 3)
    out = tmp_path / "out"
    exported = call(archive, "export", held["object_id"], "--as", "bag", "--to", out)
    assert exported.status == 0, exported.stderr
    bag = next(path.parent for path in out.rglob("bagit.txt"))
    assert bagit_python_verdict(str(bag)).valid is True
    data = bag / "data" / "representations" / "rep1" / "data"
    for document in (doc(1), doc(2), doc(3)):
        for name, content in document.files.items():
            assert next(data.rglob(name)).read_bytes() == content
    record = json.loads((bag / "data/metadata/other/dossier.json").read_bytes())["dossier"]
    assert [d["ordinal"] for d in record["documents"]] == [1, 2, 3]
    assert record["total_doc"]["value"] == 3
    assert record["end_date"]["iso"] == "2023-12-31"
    assert record["supplements"][0]["submission"]["record_status"] == "SUPPLEMENT"
    assert record["submission"]["record_status"] == "NEW"
    assert b"<totalDoc>3</totalDoc>" in (bag / "data/metadata/descriptive/EAD.xml").read_bytes()
    premis = (bag / "data/metadata/preservation/PREMIS.xml").read_text("utf-8")
    assert "supplement: transfer" in premis
    # The same supplement again, otherwise packed, brings nothing new.
    again = sip(
        tmp_path / "c", status="SUPPLEMENT", docs=(doc(3),), dossier=added, extra={"x.txt": b"x"}
    )
    told = call(archive, "ingest", again, "--json").lines()[0]
    assert "ING-HELD-ALREADY" in {p["code"] for p in told["problems"]}
    assert call(archive, "list", "--json").lines()[0]["version"] == "v2"
    # Written again under the same projection, the supplement's own report stays.
    assert call(archive, "validate", "bag", bag).status == 0
    whole(archive)


def test_a_supplement_with_other_bytes_of_a_held_document_is_refused(
    archive: TestArchive, tmp_path: Path
) -> None:
    call(archive, "ingest", sip(tmp_path / "a"))
    changed = replace(doc(1), files=dict.fromkeys(doc(1).files, b"other"))
    other = sip(
        tmp_path / "b",
        status="SUPPLEMENT",
        docs=(changed,),
        dossier={**DOSSIER, "totalDoc": "1"},
    )
    taken = call(archive, "ingest", other, "--json")
    assert taken.status == 3
    found = {p["code"] for p in taken.lines()[0]["problems"] if p["severity"] == "error"}
    assert found == {"ING-SUPPLEMENT"}
    assert call(archive, "list", "--json").lines()[0]["version"] == "v1"


def test_a_waiting_supplement_is_approved_into_a_version(
    archive: TestArchive, tmp_path: Path
) -> None:
    call(archive, "ingest", sip(tmp_path / "a"))
    asks_a_person(archive)
    added = {**DOSSIER, "totalDoc": "3"}  # of the whole dossier, as others count
    call(archive, "ingest", sip(tmp_path / "b", status="SUPPLEMENT", docs=(doc(3),), dossier=added))
    waiting = call(archive, "transfer", "list", "--state", "awaiting-decision", "--json").lines()[0]
    done = call(archive, "transfer", "approve", waiting["transfer_id"], "--reason", "đủ", "--json")
    assert done.document()["state"] == "accepted"
    held = call(archive, "list", "--json").lines()[0]
    assert (held["version"], held["documents"]) == ("v2", 3)


def test_what_was_announced_is_held_against_what_came(archive: TestArchive, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST, "utf-8-sig")
    agency = ("--agency", "Sở X", "--fonds", "P_HL", "--year", "2021")
    taken = call(archive, "transfer", "expect", tmp_path / "list.csv", *agency, "--json")
    assert taken.status == 0, taken.stdout
    assert taken.summary()["dossiers"] == 3
    registered = call(
        archive, "transfer", "register", "--agency", "Xã Y", "--fonds", "P_Y", "--year", "2021",
        "--dossiers", "7", "--level", "commune", "--by", "2027-01-31",
    )  # fmt: skip
    assert registered.status == 0
    call(archive, "ingest", sip(tmp_path / "a"))
    seen = call(archive, "transfer", "expected", "P_HL-2021", "--json")
    assert seen.status == 3
    assert [line["state"] for line in seen.lines()[:3]] == ["held", "not-come", "not-come"]
    lines = call(archive, "transfer", "report", "--year", "2021", "--json").document()
    by_level = {line["level"]: line for line in lines["levels"]}
    assert by_level["province"]["electronic_share"] == 66.7
    assert by_level["province"]["target_met"] is False
    assert by_level["province"]["held"] == 1
    assert by_level["commune"]["not_come"] == 7
    states = [line.get("state") for line in call(archive, "transfer", "list", "--json").lines()]
    assert states.count("registered") == 2
    # The corrected list takes the place of the first.
    (tmp_path / "list.csv").write_text("\n".join(LIST.splitlines()[:4]), "utf-8")
    call(archive, "transfer", "expect", tmp_path / "list.csv", *agency)
    assert call(archive, "transfer", "expected", "P_HL-2021").status == 0
    page = tmp_path / "report.html"
    assert call(archive, "transfer", "report", "--html", page).status == 0
    assert "Sở X" in page.read_text("utf-8")
    whole(archive)


def test_a_list_that_is_none_is_refused_with_what_to_do(
    archive: TestArchive, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text("một;hai\n1;2\n", "utf-8")
    told = call(
        archive, "transfer", "expect", tmp_path / "list.csv",
        "--agency", "Sở X", "--fonds", "P", "--year", "2021",
    )  # fmt: skip
    assert told.status == 3
    assert "DSK-LIST-HEADS" in told.stdout
    assert call(archive, "transfer", "list", "--json").summary()["registrations"] == 0


def test_what_waits_is_released_to_a_folder_and_purged_with_a_certificate(
    archive: TestArchive, tmp_path: Path
) -> None:
    asks_a_person(archive)
    source = sip(tmp_path / "a")
    call(archive, "ingest", source)
    waiting = call(archive, "quarantine", "list", "--json").lines()[0]
    assert waiting["state"] == "awaiting-decision"
    assert waiting["due"]
    out = tmp_path / "out"
    assert call(archive, "quarantine", "release", waiting["work_id"], "--to", out).status == 0
    for name, content in doc(1).files.items():
        assert next(out.rglob(name)).read_bytes() == content
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"not ours")
    quarantine = archive.home / "quarantine" / waiting["work_id"]
    (quarantine / "members" / "link").symlink_to(outside)
    (quarantine / "members" / "second name").hardlink_to(outside)
    purge = ("quarantine", "purge", waiting["work_id"], "--reason", "tài liệu mật")
    assert call(archive, *purge, given="n\n").status == 130
    done = call(archive, *purge, "--yes", "--json")
    assert done.status == 0, done.stderr
    told = done.summary()
    assert told["gone"] is True
    assert told["meaning_vi"] != told["meaning_en"]
    assert "tài liệu mật" in Path(told["certificate"]).read_text("utf-8")
    assert outside.read_bytes() == b"not ours"
    assert not quarantine.exists()
    transfer = call(archive, "transfer", "list", "--json").lines()[0]
    assert transfer["state"] == "returned"
    assert call(archive, "quarantine", "purge", "../reports", "--reason", "x", "--yes").status == 1
    assert call(archive, "rebuild").status == 0
    assert call(archive, "transfer", "list", "--json").lines()[0] == transfer


def test_every_transfer_has_a_paper_in_its_state_and_hostile_text_stays_text(
    archive: TestArchive, tmp_path: Path
) -> None:
    title = "<script>alert(1)</script> Hồ sơ \u202e& cộng"
    good = sip(tmp_path / "a", dossier={**DOSSIER, "title": title})
    bad = sip(tmp_path / "b", dossier={**DOSSIER, "totalDoc": "9", "fileCode": f"{CODE}.9"},
              objid="uuid-0A0B0C0D-1111-4222-8333-000000000009")  # fmt: skip
    call(archive, "ingest", good, bad)
    papers = {}
    for line in call(archive, "transfer", "list", "--json").lines()[:-1]:
        beside = archive.home / "reports" / "receipts" / f"{line['transfer_id']}.html"
        papers[line["state"]] = beside.read_text("utf-8")
        printed = tmp_path / f"{line['state']}.html"
        assert call(archive, "transfer", "paper", line["transfer_id"], "--to", printed).status == 0
        assert printed.read_text("utf-8") == papers[line["state"]]
        again = call(archive, "transfer", "paper", line["transfer_id"], "--to", printed)
        assert again.status == 1
    assert papers.keys() == {"accepted", "refused"}
    assert "Biên bản giao nhận" in papers["accepted"]
    assert "<script" not in papers["accepted"]
    assert "&lt;script&gt;" in papers["accepted"]
    assert "ING-TOTAL-DOC" in papers["refused"].replace("<wbr>", "")
    for paper in papers.values():
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in paper
        assert "://" not in paper


def test_the_senders_check_is_one_page_of_its_own(tmp_path: Path) -> None:
    nowhere = TestArchive(tmp_path)
    good = sip(tmp_path / "a")
    bad = sip(tmp_path / "b", dossier={**DOSSIER, "totalDoc": "9"})
    for lang, word in (("vi", "KHÔNG ĐẠT"), ("en", "WOULD BE REFUSED")):
        page = tmp_path / f"{lang}.html"
        done = call(nowhere, "check", good, bad, "--html", page, "--lang", lang, "--json")
        assert done.status == 3
        text = page.read_text("utf-8")
        assert word in text
        assert "ING-TOTAL-DOC" in text.replace("<wbr>", "")
        assert "://" not in text
