"""Signed bodies: X-Signature and Standard Webhooks.

Every scheme whose header is present has to verify.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from webhook_core.errors import Unauthenticated
from webhook_core.intake.credentials import (
    STANDARD_WEBHOOKS,
    X_SIGNATURE,
    Credential,
    Proof,
    Scheme,
    matching,
)
from webhook_core.web.messages import HttpRequest

TIMESTAMP_TOLERANCE_S = 300
"""Both ways, as the reference libraries have it
(github.com/standard-webhooks/standard-webhooks)."""

# No dot in id and time: the signed text joins them with dots and would be ambiguous.
# Texts, which re compiles when the first signed alert needs them.
_WEBHOOK_ID = r"[A-Za-z0-9_-]{1,64}"
_TIMESTAMP = r"[0-9]{1,12}"
_HEX_SIGNATURE = r"(?:sha256=)?([0-9a-fA-F]{64})"


def signed(request: HttpRequest, credentials: Sequence[Credential], now: datetime) -> Proof:
    proofs = []
    if any(name in request.headers for name in STANDARD_WEBHOOKS):
        proofs.append(_standard_webhooks(request, credentials, now))
    if X_SIGNATURE in request.headers:
        proofs.append(_x_signature(request, credentials))
    strategies = {proof.strategy for proof in proofs if proof.strategy is not None}
    if len(strategies) > 1:
        raise Unauthenticated("the two signatures belong to different strategies")
    return Proof(
        scheme=proofs[0].scheme,
        strategy=next(iter(strategies), None),
        key_id="+".join(proof.key_id for proof in proofs if proof.key_id),
        webhook_id=proofs[0].webhook_id,
    )


def _standard_webhooks(
    request: HttpRequest, credentials: Sequence[Credential], now: datetime
) -> Proof:
    """github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md: HMAC-SHA256 of
    ``id.timestamp.body``."""
    webhook_id, timestamp, signatures = (request.headers.get(name) for name in STANDARD_WEBHOOKS)
    if webhook_id is None or timestamp is None or signatures is None:
        raise Unauthenticated(
            "one of webhook-id, webhook-timestamp and webhook-signature is missing"
        )
    if not re.fullmatch(_WEBHOOK_ID, webhook_id):
        raise Unauthenticated("webhook-id is not 1 to 64 letters, digits, _ or -")
    if not re.fullmatch(_TIMESTAMP, timestamp):
        raise Unauthenticated("webhook-timestamp is not whole Unix seconds")
    age_s = now.timestamp() - int(timestamp)
    if abs(age_s) > TIMESTAMP_TOLERANCE_S:
        raise Unauthenticated(
            f"webhook-timestamp is {age_s:.0f} s old; {TIMESTAMP_TOLERANCE_S} s either way are "
            "allowed"
        )
    signed_text = f"{webhook_id}.{timestamp}.".encode() + request.body
    received = _v1_signatures(signatures)

    def proves(secret: bytes) -> bool:
        expected = hmac.digest(secret, signed_text, "sha256")
        # All of them: no early exit.
        matches = [hmac.compare_digest(expected, signature) for signature in received]
        return any(matches)

    credential = matching(credentials, Scheme.STANDARD_WEBHOOKS, proves)
    return Proof(credential.scheme, credential.strategy, credential.key_id, webhook_id)


def _v1_signatures(header: str) -> list[bytes]:
    """The readable ``v1,<base64>`` parts; other versions and malformed parts are skipped."""
    signatures = []
    for part in header.split(" "):
        version, _, text = part.partition(",")
        if version != "v1":
            continue
        try:
            signatures.append(base64.b64decode(text, validate=True))
        except ValueError:  # binascii.Error, and the plain ValueError for text that is not ASCII
            continue
    return signatures


def _x_signature(request: HttpRequest, credentials: Sequence[Credential]) -> Proof:
    """Hex HMAC-SHA256 of the raw body. It covers no time and no id: the body's own have to do."""
    match = re.fullmatch(_HEX_SIGNATURE, request.headers[X_SIGNATURE])
    if match is None:
        raise Unauthenticated("x-signature is not 64 hex digits after an optional sha256=")
    received = bytes.fromhex(match[1])

    def proves(secret: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(secret, request.body, "sha256"), received)

    credential = matching(credentials, Scheme.X_SIGNATURE, proves)
    return Proof(credential.scheme, credential.strategy, credential.key_id)
