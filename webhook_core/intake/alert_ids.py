"""Ids that are none: what is said of one that can't be unique per firing, and of one that comes
again too late.

An id is what tells two firings apart. One that repeats makes the next signal a repeat of the last
one, and it is not traded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from webhook_core.intake.field_names import is_missing, normalise
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
