"""Over any orders on paper: what the books say was earned and is held, and what was
sold beyond it, is what the account has become."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.test_paper_money import CHANGES, SHARES, _play
from tests.support.examples import examples
from tests.support.paper import StoppedClock, paper, result
from webhook_core.kraken.order_reads import OrderReads
from webhook_core.kraken.paper.desk import MarketRules
from webhook_core.money.months import OpenedSpan
from webhook_core.money.report import reported
from webhook_core.money.trades import Role, Trade

STRATEGIES = ("one", "two", "three")


def _traded(kraken, clock):
    """Every trade of the account, each of a strategy by its order."""
    since, until = clock.now().replace(year=2020), clock.now()

    def read(method, asked):
        return result(kraken, method, **asked)

    pages = [OrderReads(read).trades(since, until, skip) for skip in range(9)]
    rows = {row.trade_id: row for page in pages for row in page.trades}
    assert any(page.complete for page in pages)
    for number, row in enumerate(sorted(rows.values(), key=lambda row: row.at)):
        shown = result(kraken, "QueryOrders", txid=row.order_id)[row.order_id]
        strategy = STRATEGIES[sum(row.order_id.encode()) % 3]
        in_base = "fcib" in shown["oflags"]
        names = row._asdict()
        yield Trade(
            **names, symbol="BTC/USD", role=Role.ORDER, strategy=strategy, alert_id=str(number),
            fee_in_base=in_base
        )  # fmt: skip


@settings(max_examples=examples(60))
@given(st.lists(CHANGES, max_size=25), SHARES)
def test_the_sum_of_all_reports_is_the_change_of_the_account(changes, shares):
    clock = StoppedClock()
    kraken = paper(clock=clock, keep_closed=5000)
    kraken.market = MarketRules(fill=shares)
    for _ in _play(kraken, clock, changes):
        pass
    clock.forward(2)
    done = list(_traded(kraken, clock))
    held = kraken._store.look(lambda book: dict(book.balances))
    dollars, coins = held["ZUSD"] - 10000, held["XXBT"] - 1
    lines = reported(OpenedSpan(trades=done), since=clock.now().replace(year=2020))
    realised = sum((line.counts.realised for line in lines), Decimal(0))
    cost = sum((line.position.cost for line in lines), Decimal(0))
    volume = sum((line.position.volume for line in lines), Decimal(0))
    beyond = sum((line.counts.beyond_cost for line in lines), Decimal(0))
    sold_beyond = sum((line.counts.beyond_volume for line in lines), Decimal(0))
    assert dollars == realised - cost + beyond
    assert volume - sold_beyond == coins
    assert all(line.position.volume >= 0 for line in lines)
