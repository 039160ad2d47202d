"""dossier.json: what is written is read back whole, and nothing else is read at all."""

import contextlib
import json
import re
from dataclasses import MISSING, fields, is_dataclass, replace
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from preservation.dossier import FileRole
from preservation.package.record_json import (
    FORMAT,
    IntakeSums,
    InvalidRecord,
    Projection,
    Record,
    read_record,
    read_whole_record,
    write_record,
    write_whole_record,
)
from tests.preservation.package.builder import make_documents, make_dossier, make_files, make_plan
from tests.preservation.package.strategies import dossiers

SCHEMA = json.loads((package_files("schemas") / "json/dossier.schema.json").read_bytes())
FACTS = {"profile": "tt05-2025/1", "created": "2026-11-22T03:04:05Z", "software": "Kho 0.1.0"}


def write(dossier):
    return write_record(dossier, **FACTS)


def schema_faults(data):
    return [e.message for e in Draft202012Validator(SCHEMA).iter_errors(json.loads(data))]


@given(dossiers())
def test_a_record_read_back_is_the_record_written(dossier):
    data = write(dossier)
    assert read_record(data) == dossier
    assert write(read_record(data)) == data


@given(dossiers())
def test_the_form_is_that_of_the_json_library_with_an_indentation_of_one(dossier):
    data = write(dossier)
    assert json.dumps(json.loads(data), ensure_ascii=False, indent=1) + "\n" == data.decode()


@given(dossiers())
def test_every_record_obeys_its_published_schema(dossier):
    assert schema_faults(write(dossier)) == []


def test_the_record_of_a_planned_package_obeys_its_schema_too():
    plan = make_plan()
    (record,) = [f for f in plan.version.files if f.logical_path.endswith("dossier.json")]
    assert schema_faults(record.source.data) == []
    assert read_record(record.source.data) == plan.dossier


def test_earlier_projections_and_intake_sums_come_back():
    first = Projection("tt05-2025/0", "2025-01-01T00:00:00Z", "Kho 0.0.1", "Lan", "")
    data = write_record(
        make_dossier(), **FACTS, reason="tt05", intake=IntakeSums(0, 2, 1), earlier=(first,)
    )
    record = read_whole_record(data)
    assert record.projections == (first, Projection(**FACTS, reason="tt05"))
    assert record.intake == IntakeSums(0, 2, 1)


def test_the_form_is_stable_utf8_with_one_newline_at_its_end():
    data = write(make_dossier())
    assert data.endswith(b"}\n")
    assert not data.endswith(b"\n\n")
    assert "Hồ sơ về việc".encode() in data
    assert data.startswith(b'{\n "format": "kho-dossier/1",\n "dossier": {\n  "object_id":')


def definition_of(cls: type) -> dict[str, Any]:
    name = {"PartialDate": "partialDate", "SenderDigest": "senderDigest"}.get(
        cls.__name__, cls.__name__[0].lower() + cls.__name__[1:]
    )
    name = {"receivedFile": "file", "intakeSums": "intake"}.get(name, name)
    if cls is Record:
        return SCHEMA
    return SCHEMA["$defs"][name]


def record_classes() -> list[type]:
    found: dict[type, None] = {}
    todo: list[Any] = [Record]
    while todo:
        one = todo.pop()
        if is_dataclass(one) and one not in found:
            found[one] = None
            todo += get_type_hints(one).values()
        elif get_origin(one) is not None:
            todo += get_args(one)
    return list(found)


@pytest.mark.parametrize("cls", record_classes(), ids=lambda cls: cls.__name__)
def test_the_schema_describes_every_field_of_every_record_class(cls):
    described = definition_of(cls)
    names = {field.name for field in fields(cls)} | ({"format"} if cls is Record else set())
    assert set(described["properties"]) == names
    assert described["additionalProperties"] is False
    needed = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    assert set(described["required"]) - {"format"} == needed
    for name, about in described["properties"].items():
        assert about.get("description") or "$ref" in about, name


