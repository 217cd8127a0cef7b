"""Another tool's close sells what its strategy bought, and nothing of what others did: over a
socket, at an engine that keeps its books as Kraken does."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOSE,
    MINUTES,
    OTHER,
    STRATEGIES,
    TREND,
    bought,
    by_hand,
    closed,
    forget_entries,
    function,
    held,
    in_their_words,
    kraken,
    made,
    ours,
    resting,
    sold,
    well,
)
from tests.support.paper import order

__all__ = ["function", "kraken", "made"]
D = Decimal
DAY = 86_400


def test_a_close_sells_what_the_strategy_bought_and_leaves_what_was_bought_by_hand(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3")
    assert held(kraken) == D("1.3")
    answer = well(closed(function))
    assert (sold(answer), held(kraken)) == (["0.3"], 1)
    told = "what this strategy bought and has not sold; the account holds 1.3 BTC"
    assert any(told in warning for warning in answer["warnings"]), answer["warnings"]
    nothing = well(closed(function), "no_action")
    assert "the account holds 1 BTC" in nothing["message"]
    assert held(kraken) == 1


@pytest.mark.parametrize("by_then", ["", "1"], ids=["at once", "after a reconcile"])
def test_where_the_strategy_bought_nothing_a_close_says_what_is_held_and_sells_nothing(
    kraken: KrakenServer, function: Function, by_then: str
) -> None:
    bought(function, "0.2", OTHER)
    if by_then:
        assert function.operate("POST", "/reconcile").status == 200
    answer = well(closed(function), "no_action")
    assert "the position is 0 BTC already" in answer["message"]
    assert "the account holds 1.2 BTC" in answer["message"]
    assert held(kraken) == D("1.2")


def test_two_strategies_of_one_pair_close_each_its_own(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3")
    bought(function, "0.2", OTHER)
    assert sold(well(closed(function))) == ["0.3"]
    assert sold(well(closed(function, OTHER))) == ["0.2"]
    assert held(kraken) == 1


def test_never_more_than_is_held_is_sold(kraken: KrakenServer, function: Function) -> None:
    bought(function, "0.3")
    kraken.clock.sleep(MINUTES)
    by_hand(kraken, "sell", "1.2")
    assert sold(well(closed(function))) == ["0.1"]
    assert held(kraken) == 0


def test_what_was_bought_by_hand_since_is_not_sold(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3")
    kraken.clock.sleep(MINUTES)
    by_hand(kraken, "buy", "0.5")
    assert sold(well(closed(function))) == ["0.3"]
    assert held(kraken) == D("1.5")


def test_what_a_plain_sell_has_sold_is_not_sold_again(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3")
    well(ours(function, side="sell", volume="0.1"))
    assert sold(well(closed(function))) == ["0.2"]
    assert held(kraken) == 1


def test_a_stop_that_has_fired_has_sold_it(kraken: KrakenServer, function: Function) -> None:
    bought(function, "0.3", stop_loss="55000")
    kraken.engine.mark_price("XBTUSD", D(54000))
    assert held(kraken) == 1
    answer = well(closed(function), "no_action")
    assert "the position is 0 BTC already" in answer["message"]
    assert held(kraken) == 1


def test_a_close_frees_the_stops_of_its_own_strategy_alone(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3", stop_loss="55000")
    bought(function, "0.2", OTHER, stop_loss="54000")
    answer = well(closed(function))
    assert [row["state"] for row in answer["orders"]] == ["ACCEPTED", "ACCEPTED"]
    assert (sold(answer), held(kraken)) == (["0.3"], D("1.2"))
    assert [D(row["descr"]["price"]) for row in resting(kraken)] == [54000]
    # Nothing is left for the stop of the one that closed.
    kraken.engine.mark_price("XBTUSD", D(50000))
    assert held(kraken) == 1


def test_its_own_stop_is_freed_though_what_others_bought_is_free(
    kraken: KrakenServer, function: Function
) -> None:
    """Else the stop would sell the coins of the hand later."""
    bought(function, "0.3", stop_loss="55000")
    assert sold(well(closed(function))) == ["0.3"]
    kraken.engine.mark_price("XBTUSD", D(50000))
    assert (held(kraken), resting(kraken)) == (1, [])


def test_a_limit_order_counts_as_far_as_it_has_filled(
    kraken: KrakenServer, function: Function
) -> None:
    well(ours(function, order_type="limit", volume="0.3", price="59000"))
    nothing = well(closed(function), "no_action")
    assert "the position is 0 BTC already" in nothing["message"]
    kraken.engine.mark_price("XBTUSD", D(58000))
    assert held(kraken) == D("1.3")
    assert sold(well(closed(function))) == ["0.3"]
    assert held(kraken) == 1


def test_a_fee_in_base_is_not_sold(kraken: KrakenServer, function: Function) -> None:
    bought(function, "0.1", fee_currency="base")
    assert sold(well(closed(function))) == ["0.0992"]
    assert held(kraken) == D("1.0008")  # this engine takes each fee in quote


def test_a_part_of_the_position_is_a_part_of_what_the_strategy_bought(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(STRATEGIES.replace("[other]", 'close = "own"\n[other]'))
    bought(function, "0.4")
    half = well(ours(function, percent="50", **CLOSE))
    assert sold(half) == ["0.2"]
    quarter = well(ours(function, side="sell", volume="25", quantity_type="percent_position"))
    assert sold(quarter) == ["0.05"]
    assert sold(well(closed(function))) == ["0.15"]
    assert held(kraken) == 1


def test_a_percentage_of_nothing_is_refused_with_what_is_held(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(STRATEGIES.replace("[other]", 'close = "own"\n[other]'))
    answer = ours(function, side="sell", volume="25", quantity_type="percent_position")
    assert (answer.status, answer["code"]) == (422, "order_denied")
    assert "this strategy bought and has not sold (the account holds 1 BTC)" in answer["error"]
    assert held(kraken) == 1


HALF = {"side": "sell", "volume": "50", "quantity_type": "percent_position"}
STOPPED = {"volume": "0.4", "stop_loss": "55000"}
LIMIT = {"side": "sell", "order_type": "limit", "price": "70000"}
BESIDE = {
    "stops of all": ([STOPPED], []),
    "stops of a part": ([STOPPED, {"volume": "0.2"}], ["0.2"]),
    "stops of less": ([STOPPED, {"volume": "0.8"}], ["0.6"]),
    "a limit of its own": ([{"volume": "0.4"}, {"volume": "0.3", **LIMIT}], ["0.1"]),
    "a limit of another": (
        [{"volume": "0.4"}, {"token": OTHER, "volume": "0.3", **LIMIT}],
        ["0.2"],
    ),
}


@pytest.mark.parametrize("beside", BESIDE)
def test_a_percentage_beside_orders_of_its_own_sells_none_that_others_bought(
    kraken: KrakenServer, made: Callable[..., Function], beside: str
) -> None:
    function, (orders, expected) = (
        made(STRATEGIES.replace("[other]", 'close = "own"\n[other]')),
        BESIDE[beside],
    )
    for one in orders:
        well(ours(function, **one))
    before = len(kraken.calls_of("OpenOrders"))
    answer = ours(function, **HALF)
    assert len(kraken.calls_of("OpenOrders")) == before + 1
    if expected:
        assert sold(well(answer)) == expected
    else:
        assert (answer.status, answer["code"]) == (422, "order_denied")
        assert answer["error"].startswith("SIZE_ZERO"), answer["error"]
    kraken.engine.mark_price("XBTUSD", D(54000))
    kraken.engine.mark_price("XBTUSD", D(71000))
    assert held(kraken) >= (D("0.7") if "another" in beside else 1)


def test_a_percentage_sells_what_the_same_alert_frees_of_a_stop(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(STRATEGIES.replace("[other]", 'close = "own"\n[other]'))
    well(ours(function, **STOPPED))
    legs = [{"action": "cancel", "symbol": "BTCUSD", "side": "sell"}, {"symbol": "BTCUSD", **HALF}]
    plain = dict.fromkeys(("symbol", "side", "volume", "price", "order_type"))
    assert sold(well(ours(function, orders=legs, **plain))) == ["0.2"]
    assert held(kraken) == D("1.2")


TARGETS = [
    ("flat", None, D(1)),
    ("long", "0.1", D("1.1")),
    ("long", "0.5", D("1.5")),
    ("short", "0.5", D(1)),
]


@pytest.mark.parametrize(("position", "size", "left"), TARGETS, ids=["flat", "less", "more", "no"])
def test_a_target_is_reached_by_what_the_strategy_has(
    kraken: KrakenServer, made: Callable[..., Function], position: str, size: str, left: Decimal
) -> None:
    function = made(STRATEGIES.replace("[other]", 'close = "own"\n[other]'))
    bought(function, "0.3")
    around = {"market_position": position, "market_position_size": size}
    well(ours(function, action="target", side=None, volume=None, **around))
    assert held(kraken) == left


@pytest.mark.parametrize(
    ("says", "is_plain", "left"),
    [
        ("", False, 1),
        ("", True, 0),
        ('close = "own"', False, 1),
        ('close = "own"', True, 1),
        ('close = "all"', False, 0),
        ('close = "all"', True, 0),
    ],
)
def test_a_strategy_says_which_of_the_two_its_closes_mean(
    kraken: KrakenServer, made: Callable[..., Function], says: str, is_plain: bool, left: int
) -> None:
    function = made(f'[trend]\ntoken = "{TREND}"\n{says}\n')
    bought(function, "0.3")
    well(ours(function, **CLOSE) if is_plain else closed(function))
    assert held(kraken) == left


def test_on_margin_only_the_strategys_part_of_the_position_is_closed(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(
        f'[trend]\ntoken = "{TREND}"\nclose = "own"\n[other]\ntoken = "{OTHER}"\nclose = "own"\n'
    )
    bought(function, "0.3", leverage="2")
    bought(function, "0.2", OTHER, leverage="2")
    answer = well(ours(function, leverage="2", **CLOSE))
    assert sold(answer) == ["0.3"]
    assert answer["orders"][-1]["request"]["reduce_only"] == "true"
    assert kraken.holdings()["positions"] == {"XXBTZUSD": "0.2"}
    assert (
        "the account holds 0.2 BTC"
        in well(ours(function, leverage="2", **CLOSE), "no_action")["message"]
    )


def test_what_was_bought_on_spot_is_no_part_of_a_position_on_margin(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(STRATEGIES.replace("[other]", 'close = "own"\n[other]'))
    bought(function, "0.3")
    bought(function, "0.2", OTHER, leverage="2")
    well(ours(function, leverage="2", **CLOSE), "no_action")
    assert (held(kraken), kraken.holdings()["positions"]) == (D("1.3"), {"XXBTZUSD": "0.2"})


def test_a_resend_of_a_close_is_answered_and_sells_nothing_more(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3")
    close = in_their_words(function)
    first = well(function.post(close))
    bought(function, "0.2")
    again = well(function.post(close))
    assert (again["replayed"], again["order_id"]) == (True, first["order_id"])
    assert held(kraken) == D("1.2")


def test_a_validation_counts_the_same_and_leaves_nothing_behind(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3")
    documents = function.application.decider.pair_rules.documents
    place = "trades-read:live:default"
    close = in_their_words(function)
    answer = well(function.post(close, "/webhook/tradingview/validate"), "validated")
    assert answer["trade_details"]["volume"] == "0.3"
    assert "what this strategy bought" in json.dumps(answer.document)
    assert documents.read(place) is None
    assert held(kraken) == D("1.3")


@pytest.mark.parametrize(("trades", "deliveries"), [(60, 1), (160, 2)])
def test_unread_trades_are_read_a_page_a_delivery_and_until_then_nothing_is_sold(
    kraken: KrakenServer, function: Function, trades: int, deliveries: int
) -> None:
    bought(function, "0.3")
    kraken.clock.sleep(MINUTES)
    for _ in range(trades // 2):
        order(kraken.engine, volume="0.01")
        order(kraken.engine, volume="0.01", type="sell")
        kraken.clock.sleep(1)
    close = in_their_words(function)
    for _ in range(deliveries - 1):
        answer = function.post(close)
        assert (answer.status, answer["code"]) == (503, "not_sent")
        assert "let reconcile run each minute" in answer["error"]
    kraken.calls.clear()
    assert sold(well(function.post(close))) == ["0.3"]
    assert len(kraken.calls_of("TradesHistory")) <= 4
    assert held(kraken) == 1


def test_a_plain_alert_pays_for_none_of_it(kraken: KrakenServer, function: Function) -> None:
    bought(function, "0.3")
    before = len(kraken.calls)
    well(ours(function, **CLOSE))
    assert "TradesHistory" not in [call.endpoint for call in kraken.calls[before:]]


def test_a_stop_that_outlives_its_entry_in_the_ledger_sells_the_strategys_own(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3", stop_loss="55000")
    assert function.operate("POST", "/reconcile").status == 200
    kraken.clock.sleep(91 * DAY)
    forget_entries(function)
    for _ in range(2):
        assert function.operate("POST", "/reconcile").status == 200
    kraken.engine.mark_price("XBTUSD", D(54000))
    assert held(kraken) == 1
    kraken.clock.sleep(MINUTES)
    bought(function, "0.2")
    assert sold(well(closed(function))) == ["0.2"]
    assert held(kraken) == 1


@pytest.mark.parametrize(
    ("before", "says", "status"),
    [
        ("0.3", "own", 200),
        ("1.3", "own", 422),
        ("0.3", "all", 422),
        ("1.3", "all", 200),
    ],
)
def test_whether_an_alert_was_lost_is_told_by_the_same_position(
    kraken: KrakenServer, made: Callable[..., Function], before: str, says: str, status: int
) -> None:
    lines = f'close = "{says}"\non_missed_alert = "refuse"\n[other]'
    function = made(STRATEGIES.replace("[other]", lines))
    bought(function, "0.3")
    told = {"prev_market_position": "long", "prev_market_position_size": before}
    answer = ours(function, volume="0.1", **told)
    assert answer.status == status, answer.document
    if status == 422:
        what = "has bought and not sold 0.3" if says == "own" else "the account holds 1.3"
        assert what in answer["error"]


@pytest.mark.parametrize("size", [
    {"order": {"amount": "0.3", "currency_type": "base"}},
    {"order": {"amount": "18000", "currency_type": "quote"}},
    {"order": {"amount": "0.3", "currency_type": "base"},
     "strategy_info": {"market_position": "flat", "market_position_size": "0",
                       "prev_market_position": "long", "prev_market_position_size": "0.3"}},
], ids=["base", "quote", "flat"])  # fmt: skip
def test_another_tool_s_sale_of_a_size_sells_no_more_than_the_strategy_bought(
    size: dict[str, object], kraken: KrakenServer, function: Function
) -> None:
    """Its entry may have been refused, or have been smaller than it says."""
    nothing = function.post(in_their_words(function, "sell", **size))
    assert (nothing.status, nothing["code"]) == (422, "order_denied"), nothing.document
    assert "the account holds 1 BTC" in nothing["message"]
    bought(function, "0.2")
    assert sold(well(function.post(in_their_words(function, "sell", **size)))) == ["0.2"]
    assert held(kraken) == 1


def test_our_own_sale_sells_the_size_that_it_says(kraken: KrakenServer, function: Function) -> None:
    well(ours(function, side="sell", volume="0.3"))
    assert held(kraken) == D("0.7")
