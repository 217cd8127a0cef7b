"""Flat with one message, at an exchange that counts calls as Kraken does: in the deliveries that
TradingView makes every position is closed that Kraken's limits allow, and no other goes unnoticed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from tests.support.faked_function import TOKEN, Answer, Function
from tests.support.limited_kraken import INTERMEDIATE, STARTER, LimitedKraken, Tier
from tests.support.own_positions import (
    CLOCK,
    CLOSE,
    OTHER,
    TREND,
    bought,
    function,
    made,
    ours,
    resting,
    well,
)
from tests.support.paper import SECRET, order
from webhook_core.events import LOGGER

__all__ = ["function", "made"]
D = Decimal
PAIRS = {
    "XBTUSD": "XXBT", "ETHUSD": "XETH", "SOLUSD": "SOL", "XRPUSD": "XXRP", "LTCUSD": "XLTC",
    "ADAUSD": "ADA", "DOTUSD": "DOT", "LINKUSD": "LINK", "XLMUSD": "XXLM", "XDGUSD": "XXDG",
    "BCHUSD": "BCH", "AVAXUSD": "AVAX",
}  # fmt: skip
ASSETS = {asset: pair for pair, asset in PAIRS.items()}
DELIVERIES, PAUSE_S = 4, 5
LONG_AGO = 600
NO_LIMIT = Tier(10**6, 1, 10**6, 1)
FLAT = {**CLOSE, "symbol": None, "price": None, "scope": "strategy", "id": "flat"}


@pytest.fixture
def kraken() -> Iterator[LimitedKraken]:
    account = {"balances": {"USD": D(100_000_000)}, "nonce_window": 10**19, "secret": SECRET}
    with LimitedKraken(clock=CLOCK, pairs=None, **account) as server:
        for pair in PAIRS:
            server.engine.mark_price(pair, D(100))
        yield server


def enter(kraken: LimitedKraken, function: Function, number: int, kind: str = "spot") -> None:
    """So many positions of 100, each with a stop; by ``kind`` on spot, with leverage, or both in
    turn. Nothing is counted yet."""
    kraken.tier, tier = NO_LIMIT, kraken.tier
    kraken.forget()
    for turn, symbol in enumerate(list(PAIRS)[:number]):
        on_margin = kind == "margin" or (kind == "both" and turn % 2)
        leverage = {"leverage": "2"} if on_margin else {}
        bought(function, "100", symbol=symbol, price="100", stop_loss="50", **leverage)
    CLOCK.sleep(LONG_AGO)
    kraken.tier = tier
    kraken.forget()


def by_hand(kraken: LimitedKraken, symbol: str, volume: str) -> None:
    order(kraken.engine, pair=symbol, volume=volume)


def deliver(
    function: Function, token: str = TREND, most: int = DELIVERIES, **fields: str
) -> Answer:
    """As TradingView does: a 503 comes again, three times at most."""
    stamp = function.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    for _ in range(most):
        answer = ours(function, token, **{**FLAT, "fired_at": stamp, **fields})
        if answer.status != 503:
            break
        CLOCK.sleep(PAUSE_S)
    return answer


def held(kraken: LimitedKraken) -> dict[str, Decimal]:
    """By pair, on spot or margin: here no pair has both."""
    holdings = kraken.holdings()
    spot = {ASSETS[name]: D(size) for name, size in holdings["balances"].items() if name in ASSETS}
    margin = {
        kraken.engine.pairs[pair]["altname"]: D(size)
        for pair, size in holdings["positions"].items()
    }
    return {pair: size for pair, size in {**spot, **margin}.items() if size}


@pytest.mark.parametrize("tier", [STARTER, INTERMEDIATE], ids=["starter", "intermediate"])
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *((3, kind) for kind in ("spot", "margin", "both")),
        *((6, kind) for kind in ("spot", "margin", "both")),
        *((12, kind) for kind in ("spot", "margin")),
    ],
)
def test_all_are_closed_within_the_deliveries(
    kraken: LimitedKraken, function: Function, number: int, kind: str, tier: Tier
) -> None:
    kraken.tier = tier
    enter(kraken, function, number, kind)
    before = len(kraken.calls_of("AddOrder"))
    answer = deliver(function)
    assert answer.status == 200, answer.document
    assert (held(kraken), resting(kraken), kraken.refused) == ({}, [], 0)
    assert len(kraken.calls_of("AddOrder")) == before + number


@pytest.mark.parametrize(("kind", "most"), [("spot", 5), ("margin", 6), ("both", 7)])
def test_what_three_positions_need_to_know_is_read_once(
    kraken: LimitedKraken, function: Function, kind: str, most: int
) -> None:
    enter(kraken, function, 3, kind)
    well(ours(function, **FLAT))
    assert sum(kraken.counted.values()) == most, kraken.counted
    assert kraken.counted["TradesHistory"] == 2


def test_nor_does_a_validation_read_for_each(kraken: LimitedKraken, function: Function) -> None:
    enter(kraken, function, 6)
    well(ours(function, **{**FLAT, "validate": True}), "validated")
    assert sum(kraken.counted.values()) == 5, kraken.counted


def test_what_the_limits_keep_open_ends_with_an_alarm_and_a_later_run_closes_it(
    kraken: LimitedKraken, function: Function, caplog: pytest.LogCaptureFixture
) -> None:
    kraken.history = 4
    enter(kraken, function, 12, "both")
    assert deliver(function).status == 503
    left = held(kraken)
    assert 0 < len(left) < 8
    assert kraken.refused <= DELIVERIES, "a delivery asks no more once Kraken takes no more calls"
    # Whatever is open still has its stop, or is a short of time.
    assert len(resting(kraken)) == len(left)
    CLOCK.sleep(LONG_AGO)
    LOGGER.setLevel(logging.INFO)
    assert function.operate("POST", "/reconcile").status == 200
    listed = function.operate("GET", "/orders", alert="flat", limit="100")["orders"]
    assert Counter(row["state"] for row in listed)["EXPIRED"] == len(left)
    told = [record for record in caplog.records if record.message == "order.expired"]
    assert len(told) == len(left)
    for _ in range(4):
        CLOCK.sleep(30)
        if function.operate("POST", "/pause", close="true")["closed"]["complete"]:
            break
    assert (held(kraken), resting(kraken)) == ({}, [])


@pytest.mark.parametrize("used", range(0, 16, 3))
def test_no_count_of_calls_leaves_a_position_without_its_stop(
    kraken: LimitedKraken, function: Function, used: int
) -> None:
    """Where coins of the hand are beside it one call more stands between the cancel and the sale,
    and it may be the first that Kraken does not take."""
    enter(kraken, function, 6)
    for symbol in list(PAIRS)[:6]:
        by_hand(kraken, symbol, "120")
    CLOCK.sleep(LONG_AGO)
    kraken.forget()
    kraken.uses(used)
    deliver(function)
    left = {pair for pair, size in held(kraken).items() if size != D(120)}
    assert left == {row["descr"]["pair"] for row in resting(kraken)}


def test_margin_is_closed_first(kraken: LimitedKraken, function: Function) -> None:
    enter(kraken, function, 6, "both")
    assert deliver(function, most=1).status == 503
    assert not any(kraken.holdings()["positions"])
    assert held(kraken)


def test_what_has_lost_its_stop_is_sold_before_anything_else_is_begun(
    kraken: LimitedKraken, function: Function
) -> None:
    enter(kraken, function, 3)
    kraken.behind["CancelOrder"].append(lambda: CLOCK.sleep(1.0))
    fired_at = CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert deliver(function, most=1, fired_at=fired_at).status == 503
    assert (len(held(kraken)), len(resting(kraken))) == (3, 2)
    bare = set(held(kraken)) - {row["descr"]["pair"] for row in resting(kraken)}
    kraken.behind["AddOrder"].append(lambda: CLOCK.sleep(1.0))
    assert deliver(function, most=1, fired_at=fired_at).status == 503
    assert bare.isdisjoint(held(kraken))
    assert len(held(kraken)) == 2
    assert deliver(function, fired_at=fired_at).status == 200
    assert (held(kraken), resting(kraken)) == ({}, [])


# -- what is shared is true for each of them -------------------------------------------------------


def test_a_stop_that_fires_meanwhile_has_sold_and_the_hands_coins_stay(
    kraken: LimitedKraken, function: Function
) -> None:
    enter(kraken, function, 3)
    for symbol in list(PAIRS)[:3]:
        by_hand(kraken, symbol, "150")
    CLOCK.sleep(LONG_AGO)
    kraken.behind["AddOrder"].append(lambda: kraken.engine.mark_price("SOLUSD", D(40)))
    assert deliver(function).status == 200
    assert (set(held(kraken).values()), resting(kraken)) == ({D(150)}, [])


def test_what_another_alert_sells_meanwhile_is_not_sold_again(
    kraken: LimitedKraken, made: Callable[..., Function]
) -> None:
    function, other = made(), made()
    kraken.tier = NO_LIMIT
    enter(kraken, function, 3)
    for symbol in list(PAIRS)[:3]:
        by_hand(kraken, symbol, "150")
    CLOCK.sleep(LONG_AGO)

    def sell() -> None:
        alert = {"symbol": "SOLUSD", "price": "100", "side": "sell", "volume": "20"}
        assert ours(other, **alert).status == 200

    kraken.behind["AddOrder"].append(sell)
    assert deliver(function).status == 200
    assert (set(held(kraken).values()), resting(kraken)) == ({D(150)}, [])


def test_positions_of_one_asset_are_each_closed_by_figures_of_now(
    kraken: LimitedKraken, function: Function
) -> None:
    enter(kraken, function, 2)
    for _ in range(2):
        bought(function, "40", OTHER, symbol="XBTUSD", price="100")
    by_hand(kraken, "XBTUSD", "7")
    CLOCK.sleep(LONG_AGO)
    kraken.forget()
    assert deliver(function, TOKEN, scope="all").status == 200
    assert (held(kraken), resting(kraken)) == ({"XBTUSD": D(7)}, [])
    assert kraken.counted["BalanceEx"] >= 2


@pytest.mark.parametrize("late", [0, 2, 30])
def test_late_figures_close_nothing_twice(
    kraken: LimitedKraken, function: Function, late: float
) -> None:
    enter(kraken, function, 3)
    by_hand(kraken, "ETHUSD", "30")
    CLOCK.sleep(LONG_AGO)
    kraken.figures.begin(late)
    deliver(function, most=20)
    assert (held(kraken), resting(kraken)) == ({"ETHUSD": D(30)}, [])