def test_the_document_about_it_lists_every_field_of_the_schema_with_its_meaning():
    text = (Path(__file__).parents[3] / "docs/dossier-json.md").read_text("utf-8")
    sections = dict(re.findall(r"^### `(.+?)`\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL))
    described = {"(top)": SCHEMA, **SCHEMA["$defs"]}
    assert sections.keys() == described.keys()
    for name, section in sections.items():
        rows = re.findall(r"^\| `(\w+)` \| .+ \| (always|may be absent) \| (.+) \|$", section, re.M)
        assert [row[0] for row in rows] == list(described[name]["properties"])
        needed = {row[0] for row in rows if row[1] == "always"}
        assert needed == set(described[name]["required"])


def test_a_record_from_before_a_field_existed_is_read_with_its_default():
    tree = json.loads(write(make_dossier()))
    del tree["dossier"]["custody"]
    del tree["dossier"]["documents"][0]["keywords"]
    record = read_record(json.dumps(tree).encode())
    assert record.custody is None
    assert record.documents[0].keywords == ()


def spoilt(change) -> bytes:
    tree = json.loads(write(make_dossier()))
    change(tree)
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.update(format="kho-dossier/2"), FORMAT),
        (lambda t: t.pop("format"), FORMAT),
        (lambda t: t.update(extra=1), "extra"),
        (lambda t: t.update(projections=[]), "projection"),
        (lambda t: t["dossier"].update(size=1), "size"),
        (lambda t: t["dossier"].pop("title"), "title"),
        (lambda t: t["dossier"].update(title=7), "dossier.title"),
        (lambda t: t["dossier"].update(title=None), "dossier.title"),
        (lambda t: t["dossier"].update(title="\ud800"), "surrogate"),
        (lambda t: t["dossier"].update(mode=[]), "dossier.mode"),
        (lambda t: t["dossier"].update(object_id=""), "object identifier"),
        (lambda t: t["dossier"]["files"][0].update(size=True), "files[0].size"),
        (lambda t: t["dossier"]["files"][0].update(size=1.5), "files[0].size"),
        (lambda t: t["dossier"]["files"][0].update(size=-1), "size"),
        (lambda t: t["dossier"]["files"][0].update(role="other"), "files[0].role"),
        (lambda t: t["dossier"]["files"][1].update(file_id="f0001"), "f0001"),
        (lambda t: t["dossier"]["files"][0].update(stored_path="../x"), "relative path"),
        (lambda t: t["dossier"]["files"][0]["digests"].pop("sha512"), "sha512"),
        (lambda t: t["dossier"]["files"][0]["digests"].update(sha256="AB" * 32), "sha256"),
        (lambda t: t["dossier"]["documents"][0].update(file_ids=["f9999"]), "f9999"),
        (lambda t: t["dossier"]["documents"][0].update(given=[["a"]]), "given"),
        (lambda t: t["dossier"]["documents"][0].update(kind=["text"]), "kind"),
    ],
)
def test_what_is_not_such_a_record_is_refused_and_told(change, says):
    with pytest.raises(InvalidRecord) as refused:
        read_record(spoilt(change))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b'{"format": "kho-dossier/1"}',
        b'{"format": "kho-dossier/1", "format": "kho-dossier/1"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": NaN}',
        b'{"format": ' + b"9" * 5000 + b"}",
        write(make_dossier())[:-3],
    ],
)
def test_bytes_that_are_no_record_raise_one_clear_error(data):
    with pytest.raises(InvalidRecord):
        read_record(data)


@given(st.data())
def test_a_damaged_record_is_refused_or_read_never_anything_else(data):
    whole = bytearray(write(make_dossier()))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InvalidRecord):
        read_record(bytes(whole))


@pytest.mark.parametrize(
    "changes",
    [
        {"files": (*make_files(), make_files()[0])},
        {"files": make_files()[:5]},
        {"documents": (replace(make_documents()[0], file_ids=("nowhere",)),)},
        {"title": "half \ud800"},
        {"files": (replace(make_files()[0], digests={"sha256": "ab" * 32}),), "documents": ()},
        {"object_id": ""},
    ],
)
def test_a_dossier_that_could_not_be_read_back_is_not_written(changes):
    with pytest.raises(InvalidRecord):
        write(make_dossier(**changes))


def test_two_files_in_one_place_are_not_written():
    placed = tuple(replace(file, stored_path="data/x") for file in make_files()[:2])
    with pytest.raises(InvalidRecord, match="stored_path"):
        write(make_dossier(files=placed, documents=()))


def test_a_record_without_a_projection_is_not_written():
    with pytest.raises(InvalidRecord, match="projection"):
        write_whole_record(Record(make_dossier(), IntakeSums(), ()))


def test_roles_are_written_by_their_stable_words():
    tree = json.loads(write(make_dossier()))
    assert {file["role"] for file in tree["dossier"]["files"]} == {role.value for role in FileRole}
