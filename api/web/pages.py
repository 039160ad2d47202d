"""All pages, put in front of the API: `install` is the one line that the application needs."""

from __future__ import annotations

from fastapi import FastAPI

from api.services import ApiServices
from api.web import (
    auditing_pages,
    coverage_pages,
    dossier_pages,
    explaining_pages,
    finding_pages,
    incident_pages,
    problem_pages,
    viewer_pages,
)
from api.web.coverage_pages import Coverages
from api.web.standing import Kinds, Standings


def add_pages(app: FastAPI, services: ApiServices) -> None:
    """Add the pages. Called before the API's routes, so that those who want a page find it first."""
    app.state.standings = Standings(services.catalogue, services.stores, services.audits)
    app.state.kinds = Kinds(services.catalogue)
    app.state.coverages = Coverages(services)
    app.include_router(coverage_pages.router)  # before the lists of the desk, beside which it lies
    for module in (finding_pages, auditing_pages, explaining_pages, dossier_pages):
        app.include_router(module.pages)
    app.include_router(dossier_pages.version_pages)
    app.include_router(finding_pages.facets)
    for other in (finding_pages, auditing_pages, explaining_pages, viewer_pages, incident_pages):
        app.include_router(other.router)


def add_problem_pages(app: FastAPI) -> None:
    """Let problems of reading be pages. Called after the API's handlers and before its layers."""
    problem_pages.add_layer(app, reading=True)
    problem_pages.tell_unexpected(app)


def add_refusal_pages(app: FastAPI) -> None:
    """Let refusals of other methods be pages. Called after the API's layers."""
    problem_pages.add_layer(app, reading=False)
