"""An exit of what the strategy bought that was answered 503 before its claim, and its resend: it
sells what the strategy has, and nothing of what the hand or another strategy has, whoever has
bought meanwhile. Over a socket, at an engine that keeps its books as Kraken does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Answer, Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    CLOSE,
    MINUTES,
    OTHER,
    STRATEGIES,
    bought,
    held,
    in_their_words,
    kraken,
    made,
    ours,
    sold,
    well,
)
from tests.support.paper import order

__all__ = ["kraken", "made"]
D = Decimal
OWN = STRATEGIES.replace("[other]", 'close = "own"\n[other]') + 'close = "own"\n'
DOWN = faults.status(503)
LEVERAGE = {"leverage": "2"}
SHARE = {"side": "sell", "quantity_type": "percent_position"}
TARGET = {"side": None, "volume": None, "action": "target"}
LESS = TARGET | {"market_position": "long", "market_position_size": "0.1"}
SCOPE = {**CLOSE, "symbol": None, "price": None}
WHOLE = {"0.2": "0.2", "0.3": "0.3", "0.4": "0.4"}
HALF = {"0.2": "0.1", "0.3": "0.15", "0.4": "0.2"}
WANTED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {  # with what is sold, by what is held
    "close": (CLOSE, WHOLE),
    "flat": (TARGET | {"market_position": "flat"}, WHOLE),
    "target": (LESS, {"0.2": "0.1", "0.3": "0.2", "0.4": "0.3"}),
    "part": (CLOSE | {"percent": "50"}, HALF),
    "share": (SHARE | {"volume": "50"}, HALF),
    "strategy": (SCOPE | {"scope": "strategy"}, WHOLE),
    "all": (SCOPE | {"scope": "all"}, WHOLE),
}
FLAT = {
    "market_position": "flat",
    "market_position_size": "0",
    "prev_market_position": "long",
    "prev_market_position_size": "0.9",
}
BASE = {"amount": "0.9", "currency_type": "base"}
THEIRS: dict[str, tuple[str, dict[str, Any]]] = {
    "close": ("exit_long", {}),
    "base": ("sell", {"order": BASE}),
    "quote": ("sell", {"order": {"amount": "54000", "currency_type": "quote"}}),
    "flat": ("sell", {"order": BASE, "strategy_info": FLAT}),
}
ON = pytest.mark.parametrize("leverage", [{}, LEVERAGE], ids=["spot", "margin"])
FAILS = pytest.mark.parametrize("read", ["figures", "TradesHistory"])
DOUBTS = pytest.mark.parametrize("side", ["buy", "sell"])
WANTS = pytest.mark.parametrize("wanted", WANTED)
SAYS = pytest.mark.parametrize("says", THEIRS)


def entry(function: Function, volume: str, leverage: dict[str, str], *token: str) -> None:
    bought(function, volume, *token, order_type="market", **leverage)


def holds(
    made: Callable[..., Function], kraken: KrakenServer, leverage: dict[str, str]
) -> Function:
    """The hand 1, the strategy 0.3, another one 0.2."""
    function = made(OWN)
    if leverage:
        order(kraken.engine, volume="1", **leverage)
    entry(function, "0.3", leverage)
    entry(function, "0.2", leverage, OTHER)
    CLOCK.sleep(MINUTES)
    return function


def others_buy(kraken: KrakenServer, function: Function, leverage: dict[str, str]) -> None:
    """The hand 0.5, the other strategy 0.1."""
    order(kraken.engine, volume="0.5", **leverage)
    entry(function, "0.1", leverage, OTHER)
    CLOCK.sleep(9)


def fails(kraken: KrakenServer, read: str, leverage: dict[str, str]) -> None:
    figures = "OpenPositions" if leverage else "BalanceEx"
    kraken.script(figures if read == "figures" else read, DOWN)


def in_doubt(function: Function, kraken: KrakenServer, side: str, leverage: dict[str, str]) -> str:
    """An order of the strategy's of which it will show only later that it came; what is held."""
    kraken.script("AddOrder", faults.reset_after())
    assert ours(function, side=side, volume="0.1", **leverage).status == 503
    return "0.4" if side == "buy" else "0.2"


