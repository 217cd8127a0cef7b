"""TV-Hub: ``pair``, ``apiKey`` and ``token``, and exactly one of isBuy, isSell and isClose.

tv-hub.org/docs/trade-command/core-parameters, /sizing
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects.dialect import Dialect, has_all
from webhook_core.intake.dialects.names import Names, framing, table, words

_SIZES = "units unitsType unitsPercent useFixedSize fixedQuoteSize"
_ROWS = table(
    mapped=f"pair isBuy isSell isClose isMarket isLimit price {_SIZES} postOnly "
    "fired_at strategy_name validate",
    idle="exchange alertTimestamp comment",
    refused={
        "leverage marginType hedgeMode closeLong closeShort": "spot only: leave it out",
        "stopLoss stopLossPercent stopLossType trailingStop trailingStopPercent targets targetType "
        "targetAmountInPercent takeProfit takeProfitPercent": "exits are not read: send one "
        "stop_loss or take_profit in our fields",
        "useDca dcaPercent dcaOrderCount": "an order has one entry here: leave it out",
        "delay": "an order can't wait here: leave it out",
        "broadcastSignal": "nobody follows an order here: leave it out",
        "cancelAllOrders cancelAllDcaOrders": "send an alert with action cancel, in our fields",
        "preventPyramiding closeCurrentPosition": "each buy is an order of its own here: leave it "
        "out",
        "orderType": "send isBuy, isSell or isClose; for a strategy's orders our own message, with "
        'side "{{strategy.order.action}}"',
        "useEntireAccountBalance": "send unitsType percentBalance and unitsPercent 100",
    },
)
_COUNTS = words(
    "absolute percent percentbalance percentposition",
    {
        "percentwallet": "send percentBalance",
        "risk": "in our fields quantity_type risk_percent with a stop_loss does it",
    },
)


def _read(names: Names) -> dict[str, Any]:
    said = [name for name in ("isBuy", "isSell", "isClose") if names.flag(name)]
    if len(said) != 1:
        what = " and ".join(said) or "none of isBuy, isSell and isClose"
        raise names.fault("isBuy", f"must be the one of the three that is true, but {what} is")
    about = {**names.ours(symbol="pair"), **framing(names)}
    counted, amount = _size(names)
    names.pass_over("isMarket")
    if said == ["isClose"] or (said == ["isSell"] and counted == "percentposition"):
        part = _part(names, counted, amount)
        return {**about, "action": "close", **part, **names.unless_off(price="price")}
    if counted == "percentposition":
        raise names.fault("unitsType", "percentPosition goes with isClose or isSell")
    kind = {"quote": "quote", "percent": "percent_balance", "percentbalance": "percent_balance"}
    size = names.ours(volume=amount) if amount else {}
    return {
        **about,
        "action": "buy" if said == ["isBuy"] else "sell",
        **size,
        "quantity_type": kind.get(counted or "") if size else None,
        **_price(names),
    }


def _size(names: Names) -> tuple[str | None, str | None]:
    """What is counted, and the name of the amount; None and None where the message has none."""
    fixed = names.on("fixedQuoteSize") is not None
    if names.flag("useFixedSize") != fixed:
        raise names.fault("fixedQuoteSize", "goes with useFixedSize true, and only with it")
    counted = names.word("unitsType", _COUNTS)
    amounts = [name for name in ("units", "unitsPercent") if names.on(name) is not None]
    if fixed:
        if amounts:
            raise names.fault(amounts[0], "stands beside fixedQuoteSize: send one of the two")
        return "quote", "fixedQuoteSize"
    if len(amounts) > 1:
        raise names.fault("unitsPercent", "stands beside units: send one of the two")
    if not amounts:
        if counted not in (None, "absolute"):
            raise names.missing("unitsPercent", "unitsType says what it counts")
        return None, None
    if amounts == ["unitsPercent"] and counted in (None, "absolute"):
        raise names.fault(
            "unitsPercent", "needs unitsType percent, percentBalance or percentPosition"
        )
    return counted or "absolute", amounts[0]


def _part(names: Names, counted: str | None, amount: str | None) -> dict[str, Any]:
    if amount is None:
        return {}
    if counted != "percentposition":
        raise names.fault(
            amount, "with isClose must count percentPosition; without it all is closed"
        )
    return names.ours(percent=amount)


def _price(names: Names) -> dict[str, Any]:
    limit, market = names.flag("isLimit"), names.flag("isMarket")
    if limit == market and limit:
        raise names.fault("isLimit", "stands beside isMarket: one of the two is true")
    if not limit:
        return names.unless_off(price="price")
    if names.on("price") is None:
        raise names.missing("price", "it is the limit")
    post = {"post_only": True} if names.flag("postOnly") else {}
    return {"order_type": "limit", **names.ours(price="price"), **post}


DIALECT = Dialect("TV-Hub", has_all("pair", "apiKey", "token"), ("token", "apiKey"), _ROWS, _read)
