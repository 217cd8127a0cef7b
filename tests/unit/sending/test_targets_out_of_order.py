"""Targets that come twice, late, swapped, at once, or not at all: the account ends where
the strategy stands."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.position_alerts import MARGIN, alert, held, states, step, target
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.ledger.entry import State
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import NotSent, Unknown, VenueOrder

D = Decimal
LOST = Unknown("the reply was lost")
NOBODY = NotSent("no connection")


@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("order", [("x", "e"), ("e", "x")], ids=["in-order", "swapped"])
@pytest.mark.parametrize("repeat", [False, True], ids=["once", "twice"])
def test_exit_and_entry_of_one_bar_end_in_the_right_position(order, margin, repeat):
    """Long 1, an exit and an entry at once: short 1 on margin, and with a spot account flat."""
    more = MARGIN if margin else {}
    function = trader(btc=1, net=1)
    steps = {"x": step(function, 1, 0, "x", **more), "e": step(function, 0, -1, "e", **more)}
    for name in order:
        for _ in range(2 if repeat else 1):
            function.post(steps[name])
    assert held(function, margin=margin) == (-1 if margin else 0)
    assert len(sent(function)) == (2 if margin and order == ("x", "e") else 1)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_long_that_is_closed_and_opened_anew_in_one_second_is_long(order):
    function = trader(btc=1)
    steps = [step(function, 1, 0, "x"), step(function, 0, 1, "e")]
    for number in order:
        function.post(steps[number])
    assert held(function) == 1


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (0, 2, 1), (2, 1, 0), (2, 0, 1), (1, 2, 0), (1, 0, 2)]
)
def test_three_exits_of_one_second_leave_nothing_in_any_order(order):
    function = trader(btc=3)
    steps = [step(function, 3, 2, "1st"), step(function, 2, 1, "2nd"), step(function, 1, 0, "3rd")]
    for number in order:
        function.post(steps[number])
    assert held(function) == 0


def test_a_repeated_target_is_sent_once_and_the_one_after_a_lost_one_makes_up_for_it():
    function = trader(usd=10**6)
    first = target(function, "1", "a-1")
    assert [outcome(function.post(first)) for _ in range(3)] == [(200, "accepted")] * 3
    assert held(function) == 1
    function.clock.sleep(10)  # a-2, to 2, never came
    assert outcome(function.post(target(function, "3", "a-3"))) == (200, "accepted")
    assert (held(function), len(sent(function))) == (3, 2)


def test_an_older_target_that_comes_late_is_superseded_for_good():
    function = trader()
    older = target(function, "1", "a-1")
    function.clock.sleep(2)
    assert outcome(function.post(target(function, "0.5", "a-2"))) == (200, "accepted")
    for _ in range(2):
        late = function.post(older)
        assert outcome(late) == (409, "superseded")
        assert "(a-2)" in late["error"]
    assert (held(function), states(function)) == (D("0.5"), [("a-2", "ACCEPTED")])


@pytest.mark.parametrize("came", ["REJECTED", "NO_ACTION"])
def test_a_later_target_supersedes_whatever_became_of_it(came):
    function = trader(usd=10)
    older = target(function, "0.0001", "a-1")
    function.clock.sleep(2)
    later = target(function, "1" if came == "REJECTED" else "0", "a-2")
    function.post(later)
    assert states(function) == [("a-2", came)]
    assert outcome(function.post(older)) == (409, "superseded")


@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize(
    ("first_fired", "ends"), [(0, 3), (2, 1)], ids=["older-first", "newer-first"]
)
def test_two_targets_whose_plans_interleave_end_in_the_later_ones_position(
    margin, first_fired, ends
):
    """The second one comes and goes while the first one reads what is held."""
    function = trader(usd=10**6)
    more = MARGIN if margin else {}
    fired = function.clock.now()
    function.clock.sleep(3)

    def at(seconds):
        return (fired + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    second = target(function, "3", "b", fired_at=at(1), **more)
    inner = []
    read = "positions" if margin else "balances"
    function.venue.during[read] = [lambda: inner.append(function.post(second))]
    first = function.post(target(function, "1", "a", fired_at=at(first_fired), **more))
    assert outcome(inner[0]) == (200, "accepted")
    assert outcome(first) == ((200, "accepted") if first_fired > 1 else (409, "superseded"))
    assert held(function, margin=margin) == ends


def test_a_plan_that_two_others_overtake_is_told_to_come_again_and_then_is_right():
    function = trader(btc=8)

    def other(number):
        return lambda: function.post(
            alert(function, f"other-{number}", action="close", percent="50")
        )

    mine = alert(function, "mine", action="close", percent="50")
    function.venue.during["balances"] = [other(1), lambda: None, other(2), lambda: None]
    answer = function.post(mine)
    assert outcome(answer) == (503, "not_sent")
    assert states(function) == [
        ("mine", "MISSED"),
        ("other-2", "ACCEPTED"),
        ("other-1", "ACCEPTED"),
    ]
    assert outcome(function.post(mine)) == (200, "accepted")
    assert held(function) == 1


def test_the_same_target_in_the_middle_of_itself_is_sent_once():
    function = trader()
    body = target(function, "1", "a")
    inner = []
    function.venue.during["balances"] = [lambda: inner.append(function.post(body))]
    outer = function.post(body)
    assert [outcome(inner[0]), outcome(outer)] == [(200, "accepted")] * 2
    assert (outer["replayed"], outer["order_id"], held(function)) == (True, inner[0]["order_id"], 1)


def test_a_target_waits_for_an_unknown_one_and_is_counted_once_that_is_found():
    function = trader()
    first = target(function, "1", "a-1")
    function.venue.lose_reply = True
    assert outcome(function.post(first)) == (503, "outcome_unknown")
    function.clock.sleep(2)
    second = target(function, "2", "a-2")
    waits = function.post(second)
    assert outcome(waits) == (503, "not_sent")
    assert states(function) == [("a-2", "MISSED"), ("a-1", "SUBMITTING")]
    function.clock.sleep(5)
    assert outcome(function.post(first)) == (200, "accepted")
    assert outcome(function.post(second)) == (200, "accepted")
    assert (sent(function), held(function)) == ([("buy", "1"), ("buy", "1")], 2)


def test_a_target_waits_until_it_is_proved_that_the_one_before_was_never_placed():
    function = trader(env={"ALERT_MAX_AGE_SECONDS": "300"})
    function.venue.refuse = [LOST]
    function.post(target(function, "1", "a-1"))
    function.clock.sleep(2)
    second = target(function, "2", "a-2")
    for seconds in (0, 76):
        function.clock.sleep(seconds)
        assert outcome(function.post(second)) == (503, "not_sent")
    function.clock.sleep(61)
    assert outcome(function.post(second)) == (200, "accepted")  # its own look-up has proved it
    assert ("a-1", "NOT_PLACED") in states(function)
    assert held(function) == 2


@pytest.mark.parametrize(
    ("now_held", "ends", "orders"),
    [("0.25", "accepted", [("buy", "1"), ("buy", "0.75")]), ("1", "no_action", [("buy", "1")]),
     ("3", "accepted", [("buy", "1"), ("sell", "2")])],
)  # fmt: skip
def test_a_target_that_was_not_sent_is_counted_anew(now_held, ends, orders):
    function = trader()
    body = target(function, "1")
    function.venue.refuse = [NOBODY]
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.held["XXBT"] = Balance(D(now_held))
    answer = function.post(body)
    assert outcome(answer) == (200, ends)
    assert sent(function) == orders
    assert held(function) == 1
    assert not any("goes from 0 to 1" in warning for warning in answer["warnings"])
    again = function.post(body)
    assert (outcome(again), again["replayed"]) == ((200, ends), True)
    assert function.operate("POST", "/reconcile")["looked_at"] == []


def test_a_target_that_was_not_sent_and_then_is_denied_leaves_no_order_and_says_so():
    function = trader(btc=2)
    body = alert(function, action="close")
    function.venue.refuse = [NOBODY]
    function.post(body)
    function.venue.held["XXBT"] = Balance(D(2), D(2))
    assert outcome(function.post(body)) == (422, "order_denied")
    assert sent(function) == [("sell", "2")]
    function.clock.sleep(61)
    function.operate("POST", "/reconcile")
    assert states(function) == [("a-1", State.DENIED)]


def test_a_target_that_was_not_sent_is_superseded_by_one_that_came_meanwhile():
    function = trader()
    body = target(function, "1", "a-1")
    function.venue.refuse = [NOBODY]
    function.post(body)
    function.clock.sleep(1)
    function.post(target(function, "2", "a-2"))
    assert outcome(function.post(body)) == (409, "superseded")
    assert held(function) == 2


def test_a_lost_reply_is_found_again_by_its_client_order_id_and_not_counted_anew():
    function = trader(btc=2)
    body = alert(function, action="close")
    function.venue.refuse = [LOST]
    function.post(body)
    _, client_order_id, _ = function.venue.submitted[0]
    function.venue.listed_open[client_order_id] = VenueOrder(
        "OFOUND-AAAAA-AAAAAA", client_order_id, "open"
    )
    function.clock.sleep(6)
    answer = function.post(json.loads(json.dumps(body)))
    assert (outcome(answer), answer["order_id"]) == ((200, "accepted"), "OFOUND-AAAAA-AAAAAA")
    assert len(sent(function)) == 1
