"""The application: routes and errors around the services it is given. Reads no settings."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import FastAPI

from api import openapi, problems
from api.cursors import Cursors
from api.holdings import Holdings
from api.links import Links
from api.methods import ReadingOnly
from api.routes import about, audits, objects, search, transfers, versions
from api.services import ApiServices
from api.web.pages import add_pages, add_problem_pages, add_refusal_pages


def create_app(services: ApiServices) -> FastAPI:
    """A new application. It writes nothing but its spool, and holds nothing that has to be closed."""
    links = Links(services.base_url)
    app = FastAPI(
        title="Kho",
        version=openapi.VERSION,
        docs_url=None,  # its pages load scripts from outside
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.links = links
    app.state.cursors = Cursors(services.signing_key)
    app.state.holdings = Holdings(services)
    add_pages(app, services)
    for module in (about, objects, versions, search, audits, transfers):
        app.include_router(module.router)
    _describe_once(app)
    problems.install(app, links, services.archive_name)
    add_problem_pages(app)
    app.add_middleware(
        ReadingOnly,
        refuse=partial(
            problems.problem_response, "method-not-allowed", links, services.archive_name
        ),
    )
    add_refusal_pages(app)
    return app


def _describe_once(app: FastAPI) -> None:
    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.describe(app)
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]
