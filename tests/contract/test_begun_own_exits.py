"""An exit whose stop is canceled already is ended although the account was paused meanwhile: by
what its strategy had bought when it was planned, and by nothing of what the hand holds beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.test_begun_exits import LIMITED, pauses_after
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    CLOSE,
    MINUTES,
    TREND,
    bought,
    kraken,
    made,
    ours,
    resting,
    well,
)
from tests.support.paper import order

__all__ = ["kraken", "made"]

TARGET = {"side": None, "volume": None, "action": "target"}
FLAT = TARGET | {"market_position": "flat"}
SHORT = TARGET | {"market_position": "short", "market_position_size": "0.2"}
REVERSE = CLOSE | {"action": "reverse"}
EXITS = pytest.mark.parametrize(
    "wanted", [CLOSE, FLAT, SHORT, REVERSE], ids=["close", "flat", "short", "reverse"]
)


def holds(made: Callable[..., Function], kraken: KrakenServer, close: str, hand: str) -> Function:
    """The hand so much on margin, and the strategy 0.3 with a stop."""
    function = made(f'[trend]\ntoken = "{TREND}"\nclose = "{close}"\n')
    if hand != "0":
        order(kraken.engine, type="buy", volume=hand, leverage="2")
    bought(function, "0.3", leverage="2", stop_loss="55000")
    CLOCK.sleep(MINUTES)
    return function


def left(kraken: KrakenServer) -> Decimal:
    return Decimal(kraken.holdings()["positions"].get("XXBTZUSD", "0"))


def fired_at() -> str:
    return CLOCK.now().strftime("%Y-%m-%dT%H:%M:%SZ")


@EXITS
def test_a_pause_behind_the_cancel_leaves_the_hand_what_it_holds(
    kraken: KrakenServer, made: Callable[..., Function], wanted: dict[str, Any]
) -> None:
    function = holds(made, kraken, "own", "0.5")
    pauses_after(function, 1, entries_only=True)
    well(ours(function, **wanted, leverage="2"))
    assert (left(kraken), resting(kraken)) == (Decimal("0.5"), [])


@EXITS
@pytest.mark.parametrize("close", ["own", "all"])
def test_a_resend_ends_what_was_planned_though_the_account_has_changed(
    kraken: KrakenServer,
    made: Callable[..., Function],
    wanted: dict[str, Any],
    close: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is planned again, and nothing is in the way of that plan any more."""
    function = holds(made, kraken, close, "0")
    kraken.script("AddOrder", LIMITED)
    alert = {**wanted, "leverage": "2", "id": "1", "fired_at": fired_at()}
    assert ours(function, **alert).status == 503
    order(kraken.engine, type="buy", volume="0.1", leverage="2")
    function.operate("POST", "/pause", entries="true")
    CLOCK.sleep(5)
    with caplog.at_level("CRITICAL"):
        well(ours(function, **alert))
    # A close or a target of all that is held is counted anew, and what only reduces goes on.
    is_all = close == "all" and wanted in (CLOSE, FLAT)
    assert left(kraken) == (0 if is_all else Decimal("0.1"))
    assert "exit.unprotected" not in caplog.text


def test_a_reversal_of_what_the_hand_has_turned_round_sends_nothing_and_is_told(
    kraken: KrakenServer, made: Callable[..., Function], caplog: pytest.LogCaptureFixture
) -> None:
    """By then it would buy, which reduces nothing of the long position that it was planned on."""
    function = holds(made, kraken, "all", "0")
    kraken.script("AddOrder", LIMITED)
    alert = {**REVERSE, "leverage": "2", "id": "2", "fired_at": fired_at()}
    assert ours(function, **alert).status == 503
    order(kraken.engine, type="sell", volume="0.7", leverage="2")
    function.operate("POST", "/pause", entries="true")
    CLOCK.sleep(5)
    with caplog.at_level("CRITICAL"):
        assert ours(function, **alert)["code"] == "order_denied"
    assert left(kraken) == Decimal("-0.4")
    assert "exit.unprotected" in caplog.text
