"""What reconcile keeps of what the account holds, and when it does not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import Scene, scene
from webhook_core.planning.seen_figures import Seen, SeenFigures, of_text

pytestmark = pytest.mark.crossed

TARGET = dict.fromkeys(("side", "volume", "order_type")) | {
    "action": "target", "market_position": "long", "market_position_size": "0.6",
}  # fmt: skip


def seen(there: Scene) -> dict[str, Seen | None]:
    """By asset, as the next plan finds it."""
    market = there.fleet[0].application.decider
    return of_text(SeenFigures(market.pair_rules.documents, market.mode, market.account).stored())


def total(there: Scene, asset: str = "XETH") -> Decimal | None:
    one = seen(there).get(asset)
    return None if one is None else one.total


def runs(there: Scene, number: int) -> None:
    """As many minutes, with reconcile in each."""
    for _ in range(number):
        there.clock.sleep(60)
        there.operate("POST", "/reconcile")


def test_reconcile_keeps_what_it_saw_and_looks_again_each_five_minutes():
    with scene() as there:
        there.operate("POST", "/reconcile")
        first = seen(there)
        totals = {name: one.total for name, one in first.items() if one is not None}
        held = {"ZUSD": Decimal(100_000), "XXBT": Decimal("0.02"), "XETH": Decimal("0.5")}
        assert totals == held
        runs(there, 4)
        assert seen(there) == first
        calls = [call.endpoint for call in there.kraken.calls]
        runs(there, 1)
        made = [call.endpoint for call in there.kraken.calls[len(calls) :]]
        assert made.count("BalanceEx") == 1
        assert all(
            one.at - first[name].at > timedelta(minutes=5) for name, one in seen(there).items()
        )


def test_what_an_order_of_ours_may_just_have_changed_stays_as_it_was_seen_until_that_is_certain():
    with scene() as there:
        there.operate("POST", "/reconcile")
        first = seen(there)
        there.clock.sleep(270)
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(30)
        there.operate("POST", "/reconcile")
        young = seen(there)
        assert (young["XETH"], young["ZUSD"]) == (first["XETH"], first["ZUSD"])
        assert young["XXBT"] != first["XXBT"]
        runs(there, 1)
        assert total(there) == Decimal("0.6")


def test_what_is_in_doubt_when_it_is_first_looked_at_is_looked_at_by_the_next_run():
    with scene() as there:
        there.send("one", side="buy", volume="0.1")
        there.operate("POST", "/reconcile")
        assert (total(there), total(there, "XXBT")) == (None, Decimal("0.02"))
        runs(there, 2)
        assert total(there) == Decimal("0.6")


def test_what_is_held_no_more_is_seen_as_nothing():
    with scene() as there:
        there.operate("POST", "/reconcile")
        there.send("one", side="sell", volume="0.5")
        runs(there, 7)
        assert total(there) == 0


def an_order_that_rests(there: Scene) -> None:
    there.send("one", side="buy", volume="0.1", order_type="limit", price="2400")
    there.clock.sleep(100)


def one_that_filled(there: Scene) -> None:
    an_order_that_rests(there)
    there.mark("ETHUSD", "2390", "2500")
    there.send("two", **TARGET)  # which finds and keeps its fill
    there.clock.sleep(2)


def a_fired_stop(there: Scene) -> None:
    there.send("one", side="buy", volume="0.1", stop_loss="2250")
    there.clock.sleep(100)
    there.mark("ETHUSD", "2200", "2500")
    there.clock.sleep(2)


def one_without_an_outcome(there: Scene) -> None:
    there.script(faults.reset_after())
    there.send("one", most=1, side="buy", volume="0.1")
    there.clock.sleep(2)


@pytest.mark.parametrize("late_s", [0, 4])
@pytest.mark.parametrize(
    "happened", [an_order_that_rests, one_that_filled, a_fired_stop, one_without_an_outcome]
)
def test_no_figure_is_kept_that_may_lack_what_traded(happened, late_s):
    with scene() as there:
        there.operate("POST", "/reconcile")
        there.clock.sleep(300)
        happened(there)
        there.late(late_s, "BalanceEx")
        there.operate("POST", "/reconcile")
        assert total(there, "XXBT") == Decimal("0.02")
        assert total(there) == Decimal("0.5")


@pytest.mark.parametrize("size", ["0.4", "0.5", "0.6"])
def test_a_stop_that_no_read_showed_yet_has_traded_since_what_was_seen(size):
    """All of them are late when reconcile runs; as much as the stop sold is bought then."""
    with scene() as there:
        there.operate("POST", "/reconcile")
        there.clock.sleep(300)
        a_fired_stop(there)
        there.late(4)
        there.operate("POST", "/reconcile")
        there.late(0)
        assert total(there) == Decimal("0.6")
        there.clock.sleep(30)
        assert there.send("one", side="buy", volume="0.1")["status"] == 200
        answer = there.send("two", **TARGET | {"market_position_size": size})
        assert answer["status"] == 200, answer
        assert there.held() == Decimal(size)


def test_a_key_that_may_read_no_balance_fails_no_run():
    with scene() as there:
        there.script(faults.errors(["EGeneral:Permission denied"]), endpoint="BalanceEx")
        assert there.operate("POST", "/reconcile")["venue_unavailable"] == []
        assert seen(there) == {}
