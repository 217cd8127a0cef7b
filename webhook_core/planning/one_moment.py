"""Which of our last orders a read of the balances shows, where the figure itself has
nothing to be held against.

One read shows one moment, so what it shows of an order on one side of its pair it shows on the
other side too. And a balance can't have in it what would leave less than nothing before: it is no
smaller than the net of the fills that are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.own_changes import InstrumentOf, change_of, is_position
from webhook_core.planning.settled_figures import Settled
from webhook_core.trading.facts import Balance
from webhook_core.trading.lagging_figures import DUST
from webhook_core.trading.requests import Fill
from webhook_core.trading.rounding import cost_of

_ZERO, _FEE = Decimal(0), Decimal("0.02")
Change = tuple[LedgerEntry, Decimal]


class OneMoment(NamedTuple):
    """``settle`` holds figures against what was traded. ``shown``: the balances as they were read.
    ``fills``: what our orders in doubt have filled,
    by order id; each of them is done, as far as it is at the market."""

    settle: Callable[[Mapping[str, Decimal]], Settled]
    shown: Mapping[str, Balance]
    fills: Mapping[str, Fill]
    instrument_of: InstrumentOf

    def lacking(self, key: str, figure: Decimal, settled: Settled) -> Decimal:
        """What the orders in doubt have changed of this figure and it does not show; nothing where
        nothing speaks against the figure. Raises NotItsTurn where it contradicts a fill, and what
        it lacks can't be told."""
        in_doubt = settled.unsure
        changes = self._changes(key, in_doubt)
        if not changes and key in settled.by_others and in_doubt:
            raise _contradicted(in_doubt[0])
        if not changes or is_position(key):
            return _ZERO
        shown = self._shown(changes, key, settled)
        unseen = [one for one in changes if shown[one[0].current.request.pair] is False]
        if unseen and len(unseen) < len(changes):
            raise _contradicted(unseen[0][0])
        if unseen:
            return sum((change for _, change in changes), _ZERO)
        if not all(shown.values()):
            if key in settled.by_others:
                raise _contradicted(changes[0][0])
            _check_before(figure, changes)
        return _ZERO

    def _shown(
        self, changes: Sequence[Change], key: str, settled: Settled
    ) -> Mapping[str, bool | None]:
        """``_is_shown`` by pair: of all orders of one pair it is the same."""
        first = {entry.current.request.pair: entry for entry, _ in reversed(changes)}
        return {pair: self._is_shown(entry, key, settled) for pair, entry in first.items()}

    def _changes(self, key: str, entries: Sequence[LedgerEntry]) -> list[Change]:
        """Those that are not zero, by what was filled."""
        found = []
        for entry in entries:
            fill = self.fills.get(entry.current.order_id or "")
            change = None if fill is None else change_of(entry, key, self.instrument_of, fill)
            if change:
                found.append((entry, change))
        return found

    def _is_shown(self, entry: LedgerEntry, key: str, settled: Settled) -> bool | None:
        """By the other side of its pair.

        None where that has nothing to be held against either. Raises NotItsTurn where it shows some
        of our orders and not others, or has moved too by what nothing tells.
        """
        pair = self.instrument_of(entry.current.request.pair)
        if pair is None:
            return None
        other = pair.quote if key == pair.base else pair.base
        total = self.shown.get(other, Balance(_ZERO)).total
        there = self.settle({other: total})
        known = there.figures.get(other)
        if known is None and key in settled.moved and other in there.moved:
            raise _contradicted(entry)  # a trade that no list shows yet
        if known is None or known == total:
            return None if known is None else True
        changes = [change for _, change in self._changes(other, settled.unsure)]
        if (
            abs(known - total - sum(changes, _ZERO))
            > cost_of(sum(map(abs, changes), _ZERO), _FEE) + DUST
        ):
            raise _contradicted(entry)
        return False


def _check_before(figure: Decimal, changes: Sequence[Change]) -> None:
    """A close that one of them left behind may have taken it back."""
    net = sum((change for _, change in changes), _ZERO)
    returned = any(entry.current.request.leaves_exit for entry, _ in changes)
    if net > figure + DUST and not returned:
        raise _contradicted(changes[0][0])


def _contradicted(entry: LedgerEntry) -> InDoubt:
    return InDoubt(
        f"The balances that Kraken shows lack the order of the alert {entry.alert_id} yet."
    )
