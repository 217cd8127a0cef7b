"""Kraken on loopback that counts calls as Kraken does and refuses those beyond its limits.

docs.kraken.com/api/docs/guides/spot-rest-ratelimits and spot-ratelimits: each call of a key counts
one, one for the history of trades more, and the count decays with time; orders and cancels are not
among them, and count for each pair instead: one to add, up to eight to cancel a young one.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.support.kraken_server import KrakenServer
from webhook_core.kraken.paper import envelope


class Tier(NamedTuple):
    """Of the key: what the counter may reach and what it loses a second; the same of each pair."""

    most: float
    decay: float
    most_of_pair: float
    decay_of_pair: float


STARTER = Tier(15, 0.33, 60, 1.0)
INTERMEDIATE = Tier(20, 0.5, 125, 2.34)
HISTORY = ("TradesHistory", "Ledgers", "QueryTrades", "QueryLedgers")
NOT_COUNTED = ("AddOrder", "CancelOrder", "AmendOrder")
BY_AGE = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))
"""A cancel of an order so many seconds old at most costs its pair so much."""


class LimitedKraken(KrakenServer):
    """``call_s``: what a call takes of the clock. ``history``: what one of the trades counts. What
    is refused counts too: "possibly longer if calls continue to be made". ``behind``: what happens
    once the next call of that name is done, before it is answered."""

    def __init__(
        self, *, tier: Tier = STARTER, call_s: float = 0.08, history: int = 2, **options: Any
    ) -> None:
        super().__init__(**options)
        self.tier, self.call_s, self.history = tier, call_s, history
        self.counted: Counter[str] = Counter()
        self.refused = 0
        self.behind: defaultdict[str, list[Callable[[], object]]] = defaultdict(list)
        self._key = Counted(tier.most, tier.decay)
        self._pairs: dict[str, Counted] = {}

    def handle(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        self.clock.sleep(self.call_s)
        endpoint = path.rsplit("/", 1)[-1]
        if path.startswith("/0/private/"):
            said = self._charged(endpoint, envelope.form(body.decode()))
            if said:
                self.refused += 1
                return 200, json.dumps({"error": [said]}).encode()
        answer = super().handle(method, path, query, headers, body)
        if self.behind[endpoint]:
            self.behind[endpoint].pop(0)()
        return answer

    def forget(self) -> None:
        """What was counted before."""
        self.counted.clear()
        self.refused = 0
        self._key, self._pairs = Counted(self.tier.most, self.tier.decay), {}

    def uses(self, count: int) -> None:
        """Somebody else's calls with the key."""
        self._key.takes(count, self.clock.monotonic())

    def _charged(self, endpoint: str, asked: Mapping[str, str]) -> str:
        now = self.clock.monotonic()
        if endpoint not in NOT_COUNTED:
            cost = self.history if endpoint in HISTORY else 1
            self.counted[endpoint] += cost
            return "" if self._key.takes(cost, now) else "EAPI:Rate limit exceeded"
        pair, cost = self._of_pair(endpoint, asked)
        limit = self._pairs.setdefault(
            pair, Counted(self.tier.most_of_pair, self.tier.decay_of_pair)
        )
        return "" if limit.takes(cost, now) else "EOrder:Rate limit exceeded"

    def _of_pair(self, endpoint: str, asked: Mapping[str, str]) -> tuple[str, int]:
        if endpoint == "AddOrder":
            row = self.engine.pairs.get(asked["pair"], {})
            return row.get("altname", asked["pair"]), 1
        found = [row for row in self.engine.orders() if row["txid"] == asked.get("txid")]
        if not found:
            return "", 0
        age = self.clock.now().timestamp() - float(found[0]["opentm"])
        cost = next((cost for below, cost in BY_AGE if age < below), 0)
        return found[0]["descr"]["pair"], cost


class Counted:
    """A counter that decays."""

    def __init__(self, most: float, decay: float) -> None:
        self.most, self.decay = most, decay
        self.count, self.at = 0.0, 0.0

    def takes(self, cost: float, now: float) -> bool:
        self.count = max(0.0, self.count - (now - self.at) * self.decay) + cost
        self.at = now
        return self.count <= self.most
