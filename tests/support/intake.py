"""Requests, signatures and verified bodies for the tests.

The signatures are made here, independently of the code under test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal

from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.credentials import Credential, Scheme, signing_credential, token_credential
from webhook_core.web.messages import HttpRequest

NOW = datetime(2026, 2, 18, 14, 30, 30, tzinfo=UTC)
TOKEN = "tok-5f0c1de2a7b94c38"
X_SECRET = "xsig-0123456789abcdef"
SW_KEY = bytes(range(32))
SW_SECRET = "whsec_" + base64.b64encode(SW_KEY).decode()

TOKEN_CREDENTIAL = token_credential(TOKEN, "WEBHOOK_TOKEN[0]")
X_CREDENTIAL = signing_credential(X_SECRET, "WEBHOOK_SECRET[0]")
SW_CREDENTIAL = signing_credential(SW_SECRET, "WEBHOOK_SECRET[1]")
ALL_CREDENTIALS = (TOKEN_CREDENTIAL, X_CREDENTIAL, SW_CREDENTIAL)


def request(body: bytes, headers: dict[str, str] | None = None) -> HttpRequest:
    return HttpRequest("POST", "/webhook/tradingview", {}, headers or {}, body, "127.0.0.1", NOW)


def x_signature(body: bytes, secret: str = X_SECRET) -> dict[str, str]:
    return {"x-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def standard_webhooks(
    body: bytes, webhook_id: str = "msg_1", timestamp: str | None = None, key: bytes = SW_KEY
) -> dict[str, str]:
    stamp = str(int(NOW.timestamp())) if timestamp is None else timestamp
    signed = webhook_id.encode() + b"." + stamp.encode() + b"." + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def verified(fields: dict[str, object], **changes: object) -> VerifiedBody:
    """A body verified by token, as ``verify`` would return it; numbers as JSON would have them."""
    numbers = _as_json(fields)
    body = json.dumps(fields, default=str).encode()
    facts = {
        "fields": numbers,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "strategy": None,
        "scheme": Scheme.TOKEN,
        "key_id": "WEBHOOK_TOKEN[0]",
        "webhook_id": None,
        "body": body,
    }
    return VerifiedBody(**{**facts, **changes})


def _as_json(value: object) -> object:
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return Decimal(str(value)) if type(value) in (int, float) else value


def bound(credential: Credential, strategy: str) -> Credential:
    return Credential(
        credential.scheme, f"{strategy}:{credential.key_id}", credential.secret, strategy
    )
