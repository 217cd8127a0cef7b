"""A close of what the strategy bought, while its stop trades: never more than is its own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import alert, leg_states
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import NotSent, Unknown

D = Decimal
STRATEGIES = '[default]\nclose = "own"\n'
CLOSE = {"action": "close"}


@pytest.fixture
def without_stop(tmp_path):
    """One bitcoin was bought by hand."""
    path = tmp_path / "strategies.toml"
    path.write_text(STRATEGIES, "utf-8")
    made = trader(btc=1, usd=10**6, env={"STRATEGIES_FILE": str(path)})
    made.venue.leaves_closes = True
    return made


@pytest.fixture
def function(without_stop):
    """And then two by the strategy, with a stop."""
    buy(without_stop, stop_loss="45000")
    return without_stop


def buy(function, **fields):
    entry = alert(function, "entry", side="buy", volume="2", **fields)
    assert outcome(function.post(entry)) == (200, "accepted")


def stop_of(function):
    (stop,) = function.venue.resting
    return stop


def trades_a_part(function, volume):
    """Of the stop, at Kraken."""
    venue, stop = function.venue, stop_of(function)
    venue.fill_part(stop, D(volume))
    held = venue.held["XXBT"]
    venue.held["XXBT"] = Balance(held.total - D(volume), held.held)


def close(function, alert_id="close"):
    return function.post(alert(function, alert_id, **CLOSE))


def test_all_of_its_own_is_sold_behind_the_cancel_of_its_stop(function):
    answer = close(function)
    assert outcome(answer) == (200, "accepted")
    assert leg_states(answer) == ["ACCEPTED", "ACCEPTED"]
    assert sent(function)[-1] == ("sell", "2")
    assert (function.venue.held["XXBT"].total, function.venue.resting) == (1, [])


def test_what_the_stop_has_sold_before_the_plan_is_not_sold_again(function):
    trades_a_part(function, "0.5")
    assert outcome(close(function)) == (200, "accepted")
    assert sent(function)[-1] == ("sell", "1.5")


def test_nor_what_it_sells_between_the_plan_and_its_cancel(function):
    function.venue.during["submit"] = [lambda: trades_a_part(function, "0.5")]
    answer = close(function)
    assert outcome(answer) == (200, "accepted")
    assert leg_states(answer) == ["ACCEPTED", "ACCEPTED"]
    assert sent(function)[-1] == ("sell", "1.5")
    assert function.venue.held["XXBT"].total == 1


def test_nor_what_it_sells_altogether_in_that_moment(function):
    stop = stop_of(function)
    function.venue.during["submit"] = [
        lambda: function.venue.fill(stop._replace(limit=stop.trigger))
    ]
    answer = close(function)
    assert leg_states(answer) == ["REJECTED", "NO_ACTION"]
    assert sent(function) == [("buy", "2")]
    assert function.venue.held["XXBT"].total == 1


def test_while_that_can_not_be_read_nothing_is_sold_and_a_resend_goes_on(function):
    function.venue.during["submit"] = [lambda: function.venue.unreadable.add("orders")]
    body = alert(function, "close", **CLOSE)
    assert function.post(body).status == 503
    assert sent(function) == [("buy", "2")]
    function.venue.unreadable.clear()
    function.clock.sleep(5)
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function)[-1] == ("sell", "2")


def test_while_an_order_of_the_strategy_has_no_outcome_a_close_waits(function):
    function.venue.refuse = [Unknown("the reply was lost")]
    entry = alert(function, "second", side="buy", volume="1")
    assert outcome(function.post(entry)) == (503, "outcome_unknown")
    answer = close(function)
    assert answer.status == 503
    assert sent(function)[-1] == ("buy", "1")


def test_one_that_was_not_sent_is_counted_again_by_what_is_its_own_then(without_stop):
    function = without_stop
    buy(function)
    function.venue.refuse = [NotSent("nobody answered")] * 4
    body = alert(function, "close", **CLOSE)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.refuse = []
    assert outcome(function.post(alert(function, "sell", side="sell", volume="0.5"))) == (
        200,
        "accepted",
    )
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function)[-1] == ("sell", "1.5")


@pytest.mark.parametrize("reads", [("open_orders", 0), ("orders_closed", 0)])
def test_what_the_stop_sells_while_the_lists_are_read_is_not_sold_again(function, reads):
    name, number = reads
    stop = stop_of(function)
    fired = [lambda: None] * number + [lambda: function.venue.fill(stop._replace(limit=D(45000)))]
    function.venue.during[name] = fired
    answer = close(function)
    assert fired == [], "the list was not read so often"
    assert answer.status in (200, 503)
    assert sent(function) == [("buy", "2")]
    assert function.venue.held["XXBT"].total == 1


def test_nor_what_it_sells_before_the_cancel_that_the_alert_itself_asks_for(function):
    function.venue.during["submit"] = [lambda: trades_a_part(function, "0.5")]
    legs = [{"action": "cancel", "side": "sell"}, CLOSE]
    answer = function.post(alert(function, "legs", orders=legs, price=None))
    assert outcome(answer) == (200, "accepted")
    assert sent(function)[-1] == ("sell", "1.5")
    assert function.venue.held["XXBT"].total == 1


@pytest.mark.parametrize(("filled", "sells"), [("0", None), ("0.5", "0.5"), ("2", "2")])
def test_a_limit_entry_counts_as_far_as_it_has_filled(without_stop, filled, sells):
    function, venue = without_stop, without_stop.venue
    buy(function, order_type="limit", price="40000")
    (order,) = venue.resting
    if D(filled):
        venue.fill_part(order, D(filled))
        venue.held["XXBT"] = Balance(D(1) + D(filled), D(0))
    function.clock.sleep(200)
    answer = close(function)
    assert outcome(answer) == (200, "accepted" if sells else "no_action")
    assert sent(function)[1:] == ([("sell", sells)] if sells else [])
    assert len(venue.resting) == 1
