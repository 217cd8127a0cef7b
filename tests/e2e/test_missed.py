"""Kraken is down for the first deliveries of an alert, or an answer is lost and the alert is resent
late: what is said of it then, and what is traded."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.support.served_function import check, utc

POSITION = {"side": None, "volume": None, "order_type": None}
ALERTS = {
    "a close": {"action": "close"},
    "a target": {"action": "target", "market_position": "long", "market_position_size": "0.25"},
    "a percentage": {"side": "sell", "volume": "10", "quantity_type": "percent_balance"},
}


@pytest.fixture
def exchange(make_kraken):
    """One that is not up yet; it has 1 BTC and 10000 USD."""
    kraken = make_kraken()
    yield kraken
    kraken.stop()


def alert_of(function, name, **more):
    return function.alert(**{**POSITION, **ALERTS[name], **more})


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_that_kraken_was_down_for_is_traded_once_it_is_up_and_once_only(
    name, exchange, make_live
):
    function = make_live(exchange, MAX_ORDER_COST="100000 USD", ALERT_MAX_AGE_SECONDS="600").start()
    alert = alert_of(function, name)
    for _ in range(2):
        check(function.post(alert), 503, "venue_unavailable")
    (row,) = function.orders(alert["id"])
    assert (row["state"], row["attempt"], row["request"]) == ("MISSED", 0, {})
    exchange.start()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(function.post, [alert] * 4))
    assert {(answer.status, answer["code"]) for answer in answers} <= {
        (200, "accepted"),
        (503, "outcome_unknown"),
        (503, "not_sent"),
    }
    settled = check(function.post(alert), 200, "accepted")
    assert len(exchange.calls("AddOrder")) == 1
    assert [order["txid"] for order in exchange.orders(settled["client_order_id"])] == [
        settled["order_id"]
    ]
    (row,) = function.orders(alert["id"])
    assert (row["state"], row["attempt"]) == ("ACCEPTED", 1)


def test_one_that_kraken_stays_down_for_ends_with_an_alarm(exchange, make_live):
    function = make_live(exchange, ALERT_MAX_AGE_SECONDS="2").start()
    alert = alert_of(function, "a close", fired_at=None)
    check(function.post(alert), 503, "venue_unavailable")
    found = function.operate("POST", "/reconcile")
    assert [(row["before"], row["after"]) for row in found["looked_at"]] == [("MISSED", "MISSED")]
    assert "order.expired" not in function.log()
    time.sleep(2.1)
    found = function.operate("POST", "/reconcile")
    assert [(row["before"], row["after"]) for row in found["looked_at"]] == [("MISSED", "EXPIRED")]
    assert "order.expired" in function.log()
    exchange.start()
    check(function.post(alert), 422, "expired")
    assert exchange.calls("AddOrder") == []
    assert exchange.balance("XXBT") == Decimal(1)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        (POSITION | ALERTS["a target"], 200, "accepted"),
        (POSITION | ALERTS["a target"], 200, "no_action"),
        ({"symbol": "ETHUSD", "side": "sell", "price": "2500"}, 422, "order_rejected"),
    ],
    ids=["a target", "a target that is reached", "one that Kraken rejects"],
)
def test_whatever_came_of_it_is_told_to_a_resend_that_is_too_late(
    fields, status, code, exchange, make_live
):
    exchange.start()
    asked = {"MAX_ORDER_COST": "100000 USD", "ALERT_MAX_AGE_SECONDS": "4"}
    function = make_live(exchange, **asked).start()
    if code == "no_action":
        earlier = function.alert(**fields, fired_at=utc(-2))
        check(function.post(earlier), 200, "accepted")
    alert = function.alert(**fields, fired_at=utc(-1))
    check(function.post(alert), status, code)
    calls = len(exchange.calls())
    time.sleep(3.6)
    again = check(function.post(alert), status, code)
    assert again["replayed"] is True
    assert len(exchange.calls()) == calls
    check(function.post({**alert, "id": alert["id"] + "-other"}), 401, "alert_stale", "fired_at")


def test_an_alert_that_is_resent_too_late_gets_the_answer_that_was_lost(live, kraken):
    alert = live.alert(fired_at=utc(-56))
    first = check(live.post(alert), 200, "accepted")
    time.sleep(5)
    again = check(live.post(alert), 200, "accepted")
    assert again["replayed"]
    assert again["order_id"] == first["order_id"]
    assert len(kraken.calls_about(first["client_order_id"])) == 1
    check(live.post({**alert, "id": alert["id"] + "-other"}), 401, "alert_stale", "fired_at")
    check(live.post({**alert, "token": "of-nobody-0123456789"}), 401, "unauthenticated")
