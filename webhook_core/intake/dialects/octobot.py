"""OctoBot: lines such as SIGNAL=BUY and SYMBOL=BTCUSD, apart by line breaks or semicolons.

octobot.cloud/en/guides/octobot-interfaces/tradingview/alert-format
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects import exits
from webhook_core.intake.dialects.dialect import Dialect, has_all
from webhook_core.intake.dialects.names import Names, table, words
from webhook_core.intake.field_values import order_text

_ROWS = table(
    mapped="SYMBOL SIGNAL ORDER_TYPE VOLUME PRICE STOP_PRICE TAKE_PROFIT_PRICE TAG REDUCE_ONLY",
    idle="EXCHANGE",
    refused={
        "LEVERAGE": "spot only: leave it out",
        "TAKE_PROFIT_PRICE_1 TAKE_PROFIT_PRICE_2 TAKE_PROFIT_PRICE_3 TAKE_PROFIT_VOLUME_RATIO_1 "
        "TAKE_PROFIT_VOLUME_RATIO_2 TAKE_PROFIT_VOLUME_RATIO_3": "one exit per order: send one "
        "TAKE_PROFIT_PRICE or STOP_PRICE",
        "EXCHANGE_ORDER_IDS PARAM_SIDE": "send action cancel in our fields, with order_id or side",
    },
)
_SIGNALS = words("buy sell cancel")
_TYPES = words("market limit stop")
_PERCENTS = {"a%": "percent_balance", "%": "percent_equity"}


def _read(names: Names) -> dict[str, Any]:
    signal = names.needed("SIGNAL", _SIGNALS, "send BUY, SELL or CANCEL")
    if signal == "buy" and names.on("REDUCE_ONLY") is not None:
        raise names.fault("REDUCE_ONLY", "of a buy closes a short: trade long only")
    names.pass_over("TAG", "REDUCE_ONLY")
    about = names.ours(symbol="SYMBOL")
    if signal == "cancel":
        names.pass_over("ORDER_TYPE")
        for name in ("TAG", "VOLUME", "PRICE", "STOP_PRICE", "TAKE_PROFIT_PRICE"):
            if names.has(name):
                raise names.fault(name, "does not go with SIGNAL=CANCEL: leave it out")
        return {**about, "action": "cancel", "scope": "strategy"}
    order = {**about, "action": signal, **_size(names), **_prices(names)}
    if signal == "buy":
        found = (order.get("take_profit"), order.get("stop_loss"))
        exits.one_of_two(names, ("TAKE_PROFIT_PRICE", found[0]), ("STOP_PRICE", found[1]))
    for name in ("take_profit", "stop_loss") if signal == "sell" else ():
        if order.get(name) is not None:
            raise names.fault(
                f"{name.upper()}_PRICE".replace("LOSS_", ""),
                "protects what stays held after a sell: send an order of its own for it",
            )
    return order


def _size(names: Names) -> dict[str, Any]:
    """0.1 in the base asset, 5% of the portfolio, 5a% of what is free."""
    if not names.has("VOLUME"):
        return {}
    text = order_text(names.sent("VOLUME")).strip()
    names.came_from["volume"] = "VOLUME"
    ending = text.lstrip("0123456789.")
    if ending and ending not in _PERCENTS:
        raise names.fault("VOLUME", "must be a number, n% of all or na% of what is free")
    if ending:
        return {"volume": text.removesuffix(ending), "quantity_type": _PERCENTS[ending]}
    return {"volume": text, "quantity_type": "base"}


def _prices(names: Names) -> dict[str, Any]:
    kind = names.word("ORDER_TYPE", _TYPES) or "market"
    exit_at = {
        "take_profit": exits.price(names, "TAKE_PROFIT_PRICE"),
        "stop_loss": None if kind == "stop" else exits.price(names, "STOP_PRICE"),
    }
    price = names.ours(price="PRICE")
    if kind == "market":
        return {**price, **exit_at}
    if kind == "limit":
        if not price:
            raise names.missing("PRICE", "it is the limit")
        return {"order_type": "limit", **price, **exit_at}
    if not names.has("STOP_PRICE"):
        raise names.missing("STOP_PRICE", "it is the trigger")
    return {"order_type": "stop-loss", **names.ours(stop_price="STOP_PRICE"), **price, **exit_at}


DIALECT = Dialect("OctoBot", has_all("SIGNAL", "SYMBOL"), ("TOKEN",), _ROWS, _read, is_text=True)
