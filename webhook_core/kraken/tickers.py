"""Prices from Ticker, and the last ones that this instance has read: where a price may be a little
old, it costs no call of its own.

On paper the alert's own price is the market's (``priced_by_alerts``), and the next alert may change
it: there nothing is kept, and the book hears of a price with the order only, since a plan trades
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NoPrice, VenueUnavailable
from webhook_core.kraken import market_data
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.market_data import Tick
from webhook_core.trading.instruments import Instrument

BOOK_FOR_S = 5.0
"""So old may a bid and an ask be: it is one read for all that an alert's
plan asks of the ticker."""


class Tickers:
    """One row a pair, each with when it was asked for, on the monotonic clock."""

    def __init__(self, client: KrakenClient, *, priced_by_alerts: bool) -> None:
        self._client, self._priced_by_alerts = client, priced_by_alerts
        self._read: dict[str, tuple[Tick, float]] = {}
        self._unlisted: dict[str, float] = {}  # what market_data.ticks has found out

    def last(
        self, instrument: Instrument, budget: Budget, reference: Decimal | None, max_age_s: float
    ) -> Decimal:
        """Read no longer ago than ``max_age_s``. Raises VenueUnavailable."""
        if self._priced_by_alerts:
            return reference or market_data.tick(self._client, instrument.key, budget).last
        return self._tick(instrument, budget, max_age_s).last

    def book(self, instrument: Instrument, budget: Budget) -> tuple[Decimal, Decimal] | None:
        """Bid and ask; None where an alert's price is the only one. Raises VenueUnavailable."""
        if self._priced_by_alerts:
            return None
        tick = self._tick(instrument, budget, BOOK_FOR_S)
        if tick.bid is None or tick.ask is None:
            raise VenueUnavailable(f"Kraken's ticker shows no bid and ask of {instrument.altname}.")
        return tick.bid, tick.ask

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        """Read now, by pair key. The first pair is the one that is traded: where Kraken refuses one
        of several, it alone has to have a price. Raises VenueUnavailable."""
        if self._priced_by_alerts:
            return self._as_told(instruments, budget, reference)
        asked_at = budget.clock.monotonic()
        ticks = market_data.ticks(self._client, instruments, budget, self._unlisted)
        for key, tick in ticks.items():
            self._read[key] = (tick, asked_at)
        return {key: tick.last for key, tick in ticks.items()}

    def _as_told(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        told = {pair.key: reference[pair.key] for pair in instruments if pair.key in reference}
        others = [pair for pair in instruments if pair.key not in told]
        try:
            known = market_data.ticks(self._client, others, budget, {})
        except NoPrice:
            if not told:
                raise
            known = {}
        return {**{key: tick.last for key, tick in known.items()}, **told}

    def _tick(self, instrument: Instrument, budget: Budget, max_age_s: float) -> Tick:
        asked_at = budget.clock.monotonic()
        tick, read_at = self._read.get(instrument.key, (None, asked_at))
        if tick is not None and asked_at - read_at < max_age_s:
            return tick
        tick = market_data.tick(self._client, instrument.key, budget)
        self._read[instrument.key] = (tick, asked_at)
        return tick
