"""Every way an alert can prove itself.

``verify`` returns the trusted body or raises; there is no boolean to forget.

1. Any signing header present: the signature is verified over the raw bytes before anything is
   parsed, and nothing falls back to the body's token. Two schemes present: both must verify. A
   scheme without a configured secret fails.
2. No signing header: the body is read, and carries exactly one right ``token``, ``secret`` or
   ``passphrase``; another tool's message exactly one right secret under a name of that tool's. Or
   the URL carries a scoped token, the body none.
3. Every credential is compared, in constant time and to the end, whichever matched.
4. Whoever fails learns nothing: one message for every cause. The reason is for the log.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from webhook_core.errors import AlertMalformed, Unauthenticated
from webhook_core.intake import json_body
from webhook_core.intake.credentials import (
    SCOPED,
    Credential,
    Proof,
    Scheme,
    looks_signed,
    matching,
)
from webhook_core.intake.field_names import normalise
from webhook_core.value import NamedTuple
from webhook_core.web.messages import HttpRequest

if TYPE_CHECKING:
    from webhook_core.intake.dialects.dialect import Translated
    from webhook_core.trading.permits import Permit

_SECRET_FIELDS = frozenset({"token", "secret", "passphrase"})


class VerifiedBody(NamedTuple):
    """A body whose sender is proved.

    ``fields``: the strictly parsed object without its secret fields.

    ``strategy`` is the one that the credential is bound to. ``webhook_id`` is set only if a
    signature covers it. ``body`` is the raw bytes, for the alert's key; it may hold the token, so
    no repr shows it. ``dialect``: the tool whose message it can only be; ``is_text``: no JSON.
    ``translated``: how it reads in our fields, which are ``fields`` then. ``permit``: what its
    scoped token allows, None for a sender who may do all.
    """

    fields: Mapping[str, Any]
    body_sha256: str
    strategy: str | None
    scheme: Scheme
    key_id: str | None
    webhook_id: str | None
    body: bytes
    dialect: str | None = None
    is_text: bool = False
    translated: Translated | None = None
    permit: Permit | None = None

    def __repr__(self) -> str:
        return f"VerifiedBody(scheme={self.scheme!r}, key_id={self.key_id!r})"


def verify(
    request: HttpRequest,
    credentials: Sequence[Credential],
    now: datetime,
    *,
    anonymous_allowed: bool,
) -> VerifiedBody:
    """The trusted body.

    Raises Unauthenticated (401), or AlertMalformed (400) for a body that can't be read.

    ``anonymous_allowed`` counts only if no credential is configured at all: the development server.
    """
    proof = _beside_the_body(request, credentials, now)
    fields, tool = _read(request.body)
    if proof is not None:
        _refuse_beside_url(request, fields)
    elif anonymous_allowed and not credentials:
        proof = Proof(Scheme.NONE)
    else:
        proof = _token(fields, credentials, now, is_text=tool is not None)
    dialect = tool or proof.dialect
    return VerifiedBody(
        fields=without_secrets(fields, dialect),
        body_sha256=hashlib.sha256(request.body).hexdigest(),
        strategy=proof.strategy,
        scheme=proof.scheme,
        key_id=proof.key_id,
        webhook_id=proof.webhook_id,
        body=request.body,
        dialect=dialect,
        is_text=tool is not None,
        permit=proof.permit,
    )


def _beside_the_body(
    request: HttpRequest, credentials: Sequence[Credential], now: datetime
) -> Proof | None:
    if looks_signed(request.headers):
        from webhook_core.intake.signatures import signed  # TradingView can't sign

        return signed(request, credentials, now)
    return None if request.url_token is None else _scoped(request.url_token, credentials, now)


def _refuse_beside_url(request: HttpRequest, fields: Mapping[str, Any]) -> None:
    """Any other proof beside one in the URL."""
    if request.url_token is None:
        return
    if looks_signed(request.headers):
        raise Unauthenticated("a token in the URL stands beside a signature")
    if any(normalise(name) in _SECRET_FIELDS for name in fields):
        raise Unauthenticated("the URL holds a token, and so does the body")


def without_secrets(fields: Mapping[str, Any], dialect: str | None = None) -> dict[str, Any]:
    """The fields but for those that may carry a proof.

    ``dialect``: the tool whose names count too.
    """
    secrets: tuple[str, ...] = ()
    if dialect is not None:
        from webhook_core.intake.dialects import registry

        secrets = registry.named(dialect).secrets
    return {
        name: value
        for name, value in fields.items()
        if normalise(name) not in _SECRET_FIELDS and name not in secrets
    }


def _read(body: bytes) -> tuple[dict[str, Any], str | None]:
    """The names of a body, and whose text it is where it is no JSON. Raises AlertMalformed."""
    try:
        return json_body.parse(body), None
    except AlertMalformed as error:
        unreadable = error
    from webhook_core.intake.dialects import texts  # next to no body is one

    found = texts.read(body)
    if found is None:
        raise unreadable
    return found


def _scoped(text: str, credentials: Sequence[Credential], now: datetime) -> Proof:
    from webhook_core.intake import scoped_proofs  # few senders have such a token

    key, permit = scoped_proofs.proved(text, credentials, now)
    return Proof(Scheme.SCOPED_TOKEN, permit.strategy, key.key_id, permit=permit)


def _token(
    fields: Mapping[str, Any], credentials: Sequence[Credential], now: datetime, *, is_text: bool
) -> Proof:
    try:
        proof = _own_token(fields, credentials, now)
    except Unauthenticated as error:
        refused = error
    else:
        _refuse_second(fields, credentials, now)
        return proof
    from webhook_core.intake.dialects import registry  # only for what proves nothing as ours

    spoken = registry.recognised(fields, is_text=is_text)
    texts = [fields.get(name) for name in spoken.secrets] if spoken else []
    proofs = [_proof_of(text, credentials, now) for text in texts if isinstance(text, str)]
    right = [proof for proof in proofs if proof is not None]
    if spoken is None:
        raise refused
    if len(right) != 1:
        where = " or ".join(spoken.secrets) or "the URL, for its messages have no place for one"
        held = any(isinstance(text, str) and text for text in texts)
        wrong = ": what stands there is no configured token" if held and not right else ""
        raise Unauthenticated(f"a message of {spoken.tool} carries its one proof in {where}{wrong}")
    return right[0]._replace(dialect=spoken.tool)


def _refuse_second(
    fields: Mapping[str, Any], credentials: Sequence[Credential], now: datetime
) -> None:
    """TV-Hub's messages have ``token`` and ``apiKey``, and one of the two is the proof."""
    other = fields.get("apiKey")
    if isinstance(other, str) and _proof_of(other, credentials, now) is not None:
        raise Unauthenticated("token and apiKey each carry a proof, and one of them does")


