"""An alert that begins elsewhere than the account stands: another one was lost before it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.position_alerts import MARGIN, alert, held, word
from tests.support.row_by_row import row_by_row
from tests.support.trading_venue import outcome, sent, trader
from tests.unit.planning.test_believed import LIVE
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.trading.requests import NotSent


def looking(how, btc=0, net=0, **env):
    return trader(btc=btc, usd=10**6, net=net, env={**LIVE, "ON_MISSED_ALERT": how, **env})


def step(function, before, after, **fields):
    """An order that takes the strategy from ``before`` to ``after``."""
    change = float(after) - float(before)
    said = {
        "side": "buy" if change > 0 else "sell",
        "volume": f"{abs(change):g}",
        "market_position": word(after),
        "market_position_size": after.lstrip("-"),
        "prev_market_position": word(before),
        "prev_market_position_size": before.lstrip("-"),
    }
    return alert(function, "a-1", **{**said, **fields})


@row_by_row
@pytest.mark.parametrize(
    ("btc", "before", "missed"),
    [
        ("0", "0", False),
        ("0.2", "0.2", False),
        ("0.198", "0.2", False),
        ("0.00001", "0", False),
        ("0", "-0.2", False),
        ("0.2", "0", True),
        ("0", "0.2", True),
        ("0.15", "0.2", True),
        ("0.3", "0.2", True),
    ],
)
def test_what_was_held_before_is_what_the_account_holds_on_spot(btc, before, missed):
    function = looking("warn", btc=btc)
    answer = function.post(step(function, before, "0.4"))
    assert outcome(answer) == (200, "accepted")
    assert any("MISSED_ALERT" in said for said in answer["warnings"]) == missed


@pytest.mark.parametrize(
    ("net", "before", "missed"),
    [
        ("-0.2", "-0.2", False),
        ("0.2", "0.2", False),
        ("0.2", "-0.2", True),
        ("-0.2", "0", True),
        ("0", "-0.2", True),
    ],
)
def test_with_leverage_the_sign_counts_too(net, before, missed):
    function = looking("refuse", net=net)
    answer = function.post(step(function, before, "0.4", **MARGIN))
    assert outcome(answer) == ((422, "order_denied") if missed else (200, "accepted"))
    assert not missed or "MISSED_ALERT" in answer["error"]
    assert len(sent(function)) == int(not missed)


def test_exits_pass_though_an_alert_was_lost():
    function = looking("refuse", btc="0.3")
    answer = function.post(step(function, "0.2", "0"))
    assert outcome(answer) == (200, "accepted")
    assert any("MISSED_ALERT" in said for said in answer["warnings"])


@pytest.mark.parametrize(
    ("btc", "before", "after", "ends"),
    [
        ("0", "0.2", "0.3", "0.3"),
        ("0.5", "0.2", "0.3", "0.3"),
        ("0.2", "0", "0.1", "0.1"),
        ("0.3", "0.1", "0", "0"),
        ("0.1", "0.1", "0.3", "0.3"),
    ],
)
def test_it_catches_up_to_where_the_alert_ends(btc, before, after, ends):
    function = looking("catch_up", btc=btc)
    assert function.post(step(function, before, after))["code"] == "accepted"
    assert held(function) == Decimal(ends)


def test_it_does_not_catch_up_in_another_size_than_its_own():
    function = looking("catch_up", btc="0.3")
    body = step(function, "0", "1", volume="100", quantity_type="quote")
    answer = function.post(body)
    assert outcome(answer) == (422, "order_denied")
    assert "market_position_size" in answer["error"]


@pytest.mark.parametrize("how", ["warn", "catch_up", "refuse"])
def test_a_target_is_looked_at_too(how):
    function = looking(how, btc="0.3")
    answer = function.post(step(function, "0", "0.5", action="target", side=None, volume=None))
    assert outcome(answer)[0] == (422 if how == "refuse" else 200)
    assert how == "refuse" or any("MISSED_ALERT" in said for said in answer["warnings"])


@pytest.mark.parametrize("how", ["warn", "catch_up", "refuse"])
def test_a_redelivery_is_the_stored_answer(how):
    function = looking(how)
    body = step(function, "0", "0.2")
    for _ in range(3):
        assert function.post(body)["code"] == "accepted"
    assert len(sent(function)) == 1


def test_a_validation_says_it_and_an_alert_without_a_past_is_none():
    function = looking("refuse", btc="0.3")
    answer = function.post(step(function, "0", "0.2"), path="/webhook/tradingview/validate")
    assert (outcome(answer), "MISSED_ALERT" in answer["error"]) == ((422, "order_denied"), True)
    assert function.post(alert(function, "b-1", side="buy", volume="0.1"))["code"] == "accepted"


def test_nobody_looks_by_default():
    function = trader(btc="0.3", usd=10**6, env=LIVE)
    calls = []
    balances = function.venue.balances
    function.venue.balances = lambda budget: calls.append(1) or balances(budget)
    answer = function.post(step(function, "0", "0.2"))
    assert (answer["code"], calls) == ("accepted", [])


@pytest.mark.parametrize("text", ["deny", "yes", "catchup"])
def test_another_word_refuses_the_start(text):
    with pytest.raises(SettingsError, match="ON_MISSED_ALERT"):
        read_settings({**LIVE, "WEBHOOK_TOKEN": "t" * 20 + "xyz", "ON_MISSED_ALERT": text})


def fired(function, before, after, name, ago_s=0):
    at = function.clock.now() - timedelta(seconds=ago_s)
    return step(function, before, after, id=name, fired_at=f"{at.timestamp():.0f}")


def test_one_that_was_not_sent_trades_nothing_once_a_later_one_has_caught_up_with_it():
    function = looking("catch_up", btc="0.2")
    for before in ("0.1", "0.2"):  # it catches up itself, or is the plain order
        function.venue.refuse.append(NotSent("the reply said so"))
        first = fired(function, before, "0.3", f"first-{before}")
        assert outcome(function.post(first)) == (503, "not_sent")
    function.clock.sleep(5)
    assert function.post(fired(function, "0.3", "0.4", "second"))["code"] == "accepted"
    for before in ("0.1", "0.2"):
        first = fired(function, before, "0.3", f"first-{before}", ago_s=5)
        assert outcome(function.post(first)) == (409, "superseded")
    assert held(function) == Decimal("0.4")


def test_one_that_comes_late_trades_nothing_once_a_later_one_has_caught_up_with_it():
    function = looking("catch_up", btc="0.1")
    assert function.post(fired(function, "0.3", "0.4", "second"))["code"] == "accepted"
    function.clock.sleep(3)
    late = fired(function, "0.2", "0.3", "first", ago_s=5)
    assert outcome(function.post(late)) == (409, "superseded")
    assert held(function) == Decimal("0.4")
