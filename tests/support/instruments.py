"""Instruments for tests: one BTC/USD to change at will, and the packaged snapshot."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import webhook_core
from webhook_core.trading.instruments import Instrument, from_document

AS_OF = datetime(2026, 9, 25, 12, 0, tzinfo=UTC)
SNAPSHOT = Path(webhook_core.__file__).parent / "kraken" / "asset_pairs.json"

BTC_USD = Instrument(
    key="XXBTZUSD",
    altname="XBTUSD",
    wsname="XBT/USD",
    base="XXBT",
    quote="ZUSD",
    pair_decimals=1,
    lot_decimals=8,
    cost_decimals=5,
    tick_size=Decimal("0.1"),
    ordermin=Decimal("0.00005"),
    costmin=Decimal("0.5"),
    leverage_buy=(2, 3, 4, 5),
    leverage_sell=(2, 3),
    status="online",
    as_of=AS_OF,
)


def btc_usd(**changes: object) -> Instrument:
    """Kraken's BTC/USD with some of its rules changed."""
    return BTC_USD._replace(**changes)


def pair(key: str, altname: str, wsname: str, base: str, quote: str) -> Instrument:
    """A pair of which only the names matter."""
    return BTC_USD._replace(key=key, altname=altname, wsname=wsname, base=base, quote=quote)


@cache
def snapshot() -> tuple[Instrument, ...]:
    return tuple(from_document(SNAPSHOT.read_text(encoding="utf-8")))
