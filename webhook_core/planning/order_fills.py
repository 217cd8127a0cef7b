"""What our orders have filled, as far as it is known; Kraken is asked for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.own_changes import DONE, InstrumentOf, change_of, is_position
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.settled_figures import Settled
    from webhook_core.planning.sources import Sources


class OrderFills:
    """Of one plan. ``by_order``: what is known beside the ledger, by order id."""

    def __init__(self, sources: Sources, budget: Budget, by_order: Mapping[str, Fill]) -> None:
        self.sources, self.budget, self.by_order = sources, budget, dict(by_order)

    def change(self, entry: LedgerEntry, key: str, instrument_of: InstrumentOf) -> Decimal:
        """Of that figure by its fill, as far as it is known."""
        fill = self.by_order.get(entry.current.order_id or "", entry.current.fill)
        change = None if fill is None else change_of(entry, key, instrument_of, fill)
        return change or Decimal(0)

    def check_course(
        self,
        reads: tuple[Mapping[str, Decimal], Mapping[str, Decimal]],
        settled: Settled,
        instrument_of: InstrumentOf,
    ) -> None:
        """``reads``: the last two of the figures. Raises NotItsTurn where the later one lacks what
        the one before it showed: of a balance without a figure to be held against, the newer one of
        the two counts."""
        first, last = reads
        for name, shown in last.items():
            moved = shown - first.get(name, shown)
            if moved and name not in settled.figures and not is_position(name):
                changes = (self.change(one, name, instrument_of) for one in settled.unsure)
                if moved * sum(changes, Decimal(0)) <= 0:
                    raise may_lack()

    def check_newest(self, counted: Settled, now: Settled) -> None:
        """Raises NotItsTurn where an order of ours has come since ``counted`` was read: ``now``
        has it, and what may be held at most may lack it."""
        known = {entry.unit for entry in (*counted.ours, *counted.unsure)}
        for entry in (*now.unsure, *now.ours):
            if entry.unit not in known:
                raise not_certain(entry)

    @property
    def resting(self) -> dict[str, Decimal]:
        """Those of ours that Kraken shows as open, and what each has filled."""
        fills = self.by_order.items()
        return {name: fill.volume for name, fill in fills if fill.status not in DONE}

    def ask(self, unsure: Sequence[LedgerEntry]) -> None:
        """What the orders in doubt have filled."""
        self.by_order |= self._dated(self._done(unsure))

    def date(self) -> None:
        """Of those that rest on, when they traded last."""
        self.by_order = self._dated(self.by_order)

    def _done(self, unsure: Sequence[LedgerEntry]) -> Mapping[str, Fill]:
        """What the orders in doubt have filled: those at the market are done, so that is what they
        change. Raises NotItsTurn."""
        named = {entry.current.order_id: entry for entry in unsure if entry.current.order_id}
        fills = (
            self.sources.venue.fills(list(named), self.budget) if len(named) == len(unsure) else {}
        )
        if not named or not all(order_id in fills for order_id in named):
            raise not_certain(unsure[0])
        for order_id, entry in named.items():
            if fills[order_id].status not in DONE and entry.current.request.at_market:
                raise not_certain(entry)
        return fills

    def _dated(self, fills: Mapping[str, Fill]) -> dict[str, Fill]:
        """Of those that rest on, when they traded last, which may be now."""
        dated = dict(fills)
        for order_id, fill in fills.items():
            if fill.status not in DONE and fill.volume:
                traded_at = self.sources.venue.last_traded(order_id, self.budget)
                dated[order_id] = fill._replace(closed_at=traded_at or self.sources.clock.now())
        return dated

    def known(self, entries: Sequence[LedgerEntry]) -> list[tuple[LedgerEntry, Fill]]:
        """Each with what it has filled; Kraken is asked for what is not known.

        Raises NotItsTurn.
        """
        found = {
            entry.unit: self.by_order.get(entry.current.order_id or "", entry.current.fill)
            for entry in entries
        }
        unasked = [
            entry
            for entry in entries
            if (fill := found[entry.unit]) is None or fill.status not in DONE
        ]
        unasked = [entry for entry in unasked if entry.current.order_id not in self.by_order]
        if unasked:
            if not all(entry.current.order_id for entry in unasked):
                raise not_certain(unasked[0])
            self.by_order |= self.sources.venue.fills(
                [entry.current.order_id or "" for entry in unasked], self.budget
            )
        known = []
        for entry in entries:
            fill = self.by_order.get(entry.current.order_id or "", entry.current.fill)
            if fill is None:
                raise not_certain(entry)
            known.append((entry, fill))
        return known


def may_lack() -> InDoubt:
    """The refusal of a plan that leads to no one figure."""
    return InDoubt("The figures that Kraken shows may lack an order of ours yet.")


def not_certain(unsure: LedgerEntry) -> InDoubt:
    """The refusal of a plan that an order in doubt stands against."""
    return InDoubt(
        f"Kraken may not show the order of the alert {unsure.alert_id} yet, so what is held is not "
        "certain."
    )
