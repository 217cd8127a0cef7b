"""What the ledger knows of our own orders: which belong to an alert or a strategy, and which Kraken may not show yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.clock import Clock
from webhook_core.errors import NotItsTurn
from webhook_core.intake.alert_key import keys_of
from webhook_core.ledger.contract import Ledger, later_legs
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.unfinished import Unfinished
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import Fill, OrderRequest
from webhook_core.trading.rounding import cost_of

if TYPE_CHECKING:
    from webhook_core.trading.lagging_figures import Step

NEWEST = 50
MOST_PAGES = 20
OLDEST_ATTEMPT = timedelta(minutes=3)
"""An alert that is sent again was claimed no longer ago: it is fresh for a minute or two, and Kraken takes its order for one."""
OF_STRATEGY = 200
MOST_RESTING = 1000
"""Kraken itself lets an account have far fewer open."""
MOST_UNKNOWN = 100
_LIVE = (State.ACCEPTED, State.SUBMITTING)
_FEE, _SLIPPAGE = Decimal("0.02"), Decimal("0.05")
_ROUNDED = Decimal("0.0001")
"""A balance in dollars has four decimals, what an order cost has more."""

DONE = ("closed", "canceled", "expired")
"""Kraken's statuses of an order that trades no more."""
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_NO_FILLS: Mapping[str, Fill] = MappingProxyType({})

InstrumentOf = Callable[[str], Instrument | None]
"""The instrument of a pair's key, None for one that is not known."""


def position_key(pair: str) -> str:
    """What the net margin position of a pair is called among ``LedgerEntry.figures``."""
    return f"position {pair}"


class Settled(NamedTuple):
    """``figures``: those that are certain. ``unsure``: the orders that leave the other ones in doubt.
    ``young``: those of which a figure may lack what they have filled. ``last``: the newest that
    changes one of the figures. ``counted_until``: when the newest order that was looked at was
    claimed, None if there was none."""

    figures: Mapping[str, Decimal]
    unsure: Sequence[LedgerEntry]
    young: Sequence[LedgerEntry] = ()
    last: LedgerEntry | None = None
    counted_until: datetime | None = None


