"""How far our own cancels of the last minute are read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.ledger_entries import NOON, Dated, moved, submitting
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.entry import State
from webhook_core.planning import open_orders
from webhook_core.planning.own_orders import OwnOrders


@pytest.mark.parametrize(
    ("seconds", "said"), [(30, ["orders.canceled_unread"]), (90, [])], ids=["young", "old"]
)
def test_entries_of_the_last_minute_that_are_too_many_to_read_are_logged(
    monkeypatch, caplog, seconds, said
):
    """Else a cancel among them would count as none without a word."""
    monkeypatch.setattr(open_orders, "_PAGE", 1)
    monkeypatch.setattr(open_orders, "_MOST_PAGES", 2)
    ledger = MemoryLedger()
    for name in "abc":
        claimed = ledger.claim(submitting(name)).entry
        ledger.record(moved(claimed, State.ACCEPTED))
    unit = submitting("a").unit
    clock = Dated(NOON + timedelta(seconds=seconds))
    open_orders.just_canceled(
        OwnOrders(unit.mode, unit.account, ledger, clock, timedelta(seconds=60))
    )
    assert [record.getMessage() for record in caplog.records] == said
