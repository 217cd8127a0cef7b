"""What is held, by figures that are seconds late: the account ends where the alert wants it, or the
answer is 503 until it can."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.resent_positions import deliver, target
from tests.support.served_function import check
from tests.support.side_by_side import side_by_side

LATE_S = 2
PAUSE_S = 1.5
NO_SIZE = {"side": None, "volume": None, "order_type": None}
SPOT, MARGIN = {"symbol": "ETHUSD"}, {"symbol": "BTCUSD", "leverage": "3"}
PRICE = {"ETHUSD": "2500", "BTCUSD": "60000"}
BOTH = pytest.mark.parametrize("where", [SPOT, MARGIN], ids=["spot", "margin"])


def held(exchange, where):
    return exchange.balance("XETH") if where is SPOT else exchange.position("XXBTZUSD")


def order(function, where, volume, **fields):
    return function.alert(**{"price": PRICE[where["symbol"]], "volume": volume, **where, **fields})


def wanted(function, where, what):
    """An alert, and where the account stands after it, after an entry of 0.1."""
    price = PRICE[where["symbol"]]
    if what.startswith("target"):
        size = what.removeprefix("target ")
        return target(function, size, **where), Decimal(size)
    alert = function.alert(**NO_SIZE | where | {"action": what, "price": price})
    if what == "reverse":
        alert["volume"] = "0.1"
    return alert, Decimal("-0.1") if what == "reverse" and where is MARGIN else Decimal(0)


@side_by_side
@BOTH
@pytest.mark.parametrize("what", ["close", "reverse", "target 0.15", "target 0"])
@pytest.mark.parametrize("lists_s", [0, 1.5])
def test_after_an_entry_that_the_figures_lack(where, what, lists_s, function, exchange):
    exchange.lag(figures_s=LATE_S, open_s=lists_s, closed_s=lists_s)
    check(function.post(order(function, where, "0.1")), 200, "accepted")
    alert, after = wanted(function, where, what)
    answers = deliver(function, alert, PAUSE_S)
    check(answers[-1], 200, "accepted")
    assert held(exchange, where) == after


@side_by_side
@pytest.mark.parametrize("what", ["close", "reverse", "target 0.1", "target 0.2", "target 0"])
@pytest.mark.parametrize("late_s", [0, LATE_S])
def test_a_stop_on_margin_that_fired_unseen(what, late_s, function, exchange):
    check(function.post(order(function, MARGIN, "0.1", stop_loss="55000")), 200, "accepted")
    exchange.lag(figures_s=late_s, open_s=late_s, closed_s=late_s)
    exchange.mark("XBTUSD", "54000")
    assert held(exchange, MARGIN) == 0
    alert, after = wanted(function, MARGIN, what)
    answers = deliver(function, alert, PAUSE_S)
    check(answers[-1], 200, "no_action" if after == 0 else "accepted")
    assert held(exchange, MARGIN) == after


SHORT = {"close": "0", "reverse": "0.1", "target -0.15": "-0.15", "target 0.05": "0.05"}


@side_by_side
@pytest.mark.parametrize("what", SHORT)
@pytest.mark.parametrize("fired", [False, True], ids=["held", "stop fired unseen"])
def test_after_a_short_entry_that_the_figures_lack(fired, what, function, exchange):
    """What has left by its stop is held no more; a reversal leads to where it would have led."""
    exchange.lag(figures_s=LATE_S)
    short = {"side": "sell", "stop_loss": "65000"} if fired else {"side": "sell"}
    check(function.post(order(function, MARGIN, "0.1", **short)), 200, "accepted")
    if fired:
        exchange.mark("XBTUSD", "66000")
        assert held(exchange, MARGIN) == 0
    alert, _ = wanted(function, MARGIN, what)
    answers = deliver(function, alert, PAUSE_S)
    done = "no_action" if fired and what == "close" else "accepted"
    check(answers[-1], 200, done)
    assert held(exchange, MARGIN) == Decimal(SHORT[what])


@side_by_side
@pytest.mark.parametrize("percent", ["20", "50"])
@pytest.mark.parametrize("late_s", [0, LATE_S])
def test_more_is_bought_with_money_that_has_just_come_in(late_s, percent, function, exchange):
    check(function.post(order(function, SPOT, "3.9")), 200, "accepted")
    exchange.lag(figures_s=late_s)
    sale = function.alert(symbol="BTCUSD", side="sell", volume="0.4", price="60000")
    check(function.post(sale), 200, "accepted")
    more = {"quantity_type": "percent_position", "side": "buy", "order_type": "market"}
    answers = deliver(function, order(function, SPOT, percent, **more), PAUSE_S)
    check(answers[-1], 200, "accepted")
    bought = held(exchange, SPOT) - Decimal("3.9")
    assert bought == Decimal("3.9") * Decimal(percent) / 100


RESTING = {
    "limit": ({"side": "buy", "order_type": "limit", "price": "2400"}, "2390", "0.2"),
    "stop": ({"side": "sell", "order_type": "stop-loss", "stop_price": "2400"}, "2390", "0"),
    "take profit": (
        {"side": "sell", "order_type": "take-profit", "stop_price": "2600"},
        "2610",
        "0",
    ),
    "trail": ({"side": "sell", "order_type": "trailing-stop", "trail": "5%"}, "2300", "0"),
}


@side_by_side
@pytest.mark.parametrize("which", RESTING)
@pytest.mark.parametrize("size", ["0.2", "0.1", "0.05"])
def test_what_rested_on_spot_and_has_just_filled(which, size, function, exchange):
    check(function.post(order(function, SPOT, "0.1")), 200, "accepted")
    fields, price, then = RESTING[which]
    check(function.post(order(function, SPOT, "0.1", **fields)), 200, "accepted")
    exchange.lag(figures_s=LATE_S)
    exchange.mark("ETHUSD", price)
    assert held(exchange, SPOT) == Decimal(then)
    alert = target(function, size)
    answers = deliver(function, alert, PAUSE_S)
    code = "no_action" if Decimal(size) == Decimal(then) else "accepted"
    check(answers[-1], 200, code)
    assert held(exchange, SPOT) == Decimal(size)


@side_by_side
@pytest.mark.parametrize("size", ["0.1", "0.05", "0.2"])
def test_a_stop_of_an_entry_on_spot_that_fired_unseen(size, function, exchange):
    check(function.post(order(function, SPOT, "0.1", stop_loss="2400")), 200, "accepted")
    exchange.lag(figures_s=LATE_S)
    exchange.mark("ETHUSD", "2390")
    answers = deliver(function, target(function, size), PAUSE_S)
    check(answers[-1], 200, "accepted")
    assert held(exchange, SPOT) == Decimal(size)
