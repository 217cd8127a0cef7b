"""Kraken's private endpoints over one book.

Each takes the desk and the request's fields and returns ``result``.

Requests and answers: docs.kraken.com/api/docs/rest-api (one page per method).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar

from webhook_core.kraken.paper import margin
from webhook_core.kraken.paper.add_order import add_order
from webhook_core.kraken.paper.arguments import same_id
from webhook_core.kraken.paper.book import Order, PaperTrade
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.envelope import Refused, invalid
from webhook_core.kraken.paper.pairs import asset_decimals, asset_id
from webhook_core.kraken.paper.public import Params, named
from webhook_core.kraken.paper.views import order_object, position_object, trade_object

_Row = TypeVar("_Row")
PAGE, MOST_TRADES = 50, 20


def _is_true(params: Params, field: str) -> bool:
    return params.get(field, "").lower() in ("true", "1")


def _same(order: Order, params: Params) -> bool:
    return "cl_ord_id" not in params or same_id(order.cl_ord_id, params["cl_ord_id"])


def _objects(desk: Desk, orders: Iterable[Order], params: Params) -> dict[str, Any]:
    trades = _is_true(params, "trades")
    return {
        order.txid: order_object(order, desk.pairs[order.pair], trades=trades) for order in orders
    }


def open_orders(desk: Desk, params: Params) -> dict[str, Any]:
    orders = [order for order in desk.book.open.values() if _same(order, params)]
    return {"open": _objects(desk, orders, params)}


def closed_orders(desk: Desk, params: Params) -> dict[str, Any]:
    """Fifty a page, newest first; ``start`` is exclusive, ``end`` inclusive, both unix
    seconds."""
    if params.get("closetime", "both") not in ("open", "close", "both"):
        raise invalid("closetime")
    start, end = moment(params, "start", 0), moment(params, "end", float("inf"))
    found = [
        order
        for order in desk.book.closed_orders()
        if _same(order, params) and any(start < time <= end for time in _times(order, params))
    ]
    return page(found, params, "closed", lambda rows: _objects(desk, rows, params))


def _times(order: Order, params: Params) -> tuple[float, ...]:
    times = {"open": (order.opentm,), "close": (order.closetm,)}
    return times.get(params.get("closetime", "both"), (order.opentm, order.closetm))


def moment(params: Params, field: str, default: float) -> float:
    """``start`` or ``end``, unix seconds. Raises Refused."""
    text = params.get(field)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text, re.ASCII):
        raise invalid(field)
    return float(text)


def page(
    found: list[_Row], params: Params, name: str, shape: Callable[[list[_Row]], dict[str, Any]]
) -> dict[str, Any]:
    """Fifty rows from ``ofs`` on, and how many there are. Raises Refused."""
    text = params.get("ofs", "0")
    if not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
        raise invalid("ofs")
    offset = int(text)
    answer: dict[str, Any] = {name: shape(found[offset : offset + PAGE])}
    return answer if _is_true(params, "without_count") else answer | {"count": len(found)}


def query_orders(desk: Desk, params: Params) -> dict[str, Any]:
    """Orders by txid; an unknown one is left out, as Kraken does."""
    txids = named(params.get("txid", ""))
    if not 0 < len(txids) <= 50:
        raise invalid("txid")
    orders = [order for order in map(desk.book.find, txids) if order is not None]
    return _objects(desk, (o for o in orders if _same(o, params)), params)


def _newest_first(desk: Desk) -> list[tuple[Order, PaperTrade]]:
    def every() -> Iterator[tuple[Order, PaperTrade]]:
        for order in (*reversed(desk.book.open.values()), *desk.book.closed_orders()):
            for fill in reversed(order.fills()):
                yield order, fill

    return sorted(every(), key=lambda row: row[1].time, reverse=True)


def trades_history(desk: Desk, params: Params) -> dict[str, Any]:
    start, end = moment(params, "start", 0), moment(params, "end", float("inf"))
    found = [(order, fill) for order, fill in _newest_first(desk) if start < fill.time <= end]
    return page(found, params, "trades", lambda rows: _trade_objects(desk, rows))


def query_trades(desk: Desk, params: Params) -> dict[str, Any]:
    """Trades by id; an unknown one is left out."""
    asked = named(params.get("txid", ""))
    if not 0 < len(asked) <= MOST_TRADES:
        raise invalid("txid")
    return _trade_objects(
        desk, [(order, fill) for order, fill in _newest_first(desk) if fill.txid in asked]
    )


def _trade_objects(desk: Desk, rows: list[tuple[Order, PaperTrade]]) -> dict[str, Any]:
    return {fill.txid: trade_object(order, fill, desk.pairs[order.pair]) for order, fill in rows}


def open_positions(desk: Desk, params: Params) -> dict[str, Any]:
    """One row a position; rows of whole markets, which Kraken has too, nobody asks for here."""
    if "consolidation" in params:
        raise invalid("consolidation")
    return {held.txid: position_object(desk, held) for held in desk.book.positions}


def _asset_text(asset: str, amount: Decimal) -> str:
    digits = asset_decimals(asset)
    # Never more than there is.
    return f"{amount.quantize(Decimal(1).scaleb(-digits), ROUND_DOWN):f}"


def balance(desk: Desk, _: Params) -> dict[str, str]:
    return {asset: _asset_text(asset, amount) for asset, amount in desk.book.balances.items()}


def balance_ex(desk: Desk, _: Params) -> dict[str, dict[str, str]]:
    return {
        asset: {
            "balance": _asset_text(asset, amount),
            "hold_trade": _asset_text(asset, desk.held(asset)),
        }
        for asset, amount in desk.book.balances.items()
    }


def trade_balance(desk: Desk, params: Params) -> dict[str, str]:
    asset = asset_id(params.get("asset", "ZUSD"))
    if asset not in desk.pairs.assets():
        raise Refused("EQuery:Unknown asset")
    figures = margin.summary(desk, asset)
    equity = figures.balance + figures.unrealized
    answer = {
        "eb": figures.balance,
        "tb": figures.balance,
        "m": figures.used,
        "n": figures.unrealized,
        "e": equity,
        "mf": equity - figures.used,
    }
    if figures.used:
        answer["ml"] = equity / figures.used * 100
    return {name: f"{value:.4f}" for name, value in answer.items()}


def trade_volume(desk: Desk, params: Params) -> dict[str, Any]:
    """The account's fees; none without ``pair``."""
    answer: dict[str, Any] = {"currency": "ZUSD", "volume": "0.0000"}
    pairs = [desk.pairs.find(name) for name in named(params.get("pair", ""))]
    if pairs:
        answer["fees"] = {pair.key: _fee_row(desk.fees.taker) for pair in pairs}
        answer["fees_maker"] = {pair.key: _fee_row(desk.fees.maker) for pair in pairs}
    return answer


