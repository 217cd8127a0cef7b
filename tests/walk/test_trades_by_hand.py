"""A figure that is what an older plan saw, since somebody else traded as much the other way as an
order of ours did after it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import Scene, scene

NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
HAPPENED = {
    "an exit of ours": (
        {"side": "buy", "volume": "0.1", "stop_loss": "2250"},
        lambda there: there.mark("ETHUSD", "2200", "2500"),
    ),
    "a sale by hand": (
        {"side": "buy", "volume": "0.1"},
        lambda there: there.kraken.by_hand(
            "AddOrder", pair="ETHUSD", type="sell", ordertype="market", volume="0.1"
        ),
    ),
}


def target(size: str) -> dict[str, str]:
    return {"action": "target", "market_position": "long", "market_position_size": size}


@pytest.mark.crossed
@pytest.mark.parametrize(("minutes", "late_s"), [(0, 0), (5, 0), (5, 2)])
@pytest.mark.parametrize("size", ["0.5", "0.6", "0.7"])
@pytest.mark.parametrize("happened", HAPPENED)
def test_what_a_plan_saw_is_older_than_a_sale_that_none_of_ours_tells_of(
    happened, size, minutes, late_s
):
    """As much is bought again: the figure is what it was before, with that order or without. What
    reconcile saw in the minutes behind the sale tells."""
    with scene(instances=2) as there:
        first, sale = HAPPENED[happened]
        assert there.send("one", **first)["status"] == 200
        there.clock.sleep(100)
        assert there.send("two", **NO_ORDER | target("0.6"))["code"] == "no_action"
        there.clock.sleep(100)
        sale(there)
        for _ in range(minutes):
            there.clock.sleep(60)
            there.operate("POST", "/reconcile")
        there.clock.sleep(20)
        there.late(late_s, "BalanceEx")
        there.clock.sleep(5)
        assert there.send("one", side="buy", volume="0.1")["status"] == 200
        there.clock.sleep(1)
        assert there.send("two", **NO_ORDER | target(size))["status"] == 200
        assert there.held() == Decimal(size)
        assert minutes == 0 or there.statuses == [200]


OURS = {
    "for money": {"side": "buy", "volume": "800", "quantity_type": "quote"},
    "of a fixed size": {"side": "buy", "volume": "0.1"},
    "that sells": {"side": "sell", "volume": "0.1"},
    "of a share": {"side": "buy", "volume": "5", "quantity_type": "percent_balance"},
}


@pytest.mark.crossed
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("late_s", [0, 1, 4])
@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("ours", OURS)
def test_a_figure_that_somebody_else_has_moved_is_no_figure_with_our_order_in_it(
    ours, side, late_s, margin
):
    """The list of the orders that are done tells what moved it, so nothing waits."""
    if margin and "quantity_type" in OURS[ours]:
        pytest.skip("sizes in money are of spot")
    with scene(instances=2, margin=margin) as there:
        there.send("two", **NO_ORDER | target("0.5"))
        there.clock.sleep(5)
        by_hand(there, side, "0.02")
        there.clock.sleep(10)
        there.late(late_s, "BalanceEx", "OpenPositions")
        there.clock.sleep(5)
        assert there.send("one", **OURS[ours])["status"] == 200
        there.clock.sleep(0.3)
        assert there.send("two", **NO_ORDER | target("0.2"))["status"] == 200
        assert there.held() == Decimal("0.2")
        assert there.statuses == [200]


def by_hand(there: Scene, side: str, volume: str, pair: str = "ETHUSD") -> None:
    terms = {"leverage": "2"} if there.margin else {}
    there.kraken.by_hand(
        "AddOrder", pair=pair, type=side, ordertype="market", volume=volume, **terms
    )


def limit_by_hand(there: Scene) -> None:
    there.kraken.by_hand(
        "AddOrder", pair="ETHUSD", type="buy", ordertype="limit", price="2400", volume="0.02"
    )
    there.clock.sleep(3)
    there.mark("ETHUSD", "2390", "2500")


def in_bitcoin(there: Scene) -> None:
    there.kraken.move("XETHXXBT", Decimal("0.04"))
    by_hand(there, "buy", "0.02", "ETHXBT")


MOVES = {
    "a limit by hand": limit_by_hand,
    "a trade in another quote": in_bitcoin,
    "two trades": lambda there: (by_hand(there, "buy", "0.02"), by_hand(there, "sell", "0.05")),
    "a deposit": lambda there: there.kraken.deposit("XETH", "0.3"),
    "a withdrawal": lambda there: there.kraken.deposit("XETH", "-0.3"),
    "a deposit of dollars": lambda there: there.kraken.deposit("ZUSD", "700"),
    "a deposit and a trade": lambda there: (
        there.kraken.deposit("XETH", "0.4"), by_hand(there, "buy", "0.02")
    ),
}  # fmt: skip


@pytest.mark.crossed
@pytest.mark.parametrize("wanted", ["0.2", "0.9"])
@pytest.mark.parametrize("late_s", [0, 2])
@pytest.mark.parametrize("ours", ["for money", "of a fixed size"])
@pytest.mark.parametrize("move", MOVES)
def test_what_moves_a_balance_beside_our_order_is_told_from_it_and_a_deposit_waits_for_nothing(
    move, ours, late_s, wanted
):
    """Where no order did, the other side of the pair tells which of our orders the balances show:
    reconcile has seen it."""
    with scene(instances=2) as there:
        there.operate("POST", "/reconcile")
        there.clock.sleep(100)
        there.send("two", **NO_ORDER | target("0.5"))
        there.clock.sleep(5)
        MOVES[move](there)
        there.clock.sleep(10)
        there.late(late_s, "BalanceEx")
        there.clock.sleep(5)
        assert there.send("one", **OURS[ours])["status"] == 200
        there.clock.sleep(0.3)
        assert there.send("two", **NO_ORDER | target(wanted))["status"] == 200
        assert there.held() == Decimal(wanted)
        assert there.statuses == [200]


@pytest.mark.crossed
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("when", ["before", "behind"])
@pytest.mark.parametrize("late_s", [0, 2])
@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("wanted", ["0.2", "close"])
def test_a_trade_by_hand_within_a_second_of_our_order_counts_once(
    wanted, side, late_s, when, margin
):
    """By Kraken's own clock, once that tells when ours traded."""
    with scene(instances=2, margin=margin) as there:
        there.send("two", **NO_ORDER | target("0.5"))
        there.clock.sleep(20)
        there.late(late_s, "BalanceEx", "OpenPositions")
        there.clock.sleep(5)
        for one in ("by hand", "ours") if when == "before" else ("ours", "by hand"):
            if one == "ours":
                assert there.send("one", **OURS["of a fixed size"])["status"] == 200
            else:
                by_hand(there, side, "0.03")
            there.clock.sleep(0.7)
        word = {"action": "close"} if wanted == "close" else target(wanted)
        assert there.send("two", **NO_ORDER | word)["status"] == 200
        assert there.held() == Decimal(0 if wanted == "close" else wanted)
        assert late_s or there.statuses == [200]
