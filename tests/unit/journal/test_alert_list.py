"""The list of all alerts: filters, pages, and one alert in full, over HTTP and by the
store's own parts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.faked_function import Function
from webhook_core.clock import Budget
from webhook_core.journal.alert_list import RowFilter, list_alerts
from webhook_core.journal.streams import cursor_of, places_in
from webhook_core.trading.requests import Rejected


@pytest.fixture
def day():
    """Four alerts: traded, rejected, denied, malformed; a minute apart, oldest first."""
    function = Function(env={"ALLOWED_SYMBOLS": "BTC/USD"})
    function.post(function.alert(id="traded", strategy_name="trend"))
    function.clock.sleep(60)
    function.venue.refuse = [Rejected(("EOrder:Insufficient funds",))]
    function.post(function.alert(id="rejected", strategy_name="trend", symbol="XBTUSD"))
    function.venue.refuse = []
    function.clock.sleep(60)
    function.post(function.alert(id="denied", strategy_name="swing", symbol="ETHUSD"))
    function.clock.sleep(60)
    function.post(function.alert(id="malformed", strategy_name="swing", side="hodl"))
    return function


def ids(function, **query):
    answer = function.operate("GET", "/alerts", **query)
    assert answer.status == 200, answer.document
    return [row["alert_id"] for row in answer["alerts"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["malformed", "denied", "rejected", "traded"]),
        ({"refused": "true"}, ["malformed", "denied", "rejected"]),
        ({"refused": "false"}, ["malformed", "denied", "rejected", "traded"]),
        ({"since": "90s"}, ["malformed", "denied"]),
        ({"since": "1d"}, ["malformed", "denied", "rejected", "traded"]),
        ({"strategy": "trend"}, ["rejected", "traded"]),
        ({"strategy": "trend", "refused": "1"}, ["rejected"]),
        ({"symbol": "BTC/USD"}, ["malformed", "rejected", "traded"]),
        ({"symbol": "ethusd"}, ["denied"]),
        ({"symbol": "KRAKEN:ETHUSD"}, ["denied"]),
        ({"symbol": "SOL/USD"}, []),
        ({"outcome": "denied"}, ["denied"]),
        ({"outcome": "Denied, malformed"}, ["malformed", "denied"]),
        ({"search": "insufficient FUNDS"}, ["rejected"]),
        ({"search": "ETH"}, ["denied"]),
        ({"search": "no such words"}, []),
        ({"alert": "traded"}, ["traded"]),
        ({"limit": "2"}, ["malformed", "denied"]),
    ],
)
def test_filters(day, query, found):
    assert ids(day, **query) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"outcome": "bought"}, "outcome"),
        ({"outcome": ","}, "outcome"),
        ({"refused": "maybe"}, "refused"),
        ({"since": "yesterday"}, "since"),
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"cursor": "junk"}, "cursor"),
        ({"cursor": "W251bGxd"}, "cursor"),
        ({"cursor": "WyJqdW5rIiwiIl0="}, "cursor"),
        ({"id": "never-was"}, "id"),
        ({"id": "d"}, "id"),
    ],
)
def test_what_is_asked_wrongly_is_named(day, query, field):
    answer = day.operate("GET", "/alerts", **query)
    assert (answer.status, answer["field"]) == (400, field)


@pytest.mark.parametrize("limit", ["1", "2", "3"])
def test_pages_follow_each_other_without_a_gap(day, limit):
    found, cursor = [], ""
    while True:
        answer = day.operate("GET", "/alerts", limit=limit, cursor=cursor)
        found += [row["alert_id"] for row in answer["alerts"]]
        cursor = answer["cursor"]
        if cursor is None:
            break
    assert found == ["malformed", "denied", "rejected", "traded"]


def test_only_the_operator_may_read(day):
    assert day.operate("GET", "/alerts", token="another-token-0123456").status == 401
    assert day.send("GET", "/alerts").status == 401


def test_one_alert_in_full_has_its_delivery_its_leg_and_its_attempts(day):
    known = day.operate("GET", "/alerts", id="rejected")["alert"]
    (leg,) = known["legs"]
    assert leg["attempts"][0]["errors"] == ["EOrder:Insufficient funds"]
    assert leg["request"]["volume"] == "0.01"
    (delivery,) = known["deliveries"]
    assert delivery["outcome"] == "rejected"


@pytest.mark.parametrize("written", ["denied", "denie", "deni…"])
def test_one_alert_is_found_by_the_beginning_of_its_id(day, written):
    known = day.operate("GET", "/alerts", id=written)["alert"]
    (delivery,) = known["deliveries"]
    assert (known["alert_id"], known["legs"]) == ("denied", [])
    assert delivery["fields"]["volume"] == "0.01"
    assert "ETH" in delivery["reason"]


def test_each_delivery_that_was_refused_is_told(day):
    day.clock.sleep(1)
    day.post(day.alert(id="denied", strategy_name="swing", symbol="ETHUSD"))
    deliveries = day.operate("GET", "/alerts", id="denied")["alert"]["deliveries"]
    assert [each["outcome"] for each in deliveries] == ["denied", "denied"]
    assert deliveries[0]["at"] < deliveries[1]["at"]


@settings(max_examples=examples(60))
@given(
    kinds=st.lists(st.sampled_from(["entry", "note", "both"]), max_size=12),
    limit=st.integers(1, 5),
)
def test_two_lists_are_merged_by_time_and_every_alert_is_shown_once(kinds, limit):
    function, wanted = Function(env={"ALLOWED_SYMBOLS": "BTC/USD"}), []
    for number, kind in enumerate(kinds):
        if kind in ("entry", "both"):
            function.post(function.alert(id=f"e{number}"))
            wanted.append(f"e{number}")
        if kind in ("note", "both"):
            function.clock.sleep(1)
            function.post(function.alert(id=f"n{number}", side="hodl"))
            wanted.append(f"n{number}")
        function.clock.sleep(1)
    found, cursor = [], None
    while True:
        budget = Budget.start(function.clock, 25)
        page = list_alerts(function.store, RowFilter(), limit, budget, cursor)
        found += [row.alert_id for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.rows) == limit
        assert cursor_of(*places_in(cursor)) == cursor
    assert found == wanted[::-1]


@pytest.mark.parametrize("path", ["/alerts", "/orders", "/report"])
@pytest.mark.parametrize("name", ["strategi", "mnth", "State", "offset"])
def test_a_filter_that_the_route_does_not_have_is_named(day, path, name):
    answer = day.operate("GET", path, **{name: "x"})
    assert (answer.status, answer["field"]) == (400, name)
    assert "strategy" in answer["error"]


@pytest.mark.parametrize("name", ["", "a b", "x" * 41, "<script>"])
def test_one_that_is_no_name_is_not_repeated(day, name):
    answer = day.operate("GET", "/alerts", **{name: "x"})
    assert (answer.status, answer["field"]) == (400, None)
    assert name == "" or name not in answer["error"]
