"""CrossTrade: ``key=...;command=PLACE;...``, pairs apart by semicolons.

crosstrade.io/answers/faq/payload-reference
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects import exits, shorts
from webhook_core.intake.dialects.dialect import Dialect, Fields
from webhook_core.intake.dialects.names import Names, table, words
from webhook_core.intake.field_values import order_text

_ROWS = table(
    mapped="command account instrument action qty order_type tif limit_price stop_price "
    "take_profit stop_loss price market_position prev_market_position market_position_size "
    "prev_market_position_size",
    idle="open high low close time timeframe interval alert_name",
    refused={
        "sync_strategy out_of_sync strategy_tag": "positions are followed by our target: leave it "
        "out",
        "flatten_first": "send CLOSEPOSITION first, as an alert of its own",
        "require_market_position max_positions": "limits stand in the settings: leave it out",
        "delay": "an order can't wait here: leave it out",
        "strategy strategy_id": "an ATM strategy's stops and targets are not known here: send one "
        "stop_loss or take_profit",
        "oco_id order_id": "leave it out; Kraken takes one exit per order",
        "quantity": "write qty",
        "percent": "send close with percent in our fields",
    },
)
_COMMANDS = words(
    "place closeposition cancelorders",
    {
        "flatten": "send CLOSEPOSITION, and CANCELORDERS before it",
        "flatteneverything": "send CLOSEPOSITION, once for each pair",
        "cancelallorders": "send CANCELORDERS, once for each pair",
        "cancel": "send action cancel in our fields, with order_id",
        "change cancelreplace": "send action amend in our fields",
        "closestrategy": "send CLOSEPOSITION",
        "reverse reverseposition": "spot has no short position to turn to: send CLOSEPOSITION",
        "flatplace": "send CLOSEPOSITION, then PLACE",
        "cancelandbracket": "one exit per order: send take_profit or stop_loss with PLACE",
    },
)
_SHORTS = "sellshort buytocover sell_short buy_to_cover"
_ACTIONS = words("buy sell", {_SHORTS: "spot has no short positions: send BUY or SELL"})
_TYPES = words("market limit stopmarket stop stoplimit")
_TIMES_IN_FORCE = words("day gtc ioc fok")
_PRICES = ("limit_price", "stop_price")
_EXITS = ("take_profit", "stop_loss")


def _recognises(fields: Fields) -> bool:
    return "command" in fields and ("key" in fields or "instrument" in fields)


def _read(names: Names) -> dict[str, Any]:
    command = names.needed("command", _COMMANDS, "send PLACE or CLOSEPOSITION")
    if "," in str(names.raw("account") or ""):
        raise names.fault("account", "names several: one alert trades one account here")
    about = names.ours(symbol="instrument")
    if command == "place":
        return {**about, **_order(names)}
    alone = f"does not go with {command.upper()} here: leave it out"
    names.refuse(alone, "action", "qty", *_PRICES, *_EXITS)
    if (names.word("order_type", _TYPES) or "market") != "market":
        raise names.fault("order_type", alone)
    names.pass_over("tif", "price")
    if command == "cancelorders":
        names.pass_over(*shorts.AS_OURS)
        return {**about, "action": "cancel", "scope": "strategy"}
    return {**about, "action": "close", **names.ours(price="price"), **shorts.around(names)}


def _order(names: Names) -> dict[str, Any]:
    side = names.needed("action", _ACTIONS, "send BUY or SELL")
    kind = names.word("order_type", _TYPES) or "market"
    around = shorts.long_part(names, side, shorts.around(names), (names, "qty"))
    return {
        "action": side,
        **names.ours(contracts="qty"),
        **_prices(names, kind),
        **_time_in_force(names, kind),
        **around,
        **_exits(names, side),
    }


def _exits(names: Names, side: str) -> dict[str, Any]:
    if side == "sell":
        exits.of_a_sell(names, _EXITS)
        return {}
    profit, loss = ((name, _level(names, name)) for name in _EXITS)
    return exits.one_of_two(names, profit, loss)


def _prices(names: Names, kind: str) -> dict[str, Any]:
    used = {
        "market": (),
        "limit": ("limit_price",),
        "stopmarket": ("stop_price",),
        "stop": ("stop_price",),
        "stoplimit": ("limit_price", "stop_price"),
    }[kind]
    for name in _PRICES:
        if name not in used:
            names.refuse(f"does not go with order_type {kind}: leave it out", name)
        if name in used and names.on(name) is None:
            raise names.missing(name, f"order_type {kind} needs it")
    if kind == "market":
        return names.ours(price="price")
    if kind == "limit":
        return {"order_type": "limit", **names.ours(price="limit_price")}
    stop = {"order_type": "stop-loss", **names.ours(stop_price="stop_price")}
    if kind == "stoplimit":
        return {**stop, "order_type": "stop-loss-limit", **names.ours(price="limit_price")}
    return {**stop, **names.ours(price="price")}


def _time_in_force(names: Names, kind: str) -> dict[str, Any]:
    """A market order is done at once, whatever its time in force says."""
    text = names.word("tif", _TIMES_IN_FORCE)
    names.pass_over("tif")
    if text is None or kind == "market" or text == "gtc":
        return {}
    if text == "day":
        raise names.fault("tif", "DAY: Kraken has no day orders; send GTC, or GTD in our fields")
    return names.ours(time_in_force="tif")


def _level(names: Names, name: str) -> str | None:
    """A price, or a percentage as 2%."""
    if names.on(name) is None:
        return None
    text = order_text(names.sent(name)).strip()
    if text.endswith("%"):
        names.came_from[name] = name
        return text
    return exits.price(names, name)


DIALECT = Dialect("CrossTrade", _recognises, ("key",), _ROWS, _read, is_text=True)
