"""The fills of orders: docs.kraken.com/api/docs/rest-api/get-trade-history, get-trades-info."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webhook_core.kraken.paper.book import Fill, Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.private import moment, page
from webhook_core.kraken.paper.public import named
from webhook_core.kraken.paper.views import trade_object
from webhook_core.kraken.paper.wire import invalid

MOST = 20


def _newest_first(desk: Desk) -> list[tuple[Order, Fill]]:
    def every() -> Iterator[tuple[Order, Fill]]:
        for order in (*reversed(desk.book.open.values()), *desk.book.closed_orders()):
            for fill in reversed(order.fills()):
                yield order, fill

    return sorted(every(), key=lambda row: row[1].time, reverse=True)


def trades_history(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    start, end = moment(params, "start", 0), moment(params, "end", float("inf"))
    found = [(order, fill) for order, fill in _newest_first(desk) if start < fill.time <= end]
    return page(found, params, "trades", lambda rows: _objects(desk, rows))


def query_trades(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    """Trades by id; an unknown one is left out."""
    asked = named(params.get("txid", ""))
    if not 0 < len(asked) <= MOST:
        raise invalid("txid")
    return _objects(
        desk, [(order, fill) for order, fill in _newest_first(desk) if fill.txid in asked]
    )


def _objects(desk: Desk, rows: list[tuple[Order, Fill]]) -> dict[str, Any]:
    return {fill.txid: trade_object(order, fill, desk.pairs[order.pair]) for order, fill in rows}
