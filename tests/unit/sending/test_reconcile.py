"""What may be concluded about an unknown order, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.fake_venue import FakeVenue
from tests.support.faked_function import Function
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.entry import REPLAYABLE, State
from webhook_core.trading.requests import NotSent, Unknown, VenueOrder

LOST = Unknown("the reply was lost")


@pytest.fixture
def function():
    return Function()


def unknown_order(function, **fields):
    """An alert whose order was sent and whose outcome nobody knows; the
    venue shows nothing of it."""
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


def test_absence_needs_an_open_read_after_deadline_and_margin_and_a_closed_read_a_margin_later(
    function,
):
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
    function.venue.closed_orders[client_order_id] = VenueOrder(
        "OLATE-AAAAA-AAAAAA", client_order_id, "closed"
    )
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


def unknowns(function, numbers):
    for number in numbers:
        unknown_order(function, id=f"a-{number}")
        function.clock.sleep(1)


def looked_at(function, **query):
    return [row["alert_id"] for row in function.operate("POST", "/reconcile", **query)["looked_at"]]


def a_slow_function():
    """60 orders in doubt, and a Kraken that needs so long that one run ends before half of them."""
    function = Function()
    unknowns(function, range(60))
    function.clock.sleep(10)
    function.venue.clock, function.venue.spend_s = function.clock, 0.4
    return function


def test_runs_without_a_cursor_go_on_where_the_last_one_ended():
    function, seen = a_slow_function(), set()
    for _ in range(5):
        seen |= set(looked_at(function))
        function.clock.sleep(30)
    assert seen == {f"a-{number}" for number in range(60)}


def test_an_order_of_this_minute_is_looked_at_in_this_minute_however_many_are_in_doubt():
    function = a_slow_function()
    for number in range(100, 110):
        function.venue.spend_s = 0
        unknowns(function, [number])
        function.clock.sleep(10)
        function.venue.spend_s = 0.4
        assert f"a-{number}" in looked_at(function)
        function.clock.sleep(30)


def test_a_kraken_that_takes_all_of_the_time_for_one_order_starves_none_of_the_others(function):
    unknowns(function, range(3))
    function.clock.sleep(10)
    function.venue.clock, function.venue.spend_s = function.clock, 11.5
    assert [looked_at(function) for _ in range(4)] == [["a-0"], ["a-1"], ["a-2"], ["a-0"]]


def test_no_order_is_looked_at_twice_in_one_run():
    function = a_slow_function()
    for _ in range(6):
        rows = looked_at(function)
        assert len(rows) == len(set(rows))


def test_a_run_that_meets_itself_has_seen_everything(function):
    """The oldest from one end, the newest from the other."""
    unknowns(function, range(20))
    function.clock.sleep(10)
    function.venue.clock, function.venue.spend_s = function.clock, 0.5
    report = function.operate("POST", "/reconcile")
    assert {row["alert_id"] for row in report["looked_at"]} == {
        f"a-{number}" for number in range(20)
    }
    assert report["cursor"] is None


def test_an_empty_cursor_begins_at_the_oldest_order():
    function = a_slow_function()
    first = looked_at(function, cursor="")
    looked_at(function)
    assert first[0] == "a-0"
    assert looked_at(function, cursor="")[: len(first)] == first


@pytest.mark.parametrize("text", ["nonsense", "\x00", "MjAyNg==", "x" * 5000])
def test_a_place_that_is_none_begins_at_the_oldest_order(text):
    function = a_slow_function()
    assert function.store.write("reconcile:paper:default", text, None)
    assert looked_at(function)[0] == "a-0"


def test_two_runs_at_once_leave_a_place_to_go_on():
    """One ends while the other is at work: the place that is kept is one of theirs."""
    function, seen = a_slow_function(), set()
    documents = function.store
    other = Function(clock=function.clock, store=function.store, venue=function.venue)
    real_read, ran = documents.read, []

    def read(name):
        found = real_read(name)
        if name.startswith("reconcile:") and not ran:
            ran.append(True)
            seen.update(looked_at(other))
        return found

    documents.read = read
    for _ in range(5):
        seen |= set(looked_at(function))
    assert seen == {f"a-{number}" for number in range(60)}


def test_a_place_that_cannot_be_kept_costs_no_run(caplog):
    function = a_slow_function()

    def write(name, text, before):
        raise LedgerUnavailable("The ledger is not available: the test says so.")

    function.store.write = write
    answer = function.operate("POST", "/reconcile")
    assert (answer.status, bool(answer["looked_at"])) == (200, True)
    assert "reconcile.place_not_kept" in [record.message for record in caplog.records]


# -- an order of another generation ----------------------------------------------------------------


@pytest.mark.parametrize("where", ["listed_open", "closed_orders"])
@pytest.mark.parametrize(
    ("older", "found"),
    [(90, False), (2, False), (0.5, True), (0, True), (-0.001, True), (None, True)],
)
def test_an_order_that_was_opened_long_before_its_claim_is_another_generations(
    function, where, older, found
):
    """A purged alert that comes again has the client order id of then, and that order may still be
    there."""
    unknown = unknown_order(function, id=None, fired_at=None)
    client_order_id, now = unknown["client_order_id"], function.clock.now()
    opened_at = None if older is None else now - timedelta(days=older)
    order = VenueOrder("OLD", client_order_id, "open", {}, opened_at)
    getattr(function.venue, where)[client_order_id] = order
    for _ in range(3):
        function.clock.sleep(75)
        function.operate("POST", "/reconcile")
    assert state(function) == ("ACCEPTED" if found else "NOT_PLACED")


def test_behind_an_old_order_that_is_open_the_closed_ones_are_looked_through(function):
    unknown = unknown_order(function)
    client_order_id, now = unknown["client_order_id"], function.clock.now()
    function.venue.listed_open[client_order_id] = VenueOrder(
        "OLD", client_order_id, "open", {}, now - timedelta(days=95)
    )
    function.venue.closed_orders[client_order_id] = VenueOrder(
        "ONEW", client_order_id, "closed", {}, now
    )
    function.clock.sleep(6)
    function.operate("POST", "/reconcile")
    (row,) = function.operate("GET", "/orders")["orders"]
    assert (row["state"], row["order_id"]) == ("ACCEPTED", "ONEW")


def test_every_state_has_a_log_event():
    from webhook_core.ledger.entry_report import _EVENTS

    assert set(_EVENTS) == set(State)


def test_every_state_has_an_answer_and_a_reason_or_a_way_to_be_replayed():
    from webhook_core.operations.replay_search import NOT_REPLAYABLE
    from webhook_core.web.status_and_reason import _OF_STATE, _SENTENCES

    assert set(_OF_STATE) == set(_SENTENCES) == set(State)
    assert set(NOT_REPLAYABLE) == set(State) - REPLAYABLE


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
    # The rules are refreshed, its own trades and open orders read, and nobody is asked about the
    # order.
    assert set(paper.venue.calls) == {"instruments", "open_orders", "trades"}
    assert state(live) == "SUBMITTING"
    live.operate("POST", "/reconcile")
    assert state(live) == "ACCEPTED"


@pytest.mark.parametrize(
    ("unreadable", "read"),
    [("find_open", "orders"), ("fills", "fills"), ("instruments", "pair_rules")],
)
def test_the_answer_of_a_run_and_its_log_line_say_what_could_not_be_read(
    function, caplog, unreadable, read
):
    function.post(function.alert(id="settled"))
    unknown_order(function)
    function.clock.sleep(6)
    caplog.set_level("INFO")
    assert function.operate("POST", "/reconcile")["venue_unavailable"] == []
    function.venue.unreadable = {unreadable}
    answer = function.operate("POST", "/reconcile")
    assert answer.status == 200
    assert answer["venue_unavailable"] == [
        {"read": read, "why": f"{unreadable} could not be read."}
    ]
    assert [row["venue_unavailable"] for row in answer["looked_at"]] == [read == "orders"]
    before, after = [record for record in caplog.records if record.message == "reconcile.done"]
    assert (before.facts["unread"], after.facts["unread"]) == (0, 1)
