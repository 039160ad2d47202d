"""The description of the API (OpenAPI 3.1), also checked in as `docs/openapi.json`.

The framework's own description of errors is replaced by ours: every operation may answer with RFC 9457
problem details.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from schemas.problem import Problem

VERSION = "1"
_ABOUT = (
    "Read-only access to what a preservation archive holds. GET, HEAD and OPTIONS only; HEAD answers "
    "wherever GET does. Lists are pages of `{items, next}`; follow `next`. Every error is RFC 9457 "
    "problem details in Vietnamese or English (Accept-Language). Open dossiers are for everybody; "
    "auditors send `Authorization: Bearer KEY`, and what they read of the rest is logged. A file's "
    "ETag is its SHA-512, and Repr-Digest covers the whole file also on a range."
)


def describe(app: FastAPI) -> dict[str, Any]:
    """The description as plain data; the same for every archive."""
    document = get_openapi(title="Kho", version=VERSION, description=_ABOUT, routes=app.routes)
    components = document.setdefault("components", {})
    models = components.setdefault("schemas", {})
    shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    models.update(shape.pop("$defs", {}))
    models["Problem"] = shape
    for name in ("HTTPValidationError", "ValidationError"):
        models.pop(name, None)
    components["securitySchemes"] = {"auditor": {"type": "http", "scheme": "bearer"}}
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for path in document["paths"].values():
        for operation in path.values():
            operation["security"] = [{}, {"auditor": []}]
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "A problem (RFC 9457)",
                "content": {"application/problem+json": reference},
            }
    return document


def as_text(document: dict[str, Any]) -> str:
    """The document as it is checked in."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
