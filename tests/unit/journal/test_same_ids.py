"""Strategies number their alerts each for itself: one id may be of several."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.support.faked_function import Function
from webhook_core.operations.cli import cli

TOKENS = {"one": "one-of-the-tests-0123456789", "two": "two-of-the-tests-0123456789"}


@pytest.fixture
def function(tmp_path):
    tables = (f'[{name}]\ntoken = "{token}"\n' for name, token in TOKENS.items())
    (tmp_path / "strategies.toml").write_text("".join(tables), "utf-8")
    function = Function(env={"STRATEGIES_FILE": str(tmp_path / "strategies.toml")})
    for strategy, volume in (("one", "0.01"), ("two", "0.02")):
        alert = function.alert(id="7", token=TOKENS[strategy], volume=volume)
        assert function.post(alert).status == 200
        function.clock.sleep(1)
    return function


def shown(function, *options):
    return CliRunner().invoke(
        cli, ["alerts", "show", "7", *options], obj=lambda: function.application
    )


def test_each_delivery_and_each_order_says_whose_it_is(function):
    known = function.operate("GET", "/alerts", id="7")["alert"]
    assert known["strategy"] == "one, two"
    assert [one["strategy"] for one in known["deliveries"]] == ["one", "two"]
    assert {leg["strategy"]: leg["request"]["volume"] for leg in known["legs"]} == {
        "one": "0.01", "two": "0.02",
    }  # fmt: skip
    text = shown(function).stdout
    for line in ("delivery 1 of one", "delivery 2 of two", "leg 1 of two: AddOrder ACCEPTED"):
        assert line in text


def test_one_strategys_alone_can_be_asked_for(function):
    known = function.operate("GET", "/alerts", id="7", strategy="two")["alert"]
    assert known["strategy"] == "two"
    assert [leg["request"]["volume"] for leg in known["legs"]] == ["0.02"]
    text = shown(function, "--strategy", "two").stdout
    assert "delivery 1\n" in text
    assert "0.01" not in text
    assert "names no alert" in shown(function, "--strategy", "three").output
