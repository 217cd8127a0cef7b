"""What goes wrong between us and Kraken: no reply is ever taken for a "no", and no order
is ever placed twice."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.support.served_function import Answer, check

LOOK_UP_AFTER_S = 5.3
"""An unknown order is looked for once its claim is 5 s old."""
LOST = {
    "the connection drops after the order was placed": {"fault": "reset_after"},
    "a page with status 502 instead of the reply": {"fault": "status", "code": 502, "apply": True},
    "a page with status 200 instead of the reply": {"fault": "raw",
        "body": "PGh0bWw+bWFpbnRlbmFuY2U8L2h0bWw+"},
    "half of the reply": {"fault": "truncated", "keep": 20},
    "a redirect": {"fault": "redirect", "url": "http://127.0.0.1:9/", "apply": True},
    "a reply without an order id": {"fault": "raw", "body": "eyJlcnJvciI6IFtdLCAicmVzdWx0Ijoge319"},
    "an error that proves nothing": {"fault": "errors", "strings": ["EService:Unavailable"],
        "apply": True},
    "a refusal beside an error that proves nothing": {
        "fault": "errors", "strings": ["EOrder:Insufficient funds", "EGeneral:Internal error"],
        "apply": True,
    },
    "a reply that drips": {"fault": "drip", "seconds_per_byte": 0.05},
    "a reply that is late": {"fault": "late", "seconds": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def function(make_live, _kraken):
    return make_live(_kraken, MAX_ORDER_COST="none", ALERT_MAX_AGE_SECONDS="600").start()


@dataclass(frozen=True)
class Sent:
    """An alert whose order is unknown: its first answer, and when that came."""

    alert: dict
    first: Answer
    at: float

    def wait(self):
        """Until it may be looked for."""
        time.sleep(max(0, self.at + LOOK_UP_AFTER_S - time.monotonic()))

    @property
    def client_order_id(self):
        return self.first["client_order_id"]


def send(function, kraken, fault):
    alert = function.alert()
    kraken.script("AddOrder", fault)
    return Sent(alert, function.post(alert), time.monotonic())


@pytest.fixture(scope="module")
def unknown(function, _kraken, unrecorded):
    """One alert for each test of this file that has to wait, all sent before anybody waits."""
    more = {
        "listed late": {"fault": "reset_after"},
        "for the reconcile": {"fault": "reset_after"},
        "never placed": {"fault": "reset_before"},
    }
    return {what: send(function, _kraken, fault) for what, fault in (LOST | more).items()}


@pytest.fixture(scope="module")
def unrecorded(function, _kraken):
    """An alert whose order Kraken took while somebody else held the ledger, and
    what was sent of it."""
    alert, before = function.alert(), len(_kraken.calls("AddOrder"))
    _kraken.script("AddOrder", {"fault": "hold"})
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(function.post, alert)
        call = _kraken.wait_for_call("AddOrder", before)
        path = function.env["LEDGER_URL"].removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as ledger:
            ledger.execute("BEGIN IMMEDIATE")
            _kraken.release()
            answer = sending.result()
            ledger.execute("ROLLBACK")
    return Sent(alert, answer, time.monotonic()), call["params"]["cl_ord_id"]


@pytest.mark.parametrize("what", LOST)
def test_a_lost_reply_is_unknown_at_first_and_the_redelivery_finds_the_one_order(
    what, unknown, function, kraken
):
    sent = unknown[what]
    check(sent.first, 503, "outcome_unknown")
    assert sent.first.seconds < 3, "TradingView would have hung up"
    sent.wait()
    found = check(function.post(sent.alert), 200, "accepted")
    assert [order["txid"] for order in kraken.orders(sent.client_order_id)] == [found["order_id"]]
    assert len(kraken.calls_about(sent.client_order_id)) == 1
    assert check(function.post(sent.alert), 200, "accepted")["replayed"] is True


def test_an_order_that_kraken_lists_late_stays_unknown_until_it_is_listed(
    unknown, function, kraken
):
    sent = unknown["listed late"]
    sent.wait()
    kraken.lag(open_s=600, closed_s=600)
    try:
        check(function.post(sent.alert), 503, "outcome_unknown")
    finally:
        kraken.lag()
    check(function.post(sent.alert), 200, "accepted")
    assert len(kraken.calls_about(sent.client_order_id)) == 1


def test_a_look_up_that_fails_proves_nothing(unknown, function, kraken):
    sent = unknown["never placed"]
    sent.wait()
    kraken.script("OpenOrders", {"fault": "status", "code": 502})
    check(function.post(sent.alert), 503, "outcome_unknown")
    kraken.script("ClosedOrders", {"fault": "truncated", "keep": 30})
    check(function.post(sent.alert), 503, "outcome_unknown")
    # Both reads work and lack it, but far too early.
    check(function.post(sent.alert), 503, "outcome_unknown")
    assert len(kraken.calls_about(sent.client_order_id)) == 1
    assert kraken.orders(sent.client_order_id) == []


def test_the_scheduled_reconcile_finds_what_no_redelivery_asked_for(unknown, function, kraken):
    sent = unknown["for the reconcile"]
    sent.wait()
    found = function.operate("POST", "/reconcile")["looked_at"]
    (row,) = [row for row in found if row["client_order_id"] == sent.client_order_id]
    assert (row["before"], row["after"]) == ("SUBMITTING", "ACCEPTED")
    assert check(function.post(sent.alert), 200, "accepted")["order_id"] == row["order_id"]


def test_a_ledger_that_fails_after_the_send_is_503_and_the_redelivery_finds_the_order(
    unrecorded, function, kraken
):
    sent, client_order_id = unrecorded
    check(sent.first, 503, "ledger_unavailable")
    (line,) = [
        line for line in function.log().splitlines() if "ledger.outcome_not_recorded" in line
    ]
    (order,) = kraken.orders(client_order_id)
    assert order["txid"] in line
    assert client_order_id in line
    sent.wait()
    assert check(function.post(sent.alert), 200, "accepted")["order_id"] == order["txid"]
    assert len(kraken.calls_about(client_order_id)) == 1


def test_a_kraken_that_is_down_is_not_sent_and_the_redelivery_trades_once_it_is_up(
    make_kraken, make_live
):
    kraken = make_kraken()
    function = make_live(kraken, MAX_ORDER_COST="none").start()
    alert = function.alert()
    first = check(function.post(alert), 503, "not_sent")
    assert first.seconds < 3
    check(function.post(alert), 503, "not_sent")
    kraken.start()
    accepted = check(function.post(alert), 200, "accepted")
    assert [order["txid"] for order in kraken.orders()] == [accepted["order_id"]]


def test_a_refused_nonce_heals_in_the_same_request(function, kraken):
    kraken.script("AddOrder", {"fault": "errors", "strings": ["EAPI:Invalid nonce"]})
    answer = check(function.post(function.alert()), 200, "accepted")
    refused, sent = kraken.calls_about(answer["client_order_id"])
    assert int(refused["params"]["nonce"]) < int(sent["params"]["nonce"])
    assert refused["params"]["deadline"] == sent["params"]["deadline"]
    assert len(kraken.orders(answer["client_order_id"])) == 1


def test_a_nonce_that_is_refused_again_and_again_is_not_sent(function, kraken):
    alert = function.alert()
    kraken.script("AddOrder", *[{"fault": "errors", "strings": ["EAPI:Invalid nonce"]}] * 3)
    first = check(function.post(alert), 503, "not_sent")
    assert len(kraken.calls_about(first["client_order_id"])) == 3
    check(function.post(alert), 200, "accepted")


def test_a_tick_size_that_has_changed_heals_itself(function, kraken):
    kraken.rules("XETHZUSD", tick_size="0.5")
    before = len(kraken.calls("AddOrder"))
    try:
        alert = function.alert(symbol="ETHUSD", order_type="limit", volume="0.01", price="2400.37")
        answer = check(function.post(alert), 200, "accepted")
    finally:
        kraken.rules("XETHZUSD", tick_size="0.01")
    refused, sent = (call["params"] for call in kraken.calls("AddOrder")[before:])
    assert (refused["price"], sent["price"]) == ("2400.37", "2400")
    assert refused["cl_ord_id"] != sent["cl_ord_id"] == answer["client_order_id"]
    assert answer["trade_details"]["price"] == "2400"
    assert [order["txid"] for order in kraken.orders(sent["cl_ord_id"])] == [answer["order_id"]]
    assert kraken.orders(refused["cl_ord_id"]) == []


def test_a_redirect_is_never_followed(function, make_live, kraken):
    """To the same server, which would notice."""
    capped = make_live(kraken).start()  # its cost is taken at the ticker
    for endpoint, path, asked in (
        ("AddOrder", "/0/private/CancelAll", function),
        ("Ticker", "/0/public/Time", capped),
    ):
        kraken.script(endpoint, {"fault": "redirect", "url": f"{kraken.url}{path}", "status": 307})
        assert asked.post(asked.alert()).status == 503
        assert kraken.calls(path.rsplit("/", 1)[-1]) == []
