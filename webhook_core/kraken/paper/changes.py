"""Changing an order that rests, and canceling it.

Rules: docs.kraken.com/api/docs/rest-api (amend-order, cancel-order, cancel-all-orders). Kraken
doesn't document what it says to an order that can't be changed; here it is ``EOrder:Invalid
order``. What it says where nothing would change stands in the catalogues of public clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webhook_core.kraken.paper import add_order, arguments, matching, order_prices
from webhook_core.kraken.paper.arguments import same_id
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.envelope import Refused, invalid
from webhook_core.kraken.paper.pairs import Pair

_FIELDS = ("order_qty", "display_qty", "limit_price", "trigger_price")


def _one(desk: Desk, params: Mapping[str, str]) -> Order:
    found = named(desk, params.get("txid", ""), params.get("cl_ord_id"))
    if len(found) > 1 or found[0].close is not None:
        raise Refused("EOrder:Invalid order")
    return found[0]


def amend_order(desk: Desk, params: Mapping[str, str]) -> dict[str, str]:
    """Change volume, limit or trigger in place.

    A volume that is filled already cancels the rest.
    """
    order = _one(desk, params)
    if not any(params.get(field) for field in _FIELDS):
        raise invalid("order_qty")
    pair = desk.pairs[order.pair]
    if pair.aclass_base != "currency":  # only such an amendment has to name its pair
        _check_pair(desk, params, pair)
    market, before = desk.book.prices.get(order.pair), _wanted(order)
    _set_prices(params, pair, order, market)
    if params.get("order_qty"):
        wanted = arguments.volume_of({"volume": params["order_qty"]}, pair, 0, "order_qty")
        order.volume = max(wanted, order.vol_exec)  # what is filled stays filled
    if _wanted(order) == before and not params.get("display_qty"):
        raise Refused("EOrder:No amendable parameters specified")
    order.amended = True
    if order.left <= 0:
        desk.finish(order, "canceled", "User requested")
        return {"amend_id": desk.book.mint("T")}
    if params.get("display_qty"):
        arguments.check_display(params["display_qty"], order)
    if (
        params.get("post_only", "").lower() in ("true", "1")
        and market is not None
        and matching.crosses(order, market)
    ):
        raise Refused("EOrder:Post only order")
    arguments.check_deadline(params, desk.now)
    _stand(desk, pair, order, market)
    return {"amend_id": desk.book.mint("T")}


def _wanted(order: Order) -> tuple[Decimal, Decimal | str, Decimal | str]:
    """What an amendment can change of an order; a relative price is what it says."""
    return order.volume, order.said or order.price, order.said2 or order.price2


def _check_pair(desk: Desk, params: Mapping[str, str], pair: Pair) -> None:
    if desk.pairs.find(params.get("pair", ""), pair.aclass_base).key != pair.key:
        raise Refused("EOrder:Invalid order")


def _set_prices(
    params: Mapping[str, str], pair: Pair, order: Order, market: Decimal | None
) -> None:
    limit = "price" if order.ordertype in order_prices.LIMITS else "price2"
    if params.get("limit_price") and order_prices.limit_of(order) is None:
        raise invalid("limit_price")
    if params.get("trigger_price") and (
        order.ordertype not in order_prices.TRIGGERS or order.triggered
    ):
        raise invalid("trigger_price")
    asked = {
        limit: params.get("limit_price"),
        "price": params.get("trigger_price") or params.get("limit_price"),
    }
    if order.ordertype not in order_prices.LIMITS:
        asked["price"] = params.get("trigger_price")
    texts = {
        "price": order.said or f"{order.price:f}",
        "price2": order.said2 or f"{order.price2:f}",
    }
    changed = {field: text for field, text in asked.items() if text}
    if changed:
        order.peak = Decimal(0) if order.ordertype in order_prices.TRAILING else order.peak
        order_prices.set_prices(texts | changed, pair, order, market)


def _stand(desk: Desk, pair: Pair, order: Order, market: Decimal | None) -> None:
    """Back into the book with what it holds now; what crosses trades."""
    order.hold = Decimal(0)
    add_order.check_resting(desk, pair, order, market)
    add_order.check_size(pair, order, market)
    if not order.leverage:
        order.hold = matching.needed(desk, pair, order, market)
    if market is not None and order.status == "open":
        matching.meet(desk, pair, order, market, resting=False)


def cancel_order(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    """By txid or by cl_ord_id."""
    return _cancel(desk, named(desk, params.get("txid", ""), params.get("cl_ord_id")))


def named(desk: Desk, wanted: str, client_order_id: str | None) -> list[Order]:
    """The open orders of a txid or a cl_ord_id, one at least. Raises Refused."""
    if not wanted and client_order_id is None:
        raise invalid("txid")
    resting = list(desk.book.open.values())
    if not wanted:
        found = [order for order in resting if same_id(order.cl_ord_id, client_order_id)]
    elif desk.book.gave(wanted):
        found = [order for order in resting if order.txid == wanted]
    else:
        raise Refused("EOrder:Invalid order")
    if not found:
        raise Refused("EOrder:Unknown order")
    return found


def cancel_all(desk: Desk, _: Mapping[str, str]) -> dict[str, Any]:
    return _cancel(desk, list(desk.book.open.values()))


def _cancel(desk: Desk, orders: list[Order]) -> dict[str, Any]:
    for order in orders:
        desk.finish(order, "canceled", "User requested")
    return {"count": len(orders)}
