"""An alert that waits for another one, whose outcome nobody knows, asks for that outcome itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import MARGIN, alert, held, target
from tests.unit.planning.test_believed import live, post
from webhook_core.trading.requests import Unknown

BUY = {"side": "buy", "volume": "0.5"}
BEHIND = {
    "a close": {"action": "close"},
    "a close of a part": {"action": "close", "percent": "50"},
    "flat": {"action": "target", "market_position": "flat", "market_position_size": "0"},
    "a percentage": {"side": "sell", "volume": "50", "quantity_type": "percent_balance"},
    "another strategy's close": {"action": "close", "strategy_name": "another"},
}


def unknown_buy(function, **fields):
    """It lives, and its reply was lost."""
    function.venue.lose_reply = True
    assert post(function, alert(function, "a-1", **BUY, **fields)) == (503, "outcome_unknown")


@pytest.mark.parametrize("what", BEHIND)
def test_an_alert_behind_a_lost_reply_goes_on_once_the_order_can_be_looked_up(what):
    function = live(btc=0)
    unknown_buy(function)
    behind = alert(function, "a-2", **BEHIND[what])
    assert post(function, behind)[0] == 503
    function.clock.sleep(5)
    assert post(function, behind) == (200, "accepted")
    assert held(function) == (Decimal("0.25") if "part" in what or "percent" in what else 0)


def test_a_target_behind_another_one_goes_on_too():
    function = live(net=0)
    function.venue.lose_reply = True
    body = target(function, "0.5", "a-1", **MARGIN)
    assert post(function, body) == (503, "outcome_unknown")
    function.clock.sleep(6)
    assert post(function, target(function, "0", "a-2", **MARGIN)) == (200, "accepted")
    assert held(function, margin=True) == 0


@pytest.mark.parametrize("fault", ["not there", "unreadable"])
def test_an_order_that_is_not_found_keeps_the_alert_waiting(fault):
    function = live(btc=1)
    function.venue.refuse = [Unknown("swallowed")]
    assert post(function, alert(function, "a-1", **BUY)) == (503, "outcome_unknown")
    function.clock.sleep(6)
    if fault == "unreadable":
        function.venue.unreadable = {"find_open", "find_closed"}
    sent = len(function.venue.submitted)
    assert post(function, alert(function, "a-2", action="close")) == (503, "not_sent")
    assert len(function.venue.submitted) == sent


def test_it_asks_once_a_delivery_and_for_no_order_that_is_too_young():
    function = live(btc=1)
    function.venue.refuse = [Unknown("swallowed")]
    assert post(function, alert(function, "a-1", **BUY)) == (503, "outcome_unknown")
    close = alert(function, "a-2", action="close")
    for wait, looks in ((1, 0), (5, 1)):
        function.clock.sleep(wait)
        function.venue.calls.clear()
        assert post(function, close) == (503, "not_sent")
        assert function.venue.calls.count("find_open") == looks
