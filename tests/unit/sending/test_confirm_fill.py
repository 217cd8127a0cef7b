"""An alert with confirm_fill is told what its order traded; reconcile fills in what was
not known in time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.memory_ledger import MemoryLedger
from tests.support.position_alerts import alert, target
from tests.support.row_by_row import row_by_row
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.errors import LedgerUnavailable
from webhook_core.trading.requests import Fill, NotSent, Rejected, Unknown

D = Decimal


def buy(function, **fields):
    return function.alert(**{"volume": "2", "price": "49900", "confirm_fill": True, **fields})


def fills(answer):
    return [order.get("fill") for order in answer["orders"]]


def shown_later(function, calls, **changes):
    """The order shows as open, until that many reads of fills have been made."""
    done = {}

    def hide():
        done.update(function.venue.filled)
        for order_id, fill in done.items():
            function.venue.filled[order_id] = fill._replace(**{"status": "open", **changes})

    def show():
        function.venue.filled.update(done)

    function.venue.during["fills"] = [hide, *[lambda: None] * (calls - 1), show]


@pytest.mark.parametrize(
    ("side", "price", "slippage"),
    [("buy", "49900", "100"), ("buy", "50100", "-100"), ("sell", "50100", "100"),
        ("sell", "50000", "0"), ("buy", None, None)],
)  # fmt: skip
def test_the_answer_has_price_volume_cost_fee_and_slippage(side, price, slippage):
    function = trader(btc=5, usd=10**6, fee="0.008")
    answer = function.post(buy(function, side=side, price=price))
    assert outcome(answer) == (200, "accepted")
    assert fills(answer) == [
        {
            "status": "closed",
            "volume": "2",
            "price": "50000",
            "cost": "100000",
            "fee": "800",
            "slippage": slippage,
        }
    ]
    assert function.venue.calls == ["submit", "fills"]


def test_without_the_wish_nothing_is_asked():
    function = trader(usd=10**6)
    answer = function.post(buy(function, confirm_fill=None))
    assert (fills(answer), function.venue.calls) == ([None], ["submit"])


@pytest.mark.parametrize("body", [alert, target])
def test_a_close_and_a_target_are_confirmed_as_well(body):
    function = trader(btc=2)
    fields = {"action": "close"} if body is alert else {"size": "1"}
    answer = function.post(body(function, confirm_fill=True, **fields))
    assert outcome(answer) == (200, "accepted")
    assert fills(answer)[0]["volume"] == ("2" if body is alert else "1")


def test_kraken_gets_a_moment_to_show_the_order_as_done():
    function = trader(usd=10**6)
    shown_later(function, 1)
    answer = function.post(buy(function))
    assert fills(answer)[0]["status"] == "closed"
    assert function.venue.calls == ["submit", "fills", "fills"]


@row_by_row
@pytest.mark.parametrize("late_s", [0.1, 0.5, 1, 1.5, 2])
@pytest.mark.parametrize("spend_s", [0, 0.05, 0.1])
def test_an_order_that_shows_late_is_asked_for_until_the_budget_ends(late_s, spend_s):
    function = trader(usd=10**6)
    function.venue.clock, function.venue.spend_s = function.clock, spend_s
    known = function.venue.fills
    started = function.clock.monotonic()

    def late(order_ids, budget):
        shown = known(order_ids, budget)
        since = function.clock.monotonic() - started
        return (
            shown
            if since >= late_s
            else {name: one._replace(status="open") for name, one in shown.items()}
        )

    function.venue.fills = late
    answer = function.post(buy(function))
    assert (outcome(answer), fills(answer)[0]["status"]) == ((200, "accepted"), "closed")
    assert function.clock.monotonic() - started < 2.5
    assert function.venue.calls.count("fills") <= 7


def test_what_is_not_done_in_time_is_accepted_and_reconcile_fills_it_in():
    function = trader(usd=10**6)
    shown_later(function, 7, volume=D("0.5"), cost=D(25000), fee=D(0))
    body, started = buy(function), function.clock.monotonic()
    answer = function.post(body)
    assert outcome(answer) == (200, "accepted")
    assert fills(answer)[0] == {
        "status": "open", "volume": "0.5", "price": "50000", "cost": "25000", "fee": "0",
        "slippage": "100",
    }  # fmt: skip
    assert 2 < function.clock.monotonic() - started <= 2.4  # all of the budget but for the answer
    assert function.operate("POST", "/reconcile")["fills"] == 0  # nothing new yet
    assert function.operate("POST", "/reconcile")["fills"] == 1
    calls = list(function.venue.calls)
    again = function.post(body)
    assert (again["replayed"], fills(again)[0]["status"], fills(again)[0]["volume"]) == (
        True,
        "closed",
        "2",
    )
    assert function.venue.calls == calls
    assert function.operate("POST", "/reconcile")["fills"] == 0


def test_a_read_that_fails_leaves_the_answer_accepted():
    function = trader(usd=10**6)
    function.venue.unreadable = {"fills"}
    body = buy(function)
    answer = function.post(body)
    assert (outcome(answer), fills(answer)) == ((200, "accepted"), [None])
    function.venue.unreadable = set()
    again = function.post(body)
    assert (outcome(again), again["replayed"], fills(again)[0]["status"]) == (
        (200, "accepted"),
        True,
        "closed",
    )
    assert len(sent(function)) == 1


def test_an_order_that_kraken_does_not_show_leaves_the_answer_accepted():
    function = trader(usd=10**6)
    function.venue.during["fills"] = [function.venue.filled.clear]
    answer = function.post(buy(function))
    assert (outcome(answer), fills(answer)) == ((200, "accepted"), [None])


def test_a_replay_shows_the_fill_without_asking_again():
    function = trader(usd=10**6)
    body = buy(function)
    first = function.post(body)
    function.venue.calls.clear()
    function.venue.filled.clear()
    again = function.post(body)
    assert (again["replayed"], again["orders"], function.venue.calls) == (True, first["orders"], [])


def test_the_orders_that_did_not_ask_are_filled_in_by_reconcile():
    function = trader(usd=10**6)
    body = buy(function, confirm_fill=None)
    function.post(body)
    assert function.operate("POST", "/reconcile")["fills"] == 1
    assert fills(function.post(body))[0]["price"] == "50000"


def test_every_leg_is_confirmed_in_one_read():
    function = trader(usd=10**6)
    legs = [{"side": "buy", "volume": "1"}, {"side": "buy", "volume": "2"}]
    answer = function.post(buy(function, orders=legs, side=None, volume=None, price=None))
    assert [fill["volume"] for fill in fills(answer)] == ["1", "2"]
    assert function.venue.calls == ["submit", "submit", "fills"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(Rejected(("EOrder:Insufficient funds",)), 422), (NotSent("no"), 503), (Unknown("?"), 503)],
)
def test_an_order_that_is_not_accepted_is_not_asked_about(refusal, status):
    function = trader(usd=10**6)
    function.venue.refuse = [refusal]
    assert function.post(buy(function)).status == status
    assert function.venue.calls == ["submit"]


def test_a_budget_that_is_used_up_leaves_the_fill_to_reconcile():
    function = trader(usd=10**6)
    function.venue.clock, function.venue.spend_s = function.clock, 2.45
    answer = function.post(buy(function))
    assert (outcome(answer), fills(answer), function.venue.calls) == (
        (200, "accepted"),
        [None],
        ["submit"],
    )


class ForgetfulLedger(MemoryLedger):
    """It can't record a fill."""

    def record(self, entry):
        if entry.current.fill is not None:
            raise LedgerUnavailable("The ledger is away.")
        return super().record(entry)


