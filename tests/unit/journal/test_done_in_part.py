"""An alert that has left undone a part of what it wants does not look like any other: at a
terminal, on the page, in the document of the route."""

from __future__ import annotations

from decimal import Decimal

import pytest
from click.testing import CliRunner

from tests.support.position_alerts import MARGIN, alert, legs_alert
from tests.support.trading_venue import outcome, trader
from webhook_core.operations.cli import cli
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import NotSent
from webhook_core.web.pages.operator import _page
from webhook_core.web.pages.view import View

D = Decimal
HELD = "NOT_ALL_CLOSED: the position goes from 3 to 1 BTC only: 1 of 3 BTC are held"
MARKED = "accepted, in part"
CLOSE = {"action": "close"}


def rows(function):
    return function.application.operators.alerts({})["alerts"]


def listed(function):
    return CliRunner().invoke(cli, ["alerts"], obj=lambda: function.application).stdout


def page(function):
    view = View(function.application.operators, function.settings()).page({})
    return _page(200, "operator.html", said="", proof="", **view).body.decode()


def holding(resting="0", **figures):
    function = trader(**figures)
    if D(resting):
        function.venue.held["XXBT"] = Balance(D(3), D(resting))
    return function


@pytest.mark.parametrize(
    "wants",
    [
        CLOSE,
        {"market_position": "flat"},
        {"market_position": "short", "market_position_size": "2"},
        {"action": "reverse"},
    ],
)
def test_what_orders_hold_back_of_a_close_is_said_and_marked(wants):
    function = holding("1", btc=3)
    assert outcome(function.post(alert(function, **wants))) == (200, "accepted")
    (row,) = rows(function)
    assert (row["outcome"], row["code"], row["in_part"]) == ("accepted", "accepted", True)
    assert row["reason"].startswith(HELD), row
    for shown in (listed(function), page(function)):
        assert MARKED in shown
        assert HELD in shown


@pytest.mark.parametrize(
    ("figures", "wants"),
    [
        ({"btc": 3}, CLOSE),
        ({"btc": 3}, CLOSE | {"percent": "33.3333333333"}),
        ({"btc": 3}, {"market_position": "short", "market_position_size": "2"}),
        ({"btc": 3, "resting": "1"}, CLOSE | {"percent": "50"}),
        ({"net": 3}, CLOSE | MARGIN),
        ({"usd": 10**6}, {"side": "buy", "volume": "0.1234567899"}),
    ],
)
def test_what_was_rounded_or_counted_is_no_part(figures, wants):
    function = holding(**figures)
    assert outcome(function.post(alert(function, **wants))) == (200, "accepted")
    (row,) = rows(function)
    assert row["warnings"]
    assert (row["in_part"], row["reason"]) == (False, "")
    assert "in part" not in listed(function) + page(function)


def test_a_close_among_several_orders_is_marked_with_them():
    function = holding("1", btc=3, usd=10**6)
    legs = [CLOSE | {"symbol": "BTCUSD"}, {"symbol": "ETHUSD", "side": "buy", "volume": "1"}]
    legs[1]["price"] = "2000"
    answer = function.post(legs_alert(function, legs))
    assert outcome(answer) == (200, "accepted"), answer
    (row,) = rows(function)
    assert (row["in_part"], row["reason"][: len(HELD)]) == (True, HELD)


def test_a_resend_that_finds_all_of_it_free_takes_the_mark_back():
    function = holding("1", btc=3)
    function.venue.refuse = [NotSent("a rate limit")]
    body = alert(function, **CLOSE)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.refuse = []
    function.venue.held["XXBT"] = Balance(D(3))
    assert outcome(function.post(body)) == (200, "accepted")
    (row,) = rows(function)
    assert (row["in_part"], row["reason"]) == (False, "")
