"""A long history is read page by page, and whatever run broke off, no trade of it is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.clock import FakeClock
from tests.support.documents import MemoryDocuments
from tests.support.memory_ledger import MemoryLedger
from webhook_core.clock import Budget
from webhook_core.errors import VenueUnavailable
from webhook_core.kraken.order_reads import PAGE, OrderReads
from webhook_core.money.collect import Collector
from webhook_core.money.trade_store import ReadTo, TradeStore

BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)


class History:
    """TradesHistory as Kraken gives it out: newest first, fifty a page."""

    def __init__(self, moments, fails_at=None, lacks=()):
        """``lacks``: of each call in turn, how many of the newest its replica has not."""
        self.rows = {f"T{number}": moment for number, moment in enumerate(moments)}
        self.calls, self.fails_at, self.lacks = 0, fails_at, list(lacks)

    def trades(self, since, until, _budget, skip=0):
        return OrderReads(self._read).trades(since, until, skip)

    def _read(self, _method, asked):
        self.calls += 1
        if self.calls == self.fails_at:
            raise VenueUnavailable("EAPI:Rate limit exceeded")
        start, end, first = (int(asked[name]) for name in ("start", "end", "ofs"))
        found = [
            (name, at.timestamp())
            for name, at in sorted(self.rows.items(), key=lambda row: row[1], reverse=True)
            if start < at.timestamp() <= end
        ][self.lacks.pop(0) if self.lacks else 0 :]
        shown = {name: _row(moment) for name, moment in found[first : first + PAGE]}
        return {"trades": shown, "count": len(found)}

    def orders(self, _order_ids, _budget):
        return {}


def _row(moment):
    return {
        "ordertxid": "OAAAAA-BBBBB-CCCCCC", "pair": "XXBTZUSD", "type": "buy", "price": "60000",
        "vol": "0.001", "cost": "60", "fee": "0.48", "time": moment, "margin": "0",
    }  # fmt: skip


def collector(history, documents):
    clock = FakeClock()
    store = TradeStore(documents, "live", "default")
    store.keep_place(ReadTo(BEGAN - timedelta(hours=1), BEGAN.date()))
    ledger = MemoryLedger()
    return Collector(ledger, history, clock, timedelta(seconds=60), store)


@pytest.mark.parametrize("seconds", [0.01, 0.2, 1, 7])
@pytest.mark.parametrize("fails_at", [None, 1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("many", [49, 51, 180, 420])
def test_no_trade_is_left_out(many, fails_at, seconds):
    moments = [BEGAN + timedelta(seconds=seconds * number) for number in range(many)]
    documents, history = MemoryDocuments(), History(moments, fails_at)
    reader = collector(history, documents)
    for _ in range(2 + many // PAGE):
        try:
            reader.run(Budget.start(reader.clock, 10))
        except VenueUnavailable:
            continue
    assert len(reader.store.of_day(BEGAN.date())) == many


@pytest.mark.parametrize("many", [51, 60, 99, 100])
@pytest.mark.parametrize(
    "lacks", [(0,), (0, 2), (2, 0), (0, 0, 2), (0, 0, 0, 2), (0, 2, 2), (3, 1), (0, 0, 1, 3), (2,)]
)
def test_no_trade_is_lost_between_two_pages_of_different_age(many, lacks):
    """Two pages that no run of before has kept, each page of another replica."""
    moments = [BEGAN + timedelta(seconds=number) for number in range(many)]
    history = History(moments, lacks=lacks)
    place = ReadTo(BEGAN - timedelta(hours=1), BEGAN.date())
    found = collector(history, MemoryDocuments()).unkept(place, (), Budget.start(FakeClock(), 9))
    kept = {one.trade_id for one in (*found.trades, *found.waiting)}
    assert kept == {f"T{number}" for number in range(len(kept))}
    assert len(kept) >= many - max(lacks)


def test_a_history_whose_length_is_never_the_same_shows_nothing():
    moments = [BEGAN + timedelta(seconds=number) for number in range(80)]
    history = History(moments, lacks=[0, 1, 2, 3, 4])
    with pytest.raises(VenueUnavailable):
        OrderReads(history._read).trades(BEGAN - timedelta(hours=1), BEGAN + timedelta(hours=1))
    assert history.calls == 4
