"""PickMyTrade: ``data``, ``token`` and ``date``; what is zero there is off.

docs.pickmytrade.trade/docs/tradingview-json-alert-configuration
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects import exits
from webhook_core.intake.dialects.dialect import Dialect, has_all
from webhook_core.intake.dialects.names import Names, framing, table, words

_TRAILS = "trail trail_stop trail_trigger trail_freq breakeven breakeven_offset"
_ROWS = table(
    mapped="symbol date data quantity risk_percentage price tp percentage_tp sl percentage_sl "
    "order_type multiple_accounts duplicate_position_allow pyramid full_closed "
    "fired_at strategy_name validate",
    idle="account_id platform reverse_order_close connection_name strategy_id comment",
    refused={
        "dollar_tp dollar_sl": "they count a contract's dollars: send tp and sl, or percentages",
        _TRAILS: "an exit that trails is an order of its own here: leave it out",
        "update_tp update_sl": "an open order is amended by an alert with action amend, in our "
        "fields",
        "tp1 tp2 tp3 advance_tp_sl": "one exit per order: send tp or sl",
        "inst_type same_direction_ignore": "leave it out",
    },
)
_EXITS = ("tp", "percentage_tp", "sl", "percentage_sl")
_ACTIONS = words("buy sell close")
_TYPES = words("mkt market lmt limit stp stop")


def _read(names: Names) -> dict[str, Any]:
    action = names.needed("data", _ACTIONS, "send buy, sell or close")
    _check_accounts(names)
    about = {**names.ours(symbol="symbol", fired_at="date"), **framing(names)}
    if names.has("full_closed") and not names.flag("full_closed") and action == "close":
        raise names.fault("full_closed", "is false: send close with percent in our fields")
    if action == "close":
        exits.of_a_sell(names, _EXITS)
        names.pass_over("order_type", "pyramid", "duplicate_position_allow")
        names.refuse("does not go with close: write 0", "risk_percentage")
        if names.on("quantity") is not None:
            names.notes.append("quantity is not used: close closes the whole position.")
        return {**about, "action": "close", **names.unless_off(price="price")}
    order = {**about, "action": action, **_size(names), **_prices(names)}
    if action == "sell":
        names.pass_over("pyramid", "duplicate_position_allow")
        exits.of_a_sell(names, _EXITS)
        return order
    _check_adding(names)
    return {**order, **_exits(names)}


def _check_accounts(names: Names) -> None:
    """One account is this one, whatever it is called there."""
    accounts = names.raw("multiple_accounts") or []
    if not isinstance(accounts, list) or not all(isinstance(one, dict) for one in accounts):
        raise names.fault("multiple_accounts", "must be a list of objects")
    if len(accounts) > 1:
        raise names.fault("multiple_accounts", "names several: one alert trades one account here")
    known = ("token", "account_id", "connection_name", "risk_percentage", "quantity_multiplier")
    for one in accounts:
        inner = Names(
            names.tool, one, table("risk_percentage quantity_multiplier", " ".join(known))
        )
        inner.place = "multiple_accounts."
        inner.check()
        inner.refuse("must be 0: send it beside quantity", "risk_percentage")
        if (inner.amount("quantity_multiplier") or 1) != 1:
            raise inner.fault("quantity_multiplier", "must be 1: send the quantity itself")


def _check_adding(names: Names) -> None:
    for name in ("duplicate_position_allow", "pyramid"):
        if names.has(name) and not names.flag(name):
            raise names.fault(
                name,
                "is false, and each buy is an order of its own here: write true, or send our "
                "target",
            )


def _exits(names: Names) -> dict[str, str | None]:
    profit = {
        "tp": exits.price(names, "tp"),
        "percentage_tp": exits.percent(names, "percentage_tp"),
    }
    loss = {"sl": exits.price(names, "sl"), "percentage_sl": exits.percent(names, "percentage_sl")}
    named = [next((name for name, at in found.items() if at), "") for found in (profit, loss)]
    return exits.one_of_two(
        names,
        (named[0], exits.only(names, profit, "take profit")),
        (named[1], exits.only(names, loss, "stop loss")),
    )


def _size(names: Names) -> dict[str, Any]:
    risk, quantity = names.on("risk_percentage"), names.on("quantity")
    if risk is None:
        return {} if quantity is None else names.ours(contracts="quantity")
    if quantity is not None:
        raise names.fault("risk_percentage", "stands beside quantity: write 0 for one of the two")
    return {**names.ours(volume="risk_percentage"), "quantity_type": "risk_percent"}


def _prices(names: Names) -> dict[str, Any]:
    kind = names.word("order_type", _TYPES) or "mkt"
    if kind in ("mkt", "market"):
        return names.unless_off(price="price")
    if names.on("price") is None:
        raise names.missing("price", "it is the limit, or the trigger")
    if kind in ("lmt", "limit"):
        return {"order_type": "limit", **names.ours(price="price")}
    return {"order_type": "stop-loss", **names.ours(stop_price="price")}


DIALECT = Dialect("PickMyTrade", has_all("data", "token", "date"), ("token",), _ROWS, _read)
