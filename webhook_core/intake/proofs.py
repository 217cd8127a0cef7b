"""What proves a sender: the credential that matches, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from webhook_core.errors import Unauthenticated
from webhook_core.intake.credentials import Credential, Scheme
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.trading.permits import Permit


X_SIGNATURE = "x-signature"
STANDARD_WEBHOOKS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Proof(NamedTuple):
    scheme: Scheme
    strategy: str | None = None
    key_id: str | None = None
    webhook_id: str | None = None
    dialect: str | None = None
    permit: Permit | None = None


def looks_signed(headers: Mapping[str, str]) -> bool:
    """Whether any signing header is present, however malformed or empty."""
    return any(name in headers for name in (X_SIGNATURE, *STANDARD_WEBHOOKS))


def matching(
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
