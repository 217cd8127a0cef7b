"""Two processes on one ledger: together they take no more entries than there are places, and none
once the day's loss has reached its limit, or while nobody counts it. Exits pass."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from tests.support.served_function import check

MOST = 5


@pytest.fixture(scope="module")
def market(make_kraken):
    """A Kraken of one's own: its price moves."""
    kraken = make_kraken().start()
    kraken.mark("XBTUSD", "60000")
    return kraken


@pytest.fixture(scope="module")
def pair(make_live, market):
    limits = {"ORDERS_PER_HOUR": str(MOST), "MAX_DAILY_LOSS": "2 USD"}
    first = make_live(market, **limits)
    second = make_live(market, LEDGER_URL=first.env["LEDGER_URL"], **limits)
    return [first.start(), second.start()]


def grow_old(function, seconds):
    """As if reconcile had stopped so long ago."""
    with sqlite3.connect(function.env["LEDGER_URL"].removeprefix("sqlite:///"), timeout=10) as db:
        (text,) = db.execute("SELECT text FROM documents WHERE name LIKE 'daily-loss/%'").fetchone()
        rows = json.loads(text)
        for row in rows.values():
            as_of = datetime.fromisoformat(row["as_of"]) - timedelta(seconds=seconds)
            row["as_of"] = as_of.isoformat()
        db.execute(
            "UPDATE documents SET text = ? WHERE name LIKE 'daily-loss/%'", (json.dumps(rows),)
        )
    db.close()


def test_two_processes_share_the_places_of_an_hour_and_the_loss_of_a_day(pair, market):
    first, second = pair
    check(first.post(first.alert()), 503, "loss_unknown")
    assert second.operate("POST", "/reconcile")["losses"][0]["strategy"] is None

    def send(number):
        return pair[number % 2].post(pair[number % 2].alert())["code"]

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(send, range(12)))
    assert codes.count("accepted") == MOST, codes
    assert set(codes) == {"accepted", "order_denied"}
    bought = [order for order in market.orders() if order["descr"]["type"] == "buy"]
    assert len(bought) == MOST
    assert (
        "ORDERS_PER_HOUR: 5 of 5" in check(first.post(first.alert()), 422, "order_denied")["error"]
    )
    check(first.post(first.alert(side="sell")), 200, "accepted")


def test_an_entry_waits_for_figures_and_is_refused_by_them_and_exits_pass(pair, market):
    for function in pair:
        function.operate("POST", "/reconcile")
    probe = "/webhook/tradingview/validate"
    grow_old(pair[0], 121)
    for function in pair:
        answer = check(function.post(function.alert(), probe), 503, "loss_unknown")
        assert "POST /reconcile has to run every minute" in answer["error"]
        check(function.post(function.alert(side="sell")), 200, "accepted")
    market.mark("XBTUSD", "30000")
    (row,) = pair[0].operate("POST", "/reconcile")["losses"]
    assert float(row["worst"]["USD"]) >= 2
    for function in pair:
        answer = check(function.post(function.alert(price="30000")), 422, "order_denied")
        assert "MAX_DAILY_LOSS: the loss since" in answer["error"]
        check(function.post(function.alert(side="sell", price="30000")), 200, "accepted")
