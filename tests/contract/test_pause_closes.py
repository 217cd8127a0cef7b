"""A pause that closes: what the bridge has bought is sold once the pause stands, after asking, and
what was bought by hand stays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    busy,
    by_hand,
    function,
    held,
    kraken,
    made,
    ours,
    resting,
)
from tests.support.terminal import rows, run

__all__ = ["busy", "function", "kraken", "made"]
D = Decimal


def pause(function: Function, **said: str) -> dict[str, Any]:
    answer = function.operate("POST", "/pause", close="true", **said)
    assert answer.status == 200, answer.document
    return answer["closed"]


@pytest.mark.parametrize(
    ("said", "bitcoins", "ether"),
    [
        ({}, D(1), D(0)),
        ({"strategy": "trend"}, D("1.2"), D(0)),
        ({"strategy": "other", "entries": "true"}, D("1.3"), D(2)),
        ({"strategy": "default"}, D("1.5"), D(2)),
    ],
)
def test_what_the_bridge_bought_is_closed_though_all_is_paused(
    kraken: KrakenServer, busy: Function, said: dict[str, str], bitcoins: Decimal, ether: Decimal
) -> None:
    done = pause(busy, **said)
    assert done["complete"] is True
    assert {row["code"] for row in done["positions"]} <= {"accepted"}
    assert (held(kraken), held(kraken, "XETH")) == (bitcoins, ether)
    is_paused = said.get("strategy", "trend") == "trend"
    assert ours(busy, volume="0.1").status == (422 if is_paused else 200)


def test_a_second_run_finds_nothing_and_sends_nothing(kraken: KrakenServer, busy: Function) -> None:
    pause(busy)
    sent = len(kraken.calls_of("AddOrder"))
    assert pause(busy) == {"positions": [], "complete": True}
    assert len(kraken.calls_of("AddOrder")) == sent
    assert kraken.holdings()["positions"] == {}


def test_each_is_an_entry_of_its_own_strategy_and_no_stop_is_left(
    kraken: KrakenServer, busy: Function
) -> None:
    pause(busy)
    assert resting(kraken) == []
    listed = busy.operate("GET", "/orders", limit="100")["orders"]
    mine = [row for row in listed if row["alert_id"].startswith("operator-close-")]
    assert sorted(row["strategy"] for row in mine) == ["other", "other", "trend", "trend", "trend"]
    assert {row["state"] for row in mine} == {"ACCEPTED"}


def test_with_cancel_resting_entries_go_first(kraken: KrakenServer, busy: Function) -> None:
    rests = {"order_type": "limit", "volume": "0.1", "price": "50000"}
    assert ours(busy, **rests).status == 200
    answer = busy.operate("POST", "/pause", close="true", cancel="true")
    assert (answer["canceled"]["complete"], answer["closed"]["complete"]) == (True, True)
    assert (held(kraken), resting(kraken)) == (1, [])


def test_what_was_bought_by_hand_stays(kraken: KrakenServer, busy: Function) -> None:
    CLOCK.sleep(180)
    by_hand(kraken, "buy", "0.5")
    pause(busy)
    assert held(kraken) == D("1.5")


def test_an_outcome_that_is_not_known_holds_up_its_own_asset_alone(
    kraken: KrakenServer, busy: Function
) -> None:
    kraken.script("AddOrder", faults.reset_after())
    assert ours(busy, volume="0.1").status == 503
    done = pause(busy)
    assert done["complete"] is False
    left = [row for row in done["positions"] if row["code"] != "accepted"]
    assert {(row["symbol"], row["margin"], row["code"]) for row in left} == {
        ("BTC/USD", False, "not_sent")
    }
    # The other strategy's part is proven, and no stop of its own holds it.
    assert (held(kraken), held(kraken, "XETH")) == (D("1.4"), 0)
    assert kraken.holdings()["positions"] == {}
    CLOCK.sleep(10)
    assert pause(busy)["complete"] is True
    assert held(kraken) == 1


def test_nor_does_one_of_a_pair_of_which_nothing_else_was_bought(
    kraken: KrakenServer, function: Function
) -> None:
    kraken.script("AddOrder", faults.reset_after())
    rests = {"order_type": "limit", "symbol": "ETHUSD", "volume": "2", "price": "2400"}
    assert ours(function, **rests).status == 503
    done = pause(function)
    assert [(row["volume"], row["code"]) for row in done["positions"]] == [("0", "not_sent")]
    assert done["complete"] is False
    kraken.engine.mark_price("ETHUSD", D(2300))
    CLOCK.sleep(10)
    assert pause(function)["complete"] is True
    assert held(kraken, "XETH") == 0


@pytest.mark.parametrize("endpoint", ["TradesHistory", "BalanceEx"])
def test_where_kraken_can_not_be_read_the_pause_stands_and_the_run_is_to_be_repeated(
    kraken: KrakenServer, busy: Function, endpoint: str
) -> None:
    kraken.script(endpoint, *[faults.status(502)] * 20)
    answer = busy.operate("POST", "/pause", close="true")
    if answer.status == 200:
        assert answer["closed"]["complete"] is False
    else:
        assert answer.status == 503
        assert "The pause stands; whether all positions are closed is not known" in answer["error"]
    assert held(kraken) == D("1.5")
    assert ours(busy, volume="0.1").status == 422


def test_one_that_fails_is_told_with_why_and_the_others_are_closed(
    kraken: KrakenServer, busy: Function
) -> None:
    kraken.script("AddOrder", faults.errors(["EGeneral:Permission denied"]))
    done = pause(busy)
    assert done["complete"] is False
    codes = sorted(row["code"] for row in done["positions"])
    assert codes == ["accepted", "accepted", "accepted", "order_rejected"]
    (bad,) = [row for row in done["positions"] if row["code"] != "accepted"]
    assert "Permission denied" in bad["why"]
    assert pause(busy)["complete"] is True
    assert held(kraken) == 1


@pytest.mark.parametrize("value", ["maybe", "2", "all"])
def test_a_flag_is_true_or_false_or_nothing_is_paused(function: Function, value: str) -> None:
    answer = function.operate("POST", "/pause", close=value)
    assert (answer.status, answer["field"]) == (400, "close")
    assert function.operate("GET", "/orders")["paused"] == []


# -- at a terminal ---------------------------------------------------------------------------------


def test_the_command_shows_what_is_held_asks_and_closes(
    kraken: KrakenServer, busy: Function
) -> None:
    said = run(busy, "pause", "trend", "--close", answer="y\n")
    assert said.exit_code == 0, said.output
    table = [row for row in rows(said) if row[0] == "trend"]
    assert [row[1:4] for row in table[:2]] == [["BTC/USD", "no", "0.3"], ["ETH/USD", "no", "2"]]
    assert [row[5] for row in table[2:]] == ["accepted", "accepted"]
    assert held(kraken) == D("1.2")
    again = run(busy, "pause", "trend", "--close")
    assert (again.exit_code, "is held" in again.stdout) == (0, True)


def test_who_says_no_has_paused_and_closed_nothing(kraken: KrakenServer, busy: Function) -> None:
    said = run(busy, "pause", "--close", answer="n\n")
    assert said.exit_code == 1
    assert held(kraken) == D("1.5")
    assert ours(busy, volume="0.1")["code"] == "paused"


def test_a_script_is_not_asked_and_its_status_tells_what_is_held_yet(
    kraken: KrakenServer, busy: Function
) -> None:
    kraken.script("AddOrder", faults.errors(["EGeneral:Permission denied"]))
    said = run(busy, "pause", "--close", "--yes")
    assert (said.exit_code, "order_rejected" in said.stdout) == (1, True)
    assert run(busy, "pause", "--close", "--yes").exit_code == 0
    assert held(kraken) == 1


def test_nothing_bought_is_nothing_to_ask(kraken: KrakenServer, function: Function) -> None:
    said = run(function, "pause", "--close")
    assert said.exit_code == 0
    assert "Nothing that the bridge's own orders bought is held." in said.stdout
    assert held(kraken) == 1
