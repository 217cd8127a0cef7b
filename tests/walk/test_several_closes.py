"""Several closes of one position in one alert: together they close no more than is held, each as
much as it says, and the stop that is put back is of what remains after all of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.walk.scene import STRATEGIES, scene
from tests.walk.test_idle_exits import NO_ORDER, SIZE

MONEY = {"USD": Decimal(100_000)}
PARTS = {
    ("30", "80"): "0",
    ("30", "50"): "0.02",
    ("30", "20", "10"): "0.04",
    ("30", "70", "50"): "0",
    ("100", "100"): "0",
    ("50", "50"): "0",
}


def own_tables(folder: Path) -> dict[str, str]:
    table = folder / "strategies.toml"
    rows = (f'[{one}]\ntoken = "env:{one.upper()}_TOKEN"\nclose = "own"' for one in STRATEGIES)
    table.write_text("\n".join(rows))
    return {"STRATEGIES_FILE": str(table)}


@pytest.mark.crossed
@pytest.mark.parametrize("parts", PARTS, ids=" and ".join)
@pytest.mark.parametrize("stops", ["none", "one", "one, late", "two"])
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("means", ["all", "own", "own, beside others"])
def test_what_remains_has_its_stop_and_no_more(means, margin, stops, parts, tmp_path):
    env = {} if means == "all" else own_tables(tmp_path)
    beside = Decimal("0.3") if means == "own, beside others" else Decimal(0)
    with scene(instances=2, margin=margin, balances=MONEY, **env) as there:
        if beside:
            there.send("two", side="buy", volume=str(beside))
        entries = 2 if stops == "two" else 1
        for number in range(entries):
            stop = {} if stops == "none" else {"stop_loss": str(2250 - 10 * number)}
            there.send("one", side="buy", volume=str(SIZE / entries), **stop)
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        if stops == "one, late":
            there.late(4)
        legs = list(map(closing, parts))
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        assert answer["status"] == 200, answer
        assert not [said for said in answer["warnings"] if said.startswith("NOT_")]
        left = Decimal(PARTS[parts])
        assert there.held() == left + beside
        assert sum(order.volume for order in there.open()) == (0 if stops == "none" else left)
        there.mark("ETHUSD", "2200", "2500")
        assert (there.held(), there.open()) == (beside + (left if stops == "none" else 0), [])


PARTLY = {
    "one stop": (("0.1", None), ("0.2", "2250")),
    "two stops": (("0.1", None), ("0.1", "2250"), ("0.1", "2240")),
}
LEAVE = {("10", "10"): "0.24", ("10", "20", "10"): "0.18", ("20", "60"): "0.06"}


@pytest.mark.crossed
@pytest.mark.parametrize("parts", LEAVE, ids=" and ".join)
@pytest.mark.parametrize("entries", PARTLY)
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("means", ["all", "own", "own, beside others"])
def test_what_no_stop_holds_is_closed_first(means, margin, entries, parts, tmp_path):
    """Of 0.3 with stops of 0.2."""
    env = {} if means == "all" else own_tables(tmp_path)
    beside = Decimal("0.3") if means == "own, beside others" else Decimal(0)
    with scene(instances=2, margin=margin, balances=MONEY, **env) as there:
        if beside:
            there.send("two", side="buy", volume=str(beside))
        for volume, stop in PARTLY[entries]:
            there.send("one", side="buy", volume=volume, stop_loss=stop)
        there.clock.sleep(200)
        stood = [order.txid for order in there.open()]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=list(map(closing, parts)))
        left = Decimal(LEAVE[parts])
        assert (answer["status"], there.held()) == (200, left + beside), answer
        assert sum(order.volume for order in there.open()) == min(left, Decimal("0.2"))
        if left > Decimal("0.2"):
            assert [order.txid for order in there.open()] == stood


BARE, STOPPED = ("0.1", None), ("0.1", "2250")
BESIDE = {
    "a part of what is bare": ([("0.1", "20")], "0.14"),
    "most of it": ([("0.1", "50")], "0.05"),
    "all of it": ([("0.1", "100")], "0"),
    "two closes": ([("0.1", "10"), ("0", "10")], "0.14"),
    "two sales": ([("0.04", "0"), ("0.06", "20")], "0.14"),
}


@pytest.mark.crossed
@pytest.mark.parametrize("what", BESIDE)
@pytest.mark.parametrize("entries", ["0 stops", "2 stops"])
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("means", ["all", "own", "own, beside others"])
def test_a_close_behind_a_sale_closes_what_it_says_and_no_more_than_that_leaves(
    means, margin, entries, what, tmp_path
):
    """Of 0.3. The sale takes what no stop holds."""
    env = {} if means == "all" else own_tables(tmp_path)
    beside = Decimal("0.5") if means == "own, beside others" else Decimal(0)
    stopped = int(entries[0])
    with scene(instances=2, margin=margin, balances=MONEY, **env) as there:
        if beside:
            there.send("two", side="buy", volume=str(beside))
        for volume, stop in [BARE] * (3 - stopped) + [STOPPED] * stopped:
            there.send("one", side="buy", volume=volume, stop_loss=stop)
        there.clock.sleep(200)
        pairs, left = BESIDE[what]
        sales = [sale(volume) for volume, _ in pairs if volume != "0"]
        closes = [closing(part) for _, part in pairs if part != "0"]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=[*sales, *closes])
        assert (answer["status"], there.held()) == (200, Decimal(left) + beside), answer
        stops = sum(order.volume for order in there.open())
        assert stops == min(Decimal(left), Decimal("0.1") * stopped)
        assert not [said for said in answer["warnings"] if said.startswith("NOT_")]


@pytest.mark.parametrize("means", ["all", "own"])
@pytest.mark.parametrize("stop", [None, "2250"])
def test_what_a_sale_of_the_same_alert_that_rests_holds_is_said_to_be_left(means, stop, tmp_path):
    env = {} if means == "all" else own_tables(tmp_path)
    with scene(instances=2, balances=MONEY, **env) as there:
        for volume, stops in (BARE, ("0.2", stop)):
            there.send("one", side="buy", volume=volume, stop_loss=stops)
        there.clock.sleep(200)
        legs = [sale("0.1", order_type="limit", price="2600"), closing("100")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        assert (answer["status"], there.statuses, there.held()) == (200, [200], Decimal("0.1"))
        assert [(one.ordertype, one.volume) for one in there.open()] == [("limit", SIZE)]
        assert any(said.startswith("NOT_ALL_CLOSED: ") for said in answer["warnings"]), answer


ONCE = {"order_type": "limit", "time_in_force": "IOC"}
ALL_OR_NONE = {"order_type": "limit", "time_in_force": "FOK"}
MAY_NOT_TRADE = {
    "a limit that finds nobody": ("0.3", {"price": "2600", **ONCE}),
    "half of it": ("0.15", {"price": "2600", **ONCE}),
    "all of it or nothing": ("0.3", {"price": "2600", **ALL_OR_NONE}),
    "a limit that is met": ("0.3", {"price": "2400", **ONCE}),
    "half of it that is met": ("0.15", {"price": "2400", **ONCE}),
}
ON_MARGIN = {
    "more than is held": ("0.5", {}),
    "a sale of later": ("0.3", {"starts": "+3600"}),
    "half of it later": ("0.15", {"starts": "+3600"}),
}


@pytest.mark.crossed
@pytest.mark.parametrize(
    ("margin", "stop", "sold"),
    [(False, None, row) for row in MAY_NOT_TRADE]
    + [(True, stop, row) for stop in (None, "2250") for row in MAY_NOT_TRADE | ON_MARGIN],
)
@pytest.mark.parametrize("means", ["all", "own"])
def test_a_close_is_not_dropped_for_a_sale_before_it_that_may_be_none_of_what_is_held(
    means, margin, stop, sold, tmp_path
):
    env = {} if means == "all" else own_tables(tmp_path)
    with scene(instances=2, margin=margin, balances=MONEY, **env) as there:
        there.send("one", side="buy", volume="0.3", stop_loss=stop)
        there.clock.sleep(200)
        volume, terms = (MAY_NOT_TRADE | ON_MARGIN)[sold]
        legs = [sale(volume, **terms), closing("100")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        assert there.held() == 0, answer
        assert "stop-loss" not in [one.ordertype for one in there.open()]


@pytest.mark.parametrize(
    ("volume", "code", "left"),
    [("0.3", "POSITION_HELD", "0.3"), ("0.15", "NOT_ALL_CLOSED", "0.15")],
)
def test_what_is_to_be_sold_later_is_held_and_not_sold_yet(volume, code, left):
    with scene(instances=2, balances=MONEY) as there:
        there.send("one", side="buy", volume="0.3")
        there.clock.sleep(200)
        legs = [sale(volume, starts="+3600"), closing("100")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        said = [answer["message"], *answer["warnings"]]
        assert any("this alert's own among them" in one for one in said)
        assert (any(code in one for one in said), there.held()) == (True, Decimal(left)), answer


@pytest.mark.parametrize("terms", [ONCE, ALL_OR_NONE], ids=["once", "all or none"])
def test_what_a_limit_of_the_same_alert_sells_at_once_is_not_sold_again_of_what_others_bought(
    terms, tmp_path
):
    with scene(instances=2, balances=MONEY, **own_tables(tmp_path)) as there:
        there.send("two", side="buy", volume="0.5")
        there.send("one", side="buy", volume="0.3")
        there.clock.sleep(200)
        part = sale("100", price="2400", quantity_type="percent_position", **terms)
        answer = there.send("one", **NO_ORDER, symbol=None, orders=[part, closing("100")])
        assert (answer["status"], there.held()) == (200, Decimal("0.5")), answer


def sale(volume: str, **terms: str) -> dict[str, str]:
    return {"symbol": "ETHUSD", "side": "sell", "volume": volume, **terms}


def closing(part: str) -> dict[str, str]:
    return {"symbol": "ETHUSD", "action": "close", "percent": part}
