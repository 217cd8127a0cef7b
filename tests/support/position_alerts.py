"""Alerts about positions, as a strategy sends them, and alerts of several legs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.faked_function import Function

MARGIN = {"leverage": "2"}
THREE = [{"side": "buy", "volume": size} for size in ("0.1", "0.2", "0.3")]


def alert(function: Function, alert_id: str = "a-1", **fields: Any) -> dict[str, Any]:
    return function.alert(
        **{"id": alert_id, "side": None, "volume": None, "price": "50000", **fields}
    )


def target(function: Function, size: Any, alert_id: str = "a-1", **fields: Any) -> dict[str, Any]:
    """The strategy stands at ``size`` now, signed."""
    around = {"market_position": word(size), "market_position_size": str(abs(Decimal(size)))}
    return alert(function, alert_id, action="target", **{**around, **fields})


def step(
    function: Function, before: int, after: int, alert_id: str, **fields: Any
) -> dict[str, Any]:
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


def legs_alert(function: Function, legs: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return function.alert(**{"orders": legs, "side": None, "volume": None, "price": None, **fields})


def leg_states(answer: Any) -> list[str]:
    return [order["state"] for order in answer["orders"]]
