"""Orders as the account's reads show them: open, closed, by name, and what they have traded; and
what the account has traded, order or not.

Shapes: docs.kraken.com, get-open-orders, get-closed-orders, get-orders-info, get-trades-info,
get-trade-history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from webhook_core.errors import VenueUnavailable
from webhook_core.kraken import listed_orders
from webhook_core.kraken.client import decimal
from webhook_core.kraken.listed_orders import count, listed, moment, resting
from webhook_core.kraken.replies import in_usual_form
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill, VenueOrder
from webhook_core.trading.venue_trades import TradesPage, VenueTrade

Read = Callable[[str, Mapping[str, str]], Mapping[str, Any]]
"""A method and its parameters -> Kraken's result. Raises VenueUnavailable."""
_ClosedPage = tuple[Mapping[str, Any], Mapping[str, Any]]
MOST_OF_NOW = 200
"""Of what has closed just now, within one request."""
MOST_PAGES_OF_NOW, MOST_PAGES = 6, 40
MOST_ORDERS = 50
"""In one QueryOrders, and of a page of ClosedOrders (docs.kraken.com, get-orders-info,
get-closed-orders)."""
PAGE = 50
"""Of trades."""
MOST_TRADES = 20
"""In one QueryTrades (docs.kraken.com, get-trades-info)."""
CLOCK_SKEW = timedelta(seconds=60)


class OrderReads:
    """Whatever is malformed fails the whole read, as VenueUnavailable."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def open(self) -> tuple[RestingOrder, ...]:
        """All that are open."""
        orders = listed(self._read("OpenOrders", {}), "open")
        return tuple(resting(order_id, order) for order_id, order in orders.items())

    def closed(self, since: datetime) -> tuple[RestingOrder, ...]:
        """The newest that have closed since then; fewer than ``MOST_OF_NOW`` are all of them."""
        orders: dict[str, Any] = {}
        asked = {"start": _start(since), "closetime": "close", "without_count": "true"}
        for page, _ in self._closed_pages(MOST_PAGES_OF_NOW, asked):
            orders |= page
            if len(page) < MOST_ORDERS or len(orders) >= MOST_OF_NOW:
                break
        return tuple(resting(order_id, order) for order_id, order in orders.items())

    def _closed_pages(self, most: int, asked: Mapping[str, str]) -> Iterator[_ClosedPage]:
        """Each with the whole answer, newest first, until the caller has what it wants.

        A replica that is ahead pushes rows down the list, and one that is behind moves them up, so
        each page begins at the last row that is known. One that has none of those leaves a gap,
        which a page further up closes. Raises VenueUnavailable where it does not, and at the last.
        """
        known, offset, is_again = set[str](), 0, False
        for _ in range(most):
            answer = self._read("ClosedOrders", {**asked, "ofs": str(offset)})
            page = listed(answer, "closed")
            if known and known.isdisjoint(page):
                if is_again:
                    break
                offset, is_again = max(0, offset + 1 - MOST_ORDERS), True
                continue
            yield page, answer
            known |= page.keys()
            offset, is_again = offset + len(page) - 1, False
        raise VenueUnavailable("Kraken's list of closed orders could not be read to its end.")

    def named(self, order_ids: Sequence[str]) -> Mapping[str, RestingOrder]:
        """By order id; one that Kraken does not know is left out."""
        return {name: resting(name, order) for name, order in self._queried(order_ids)}

    def fills(self, order_ids: Sequence[str]) -> Mapping[str, Fill]:
        """By order id, what each has traded; one that Kraken does not know is left out."""
        queried = self._queried(order_ids, trades="true")
        return {name: listed_orders.fill(name, order) for name, order in queried}

    def find_open(self, client_order_id: str) -> VenueOrder | None:
        """The open order with that id."""
        result = self._read("OpenOrders", {"cl_ord_id": client_order_id})
        return listed_orders.matching(listed(result, "open"), client_order_id)

    def find_closed(self, client_order_id: str, since: datetime) -> VenueOrder | None:
        """The closed order with that id; None proves its absence, since all pages were read, and no
        order has closed meanwhile."""
        seen: set[str] = set()
        asked = {"cl_ord_id": client_order_id, "start": _start(since), "closetime": "both"}
        for page, answer in self._closed_pages(MOST_PAGES, asked):
            match = listed_orders.matching(page, client_order_id)
            if match is not None:
                return match
            grown = seen | page.keys()
            if len(page) < MOST_ORDERS and len(grown) == count(answer):
                return None
            if grown == seen:
                break
            seen = grown
        raise VenueUnavailable("Kraken's list of closed orders could not be read to its end.")

    def last_traded(self, order_id: str) -> datetime | None:
        """When the order traded last; None: it has not, or Kraken does not know it."""
        asked = {"txid": order_id, "trades": "true"}
        order = self._read("QueryOrders", asked).get(order_id)
        trades = listed_orders.trades_of(order_id, order)[-MOST_TRADES:]
        if not trades:
            return None
        return listed_orders.traded_at(self._read("QueryTrades", {"txid": ",".join(trades)}))

    def trades(self, since: datetime, until: datetime, skip: int = 0) -> TradesPage:
        """All of the span, or its oldest fifty; ``skip``: behind so many pages of the oldest.

        Kraken lists fifty a page, newest first; ``start`` is exclusive and ``end`` inclusive, in
        whole seconds. Where there are more than fifty, the oldest are asked for up to the last
        whole second: what is traded meanwhile is behind it and moves no page.
        """
        start, end = int(since.timestamp()), int(until.timestamp())
        asked = {"start": str(start), "end": str(end + 1), "ofs": "0"}
        page = self._read("TradesHistory", asked)
        length = count(page)
        if length > PAGE:
            page, length = self._oldest(asked | {"end": str(end)}, length, PAGE * (skip + 1))
        with in_usual_form("list of trades"):
            rows = [_trade(trade_id, row) for trade_id, row in page["trades"].items()]
        rows.sort(key=lambda row: row.at)
        return TradesPage(tuple(rows), length <= PAGE * (skip + 1))

    def _oldest(
        self, asked: Mapping[str, str], length: int, among: int
    ) -> tuple[Mapping[str, Any], int]:
        """The page of the oldest of so many, and how long that replica's list is. Of another one it
        may be longer or shorter: the same place is that of another page then."""
        for _ in range(3):
            page = self._read("TradesHistory", {**asked, "ofs": str(max(0, length - among))})
            expected, length = length, count(page)
            if length == expected:
                return page, length
        raise VenueUnavailable("Kraken's list of trades changes from one page to the next.")

    def _queried(
        self, order_ids: Sequence[str], **asked: str
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for start in range(0, len(order_ids), MOST_ORDERS):
            named = order_ids[start : start + MOST_ORDERS]
            shown = self._read("QueryOrders", {"txid": ",".join(named), **asked})
            yield from ((name, shown[name]) for name in named if name in shown)


def _start(since: datetime) -> str:
    """Seconds, with room for a clock of ours that is ahead of Kraken's."""
    return str(int((since - CLOCK_SKEW).timestamp()))


def _trade(trade_id: str, row: Mapping[str, Any]) -> VenueTrade:
    order_id, pair, side = str(row["ordertxid"]), str(row["pair"]), Side(row["type"])
    volume, price, cost, fee = (decimal(row[name]) for name in ("vol", "price", "cost", "fee"))
    at, margin = moment(row["time"]), bool(decimal(row.get("margin") or "0"))
    return VenueTrade(trade_id, order_id, pair, side, volume, price, cost, fee, at, margin)
