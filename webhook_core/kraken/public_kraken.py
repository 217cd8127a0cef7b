"""What paper asks the real Kraken with PAPER_PRICES=kraken: the last prices, and the rules of
pairs. No key is needed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webhook_core.clock import Budget, Clock
from webhook_core.errors import NoPrice, VenueUnavailable
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.market_data import asset_pairs, tick
from webhook_core.trading.instruments import row_of

PRICE_READ_S = 1.0
ALL_RULES_READ_S = 5.0
"""A megabyte, and only reconcile and the operator ask for it; one pair's rules are there
as soon as a price."""

NOT_ASKED_AGAIN_FOR_S = 1.0
"""After a failure: one alert waits for a silent Kraken once, however often it asks."""


class PublicKraken:
    """No answer is ever one of before: whoever trades at an old price does not see it."""

    def __init__(self, url: str | None, clock: Clock) -> None:
        self._client = KrakenClient("", "", url)
        self._clock = clock
        self._failed_at: float | None = None

    def price(self, altname: str) -> Decimal | None:
        """The last traded price of a pair, None where Kraken states that it has none. Raises
        VenueUnavailable where it can't be asked."""
        now = self._clock.monotonic()
        if self._failed_at is not None and 0 <= now - self._failed_at < NOT_ASKED_AGAIN_FOR_S:
            raise VenueUnavailable("Kraken could not be read just before.")
        self._failed_at = None
        try:
            return tick(self._client, altname, Budget.start(self._clock, PRICE_READ_S)).last
        except NoPrice:
            return None
        except VenueUnavailable:
            self._failed_at = self._clock.monotonic()
            raise

    def rules(self, asked: Mapping[str, str]) -> dict[str, dict[str, Any]] | None:
        """The rows that AssetPairs answers to these fields, by key; none where Kraken
        knows no such pair."""
        budget = Budget.start(self._clock, PRICE_READ_S if "pair" in asked else ALL_RULES_READ_S)
        try:
            stated = asset_pairs(self._client, self._clock, asked, budget)
        except VenueUnavailable:
            return None
        return {pair.key: row_of(pair) for pair in stated}
