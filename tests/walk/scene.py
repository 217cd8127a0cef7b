"""One account at an exchange whose reads are late, and instances that several strategies send to:
what a test sets up by hand, where a walk draws it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support import kraken_faults as faults
from tests.support.faked_function import OPERATOR, TOKEN
from tests.walk.book import ASSETS, Book
from tests.walk.clock import SharedClock
from tests.walk.exchange import READS, LateKraken
from tests.walk.fleet import Here, environment
from webhook_core.events import LOGGER
from webhook_core.kraken.paper.book import Order
from webhook_core.web.messages import HttpRequest

SENDS, PAUSE_S = 4, 5.0
"""TradingView's, and the pause between two of them."""
MOST_SENDS = 40
"""By then an order without an outcome is past its deadline and the visibility margin."""
STRATEGIES = ("one", "two", "three", "four")
PRICES = {"BTCUSD": Decimal(60000), "ETHUSD": Decimal(2500)}
BALANCES = {"USD": Decimal(100_000), "BTC": Decimal("0.02"), "ETH": Decimal("0.5")}


class Scene:
    """``margin``: every alert that trades does so with leverage. ``statuses``: of the last alert's
    deliveries."""

    def __init__(
        self, clock: SharedClock, kraken: LateKraken, fleet: list[Here], *, margin: bool
    ) -> None:
        self.clock, self.kraken, self.fleet, self.margin = clock, kraken, fleet, margin
        self.prices, self.statuses = dict(PRICES), list[int]()
        self._number = 0
        for symbol, price in PRICES.items():
            kraken.move(ASSETS[symbol][1], price)
        clock.sleep(10)

    # -- the exchange ------------------------------------------------------------------------------

    def late(self, seconds: float, *reads: str) -> None:
        self.kraken.late |= dict.fromkeys(reads or READS, seconds)

    def mark(self, symbol: str, *prices: str) -> None:
        for price in prices:
            self.prices[symbol] = Decimal(price)
            self.kraken.move(ASSETS[symbol][1], Decimal(price))

    def script(self, *fault: faults.Fault, endpoint: str = "AddOrder") -> None:
        self.kraken.script(endpoint, *fault)

    def held(self, symbol: str = "ETHUSD") -> Decimal:
        return self._book().held(symbol, margin=self.margin)

    def open(self, symbol: str = "ETHUSD") -> list[Order]:
        return list(self._book().open(symbol))

    @property
    def money(self) -> Decimal:
        return self._book().free_money

    def _book(self) -> Book:
        return Book.of(self.kraken, self.prices)

    # -- the senders -------------------------------------------------------------------------------

    def alert(self, strategy: str = "", **fields: Any) -> bytes:
        """None leaves a field out."""
        self._number += 1
        symbol = fields.get("symbol", "ETHUSD")
        several = "orders" in fields
        cancels = fields.get("action") == "cancel"
        terms = {"leverage": "2"} if self.margin and not cancels else {}
        if several:
            fields["orders"] = [
                leg if leg.get("action") == "cancel" else terms | leg for leg in fields["orders"]
            ]
            terms = {}
        prices = {} if several or cancels else {"price": f"{self.prices.get(symbol, 0):f}"}
        whole = {
            "token": f"{TOKEN}-{strategy}" if strategy else TOKEN,
            "id": f"alert-{self._number}",
            "fired_at": self.clock.now().isoformat(),
            "symbol": symbol,
            **prices,
            **terms,
            **fields,
        }
        return json.dumps({k: v for k, v in whole.items() if v is not None}).encode()

    def post(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Once, to the next instance."""
        self.statuses.append(0)
        answer = self.fleet[len(self.statuses) % len(self.fleet)].post(body)
        self.statuses[-1] = answer[0]
        return answer

    def send(self, strategy: str = "", most: int = MOST_SENDS, **fields: Any) -> dict[str, Any]:
        """The last answer: it is sent again as long as it is a 503."""
        return self.deliver(self.alert(strategy, **fields), most)

    def deliver(self, body: bytes, most: int = MOST_SENDS) -> dict[str, Any]:
        self.statuses = []
        while True:
            status, document = self.post(body)
            if status != 503 or len(self.statuses) == most:
                return {"status": status, **document}
            self.clock.sleep(PAUSE_S)

    def operate(self, method: str, path: str, **query: str) -> dict[str, Any]:
        request = HttpRequest(
            method,
            path,
            query,
            {"authorization": f"Bearer {OPERATOR}"},
            b"",
            "127.0.0.1",
            self.clock.now(),
        )
        answer: dict[str, Any] = json.loads(self.fleet[0].application.handle(request).body)
        return answer


@contextmanager
def scene(
    *,
    margin: bool = False,
    instances: int = 1,
    balances: Mapping[str, Decimal] = BALANCES,
    **env: str,
) -> Iterator[Scene]:
    clock, level = SharedClock(), LOGGER.level
    with tempfile.TemporaryDirectory() as folder, LateKraken(clock, balances=balances) as kraken:
        rows = "\n".join(f'[{name}]\ntoken = "env:{name.upper()}_TOKEN"' for name in STRATEGIES)
        Path(folder, "strategies.toml").write_text(rows)
        whole = {
            **environment(kraken.url, str(Path(folder, "ledger.db"))),
            "STRATEGIES_FILE": str(Path(folder, "strategies.toml")),
            **{f"{name.upper()}_TOKEN": f"{TOKEN}-{name}" for name in STRATEGIES},
            **env,
        }
        fleet = [Here(whole, clock) for _ in range(instances)]
        try:
            yield Scene(clock, kraken, fleet, margin=margin)
        finally:
            for instance in fleet:
                instance.stop()
            LOGGER.setLevel(level)
