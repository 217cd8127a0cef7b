"""How Kraken writes orders, trades and positions: its wording and its number formats.

Shapes: docs.kraken.com/api/docs/rest-api/get-orders-info, get-trade-history and get-open-positions.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webhook_core.kraken.paper import margin
from webhook_core.kraken.paper.book import Order, PaperTrade, Position
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.order_prices import child_of
from webhook_core.kraken.paper.pairs import Pair

ZERO = Decimal(0)


def description(order: Order, pair: Pair) -> str:
    """``buy 0.01000000 XBTUSD @ limit 25000.1 with 5:1 leverage``."""
    suffix = f" with {order.leverage}:1 leverage" if order.leverage else ""
    return f"{order.side} {pair.volume(order.volume)} {pair.altname} @ {what(order, pair)}{suffix}"


def what(order: Order, pair: Pair) -> str:
    """``stop loss 22000.0 -> limit 21000.0``."""
    kind = order.ordertype.removesuffix("-limit").replace("-", " ")
    text = f"{kind} {_price(order, pair)}" if order.price or order.said else kind
    return f"{text} -> limit {_price2(order, pair)}" if order.price2 or order.said2 else text


def close_description(order: Order, pair: Pair) -> str:
    """Empty without a conditional close."""
    if order.close is None:
        return ""
    return f"close position @ {what(child_of(pair, order, Decimal(0), None), pair)}"


def _price(order: Order, pair: Pair) -> str:
    return order.said or (pair.price(order.price) if order.price else "0")


def _price2(order: Order, pair: Pair) -> str:
    return order.said2 or (pair.price(order.price2) if order.price2 else "0")


def order_object(order: Order, pair: Pair, *, trades: bool = False) -> dict[str, Any]:
    """Kraken's ORDER.

    Its pair is the altname; ``closetm`` only once closed, ``cl_ord_id`` only if one was given.
    """
    view: dict[str, Any] = {
        "refid": order.refid,
        "userref": None if order.cl_ord_id else 0,
        "status": order.status,
        "reason": order.reason,
        "opentm": order.opentm,
        "starttm": order.starttm,
        "expiretm": order.expiretm,
        "descr": _descr(order, pair),
        "vol": pair.volume(order.volume),
        "vol_exec": pair.volume(order.vol_exec),
        "cost": pair.cost(order.cost),
        "fee": pair.cost(order.fee),
        "price": pair.price(order.average) if order.average else pair.cost(ZERO),
        "stopprice": pair.cost(order.price if order.triggered or order.peak else ZERO),
        "limitprice": pair.cost(order.price2 if order.triggered else order.peak),
        "misc": _misc(order),
        "oflags": order.oflags,
        "margin": bool(order.leverage),
    }
    if order.trigger != "last":
        view["trigger"] = order.trigger
    if order.cl_ord_id is not None:
        view["cl_ord_id"] = order.cl_ord_id
    if order.closetm:
        view["closetm"] = order.closetm
    if trades:
        view["trades"] = [fill.txid for fill in order.fills()]
    return view


def _descr(order: Order, pair: Pair) -> dict[str, str]:
    return {
        "pair": pair.altname,
        "aclass": "forex",
        "type": order.side,
        "ordertype": order.ordertype,
        "price": _price(order, pair),
        "price2": _price2(order, pair),
        "leverage": f"{order.leverage}:1" if order.leverage else "none",
        "order": description(order, pair),
        "close": close_description(order, pair),
    }


def _misc(order: Order) -> str:
    words = {
        "stopped": order.triggered and not order.ordertype.startswith("take-profit"),
        "touched": order.triggered and order.ordertype.startswith("take-profit"),
        "partial": bool(order.vol_exec) and order.left > 0,
        "amended": order.amended,
    }
    return ",".join(word for word, applies in words.items() if applies)


def trade_object(order: Order, fill: PaperTrade, pair: Pair) -> dict[str, Any]:
    """One fill of an order. Its pair is the AssetPairs key."""
    return {
        "ordertxid": order.txid,
        "postxid": fill.txid,
        "pair": pair.key,
        "time": fill.time,
        "type": order.side,
        "ordertype": order.ordertype,
        "price": pair.price(fill.price),
        "cost": pair.cost(fill.cost),
        "fee": pair.cost(fill.fee),
        "vol": pair.volume(fill.volume),
        "margin": pair.cost(pair.rounded(fill.cost / order.leverage) if order.leverage else ZERO),
        "leverage": str(order.leverage),
        "misc": "",
        "maker": fill.maker,
    }


def position_object(desk: Desk, held: Position) -> dict[str, Any]:
    """An open position; its pair is the AssetPairs key."""
    pair = desk.pairs[held.pair]
    return {
        "ordertxid": held.ordertxid,
        "posstatus": "open",
        "pair": pair.key,
        "time": held.time,
        "type": held.side,
        "ordertype": held.ordertype,
        "cost": pair.cost(held.cost),
        "fee": pair.cost(held.fee),
        "vol": pair.volume(held.volume),
        "vol_closed": pair.volume(held.closed),
        "margin": pair.cost(margin.used(held)),
        "terms": "0.0100% per 4 hours",
        "rollovertm": str(int(held.time) + 4 * 3600),
        "misc": "",
        "oflags": "",
    }
