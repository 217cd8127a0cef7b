"""The operator's page: log in, see what the bridge does, pause it and resume it.

Everything is rendered here, and nothing of it needs JavaScript. A form is taken only with the
cookie of its session and the proof that a page of that session made it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webhook_core.errors import (
    AlertMalformed,
    NotItsTurn,
    RateLimited,
    Unauthenticated,
    VenueUnavailable,
)
from webhook_core.settings.settings import Settings
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import HttpRequest, HttpResponse
from webhook_core.web.operators import Operators
from webhook_core.web.pages.amounts import HEIGHT, WIDTH
from webhook_core.web.pages.login import Logins, Sessions, form_of
from webhook_core.web.pages.view import View

HERE = Path(__file__).parent
HOME = "/operator"
_MAY_BE_OPEN = (
    "Paused. Not every open order is canceled, or one may be in the book unseen: again soon."
)
_MAY_BE_HELD = "Paused. Not every position is closed: see its alert below, and again soon."


@dataclass(slots=True)
class OperatorPages:
    """Every method raises NotFound where there is no operator token."""

    operators: Operators
    gate: Gate | ClosedGate
    settings: Settings

    def show(self, request: HttpRequest) -> HttpResponse:
        """The page of a session, else the form that begins one."""
        session = self._session(request)
        if session is None:
            return self._login(request, 200)
        return self._shown(session, request.query)

    def log_in(self, request: HttpRequest) -> HttpResponse:
        """A wrong token is a failed proof like any other. Browsers name the ``Origin`` of a form
        (fetch.spec.whatwg.org, append a request Origin header); one that is not ours is not read.
        """
        sessions, said = self._sessions(), form_of(request)
        is_ours = sessions.is_login_form(request.headers, said.get("proof", ""))
        if "origin" in request.headers and not is_ours:
            return self._login(request, 403, "Log in with this form. It needs cookies.")
        bearer = {**request.headers, "authorization": f"Bearer {said.get('token', '')}"}
        try:
            self.gate.admit_operator(request._replace(headers=bearer), self.operators)
        except Unauthenticated:
            return self._login(request, 401, "This is not the operator token.")
        except RateLimited as error:
            return self._login(request, 429, error.message)
        return _see_other(sessions.begin(self.operators.clock.now()))

    def _login(self, request: HttpRequest, status: int, said: str = "") -> HttpResponse:
        proof, cookie = self._sessions().login_form(request.headers)
        page = _page(status, "login.html", said=said, proof=proof)
        if status in (401, 429):  # whoever was at the form has the cookie
            return page
        return page._replace(headers={**page.headers, "set-cookie": cookie})

    def log_out(self, request: HttpRequest) -> HttpResponse:
        """The session ends, its cookie goes. Raises LedgerUnavailable: it has not ended."""
        if self._session(request) is not None:
            session, _ = self._proved(request)
            Logins(self.operators).end(session)
        return _see_other(self._sessions().end())

    def pause(self, request: HttpRequest) -> HttpResponse:
        """``strategy`` (all without one), ``entries``, ``for``, ``why``, ``cancel`` and ``close``,
        as POST /pause takes them."""
        return self._switch(request, self.operators.pause)

    def resume(self, request: HttpRequest) -> HttpResponse:
        """``strategy``, the account without one."""
        return self._switch(request, self.operators.resume)

    def _switch(
        self, request: HttpRequest, change: Callable[[Mapping[str, str]], dict[str, Any]]
    ) -> HttpResponse:
        if self._session(request) is None:  # it has ended: log in again
            return _see_other()
        session, said = self._proved(request)
        asked = {name: value for name, value in said.items() if name != "proof" and value.strip()}
        try:
            done = change({**asked, "by": "the operator's page"})
        except (AlertMalformed, VenueUnavailable, NotItsTurn) as error:
            return self._shown(session, {}, status=error.status, said=error.message)
        for part, warns in (("closed", _MAY_BE_HELD), ("canceled", _MAY_BE_OPEN)):
            if not done.get(part, {}).get("complete", True):
                return self._shown(session, {}, said=warns)
        return _see_other()

    def _shown(
        self, session: str, query: Mapping[str, str], status: int = 200, said: str = ""
    ) -> HttpResponse:
        view = View(self.operators, self.settings)
        try:
            shown = view.page(query)
        except AlertMalformed as error:
            status, said, shown = 400, error.message, view.page({})
        proof = self._sessions().form_proof(session)
        return _page(status, "operator.html", said=said, proof=proof, **shown)

    def _proved(self, request: HttpRequest) -> tuple[str, dict[str, str]]:
        """The session and the form. Raises Unauthenticated."""
        session, said = self._session(request), form_of(request)
        if session is None or not self._sessions().is_form_of(session, said.get("proof", "")):
            raise Unauthenticated("a form of the operator's page without its session")
        return session, said

    def _session(self, request: HttpRequest) -> str | None:
        return Logins(self.operators).current(request.headers)

    def _sessions(self) -> Sessions:
        return Logins(self.operators).sessions


def _see_other(cookie: str | None = None) -> HttpResponse:
    headers = {"location": HOME, **_HEADERS}
    return HttpResponse(303, b"", headers if cookie is None else {**headers, "set-cookie": cookie})


def _page(status: int, name: str, **shown: Any) -> HttpResponse:
    text = _templates().get_template(name).render(width=WIDTH, height=HEIGHT, **_parts(), **shown)
    policy = (
        f"default-src 'none'; style-src '{_digest('page.css')}'; script-src "
        f"'{_digest('page.js')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        **_HEADERS,
    }
    return HttpResponse(status, text.encode(), headers)


_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@cache
def _parts() -> dict[str, str]:
    names = {"style": "page.css", "script": "page.js"}
    return {part: (HERE / name).read_text("utf-8") for part, name in names.items()}


@cache
def _digest(name: str) -> str:
    digest = hashlib.sha256((HERE / name).read_bytes()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
