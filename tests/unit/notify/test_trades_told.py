"""Stops and take profits that fired, and fills, on the paper Kraken."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.support.clock import FakeClock
from tests.support.memory_ledger import MemoryLedger
from tests.unit.notify.conftest import next_run
from webhook_core.bootstrap import open_venue
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Role, to_row
from webhook_core.operations.cli import cli
from webhook_core.settings.reading import read_settings


@pytest.fixture
def trading(told):
    def make(**env):
        clock, store = FakeClock(), MemoryLedger()
        venue = open_venue(read_settings({"LEDGER_URL": "memory://"}), store, clock)
        return told(clock=clock, store=store, venue=venue, env=env)

    return make


def trade(function, number, price, **fields):
    answer = function.post(function.alert(id=str(number), price=price, **fields))
    assert answer.status == 200, answer.document


@pytest.mark.parametrize(
    ("close", "kind"),
    [
        ({"stop_loss": "59000"}, "stop-loss"),
        ({"stop_loss": "59000", "stop_loss_limit": "58000"}, "stop-loss-limit"),
        ({"take_profit": "61000"}, "take-profit"),
        ({"take_profit": "61000", "take_profit_limit": "60500"}, "take-profit-limit"),
    ],
)
def test_an_exit_beside_an_entry_that_fired_is_told_once(trading, person, close, kind):
    function = trading()
    trade(function, 1, "60000", strategy_name="trend", **close)
    assert next_run(function) == 0
    moves_to = "58900" if "stop_loss" in close else "61100"
    trade(function, 2, moves_to, volume="0.001")
    assert [next_run(function) for _ in range(15)] == [1, *[0] * 14]
    (said,) = person.heard
    assert said["title"] == f"trend: a {kind} fired, sold 0.01 BTC/USD (paper)"
    assert " USD, fee " in said["message"]
    assert said["message"].endswith("By the order of alert 1.")
    (leg,) = function.operate("GET", "/alerts", id="1")["alert"]["legs"]
    assert [(row["side"], row["volume"]) for row in leg["exit_fills"]] == [("sell", "0.01")]
    shown = CliRunner().invoke(cli, ["alerts", "show", "1"], obj=lambda: function.application)
    assert "side sell, volume 0.01, price " in shown.stdout


def test_an_exit_that_an_earlier_version_kept_is_told_without_its_kind(trading, person):
    function = trading()
    trade(function, 1, "60000", strategy_name="trend", stop_loss="59000")
    next_run(function)
    trade(function, 2, "58900", volume="0.001")
    function.operate("POST", "/reconcile")
    (exit_,) = [one for one in kept(function) if one.role is Role.EXIT]
    later = exit_._replace(trade_id="T-OLD", order_id="O-OLD", exit_type=None)
    assert "exit_type" not in to_row(later)
    TradeStore(function.store, "paper", "default").add([later])
    next_run(function)
    assert person.titles[-1].startswith("trend: a stop or take profit fired, sold 0.01 BTC/USD")


def kept(function):
    return TradeStore(function.store, "paper", "default").of_day(function.clock.now().date())


@pytest.mark.parametrize(
    ("order_type", "price", "prices"),
    [
        ("stop-loss", "60000", {"stop_price": "59000"}),
        ("stop-loss-limit", "58000", {"stop_price": "59000"}),
        ("trailing-stop", "60000", {"trail": "2%"}),
    ],
)
def test_a_stop_of_its_own_that_fired_is_told_by_its_kind(
    trading, person, order_type, price, prices
):
    function = trading()
    trade(function, 0, "60000", volume="0.001")
    trade(function, 1, price, side="sell", order_type=order_type, **prices)
    assert next_run(function) == 0
    trade(function, 2, "58500", volume="0.001")
    assert [next_run(function) for _ in range(3)] == [1, 0, 0]
    assert person.titles == [f"default: a {order_type} fired, sold 0.01 BTC/USD (paper)"]


def test_every_fill_is_told_where_that_is_chosen(trading, person):
    function = trading(NOTIFY_ABOUT="fill")
    trade(function, 1, "60000")
    assert [next_run(function) for _ in range(3)] == [1, 0, 0]
    assert person.titles == ["default: bought 0.01 BTC/USD (paper)"]
    assert person.heard[0]["message"].startswith("At 60000, for 600 USD, fee 4.8 USD; 2026-11-22")


def test_what_was_traded_while_nothing_ran_is_told_by_the_next_run(trading, person):
    function = trading(NOTIFY_ABOUT="fill,stop")
    for day in range(5):
        function.clock.sleep(86400)
        trade(function, day, "60000")
    assert [next_run(function, 5), next_run(function)] == [5, 0]


def test_the_summary_says_what_was_earned_and_what_is_held(trading, person):
    function = trading(NOTIFY_SUMMARY="07:00", NOTIFY_ABOUT="none")
    trade(function, 1, "60000", strategy_name="trend")
    trade(function, 2, "61000", strategy_name="trend", side="sell", volume="0.004")
    next_run(function)
    next_run(function, 60 * 20)
    (said,) = person.heard
    assert said["message"].splitlines() == [
        "Alerts: 2 (2 accepted)",
        "trend BTC/USD: 2 fills, profit -2.752 USD; holds 0.006 for 360 USD, 6 USD unrealised",
        "Profit: -2.752 USD, unrealised 6 USD",  # 4 earned; 4.8 and 1.952 of fees
    ]
