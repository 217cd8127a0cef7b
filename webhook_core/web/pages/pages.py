"""Pages for people: each one file, with its own style and script, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from webhook_core.settings.settings import Settings
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import HttpRequest, HttpResponse
from webhook_core.web.operators import Operators

HERE = Path(__file__).parent
POLICY = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"
"""Beside the page's own, which names its style and its script by their digests."""


def composer() -> HttpResponse:
    """The form that writes an alert's message. It holds no secret."""
    return HttpResponse(
        200,
        (HERE / "compose.html").read_bytes(),
        {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "max-age=3600",
        },
    )


def routes(
    open_operators: Callable[[], Operators],
    gate: Gate | ClosedGate,
    settings: Settings,
    request: HttpRequest,
) -> Mapping[str, Mapping[str, Callable[[], HttpResponse]]]:
    """By path and method."""

    def operators(name: str) -> Callable[[], HttpResponse]:
        def answer() -> HttpResponse:
            from webhook_core.web.pages.operator import (
                OperatorPages,  # the composer needs no template
            )

            pages = OperatorPages(open_operators(), gate, settings)
            response: HttpResponse = getattr(pages, name)(request)
            return response

        return answer

    def composing(name: str) -> Callable[[], HttpResponse]:
        def answer() -> HttpResponse:
            from webhook_core.web.pages.composing import Composing  # only with a login

            response: HttpResponse = getattr(Composing(open_operators(), settings), name)(request)
            return response

        return answer

    forms = {"login": "log_in", "logout": "log_out", "pause": "pause", "resume": "resume"}
    return {
        "/compose": {"GET": composer},
        "/operator": {"GET": operators("show")},
        "/operator/compose": {"GET": composing("session")},
        "/operator/compose/token": {"POST": composing("mint")},
        **{f"/operator/{path}": {"POST": operators(name)} for path, name in forms.items()},
    }
