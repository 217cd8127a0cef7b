"""What a size follows from: the pair, what was read of account and market, and what of it is free.

On spot a buy costs no more than is free with the fee, a sell is no more than is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from webhook_core.errors import VenueUnavailable
from webhook_core.trading.facts import Balance, Facts
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import percent_of, quotient

ONE = Decimal(1)


class Sold(NamedTuple):
    """Of one asset on spot by legs of an alert: ``closed`` by closes, ``at_once`` by other orders
    at the market; what ``rests`` holds it till then."""

    closed: Decimal = Decimal(0)
    at_once: Decimal = Decimal(0)
    rests: Decimal = Decimal(0)

    @property
    def gone(self) -> Decimal:
        """Which the account holds no more once they have traded."""
        return self.closed + self.at_once

    @property
    def whole(self) -> Decimal:
        """Which is free no more."""
        return self.gone + self.rests

    def and_by(self, requests: Sequence[OrderRequest]) -> Sold:
        """With what these sell, but for a stop for what they leave."""
        sold = [self.closed, self.at_once, self.rests]
        for one in requests:
            is_order = one.method == "AddOrder" and not one.freeing
            if is_order and one.side is Side.SELL and not one.on_margin:
                is_gone = one.at_market and not one.is_scheduled
                sold[0 if one.exits else 1 if is_gone else 2] += one.volume
        return Sold(*sold)


class Basis(NamedTuple):
    """What a size follows from. ``facts`` are those that ``needs.of_intent`` names; ``taker_fee``
    in percent is what a buy keeps back. ``rules_are_fresh``: the pair's minimums may say that an
    order is too small. ``sold``: what legs of the same alert before this one sell, which the facts
    show as held."""

    instrument: Instrument
    facts: Facts
    taker_fee: Decimal
    rules_are_fresh: bool = True
    sold: Sold = Sold()

    def balance(self, asset: str) -> Balance:
        """What the account has of an asset: nothing of one that Kraken does not list."""
        if self.facts.balances is None:
            raise VenueUnavailable("The balances were not read.")
        return self.facts.balances.get(asset, Balance(Decimal(0)))

    @property
    def equity(self) -> Decimal:
        if self.facts.equity is None:
            raise VenueUnavailable("The equity was not read.")
        return self.facts.equity

    @property
    def position(self) -> Decimal:
        """The net margin position of the pair, signed, base."""
        if self.facts.positions is None:
            raise VenueUnavailable("The margin positions were not read.")
        return self.facts.positions.get(self.instrument.key, Decimal(0))

    @property
    def exited(self) -> Decimal:
        """What conditional closes of ours have just changed of that position."""
        return sum(self.facts.exited.get(self.instrument.key, {}).values(), Decimal(0))

    @property
    def price(self) -> Decimal | None:
        """The pair's last price, where it was asked for."""
        return self.facts.prices.get(self.instrument.key)

    @property
    def affordable(self) -> Decimal:
        """The highest cost of a buy that what is free covers together with the fee.

        What Kraken shows of a balance and of a hold is cut to the asset's decimals, so
        the last one is left.
        """
        with_fee = ONE + percent_of(ONE, self.taker_fee)
        funds = self.balance(self.instrument.quote)
        shown = max(4, *(_decimals(amount) for amount in (funds.total, funds.held)))
        return quotient(max(Decimal(0), funds.free - ONE.scaleb(-shown)), with_fee)

    def sellable(self, wanted: OrderIntent) -> Decimal:
        """The largest sell that what is free behind the legs before it covers, together with the
        fee where that is taken in base."""
        taken = self.sold.at_once + self.sold.rests  # what closes sell the balance shows as held
        free = max(Decimal(0), self.balance(self.instrument.base).free - taken)
        if wanted.terms.fee_currency != "base":
            return free
        return quotient(free, ONE + percent_of(ONE, self.taker_fee))


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
