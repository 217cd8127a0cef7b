"""Over any trades: what was kept of earlier days, with those of the last few, is the whole book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.books import booked
from tests.support.documents import MemoryDocuments
from tests.support.examples import examples
from webhook_core.money.held_before import HeldBefore
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.trading.orders import Side

FIRST = datetime(2026, 11, 1, 12, tzinfo=UTC)
TRADES = st.lists(
    st.tuples(
        st.integers(0, 14 * 24 * 60),
        st.sampled_from(Side),
        st.integers(1, 9),
        st.sampled_from(["one", "two"]),
        st.booleans(),
    ),
    max_size=30,
)


def _trade(number, said):
    minute, side, volume, strategy, margin = said
    cost = Decimal(volume) * (100 + minute % 7)
    return Trade(
        f"T{number}", f"O{number}", "XXBTZUSD", "BTC/USD", side, Decimal(volume), cost / volume,
        cost, cost / 100, FIRST + timedelta(minutes=minute), margin, Role.ORDER, strategy,
    )  # fmt: skip


def _open(book):
    return {line: list(found.lots) for line, found in book.positions.items() if found.lots}


@settings(max_examples=examples(80))
@given(TRADES, st.lists(st.integers(1, 60), max_size=12))
def test_nothing_is_lost_between_two_runs(said, steps):
    store = TradeStore(MemoryDocuments(), "live", "default")
    left = sorted((_trade(number, one) for number, one in enumerate(said)), key=lambda one: one.at)
    now, known = FIRST, []
    for hours in (*steps, 15 * 24):
        now += timedelta(hours=hours)
        fresh = [trade for trade in left if trade.at < now]
        left = left[len(fresh) :]
        known += store.add(fresh)
        store.keep_place(ReadTo(now - timedelta(minutes=2), FIRST.date(), now))
        book, _, trades = HeldBefore(store).until(now)
        for trade in trades:
            book.take(trade)
        assert _open(book) == _open(booked(known))
        began = now - timedelta(hours=25)
        assert [one for one in known if one.at >= began] == [t for t in trades if t.at >= began]
