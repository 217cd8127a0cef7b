"""A stop that an alert named as a distance is put back where it stood, for what an exit leaves:
over a socket, at the engine that shows such a price as the distance, as Kraken's wording has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.contract import test_freed_exits as by_price
from tests.contract.test_freed_exits import CLOSE, ENTRY, TARGET, position, resting
from tests.support import kraken_faults as faults
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer

kraken, function = by_price.kraken, by_price.function
HALF: dict[str, Any] = CLOSE | {"percent": "50"}


def prices(kraken: KrakenServer) -> list[tuple[str, str, str]]:
    rows = [row["descr"] for row in kraken.orders() if row["status"] == "open"]
    return [(row["ordertype"], row["price"], row["price2"]) for row in rows]


@pytest.mark.parametrize(
    ("exit_of_entry", "put_back"),
    [
        ({"stop_loss": "2%"}, ("stop-loss", "58800.0", "0")),
        ({"stop_loss": "-1500"}, ("stop-loss", "58500.0", "0")),
        ({"stop_loss": None, "take_profit": "5%"}, ("take-profit", "63000.0", "0")),
        (
            {"stop_loss": "2%", "stop_loss_limit": "-3%"},
            ("stop-loss-limit", "58800.0", "58200.0"),
        ),
        (
            {"stop_loss": "58000", "stop_loss_limit": "-3%"},
            ("stop-loss-limit", "58000.0", "58200.0"),
        ),
    ],
    ids=["percent", "distance", "take profit", "with a limit", "the limit alone"],
)
@pytest.mark.parametrize(
    "part",
    [HALF, TARGET | {"market_position": "long", "market_position_size": "0.005"}],
    ids=["close", "target"],
)
def test_it_is_put_back_by_the_price_of_its_entry_and_not_by_that_of_the_exit(
    kraken: KrakenServer,
    function: Function,
    part: dict[str, Any],
    exit_of_entry: dict[str, Any],
    put_back: tuple[str, str, str],
) -> None:
    assert function.post(function.alert(**ENTRY | exit_of_entry)).status == 200
    kraken.engine.mark_price("XBTUSD", Decimal(61000))
    answer = function.post(function.alert(**part))
    assert answer.status == 200, answer.document
    assert prices(kraken) == [put_back]
    assert [volume for _, _, volume in resting(kraken)] == [Decimal("0.005")]
    assert any("of the entry" in warning for warning in answer["warnings"])


def test_that_of_a_short_lies_above_it(kraken: KrakenServer, function: Function) -> None:
    short = ENTRY | {"side": "sell", "leverage": "2", "stop_loss": "2%"}
    assert function.post(function.alert(**short)).status == 200
    kraken.engine.mark_price("XBTUSD", Decimal(59000))
    answer = function.post(function.alert(**HALF | {"leverage": "2"}))
    assert answer.status == 200, answer.document
    assert (position(kraken), prices(kraken)) == (
        Decimal("-0.005"),
        [("stop-loss", "61200.0", "0")],
    )


def test_where_kraken_shows_no_price_of_the_entry_it_is_counted_from_the_last_one(
    kraken: KrakenServer, function: Function
) -> None:
    """Any stop is better than none. It is what a plan asks for last."""
    assert function.post(function.alert(**ENTRY | {"stop_loss": "2%"})).status == 200
    kraken.engine.mark_price("XBTUSD", Decimal(61000))
    before = len(kraken.calls_of("QueryOrders"))
    assert function.post(function.alert(**HALF | {"validate": True})).status == 200
    others = len(kraken.calls_of("QueryOrders")) - before - 1
    not_shown = faults.raw(b'{"error": [], "result": {}}', apply=False)
    kraken.script("QueryOrders", *(faults.late(0) for _ in range(others)), not_shown)
    answer = function.post(function.alert(**HALF))
    assert answer.status == 200, answer.document
    assert prices(kraken) == [("stop-loss", "-2.0000%", "0")]
    assert any("from the last price" in warning for warning in answer["warnings"])


def test_one_that_the_index_triggers_is_put_back_as_such(
    kraken: KrakenServer, function: Function
) -> None:
    indexed = ENTRY | {"stop_loss": "2%", "trigger_by": "index"}
    assert function.post(function.alert(**indexed)).status == 200
    answer = function.post(function.alert(**HALF))
    assert answer.status == 200, answer.document
    (row,) = [row for row in kraken.orders() if row["status"] == "open"]
    assert (row["trigger"], row["descr"]["price"]) == ("index", "58800.0")
