"""What an exit leaves of a position keeps the stop that it had, where only a part of it had one,
and what rests to close the position is no more than what is left of it: over a socket, at an engine
that keeps its books as Kraken does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    OTHER,
    TREND,
    by_hand,
    kraken,
    made,
    ours,
    resting,
    well,
)

__all__ = ["kraken", "made"]
D = Decimal
LONG = {"stop_loss": "50000"}, {"stop_loss": "51000"}, {"take_profit": "70000"}
SHORT = {"stop_loss": "70000"}, {"stop_loss": "69000"}, {"take_profit": "50000"}
MARGIN = {"leverage": "2"}


class Kind(NamedTuple):
    """``exits`` of an entry: two stops and a take profit."""

    opens: str
    closes: str
    word: str
    terms: Mapping[str, Any]
    exits: Sequence[Mapping[str, str]]
    beyond: str


KINDS = {
    "spot": Kind("buy", "sell", "long", {}, LONG, "80000"),
    "long": Kind("buy", "sell", "long", MARGIN, LONG, "80000"),
    "short": Kind("sell", "buy", "short", MARGIN, SHORT, "40000"),
}
BARE, FIRST, SECOND, PROFIT = None, 0, 1, 2
Entries = Sequence[tuple[str, int | None]]
SOME: Entries = [("0.1", BARE), ("0.2", FIRST)]
TWO: Entries = [("0.1", BARE), ("0.1", FIRST), ("0.1", SECOND)]


class Case(NamedTuple):
    """``legs`` of the alert: a percentage is a close of so much, a size a target of that with
    "target", with "market" and "limit" an order that closes, "cancel" of the limit that rests.
    ``left`` of the position; ``stops``: which exit, and of how much. ``rests``: of a limit order
    that closes."""

    entries: Entries
    legs: Sequence[tuple[str, str]]
    left: str
    stops: Sequence[tuple[int, str]]
    rests: str = "0"


CASES = {
    # a part of a position of which one entry of two has a stop
    "less than is bare": Case(SOME, [("close", "20")], "0.24", [(FIRST, "0.2")]),
    "as much as is bare": Case(SOME, [("target", "0.2")], "0.2", [(FIRST, "0.2")]),
    "more than is bare": Case(SOME, [("close", "50")], "0.15", [(FIRST, "0.15")]),
    "nearly all": Case(SOME, [("target", "0.05")], "0.05", [(FIRST, "0.05")]),
    "all but less than the pair takes": Case(SOME, [("close", "99.99")], "0.00003", []),
    "all": Case(SOME, [("close", "100")], "0", []),
    # several exits
    "two stops, less than is bare": Case(
        TWO, [("close", "20")], "0.24", [(FIRST, "0.1"), (SECOND, "0.1")]
    ),
    "two stops, a part of the older": Case(
        TWO, [("close", "50")], "0.15", [(FIRST, "0.05"), (SECOND, "0.1")]
    ),
    "two stops, all of the older and more": Case(
        TWO, [("close", "80")], "0.06", [(SECOND, "0.06")]
    ),
    "a stop and a take profit": Case(
        [("0.1", BARE), ("0.1", FIRST), ("0.1", PROFIT)],
        [("close", "50")], "0.15", [(FIRST, "0.05"), (PROFIT, "0.1")],
    ),
    "an exit of every entry": Case(
        [("0.1", PROFIT), ("0.2", FIRST)],
        [("close", "20")], "0.24", [(PROFIT, "0.04"), (FIRST, "0.2")],
    ),
    # another order of the strategy rests
    "a limit beside it": Case(SOME, [("close", "20")], "0.24", [(FIRST, "0.14")], rests="0.1"),
    "a limit beside it, and most is closed": Case(
        SOME, [("close", "50")], "0.15", [(FIRST, "0.05")], rests="0.1"
    ),
    "a small limit beside it": Case(
        SOME, [("close", "20")], "0.24", [(FIRST, "0.2")], rests="0.04"
    ),
    "a limit over all of it": Case(
        SOME, [("close", "50")], "0.15", [(FIRST, "0.05")], rests="0.3"
    ),
    # and is canceled by the same alert
    "a limit that is canceled": Case(
        SOME, [("cancel", ""), ("close", "20")], "0.24", [(FIRST, "0.2")], rests="0.1"
    ),
    "a limit that is canceled, and most is closed": Case(
        SOME, [("cancel", ""), ("close", "50")], "0.15", [(FIRST, "0.15")], rests="0.1"
    ),
    # another leg closes too
    "behind a sale": Case(SOME, [("market", "0.1"), ("close", "50")], "0.05", [(FIRST, "0.05")]),
    "before a sale": Case(SOME, [("close", "50"), ("market", "0.1")], "0.05", [(FIRST, "0.05")]),
    "behind a large sale": Case(
        SOME, [("market", "0.15"), ("close", "20")], "0.09", [(FIRST, "0.09")]
    ),
    "before a large sale": Case(
        SOME, [("close", "20"), ("market", "0.15")], "0.09", [(FIRST, "0.09")]
    ),
    "behind a large sale, a limit beside it": Case(
        SOME, [("market", "0.15"), ("close", "20")], "0.09", [(FIRST, "0.01")], rests="0.08"
    ),
    "behind a limit": Case(
        SOME, [("limit", "0.1"), ("close", "20")], "0.24", [(FIRST, "0.14")]
    ),
    "two closes": Case(SOME, [("close", "10"), ("close", "10")], "0.24", [(FIRST, "0.2")]),
}  # fmt: skip
EXACT = [name for name in CASES if name != "a limit over all of it"]


def leg_of(kind: Kind, what: str, size: str, placed: str) -> dict[str, Any]:
    order = {"side": kind.closes, "volume": size, "order_type": what, **kind.terms}
    match what:
        case "close":
            return {"action": "close", "percent": size, **kind.terms}
        case "target":
            fields = {"market_position": kind.word, "market_position_size": size}
            return {"action": "target", **fields, **kind.terms}
        case "cancel":
            return {"action": "cancel", "order_id": placed}
        case "limit":
            return {**order, "price": kind.beyond}
        case _:
            return order


def entered(function: Function, kind: Kind, entries: Entries, token: str = TREND) -> None:
    for volume, exit_of in entries:
        exits = {} if exit_of is None else kind.exits[exit_of]
        well(ours(function, token, side=kind.opens, volume=volume, **exits, **kind.terms))


def stops(kraken: KrakenServer) -> list[tuple[Decimal, Decimal]]:
    rows = [row for row in resting(kraken) if row["descr"]["ordertype"] != "limit"]
    return sorted((D(row["descr"]["price"]), D(row["vol"])) for row in rows)


def expected(kind: Kind, wanted: Sequence[tuple[int, str]]) -> list[tuple[Decimal, Decimal]]:
    prices = [next(iter(exits.values())) for exits in kind.exits]
    return sorted((D(prices[number]), D(volume)) for number, volume in wanted)


def held(kraken: KrakenServer, kind: Kind) -> Decimal:
    """By the account, without the bitcoin that somebody bought by hand."""
    holdings = kraken.holdings()
    if kind.terms:
        return abs(D(holdings["positions"].get("XXBTZUSD", "0")))
    return D(holdings["balances"].get("XXBT", "0")) - 1


@pytest.mark.crossed
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("word", ["long", "short"])
@pytest.mark.parametrize("means", ["own on spot", "own", "all"])
def test_what_an_exit_of_a_part_leaves_keeps_its_stop_and_nothing_rests_over_more(
    kraken: KrakenServer, made: Callable[..., Function], means: str, word: str, case: str
) -> None:
    function = made(f'[trend]\ntoken = "{TREND}"\nclose = "{means[:3]}"\n')
    kind = KINDS["spot" if means == "own on spot" else word]
    played(kraken, function, kind, CASES[case], exact=case in EXACT)


def played(
    kraken: KrakenServer, function: Function, kind: Kind, case: Case, *, exact: bool
) -> None:
    entered(function, kind, case.entries)
    placed = ""
    if D(case.rests):
        limit = leg_of(kind, "limit", case.rests, "")
        placed = well(ours(function, **limit))["order_id"]
    legs = [leg_of(kind, what, size, placed) for what, size in case.legs]
    fields = legs[0] if len(legs) == 1 else {"orders": legs, "price": None}
    empty = dict.fromkeys(("side", "volume", "order_type"))
    well(ours(function, **empty | fields))
    assert held(kraken, kind) == D(case.left)
    assert stops(kraken) == expected(kind, case.stops)
    if exact:
        assert sum(D(row["vol"]) for row in resting(kraken)) <= D(case.left)


@pytest.mark.parametrize("means", ["own", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_that_has_fired_before_counts_no_more(
    kraken: KrakenServer, made: Callable[..., Function], kind: str, means: str
) -> None:
    if (kind, means) == ("spot", "all"):
        by_hand(kraken, "sell", "1")
    function, side = made(f'[trend]\ntoken = "{TREND}"\nclose = "{means}"\n'), KINDS[kind]
    entered(function, side, TWO)
    price = next(iter(side.exits[SECOND].values()))
    kraken.engine.mark_price("XBTUSD", D(price))
    kraken.engine.mark_price("XBTUSD", D(60000))
    CLOCK.sleep(200)
    well(ours(function, **leg_of(side, "close", "50", ""), side=None, volume=None))
    assert stops(kraken) == expected(side, [(FIRST, "0.1")])


@pytest.mark.parametrize(("percent", "left"), [("20", "0.2"), ("50", "0.05"), ("80", "0")])
@pytest.mark.parametrize("kind", ["long", "short"])
def test_of_all_that_is_held_the_stops_of_others_count_too(
    kraken: KrakenServer, made: Callable[..., Function], kind: str, percent: str, left: str
) -> None:
    """Of 0.5, where another strategy's stop is of 0.2."""
    tables = f'[trend]\ntoken = "{TREND}"\nclose = "all"\n[other]\ntoken = "{OTHER}"\n'
    function, side = made(tables), KINDS[kind]
    entered(function, side, SOME)
    entered(function, side, [("0.2", SECOND)], OTHER)
    well(ours(function, **leg_of(side, "close", percent, ""), side=None, volume=None))
    own = [(FIRST, left)] if D(left) else []
    assert stops(kraken) == expected(side, [*own, (SECOND, "0.2")])


@pytest.mark.parametrize("means", ["own", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_leaves_a_position_whole_leaves_none(
    kraken: KrakenServer, made: Callable[..., Function], kind: str, means: str
) -> None:
    function, side = made(f'[trend]\ntoken = "{TREND}"\nclose = "{means}"\n'), KINDS[kind]
    entered(function, side, TWO)
    well(ours(function, action="reverse", side=None, volume=None, **side.terms))
    assert stops(kraken) == []
