"""A close of what the strategy bought, beside an order of ours without a known outcome: what is
proven is sold at once, the rest once that is known, and never a coin of the hand's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Answer, Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    MINUTES,
    OTHER,
    TREND,
    bought,
    function,
    held,
    in_their_words,
    kraken,
    made,
    ours,
    resting,
)

__all__ = ["function", "kraken", "made"]
D = Decimal
LOST = {"it never came": faults.reset_before, "its reply was lost": faults.reset_after}
BOTH = pytest.mark.parametrize("lost", LOST.values(), ids=LOST)


def delivered(function: Function, times: int = 4) -> list[Answer]:
    """A close of another tool's, as often as TradingView sends it."""
    body = in_their_words(function)
    answers = []
    for _ in range(times):
        answers.append(function.post(body))
        CLOCK.sleep(5.5)
    return answers


def in_doubt(kraken: KrakenServer, function: Function, lost: object, **fields: str) -> None:
    """An order of ours that has no outcome."""
    token = fields.pop("token", TREND)
    kraken.script("AddOrder", lost())  # type: ignore[operator]
    assert ours(function, token, volume="0.1", **fields).status == 503


@BOTH
@pytest.mark.parametrize("token", [TREND, OTHER], ids=["its own", "another strategy's"])
def test_beside_a_buy_what_is_proven_is_sold_at_once(
    kraken: KrakenServer, function: Function, lost: object, token: str
) -> None:
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    in_doubt(kraken, function, lost, token=token)
    delivered(function, 1)
    # A reply that was lost is found by then.
    others = token == OTHER and lost is faults.reset_after
    assert held(kraken) == (D("1.1") if others else 1)


@BOTH
def test_what_that_buy_has_added_is_sold_once_it_is_known(
    kraken: KrakenServer, function: Function, lost: object
) -> None:
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    in_doubt(kraken, function, lost)
    delivered(function)
    assert held(kraken) == 1


@BOTH
def test_beside_a_sale_nothing_is_sold_until_it_is_known(
    kraken: KrakenServer, function: Function, lost: object
) -> None:
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    in_doubt(kraken, function, lost, side="sell")
    before = held(kraken)
    delivered(function, 1)
    assert held(kraken) == before
    delivered(function)
    assert held(kraken) == (1 if lost is faults.reset_after else before)


@BOTH
def test_a_stop_that_holds_it_stays_until_the_buy_is_known(
    kraken: KrakenServer, function: Function, lost: object
) -> None:
    bought(function, "0.3", stop_loss="55000")
    CLOCK.sleep(MINUTES)
    in_doubt(kraken, function, lost)
    before = held(kraken)
    delivered(function, 1)
    assert (held(kraken), [D(row["vol"]) for row in resting(kraken)]) == (before, [D("0.3")])


@BOTH
def test_so_does_a_stop_that_the_list_lacks_yet(
    kraken: KrakenServer, function: Function, lost: object
) -> None:
    bought(function, "0.3", stop_loss="55000")
    in_doubt(kraken, function, lost)
    before = held(kraken)
    kraken.script("OpenOrders", *[faults.errors([], result={"open": {}})] * 3)
    delivered(function, 1)
    assert (held(kraken), len(resting(kraken))) == (before, 1)


@BOTH
def test_with_nothing_proven_nothing_is_sold(
    kraken: KrakenServer, function: Function, lost: object
) -> None:
    in_doubt(kraken, function, lost)
    delivered(function)
    assert held(kraken) == 1
