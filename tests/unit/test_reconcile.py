"""What may be concluded about an unknown order, and when."""

from __future__ import annotations

import pytest

from tests.support.function import Function
from tests.support.venue import FakeVenue
from webhook_core.ledger.entry import REPLAYABLE, State
from webhook_core.trading.orders import NotSent, Unknown, VenueOrder

LOST = Unknown("the reply was lost")


@pytest.fixture
def function():
    return Function()


def unknown_order(function, **fields):
    """An alert whose order was sent and whose outcome nobody knows; the venue shows nothing of it."""
    function.venue.refuse = [LOST]
    answer = function.post(function.alert(**fields))
    assert (answer.status, answer["code"]) == (503, "outcome_unknown")
    return answer


def state(function):
    return function.operate("GET", "/orders")["orders"][0]["state"]


def test_a_redelivery_within_five_seconds_does_not_look(function):
    alert = function.alert()
    function.venue.refuse = [LOST]
    function.post(alert)
    function.clock.sleep(4.9)
    assert function.post(alert)["code"] == "outcome_unknown"
    assert function.venue.calls == ["submit"]


def test_a_redelivery_finds_the_order_whose_reply_was_lost(function):
    alert = function.alert()
    function.venue.lose_reply = True
    assert function.post(alert).status == 503
    function.clock.sleep(6)
    found = function.post(alert)
    assert (found.status, found["code"], found["replayed"]) == (200, "accepted", False)
    assert len(function.venue.submitted) == 1
    again = function.post(alert)
    assert (again.status, again["replayed"], again["order_id"]) == (200, True, found["order_id"])


def test_a_redelivery_looks_once_in_the_open_and_once_in_the_closed_orders(function):
    alert = function.alert()
    function.venue.refuse = [LOST]
    function.post(alert)
    function.clock.sleep(6)
    function.venue.calls.clear()
    assert function.post(alert)["code"] == "outcome_unknown"
    assert function.venue.calls == ["find_open", "find_closed"]


def test_tradingviews_resends_never_prove_absence(function):
    alert = function.alert()
    function.venue.refuse = [LOST]
    answers = [function.post(alert)]
    for _ in range(3):
        function.clock.sleep(8)
        answers.append(function.post(alert))
    assert {answer["code"] for answer in answers} == {"outcome_unknown"}
    assert len(function.venue.submitted) == 1


def test_absence_needs_an_open_read_after_deadline_and_margin_and_a_closed_read_a_margin_later(function):
    unknown_order(function)
    function.clock.sleep(69)  # deadline 10 s + margin 60 s, minus one
    function.operate("POST", "/reconcile")
    function.clock.sleep(62)  # the first read does not count: it was too early
    function.operate("POST", "/reconcile")
    assert state(function) == "SUBMITTING"
    function.clock.sleep(59)
    function.operate("POST", "/reconcile")
    assert state(function) == "SUBMITTING"
    function.clock.sleep(1)
    function.operate("POST", "/reconcile")
    assert state(function) == "NOT_PLACED"


@pytest.mark.parametrize("unreadable", ["find_open", "find_closed"])
def test_a_failed_read_proves_nothing(function, unreadable):
    unknown_order(function)
    function.venue.unreadable = {unreadable}
    for _ in range(10):
        function.clock.sleep(120)
        report = function.operate("POST", "/reconcile")["looked_at"]
        assert "could not be read" in report[0]["why"]
    assert state(function) == "SUBMITTING"


def test_an_order_that_shows_late_among_the_closed_ones_is_found(function):
    unknown = unknown_order(function)
    function.clock.sleep(75)
    function.operate("POST", "/reconcile")
    client_order_id = unknown["client_order_id"]
    function.venue.closed_orders[client_order_id] = VenueOrder("OLATE-AAAAA-AAAAAA", client_order_id, "closed")
    function.clock.sleep(61)
    function.operate("POST", "/reconcile")
    assert state(function) == "ACCEPTED"


