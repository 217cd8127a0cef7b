"""The figures of a daily limit on every store: written by one run or by several, the worst of the
day stays, and later figures are never undone by earlier ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.clock import FakeClock
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.money.daily_loss import DailyLoss, LossOwner
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.risk import loss_figures
from webhook_core.trading.day_begins import MIDNIGHT
from webhook_core.trading.orders import Side

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
D = Decimal
OWNERS = (
    LossOwner("", MIDNIGHT, {"USD": D(150)}),
    LossOwner("trend", MIDNIGHT, {"USD": D(100)}),
)


@pytest.fixture
def trades(store):
    kept = TradeStore(store, "live", "main")
    rows = [("trend", "BTC/USD"), ("other", "ETH/USD")]
    kept.add(
        Trade(
            f"T{number}", f"O{number}", "P", symbol, Side.BUY, D(1), D(1000), D(1000), D(4), NOON,
            role=Role.ORDER, strategy=strategy,
        )
        for number, (strategy, symbol) in enumerate(rows)
    )  # fmt: skip
    return kept


def run(store, trades, minutes, prices):
    """One run, so many minutes after noon: the owners whose limit it found reached."""
    now = NOON + timedelta(minutes=minutes)
    clock = FakeClock()
    clock.now = lambda: now
    trades.keep_place(ReadTo(now - timedelta(minutes=2), NOON.date(), now))
    known = {symbol: D(price) for symbol, price in prices.items()}
    losses = DailyLoss(trades, clock, lambda *_: known, OWNERS)
    return [owner.strategy for owner in losses.keep(Budget.start(clock, 5)).reached]


def kept(store):
    found = loss_figures.read(store, "live", "main")
    return {owner: (loss.open_loss["USD"], loss.worst["USD"]) for owner, loss in found.items()}


def test_each_owner_has_its_own_and_what_was_reached_is_told_once(store, trades):
    assert run(store, trades, 1, {"BTC/USD": 950, "ETH/USD": 1100}) == []
    assert kept(store) == {"": (50, 58), "trend": (50, 54)}
    assert run(store, trades, 2, {"BTC/USD": 900, "ETH/USD": 960}) == ["trend"]
    assert kept(store) == {"": (140, 148), "trend": (100, 104)}
    assert run(store, trades, 3, {"BTC/USD": 1000, "ETH/USD": 1000}) == []
    assert kept(store) == {"": (0, 148), "trend": (0, 104)}
    assert run(store, trades, 4, {"BTC/USD": 890, "ETH/USD": 900}) == [""]


def test_where_a_price_is_missing_its_owners_figures_stay_and_age(store, trades):
    run(store, trades, 1, {"BTC/USD": 950, "ETH/USD": 1000})
    run(store, trades, 2, {"BTC/USD": 900})
    found = loss_figures.read(store, "live", "main")
    assert found["trend"].as_of == NOON + timedelta(minutes=2)
    assert found[""].as_of == NOON + timedelta(minutes=1)
    assert kept(store) == {"": (50, 58), "trend": (100, 104)}


def test_the_next_day_begins_anew_with_what_is_held(store, trades):
    run(store, trades, 1, {"BTC/USD": 500, "ETH/USD": 1000})
    assert run(store, trades, 24 * 60, {"BTC/USD": 950, "ETH/USD": 1000}) == []
    assert kept(store) == {"": (50, 50), "trend": (50, 50)}


def test_figures_of_before_undo_none_of_later(store, trades):
    run(store, trades, 5, {"BTC/USD": 900, "ETH/USD": 1000})
    run(store, trades, 4, {"BTC/USD": 1000, "ETH/USD": 1000})
    assert kept(store) == {"": (100, 108), "trend": (100, 104)}


def test_of_many_runs_at_once_the_worst_is_kept(store, trades):
    def once(number):
        try:
            run(store, trades, 1, {"BTC/USD": 1000 - 10 * number, "ETH/USD": 1000})
        except LedgerUnavailable:  # others were at it
            return 0
        return number

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(once, range(8)))
    assert kept(store)["trend"][1] == 10 * max(done) + 4


def test_figures_that_cannot_be_read_stop_entries_and_are_written_anew(store, trades):
    store.write("daily-loss/live/main", "{", None)
    with pytest.raises(LedgerUnavailable):
        loss_figures.read(store, "live", "main")
    run(store, trades, 1, {"BTC/USD": 950, "ETH/USD": 1000})
    assert set(kept(store)) == {"", "trend"}
