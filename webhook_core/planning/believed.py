"""Which figure of the account is believed: a balance, a margin position, and the equity that they
add up to.

A read may be as old as the read lag, so the question is never how old our orders are, but
what can have changed a figure since it was true. That is every order of ours that is not proved
done, and each conditional close that one left.

1. What those have filled is asked for. A figure that an earlier plan left in the ledger says which
   of the fills today's figure shows (``own_orders``); else the other side of the pair does
   (``one_moment``), or the position, which names the order that opened it.
2. What rested when the figure was true is part of the same read: a balance holds funds for it, and
   an open position names the entry whose exit it is. What rested then and rests no more has changed
   the figure since (``resting_exits``).
3. What rests on, though the last price has crossed it, is in doubt.

Where all that is known leads to one figure, that is it. Otherwise the account is read once more,
and then nothing is decided by it, neither an order nor an answer that there is nothing to do:
NotItsTurn, 503.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.planning.one_moment import OneMoment
from webhook_core.planning.order_fills import OrderFills, not_certain
from webhook_core.planning.own_changes import InstrumentOf, position_key
from webhook_core.planning.position_course import (
    NO_EXITS,
    Exits,
    exited_by,
    has_exit,
    lacking_of,
    presumed,
)
from webhook_core.planning.resting_exits import Before, RestingExits
from webhook_core.planning.settled_figures import Settled
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.sources import Sources

_ZERO = Decimal(0)
_MAY_LACK = (
    "The figures that Kraken shows may lack an order of ours yet. Nothing was sent; sending the "
    "same alert again soon is safe."
)


class Shown(NamedTuple):
    """One read of the account. ``figures``: those that a size follows from. ``positions``: their
    pairs by key."""

    figures: Mapping[str, Decimal]
    balances: Mapping[str, Balance]
    positions: Sequence[OpenPosition] = ()


class Asked(NamedTuple):
    """``pairs``: those whose figures are asked for. ``again`` reads the account once more.
    ``open_orders``: as they were read before it, if they were. ``closes``: no more is sold or
    bought than is held, and what rests is canceled first, so its fill is met then."""

    pairs: Iterable[Instrument]
    instrument_of: InstrumentOf
    again: Callable[[], Shown]
    open_orders: Sequence[RestingOrder] | None = None
    closes: bool = False


class Believed:
    """``fills``: what is known beside the ledger of our orders' fills. ``refused``: an entry of
    ours whose order is none."""

    def __init__(
        self,
        sources: Sources,
        budget: Budget,
        asked: Asked,
        fills: Mapping[str, Fill],
        refused: Unit | None,
    ) -> None:
        self.sources, self.budget, self.refused = sources, budget, refused
        self.orders = OrderFills(sources, budget, fills)
        self.instrument_of, self.again = asked.instrument_of, asked.again
        self.open_orders, self.closes = asked.open_orders, asked.closes
        self.pairs = list(dict.fromkeys(asked.pairs))
        self.counted_until: datetime | None = None
        self.exited: dict[str, Mapping[str, Decimal]] = {}
        self.leaving: set[str] = set()
        self._first: Shown | None = None

    def figures(self, shown: Shown) -> Mapping[str, Decimal]:
        """Each of those that are shown, with all of ours in it; then ``counted_until``, ``exited``
        by pair key and strategy, and ``leaving``, the pairs in which an entry of ours has left an
        exit. Raises NotItsTurn, VenueUnavailable, LedgerUnavailable."""
        self.shown = shown
        self.orders.date()
        settled = self._settled()
        if settled.unsure:
            self.orders.ask(settled.unsure)
            settled = self._settled()
            if settled.unsure:
                settled = self._after_another_read()
            for entry in settled.unsure:
                # Claimed since, and the figure may have it or not.
                if entry.current.order_id not in self.orders.by_order:
                    raise not_certain(entry)
        known = Before(self.open_orders, self.orders.resting, self.pairs, self.closes)
        self.exits = RestingExits(self.sources, self.budget, self.instrument_of, known)
        if not all(map(_is_position, shown.figures)):
            settled = self._checked_balances(settled)
        self.counted_until = settled.counted_until
        earlier = self._earlier_positions()
        self._check_course(settled)
        figures = {name: self._figure(name, settled) for name in self.shown.figures}
        if any(figures[name] not in possible for name, possible in earlier.items()):
            raise NotItsTurn(_MAY_LACK)
        self._check(figures, settled)
        return figures

    def _check(self, figures: Mapping[str, Decimal], settled: Settled) -> None:
        """Raises NotItsTurn where what was set right has another reason, or can't be."""
        corrected = [name for name, held in figures.items() if held != self.shown.figures[name]]
        if any(figures[name] < 0 and not _is_position(name) for name in corrected):
            raise NotItsTurn(_MAY_LACK)
        if corrected:
            from webhook_core.planning.others_trades import check_nobody_else  # few come to it

            asked = self.sources, self.budget, self.instrument_of
            check_nobody_else(*asked, corrected, settled.oldest)

    def _settled(self) -> Settled:
        own, fills = self.sources.own_orders, self.orders.by_order
        return own.settled(self.shown.figures, self.instrument_of, self.refused, fills)

    def _after_another_read(self) -> Settled:
        self._first, self.shown = self.shown, self.again()
        return self._settled()

    def _check_course(self, settled: Settled) -> None:
        """Raises NotItsTurn where the last read lacks what the one before it showed: of a balance
        without a figure to be held against, the newer one of the two counts."""
        if self._first is None:
            return
        for name, shown in self.shown.figures.items():
            moved = shown - self._first.figures.get(name, shown)
            if moved and name not in settled.figures and not _is_position(name):
                of = self.instrument_of
                changes = (self.orders.change(one, name, of) for one in settled.unsure)
                if moved * sum(changes, _ZERO) <= 0:
                    raise NotItsTurn(_MAY_LACK)

    def _earlier_positions(self) -> Mapping[str, frozenset[Decimal]]:
        """What they may be by the read before the last one, which may be the older of the two."""
        if self._first is None:
            return {}
        last, self.shown = self.shown, self._first
        settled = self._settled()
        names = filter(_is_position, self.shown.figures)
        earlier = {name: self._positions(name, settled) for name in names}
        self.shown = last
        return earlier

    def _checked_balances(self, settled: Settled) -> Settled:
        """What rested in that read has to rest still."""
        entries = [entry for entry in settled.young if has_exit(entry)]
        for pair in self.pairs:
            doubt = self.exits.contradiction(pair, self.shown.balances, self.orders.known(entries))
            if doubt and self._first is None:
                settled = self._after_another_read()
                known = self.orders.known(entries)
                doubt = self.exits.contradiction(pair, self.shown.balances, known)
            if doubt:
                raise NotItsTurn(
                    f"{doubt} Nothing was sent; sending the same alert again soon is safe."
                )
        return settled

    def _figure(self, name: str, settled: Settled) -> Decimal:
        shown, known = self.shown.figures[name], settled.figures.get(name)
        if _is_position(name):
            possible = self._positions(name, settled)
            if len(possible) != 1:
                raise NotItsTurn(_MAY_LACK)
            return next(iter(possible))
        if known is not None or not settled.unsure:
            return shown if known is None else known
        moment = OneMoment(
            self.sources.own_orders,
            self.shown.balances,
            self.orders.by_order,
            self.instrument_of,
            self.refused,
        )
        return shown + moment.lacking(name, shown, settled.unsure)

    def _positions(self, name: str, settled: Settled) -> frozenset[Decimal]:
        """What the position may be; one figure where that is certain."""
        shown, known = self.shown.figures[name], settled.figures.get(name)
        pair = name.removeprefix(position_key(""))
        rows = [row for row in self.shown.positions if row.pair == pair]
        if self.orders.resting:
            self.exits.check_margin(pair, {row.order_id for row in rows})
        young = [entry for entry in settled.young if _is_on_margin(entry, pair)]
        exits = self._exits(pair, rows, young)
        ours = [entry for entry in settled.ours if _is_on_margin(entry, pair)]
        self.exited[pair] = exited_by(rows, exits, ours, self.orders.by_order)
        self.leaving |= {entry.current.request.pair for entry in ours if has_exit(entry)}
        if known is not None and not exits.fills:
            # Where the rows, which name their orders, agree, nobody is asked what those filled.
            filled_all = {name: fill for name, fill in map(presumed, young) if fill is not None}
            lacks = lacking_of(rows, young, {**filled_all, **self.orders.by_order}, exits)
            if known - shown in lacks:
                return frozenset((known,))
        filled = [entry for entry, fill in self.orders.known(young) if fill.volume]
        if not exits.fills and not filled:
            return frozenset((shown,))
        lacks = lacking_of(rows, filled, self.orders.by_order, exits)
        return frozenset(shown + amount for amount in lacks)

    def _exits(
        self, pair: str, rows: Sequence[OpenPosition], young: Sequence[LedgerEntry]
    ) -> Exits:
        """Of the entries that these positions name, however old, and of the young ones."""
        named = self.sources.own_orders.of_orders({row.order_id for row in rows if row.order_id})
        parents = {entry.unit: entry for entry in (*named, *young) if has_exit(entry)}
        instrument = next((one for one in self.pairs if one.key == pair), None)
        if not parents or instrument is None:
            return NO_EXITS
        return self.exits.of(self.orders.known(list(parents.values())), instrument)


def _is_position(name: str) -> bool:
    return name.startswith(position_key(""))


def _is_on_margin(entry: LedgerEntry, pair: str) -> bool:
    request = entry.current.request
    return request.on_margin and request.pair == pair
