"""What the account holds of a pair, for the limits of holdings: read once, where one asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.ledger.entry import Unit
from webhook_core.planning.own_changes import CountedOrders
from webhook_core.planning.read_facts import Reading
from webhook_core.planning.reservations import KEPT, Entered
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import Balance, OpenPosition
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import PositionIntent
from webhook_core.trading.symbols import names_pair

_ZERO = Decimal(0)
_LEAST = Decimal("1e-12")
_AT_MARGIN = 2
"""Any leverage: what is read is the margin position."""


class HeldFigures:
    """``reads``: the figures of each read, for the entry that rests on them, behind the orders of
    ours that they have in them. ``refused``: an order of ours that is none."""

    def __init__(self, sources: Sources, budget: Budget, refused: Unit | None) -> None:
        self.sources, self.budget, self.refused = sources, budget, refused
        self.reads: list[tuple[CountedOrders, Mapping[str, Decimal]]] = []
        self._settled: dict[tuple[str, bool], Decimal] = {}
        self._rows: Sequence[OpenPosition] | None = None
        self._balances: Mapping[str, Balance] | None = None

    def held(self, pair: Instrument, *, margin: bool) -> Decimal:
        """Signed base, with all orders of ours in it: on spot the balance, with leverage the net
        position. Raises NotItsTurn where that is in doubt, VenueUnavailable, LedgerUnavailable."""
        key = (pair.key, margin)
        if key not in self._settled:
            intent = PositionIntent(pair.key, "close", leverage=_AT_MARGIN if margin else None)
            read = Reading(self.sources, self.budget, refused=self.refused).of([(intent, pair)])
            self.reads.append((read.counted, read.figures))
            if margin:
                self._settled[key] = (read.facts.positions or {}).get(pair.key, _ZERO)
            else:
                self._settled[key] = (
                    (read.facts.balances or {}).get(pair.base, Balance(_ZERO)).total
                )
        return self._settled[key]

    def is_held(self, pair: Instrument, entered: Entered, own: Collection[str]) -> bool:
        """Whether so much is held that it could be sold. Of a pair that the alert does not trade
        (``own``) a figure that shows something is enough, and one that shows nothing once the entry
        is old."""
        least = pair.ordermin or _LEAST
        if pair.key not in own:
            shown = abs(self._shown(pair, margin=entered.margin))
            if shown >= least or entered.at < self.sources.clock.now() - KEPT:
                return shown >= least
        return abs(self.held(pair, margin=entered.margin)) >= least

    def _shown(self, pair: Instrument, *, margin: bool) -> Decimal:
        """As Kraken shows it, read once for all pairs."""
        if margin:
            if self._rows is None:
                self._rows = self.sources.venue.positions(self.budget)
            rows = (row for row in self._rows if names_pair(row.pair, pair))
            return sum((row.volume for row in rows), _ZERO)
        if self._balances is None:
            self._balances = self.sources.venue.balances(self.budget)
        return self._balances.get(pair.base, Balance(_ZERO)).total
