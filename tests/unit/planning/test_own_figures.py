"""What is held, where Kraken's figures do not show our own last orders: counted by what
those orders filled."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.faked_function import Function
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill, NotSent

D = Decimal


@pytest.fixture
def function():
    made = Function()
    made.venue.held = {"XXBT": Balance(D(1)), "ZUSD": Balance(D(100000))}
    made.venue.quotes = {"XXBTZUSD": D(60000)}
    return made


def target(function, alert_id, size):
    function.clock.sleep(2)
    where = {"market_position": "long", "market_position_size": size}
    return function.alert(id=alert_id, action="target", side=None, volume=None, **where)


def sent(function):
    return [request.parameters for request, _, _ in function.venue.submitted]


def accepted(function, alert):
    answer = function.post(alert)
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    return answer


def test_an_order_of_unknown_size_counts_by_what_it_filled_though_the_balance_lags(function):
    first = accepted(function, target(function, "a-1", "1.5"))["order_id"]
    second = accepted(function, function.alert(id="a-2", volume="600", quantity_type="quote"))[
        "order_id"
    ]
    function.venue.filled = {
        first: Fill("closed", D("0.5"), D(60000), D(30000), D(120)),
        second: Fill("closed", D("0.01"), D(60000), D(600), D("2.4")),
    }
    accepted(function, target(function, "a-3", "1.6"))
    assert sent(function)[-1]["volume"] == "0.09"  # of 1.51, and the balance still says 1


def test_an_order_of_unknown_size_that_is_not_done_is_waited_for(function):
    accepted(function, target(function, "a-1", "1.5"))
    accepted(function, function.alert(id="a-2", volume="600", quantity_type="quote"))
    answer = function.post(target(function, "a-3", "1.6"))
    assert (answer.status, answer["code"]) == (503, "not_sent")
    assert len(sent(function)) == 2


def test_a_target_sent_again_counted_what_came_before_its_second_attempt(function):
    accepted(function, target(function, "a-1", "1.1"))
    function.venue.refuse = [NotSent("throttled")]
    again = target(function, "a-2", "1.3")
    assert function.post(again).status == 503
    accepted(function, function.alert(id="a-3", volume="0.05"))
    function.clock.sleep(2)
    accepted(function, again)
    accepted(function, target(function, "a-4", "1.4"))
    assert [parameters["volume"] for parameters in sent(function)] == [
        "0.1",
        "0.2",
        "0.05",
        "0.15",
        "0.1",
    ]


def test_a_resting_order_that_fills_is_not_taken_for_a_balance_that_lags(function):
    """1.1 is what was held before the exit too."""
    accepted(function, target(function, "a-1", "1.1"))
    accepted(function, target(function, "a-2", "1"))
    function.clock.sleep(2)
    limit = function.alert(id="a-3", order_type="limit", volume="0.1", price="59000")
    entry = accepted(function, limit)["order_id"]
    function.venue.held["XXBT"] = Balance(D("1.1"))
    everything = [outcome.order_id for outcome in function.venue.closed_orders.values()]
    function.venue.filled = {
        name: Fill("closed", D("0.1"), D(60000), D(6000), D(24)) for name in everything
    }
    assert entry in everything
    accepted(function, target(function, "a-4", "1"))
    assert sent(function)[-1]["volume"] == "0.1"


def test_a_resting_order_that_has_not_filled_leaves_a_balance_that_lags_what_it_is(function):
    accepted(function, target(function, "a-1", "1.1"))
    accepted(function, target(function, "a-2", "1"))
    function.clock.sleep(2)
    entry = accepted(
        function, function.alert(id="a-3", order_type="limit", volume="0.1", price="59000")
    )["order_id"]
    function.venue.held["XXBT"] = Balance(D("1.1"))
    everything = [outcome.order_id for outcome in function.venue.closed_orders.values()]
    function.venue.filled = {
        name: Fill("closed", D("0.1"), D(60000), D(6000), D(24)) for name in everything
    }
    function.venue.filled[entry] = Fill("open", D(0), None, D(0), D(0))
    function.clock.sleep(2)
    where = {"market_position": "long", "market_position_size": "1"}
    answer = function.post(
        function.alert(id="a-4", action="target", side=None, volume=None, **where)
    )
    assert (answer.status, answer["code"]) == (200, "no_action"), answer.document


# -- an order that has rested for long -------------------------------------------------------------

HOUR = 3600


def rested(function, alert_id="l-1", **fields):
    """A limit buy of 0.5 that rests; its order id."""
    limit = {"order_type": "limit", "volume": "0.5", "price": "59000", **fields}
    order_id = accepted(function, function.alert(id=alert_id, **limit))["order_id"]
    function.venue.filled[order_id] = Fill("open", D(0), None, D(0), D(0))
    return order_id


def later(function, others=0):
    function.clock.sleep(HOUR)
    for number in range(others):
        accepted(function, function.alert(id=f"o-{number}", symbol="ETHUSD", price="3000"))
    function.clock.sleep(HOUR)


@pytest.mark.parametrize("others", [0, 60])
def test_an_order_that_rested_for_an_hour_and_has_just_filled_is_counted(function, others):
    """However many orders came since, Kraken is asked for it before it is asked for the balances,
    which then have it."""
    order_id = rested(function)
    later(function, others)
    function.venue.calls.clear()

    def shows_it(order_ids, budget, known=function.venue.fills):
        function.venue.held["XXBT"] = Balance(D("1.5"))
        return known(order_ids, budget)

    function.venue.filled[order_id] = Fill("closed", D("0.5"), D(59000), D(29500), D(118))
    function.venue.fills = shows_it
    answer = function.post(target(function, "a-1", "1.5"))
    assert (answer.status, answer["code"]) == (200, "no_action"), answer.document
    assert function.venue.calls == ["fills", "balances"]
    function.venue.calls.clear()
    accepted(function, target(function, "a-2", "1.6"))
    assert "fills" not in function.venue.calls  # it is known to be done now


def test_an_order_that_rests_costs_one_call_and_changes_nothing(function):
    rested(function)
    later(function)
    function.venue.calls.clear()
    answer = accepted(function, target(function, "a-1", "1.5"))
    assert answer["orders"][0]["request"]["volume"] == "0.5"
    assert function.venue.calls == ["fills", "balances", "submit"]


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": "ETHEUR", "price": "3000"},
        {"leverage": "2"},
        {"order_type": "market"},
    ],
    ids=["of another asset", "on margin", "at the market"],
)
def test_an_order_that_can_not_change_the_figure_is_not_asked_for(function, fields):
    rested(function, **fields)
    later(function)
    function.venue.calls.clear()
    accepted(function, target(function, "a-1", "1.5"))
    assert function.venue.calls == ["balances", "submit"]


def test_where_a_resting_order_can_not_be_read_nothing_is_sent(function):
    rested(function)
    later(function)
    function.venue.unreadable.add("fills")
    body = target(function, "a-1", "1.5")
    answer = function.post(body)
    assert (answer.status, answer["code"]) == (503, "venue_unavailable")
    function.venue.unreadable.clear()
    accepted(function, body)


def test_an_order_that_kraken_does_not_show_any_more_blocks_nothing(function):
    order_id = rested(function)
    later(function)
    del function.venue.filled[order_id]
    accepted(function, target(function, "a-1", "1.5"))


def five_minutes_on(function):
    """To the next minute in which reconcile asks for all that is unfinished."""
    now = function.clock.now()
    function.clock.sleep((5 - now.minute % 5) * 60 - now.second)


def test_reconcile_asks_for_every_unfinished_order_and_for_none_that_is_done(function):
    order_id = rested(function)
    later(function, 60)
    everything = [outcome.order_id for outcome in function.venue.closed_orders.values()]
    done = Fill("closed", D("0.01"), D(3000), D(30), D("0.12"))
    function.venue.filled |= {name: done for name in everything if name != order_id}
    five_minutes_on(function)
    assert function.operate("POST", "/reconcile")["fills"] == 61
    function.venue.filled[order_id] = Fill("closed", D("0.5"), D(59000), D(29500), D(118))
    five_minutes_on(function)
    assert function.operate("POST", "/reconcile")["fills"] == 1
    five_minutes_on(function)
    function.venue.calls.clear()
    function.operate("POST", "/reconcile")
    assert "fills" not in function.venue.calls


def test_of_very_many_that_rest_each_is_asked_for_in_turn(function):
    ids = [rested(function, f"l-{number}", price="40000") for number in range(400)]
    for name in ids:
        function.venue.filled[name] = Fill("closed", D("0.5"), D(40000), D(20000), D(80))
    found = 0
    for _ in range(4):
        five_minutes_on(function)
        found += function.operate("POST", "/reconcile")["fills"]
    assert found == 400


# -- many of them, and little time -----------------------------------------------------------------


def shown_open(function):
    """OpenOrders has all that rest still."""
    function.venue.resting = [
        RestingOrder(
            name, "XBTUSD", Side.BUY, "limit", D("0.5"), D(0), function.clock.now(), limit=D(59000)
        )
        for name, fill in function.venue.filled.items()
        if fill.status == "open"
    ]  # fmt: skip


def test_of_many_that_rest_only_those_are_asked_for_that_are_not_open_any_more(function):
    ids = [rested(function, f"l-{number}") for number in range(120)]
    later(function)
    function.venue.filled[ids[7]] = Fill("closed", D("0.5"), D(59000), D(29500), D(118))
    function.venue.held["XXBT"] = Balance(D("1.5"))
    shown_open(function)
    function.venue.calls.clear()
    answer = function.post(target(function, "a-1", "1.5"))
    assert (answer.status, answer["code"]) == (200, "no_action"), answer.document
    assert function.venue.calls == ["open_orders", "fills", "balances"]


@pytest.mark.parametrize(
    "fields", [{"symbol": "ETHUSD", "price": "3000"}, {"symbol": "SOLUSD", "price": "100"}]
)
def test_orders_of_other_pairs_do_not_delay_a_close_though_the_quote_is_the_same(function, fields):
    for number in range(60):
        rested(function, f"l-{number}", **fields)
    later(function)
    function.venue.calls.clear()
    accepted(function, function.alert(id="a-1", action="close", side=None, volume=None))
    assert function.venue.calls == ["balances", "submit"]


def test_what_has_filled_is_written_down_only_as_far_as_there_is_time(function):
    ids = [rested(function, f"l-{number}") for number in range(45)]
    later(function)
    for name in ids:
        function.venue.filled[name] = Fill("closed", D("0.01"), D(59000), D(590), D("2.36"))
    written = []

    def slow(entry, known=function.store.record):
        written.append(entry.alert_id)
        function.clock.sleep(0.07)
        return known(entry)

    function.store.record = slow
    alert = target(function, "a-1", "1.5")
    began = function.clock.monotonic()
    accepted(function, alert)
    assert function.clock.monotonic() - began < 2.5
    assert 0 < len(set(written)) < 45


def test_a_validation_writes_nothing_down(function):
    order_id = rested(function)
    later(function)
    function.venue.filled[order_id] = Fill("closed", D("0.5"), D(59000), D(29500), D(118))
    before = [entry.version for entry in function.store.entries().entries]
    answer = function.post(target(function, "a-1", "1.6"), "/webhook/tradingview/validate")
    assert answer["code"] == "validated"
    assert [entry.version for entry in function.store.entries().entries] == before


# -- a start that passes while the order waits to be sent ------------------------------------------


def test_a_start_that_has_passed_by_the_resend_is_krakens_to_judge(function):
    starts = (function.clock.now() + timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    alert = function.alert(order_type="limit", price="59000", starts=starts)
    function.venue.refuse = [NotSent("no connection")]
    assert function.post(alert).status == 503
    function.clock.sleep(5)
    accepted(function, alert)
    assert sent(function)[0] == sent(function)[1]
