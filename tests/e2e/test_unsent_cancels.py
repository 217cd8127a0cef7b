"""A cancel in one process of what another process did not send: no resend, to either, places it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.served_function import check

NONCE = {"fault": "errors", "strings": ["EAPI:Invalid nonce"]}
IN_BUDGET = 3
"""So often one delivery sends an order whose nonce is refused."""
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))
SELL = {"side": "sell", "order_type": "limit", "volume": "0.001", "price": "70000"}
CANCELS = {
    "alert": {"symbol": None},
    "pair": {"side": "sell"},
    "all": {"scope": "all", "symbol": None},
}


@pytest.fixture(scope="module")
def exchange(make_kraken):
    return make_kraken(10**10).start()


@pytest.fixture(scope="module")
def pair(make_live, exchange):
    first = make_live(exchange, ALERT_MAX_AGE_SECONDS="600").start()
    return first, make_live(exchange, **first.env).start()


def cancel(function, name, alert):
    by = CANCELS[name] | ({"of_alert": alert["id"]} if name == "alert" else {})
    return function.alert(**NO_ORDER | {"action": "cancel"} | by)


def not_sent(function, exchange):
    alert = function.alert(**SELL)
    exchange.script("AddOrder", *[NONCE] * IN_BUDGET)
    check(function.post(alert), 503, "not_sent")
    return alert


@pytest.mark.parametrize("name", CANCELS)
def test_what_was_not_sent_stays_canceled(name, pair, exchange):
    first, second = pair
    alert = not_sent(first, exchange)
    check(second.post(cancel(second, name, alert)), 200, "no_action")
    for function in pair:
        check(function.post(alert), 422, "order_denied")
    assert exchange.open_orders() == []


@pytest.mark.parametrize("name", CANCELS)
def test_a_resend_and_a_cancel_at_once_end_with_nothing_open(name, pair, exchange):
    """One of them is first: the order is never placed, or it is canceled by the cancel,
    resent if need be."""
    first, second = pair
    for _ in range(10):
        alert = not_sent(first, exchange)
        canceling = cancel(second, name, alert)
        with ThreadPoolExecutor(2) as pool:
            resent, canceled = pool.submit(first.post, alert), pool.submit(second.post, canceling)
        answer = canceled.result()
        while answer.status == 503:
            time.sleep(0.2)
            answer = second.post(canceling)
        assert answer.status == 200
        assert resent.result().status in (200, 422, 503)
        assert exchange.open_orders() == []
        check(
            first.post(alert),
            *(
                (200, "accepted")
                if exchange.orders(resent.result()["client_order_id"])
                else (422, "order_denied")
            ),
        )
