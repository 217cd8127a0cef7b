"""What an alert that depends on others of its strategy and pair is answered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.ledger_entries import nothing_to_do, submitting
from tests.support.position_alerts import alert, target
from tests.support.trading_venue import outcome, replay_of, sent, trader
from webhook_core.ledger.entry import State
from webhook_core.operations.commands.terminal import budget
from webhook_core.operations.replay_search import ReplayRefused
from webhook_core.trading.requests import Fill, NotSent, Rejected, Unknown, VenueOrder

D = Decimal
NOBODY = NotSent("no connection")
LOST = Unknown("the reply was lost")


@pytest.fixture
def function():
    return trader(usd=10**6)


def numbered(function, alert_id, **fields):
    """Fired when its id says, in seconds: a-7 is the target of 7 coins, seven seconds after a-0.

    With a p it is a percentage.
    """
    number = int(alert_id.removeprefix("a-").removesuffix("p"))
    fired_at = f"{START + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"
    if not alert_id.endswith("p"):
        return target(function, number, alert_id, fired_at=fired_at, **fields)
    size = {"side": "buy", "volume": str(number), "quantity_type": "percent_balance"}
    return function.alert(
        **{"id": alert_id, "price": "50000", "fired_at": fired_at, **size, **fields}
    )


def post(function, alert_id, **fields):
    return function.post(numbered(function, alert_id, **fields))


def entry_of(function, alert_id):
    return next(
        (
            entry
            for entry in function.application.ledger.entries().entries
            if entry.alert_id == alert_id
        ),
        None,
    )


@pytest.mark.parametrize("second", ["a-2", "a-2p"])
@pytest.mark.parametrize("first", ["a-1", "a-1p"])
def test_a_later_alert_is_told_to_come_again_while_an_earlier_one_is_unknown(
    function, first, second
):
    function.venue.refuse = [LOST]
    body = numbered(function, first)
    assert outcome(function.post(body)) == (503, "outcome_unknown")
    answer = post(function, second)
    assert outcome(answer) == (503, "not_sent")
    assert (
        f"the alert {first} yet" in answer["error"]
        or f"({first}) has no outcome yet" in answer["error"]
    )
    assert "again soon is safe" in answer["error"]
    assert answer["alert_id"] == second
    assert (len(function.venue.submitted), entry_of(function, second).state) == (1, "MISSED")

    _, client_order_id, _ = function.venue.submitted[0]
    function.venue.closed_orders[client_order_id] = VenueOrder("OFOUND", client_order_id, "closed")
    function.clock.sleep(6)
    assert outcome(function.post(body)) == (200, "accepted")
    function.venue.filled["OFOUND"] = Fill("closed", D(1), D(50000), D(50000), D(0))
    assert outcome(post(function, second)) == (200, "accepted")
    assert len(function.venue.submitted) == 2


def test_a_target_that_comes_late_is_superseded_and_stays_so(function):
    assert outcome(post(function, "a-2")) == (200, "accepted")
    for _ in range(2):
        answer = post(function, "a-1")
        assert outcome(answer) == (409, "superseded")
        assert "fired later (a-2) came before this one; nothing was sent" in answer["error"]
    assert (len(function.venue.submitted), entry_of(function, "a-1")) == (1, None)
    assert outcome(post(function, "a-1p")) == (200, "accepted")


def test_a_redelivery_gets_its_answer_whatever_came_since(function):
    accepted = post(function, "a-1")
    assert outcome(post(function, "a-2")) == (200, "accepted")
    function.venue.refuse = [LOST]
    post(function, "a-3")
    again = post(function, "a-1")
    assert outcome(again) == (200, "accepted")
    assert (again["replayed"], again["order_id"]) == (True, accepted["order_id"])


@pytest.mark.parametrize(
    "fields", [{"strategy_name": "another", "leverage": "2"}, {"symbol": "ETHUSD"}]
)
def test_other_strategies_and_pairs_do_not_wait(function, fields):
    function.venue.refuse = [LOST]
    post(function, "a-2")
    assert outcome(post(function, "a-1", **fields)) == (200, "accepted")


def test_an_alert_that_was_not_sent_is_superseded_by_a_later_one_that_came_meanwhile(function):
    function.venue.refuse = [NOBODY]
    assert outcome(post(function, "a-1")) == (503, "not_sent")
    assert outcome(post(function, "a-2")) == (200, "accepted")
    assert outcome(post(function, "a-1")) == (409, "superseded")
    assert len(function.venue.submitted) == 2
    function.clock.sleep(62)
    function.operate("POST", "/reconcile")
    assert entry_of(function, "a-1").state is State.EXPIRED


def test_an_alert_that_was_not_sent_waits_for_one_that_came_meanwhile(function):
    function.venue.refuse = [NOBODY, LOST]
    assert outcome(post(function, "a-1p")) == (503, "not_sent")
    assert outcome(post(function, "a-2p")) == (503, "outcome_unknown")
    answer = post(function, "a-1p")
    assert outcome(answer) == (503, "not_sent")
    assert "a-2p" in answer["error"]
    assert len(function.venue.submitted) == 2
    assert len(entry_of(function, "a-1p").attempts) == 1


@pytest.mark.parametrize("alert_id", ["a-1", "a-1p"])
def test_an_alert_that_was_not_sent_is_sent_by_its_redelivery_when_nobody_came_meanwhile(
    function, alert_id
):
    function.venue.refuse = [NOBODY]
    post(function, alert_id)
    assert outcome(post(function, alert_id)) == (200, "accepted")
    assert len(sent(function)) == 2


@pytest.mark.parametrize(
    ("newer", "says"), [("a-2", "fired later"), ("a-2p", "has no outcome yet")]
)
def test_a_person_replays_no_alert_out_of_turn(function, newer, says):
    replay = replay_of(function)
    function.venue.refuse = [Rejected(("EOrder:Insufficient funds",))]
    older = newer.replace("2", "1")
    assert outcome(post(function, older)) == (422, "order_rejected")
    checked = replay.check(replay.find(older), budget(function.clock))
    function.venue.refuse = [LOST]
    post(function, newer)
    with pytest.raises(ReplayRefused, match=says):
        replay.send(checked, budget(function.clock))
    assert len(function.venue.submitted) == 2
    assert entry_of(function, older).state is State.REJECTED


def test_an_alert_whose_facts_another_changes_each_time_is_told_to_come_again(function):
    def overtake(alert_id):
        return lambda: post(function, alert_id)

    function.venue.during["balances"] = [
        overtake("a-2p"),
        lambda: None,
        overtake("a-3p"),
        lambda: None,
    ]
    answer = post(function, "a-1p")
    assert outcome(answer) == (503, "not_sent")
    assert "came in between" in answer["error"]
    assert "again soon is safe" in answer["error"]
    assert (len(function.venue.submitted), entry_of(function, "a-1p").state) == (2, "MISSED")
    assert outcome(post(function, "a-1p")) == (200, "accepted")


def test_a_redelivery_of_an_alert_that_had_nothing_to_do_is_told_so_again(function, caplog):
    body = alert(function, action="close")
    function.post(body)
    function.venue.calls.clear()
    caplog.clear()
    caplog.set_level("INFO")
    answer = function.post(body)
    assert outcome(answer) == (200, "no_action")
    assert answer["message"] == "Paper: Nothing to do: the position is 0 BTC already, the target 0."
    assert (answer["success"], answer["error"], answer["replayed"], answer["order_id"]) == (
        True,
        None,
        True,
        None,
    )
    assert [order["state"] for order in answer["orders"]] == ["NO_ACTION"]
    assert caplog.records[-1].facts["outcome"] == "no_action"
    assert function.venue.submitted == function.venue.calls == []
    assert function.operate("GET", "/orders", state="no_action")["orders"][0]["alert_id"] == "a-1"
    assert function.operate("POST", "/reconcile")["looked_at"] == []


def test_a_person_is_told_why_what_had_nothing_to_do_is_not_replayed(function):
    with pytest.raises(ReplayRefused, match="The alert is NO_ACTION: there was nothing to do"):
        replay_of(function).check(nothing_to_do(submitting()), budget(function.clock))
