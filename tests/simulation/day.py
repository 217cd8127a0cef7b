"""A day of two instances whose writes of the history, of trades and of what is told fail, whose
reconcile runs are broken off, and run two at once.

What is judged: every answer is the one of a day without faults; each message is told once or
counted in a sum, and so is each record that could not be written; each trade counts once, so that
the sum of the reports is the change of the account; what is held, and what the last day lost, is
what it was without faults. Some of these days last several.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from unittest.mock import patch

from tests.simulation.day_store import DayStore, Died
from tests.support.books import booked
from tests.support.clock import FakeClock
from tests.support.faked_function import Answer, Function
from tests.support.memory_ledger import MemoryLedger
from webhook_core.bootstrap import open_venue
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.journal.hourly import counted_since, lost_document
from webhook_core.journal.rows import row_of_note
from webhook_core.money import assembly
from webhook_core.money.daily_loss import LossOwner
from webhook_core.money.held_before import HeldBefore
from webhook_core.money.months import OpenedSpan
from webhook_core.money.report import reported
from webhook_core.money.trade_book import Lot, PairOfOwner, TradeBook
from webhook_core.money.trade_store import TradeStore
from webhook_core.notify.alert_words import message_of
from webhook_core.notify.alerts import kind_of
from webhook_core.notify.channels import SendResult
from webhook_core.risk import loss_figures
from webhook_core.settings.reading import read_settings
from webhook_core.trading.day_begins import MIDNIGHT

EVER = datetime.min.replace(tzinfo=UTC)
STEPS = 14
RECOVERS_MIN = 240
"""An address that failed is left alone for an hour at most."""
ENV = {"NOTIFY": "json://127.0.0.1:9/", "ALLOWED_SYMBOLS": "BTC/USD", "NOTIFY_ABOUT": "+fill"}
OWNERS = (LossOwner("", MIDNIGHT, {"USD": Decimal(10) ** 9}),)
_NO_ORDER = dict.fromkeys(("symbol", "side", "volume", "price"))
_LOST = re.compile(r"The records? of (?:up to )?([0-9]+) alerts? since .* may be missing")
_SUMS = re.compile(r"and ([0-9]+) more|([0-9]+) messages? may not have arrived")


@dataclass
class Postbox:
    """A service. It takes a message and says so, refuses it, says nothing, or its sender dies."""

    random: Random
    rate: float
    got: list[tuple[str, str]] = field(default_factory=list)
    service = "a simulated one"

    def send(self, title: str, body: str, _seconds: float) -> SendResult:
        drawn = self.random.random() / self.rate if self.rate else 9
        if drawn < 1 / 3:
            return SendResult.NO
        self.got.append((title, body))
        if drawn < 2 / 3:
            return SendResult.UNSURE
        if drawn < 1:
            raise Died("while it sent")
        return SendResult.YES


class Day:
    """``rate``: how often what may fail does; 0 for the day that the others are held against."""

    def __init__(self, seed: int, rate: float) -> None:
        self.plan, faults = Random(f"day {seed}"), Random(f"faults {seed}")
        self.others = Random(f"other alerts {seed}")
        self.clock, self.shared = FakeClock(), MemoryLedger()
        self.box = Postbox(faults, 0)
        self.venue = open_venue(read_settings({"LEDGER_URL": "memory://"}), self.shared, self.clock)
        self.rate = rate
        self.stores = [DayStore(self.shared, faults, 0) for _ in range(2)]
        self.functions = [
            Function(env=ENV, clock=self.clock, store=store, venue=self.venue)  # type: ignore[arg-type]
            for store in self.stores
        ]
        for number, function in enumerate(self.functions):
            function.application.operators.open_run().telling.book.open_sender = lambda _: self.box
            self.stores[number].meanwhile = lambda other=1 - number: self.reconcile(other)
        self.answers: list[tuple[Any, ...]] = []
        self.is_nested = False

    def play(self) -> None:
        self.reconcile(0)  # nothing of before the first run is told
        self._fail(self.rate)
        for step in range(STEPS):
            for alert in self._alerts(step):
                function = self.functions[self.plan.randrange(2)]
                try:
                    self.answers.append(_compared(function.post(alert)))
                except LedgerUnavailable:
                    self.answers.append(("no answer at all",))
            days = self.plan.choice((1, 1, 2)) if self.plan.random() < 0.3 else 0
            self.clock.sleep(60 * (self.plan.choice((1, 1, 2, 7)) + 60 * 24 * days))
            self.reconcile(self.plan.randrange(2))
        self._fail(0)
        for _ in range(RECOVERS_MIN // 30):
            self.clock.sleep(60 * 30)
            for number in range(2):
                self.reconcile(number)

    def _fail(self, rate: float) -> None:
        self.box.rate = rate
        for store in self.stores:
            store.rate = rate

    def _alerts(self, step: int) -> Iterator[dict[str, Any]]:
        """Orders with exits beside them, sales, refusals; now and then more than a run tells."""
        some = 20 if self.plan.random() < 0.1 else self.plan.randrange(1, 4)
        for number in range(some):
            price = 60000 + self.plan.randrange(-20, 20) * 100
            kind = (
                self.plan.choice(("exit", "sell", "denied", "malformed")) if some < 9 else "denied"
            )
            if some < 9 and self.others.random() < 0.4:
                kind = self.others.choice(("tried", "rest", "cancel"))
            more: dict[str, Any] = {
                "exit": {"stop_loss": str(price - 500)},
                "sell": {"side": "sell", "volume": "0.004"},
                "denied": {"symbol": "ETHUSD"},
                "malformed": {"volume": "much", "side": "sell"},
                "tried": {"validate_only": True},
                "rest": {"order_type": "limit"},
                "cancel": {"action": "cancel", "scope": "strategy", **_NO_ORDER},
            }[kind]
            name = f"{step}-{number}"
            fields = {"id": name, "price": str(price), "strategy_name": "trend", **more}
            yield self.functions[0].alert(**fields)

    def reconcile(self, number: int) -> None:
        """One that dies leaves what it had written."""
        store = self.stores[number]
        if store.reconciles or (any(one.reconciles for one in self.stores) and self.is_nested):
            return
        self.is_nested = any(one.reconciles for one in self.stores)
        store.reconciles = True
        try:
            self.functions[number].operate("POST", "/reconcile")
        except Died:
            pass
        finally:
            store.reconciles, self.is_nested = False, False

    def trades(self) -> list[Any]:
        return list(TradeStore(self.shared, "paper", "default").between(EVER, self.clock.now()))

    def has(self) -> dict[str, Decimal]:
        held = self.venue.balances(Budget.start(self.clock, 5))
        return {asset: row.total for asset, row in held.items()}

    def held(self) -> dict[PairOfOwner, list[Lot]]:
        """By line what is open, as it is counted each minute."""
        trades = TradeStore(self.shared, "paper", "default")
        book, _, last = HeldBefore(trades).until(self.clock.now())
        for trade in last:
            book.take(trade)
        return open_lots(book)

    def lost(self) -> tuple[Any, ...]:
        """What the account has lost since its day began."""
        loss = loss_figures.read(self.shared, "paper", "default")[""]
        return loss.day, loss.realised, loss.open_loss

    def due(self) -> Counter[tuple[str, str]]:
        """Every message of a record that was kept."""
        notes = [note for store in self.stores for note in store.kept]
        rows = [row_of_note(note) for note in notes]
        found = [(kind, row) for row in rows if (kind := kind_of(row, self.clock.now()))]
        messages = [message_of(kind, row) for kind, row in found if kind != "malformed"]
        return Counter((f"{message.title} (paper)", message.body) for message in messages)


def open_lots(book: TradeBook) -> dict[PairOfOwner, list[Lot]]:
    return {line: list(found.lots) for line, found in book.positions.items() if found.lots}


def _compared(answer: Answer) -> tuple[Any, ...]:
    return (answer.status, *(answer[name] for name in ("code", "error", "field", "replayed")))


def wrong_with(seed: int, rate: float = 0.3) -> tuple[list[str], set[str]]:
    """What a day with faults did that it must not, and which faults it had."""
    calm, day = Day(seed, 0), Day(seed, rate)
    before = day.has()
    # Counted by each run, as for a limit; but no answer of an alert depends on it.
    with patch.object(assembly, "_loss_owners", lambda _settings: OWNERS):
        calm.play()
        day.play()
    found = [] if day.answers == calm.answers else ["an answer changed"]
    found += [*_trades_wrong(day, calm, before), *_messages_wrong(day, calm)]
    if day.held() != open_lots(booked(day.trades())):
        found.append("what is held is not what the trades left")
    if day.lost() != calm.lost():
        found.append("what was lost is another")
    return found, set.union(*(store.seen for store in day.stores))


def _trades_wrong(day: Day, calm: Day, before: dict[str, Decimal]) -> Iterator[str]:
    trades, after = day.trades(), day.has()
    if len({trade.trade_id for trade in trades}) != len(trades):
        yield "a trade is kept twice"
    if len(trades) != len(calm.trades()):
        yield f"{len(trades)} trades are kept of {len(calm.trades())}"
    lines = reported(OpenedSpan(trades=trades), EVER)
    zero = Decimal(0)
    quote = sum(
        (line.counts.realised - line.position.cost + line.counts.beyond_cost for line in lines),
        zero,
    )
    base = sum((line.position.volume - line.counts.beyond_volume for line in lines), zero)
    change = [after[asset] - before[asset] for asset in ("ZUSD", "XXBT")]
    if change != [quote, base]:
        yield f"the reports come to {quote} and {base}, the account changed by {change}"


def _messages_wrong(day: Day, calm: Day) -> Iterator[str]:
    got = Counter(day.box.got)
    due = day.due()
    of_trades = Counter(
        {one: n for one, n in Counter(calm.box.got).items() if "By the order of" in one[1]}
    )
    sums = (_SUMS, _LOST)
    told = {one: n for one, n in got.items() if not any(sum_.search(one[0]) for sum_ in sums)}
    for one, number in told.items():
        if number > max(due[one], 1):
            yield f"told {number} times: {one[0]}"
    missing = sum((due - got).values()) + max(
        0, sum(of_trades.values()) - sum(n for one, n in got.items() if "By the order of" in one[1])
    )
    summed = sum(int(m[1] or m[2]) for one in day.box.got if (m := _SUMS.search(one[0])))
    if missing > summed:
        yield f"{missing} messages are missing, and the sums tell of {summed}"
    lost = sum(store.not_kept for store in day.stores)
    said = sum(int(m[1]) for one in day.box.got if (m := _LOST.search(one[0])))
    counted = sum(n for _, n in counted_since(day.shared, lost_document("paper", "default")))
    if lost > counted or (lost > said and missing >= summed):  # else a sum may stand for a message
        yield f"{lost} records are lost, {counted} are counted and {said} told"
