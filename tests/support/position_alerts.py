"""Alerts about positions, as a strategy sends them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.function import Function

MARGIN = {"leverage": "2"}


def alert(function: Function, alert_id: str = "a-1", **fields: Any) -> dict[str, Any]:
    return function.alert(**{"id": alert_id, "side": None, "volume": None, "price": "50000", **fields})


def target(function: Function, size: Any, alert_id: str = "a-1", **fields: Any) -> dict[str, Any]:
    """The strategy stands at ``size`` now, signed."""
    around = {"market_position": word(size), "market_position_size": str(abs(Decimal(size)))}
    return alert(function, alert_id, action="target", **{**around, **fields})


def step(function: Function, before: int, after: int, alert_id: str, **fields: Any) -> dict[str, Any]:
    """A fill of the strategy that takes it from ``before`` to ``after``."""
    was = {"prev_market_position": word(before), "prev_market_position_size": str(abs(before))}
    return target(function, after, alert_id, **was, **fields)


def word(size: Any) -> str:
    return "flat" if Decimal(size) == 0 else "long" if Decimal(size) > 0 else "short"


def held(function: Function, *, margin: bool = False) -> Decimal:
    """Bitcoins, or the net margin position."""
    if margin:
        return function.venue.net.get("XXBTZUSD", Decimal(0))
    return function.venue.held["XXBT"].total


def states(function: Function) -> list[tuple[str, str]]:
    """Of every entry of the ledger, newest first."""
    return [(row["alert_id"], row["state"]) for row in function.operate("GET", "/orders")["orders"]]