@dataclass(slots=True, eq=False, repr=False)
class OwnOrders:
    """``margin`` is how far Kraken's reads may lag its engine. Every method raises LedgerUnavailable."""

    mode: str
    account: str
    ledger: Ledger
    clock: Clock
    margin: timedelta

    def of_strategy(self, strategy: str | None) -> list[LedgerEntry]:
        """The newest orders of a strategy, or of all, that may be open; the oldest of a long list are not among them."""
        page = self.ledger.entries(states=_LIVE, strategy=strategy, limit=OF_STRATEGY)
        return [entry for entry in page.entries if self.is_ours(entry)]

    def of_orders(self, order_ids: Collection[str]) -> list[LedgerEntry]:
        """Those whose orders these are, however old."""
        return list(self.ledger.of_orders(self.mode, self.account, order_ids)) if order_ids else []

    def maybe_open(self) -> list[LedgerEntry]:
        """Every order that Kraken's list may lack: those of the last minutes, those without an outcome, and those in the
        book, as far as the ledger knows. Raises NotItsTurn where there are too many."""
        unknown = self.ledger.entries(states=(State.SUBMITTING,), limit=MOST_UNKNOWN)
        if unknown.cursor is not None:
            raise NotItsTurn(
                f"More than {MOST_UNKNOWN} orders have no known outcome. Nothing was sent."
            )
        found = (*filter(self.is_ours, unknown.entries), *self._newest(), *self._resting())
        orders = (
            entry
            for entry in found
            if entry.current.request.method == "AddOrder" and entry.state in _LIVE
        )
        return list({entry.unit: entry for entry in orders}.values())

    def of_alert(self, alert_id: str, strategy: str | None) -> list[LedgerEntry]:
        """Every leg of the alert with that id; ``strategy``: whose credential asks, None for one that is bound to none."""
        for key in keys_of(alert_id, strategy):
            unit = Unit(self.mode, self.account, key)
            first = self.ledger.newest_generation(unit)
            if first is not None:
                return [first, *later_legs(self.ledger, first)]
        return []

    def resting(
        self, figures: Collection[str] | None, instrument_of: InstrumentOf
    ) -> list[LedgerEntry]:
        """Orders in the book, as far as the ledger knows, that change one of these figures when they fill, or (None) any
        balance; whatever their age. Raises NotItsTurn where there are too many to ask for."""
        return [
            entry
            for entry in self._resting()
            if self._changes_one_of(figures, entry.current.request, instrument_of)
        ]

    def _resting(self) -> Sequence[LedgerEntry]:
        found = self.ledger.unfinished(
            self.mode, self.account, (Unfinished.RESTING,), MOST_RESTING + 1
        )
        if len(found) > MOST_RESTING:
            raise NotItsTurn(
                f"More than {MOST_RESTING} orders rest, so what is held is not certain. Nothing was sent."
            )
        return found

    def _changes_one_of(
        self, figures: Collection[str] | None, request: OrderRequest, instrument_of: InstrumentOf
    ) -> bool:
        if figures is None:
            return "leverage" not in request.parameters
        pair = instrument_of(request.parameters.get("pair", ""))
        return pair is not None and any(_touches(request, key, pair) for key in figures)

    def settled(
        self,
        figures: Mapping[str, Decimal],
        instrument_of: InstrumentOf,
        refused: Unit | None = None,
        fills: Mapping[str, Fill] = _NO_FILLS,
    ) -> Settled:
        """Each figure with our own last orders in it, as far as that can be told. ``refused``: one that is none, though its
        entry is SUBMITTING still. ``fills``: what is known beside the ledger of the orders' fills, by order id."""
        from webhook_core.trading.lagging_figures import (
            settled,
        )  # only where a size follows from what is held

        ours = [entry for entry in self._newest() if entry.unit != refused]
        ours.sort(key=_counts_from, reverse=True)
        known: dict[str, Decimal] = {}
        unsure: dict[str, LedgerEntry] = {}
        for key, figure in figures.items():
            steps, in_doubt = self._steps(ours, key, instrument_of, fills)
            found = settled(figure, steps)
            if found is not None:
                known[key] = found
            else:
                unsure |= {entry.unit.name: entry for entry in in_doubt}
        counted_until = max(
            (max(_counts_from(entry), entry.current.claimed_at) for entry in ours), default=None
        )
        accepted = [entry for entry in ours if _is_accepted_of(entry, figures, instrument_of)]
        since = self.clock.now() - self.margin
        young = [entry for entry in accepted if _last_moment(entry) > since]
        last = max(accepted, key=lambda entry: entry.current.claimed_at, default=None)
        return Settled(known, list(unsure.values()), young, last, counted_until)

    def _steps(
        self,
        newest: Sequence[LedgerEntry],
        key: str,
        instrument_of: InstrumentOf,
        fills: Mapping[str, Fill],
    ) -> tuple[list[Step], list[LedgerEntry]]:
        """From the last figure on that is older than every order Kraken may not show yet; and the orders that a doubt is of:
        those, and what has filled unseen since."""
        young_until = self.clock.now() - self.margin
        ours: list[tuple[LedgerEntry, Step]] = []
        for entry in newest:
            step = _step(
                entry,
                key,
                newest,
                instrument_of,
                fills.get(entry.current.order_id or "", entry.current.fill),
            )
            if step is not None:
                ours.append((entry, step))
        young = [
            entry for entry, step in ours if step.change != 0 and _last_moment(entry) > young_until
        ]
        steps: list[Step] = []
        in_doubt: list[LedgerEntry] = []
        missing = len(young)
        for entry, step in ours:
            if not missing and (not steps or steps[-1].before is not None):
                break
            steps.append(step)
            if entry in young or not step.sure:
                in_doubt.append(entry)
            missing -= entry in young
        return steps[::-1], in_doubt

    def _newest(self) -> list[LedgerEntry]:
        """All of the last minutes, and the rest of their page. Raises NotItsTurn where there are too many to read."""
        since = self.clock.now() - self.margin - OLDEST_ATTEMPT
        found: list[LedgerEntry] = []
        cursor = None
        for _ in range(MOST_PAGES):
            page = self.ledger.entries(
                states=(*_LIVE, State.NO_ACTION), cursor=cursor, limit=NEWEST
            )
            found += filter(self.is_ours, page.entries)
            cursor = page.cursor
            if cursor is None or (page.entries and page.entries[-1].claimed_at < since):
                return found
        raise NotItsTurn(
            "So many orders came in the last minutes that what is held is not certain. Nothing was sent; sending the same "
            "alert again soon is safe."
        )

    def is_ours(self, entry: LedgerEntry) -> bool:
        """Of this mode and account."""
        return (entry.unit.mode, entry.unit.account) == (self.mode, self.account)


def change_of(
    entry: LedgerEntry, key: str, instrument_of: InstrumentOf, fill: Fill
) -> Decimal | None:
    """What its fill changed of that figure; None for an entry that has no part in it."""
    change = change_within(entry, key, instrument_of, fill)
    return None if change is None else change[0]


def change_within(
    entry: LedgerEntry, key: str, instrument_of: InstrumentOf, fill: Fill
) -> tuple[Decimal, Decimal] | None:
    """The same, and how far off that may be."""
    request = entry.current.request
    instrument = instrument_of(request.parameters.get("pair", ""))
    if request.method != "AddOrder" or instrument is None or not _touches(request, key, instrument):
        return None
    change, tolerance = _filled(request, key, instrument, fill)
    return change, tolerance + (_ROUNDED if key == instrument.quote else Decimal(0))


