"""Which positions an alert means to close stands in its entry, on every ledger."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.support.ledger_entries import submitting
from webhook_core.ledger.contract import Claimed
from webhook_core.planning.own_closes import Held, figures_of, positions_of


def test_they_come_back_as_they_were_written(store):
    positions = (
        Held("Mean reversion, 4h", "BTC/USD", False, Decimal("0.30000001")),
        Held('a/b.c`[0]\\ "quoted"', "ETH/EUR", True, Decimal(-2)),
        Held("default", "PEPE/USD", False, Decimal("123456789.5")),
    )
    entry = replace(submitting(), figures=figures_of(positions))
    assert isinstance(store.claim(entry), Claimed)
    assert positions_of(store.find(entry.unit).figures) == positions
