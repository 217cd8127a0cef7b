"""Kraken as the Venue of the application: submit, look up, read the market."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.errors import LedgerUnavailable, VenueUnavailable
from webhook_core.events import event
from webhook_core.kraken import outcomes
from webhook_core.kraken.client import KrakenClient, decimal
from webhook_core.kraken.outcomes import Reply
from webhook_core.ports import Budget, Clock
from webhook_core.trading.instruments import Instrument, parse_asset_pairs
from webhook_core.trading.orders import NotSent, OrderRequest, Outcome, Unknown, VenueOrder

if TYPE_CHECKING:
    from webhook_core.findings import Finding

ENOUGH_TO_SEND_S = 1.0
"""With less of the request's budget left, an order is not sent."""
READ_S = 1.2
"""A read holds the key's line for no longer: an alert that waits behind it still has the time to send."""
TOKENIZED = "tokenized_asset"
RESENDS = 2
MOST_PAGES = 40
"""Of 50 closed orders each."""
CLOCK_SKEW = timedelta(seconds=60)


class KrakenVenue:
    """``note_price`` hears the alert's reference price before each order; the paper venue trades at it."""

    def __init__(
        self, client: KrakenClient, clock: Clock, note_price: Callable[[str, Decimal], None] | None = None
    ) -> None:
        self._client = client
        self._clock = clock
        self._note_price = note_price

    def submit(self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget) -> Outcome:
        parameters = {**request.parameters, "cl_ord_id": client_order_id, "deadline": rfc3339(deadline)}
        try:
            return self._no_book(request) or self._send(parameters, budget)
        except Exception:  # noqa: BLE001  after a claim nothing may escape: what we can't explain is unknown
            event(logging.ERROR, "order.submit_failed", exc_info=True, client_order_id=client_order_id)
            return Unknown("an unexpected failure while sending")

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        parameters = {**request.parameters, "validate": "true"}  # any value means validate: never send "false"
        return outcomes.of_validation(self._client.private("AddOrder", parameters, budget))

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        result = self._read("OpenOrders", {"cl_ord_id": client_order_id}, budget)
        return _matching(_orders(result, "open"), client_order_id)

    def find_closed(self, client_order_id: str, since: datetime, budget: Budget) -> VenueOrder | None:
        """Newest first: an order that closes between two pages pushes one down that we have seen, and is not seen itself."""
        start = int((since - CLOCK_SKEW).timestamp())
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            asked = {"cl_ord_id": client_order_id, "start": str(start), "closetime": "both", "ofs": str(len(seen))}
            result = self._read("ClosedOrders", asked, budget)
            page = _orders(result, "closed")
            match = _matching(page, client_order_id)
            if match is not None:
                return match
            if len(seen | page.keys()) == _count(result):
                return None
            if page.keys() <= seen:
                break
            seen |= page.keys()
        raise VenueUnavailable("Kraken's list of closed orders could not be read to its end.")

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        if pairs is None:
            return self._asset_pairs({}, budget)
        stocks = [pair for pair in pairs if _is_tokenized(pair)]
        others = [pair for pair in pairs if not _is_tokenized(pair)]
        found = self._asset_pairs({"pair": ",".join(others)}, budget) if others else []
        if stocks:  # Kraken knows them only where their class is named
            found += self._asset_pairs({"pair": ",".join(stocks), "aclass_base": TOKENIZED}, budget)
        return found

    def _asset_pairs(self, asked: Mapping[str, str], budget: Budget) -> list[Instrument]:
        asked_at = self._clock.now()
        reply = self._client.public("AssetPairs", asked, budget)
        errors = outcomes.errors_of(reply.document) or ()
        if asked and any(error.startswith("EQuery:Unknown asset pair") for error in errors):
            return []
        return parse_asset_pairs(result_of(reply, "AssetPairs"), asked_at)

    def last_price(self, instrument: Instrument, budget: Budget) -> Decimal:
        return last_price(self._client, instrument.key, budget)

    def account(self, budget: Budget) -> Mapping[str, Any]:
        return {
            "balances": self._read("BalanceEx", {}, budget),
            "open_orders": self._read("OpenOrders", {}, budget).get("open", {}),
            "positions": self._read("OpenPositions", {}, budget),
        }

    def diagnose(self) -> Iterator[Finding]:
        """What the doctor asks of Kraken: its status, the clock, the key."""
        from webhook_core.kraken import diagnosis  # only the doctor needs it

        return diagnosis.diagnose(self._client, self._clock)

    def _send(self, parameters: Mapping[str, str], budget: Budget) -> Outcome:
        """Sent again, with a fresh nonce, only after a proof that Kraken didn't process it."""
        for resend in range(RESENDS):
            reply = self._client.private("AddOrder", parameters, budget, ENOUGH_TO_SEND_S)
            if not outcomes.resend_is_safe(reply):
                return outcomes.of_add_order(reply)
            self._clock.sleep(min(0.1 * resend, budget.remaining()))
        return outcomes.of_add_order(self._client.private("AddOrder", parameters, budget, ENOUGH_TO_SEND_S))

    def _no_book(self, request: OrderRequest) -> NotSent | None:
        """Tell the paper venue the alert's price. None unless its book can't be written."""
        if self._note_price is None or request.reference_price is None:
            return None
        try:
            self._note_price(request.pair, request.reference_price)
        except LedgerUnavailable as error:
            return NotSent(error.message)
        except ValueError:  # no pair or price of the paper venue's: its answer to the order will say so
            return None
        return None

    def _read(self, method: str, parameters: Mapping[str, str], budget: Budget) -> Mapping[str, Any]:
        return result_of(self._client.private(method, parameters, budget.at_most(READ_S)), method)


