"""3Commas' Signal bot: ``bot_uuid`` and ``tv_instrument``, of a strategy or a custom signal.

help.3commas.io/en/articles/9374557-signal-bot-json-file-for-strategy-type
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects import shorts
from webhook_core.intake.dialects.dialect import Dialect, has_all
from webhook_core.intake.dialects.names import NO_BOT, NO_SHORTS, Names, framing, table, words

_ROWS = table(
    mapped="timestamp trigger_price tv_instrument action strategy_info order "
    "fired_at strategy_name validate",
    idle="bot_uuid tv_exchange max_lag",
    refused={
        "positions_sub_action": NO_BOT,
        "stop_loss take_profit take_profits": "exits as objects are not read: send one stop_loss "
        "or take_profit in our fields",
        "leverage": "spot only: leave it out",
    },
)
_STRATEGY = table(" ".join(shorts.AS_OURS))
_ORDER = table(
    "amount currency_type order_type price",
    refused={"limit_price": "write price, with order_type limit"},
)
_ACTIONS = words(
    "buy sell enter_long exit_long", {"enter_short exit_short": NO_SHORTS, "enable disable": NO_BOT}
)
_TYPES = words("market limit")
_COUNTS = words(
    "base quote position_percent",
    {"margin_percent": "percent of what differs from bot to bot: send base or quote"},
)


def _read(names: Names) -> dict[str, Any]:
    action = names.needed("action", _ACTIONS, "send buy, sell, enter_long or exit_long")
    about = {
        **names.ours(symbol="tv_instrument", fired_at="timestamp", price="trigger_price"),
        **framing(names),
    }
    strategy, order = names.inner("strategy_info", _STRATEGY), names.inner("order", _ORDER)
    around = shorts.around(strategy)
    kind = order.word("order_type", _TYPES)
    counted = order.word("currency_type", _COUNTS)
    if counted is not None and not order.has("amount"):
        raise order.missing("amount", "currency_type says what it counts")
    if action == "exit_long" or (action == "sell" and counted == "position_percent"):
        if kind == "limit":
            raise order.fault("order_type", "must be market with an exit, or left out")
        order.pass_over("price")  # of an exit at the market a mere reference
        return {**about, "action": "close", **_part(order, counted), **around}
    if counted == "position_percent":
        raise order.fault("currency_type", "position_percent goes with exit_long or sell")
    side = "buy" if action == "enter_long" else action
    size = None if counted == "quote" else (order, "amount")
    around = shorts.long_part(strategy, side, around, size)
    asked = {**about, "action": side, **_limit(order, kind), **around}
    if counted == "quote":
        return {**asked, **order.ours(volume="amount"), "quantity_type": "quote"}
    return {**asked, **order.ours(contracts="amount")}


def _limit(order: Names, kind: str | None) -> dict[str, Any]:
    """The order's own price is its limit, whatever the trigger's is."""
    if kind == "market":
        order.pass_over("price")  # a mere reference, as trigger_price is
        return {}
    if kind == "limit" and order.on("price") is None:
        raise order.missing("price", "it is the limit")
    if kind is None and order.on("price") is not None:
        raise order.fault("price", "goes with order_type limit: write that too, or leave it out")
    return {"order_type": "limit", **order.ours(price="price")} if kind == "limit" else {}


def _part(order: Names, counted: str | None) -> dict[str, Any]:
    if counted == "position_percent":
        return order.ours(percent="amount")
    if order.has("amount"):
        raise order.fault(
            "amount", "of exit_long must count position_percent; without it all is closed"
        )
    return {}


DIALECT = Dialect(
    "3Commas' Signal bot", has_all("bot_uuid", "tv_instrument"), ("secret",), _ROWS, _read
)
