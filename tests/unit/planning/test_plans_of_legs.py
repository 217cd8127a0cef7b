"""Which orders the legs of an alert come to: planned together, on the same facts, before
the first one is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.instruments import btc_usd
from tests.support.position_alerts import THREE, leg_states, legs_alert
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected, Unknown

D = Decimal
LOST = Unknown("the reply was lost")
NOBODY = NotSent("no connection")
REFUSED = Rejected(("EOrder:Insufficient funds",))
ASK = RestingOrder(
    "OASKKK-AAAAA-AAAAAA", "XBTUSD", Side.SELL, "limit", D(1), D(0), START, limit=D(60000)
)
STOP = ASK._replace(
    order_id="OSTOPP-AAAAA-AAAAAA", order_type="stop-loss", limit=None, trigger=D(30000)
)


@pytest.mark.parametrize("resting", [[STOP], [ASK._replace(volume=D(2)), STOP], []])
def test_a_cancel_frees_what_the_close_behind_it_sells(resting):
    function = trader(btc=3)
    for order in resting:
        function.venue.rest(order)
    answer = function.post(legs_alert(function, [{"action": "cancel"}, {"action": "close"}]))
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [("sell", "3")]
    assert function.venue.calls == ["open_orders", "balances", *["submit"] * (len(resting) + 1)]
    assert (function.venue.resting, function.venue.held["XXBT"]) == ([], Balance(D(0)))


def test_a_close_in_front_of_the_cancel_that_would_free_it_sells_what_is_free():
    function = trader(btc=3)
    function.venue.rest(STOP)
    answer = function.post(legs_alert(function, [{"action": "close"}, {"action": "cancel"}]))
    assert (outcome(answer), sent(function)) == ((200, "accepted"), [("sell", "2")])


def test_a_cancel_of_one_side_frees_only_what_that_side_held():
    function = trader(btc=3)
    function.venue.rest(STOP)
    legs = [{"action": "cancel", "side": "buy"}, {"action": "close"}]
    assert outcome(function.post(legs_alert(function, legs))) == (200, "accepted")
    assert sent(function) == [("sell", "2")]


def test_a_leg_without_anything_to_do_is_left_out_and_said():
    function = trader()
    answer = function.post(
        legs_alert(function, [{"action": "close"}, {"side": "buy", "volume": "0.1"}])
    )
    assert (outcome(answer), sent(function)) == ((200, "accepted"), [("buy", "0.1")])
    assert any(
        "Nothing to do for one leg: the position is 0 BTC" in warning
        for warning in answer["warnings"]
    )
    nothing = function.post(
        legs_alert(
            function, [{"action": "cancel"}, {"action": "cancel", "symbol": "ETHUSD"}], id="a-2"
        )
    )
    assert (outcome(nothing), len(nothing["orders"])) == ((200, "no_action"), 1)


IN_FRONT = {"side": "buy", "volume": "0.1"}
LIMIT = {**IN_FRONT, "order_type": "limit", "price": "40000"}
CLOSE = {"action": "close"}


@pytest.mark.parametrize(
    ("btc", "legs", "stays"),
    [
        (3, [IN_FRONT, CLOSE], True),
        (0, [IN_FRONT, CLOSE], True),
        (0, [CLOSE, IN_FRONT], False),
        (3, [LIMIT, CLOSE], False),
        (3, [IN_FRONT, {**CLOSE, "percent": "50"}], False),
        (3, [{**IN_FRONT, "side": "sell"}, CLOSE], False),
        (3, [{**IN_FRONT, "symbol": "ETHUSD"}, CLOSE], False),
    ],
)
def test_what_an_order_in_front_of_a_close_opens_is_said_to_stay(btc, legs, stays):
    """The legs are counted on what is held before the first."""
    function = trader(btc=btc)
    answer = function.post(legs_alert(function, legs))
    assert answer.status == 200, answer.document
    assert any(one.startswith("NOT_ALL_CLOSED: ") for one in answer["warnings"]) == stays


@pytest.mark.parametrize("held", [-3, 0, 3])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_with_leverage_that_is_an_order_that_does_not_reduce_it(held, side):
    function = trader(net=held)
    order = {"side": side, "volume": "0.1", "leverage": "2"}
    legs = [order, {**CLOSE, "leverage": "2"}]
    answer = function.post(legs_alert(function, legs))
    assert answer.status == 200, answer.document
    stays = held == 0 or (held > 0) == (side == "buy")
    assert any(one.startswith("NOT_ALL_CLOSED: ") for one in answer["warnings"]) == stays


@pytest.mark.parametrize("refusal", [REFUSED, LOST, NOBODY])
def test_cancels_alone_go_on_past_one_that_fails(refusal):
    function = trader(btc=3)
    ids = [
        function.venue.rest(ASK._replace(order_id=f"OASK{n}K-AAAAA-AAAAAA")).order_id
        for n in range(3)
    ]
    function.venue.refuse = [refusal]
    body = legs_alert(function, [{"action": "cancel"}])
    answer = function.post(body)
    assert [order.order_id for order in function.venue.resting] == ids[:1]
    assert leg_states(answer)[1:] == ["ACCEPTED", "ACCEPTED"]
    assert answer.status == (422 if refusal is REFUSED else 503)
    function.clock.sleep(6)
    again = function.post(body)
    assert again.status == (422 if refusal is REFUSED else 200)
    assert len(function.venue.resting) == (1 if refusal is REFUSED else 0)


def test_one_leg_that_is_denied_denies_all_and_leaves_nothing():
    function = trader(env={"MAX_ORDER_COST": "10000 USD"})
    answer = function.post(legs_alert(function, THREE))
    assert outcome(answer) == (422, "order_denied")
    assert (function.venue.submitted, function.operate("GET", "/orders")["orders"]) == ([], [])


def test_a_leg_that_kraken_refuses_for_the_pairs_new_rules_is_planned_once_more():
    function = trader(btc=3)
    function.venue.rules = [btc_usd(lot_decimals=1, as_of=function.clock.now())]
    stale = Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)
    function.venue.during["submit"] = [lambda: None, lambda: function.venue.refuse.append(stale)]
    legs = [
        {"side": "buy", "volume": "0.1"},
        {"side": "buy", "volume": "0.25"},
        {"side": "buy", "volume": "0.3"},
    ]
    assert outcome(function.post(legs_alert(function, legs))) == (200, "accepted")
    assert sent(function) == [("buy", "0.1"), ("buy", "0.25"), ("buy", "0.2"), ("buy", "0.3")]


def test_an_exit_behind_a_cancel_is_planned_once_more_as_well():
    function = trader(btc="1.23456789")
    function.venue.rest(STOP)
    function.venue.rules = [btc_usd(lot_decimals=2, as_of=function.clock.now())]
    stale = Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)
    function.venue.during["submit"] = [lambda: None, lambda: function.venue.refuse.append(stale)]
    answer = function.post(legs_alert(function, [{"action": "cancel"}, {"action": "close"}]))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert sent(function) == [("sell", "1.23456789"), ("sell", "1.23")]


@pytest.mark.parametrize(
    "legs", [THREE, [{"action": "cancel"}, {"action": "close"}, {"side": "buy", "volume": "1"}]],
    ids=["orders", "mixed"]
)  # fmt: skip
@pytest.mark.parametrize("how", ["route", "field", "mode"])
def test_a_validation_asks_kraken_about_every_order_and_leaves_nothing(legs, how):
    live = {"TRADING_MODE": "validate", "KRAKEN_API_KEY": "key", "KRAKEN_API_SECRET": "c2VjcmV0"}
    function = trader(btc=3, env=live if how == "mode" else {})
    function.venue.rest(STOP)
    path = "/webhook/tradingview/validate" if how == "route" else "/webhook/tradingview"
    answer = function.post(
        legs_alert(function, legs, **({"validate": True} if how == "field" else {})), path
    )
    assert outcome(answer) == (200, "validated")
    assert leg_states(answer) == ["VALIDATED"] * 3
    orders = [order for order in answer["orders"] if "ordertype" in order["request"]]
    assert [dict(request.parameters) for request in function.venue.validated] == [
        order["request"] for order in orders
    ]
    assert (function.venue.submitted, function.operate("GET", "/orders")["orders"]) == ([], [])
    assert len(function.venue.resting) == 1


def test_a_validation_says_which_leg_kraken_would_refuse():
    function = trader()
    function.venue.during["validate"] = [
        lambda: None,
        lambda: function.venue.refuse.append(REFUSED),
    ]
    answer = function.post(legs_alert(function, THREE), "/webhook/tradingview/validate")
    assert outcome(answer) == (422, "order_rejected")
    assert len(answer["orders"]) == 3
