"""TradersPost: ``ticker`` and ``action``, camel-case order fields, and the secret in the URL.

docs.traderspost.io/docs/core-concepts/signals/webhooks
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects import exits, shorts
from webhook_core.intake.dialects.dialect import Dialect, Fields
from webhook_core.intake.dialects.names import Names, any_secret, framing, table, words
from webhook_core.intake.dialects.traderspost_exits import of_an_entry

_OF_ORDERS = ("orderType", "limitPrice", "stopPrice", "trailPrice", "trailPercent")
_MARKS = frozenset(("sentiment", "signalPrice", "quantityType", *_OF_ORDERS))
_EXITS = ("takeProfit", "stopLoss")
_ALONE = "is not taken here: send it as an alert of its own, in our fields"
_ROWS = table(
    mapped="ticker action sentiment quantity quantityType price signalPrice timeInForce time "
    "cancel fired_at strategy_name validate " + " ".join((*_OF_ORDERS, *_EXITS, *shorts.AS_OURS)),
    idle="exchange interval message comment",
    refused={
        "delay": "an order can't wait here: leave it out",
        "extras": "leave it out; take_profit and stop_loss are what goes with an order here",
        "breakeven": _ALONE,
        "optionType strikePrice expiration intrinsicValue": "Kraken's spot has no options",
        "isTest test": 'write "validate": true, which tries the message without an order',
        "trailAmount": "write trailPrice or trailPercent",
        "extendedHours": "Kraken never closes: leave it out",
    },
)
_ACTIONS = words(
    "buy sell exit cancel",
    {
        "add": "send buy with its quantity; each one is an order of its own here",
        "breakeven": "a stop moves to break even by an alert with action amend, in our fields",
        "reverse": "spot has no short position to turn to: send exit",
    },
)
_SENTIMENTS = words("long bullish short bearish flat")
_SHORT_NEEDS = "add prev_market_position and its size, or trade long only"
_TYPES = words("market limit stop stop_limit trailing_stop")
_COUNTS = {
    "fixed_quantity": "base",
    "dollar_amount": "quote",
    "percent_of_equity": "percent_equity",
    "percent_of_position": "percent_position",
}
_COUNTED = words(
    " ".join(_COUNTS),
    {
        "risk_dollar_amount": "no such count is here: in our fields quantity_type risk_percent "
        "does it",
        "risk_percent": "in our fields quantity_type risk_percent with a stop_loss does it",
    },
)


def _recognises(fields: Fields) -> bool:
    if not ("ticker" in fields and "action" in fields) or any_secret(fields):
        return False
    return not _MARKS.isdisjoint(fields) or any(
        isinstance(fields.get(name), dict) for name in _EXITS
    )


def _read(names: Names) -> dict[str, Any]:
    action = names.needed("action", _ACTIONS, "send buy, sell or exit")
    about = {**names.ours(symbol="ticker", time="time"), **framing(names)}
    names.pass_over("price", "signalPrice")  # references beside each other, and beside a limit
    if action == "cancel":
        alone = "does not go with action cancel: leave it out"
        names.refuse(alone, "quantity", *_OF_ORDERS, *_EXITS)
        names.pass_over("sentiment", "quantityType", "timeInForce", "cancel", *shorts.AS_OURS)
        return {**about, "action": "cancel", "scope": "strategy"}
    if names.flag("cancel"):
        raise names.fault("cancel", "is true: send an alert of its own with action cancel first")
    if action == "exit":
        return {**about, **_exit(names)}
    feeling = {"bullish": "long", "bearish": "short"}.get(
        said := names.word("sentiment", _SENTIMENTS) or "", said
    )
    if action == "sell" and feeling == "flat" and _is_at_the_market(names):
        return {**about, **_exit(names, is_whole=True)}
    _check_direction(names, action, feeling)
    return {**about, "action": action, **_order(names, action, feeling)}


def _is_at_the_market(names: Names) -> bool:
    """An exit with a size and prices of its own is an order as it stands, a close never."""
    return (names.word("orderType", _TYPES) or "market") == "market" or not names.has("quantity")


def _check_direction(names: Names, action: str, feeling: str) -> None:
    """Raises AlertMalformed where a short may stand on either side, and how much is not said."""
    told = names.has("prev_market_position") and names.has("prev_market_position_size")
    if (action, feeling) in (("sell", "short"), ("buy", "flat"), ("buy", "short")) and not told:
        raise names.fault(
            "sentiment", f"{feeling} with {action} may lead from or to a short: {_SHORT_NEEDS}"
        )
    if action == "sell" and feeling == "long" and not names.has("quantity"):
        raise names.missing("quantity", "what stays long is not said by the sentiment")


def _order(names: Names, action: str, feeling: str) -> dict[str, Any]:
    kind = names.word("orderType", _TYPES) or "market"
    if not names.has("orderType") and names.has("price"):
        names.notes.append(
            "orderType is missing, so it is a market order and price a mere reference; "
            'for a limit send "orderType": "limit" and limitPrice.'
        )
    around = shorts.around(names)
    if feeling and around:
        around.setdefault("market_position", feeling)
    counted = (names.word("quantityType", _COUNTED) or "fixed_quantity") == "fixed_quantity"
    size = (names, "quantity") if counted else None
    around = shorts.long_part(names, action, around, size)
    return {
        **_size(names),
        **_prices(names, kind),
        **_time_in_force(names, kind),
        **around,
        **_exits(names, action),
    }


def _time_in_force(names: Names, kind: str) -> dict[str, Any]:
    """A market order is done at once, and ``day`` says no more of it."""
    if kind == "market" and str(names.raw("timeInForce")).lower() == "day":
        return {}
    return names.ours(time_in_force="timeInForce")


def _exits(names: Names, action: str) -> dict[str, Any]:
    if action == "sell":
        exits.of_a_sell(names, _EXITS)
        return {}
    return of_an_entry(names)


def _size(names: Names) -> dict[str, Any]:
    counted = names.word("quantityType", _COUNTED)
    if counted is None:
        return names.ours(contracts="quantity")
    if not names.has("quantity"):
        raise names.missing("quantity", "quantityType says what it counts")
    if counted == "fixed_quantity":
        return names.ours(contracts="quantity")
    if counted == "percent_of_position":
        raise names.fault("quantityType", "percent_of_position goes with exit, or sell and flat")
    return {**names.ours(volume="quantity"), "quantity_type": _COUNTS[counted]}


def _prices(names: Names, kind: str) -> dict[str, Any]:
    """Each price where the kind has a place for it. Raises AlertMalformed for one that has none."""
    used = {
        "market": (),
        "limit": ("limitPrice",),
        "stop": ("stopPrice",),
        "stop_limit": ("stopPrice", "limitPrice"),
        "trailing_stop": ("trailPrice", "trailPercent"),
    }[kind]
    for name in _OF_ORDERS[1:]:
        if name not in used:
            names.refuse(f"does not go with orderType {kind}: leave it out", name)
    reference = names.ours(price="signalPrice") or names.ours(price="price")
    if kind == "market":
        return reference
    if kind == "trailing_stop":
        return {**reference, "order_type": "trailing-stop", "trail": _trail(names)}
    limit = names.ours(price="limitPrice")
    if kind == "limit":
        if not limit and not names.has("price"):
            raise names.missing("limitPrice", "it is the limit")
        return {**(limit or names.ours(price="price")), "order_type": "limit"}
    stop = {"order_type": "stop-loss", **names.ours(stop_price="stopPrice")}
    if kind == "stop":
        return {**reference, **stop}
    return {**stop, **limit, "order_type": "stop-loss-limit"}


def _trail(names: Names) -> str:
    found = {
        "trailPrice": exits.price(names, "trailPrice"),
        "trailPercent": exits.percent(names, "trailPercent"),
    }
    trail = exits.only(names, found, "distance")
    if trail is None:
        raise names.missing("trailPrice", "send trailPrice or trailPercent")
    return trail


def _exit(names: Names, *, is_whole: bool = False) -> dict[str, Any]:
    """``is_whole``: the strategy says that it is flat after it, so what it counts itself decides
    nothing."""
    exits.of_a_sell(names, _EXITS)
    at_the_market = "does not go with an exit, which is at the market: leave it out"
    names.refuse(at_the_market, *_OF_ORDERS[1:])
    if (names.word("orderType", _TYPES) or "market") != "market":
        raise names.fault("orderType", "must be market with an exit, or left out")
    if not is_whole and (names.word("sentiment", _SENTIMENTS) or "flat") != "flat":
        raise names.fault("sentiment", "must be flat with action exit, or left out")
    names.pass_over("timeInForce")  # of a market order, which is done at once
    reference = names.ours(price="signalPrice") or names.ours(price="price")
    closes = {"action": "close", **reference, **shorts.around(names)}
    counted = names.word("quantityType", _COUNTED)
    if counted == "percent_of_position":
        if not is_whole and not names.has("quantity"):
            raise names.missing("quantity", "quantityType says what it counts")
        return {**closes, **names.ours(percent="quantity")}
    if names.has("quantity") and not is_whole:
        raise names.fault(
            "quantity",
            "with action exit closes a part: send quantityType percent_of_position, or leave both "
            "out",
        )
    if names.has("quantity"):
        names.notes.append("quantity is not used: sentiment flat closes the whole position.")
    return closes


DIALECT = Dialect("TradersPost", _recognises, (), _ROWS, _read)
