"""A paper Kraken for tests: a clock that stands still, a signed call in one line,
krakenex on top of it."""

from __future__ import annotations

import base64
import itertools
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

import krakenex

from tests.support.documents import MemoryDocuments
from tests.support.paper_adapter import PaperAdapter
from webhook_core.kraken.paper import envelope
from webhook_core.kraken.paper.book import Book
from webhook_core.kraken.paper.engine import PaperKraken
from webhook_core.kraken.paper.views import order_object
from webhook_core.value import replace

KEY = "paper-test-key"
SECRET = base64.b64encode(b"a paper secret").decode()
NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
_NONCES = itertools.count(1_790_000_000_000_000_000)


class StoppedClock:
    """Moves only when told."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Lag(NamedTuple):
    """How long after it was placed a read doesn't show an order yet, in seconds: Kraken's reads may
    trail its engine."""

    open_s: float = 0
    closed_s: float = 0


class WatchedKraken(PaperKraken):
    """As a test sees it: with all its orders, and reads that may be late by ``lag``."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.lag = Lag()

    def orders(self) -> list[dict[str, Any]]:
        """Every order that is kept, closed ones first: Kraken's ORDER, and its ``txid``."""

        def read(book: Book) -> list[dict[str, Any]]:
            kept = [*reversed(list(book.closed_orders())), *book.open.values()]
            pairs = self._known()
            return [{"txid": order.txid} | order_object(order, pairs[order.pair]) for order in kept]

        return self._store.update(read)

    def _call(self, book: Book, name: str, params: Any, prices: Any) -> Any:
        if name in ("OpenOrders", "ClosedOrders", "QueryOrders"):
            self._desk(book, prices)
            book = self._seen_late(book)
        return super()._call(book, name, params, prices)

    def _seen_late(self, book: Book) -> Book:
        def is_seen(opened: float, is_open: bool) -> bool:
            return self._now() >= opened + (self.lag.open_s if is_open else self.lag.closed_s)

        orders = book.open.items()
        resting = {name: one for name, one in orders if is_seen(one.opentm, one.status == "open")}
        closed = {name: row for name, row in book.closed.items() if is_seen(row["opentm"], False)}
        return replace(book, open=resting, closed=closed)


def paper(documents: Any = None, clock: Any = None, **options: Any) -> WatchedKraken:
    """An account with 10000 USD and 1 BTC, maker 0.40 %, taker 0.80 %."""
    account: dict[str, Any] = {
        "balances": {"USD": Decimal(10000), "BTC": Decimal(1)},
        "maker_fee": Decimal("0.40"),
        "taker_fee": Decimal("0.80"),
        "key": KEY,
        "secret": SECRET,
    }
    return WatchedKraken(
        documents or MemoryDocuments(), clock or StoppedClock(), **(account | options)
    )


def signed(
    path: str, body: str | bytes, nonce: str, kind: str = "application/x-www-form-urlencoded"
) -> dict[str, str]:
    """The headers of a private request."""
    sent = body.encode() if isinstance(body, str) else body
    sign = envelope.signature(base64.b64decode(SECRET), path, nonce, sent)
    return {"API-Key": KEY, "API-Sign": sign, "Content-Type": kind}


def ask(kraken: PaperKraken, endpoint: str, **fields: str) -> dict[str, Any]:
    """A private call; Kraken's whole answer, numbers as Decimal.

    A field named ``close_price`` travels as ``close[price]``.
    """
    fields = {
        f"close[{name[6:]}]" if name.startswith("close_") else name: text
        for name, text in fields.items()
    }
    nonce = fields.setdefault("nonce", str(next(_NONCES)))
    body, path = urlencode(fields), f"/0/private/{endpoint}"
    status, answer = kraken.handle("POST", path, "", signed(path, body, nonce), body.encode())
    assert status == 200
    return json.loads(answer, parse_float=Decimal)


def result(kraken: PaperKraken, endpoint: str, **fields: str) -> Any:
    """A private call that must succeed."""
    answer = ask(kraken, endpoint, **fields)
    assert answer["error"] == []
    return answer["result"]


def public(kraken: PaperKraken, endpoint: str, **fields: str) -> dict[str, Any]:
    status, answer = kraken.handle("GET", f"/0/public/{endpoint}", urlencode(fields), {}, b"")
    assert status == 200
    return json.loads(answer, parse_float=Decimal)


def order(kraken: PaperKraken, **fields: str) -> str:
    """An AddOrder that must succeed, by default a market buy of 0.01 BTC; its txid."""
    asked = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"} | fields
    [txid] = result(kraken, "AddOrder", **asked)["txid"]
    return txid


def krakenex_on(kraken: PaperKraken) -> krakenex.API:
    """krakenex as it is, but for its clock-driven nonce and its socket."""
    api = krakenex.API(KEY, SECRET)
    api._nonce = lambda: next(_NONCES)
    api.session.mount("https://api.kraken.com", PaperAdapter(kraken))
    return api
