"""What the settings say for the orders of one strategy: limits and their owners, size, fees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from webhook_core.trading.checks import Check, SetBy
from webhook_core.trading.orders import QuantityType
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.trading.day_begins import DayBegins
    from webhook_core.trading.permits import Permit
    from webhook_core.trading.trading_hours import TradingHours


class Fees(NamedTuple):
    """In percent of an order's cost. By default Kraken's first tier, for crypto on spot
    (kraken.com/features/fee-schedule, since 2026-07-09)."""

    maker: Decimal = Decimal("0.40")
    taker: Decimal = Decimal("0.80")


class Most(NamedTuple):
    """How many there may be in all, and of each pair; None: no limit."""

    total: int | None = None
    per_pair: int | None = None


class Guards(NamedTuple):
    """Further limits of one owner, which few have. ``price_collar`` and ``max_spread`` in percent;
    ``max_alert_cost``: currency code -> most that the orders of one alert may cost together.
    ``orders_per_day``, ``orders_per_hour``: how many orders may open or add; ``cool_down``: how far
    apart the alerts that do so are. ``alerts_per_3_minutes``: how many alerts that want more than
    to reduce or cancel. ``max_daily_loss``: currency code -> most that may be lost a
    day, which begins at ``day_begins``, also for ``orders_per_day``. ``on_limit``: what one of
    these limits does beside refusing; None: nothing. ``max_position``: currency code -> most that a
    pair's position may become, in base or worth in quote; ``max_open_orders``,
    ``max_open_positions`` and ``max_entries``: how many orders rest, how many pairs are held, how
    many entries a position takes. ``on_missed_alert``: what becomes of an alert before which
    another one was lost; None: nobody looks."""

    price_collar: Decimal | None = None
    max_spread: Decimal | None = None
    trading_hours: TradingHours | None = None
    max_alert_cost: Mapping[str, Decimal] | None = None
    orders_per_day: int | None = None
    orders_per_hour: int | None = None
    cool_down: timedelta | None = None
    alerts_per_3_minutes: int | None = None
    max_daily_loss: Mapping[str, Decimal] | None = None
    day_begins: DayBegins | None = None
    on_limit: Literal["deny", "pause"] | None = None
    max_position: Mapping[str, Decimal] | None = None
    max_open_orders: Most | None = None
    max_open_positions: int | None = None
    max_entries: int | None = None
    on_missed_alert: Literal["warn", "refuse", "catch_up"] | None = None

    @property
    def limits_holdings(self) -> bool:
        """Whether what is held, or rests, decides whether more may be opened."""
        held = (self.max_position, self.max_open_orders, self.max_open_positions, self.max_entries)
        return any(limit is not None for limit in held)

    @property
    def counts_orders(self) -> bool:
        limits = (self.orders_per_day, self.orders_per_hour, self.cool_down)
        return any(limit is not None for limit in (*limits, self.alerts_per_3_minutes))


class Limits(NamedTuple):
    """The limits of one owner; None: it sets none. ``strategy``: whose, empty for the global ones.

    ``allowed_symbols``: pairs in any form of their names. ``max_order_cost``: currency code -> most
    cost of one order.
    """

    allowed_symbols: tuple[str, ...] | None = None
    max_order_cost: Mapping[str, Decimal] | None = None
    strategy: str = ""
    guards: Guards | None = None

    @property
    def set_by(self) -> SetBy:
        return "strategy" if self.strategy else "global"

    def named(self, setting: str) -> str:
        """ALLOWED_SYMBOLS or MAX_ORDER_COST, as it is called where it stands."""
        if not self.strategy:
            return f"the global {setting}"
        return f"strategy {self.strategy}'s {setting.lower()}"


class Loss(NamedTuple):
    """What an owner has lost, each amount by its currency. ``as_of``: when all of it was so;
    ``day``: when the day began that ``realised`` (profits above zero, fees taken off) and
    ``worst``, the largest loss in it, are of. ``open_loss``: of what is held, at last prices."""

    as_of: datetime
    day: datetime
    realised: Mapping[str, Decimal]
    open_loss: Mapping[str, Decimal]
    worst: Mapping[str, Decimal]


def owned(check: Check, owner: Limits, setting: str) -> Check:
    """The same, of that owner, and a refusal says so."""
    message = f"{check.message} ({owner.named(setting)})" if check.message else ""
    return check._replace(set_by=owner.set_by, message=message)


class TradingRules(NamedTuple):
    """All of ``limits`` apply, so the global ones, which come first, hold for each strategy.

    ``volume``: the configured size, for alerts without one; ``quantity_type`` is what it counts,
    and ``size_fixed`` says that an alert may name no other. ``fees`` are for the estimate of what
    an order costs, and what a buy by percentage keeps back; no limit counts them. ``permit``: what
    the sender's token allows, None for a sender without one. ``exits_ignore_cost``: a close, a
    target nearer to flat and what only reduces are held against no cap of a cost.
    ``exits_ignore_limits``: the guards let every exit pass. ``priced_by_alerts``: the market's
    price is the alert's own (paper, PAPER_PRICES=alert). ``losses``: by owner, where one limits
    them and they are known. ``close``: whether a position is what the strategy bought, or all that
    is held; None: as the kind of alert has it.
    """

    limits: tuple[Limits, ...] = ()
    volume: Decimal | None = None
    fees: Fees = Fees()
    quantity_type: QuantityType = "base"
    size_fixed: bool = False
    permit: Permit | None = None
    exits_ignore_cost: bool = True
    exits_ignore_limits: bool = True
    priced_by_alerts: bool = False
    losses: Mapping[str, Loss] = MappingProxyType({})
    close: Literal["own", "all"] | None = None

    @property
    def counts_orders(self) -> bool:
        """Whether an owner limits how many orders are opened, or how far apart."""
        return any(one.guards is not None and one.guards.counts_orders for one in self.limits)

    @property
    def limits_holdings(self) -> bool:
        """Whether an owner limits what is held, or how much rests."""
        return any(one.guards is not None and one.guards.limits_holdings for one in self.limits)

    @property
    def missed_alert_owner(self) -> Limits | None:
        """Who says what becomes of an alert before which one was lost: the strategy, else the
        account."""
        for one in reversed(self.limits):
            if one.guards is not None and one.guards.on_missed_alert is not None:
                return one
        return None

    @property
    def limits_loss(self) -> bool:
        """Whether an owner limits what may be lost a day."""
        return any(one.guards is not None and one.guards.max_daily_loss for one in self.limits)

    def day_begins(self, owner: Limits) -> DayBegins:
        """That owner's, else the account's, else midnight UTC."""
        from webhook_core.trading.day_begins import MIDNIGHT  # few strategies count days

        for one in (owner, *self.limits[:1]):
            if one.guards is not None and one.guards.day_begins is not None:
                return one.guards.day_begins
        return MIDNIGHT

    @property
    def size(self) -> Size | None:
        return (
            None if self.volume is None else Size(self.volume, self.quantity_type, self.size_fixed)
        )

    @property
    def allow_lists(self) -> tuple[tuple[str, ...], ...]:
        """Of every owner that has one; without any, every pair is allowed."""
        lists = (owner.allowed_symbols for owner in self.limits)
        return tuple(allowed for allowed in lists if allowed is not None)

    @property
    def caps_costs(self) -> bool:
        """Whether anybody holds the cost of an order, or of an alert, against a cap."""
        return bool(self.caps) or self.caps_alerts

    @property
    def caps_alerts(self) -> bool:
        return any(
            owner.guards is not None and owner.guards.max_alert_cost is not None
            for owner in self.limits
        )

    @property
    def has_guards(self) -> bool:
        """Whether anybody has set a limit that few have."""
        return any(owner.guards is not None for owner in self.limits)

    @property
    def caps(self) -> tuple[Mapping[str, Decimal], ...]:
        """Of every owner that has one; without any, no cost is too high."""
        caps = [owner.max_order_cost for owner in self.limits]
        if self.permit is not None:
            caps.append(self.permit.max_cost)
        return tuple(cap for cap in caps if cap is not None)


class Size(NamedTuple):
    """``volume`` counts what ``quantity_type`` says. ``fixed``: an alert
    may not name another one."""

    volume: Decimal
    quantity_type: QuantityType = "base"
    fixed: bool = False
