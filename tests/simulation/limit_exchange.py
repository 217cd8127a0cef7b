"""The exchange with money, and a book that may stand wide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from tests.simulation.account_exchange import AccountExchange
from tests.simulation.chaos import Chaos
from tests.simulation.world import World
from tests.support.lagging_figures import BOOK
from webhook_core.kraken.paper.book import Book

BALANCES = {"USD": Decimal(60000), "BTC": Decimal(0), "ETH": Decimal(0)}


class LimitExchange(AccountExchange):
    """``spread``: between bid and ask, as a share of the last price."""

    def __init__(self, world: World, chaos: Chaos, spread: Decimal) -> None:
        self._spread = spread
        super().__init__(world, chaos, BALANCES, frozenset())

    def call(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        code, content = super().call(method, path, query, headers, body)
        return code, self._widened(content) if path.endswith("/Ticker") else content

    def _widened(self, content: bytes) -> bytes:
        answer = json.loads(content)
        for row in answer.get("result", {}).values():
            off = Decimal(row["c"][0]) * self._spread / 2
            row["a"][0] = f"{Decimal(row['c'][0]) + off:.5f}"
            row["b"][0] = f"{Decimal(row['c'][0]) - off:.5f}"
        return json.dumps(answer).encode()

    def resting_buys(self) -> list[tuple[str, Decimal]]:
        """The pair of each, and how much is left of it."""
        document = self._documents.read(BOOK)
        assert document is not None
        orders = Book.from_text(document.text).open.values()
        return [(order.pair, order.left) for order in orders if order.side == "buy"]
