"""An exit that has fired though the price is back, while the account's figures and its list of open
orders still show what was before: what comes next is counted on the truth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import Scene, scene

NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
MONEY = {"USD": Decimal(100_000)}
FIGURES = ("Balance", "BalanceEx", "OpenPositions")
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
EXITS = {
    "a stop": ({"stop_loss": "2250"}, "2200"),
    "a take profit": ({"take_profit": "2750"}, "2800"),
}

AT_A_DISTANCE = {
    "a stop": ({"stop_loss": "-250"}, {"stop_loss": "+250"}, "2200"),
    "a stop in percent": ({"stop_loss": "-10%"}, {"stop_loss": "+10%"}, "2200"),
    "a take profit": ({"take_profit": "+250"}, {"take_profit": "-250"}, "2800"),
    "a take profit in percent": ({"take_profit": "+10%"}, {"take_profit": "-10%"}, "2800"),
    "a trail": ({"trailing_stop": "+250"}, {"trailing_stop": "+250"}, "2200"),
    "a trail in percent": ({"trailing_stop": "+10%"}, {"trailing_stop": "+10%"}, "2200"),
}


def target(size: str) -> dict[str, str]:
    word = "long" if Decimal(size) else "flat"
    return {"action": "target", "market_position": word, "market_position_size": size}


WANTS = {
    "close": ({"action": "close"}, "0"),
    "half": ({"action": "close", "percent": "50"}, "0"),
    **{size: (target(size), size) for size in ("0.05", "0.1", "0.2")},
}


def fired(there: Scene, exit_of: str, *lists: str) -> None:
    """Entered, and out again by the exit, while figures and ``lists`` are seconds late."""
    fields, price = EXITS[exit_of]
    there.send("one", side="buy", volume="0.1", **fields)
    there.clock.sleep(100)
    there.operate("POST", "/reconcile")
    there.late(4, *FIGURES, *lists)
    there.clock.sleep(5)
    there.mark("ETHUSD", price, "2500")
    assert there.held() == 0


@pytest.mark.crossed
@MARGIN
@pytest.mark.parametrize("exit_of", EXITS)
@pytest.mark.parametrize("what", WANTS)
def test_what_follows_counts_the_exit_as_the_order_itself_shows_it(what, exit_of, margin):
    with scene(instances=2, margin=margin, balances=MONEY) as there:
        fired(there, exit_of, "OpenOrders", "ClosedOrders")
        fields, size = WANTS[what]
        answer = there.send("one", **NO_ORDER | fields)
        assert answer["status"] == 200, answer
        assert there.held() == Decimal(size)
        assert there.open() == []


@pytest.mark.crossed
@pytest.mark.parametrize("position", ["spot", "long", "short"])
@pytest.mark.parametrize("exit_of", AT_A_DISTANCE)
@pytest.mark.parametrize(
    ("stays", "itself"), [(False, ()), (True, ()), (True, ("QueryOrders",))], ids=str
)
def test_one_at_a_distance_is_known_by_its_id_or_by_the_price_of_its_entry(
    itself, stays, exit_of, position
):
    """Where the order itself shows late too, the last price has to be beyond it still."""
    of_long, of_short, beyond = AT_A_DISTANCE[exit_of]
    is_short = position == "short"
    with scene(instances=2, margin=position != "spot", balances=MONEY) as there:
        fields = of_short if is_short else of_long
        there.send("one", side="sell" if is_short else "buy", volume="0.1", **fields)
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        there.late(4, *FIGURES, "OpenOrders", "ClosedOrders", *itself)
        there.clock.sleep(5)
        price = str(5000 - int(beyond)) if is_short else beyond
        there.mark("ETHUSD", *([price] if stays else [price, "2500"]))
        assert there.held() == 0
        wanted = {**target("0.1"), "market_position": "short" if is_short else "long"}
        assert there.send("one", **NO_ORDER | wanted)["status"] == 200
        assert there.held() == Decimal("-0.1" if is_short else "0.1")


@pytest.mark.parametrize("size", ["0", "0.1", "0.3"])
def test_what_somebody_has_resting_on_spot_is_asked_for_too(size):
    with scene(balances=MONEY) as there:
        there.send("one", side="buy", volume="0.2")
        there.clock.sleep(100)
        order = {"type": "sell", "ordertype": "limit", "price": "2750", "volume": "0.1"}
        there.kraken.by_hand("AddOrder", pair="ETHUSD", **order)
        there.late(4, *FIGURES, "OpenOrders", "ClosedOrders")
        there.clock.sleep(5)
        there.mark("ETHUSD", "2800", "2500")
        assert there.send("one", **NO_ORDER | target(size))["status"] == 200
        assert there.held() == Decimal(size)


@pytest.mark.crossed
@MARGIN
@pytest.mark.parametrize("exit_of", EXITS)
@pytest.mark.parametrize("what", WANTS)
@pytest.mark.parametrize("itself", [(), ("QueryOrders",)], ids=["list", "order"])
def test_one_that_no_list_has_any_more_or_yet_is_known_by_what_reconcile_saw(
    itself, what, exit_of, margin
):
    """The open orders alone are not late: they lack it, and what has closed does so too."""
    with scene(instances=2, margin=margin, balances=MONEY) as there:
        fired(there, exit_of, "ClosedOrders", *itself)
        there.clock.sleep(1)
        fields, size = WANTS[what]
        answer = there.send("one", **NO_ORDER | fields)
        assert answer["status"] == 200, answer
        assert there.held() == Decimal(size)


def test_reconcile_keeps_what_rests_and_forgets_it_once_no_read_lacks_that_it_is_gone():
    with scene() as there:
        market = there.fleet[0].application.decider

        def known() -> dict[str, bool]:
            """Whether it is gone, by order id."""
            there.operate("POST", "/reconcile")
            return {name: one.gone_at is not None for name, one in market.seen_resting().items()}

        assert known() == {}
        there.send("one", side="buy", volume="0.1", stop_loss="2250")
        name = there.open()[0].txid
        assert known() == {name: False}
        there.mark("ETHUSD", "2200", "2500")
        assert known() == {name: True}
        there.clock.sleep(30)
        assert known() == {name: True}
        there.clock.sleep(31)
        assert known() == {}
