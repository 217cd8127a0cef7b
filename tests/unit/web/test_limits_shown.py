"""The limits of the operator's page, and how much of each is used."""

from __future__ import annotations

import pytest

from tests.support.faked_function import Function
from webhook_core.web.pages.limits_shown import LimitsShown, ShownLimit, read_limits

STRATEGIES = """
[trend]
allowed_symbols = ["BTC/USD"]
max_order_cost = "100000 USD"
orders_per_day = 2
[swing]
cool_down = "30s"
[held]
max_position = "0.5 BTC, 20000 USD"
max_open_orders = 3
max_open_positions = 4
max_entries = 2
"""
ENV = {
    "MAX_ORDER_COST": "1000000 USD,450 EUR", "PRICE_COLLAR": "2%", "ORDERS_PER_HOUR": "5",
    "TRADING_HOURS": "00:00-24:00 UTC", "MAX_DAILY_LOSS": "200 USD",
}  # fmt: skip


@pytest.fixture
def function(tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text(STRATEGIES, "utf-8")
    return Function(env={**ENV, "STRATEGIES_FILE": str(path)})


def shown(function):
    market = function.application.decider
    limits = LimitsShown(
        function.settings(), market.pair_rules.documents, market.mode, market.account
    )
    return {(row.whose, row.limit): row for row in limits.rows(function.clock.now())}


def test_every_limit_that_is_set_is_there_with_whose_it_is(function):
    rows = shown(function)
    assert {name: row.most for name, row in rows.items()} == {
        ("the account", "cost of an order"): "1000000 USD, 450 EUR",
        ("the account", "price collar"): "2 %",
        ("the account", "hours"): "00:00-24:00 UTC",
        ("the account", "orders per hour"): "5",
        ("the account", "loss of a day"): "200 USD",
        ("held", "position of a pair"): "0.5 BTC, 20000 USD",
        ("held", "open orders"): "3",
        ("held", "open positions"): "4",
        ("held", "entries of a position"): "2",
        ("trend", "pairs"): "BTC/USD",
        ("trend", "cost of an order"): "100000 USD",
        ("trend", "orders per day"): "2",
        ("swing", "cool down"): "30 s",
    }
    assert not any(row.is_full for row in rows.values())
    assert rows["the account", "loss of a day"].used == "not known yet"


def test_what_was_taken_is_counted_and_a_limit_that_is_used_up_says_so(function):
    assert function.operate("POST", "/reconcile").status == 200  # so that the loss is known
    for name, number in (("trend", 1), ("trend", 2), ("swing", 3)):
        answer = function.post(function.alert(id=str(number), strategy_name=name))
        assert answer.status == 200, answer.document
    rows = shown(function)
    assert rows["the account", "orders per hour"].used == "3"
    assert rows["trend", "orders per day"] == ShownLimit("trend", "orders per day", "2", "2", True)
    assert rows["swing", "cool down"].is_full
    assert rows["the account", "loss of a day"].used.startswith("0 USD")
    function.clock.sleep(3601)
    rows = shown(function)
    assert (rows["the account", "orders per hour"].used, rows["swing", "cool down"].is_full) == (
        "0",
        False,
    )


def test_what_can_not_be_read_is_said(function):
    market = function.application.decider
    documents = market.pair_rules.documents
    name = f"entry-counts/{market.mode}/{market.account}/trend"
    documents.write(name, "[[1", None)
    limits = LimitsShown(function.settings(), documents, market.mode, market.account)
    found = read_limits(limits, function.clock.now())
    assert (found["limits"], bool(found["limits_unread"])) == ([], True)


def test_without_a_limit_there_is_no_row():
    assert shown(Function()) == {}
