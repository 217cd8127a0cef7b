"""More orders of our own within seconds than the ledger gives at once: an exit counts them all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.support.resent_positions import deliver, position, target
from tests.support.served_function import check

COUNT = 53
PAUSE_S = 1.5


@pytest.mark.parametrize(("size", "late_s"), [("0", 0), ("0", 2), ("0.25", 2)])
def test_more_than_fifty_entries_are_left_by_one_exit(size, late_s, make_kraken, make_live):
    exchange = make_kraken(10**10).start()
    asked = {"MAX_ORDER_COST": "100000 USD", "ALERT_MAX_AGE_SECONDS": "600"}
    function = make_live(exchange, **asked).start()
    exchange.lag(figures_s=late_s)
    entries = [function.alert(symbol="ETHUSD", volume="0.01", price="2500") for _ in range(COUNT)]
    with ThreadPoolExecutor(6) as pool:
        for answers in pool.map(lambda alert: deliver(function, alert), entries):
            check(answers[-1], 200, "accepted")
    alert = target(function, size) if size != "0" else position(function, "close", "ETHUSD")
    check(deliver(function, alert, PAUSE_S)[-1], 200, "accepted")
    assert exchange.balance("XETH") == Decimal(size)
    function.stop()
    exchange.stop()
