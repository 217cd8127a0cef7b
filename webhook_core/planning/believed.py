"""Which figure of the account is believed: a balance, a margin position, and the equity that they
add up to.

A read may be as old as the visibility margin, so the question is never how old our orders are, but
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
from webhook_core.planning.own_changes import DONE, InstrumentOf, position_key
from webhook_core.planning.own_orders import Settled
from webhook_core.planning.position_course import Exits, has_exit, lacking_of, signed
from webhook_core.planning.resting_exits import RestingExits
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.sources import Sources

_ZERO = Decimal(0)
_NO_EXITS = Exits((), ())


class Shown(NamedTuple):
    """One read of the account. ``figures``: those that a size follows from. ``positions``: their
    pairs by key."""

    figures: Mapping[str, Decimal]
    balances: Mapping[str, Balance]
    positions: Sequence[OpenPosition] = ()


class Asked(NamedTuple):
    """``pairs``: those whose figures are asked for. ``again`` reads the account once more.
    ``open_orders``: as they were read before it, if they were."""

    pairs: Iterable[Instrument]
    instrument_of: InstrumentOf
    again: Callable[[], Shown]
    open_orders: Sequence[RestingOrder] | None = None


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
        self.sources, self.budget, self.fills, self.refused = sources, budget, dict(fills), refused
        self.instrument_of, self.again = asked.instrument_of, asked.again
        self.open_orders = asked.open_orders
        self.pairs = list(dict.fromkeys(asked.pairs))
        self.counted_until: datetime | None = None
        self.exited: dict[str, Decimal] = {}
        self._is_read_again = False

    def figures(self, shown: Shown) -> Mapping[str, Decimal]:
        """Each of those that are shown, with all of ours in it; then ``counted_until``, and
        ``exited`` by pair key. Raises NotItsTurn, VenueUnavailable, LedgerUnavailable."""
        self.shown = shown
        self.fills = self._dated(self.fills)
        settled = self._settled()
        if settled.unsure:
            self.fills |= self._dated(self._done(settled.unsure))
            settled = self._settled()
            if settled.unsure:
                settled = self._after_another_read()
            for entry in settled.unsure:
                # Claimed since, and the figure may have it or not.
                if entry.current.order_id not in self.fills:
                    raise _not_certain(entry)
        self.exits = RestingExits(self.sources, self.budget, self.instrument_of, self.open_orders)
        if any(not key.startswith(position_key("")) for key in shown.figures):
            settled = self._checked_balances(settled)
        self.counted_until = settled.counted_until
        return {name: self._figure(name, settled) for name in self.shown.figures}

    def _settled(self) -> Settled:
        own = self.sources.own_orders
        return own.settled(self.shown.figures, self.instrument_of, self.refused, self.fills)

    def _after_another_read(self) -> Settled:
        self.shown, self._is_read_again = self.again(), True
        return self._settled()

    def _done(self, unsure: Sequence[LedgerEntry]) -> Mapping[str, Fill]:
        """What the orders in doubt have filled: those at the market are done, so that is what they
        change. Raises NotItsTurn."""
        named = {entry.current.order_id: entry for entry in unsure if entry.current.order_id}
        fills = (
            self.sources.venue.fills(list(named), self.budget) if len(named) == len(unsure) else {}
        )
        if not named or not all(order_id in fills for order_id in named):
            raise _not_certain(unsure[0])
        for order_id, entry in named.items():
            if fills[order_id].status not in DONE and entry.current.request.at_market:
                raise _not_certain(entry)
        return fills

    def _dated(self, fills: Mapping[str, Fill]) -> dict[str, Fill]:
        """Of those that rest on, when they traded last, which may be now."""
        dated = dict(fills)
        for order_id, fill in fills.items():
            if fill.status not in DONE and fill.volume:
                traded_at = self.sources.venue.last_traded(order_id, self.budget)
                dated[order_id] = fill._replace(closed_at=traded_at or self.sources.clock.now())
        return dated

    def _checked_balances(self, settled: Settled) -> Settled:
        """What rested in that read has to rest still."""
        entries = [entry for entry in settled.young if has_exit(entry)]
        for pair in self.pairs:
            doubt = self.exits.contradiction(pair, self.shown.balances, self._known(entries))
            if doubt and not self._is_read_again:
                settled = self._after_another_read()
                doubt = self.exits.contradiction(pair, self.shown.balances, self._known(entries))
            if doubt:
                raise NotItsTurn(
                    f"{doubt} Nothing was sent; sending the same alert again soon is safe."
                )
        return settled

    def _figure(self, name: str, settled: Settled) -> Decimal:
        shown, known = self.shown.figures[name], settled.figures.get(name)
        if name.startswith(position_key("")):
            return self._position(name.removeprefix(position_key("")), shown, known, settled)
        if known is not None:
            return known
        if not settled.unsure:
            return shown
        moment = OneMoment(
            self.sources.own_orders,
            self.shown.balances,
            self.fills,
            self.instrument_of,
            self.refused,
        )
        return shown + moment.lacking(name, shown, settled.unsure)

    def _position(
        self, pair: str, shown: Decimal, known: Decimal | None, settled: Settled
    ) -> Decimal:
        rows = [row for row in self.shown.positions if row.pair == pair]
        if any(fill.status not in DONE for fill in self.fills.values()):  # an order of ours rests
            self.exits.check_margin(pair, {row.order_id for row in rows})
        young = [entry for entry in settled.young if _is_on_margin(entry, pair)]
        exits = self._exits(pair, rows, young)
        self.exited[pair] = sum((fill.change for fill in exits.fills), _ZERO)
        if not rows and not exits.fills and settled.last is not None and has_exit(settled.last):
            # the entry was the last order, and of it nothing is held any more
            self.exited[pair] = -signed(settled.last)
        if known is not None and not exits.fills:
            return known
        filled = self._known(young)
        if not exits.fills and not any(fill.volume for _, fill in filled):
            return shown
        entries = [entry for entry, _ in filled]
        lacks = lacking_of(rows, entries, self.fills, exits)
        if len(lacks) != 1:
            raise NotItsTurn(
                "The positions that Kraken shows may lack an order of ours yet. Nothing was sent; "
                "sending the same alert again soon is safe."
            )
        return shown + next(iter(lacks))

    def _exits(
        self, pair: str, rows: Sequence[OpenPosition], young: Sequence[LedgerEntry]
    ) -> Exits:
        """Of the entries that these positions name, however old, and of the young ones."""
        named = self.sources.own_orders.of_orders({row.order_id for row in rows if row.order_id})
        parents = {entry.unit: entry for entry in (*named, *young) if has_exit(entry)}
        instrument = next((one for one in self.pairs if one.key == pair), None)
        if not parents or instrument is None:
            return _NO_EXITS
        return self.exits.of(self._known(list(parents.values())), instrument)

    def _known(self, entries: Sequence[LedgerEntry]) -> list[tuple[LedgerEntry, Fill]]:
        """Each with what it has filled; Kraken is asked for what is not known.

        Raises NotItsTurn.
        """
        found = {
            entry.unit: self.fills.get(entry.current.order_id or "", entry.current.fill)
            for entry in entries
        }
        unasked = [
            entry
            for entry in entries
            if (fill := found[entry.unit]) is None or fill.status not in DONE
        ]
        unasked = [entry for entry in unasked if entry.current.order_id not in self.fills]
        if unasked:
            if not all(entry.current.order_id for entry in unasked):
                raise _not_certain(unasked[0])
            self.fills |= self.sources.venue.fills(
                [entry.current.order_id or "" for entry in unasked], self.budget
            )
        known = []
        for entry in entries:
            fill = self.fills.get(entry.current.order_id or "", entry.current.fill)
            if fill is None:
                raise _not_certain(entry)
            known.append((entry, fill))
        return known


def _is_on_margin(entry: LedgerEntry, pair: str) -> bool:
    request = entry.current.request
    return request.on_margin and request.pair == pair


def _not_certain(unsure: LedgerEntry) -> NotItsTurn:
    return NotItsTurn(
        f"Kraken may not show the order of the alert {unsure.alert_id} yet, so what is held is "
        "not certain. "
        "Nothing was sent; sending the same alert again soon is safe."
    )