def _is_accepted_of(
    entry: LedgerEntry, figures: Collection[str], instrument_of: InstrumentOf
) -> bool:
    request = entry.current.request
    if entry.state is not State.ACCEPTED or request.method != "AddOrder":
        return False
    pair = instrument_of(request.parameters.get("pair", ""))
    return pair is not None and any(_touches(request, key, pair) for key in figures)


def _counts_from(entry: LedgerEntry) -> datetime:
    """Its place among the others: behind all that its plan has counted, and before all that it has not, whatever the clocks of
    those say that claimed them. An order of a fixed size, or one that is sent again as it was, has counted none."""
    if not entry.figures:
        return entry.current.claimed_at
    return (
        _BEFORE_ALL if entry.counted_until is None else entry.counted_until + timedelta.resolution
    )


def _last_moment(entry: LedgerEntry) -> datetime:
    """Until when Kraken may have taken its order."""
    return entry.current.settled_at or entry.current.deadline


def _step(
    entry: LedgerEntry,
    key: str,
    others: Sequence[LedgerEntry],
    instrument_of: InstrumentOf,
    fill: Fill | None,
) -> Step | None:
    """None for an entry that has no part in this figure. What an order of another type than market fills only Kraken knows."""
    from webhook_core.trading.lagging_figures import Step

    before, request = entry.figures.get(key), entry.current.request
    instrument = instrument_of(request.parameters.get("pair", ""))
    if (
        entry.state is State.NO_ACTION or request.method != "AddOrder"
    ):  # a cancel may have seen it for the legs behind
        return None if before is None else Step(before, Decimal(0))
    if instrument is None or not _touches(request, key, instrument):
        return None
    returns = "close[ordertype]" in request.parameters
    at_market = request.parameters["ordertype"] == "market"
    if (
        entry.state is State.ACCEPTED
        and fill is not None
        and (fill.status in DONE or not at_market)
    ):
        return Step(before, *_filled(request, key, instrument, fill), returns=returns)
    if entry.state is State.SUBMITTING or not at_market or _may_be_cut(entry, others):
        return Step(before, None, sure=False)
    return Step(before, *_change(request, key, instrument), returns=returns)


def _may_be_cut(entry: LedgerEntry, others: Sequence[LedgerEntry]) -> bool:
    """An order that only reduces stops at zero, so it fills less where an order that its plan did not count reduces too."""
    request, claimed_at = entry.current.request, _counts_from(entry)
    return "reduce_only" in request.parameters and any(
        other.unit != entry.unit
        and other.current.request.parameters.get("pair") == request.parameters["pair"]
        and claimed_at <= other.current.claimed_at <= entry.current.deadline
        and not _is_counted(entry, other)
        for other in others
    )


def _is_counted(entry: LedgerEntry, by: LedgerEntry) -> bool:
    return by.counted_until is not None and entry.current.claimed_at <= by.counted_until


def _touches(request: OrderRequest, key: str, instrument: Instrument) -> bool:
    if "leverage" in request.parameters:
        return key == position_key(instrument.key)
    return key in (instrument.base, instrument.quote)


def _filled(
    request: OrderRequest, key: str, instrument: Instrument, fill: Fill
) -> tuple[Decimal, Decimal]:
    """What a market order changed, and how far off that may be: in which currency its fee was taken is not for us to tell."""
    sign = 1 if request.parameters["type"] == "buy" else -1
    in_base = "fcib" in request.parameters.get("oflags", "")
    if key == instrument.quote:
        return -sign * fill.cost - fill.fee, fill.fee if in_base else Decimal(0)
    return sign * fill.volume, cost_of(fill.volume, _FEE) if in_base else Decimal(0)


def _change(
    request: OrderRequest, key: str, instrument: Instrument
) -> tuple[Decimal | None, Decimal]:
    """Of one market order that filled, and how far off that may be: a fee in base, a price that was not the alert's. Money
    counts as the least that is left or came in: what is spent next must be there."""
    sent, volume = request.parameters, Decimal(request.parameters["volume"])
    sign = 1 if sent["type"] == "buy" else -1
    in_quote = "viqc" in sent.get("oflags", "")
    price = request.reference_price
    if key == instrument.quote:
        cost = volume if in_quote else None if price is None else cost_of(volume, price)
        if cost is None:
            return None, Decimal(0)
        slack = cost_of(cost, _FEE if in_quote else _FEE + _SLIPPAGE)
        return -sign * cost - slack, slack if in_quote else 2 * slack
    if in_quote:
        return None, Decimal(0)
    return sign * volume, cost_of(volume, _FEE) if "fcib" in sent.get("oflags", "") else Decimal(0)