def _proof_of(text: str, credentials: Sequence[Credential], now: datetime) -> Proof | None:
    try:
        return _own_token({"token": text}, credentials, now)
    except Unauthenticated:
        return None


def _own_token(
    fields: Mapping[str, Any], credentials: Sequence[Credential], now: datetime
) -> Proof:
    present = [value for name, value in fields.items() if normalise(name) in _SECRET_FIELDS]
    if len(present) != 1:
        has = "more than one" if present else "none"
        raise Unauthenticated(
            f"the message has {has} of the fields token, secret and passphrase: send just one"
            f"{'' if present else _misnamed(fields)}"
        )
    text = present[0]
    if not isinstance(text, str):
        raise Unauthenticated("the token is not a text")
    if text.startswith(SCOPED):
        return _scoped(text, credentials, now)
    received = text.encode()  # bytes, because compare_digest raises for texts that are not ASCII

    def proves(secret: bytes) -> bool:
        return hmac.compare_digest(secret, received)

    try:
        credential = matching(credentials, Scheme.TOKEN, proves)
    except Unauthenticated as error:
        reason = error.reason
    else:
        return Proof(credential.scheme, credential.strategy, credential.key_id)
    from webhook_core.intake import token_slips

    slip = token_slips.slip_of(text)
    raise Unauthenticated(f"{reason}; {slip}" if slip else reason)


def _misnamed(fields: Mapping[str, Any]) -> str:
    """For the log: whether a field is there that was meant for the token."""
    found = any(re.search("token|secret|pass|auth|key", name.lower()) for name in fields)
    return "; a field with a name like these is there: call it token" if found else ""
