"""The newest alert of each strategy on the operator's page, and who has gone silent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.faked_function import Function
from webhook_core.web.pages.amounts import Amounts
from webhook_core.web.pages.heard import Heard, heard
from webhook_core.web.pages.operator import _page
from webhook_core.web.pages.view import View


@pytest.fixture
def function(tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text('[trend]\nexpect_every = "26h"\n[swing]\n[quiet]\nexpect_every = "3d"\n')
    return Function(env={"ALLOWED_SYMBOLS": "BTC/USD", "STRATEGIES_FILE": str(path)})


def test_each_strategy_that_is_set_is_there_however_many_alerts_others_sent(function):
    began = function.clock.now()
    function.post(function.alert(id="t", strategy_name="trend"))
    function.clock.sleep(3600 * 27)
    for number in range(210):
        function.post(function.alert(id=str(number), strategy_name="swing", symbol="ETHUSD"))
        function.clock.sleep(1)
    rows = {row.strategy: row for row in heard(function.application.operators)}
    asked, expected = "buy 0.01 BTC/USD market", "at least one every 26h"
    assert rows["trend"] == Heard("trend", began, "accepted", asked, expected, is_silent=True)
    assert (rows["swing"].outcome, rows["swing"].is_silent) == ("denied", False)
    assert rows["quiet"] == Heard("quiet", expected="at least one every 3d", is_silent=True)


def test_the_page_says_who_is_silent(function):
    shown = View(function.application.operators, function.settings()).page({})
    text = _page(200, "operator.html", said="", proof="0", **shown).body.decode()
    assert "quiet is silent." in text
    assert "at least one every 26h: silent" in text
    assert "swing is silent" not in text


def test_amounts_have_the_decimals_of_their_pair_and_of_no_pair_stand_as_they_are(function):
    amounts = Amounts(function.application.operators.decider.pair_rules.current())
    assert amounts.money("ETHUSD", Decimal("-1.456")) == "-1.46"  # its rules have none for a cost
    assert amounts.volume("BTC/USD", Decimal("0.5")) == "0.50000000"
    assert amounts.price("BTC/USD", Decimal("60000.123")) == "60000.1"
    assert amounts.money("BTC/USD", Decimal("-2.7520000001")) == "-2.75200"
    assert amounts.money("NO/SUCH", Decimal("1.50")) == "1.5"
