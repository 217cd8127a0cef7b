"""Whether the balances hold the funds of a strategy's limits that show themselves as open.

A limit at rest on spot holds its funds (docs.kraken.com, get-extended-balance ``hold_trade``).
Where the account holds less than all that rests would, one of them has filled, or ended, before
the others' reads show it, and what the strategy bought may lack that. A read lags by no more than
the read lag: for so long nothing is decided by it. Funds that are missing for longer are held in
some way that is not known, so that they prove nothing, and a plan goes on with a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.planning.order_fills import may_lack
from webhook_core.planning.own_changes import DONE
from webhook_core.planning.resting_exits import least_of
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.lagging_figures import DUST
from webhook_core.trading.orders import Side
from webhook_core.trading.rounding import cost_of

if TYPE_CHECKING:
    from webhook_core.clock import Budget
    from webhook_core.planning.sources import Sources

_ZERO = Decimal(0)
_FORGOTTEN_AFTER = timedelta(days=1)
"""The same sums are missing by then for another reason."""
_LIMITS = "limit", "iceberg"
_ROUNDED = Decimal("0.9999")
"""A balance of dollars has four decimals, what an order costs has more."""


class UnheldLimits:
    """Of one plan. ``keeps``: since when funds are missing is written down."""

    def __init__(self, sources: Sources, budget: Budget, *, keeps: bool) -> None:
        self._sources, self._budget, self._keeps = sources, budget, keeps
        self._name = f"unheld-limits:{sources.mode}:{sources.account}"

    def check(
        self,
        balances: Mapping[str, Balance],
        bought: tuple[Instrument, Decimal],
        listed: Sequence[RestingOrder],
        ours: Mapping[str, Decimal],
    ) -> list[str]:
        """What to warn of. ``bought``: the pair, and what the strategy bought of its base.
        ``ours``: what its orders that show themselves as open there have filled at least, by order
        id. Raises NotItsTurn, LedgerUnavailable."""
        pair, own = bought
        done = {order.order_id for order in listed if order.status in DONE}
        open_now = [
            order._replace(executed=max(order.executed, ours.get(order.order_id, _ZERO)))
            for order in listed
            if order.order_id not in done and not order.margin
        ]
        base = balances.get(pair.base, Balance(_ZERO)).total
        for asset, side, matters in (
            (pair.quote, Side.BUY, base > own + DUST),  # else no more was bought than is counted
            (pair.base, Side.SELL, own > 0),
        ):
            limits = (one for one in open_now if one.side is side and one.order_type in _LIMITS)
            if not matters or not any(one.order_id in ours and one.left for one in limits):
                continue
            least = sum(self._held_at_least(asset, open_now), _ZERO)
            held = balances.get(asset, Balance(_ZERO)).held
            if held < cost_of(least, _ROUNDED):
                return [self._judged(asset, held, least)]
        return []

    def _held_at_least(self, asset: str, orders: Sequence[RestingOrder]) -> Iterator[Decimal]:
        pair_of = self._sources.known_pairs(self._budget)
        for order in orders:
            pair = pair_of(order.pair)
            if pair and asset == (pair.base if order.side is Side.SELL else pair.quote):
                yield least_of(order)

    def _judged(self, asset: str, held: Decimal, least: Decimal) -> str:
        """Raises NotItsTurn until the same sums have been missing for the read lag."""
        documents, now = self._sources.documents, self._sources.clock.now()
        stored = documents.read(self._name)
        known = of_text("" if stored is None else stored.text)
        missing = f"{asset} {held:f} {least:f}"
        since = known.get(missing)
        if since is not None and now - self._sources.read_lag >= since >= now - _FORGOTTEN_AFTER:
            return (
                f"the account holds {held:f} {asset} for orders, and what Kraken shows as open "
                f"takes {least:f}; what the strategy bought is counted by its orders all the same"
            )
        if self._keeps and (since is None or since < now - _FORGOTTEN_AFTER):
            recent = {one: at for one, at in known.items() if at >= now - _FORGOTTEN_AFTER}
            rows = {one: at.isoformat() for one, at in (recent | {missing: now}).items()}
            documents.write(self._name, json.dumps(rows), stored)
        raise may_lack()


def of_text(text: str) -> dict[str, datetime]:
    """Nothing of a text that is none of ours."""
    try:
        rows = json.loads(text).items() if text else ()
        found = {str(name): datetime.fromisoformat(at) for name, at in rows}
    except (ValueError, TypeError, AttributeError):
        return {}
    return {name: at for name, at in found.items() if at.tzinfo is not None}
