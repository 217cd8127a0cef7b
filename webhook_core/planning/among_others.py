"""Where an order of ours stands among the others of the last minutes, and what their plans have
counted of it.

Each answer comes from a list that is in order already: if each order looked at every other one, a
strategy run wild would take the time that its own exit has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.planning.own_changes import (
    BEFORE_ALL,
    NEAR,
    CountedOrders,
    InstrumentOf,
    counts_from,
    may_come_late,
    rested_until,
    touches,
)
from webhook_core.trading.requests import Fill


class _SentOrders(NamedTuple):
    """As they were claimed: when that was, by when each and all before it were sent, and which."""

    claims: Sequence[datetime]
    deadlines: Sequence[datetime]
    names: Sequence[str]
    by_name: Mapping[str, LedgerEntry]


class _OfPair(NamedTuple):
    """Its orders as they were claimed: the place of each, when that was, and how far its plan has
    counted."""

    places: Mapping[Unit, int]
    claims: Sequence[datetime]
    counted: list[datetime]


class AmongOthers:
    """``entries``: ours of the last minutes, each with what it has filled as far as that is
    known."""

    def __init__(self, entries: Sequence[tuple[LedgerEntry, Fill | None]]) -> None:
        self._claimed = sorted((entry for entry, _ in entries), key=_claimed_at)
        self._claims = [_claimed_at(entry) for entry in self._claimed]
        self._behind = list(accumulate(map(counts_from, self._claimed), max))
        self._looks: dict[str, list[datetime]] = {}
        self._of_pairs: dict[str, _OfPair] = {}
        self.newest_first = sorted(entries, key=lambda one: self._place_of(*one), reverse=True)
        self._unread: dict[Unit, Sequence[LedgerEntry]] = {}

    def _place_of(self, entry: LedgerEntry, fill: Fill | None) -> tuple[datetime, bool]:
        """Where it was claimed, or, of one that rested, behind those that were claimed before it
        traded."""
        place, traded = counts_from(entry), rested_until(entry, fill)
        if traded is None:
            return place, False
        before = bisect_left(self._claims, traded)
        return (max(place, self._behind[before - 1]) if before else place), True

    def is_entangled(self, entry: LedgerEntry, fill: Fill | None, key: str) -> bool:
        """Whether it rested, and the moments do not tell what another plan on this figure saw of
        it: that one was claimed near its trade, by two clocks, or between the first of its trades
        and the last."""
        traded = rested_until(entry, fill)
        if fill is None or traded is None:
            return False
        if key not in self._looks:
            looked = (one for one in self._claimed if key in one.figures)
            self._looks[key] = [_claimed_at(one) for one in looked]
        looks = self._looks[key]
        first = bisect_right(looks, _claimed_at(entry))
        once = fill.trades == 1 and fill.status not in ("canceled", "expired")
        if not once and first < len(looks) and looks[first] <= traded:
            return True
        near = bisect_right(looks, traded - NEAR, first)
        return near < len(looks) and looks[near] < traded + NEAR

    def may_cut(self, entry: LedgerEntry) -> bool:
        """Whether it fills less for one of them: what only reduces stops at zero, where one that
        its plan did not count reduces too."""
        if not entry.current.request.reduces_only:
            return False
        pair = self._of_pair(entry.current.request.pair)
        first = bisect_left(pair.claims, self._short_of_unread(entry, counts_from(entry)))
        counted = pair.counted[first : bisect_right(pair.claims, entry.current.deadline)]
        place = pair.places[entry.unit] - first
        if 0 <= place < len(counted):
            del counted[place]
        mine = counted_at(entry)
        return min(counted, default=mine) < mine

    def _of_pair(self, pair: str) -> _OfPair:
        if pair not in self._of_pairs:
            same = [one for one in self._claimed if one.current.request.pair == pair]
            self._of_pairs[pair] = _OfPair(
                {one.unit: place for place, one in enumerate(same)},
                [_claimed_at(one) for one in same],
                [self._short_of_unread(one, one.counted_until or BEFORE_ALL) for one in same],
            )
        return self._of_pairs[pair]

    def unread_before(self, entry: LedgerEntry) -> list[tuple[LedgerEntry, Fill | None]]:
        """Of the orders before it those that its plan has not read."""
        unread = {one.unit for one in self._unread_by(entry)}
        found = []
        for one, fill in reversed(self.newest_first if unread else ()):
            if one.unit == entry.unit:
                break
            if one.unit in unread:
                found.append((one, fill))
        return found

    def _unread_by(self, entry: LedgerEntry) -> Sequence[LedgerEntry]:
        """The orders that its plan has not read, though by their claims it has counted them: they
        came into the ledger behind its look at it."""
        if entry.counted_until is None or not entry.counted:
            return ()
        if entry.unit not in self._unread:
            self._unread[entry.unit] = self._read_late(entry, entry.counted_until)
        return self._unread[entry.unit]

    def _read_late(self, entry: LedgerEntry, until: datetime) -> Sequence[LedgerEntry]:
        sent = self._sent
        first = bisect_right(sent.deadlines, until - NEAR)
        names = set(sent.names[first : bisect_right(sent.claims, until)])
        unnamed = map(sent.by_name.__getitem__, names.difference(entry.counted))
        return [one for one in unnamed if one.unit != entry.unit and may_come_late(one, until)]

    @cached_property
    def _sent(self) -> _SentOrders:
        sent = [one for one in self._claimed if one.state is not State.NO_ACTION]
        names = [one.current.client_order_id for one in sent]
        deadlines = accumulate((one.current.deadline for one in sent), max)
        claims = [_claimed_at(one) for one in sent]
        return _SentOrders(claims, list(deadlines), names, dict(zip(names, sent, strict=True)))

    def _short_of_unread(self, entry: LedgerEntry, moment: datetime) -> datetime:
        """Before the first of the orders that its plan has not read, if that is earlier."""
        unread = (_claimed_at(one) - timedelta.resolution for one in self._unread_by(entry))
        return min((moment, *unread))

    def newest_before(self, key: str, instrument_of: InstrumentOf) -> list[datetime]:
        """By place in ``newest_first``: of the orders before it that may change this figure, the
        latest moment from which one is counted."""
        latest, moments = BEFORE_ALL, []
        for entry, _ in reversed(self.newest_first):
            moments.append(latest)
            if _may_change(entry, key, instrument_of):
                latest = max(latest, counted_at(entry))
        return moments[::-1]


def _claimed_at(entry: LedgerEntry) -> datetime:
    return entry.current.claimed_at


def counted_of(orders: Collection[LedgerEntry], since: datetime) -> CountedOrders:
    """What a plan has counted that has read these orders, all that were claimed a minute before
    ``since`` or later. Beside an older one none comes into the ledger now."""
    until = max(map(counted_at, orders), default=None)
    if until is None or until < since:
        return CountedOrders(until)
    late = (one.current for one in orders if may_come_late(one, until))
    return CountedOrders(until, tuple(one.client_order_id for one in late))


def counted_at(entry: LedgerEntry) -> datetime:
    """Who has counted that far has counted it. Its own clock may be behind that of what it has
    counted itself: then what has counted only that has not counted it."""
    return max(counts_from(entry), _claimed_at(entry))


def saw_less(entry: LedgerEntry, newest_before: datetime) -> bool:
    """Whether its plan has not counted one of the orders before it that change this figure: then
    its figure is what was held before that one, not what it led to."""
    return newest_before > (entry.counted_until or BEFORE_ALL)


def _may_change(entry: LedgerEntry, key: str, instrument_of: InstrumentOf) -> bool:
    request = entry.current.request
    if entry.state is State.NO_ACTION or request.method != "AddOrder":
        return False
    pair = instrument_of(request.pair)
    return pair is not None and touches(request, key, pair)
