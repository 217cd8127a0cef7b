"""A person at a terminal reads one line for each alert: time, outcome, strategy, order, reason."""

from __future__ import annotations

import io
import logging

import pytest

from tests.support.faked_function import Function
from tests.support.logger import logging_as_it_was
from webhook_core.cloud import logs
from webhook_core.events import event, request_facts
from webhook_core.trading.requests import Rejected, Unknown


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    with logging_as_it_was():
        yield


@pytest.fixture
def function():
    return Function({"ALLOWED_SYMBOLS": "BTC/USD"})


def printed(act, level="INFO"):
    """The lines without their clock."""
    stream = io.StringIO()
    logs.configure(level, "console", stream)
    act()
    lines = stream.getvalue().splitlines()
    assert all(
        line[2] == line[5] == ":" and line[8] == " "
        for line in lines
        if not line.startswith("    ")
    )
    return [line[9:] if not line.startswith("    ") else line for line in lines]


def parts(line):
    return [part.strip() for part in line.split("  ") if part.strip()]


def test_an_alert_that_a_pause_stopped_says_so(function):
    function.operate("POST", "/pause", why="bad day")
    (line,) = printed(lambda: function.post(function.alert()))
    assert parts(line)[0] == "422 paused"


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "out_of_scope", "403 out of scope"),
        (409, "superseded", "409 superseded"),
        (422, "order_denied", "422 denied"),
    ],
)
def test_a_refusal_is_called_by_what_stopped_it(status, code, says):
    facts = {"outcome": "denied", "code": code, "status": status}
    (line,) = printed(lambda: event(logging.INFO, "alert.done", **facts))
    assert parts(line)[0] == says


@pytest.mark.parametrize(
    ("refuse", "fields", "expected"),
    [
        ([], {}, ["200 accepted", "default", "buy 0.01 BTC/USD market", "O1"]),
        ([], {"strategy": "trend", "volume": "1e-3"},
            ["200 accepted", "trend", "buy 0.001 BTC/USD market", "O1"]),
        ([], {"validate_only": True}, ["200 validated", "default", "buy 0.01 BTC/USD market"]),
        (
            [Rejected(("EOrder:Insufficient funds",))],
            {},
            [
                "422 rejected", "default", "buy 0.01 BTC/USD market",
                "Kraken refused the order. Kraken said: EOrder:Insufficient funds.",
            ],
        ),
        (
            [],
            {"symbol": "ETHUSD"},
            ["422 denied", "default", "buy 0.01 ETHUSD market", "ALLOWED_SYMBOLS: ETH/USD"],
        ),
        (
            [],
            {"volume": "0,5"},
            ["400 malformed", "default", "BTCUSD",
                "volume holds a comma. The decimal sign is a point: write"],
        ),
        ([], {"token": "no-token-of-anybody"},
            ["401 no proof", "no configured secret matches (token)"]),
    ],
)  # fmt: skip
def test_each_end_of_an_alert_is_one_line(function, refuse, fields, expected):
    function.venue.refuse = refuse
    (line,) = printed(lambda: function.post(function.alert(**fields)))
    found = parts(line)
    assert len(found) == len(expected)
    for part, wanted in zip(found, expected, strict=True):
        assert part.startswith(wanted.removesuffix("O1"))


def test_a_repeat_a_close_and_an_unknown_say_what_they_are(function):
    first, second = printed(lambda: [function.post(function.alert()) for _ in range(2)])
    assert parts(first)[0] == "200 accepted"
    assert parts(second)[0] == "200 accepted before"
    assert parts(second)[1:] == parts(first)[1:]
    untouched = Function()
    (nothing,) = printed(
        lambda: untouched.post(untouched.alert(id="c-1", action="close", side=None, volume=None))
    )
    assert parts(nothing)[:2] == ["200 no action", "default"]
    function.venue.refuse = [Unknown("the reply was lost")]
    (line,) = printed(lambda: function.post(function.alert(id="u-1")))
    assert parts(line)[0] == "503 unknown"
    assert "the reply was lost" in line


def test_a_repeated_id_is_not_to_be_overlooked(function):
    function.post(function.alert(fired_at=None))
    function.clock.sleep(300)
    (line,) = printed(lambda: function.post(function.alert(fired_at=None)))
    assert parts(line)[0] == "200 REPEATED ID"
    assert "NOT traded" in line


def test_warnings_stand_at_the_end_in_brackets(function):
    (line,) = printed(lambda: function.post(function.alert(volume="0.0123456789")))
    assert line.endswith("(volume 0.0123456789 was rounded down to 0.01234567)")


def test_debug_shows_what_the_line_sums_up_and_the_rest_of_it(function):
    order, done = printed(lambda: function.post(function.alert()), level="DEBUG")
    assert order.startswith("INFO order.accepted request_id=")
    assert parts(done)[0] == "200 accepted"
    for fact in (
        "request_id=",
        "alert_id=a-1",
        "client_order_id=",
        "mode=paper",
        "kraken_calls=",
        "ms=",
        "ms_by_stage=",
    ):
        assert f" {fact}" in done


def test_a_crash_keeps_its_traceback(function):
    function.application.alerts.decider = None
    first, *rows, last = printed(lambda: function.post(function.alert()))
    assert first.startswith("CRITICAL request.crashed")
    assert rows
    assert all(row.startswith("    ") for row in rows)
    assert parts(last)[0] == "500 crashed"


@pytest.mark.parametrize(
    ("name", "level", "shown"),
    [
        ("order.accepted", logging.INFO, False),
        ("order.unknown", logging.ERROR, False),
        ("request.alert_malformed", logging.WARNING, False),
        ("alert.id_reused", logging.WARNING, False),
        ("order.contradicts_ledger", logging.CRITICAL, True),
        ("ledger.outcome_not_recorded", logging.CRITICAL, True),
        ("pair_rules.not_read", logging.WARNING, True),
        ("alert.done", logging.INFO, True),
    ],
)
def test_only_what_the_line_sums_up_is_left_out_and_only_where_there_is_one(name, level, shown):
    def within(sums_up):
        with request_facts() as tally:
            tally.sums_up = sums_up
            event(level, name)

    assert len(printed(lambda: within(True))) == shown
    assert len(printed(lambda: within(False))) == 1
    assert len(printed(lambda: within(True), level="DEBUG")) == 1
    assert len(printed(lambda: event(level, name))) == 1


def test_a_failed_proof_of_an_operator_has_its_line(function):
    (line,) = printed(lambda: function.operate("GET", "/orders", token="wrong"))
    assert line.startswith("WARNING request.unauthenticated")


@pytest.mark.parametrize("value", ["a\nb", "\x1b[31m", "a\r\u2028b", {"a": "b\nc"}, ["x"], None, 3])
def test_no_fact_of_an_alert_breaks_its_line(value):
    facts = dict.fromkeys(
        ("outcome", "strategy", "symbol", "side", "reason", "order_id", "action"), value
    )
    (line,) = printed(
        lambda: event(logging.INFO, "alert.done", status=200, warnings=[value], **facts)
    )
    assert line.isprintable()
