"""Finandy: ``name``, ``secret``, ``side`` and ``symbol``, with ``open`` and ``close`` as objects.

docs.finandy.com/algo-trading/signals-tradingview
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects.dialect import Dialect, Fields
from webhook_core.intake.dialects.names import NO_SHORTS, Names, framing, table, words

_EXITS = "exits as objects are not read: send one stop_loss or take_profit in our fields"
_ROWS = table(
    mapped="side symbol positionSide open close fired_at strategy_name validate",
    idle="name",
    refused={
        "sl slx tp": _EXITS,
        "dca": "an order has one entry here: leave it out, and send each buy as an alert",
        "leverage marginType hedge": "spot only: leave it out",
        "position": "send positionSide long",
    },
)
_OPEN = table(
    mapped="enabled amountType amount sumUsd type orderType price",
    refused={"leverage": "spot only: leave it out", "scale grid orders": "one order per alert"},
)
_CLOSE = table(
    mapped="enabled type orderType action",
    refused={"price amount amountType percent": "all of it is closed, at the market: leave it out"},
)
_SIDES = words("buy sell")
_POSITIONS = words(
    "long both flat", {"short": NO_SHORTS, "strategy": "send long, and side buy or sell"}
)
_TYPES = words("market", {"limit": "send a limit order in our fields"})
_CLOSES = words(
    "close",
    {
        "reverse": "spot has no short position to turn to: send close",
        "decrease": "sells a part: send close with percent in our fields",
    },
)
_AMOUNTS = words(
    "sumusd sumquote amount",
    {"percentbalance": "percent of what differs from hook to hook: send sumUsd"},
)


def _recognises(fields: Fields) -> bool:
    nested = any(isinstance(fields.get(name), dict) for name in ("open", "close"))
    return {"name", "secret", "side", "symbol"} <= fields.keys() and (
        nested or "positionSide" in fields
    )


def _read(names: Names) -> dict[str, Any]:
    side = names.needed("side", _SIDES, "send buy or sell")
    if names.word("positionSide", _POSITIONS) == "flat" and side == "buy":
        raise names.fault("positionSide", "flat with side buy closes a short: trade long only")
    about = {**names.ours(symbol="symbol"), **framing(names)}
    opened, closed = names.inner("open", _OPEN), names.inner("close", _CLOSE)
    opens, closes = _is_on(opened), _is_on(closed)
    if opens and closes:
        raise names.fault("close", "stands beside open: send one of the two")
    if side == "buy":
        if closes:
            raise names.fault("close", "with side buy closes a short: trade long only")
        _refuse_off(opened)
        return {**about, "action": "buy", **_size(opened)}
    if opens:
        raise names.fault("open", "with side sell opens a short: trade long only")
    _refuse_off(closed)
    _check_kind(closed)
    closed.word("action", _CLOSES)
    return {**about, "action": "close"}


def _is_on(inner: Names) -> bool:
    """It stands in the message, and is not switched off."""
    if inner.has("enabled") and not inner.flag("enabled"):
        inner.pass_over(*inner.fields)  # what is switched off asks for nothing
        return False
    return bool(inner.fields)


def _refuse_off(inner: Names) -> None:
    """Raises AlertMalformed where what the side means is switched off: then it means no order."""
    if inner.fields and not _is_on(inner):
        raise inner.fault("enabled", "is false, so it asks for nothing: leave the alert out")


def _check_kind(inner: Names) -> None:
    for name in ("type", "orderType"):
        inner.word(name, _TYPES)


def _size(opened: Names) -> dict[str, Any]:
    _check_kind(opened)
    opened.refuse("goes with a limit order: send one in our fields", "price")
    if opened.on("sumUsd") is not None:
        opened.refuse("stands beside sumUsd: send one of the two", "amount")
        return {**opened.ours(volume="sumUsd"), "quantity_type": "quote"}
    if opened.on("amount") is None:
        return {}
    kind = opened.needed("amountType", _AMOUNTS, "it says what amount counts: sumUsd, or amount")
    size = opened.ours(volume="amount")
    return {**size, "quantity_type": "base" if kind == "amount" else "quote"}


DIALECT = Dialect("Finandy", _recognises, ("secret",), _ROWS, _read)
