"""A sale behind a close of a part in one alert, over stops of the strategy's own: where Kraken does
not take it the close is as one that is sent alone, and the answer says what holds the rest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.walk.scene import Scene, scene
from tests.walk.test_idle_exits import NO_ORDER
from tests.walk.test_several_closes import MONEY, closing, own_tables

ENTRIES: dict[str, list[tuple[str, str | None]]] = {
    "one stop": [("0.3", "2250")],
    "two stops": [("0.1", "2250"), ("0.2", "2240")],
    "half a stop": [("0.15", "2250"), ("0.15", None)],
    "bare first": [("0.1", None), ("0.2", "2250")],
}
SALES: dict[str, dict[str, Any]] = {
    "limit": {"order_type": "limit", "price": "2800"},
    "limit once": {"order_type": "limit", "price": "2800", "time_in_force": "IOC"},
    "limit of later": {"order_type": "limit", "price": "2800", "starts": "+3600"},
    "stop": {"order_type": "stop-loss", "stop_price": "2300"},
    "market": {},
}
SIZES = ["0.06", "0.1", "0.24"]
ALL = {"quantity_type": "percent_position", "volume": "100"}
HELD = Decimal("0.3")


def entered(there: Scene, entries: str, late: float) -> None:
    for volume, stop in ENTRIES[entries]:
        there.send("one", side="buy", volume=volume, stop_loss=stop)
    there.clock.sleep(200)
    there.late(late)


def selling(size: str, kind: str) -> dict[str, Any]:
    return {"symbol": "ETHUSD", "side": "sell", "volume": size, **SALES[kind]}


def stops(there: Scene) -> dict[Decimal, Decimal]:
    """By their price, what they would sell."""
    found: dict[Decimal, Decimal] = {}
    for one in there.open():
        if one.ordertype == "stop-loss" and one.price != 2300:
            found[one.price] = found.get(one.price, Decimal(0)) + one.volume
    return found


def sent(there: Scene, legs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return there.send("one", **NO_ORDER, symbol=None, orders=list(legs))


def left_by_a_close(part: str, entries: str, env: dict[str, str]) -> tuple[Decimal, Any]:
    """By one that is sent alone."""
    with scene(instances=2, balances=MONEY, **env) as there:
        entered(there, entries, 0)
        assert sent(there, [closing(part)])["status"] == 200
        return there.held(), stops(there)


@pytest.mark.crossed
@pytest.mark.parametrize("late", [0, 4], ids=["", "late"])
@pytest.mark.parametrize("means", ["own", "all"])
@pytest.mark.parametrize("what", [(kind, size) for kind in SALES for size in SIZES], ids=" ".join)
@pytest.mark.parametrize(
    "of", [(one, part) for one in ENTRIES for part in ("20", "50")], ids=", ".join
)
def test_a_sale_that_is_refused_leaves_what_the_close_alone_does(of, what, means, late, tmp_path):
    (entries, part), (kind, size) = of, what
    env = own_tables(tmp_path) if means == "own" else {}
    alone = left_by_a_close(part, entries, env)
    with scene(instances=2, balances=MONEY, **env) as there:
        entered(there, entries, late)
        answer = sent(there, [closing(part), selling(size, kind)])
        there.clock.sleep(10)
        assert answer["status"] in (200, 422), answer
        if answer["status"] == 422:
            assert (there.held(), stops(there)) == alone, answer
            names = [one.txid for one in there.open()]
            assert any(name in answer["error"] for name in names), answer
            assert "cancel" in answer["error"], answer
        else:
            bare = there.held() - sum((one.volume for one in there.open()), Decimal(0))
            assert bare <= sum(Decimal(volume) for volume, stop in ENTRIES[entries] if not stop)


@pytest.mark.parametrize("kind", ["limit", "limit of later", "stop"])
@pytest.mark.parametrize("entries", ["one stop", "two stops"])
@pytest.mark.parametrize("means", ["own", "all"])
def test_so_does_all_that_is_left_at_a_limit(means, entries, kind, tmp_path):
    env = own_tables(tmp_path) if means == "own" else {}
    alone = left_by_a_close("20", entries, env)
    with scene(instances=2, balances=MONEY, **env) as there:
        entered(there, entries, 0)
        answer = sent(there, [closing("20"), selling("0", kind) | ALL])
        assert (answer["status"], there.held(), stops(there)) == (422, *alone), answer
        assert any(one.txid in answer["error"] for one in there.open()), answer


@pytest.mark.parametrize("kind", ["limit", "limit of later", "stop", "market"])
@pytest.mark.parametrize("entries", ["one stop", "two stops"])
def test_beside_what_others_bought_that_is_refused_before_anything_is_sent(entries, kind, tmp_path):
    """Kraken would sell their coins."""
    with scene(instances=2, balances=MONEY, **own_tables(tmp_path)) as there:
        there.send("two", side="buy", volume="0.5")
        entered(there, entries, 0)
        stood = {one.txid: one.volume for one in there.open()}
        answer = sent(there, [closing("20"), selling("0", kind) | ALL])
        assert (answer["status"], there.held()) == (422, HELD + Decimal("0.5")), answer
        assert {one.txid: one.volume for one in there.open()} == stood
        assert any(name in answer["error"] for name in stood), answer
        assert '"action": "cancel"' in answer["error"], answer


@pytest.mark.parametrize("entries", ENTRIES)
@pytest.mark.parametrize("means", ["own", "all"])
def test_what_the_answer_says_to_send_instead_works(means, entries, tmp_path):
    env = own_tables(tmp_path) if means == "own" else {}
    with scene(instances=2, balances=MONEY, **env) as there:
        entered(there, entries, 0)
        cancel = {"action": "cancel", "symbol": "ETHUSD", "side": "sell"}
        stop = {**selling("0.14", "stop"), "stop_price": "2250"}
        answer = sent(there, [cancel, closing("20"), selling("0.1", "limit"), stop])
        assert (answer["status"], there.held()) == (200, Decimal("0.24")), answer
        assert sorted(one.volume for one in there.open()) == [Decimal("0.1"), Decimal("0.14")]
