"""Kraken's public endpoints.

Requests and answers: docs.kraken.com/api/docs/rest-api (one page per method).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.envelope import Refused, invalid
from webhook_core.kraken.paper.pairs import Pair

Params = Mapping[str, str]


def named(text: str) -> list[str]:
    """The parts of a comma-separated field."""
    return [name.strip() for name in text.split(",") if name.strip()]


def server_time(desk: Desk, _: Params) -> dict[str, Any]:
    moment = datetime.fromtimestamp(desk.now, UTC)
    return {"unixtime": int(desk.now), "rfc1123": f"{moment:%a, %d %b %y %H:%M:%S} +0000"}


def system_status(desk: Desk, _: Params) -> dict[str, Any]:
    return {
        "status": "online",
        "timestamp": f"{datetime.fromtimestamp(desk.now, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def asset_pairs(desk: Desk, params: Params) -> dict[str, Any]:
    """The rules of the pairs of one asset class and of the venues asked for; one unknown name
    refuses the whole request."""
    aclass = params.get("aclass_base", "currency")
    venues = named(params.get("execution_venue", "international"))
    asked = [desk.pairs.find(name, aclass) for name in named(params.get("pair", ""))]
    if any(pair.execution_venue not in venues for pair in asked):
        raise Refused("EQuery:Unknown asset pair")
    pairs = asked or [
        pair for pair in desk.pairs if pair.aclass_base == aclass and pair.execution_venue in venues
    ]
    return {pair.key: pair.row() for pair in pairs}


def ticker(desk: Desk, params: Params) -> dict[str, Any]:
    """The last price as bid, ask and close.

    A pair that was asked for and has none is refused with the way out.
    """
    aclass = params.get("asset_class", "currency")
    asked = [desk.pairs.find(name, aclass) for name in named(params.get("pair", ""))]
    for pair in asked:
        if pair.execution_venue != "international":
            raise Refused("EQuery:Unknown asset pair")  # its price is that of the plain pair
        if pair.key not in desk.book.prices:
            raise no_price(pair, "pair")
    priced = (desk.pairs[key] for key in desk.book.prices)
    pairs = asked or [pair for pair in priced if pair.execution_venue == "international"]
    return {pair.key: _tick(desk, pair) for pair in pairs}


def _tick(desk: Desk, pair: Pair) -> dict[str, Any]:
    price = f"{desk.book.prices[pair.key]:.{max(5, pair.pair_decimals)}f}"
    nothing = pair.volume(Decimal(0))
    return {
        "a": [price, "1", "1.000"],
        "b": [price, "1", "1.000"],
        "c": [price, nothing],
        "v": [nothing, nothing],
        "p": [price, price],
        "t": [0, 0],
        "l": [price, price],
        "h": [price, price],
        "o": price,
    }


def no_price(pair: Pair, field: str) -> Refused:
    """Paper can't invent a price; the refusal says where one may come from."""
    advice = 'send "price" in the alert or set PAPER_PRICES=kraken'
    return invalid(f"{field}:paper knows no price of {pair.altname} yet; {advice}")


ENDPOINTS: dict[str, Callable[[Desk, Params], Any]] = {
    "Time": server_time,
    "SystemStatus": system_status,
    "AssetPairs": asset_pairs,
    "Ticker": ticker,
}
