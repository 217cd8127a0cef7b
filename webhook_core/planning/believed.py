"""Which figure of the account is believed: a balance, a margin position, and the equity that they
add up to.

A read may be as old as the read lag, so the question is never how old our orders are, but
what can have changed a figure since it was true. That is every order of ours that is not proved
done, and each conditional close that one left.

1. What those have filled is asked for. A figure that an earlier plan left in the ledger says which
   of the fills today's figure shows (``settled_figures``); else the other side of the pair does
   (``one_moment``), or the position, which names the order that opened it (``position_course``).
2. What rested when the figure was true is part of the same read: a balance holds funds for it, and
   an open position names the entry whose exit it is. What rested then and rests no more has changed
   the figure since (``resting_exits``).
3. What rests on, though the last price has crossed it, is in doubt (``last_prices``).
4. Where ours alone do not lead to it, what others have traded counts too (``others_trades``).

Where all that is known leads to one figure, that is it. Otherwise the account is read once more,
and then nothing is decided by it, neither an order nor an answer that there is nothing to do:
NotItsTurn, 503.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.planning.account_reads import Asked, Before, Shown
from webhook_core.planning.one_moment import OneMoment
from webhook_core.planning.order_fills import OrderFills, may_lack, not_certain
from webhook_core.planning.own_changes import NONE_COUNTED, is_position, pair_of
from webhook_core.planning.position_course import (
    NO_EXITS,
    Exits,
    Parts,
    exited_by,
    has_exit,
    is_on_margin,
    lacking_of,
    most_of,
    presumed,
    with_counted,
)
from webhook_core.planning.resting_exits import RestingExits
from webhook_core.planning.settled_figures import Settled
from webhook_core.trading.facts import OpenPosition
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.other_steps import Other
    from webhook_core.planning.others_trades import OthersTrades
    from webhook_core.planning.sources import Sources


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
        self.counted = NONE_COUNTED
        self.exited: dict[str, Mapping[str, Decimal]] = {}
        self.leaving, self.at_most = set[str](), set[str]()
        self._first: Shown | None = None
        self._parts: dict[str, Parts] = {}

    def figures(self, shown: Shown) -> Mapping[str, Decimal]:
        """All that are shown, with all of ours in them; then ``counted``, ``exited`` by pair key
        and strategy, ``leaving``, pairs where an entry of ours has left an exit, ``at_most`` what
        may be less. Raises NotItsTurn, VenueUnavailable, LedgerUnavailable."""
        self.shown = shown
        self.orders.date()
        settled = self._settled()
        if settled.unsure:
            self.orders.ask(settled.unsure)
            settled = self._told(self.shown.figures)
            if settled.unsure:
                settled = self._after_another_read()
            for entry in settled.unsure:  # claimed since, and the figure may have it or not
                if entry.current.order_id not in self.orders.by_order:
                    raise not_certain(entry)
        self.exits = self._at_rest(settled)
        if not all(map(is_position, shown.figures)):
            settled = self._checked_balances(settled)
        if self._first is not None:
            moved = self._first.figures, self.shown.figures
            self.orders.check_course(moved, settled, self.instrument_of)
        figures, agree, settled = self._figures(settled)
        if not (agree and figures == self.shown.figures) and self.others.read(settled.oldest):
            figures, agree, settled = self._figures(self._asked_anew())
        if self.at_most:  # nothing in the ledger tells a later plan what this one has counted
            self.orders.check_newest(settled, self._settled())
        self.counted = settled.counted
        corrected = figures.items() - self.shown.figures.items()
        if not agree or any(held < 0 and not is_position(name) for name, held in corrected):
            raise may_lack()
        return figures

    def _at_rest(self, settled: Settled) -> RestingExits:
        nets = [(name, net) for name, net in self.shown.figures.items() if is_position(name)]
        held = {pair_of(name): (net, settled.figures.get(name, -net)) for name, net in nets}
        known = Before(self.open_orders, self.orders.resting, self.pairs, self.closes, held)
        return RestingExits(self.sources, self.budget, self.instrument_of, known)

    @cached_property
    def others(self) -> OthersTrades:
        from webhook_core.planning.others_trades import OthersTrades  # few come to it

        return OthersTrades(self.sources, self.budget, self.instrument_of, self.pairs)

    @property
    def _known_others(self) -> Sequence[Other]:
        return self.others.known if "others" in vars(self) else ()

    def _settled(self, figures: Mapping[str, Decimal] | None = None) -> Settled:
        """``figures``: those that are shown, if none are named."""
        return self.sources.own_orders.settled(
            self.shown.figures if figures is None else figures,
            self.instrument_of, self.refused, self.orders.by_order, self._known_others,
        )  # fmt: skip

    def _told(self, figures: Mapping[str, Decimal]) -> Settled:
        """With what others have traded, where no part of ours leads to one of them."""
        return self.others.told(lambda: self._settled(figures), self.open_orders)

    def _asked_anew(self) -> Settled:
        settled = self._settled()
        if settled.moved:
            self.orders.ask(settled.unsure)
        return self._settled() if settled.moved else settled

    def _after_another_read(self) -> Settled:
        self._first, self.shown = self.shown, self.again()
        return self._told(self.shown.figures)

    def _earlier_positions(self) -> Mapping[str, frozenset[Decimal]]:
        """What they may be by the read before the last one, which may be the older of the two."""
        if self._first is None:
            return {}
        last, self.shown = self.shown, self._first
        settled, names = self._settled(), filter(is_position, self.shown.figures)
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
                raise InDoubt(doubt)
        return settled

    def _figures(self, settled: Settled) -> tuple[dict[str, Decimal], bool, Settled]:
        """And whether the read before the last one may be of these too; with what others have
        traded, where that had to be asked for."""
        earlier = self._earlier_positions()
        figures = dict[str, Decimal]()
        for name in self.shown.figures:
            figure = self._figure(name, settled)
            if figure is None:  # more is known of others now, so once at most
                return self._figures(self._asked_anew())
            figures[name] = figure
        agree = all(figures[name] in possible for name, possible in earlier.items())
        return figures, agree, settled

    def _figure(self, name: str, settled: Settled) -> Decimal | None:
        """None where it is to be settled anew, with what others have traded."""
        shown, known = self.shown.figures[name], settled.figures.get(name)
        if is_position(name):
            possible = with_counted(self._positions(name, settled), known)
            if len(possible) != 1 and self.others.read(settled.oldest):
                return None
            if (most := most_of(possible, closes=self.closes)) is None:
                may_prove = shown in possible and not self.closes
                if may_prove and self.others.are_in(self._parts[name], self.exits.open):
                    return shown
                raise may_lack()
            self.at_most |= {name} if len(possible) > 1 else set()
            return most
        if known is not None or not settled.unsure:
            return shown if known is None else known
        one = OneMoment(self._told, self.shown.balances, self.orders.by_order, self.instrument_of)
        return shown + one.lacking(name, shown, settled)

    def _positions(self, name: str, settled: Settled) -> frozenset[Decimal]:
        """What the position may be; one figure where that is certain."""
        shown, known = self.shown.figures[name], settled.figures.get(name)
        pair = pair_of(name)
        rows = [row for row in self.shown.positions if row.pair == pair]
        if self.orders.resting:
            self.exits.check_margin(pair, {row.order_id for row in rows})
        young = [entry for entry in settled.young if is_on_margin(entry, pair)]
        exits = self._exits(pair, rows, young)
        others = self._others_beside(exits, pair)
        if not all(one.sure for one in others):
            return frozenset()
        ours = [entry for entry in settled.ours if is_on_margin(entry, pair)]
        self.exited[pair] = exited_by(rows, exits, ours, self.orders.by_order)
        self.leaving |= {entry.current.request.pair for entry in ours if has_exit(entry)}
        if known is not None and not exits.fills:
            # Where the rows, which name their orders, agree, nobody is asked what those filled.
            filled_all = {name: fill for name, fill in map(presumed, young) if fill is not None}
            lacks = lacking_of(rows, young, {**filled_all, **self.orders.by_order}, exits, others)
            if known - shown in lacks:
                return frozenset((known,))
        self._parts[name] = parts = Parts(rows, self.orders.known(young), exits)
        filled = [entry for entry, fill in parts.young if fill.volume]
        if not exits.fills and not filled:
            return frozenset((shown,))
        lacks = lacking_of(rows, filled, self.orders.by_order, exits, others)
        return frozenset(shown + amount for amount in lacks)

    def _others_beside(self, exits: Exits, pair: str) -> list[Other]:
        """What others have traded of that pair, but for these exits."""
        known = {fill.order_id for fill in exits.fills}
        others = (one for one in self._known_others if one.order.order_id not in known)
        return [one for one in others if one.has_changed(pair, self.instrument_of)]

    def _exits(
        self, pair: str, rows: Sequence[OpenPosition], young: Sequence[LedgerEntry]
    ) -> Exits:
        """Of the entries that rows or exits of the pair name, and of the young ones."""
        names = {row.order_id for row in rows} | self.exits.open.margin_parents(pair)
        named = self.sources.own_orders.of_orders(names - {""})
        parents = {entry.unit: entry for entry in (*named, *young) if has_exit(entry)}
        instrument = next((one for one in self.pairs if one.key == pair), None)
        if not parents or instrument is None:
            return NO_EXITS
        return self.exits.of(self.orders.known(list(parents.values())), instrument)
