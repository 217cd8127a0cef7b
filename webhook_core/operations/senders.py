"""Whether a message would prove its sender here, before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from webhook_core.errors import AlertMalformed, Unauthenticated
from webhook_core.intake import authentication, json_body
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.credentials import Credential, Scheme
from webhook_core.intake.dialects import registry, texts
from webhook_core.intake.dialects.names import any_secret
from webhook_core.intake.token_slips import slip_of
from webhook_core.operations.sentences import Sentence
from webhook_core.web.messages import HttpRequest

_SIGNED = (Scheme.X_SIGNATURE, Scheme.STANDARD_WEBHOOKS)


class Secrets(NamedTuple):
    """Those of the environment; ``unread`` names others, which stand elsewhere or are not set where
    the message is tried. ``url_may_hold_one``: ALLOW_TOKEN_IN_URL."""

    credentials: Sequence[Credential] = ()
    unread: Sequence[str] = ()
    url_may_hold_one: bool = False


class Proved(NamedTuple):
    """``proof`` where the message carries a good one. ``refused``: why it would be 401, as it
    stands, however it is sent. ``may_prove``: not by itself, but by what can't be seen here."""

    sentences: tuple[Sentence, ...] = ()
    proof: VerifiedBody | None = None
    refused: Unauthenticated | None = None
    may_prove: bool = False


def prove(request: HttpRequest, secrets: Secrets, now: datetime) -> Proved:
    """Nothing is said of a body that can't be read: reading it says so."""
    fields, is_text = _names(request.body)
    carried = _carried(fields, is_text=is_text)
    if not secrets.credentials:
        return Proved(_unchecked(carried, secrets))
    try:
        proof = authentication.verify(request, secrets.credentials, now, anonymous_allowed=False)
    except AlertMalformed:
        return Proved()
    except Unauthenticated as error:
        return _unproved(error, carried, secrets)
    whose = f"strategy {proof.strategy}" if proof.strategy else "every strategy"
    told = Sentence("proof", f"The message proves its sender by {proof.key_id}, for {whose}.")
    return Proved((told,), proof)


def _names(body: bytes) -> tuple[Mapping[str, Any], bool]:
    """The fields, and whether they are no JSON; none where nobody can read them."""
    try:
        return json_body.parse(body), False
    except AlertMalformed:
        pass
    try:
        found = texts.read(body)
    except AlertMalformed:  # a syntax that is known to be refused
        found = None
    return (found[0], True) if found is not None else ({}, False)


def _carried(fields: Mapping[str, Any], *, is_text: bool) -> list[object]:
    """What stands where a secret belongs."""
    spoken = registry.recognised(fields, is_text=is_text)
    names = spoken.secrets if spoken is not None else ()
    return [value for name, value in fields.items() if any_secret([name]) or name in names]


def _unchecked(carried: Sequence[object], secrets: Secrets) -> tuple[Sentence, ...]:
    why = f"{', '.join(secrets.unread)} can't be read" if secrets.unread else "no secret is set"
    text = f"Whether the message proves its sender was not checked: {why} here."
    told = Sentence("proof", text)
    slips = (slip_of(text) for text in carried if isinstance(text, str))
    wrong = (f"The message proves nothing: {slip}." for slip in slips if slip)
    return (told, *(Sentence("proof", text, warns=True) for text in wrong))


def _unproved(error: Unauthenticated, carried: Sequence[object], secrets: Secrets) -> Proved:
    other = _other_proof({one.scheme for one in secrets.credentials}, secrets, bool(carried))
    if other is None:
        told = Sentence("proof", f"The message proves nothing: {error.reason}.", is_bad=True)
        return Proved((told,), refused=error)
    text = f"As it stands the message proves no sender, and is answered 401 unless {other}."
    return Proved((Sentence("proof", text, warns=True),), may_prove=True)


def _other_proof(schemes: Collection[Scheme], secrets: Secrets, carries_one: bool) -> str | None:
    """What else could prove it: a message without a secret may get one. A token beside a signature
    decides nothing, beside one in the URL it is refused."""
    if secrets.unread:
        return f"it is one of {', '.join(secrets.unread)}, which can't be read here"
    signs = any(scheme in _SIGNED for scheme in schemes)
    if signs and (not carries_one or all(scheme in _SIGNED for scheme in schemes)):
        return "its sender signs it"
    if carries_one:
        return None
    if secrets.url_may_hold_one and Scheme.SCOPED_TOKEN in schemes:
        return "its URL holds a scoped token"
    return "a token of this environment is put into it"
