"""A close that comes again sells no more of what the strategy bought than when it was planned: what
was bought since, and its stop, stay."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.test_begun_exits import LIMITED
from tests.support import kraken_faults as faults
from tests.support.faked_function import Answer, Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    CLOSE,
    MINUTES,
    STRATEGIES,
    bought,
    by_hand,
    function,
    held,
    kraken,
    made,
    ours,
    resting,
    sold,
    well,
)

__all__ = ["function", "kraken", "made"]
D = Decimal
OWN = STRATEGIES.replace("[other]", 'close = "own"\n[other]')
FLAT = CLOSE | {"action": "target", "market_position": "flat"}
SCOPE = CLOSE | {"symbol": None, "price": None, "scope": "strategy"}
BUSY = faults.Fault(kind="raw", body=b'{"error":["EService:Busy"]}', apply=False)
STOP = {"stop_loss": "55000"}


def twice(
    kraken: KrakenServer, function: Function, exit_alert: dict[str, Any], **later: Any
) -> Answer:
    """The exit, which fails at first: of a scope once the positions are stored, and of one pair at
    Kraken. In between the strategy buys 0.5."""
    CLOCK.sleep(MINUTES)
    body = {**exit_alert, "id": "again", "fired_at": CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    if "scope" in exit_alert:
        kraken.script("OpenPositions" if later.get("leverage") else "BalanceEx", BUSY)
    else:
        kraken.script("AddOrder", LIMITED)
    assert ours(function, **body).status == 503
    CLOCK.sleep(2)
    bought(function, "0.5", **later)
    CLOCK.sleep(2)
    return well(ours(function, **body))


EXITS = pytest.mark.parametrize("exit_alert", [SCOPE, CLOSE, FLAT], ids=["scope", "close", "flat"])


@EXITS
def test_a_resend_sells_what_was_held_at_first(
    kraken: KrakenServer, made: Callable[..., Function], exit_alert: dict[str, Any]
) -> None:
    function = made(OWN)
    bought(function, "0.3")
    answer = twice(kraken, function, exit_alert)
    assert (sold(answer), held(kraken)) == (["0.3"], D("1.5"))


@EXITS
def test_the_stop_of_what_was_bought_since_stays(
    kraken: KrakenServer, made: Callable[..., Function], exit_alert: dict[str, Any]
) -> None:
    function = made(OWN)
    bought(function, "0.3", **STOP)
    answer = twice(kraken, function, exit_alert, **STOP)
    assert (sold(answer), held(kraken)) == (["0.3"], D("1.5"))
    assert [D(row["vol"]) for row in resting(kraken)] == [D("0.5")]


def test_on_margin_too(kraken: KrakenServer, function: Function) -> None:
    lever = {"leverage": "2"}
    bought(function, "0.3", **STOP, **lever)
    twice(kraken, function, SCOPE, **STOP, **lever)
    position = kraken.holdings()["positions"]
    assert {pair: D(volume) for pair, volume in position.items()} == {"XXBTZUSD": D("0.5")}
    assert [D(row["vol"]) for row in resting(kraken)] == [D("0.5")]


def test_a_third_delivery_sells_no_more_either(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(OWN)
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    body = {**CLOSE, "id": "3", "fired_at": CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    kraken.script("AddOrder", LIMITED)
    assert ours(function, **body).status == 503
    bought(function, "0.5")
    kraken.script("AddOrder", LIMITED)
    assert ours(function, **body).status == 503
    CLOCK.sleep(5)
    well(ours(function, **body))
    assert held(kraken) == D("1.5")


def test_what_was_sold_since_is_not_sold_again(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(OWN)
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    body = {**CLOSE, "id": "4", "fired_at": CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    kraken.script("AddOrder", LIMITED)
    assert ours(function, **body).status == 503
    well(ours(function, side="sell", volume="0.2"))
    well(ours(function, **body))
    assert held(kraken) == 1


def test_an_order_in_doubt_when_the_scope_was_counted_is_sold_too(
    kraken: KrakenServer, function: Function
) -> None:
    """Whatever it came to was bought before the alert."""
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    kraken.script("AddOrder", faults.reset_after())
    assert ours(function, volume="0.1").status == 503
    CLOCK.sleep(2)
    body = {**SCOPE, "id": "5", "fired_at": CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    for _ in range(4):
        answer = ours(function, **body)
        CLOCK.sleep(5)
    assert (answer.status, held(kraken)) == (200, 1)


def test_one_that_means_all_sells_what_is_held_by_then(
    kraken: KrakenServer, function: Function
) -> None:
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    body = {**CLOSE, "id": "6", "fired_at": CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    kraken.script("AddOrder", LIMITED)
    assert ours(function, **body).status == 503
    by_hand(kraken, "buy", "0.5")
    CLOCK.sleep(5)
    well(ours(function, **body))
    assert held(kraken) == 0
