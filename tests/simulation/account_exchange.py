"""An exchange with money: the paper engine, each kind of read as late as the seed draws it, and a
history of what is true.

Unlike ``exchange`` it promises nothing about the order in which lists and figures show things (no
A3). Balances may stand in Auto Earn's row, the market moves and lets stops fire, and somebody
trades by hand. ``history`` is what the book says after every change; ``by_hand`` of it is what
nothing of ours can tell of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from tests.simulation.chaos import Chaos
from tests.simulation.world import SECOND, World
from tests.support.auto_earn import earning
from tests.support.documents import MemoryDocuments
from tests.support.lagging_figures import BOOK, Frozen
from tests.support.paper import ask
from webhook_core.kraken.paper.book import Book
from webhook_core.kraken.paper.engine import PaperKraken
from webhook_core.kraken.paper.pairs import packaged_rows

LATEST_S = (0.0, 0.0, 0.5, 1.5, 3.0)
"""How late a kind of read may be in one seed, in seconds: any one of them is at most that late."""
LONGEST = int(max(LATEST_S) * SECOND)
READS = (
    "OpenOrders",
    "ClosedOrders",
    "QueryOrders",
    "BalanceEx",
    "TradeBalance",
    "OpenPositions",
    "Ticker",
)
PAIRS = {"XXBTZUSD": Decimal(50000), "XETHZUSD": Decimal(3000)}
ASSETS = {"XXBTZUSD": "XXBT", "XETHZUSD": "XETH"}
KEY, SECRET = "paper-test-key", "YSBwYXBlciBzZWNyZXQ="
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class State:
    """``held``: balances by asset, positions by pair. ``by_hand``: how much of each was
    traded by hand, ever. ``selling``: the open orders that sell at a limit, each with its
    pair and what it holds back."""

    at: int
    held: Mapping[str, Decimal]
    by_hand: Mapping[str, Decimal]
    prices: Mapping[str, Decimal]
    selling: Mapping[str, tuple[str, Decimal]] = field(default_factory=dict)

    def of(self, key: str) -> Decimal:
        return self.held.get(key, ZERO)

    def held_back(self, pair: str) -> Decimal:
        return sum((held for of, held in self.selling.values() if of == pair), ZERO)

    @property
    def worth(self) -> Decimal:
        coins = (self.of(asset) * self.prices[pair] for pair, asset in ASSETS.items())
        return self.of("ZUSD") + sum(coins, ZERO)


class AccountExchange:
    """``auto_earn``: assets whose balance is shown in the row of Auto Earn. ``reads``: as of when
    each read of the balances was, and when it was made, by its task."""

    def __init__(
        self,
        world: World,
        chaos: Chaos,
        balances: Mapping[str, Decimal],
        auto_earn: frozenset[str],
        pairs: tuple[str, ...] = (*PAIRS, "SOLUSD"),
    ) -> None:
        self._world, self._auto_earn, self.history = world, auto_earn, list[State]()
        self._documents, self._frozen = MemoryDocuments(), Frozen("")
        clock: Any = _TrueTime(world)
        account: dict[str, Any] = {
            "balances": balances, "maker_fee": Decimal("0.25"), "taker_fee": Decimal("0.40"),
            "key": KEY,
            "secret": SECRET, "nonce_window": 10**18, "pairs": _pairs(pairs),
        }  # fmt: skip
        self._engine = PaperKraken(self._documents, clock, **account)
        self._past = PaperKraken(self._frozen, clock, **account)
        self._late = {read: 0.0 if chaos.calm else world.random.choice(LATEST_S) for read in READS}
        self._texts: list[tuple[int, str]] = []
        self._by_hand: dict[str, Decimal] = {}
        self.reads: dict[str, list[tuple[int, int]]] = {}
        self._seen_at = 0
        for pair, price in PAIRS.items():
            self.move(pair, price)
        self._texts = [(-LONGEST, self._texts[-1][1])]

    def call(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        endpoint = path.rsplit("/", 1)[-1]
        if endpoint not in READS:
            code, content = self._engine.handle(method, path, query, headers, body)
            self._note()
            return code, content
        seen_at = self._world.now - int(self._world.random.random() * self._late[endpoint] * SECOND)
        self._seen_at = seen_at
        self._frozen.show(next(text for at, text in reversed(self._texts) if at <= seen_at))
        code, content = self._past.handle(method, path, query, headers, body)
        return code, earning(content, self._auto_earn) if endpoint == "BalanceEx" else content

    def was_read(self, task: str, endpoint: str) -> None:
        """By whom the last call was."""
        if endpoint == "BalanceEx":
            self.reads.setdefault(task, []).append((self._seen_at, self._world.now))

    def move(self, pair: str, price: Decimal) -> None:
        """The market; what it crosses fills."""
        self._engine.mark_price(pair, price)
        self._note()
        self._world.tell("market", f"{pair} is at {price}")

    def trade_by_hand(self, fields: Mapping[str, str]) -> None:
        before = self.history[-1]
        answer = ask(self._engine, "AddOrder", **fields)
        self._note()
        after = self.history[-1]
        for key in {*before.held, *after.held}:
            self._by_hand[key] = self._by_hand.get(key, ZERO) + after.of(key) - before.of(key)
        self._note(again=True)
        self._world.tell("hand", f"{dict(fields)} -> {answer.get('result') or answer['error']}")

    def _note(self, *, again: bool = False) -> None:
        document = self._documents.read(BOOK)
        assert document is not None
        if again or not self._texts or self._texts[-1][1] != document.text:
            self._texts.append((self._world.now, document.text))
            self.history.append(
                _state(self._world.now, Book.from_text(document.text), dict(self._by_hand))
            )


class _TrueTime:
    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> Any:
        return self._world.moment()

    def monotonic(self) -> float:
        return self._world.now / SECOND


@cache
def _pairs(keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: row for key, row in packaged_rows().items() if key in keys}


def _state(at: int, book: Book, by_hand: Mapping[str, Decimal]) -> State:
    held = dict(book.balances)
    for row in book.positions:
        change = (row.volume - row.closed) * (1 if row.side == "buy" else -1)
        held[row.pair] = held.get(row.pair, ZERO) + change
    selling = {
        order.txid: (order.pair, order.hold)
        for order in book.open.values()
        if order.side == "sell" and order.ordertype == "limit"
    }
    return State(at, held, by_hand, dict(book.prices), selling)
