"""A pause in the middle of an exit whose stop is canceled already: the exit is ended, and nothing
is opened. Over a socket, at the engine that holds funds as Kraken does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.contract.test_freed_exits import (
    CLOSE,
    ENTRY,
    MARGIN,
    TARGET,
    function,
    held,
    kraken,
    position,
    resting,
    sent,
)
from tests.support import kraken_faults as faults
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from webhook_core.clock import SystemClock
from webhook_core.risk.pauses import Pause

__all__ = ["function", "kraken"]

FLAT = TARGET | {"market_position": "flat"}
SHORT = TARGET | {"market_position": "short", "market_position_size": "0.004"}
REVERSE = CLOSE | {"action": "reverse"}
EXIT = {"symbol": "BTCUSD", "action": "close"}
SEVERAL = dict.fromkeys(("symbol", "side", "order_type", "volume", "price"))
LIMITED = faults.errors(["EAPI:Rate limit exceeded"])
STOP = ("stop-loss", Decimal(55000))


def pause(function: Function, *, entries_only: bool = False, strategy: str | None = None) -> None:
    now = SystemClock().now()
    wanted = Pause(strategy, "tests", now, "a bad day", entries_only=entries_only)
    function.application.decider.pausing.pause(wanted)


class PausesAfter:
    """The venue, and somebody who pauses once so many requests have been answered."""

    def __init__(self, function: Function, after: int, **how: Any) -> None:
        self._function, self._left, self._how = function, after, how
        self._venue = function.application.alerts.legs.submission.venue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def submit(self, *arguments: Any) -> Any:
        outcome = self._venue.submit(*arguments)
        self._left -= 1
        if not self._left:
            pause(self._function, **self._how)
        return outcome


def pauses_after(function: Function, after: int, **how: Any) -> None:
    venue = PausesAfter(function, after, **how)
    function.application.alerts.legs.submission.venue = venue  # type: ignore[assignment]


@pytest.fixture(params=[{}, {"entries_only": True}, {"strategy": "default"}], ids=str)
def how(request: pytest.FixtureRequest) -> dict[str, Any]:
    how: dict[str, Any] = request.param
    return how


def test_an_exit_whose_stop_is_canceled_is_ended(
    kraken: KrakenServer, function: Function, how: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert function.post(function.alert(**ENTRY)).status == 200
    pauses_after(function, 1, **how)
    with caplog.at_level("CRITICAL"):
        answer = function.post(function.alert(**CLOSE))
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    assert sent(answer) == [("ACCEPTED", "cancel"), ("ACCEPTED", "market")]
    assert (held(kraken), resting(kraken)) == (0, [])
    assert "exit.unprotected" not in caplog.text
    assert function.post(function.alert(id="next")).document["code"] == "paused"


@pytest.mark.parametrize("after", [1, 2])
def test_what_a_part_leaves_gets_its_stop_back(
    kraken: KrakenServer, function: Function, after: int
) -> None:
    function.post(function.alert(**ENTRY))
    pauses_after(function, after)
    answer = function.post(function.alert(**CLOSE | {"percent": "40"}))
    assert answer.status == 200, answer.document
    assert (held(kraken), resting(kraken)) == (Decimal("0.006"), [(*STOP, Decimal("0.006"))])


@pytest.mark.parametrize("after", [1, 2])
def test_so_are_the_cancels_of_further_stops(
    kraken: KrakenServer, function: Function, after: int
) -> None:
    function.post(function.alert(**ENTRY))
    function.post(function.alert(**ENTRY | {"id": "second", "stop_loss": "54000"}))
    pauses_after(function, after)
    answer = function.post(function.alert(**CLOSE))
    assert answer.status == 200, answer.document
    assert (held(kraken), resting(kraken)) == (0, [])


@pytest.mark.parametrize("exit_alert", [CLOSE, FLAT, REVERSE, SHORT])
@pytest.mark.parametrize("entry", [{}, {"side": "sell", "stop_loss": "65000"}], ids=str)
def test_on_margin_it_ends_flat_whatever_was_to_be_opened(
    kraken: KrakenServer,
    function: Function,
    how: dict[str, Any],
    exit_alert: dict[str, Any],
    entry: dict[str, Any],
) -> None:
    if entry and exit_alert is SHORT:
        exit_alert = SHORT | {"market_position": "long"}
    assert function.post(function.alert(**ENTRY | MARGIN | entry)).status == 200
    pauses_after(function, 1, **how)
    answer = function.post(function.alert(**exit_alert | MARGIN))
    assert answer.status == 200, answer.document
    assert (position(kraken), resting(kraken)) == (0, [])
    row = function.application.operators.alerts({})["alerts"][0]
    turns = exit_alert in (REVERSE, SHORT) or exit_alert.get("market_position") == "long"
    assert (row["in_part"], "nothing more was opened" in row["reason"]) == (turns, turns)


@pytest.mark.parametrize("refused", [[], [faults.errors(["EOrder:Insufficient funds"])]], ids=len)
@pytest.mark.parametrize("exit_alert", [CLOSE, FLAT, REVERSE, SHORT])
def test_a_sale_that_was_not_sent_is_ended_by_a_resend(
    kraken: KrakenServer,
    function: Function,
    exit_alert: dict[str, Any],
    refused: list[faults.Fault],
) -> None:
    function.post(function.alert(**ENTRY | MARGIN))
    kraken.script("AddOrder", LIMITED, *refused)
    alert = function.alert(**exit_alert | MARGIN)
    assert function.post(alert).status == 503
    if refused:
        assert function.post(alert).status == 503
    pause(function)
    answer = function.post(alert)
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    assert (position(kraken), resting(kraken)) == (0, [])
    assert function.post(alert)["replayed"] is True


def test_a_pause_before_the_cancel_leaves_the_stop_where_it_is(
    kraken: KrakenServer, function: Function
) -> None:
    function.post(function.alert(**ENTRY))
    pause(function)
    answer = function.post(function.alert(**CLOSE))
    assert (answer.status, answer["code"]) == (422, "paused")
    assert (held(kraken), resting(kraken)) == (Decimal("0.01"), [(*STOP, Decimal("0.01"))])


def test_an_exit_that_no_stop_was_canceled_for_is_held_back(
    kraken: KrakenServer, function: Function
) -> None:
    """Nor does a leg behind the exit go on, which would open a position."""
    function.post(function.alert(id="bought", volume="0.01"))
    legs = [{"symbol": "BTCUSD", "side": "buy", "volume": "0.001"}, EXIT]
    pauses_after(function, 1)
    answer = function.post(function.alert(**SEVERAL, id="two", orders=legs))
    assert [row["state"] for row in answer["orders"]] == ["ACCEPTED", "DENIED"], answer.document
    assert held(kraken) == Decimal("0.011")


def test_no_leg_behind_the_exit_opens_anything(kraken: KrakenServer, function: Function) -> None:
    function.post(function.alert(**ENTRY))
    pauses_after(function, 1)
    legs = [EXIT, {"symbol": "BTCUSD", "side": "buy", "volume": "0.002"}]
    answer = function.post(function.alert(**SEVERAL, id="two", orders=legs))
    states = [row["state"] for row in answer["orders"]]
    assert states == ["ACCEPTED", "ACCEPTED", "DENIED"], answer.document
    assert (held(kraken), resting(kraken)) == (0, [])
