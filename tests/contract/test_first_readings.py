"""How another tool's first message under a strategy was read: in its answer, and kept with the
alert on every ledger, where an operator finds it over HTTP and at a terminal."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests.support.dialects import BY_TITLE
from tests.support.faked_function import TOKEN, Function
from webhook_core.operations.cli import cli

READ = "Read as a message of OKX' signal bot; in our own fields it is "


def message(function, amount="100", **changes):
    body = json.loads(BY_TITLE["OKX signal bot"].body(TOKEN, function.clock.now()))
    return {**body, "amount": amount, **changes}


def read_of(warnings):
    """The canonical alert that the warnings tell, None where they tell none."""
    told = [warning for warning in warnings if warning.startswith(READ)]
    assert len(told) <= 1
    return json.loads(told[0].removeprefix(READ).removesuffix(".")) if told else None


def canonical(function, amount="100"):
    fired_at = function.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"symbol": "BTC-USD", "fired_at": fired_at, "action": "buy", "volume": amount,
        "quantity_type": "quote"}  # fmt: skip


def listed(function):
    """The warnings of each alert, newest first, as the route and the command show them."""
    answer = function.operate("GET", "/alerts")
    assert answer.status == 200
    shown = CliRunner().invoke(
        cli, ["alerts", "--json"], obj=lambda: function.application, catch_exceptions=False
    )
    at_terminal = [row["warnings"] for row in json.loads(shown.stdout)["alerts"]]
    assert at_terminal == [row["warnings"] for row in answer["alerts"]]
    return at_terminal


def test_the_first_is_answered_and_kept_with_what_it_became_and_no_later_one(store):
    function = Function(store=store)
    expected = canonical(function)
    first = function.post(message(function))
    assert (first.status, read_of(first["warnings"])) == (200, expected)
    function.clock.sleep(60)
    later = function.post(message(function, "90"))
    assert (later.status, read_of(later["warnings"])) == (200, None)
    assert [read_of(warnings) for warnings in listed(function)] == [None, expected]
    other = Function(store=store, clock=function.clock)  # an instance that has told nothing itself
    other.clock.sleep(60)
    assert read_of(other.post(message(other, "80"))["warnings"]) is None
    assert [read_of(warnings) for warnings in listed(other)] == [None, None, expected]


def test_what_a_command_shows_of_one_alert_has_it_too(store):
    function = Function(store=store)
    function.post(message(function))
    alert_id = function.operate("GET", "/alerts")["alerts"][0]["alert_id"]
    shown = CliRunner().invoke(
        cli, ["alerts", "show", alert_id], obj=lambda: function.application, catch_exceptions=False
    )
    assert READ in shown.stdout.replace("\n", " ")
    (known,) = function.operate("GET", "/alerts", id=alert_id)["alert"]["deliveries"]
    assert read_of(known["warnings"]) is not None


def test_each_strategy_and_each_tool_has_a_first_one(store):
    function = Function(store=store)
    for strategy in ("trend", "swing"):
        answer = function.post(message(function, strategy_name=strategy))
        assert read_of(answer["warnings"]) is not None, strategy
    bot = json.loads(BY_TITLE["3Commas DCA bot"].body(TOKEN)) | {"strategy_name": "trend"}
    told = function.post(bot)["warnings"]
    assert any(warning.startswith("Read as a message of 3Commas' DCA bot") for warning in told)


@pytest.mark.parametrize("refused", [{"amount": "1000000"}, {"instrument": "ETH-USD"}], ids=str)
def test_one_that_is_denied_is_told_and_kept_and_the_next_is_told_as_well(store, refused):
    """Until one of them is an order nobody has seen how an order of theirs is read."""
    env = {"MAX_ORDER_COST": "500 USD", "ALLOWED_SYMBOLS": "BTC/USD"}
    function = Function(store=store, env=env)
    answer = function.post(message(function, **refused))
    assert (answer.status, answer["code"]) == (422, "order_denied")
    assert read_of(answer["warnings"]) is not None
    assert read_of(listed(function)[0]) is not None
    function.clock.sleep(60)
    assert read_of(function.post(message(function))["warnings"]) is not None
    assert read_of(function.post(message(function, "90"))["warnings"]) is None
