"""The plan: every received file once, everything else made, the same input the same bytes."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bagit
import pytest
from hypothesis import given, settings

from preservation.dossier import FileRole
from preservation.package.names import clash_key, is_portable
from preservation.package.plan import (
    PROFILE,
    Organisation,
    arc_file_code,
    plan_new,
    plan_reprofile,
    read_record,
)
from preservation.package.record_json import InvalidRecord, read_whole_record
from repository.errors import Corrupt, Refused
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.ocfl.inventory import NewContent, first_inventory
from repository.problems import Problem, Report
from repository.store import FromBytes, FromPath, Kept
from tests.preservation.package.builder import (
    ARCHIVE,
    NOW,
    REPORT,
    SOFTWARE,
    content_of,
    made_files,
    make_dossier,
    make_files,
    make_plan,
    make_submission,
    received,
    write_out,
    write_sources,
)
from tests.preservation.package.strategies import dossiers

LATER = NOW + timedelta(days=400)


def by_path(plan):
    return {str(file.logical_path): file for file in plan.version.files}


def inventory_of(plan):
    files = [NewContent(f.logical_path, f.sha512, {"sha256": f.sha256}) for f in plan.version.files]
    version = plan.version
    return first_inventory(
        version.object_id, files, version.created, version.message, version.user_name, None
    )


def state_of(plan):
    return {f.logical_path: (f.size, f.sha512, f.sha256) for f in plan.version.files}


def reprofiled(plan, **changes):
    arguments = {
        "record_json": made_files(plan)["data/metadata/other/dossier.json"],
        "previous_inventory": inventory_of(plan),
        "kept": state_of(plan),
        "now": LATER,
        "software": "Kho 0.2.0",
        "organisation": ARCHIVE,
        "reason": "sửa METS",
        **changes,
    }
    return plan_reprofile(**arguments)


@pytest.fixture
def written(tmp_path):
    dossier = make_dossier()
    sources = write_sources(dossier, tmp_path / "quarantine")
    plan = plan_new(dossier, sources, REPORT, now=NOW, software=SOFTWARE, organisation=ARCHIVE)
    write_out(plan, tmp_path / "bag")
    return plan, tmp_path / "bag"


def test_bagit_python_finds_the_written_state_a_valid_bag(written):
    _, folder = written
    bag = bagit.Bag(str(folder))
    bag.validate()
    assert bag.info["Kho-AIP-Profile"] == PROFILE
    assert bag.info["Payload-Oxum"] == bag.info["Payload-Oxum"].strip()


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_coreutils_alone_can_check_every_file(written, algorithm):
    plan, folder = written
    names = [f"manifest-{algorithm}.txt", f"tagmanifest-{algorithm}.txt"]
    done = subprocess.run(
        [f"{algorithm}sum", "--check", "--strict", *names], cwd=folder, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    checked = done.stdout.count(b": OK\n")
    assert checked == len(plan.version.files) - 2  # all but the two tag manifests


def test_received_bytes_lie_where_the_design_says(written):
    plan, folder = written
    for file in plan.dossier.files:
        assert (folder / file.stored_path).read_bytes() == content_of(file.received_path)
    places = {file.file_id: file.stored_path for file in plan.dossier.files}
    received_root = "data/documentation/submission/received/"
    assert places["f0001"] == received_root + "METS.xml"
    assert places["f0015"] == received_root + "Thumbs.db"
    assert places["f0012"].startswith("data/representations/rep1/data/")
    assert places["f0010"] == "data/representations/rep1/data/phụ lục/biểu 50=25.xlsx"


def test_a_name_that_was_escaped_is_kept_exactly_in_the_record():
    (escaped,) = [f for f in make_plan().dossier.files if f.received_path_base64]
    assert escaped.received_path.endswith("biểu 50%.xlsx")


@given(dossiers())
@settings(max_examples=60, deadline=None)  # the machine may be busy
def test_every_received_file_is_planned_exactly_once(dossier):
    plan = make_plan(dossier)
    taken = [f.source.path for f in plan.version.files if isinstance(f.source, FromPath)]
    assert sorted(taken) == sorted(f"/quarantine/{file.file_id}" for file in dossier.files)
    planned = by_path(plan)
    assert len(planned) == len(plan.version.files)
    for file in plan.dossier.files:
        facts = planned[file.stored_path]
        assert (facts.size, facts.sha256) == (file.size, file.digests["sha256"])
        in_data = file.stored_path.startswith("data/representations/rep1/data/")
        kept_for_use = {FileRole.MAIN, FileRole.ATTACHMENT, FileRole.LINK}
        assert in_data == (file.role in kept_for_use)


@given(dossiers())
@settings(max_examples=60, deadline=None)  # the machine may be busy
def test_every_path_of_a_plan_can_be_stored_anywhere(dossier):
    paths = [str(file.logical_path) for file in make_plan(dossier).version.files]
    assert paths == sorted(paths)
    assert all(is_portable(path) for path in paths)
    assert len({clash_key(path) for path in paths}) == len(paths)


@given(dossiers())
@settings(max_examples=30, deadline=None)  # the machine may be busy
def test_the_same_input_gives_the_same_bytes(dossier):
    assert make_plan(dossier) == make_plan(dossier)


def test_manifests_list_the_payload_and_nothing_else():
    plan = make_plan()
    listed = made_files(plan)["manifest-sha512.txt"].decode().splitlines()
    paths = {line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in listed}
    payload = {p: f.sha512 for p, f in by_path(plan).items() if p.startswith("data/")}
    assert paths == payload


def test_bag_info_says_where_the_bag_comes_from_and_how_much_it_holds():
    plan = make_plan()
    lines = made_files(plan)["bag-info.txt"].decode().splitlines()
    info = dict(line.split(": ", 1) for line in lines)
    payload = [f for f in plan.version.files if f.logical_path.startswith("data/")]
    assert info["Payload-Oxum"] == f"{sum(f.size for f in payload)}.{len(payload)}"
    assert info["External-Identifier"] == plan.dossier.object_id
    assert info["Bag-Group-Identifier"] == "20261122-0001"
    assert info["Bagging-Date"] == "2026-11-22"
    assert info["Internal-Sender-Identifier"] == make_submission().objid_given
    assert info["Contact-Email"] == ARCHIVE.contact


def test_a_title_cannot_forge_another_line_of_bag_info():
    plan = make_plan(make_dossier(title="x\nKho-AIP-Profile: forged\u2028Source-Organization: y"))
    lines = made_files(plan)["bag-info.txt"].decode().splitlines()
    assert [line for line in lines if line.startswith("Kho-AIP-Profile")] == [
        f"Kho-AIP-Profile: {PROFILE}"
    ]


def test_what_the_record_does_not_say_is_left_out_of_bag_info():
    bare = make_dossier(submission=make_submission(objid_given=""))
    sources = {file.file_id: "/q" for file in bare.files}
    plan = plan_new(
        bare, sources, Report(), now=NOW, software="Kho", organisation=Organisation("Trung tâm")
    )
    info = made_files(plan)["bag-info.txt"].decode()
    assert "Internal-Sender-Identifier" not in info
    assert "Contact" not in info
    assert plan.version.user_address == ""


def test_the_intake_report_is_kept_whole_and_can_be_read_without_this_software():
    report = json.loads(made_files(make_plan())["data/documentation/submission/intake-report.json"])
    assert report["transfer_id"] == "20261122-0001"
    assert [Problem.from_dict(problem) for problem in report["problems"]] == list(REPORT)
    assert all(problem["vi"] and problem["en"] for problem in report["problems"])


def test_the_plan_is_of_a_new_object_made_now_by_the_operator():
    version = make_plan().version
    assert version.object_id == ObjectId(make_dossier().object_id)
    assert version.follows is None
    assert version.created == "2026-11-22T03:04:05Z"
    assert version.user_name == "Nguyễn Thị Lan"
    assert version.user_address == "mailto:luutru@example.vn"


def test_a_source_that_is_lacking_is_told_before_anything_is_planned():
    with pytest.raises(ValueError, match="f0001"):
        plan_new(make_dossier(), {}, REPORT, now=NOW, software="K 1", organisation=ARCHIVE)


def test_a_dossier_that_could_not_be_read_back_is_not_planned():
    with pytest.raises(InvalidRecord):
        make_plan(make_dossier(files=(*make_files(), make_files()[0])))


def test_two_received_files_of_one_name_are_kept_apart():
    twice = (received("a", "x.bin"), received("b", "x.bin"), received("c", "X.BIN"))
    places = {
        f.stored_path for f in make_plan(make_dossier(files=twice, documents=())).dossier.files
    }
    assert len({clash_key(place) for place in places}) == 3


@pytest.mark.parametrize(
    ("archive", "file_code", "built"),
    [
        ("H27.LTLS", "H49.64.33.2001.160", "H27.LTLS.H49.64.33.2001.160"),
        ("H27.LTLS", "H27.LTLS.2001.160", "H27.LTLS.2001.160"),
        ("", "H49.64.33.2001.160", ""),
        ("H27.LTLS", "", ""),
    ],
)
def test_the_archives_code_stands_once_before_the_dossiers(archive, file_code, built):
    assert arc_file_code(archive, file_code) == built


def test_a_code_that_was_assigned_is_not_replaced():
    assert make_plan(make_dossier(arc_file_code="A.1")).dossier.arc_file_code == "A.1"
    assert make_plan().dossier.arc_file_code == "H27.LTLS.000.00.04.H27.2021.01"


def test_a_later_projection_keeps_what_was_received_and_follows_the_head():
    plan = make_plan()
    again = reprofiled(plan, operator="Trần Văn Bình")
    assert again.version.follows == VersionNumber(1)
    assert again.dossier == plan.dossier
    before, after = by_path(plan), by_path(again)
    assert set(before) == set(after)
    for file in plan.dossier.files:
        assert after[file.stored_path] == replace(before[file.stored_path], source=Kept())
    record = read_whole_record(after["data/metadata/other/dossier.json"].source.data)
    assert [one.software for one in record.projections] == ["Kho 0.1.0", "Kho 0.2.0"]
    assert record.projections[-1].reason == "sửa METS"
    assert again.version.user_name == "Trần Văn Bình"
    premis = after["data/metadata/preservation/PREMIS.xml"].source.data.decode()
    assert premis.count("<event>") == 7
    assert "metadata modification" in premis


def test_what_comes_out_the_same_is_kept_and_only_the_rest_is_written():
    again = by_path(reprofiled(make_plan()))
    made = {path for path, file in again.items() if isinstance(file.source, FromBytes)}
    assert made == {
        "bag-info.txt",
        "manifest-sha256.txt",
        "manifest-sha512.txt",
        "tagmanifest-sha256.txt",
        "tagmanifest-sha512.txt",
        "data/METS.xml",
        "data/metadata/other/dossier.json",
        "data/metadata/preservation/PREMIS.xml",
        "data/representations/rep1/METS.xml",
    }


def test_the_reprofiled_state_is_a_valid_bag_too(written, tmp_path):
    plan, folder = written
    again = tmp_path / "again"
    write_out(reprofiled(plan), again, previous=folder)
    bagit.Bag(str(again)).validate()


def test_a_later_projection_can_be_written_over_and_over():
    first = make_plan()
    second = reprofiled(first)
    record = made_files(second)["data/metadata/other/dossier.json"]
    third = reprofiled(first, record_json=record, now=LATER + timedelta(days=1))
    assert (
        len(read_whole_record(made_files(third)["data/metadata/other/dossier.json"]).projections)
        == 3
    )
    assert read_record(record) == first.dossier


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda p: {"profile": "other/9"}, Refused),
        (lambda p: {"record_json": b"{}"}, InvalidRecord),
        (lambda p: {"kept": {}}, Corrupt),
        (
            lambda p: {
                "kept": {**state_of(p), LogicalPath(p.dossier.files[0].stored_path): (1, "a", "b")}
            },
            Corrupt,
        ),
        (
            lambda p: {
                "previous_inventory": inventory_of(make_plan(make_dossier(object_id="u:x")))
            },
            Corrupt,
        ),
    ],
)
def test_a_later_projection_never_trusts_what_does_not_agree(change, error):
    plan = make_plan()
    with pytest.raises(error):
        reprofiled(plan, **change(plan))


def test_twenty_thousand_files_are_planned_in_bounded_memory():
    code = (
        "import sys, types; tests = types.ModuleType('tests'); tests.__path__ = [sys.argv[1]];"
        "sys.modules['tests'] = tests;"
        "from tests.preservation.package.builder import make_large, make_plan;"
        "plan = make_plan(make_large(2_000, files_each=10));"
        # Not getrusage: its peak is also that of the process which started this one.
        "status = open('/proc/self/status').read();"
        "print(len(plan.version.files), status.split('VmHWM:')[1].split()[0])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code, str(root / "tests")],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    files, kilobytes = map(int, done.stdout.split())
    assert files == 20_001 + 2_000 + 20
    assert kilobytes < 600_000
