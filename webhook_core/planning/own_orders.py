"""What the ledger knows of our own orders: which belong to an alert or a strategy, and
which Kraken may not show yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from webhook_core.clock import Clock
from webhook_core.errors import InDoubt
from webhook_core.intake.alert_key import keys_of
from webhook_core.ledger.contract import Ledger, later_legs
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.transitions import has_never_traded
from webhook_core.ledger.unfinished import Unfinished
from webhook_core.planning.own_changes import InstrumentOf, is_position, touches
from webhook_core.trading.requests import Fill, OrderRequest

if TYPE_CHECKING:
    from webhook_core.planning.other_steps import Other
    from webhook_core.planning.seen_figures import SeenFigures
    from webhook_core.planning.settled_figures import Settled

NEWEST = 50
MOST_PAGES = 20
OLDEST_ATTEMPT = timedelta(minutes=3)
"""An alert that is sent again was claimed no longer ago: it is fresh for a minute or two, and
Kraken takes its order for one."""
OF_STRATEGY = 200
MOST_RESTING = 1000
"""Kraken itself lets an account have far fewer open."""
MOST_UNKNOWN = 100
_LIVE = (State.ACCEPTED, State.SUBMITTING)
_NO_FILLS: Mapping[str, Fill] = MappingProxyType({})


@dataclass(slots=True, eq=False, repr=False)
class OwnOrders:
    """``read_lag`` is how far Kraken's reads may lag its engine; ``seen``: what reconcile saw, None
    where no read lags. Every method raises LedgerUnavailable."""

    mode: str
    account: str
    ledger: Ledger
    clock: Clock
    read_lag: timedelta
    seen: SeenFigures | None = None

    def of_strategy(self, strategy: str | None) -> list[LedgerEntry]:
        """The newest orders of a strategy, or of all, that may be open; the oldest of a long list
        are not among them."""
        page = self.ledger.entries(states=_LIVE, strategy=strategy, limit=OF_STRATEGY)
        return [entry for entry in page.entries if self.is_ours(entry)]

    def of_orders(self, order_ids: Collection[str]) -> list[LedgerEntry]:
        """Those whose orders these are, however old."""
        return list(self.ledger.of_orders(self.mode, self.account, order_ids)) if order_ids else []

    def maybe_open(self) -> list[LedgerEntry]:
        """Every order that Kraken's list may lack: those of the last minutes, those
        without an outcome, and those in the book, as far as the ledger knows. Raises
        NotItsTurn where there are too many."""
        found = (*filter(self.is_ours, self.unknown()), *self._newest()[0], *self.in_book())
        orders = (
            entry
            for entry in found
            if entry.current.request.method == "AddOrder" and may_live(entry)
        )
        return list({entry.unit: entry for entry in orders}.values())

    def of_alert(self, alert_id: str, strategy: str | None) -> list[LedgerEntry]:
        """Every leg of the alert with that id; ``strategy``: whose credential asks, None for one
        that is bound to none."""
        for key in keys_of(alert_id, strategy):
            unit = Unit(self.mode, self.account, key)
            first = self.ledger.newest_generation(unit)
            if first is not None:
                return [first, *later_legs(self.ledger, first)]
        return []

    def resting(
        self, figures: Collection[str] | None, instrument_of: InstrumentOf
    ) -> list[LedgerEntry]:
        """Orders in the book, as far as the ledger knows, that change one of these
        figures when they fill, or (None) any balance; whatever their age. Raises
        NotItsTurn where there are too many to ask for."""
        return [
            entry
            for entry in self.in_book()
            if self._changes_one_of(figures, entry.current.request, instrument_of)
        ]

    def unknown(self, strategy: str | None = None) -> Sequence[LedgerEntry]:
        """Those without an outcome, of a strategy or of all. Raises NotItsTurn where there are too
        many."""
        page = self.ledger.entries(
            states=(State.SUBMITTING,), strategy=strategy, limit=MOST_UNKNOWN
        )
        if page.cursor is not None:
            raise InDoubt(f"More than {MOST_UNKNOWN} orders have no known outcome.")
        return page.entries

    def in_book(self) -> Sequence[LedgerEntry]:
        """Those that rest, as far as the ledger knows. Raises NotItsTurn where there are too many
        to ask for."""
        found = self.ledger.unfinished(
            self.mode, self.account, (Unfinished.RESTING,), MOST_RESTING + 1
        )
        if len(found) > MOST_RESTING:
            raise InDoubt(f"More than {MOST_RESTING} orders rest, so what is held is not certain.")
        return found

    def _changes_one_of(
        self, figures: Collection[str] | None, request: OrderRequest, instrument_of: InstrumentOf
    ) -> bool:
        if figures is None:
            return not request.on_margin
        pair = instrument_of(request.pair)
        return pair is not None and any(touches(request, key, pair) for key in figures)

    def settled(
        self,
        figures: Mapping[str, Decimal],
        instrument_of: InstrumentOf,
        refused: Unit | None = None,
        fills: Mapping[str, Fill] = _NO_FILLS,
        others: Sequence[Other] = (),
    ) -> Settled:
        """Each figure with our own last orders in it, as far as that can be told.

        ``refused``: one that is none, though its entry is SUBMITTING still. ``fills``: what is
        known beside the ledger of the orders' fills, by order id. ``others``: what is known of
        orders that are not ours.
        """
        # Only where a size follows from what is held.
        from webhook_core.planning.settled_figures import SettledFigures

        newest, after = self._newest()
        newest = [one for one in newest if one.unit != refused and not has_never_traded(one)]
        sent = (one.current for one in newest if one.current.request.method == "AddOrder")
        ours = {one.order_id for one in sent}  # of which the ledger had no id yet
        others = [one for one in others if one.order.order_id not in ours]
        young_until = self.clock.now() - self.read_lag
        found = SettledFigures(newest, instrument_of, fills, young_until, others)
        assets = [name for name in figures if not is_position(name)]
        if self.seen is not None and assets and found.may_lack:
            found.begin_with(self.seen.entries(assets, after))
        return found.of(figures)

    def _newest(self) -> tuple[list[LedgerEntry], datetime | None]:
        """All of the last minutes, and the rest of their page; and after when those are all, None
        where there are no others.

        Raises NotItsTurn where there are too many to read.
        """
        since = self.clock.now() - self.read_lag - OLDEST_ATTEMPT
        found: list[LedgerEntry] = []
        cursor = None
        for _ in range(MOST_PAGES):
            page = self.ledger.entries(
                states=(*_LIVE, State.NO_ACTION), cursor=cursor, limit=NEWEST
            )
            found += filter(self.is_ours, page.entries)
            cursor = page.cursor
            oldest = page.entries[-1].claimed_at if page.entries else None
            if cursor is None or (oldest is not None and oldest < since):
                return found, None if cursor is None else oldest
        raise InDoubt("So many orders came in the last minutes that what is held is not certain.")

    def is_ours(self, entry: LedgerEntry) -> bool:
        """Of this mode and account."""
        return (entry.unit.mode, entry.unit.account) == (self.mode, self.account)


def may_live(entry: LedgerEntry) -> bool:
    """Whether there may be an order of it."""
    return entry.state in _LIVE and not has_never_traded(entry)
