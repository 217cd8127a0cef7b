"""A cancel of an order that was never sent: it stays canceled, or the cancel waits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import alert, held, leg_states, states
from tests.support.row_by_row import row_by_row
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.requests import NotSent, Unknown

D = Decimal
NOBODY = NotSent("no connection")
LIMIT = {"side": "sell", "order_type": "limit", "volume": "0.1", "price": "60000"}
MARKET = {"side": "sell", "volume": "0.1"}
CANCELS = {
    "alert": {"of_alert": "a-1", "symbol": None},
    "pair": {},
    "side": {"side": "sell"},
    "strategy": {"scope": "strategy", "symbol": None},
    "all": {"scope": "all", "symbol": None},
}
NOT_MEANT = {
    "side": {"side": "buy"},
    "alert": {"of_alert": "a-9", "symbol": None},
    "pair": {"symbol": "ETHUSD"},
}


def cancel(function, **fields):
    return alert(function, "a-2", **{"action": "cancel", "price": None} | fields)


def not_sent(function, fields=LIMIT):
    body = alert(function, "a-1", **fields)
    function.venue.refuse = [NOBODY]
    assert outcome(function.post(body)) == (503, "not_sent")
    return body


def missed(function, fields=LIMIT):
    """Its pair's price could not be asked for, so that it was never planned."""
    body = alert(function, "a-1", **fields | {"volume": "10", "quantity_type": "percent_balance"})
    function.venue.unreadable.add("balances")
    assert function.post(body).status == 503
    function.venue.unreadable.clear()
    assert states(function) == [("a-1", "MISSED")]
    return body


@pytest.mark.parametrize("name", CANCELS)
def test_an_order_that_was_not_sent_is_withdrawn(name):
    function = trader(btc=1)
    body = not_sent(function)
    canceled = function.post(cancel(function, **CANCELS[name]))
    assert outcome(canceled) == (200, "no_action")
    assert "will not be" in canceled["message"]
    resent = function.post(body)
    assert outcome(resent) == (422, "order_denied")
    assert "Canceled before it was sent" in resent["error"]
    assert (function.venue.resting, len(sent(function))) == ([], 1)
    assert function.post(body)["replayed"] is True


@pytest.mark.parametrize("name", NOT_MEANT)
def test_an_order_that_is_not_meant_is_sent_by_its_resend(name):
    function = trader(btc=1)
    body = not_sent(function)
    assert outcome(function.post(cancel(function, **NOT_MEANT[name]))) == (200, "no_action")
    assert outcome(function.post(body)) == (200, "accepted")


@pytest.mark.parametrize("dashes", [True, False])
def test_the_client_order_id_that_the_answer_named_means_it(dashes):
    function = trader(btc=1)
    body = alert(function, "a-1", **LIMIT)
    function.venue.refuse = [NOBODY]
    named = function.post(body)["client_order_id"]
    named = named if dashes else named.replace("-", "")
    function.post(cancel(function, client_order_id=named, symbol=None))
    assert outcome(function.post(body)) == (422, "order_denied")


@pytest.mark.parametrize(
    ("name", "is_withdrawn"), [("alert", True), ("pair", False), ("all", False)]
)
def test_an_order_at_the_market_is_withdrawn_by_name_alone(name, is_withdrawn):
    function = trader(btc=1)
    body = not_sent(function, MARKET)
    assert outcome(function.post(cancel(function, **CANCELS[name]))) == (200, "no_action")
    assert function.post(body).status == (422 if is_withdrawn else 200)
    assert held(function) == (1 if is_withdrawn else D("0.9"))


def test_an_alert_that_was_never_planned_is_withdrawn_by_name():
    function = trader(btc=1)
    body = missed(function)
    assert outcome(function.post(cancel(function, **CANCELS["alert"]))) == (200, "no_action")
    assert outcome(function.post(body)) == (422, "order_denied")
    assert sent(function) == []


@pytest.mark.parametrize("name", ["pair", "side", "strategy", "all"])
def test_a_cancel_waits_for_an_alert_that_was_never_planned_and_may_be_meant(name):
    function = trader(btc=1)
    body = missed(function)
    waiting = cancel(function, **CANCELS[name])
    assert function.post(waiting).status == 503
    assert outcome(function.post(body)) == (200, "accepted")
    assert outcome(function.post(waiting)) == (200, "accepted")
    assert function.venue.resting == []


def test_an_alert_of_another_pair_that_was_never_planned_holds_up_no_cancel():
    function = trader(btc=1)
    missed(function)
    assert outcome(function.post(cancel(function, symbol="ETHUSD"))) == (200, "no_action")


