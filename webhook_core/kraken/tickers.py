"""The last tickers that this instance has read, so that a price that may be a little old costs no
call of its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.kraken import market_data
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.market_data import Tick
from webhook_core.trading.instruments import Instrument


class Tickers:
    """One row a pair, each with when it was asked for, on the monotonic clock."""

    def __init__(self, client: KrakenClient) -> None:
        self._client = client
        self._read: dict[str, tuple[Tick, float]] = {}

    def of(self, instrument: Instrument, budget: Budget, max_age_s: float) -> Tick:
        """Read no longer ago than ``max_age_s``. Raises VenueUnavailable."""
        asked_at = budget.clock.monotonic()
        tick, read_at = self._read.get(instrument.key, (None, asked_at))
        if tick is not None and asked_at - read_at < max_age_s:
            return tick
        tick = market_data.tick(self._client, instrument.key, budget)
        self._read[instrument.key] = (tick, asked_at)
        return tick

    def note(self, prices: Mapping[str, Decimal], asked_at: float) -> None:
        """Last prices that were read for something else, by pair key."""
        for key, price in prices.items():
            self._read[key] = (Tick(price), asked_at)
