"""What the ledger knows of our own orders: which belong to an alert or a strategy, and which Kraken may not show yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.intake.alert_key import keys_of
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ports import Clock, Ledger
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderRequest
from webhook_core.trading.rounding import cost_of

if TYPE_CHECKING:
    from webhook_core.trading.holdings import Step

NEWEST = 50
"""So far back are orders looked at that a figure may lack; more within a minute than Kraken's own counters allow."""
OF_STRATEGY = 200
_LIVE = (State.ACCEPTED, State.SUBMITTING)
_FEE, _SLIPPAGE = Decimal("0.02"), Decimal("0.05")

InstrumentOf = Callable[[str], Instrument | None]
"""The instrument of a pair's key, None for one that is not known."""


def position_key(pair: str) -> str:
    """What the net margin position of a pair is called among ``LedgerEntry.figures``."""
    return f"position {pair}"


class Settled(NamedTuple):
    """``figures``: those that are certain. ``unsure``: the young orders that leave the other ones in doubt."""

    figures: Mapping[str, Decimal]
    unsure: Sequence[LedgerEntry]


@dataclass(slots=True, eq=False, repr=False)
class OwnOrders:
    """``margin`` is how far Kraken's reads may lag its engine. Every method raises LedgerUnavailable."""

    mode: str
    account: str
    ledger: Ledger
    clock: Clock
    margin: timedelta

    def of_strategy(self, strategy: str) -> list[LedgerEntry]:
        """The newest orders of a strategy that may be open; the oldest of a long list are not among them."""
        page = self.ledger.entries(states=_LIVE, strategy=strategy, limit=OF_STRATEGY)
        return [entry for entry in page.entries if self.is_ours(entry)]

    def of_alert(self, alert_id: str, strategy: str | None) -> list[LedgerEntry]:
        """Every leg of the alert with that id; ``strategy``: whose credential asks, None for one that is bound to none."""
        for key in keys_of(alert_id, strategy):
            unit = Unit(self.mode, self.account, key)
            first = self.ledger.newest_generation(unit)
            if first is not None:
                return [first, *self.later_legs(first)]
        return []

    def later_legs(self, first: LedgerEntry) -> Iterator[LedgerEntry]:
        """The legs that were claimed after leg 0, in order."""
        for number in range(1, len(first.following) + 1):
            entry = self.ledger.find(leg_of(first.unit, number))
            if entry is None:
                return
            yield entry

    def settled(
        self, figures: Mapping[str, Decimal], instrument_of: InstrumentOf, refused: Unit | None = None
    ) -> Settled:
        """Each figure with our own last orders in it, as far as that can be told. ``refused``: one that is none, though its
        entry is SUBMITTING still."""
        from webhook_core.trading.holdings import settled  # only where a size follows from what is held

        newest = self.ledger.entries(states=(*_LIVE, State.NO_ACTION), limit=NEWEST).entries
        ours = [entry for entry in newest if self.is_ours(entry) and entry.unit != refused]
        # As they were sent: one that was sent again has seen the figure of then, and not that of its first claim.
        ours.sort(key=lambda entry: entry.current.claimed_at, reverse=True)
        known: dict[str, Decimal] = {}
        unsure: dict[str, LedgerEntry] = {}
        for key, figure in figures.items():
            steps, young = self._steps(ours, key, instrument_of)
            found = settled(figure, steps)
            if found is not None:
                known[key] = found
            else:
                unsure |= {entry.unit.name: entry for entry in young}
        return Settled(known, list(unsure.values()))

    def _steps(
        self, newest: Sequence[LedgerEntry], key: str, instrument_of: InstrumentOf
    ) -> tuple[list[Step], list[LedgerEntry]]:
        """From the last figure on that is older than every order Kraken may not show yet; and those orders."""
        young_until = self.clock.now() - self.margin
        steps: list[Step] = []
        young: list[LedgerEntry] = []
        for entry in newest:
            step = _step(entry, key, instrument_of(entry.current.request.parameters.get("pair", "")))
            is_young = (entry.current.settled_at or entry.current.deadline) > young_until
            if not is_young and (not steps or steps[-1].before is not None):
                break
            if step is not None:
                steps.append(step)
            if step is not None and is_young and step.change != 0:
                young.append(entry)
        return steps[::-1] if young else [], young

    def is_ours(self, entry: LedgerEntry) -> bool:
        """Of this mode and account."""
        return (entry.unit.mode, entry.unit.account) == (self.mode, self.account)


def leg_of(unit: Unit, number: int) -> Unit:
    """The unit of another leg of the same alert."""
    return Unit(unit.mode, unit.account, unit.alert_key, number, unit.generation)


def _step(entry: LedgerEntry, key: str, instrument: Instrument | None) -> Step | None:
    """None for an entry that has no part in this figure: an order that rests is none until it fills, and then Kraken shows it."""
    from webhook_core.trading.holdings import Step

    before, request = entry.figures.get(key), entry.current.request
    if entry.state is State.NO_ACTION or request.method != "AddOrder":  # a cancel may have seen it for the legs behind
        return None if before is None else Step(before, Decimal(0))
    if instrument is None or request.parameters["ordertype"] != "market":
        return None
    if not _touches(request, key, instrument):
        return None
    if entry.state is State.SUBMITTING:
        return Step(before, None)
    change, tolerance = _change(entry, key, instrument)
    return Step(before, change, tolerance)


def _touches(request: OrderRequest, key: str, instrument: Instrument) -> bool:
    if "leverage" in request.parameters:
        return key == position_key(instrument.key)
    return key in (instrument.base, instrument.quote)


def _change(entry: LedgerEntry, key: str, instrument: Instrument) -> tuple[Decimal | None, Decimal]:
    """Of one market order that filled, and how far off that may be: a fee in base, a price that was not the alert's."""
    request = entry.current.request
    sent, volume = request.parameters, Decimal(request.parameters["volume"])
    sign = 1 if sent["type"] == "buy" else -1
    in_quote = "viqc" in sent.get("oflags", "")
    price = request.reference_price
    if key == instrument.quote:
        cost = volume if in_quote else None if price is None else cost_of(volume, price)
        slack = _FEE if in_quote else _FEE + _SLIPPAGE
        return (None, Decimal(0)) if cost is None else (-sign * cost, cost_of(cost, slack))
    if in_quote:
        return None, Decimal(0)
    return sign * volume, cost_of(volume, _FEE) if "fcib" in sent.get("oflags", "") else Decimal(0)
