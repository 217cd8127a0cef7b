"""A size in strategies.toml is a default; one that is fixed binds, and an alert that
names another is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import alert, legs_alert, target
from tests.support.trading_venue import outcome, sent, trader

ONE_LEG = {"side": "buy"}


@pytest.fixture
def function(tmp_path):
    return strategy(tmp_path, 'size = {volume = "0.02", fixed = true}')


def strategy(tmp_path, size):
    path = tmp_path / "strategies.toml"
    path.write_text(f"[trend]\n{size}\n", "utf-8")
    return trader(btc=1, env={"STRATEGIES_FILE": str(path)})


def of_trend(function, **fields):
    return alert(function, **{"strategy_name": "trend", **fields})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"side": "buy", "volume": "0.01"}, "volume"),
        ({"side": "sell", "quantity": "0.02"}, "volume"),
        ({"side": "buy", "volume": "50", "quantity_type": "percent_balance"}, "volume"),
        ({"action": "reverse", "volume": "0.5"}, "volume"),
        (
            {
                "action": "target",
                "market_position": "long",
                "quantity_type": "percent_equity",
                "volume": "5",
            },
            "volume",
        ),
        (
            {"action": "target", "market_position": "long", "market_position_size": "0.5"},
            "market_position_size",
        ),
    ],
    ids=str,
)
def test_a_size_of_the_alerts_own_is_refused(function, fields, field):
    answer = function.post(of_trend(function, **fields))
    assert (outcome(answer), answer["field"]) == ((422, "order_denied"), field)
    assert answer["error"].startswith("SIZE_FIXED: ")
    assert sent(function) == []


def test_a_leg_with_a_size_of_its_own_is_refused_with_all_others(function):
    legs = [ONE_LEG, {"side": "buy", "volume": "1"}]
    answer = function.post(legs_alert(function, legs, strategy_name="trend"))
    assert outcome(answer) == (422, "order_denied")
    assert sent(function) == []


@pytest.mark.parametrize(
    ("fields", "came"),
    [
        ({"side": "buy"}, [("buy", "0.02")]),
        (
            {"side": "sell", "market_position": "flat", "prev_market_position": "long"},
            [("sell", "0.02")],
        ),
        ({"action": "close"}, [("sell", "1")]),
        ({"action": "close", "percent": "50"}, [("sell", "0.5")]),
        ({"action": "reverse"}, [("sell", "1")]),
        (
            {"action": "target", "market_position": "flat", "market_position_size": "0"},
            [("sell", "1")],
        ),
    ],
    ids=str,
)
def test_the_fixed_size_and_all_that_has_none_goes(function, fields, came):
    assert outcome(function.post(of_trend(function, **fields))) == (200, "accepted")
    assert [(side, Decimal(volume)) for side, volume in sent(function)] == [
        (side, Decimal(volume)) for side, volume in came
    ]


@pytest.mark.parametrize(
    "size", ['volume = "0.02"', "size = {volume = 0.02}", "size = {volume = 0.02, fixed = false}"]
)
def test_a_size_that_is_not_fixed_is_what_an_alert_without_one_gets(tmp_path, size):
    function = strategy(tmp_path, size)
    for alert_id, fields in (("a-1", {}), ("a-2", {"volume": "0.5"})):
        assert outcome(
            function.post(of_trend(function, alert_id=alert_id, side="buy", **fields))
        ) == (200, "accepted")
    assert sent(function) == [("buy", "0.02"), ("buy", "0.5")]


def test_another_strategy_names_its_own_size(tmp_path):
    function = strategy(tmp_path, "size = {volume = 0.02, fixed = true}\n[other]")
    assert outcome(function.post(target(function, "1.5", strategy_name="other"))) == (
        200,
        "accepted",
    )