def test_not_placed_is_the_last_word_and_is_replayed_as_a_refusal(function):
    alert = function.alert(fired_at=None)
    function.venue.refuse = [LOST]
    function.post(alert)
    for _ in range(2):
        function.clock.sleep(80)
        function.operate("POST", "/reconcile")
    answer = function.post(alert)
    assert (answer.status, answer["code"], answer["replayed"]) == (422, "not_placed", True)
    assert len(function.venue.submitted) == 1


def test_what_was_not_sent_expires_once_it_is_too_old(function):
    function.venue.refuse = [NotSent("no connection")]
    assert function.post(function.alert())["code"] == "not_sent"
    function.clock.sleep(60)
    function.operate("POST", "/reconcile")
    assert state(function) == "NOT_SENT"
    function.clock.sleep(1)
    function.operate("POST", "/reconcile")
    assert state(function) == "EXPIRED"


def test_a_run_that_is_out_of_time_says_where_to_go_on(function):
    for number in range(60):
        unknown_order(function, id=f"a-{number}")
    function.clock.sleep(10)
    function.venue.clock, function.venue.spend_s = function.clock, 0.4
    seen = set()
    cursor = ""
    for _ in range(20):
        report = function.operate("POST", "/reconcile", cursor=cursor)
        seen |= {row["alert_id"] for row in report["looked_at"]}
        cursor = report["cursor"]
        if cursor is None:
            break
    assert seen == {f"a-{number}" for number in range(60)}


def test_every_state_has_a_log_event():
    from webhook_core.ledger.reconcile import _EVENTS

    assert set(_EVENTS) == set(State)


def test_every_state_has_an_answer_and_a_reason_or_a_way_to_be_replayed():
    from webhook_core.outcome import _OF_STATE, _SENTENCES
    from webhook_core.replay import _NOT_REPLAYABLE

    assert set(_OF_STATE) == set(_SENTENCES) == set(State)
    assert set(_NOT_REPLAYABLE) == set(State) - REPLAYABLE


LIVE = {
    "TRADING_MODE": "live",
    "ALLOWED_SYMBOLS": "*",
    "MAX_ORDER_COST": "none",
    "KRAKEN_API_KEY": "k" * 20,
    "KRAKEN_API_SECRET": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0",
}


def test_a_paper_function_on_the_same_ledger_concludes_nothing_about_a_live_order():
    live = Function(env=LIVE, venue=FakeVenue(lose_reply=True))
    paper = Function(clock=live.clock, store=live.store)
    assert live.post(live.alert()).status == 503
    for _ in range(4):
        live.clock.sleep(70)
        assert paper.operate("POST", "/reconcile")["looked_at"] == []
    assert set(paper.venue.calls) == {"instruments"}  # the rules are refreshed, and nobody is asked about the order
    assert state(live) == "SUBMITTING"
    live.operate("POST", "/reconcile")
    assert state(live) == "ACCEPTED"


@pytest.mark.parametrize(
    ("unreadable", "read"), [("find_open", "orders"), ("fills", "fills"), ("instruments", "pair_rules")]
)
def test_the_answer_of_a_run_and_its_log_line_say_what_could_not_be_read(function, caplog, unreadable, read):
    function.post(function.alert(id="settled"))
    unknown_order(function)
    function.clock.sleep(6)
    caplog.set_level("INFO")
    assert function.operate("POST", "/reconcile")["venue_unavailable"] == []
    function.venue.unreadable = {unreadable}
    answer = function.operate("POST", "/reconcile")
    assert answer.status == 200
    assert answer["venue_unavailable"] == [{"read": read, "why": f"{unreadable} could not be read."}]
    assert [row["venue_unavailable"] for row in answer["looked_at"]] == [read == "orders"]
    before, after = [record for record in caplog.records if record.message == "reconcile.done"]
    assert (before.facts["unread"], after.facts["unread"]) == (0, 1)
