"""In what order a margin position came about, and what of that a read of it lacks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.own_changes import NEAR, counts_from, rested_until, signed_by
from webhook_core.trading.facts import OpenPosition, RestingOrder
from webhook_core.trading.lagging_figures import LotOfOrder, Traded, lacking
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.other_steps import Other


class Exits(NamedTuple):
    """``fills``: what exits have traded within the read lag, oldest first, ``moments`` when each
    was done, ``parents`` the orders whose exits these are, and ``strategies`` whose those are."""

    fills: tuple[Traded, ...]
    moments: tuple[datetime, ...]
    parents: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()


class Parts(NamedTuple):
    """What a position is told from: its rows, the entries that these may lack, and exits."""

    rows: Sequence[OpenPosition]
    young: Sequence[tuple[LedgerEntry, Fill]]
    exits: Exits


NO_EXITS = Exits((), ())


def presumed(entry: LedgerEntry) -> tuple[str, Fill | None]:
    """Its order, and what that has filled as far as the ledger can tell: all of its volume, where
    it is at the market."""
    attempt = entry.current
    fill, request = attempt.fill, attempt.request
    if fill is None and request.at_market and not request.in_quote:
        moment, zero = attempt.settled_at or attempt.deadline, Decimal(0)
        fill = Fill("closed", request.volume, None, zero, zero, moment)
    return attempt.order_id or "", fill


def lacking_of(
    rows: Sequence[OpenPosition],
    entries: Sequence[LedgerEntry],
    fills: Mapping[str, Fill],
    exits: Exits,
    others: Sequence[Other] = (),
) -> frozenset[Decimal]:
    """What these positions may lack of what our orders and their exits have filled, and what
    ``others`` have traded: one amount where that is certain. The venue's clock, by which an order
    that rested was done, may be ahead of ours or behind it, and so may the clocks of two instances:
    two orders may have traded in the order of their plans too."""
    lots = [_lot(row) for row in rows]
    shifts = (timedelta(0), NEAR, -NEAR)
    courses = [_in_order(entries, fills, exits, others, shift) for shift in shifts]
    courses.append(_as_planned(courses[0], entries))
    different = dict.fromkeys(map(tuple, courses))  # mostly they are one
    return frozenset(amount for course in different for amount in lacking(lots, course))


def with_counted(possible: frozenset[Decimal], counted: Decimal | None) -> frozenset[Decimal]:
    """What the rows allow, if anything, and what our own plans have counted, if they lead to one
    figure: a slow claim, or clocks that differ, can part the two."""
    return possible | {counted} if possible and counted is not None else possible


def most_of(possible: Collection[Decimal], *, closes: bool) -> Decimal | None:
    """What is held; None where that is not certain. What ``closes`` all of it only reduces, so for
    that it is what may be held at most, as long as that is on one side."""
    if not possible or (len(possible) > 1 and not closes) or min(possible) < 0 < max(possible):
        return None
    return max(possible, key=abs)


def _as_planned(course: Sequence[Traded], entries: Sequence[LedgerEntry]) -> list[Traded]:
    """What these have traded in the order of their plans, all else where it was."""
    places = {entry.current.order_id: counts_from(entry) for entry in entries}
    ours = sorted(
        (one for one in course if one.order_id in places), key=lambda one: places[one.order_id]
    )
    planned = iter(ours)
    return [next(planned) if one.order_id in places else one for one in course]


def exited_by(
    rows: Sequence[OpenPosition],
    exits: Exits,
    ours: Sequence[LedgerEntry],
    fills: Mapping[str, Fill],
) -> dict[str, Decimal]:
    """By strategy, what exits of its entries have changed of a position. ``ours``: its orders;
    where the newest was an entry, and of what it filled nothing is held, that was closed."""
    changed: dict[str, Decimal] = {}
    for strategy, one in zip(exits.strategies, exits.fills, strict=True):
        changed[strategy] = changed.get(strategy, Decimal(0)) + one.change
    last = max(ours, key=lambda entry: entry.current.claimed_at, default=None)
    if changed or rows or last is None or not has_exit(last):
        return changed
    order_id, fill = presumed(last)
    fill = fills.get(order_id, fill)
    return {} if fill is None else {last.strategy: -signed(last, fill.volume)}


def has_exit(entry: LedgerEntry) -> bool:
    """Whether what it fills leaves an exit."""
    return entry.current.request.leaves_exit


def is_on_margin(entry: LedgerEntry, pair: str) -> bool:
    """Whether its order is, of the pair with that key."""
    request = entry.current.request
    return request.on_margin and request.pair == pair


def signed(entry: LedgerEntry, volume: Decimal | None = None) -> Decimal:
    """What a fill of that volume, or of all of the order, changes of a position."""
    request = entry.current.request
    change = request.volume if volume is None else volume
    return change if request.side is Side.BUY else -change


def _in_order(
    entries: Sequence[LedgerEntry],
    fills: Mapping[str, Fill],
    exits: Exits,
    others: Sequence[Other],
    shift: timedelta,
) -> list[Traded]:
    """Oldest first. ``shift``: how far the venue's clock is ahead of ours."""
    traded = list(zip(exits.moments, exits.fills, strict=True))
    traded += [(one.at - shift, _traded(one.order)) for one in others]
    for entry in entries:
        order_id = entry.current.order_id or ""
        fill = fills.get(order_id, entry.current.fill)
        if fill is None or not fill.volume:
            continue
        change = signed(entry, fill.volume)
        moment = _moment(entry, fill, shift)
        opens = has_exit(entry)
        rests = opens and order_id not in exits.parents
        reduces = entry.current.request.reduces_only
        traded.append((moment, Traded(order_id, change, opens, rests, reduces)))
    return [one for _, one in sorted(traded, key=lambda one: one[0])]


def _traded(order: RestingOrder) -> Traded:
    return Traded(order.order_id, signed_by(order.side, order.executed))


def _moment(entry: LedgerEntry, fill: Fill, shift: timedelta) -> datetime:
    rested = rested_until(entry, fill)
    if rested is not None:
        return rested - shift
    return fill.closed_at or entry.current.settled_at or entry.current.deadline


def _lot(row: OpenPosition) -> LotOfOrder:
    return LotOfOrder(row.order_id, row.volume, row.volume + row.closed.copy_sign(row.volume))
