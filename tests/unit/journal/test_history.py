"""What is kept of an alert that came with a proof, what is not, and that the history
never changes an answer."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest

from tests.support.faked_function import OPERATOR, TOKEN, Function
from tests.support.memory_ledger import MemoryLedger
from webhook_core.errors import LedgerUnavailable, WebhookError
from webhook_core.journal import history
from webhook_core.journal.hourly import counted_since, lost_document
from webhook_core.journal.record import OUTCOMES, outcome_of
from webhook_core.sending.firing import MOST_CHECKS, kept_checks
from webhook_core.trading import checks
from webhook_core.trading.requests import NotSent, Rejected, Unknown


class CountingStore(MemoryLedger):
    """Counts the notes that are asked of it, and fails them if told to."""

    def __init__(self, failure=None):
        super().__init__()
        self.asked, self.failure = 0, failure

    def add_note(self, note):
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        super().add_note(note)


@pytest.fixture
def function():
    return Function(
        env={"ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "1000 USD"}, store=CountingStore()
    )


def alerts(function, **query):
    answer = function.operate("GET", "/alerts", **query)
    assert answer.status == 200, answer.document
    return answer["alerts"]


@pytest.mark.parametrize(
    ("fields", "outcome", "code", "word"),
    [
        ({"symbol": "ETHUSD"}, "denied", "order_denied", "ETH"),
        ({"volume": "1"}, "denied", "order_denied", "1000"),
        ({"symbol": None}, "malformed", "alert_malformed", "symbol"),
        ({"side": "hold"}, "malformed", "alert_malformed", "side"),
        ({"volume": "NaN"}, "malformed", "alert_malformed", "volume"),
        ({"stop_prce": "1"}, "malformed", "alert_malformed", "stop_p"),
        ({"fired_at": "2020-01-01T00:00:00Z"}, "stale", "alert_stale", "ago"),
        ({"validate_only": True}, "validated", "validated", ""),
    ],
)
def test_an_alert_without_an_entry_leaves_its_reason(function, fields, outcome, code, word):
    answer = function.post(function.alert(**fields))
    assert answer["code"] == code
    (row,) = alerts(function)
    assert (row["outcome"], row["code"], row["alert_id"]) == (outcome, code, "a-1")
    assert row["reason"] == (answer["error"] or "")
    assert word.lower() in row["reason"].lower()
    assert row["field"] == answer["field"]
    assert function.store.asked == 1


@pytest.mark.parametrize(
    ("refuse", "outcome"),
    [
        ([], "accepted"),
        ([Rejected(("EOrder:Insufficient funds",))], "rejected"),
        ([NotSent("no connection")] * 3, "not_sent"),
        ([Unknown("lost")], "unknown"),
    ],
)
def test_the_entry_of_an_alert_is_its_record_and_costs_no_further_write(function, refuse, outcome):
    function.venue.refuse = list(refuse)
    function.post(function.alert())
    (row,) = alerts(function)
    assert row["outcome"] == outcome
    assert row["asked"] == "buy 0.01 BTC/USD market"
    assert function.store.asked == 0


def test_a_size_in_quote_is_told_with_its_currency(function):
    function.post(function.alert(volume="200", quantity_type="quote"))
    (row,) = alerts(function)
    assert row["asked"] == "buy 200 USD BTC/USD market"


def test_a_conflict_stands_beside_the_entry_of_the_first(function):
    function.post(function.alert())
    function.clock.sleep(1)
    assert function.post(function.alert(volume="0.005")).status == 409
    assert [row["outcome"] for row in alerts(function)] == ["conflict", "accepted"]


def test_an_id_that_comes_again_too_late_is_kept_though_it_is_answered(function):
    alert = function.alert(fired_at=None)
    function.post(alert)
    function.clock.sleep(3600)
    assert function.post(alert).status == 200
    newest, first = alerts(function)
    assert (newest["outcome"], first["outcome"]) == ("id_reused", "accepted")
    assert "id" in newest["reason"]


def test_an_alert_that_was_missed_and_is_denied_then_is_listed_once(function):
    alert = function.alert(volume="50", quantity_type="percent_balance")
    function.venue.unreadable = {"balances"}
    assert function.post(alert).status == 503
    assert [row["outcome"] for row in alerts(function)] == ["missed"]
    function.venue.unreadable = set()
    assert function.post(alert).status == 422
    assert [row["outcome"] for row in alerts(function)] == ["denied"]
    assert function.store.asked == 1  # its resend's


@pytest.mark.parametrize(
    "body",
    [
        {"token": "wrong-token-wrong-token", "symbol": "BTCUSD"},
        {"symbol": "BTCUSD"},
        b"not json",
        b"",
    ],
)
def test_a_request_without_a_proof_is_counted_by_the_hour_and_nothing_of_it_kept(function, body):
    for _ in range(3):
        function.post(body)
    assert function.store.asked == 0
    answer = function.operate("GET", "/alerts")
    assert answer["alerts"] == []
    (hour,) = answer["without_proof"]
    assert hour["requests"] == 3
    assert hour["hour"].endswith(":00:00Z") or ":00:00" in hour["hour"]


def test_the_counts_of_several_instances_are_added_and_a_reconcile_stores_them(function):
    other = Function(env=function.env, store=function.store, clock=function.clock)
    function.post(b"junk")
    other.post(b"junk")
    assert function.operate("POST", "/reconcile").status == 200
    (hour,) = other.operate("GET", "/alerts")["without_proof"]
    assert hour["requests"] == 2
    (again,) = other.operate("GET", "/alerts")["without_proof"]
    assert again["requests"] == 2


@pytest.mark.parametrize("failure", [LedgerUnavailable("away"), RuntimeError("a bug")])
def test_a_history_that_fails_changes_no_answer(failure, caplog):
    good, bad = Function(), Function(store=CountingStore(failure))
    wanted = good.post(good.alert(volume="0"))
    found = bad.post(bad.alert(volume="0"))
    assert bad.store.asked == 1
    for answer in (wanted, found):
        answer.document.pop("request_id")
    assert (found.status, found.document) == (wanted.status, wanted.document)
    assert [r.message for r in caplog.records if r.message.startswith("history.")] == [
        "history.not_kept"
    ]


@pytest.mark.parametrize("failure", [LedgerUnavailable("away"), RuntimeError("a bug")])
def test_a_record_that_could_not_be_written_is_counted_by_the_hour(failure):
    function = Function(store=CountingStore(failure))
    for number in range(3):
        function.post(function.alert(id=f"n{number}", volume="0"))
    assert function.store.asked == 3
    (hour,) = function.operate("GET", "/alerts")["not_written"]
    assert hour["records"] == 3
    other = Function(env=function.env, store=function.store, clock=function.clock)
    assert other.operate("GET", "/alerts")["not_written"] == [hour]
    function.store.failure = None
    function.post(function.alert(id="kept", volume="0"))
    assert other.operate("GET", "/alerts")["not_written"] == [hour]
    assert counted_since(function.store, lost_document("live", "default")) == []


def test_what_could_not_be_counted_is_counted_by_the_next_run():
    function = Function(store=CountingStore(LedgerUnavailable("away")))
    function.post(function.alert(volume="0"))
    write, function.store.write = function.store.write, lambda *_: False
    assert function.operate("GET", "/alerts")["not_written"] == []
    function.store.write = write
    assert function.operate("GET", "/alerts")["not_written"][0]["records"] == 1


def test_an_alert_whose_ledger_fails_is_counted_too():
    function = Function(store=CountingStore())
    claim, function.store.claim = function.store.claim, _away
    assert function.post(function.alert()).status == 503
    function.store.claim = claim
    assert function.operate("GET", "/alerts")["not_written"][0]["records"] == 1
    assert function.post(function.alert(id="another")).status == 200
    assert function.operate("GET", "/alerts")["not_written"][0]["records"] == 1


def _away(*_arguments, **_named):
    raise LedgerUnavailable("away")


def test_with_no_time_left_nothing_is_begun_and_the_log_says_so(function, caplog):
    caplog.set_level(logging.WARNING)
    document = function.alert(volume="0")
    request_at = function.clock.now()
    function.clock.sleep(2.9)
    body = json.dumps(document).encode()
    from webhook_core.web.messages import HttpRequest

    request = HttpRequest("POST", "/", {}, {}, body, "127.0.0.1", request_at)
    assert function.application.handle(request).status == 400
    assert function.store.asked == 0
    assert "history.not_kept" in [record.message for record in caplog.records]


@pytest.mark.parametrize(
    "fields",
    [
        {"id": TOKEN, "volume": "0"},
        {"strategy_name": TOKEN, "volume": "0"},
        {"symbol": TOKEN},
        {"side": TOKEN},
        {"alert_message": TOKEN, "volume": "0"},
        {"volume": TOKEN},
        {"nonsense": TOKEN, "volume": "0"},
        {"id": OPERATOR, "volume": "0"},
    ],
)
def test_no_secret_is_ever_kept_wherever_it_stands(function, fields):
    function.post(function.alert(**fields))
    assert function.store.asked == 1
    kept = " ".join(f"{note}" for note in function.store.notes().notes)
    assert TOKEN not in kept
    assert OPERATOR not in kept
    assert TOKEN[:8] not in kept


def test_the_records_of_a_minute_are_bounded_and_a_bound_that_was_hit_says_so(function, caplog):
    caplog.set_level(logging.WARNING)
    for number in range(history.MOST_A_MINUTE + 10):
        function.post(function.alert(id=f"n-{number}", volume="0"))
    assert function.store.asked == history.MOST_A_MINUTE + 1
    (full,) = alerts(function, outcome="not_kept")
    assert str(history.MOST_A_MINUTE) in full["reason"]
    assert [r.message for r in caplog.records].count("history.full") == 1
    function.clock.sleep(60)
    function.post(function.alert(id="after", volume="0"))
    (after,) = alerts(function, alert="after")
    assert after["not_kept"] == 10


def test_what_is_older_than_its_days_goes_with_a_reconcile():
    function = Function(env={"HISTORY_DAYS": "2"})
    function.post(function.alert(volume="0"))
    function.clock.sleep(timedelta(days=2).total_seconds() - 1)
    function.operate("POST", "/reconcile")
    assert len(alerts(function)) == 1
    function.clock.sleep(2)
    assert function.operate("POST", "/reconcile")["purged"] == 1
    assert alerts(function) == []


def test_the_doctors_own_alert_leaves_no_record(function):
    from webhook_core.operations.doctor_alert import check_alert

    assert list(check_alert(function.application))
    assert function.store.asked == 0


def test_the_checks_of_a_refused_alert_are_kept_up_to_the_one_that_refused(function):
    function.post(function.alert(volume="1"))
    (delivery,) = function.operate("GET", "/alerts", id="a-1")["alert"]["deliveries"]
    made = [(check["rule"], check["verdict"]) for check in delivery["checks"]]
    assert made[0] == ("ALLOWED_SYMBOLS", "passed")
    assert made[-1] == ("MAX_ORDER_COST", "denied")
    assert [verdict for _, verdict in made].count("denied") == 1
    assert delivery["checks"][-1]["numbers"]["cost"] == "60000"


def checks_of(function, alert_id="a-1"):
    (delivery, *_) = function.operate("GET", "/alerts", id=alert_id)["alert"]["deliveries"]
    return [(check["rule"], check["verdict"], check["numbers"]) for check in delivery["checks"]]


def test_an_order_that_was_sent_shows_every_check_as_its_validation_does(function):
    function.post(function.alert())
    function.post(function.alert(id="tried", validate_only=True))
    sent, tried = checks_of(function), checks_of(function, "tried")
    assert sent == tried
    numbers = {rule: numbers for rule, _, numbers in sent}
    assert (numbers["MAX_ORDER_COST"]["cost"], numbers["MAX_ORDER_COST"]["max"]) == ("600", "1000")
    assert function.store.asked == 1


@pytest.mark.parametrize("outcome", [Rejected(("EOrder:Insufficient funds",)), Unknown("lost")])
def test_the_checks_stay_whatever_became_of_the_order(function, outcome):
    function.venue.refuse = [outcome]
    function.post(function.alert())
    assert "MAX_ORDER_COST" in [rule for rule, *_ in checks_of(function)]


def test_each_leg_of_an_alert_leaves_its_checks():
    function = Function(env={"MAX_ORDER_COST": "1000 USD"})
    orders = [{"side": "buy", "volume": volume, "price": "60000"} for volume in ("0.01", "0.005")]
    function.post(function.alert(side=None, volume=None, price=None, orders=orders))
    made = checks_of(function)
    costs = [numbers["cost"] for rule, _, numbers in made if rule == "MAX_ORDER_COST"]
    assert costs == ["600", "300"]
    kept = {entry.unit.leg: bool(entry.checks) for entry in function.store.entries().entries}
    assert kept == {0: True, 1: False}


def test_a_place_of_a_count_that_was_taken_with_the_claim_is_among_the_checks():
    function = Function(env={"ORDERS_PER_DAY": "3"})
    function.post(function.alert(id="first"))
    function.post(function.alert())
    (used,) = [numbers for rule, _, numbers in checks_of(function) if rule == "ORDERS_PER_DAY"]
    assert used == {"used": "1", "max": "3", "wanted": "1"}


def test_what_many_orders_leave_is_bounded_and_each_check_is_kept_once():
    made = [checks.passed("MAX_ORDER_COST", cost=str(number // 2)) for number in range(600)]
    kept = kept_checks(made)
    assert [check.numbers["cost"] for check in kept] == [str(n) for n in range(MOST_CHECKS)]


def test_each_resend_is_shown_and_none_is_an_alert_of_its_own(function):
    alert = function.alert()
    function.venue.refuse = [NotSent("no connection")]
    assert function.post(alert).status == 503
    function.clock.sleep(5)
    assert function.post(alert).status == 200
    function.clock.sleep(5)
    assert function.post(alert)["replayed"]
    known = function.operate("GET", "/alerts", id="a-1")["alert"]
    assert [(row["outcome"], row["code"]) for row in known["deliveries"]] == [
        ("accepted", "accepted"),
        ("resent", "accepted"),
        ("resent", "accepted"),
    ]
    assert [row["outcome"] for row in alerts(function)] == ["accepted"]


def test_resends_take_no_record_of_a_refused_alert(function):
    alert = function.alert()
    for _ in range(history.MOST_A_MINUTE + 10):
        function.post(alert)
    function.post(function.alert(id="refused", volume="0"))
    assert [row["alert_id"] for row in alerts(function)] == ["refused", "a-1"]


@pytest.mark.parametrize("failure", [LedgerUnavailable("away"), RuntimeError("a bug")])
def test_a_resend_that_is_not_kept_is_no_alert_that_may_be_missing(failure):
    function = Function(store=CountingStore(failure))
    alert = function.alert()
    assert [function.post(alert).status for _ in range(2)] == [200, 200]
    assert function.store.asked == 1
    assert function.operate("GET", "/alerts")["not_written"] == []


UNPROVED = {"unauthenticated", "not_configured", "ledger_unavailable"}
"""Of these no record is kept: nobody has proved himself, or there is nothing to write to."""


def errors_below(kind):
    return [kind, *(below for one in kind.__subclasses__() for below in errors_below(one))]


def test_whatever_an_alert_is_refused_with_is_an_outcome_that_can_be_asked_for():
    codes = {kind.code for kind in errors_below(WebhookError)} - UNPROVED
    assert {"rate_limited", "loss_unknown", "internal_error"} <= codes
    no_alerts = {"method_not_allowed", "not_found", "body_too_large", "body_late", "replay_refused"}
    no_alerts.add("logs_unreadable")  # of a command; known where a test has imported it
    assert {outcome_of(code) for code in codes - no_alerts} <= {*OUTCOMES}
