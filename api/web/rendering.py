"""From a template and its values to an answer: the headers, the language, and what every page shows.

Pages load nothing but their own style sheet and pictures, and run nothing. Every value is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from api.access import PRIVATE
from api.services import ApiServices
from api.texts import Language
from api.web.addresses import Addresses
from api.web.words import Words, other
from repository.digest import digest_bytes
from schemas.codelists import code_list

COOKIE: Final = "kho_lang"
_A_YEAR: Final = 365 * 24 * 3600
_KEPT_ALONE: Final = "private, no-cache"  # pages differ by language: only their reader keeps them
POLICY: Final = (
    "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
STATIC: Final[Mapping[str, str]] = {
    "kho.css": "text/css; charset=utf-8",
    "kho.svg": "image/svg+xml",
}


class Page:
    """One page being made for one request."""

    def __init__(self, request: Request, *, auditor: bool = False) -> None:
        services: ApiServices = request.app.state.services
        self.services = services
        self.auditor = auditor
        self.words = Words(language_of(request), services.clock.now())
        self.addresses = Addresses(request.app.state.links, style_mark())
        self._request = request

    def show(
        self,
        template: str,
        *,
        data: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        closed: bool = False,
        **values: Any,
    ) -> Response:
        """The page. `data`: the address of its JSON face; `closed`: it tells what is not open."""
        words = self.words
        html = (
            _templates()
            .get_template(template)
            .render(
                w=words,
                a=self.addresses,
                archive_name=self.services.archive_name,
                auditor=self.auditor,
                data=_with(data, format="json") if data else None,
                switch=self.here(lang=other(words.language)),
                switch_to=other(words.language),
                label=lambda element, code: code_list(element).label(code, words.language),
                **values,
            )
        )
        response = Response(
            html.encode("utf-8", "backslashreplace"),
            status,
            {
                **(headers or {}),
                "Content-Type": "text/html; charset=utf-8",
                "Content-Language": words.language,
                "Content-Security-Policy": POLICY,
                "Cache-Control": PRIVATE if closed or self.auditor else _KEPT_ALONE,
                "Vary": "Accept, Authorization, Cookie",
            },
        )
        if _asked_language(self._request) == words.language:
            response.set_cookie(COOKIE, words.language, max_age=_A_YEAR, samesite="lax")
        return response

    def here(self, **changed: str | int | None) -> str:
        """This address with other values in its query; None takes one away."""
        scope = self._request.scope
        asked = parse_qsl(scope["query_string"].decode("latin-1")[:4_000], keep_blank_values=True)
        kept = [(name, value) for name, value in asked if name not in (*changed, "lang")]
        kept += [(name, str(value)) for name, value in changed.items() if value is not None]
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        path: str = raw.decode("latin-1")
        return path + (f"?{urlencode(kept, errors='replace')}" if kept else "")


def language_of(request: Request) -> Language:
    """Vietnamese, unless the reader switched: in this address, or before."""
    chosen = _asked_language(request) or request.cookies.get(COOKIE)
    return "en" if chosen == "en" else "vi"


def _asked_language(request: Request) -> str | None:
    asked = request.query_params.get("lang")
    return asked if asked in ("vi", "en") else None


def static_file(name: str) -> bytes:
    """One of the files that pages load. KeyError for any other name."""
    if name not in STATIC:
        raise KeyError(name)
    return (files("api.web") / "static" / name).read_bytes()


@cache
def style_mark() -> str:
    """Changes with the style sheet, so that browsers may keep it for ever."""
    return digest_bytes(static_file("kho.css"), ["sha256"])["sha256"][:12]


def _with(address: str, **query: str) -> str:
    return address + ("&" if "?" in address else "?") + urlencode(query)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
