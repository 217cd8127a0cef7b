"""Where a request may come from, by each function's settings: the fuzz's own reading of
them, on texts alone."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from tests.fuzz.requests import BALANCERS, CERTIFICATE, Request

HASHES = {
    CERTIFICATE.hex(),
    base64.b64encode(CERTIFICATE).decode(),
    base64.b64encode(CERTIFICATE).decode().rstrip("="),
}
LISTED_PEERS = {"203.0.113.9", "::1"}
TRADINGVIEW = {"52.89.214.238", "::ffff:52.89.214.238", "::FFFF:52.89.214.238"}


def may_come_in(asked: Request, env: Mapping[str, str]) -> bool:
    if asked.has_token_in_path and "ALLOW_TOKEN_IN_URL" not in env:
        return False
    if "CLIENT_CERT_HEADERS" in env:
        headers = asked.headers
        shown = (
            headers.get("x-client-cert-present") == "true"
            and headers.get("x-client-cert-hash") in HASHES
        )
        return asked.peer in BALANCERS and shown
    if "TRUSTED_PROXY_HOPS" in env:
        entries = asked.headers.get("x-forwarded-for", "").split(",")
        return len(entries) > 1 and entries[-2].strip() in TRADINGVIEW
    return "ALLOWED_IPS" not in env or asked.peer in LISTED_PEERS