def _fee_row(percent: Decimal) -> dict[str, str | None]:
    text = f"{percent:.4f}"
    return {
        "fee": text,
        "minfee": text,
        "maxfee": text,
        "nextfee": None,
        "nextvolume": None,
        "tiervolume": "0.0000",
    }


def _change(name: str) -> Callable[[Desk, Params], Any]:
    """An endpoint for orders that are open."""

    def endpoint(desk: Desk, params: Params) -> Any:
        from webhook_core.kraken.paper import changes  # few alerts change an order

        return getattr(changes, name)(desk, params)

    return endpoint


_TRADE, _CANCEL = ("modify-trades",), ("modify-trades", "close-trades")
_OPEN, _CLOSED, _FUNDS = ("query-open-trades",), ("query-closed-trades",), ("query-funds",)

# One of the permissions is enough.
ENDPOINTS: dict[str, tuple[Callable[[Desk, Params], Any], tuple[str, ...]]] = {
    "AddOrder": (add_order, _TRADE),
    "AmendOrder": (_change("amend_order"), _CANCEL),
    "CancelOrder": (_change("cancel_order"), _CANCEL),
    "CancelAll": (_change("cancel_all"), _CANCEL),
    "OpenOrders": (open_orders, _OPEN),
    "ClosedOrders": (closed_orders, _CLOSED),
    "QueryOrders": (query_orders, _OPEN + _CLOSED),
    "TradesHistory": (trades_history, _CLOSED),
    "QueryTrades": (query_trades, _CLOSED),
    "OpenPositions": (open_positions, _OPEN),
    "Balance": (balance, _FUNDS),
    "BalanceEx": (balance_ex, _FUNDS),
    "TradeBalance": (trade_balance, _OPEN),
    "TradeVolume": (trade_volume, _FUNDS),
}
