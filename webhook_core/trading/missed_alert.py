"""Whether an alert was lost before this one: it says where its strategy stood before, and the
account stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from webhook_core.trading.alert import Alert, position
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import MarketPosition
from webhook_core.trading.rounding import cost_of, plain

RULE = "MISSED_ALERT"
_SLACK = Decimal("0.02")
"""Of a size: fees that were taken in base, and lots that were rounded."""
_LEAST = Decimal("1e-12")


class Told(NamedTuple):
    """Where the alert says that its strategy was, and where it ends, signed base, None where it
    does not say; ``was``: the word alone. ``in_base``: its sizes are those of the account's orders,
    not of a size that is configured here."""

    was: MarketPosition
    before: Decimal | None
    after: Decimal | None
    in_base: bool


def told_by(alert: Alert) -> Told | None:
    """None for an alert that does not say where its strategy was, and for one of another kind than
    an order or a target."""
    if alert.orders or alert.prev_market_position is None:
        return None
    if alert.action not in ("order", "target"):
        return None
    kind = alert.quantity_type or "base"
    sized = alert.action == "target" or alert.volume is not None
    before, after = position(alert, "prev_market_position"), position(alert, "market_position")
    return Told(alert.prev_market_position, before, after, sized and kind == "base")


def is_missed(told: Told, held: Decimal, pair: Instrument, *, margin: bool) -> bool:
    """``held``: signed base. On spot a short position is none. What is too little to be sold counts
    as flat."""
    least = pair.ordermin or _LEAST
    was = "flat" if told.was == "short" and not margin else told.was
    stands = "flat" if abs(held) < least else "long" if held > 0 else "short"
    if was != stands:
        return True
    if was == "flat" or told.before is None or not told.in_base:
        return False
    slack = max(least, cost_of(abs(told.before), _SLACK))
    return abs(held - told.before) > slack


def words(told: Told, held: Decimal, *, own: bool = False) -> tuple[str, Mapping[str, str]]:
    """What is to be said of it, and its numbers. ``own``: held is what the strategy bought."""
    was = told.was if told.before is None or not told.in_base else plain(told.before)
    whose = "has bought and not sold" if own else "the account holds"
    text = (
        f"the strategy stood at {was} before this alert, and {whose} {plain(held)}: an "
        "alert in between was lost, or somebody else has traded the pair"
    )
    return text, {"before": str(was), "held": plain(held)}
