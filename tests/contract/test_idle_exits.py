"""A stop that rests although nothing is held would open a position, or sell what others bought: an
alert that wants flat cancels it. Over a socket, at an engine that keeps its books as Kraken
does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Answer, Function
from tests.support.kraken_server import KrakenServer
from tests.support.lagging_figures import BOOK
from tests.support.own_positions import (
    CLOSE,
    MINUTES,
    OTHER,
    STRATEGIES,
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
from webhook_core.kraken.paper.book import Book

__all__ = ["function", "kraken", "made"]
D = Decimal
MARGIN = {"leverage": "2"}
FLAT = {"action": "target", "side": None, "volume": None, "market_position": "flat"}
WAYS = {
    "close": CLOSE,
    "a part": CLOSE | {"percent": "50"},
    "flat": FLAT,
}
REVERSE = CLOSE | {"action": "reverse"}
SCOPE = {**CLOSE, "symbol": None, "price": None, "scope": "strategy"}


def margin_by_hand(kraken: KrakenServer, side: str, volume: str = "0.3") -> None:
    order(kraken.engine, type=side, volume=volume, **MARGIN)


def position(kraken: KrakenServer) -> Decimal:
    return D(kraken.holdings()["positions"].get("XXBTZUSD", "0"))


def flat_beside_a_stop(kraken: KrakenServer, function: Function, side: str = "buy") -> None:
    """What the strategy opened was closed by hand, at Kraken itself."""
    trigger = "55000" if side == "buy" else "65000"
    well(ours(function, volume="0.3", side=side, stop_loss=trigger, **MARGIN))
    function.clock.sleep(MINUTES)
    margin_by_hand(kraken, "sell" if side == "buy" else "buy")
    function.clock.sleep(MINUTES)
    assert (position(kraken), len(resting(kraken))) == (0, 1)


def triggered(kraken: KrakenServer) -> Decimal:
    """What is held once the market has been at every stop."""
    for price in (54000, 66000, 60000):
        kraken.engine.mark_price("XBTUSD", D(price))
    return position(kraken)


@pytest.mark.parametrize("side", ["buy", "sell"], ids=["of a long", "of a short"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_on_margin_an_alert_that_wants_flat_cancels_the_stop_that_would_open_a_position(
    kraken: KrakenServer, function: Function, way: dict[str, Any], side: str
) -> None:
    flat_beside_a_stop(kraken, function, side)
    answer = well(ours(function, **way | MARGIN))
    assert [(row["state"], row["request"].get("txid", "")[:1]) for row in answer["orders"]] == [
        ("ACCEPTED", "O"), ("NO_ACTION", "")
    ]  # fmt: skip
    assert any("nothing is held that it protects" in one for one in answer["warnings"])
    assert (triggered(kraken), resting(kraken)) == (0, [])


@pytest.mark.parametrize(("side", "opened"), [("buy", "-0.3"), ("sell", "0.3")])
def test_a_reversal_opens_no_more_than_it_means_beside_it(
    kraken: KrakenServer, function: Function, side: str, opened: str
) -> None:
    """It turns what the strategy believes to hold: what its stop may have closed."""
    flat_beside_a_stop(kraken, function, side)
    well(ours(function, **REVERSE | MARGIN))
    assert (triggered(kraken), resting(kraken)) == (D(opened), [])


def test_where_more_has_been_traded_since_a_reversal_of_nothing_cancels_it_too(
    kraken: KrakenServer, function: Function
) -> None:
    flat_beside_a_stop(kraken, function)
    for side in ("buy", "sell"):
        well(ours(function, side=side, volume="0.1", **MARGIN))
    function.clock.sleep(MINUTES)
    well(ours(function, **REVERSE | MARGIN))
    assert (triggered(kraken), resting(kraken)) == (0, [])


def test_it_is_canceled_once_however_often_the_alert_comes(
    kraken: KrakenServer, function: Function
) -> None:
    flat_beside_a_stop(kraken, function)
    alert = function.alert(**CLOSE | MARGIN | {"id": "once", "token": TREND})
    first = well(function.post(alert))
    again = well(function.post(alert))
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["orders"] == first["orders"]
    assert len(kraken.calls_of("CancelOrder")) == 1
    nothing = well(ours(function, **CLOSE | MARGIN), "no_action")
    assert "the position is 0 BTC already" in nothing["message"]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "rate_limit"])
def test_a_cancel_that_fails_is_made_good_by_a_resend(
    kraken: KrakenServer, function: Function, fault: str
) -> None:
    flat_beside_a_stop(kraken, function)
    limited = faults.errors(["EAPI:Rate limit exceeded"])
    kraken.script("CancelOrder", limited if fault == "rate_limit" else getattr(faults, fault)())
    alert = function.alert(**CLOSE | MARGIN | {"id": "once", "token": TREND})
    assert function.post(alert).status == 503
    for _ in range(3):
        function.clock.sleep(6)
        answer = function.post(alert)
    well(answer)
    assert (triggered(kraken), resting(kraken)) == (0, [])


def test_the_stop_of_another_strategy_and_that_of_the_hand_stay(
    kraken: KrakenServer, function: Function
) -> None:
    well(ours(function, OTHER, volume="0.3", stop_loss="54000", **MARGIN))
    stop = {"close[ordertype]": "stop-loss", "close[price]": "54500"}
    order(kraken.engine, type="sell", volume="0.3", **MARGIN)
    order(kraken.engine, type="buy", volume="0.2", **stop)
    function.clock.sleep(MINUTES)
    well(ours(function, **CLOSE | MARGIN), "no_action")
    assert sorted(D(row["descr"]["price"]) for row in resting(kraken)) == [54000, 54500]


def test_on_spot_the_stop_of_what_is_held_with_leverage_stays_and_the_other_way_round(
    kraken: KrakenServer, function: Function
) -> None:
    well(ours(function, volume="0.3", stop_loss="55000", **MARGIN))
    well(ours(function, volume="0.2", stop_loss="54000"))
    function.clock.sleep(MINUTES)
    well(closed(function))
    assert [D(row["vol"]) for row in resting(kraken)] == [D("0.3")]
    well(closed(function), "no_action")
    assert (position(kraken), len(resting(kraken))) == (D("0.3"), 1)
    well(ours(function, volume="0.2", stop_loss="54000"))
    well(ours(function, **CLOSE | MARGIN))
    assert (position(kraken), [D(row["vol"]) for row in resting(kraken)]) == (0, [D("0.2")])


def test_a_limit_order_of_the_strategy_that_rests_stays(
    kraken: KrakenServer, function: Function
) -> None:
    """As with every close: what an alert has placed itself is no exit of an entry."""
    limit = {"order_type": "limit", "volume": "0.1", "price": "50000"}
    well(ours(function, **limit, **MARGIN))
    well(ours(function, **CLOSE | MARGIN), "no_action")
    assert len(resting(kraken)) == 1


def sold_beside_its_stop(function: Function, **terms: str) -> None:
    """The strategy has sold what it bought by a plain sell; on spot out of the coins of the
    hand."""
    bought(function, "0.3", stop_loss="55000", **terms)
    well(ours(function, side="sell", volume="0.3", **terms))
    function.clock.sleep(MINUTES)


def test_a_close_of_its_own_cancels_the_stop_that_holds_coins_of_the_hand(
    kraken: KrakenServer, function: Function
) -> None:
    sold_beside_its_stop(function)
    answer = well(closed(function))
    assert "the account holds 1 BTC" in " ".join(answer["warnings"])
    triggered(kraken)
    assert (held(kraken), resting(kraken)) == (1, [])


def test_on_spot_a_stop_that_is_left_where_nothing_is_held_is_canceled(
    kraken: KrakenServer, function: Function
) -> None:
    """Its coins are gone, however that came about; others that come later are not its own."""
    well(ours(function, volume="0.3", stop_loss="55000"))
    function.clock.sleep(MINUTES)
    withdrawn(kraken)
    well(ours(function, **CLOSE))
    assert resting(kraken) == []


def withdrawn(kraken: KrakenServer) -> None:
    store = kraken._documents
    kept = store.read(BOOK)
    assert kept is not None
    book = Book.from_text(kept.text)
    book.balances["XXBT"] = D(0)
    assert store.write(BOOK, book.to_text(), kept)


@pytest.mark.parametrize("asked", ["an alert", "the operator"])
@pytest.mark.parametrize("kind", ["margin", "spot"])
def test_so_does_a_close_of_every_position(
    kraken: KrakenServer, function: Function, kind: str, asked: str
) -> None:
    flat_beside_a_stop(kraken, function) if kind == "margin" else sold_beside_its_stop(function)
    if asked == "an alert":
        well(ours(function, **SCOPE))
    else:
        answer = function.operate("POST", "/pause", close="true", strategy="trend")
        done = answer["closed"]
        assert (answer.status, done["complete"]) == (200, True), answer.document
        assert [row["code"] for row in done["positions"]] == ["accepted"]
    assert (triggered(kraken), resting(kraken), held(kraken)) == (0, [], 1)


def test_one_strategys_close_of_every_position_leaves_the_stops_of_the_others(
    kraken: KrakenServer, function: Function
) -> None:
    flat_beside_a_stop(kraken, function)
    well(ours(function, OTHER, **SCOPE), "no_action")
    assert len(resting(kraken)) == 1


def test_a_validation_shows_the_cancel_alone_and_touches_nothing(
    kraken: KrakenServer, function: Function
) -> None:
    flat_beside_a_stop(kraken, function)
    answer = well(ours(function, validate=True, **CLOSE | MARGIN), "validated")
    assert [sorted(row["request"]) for row in answer["orders"]] == [["txid"]]
    assert len(resting(kraken)) == 1


def paused(function: Function, **said: str) -> None:
    assert function.operate("POST", "/pause", **said).status == 200


def test_a_pause_of_entries_lets_it_pass_and_a_pause_of_all_does_not(
    kraken: KrakenServer, function: Function
) -> None:
    flat_beside_a_stop(kraken, function)
    paused(function)
    answer = ours(function, **CLOSE | MARGIN)
    assert (answer.status, answer["code"], len(resting(kraken))) == (422, "paused", 1)
    assert function.operate("POST", "/resume").status == 200
    paused(function, entries="true")
    well(ours(function, **CLOSE | MARGIN))
    assert resting(kraken) == []


LIMITS = {
    "exits are held against the cap": {"MAX_ORDER_COST": "10 USD"},
    "and against the hours": {"TRADING_HOURS": "Sat 00:00-00:01 UTC"},
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_no_limit_holds_a_cancel_back(
    kraken: KrakenServer, made: Callable[..., Function], limits: dict[str, str]
) -> None:
    flat_beside_a_stop(kraken, made())
    held_back = made(
        STRATEGIES, EXITS_IGNORE_MAX_ORDER_COST="false", EXITS_IGNORE_LIMITS="false", **limits
    )
    well(ours(held_back, **CLOSE | MARGIN))
    assert resting(kraken) == []


def by_position(answer: Answer) -> list[str]:
    return [row["request"].get("ordertype", "cancel") for row in answer["orders"]]


def test_an_entry_and_its_stop_that_came_since_are_left_alone_by_a_resend(
    kraken: KrakenServer, made: Callable[..., Function]
) -> None:
    function = made(STRATEGIES.replace("[other]", 'close = "own"\n[other]'))
    flat_beside_a_stop(kraken, function)
    kraken.script("CancelOrder", faults.errors(["EAPI:Rate limit exceeded"]))
    alert = function.alert(**CLOSE | MARGIN | {"id": "once", "token": TREND})
    assert function.post(alert).status == 503
    well(ours(function, volume="0.2", stop_loss="54000", **MARGIN))
    function.clock.sleep(6)
    well(function.post(alert))
    assert (position(kraken), [D(row["vol"]) for row in resting(kraken)]) == (D("0.2"), [D("0.2")])


def test_nor_does_a_close_of_every_position_that_comes_again_touch_them(
    kraken: KrakenServer, function: Function
) -> None:
    sold_beside_its_stop(function, **MARGIN)
    kraken.script("OpenPositions", faults.errors(["EService:Unavailable"]))
    alert = function.alert(**SCOPE | {"id": "once", "token": TREND})
    assert function.post(alert).status == 503
    well(ours(function, volume="0.2", stop_loss="54000", **MARGIN))
    function.clock.sleep(6)
    assert function.post(alert).status == 200
    assert (position(kraken), D("0.2") in [D(row["vol"]) for row in resting(kraken)]) == (
        D("0.2"), True
    )  # fmt: skip


def test_dust_that_is_too_small_to_trade_is_left_without_a_stop_that_is_not(
    kraken: KrakenServer, function: Function
) -> None:
    assert function.operate("POST", "/reconcile").status == 200  # the pair's rules are fresh
    well(ours(function, volume="0.3", stop_loss="55000", **MARGIN))
    function.clock.sleep(MINUTES)
    margin_by_hand(kraken, "sell", "0.29999")
    function.clock.sleep(MINUTES)
    well(ours(function, **CLOSE | MARGIN))
    assert (position(kraken), resting(kraken)) == (D("0.00001"), [])


def test_two_stops_are_canceled_one_after_the_other(
    kraken: KrakenServer, function: Function
) -> None:
    well(ours(function, volume="0.1", stop_loss="54500", **MARGIN))
    flat_beside_two(kraken, function)
    answer = well(ours(function, **CLOSE | MARGIN))
    assert [row["state"] for row in answer["orders"]] == ["ACCEPTED", "ACCEPTED", "NO_ACTION"]
    assert (triggered(kraken), resting(kraken)) == (0, [])


def flat_beside_two(kraken: KrakenServer, function: Function) -> None:
    well(ours(function, volume="0.3", stop_loss="55000", **MARGIN))
    function.clock.sleep(MINUTES)
    margin_by_hand(kraken, "sell", "0.4")
    function.clock.sleep(MINUTES)
