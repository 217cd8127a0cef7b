"""What makes two deliveries the same alert, and what is said of an id that is none.

The key is made of the body's ``id``, else the verified ``webhook-id``, else the strategy and the
raw body. ``order_id`` and ``{{strategy.order.id}}`` name an order of the script, not one firing of
the alert, and are no part of it. An id that repeats makes the next signal a repeat of the last one,
and it is not traded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.credentials import Scheme
from webhook_core.intake.field_names import is_missing, normalise
from webhook_core.trading.alert import Alert
from webhook_core.value import NamedTuple

KnownBy = Literal["id", "webhook-id", "body"]
"""What an alert is told apart by."""

RULE = (
    "an id must be unique per firing, and neither an order id ({{strategy.order.id}}) nor "
    "{{time}} is"
)
_MEND = 'leave id out and send "fired_at": "{{timenow}}", or make an id that differs each time'
_TIME = r"(?a)\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
_NOT_OF_ONE_FIRING = {
    **dict.fromkeys(
        ("orderid", "txid", "strategyorderid", "ordercomment", "comment"), "the order id"
    ),
    **dict.fromkeys(("strategyname", "strategy", "alertname"), "the strategy's name"),
    **dict.fromkeys(("symbol", "ticker", "pair", "instrument"), "the symbol"),
    **dict.fromkeys(
        ("side", "action", "orderaction", "ordertype", "marketposition"), "the order's kind"
    ),
    **dict.fromkeys(
        ("bartime", "time", "interval", "timeframe", "exchange"), "a field of the bar or the chart"
    ),
}
"""Fields that two firings can share, and what an id is that equals one."""


class Reuse(NamedTuple):
    """``warning`` for the answer's warnings; ``prefix`` for the message of an answer that is a
    stored one; ``seconds`` since the first delivery."""

    warning: str
    prefix: str
    seconds: float


def doubt(alert_id: str, fields: Mapping[str, Any]) -> str | None:
    """Why an id is hardly unique per firing, None for one that may be."""
    why = _why_doubtful(alert_id, fields)
    if why is None:
        return None
    return (
        f"id {why}, so a later alert can have the same, and would not be traded: {RULE}. "
        f"Better {_MEND}."
    )


def _why_doubtful(alert_id: str, fields: Mapping[str, Any]) -> str | None:
    for name, value in fields.items():
        kind = _NOT_OF_ONE_FIRING.get(normalise(name))
        if kind and not is_missing(value) and str(value) == alert_id:
            return f"is the same as {kind}"
    if "-" in alert_id and re.fullmatch(_TIME, alert_id):
        return "is a time, which two alerts of one bar or second share"
    if not any(character.isdigit() for character in alert_id):
        return "is a text without a number in it"
    return "is a short number" if alert_id.isdigit() and len(alert_id) <= 4 else None


def reused(known_by: KnownBy, first_at: datetime, seconds: float) -> Reuse:
    """An alert that comes again later than any resend of TradingView's does."""
    nameless = "An equal alert with neither an id nor a firing time"
    what = nameless if known_by == "body" else f"This alert's {known_by}"
    came = f"{what} came first at {first_at:%Y-%m-%d %H:%M:%S} UTC, {seconds:.0f} seconds before"
    warning = (
        f"{came}, and no resend of TradingView's comes so late. If this is a new signal, it was "
        f"NOT traded as one: {RULE}; {_MEND}."
    )
    return Reuse(warning, f"NO NEW ORDER. {came}, so this is that alert's answer: ", seconds)


def conflict(known_by: KnownBy, first_at: datetime, seconds: float) -> str:
    """The message of a 409: the same id with another body."""
    return (
        f"An alert with this {known_by} came before with another body, at "
        f"{first_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"{seconds:.0f} seconds before; nothing was sent for this one: {RULE}; {_MEND}."
    )


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
