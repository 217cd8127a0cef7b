"""A scoped token as proof of its sender."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webhook_core.errors import Unauthenticated
from webhook_core.intake.caveats import permit_of
from webhook_core.intake.credentials import SCOPED, Credential, TokenKey
from webhook_core.intake.scoped_tokens import Token, is_signed, parse
from webhook_core.trading.permits import Permit


def proved(text: str, credentials: Sequence[Credential], now: datetime) -> tuple[TokenKey, Permit]:
    """Which key has signed it, and what it allows. Raises Unauthenticated."""
    if not text.startswith(SCOPED):
        raise Unauthenticated("what the URL holds is no scoped token, and no other may stand there")
    keys = [each for each in credentials if isinstance(each, TokenKey)]
    if not keys:
        raise Unauthenticated("no WEBHOOK_TOKEN_KEYS are configured that verify a scoped token")
    try:
        token = parse(text)
        key = _signer(token, keys)
        permit = permit_of(token, now)
    except ValueError as error:
        reason = f"the scoped token {error}"
    else:
        if token.token_id.lower() not in key.revoked:
            return key, permit
        reason = f"the scoped token {token.token_id} is one of REVOKED_TOKENS"
    raise Unauthenticated(reason)


def _signer(token: Token, keys: Sequence[TokenKey]) -> TokenKey:
    if not is_signed(token, [(key.name, key.secret) for key in keys]):
        known = any(key.name == token.key_id for key in keys)
        why = (
            "was not signed by the key of its id" if known else "names a key that is not configured"
        )
        raise ValueError(why)
    return next(key for key in keys if key.name == token.key_id)
