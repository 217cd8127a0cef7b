"""Over any trades of some months, read at any times and some of them late: a report with what is
kept of whole months says what one of all trades says, to the last digit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.documents import MemoryDocuments
from tests.support.examples import examples
from webhook_core.money import months
from webhook_core.money.counts import Counts, PricedOrder, from_row, to_row
from webhook_core.money.months import Months, OpenedSpan, void_late
from webhook_core.money.report import curves, reported
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.trading.orders import Side

EVER = datetime.min.replace(tzinfo=UTC)
FIRST = datetime(2026, 10, 20, 12, tzinfo=UTC)
SPANS = [(datetime.min.replace(tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))] + [
    (datetime(year, month, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC))
    for (year, month), following in [
        ((2026, 9), (2026, 10)), ((2026, 10), (2026, 11)), ((2026, 11), (2026, 12)),
        ((2026, 12), (2027, 1)), ((2027, 1), (2027, 2)),
    ]
]  # fmt: skip
SPANS.append((datetime(2026, 12, 24, 18, tzinfo=UTC), datetime(2026, 12, 25, 18, tzinfo=UTC)))
TRADES = st.lists(
    st.fixed_dictionaries(
        {
            "minute": st.integers(0, 100 * 24 * 60),
            "side": st.sampled_from(Side),
            "volume": st.integers(1, 9),
            "strategy": st.sampled_from(["one", "two", None]),
            "margin": st.booleans(),
            "order": st.integers(1, 6),
            "asked": st.sampled_from([None, Decimal(0), Decimal(101), Decimal("99.7")]),
            "fee_in_base": st.booleans(),
            "comes_late": st.booleans(),
        }
    ),
    max_size=30,
)


def _trade(number, said):
    cost = Decimal(said["volume"]) * (100 + said["minute"] % 7) / 3
    cost = cost.quantize(Decimal("1E-10"))
    return Trade(
        f"T{number:02}", f"O{said['order']}", "XXBTZUSD", "BTC/USD", said["side"],
        Decimal(said["volume"]), cost / said["volume"], cost,
        (cost / 130).quantize(Decimal("1E-8")), FIRST + timedelta(minutes=said["minute"]),
        said["margin"], Role.ORDER if said["strategy"] else Role.OTHER, said["strategy"],
        asked=said["asked"], fee_in_base=said["fee_in_base"],
    )  # fmt: skip


def _same(store):
    for since, until in SPANS:
        kept = Months(store).opened(since, until)
        plain = OpenedSpan(trades=[*store.between(EVER, until)])
        for strategy in (None, "one"):
            assert reported(kept, since, strategy) == reported(plain, since, strategy)
        if since.year > 1:
            assert curves(kept, since) == curves(plain, since)


@pytest.mark.parametrize("longest", [months.LONGEST, 600, 50])
@settings(max_examples=examples(40))
@given(TRADES, st.lists(st.integers(1, 40), max_size=5))
def test_a_report_with_what_is_kept_is_one_of_all_trades(longest, said, steps):
    store = TradeStore(MemoryDocuments(), "live", "default")
    rows = [(_trade(number, one), one["comes_late"]) for number, one in enumerate(said)]
    now = FIRST
    with patch.object(months, "LONGEST", longest):
        for days in (*steps, 120):
            now += timedelta(days=days)
            _add(store, [trade for trade, late in rows if trade.at < now and not late], now)
            _same(store)
        _add(store, [trade for trade, _ in rows], now)
        _same(store)


def _add(store, trades, now):
    """As a run does."""
    store.add(trades)
    place = store.place() or ReadTo(now, FIRST.date())
    if trades:
        void_late(store, min(trade.at for trade in trades).date(), place)
    store.keep_place(ReadTo(now - timedelta(minutes=2), FIRST.date(), now))


AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False)
BY_NAME = st.dictionaries(st.text(max_size=9), AMOUNTS, max_size=3)


@given(
    st.builds(
        Counts, st.integers(0, 99), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, BY_NAME, BY_NAME,
        st.dictionaries(
            st.text(max_size=9),
            st.builds(PricedOrder, st.sampled_from(Side), AMOUNTS, AMOUNTS, AMOUNTS),
            max_size=3,
        ),
    )
)  # fmt: skip
def test_what_a_month_came_to_is_stored_without_loss(counts):
    assert from_row(json.loads(json.dumps(to_row(counts)))) == counts
