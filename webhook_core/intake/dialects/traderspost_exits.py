"""TradersPost's exits, objects beside an entry: one of them, as a price, a percentage or a
distance."""

from __future__ import annotations

from webhook_core.intake.dialects import exits
from webhook_core.intake.dialects.names import Names, table, words

_TAKE_PROFIT = table(
    mapped="limitPrice percent amount",
    refused={"type": "a take profit has one kind here: leave it out"},
)
_STOP_LOSS = table(mapped="type stopPrice limitPrice percent amount", refused={
    "trailPrice trailPercent trailAmount": "an exit that trails is an order of its own here: "
    "send a sell with orderType trailing_stop",
})  # fmt: skip
_STOPS = words(
    "stop stop_limit",
    {"trailing_stop": "send a sell with orderType trailing_stop, an order of its own"},
)


def of_an_entry(names: Names) -> dict[str, str | None]:
    """Its one exit and the limit behind a stop, in fields of ours. Raises AlertMalformed for two
    exits."""
    profit, (stop, limit) = take_profit(names), stop_loss(names)
    found = exits.one_of_two(names, ("takeProfit", profit), ("stopLoss", stop))
    return {**found, "stop_loss_limit": limit}


def take_profit(names: Names) -> str | None:
    """By its limit, a percentage or a distance; None where there is none."""
    if names.on("takeProfit") is None:
        return None
    inner = names.inner("takeProfit", _TAKE_PROFIT)
    found = {
        "limitPrice": exits.price(inner, "limitPrice"),
        "percent": exits.percent(inner, "percent"),
        "amount": exits.distance(inner, "amount", "+"),
    }
    return exits.only(inner, found, "of them")


def stop_loss(names: Names) -> tuple[str | None, str | None]:
    """By its trigger, a percentage or a distance, and its limit where it has one; None and None
    where there is none."""
    if names.on("stopLoss") is None:
        return None, None
    inner = names.inner("stopLoss", _STOP_LOSS)
    kind = inner.word("type", _STOPS) or "stop"
    found = {
        "stopPrice": exits.price(inner, "stopPrice"),
        "percent": exits.percent(inner, "percent"),
        "amount": exits.distance(inner, "amount", "-"),
    }
    stop, limit = exits.only(inner, found, "of them"), exits.price(inner, "limitPrice")
    if kind == "stop_limit" and limit is None:
        raise inner.missing("limitPrice", "type stop_limit needs it")
    if limit is not None and (kind != "stop_limit" or stop is None):
        raise inner.fault("limitPrice", "goes with type stop_limit and a trigger: send all three")
    return stop, limit
