"""A bound token's sale behind cancels of the same alert: what the canceled order has sold by then
is not sold again, whatever becomes of the cancel."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.scoped_tokens import KEYS, scoped
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.requests import NotSent, Unknown

BUY = {"side": "buy", "volume": "0.01", "price": "60000"}
RESTS = {"side": "sell", "volume": "0.01", "order_type": "limit", "price": "70000"}
SALE = {"symbol": "BTCUSD", "side": "sell", "volume": "0.01", "price": "60000"}
STOP = {**SALE, "order_type": "stop-loss", "stop_price": "40000"}
CANCEL = {"symbol": "BTCUSD", "action": "cancel", "side": "sell"}
SEVERAL = {"symbol": None, "side": None, "volume": None, "price": None}


@pytest.fixture
def function():
    found = trader(btc=10, usd=10**6, env={"WEBHOOK_TOKEN_KEYS": KEYS})
    came_to(found, "a-1", BUY)
    assert outcome(came_to(found, "a-2", RESTS)) == (200, "accepted")
    return found


def message(function, alert_id, fields):
    return function.alert(id=alert_id, token=scoped("s=buy"), **fields)


def came_to(function, alert_id, fields):
    return function.post(message(function, alert_id, fields))


def moved(function, *legs):
    return message(function, "a-3", {**SEVERAL, "orders": [CANCEL, *legs]})


def sells(function, volume):
    """A part of what rests, at its limit."""
    (rest,) = function.venue.resting
    function.venue.fill_part(rest, Decimal(volume))
    function.venue._add("XXBT", -Decimal(volume))


def sold(function):
    """What the strategy's orders have sold or may sell yet."""
    rests = sum((one.left for one in function.venue.resting), Decimal(0))
    filled = sum(one.executed for one in function.venue.gone.values() if one.side == "sell")
    return rests + filled


@pytest.mark.parametrize("how", [SALE, STOP])
@pytest.mark.parametrize(("part", "left"), [("0.004", "0.006"), ("0.0099", "0.0001")])
def test_what_it_has_sold_before_its_cancel_is_not_sold_again(function, how, part, left):
    function.venue.during["submit"] = [lambda: sells(function, part)]
    answer = function.post(moved(function, how))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert sent(function)[-1] == ("sell", left)
    assert sold(function) == Decimal("0.01")


def test_so_it_is_with_a_part_of_what_the_strategy_bought_by_its_table(tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text('[trend]\nclose = "own"\n')
    found = trader(btc=10, usd=10**6, env={"STRATEGIES_FILE": str(path)})
    for number, fields in enumerate((BUY, RESTS)):
        found.post(found.alert(id=f"a-{number}", strategy="trend", **fields))
    found.venue.during["submit"] = [lambda: sells(found, "0.004")]
    part = {**SALE, "volume": "100", "quantity_type": "percent_position"}
    legs = {**SEVERAL, "orders": [CANCEL, part]}
    answer = found.post(found.alert(id="a-3", strategy="trend", **legs))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert sold(found) == Decimal("0.01")


def test_of_two_legs_behind_it_the_last_is_cut(function):
    half = {**SALE, "volume": "0.005"}
    function.venue.during["submit"] = [lambda: sells(function, "0.004")]
    answer = function.post(moved(function, half, STOP))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert [volume for _, volume in sent(function)[2:]] == ["0.005", "0.001"]
    assert sold(function) == Decimal("0.01")


def test_while_that_does_not_show_it_is_kept_back_and_a_resend_sends_the_rest(function):
    body = moved(function, SALE)
    function.venue.during["submit"] = [lambda: sells(function, "0.004")]
    function.venue.hidden["orders"] = {...}
    answer = function.post(body)
    assert outcome(answer) == (503, "not_sent"), answer.document
    assert len(sent(function)) == 2
    function.venue.hidden.clear()
    function.clock.sleep(2)
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function)[-1] == ("sell", "0.006")
    assert sold(function) == Decimal("0.01")


@pytest.mark.parametrize(
    ("why", "taken"),
    [(Unknown("lost"), True), (Unknown("lost"), False), (NotSent("no connection"), False)],
)
def test_a_cancel_in_doubt_holds_it_up_until_that_is_known(function, why, taken):
    body = moved(function, SALE)
    if taken:
        function.venue.during["submit"] = [
            lambda: sells(function, "0.004"),
            lambda: function.venue.close(function.venue.resting[0], "canceled"),
        ]
    function.venue.refuse = [why]
    assert function.post(body).status == 503
    assert len(sent(function)) == 2
    for _ in range(4):
        function.clock.sleep(10)
        answer = function.post(body)
        assert sold(function) <= Decimal("0.01")
    assert outcome(answer) == (200, "accepted"), answer.document
    assert sold(function) == Decimal("0.01")


def test_one_that_has_filled_whole_lets_no_sale_out_behind_its_cancel(function):
    function.venue.during["submit"] = [lambda: function.venue.fill(function.venue.resting[0])]
    body = moved(function, SALE)
    for _ in range(3):
        assert outcome(function.post(body)) == (422, "order_rejected")
        function.clock.sleep(5)
    assert sold(function) == Decimal("0.01")
    assert len(sent(function)) == 2


def test_a_stop_that_trades_whole_or_not_at_all_is_asked_for_no_more(function):
    came_to(function, "a-4", {**SEVERAL, "symbol": "BTCUSD", "action": "cancel", "side": "sell"})
    assert outcome(came_to(function, "a-5", STOP)) == (200, "accepted")
    asked = function.venue.calls.count("orders")
    answer = function.post(moved(function, {**STOP, "stop_price": "45000"}))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert function.venue.calls.count("orders") == asked
