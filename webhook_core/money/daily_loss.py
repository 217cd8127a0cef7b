"""What each owner of a daily limit has lost, counted by reconcile for the alerts to come.

Of the bridge's own orders alone: what their trades have realised since the owner's day began, fees
off, and the open loss of each line that they hold, at last prices. A line that stands in profit
lifts no other. Where a line has no price its owner's figures stay as they were, and age.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget, Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.contract import rewritten
from webhook_core.money.held_before import HeldBefore
from webhook_core.money.trade_book import OpenLots, PairOfOwner, Realised, TradeBook
from webhook_core.money.trade_store import TradeStore
from webhook_core.risk import loss_figures
from webhook_core.trading.day_begins import DayBegins, day_of
from webhook_core.trading.loss_limit import counted_in
from webhook_core.trading.rules import Loss

_ZERO = Decimal(0)
Prices = Callable[[Iterable[str], Budget], Mapping[str, Decimal]]


class LossOwner(NamedTuple):
    """``strategy``: whose, empty for the account. ``most``: by currency. ``pauses``: whether it is
    paused once it has lost so much."""

    strategy: str
    begins: DayBegins
    most: Mapping[str, Decimal]
    pauses: bool = False

    def owns(self, strategy: str) -> bool:
        return self.strategy in ("", strategy)

    def has_reached(self, before: Mapping[str, Loss], after: Mapping[str, Loss]) -> bool:
        """Whether the limit was reached between these two."""
        was, now = before.get(self.strategy), after.get(self.strategy)
        if now is None or not self._is_at_its_end(now):
            return False
        return was is None or was.day != now.day or not self._is_at_its_end(was)

    def _is_at_its_end(self, loss: Loss) -> bool:
        return any(
            counted_in(loss, code, loss.day).worst >= most for code, most in self.most.items()
        )


class KeptLosses(NamedTuple):
    """``losses`` by owner, the account's under the empty name. ``reached``: whose limit it was
    that this run has found reached."""

    losses: Mapping[str, Loss]
    reached: tuple[LossOwner, ...] = ()


NOTHING_KEPT = KeptLosses({})


@dataclass(slots=True, eq=False, repr=False)
class DailyLoss:
    """``prices``: last ones by symbol, of those that can be had."""

    store: TradeStore
    clock: Clock
    prices: Prices
    owners: tuple[LossOwner, ...] = ()

    def keep(self, budget: Budget) -> KeptLosses:
        """The figures as they are now, written down. Raises LedgerUnavailable."""
        place, now = self.store.place(), self.clock.now()
        if place is None or place.read_at is None:
            return NOTHING_KEPT  # the account was not read to its end yet
        book, done = self._booked(now)
        held = {line: position for line, position in book.positions.items() if position.lots}
        ours = [line for line in held if any(owner.owns(line.strategy) for owner in self.owners)]
        prices = self.prices({line.symbol for line in ours}, budget)
        counted: dict[str, Loss] = {}
        for owner in self.owners:
            loss = _loss_of(owner, done, held, prices, (place.read_at, now))
            if loss is not None:
                counted[owner.strategy] = loss
        return self._written(counted)

    def _booked(self, now: datetime) -> tuple[TradeBook, list[Realised]]:
        """What is held, and what the trades of the last days brought."""
        book, _, trades = HeldBefore(self.store).until(now)
        done = [one for trade in trades if (one := book.take(trade)) is not None]
        return book, done

    def _written(self, counted: Mapping[str, Loss]) -> KeptLosses:
        """With the worst of the day. Where two runs meet, the later figures stand."""

        def change(text: str | None) -> tuple[str, KeptLosses]:
            before = {} if text is None else _readable(text)
            after = {
                owner.strategy: found
                for owner in self.owners
                if (found := _later(before.get(owner.strategy), counted.get(owner.strategy)))
            }
            reached = tuple(one for one in self.owners if one.has_reached(before, after))
            return loss_figures.to_text(after), KeptLosses(after, reached)

        name = loss_figures.document(self.store.mode, self.store.account)
        return rewritten(self.store.documents, name, change)


def _readable(text: str) -> Mapping[str, Loss]:
    """Nothing for one that can't be read: no entry passes until figures of now are in its place."""
    try:
        return loss_figures.of_text(text)
    except LedgerUnavailable as error:
        event(logging.ERROR, "loss.unreadable", reason=error.message)
        return {}


def _later(before: Loss | None, now: Loss | None) -> Loss | None:
    if before is None or now is None:
        return now or before
    if now.as_of < before.as_of:
        return before
    if now.day != before.day:
        return now
    worst = {code: max(amount, before.worst.get(code, _ZERO)) for code, amount in now.worst.items()}
    return now._replace(worst={**before.worst, **worst})


def _loss_of(
    owner: LossOwner,
    done: Iterable[Realised],
    held: Mapping[PairOfOwner, OpenLots],
    prices: Mapping[str, Decimal],
    moments: tuple[datetime, datetime],
) -> Loss | None:
    """None where a price is missing. ``moments``: up to when every trade is known, and now."""
    as_of, now = moments
    day = day_of(owner.begins, now)
    realised: dict[str, Decimal] = {}
    open_loss: dict[str, Decimal] = {}
    for one in done:
        if one.trade.at >= day and owner.owns(one.trade.strategy or ""):
            quote = one.trade.quote
            realised[quote] = realised.get(quote, _ZERO) + one.profit
    for line, position in held.items():
        if not owner.owns(line.strategy):
            continue
        last = prices.get(line.symbol)
        if last is None:
            event(logging.WARNING, "loss.not_priced", strategy=owner.strategy, symbol=line.symbol)
            return None
        quote = line.symbol.partition("/")[2]
        lost = max(_ZERO, position.cost - position.volume * last)
        open_loss[quote] = open_loss.get(quote, _ZERO) + lost
    worst = {
        code: max(_ZERO, open_loss.get(code, _ZERO) - realised.get(code, _ZERO))
        for code in (*realised, *open_loss)
    }
    return Loss(as_of, day, realised, open_loss, worst)
