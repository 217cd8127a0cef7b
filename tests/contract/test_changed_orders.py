"""An order belongs to the alert that placed it, whoever amends or cancels it later: over a socket,
at an engine that keeps its books as Kraken does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support.faked_function import TOKEN, Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    MINUTES,
    TREND,
    closed,
    function,
    kraken,
    made,
    ours,
    resting,
    sold,
    well,
)
from webhook_core.kraken.paper.desk import MarketRules
from webhook_core.web.pages.view import View

__all__ = ["function", "kraken", "made"]
D = Decimal
NO_ORDER = {"side": None, "volume": None, "price": None}
LIMIT = {"order_type": "limit", "volume": "0.2", "price": "59000"}


def half_filled(kraken: KrakenServer, function: Function, **fields: Any) -> str:
    """A limit order of strategy trend that has bought half of what it wants; its id."""
    kraken.engine.market = MarketRules(fill=(D("0.5"),))
    well(ours(function, TREND, id="entry", **LIMIT | fields))
    kraken.engine.mark_price("XBTUSD", D(58900))
    kraken.engine.market = MarketRules()
    (row,) = (one for one in resting(kraken) if not one["refid"])
    assert D(row["vol_exec"]) == D("0.1")
    return str(row["txid"])


def canceled(function: Function, token: str, **fields: Any) -> None:
    CLOCK.sleep(1)
    well(
        ours(function, token, id="cancel", action="cancel", **NO_ORDER | {"symbol": None} | fields)
    )


def amended(kraken: KrakenServer, function: Function, order_id: str) -> None:
    """It is filled only then."""
    amend = {"action": "amend", "order_id": order_id, "price": "58800", "symbol": None}
    well(ours(function, TREND, id="amend", **NO_ORDER | amend))
    kraken.engine.mark_price("XBTUSD", D(58700))
    CLOCK.sleep(1)


def reconciled(function: Function) -> None:
    CLOCK.sleep(MINUTES)
    assert function.operate("POST", "/reconcile").status == 200


CHANGES: dict[str, Callable[[KrakenServer, Function, str], None]] = {
    "its own cancel": lambda _, function, name: canceled(function, TREND, order_id=name),
    "a cancel of all": lambda _, function, __: canceled(function, TOKEN, scope="all"),
    "the operator": lambda _, function, __: operator_cancels(function),
    "its amendment": amended,
}


def operator_cancels(function: Function) -> None:
    assert function.operate("POST", "/pause", cancel="true", strategy="trend").status == 200


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_it_has_traded_is_of_the_alert_that_placed_it(
    kraken: KrakenServer, function: Function, change: Callable[..., None]
) -> None:
    change(kraken, function, half_filled(kraken, function, fee_currency="base"))
    reconciled(function)
    assert function.application is not None
    trades = list(function.application.operators.money.trades({}))
    assert {(one.strategy, one.alert_id, one.symbol) for one in trades} == {
        ("trend", "entry", "BTC/USD")
    }
    assert {(one.fee_in_base, one.asked) for one in trades} == {(True, D(59000))}


@pytest.mark.parametrize("token", [TREND, TOKEN])
def test_a_close_frees_the_stop_of_an_entry_whose_rest_was_canceled(
    kraken: KrakenServer, function: Function, token: str
) -> None:
    name = half_filled(kraken, function, stop_loss="55000")
    canceled(function, token, order_id=name)
    assert [row["descr"]["ordertype"] for row in resting(kraken)] == ["stop-loss"]
    reconciled(function)
    assert sold(well(closed(function))) == ["0.1"]
    assert resting(kraken) == []


def test_a_stop_that_fires_behind_the_cancel_of_its_entry_is_its_strategys(
    kraken: KrakenServer, function: Function
) -> None:
    canceled(function, TOKEN, order_id=half_filled(kraken, function, stop_loss="55000"))
    reconciled(function)
    kraken.engine.mark_price("XBTUSD", D(54000))
    CLOCK.sleep(1)
    well(closed(function), "no_action")
    reconciled(function)
    (row,) = function.operate("GET", "/report")["rows"]
    assert (row["strategy"], row["open_volume"], row["beyond_volume"]) == ("trend", "0", "0")


def test_what_an_exit_traded_before_it_was_canceled_is_of_its_entry(
    kraken: KrakenServer, function: Function
) -> None:
    well(ours(function, TREND, id="entry", volume="0.2", take_profit="61000"))
    reconciled(function)
    kraken.engine.market = MarketRules(fill=(D("0.5"),))
    kraken.engine.mark_price("XBTUSD", D(61100))
    CLOCK.sleep(MINUTES)
    (row,) = resting(kraken)
    assert D(row["vol_exec"]) == D("0.1")
    canceled(function, TREND, order_id=row["txid"])
    reconciled(function)
    rows = function.operate("GET", "/orders")["orders"]
    (entry,) = (row for row in rows if row["alert_id"] == "entry")
    assert [one["volume"] for one in entry["exit_fills"]] == ["0.1"]


def test_the_page_says_whose_an_amended_order_is(kraken: KrakenServer, function: Function) -> None:
    name = half_filled(kraken, function)
    amend = {"action": "amend", "order_id": name, "price": "58000", "symbol": None}
    well(ours(function, TREND, id="amend", **NO_ORDER | amend))
    assert function.application is not None
    shown = View(function.application.operators, function.settings()).page({})
    assert [row[-1] for row in shown["resting"]] == ["trend (entry)"]
