"""alert.done: one line for each delivery of an alert, whatever came of it."""

import logging
from decimal import Decimal

import pytest

from tests.support.clock import FakeClock
from tests.support.fake_venue import FakeVenue
from tests.support.faked_function import Function
from tests.support.memory_ledger import MemoryLedger
from webhook_core.application import ALERT_ROUTES
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import count, event, request_facts, timed
from webhook_core.trading.requests import NotSent, Rejected, Unknown

UNSENT = NotSent("no connection to Kraken could be made")


@pytest.fixture
def function():
    return Function(env={"ALLOWED_SYMBOLS": "BTC/USD"})


@pytest.fixture
def summaries(caplog):
    """Every summary so far, as (record, facts)."""
    caplog.set_level(logging.INFO)
    return lambda: [
        (record, record.facts) for record in caplog.records if record.message == "alert.done"
    ]


def last(summaries):
    return summaries()[-1][1]


def told(facts):
    return facts["outcome"], facts["code"], facts["status"], facts["replayed"]


@pytest.mark.parametrize(
    ("refuse", "fields", "expected"),
    [
        ([], {}, ("accepted", "accepted", 200, False)),
        ([], {"validate_only": True}, ("validated", "validated", 200, False)),
        (
            [Rejected(("EOrder:Insufficient funds",))],
            {},
            ("rejected", "order_rejected", 422, False),
        ),
        ([Rejected(("x",))], {"validate_only": True}, ("rejected", "order_rejected", 422, False)),
        ([UNSENT], {}, ("not_sent", "not_sent", 503, False)),
        ([Unknown("the reply was lost")], {}, ("unknown", "outcome_unknown", 503, False)),
        ([Unknown("x")], {"validate_only": True}, ("failed", "venue_unavailable", 503, False)),
        ([], {"symbol": "ETHUSD"}, ("denied", "order_denied", 422, False)),
        ([], {"symbol": "BTCUSD.P"}, ("denied", "alert_malformed", 400, False)),
        ([], {"fired_at": "2026-11-22T11:58:00Z"}, ("denied", "alert_stale", 401, False)),
        ([], {"token": "wrong-token-wrong-token"}, ("denied", "unauthenticated", 401, False)),
    ],
)
def test_each_end_of_an_alert_has_its_summary(function, summaries, refuse, fields, expected):
    function.venue.refuse = refuse
    answer = function.post(function.alert(**fields))
    ((record, facts),) = summaries()
    assert told(facts) == expected
    assert record.levelname == (
        "INFO" if answer.status < 400 else "WARNING" if answer.status < 500 else "ERROR"
    )
    assert (facts["status"], facts["code"], facts["request_id"]) == (
        answer.status,
        answer["code"],
        answer["request_id"],
    )
    assert None not in facts.values()


@pytest.mark.parametrize("path", ALERT_ROUTES)
def test_each_alert_route_leaves_one(function, summaries, path):
    function.post(function.alert(), path)
    function.post(function.alert(), f"{path}/")
    function.post(b"{" + b" " * 70_000, path)
    assert [facts["status"] for _, facts in summaries()] == [200, 200, 413]


def test_what_is_no_alert_has_no_summary(function, summaries):
    for method, path in [
        ("GET", "/"),
        ("GET", "/webhook/health"),
        ("GET", "/webhook/tradingview"),
        ("POST", "/nowhere"),
    ]:
        function.send(method, path)
    for method, path in [("POST", "/reconcile"), ("GET", "/orders"), ("GET", "/account")]:
        assert function.operate(method, path).status == 200
    assert summaries() == []


def test_what_was_wanted_stands_there_before_there_is_an_order(function, summaries):
    function.post(function.alert(symbol="ETHUSD", side="sell", volume="0.00000001"))
    facts = last(summaries)
    assert (facts["side"], facts["order_type"], facts["volume"]) == (
        "sell",
        "market",
        Decimal("0.00000001"),
    )
    assert (facts["alert_id"], facts["strategy"]) == ("a-1", "default")
    assert facts["symbol"] == "ETHUSD"
    assert "order_id" not in facts


