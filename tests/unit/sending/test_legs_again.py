"""A leg that was not sent with the others, and what the legs before it have changed of the figures
that it was planned on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import MARGIN, alert, held, leg_states
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import NotSent, Rejected

D = Decimal
FIXED = {"side": "buy", "volume": "0.1"}
QUOTE = {"side": "buy", "volume": "1000", "quantity_type": "quote"}
BUY = {"side": "buy", "volume": "50", "quantity_type": "percent_balance"}
SELL = {"side": "sell", "volume": "50", "quantity_type": "percent_balance"}
PART = {"side": "sell", "volume": "50", "quantity_type": "percent_position"}
WORTH = {"side": "buy", "volume": "10", "quantity_type": "percent_equity"}
CLOSE = {"action": "close", "percent": "50"}
PLANS = [
    [FIXED, BUY],
    [FIXED, SELL],
    [FIXED, PART],
    [FIXED, WORTH],
    [QUOTE, BUY],
    [FIXED, QUOTE],
    [BUY, FIXED],
    [SELL, FIXED],
    [BUY, SELL],
    [CLOSE, BUY],
    [FIXED, FIXED, BUY],
    [FIXED, BUY, SELL],
    [FIXED, BUY, FIXED],
]
NONCE = NotSent("refused", ("EAPI:Invalid nonce",))
NOBODY = NotSent("no connection")
BUSY = NotSent("refused", ("EService:Market in cancel_only mode",))


def legs(function, plan, **fields):
    return alert(function, "a-1", orders=[leg | fields for leg in plan], price=None)


def refused(function, leg, why):
    def fail():
        function.venue.refuse = [why]

    function.venue.during["submit"] = [*[lambda: None] * leg, fail]


def as_planned(plan, **account):
    """What all of it leads to where every leg is sent at once."""
    function = trader(**account)
    assert outcome(function.post(legs(function, plan))) == (200, "accepted")
    return sent(function)


@pytest.mark.parametrize("why", [NONCE, NOBODY, BUSY], ids=["nonce", "connection", "mode"])
@pytest.mark.parametrize(
    ("plan", "leg"), [(plan, leg) for plan in PLANS for leg in range(len(plan))]
)
@pytest.mark.parametrize("fee", ["0", "0.004"])
def test_each_leg_is_sent_by_the_resend_as_it_would_have_been_at_once(plan, leg, why, fee):
    account = {"btc": 1, "usd": 200_000, "fee": fee}
    function = trader(**account)
    body = legs(function, plan)
    refused(function, leg, why)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.clock.sleep(5)
    answer = function.post(body)
    assert (outcome(answer), set(leg_states(answer))) == ((200, "accepted"), {"ACCEPTED"})
    orders = sent(function)
    assert [*orders[:leg], *orders[leg + 1 :]] == as_planned(plan, **account)
    again = function.post(body)
    assert (again.status, again["replayed"], sent(function)) == (200, True, orders)


@pytest.mark.parametrize("leg", [0, 1])
def test_a_share_of_a_margin_position_behind_a_fixed_order_is_sent(leg):
    function = trader(net=1)
    body = legs(function, [FIXED, PART], **MARGIN)
    refused(function, leg, NONCE)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(body)) == (200, "accepted")
    assert held(function, margin=True) == D("0.6")


@pytest.mark.parametrize("plan", [[FIXED, BUY], [FIXED, FIXED, BUY]])
def test_two_legs_of_one_alert_that_are_refused_in_turn_are_both_sent(plan):
    function = trader(usd=200_000)
    body = legs(function, plan)
    for leg in (0, 1):
        refused(function, leg, NONCE)
        assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(body)) == (200, "accepted")
    assert held(function) == D("0.1") * (len(plan) - 1) + 2


def test_what_was_not_sent_at_all_is_planned_on_what_the_account_holds_by_then():
    function = trader(usd=200_000)
    body = legs(function, [FIXED, BUY])
    refused(function, 0, NONCE)
    function.post(body)
    function.venue.held["ZUSD"] = Balance(D(100_000))
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function)[-1] == ("buy", "50000")


@pytest.mark.parametrize("moved", ["2", "-2"])
def test_a_share_is_not_sent_beside_what_nobody_of_ours_has_changed(moved):
    function = trader(usd=200_000)
    body = legs(function, [FIXED, BUY])
    refused(function, 1, NONCE)
    function.post(body)
    funds = function.venue.held["ZUSD"]
    function.venue.held["ZUSD"] = funds._replace(total=funds.total + D(moved))
    function.clock.sleep(5)
    assert function.post(body).status == 503
    assert held(function) == D("0.1")


def test_a_share_that_was_refused_for_good_stays_refused():
    function = trader(usd=200_000)
    body = legs(function, [FIXED, BUY])
    refused(function, 1, Rejected(("EGeneral:Permission denied",)))
    assert outcome(function.post(body)) == (422, "order_rejected")
    assert function.post(body)["replayed"] is True


def test_a_plan_that_comes_to_another_number_of_orders_by_then_is_not_mixed_with_the_old_one():
    function = trader(btc=1, usd=200_000)
    body = legs(function, [FIXED, CLOSE, BUY])
    refused(function, 0, NONCE)
    function.post(body)
    function.venue.held["XXBT"] = Balance(D(0))
    answers = [function.post(body) for _ in range(3)]
    assert {answer.status for answer in answers} <= {200, 422, 503}
    assert held(function) >= 0
