"""The description of the API: complete, checked in, and current."""

import json
from pathlib import Path

from api.openapi import as_text
from schemas.problem import Problem

CHECKED_IN = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_checked_in_description_is_current(reader):
    """After a wanted change: `python -m tests.api.write_openapi`."""
    assert CHECKED_IN.read_text("utf-8") == as_text(reader.get("/openapi.json").json())


def test_every_operation_reads_and_may_answer_with_a_problem(reader):
    document = reader.get("/openapi.json").json()
    assert len(document["paths"]) >= 24
    for path, operations in document["paths"].items():
        assert operations.keys() == {"get"}, path
        operation = operations["get"]
        assert operation["summary"]
        assert "422" not in operation["responses"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    names = [operation["get"]["operationId"] for operation in document["paths"].values()]
    assert len(names) == len(set(names))


def test_every_reference_in_the_description_is_defined(reader):
    text = reader.get("/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas
    assert schemas["Problem"]["properties"].keys() == Problem.model_fields.keys()
