"""Records for tests: valid except for what is changed; and strategies for any records."""

import inspect
from dataclasses import replace

from hypothesis import strategies as st

from repository.catalogue import records
from repository.catalogue.records import (
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
from repository.search_text import SearchText

ID = "urn:H27.01:uuid-00000000-0000-4000-8000-{:012d}"


def make_object(number=1, **changes):
    record = ObjectRecord(
        object_id=ID.format(number),
        fonds_code="H27.01",
        agency_name="Sở Nội vụ",
        file_code=f"HS.{number:04d}",
        arc_file_code=f"H27.01.HS.{number:04d}",
        title=f"Hồ sơ số {number}",
        mode="01",
        maintenance="01",
        start_date="2019-03-01",
        end_date="2021",
        document_count=2,
        file_count=9,
        byte_count=1234,
        head="v1",
        profile="tt05-2025/1",
        transfer_id=f"t-{number}",
        first_held_at="2026-11-22T01:02:03Z",
        updated_at="2026-11-22T01:02:03Z",
    )
    return replace(record, **changes)


def make_document(record, ordinal=1, **changes):
    document = DocumentRecord(
        object_id=record.object_id,
        ordinal=ordinal,
        kind="text",
        doc_id=f"{record.file_code}.{ordinal:07d}",
        doc_code=f"{record.file_code}.{ordinal:07d}",
        title=f"Văn bản {ordinal}",
        type_code="02",
        code_number="123",
        code_notation="QĐ-UBND",
        issued_date="2020-05-17",
        organ_name="UBND tỉnh Hà Tĩnh",
        mode="01",
        pages=3,
        files=({"path": "data/a.pdf", "size": 7, "sha256": "ab", "sha512": "cd"},),
    )
    return replace(document, **changes)


def make_version(record, version="v1", **changes):
    made = VersionRecord(
        record.object_id, version, "2026-11-22T01:02:03Z", "Nhận", "lan", "0f" * 64, record.profile
    )
    return replace(made, **changes)


def put(tx, record, *, documents=None, versions=None, expected=None, payload=None, text=None):
    tx.put_object(
        record,
        [make_document(record, 1), make_document(record, 2)] if documents is None else documents,
        [make_version(record)] if versions is None else versions,
        [ExpectedRecord(record.object_id, "0=ocfl_object_1.1", 16, "ee" * 64)]
        if expected is None
        else expected,
        {"data/a.pdf": f"{record.object_id}-digest"} if payload is None else payload,
        SearchText(title=record.title, codes=record.file_code) if text is None else text,
    )


def make_event(number=1, **changes):
    event = EventRecord(
        event_id=f"e-{number}",
        type="ingestion",
        at="2026-11-22T01:02:03Z",
        agent="kho",
        outcome="success",
        object_id=ID.format(number),
        transfer_id=f"t-{number}",
        detail={"files": number, "note": "đã nhận"},
    )
    return replace(event, **changes)


def make_transfer(number=1, **changes):
    transfer = TransferRecord(
        transfer_id=f"t-{number}",
        source="SIP_hoso.zip",
        shape="tt05-sip-zip",
        container_sha256=f"{number:064x}",
        received_at="2026-11-22T01:02:03Z",
        finished_at="",
        operator="lan",
        state="accepted",
        object_id=ID.format(number),
        version="v1",
        title="Hồ sơ",
        decided_by="",
        reason="",
    )
    return replace(transfer, **changes)


def make_copy(number=1, **changes):
    copy = CopyRecord(ID.format(number), "primary", "v1", "2026-11-22T01:02:03Z", "direct", "", "")
    return replace(copy, **changes)


def make_run(number=1, **changes):
    run = AuditRunRecord(
        f"a-{number}", "all", "2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z", "kho", "success"
    )
    return replace(run, **changes)


def make_result(number=1, **changes):
    result = AuditResultRecord(
        run_id="a-1",
        object_id=ID.format(number),
        store="primary",
        checked_at="2026-11-22T01:30:00Z",
        verdict="intact",
        expected=9,
        intact=9,
        altered=0,
        missing=0,
        unreadable=0,
        not_checked=0,
        unexpected=0,
        byte_count=1234,
    )
    return replace(result, **changes)


# Any Python string, lone surrogates and NUL included: names of files are hostile.
any_text = st.text(max_size=30)
numbers = st.integers(0, 2**63 - 1)
plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(any_text, plain_json, max_size=4)

_STRATEGIES = {
    "str": any_text,
    "int": numbers,
    "int | None": st.none() | st.integers(),
    "Sequence[Mapping[str, Json]]": st.lists(mappings, max_size=3).map(tuple),
    "Mapping[str, Json]": mappings,
}


def any_record(kind, **fixed):
    """Any value of one kind of record; its field types choose the strategies."""
    assert kind.__module__ == records.__name__
    return st.builds(
        kind,
        **{
            name: fixed.get(name, _STRATEGIES[getattr(type_, "__forward_arg__", type_)])
            for name, type_ in inspect.get_annotations(kind).items()
        },
    )
