"""Pages for people: each one file, with its own style and script, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from webhook_core.settings.settings import Settings
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import HttpRequest, HttpResponse
from webhook_core.web.operators import Operators

if TYPE_CHECKING:
    from webhook_core.web.pages.composing import Composing
    from webhook_core.web.pages.operator import OperatorPages

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

    def pages() -> OperatorPages:
        from webhook_core.web.pages.operator import OperatorPages  # the composer needs no template

        return OperatorPages(open_operators(), gate, settings)

    def composing() -> Composing:
        from webhook_core.web.pages.composing import Composing  # only with a login

        return Composing(open_operators(), settings)

    return {
        "/compose": {"GET": composer},
        "/operator": {"GET": lambda: pages().show(request)},
        "/operator/compose": {"GET": lambda: composing().session(request)},
        "/operator/compose/token": {"POST": lambda: composing().mint(request)},
        "/operator/login": {"POST": lambda: pages().log_in(request)},
        "/operator/logout": {"POST": lambda: pages().log_out(request)},
        "/operator/pause": {"POST": lambda: pages().pause(request)},
        "/operator/resume": {"POST": lambda: pages().resume(request)},
    }
