"""From gathered values to a page that a browser prints on A4. Everything put in is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from preservation.forms.gathering import Keeper
from repository.clock import VIETNAM


class Paper(StrEnum):
    """The forms, as the command line names them."""

    INSPECTION = "bien-ban-kiem-tra"
    COPY_LOG = "nhat-ky-sao-luu"
    COPY_RECORD = "bien-ban-sao-luu"
    INCIDENT = "bien-ban-su-co"


def print_paper(
    paper: Paper, values: Mapping[str, Any], keeper: Keeper, *, now: datetime, software: str
) -> str:
    """The whole page as HTML, with its style in it: it needs nothing else to be read or printed."""
    page = _environment().get_template(f"{paper.value}.html")
    return page.render(
        **values, keeper=keeper, today=now.astimezone(VIETNAM), software=software, paper=paper.value
    )


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("preservation.forms"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["dots"] = _dots
    made.filters["number"] = _number
    return made


def _dots(value: object) -> object:
    """The value; where there is none, a dotted line for a pen."""
    if value is None or value == "" or value == [] or value == {}:
        return Markup('<span class="dots"></span>')
    return value


def _number(value: object) -> object:
    """1.234.567; what is no number stays what it is."""
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else value
