"""Every way an alert can prove itself. ``verify`` returns the trusted body or raises; there is no boolean to forget.

1. Any signing header present: the signature is verified over the raw bytes before anything is parsed, and nothing
   falls back to the body's token. Two schemes present: both must verify. A scheme without a configured secret fails.
2. No signing header: the body is read, and carries exactly one right ``token``, ``secret`` or ``passphrase``.
3. Every credential is compared, in constant time and to the end, whichever matched.
4. Whoever fails learns nothing: one message for every cause. The reason is for the log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from webhook_core.errors import Unauthenticated
from webhook_core.intake import json_body
from webhook_core.intake.credentials import Credential, Scheme, signing_credential, token_credential
from webhook_core.intake.field_names import normalise
from webhook_core.web.messages import HttpRequest

__all__ = [
    "Credential",
    "Scheme",
    "VerifiedBody",
    "looks_signed",
    "signing_credential",
    "token_credential",
    "verify",
]

TIMESTAMP_TOLERANCE_S = 300
"""Both ways, as the reference libraries have it (github.com/standard-webhooks/standard-webhooks)."""

_X_SIGNATURE = "x-signature"
_STANDARD_WEBHOOKS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_SECRET_FIELDS = frozenset({"token", "secret", "passphrase"})

# No dot in id and time: the signed text joins them with dots and would be ambiguous.
# Texts, which re compiles when the first signed alert needs them.
_WEBHOOK_ID = r"[A-Za-z0-9_-]{1,64}"
_TIMESTAMP = r"[0-9]{1,12}"
_HEX_SIGNATURE = r"(?:sha256=)?([0-9a-fA-F]{64})"


class VerifiedBody(NamedTuple):
    """A body whose sender is proved. ``fields``: the strictly parsed object without its secret fields.

    ``strategy`` is the one that the credential is bound to. ``webhook_id`` is set only if a signature covers it.
    ``body`` is the raw bytes, for the alert's key; it may hold the token, so no repr shows it.
    """

    fields: Mapping[str, Any]
    body_sha256: str
    strategy: str | None
    scheme: Scheme
    key_id: str | None
    webhook_id: str | None
    body: bytes

    def __repr__(self) -> str:
        return f"VerifiedBody(scheme={self.scheme!r}, key_id={self.key_id!r})"


class _Proof(NamedTuple):
    scheme: Scheme
    strategy: str | None = None
    key_id: str | None = None
    webhook_id: str | None = None


def looks_signed(headers: Mapping[str, str]) -> bool:
    """Whether any signing header is present, however malformed or empty."""
    return any(name in headers for name in (_X_SIGNATURE, *_STANDARD_WEBHOOKS))


def verify(
    request: HttpRequest,
    credentials: Sequence[Credential],
    now: datetime,
    *,
    anonymous_allowed: bool,
) -> VerifiedBody:
    """The trusted body. Raises Unauthenticated (401), or AlertMalformed (400) for a body that can't be read.

    ``anonymous_allowed`` counts only if no credential is configured at all: the development server.
    """
    if looks_signed(request.headers):
        proof = _signed(request, credentials, now)
        fields = json_body.parse(request.body)
    else:
        fields = json_body.parse(request.body)
        proof = (
            _Proof(Scheme.NONE)
            if anonymous_allowed and not credentials
            else _token(fields, credentials)
        )
    return VerifiedBody(
        fields={
            name: value for name, value in fields.items() if normalise(name) not in _SECRET_FIELDS
        },
        body_sha256=hashlib.sha256(request.body).hexdigest(),
        strategy=proof.strategy,
        scheme=proof.scheme,
        key_id=proof.key_id,
        webhook_id=proof.webhook_id,
        body=request.body,
    )


def _signed(request: HttpRequest, credentials: Sequence[Credential], now: datetime) -> _Proof:
    proofs = []
    if any(name in request.headers for name in _STANDARD_WEBHOOKS):
        proofs.append(_standard_webhooks(request, credentials, now))
    if _X_SIGNATURE in request.headers:
        proofs.append(_x_signature(request, credentials))
    strategies = {proof.strategy for proof in proofs if proof.strategy is not None}
    if len(strategies) > 1:
        raise Unauthenticated("the two signatures belong to different strategies")
    return _Proof(
        scheme=proofs[0].scheme,
        strategy=next(iter(strategies), None),
        key_id="+".join(proof.key_id for proof in proofs if proof.key_id),
        webhook_id=proofs[0].webhook_id,
    )


def _standard_webhooks(
    request: HttpRequest, credentials: Sequence[Credential], now: datetime
) -> _Proof:
    """github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md: HMAC-SHA256 of ``id.timestamp.body``."""
    webhook_id, timestamp, signatures = (request.headers.get(name) for name in _STANDARD_WEBHOOKS)
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
            f"webhook-timestamp is {age_s:.0f} s old; {TIMESTAMP_TOLERANCE_S} s either way are allowed"
        )
    signed_text = f"{webhook_id}.{timestamp}.".encode() + request.body
    received = _v1_signatures(signatures)

    def proves(secret: bytes) -> bool:
        expected = hmac.digest(secret, signed_text, "sha256")
        matches = [
            hmac.compare_digest(expected, signature) for signature in received
        ]  # all of them: no early exit
        return any(matches)

    credential = _matching(credentials, Scheme.STANDARD_WEBHOOKS, proves)
    return _Proof(credential.scheme, credential.strategy, credential.key_id, webhook_id)


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


def _x_signature(request: HttpRequest, credentials: Sequence[Credential]) -> _Proof:
    """Hex HMAC-SHA256 of the raw body. It covers no time and no id: the body's own have to do."""
    match = re.fullmatch(_HEX_SIGNATURE, request.headers[_X_SIGNATURE])
    if match is None:
        raise Unauthenticated("x-signature is not 64 hex digits after an optional sha256=")
    received = bytes.fromhex(match[1])

    def proves(secret: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(secret, request.body, "sha256"), received)

    credential = _matching(credentials, Scheme.X_SIGNATURE, proves)
    return _Proof(credential.scheme, credential.strategy, credential.key_id)


