"""An alert that waits for another one, whose outcome nobody knows, asks for that outcome itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import MARGIN, alert, held, target
from tests.support.trading_venue import replay_of, trader
from tests.unit.planning.test_believed import LIVE, live, post
from webhook_core.clock import Budget
from webhook_core.operations.replay_search import ReplayRefused
from webhook_core.trading.requests import Unknown

BUY = {"side": "buy", "volume": "0.5"}
EXITS = {
    "a close": {"action": "close"},
    "flat": {"action": "target", "market_position": "flat", "market_position_size": "0"},
    "flat without a size": {"action": "target", "market_position": "flat"},
    "short, which is flat on spot": {
        "action": "target", "market_position": "short", "market_position_size": "1"
    },
    "another strategy's close": {"action": "close", "strategy_name": "another"},
}  # fmt: skip
PARTS = {
    "a close of a part": {"action": "close", "percent": "50"},
    "a smaller target": {
        "action": "target", "market_position": "long", "market_position_size": "0.25"
    },
    "a percentage": {"side": "sell", "volume": "50", "quantity_type": "percent_balance"},
}  # fmt: skip
BEHIND = {**EXITS, **PARTS}


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
    assert held(function) == (Decimal("0.25") if what in PARTS else 0)


def test_a_target_behind_another_one_goes_on_too():
    function = live(net=0)
    function.venue.lose_reply = True
    body = target(function, "0.5", "a-1", **MARGIN)
    assert post(function, body) == (503, "outcome_unknown")
    function.clock.sleep(6)
    assert post(function, target(function, "0", "a-2", **MARGIN)) == (200, "accepted")
    assert held(function, margin=True) == 0


def swallowed(function, **fields):
    """It never comes to Kraken, which nobody knows here."""
    function.venue.refuse = [Unknown("swallowed")]
    assert post(function, alert(function, "a-1", **{**BUY, **fields})) == (503, "outcome_unknown")


@pytest.mark.parametrize("fault", ["not there", "unreadable"])
@pytest.mark.parametrize("what", PARTS)
def test_an_order_that_is_not_found_keeps_a_part_waiting(what, fault):
    function = live(btc=1)
    swallowed(function)
    function.clock.sleep(6)
    if fault == "unreadable":
        function.venue.unreadable = {"find_open", "find_closed"}
    sent = len(function.venue.submitted)
    assert post(function, alert(function, "a-2", **PARTS[what])) == (503, "not_sent")
    assert len(function.venue.submitted) == sent


@pytest.mark.parametrize("fault", ["not there", "unreadable"])
@pytest.mark.parametrize("what", EXITS)
def test_an_exit_sells_what_is_free_while_a_buy_is_unknown_and_never_twice(what, fault):
    function = live(btc=1)
    swallowed(function)
    function.clock.sleep(6)
    if fault == "unreadable":
        function.venue.unreadable = {"find_open", "find_closed"}
    behind = alert(function, "a-2", **EXITS[what])
    sent = len(function.venue.submitted)
    for _ in range(3):
        assert post(function, behind)[0] == 503
        function.clock.sleep(4)
    assert held(function) == 0
    assert len(function.venue.submitted) == sent + 1


@pytest.mark.parametrize("what", EXITS)
def test_what_the_unknown_buy_has_bought_is_sold_by_the_resend(what):
    function = live(btc=1)
    function.venue.hold_back(3)
    unknown_buy(function)
    behind = alert(function, "a-2", **EXITS[what])
    assert post(function, behind)[0] == 503
    assert held(function) == Decimal("0.5")
    function.clock.sleep(6)
    assert post(function, behind) == (200, "accepted")
    assert held(function) == 0
    replayed = len(function.venue.submitted)
    assert post(function, behind) == (200, "accepted")
    assert len(function.venue.submitted) == replayed


@pytest.mark.parametrize("what", EXITS)
def test_what_open_orders_hold_is_left_and_no_stop_is_cancelled_in_doubt(what):
    function = live(btc=1)
    stop = {"side": "sell", "order_type": "stop-loss", "volume": "0.4", "stop_price": "40000"}
    assert post(function, alert(function, "a-0", **stop)) == (200, "accepted")
    swallowed(function)
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", **EXITS[what]))[0] == 503
    assert held(function) == Decimal("0.4")


def test_an_exit_with_nothing_free_waits():
    function = live(btc=0)
    swallowed(function)
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", action="close")) == (503, "not_sent")


def test_an_exit_passes_one_of_its_own_that_never_came_to_kraken():
    function = live(btc=1)
    function.venue.refuse = [Unknown("swallowed")]
    assert post(function, alert(function, "a-1", action="close")) == (503, "outcome_unknown")
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", action="close")) == (200, "accepted")
    assert held(function) == 0


def test_an_exit_on_margin_closes_what_is_shown_and_waits_for_an_entry_without_an_outcome():
    function = live(net=1)
    swallowed(function, **MARGIN)
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", action="close", **MARGIN)) == (503, "not_sent")
    assert held(function, margin=True) == 0


def test_an_exit_on_margin_waits_for_an_order_that_may_have_turned_the_position_round():
    function = live(net=1)
    swallowed(function, side="sell", **MARGIN)
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", action="close", **MARGIN)) == (503, "not_sent")
    assert held(function, margin=True) == 1


def test_the_rest_of_an_exit_that_is_never_counted_expires_with_an_alarm(caplog):
    function = live(btc=1)
    swallowed(function)
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", action="close"))[0] == 503
    function.clock.sleep(300)
    function.operate("POST", "/reconcile")
    assert "order.expired" in [record.message for record in caplog.records]
    (rest,) = [one for one in function.store.entries().entries if one.unit.leg]
    with pytest.raises(ReplayRefused, match="never counted"):
        replay_of(function).check(rest, Budget.start(function.clock, 10))


def test_what_is_left_below_the_least_order_is_no_final_answer():
    function = live(btc="0.00001")
    swallowed(function)
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", action="close")) == (503, "not_sent")


def test_a_limit_of_the_position_holds_up_no_exit_behind_an_order_without_an_outcome():
    function = trader(btc=1, usd=10**6, env={**LIVE, "MAX_POSITION": "2 BTC"})
    swallowed(function)
    function.clock.sleep(6)
    assert post(function, alert(function, "a-2", action="close"))[0] == 503
    assert held(function) == 0


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


@pytest.mark.parametrize("what", EXITS)
def test_a_rest_is_counted_though_the_sale_before_it_came_to_nothing(what):
    """What was shown free had been sold already, and the buy never was."""
    late = {"ALERT_MAX_AGE_SECONDS": "600"}
    function = trader(usd=10**6, btc=1, env={**LIVE, **late})
    function.venue.hold_back(9)
    assert post(function, alert(function, "a-0", side="sell", volume="1")) == (200, "accepted")
    swallowed(function)
    function.clock.sleep(6)
    behind = alert(function, "a-2", **EXITS[what])
    assert post(function, behind)[0] == 503
    function.venue.hold_back(0)
    answers = [post(function, behind)]
    while answers[-1][0] == 503 and len(answers) < 40:
        function.clock.sleep(5)
        answers.append(post(function, behind))
    assert answers[-1] == (200, "no_action")
    assert held(function) == 0
