"""What an alert that depends on others of its strategy and pair is answered. The alerts here are given their turn by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.function import Function
from tests.support.ledger_entries import nothing_to_do, submitting
from webhook_core.commands.terminal import budget
from webhook_core.firing import Firing
from webhook_core.ledger.entry import State, Turn
from webhook_core.replay import Replay, ReplayRefused
from webhook_core.trading.orders import NotSent, Rejected, Unknown, VenueOrder

NOBODY = NotSent("no connection")
LOST = Unknown("the reply was lost")


@pytest.fixture
def function():
    return Function()


@pytest.fixture(autouse=True)
def every_alert_has_a_turn(monkeypatch):
    """Fired when its id says, in seconds: a-7 came seven seconds after a-0. A percentage's id ends with a p."""
    plain = Firing.entry

    def in_turn(firing, *arguments):
        entry = plain(firing, *arguments)
        number = firing.alert_id.removeprefix("a-")
        fired_at = entry.received_at.replace(hour=0, minute=0, second=0, microsecond=0)
        fired_at += timedelta(seconds=int(number.removesuffix("p")))
        turn = Turn(f"{firing.wants.strategy}/XXBTZUSD", fired_at, in_order=not number.endswith("p"))
        return replace(entry, turn=turn)

    monkeypatch.setattr(Firing, "entry", in_turn)


def outcome(answer):
    return answer.status, answer["code"]


def post(function, alert_id, **fields):
    return function.post(function.alert(id=alert_id, **fields))


def entry_of(function, alert_id):
    return next((entry for entry in function.application.ledger.entries().entries if entry.alert_id == alert_id), None)


@pytest.mark.parametrize("second", ["a-2", "a-2p"])
def test_a_later_alert_is_told_to_come_again_while_an_earlier_one_is_unknown(function, second):
    function.venue.refuse = [LOST]
    first = function.alert(id="a-1")
    assert outcome(function.post(first)) == (503, "outcome_unknown")
    answer = post(function, second)
    assert outcome(answer) == (503, "not_sent")
    assert "An earlier alert of this strategy and pair (a-1) has no outcome yet" in answer["error"]
    assert "again soon is safe" in answer["error"]
    assert answer["alert_id"] == second
    assert (len(function.venue.submitted), entry_of(function, second)) == (1, None)

    _, client_order_id, _ = function.venue.submitted[0]
    function.venue.closed_orders[client_order_id] = VenueOrder("OFOUND", client_order_id, "closed")
    function.clock.sleep(6)
    assert outcome(function.post(first)) == (200, "accepted")
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
    first = function.alert(id="a-1")
    accepted = function.post(first)
    assert outcome(post(function, "a-2")) == (200, "accepted")
    function.venue.refuse = [LOST]
    post(function, "a-3")
    again = function.post(first)
    assert outcome(again) == (200, "accepted")
    assert (again["replayed"], again["order_id"]) == (True, accepted["order_id"])


def test_other_strategies_do_not_wait(function):
    function.venue.refuse = [LOST]
    post(function, "a-1")
    assert outcome(post(function, "a-2", strategy_name="another")) == (200, "accepted")


def test_an_alert_that_was_not_sent_is_superseded_by_a_later_one_that_came_meanwhile(function):
    function.venue.refuse = [NOBODY]
    first = function.alert(id="a-1")
    assert outcome(function.post(first)) == (503, "not_sent")
    assert outcome(post(function, "a-2")) == (200, "accepted")
    assert outcome(function.post(first)) == (409, "superseded")
    assert len(function.venue.submitted) == 2
    function.clock.sleep(61)
    function.operate("POST", "/reconcile")
    assert entry_of(function, "a-1").state is State.EXPIRED


def test_an_alert_that_was_not_sent_waits_for_one_that_came_meanwhile(function):
    function.venue.refuse = [NOBODY, LOST]
    first = function.alert(id="a-1p")
    assert outcome(function.post(first)) == (503, "not_sent")
    assert outcome(post(function, "a-2p")) == (503, "outcome_unknown")
    answer = function.post(first)
    assert outcome(answer) == (503, "not_sent")
    assert "(a-2p) has no outcome yet" in answer["error"]
    assert len(function.venue.submitted) == 2
    assert len(entry_of(function, "a-1p").attempts) == 1


def test_an_alert_that_was_not_sent_is_sent_by_its_redelivery_when_nobody_came_meanwhile(function):
    function.venue.refuse = [NOBODY]
    first = function.alert(id="a-1")
    function.post(first)
    assert outcome(function.post(first)) == (200, "accepted")


@pytest.mark.parametrize(("newer", "says"), [("a-2", "fired later"), ("a-2p", "has no outcome yet")])
def test_a_person_replays_no_alert_out_of_turn(function, newer, says):
    application = function.application
    replay = Replay(
        application.settings, application.ledger, function.venue, function.clock, application.market,
        application.submission,
    )  # fmt: skip
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


def test_an_alert_whose_facts_another_has_changed_is_told_to_come_again(function, monkeypatch):
    assert outcome(post(function, "a-1p")) == (200, "accepted")
    plain = Firing.entry

    def on_old_facts(firing, *arguments):
        entry = plain(firing, *arguments)
        return replace(entry, turn=entry.turn._replace(mark="")) if firing.alert_id == "a-2p" else entry

    with monkeypatch.context() as patched:
        patched.setattr(Firing, "entry", on_old_facts)
        answer = post(function, "a-2p")
    assert outcome(answer) == (503, "not_sent")
    assert "came in between" in answer["error"]
    assert "again soon is safe" in answer["error"]
    assert (len(function.venue.submitted), entry_of(function, "a-2p")) == (1, None)
    assert outcome(post(function, "a-2p")) == (200, "accepted")


def test_a_redelivery_of_an_alert_that_had_nothing_to_do_is_told_so_again(function, monkeypatch, caplog):
    plain = Firing.entry

    def came_before(firing, *arguments):
        entry = plain(firing, *arguments)
        function.application.ledger.claim(nothing_to_do(entry))
        return entry

    monkeypatch.setattr(Firing, "entry", came_before)
    caplog.set_level("INFO")
    answer = post(function, "a-1")
    assert outcome(answer) == (200, "no_action")
    assert answer["message"] == "Paper: Nothing to do: the account is already as the alert wants it."
    assert (answer["success"], answer["error"], answer["replayed"], answer["order_id"]) == (True, None, True, None)
    assert [order["state"] for order in answer["orders"]] == ["NO_ACTION"]
    assert caplog.records[-1].facts["outcome"] == "no_action"
    assert function.venue.submitted == []
    assert function.operate("GET", "/orders", state="no_action")["orders"][0]["alert_id"] == "a-1"
    assert function.operate("POST", "/reconcile")["looked_at"] == []


def test_a_person_is_told_why_what_had_nothing_to_do_is_not_replayed(function):
    application = function.application
    replay = Replay(
        application.settings, application.ledger, function.venue, function.clock, application.market,
        application.submission,
    )  # fmt: skip
    with pytest.raises(ReplayRefused, match="The alert is NO_ACTION: there was nothing to do"):
        replay.check(nothing_to_do(submitting()), budget(function.clock))
