"""A leg whose nonce Kraken refuses: the resend sends it, and those behind it, each once
and as it was planned."""

from __future__ import annotations

import pytest

from tests.support.served_function import check

NONCE = {"fault": "errors", "strings": ["EAPI:Invalid nonce"]}
IN_BUDGET = 3
"""So often one delivery sends an order whose nonce is refused."""
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))
FIXED = {"side": "buy", "volume": "0.001"}
SHARE = {"side": "buy", "volume": "10", "quantity_type": "percent_balance"}
WORTH = {"side": "buy", "volume": "1", "quantity_type": "percent_equity"}
PART = {"side": "sell", "volume": "50", "quantity_type": "percent_position"}


@pytest.fixture(scope="module")
def exchange(make_kraken):
    return make_kraken().start()


@pytest.fixture(scope="module")
def function(make_live, exchange):
    started = make_live(exchange, ALERT_MAX_AGE_SECONDS="600", MAX_ORDER_COST="100000 USD").start()
    check(started.post(started.alert(side="buy", volume="0.05")), 200, "accepted")
    return started


@pytest.mark.parametrize("leg", [0, 1])
@pytest.mark.parametrize("behind", [SHARE, WORTH, PART], ids=["balance", "equity", "position"])
def test_a_percentage_behind_a_fixed_order_is_sent_by_the_resend(behind, leg, function, exchange):
    before = len(exchange.orders())
    alert = function.alert(**NO_ORDER | {"orders": [FIXED, behind]})
    if leg:
        exchange.script("AddOrder", {"fault": "late", "seconds": 0})
    exchange.script("AddOrder", *[NONCE] * IN_BUDGET)
    check(function.post(alert), 503, "not_sent")
    statuses = [function.post(alert) for _ in range(2)]
    check(statuses[-1], 200, "accepted")
    assert len(exchange.orders()) == before + 2
    assert statuses[-1]["replayed"] is (statuses[0].status == 200)
    assert exchange.faults_left() == {}
