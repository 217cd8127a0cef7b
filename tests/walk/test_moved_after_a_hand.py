"""A stop moved by an alert just after a hand canceled the old one, or it fired, and no list shows
that yet: the new one stands for a position that is held, and for none that is sold."""

from __future__ import annotations

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import Scene, scene
from tests.walk.test_moved_among_strategies import CANCELS, LATE, NO_LEG, OTHERS, SIZE, exits
from tests.walk.test_several_closes import MONEY, own_tables

PLACES = {"spot": (False, 1), "long": (True, 1), "short": (True, -1)}
STOPS = {1: ("2200", "2250", "2300"), -1: ("2800", "2750", "2700")}
"""By the side of the position: of others, the old one, the new one."""
FIRES = {1: "2240", -1: "2760"}


def entered(there: Scene, sign: int) -> None:
    others, old, _ = STOPS[sign]
    side = "buy" if sign > 0 else "sell"
    there.send("two", side=side, volume=f"{OTHERS}", stop_loss=others)
    there.send("one", side=side, volume=f"{SIZE}", stop_loss=old)
    there.clock.sleep(100)


def gone(there: Scene, sign: int, fate: str) -> None:
    """The old one, just now."""
    if fate == "fired":
        there.mark("ETHUSD", FIRES[sign], "2500")
    else:
        there.kraken.by_hand("CancelOrder", txid=exits(there, STOPS[sign][1])[0].txid)


def legs(there: Scene, by: str, sign: int) -> list[dict[str, str]]:
    side = "sell" if sign > 0 else "buy"
    name = {"order_id": exits(there, STOPS[sign][1])[0].txid}
    cancel = {"id": {"action": "cancel", "symbol": "ETHUSD"} | name}.get(by) or CANCELS[by]
    cancel = cancel | ({"side": side} if "side" in cancel else {})
    stop = {"symbol": "ETHUSD", "order_type": "stop-loss", "stop_price": STOPS[sign][2]}
    return [cancel, stop | {"side": side, "volume": f"{SIZE}"}]


@pytest.mark.crossed
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("by", [*CANCELS, "id"])
@pytest.mark.parametrize("late", [*LATE, "all but the order"])
@pytest.mark.parametrize("fate", ["canceled", "fired"])
def test_the_new_stop_stands_where_the_old_one_was_canceled_and_not_where_it_fired(
    fate, late, by, place, tmp_path
):
    margin, sign = PLACES[place]
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        entered(there, sign)
        there.late(4, *LATE.get(late, ("OpenOrders", "ClosedOrders")))
        there.clock.sleep(5)
        body = there.alert("one", **NO_LEG, orders=legs(there, by, sign))
        gone(there, sign, fate)
        answer = there.deliver(body)
        stands = fate == "canceled"
        assert (answer["status"] == 200) == stands, answer
        assert [one.volume for one in exits(there, STOPS[sign][2])] == [SIZE] * stands
        assert there.held() == (OTHERS + SIZE * stands) * sign
        if stands:
            assert any("had been canceled before" in one for one in answer["warnings"]), answer


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("by", ["side", "id"])
@pytest.mark.parametrize("late", LATE)
def test_two_moves_of_a_stop_that_a_hand_has_canceled_leave_one(late, by, place, tmp_path):
    margin, sign = PLACES[place]
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        entered(there, sign)
        there.late(4, *LATE[late])
        there.clock.sleep(5)
        orders = legs(there, by, sign)
        bodies = [there.alert("one", **NO_LEG, orders=orders) for _ in range(2)]
        gone(there, sign, "canceled")
        for body in bodies:
            there.post(body)
        there.clock.sleep(5)
        for body in bodies:
            there.deliver(body)
        assert [one.volume for one in exits(there, STOPS[sign][2])] == [SIZE]


@pytest.mark.parametrize("fate", ["canceled", "fired"])
def test_while_the_old_stop_can_not_be_read_nothing_is_decided(fate, tmp_path):
    with scene(instances=2, balances=MONEY, **own_tables(tmp_path)) as there:
        entered(there, 1)
        there.late(4, "OpenOrders", "ClosedOrders")
        there.clock.sleep(5)
        body = there.alert("one", **NO_LEG, orders=legs(there, "id", 1))
        gone(there, 1, fate)
        there.script(faults.status(503), endpoint="QueryOrders")
        answer = there.deliver(body)
        stands = fate == "canceled"
        assert (there.statuses[0], answer["status"] == 200) == (503, stands), answer
        assert [one.volume for one in exits(there, "2300")] == [SIZE] * stands
