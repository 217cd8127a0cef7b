"""A matrix that nothing can fail proves nothing: bridges with one bad habit each, and the
cells that catch them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.matrix import check, world
from tests.matrix.cells import CELLS
from webhook_core.errors import VenueUnavailable
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.trading.requests import NotSent, Outcome, Rejected, Unknown

BY_NAME = {cell.name: cell for cell in CELLS}


class SendsAgain(KrakenVenue):
    """Takes no answer for no order."""

    def submit(self, *arguments: Any) -> Outcome:
        outcome = super().submit(*arguments)
        return NotSent(outcome.reason) if isinstance(outcome, Unknown) else outcome


class TakesSilenceForRefusal(KrakenVenue):
    def submit(self, *arguments: Any) -> Outcome:
        outcome = super().submit(*arguments)
        return Rejected(outcome.errors or ("silence",)) if isinstance(outcome, Unknown) else outcome


class SendsTwiceAtOnce(KrakenVenue):
    def submit(self, *arguments: Any) -> Outcome:
        outcome = super().submit(*arguments)
        return super().submit(*arguments) if isinstance(outcome, Unknown) else outcome


class GivesUp(KrakenVenue):
    """Takes a proof that nothing was processed for no proof."""

    def submit(self, *arguments: Any) -> Outcome:
        outcome = super().submit(*arguments)
        return Unknown(outcome.reason) if isinstance(outcome, NotSent) else outcome


class TakesAFailedReadForAbsence(KrakenVenue):
    def find_closed(self, client_order_id: str, since: datetime, budget: Any) -> Any:
        try:
            return super().find_closed(client_order_id, since, budget)
        except VenueUnavailable:
            return None


class LooksAtOpenOrdersOnly(KrakenVenue):
    def find_closed(self, *_: Any) -> None:
        return None


@pytest.mark.parametrize(
    ("bad_habit", "name", "caught"),
    [
        (SendsAgain, "TradingView's sender: order placed and reply lost", "2 orders of one alert"),
        (SendsAgain, "TradingView's sender: EService:Busy, order placed", "2 orders of one alert"),
        (
            SendsAgain,
            "the same at every delivery: HTTP 502 with HTML, order placed",
            "orders of one alert",
        ),
        (SendsAgain, "four deliveries at once: order placed and reply lost", "orders of one alert"),
        (
            SendsTwiceAtOnce,
            "TradingView's sender: HTTP 504 with HTML, order placed",
            "2 orders of one alert",
        ),
        (
            TakesSilenceForRefusal,
            "TradingView's sender: half a JSON document, order placed",
            "the ledger's last word",
        ),
        (
            GivesUp,
            "TradingView's sender: EOrder:Rate limit exceeded",
            "orders in the book: 0, not 1",
        ),
        (
            LooksAtOpenOrdersOnly,
            (
                "visible late: order placed and reply lost; market order, OpenOrders 0 s late, "
                "ClosedOrders 50 s late"
            ),
            "the ledger says [], the book",
        ),
    ],
)
def test_a_bad_habit_is_caught(bad_habit, name, caught, tmp_path):
    cell = BY_NAME[name]
    wrong = check.problems(cell, world.run(cell, tmp_path, bad_habit))
    assert any(caught in problem for problem in wrong), wrong


def test_a_look_up_that_fails_for_long_and_counts_as_absence_is_caught(tmp_path):
    cell = BY_NAME["look-ups fail: order placed and reply lost; ClosedOrders: a page is missing"]
    made = world.World(cell, tmp_path, TakesAFailedReadForAbsence)
    with made.running() as running:
        assert cell.reads is not None
        running.kraken.script(
            cell.reads.endpoint, *(cell.reads.make(running.kraken.url) for _ in range(10))
        )
        wrong = check.problems(cell, running.run())
    assert any("the ledger says []" in problem for problem in wrong), wrong
