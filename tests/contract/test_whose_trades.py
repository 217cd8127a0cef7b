"""Whose a trade is stays right where it is read before Kraken, or the ledger, can say so: over a
socket, at an engine that keeps its books as Kraken does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    MINUTES,
    bought,
    by_hand,
    closed,
    function,
    held,
    kraken,
    made,
    ours,
    sold,
    well,
)

__all__ = ["function", "kraken", "made"]
D = Decimal
NOT_SHOWN = b'{"error":[],"result":{}}'


def reconciled(function: Function) -> int:
    answer = function.operate("POST", "/reconcile")
    assert answer.status == 200, answer.document
    CLOCK.sleep(MINUTES)
    return int(answer["trades"])


def not_shown(kraken: KrakenServer) -> None:
    """Kraken knows its trade, and not its order yet."""
    kraken.script("QueryOrders", faults.Fault(kind="raw", body=NOT_SHOWN, apply=False))


def test_a_trade_that_is_read_while_the_reply_is_on_its_way_is_the_strategys(
    kraken: KrakenServer, function: Function, made: Callable[..., Function]
) -> None:
    second = made()
    reconciled(function)
    add, query = faults.hold(), faults.hold()
    kraken.script("AddOrder", add)
    kraken.script("QueryOrders", query)
    buys = threading.Thread(target=lambda: ours(function, volume="0.3"))
    buys.start()
    assert add.reached.wait(30)
    reads = threading.Thread(target=lambda: second.operate("POST", "/reconcile"))
    reads.start()
    assert query.reached.wait(30)
    add.release()
    buys.join()
    query.release()
    reads.join()
    CLOCK.sleep(MINUTES)
    assert sold(well(closed(function))) == ["0.3"]
    assert held(kraken) == 1


@pytest.mark.parametrize("reads", ["reconcile", "alert"])
def test_a_stop_whose_trade_is_shown_before_its_order_is_its_strategys(
    kraken: KrakenServer, function: Function, reads: str
) -> None:
    bought(function, "0.3", stop_loss="55000")
    CLOCK.sleep(MINUTES)
    assert reconciled(function) == 1
    kraken.engine.mark_price("XBTUSD", D(54000))
    CLOCK.sleep(1)
    not_shown(kraken)
    if reads == "reconcile":
        assert reconciled(function) == 0
    else:
        answer = closed(function)
        assert (answer.status, answer["code"]) == (503, "not_sent"), answer.document
    assert reconciled(function) == 1
    assert reconciled(function) == 0
    well(closed(function), "no_action")
    assert held(kraken) == 1


@pytest.mark.parametrize(("number", "asks"), [(1, 1), (60, 3)], ids=["one", "more than a page"])
def test_a_trade_by_hand_whose_order_is_not_shown_yet_is_kept_by_the_next_run_and_counts_once(
    kraken: KrakenServer, function: Function, number: int, asks: int
) -> None:
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    assert reconciled(function) == 1
    for _ in range(number):
        by_hand(kraken, "buy", "0.001")
    CLOCK.sleep(2)
    for _ in range(asks):
        not_shown(kraken)
    assert reconciled(function) == 0
    for _ in range(number):
        by_hand(kraken, "sell", "0.001")
    CLOCK.sleep(2)
    assert sum(reconciled(function) for _ in range(4)) == 2 * number
    assert reconciled(function) == 0
    assert sold(well(closed(function))) == ["0.3"]
