"""What has traded since the last run: stops and take profits that fired, and every other fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.ledger.contract import Ledger
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.notify.alert_words import moment
from webhook_core.notify.state import Message, NotifyState
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.rounding import plain

OVERLAP = timedelta(minutes=10)
MOST_DAYS = 31
"""How far back trades are looked through after a long time without a run."""
_FIRE = frozenset(kind for kind in OrderType if kind.takes_trigger or "trailing" in kind)


@dataclass(frozen=True, slots=True)
class TradeNews:
    """Of one account in one mode, as far as reconcile has read what it traded."""

    trades: TradeStore
    ledger: Ledger

    def since(self, state: NotifyState, now: datetime) -> tuple[list[Message], NotifyState]:
        """Nothing of before the first run is told. Raises LedgerUnavailable."""
        place = self.trades.place()
        begin = state.trades_from or now - OVERLAP
        begin = max(begin, now - timedelta(days=MOST_DAYS))
        seen = [] if place is None else [*self._from(begin, now)]
        new = [trade for trade in seen if trade.trade_id not in state.trades]
        read_to = None if place is None else place.read_at
        following = max(begin, min(read_to or begin, now) - OVERLAP)
        ids = tuple(trade.trade_id for trade in seen if trade.at >= following)
        after = state._replace(trades_from=following, trades=ids)
        ours = [trade for trade in new if trade.role is not Role.OTHER]
        return (self._told(ours) if state.trades_from is not None else []), after

    def _from(self, begin: datetime, now: datetime) -> Iterator[Trade]:
        day = begin.date()
        while day <= now.date():
            yield from (trade for trade in self.trades.of_day(day) if trade.at >= begin)
            day += timedelta(days=1)

    def _told(self, trades: Sequence[Trade]) -> list[Message]:
        orders: dict[str, list[Trade]] = {}
        for trade in trades:
            orders.setdefault(trade.order_id, []).append(trade)
        kinds = self._kinds([name for name, of in orders.items() if of[0].role is Role.ORDER])
        return [_message(of, kinds.get(name, "")) for name, of in orders.items()]

    def _kinds(self, order_ids: Sequence[str]) -> Mapping[str, str]:
        """Which sort of order each was."""
        if not order_ids:
            return {}
        mode, account = self.trades.mode, self.trades.account
        entries = self.ledger.of_orders(mode, account, order_ids)
        return {entry.current.order_id or "": entry.current.request.kind for entry in entries}


def _message(trades: Sequence[Trade], order_type: str) -> Message:
    first, last = trades[0], trades[-1]
    fired = first.role is Role.EXIT or order_type in _FIRE
    volume, cost = (
        sum((getattr(trade, name) for trade in trades), Decimal(0)) for name in ("volume", "cost")
    )
    did = "bought" if first.side is Side.BUY else "sold"
    title = f"{first.strategy}: {did} {plain(volume)} {first.symbol}"
    if fired:
        which = order_type or first.exit_type or "stop or take profit"
        title = f"{first.strategy}: a {which} fired, {did} {plain(volume)} {first.symbol}"
    price = cost / volume if volume else first.price
    fees = sum((trade.fee for trade in trades), Decimal(0))
    asset = first.base if first.fee_in_base else first.quote
    body = (
        f"At {plain(price.quantize(Decimal('0.00000001')))}, for {plain(cost)} {first.quote}, "
        f"fee {plain(fees)} {asset}; {moment(last.at)}.\nBy the order of alert {first.alert_id}."
    )
    return Message("stop" if fired else "fill", title, body, first.strategy)