def last_price(client: KrakenClient, pair: str, budget: Budget) -> Decimal:
    """The last traded price of a pair, by its key or altname. Raises VenueUnavailable."""
    asked = {"pair": pair} | ({"asset_class": TOKENIZED} if _is_tokenized(pair) else {})
    result = result_of(client.public("Ticker", asked, budget), "Ticker")
    try:
        (ticker,) = (row for name, row in result.items() if name != "last")  # the key may be any name of the pair
        price = decimal(ticker["c"][0])
    except (ValueError, LookupError, TypeError):
        price = Decimal(0)
    if price <= 0:  # a cost of zero would pass every limit
        raise VenueUnavailable(f"Kraken's ticker shows no price of {pair}.")
    return price


def _is_tokenized(pair: str) -> bool:
    """xStocks alone have an x in lower case in their names (docs.kraken.com, get-tradable-asset-pairs)."""
    return "x" in pair


def rfc3339(moment: datetime) -> str:
    """Whole seconds and Z, as in Kraken's own example of ``deadline``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def result_of(reply: Reply, method: str) -> Mapping[str, Any]:
    """The result of a read. Raises VenueUnavailable with the cause."""
    errors = outcomes.errors_of(reply.document)
    if reply.failure is not None or reply.status != 200 or errors is None:
        cause = reply.failure.value if reply.failure else f"HTTP status {reply.status}"
        raise VenueUnavailable(f"Kraken's {method} could not be read: {cause}.")
    failed = [error for error in errors if not error.startswith("W")]
    result = reply.document.get("result")
    if failed or not isinstance(result, dict):
        raise VenueUnavailable(f"Kraken's {method} could not be read: {', '.join(failed) or 'no result'}.")
    return result


def _orders(result: Mapping[str, Any], which: str) -> Mapping[str, Mapping[str, Any]]:
    """Every order of a list, each in a form that shows whose it is: one that we can't read may be the one we look for."""
    orders = result.get(which)
    if isinstance(orders, dict) and all(
        isinstance(order, dict) and isinstance(order.get("cl_ord_id"), str | None) for order in orders.values()
    ):
        return orders
    raise VenueUnavailable(f"Kraken's list of {which} orders is not in its usual form.")


def _count(result: Mapping[str, Any]) -> int:
    count = result.get("count")
    if isinstance(count, str) and count.isdecimal() and len(count) < 10:
        count = int(count)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise VenueUnavailable("Kraken's list of closed orders does not say how long it is.")
    return count


def _matching(orders: Mapping[str, Mapping[str, Any]], client_order_id: str) -> VenueOrder | None:
    """Kraken ignores a filter that it does not know: only the id in the order itself counts."""
    wanted = _plain(client_order_id)
    for order_id, order in orders.items():
        own = order.get("cl_ord_id")
        if own is not None and _plain(own) == wanted:
            return _venue_order(order_id, own, order)
    return None


def _plain(client_order_id: str) -> str:
    """Kraken takes and may show a UUID with or without dashes, in either case."""
    return client_order_id.replace("-", "").lower()


def _venue_order(order_id: str, client_order_id: str, order: Mapping[str, Any]) -> VenueOrder:
    descr = order.get("descr")
    description = descr.get("order", "") if isinstance(descr, dict) else ""
    facts = {name: order[name] for name in ("vol", "vol_exec", "cost", "fee", "price", "reason") if order.get(name)}
    return VenueOrder(order_id, client_order_id, str(order.get("status", "")), {"description": description, **facts})
