"""What makes two deliveries the same alert.

The body's ``id``, else the verified ``webhook-id``, else the strategy and the raw body.
``order_id`` and ``{{strategy.order.id}}`` name an order of the script, not one firing of the alert,
and are no part of it.
"""

from __future__ import annotations

import hashlib

from webhook_core.intake.alert import Alert
from webhook_core.intake.alert_ids import KnownBy, doubt
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.credentials import Scheme
from webhook_core.value import NamedTuple

_OPEN_ENDED = (
    "The alert has neither an id nor a firing time: an equal one counts as a repeat for a short "
    "while, "
    'then as a new alert. Add "fired_at": "{{timenow}}" to the message, or an id that is unique '
    "per firing."
)
_SAME_FOR_EVER = (
    "The alert has neither an id nor a firing time: an equal one will count as this one for ever. "
    "Add an id that is unique per firing, or fired_at."
)


class AlertKey(NamedTuple):
    """``key`` is what the ledger claims, ``alert_id`` what people see. ``open_ended``: an equal
    body may be a new firing."""

    key: str
    alert_id: str
    open_ended: bool

    @property
    def known_by(self) -> KnownBy:
        """What the key is made of."""
        if self.key.startswith("id:"):
            return "id"
        return "webhook-id" if self.key.startswith("webhook-id:") else "body"


def alert_key(verified: VerifiedBody, alert: Alert) -> AlertKey:
    """Ids count within the strategy that the credential is bound to: no strategy
    can take another's."""
    scope = _scope(verified.strategy)
    if alert.id is not None:
        return AlertKey(f"id:{scope}:{alert.id}", alert.id, open_ended=False)
    if verified.webhook_id is not None:
        return AlertKey(
            f"webhook-id:{scope}:{verified.webhook_id}", verified.webhook_id, open_ended=False
        )
    strategy = verified.strategy or alert.strategy_name or "default"
    digest = "sha256:" + hashlib.sha256(strategy.encode() + b"\x00" + verified.body).hexdigest()
    return AlertKey(digest, digest, open_ended=alert.fired_at is None and not _signed(verified))


def keys_of(alert_id: str, strategy: str | None) -> tuple[str, ...]:
    """Every key that an alert with this id may have.

    ``strategy``: whose credential proved it, None for one bound to none.
    """
    scope = _scope(strategy)
    digest = (alert_id,) if alert_id.startswith("sha256:") else ()
    return (f"id:{scope}:{alert_id}", f"webhook-id:{scope}:{alert_id}", *digest)


def _scope(strategy: str | None) -> str:
    """With ":" in it a strategy's name could make "a" + "b:c" and "a:b" + "c" one key."""
    return (strategy or "").replace("%", "%25").replace(":", "%3A")


def identity_warning(verified: VerifiedBody, alert: Alert) -> str | None:
    """What the sender should change so that the alert's repeats and its next
    firings can be told apart."""
    if alert.id is not None:
        return doubt(alert.id, verified.fields)
    if verified.webhook_id is not None or alert.fired_at is not None:
        return None
    return _SAME_FOR_EVER if _signed(verified) else _OPEN_ENDED


def _signed(verified: VerifiedBody) -> bool:
    return verified.scheme in (Scheme.X_SIGNATURE, Scheme.STANDARD_WEBHOOKS)
