"""Pages for people: each one file, with its own style and script, and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from webhook_core.web.messages import HttpResponse

HERE = Path(__file__).parent
POLICY = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"
"""Beside the page's own, which names its style and its script by their digests."""


def composer() -> HttpResponse:
    """The form that writes an alert's message. It holds no secret, and nothing of it is sent."""
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
