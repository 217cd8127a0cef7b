"""A cancel and a close in one message, with nothing held when it is planned: what the order that is
to be canceled trades before its cancel is closed all the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import SENDS, Scene, scene
from tests.walk.test_idle_exits import LAGS, LATE, NO_ORDER, SIZE, before_call, flat_beside_a_stop

CANCELS = {"of the strategy": {"scope": "strategy"}, "of the pair": {"symbol": "ETHUSD"}}
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])


def cancel_and_close(there: Scene, cancel: str = "of the strategy") -> None:
    legs = [{"action": "cancel"} | CANCELS[cancel], {"symbol": "ETHUSD", "action": "close"}]
    answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
    assert answer["status"] == 200, answer
    there.mark("ETHUSD", "2200", "2500")
    assert (there.held(), there.open()) == (0, [])


def fills(there: Scene) -> None:
    there.mark("ETHUSD", "2440", "2500")


def half_fills(there: Scene) -> None:
    """Kraken takes the cancel."""
    engine = there.kraken.engine
    whole, engine.market = engine.market, engine.market._replace(fill=(Decimal("0.5"),))
    fills(there)
    engine.market = whole
    assert there.held() % SIZE == SIZE / 2


@pytest.mark.crossed
@MARGIN
@LATE
@pytest.mark.parametrize("stop", [{}, {"stop_loss": "2250"}], ids=["bare", "with a stop"])
@pytest.mark.parametrize("held", ["nothing", "a part"])
@pytest.mark.parametrize("trades", [fills, half_fills], ids=["whole", "in part"])
def test_an_entry_that_fills_before_its_cancel(trades, held, stop, late, margin):
    with scene(instances=2, margin=margin, balances={"USD": Decimal(100_000)}) as there:
        if held != "nothing":
            there.send("one", side="buy", volume=str(SIZE))
        limit = {"order_type": "limit", "price": "2450", **stop}
        there.send("one", side="buy", volume=str(SIZE), **limit)
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        before_call(there, "CancelOrder", lambda: trades(there))
        cancel_and_close(there)


@LATE
@pytest.mark.parametrize("cancel", CANCELS)
def test_a_stop_of_what_is_held_no_more_that_fires_before_its_cancel(cancel, late):
    with scene(instances=2, margin=True) as there:
        flat_beside_a_stop(there)
        there.late(4, *LAGS[late])
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2240", "2500"))
        cancel_and_close(there, cancel)


@MARGIN
@pytest.mark.parametrize("cancel", CANCELS)
def test_where_each_is_canceled_nothing_more_is_done(cancel, margin):
    with scene(margin=margin, balances={"USD": Decimal(100_000)}) as there:
        for price in ("2450", "2440"):
            there.send("one", side="buy", volume=str(SIZE), order_type="limit", price=price)
        there.clock.sleep(100)
        cancel_and_close(there, cancel)
        assert there.statuses == [200]


@MARGIN
@LATE
def test_a_stop_that_has_just_sold_a_part_keeps_no_close_back(late, margin):
    """Kraken lets no more be closed than is held."""
    with scene(instances=2, margin=margin, balances={"USD": Decimal(100_000)}) as there:
        there.send("one", side="buy", volume=str(2 * SIZE))
        stop = {"order_type": "stop-loss", "stop_price": "2250"}
        there.send("one", side="sell", volume=str(SIZE), **stop)
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2240", "2500"))
        cancel_and_close(there)
        assert len(there.statuses) <= SENDS


@LATE
def test_a_stop_that_adds_to_a_short_position_before_its_cancel(late):
    """It was left by what has bought a part of that back."""
    with scene(instances=2, margin=True) as there:
        there.send("one", side="sell", volume=str(3 * SIZE))
        there.clock.sleep(100)
        there.send("one", side="buy", volume=str(SIZE), stop_loss="2250")
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2240", "2500"))
        cancel_and_close(there)


@pytest.mark.crossed
@LATE
@pytest.mark.parametrize("sent", ["at once", "by a resend"])
@pytest.mark.parametrize("whose", ["of entries", "of alerts of their own"])
def test_stops_that_sell_more_than_is_held_only_together(whose, sent, late):
    """Each alone sells no more than the close was to."""
    with scene(instances=2, margin=True) as there:
        two_stops_of_more_than_is_held(there, whose)
        there.late(4, *LAGS[late])
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2240", "2500"))
        if sent == "by a resend":
            there.script(faults.errors(["EAPI:Rate limit exceeded"]))
        cancel_and_close(there)
        assert len(there.statuses) <= SENDS or whose == "of alerts of their own"


def two_stops_of_more_than_is_held(there: Scene, whose: str) -> None:
    if whose == "of entries":
        there.send("one", side="buy", volume=str(2 * SIZE), stop_loss="2250")
        there.send("one", side="sell", volume=str(SIZE))
        there.send("one", side="buy", volume=str(SIZE), stop_loss="2250")
    else:
        there.send("one", side="buy", volume=str(2 * SIZE))
        for volume in (2 * SIZE, SIZE):
            stop = {"order_type": "stop-loss", "stop_price": "2250"}
            there.send("one", side="sell", volume=str(volume), **stop)
    there.clock.sleep(100)
    assert (there.held(), len(there.open())) == (2 * SIZE, 2)


@LATE
def test_of_such_stops_one_that_sells_alone_keeps_no_close_back(late):
    with scene(instances=2, margin=True) as there:
        there.send("one", side="buy", volume=str(2 * SIZE), stop_loss="2200")
        there.send("one", side="sell", volume=str(SIZE))
        there.send("one", side="buy", volume=str(SIZE), stop_loss="2250")
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2240", "2500"))
        cancel_and_close(there)
        assert len(there.statuses) <= SENDS


@pytest.mark.crossed
@LATE
@pytest.mark.parametrize("price", ["2440", "2560"], ids=["the buy", "the sale"])
@pytest.mark.parametrize("first", ["buy", "sell"])
def test_with_nothing_held_one_of_two_opposite_orders_fills(first, price, late):
    with scene(instances=2, margin=True) as there:
        limits = {"buy": "2450", "sell": "2550"}
        for side in (first, *(limits.keys() - {first})):
            limit = {"order_type": "limit", "price": limits[side]}
            there.send("one", side=side, volume=str(SIZE), **limit)
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", price, "2500"))
        cancel_and_close(there)