def left(kraken: KrakenServer, leverage: dict[str, str]) -> Decimal:
    positions = kraken.holdings()["positions"]
    return D(positions.get("XXBTZUSD", "0")) if leverage else held(kraken)


def named(wanted: dict[str, Any], leverage: dict[str, str]) -> dict[str, Any]:
    fired_at = CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {**wanted, "id": "m-1", "fired_at": fired_at}
    return body if "scope" in wanted else body | leverage


def missed(function: Function, answer: Answer) -> None:
    assert answer.status == 503, answer.document
    rows = function.operate("GET", "/orders", alert=answer["alert_id"])["orders"]
    assert [row["state"] for row in rows if row["state"] != "NO_ACTION"] == ["MISSED"]


@ON
@FAILS
@WANTS
def test_what_the_strategy_bought_is_sold_once_kraken_answers(
    kraken: KrakenServer,
    made: Callable[..., Function],
    wanted: str,
    read: str,
    leverage: dict[str, str],
) -> None:
    function, (fields, parts) = holds(made, kraken, leverage), WANTED[wanted]
    alert = named(fields, leverage)
    for _ in range(2):
        fails(kraken, read, leverage)
        missed(function, ours(function, **alert))
        CLOCK.sleep(1)
    others_buy(kraken, function, leverage)
    assert sold(well(ours(function, **alert))) == [parts["0.3"]]
    assert left(kraken, leverage) == D("2.1") - D(parts["0.3"])


@pytest.mark.parametrize(
    ("leverage", "side"), [({}, "buy"), ({}, "sell"), (LEVERAGE, "buy")], ids=str
)
@WANTS
def test_so_it_is_once_it_is_known_what_an_order_in_doubt_came_to(
    kraken: KrakenServer,
    made: Callable[..., Function],
    wanted: str,
    side: str,
    leverage: dict[str, str],
) -> None:
    """Beside a buy a whole exit on spot begins with what is proven."""
    function, (fields, parts) = holds(made, kraken, leverage), WANTED[wanted]
    own = in_doubt(function, kraken, side, leverage)
    alert = named(fields, leverage)
    first = ours(function, **alert)
    assert first.status == 503, first.document
    if side == "sell" or leverage or parts is not WHOLE:
        missed(function, first)
    entry(function, "0.1", leverage, OTHER)
    CLOCK.sleep(9)
    assert sum(map(D, sold(well(ours(function, **alert))))) == D(parts[own])
    assert left(kraken, leverage) == D("1.3") + D(own) - D(parts[own])


@FAILS
@SAYS
def test_another_tool_s_sells_no_more_than_that_once_kraken_answers(
    kraken: KrakenServer, made: Callable[..., Function], says: str, read: str
) -> None:
    function, (action, size) = holds(made, kraken, {}), THEIRS[says]
    message = in_their_words(function, action, **size)
    fails(kraken, read, {})
    missed(function, function.post(message))
    others_buy(kraken, function, {})
    assert sold(well(function.post(message))) == ["0.3"]
    assert held(kraken) == D("1.8")


@DOUBTS
@SAYS
def test_nor_does_it_behind_an_order_in_doubt(
    kraken: KrakenServer, made: Callable[..., Function], says: str, side: str
) -> None:
    function, (action, size) = holds(made, kraken, {}), THEIRS[says]
    message = in_their_words(function, action, **size)
    own = in_doubt(function, kraken, side, {})
    assert function.post(message).status == 503
    others_buy(kraken, function, {})
    assert sum(map(D, sold(well(function.post(message))))) == D(own)
    assert held(kraken) == D("1.8")


@ON
def test_a_missed_position_of_a_scope_is_closed_as_far_as_it_was_counted(
    kraken: KrakenServer, made: Callable[..., Function], leverage: dict[str, str]
) -> None:
    function = holds(made, kraken, leverage)
    alert = named(WANTED["strategy"][0], leverage)
    fails(kraken, "figures", leverage)
    missed(function, ours(function, **alert))
    entry(function, "0.2", leverage)
    others_buy(kraken, function, leverage)
    assert sold(well(ours(function, **alert))) == ["0.3"]
    assert left(kraken, leverage) == 2
