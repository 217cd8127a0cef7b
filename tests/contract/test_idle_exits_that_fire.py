"""The strategy's own exit rests though nothing, or less, is held, and trades in the moment before
its cancel reaches Kraken."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.contract.test_idle_exits import (
    CLOSE,
    MARGIN,
    REVERSE,
    SCOPE,
    TREND,
    flat_beside_a_stop,
    margin_by_hand,
    position,
    sold_beside_its_stop,
)
from tests.support import kraken_faults as faults
from tests.support.lagging_figures import BOOK
from tests.support.own_positions import (
    STRATEGIES,
    function,
    held,
    kraken,
    made,
    ours,
    resting,
    well,
)
from tests.support.paper import Lag
from webhook_core.kraken.paper.book import Book, Position
from webhook_core.planning.own_closes import Held
from webhook_core.sending.close_units import position_unit

__all__ = ["function", "kraken", "made"]
D = Decimal
OWN = STRATEGIES.replace("[other]", 'close = "own"\n[other]')
SHORT = {
    "action": "target",
    "side": None,
    "volume": None,
    "market_position": "short",
    "market_position_size": "0.3",
}


def at_cancel(kraken, do, number=1):
    real, seen = kraken.next_fault, []

    def next_fault(endpoint, params):
        if endpoint == "CancelOrder":
            seen.append(1)
            if len(seen) == number:
                do()
        return real(endpoint, params)

    kraken.next_fault = next_fault


def fires(kraken, number=1):
    at_cancel(kraken, lambda: kraken.engine.mark_price("XBTUSD", D(54000)), number)


def deliver(function, **fields):
    alert = function.alert(**fields | {"id": "once", "token": TREND})
    for _ in range(30):
        answer = function.post(alert)
        if answer.status != 503:
            return answer
        function.clock.sleep(6)
    raise AssertionError(answer.document)


@pytest.mark.parametrize("lag", [0, 2, 8])
@pytest.mark.parametrize("way", [REVERSE, SHORT], ids=["reverse", "target"])
def test_what_opens_from_flat_opens_no_more_than_it_means(kraken, function, way, lag):
    flat_beside_a_stop(kraken, function)
    kraken.figures.begin(lag)
    fires(kraken)
    deliver(function, **way | MARGIN)
    assert position(kraken) == D("-0.3")


@pytest.mark.parametrize("lag", [0, 2])
def test_what_opens_is_no_less_where_the_stop_has_closed_what_it_protected(kraken, function, lag):
    """The list shows it for a while."""
    well(ours(function, volume="0.3", stop_loss="55000", **MARGIN))
    function.clock.sleep(180)
    kraken.engine.lag = Lag(open_s=9, closed_s=9)
    kraken.engine.mark_price("XBTUSD", D(54000))
    function.clock.sleep(lag)
    kraken.figures.begin(lag)
    deliver(function, **SHORT | MARGIN)
    assert position(kraken) == D("-0.3")


@pytest.mark.parametrize("lag", [0, 3, 8, 20, 50])
def test_what_it_has_opened_is_closed_however_late_that_shows(kraken, function, lag):
    flat_beside_a_stop(kraken, function)
    kraken.figures.begin(lag)
    fires(kraken)
    answer = deliver(function, **CLOSE | MARGIN)
    assert position(kraken) == 0, answer["message"]


@pytest.mark.parametrize("way", ["own, resent", "scope"])
def test_it_is_closed_for_an_alert_that_means_what_its_strategy_bought(kraken, made, way):
    function = made(OWN if way != "scope" else STRATEGIES)
    sold_beside_its_stop(function, **MARGIN)
    if way != "scope":
        kraken.script("CancelOrder", faults.errors(["EAPI:Rate limit exceeded"]))
    fires(kraken, 1 if way == "scope" else 2)
    answer = deliver(function, **(SCOPE if way == "scope" else CLOSE | MARGIN))
    assert position(kraken) == 0, answer["message"]


def test_a_part_that_has_traded_before_its_cancel_is_closed(kraken, function):
    well(ours(function, volume="0.3", stop_loss="55000", stop_loss_limit="54900", **MARGIN))
    function.clock.sleep(180)
    margin_by_hand(kraken, "sell")
    function.clock.sleep(180)

    def part():
        kept = kraken._documents.read(BOOK)
        book = Book.from_text(kept.text)
        (o,) = book.open.values()
        p, now = D("0.1"), kraken.clock.now().timestamp()
        o.triggered, o.vol_exec, o.cost, o.average = True, p, p * o.price2, o.price2
        o.parts = [["TPART1-AAAAA-BBBBBB", now, f"{o.price2:f}", "0.1", f"{o.cost:f}", "0", True]]
        book.positions.append(
            Position(
                "TPART1-AAAAA-BBBBBB",
                o.txid,
                o.pair,
                o.side,
                "limit",
                now,
                o.cost,
                D(0),
                p,
                o.cost / 2,
            )
        )
        assert kraken._documents.write(BOOK, book.to_text(), kept)

    at_cancel(kraken, part)
    answer = deliver(function, **CLOSE | MARGIN)
    assert position(kraken) == 0, [row["state"] for row in answer["orders"]]


def test_a_pause_that_closes_is_not_complete_beside_what_it_has_opened(kraken, function):
    flat_beside_a_stop(kraken, function)
    fires(kraken)
    for _ in range(4):
        done = function.operate("POST", "/pause", close="true", strategy="trend")["closed"]
        if done["complete"]:
            break
        function.clock.sleep(6)
    assert position(kraken) == 0, done


def test_an_entry_behind_a_close_is_sent_once_that_is_done(kraken, function):
    flat_beside_a_stop(kraken, function)
    fires(kraken)
    legs = [
        {"action": "close", "symbol": "BTCUSD", "leverage": "2", "price": "60000"},
        {"symbol": "ETHUSD", "side": "buy", "order_type": "market", "volume": "1", "price": "2500"},
    ]
    answer = deliver(function, symbol=None, side=None, volume=None, price=None, orders=legs)
    assert (position(kraken), held(kraken, "XETH")) == (0, 1), answer["message"]


def test_the_list_of_a_strategy_has_closes_of_a_pair_of_another_venue(kraken, function):
    well(ours(function, volume="0.3", **MARGIN))
    ledger = function.application.ledger
    (entry,) = ledger.entries(limit=5).entries
    unit = position_unit(entry.unit, Held("trend", "BTC/USD:BTNL", True, D(1)))
    ledger.claim(replace(entry, unit=unit, version="", turn=None))
    assert function.operate("GET", "/alerts", strategy="trend").status == 200


@pytest.mark.parametrize("lag", [0, 2, 8])
def test_a_reversal_leads_to_its_own_side_though_the_stop_has_turned_it(kraken, function, lag):
    """0.1 of 0.3 is left; the stop, which fires before its cancel, turns that round."""
    well(ours(function, volume="0.3", stop_loss="55000", **MARGIN))
    function.clock.sleep(180)
    margin_by_hand(kraken, "sell", "0.2")
    function.clock.sleep(180)
    kraken.figures.begin(lag)
    fires(kraken)
    deliver(function, **REVERSE | MARGIN)
    assert position(kraken) == D("-0.1")


CANCEL_AND_CLOSE = {
    "symbol": None,
    "side": None,
    "volume": None,
    "price": None,
    "orders": [
        {"action": "cancel", "scope": "strategy"},
        {"action": "close", "symbol": "BTCUSD", "price": "60000"},
    ],
}
FAULTS = {
    "none": ("CancelOrder",),
    "a cancel refused": ("CancelOrder", faults.errors(["EAPI:Rate limit exceeded"])),
    "a cancel lost": ("CancelOrder", faults.reset_before()),
    "the reply to a cancel lost": ("CancelOrder", faults.reset_after()),
    "the sale refused": ("AddOrder", faults.errors(["EAPI:Rate limit exceeded"])),
    "the reply to the sale lost": ("AddOrder", faults.reset_after()),
}


@pytest.mark.parametrize("stop", [{}, {"stop_loss": "50000"}], ids=["bare", "with a stop"])
@pytest.mark.parametrize("fault", FAULTS)
def test_of_its_own_it_closes_what_an_entry_has_bought_before_its_cancel(kraken, made, fault, stop):
    """Beside coins of the hand, however often the alert comes."""
    function, (call, *spoiled) = made(OWN), FAULTS[fault]
    well(ours(function, volume="0.3", order_type="limit", price="58000", **stop))
    function.clock.sleep(180)
    is_second = call == "CancelOrder" and spoiled
    at_cancel(kraken, lambda: kraken.engine.mark_price("XBTUSD", D(57000)), 2 if is_second else 1)
    kraken.script(call, *spoiled)
    deliver(function, **CANCEL_AND_CLOSE)
    assert (held(kraken), resting(kraken)) == (1, [])


@pytest.mark.parametrize("lag", [0, 2])
def test_a_close_of_its_own_behind_a_cancel_whose_stop_has_sold_a_part_closes_the_rest(
    kraken, made, lag
):
    """Kraken takes no call for the close, so that a resend sends it."""
    function = made(OWN)
    well(ours(function, volume="0.3", **MARGIN))
    stop = {"order_type": "stop-loss", "stop_price": "55000"}
    well(ours(function, side="sell", volume="0.1", **stop, **MARGIN))
    function.clock.sleep(180)
    kraken.figures.begin(lag)
    fires(kraken)
    kraken.script("AddOrder", faults.errors(["EAPI:Rate limit exceeded"]))
    legs = [CANCEL_AND_CLOSE["orders"][0], {**CANCEL_AND_CLOSE["orders"][1], **MARGIN}]
    deliver(function, **CANCEL_AND_CLOSE | {"orders": legs})
    assert position(kraken) == 0
