"""Alerts that cancel: which orders go, whose they may be, and what a lost reply comes to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.trading_venue import outcome, trader
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected, Unknown

D = Decimal
TREND, MEAN = "token-of-trend-0123456789", "token-of-mean-0123456789"
BY_HAND = RestingOrder(
    "OHANDS-AAAAA-AAAAAA", "XBTUSD", Side.BUY, "limit", D(1), D(0), START, limit=D(30000)
)
ETHER = RestingOrder(
    "OETHER-AAAAA-AAAAAA", "ETHUSD", Side.SELL, "limit", D(1), D(0), START, limit=D(9000)
)


@pytest.fixture
def function(tmp_path):
    return bound(tmp_path)


def bound(tmp_path, **env):
    """Two strategies with tokens of their own, beside the one that is bound to none."""
    path = tmp_path / "strategies.toml"
    path.write_text(f'[trend]\ntoken = "{TREND}"\n[mean]\ntoken = "{MEAN}"\n')
    return trader(btc=10, usd=10**6, env={"STRATEGIES_FILE": str(path), **env})


def lay(function, alert_id, side="buy", price="40000", **fields):
    """A limit order of ours: its order id and its client order id."""
    order = function.alert(
        id=alert_id, side=side, price=price, order_type="limit", volume="1", **fields
    )
    answer = function.post(order)
    assert outcome(answer) == (200, "accepted"), answer["error"]
    return answer["order_id"], answer["client_order_id"]


def cancel(function, alert_id="c-1", **fields):
    return function.alert(id=alert_id, action="cancel", **{**NO_ORDER, **fields})


NO_ORDER = {"symbol": None, "side": None, "volume": None, "price": None}


def canceled(function):
    return [
        request.parameters
        for request, _, _ in function.venue.submitted
        if request.method == "CancelOrder"
    ]


def open_ids(function):
    return {order.order_id for order in function.venue.resting}


def book(function):
    """Three orders of trend, one of mean, one by hand and one of another pair by hand."""
    ours = {
        "bid": lay(function, "bid", token=TREND),
        "ask": lay(function, "ask", "sell", "60000", token=TREND),
        "other": lay(function, "other", "sell", "61000", token=MEAN),
    }
    function.venue.rest(BY_HAND)
    function.venue.rest(ETHER)
    return {name: order_id for name, (order_id, _) in ours.items()} | {
        "hand": BY_HAND.order_id,
        "eth": ETHER.order_id,
    }


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ({"symbol": "BTCUSD"}, {"bid", "ask", "other", "hand"}),
        ({"symbol": "BTCUSD", "side": "sell"}, {"ask", "other"}),
        ({"symbol": "ETHUSD"}, {"eth"}),
        ({"scope": "all"}, {"bid", "ask", "other", "hand", "eth"}),
        ({"scope": "strategy", "strategy_name": "trend"}, {"bid", "ask"}),
        ({"scope": "strategy", "strategy_name": "trend", "side": "buy"}, {"bid"}),
        ({"scope": "strategy", "strategy_name": "trend", "symbol": "ETHUSD"}, set()),
        ({"scope": "strategy"}, set()),
        ({"token": TREND, "symbol": "BTCUSD"}, {"bid", "ask"}),
        ({"token": TREND, "scope": "all"}, {"bid", "ask"}),
        ({"token": TREND, "scope": "strategy"}, {"bid", "ask"}),
        ({"token": TREND, "of_alert": "ask"}, {"ask"}),
        ({"strategy_name": "trend", "of_alert": "ask"}, {"ask"}),
        ({"strategy_name": "mean", "of_alert": "ask"}, set()),
        ({"token": MEAN, "of_alert": "ask"}, set()),
    ],
)
def test_each_selector_cancels_what_it_means_and_nothing_else(function, fields, gone):
    ids = book(function)
    function.venue.calls.clear()
    answer = function.post(cancel(function, **fields))
    assert outcome(answer) == (200, "accepted" if gone else "no_action")
    assert {name for name, order_id in ids.items() if order_id not in open_ids(function)} == gone
    assert function.venue.calls == ["open_orders", *["submit"] * len(gone)]
    assert len(answer["orders"]) == max(1, len(gone))


@pytest.mark.parametrize("whose", [{}, {"token": TREND}])
def test_an_order_is_named_by_its_id(function, whose):
    ids = book(function)
    answer = function.post(cancel(function, order_id=ids["bid"], **whose))
    assert outcome(answer) == (200, "accepted")
    assert answer["message"] == "Paper: Kraken canceled the order."
    assert canceled(function) == [{"txid": ids["bid"]}]


@pytest.mark.parametrize("whose", [{}, {"token": TREND}])
def test_an_order_is_named_by_its_client_order_id(function, whose):
    order_id, client_order_id = lay(function, "bid", token=TREND)
    for text in (client_order_id.replace("-", ""), client_order_id):
        answer = function.post(cancel(function, f"c-{text}", client_order_id=text, **whose))
        assert answer.status in (200, 422), answer.document
    assert open_ids(function) == set()
    assert canceled(function)[0] == {"txid": order_id}


@pytest.mark.parametrize("name", ["other", "hand", "eth"])
@pytest.mark.parametrize("legs", [False, True])
def test_a_bound_credential_cancels_no_order_of_others_by_id(function, name, legs):
    ids = book(function)
    fields = {"order_id": ids[name]}
    if legs:
        fields = {"orders": [{"action": "cancel", "order_id": ids[name]}]}
    body = {**cancel(function, token=TREND), **fields}
    answer = function.post(
        {key: value for key, value in body.items() if not (legs and key == "action")}
    )
    assert outcome(answer) == (422, "order_denied")
    assert "NOT_OWN" in answer["error"]
    assert canceled(function) == []
    assert len(function.operate("GET", "/orders")["orders"]) == 3


def test_a_bound_credential_cancels_no_order_of_others_by_client_order_id(function):
    _, client_order_id = lay(function, "bid", token=MEAN)
    answer = function.post(cancel(function, token=TREND, client_order_id=client_order_id))
    assert outcome(answer) == (422, "order_denied")
    absent = function.post(cancel(function, "c-2", token=TREND, client_order_id="1" * 32))
    assert outcome(absent) == (200, "no_action")
    assert canceled(function) == []


@pytest.mark.parametrize(
    ("fields", "code", "gone"),
    [
        ({"scope": "all"}, "accepted", {"eth"}),
        ({"symbol": "BTCUSD"}, "order_denied", set()),
        ({"order_id": BY_HAND.order_id}, "order_denied", set()),
        ({"order_id": ETHER.order_id}, "accepted", {"eth"}),
    ],
)
def test_no_order_of_a_pair_that_may_not_be_traded_is_touched(tmp_path, fields, code, gone):
    function = bound(tmp_path, ALLOWED_SYMBOLS="ETH/USD")
    function.venue.rest(BY_HAND)
    function.venue.rest(ETHER)
    answer = function.post(cancel(function, **fields))
    assert answer["code"] == code
    assert {order.order_id for order in (BY_HAND, ETHER)} - open_ids(function) == {
        ETHER.order_id
    } & ({ETHER.order_id} if gone else set())


@pytest.mark.parametrize("fields", [{"of_alert": "bid"}, {"scope": "strategy"}, {"scope": "all"}])
def test_the_order_that_a_close_left_goes_with_its_parent(function, fields):
    order_id, _ = lay(function, "bid", token=TREND)
    (parent,) = function.venue.resting
    function.venue.close(parent, "closed")
    child = RestingOrder(
        "OCHILD-AAAAA-AAAAAA",
        "XBTUSD",
        Side.SELL,
        "stop-loss",
        D(1),
        D(0),
        START,
        parent=order_id,
        trigger=D(30000),
    )
    stranger = child._replace(order_id="OSTRNG-AAAAA-AAAAAA", parent="OSOMEB-AAAAA-AAAAAA")
    function.venue.rest(child)
    function.venue.rest(stranger)
    function.clock.sleep(120)
    answer = function.post(cancel(function, token=TREND, **fields))
    assert outcome(answer) == (200, "accepted")
    assert open_ids(function) == {stranger.order_id}


def test_an_order_that_kraken_does_not_list_yet_is_canceled_by_its_alerts_id(function):
    order_id, _ = lay(function, "bid", token=TREND)
    function.venue.during["open_orders"] = [function.venue.resting.clear]
    function.post(cancel(function, token=TREND, of_alert="bid"))
    assert canceled(function) == [{"txid": order_id}]


def test_a_repeated_cancel_is_sent_once(function):
    lay(function, "bid")
    body = cancel(function, symbol="BTCUSD")
    answers = [function.post(body) for _ in range(3)]
    assert [outcome(answer) for answer in answers] == [(200, "accepted")] * 3
    assert [answer["replayed"] for answer in answers] == [False, True, True]
    lay(function, "another")
    assert outcome(function.post(body)) == (200, "accepted")
    assert (len(canceled(function)), len(open_ids(function))) == (1, 1)


def test_nothing_to_cancel_is_no_action_and_stays_so(function):
    body = cancel(function, symbol="BTCUSD")
    assert outcome(function.post(body)) == (200, "no_action")
    lay(function, "bid")
    again = function.post(body)
    assert (outcome(again), again["replayed"], canceled(function)) == ((200, "no_action"), True, [])


def test_a_cancel_whose_reply_was_lost_is_looked_up_and_was_done(function):
    order_id, _ = lay(function, "bid")
    body = cancel(function, order_id=order_id)
    function.venue.lose_reply = True
    lost = function.post(body)
    assert outcome(lost) == (503, "outcome_unknown")
    assert "Whether the order was canceled is not known yet" in lost["error"]
    function.clock.sleep(3)
    assert outcome(function.post(body)) == (503, "outcome_unknown")
    function.clock.sleep(3)
    function.venue.calls.clear()
    assert outcome(function.post(body)) == (200, "accepted")
    assert function.venue.calls == ["order"]
    assert len(canceled(function)) == 1


@pytest.mark.parametrize("refusal", [Unknown("the reply was lost"), NotSent("no connection")])
def test_a_cancel_of_an_order_that_is_open_still_is_sent_again(function, refusal):
    order_id, _ = lay(function, "bid")
    body = cancel(function, order_id=order_id)
    function.venue.refuse = [refusal]
    assert function.post(body).status == 503
    function.clock.sleep(6)
    assert outcome(function.post(body)) == (200, "accepted")
    assert (len(canceled(function)), open_ids(function)) == (2, set())
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(canceled(function)) == 2


@pytest.mark.parametrize("by", ["redelivery", "reconcile"])
def test_a_lost_cancel_of_an_order_that_filled_is_refused(function, by):
    order_id, _ = lay(function, "bid")
    body = cancel(function, order_id=order_id)
    function.venue.refuse = [Unknown("the reply was lost")]
    function.post(body)
    function.venue.close(function.venue.resting[0], "closed")
    function.clock.sleep(6)
    if by == "reconcile":
        function.operate("POST", "/reconcile")
    answer = function.post(body)
    assert outcome(answer) == (422, "order_rejected")
    assert "the order had filled before it was canceled" in answer["error"]


def test_a_cancel_that_kraken_refuses_is_422(function):
    order_id, _ = lay(function, "bid")
    function.venue.refuse = [Rejected(("EOrder:Unknown order",))]
    answer = function.post(cancel(function, order_id=order_id))
    assert outcome(answer) == (422, "order_rejected")
    assert "EOrder:Unknown order" in answer["error"]


def test_open_orders_that_can_not_be_read_are_503_and_a_resend_cancels(function):
    order_id, _ = lay(function, "bid")
    body = cancel(function, order_id=order_id)
    function.venue.unreadable = {"open_orders"}
    assert outcome(function.post(body)) == (503, "venue_unavailable")
    assert [row["state"] for row in function.operate("GET", "/orders")["orders"]] == [
        "MISSED",
        "ACCEPTED",
    ]
    function.venue.unreadable = set()
    assert outcome(function.post(body)) == (200, "accepted")


def test_a_validation_shows_what_would_be_canceled_and_cancels_nothing(function):
    order_id, _ = lay(function, "bid")
    answer = function.post(cancel(function, symbol="BTCUSD"), "/webhook/tradingview/validate")
    assert outcome(answer) == (200, "validated")
    assert [order["request"] for order in answer["orders"]] == [{"txid": order_id}]
    assert (canceled(function), function.venue.validated, len(open_ids(function))) == ([], [], 1)
    assert len(function.operate("GET", "/orders")["orders"]) == 1
