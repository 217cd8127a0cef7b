"""A stop outlives what the ledger remembers of its entry: over a socket, at an engine that keeps
its books as Kraken does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    CLOSE,
    MINUTES,
    OTHER,
    STRATEGIES,
    TREND,
    bought,
    closed,
    forget_entries,
    function,
    held,
    kraken,
    made,
    ours,
    resting,
    well,
)
from tests.support.paper import order
from webhook_core.planning import own_orders

__all__ = ["function", "kraken", "made"]
D = Decimal
DAY = 86_400
FLAT = {**CLOSE, "symbol": None, "price": None, "scope": "strategy"}
NOTHING_TRADED = b'{"error":[],"result":{"trades":{},"count":0}}'


@pytest.fixture(autouse=True)
def clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others share it, and have tokens that end."""
    monkeypatch.setattr(CLOCK, "_seconds", CLOCK.monotonic())


def reconciled(function: Function, times: int = 1) -> None:
    for _ in range(times):
        answer = function.operate("POST", "/reconcile")
        assert answer.status == 200, answer.document
        CLOCK.sleep(60)


def forgotten_entry(function: Function, **entry: Any) -> None:
    bought(function, "0.3", stop_loss="55000", **entry)
    reconciled(function)
    CLOCK.sleep(91 * DAY)
    forget_entries(function)
    reconciled(function, 3)


@pytest.mark.parametrize("close", [CLOSE, FLAT], ids=["of the pair", "of the strategy"])
@pytest.mark.parametrize("leverage", [None, "2"], ids=["spot", "margin"])
def test_a_close_cancels_the_stop_of_an_entry_that_the_ledger_has_purged(
    kraken: KrakenServer, function: Function, leverage: str | None, close: dict[str, Any]
) -> None:
    forgotten_entry(function, leverage=leverage)
    more = {"leverage": leverage} if close is CLOSE else {}
    well(ours(function, TREND, **close | more))
    assert resting(kraken) == []
    kraken.engine.mark_price("XBTUSD", D(54000))
    assert kraken.holdings()["positions"] == {}


@pytest.mark.parametrize("why", ["purged", "many orders since"])
def test_what_the_stop_of_an_old_entry_has_just_sold_is_not_sold_again(
    kraken: KrakenServer, function: Function, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "purged":
        forgotten_entry(function)
    else:
        monkeypatch.setattr(own_orders, "OF_STRATEGY", 2)
        bought(function, "0.3", stop_loss="55000")
        for side in ("buy", "sell"):
            well(ours(function, symbol="ETHUSD", price="2500", volume="0.01", side=side))
        CLOCK.sleep(MINUTES)
        reconciled(function, 2)
    kraken.engine.mark_price("XBTUSD", D(54000))
    CLOCK.sleep(1)
    for _ in range(2):
        kraken.script("TradesHistory", faults.Fault(kind="raw", body=NOTHING_TRADED, apply=False))
    well(closed(function), "no_action")
    assert held(kraken) == 1


def left(kraken: KrakenServer) -> list[Decimal]:
    return [D(row["vol"]) for row in resting(kraken)]


@pytest.mark.parametrize("asked", ["an alert", "the operator"])
def test_a_cancel_takes_the_stop_of_a_purged_entry_of_its_strategy_and_no_other(
    kraken: KrakenServer, function: Function, asked: str
) -> None:
    stop = {"close[ordertype]": "stop-loss", "close[price]": "54500"}
    order(kraken.engine, type="buy", volume="0.2", **stop)
    bought(function, "0.1", OTHER, stop_loss="54000")
    forgotten_entry(function)
    assert left(kraken) == [D("0.2"), D("0.1"), D("0.3")]
    if asked == "an alert":
        well(ours(function, **FLAT | {"action": "cancel"}))
    else:
        answer = function.operate("POST", "/pause", strategy="trend", cancel="true")
        assert answer.status == 200, answer.document
        (row,) = answer["canceled"]["orders"]
        assert (row["strategy"], row["symbol"], row["is_exit"]) == ("trend", "BTC/USD", True)
    assert left(kraken) == [D("0.2"), D("0.1")]


def days(function: Function, count: int) -> None:
    """A run of reconcile every tenth of them."""
    for _ in range(count // 10):
        CLOCK.sleep(10 * DAY)
        reconciled(function)


def test_an_order_that_rests_for_longer_than_entries_are_kept_is_its_strategys_when_it_fills(
    kraken: KrakenServer, function: Function
) -> None:
    well(ours(function, order_type="limit", volume="0.3", price="59000"))
    days(function, 100)
    kraken.engine.mark_price("XBTUSD", D(58000))
    reconciled(function, 5)
    (row,) = function.operate("GET", "/orders")["orders"]
    assert row["fill"]["volume"] == "0.3"
    assert held(kraken) == D("1.3")
    well(closed(function))
    assert held(kraken) == 1


@pytest.mark.parametrize("named", [{"of_alert": "old"}, {"scope": "strategy"}, {}], ids=str)
def test_it_is_canceled_as_its_strategys(
    kraken: KrakenServer, function: Function, named: dict[str, str]
) -> None:
    """Also one that was the second leg of its alert."""
    limit = {"side": "buy", "order_type": "limit", "volume": "0.3"}
    orders = [{**limit, "price": "59000"}, {**limit, "price": "58000"}]
    plain = {"side": None, "volume": None, "order_type": None, "price": None}
    well(ours(function, id="old", orders=orders, **plain))
    kraken.engine.mark_price("XBTUSD", D(58900))
    order(kraken.engine, type="buy", volume="0.1", ordertype="limit", price="50000")
    days(function, 100)
    well(ours(function, **{**CLOSE, "action": "cancel", "price": None} | named))
    assert left(kraken) == [D("0.1")]


def test_the_stop_that_was_put_back_for_the_rest_of_an_exit_is_canceled_by_the_next_one(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(STRATEGIES.replace("[other]", 'close = "own"\n[other]'))
    bought(function, "0.3", stop_loss="55000")
    well(ours(function, **CLOSE, percent="50"))
    assert len(left(kraken)) == 1
    days(function, 100)
    well(closed(function))
    assert (left(kraken), held(kraken)) == ([], 1)


def test_an_entry_is_kept_as_long_as_its_stop_rests_and_two_months_more(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3", stop_loss="55000")
    days(function, 100)
    kraken.engine.mark_price("XBTUSD", D(54000))
    reconciled(function, 5)
    (row,) = function.operate("GET", "/orders")["orders"]
    assert [one["volume"] for one in row["exit_fills"]] == ["0.3"]
    days(function, 50)
    assert function.operate("GET", "/orders")["orders"]
    CLOCK.sleep(41 * DAY)
    reconciled(function)
    assert function.operate("GET", "/orders")["orders"] == []


def test_what_is_open_is_written_down_once_a_month_and_read_once_a_run(
    kraken: KrakenServer, function: Function
) -> None:
    well(ours(function, order_type="limit", volume="0.3", price="59000"))
    days(function, 40)
    before = len(kraken.calls_of("OpenOrders"))
    reconciled(function, 3)
    assert len(kraken.calls_of("OpenOrders")) - before == 3
    written = seen_open(function)
    days(function, 10)
    assert seen_open(function) == written
    days(function, 20)
    assert seen_open(function) > written


def seen_open(function: Function) -> str:
    store = sqlite3.connect(function.env["LEDGER_URL"].removeprefix("sqlite:///"))
    query = "SELECT json_extract(document, '$.open_at') FROM entries"
    ((moment,),) = store.execute(query).fetchall()
    store.close()
    return str(moment)
