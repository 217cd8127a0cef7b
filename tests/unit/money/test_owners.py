"""Whose a trade is where many orders have no outcome at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.support.clock import FakeClock
from tests.support.fake_venue import FakeVenue
from tests.support.ledger_entries import NOON, submitting
from tests.support.memory_ledger import MemoryLedger
from webhook_core.clock import Budget
from webhook_core.money.owners import MOST_UNKNOWN, Owners
from webhook_core.money.trade_store import TradeStore
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side


def test_an_order_whose_reply_was_lost_is_known_however_many_others_were_lost_too():
    ledger, venue = MemoryLedger(), FakeVenue()
    many = 2 * MOST_UNKNOWN + 5
    entries = [
        submitting(f"alert-{number}", at=NOON + timedelta(seconds=number)) for number in range(many)
    ]
    for number, entry in enumerate(entries):
        ledger.claim(entry)
        own = entry.current.client_order_id
        one = (f"O{number}", "XBTUSD", Side.BUY, "limit", Decimal(1), Decimal(1), NOON)
        venue.resting.append(RestingOrder(*one, client_order_id=own))
    owners = Owners(ledger, venue, TradeStore(ledger, "paper", "main"))
    found = owners.of_orders([f"O{number}" for number in range(many)], Budget.start(FakeClock(), 5))
    assert [found[f"O{number}"].entry.alert_id for number in range(many)] == [
        entry.alert_id for entry in entries
    ]
