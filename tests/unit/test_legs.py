"""An alert of several orders: each is sent once, in order, and what stops in between goes on where it stopped."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.instruments import btc_usd
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.memory import MemoryLedger
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.orders import NotSent, Rejected, Side, Unknown

D = Decimal
LOST = Unknown("the reply was lost")
NOBODY = NotSent("no connection")
REFUSED = Rejected(("EOrder:Insufficient funds",))
THREE = [{"side": "buy", "volume": size} for size in ("0.1", "0.2", "0.3")]
SIZES = [("buy", "0.1"), ("buy", "0.2"), ("buy", "0.3")]
ASK = RestingOrder("OASKKK-AAAAA-AAAAAA", "XBTUSD", Side.SELL, "limit", D(1), D(0), START, limit=D(60000))
STOP = ASK._replace(order_id="OSTOPP-AAAAA-AAAAAA", order_type="stop-loss", limit=None, trigger=D(30000))


def alert(function, legs=THREE, **fields):
    return function.alert(**{"orders": legs, "side": None, "volume": None, "price": None, **fields})


def states(answer):
    return [order["state"] for order in answer["orders"]]


def stored(function):
    """State of each leg, in order, whatever the ledger calls them."""
    rows = function.operate("GET", "/orders")["orders"]
    return [row["state"] for row in sorted(rows, key=lambda row: row["unit"])]


class Interrupted(BaseException):
    """The process is gone."""


class Ledger(MemoryLedger):
    """``stops_at``: the claim, counted from 1, that does not happen; ``with_`` what comes of it instead."""

    claims, stops_at = 0, 0
    with_: BaseException = LedgerUnavailable("The ledger is away.")

    def claim(self, entry):
        self.claims += 1
        if self.claims == self.stops_at:
            raise self.with_
        return super().claim(entry)


def interrupted(number, error=None):
    store = Ledger()
    store.stops_at, store.with_ = number, error or Ledger.with_
    return trader(btc=3, store=store)


def test_every_leg_is_sent_in_order_and_stands_in_the_answer():
    function = trader()
    answer = function.post(alert(function))
    assert outcome(answer) == (200, "accepted")
    assert answer["message"] == "Paper: All 3 legs are done. Kraken accepted the order."
    assert (answer["success"], answer["error"], answer["replayed"]) == (True, None, False)
    assert sent(function) == SIZES
    assert states(answer) == ["ACCEPTED"] * 3
    ids = [client_order_id for _, client_order_id, _ in function.venue.submitted]
    assert len(set(ids)) == 3
    assert [order["client_order_id"] for order in answer["orders"]] == ids
    assert [order["request"]["volume"] for order in answer["orders"]] == ["0.1", "0.2", "0.3"]
    assert [order["order_id"] for order in answer["orders"]] == [f"OFAKE{n}-AAAAA-AAAAAA" for n in (1, 2, 3)]
    assert answer["order_id"] == answer["orders"][-1]["order_id"]
    assert function.venue.calls == ["submit"] * 3

    again = function.post(alert(function))
    assert (outcome(again), again["replayed"], again["orders"]) == ((200, "accepted"), True, answer["orders"])
    assert len(function.venue.submitted) == 3


@pytest.mark.parametrize(
    ("refusals", "shown", "number"),
    [
        ([REFUSED], ["REJECTED", "NOT_CLAIMED", "NOT_CLAIMED"], 1),
        ([NOBODY, REFUSED], ["REJECTED", "NOT_CLAIMED", "NOT_CLAIMED"], 2),
    ],
)
def test_a_leg_that_is_refused_stops_those_behind_it(refusals, shown, number):
    function = trader()
    function.venue.refuse = list(refusals)
    answers = [function.post(alert(function)) for _ in range(number + 1)]
    for answer in answers[number - 1 :]:
        assert outcome(answer) == (422, "order_rejected")
        assert states(answer) == shown
        assert "Leg 1 of 3: Kraken refused the order. The legs after it are not sent." in answer["message"]
        assert answer["orders"][1] == {
            "order_id": None, "client_order_id": None, "state": "NOT_CLAIMED", "code": "not_sent",
            "request": {**answer["orders"][0]["request"], "volume": "0.2"},
        }  # fmt: skip
    assert len(function.venue.submitted) == number
    function.clock.sleep(90)
    function.operate("POST", "/reconcile")
    assert stored(function) == ["REJECTED"]


def test_a_leg_that_is_refused_leaves_those_before_it_as_they_are():
    function = trader()
    function.venue.during["submit"] = [lambda: None, lambda: function.venue.held.update(ZUSD=Balance(D(0)))]
    function.venue.held["ZUSD"] = Balance(D(5000))
    answer = function.post(alert(function))
    assert outcome(answer) == (422, "order_rejected")
    assert states(answer) == ["ACCEPTED", "REJECTED", "NOT_CLAIMED"]
    assert "Leg 2 of 3" in answer["error"]


def test_an_unknown_leg_holds_up_the_next_until_it_is_found():
    function = trader()
    function.venue.lose_reply = True
    body = alert(function)
    first = function.post(body)
    assert (outcome(first), states(first)) == (
        (503, "outcome_unknown"), ["SUBMITTING", "NOT_CLAIMED", "NOT_CLAIMED"]
    )  # fmt: skip
    assert function.post(body)["code"] == "outcome_unknown"
    assert sent(function) == SIZES[:1]
    function.clock.sleep(6)
    found = function.post(body)
    assert (outcome(found), states(found)) == ((200, "accepted"), ["ACCEPTED"] * 3)
    assert sent(function) == SIZES


def test_an_unknown_leg_that_is_found_too_late_leaves_the_rest_unsent_and_says_so(caplog):
    function = trader()
    function.venue.lose_reply = True
    function.post(alert(function))
    function.clock.sleep(61)
    caplog.set_level("ERROR")
    answer = function.operate("POST", "/reconcile")
    assert answer["legs_missed"] == 1
    assert stored(function) == ["ACCEPTED", "EXPIRED"]  # which stops the one behind it
    assert [record.message for record in caplog.records].count("order.expired") == 1
    assert sent(function) == SIZES[:1]


def test_a_leg_that_was_not_sent_is_sent_by_the_redelivery_and_those_after_it():
    function = trader()
    body = alert(function)
    function.venue.refuse = [NOBODY]
    first = function.post(body)
    assert (outcome(first), states(first)) == ((503, "not_sent"), ["NOT_SENT", "NOT_CLAIMED", "NOT_CLAIMED"])
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function) == [SIZES[0], *SIZES]


@pytest.mark.parametrize("error", [None, Interrupted()], ids=["ledger", "process"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_stops_between_two_legs_goes_on_at_the_first_that_was_not_claimed(number, error):
    function = interrupted(number, error)
    body = alert(function)
    if error is None:
        assert outcome(function.post(body)) == (503, "ledger_unavailable")
    else:
        with pytest.raises(Interrupted):
            function.post(body)
    assert sent(function) == SIZES[: number - 1]
    answer = function.post(body)
    assert (outcome(answer), states(answer)) == ((200, "accepted"), ["ACCEPTED"] * 3)
    assert sent(function) == SIZES
    assert answer["replayed"] is False


@pytest.mark.parametrize("number", [2, 3])
def test_a_leg_that_nobody_came_back_for_is_recorded_as_expired_and_logged(number, caplog):
    function = interrupted(number, Interrupted())
    body = alert(function)
    with pytest.raises(Interrupted):
        function.post(body)
    function.clock.sleep(59)
    function.operate("POST", "/reconcile")
    assert stored(function) == ["ACCEPTED"] * (number - 1)
    function.clock.sleep(2)
    caplog.set_level("ERROR")
    assert function.operate("POST", "/reconcile")["legs_missed"] == 1
    assert stored(function) == [*["ACCEPTED"] * (number - 1), "EXPIRED"]
    assert "order.expired" in [record.message for record in caplog.records]
    assert function.operate("POST", "/reconcile")["legs_missed"] == 0
    assert function.post(body).status == 401
    assert sent(function) == SIZES[: number - 1]


def test_a_budget_that_is_used_up_between_legs_is_503_and_the_redelivery_sends_the_rest():
    function = trader()
    function.venue.clock, function.venue.spend_s = function.clock, 0.8
    body = alert(function)
    first = function.post(body)
    assert outcome(first) == (503, "not_sent")
    assert states(first) == ["ACCEPTED", "ACCEPTED", "NOT_CLAIMED"]
    assert "2 of 3 orders were sent; sending the same alert again soon sends the rest" in first["error"]
    second = function.post(body)
    assert (outcome(second), states(second)) == ((200, "accepted"), ["ACCEPTED"] * 3)
    assert sent(function) == SIZES


def test_the_same_alert_in_the_middle_of_itself_sends_each_leg_once():
    function = trader()
    body = alert(function)
    inner = []
    function.venue.during["submit"] = [lambda: None, lambda: inner.append(function.post(body))]
    outer = function.post(body)
    assert sent(function) == SIZES
    assert inner[0].status == 503  # the second leg is on its way
    assert outer.status == 200
    assert function.post(body)["replayed"] is True


def test_the_same_id_with_other_legs_is_a_conflict():
    function = trader()
    function.post(alert(function))
    answer = function.post(alert(function, THREE[:2]))
    assert outcome(answer) == (409, "alert_conflict")
    assert sent(function) == SIZES


@pytest.mark.parametrize("resting", [[STOP], [ASK._replace(volume=D(2)), STOP], []])
def test_a_cancel_frees_what_the_close_behind_it_sells(resting):
    function = trader(btc=3)
    for order in resting:
        function.venue.rest(order)
    answer = function.post(alert(function, [{"action": "cancel"}, {"action": "close"}]))
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [("sell", "3")]
    assert function.venue.calls == ["open_orders", "balances", *["submit"] * (len(resting) + 1)]
    assert (function.venue.resting, function.venue.held["XXBT"]) == ([], Balance(D(0)))


def test_a_close_in_front_of_the_cancel_that_would_free_it_sells_what_is_free():
    function = trader(btc=3)
    function.venue.rest(STOP)
    answer = function.post(alert(function, [{"action": "close"}, {"action": "cancel"}]))
    assert (outcome(answer), sent(function)) == ((200, "accepted"), [("sell", "2")])


def test_a_cancel_of_one_side_frees_only_what_that_side_held():
    function = trader(btc=3)
    function.venue.rest(STOP)
    legs = [{"action": "cancel", "side": "buy"}, {"action": "close"}]
    assert outcome(function.post(alert(function, legs))) == (200, "accepted")
    assert sent(function) == [("sell", "2")]


def test_a_leg_without_anything_to_do_is_left_out_and_said():
    function = trader()
    answer = function.post(alert(function, [{"action": "close"}, {"side": "buy", "volume": "0.1"}]))
    assert (outcome(answer), sent(function)) == ((200, "accepted"), [("buy", "0.1")])
    assert any("Nothing to do for one leg: the position is 0 BTC" in warning for warning in answer["warnings"])
    nothing = function.post(alert(function, [{"action": "cancel"}, {"action": "cancel", "symbol": "ETHUSD"}], id="a-2"))
    assert (outcome(nothing), len(nothing["orders"])) == ((200, "no_action"), 1)


@pytest.mark.parametrize("refusal", [REFUSED, LOST, NOBODY])
def test_cancels_alone_go_on_past_one_that_fails(refusal):
    function = trader(btc=3)
    ids = [function.venue.rest(ASK._replace(order_id=f"OASK{n}K-AAAAA-AAAAAA")).order_id for n in range(3)]
    function.venue.refuse = [refusal]
    body = alert(function, [{"action": "cancel"}])
    answer = function.post(body)
    assert [order.order_id for order in function.venue.resting] == ids[:1]
    assert states(answer)[1:] == ["ACCEPTED", "ACCEPTED"]
    assert answer.status == (422 if refusal is REFUSED else 503)
    function.clock.sleep(6)
    again = function.post(body)
    assert again.status == (422 if refusal is REFUSED else 200)
    assert len(function.venue.resting) == (1 if refusal is REFUSED else 0)


def test_one_leg_that_is_denied_denies_all_and_leaves_nothing():
    function = trader(env={"MAX_ORDER_COST": "10000 USD"})
    answer = function.post(alert(function, price=None))
    assert outcome(answer) == (422, "order_denied")
    assert (function.venue.submitted, function.operate("GET", "/orders")["orders"]) == ([], [])


def test_a_leg_that_kraken_refuses_for_the_pairs_new_rules_is_planned_once_more():
    function = trader(btc=3)
    function.venue.rules = [btc_usd(lot_decimals=1, as_of=function.clock.now())]
    stale = Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)
    function.venue.during["submit"] = [lambda: None, lambda: function.venue.refuse.append(stale)]
    legs = [{"side": "buy", "volume": "0.1"}, {"side": "buy", "volume": "0.25"}, {"side": "buy", "volume": "0.3"}]
    assert outcome(function.post(alert(function, legs))) == (200, "accepted")
    assert sent(function) == [("buy", "0.1"), ("buy", "0.25"), ("buy", "0.2"), ("buy", "0.3")]


def test_an_exit_behind_a_cancel_is_planned_once_more_as_well():
    function = trader(btc="1.23456789")
    function.venue.rest(STOP)
    function.venue.rules = [btc_usd(lot_decimals=2, as_of=function.clock.now())]
    stale = Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)
    function.venue.during["submit"] = [lambda: None, lambda: function.venue.refuse.append(stale)]
    answer = function.post(alert(function, [{"action": "cancel"}, {"action": "close"}]))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert sent(function) == [("sell", "1.23456789"), ("sell", "1.23")]


@pytest.mark.parametrize(
    "legs", [THREE, [{"action": "cancel"}, {"action": "close"}, {"side": "buy", "volume": "1"}]], ids=["orders", "mixed"]
)  # fmt: skip
@pytest.mark.parametrize("how", ["route", "field", "mode"])
def test_a_validation_asks_kraken_about_every_order_and_leaves_nothing(legs, how):
    live = {"TRADING_MODE": "validate", "KRAKEN_API_KEY": "key", "KRAKEN_API_SECRET": "c2VjcmV0"}
    function = trader(btc=3, env=live if how == "mode" else {})
    function.venue.rest(STOP)
    path = "/webhook/tradingview/validate" if how == "route" else "/webhook/tradingview"
    answer = function.post(alert(function, legs, **({"validate": True} if how == "field" else {})), path)
    assert outcome(answer) == (200, "validated")
    assert states(answer) == ["VALIDATED"] * 3
    orders = [order for order in answer["orders"] if "ordertype" in order["request"]]
    assert [dict(request.parameters) for request in function.venue.validated] == [order["request"] for order in orders]
    assert (function.venue.submitted, function.operate("GET", "/orders")["orders"]) == ([], [])
    assert len(function.venue.resting) == 1


def test_a_validation_says_which_leg_kraken_would_refuse():
    function = trader()
    function.venue.during["validate"] = [lambda: None, lambda: function.venue.refuse.append(REFUSED)]
    answer = function.post(alert(function), "/webhook/tradingview/validate")
    assert outcome(answer) == (422, "order_rejected")
    assert len(answer["orders"]) == 3
