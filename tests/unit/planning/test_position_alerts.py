"""Alerts that close, reverse or name a position: the order from what is held to
what is wanted, or none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.faked_function import TOKEN
from tests.support.instruments import btc_usd, pair
from tests.support.position_alerts import MARGIN, alert, held, states, word
from tests.support.row_by_row import row_by_row
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import Accepted, Rejected

D = Decimal


@row_by_row
@pytest.mark.parametrize(
    ("btc", "fields", "order"),
    [
        (3, {"action": "close"}, ("sell", "3")),
        (3, {"action": "close", "percent": "50"}, ("sell", "1.5")),
        (3, {"action": "flatten", "percent": "33.3333333333"}, ("sell", "0.99999999")),
        (
            3,
            {"action": "close", "volume": "10", "quantity_type": "percent_position"},
            ("sell", "0.3"),
        ),
        (3, {"action": "reverse"}, ("sell", "3")),
        (3, {"action": "reverse", "volume": "2"}, ("sell", "3")),
        (
            1,
            {"action": "target", "market_position": "long", "market_position_size": "3"},
            ("buy", "2"),
        ),
        (
            1,
            {"market_position": "long", "market_position_size": "3"},
            ("buy", "2"),
        ),  # a position alone is a target
        (
            3,
            {"action": "target", "market_position": "long", "market_position_size": "1"},
            ("sell", "2"),
        ),
        (3, {"action": "target", "market_position": "flat"}, ("sell", "3")),
        (
            3,
            {"action": "target", "market_position": "short", "market_position_size": "2"},
            ("sell", "3"),
        ),
    ],
)
def test_on_spot_it_goes_from_what_is_held_to_what_is_wanted_and_no_further(btc, fields, order):
    function = trader(btc=btc, usd=10**6)
    answer = function.post(alert(function, **fields))
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [order]
    assert function.venue.calls == ["balances", "submit"]
    (request, _, _) = function.venue.submitted[0]
    assert request.parameters.keys() == {"pair", "type", "ordertype", "volume"}
    assert request.parameters["ordertype"] == "market"


@row_by_row
@pytest.mark.parametrize(
    ("net", "fields", "order", "reduces"),
    [
        (3, {"action": "close"}, ("sell", "3"), True),
        (-3, {"action": "close"}, ("buy", "3"), True),
        (-3, {"action": "close", "percent": "50"}, ("buy", "1.5"), True),
        (3, {"action": "reverse"}, ("sell", "6"), False),
        (-3, {"action": "reverse", "volume": "1"}, ("buy", "4"), False),
        (1, {"market_position": "short", "market_position_size": "3"}, ("sell", "4"), False),
        (-1, {"market_position": "short", "market_position_size": "3"}, ("sell", "2"), False),
        (-3, {"market_position": "short", "market_position_size": "1"}, ("buy", "2"), True),
        (3, {"market_position": "flat"}, ("sell", "3"), True),
    ],
)
def test_on_margin_both_sides_of_zero_can_be_reached_and_an_exit_only_reduces(
    net, fields, order, reduces
):
    function = trader(btc=100, net=net)
    answer = function.post(alert(function, **fields, **MARGIN))
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [order]
    adds = (order[0] == "buy") == (net > 0)
    assert function.venue.calls == ["positions", *([] if adds else ["open_orders"]), "submit"]
    (request, _, _) = function.venue.submitted[0]
    assert (request.parameters["leverage"], "reduce_only" in request.parameters) == ("2", reduces)


def test_a_target_in_percent_of_the_equity():
    function = trader(btc=1, usd=50_000, worth=200_000)
    answer = function.post(
        alert(function, market_position="long", volume="100", quantity_type="percent_equity")
    )
    assert outcome(answer) == (200, "accepted")
    # 100,000 dollars are 2 coins; the fee is kept back.
    assert sent(function) == [("buy", "49603.1745")]
    assert function.venue.calls == ["balances", "prices", "submit"]


def test_with_leverage_it_would_take_four_calls_or_trust_the_alerts_price_with_the_size():
    function = trader(worth=200_000)
    fields = {
        "market_position": "long",
        "volume": "150",
        "quantity_type": "percent_equity",
        **MARGIN,
    }
    answer = function.post(alert(function, **fields))
    assert (*outcome(answer), answer["field"]) == (400, "alert_malformed", "quantity_type")


NOTHING = [
    (0, 0, {"action": "close"}),
    (0, 0, {"action": "reverse"}),
    (2, 2, {"market_position": "long", "market_position_size": "2"}),
    (2, 2, {"market_position": "long", "market_position_size": "2.00000000001"}),
    (0, 0, {"market_position": "flat"}),
]


@pytest.mark.parametrize("margin", [{}, MARGIN], ids=["spot", "margin"])
@pytest.mark.parametrize(("btc", "net", "fields"), NOTHING)
def test_what_is_there_already_is_no_action_stored_and_replayed(btc, net, fields, margin):
    function = trader(btc=btc, net=net)
    body = alert(function, **fields, **margin)
    first = function.post(body)
    assert outcome(first) == (200, "no_action")
    assert (first["success"], first["error"], first["replayed"], first["order_id"]) == (
        True,
        None,
        False,
        None,
    )
    assert "Nothing to do: the position is" in first["message"]
    assert states(function) == [("a-1", "NO_ACTION")]

    function.venue.held["XXBT"], function.venue.net = Balance(D(9)), {"XXBTZUSD": D(9)}
    function.venue.calls.clear()
    again = function.post(body)
    assert outcome(again) == (200, "no_action")
    assert (again["replayed"], again["message"]) == (True, first["message"])
    assert (function.venue.calls, function.venue.submitted) == ([], [])


@pytest.mark.parametrize("fields", [{"market_position": "short", "market_position_size": "3"}])
def test_on_spot_a_short_target_of_a_flat_account_is_no_action(fields):
    function = trader()
    assert outcome(function.post(alert(function, **fields))) == (200, "no_action")
    assert function.venue.submitted == []


def test_what_resting_orders_hold_is_sold_only_as_far_as_it_is_free():
    function = trader()
    function.venue.held["XXBT"] = Balance(D(3), D(1))
    answer = function.post(alert(function, action="close"))
    assert sent(function) == [("sell", "2")]
    assert any("cancel those first" in warning for warning in answer["warnings"])
    function.venue.held["XXBT"] = Balance(D(3), D(3))
    function.clock.sleep(90)
    denied = function.post(alert(function, "a-2", action="close"))
    assert outcome(denied) == (422, "order_denied")
    assert "POSITION_HELD" in denied["error"]
    assert len(states(function)) == 1


# -- TradingView's one order for a reversal --------------------------------------------------------


def reversal(function, side, contracts, before, after, **fields):
    body = {
        "token": TOKEN, "symbol": "BTCUSD", "action": side, "contracts": str(contracts),
        "price": "50000",
        "market_position": word(after), "market_position_size": str(abs(after)),
        "prev_market_position": word(before), "prev_market_position_size": str(abs(before)),
        "id": f"{before} to {after}",
        "fired_at": function.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), **fields,
    }  # fmt: skip
    return function.post(body)


@pytest.mark.parametrize(
    ("side", "contracts", "before", "after", "spot"),
    [
        ("sell", 15, 10, -5, ("sell", "10")),
        ("buy", 15, -10, 5, ("buy", "5")),
        ("sell", 10, 10, 0, ("sell", "10")),
        ("buy", 5, 5, 10, ("buy", "5")),
        ("sell", 5, 0, -5, None),
        ("buy", 5, -5, 0, None),
        ("sell", 5, -5, -10, None),
    ],
)
def test_of_a_reversal_spot_trades_the_long_part_and_margin_all_of_it(
    side, contracts, before, after, spot
):
    function = trader(btc=max(before, 0), usd=10**6)
    answer = reversal(function, side, contracts, before, after)
    if spot is None:
        assert outcome(answer) == (200, "no_action")
        assert "spot has no short positions" in answer["message"]
        assert states(function) == [(f"{before} to {after}", "NO_ACTION")]
        assert reversal(function, side, contracts, before, after)["replayed"] is True
    else:
        assert outcome(answer) == (200, "accepted")
        cut = D(spot[1]) != contracts
        assert any("was cut to" in warning for warning in answer["warnings"]) is cut
    assert sent(function) == ([] if spot is None else [spot])
    assert "balances" not in function.venue.calls

    levered = trader(net=before)
    answer = reversal(levered, side, contracts, before, after, **MARGIN)
    assert outcome(answer) == (200, "accepted")
    assert sent(levered) == [(side, str(contracts))]
    assert held(levered, margin=True) == after


# -- what comes in between -------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("fields", [{"action": "close"}, {"market_position": "flat"}])
def test_an_exit_that_kraken_refuses_for_the_pairs_new_rules_is_planned_once_more(fields, margin):
    function = trader(btc="1.23456789", net="1.23456789")
    function.venue.rules = [btc_usd(lot_decimals=2, as_of=function.clock.now())]
    function.venue.refuse = [Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)]
    answer = function.post(alert(function, **fields, **(MARGIN if margin else {})))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert sent(function) == [("sell", "1.23456789"), ("sell", "1.23")]


@pytest.mark.parametrize(
    "fields", [{"action": "close"}, {"market_position": "long", "market_position_size": "3"}]
)
@pytest.mark.parametrize("margin", [{}, MARGIN], ids=["spot", "margin"])
def test_a_validation_shows_the_order_and_leaves_nothing(fields, margin):
    function = trader(btc=1, net=1, usd=10**6)
    answer = function.post(alert(function, **fields, **margin), "/webhook/tradingview/validate")
    assert outcome(answer) == (200, "validated")
    assert len(answer["orders"]) == len(function.venue.validated) == 1
    assert (function.venue.submitted, states(function)) == ([], [])


def test_a_validation_of_what_is_there_already_says_so():
    function = trader()
    answer = function.post(alert(function, action="close"), "/webhook/tradingview/validate")
    assert outcome(answer) == (200, "validated")
    assert "there is nothing to do: the position is 0 BTC already" in answer["message"]
    assert (answer["orders"], function.venue.validated, states(function)) == ([], [], [])


@pytest.mark.parametrize("read", ["balances", "positions"])
def test_a_read_that_fails_is_503_and_sends_nothing(read):
    function = trader(btc=1, net=1)
    function.venue.unreadable = {read}
    body = alert(function, action="close", **(MARGIN if read == "positions" else {}))
    assert outcome(function.post(body)) == (503, "venue_unavailable")
    assert states(function) == [("a-1", "MISSED")]
    function.venue.unreadable = set()
    assert outcome(function.post(body)) == (200, "accepted")


def test_an_exit_passes_a_cap_that_is_below_its_cost_and_asks_for_no_price():
    function = trader(btc=3, env={"MAX_ORDER_COST": "100000 USD"})
    function.venue.unreadable = {"last_price", "prices"}
    answer = function.post(alert(function, action="close", price=None))
    assert outcome(answer) == (200, "accepted")
    assert function.venue.calls == ["balances", "submit"]


@pytest.mark.parametrize("price", [None, "1"])
def test_where_exits_are_held_against_the_cap_it_is_at_the_markets_price(price):
    capped = {"MAX_ORDER_COST": "100000 USD", "EXITS_IGNORE_MAX_ORDER_COST": "false"}
    function = trader(btc=3, env=capped)
    answer = function.post(alert(function, action="close", price=price))
    assert outcome(answer) == (422, "order_denied")
    assert "MAX_ORDER_COST: cost 150000 USD" in answer["error"]
    assert function.venue.calls == ["balances", "last_price"]


@pytest.mark.parametrize("shown", ["XBTUSD:BTNL", "XXBTZUSD:BTNL", "XBT/USD:BTNL"])
@pytest.mark.parametrize("symbol", ["XBTUSD:BTNL", "KRAKEN:XBTUSD:BTNL", "btc/usd:btnl"])
def test_a_position_on_krakens_other_venue_is_seen_under_whatever_name_it_is_shown(shown, symbol):
    function = trader(net=5)
    function.venue.rules = [pair("XBTUSD:BTNL", "XBTUSD:BTNL", "XBT/USD:BTNL", "XXBT", "ZUSD")]
    function.venue.net[shown] = D(3)
    function.venue.refuse = [Accepted("OBTNL1-AAAAA-AAAAAA")]
    answer = function.post(alert(function, action="close", symbol=symbol, leverage=5))
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [("sell", "3")]
    (request, _, _) = function.venue.submitted[0]
    assert (request.pair, request.symbol) == ("XBTUSD:BTNL", "BTC/USD:BTNL")
    assert function.venue.net["XXBTZUSD"] == 5
