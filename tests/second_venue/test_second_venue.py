"""A venue that speaks other words trades through the same function, chosen by VENUE alone: nothing
of planning, sending or answering knows it.

Every order goes over a real socket to the Quay (tests/second_venue).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.second_venue.exchange import KEY, Quay, QuayServer
from tests.support.clock import FakeClock
from tests.support.faked_function import Function
from tests.support.served_function import check
from webhook_core.bootstrap import build
from webhook_core.findings import ok
from webhook_core.operations.doctor_venue import check_pair_rules

VENUE = "tests.second_venue.venue:open_quay"
LIVE = {"TRADING_MODE": "live", "ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "5000 USD"}
LIMIT = {"order_type": "limit", "price": "59000"}


class AtTheQuay(Function):
    """The application that the settings come to, over the clock of the test."""

    def __post_init__(self) -> None:
        self.application = build(self.settings(), self.clock)

    def sent_again(self, alert: dict[str, Any]) -> Any:
        return self.post(alert)

    def later(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def reconciled(self) -> dict[str, Any]:
        return self.operate("POST", "/reconcile").document

    def row(self, alert_id: str) -> dict[str, Any]:
        (row,) = self.operate("GET", "/orders", alert=alert_id)["orders"]
        return row


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuayServer]:
    with QuayServer(lambda: int(clock.now().timestamp() * 1000)) as server:
        monkeypatch.setenv("QUAY_URL", server.url)
        monkeypatch.setenv("QUAY_KEY", KEY)
        yield server


@pytest.fixture
def quay(server: QuayServer) -> Quay:
    return server.quay


@pytest.fixture
def start(server: QuayServer, clock: FakeClock, tmp_path: Path) -> Callable[..., AtTheQuay]:
    def started(**env: str) -> AtTheQuay:
        ledger = {"LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"}
        return AtTheQuay({"VENUE": VENUE, **LIVE, **ledger, **env}, clock)

    return started


@pytest.fixture
def function(start: Callable[..., AtTheQuay]) -> AtTheQuay:
    return start()


def test_an_order_is_told_in_the_words_of_the_venue_and_so_it_is_kept(
    function: AtTheQuay, quay: Quay
) -> None:
    answer = check(function.post(function.alert(id="m-1")), 200, "accepted")
    told = {"market": "BTC-USD", "direction": "bid", "style": "at_once", "size_counts": "coin"}
    told["size"] = "0.01"
    (heard,) = quay.heard
    sent = {name: text for name, text in heard.items() if name not in ("tag", "void_after")}
    assert sent == told == answer["orders"][0]["request"] == function.row("m-1")["request"]
    assert answer["order_id"] == "Q-1"
    assert answer["orders"][0]["client_order_id"] == heard["tag"]
    assert answer["message"] == "The venue accepted the order."
    assert answer["trade_details"] == {
        "symbol": "BTC/USD", "side": "buy", "order_type": "market", "volume": "0.01",
        "price": "60000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (LIMIT, {"style": "at_a_price", "at": "59000"}),
        ({**LIMIT, "price": "59000.17"}, {"at": "59000.1"}),
        ({"side": "sell", **LIMIT, "price": "61000.17"}, {"direction": "offer", "at": "61000.2"}),
        ({"quantity_type": "quote", "volume": "90"}, {"size": "90", "size_counts": "money"}),
        ({"side": "sell", "volume": "5", "quantity_type": "percent_balance"}, {"size": "0.05"}),
    ],
)
def test_sizes_and_prices_are_fitted_to_the_venues_own_steps(
    function: AtTheQuay, quay: Quay, fields: dict[str, str], told: dict[str, str]
) -> None:
    check(function.post(function.alert(**fields)), 200, "accepted")
    assert told.items() <= quay.heard[0].items()


def test_a_resend_is_answered_from_the_ledger_also_after_a_restart(
    function: AtTheQuay, start: Callable[..., AtTheQuay], quay: Quay
) -> None:
    alert = function.alert()
    first = function.post(alert)
    for again in (function.post(alert), start().post(alert)):
        assert check(again, 200, "accepted")["replayed"] is True
        assert again["orders"] == first["orders"]
    assert len(quay.heard) == 1


def test_a_lost_reply_is_looked_up_and_never_sent_again(function: AtTheQuay, quay: Quay) -> None:
    quay.loses_replies = 1
    alert = function.alert(id="lost")
    check(function.post(alert), 503, "outcome_unknown")
    assert function.row("lost")["state"] == "SUBMITTING"
    function.later(10)
    function.reconciled()
    assert function.row("lost")["state"] == "ACCEPTED"
    assert function.row("lost")["order_id"] == "Q-1"
    check(function.post(alert), 200, "accepted")
    assert len(quay.heard) == 1


def test_what_never_arrived_is_proved_absent_in_the_venues_own_lists(
    function: AtTheQuay, quay: Quay
) -> None:
    quay.loses_replies = 1
    check(function.post(function.alert(id="gone", **LIMIT)), 503, "outcome_unknown")
    quay.tickets.clear()  # as if it had never come in
    for _ in range(3):
        function.later(90)
        function.reconciled()
    assert function.row("gone")["state"] == "NOT_PLACED"


def test_without_a_connection_nothing_was_sent_and_a_resend_sends_it(
    function: AtTheQuay, server: QuayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(function.post(function.alert(id="before", **LIMIT)), 200, "accepted")
    alert, venue = function.alert(id="cut", **LIMIT), function.application.venue
    monkeypatch.setattr(venue, "_url", "http://127.0.0.1:9")
    check(function.post(alert), 503, "not_sent")
    monkeypatch.setattr(venue, "_url", server.url)
    check(function.post(alert), 200, "accepted")
    assert len(server.quay.heard) == 2


@pytest.mark.parametrize("how", ["symbol", "of_alert", "client_order_id"])
def test_a_resting_order_is_canceled(function: AtTheQuay, quay: Quay, how: str) -> None:
    rests = check(function.post(function.alert(id="rests", **LIMIT)), 200, "accepted")
    named = {
        "symbol": {"scope": "symbol", "symbol": "BTCUSD"},
        "of_alert": {"of_alert": "rests"},
        "client_order_id": {"client_order_id": rests["client_order_id"]},
    }[how]
    cancel = {"volume": None, "side": None, "price": None, "symbol": None}
    answer = function.post(function.alert(id="c", action="cancel", **cancel | named))
    check(answer, 200, "accepted")
    assert answer["message"] == "The venue canceled the order."
    assert answer["orders"][0]["request"] == {"ticket": "Q-1"}
    assert [one for one in quay.tickets.values() if one["stage"] == "working"] == []


def test_an_order_that_is_gone_is_no_failure_of_what_comes_behind_its_cancel(
    function: AtTheQuay, quay: Quay
) -> None:
    check(function.post(function.alert(id="rests", **LIMIT)), 200, "accepted")
    token = function.alert()["token"]
    legs = [{"action": "cancel", "of_alert": "rests"}, {"action": "close", "symbol": "BTCUSD"}]
    withdrawn = quay.withdraw
    quay.withdraw = lambda number: withdrawn(number) and withdrawn(number)  # it was faster
    alert = {"token": token, "id": "legs", "fired_at": function.alert()["fired_at"], "orders": legs}
    answer = function.post(alert)
    rows = function.operate("GET", "/orders", alert="legs")["orders"]
    assert [row["state"] for row in rows] == ["ACCEPTED", "REJECTED"]
    assert rows[1]["errors"] == ["no_such_ticket"]
    check(answer, 200, "accepted")
    assert quay.owned["BTC"] == 0


def test_an_order_is_amended_in_the_venues_words(function: AtTheQuay, quay: Quay) -> None:
    check(function.post(function.alert(id="rests", **LIMIT)), 200, "accepted")
    amend = {"side": None, "symbol": None, "volume": "0.02", "price": "58000.17"}
    answer = function.post(function.alert(id="a", action="amend", of_alert="rests", **amend))
    check(answer, 200, "accepted")
    assert answer["orders"][0]["request"] == {"ticket": "Q-1", "size": "0.02", "at": "58000.1"}
    assert quay.tickets["Q-1"]["at"] == Decimal("58000.1")


def test_a_close_sells_what_is_held_and_a_second_one_finds_nothing(
    function: AtTheQuay, quay: Quay
) -> None:
    close = {"action": "close", "side": None, "volume": None, "price": None}
    check(function.post(function.alert(id="1", **close)), 200, "accepted")
    assert quay.heard[0]["direction"] == "offer"
    assert quay.owned["BTC"] == 0
    function.later(120)
    check(function.post(function.alert(id="2", **close)), 200, "no_action")
    assert len(quay.heard) == 1


def test_a_refusal_is_told_in_the_venues_words(function: AtTheQuay, quay: Quay) -> None:
    quay.owned["USD"] = Decimal(1)
    answer = check(function.post(function.alert(id="poor")), 422, "order_rejected")
    assert "The venue refused the order. The venue said: purse_is_short." in answer["error"]
    assert function.row("poor")["errors"] == ["purse_is_short"]


def test_an_exit_that_lacks_funds_is_counted_again(function: AtTheQuay, quay: Quay) -> None:
    """That its words mean a lack of funds, the venue has said; no sentence is compared."""
    placed, shown = quay.place, dict(quay.owned)

    def sold_meanwhile(asked: dict[str, str], **how: bool) -> dict[str, Any]:
        if not quay.heard and shown["BTC"] == quay.owned["BTC"]:
            quay.owned["BTC"] = Decimal("0.4")
        return placed(asked, **how)

    quay.place = sold_meanwhile
    close = {"action": "close", "side": None, "volume": None, "price": None}
    check(function.post(function.alert(id="exit", **close)), 200, "accepted")
    assert [one["size"] for one in quay.heard] == ["0.4"]


@pytest.mark.parametrize(
    "fields",
    [
        {"leverage": "2"},
        {"stop_loss": "50000"},
        {"order_type": "stop_loss", "stop_price": "50000", "side": "sell"},
    ],
)
def test_what_the_venue_has_no_words_for_is_denied_before_it_is_claimed(
    function: AtTheQuay, quay: Quay, fields: dict[str, str]
) -> None:
    answer = function.post(function.alert(id="odd", **fields))
    assert (answer.status, answer["code"]) == (422, "order_denied")
    assert function.operate("GET", "/orders", alert="odd")["orders"] == []
    assert quay.heard == []


def test_the_caps_hold_and_count_at_the_venues_own_price(function: AtTheQuay, quay: Quay) -> None:
    quay.move("BTC-USD", Decimal(100000))
    answer = check(function.post(function.alert(volume="0.06")), 422, "order_denied")
    assert "MAX_ORDER_COST" in answer["error"]
    assert quay.heard == []


def test_an_alert_is_validated_in_the_venues_words_and_nothing_is_placed(
    function: AtTheQuay, quay: Quay
) -> None:
    path = "/webhook/tradingview/validate"
    answer = check(function.post(function.alert(), path), 200, "validated")
    assert answer["orders"][0]["request"]["direction"] == "bid"
    quay.owned["USD"] = Decimal(1)
    check(function.post(function.alert(id="2"), path), 422, "order_rejected")
    assert quay.heard == []


def test_fills_and_the_account_are_read_from_the_venue(function: AtTheQuay, quay: Quay) -> None:
    answer = function.post(function.alert(id="f", confirm_fill=True))
    fill = check(answer, 200, "accepted")["orders"][0]["fill"]
    assert (fill["status"], fill["volume"], fill["price"]) == ("closed", "0.01", "60000")
    account = function.operate("GET", "/account").document
    assert account["balances"]["BTC"] == "1.01"


def test_the_doctor_tells_of_the_pairs_that_the_venue_lists_and_of_none_of_krakens(
    function: AtTheQuay,
) -> None:
    for _ in range(2):
        (found,) = check_pair_rules(function.application)
        assert found == ok("pair rules", "1 listed by the venue, read when an instance starts")
        function.reconciled()


def test_the_orders_of_two_venues_are_apart_in_one_ledger(
    function: AtTheQuay, quay: Quay, start: Callable[..., AtTheQuay]
) -> None:
    """The same alert is another one at another venue, and no venue is asked about the orders
    of the other: what it lacks would be taken for not placed."""
    quay.loses_replies = 1
    alert = function.alert(id="both")
    check(function.post(alert), 503, "outcome_unknown")
    other = start(VENUE="tests.second_venue.venue:open_empty_quay")
    assert check(other.post(alert), 200, "accepted")["replayed"] is False
    for _ in range(3):
        other.later(300)
        other.reconciled()
    rows = function.operate("GET", "/orders", alert="both")["orders"]
    assert {row["state"] for row in rows} == {"ACCEPTED", "SUBMITTING"}
    function.reconciled()
    rows = function.operate("GET", "/orders", alert="both")["orders"]
    assert [row["state"] for row in rows] == ["ACCEPTED", "ACCEPTED"]


def test_a_mode_that_the_venue_does_not_serve_trades_nothing(
    start: Callable[..., AtTheQuay], quay: Quay
) -> None:
    from webhook_core.errors import NotConfigured

    with pytest.raises(NotConfigured) as refused:
        start(TRADING_MODE="paper")
    (fault,) = refused.value.faults
    assert fault == f"VENUE: {VENUE} serves no TRADING_MODE=paper, only live, validate"


def test_the_deployed_function_trades_there_and_never_shows_its_key(
    make_function: Any, evidence: Any
) -> None:
    import time

    with QuayServer(lambda: int(time.time() * 1000)) as server:
        evidence.hide("key of the quay", KEY)
        env = {"VENUE": VENUE, "QUAY_URL": server.url, "QUAY_KEY": KEY}
        function = make_function(**LIVE, **env, STRATEGIES_FILE=None).start()
        alert = function.alert(id="deployed", volume="0.01")
        first = check(function.post(alert), 200, "accepted")
        again = check(function.post(alert), 200, "accepted")
        assert (first["replayed"], again["replayed"]) == (False, True)
        assert [one["direction"] for one in server.quay.heard] == ["bid"]
        assert json.loads(function.send("GET", "/webhook/health").body)["status"] == "ok"
        assert KEY not in function.log()
    assert os.environ.get("QUAY_KEY") is None
