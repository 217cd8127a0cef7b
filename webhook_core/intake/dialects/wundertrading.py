"""WunderTrading: ENTER-LONG_KRAKEN_BTCUSD_BOT_5M_id, alone or as ``code`` of a JSON object.

help.wundertrading.com, and public templates of its JSON form
"""

from __future__ import annotations

import re
from typing import Any

from webhook_core.intake.dialects import exits
from webhook_core.intake.dialects.dialect import Dialect, Fields
from webhook_core.intake.dialects.names import NO_SHORTS, Names, framing, table, words

CODE = r"(?a)(?:ENTER|EXIT)-(?:LONG|SHORT|ALL)_[^\s_]{1,32}_[^\s_]{1,32}_[^\r\n]{1,160}"
_ROWS = table(
    mapped="code orderType amountPerTradeType amountPerTrade takeProfits stopLoss price reduceOnly "
    "fired_at strategy_name validate",
    idle="placeConditionalOrdersOnExchange",
    refused={
        "leverage": "spot only: leave it out",
        "moveToBreakeven trailingStop stopLossMove": "a stop does not move here: leave it out",
        "takeProfit": "send it as takeProfits, a list of one",
        "extraOrderCount extraOrderDeviation dca swingTrade": "one order per alert: leave it out",
    },
)
_TYPES = words("market limit")
_COUNTS = words(
    "quote base contracts",
    {
        "$": "send quote, for a pair that is traded in dollars",
        "percents": "it may be a fraction or a percentage: send quote or base",
    },
)
_PROFIT = table("priceDeviation price portfolio")
_LOSS = table("priceDeviation price")


def _recognises(fields: Fields) -> bool:
    code = fields.get("code")
    first = code[0] if isinstance(code, list) and code else code
    if not isinstance(first, str) or not first.strip():
        return False
    return re.fullmatch(CODE, first.strip().splitlines()[0].strip(), re.IGNORECASE) is not None


def _read(names: Names) -> dict[str, Any]:
    code = names.raw("code")
    if isinstance(code, list) or len(code.strip().splitlines()) > 1:
        raise names.fault("code", "has more lines than one: send each code as an alert of its own")
    what, _, symbol = code.strip().split("_", 3)[:3]
    if what.upper().endswith("-SHORT"):
        raise names.fault("code", f"is one of a short: {NO_SHORTS}")
    if not any(letter.isdigit() or letter.isalpha() for letter in symbol) or symbol.upper() in (
        "NONE",
        "MULTIPLE-PAIRS",
    ):
        raise names.fault("code", "names no pair: use the code of a bot with one pair")
    about = {"symbol": symbol, **framing(names)}
    names.came_from["symbol"] = "code"
    kind = names.word("orderType", _TYPES) or "market"
    if what.upper().startswith("EXIT"):
        return {**about, "action": "close", **_exit(names, kind)}
    if what.upper() == "ENTER-ALL":
        raise names.fault("code", "must begin with ENTER-LONG, EXIT-LONG or EXIT-ALL")
    if names.flag("reduceOnly"):
        raise names.fault("reduceOnly", "of an entry closes a short: trade long only")
    return {
        **about,
        "action": "buy",
        **_size(names),
        **_price(names, kind),
        **exits.one_of_two(
            names, ("takeProfits", _take_profit(names)), ("stopLoss", _stop_loss(names))
        ),
    }


def _stop_loss(names: Names) -> str | None:
    return None if names.on("stopLoss") is None else _level(names.inner("stopLoss", _LOSS))


def _exit(names: Names, kind: str) -> dict[str, Any]:
    if kind != "market":
        raise names.fault("orderType", "must be market with an exit, or left out")
    names.refuse("does not go with an exit: leave it out", "takeProfits", "stopLoss")
    names.refuse("does not go with an exit, which closes all: leave it out", "amountPerTrade")
    names.pass_over("amountPerTradeType", "reduceOnly")
    return names.unless_off(price="price")


def _size(names: Names) -> dict[str, Any]:
    if names.on("amountPerTrade") is None:
        return {}
    counted = names.needed("amountPerTradeType", _COUNTS, "it says what amountPerTrade counts")
    size = names.ours(volume="amountPerTrade")
    return {**size, "quantity_type": "quote" if counted == "quote" else "base"}


def _price(names: Names, kind: str) -> dict[str, Any]:
    price = names.unless_off(price="price")
    if kind == "limit" and not price:
        raise names.missing("price", "it is the limit")
    return {"order_type": "limit", **price} if kind == "limit" else price


def _take_profit(names: Names) -> str | None:
    profits = names.on("takeProfits")
    if profits is None:
        return None
    if not isinstance(profits, list) or len(profits) != 1 or not isinstance(profits[0], dict):
        raise names.fault("takeProfits", "must be a list of one: Kraken takes one exit per order")
    inner = Names(names.tool, profits[0], _PROFIT, above=names)
    inner.place = "takeProfits."
    inner.check()
    if (inner.amount("portfolio") or 1) != 1:
        raise inner.fault("portfolio", "must be 1: the exit is for all of the order")
    return _level(inner)


def _level(inner: Names) -> str | None:
    found = {
        "priceDeviation": exits.fraction(inner, "priceDeviation"),
        "price": exits.price(inner, "price"),
    }
    return exits.only(inner, found, "of the two")


DIALECT = Dialect("WunderTrading", _recognises, (), _ROWS, _read)