def test_an_exit_behind_a_cancel_does_not_wait_for_an_alert_that_was_never_planned():
    function = trader(btc=1)
    missed(function)
    both = alert(
        function,
        "a-2",
        orders=[{"action": "cancel", "side": "sell"}, {"action": "close"}],
        price=None,
    )
    assert outcome(function.post(both)) == (200, "accepted")
    assert held(function) == 0


@row_by_row
@pytest.mark.parametrize("prepare", [not_sent, missed])
@pytest.mark.parametrize("name", CANCELS)
def test_what_is_too_old_for_a_resend_holds_up_and_withdraws_nothing(name, prepare):
    function = trader(btc=1)
    prepare(function)
    function.clock.sleep(300)
    assert outcome(function.post(cancel(function, fired_at=None, **CANCELS[name]))) == (
        200,
        "no_action",
    )


def test_a_sell_that_takes_the_place_of_one_that_was_not_sent_stays_alone():
    function = trader(btc=1)
    body = not_sent(function)
    legs = [{"action": "cancel", "side": "sell"}, LIMIT | {"price": "61000"}]
    assert outcome(function.post(alert(function, "a-2", orders=legs, price=None))) == (
        200,
        "accepted",
    )
    assert outcome(function.post(body)) == (422, "order_denied")
    assert len(function.venue.resting) == 1


def test_a_refused_alert_withdraws_nothing():
    function = trader(btc=1, env={"MAX_ORDER_COST": "7000 USD", "ALLOWED_SYMBOLS": "*"})
    body = not_sent(function)
    legs = [{"action": "cancel", "side": "sell"}, LIMIT | {"volume": "0.5"}]
    assert outcome(function.post(alert(function, "a-2", orders=legs, price=None))) == (
        422,
        "order_denied",
    )
    assert outcome(function.post(body)) == (200, "accepted")


def test_a_validation_withdraws_nothing():
    function = trader(btc=1)
    body = not_sent(function)
    assert function.post(cancel(function, validate=True, **CANCELS["alert"])).status == 200
    assert outcome(function.post(body)) == (200, "accepted")


@pytest.mark.parametrize("left", ["unclaimed", "not sent"])
def test_the_legs_of_a_named_alert_that_are_left_are_withdrawn(left):
    function = trader(btc=1)
    body = alert(
        function,
        "a-1",
        orders=[LIMIT, LIMIT | {"price": "61000"}, LIMIT | {"price": "62000"}],
        price=None,
    )

    def stop():
        if left == "unclaimed":
            function.clock.sleep(1.6)

    function.venue.during["submit"] = [stop]
    if left == "not sent":
        function.venue.during["submit"] = [
            lambda: None,
            lambda: function.venue.refuse.append(NOBODY),
        ]
    assert function.post(body).status == 503
    assert function.post(cancel(function, **CANCELS["alert"])).status == 200
    resent = function.post(body)
    assert resent.status == 422, resent.document
    assert leg_states(resent)[:2] == ["ACCEPTED", "DENIED"]
    assert function.venue.resting == []


def test_a_cancel_by_pair_waits_for_the_legs_that_are_left():
    function = trader(btc=1)
    body = alert(function, "a-1", orders=[LIMIT, LIMIT | {"price": "61000"}], price=None)
    function.venue.during["submit"] = [lambda: function.clock.sleep(1.6)]
    assert function.post(body).status == 503
    waiting = cancel(function)
    assert function.post(waiting).status == 503
    assert outcome(function.post(body)) == (200, "accepted")
    assert outcome(function.post(waiting)) == (200, "accepted")
    assert function.venue.resting == []


@pytest.mark.parametrize("name", CANCELS)
def test_a_resend_that_is_first_makes_the_cancel_wait(name):
    function = trader(btc=1)
    body = not_sent(function)
    record = function.store.record
    raced = []

    def late(entry):
        if not raced:
            raced.append(True)
            assert outcome(function.post(body)) == (200, "accepted")
        return record(entry)

    function.store.record = late
    waiting = cancel(function, **CANCELS[name])
    assert function.post(waiting).status == 503
    assert outcome(function.post(waiting)) == (200, "accepted")
    assert (function.venue.resting, len(sent(function))) == ([], 2)


def test_an_order_whose_outcome_is_unknown_is_never_withdrawn():
    function = trader(btc=1)
    body = alert(function, "a-1", **LIMIT)
    function.venue.refuse = [Unknown("the reply was lost")]
    function.post(body)
    assert function.post(cancel(function, **CANCELS["alert"])).status == 503
    assert function.post(body).status == 503
