"""An alert of several orders: each is sent once, in order, and what stops in between goes
on where it stopped."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.memory_ledger import MemoryLedger
from tests.support.position_alerts import THREE, leg_states, legs_alert
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.errors import LedgerUnavailable
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import NotSent, Rejected

D = Decimal
NOBODY = NotSent("no connection")
REFUSED = Rejected(("EOrder:Insufficient funds",))
SIZES = [("buy", "0.1"), ("buy", "0.2"), ("buy", "0.3")]


def stored(function):
    """State of each leg, in order, whatever the ledger calls them."""
    rows = function.operate("GET", "/orders")["orders"]
    return [row["state"] for row in sorted(rows, key=lambda row: row["unit"])]


class Interrupted(BaseException):
    """The process is gone."""


class Ledger(MemoryLedger):
    """``stops_at``: the claim, counted from 1, that does not happen; ``with_`` what
    comes of it instead."""

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
    answer = function.post(legs_alert(function, THREE))
    assert outcome(answer) == (200, "accepted")
    assert answer["message"] == "Paper: All 3 legs are done. Kraken accepted the order."
    assert (answer["success"], answer["error"], answer["replayed"]) == (True, None, False)
    assert sent(function) == SIZES
    assert leg_states(answer) == ["ACCEPTED"] * 3
    ids = [client_order_id for _, client_order_id, _ in function.venue.submitted]
    assert len(set(ids)) == 3
    assert [order["client_order_id"] for order in answer["orders"]] == ids
    assert [order["request"]["volume"] for order in answer["orders"]] == ["0.1", "0.2", "0.3"]
    assert [order["order_id"] for order in answer["orders"]] == [
        f"OFAKE{n}-AAAAA-AAAAAA" for n in (1, 2, 3)
    ]
    assert answer["order_id"] == answer["orders"][-1]["order_id"]
    assert function.venue.calls == ["submit"] * 3

    again = function.post(legs_alert(function, THREE))
    assert (outcome(again), again["replayed"], again["orders"]) == (
        (200, "accepted"),
        True,
        answer["orders"],
    )
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
    answers = [function.post(legs_alert(function, THREE)) for _ in range(number + 1)]
    for answer in answers[number - 1 :]:
        assert outcome(answer) == (422, "order_rejected")
        assert leg_states(answer) == shown
        assert (
            "Leg 1 of 3: Kraken refused the order. The legs after it are not sent."
            in answer["message"]
        )
        assert answer["orders"][1] == {
            "order_id": None, "client_order_id": None, "state": "NOT_CLAIMED", "code": "not_sent",
            "request": {**answer["orders"][0]["request"], "volume": "0.2"},
        }  # fmt: skip
    assert len(function.venue.submitted) == number
    function.clock.sleep(90)
    function.operate("POST", "/reconcile")
    assert stored(function) == ["REJECTED", "EXPIRED", "EXPIRED"]
    behind = function.operate("GET", "/orders")["orders"][:2]
    assert {row["reason"] for row in behind} == {"a leg before it ended without an order"}


def test_a_leg_that_is_refused_leaves_those_before_it_as_they_are():
    function = trader()
    function.venue.during["submit"] = [
        lambda: None,
        lambda: function.venue.held.update(ZUSD=Balance(D(0))),
    ]
    function.venue.held["ZUSD"] = Balance(D(5000))
    answer = function.post(legs_alert(function, THREE))
    assert outcome(answer) == (422, "order_rejected")
    assert leg_states(answer) == ["ACCEPTED", "REJECTED", "NOT_CLAIMED"]
    assert "Leg 2 of 3" in answer["error"]


def test_an_unknown_leg_holds_up_the_next_until_it_is_found():
    function = trader()
    function.venue.lose_reply = True
    body = legs_alert(function, THREE)
    first = function.post(body)
    assert (outcome(first), leg_states(first)) == (
        (503, "outcome_unknown"), ["SUBMITTING", "NOT_CLAIMED", "NOT_CLAIMED"]
    )  # fmt: skip
    assert function.post(body)["code"] == "outcome_unknown"
    assert sent(function) == SIZES[:1]
    function.clock.sleep(6)
    found = function.post(body)
    assert (outcome(found), leg_states(found)) == ((200, "accepted"), ["ACCEPTED"] * 3)
    assert sent(function) == SIZES


def test_an_unknown_leg_that_is_found_too_late_leaves_the_rest_unsent_and_says_so(caplog):
    function = trader()
    function.venue.lose_reply = True
    function.post(legs_alert(function, THREE))
    function.clock.sleep(61)
    caplog.set_level("ERROR")
    answer = function.operate("POST", "/reconcile")
    assert answer["legs_missed"] == 2
    assert stored(function) == ["ACCEPTED", "EXPIRED", "EXPIRED"]
    assert [record.message for record in caplog.records].count("order.expired") == 2
    assert sent(function) == SIZES[:1]


def test_a_leg_that_was_not_sent_is_sent_by_the_redelivery_and_those_after_it():
    function = trader()
    body = legs_alert(function, THREE)
    function.venue.refuse = [NOBODY]
    first = function.post(body)
    assert (outcome(first), leg_states(first)) == (
        (503, "not_sent"),
        ["NOT_SENT", "NOT_CLAIMED", "NOT_CLAIMED"],
    )
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function) == [SIZES[0], *SIZES]


@pytest.mark.parametrize("error", [None, Interrupted()], ids=["ledger", "process"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_stops_between_two_legs_goes_on_at_the_first_that_was_not_claimed(number, error):
    function = interrupted(number, error)
    body = legs_alert(function, THREE)
    if error is None:
        assert outcome(function.post(body)) == (503, "ledger_unavailable")
    else:
        with pytest.raises(Interrupted):
            function.post(body)
    assert sent(function) == SIZES[: number - 1]
    answer = function.post(body)
    assert (outcome(answer), leg_states(answer)) == ((200, "accepted"), ["ACCEPTED"] * 3)
    assert sent(function) == SIZES
    assert answer["replayed"] is False


@pytest.mark.parametrize("number", [2, 3])
def test_a_leg_that_nobody_came_back_for_is_recorded_as_expired_and_logged(number, caplog):
    function = interrupted(number, Interrupted())
    body = legs_alert(function, THREE)
    with pytest.raises(Interrupted):
        function.post(body)
    function.clock.sleep(59)
    function.operate("POST", "/reconcile")
    assert stored(function) == ["ACCEPTED"] * (number - 1)
    function.clock.sleep(2)
    caplog.set_level("ERROR")
    assert function.operate("POST", "/reconcile")["legs_missed"] == 4 - number
    assert stored(function) == [*["ACCEPTED"] * (number - 1), *["EXPIRED"] * (4 - number)]
    assert "order.expired" in [record.message for record in caplog.records]
    assert function.operate("POST", "/reconcile")["legs_missed"] == 0
    assert function.post(body)["code"] == "expired"
    assert sent(function) == SIZES[: number - 1]


def test_a_budget_that_is_used_up_between_legs_is_503_and_the_redelivery_sends_the_rest():
    function = trader()
    function.venue.clock, function.venue.spend_s = function.clock, 0.8
    body = legs_alert(function, THREE)
    first = function.post(body)
    assert outcome(first) == (503, "not_sent")
    assert leg_states(first) == ["ACCEPTED", "ACCEPTED", "NOT_CLAIMED"]
    assert (
        "2 of 3 orders were sent; sending the same alert again soon sends the rest"
        in first["error"]
    )
    second = function.post(body)
    assert (outcome(second), leg_states(second)) == ((200, "accepted"), ["ACCEPTED"] * 3)
    assert sent(function) == SIZES


def test_the_same_alert_in_the_middle_of_itself_sends_each_leg_once():
    function = trader()
    body = legs_alert(function, THREE)
    inner = []
    function.venue.during["submit"] = [lambda: None, lambda: inner.append(function.post(body))]
    outer = function.post(body)
    assert sent(function) == SIZES
    assert inner[0].status == 503  # the second leg is on its way
    assert outer.status == 200
    assert function.post(body)["replayed"] is True


def test_the_same_id_with_other_legs_is_a_conflict():
    function = trader()
    function.post(legs_alert(function, THREE))
    answer = function.post(legs_alert(function, THREE[:2]))
    assert outcome(answer) == (409, "alert_conflict")
    assert sent(function) == SIZES


GONE = Rejected(("EOrder:Unknown order",))
REPRICED = {"side": "buy", "order_type": "limit", "volume": "0.1", "price": "59000"}


@pytest.mark.parametrize(
    ("behind", "status", "states"),
    [
        ({"action": "close"}, (200, "accepted"), ["REJECTED", "ACCEPTED"]),
        (REPRICED, (422, "order_rejected"), ["REJECTED", "NOT_CLAIMED"]),
    ],
)
def test_behind_a_cancel_that_finds_its_order_filled_an_exit_is_sent_and_no_new_order(
    behind, status, states
):
    function = trader(btc=3)
    function.venue.refuse = [GONE]
    alert = legs_alert(function, [{"action": "cancel", "order_id": "OABCDE-FGHIJ-KLMNOP"}, behind])
    answers = [function.post(alert), function.post(alert)]
    assert [(outcome(answer), leg_states(answer)) for answer in answers] == [(status, states)] * 2
    assert answers[1]["replayed"] is True
