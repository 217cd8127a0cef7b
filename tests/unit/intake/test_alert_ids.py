"""An id that is no id makes the next signal a repeat of the last: nothing else is traded for it,
and everybody hears of it."""

from __future__ import annotations

import json
import logging

import pytest

from tests.support.clock import FakeClock
from tests.support.fake_venue import FakeVenue
from tests.support.faked_function import Function
from tests.support.intake import standard_webhooks, x_signature
from tests.support.row_by_row import row_by_row
from webhook_core.trading.requests import NotSent, Rejected

RULE = (
    "an id must be unique per firing, and neither an order id ({{strategy.order.id}}) nor "
    "{{time}} is"
)
UNSENT = NotSent("no connection to Kraken could be made")


@pytest.fixture
def heard(caplog):
    """The facts of every alert.id_reused so far."""
    caplog.set_level(logging.INFO)
    return lambda: [
        (r.levelname, r.facts) for r in caplog.records if r.message == "alert.id_reused"
    ]


@pytest.fixture
def done(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [r.facts for r in caplog.records if r.message == "alert.done"][-1]


def constant(function, **fields):
    """An alert whose bytes are the same at each firing."""
    return function.alert(fired_at=None, **fields)


@pytest.mark.parametrize("seconds", [61, 300, 86_400])
@pytest.mark.parametrize("name", ["a-1", "Long", "1", "buy", "2026-02-18T14:30:00Z"])
def test_the_same_bytes_later_than_any_resend_are_answered_loudly_and_not_traded(
    heard, done, name, seconds
):
    function = Function()
    first = function.post(constant(function, id=name))
    function.clock.sleep(seconds)
    again = function.post(constant(function, id=name))
    assert (again.status, again["code"], again["replayed"]) == (200, "accepted", True)
    assert again["order_id"] == first["order_id"]
    assert again["message"].startswith("Paper: NO NEW ORDER. This alert's id came first at ")
    assert f"{seconds} seconds before" in again["message"]
    assert again["message"].endswith("Kraken accepted the order.")
    assert RULE in again["warnings"][-1]
    assert "NOT traded" in again["warnings"][-1]
    ((level, facts),) = heard()
    assert (level, facts["alert_id"], facts["known_by"]) == ("WARNING", name, "id")
    assert (facts["after_s"], facts["same_body"], facts["state"]) == (seconds, True, "ACCEPTED")
    assert facts["first_received_at"] < function.clock.now()
    assert (done()["warnings"], done()["id_reused_after_s"]) == (again["warnings"], seconds)
    assert len(function.venue.submitted) == 1


@pytest.mark.parametrize("seconds", [0, 5, 27, 60])
def test_a_resend_of_tradingviews_says_nothing_of_the_kind(heard, seconds):
    function = Function()
    first = function.post(constant(function))
    function.clock.sleep(seconds)
    again = function.post(constant(function))
    assert again["message"] == first["message"] == "Paper: Kraken accepted the order."
    assert again["warnings"] == []
    assert heard() == []


@pytest.mark.parametrize(("seconds", "loud"), [(3, False), (60, False), (61, True), (3600, True)])
def test_the_same_id_with_another_message_is_a_conflict_that_says_what_an_id_is(
    heard, done, seconds, loud
):
    function = Function()
    function.post(function.alert())
    function.clock.sleep(seconds)
    again = function.post(function.alert(side="sell"))
    assert (again.status, again["code"]) == (409, "alert_conflict")
    assert RULE in again["message"]
    assert f"{seconds} seconds before" in again["message"]
    assert "nothing was sent for this one" in again["message"]
    assert [facts["same_body"] for _, facts in heard()] == [False] * loud
    assert len(again["warnings"]) == loud
    assert done().get("warnings", []) == again["warnings"]
    assert done()["reason"] == again["message"]
    assert len(function.venue.submitted) == 1


def test_what_was_not_sent_and_comes_again_too_late_is_not_sent_and_says_so(heard):
    function = Function()
    function.venue.refuse = [UNSENT]
    function.post(constant(function))
    function.clock.sleep(61)
    again = function.post(constant(function))
    assert (again.status, again["code"]) == (422, "expired")
    assert RULE in again["warnings"][-1]
    assert [facts["state"] for _, facts in heard()] == ["NOT_SENT"]
    assert len(function.venue.submitted) == 1


def test_what_was_not_sent_and_is_still_fresh_is_sent_and_no_answer_of_old_is_claimed(heard):
    function = Function({"ALERT_MAX_AGE_SECONDS": "300"})
    function.venue.refuse = [UNSENT]
    alert = function.alert()
    function.post(alert)
    function.clock.sleep(90)
    again = function.post(alert)
    assert (again.status, again["code"], again["replayed"]) == (200, "accepted", False)
    assert again["message"] == "Paper: Kraken accepted the order."
    assert RULE in again["warnings"][-1]
    assert len(heard()) == 1


def test_a_refusal_of_old_says_that_it_is_of_old():
    function = Function()
    function.venue.refuse = [Rejected(("EOrder:Insufficient funds",))]
    function.post(constant(function))
    function.clock.sleep(100)
    again = function.post(constant(function))
    assert again.status == 422
    assert again["message"].startswith("Paper: NO NEW ORDER. ")
    assert again["message"].endswith("Kraken said: EOrder:Insufficient funds.")
    assert again["error"].startswith("Kraken refused the order.")


def test_an_alert_without_id_and_firing_time_is_a_new_one_after_its_window(heard):
    function = Function()
    function.post(constant(function, id=None))
    function.clock.sleep(61)
    assert function.post(constant(function, id=None))["replayed"] is False
    assert heard() == []


def signing(secret="xsig-0123456789abcdef"):
    return Function({"WEBHOOK_TOKEN": "", "WEBHOOK_SECRET": secret})


def test_signed_bytes_without_id_and_firing_time_are_one_alert_for_ever_and_that_is_said(heard):
    function = signing()
    body = json.dumps(
        {"symbol": "BTCUSD", "side": "buy", "volume": "0.01", "price": "60000"}
    ).encode()
    headers = {name.replace("-", "_"): value for name, value in x_signature(body).items()}
    function.post(body, **headers)
    function.clock.sleep(61)
    again = function.post(body, **headers)
    assert again["replayed"] is True
    assert "An equal alert with neither an id nor a firing time came first" in again["warnings"][-1]
    assert [facts["known_by"] for _, facts in heard()] == ["body"]


def test_a_sender_of_standard_webhooks_may_repeat_itself_for_hours(heard):
    from tests.support.intake import SW_SECRET

    function = signing(SW_SECRET)
    body = json.dumps(
        {"symbol": "BTCUSD", "side": "buy", "volume": "0.01", "price": "60000"}
    ).encode()

    def post(text):
        stamp = str(int(function.clock.now().timestamp()))
        headers = standard_webhooks(text, timestamp=stamp)
        return function.post(
            text, **{name.replace("-", "_"): value for name, value in headers.items()}
        )

    post(body)
    function.clock.sleep(3600)
    again = post(body)
    assert (again["replayed"], again["warnings"]) == (True, [])
    assert heard() == []
    other = post(body.replace(b"buy", b"sell"))
    assert other.status == 409
    assert "An alert with this webhook-id came before" in other["message"]
    assert len(heard()) == 1


def test_a_lost_reply_that_is_looked_up_late_is_told_as_what_it_is(heard):
    clock = FakeClock()
    function = Function(clock=clock, venue=FakeVenue(clock=clock, lose_reply=True))
    function.post(constant(function))
    clock.sleep(120)
    again = function.post(constant(function))
    assert (again["code"], again["replayed"]) == ("accepted", False)
    assert len(heard()) == 1
    assert len(function.venue.submitted) == 1


@row_by_row
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"id": "Long", "order_id": "Long"}, "the same as the order id"),
        ({"id": "L1", "order_id": "L1"}, "the same as the order id"),
        ({"id": "my-strategy-2", "strategy": "my-strategy-2"}, "the same as the strategy's name"),
        ({"id": "BTCUSD"}, "the same as the symbol"),
        ({"id": "buy"}, "the same as the order's kind"),
        ({"id": "b1", "comment": "b1"}, "the same as the order id"),
        ({"id": "2026-02-18T14:30:00Z", "bar_time": "2026-02-18T14:30:00Z"}, "a field of the bar"),
        ({"id": "2026-02-18T14:30:00Z"}, "is a time"),
        ({"id": "2026-02-18 14:30"}, "is a time"),
        ({"id": "long"}, "a text without a number"),
        ({"id": "Close entry(s) order Long"}, "a text without a number"),
        ({"id": "1"}, "a short number"),
        ({"id": "2024"}, "a short number"),
    ],
)
def test_an_id_that_two_firings_can_share_is_told_at_the_first_and_traded(fields, says):
    function = Function()
    answer = function.post(function.alert(**fields))
    assert answer.status == 200
    (warning,) = answer["warnings"]
    assert says in warning
    assert RULE in warning


@pytest.mark.parametrize(
    "name",
    [
        "a-1",
        "trend/BTCUSD/60/1739889000000/Long",
        "0b29f2b4-6f0e-4d0e-9b52-6f1f3a2f9d11",
        "1739889000",
        "Long-7",
    ],
)
def test_an_id_that_may_be_one_is_left_in_peace(name):
    function = Function()
    assert function.post(function.alert(id=name, order_id="Long"))["warnings"] == []
