"""What is kept of whole months, on every store: few reads however old the account, void where a
trade comes late, and never older than the trades that were there first."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.contract.test_trade_store import trade as one_trade
from webhook_core.errors import LedgerUnavailable
from webhook_core.money.months import Months, OpenedSpan, void_late
from webhook_core.money.report import reported
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.trading.orders import Side

NOW = datetime(2027, 3, 5, 12, tzinfo=UTC)
FIRST = date(2026, 11, 28)
PLACE = ReadTo(NOW - timedelta(minutes=2), FIRST, NOW)
ALL = datetime.min.replace(tzinfo=UTC), NOW
MARCH = datetime(2027, 3, 1, tzinfo=UTC), NOW
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
NAME = "trades-month:live:default:"


class Counted:
    """The documents of a store, and how many of them were read."""

    def __init__(self, documents, *, fails=False):
        self.documents, self.reads, self.fails = documents, 0, fails

    def read(self, name):
        self.reads += 1
        return self.documents.read(name)

    def write(self, *asked):
        if self.fails:
            raise LedgerUnavailable("no")
        return self.documents.write(*asked)


def trade(days):
    side = Side.SELL if days % 3 else Side.BUY
    return one_trade(days, days)._replace(side=side, asked=Decimal(99))


@pytest.fixture
def kept(store):
    """Three months and some days with a trade on every fourth."""
    found = TradeStore(store, "live", "default")
    found.add([trade(days) for days in range(0, 96, 4)])
    found.keep_place(PLACE)
    return found


def test_what_an_earlier_version_kept_of_a_month_is_made_anew(store, kept):
    """It held a short on spot where more was sold than was bought."""
    found = report_of(kept, MARCH)
    names = [f"{NAME}{month}" for month in ("2027-02", "2027-01", "2026-12", "2026-11")]
    for name in names:
        text = {"lines": [["one", "BTC/USD", False, [["-1", "100", "0"]]]]}
        assert store.write(name, json.dumps(text), store.read(name))
    assert report_of(kept, MARCH) == found


def report_of(trades, span):
    return reported(Months(trades).opened(*span), span[0])


def of_all_trades(trades, span):
    return reported(OpenedSpan(trades=[*trades.between(ALL[0], span[1])]), span[0])


@pytest.mark.parametrize("span", [ALL, MARCH, DECEMBER], ids=["all", "this month", "an old month"])
def test_a_report_reads_the_days_of_one_month(store, kept, span):
    for most in (200, 40):  # once all of them, and then what is kept
        counted = Counted(store)
        trades = TradeStore(counted, "live", "default")
        assert report_of(trades, span) == of_all_trades(kept, span)
        assert counted.reads <= most


def test_a_month_that_may_still_get_a_trade_is_not_kept(store, kept):
    kept.keep_place(PLACE._replace(since=datetime(2027, 3, 2, 23, tzinfo=UTC)))
    report_of(kept, ALL)
    assert [*store.beginning_with(NAME)] == [f"{NAME}{month}" for month in ("2026-11", "2026-12",
                                                                           "2027-01")]  # fmt: skip


def test_a_trade_that_comes_late_is_in_every_report_behind_it(store, kept):
    before = report_of(kept, ALL)
    late = trade(40)._replace(trade_id="late", order_id="late", side=Side.BUY)
    assert kept.add([late]) == [late]
    void_late(kept, late.at.date(), PLACE)
    for span in (ALL, MARCH, DECEMBER, ALL):
        assert report_of(kept, span) == of_all_trades(kept, span)
    assert report_of(kept, ALL) != before
    assert len(store.beginning_with(NAME)) == 4


def test_a_month_made_while_a_late_trade_comes_is_not_kept(store, kept):
    late = trade(40)._replace(trade_id="late", order_id="late", side=Side.BUY)

    class Meanwhile(Counted):
        """The late trade comes when its day was read, and before the month is written."""

        def read(self, name):
            if name.endswith(":2027-01-20"):
                kept.add([late])
                void_late(kept, late.at.date(), PLACE)
            return super().read(name)

    report_of(TradeStore(Meanwhile(store), "live", "default"), ALL)
    for span in (ALL, MARCH, DECEMBER):
        assert report_of(kept, span) == of_all_trades(kept, span)


def test_a_store_that_takes_no_writes_still_has_its_reports(store, kept):
    trades = TradeStore(Counted(store, fails=True), "live", "default")
    assert report_of(trades, ALL) == of_all_trades(kept, ALL)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"lines": [[1]]}', '{"lines": 1}',
                                  '{"lines": [], "counts": [["a", "b", false, {}]]}'])  # fmt: skip
def test_what_another_version_kept_is_made_anew(store, kept, text):
    for month in ("2026-12", "2027-02"):
        assert store.write(f"{NAME}{month}", text, None)
    for _ in range(2):
        assert report_of(kept, ALL) == of_all_trades(kept, ALL)
    assert len(store.read(f"{NAME}2026-12").text) > 100


def test_another_account_has_months_of_its_own(store, kept):
    report_of(kept, ALL)
    for whose in (("live", "other"), ("paper", "default")):
        other = TradeStore(store, *whose)
        other.keep_place(PLACE)
        assert report_of(other, ALL) == []