def test_a_replay_names_the_order_and_sends_nothing(function, summaries):
    first, again = function.post(function.alert()), function.post(function.alert())
    assert again["replayed"] is True
    facts = last(summaries)
    assert told(facts) == ("accepted", "accepted", 200, True)
    assert (facts["order_id"], facts["client_order_id"]) == (
        first["order_id"],
        first["client_order_id"],
    )
    assert "send" not in facts["ms_by_stage"]


def test_a_conflict_names_the_order_that_stands(function, summaries):
    first = function.post(function.alert())
    assert function.post(function.alert(volume="0.02")).status == 409
    facts = last(summaries)
    assert told(facts) == ("denied", "alert_conflict", 409, False)
    assert facts["client_order_id"] == first["client_order_id"]


def test_a_redelivery_that_looks_the_order_up_says_how_long_that_took(summaries):
    clock = FakeClock()
    function = Function(clock=clock, venue=FakeVenue(clock=clock, spend_s=0.25, lose_reply=True))
    alert = function.alert()
    function.post(alert)
    assert last(summaries)["ms_by_stage"]["send"] == 250
    clock.sleep(6)
    assert function.post(alert)["code"] == "accepted"
    facts = last(summaries)
    assert facts["ms_by_stage"]["look_up"] == 500
    assert facts["ms"] == 500
    assert list(facts["ms_by_stage"]) == ["verify", "read", "claim", "plan", "look_up", "record"]


def test_a_second_attempt_is_summed_up_under_its_own_client_order_id(function, summaries):
    function.venue.refuse = [UNSENT]
    alert = function.alert()
    function.post(alert)
    first = last(summaries)
    function.clock.sleep(6)
    answer = function.post(alert)
    facts = last(summaries)
    assert told(facts) == ("accepted", "accepted", 200, False)
    assert facts["client_order_id"] == answer["client_order_id"] != first["client_order_id"]


class NoRecord(MemoryLedger):
    def record(self, entry):
        raise LedgerUnavailable("The ledger can't be written.")


def test_an_order_that_was_sent_and_not_recorded_is_unknown(summaries):
    function = Function(store=NoRecord())
    assert function.post(function.alert())["code"] == "ledger_unavailable"
    facts = last(summaries)
    assert told(facts) == ("unknown", "ledger_unavailable", 503, False)
    assert facts["client_order_id"] == function.venue.submitted[0][1]


def test_a_bug_before_the_send_is_a_failure(function, summaries):
    function.application.alerts.decider = None
    assert function.post(function.alert()).status == 500
    assert told(last(summaries)) == ("failed", "internal_error", 500, False)


class Worker:
    def __init__(self):
        self.clock = FakeClock()

    @timed("inner")
    def inner(self):
        self.clock.sleep(1)

    @timed("outer")
    def outer(self):
        self.clock.sleep(2)
        self.inner()

    @timed("broken")
    def broken(self):
        self.clock.sleep(3)
        raise ValueError


def test_stages_add_up_and_none_counts_inside_another():
    worker = Worker()
    with request_facts() as tally:
        worker.outer()
        worker.inner()
        worker.inner()
        with pytest.raises(ValueError):  # noqa: PT011
            worker.broken()
    assert tally.seconds == {"outer": 3, "inner": 2, "broken": 3}


def test_calls_are_counted_for_their_own_request_only():
    count("kraken_calls")
    with request_facts() as first:
        count("kraken_calls")
        with request_facts() as second:
            count("kraken_calls")
            count("kraken_calls")
        count("kraken_calls")
    assert (first.counts, second.counts) == ({"kraken_calls": 2}, {"kraken_calls": 2})
    Worker().outer()


def test_an_event_is_said_to_come_from_who_raised_it(caplog):
    event(logging.WARNING, "here")
    assert caplog.records[-1].funcName == "test_an_event_is_said_to_come_from_who_raised_it"
