"""What the account has traded since it was read last, and whose each trade is.

TradesHistory is the only list that has all of it (docs.kraken.com, get-trade-history): newest
first, fifty a page. A run reads up to now, the oldest fifty of that if there are more, and the next
one goes on from there. A list may lag the engine, so what was read last is read once more: a trade
is known by its id and counts once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget, Clock
from webhook_core.ledger.contract import Ledger
from webhook_core.money.held_before import HeldBefore
from webhook_core.money.months import void_late
from webhook_core.money.owners import Owner, Owners, keep_exits
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.trading.venue_trades import TradesPage, VenueTrade
from webhook_core.venue import Venue

MOST_PAGES = 20
PAGES_OF_AN_ALERT = 2
ENOUGH = 50
"""With more new ones a run ends, and the next one goes on: two pages, as a rule."""
OVERLAP = timedelta(seconds=1)
"""A venue's ``start`` has whole seconds, and counts only what came behind it."""
_STEP = Decimal("1E-10")
"""Kraken keeps ten decimals of a coin at most."""


class Unkept(NamedTuple):
    """``waiting``: of which it does not show yet whose they are; not among ``trades``."""

    trades: list[Trade]
    waiting: list[VenueTrade]


@dataclass(slots=True, eq=False, repr=False)
class Collector:
    """``read_lag``: how far the venue's lists may lag its engine."""

    ledger: Ledger
    venue: Venue
    clock: Clock
    read_lag: timedelta
    store: TradeStore

    def run(self, budget: Budget, most_pages: int = MOST_PAGES) -> list[Trade]:
        """The trades that were not known before, oldest first, written now.

        Raises VenueUnavailable, LedgerUnavailable.
        """
        now, new = self.clock.now(), list[Trade]()
        place = self.store.place() or self._beginning(now)
        skip, before = 0, now
        for _ in range(most_pages):
            page = self.venue.trades(place.since, now, budget, skip)
            owned, waiting = self._with_owners(page.trades, now - self.read_lag, budget)
            # Before the trades are kept: what a crash leaves out is new again for the next run.
            keep_exits(self.ledger, owned)
            new += self.store.add(_kept(trade, owner) for trade, owner in owned)
            self._void_late(page.trades)
            before = min([before, *(trade.at for trade in waiting)])
            last, place = place, self._behind(place, page, now, before)
            if page.complete or not page.trades or len(new) > ENOUGH:
                break
            # From a later second on the oldest page is another one, known or not.
            skip = 0 if int(place.since.timestamp()) > int(last.since.timestamp()) else skip + 1
        self.store.keep_place(place)
        return new

    def _void_late(self, trades: Sequence[VenueTrade]) -> None:
        """What is kept of whole days and months is made anew where trades of theirs come late."""
        place = self.store.place() if trades else None
        if place is None:
            return
        oldest = min(trade.at for trade in trades).date()
        void_late(self.store, oldest, place)
        HeldBefore(self.store).void_late(oldest, place)

    def _behind(self, place: ReadTo, page: TradesPage, now: datetime, before: datetime) -> ReadTo:
        """Where the next page begins: at the newest of this one, or, at the end, as far back as a
        list may lag; no later than ``before``, which is to be read again."""
        moments = [trade.at for trade in page.trades]
        first = min([place.first, *(moment.date() for moment in moments)])
        if page.complete:
            return ReadTo(now - 2 * self.read_lag, first, before)
        newest = max(moments, default=place.since)
        return ReadTo(max(place.since, min(newest, before) - OVERLAP), first, place.read_at)

    def _beginning(self, now: datetime) -> ReadTo:
        """The oldest order that the ledger knows: what was traded before is nobody's here."""
        page = self.ledger.entries(limit=1, newest_first=False)
        since = min([now, *(entry.claimed_at for entry in page.entries)]) - self.read_lag
        return ReadTo(since, since.date())

    def unkept(self, place: ReadTo | None, kept: Collection[str], budget: Budget) -> Unkept | None:
        """Those from ``place`` up to now whose ids are not among ``kept``, oldest first; nothing is
        written. None where two pages do not hold them.

        Raises VenueUnavailable, LedgerUnavailable.
        """
        now, found = self.clock.now(), dict[str, VenueTrade]()
        since = (place or self._beginning(now)).since
        for skip in range(PAGES_OF_AN_ALERT):
            page = self.venue.trades(since, now, budget, skip)
            found |= {trade.trade_id: trade for trade in page.trades if trade.trade_id not in kept}
            if page.complete:
                new = list(found.values())
                owned, waiting = self._with_owners(new, now - self.read_lag, budget)
                return Unkept([_kept(trade, owner) for trade, owner in owned], waiting)
        return None

    def _with_owners(
        self, trades: Sequence[VenueTrade], sure: datetime, budget: Budget
    ) -> tuple[list[tuple[VenueTrade, Owner | None]], list[VenueTrade]]:
        """Each with its owner, None for nobody's; and those since ``sure`` of which the venue does
        not show yet whose they are."""
        if not trades:
            return [], []
        of = Owners(self.ledger, self.venue, self.store)
        owners = of.of_orders({trade.order_id for trade in trades}, budget)
        waiting = [one for one in trades if one.order_id not in owners and one.at >= sure]
        owned = [(one, owners.get(one.order_id)) for one in trades if one not in waiting]
        return owned, waiting


def _kept(trade: VenueTrade, owner: Owner | None) -> Trade:
    own = Trade(**trade._asdict(), symbol=trade.pair)
    if owner is None:
        return own
    if isinstance(owner.entry, Trade):
        of = owner.entry
        own = own._replace(symbol=of.symbol, role=owner.role)
        return own._replace(strategy=of.strategy, alert_id=of.alert_id)
    entry, request = owner.entry, owner.entry.current.request
    is_order = owner.role is Role.ORDER
    in_base = is_order and request.fee_in_base
    return own._replace(
        symbol=request.symbol or trade.pair,
        role=owner.role,
        strategy=entry.strategy,
        alert_id=entry.alert_id,
        asked=request.asked_price if is_order else None,
        fee=_in_base(trade) if in_base else trade.fee,
        fee_in_base=in_base,
        exit_type=None if is_order else request.exit_type,
    )


def _in_base(trade: VenueTrade) -> Decimal:
    """The fee of a trade that paid it in base. The history says every fee in quote, also where base
    was taken (support.kraken.com, "How to interpret Trades history fields")."""
    if not trade.cost:
        return Decimal(0)
    return (trade.fee * trade.volume / trade.cost).quantize(_STEP)