def test_a_fill_that_can_not_be_recorded_is_told_all_the_same():
    function = trader(usd=10**6, store=ForgetfulLedger())
    answer = function.post(buy(function))
    assert outcome(answer) == (200, "accepted")
    assert fills(answer)[0]["volume"] == "2"
    assert function.operate("GET", "/orders")["orders"][0]["state"] == "ACCEPTED"


def test_a_limit_order_that_rests_is_asked_about_until_it_is_done():
    function = trader(usd=10**6)
    body = buy(function, order_type="limit", price="40000")
    first = function.post(body)
    assert fills(first)[0]["status"] == "open"
    assert function.operate("POST", "/reconcile")["fills"] == 0
    function.venue.filled[first["order_id"]] = Fill("closed", D(2), D(40000), D(80000), D(320))
    assert function.operate("POST", "/reconcile")["fills"] == 1
    assert fills(function.post(body))[0] == {
        "status": "closed", "volume": "2", "price": "40000", "cost": "80000", "fee": "320",
        "slippage": "0",
    }  # fmt: skip


def test_a_filled_entry_is_not_asked_for_again_because_of_the_stop_that_it_left():
    function = trader(usd=10**6)
    body = buy(function, order_type="limit", price="49000", stop_loss="40000")
    assert outcome(function.post(body)) == (200, "accepted")
    function.venue.fill(function.venue.resting[0])
    function.venue.calls.clear()
    assert fills(function.post(body))[0]["status"] == "closed"
    assert function.venue.calls == ["fills"]