def _token(fields: Mapping[str, Any], credentials: Sequence[Credential]) -> _Proof:
    present = [value for name, value in fields.items() if normalise(name) in _SECRET_FIELDS]
    if len(present) != 1:
        raise Unauthenticated(
            f"{len(present)} of the fields token, secret and passphrase are present, not exactly one"
            f"{'' if present else _misnamed(fields)}"
        )
    text = present[0]
    if not isinstance(text, str):
        raise Unauthenticated("the token is not a text")
    received = text.encode()  # bytes, because compare_digest raises for texts that are not ASCII

    def proves(secret: bytes) -> bool:
        return hmac.compare_digest(secret, received)

    try:
        credential = _matching(credentials, Scheme.TOKEN, proves)
    except Unauthenticated as error:
        reason = error.reason
    else:
        return _Proof(credential.scheme, credential.strategy, credential.key_id)
    from webhook_core.intake import token_slips

    slip = token_slips.slip_of(text)
    raise Unauthenticated(f"{reason}; {slip}" if slip else reason)


def _misnamed(fields: Mapping[str, Any]) -> str:
    """For the log: whether a field is there that was meant for the token."""
    found = any(re.search("token|secret|pass|auth|key", name.lower()) for name in fields)
    return "; a field with a name like these is there: call it token" if found else ""


def _matching(
    credentials: Sequence[Credential], scheme: Scheme, proves: Callable[[bytes], bool]
) -> Credential:
    """The first credential of the scheme that proves the sender; every one is tried."""
    configured = [credential for credential in credentials if credential.scheme is scheme]
    if not configured:
        raise Unauthenticated(f"nothing is configured that verifies {scheme}")
    matches = [credential for credential in configured if proves(credential.secret)]
    if not matches:
        raise Unauthenticated(f"no configured secret matches ({scheme})")
    if len({credential.strategy for credential in matches}) > 1:
        raise Unauthenticated("one secret is configured for more than one strategy")
    return matches[0]
