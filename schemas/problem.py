"""The shape of every error of the API: RFC 9457 problem details, with `code` and `violations` added.

Owns the shape only. Which failure becomes which problem is in `api/problems.py`, the texts are in
`schemas/texts/api.*.json`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Violation(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(description="What kind of fault, a stable word.")
    location: str = Field(description="Which part of the request, such as `query.limit`.")
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details. `type` is a page that explains the kind of problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field(description="The address of a page that explains this kind of problem.")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do, in the reader's language.")
    code: str = Field(description="The last part of `type`: stable, never translated.")
    violations: tuple[Violation, ...] = ()
