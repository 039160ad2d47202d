"""What is put comes back, whatever it is."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repository.catalogue.catalogue import open_catalogue
from repository.catalogue.records import (
    CANARY_FONDS,
    AuditResultRecord,
    AuditRunRecord,
    CopyRecord,
    DocumentRecord,
    EventRecord,
    ExpectedRecord,
    ObjectRecord,
    TransferRecord,
    VersionRecord,
)
from repository.errors import Conflict, NotFound
from repository.search_text import SearchText
from tests.repository.catalogue.making import (
    ID,
    any_record,
    any_text,
    make_copy,
    make_document,
    make_event,
    make_object,
    make_result,
    make_run,
    make_transfer,
    make_version,
    put,
)

# One file serves all examples: every put replaces what stood there.
any_values = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@any_values
@given(st.data())
def test_any_object_comes_back_as_it_was_put(catalogue, data):
    record = data.draw(any_record(ObjectRecord))
    own = {"object_id": st.just(record.object_id)}
    documents = data.draw(st.lists(any_record(DocumentRecord, **own), max_size=3))
    documents = [replace(d, ordinal=n) for n, d in enumerate(documents, 1)]
    versions = [
        data.draw(any_record(VersionRecord, version=st.just(f"v{n}"), **own)) for n in (1, 2, 10)
    ]
    expected = data.draw(
        st.lists(any_record(ExpectedRecord, **own), max_size=4, unique_by=lambda e: e.path)
    )
    with catalogue.transaction() as tx:
        tx.put_object(
            record,
            documents[::-1],
            versions[::-1],
            expected,
            {"data/x": "d"},
            SearchText(*(data.draw(any_text) for _ in range(5))),
        )
    assert catalogue.object(record.object_id) == record
    assert list(catalogue.documents(record.object_id)) == documents
    assert list(catalogue.versions(record.object_id)) == versions
    assert set(catalogue.expected(record.object_id)) == set(expected)
    assert catalogue.object_by_file_code(record.fonds_code, record.file_code) is not None


@any_values
@given(
    any_record(CopyRecord),
    any_record(TransferRecord),
    any_record(AuditRunRecord),
    any_record(AuditResultRecord),
)
def test_any_copy_transfer_and_audit_come_back_as_they_were_put(
    catalogue, copy, transfer, run, result
):
    with catalogue.transaction() as tx:
        tx.put_copy(copy)
        tx.put_transfer(transfer)
        tx.put_audit_run(run)
        tx.put_audit_results([result])
    assert copy in catalogue.copies(copy.object_id)
    assert copy in list(catalogue.copies_of_store(copy.store))
    assert catalogue.transfer(transfer.transfer_id) == transfer
    assert catalogue.audit_run(run.run_id) == run
    assert result in catalogue.audit_results(result.run_id)
    assert result in catalogue.audit_history(result.object_id)


@any_values
@given(any_record(EventRecord))
def test_any_event_comes_back_with_the_next_sequence(catalogue, event):
    last = catalogue.last_sequence()
    event = replace(event, event_id=f"{last}")
    with catalogue.transaction() as tx:
        recorded = tx.append_event(event)
    assert recorded == replace(event, sequence=last + 1)
    assert catalogue.events(after=last) == (recorded,)
    assert catalogue.outbox()[-1] == recorded


def test_putting_an_object_again_replaces_everything_of_it(catalogue):
    first = make_object(title="Quyết định đất đai")
    second = replace(first, title="Kế hoạch", head="v2")
    with catalogue.transaction() as tx:
        put(tx, first)
    with catalogue.transaction() as tx:
        put(tx, second, documents=[], expected=[], payload={})
    assert catalogue.object(first.object_id) == second
    assert catalogue.documents(first.object_id) == ()
    assert catalogue.expected(first.object_id) == ()
    assert catalogue.objects_with_payload([f"{first.object_id}-digest"]) == {}
    assert catalogue.search("đất", limit=5) == ()
    assert [hit.record for hit in catalogue.search("kế hoạch", limit=5)] == [second]


def test_a_document_of_another_object_is_never_put_under_this_one(catalogue):
    record, other = make_object(1), make_object(2)
    with pytest.raises(ValueError, match="another object"), catalogue.transaction() as tx:
        put(tx, record, documents=[make_document(other)])
    assert catalogue.object(record.object_id) is None


def test_versions_are_in_the_order_of_their_numbers(catalogue):
    record = make_object()
    with catalogue.transaction() as tx:
        put(tx, record, versions=[make_version(record, f"v{n}") for n in (10, 9, 1, 2)])
    assert [v.version for v in catalogue.versions(record.object_id)] == ["v1", "v2", "v9", "v10"]


def test_objects_are_listed_by_id_page_after_page(catalogue):
    made = [make_object(n, mode=f"0{n % 3 + 1}", fonds_code=f"F{n % 2}") for n in range(600, 0, -1)]
    with catalogue.transaction() as tx:
        for record in made:
            put(tx, record, documents=[], expected=[], text=SearchText())
    made.sort(key=lambda record: record.object_id)
    assert list(catalogue.objects()) == made
    assert list(catalogue.objects(after=made[4].object_id, limit=3)) == made[5:8]
    assert list(catalogue.objects(limit=550)) == made[:550]
    assert list(catalogue.objects(fonds="F1")) == [r for r in made if r.fonds_code == "F1"]
    assert list(catalogue.objects(modes=["01", "02"])) == [r for r in made if r.mode != "03"]
    assert list(catalogue.objects(modes=[])) == []
    assert list(catalogue.objects(limit=0)) == []


def test_a_file_code_is_found_in_its_fonds_in_either_unicode_form(catalogue):
    composed, decomposed = (unicodedata.normalize(form, "HS.Đấ") for form in ("NFC", "NFD"))
    record = make_object(file_code=decomposed)
    with catalogue.transaction() as tx:
        put(tx, record)
    assert catalogue.object_by_file_code("H27.01", composed) == record
    assert catalogue.object_by_file_code("H27.02", composed) is None


def test_a_document_is_found_only_inside_its_fonds(catalogue):
    record = make_object()
    with catalogue.transaction() as tx:
        put(tx, record, documents=[make_document(record, doc_id="D1")])
    assert catalogue.object_of_document("H27.01", "D1") == record.object_id
    assert catalogue.object_of_document("H27.02", "D1") is None


def test_a_payload_held_twice_is_answered_with_the_first_object_id(catalogue):
    with catalogue.transaction() as tx:
        for number in (3, 1, 2):
            put(tx, make_object(number), payload={"data/a": "same", "data/b": f"own-{number}"})
    wanted = ["same", "own-2", "none", *(f"x{n}" for n in range(1200))]
    assert catalogue.objects_with_payload(wanted) == {"same": ID.format(1), "own-2": ID.format(2)}


def test_the_longest_unread_copy_is_the_one_read_first_and_not_the_one_tried_last(catalogue):
    assert catalogue.longest_unread("primary") is None
    assert not catalogue.any_unread("primary")
    with catalogue.transaction() as tx:
        for number, read in {1: "2026-01-03", 2: "2026-01-02", 3: "2026-06-01"}.items():
            tx.put_copy(make_copy(number, written_at="2025-12-01", read_at=read))
        tx.put_copy(make_copy(4, store="copy-1", written_at="2025-12-01", read_at="2025-12-01"))
        canary = make_copy(5, written_at="2025-11-01", read_at="2025-11-01")
        tx.put_copy(replace(canary, object_id=f"urn:{CANARY_FONDS}:uuid-1"))
        tx.mark_copy_checked(ID.format(2), "primary", "2026-07-01", "incomplete")
    found = catalogue.longest_unread("primary")
    assert (found.object_id, found.last_checked_at) == (ID.format(2), "2026-07-01")
    assert not catalogue.any_unread("primary")
    assert catalogue.any_unread("copy-1")
    with catalogue.transaction() as tx:
        tx.mark_copy_checked(ID.format(4), "copy-1", "2026-07-01", "incomplete")
    assert catalogue.any_unread("copy-1")
    with catalogue.transaction() as tx:
        tx.mark_copy_checked(ID.format(4), "copy-1", "2026-07-02", "damaged", read_all=True)
    assert not catalogue.any_unread("copy-1")


def test_a_reading_that_no_audit_made_is_unproven(catalogue):
    with catalogue.transaction() as tx:
        tx.put_audit_run(make_run())
        for number in range(1, 6):
            tx.put_copy(make_copy(number, written_at="2026-01-01", read_at="2026-01-01"))
        # 1: not read since; 2: read; 3: no result; 4: a result that did not see all; 5: another store's
        for number, read in {2: "2026-02-01", 3: "2026-02-01", 4: "2026-02-01", 5: "2999"}.items():
            tx.mark_copy_checked(ID.format(number), "primary", read, "intact", read_all=True)
        said = {"checked_at": "2026-02-01"}
        tx.put_audit_results(
            [
                make_result(2, **said),
                make_result(4, **said, verdict="incomplete", intact=0, unreadable=1, expected=1),
                make_result(5, store="copy-1", checked_at="2999"),
            ]
        )
    assert list(catalogue.unproven_readings("primary")) == [ID.format(n) for n in (3, 4, 5)]
    assert list(catalogue.unproven_readings("copy-1")) == []


def test_the_last_event_of_a_type_is_found(catalogue):
    assert catalogue.last_event("ingestion") is None
    with catalogue.transaction() as tx:
        for number, type_ in enumerate(("ingestion", "ingestion", "refusal"), 1):
            tx.append_event(make_event(number, type=type_))
    assert catalogue.last_event("ingestion").sequence == 2


def test_marking_a_copy_checked_changes_only_its_last_check(catalogue):
    with catalogue.transaction() as tx:
        tx.put_copy(make_copy())
        tx.mark_copy_checked(ID.format(1), "primary", "2026-12-01T00:00:00Z", "damaged")
    at = "2026-12-01T00:00:00Z"
    expected = make_copy(last_checked_at=at, last_verdict="damaged", tried_at=at)
    assert catalogue.copies(ID.format(1)) == (expected,)
    with catalogue.transaction() as tx:
        tx.mark_copy_checked(ID.format(1), "primary", at, "intact", read_all=True)
    expected = make_copy(last_checked_at=at, last_verdict="intact", read_at=at)
    assert catalogue.copies(ID.format(1)) == (expected,)
    with pytest.raises(NotFound), catalogue.transaction() as tx:
        tx.mark_copy_checked(ID.format(1), "copy-9", "2026-12-01T00:00:00Z", "intact")


def test_the_accepted_transfer_of_a_container_is_preferred_to_later_ones(catalogue):
    same = {"container_sha256": "c"}
    with catalogue.transaction() as tx:
        tx.put_transfer(make_transfer(1, state="refused", received_at="2026-01-01", **same))
        tx.put_transfer(make_transfer(2, state="refused", received_at="2026-01-02", **same))
    assert catalogue.transfer_by_container("c").transfer_id == "t-2"
    with catalogue.transaction() as tx:
        tx.put_transfer(make_transfer(3, received_at="2026-01-03", **same))
        tx.put_transfer(make_transfer(4, state="held-already", received_at="2026-01-04", **same))
    assert catalogue.transfer_by_container("c").transfer_id == "t-3"
    assert catalogue.transfer_by_container("d") is None
    assert [t.transfer_id for t in catalogue.transfers()] == ["t-4", "t-3", "t-2", "t-1"]
    assert [t.transfer_id for t in catalogue.transfers(1, "refused")] == ["t-2"]


def test_a_million_intact_results_need_no_lists_and_the_bad_ones_can_be_asked_for(catalogue):
    bad = make_result(
        700, verdict="damaged", intact=8, altered=1, files=({"path": "v1/a", "verdict": "ALTERED"},)
    )
    results = [make_result(n) for n in range(1, 1201) if n != 700]
    with catalogue.transaction() as tx:
        tx.put_audit_run(make_run(totals={"expected": 10}))
        tx.put_audit_results([*results, bad])
        tx.put_audit_results([bad])  # judged a second time
    assert len(catalogue.audit_results("a-1")) == 1200
    assert catalogue.audit_results("a-1", only_not_intact=True) == (bad,)
    assert catalogue.audit_runs(5) == (make_run(totals={"expected": 10}),)


def test_the_history_of_an_object_is_last_check_first(catalogue):
    times = {"a-2": "2026-02-01", "a-1": "2026-01-01", "a-3": "2026-03-01"}
    with catalogue.transaction() as tx:
        for run, at in times.items():
            tx.put_audit_results([make_result(run_id=run, checked_at=at)])
    history = catalogue.audit_history(ID.format(1))
    assert [r.run_id for r in history] == ["a-3", "a-2", "a-1"]
    assert catalogue.audit_history(ID.format(1), limit=1) == history[:1]


def test_events_are_numbered_without_gaps_and_leave_the_outbox_when_published(catalogue):
    with catalogue.transaction() as tx:
        for number in (1, 2, 3):
            tx.append_event(make_event(number))
    with pytest.raises(RuntimeError), catalogue.transaction() as tx:
        tx.append_event(make_event(4))
        raise RuntimeError
    with catalogue.transaction() as tx:
        assert tx.append_event(make_event(5)).sequence == 4
        tx.mark_published(2)
    assert [e.sequence for e in catalogue.events()] == [1, 2, 3, 4]
    assert [e.sequence for e in catalogue.events(after=1, limit=2)] == [2, 3]
    assert [e.event_id for e in catalogue.events(object_id=ID.format(5))] == ["e-5"]
    assert [e.sequence for e in catalogue.outbox(5)] == [3, 4]
    assert (catalogue.event_count(), catalogue.last_sequence()) == (4, 4)


def test_the_same_event_is_never_recorded_twice(catalogue):
    with catalogue.transaction() as tx:
        tx.append_event(make_event(1))
    with pytest.raises(Conflict), catalogue.transaction() as tx:
        tx.append_event(make_event(1))
    with pytest.raises(Conflict), catalogue.transaction() as tx:
        tx.restore_event(make_event(2, sequence=1))
    assert catalogue.event_count() == 1


def test_a_restored_event_keeps_its_place_and_stays_out_of_the_outbox(catalogue):
    with catalogue.transaction() as tx:
        tx.restore_event(make_event(2, sequence=2))
        tx.restore_event(make_event(1, sequence=1))
        tx.append_event(make_event(3))
    assert [e.event_id for e in catalogue.events()] == ["e-1", "e-2", "e-3"]
    assert [e.event_id for e in catalogue.outbox(9)] == ["e-3"]
    with pytest.raises(ValueError, match="sequence"), catalogue.transaction() as tx:
        tx.restore_event(make_event(4))


def test_counts_are_sums_of_what_is_asked_for(catalogue):
    assert set(catalogue.counts().values()) == {0}
    with catalogue.transaction() as tx:
        put(tx, make_object(1))
        put(tx, make_object(2, mode="02", byte_count=2**40))
        tx.put_transfer(make_transfer(1))
        tx.put_transfer(make_transfer(2, state="refused"))
        tx.append_event(make_event())
    counts = catalogue.counts()
    assert counts["objects"] == 2
    assert counts["documents"] == 4
    assert counts["files"] == 18
    assert counts["bytes"] == 2**40 + 1234
    assert counts["transfers"] == 2
    assert counts["transfers.refused"] == counts["transfers.accepted"] == counts["events"] == 1
    assert counts["transfers.returned"] == 0
    assert catalogue.counts(modes=["01"]) == {
        "objects": 1,
        "documents": 2,
        "files": 9,
        "bytes": 1234,
    }


def test_nothing_of_a_transaction_stays_after_an_exception(catalogue):
    with pytest.raises(KeyError), catalogue.transaction() as tx:
        put(tx, make_object())
        tx.put_copy(make_copy())
        tx.append_event(make_event())
        raise KeyError("stop")
    assert catalogue.object(ID.format(1)) is None
    assert catalogue.copies(ID.format(1)) == ()
    assert catalogue.outbox(1) == ()
    assert catalogue.search("hồ sơ", limit=1) == ()


def test_the_order_of_puts_and_earlier_values_are_not_visible(tmp_path, empty_file):
    """A rebuilt catalogue must answer as the first one did."""

    def fill(path, order, *, twice):
        path.write_bytes(empty_file)
        with open_catalogue(path) as catalogue:
            if twice:
                with catalogue.transaction() as tx:
                    for n in order:
                        put(tx, make_object(n, title="Tên cũ", mode="02"), documents=[])
            for n in order:
                with catalogue.transaction() as tx:
                    tx.put_audit_results([make_result(n), make_result(n, store="copy-1")])
                    tx.put_copy(make_copy(n))
                    tx.put_copy(make_copy(n, store="copy-1"))
                    put(tx, make_object(n), payload={"data/a": "same"})
                    tx.put_transfer(make_transfer(n))
                    tx.restore_event(make_event(n, sequence=n))
            with catalogue.transaction() as tx:
                tx.put_audit_run(make_run())
            return [
                list(catalogue.objects()),
                [catalogue.documents(ID.format(n)) for n in order_1],
                list(catalogue.copies_of_store("primary")),
                catalogue.longest_unread("copy-1"),
                catalogue.transfers(),
                catalogue.audit_results("a-1"),
                catalogue.audit_history(ID.format(3)),
                catalogue.events(),
                catalogue.counts(),
                catalogue.objects_with_payload(["same"]),
                catalogue.search("ho so", limit=4),
                catalogue.search("hồ sơ 5 khác", limit=9),
            ]

    order_1, order_2 = list(range(1, 8)), [4, 7, 1, 3, 2, 6, 5]
    first = fill(tmp_path / "1.sqlite", order_1, twice=False)
    assert fill(tmp_path / "2.sqlite", order_2, twice=True) == first
