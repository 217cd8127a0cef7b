"""What each strategy has bought with orders of the bridge and has not sold.

That is what the account's trades say: those that are kept (``money``), those since, read now, and
what orders of ours, and the exits that they left, have filled that Kraken's history may not show
yet. What somebody else bought is in none of it. Nothing is answered on a doubt: NotItsTurn, 503.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.money.collect import Collector
from webhook_core.money.held_before import HeldBefore
from webhook_core.money.trade_book import TradeBook
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Trade, in_order
from webhook_core.planning import own_agrees
from webhook_core.planning.own_orders import may_live
from webhook_core.planning.sources import Sources
from webhook_core.planning.unseen_trades import UnseenTrades
from webhook_core.trading.facts import Facts, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import Intent, OrderIntent, PositionIntent
from webhook_core.trading.needs import follows_from_own
from webhook_core.trading.orders import is_margin
from webhook_core.trading.requests import Fill
from webhook_core.trading.symbols import display_name

if TYPE_CHECKING:
    from webhook_core.planning.read_facts import Read

_ZERO = Decimal(0)


class Own(NamedTuple):
    """``volume``: base, below zero for a short."""

    strategy: str
    symbol: str
    margin: bool
    volume: Decimal


class OwnPositions:
    """Of one account, as of now. ``refused``: an entry whose order is none, though it is SUBMITTING
    still. ``keeps``: what is read of the trades may be kept. ``doubts``: a list for the orders of
    which it is not known what they came to, where those end no count.

    Every method raises NotItsTurn, VenueUnavailable, LedgerUnavailable."""

    def __init__(
        self, sources: Sources, budget: Budget, refused: Unit | None = None, *, keeps: bool = True
    ) -> None:
        self.sources, self.budget, self.refused, self.keeps = sources, budget, refused, keeps
        self.store = TradeStore(sources.documents, sources.mode, sources.account)
        self.listed: tuple[RestingOrder, ...] | None = None
        self.traded: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.doubts: list[LedgerEntry] | None = None

    def added_to(
        self, read: Read, strategy: str, legs: Sequence[tuple[Intent, Instrument | None]]
    ) -> Facts:
        """The facts with what the strategy bought, for the legs that ask for it, and of what has
        exited its own; and the open orders, where those had to be read."""
        own: dict[str, Decimal] = {}
        facts = read.facts
        self.listed = facts.open_orders
        for intent, pair in legs:
            if pair is None or pair.key in own or not follows_from_own(intent):
                continue
            if isinstance(intent, OrderIntent | PositionIntent):
                own[pair.key] = self.of(strategy, pair, margin=is_margin(intent.leverage))
                own_agrees.check(read, own[pair.key], pair, self.trades, self.unseen)
        exited = {
            pair: {whose: change for whose, change in by.items() if whose == strategy}
            if pair in own
            else by
            for pair, by in facts.exited.items()
        }
        return facts._replace(own=own, open_orders=self.listed, exited=exited)

    @property
    def filled(self) -> dict[str, Fill]:
        """By id, the orders that are listed as open behind the trades that what is held was counted
        by, which have filled them whole."""
        return {
            order.order_id: Fill("closed", order.volume, None, _ZERO, _ZERO)
            for order in self.listed or ()
            if self.traded[order.order_id] >= order.volume
        }

    def of(self, strategy: str, pair: Instrument, *, margin: bool) -> Decimal:
        """Of one pair, signed base."""
        names = (display_name(pair), pair.key)
        found = [
            one.volume
            for one in self.all(strategy, pair.key)
            if one.margin == margin and one.symbol in names
        ]
        return sum(found, _ZERO)

    def all(self, strategy: str | None, pair: str | None = None) -> list[Own]:
        """Every position of a strategy, or of all; ``pair``: in which doubts count, None: in any.
        What is sold short on spot is none."""
        unseen = UnseenTrades(self.sources, self.store, self.budget, strategy, pair)
        unseen.listed, unseen.doubts = self.listed, self.doubts
        entries = self._entries(strategy, unseen)
        book = self._book(strategy, entries, unseen)
        self.listed, self.unseen = unseen.listed, unseen
        return [
            Own(line.strategy, line.symbol, line.margin, position.volume)
            for line, position in book.positions.items()
            if position.volume and strategy in (None, line.strategy)
        ]

    def _entries(self, strategy: str | None, unseen: UnseenTrades) -> list[LedgerEntry]:
        """Accepted orders, the newest and all that rest."""
        own = self.sources.own_orders
        orders = (*own.of_strategy(strategy), *own.unknown(strategy), *own.in_book())
        entries = {one.unit: one for one in orders}
        found = [
            one
            for one in entries.values()
            if own.is_ours(one) and one.unit != self.refused and unseen.are_of(one)
        ]
        for entry in found:
            if entry.state is State.SUBMITTING and may_live(entry):
                unseen.doubt(entry)
        return [one for one in found if one.state is State.ACCEPTED and one.current.order_id]

    def _book(
        self, strategy: str | None, entries: Sequence[LedgerEntry], unseen: UnseenTrades
    ) -> TradeBook:
        found = self._listed(unseen)
        if found is None:
            if self.keeps:  # reconcile has not read for long: the next delivery reads on from there
                self._collector().run(self.budget, most_pages=2)
            raise InDoubt(
                "The account has made too many trades since they were read last to read them for "
                "one alert: let reconcile run each minute."
            )
        book, trades = found
        self.trades: Sequence[Trade] = trades
        for trade in trades:
            self.traded[trade.order_id] += trade.volume
        # What is sold before it is bought was others': their order counts.
        known = _taken(book.copy(), trades, strategy)
        held = any(
            position.volume
            for line, position in known.positions.items()
            if strategy in (None, line.strategy)
        )
        unseen_ones = unseen.behind(trades, entries, held=held)
        return _taken(book, [*trades, *unseen_ones], strategy)

    def _listed(self, unseen: UnseenTrades) -> tuple[TradeBook, list[Trade]] | None:
        """What was held some days ago, and every trade since then that Kraken lists; None where two
        pages do not hold the unread ones. The place is read first: whoever reads on meanwhile
        keeps what lies behind it."""
        store, sources = self.store, self.sources
        place = store.place()
        book, day, kept = HeldBefore(store).until(sources.clock.now(), keeps=self.keeps)
        new = self._collector().unkept(place, {trade.trade_id for trade in kept}, self.budget)
        if new is None:
            return None
        unseen.check_owners(new.waiting)
        return book, [*kept, *(trade for trade in new.trades if trade.at.date() >= day)]

    def _collector(self) -> Collector:
        sources = self.sources
        return Collector(sources.ledger, sources.venue, sources.clock, sources.read_lag, self.store)


def _taken(book: TradeBook, trades: Sequence[Trade], strategy: str | None) -> TradeBook:
    for trade in sorted(trades, key=in_order):
        if strategy in (None, trade.strategy):
            book.take(trade)
    return book
