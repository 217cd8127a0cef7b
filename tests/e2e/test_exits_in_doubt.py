"""An exit while an order of ours has no outcome, or Kraken does not show yet what there is to sell:
it is sold within TradingView's sends, and never twice."""

from __future__ import annotations

import time

import pytest

from tests.support.resent_positions import position, target
from tests.support.served_function import check
from tests.support.side_by_side import side_by_side

SPOT, MARGIN = {"symbol": "ETHUSD"}, {"symbol": "BTCUSD", "leverage": "3"}
PRICE = {"ETHUSD": "2500", "BTCUSD": "60000"}
RESENDS = 3
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))
NO_FUNDS = {"fault": "errors", "strings": ["EOrder:Insufficient funds"]}
REFUSED = [{"fault": "errors", "strings": ["EAPI:Invalid nonce"]}] * 3
"""As often as one delivery sends it; it proves that nothing was placed."""
NEVER_CAME, REPLY_LOST = {"fault": "reset_before"}, {"fault": "reset_after"}


def held(exchange, where):
    return exchange.balance("XETH") if where is SPOT else exchange.position("XXBTZUSD")


def entry(function, where, **fields):
    return function.alert(volume="0.1", price=PRICE[where["symbol"]], **where, **fields)


def leaving(function, where, how):
    if how == "cancel and close":
        terms = {"leverage": where["leverage"]} if where is MARGIN else {}
        close = {"action": "close", **terms}
        legs = {"orders": [{"action": "cancel"}, close], "symbol": where["symbol"]}
        return function.alert(**NO_ORDER | legs)
    if how == "flat":
        return target(function, "0", **where)
    return position(function, how, **where)


def is_flat_within_its_sends(alert, where, function, exchange):
    """Sent as TradingView does, until nothing is held."""
    for number in range(1 + RESENDS):
        time.sleep(5 if number else 0)
        answer = function.post(alert)
        if not held(exchange, where):
            return True
        assert answer.status == 503
    return False


@side_by_side
@pytest.mark.parametrize(
    ("where", "how", "faults"),
    [
        (SPOT, "close", [NEVER_CAME]),
        (SPOT, "flat", [REPLY_LOST, *REFUSED]),
        (SPOT, "cancel and close", [NEVER_CAME, *REFUSED]),
        (MARGIN, "flat", [NEVER_CAME]),
        (MARGIN, "close", [REPLY_LOST]),
    ],
)
def test_a_buy_without_an_outcome_keeps_no_exit_waiting(where, how, faults, function, exchange):
    check(function.post(entry(function, where)), 200, "accepted")
    exchange.script("AddOrder", *faults)
    check(function.post(entry(function, where)), 503, "outcome_unknown")
    alert = leaving(function, where, how)
    assert is_flat_within_its_sends(alert, where, function, exchange)


@side_by_side
@pytest.mark.parametrize(
    ("where", "how"),
    [(SPOT, "close"), (SPOT, "cancel and close"), (MARGIN, "flat"), (MARGIN, "cancel and close")],
)
@pytest.mark.parametrize("fault", [NEVER_CAME, REPLY_LOST], ids=["never came", "reply lost"])
def test_a_close_without_an_outcome_keeps_no_other_one_waiting(
    where, how, fault, function, exchange
):
    stop = {"ETHUSD": "2000", "BTCUSD": "50000"}[where["symbol"]]
    check(function.post(entry(function, where, stop_loss=stop)), 200, "accepted")
    exchange.script("AddOrder", fault)
    check(function.post(leaving(function, where, "cancel and close")), 503, "outcome_unknown")
    time.sleep(5)
    alert = leaving(function, where, how)
    assert is_flat_within_its_sends(alert, where, function, exchange)
    assert exchange.open_orders() == []


@side_by_side
@pytest.mark.parametrize(("how", "times"), [("close", 1), ("flat", 2)])
def test_a_sale_that_is_refused_for_its_funds_is_counted_again(how, times, function, exchange):
    check(function.post(entry(function, SPOT)), 200, "accepted")
    exchange.script("AddOrder", *[NO_FUNDS] * times)
    alert = leaving(function, SPOT, how)
    assert is_flat_within_its_sends(alert, SPOT, function, exchange)
    assert check(function.post(alert), 200, "accepted")["replayed"] is True
