"""Trades are kept once and for good, in every store, whoever writes beside."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from webhook_core.money.trade_store import FULL, ReadTo, TradeStore
from webhook_core.money.trades import Role, Trade, to_row
from webhook_core.trading.orders import Side

EVER = datetime.min.replace(tzinfo=UTC)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def trade(number, days=0):
    amounts = (Decimal(1), Decimal(100), Decimal(100), Decimal("0.4"))
    at = NOON + timedelta(days=days, seconds=number)
    return Trade(
        f"T{number}", f"O{number}", "XXBTZUSD", "BTC/USD", Side.BUY, *amounts, at, role=Role.ORDER,
        strategy="one"
    )  # fmt: skip


def test_a_trade_is_kept_once_and_listed_in_its_order(store):
    kept = TradeStore(store, "live", "default")
    rows = [trade(3), trade(1), trade(2, days=1)]
    assert kept.add(rows) == [trade(1), trade(3), trade(2, days=1)]
    assert kept.add([trade(1), trade(4)]) == [trade(4)]
    kept.keep_place(ReadTo(NOON, NOON.date()))
    assert list(kept.between(EVER, NOON + timedelta(days=9))) == [
        trade(1), trade(3), trade(4), trade(2, days=1),
    ]  # fmt: skip
    assert list(kept.between(EVER, NOON + timedelta(seconds=3))) == [trade(1)]


def test_another_account_and_mode_have_trades_of_their_own(store):
    TradeStore(store, "live", "default").add([trade(1)])
    assert TradeStore(store, "live", "other").of_day(NOON.date()) == []
    assert TradeStore(store, "paper", "default").of_day(NOON.date()) == []


def test_the_place_is_what_was_kept_last(store):
    kept = TradeStore(store, "live", "default")
    assert kept.place() is None
    for place in (
        ReadTo(NOON, NOON.date()),
        ReadTo(NOON + timedelta(hours=1), NOON.date(), NOON),
    ):
        kept.keep_place(place)
        assert kept.place() == place


def test_two_runs_at_once_lose_nothing_and_keep_nothing_twice(store):
    def add(number):
        return TradeStore(store, "live", "default").add([trade(number), trade(number + 1)])

    with ThreadPoolExecutor(3) as pool:
        new = [row for rows in pool.map(add, range(3)) for row in rows]
    assert sorted(row.trade_id for row in new) == ["T0", "T1", "T2", "T3"]
    assert TradeStore(store, "live", "default").of_day(NOON.date()) == [trade(n) for n in range(4)]


def test_a_day_goes_on_past_what_one_document_may_hold(store):
    kept = TradeStore(store, "live", "default")
    many = [trade(number) for number in range(6000)]
    assert kept.add(many) == many
    assert kept.add([*many[-10:], trade(6001)]) == [trade(6001)]
    assert kept.of_day(NOON.date()) == [*many, trade(6001)]
    assert sum(len(text.text) for text in store.beginning_with("trades:").values()) > 2**20
    assert max(len(text.text) for text in store.beginning_with("trades:").values()) < 2**19


def test_a_day_that_an_earlier_version_has_filled_is_read_and_goes_on(store):
    whole = [trade(number) for number in range(2500)]
    text = json.dumps([to_row(one) for one in whole])
    assert FULL < len(text) < 2**20
    assert store.write(f"trades:live:default:{NOON.date()}", text, None)
    kept = TradeStore(store, "live", "default")
    assert kept.add([trade(0), trade(9000), trade(2499)]) == [trade(9000)]
    assert kept.of_day(NOON.date()) == [*whole, trade(9000)]


def test_runs_that_meet_where_a_part_is_full_lose_nothing_and_keep_nothing_twice(store):
    first = [trade(number) for number in range(1400)]
    assert TradeStore(store, "live", "default").add(first) == first

    def add(number):
        rows = [trade(1400 + one) for one in range(number, number + 300)]
        return TradeStore(store, "live", "default").add(rows)

    with ThreadPoolExecutor(3) as pool:
        new = [row.trade_id for rows in pool.map(add, (0, 150, 300)) for row in rows]
    assert sorted(new) == sorted(f"T{1400 + number}" for number in range(600))
    kept = TradeStore(store, "live", "default").of_day(NOON.date())
    assert kept == [trade(number) for number in range(2000)]
