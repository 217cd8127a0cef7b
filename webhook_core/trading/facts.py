"""What a plan may need to know of the account and the market, read from the venue at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from webhook_core.errors import VenueUnavailable
from webhook_core.trading.orders import AT_MARKET, Side
from webhook_core.value import NamedTuple

_NOTHING: Mapping[str, Decimal] = MappingProxyType({})


class Balance(NamedTuple):
    """``total`` of one asset, credit included, and ``held``, the part of it that
    resting spot orders hold."""

    total: Decimal
    held: Decimal = Decimal(0)

    @property
    def free(self) -> Decimal:
        return max(Decimal(0), self.total - self.held)


class RestingOrder(NamedTuple):
    """An order of the account.

    ``pair`` is as Kraken shows it, the altname. ``parent`` is the order whose conditional close it
    is. ``volume`` is its whole size, ``executed`` the filled part; ``limit`` and ``trigger`` as far
    as it has them. ``closes``: it carries a conditional close of its own. ``closed_at``: when it
    was done. ``fires_at``: the last price at which it is triggered, where the last price does that
    and Kraken says at which; a trail moves it. ``offsets``: trigger and limit, where Kraken shows
    such a one as its distance from the last price of when it was placed; else empty. ``by_index``:
    the index triggers it, and no last price. ``earned``: what it has changed of the quote currency,
    below zero for a buy, None where that is not told, or its fee is taken in base. ``starts``: when
    one that is scheduled becomes active; it is ``pending`` until then.
    """

    order_id: str
    pair: str
    side: Side
    order_type: str
    volume: Decimal
    executed: Decimal
    opened_at: datetime
    status: str = "open"
    client_order_id: str | None = None
    parent: str | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    margin: bool = False
    closes: bool = False
    closed_at: datetime | None = None
    fires_at: Decimal | None = None
    offsets: tuple[str, str] = ("", "")
    by_index: bool = False
    earned: Decimal | None = None
    starts: datetime | None = None

    @property
    def left(self) -> Decimal:
        return self.volume - self.executed

    def is_scheduled(self, moment: datetime) -> bool:
        """Whether it starts after that moment, so that it can't have traded by then."""
        return self.status == "pending" and self.starts is not None and self.starts > moment

    @property
    def trades_whole(self) -> bool:
        """Whether it has traded nothing yet and meets the market once it is triggered: then a
        cancel that is taken proves that it has traded nothing."""
        return self.order_type in AT_MARKET and not self.executed


class OpenPosition(NamedTuple):
    """A row of the open margin positions, which the fill of one order has opened.

    ``pair`` is as Kraken names it; ``volume`` is what is open of it and ``closed`` what is not any
    more, both in base, the open part below zero for a short one.
    """

    pair: str
    order_id: str
    volume: Decimal
    closed: Decimal = Decimal(0)


class Facts(NamedTuple):
    """Each is None, or empty, unless it was asked for.

    ``balances``: asset id -> Balance. ``positions``: pair key -> net margin position, signed base.
    ``prices``: pair key -> last traded price. ``equity``: worth of the whole account in the quote
    currency, without the assets ``not_valued``, which it holds too. ``open_orders``: of all pairs.
    ``exited``: pair key -> strategy -> what conditional closes of its entries have just changed of
    the position, signed base: it may not know yet. ``leaving``: keys of pairs in which entries of
    ours have left some lately, and one may rest whatever is held. ``own``: pair key -> what the
    strategy bought and has not sold, signed base.
    """

    balances: Mapping[str, Balance] | None = None
    positions: Mapping[str, Decimal] | None = None
    prices: Mapping[str, Decimal] = _NOTHING
    equity: Decimal | None = None
    not_valued: tuple[str, ...] = ()
    open_orders: tuple[RestingOrder, ...] | None = None
    exited: Mapping[str, Mapping[str, Decimal]] = MappingProxyType({})
    leaving: Collection[str] = ()
    own: Mapping[str, Decimal] | None = None

    def own_part(self, pair: str, held: Decimal) -> Decimal:
        """How much of what is held, signed base, the strategy bought and has not sold: never more
        than is held, whoever sold the rest. Raises VenueUnavailable where that was not read."""
        if self.own is None:
            raise VenueUnavailable("What the strategy bought was not read.")
        return part_of(held, self.own.get(pair, Decimal(0)))


def part_of(held: Decimal, own: Decimal) -> Decimal:
    """How much of what is held is what a strategy bought and has not sold, both signed base."""
    return min(own, held, key=abs) if own * held > 0 else Decimal(0)
