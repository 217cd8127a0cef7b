"""A stop outlives what the ledger remembers of its entry: over a socket, at an engine that keeps
its books as Kraken does."""

from __future__ import annotations

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
    TREND,
    bought,
    closed,
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
    reconciled(function, 3)
    assert function.operate("GET", "/orders")["orders"] == []


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
