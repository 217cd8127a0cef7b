"""What an order costs at the worst price that it can trade at, which is what its
cap is held against.

An alert may name any price, and a liar names a low one: a sell with its limit at 1 trades at the
market, and so does a stop that its trigger has behind it. So the price is the highest of those that
the order names and the venue's last one. Two orders need no price of the venue's: a buy costs no
more than its own limit, and a market buy whose size is money (Kraken's ``viqc``) no more than that.
How far a market order goes beyond the last price is the order book's to say.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.trading.drafts import Draft, limit_of, trigger_of
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Exit, Side, is_margin
from webhook_core.trading.prices import Price
from webhook_core.trading.reduces import exit_of, exit_of_intent
from webhook_core.trading.rules import TradingRules

UNCAPPED = (Exit.CLOSE, Exit.TARGET, Exit.REDUCE_ONLY)
"""The exits that no cap of a cost holds up by default. A plain sell is not among them: whoever may
send one names its size."""


def cap_needs_market(wanted: OrderIntent, rules: TradingRules) -> bool:
    """Whether the venue's last price has to be known before the order can be held against a cap."""
    return rules.caps_costs and not (
        _bounds_itself(wanted) or _is_free(exit_of_intent(wanted), rules)
    )


def is_uncapped(draft: Draft, rules: TradingRules) -> bool:
    """Whether it is an exit that the caps let pass."""
    return _is_free(exit_of(draft), rules)


def worst_price(draft: Draft) -> Decimal | None:
    """What its volume is multiplied with for the cost: quote per base, 1 where the volume is money.

    None where no price is known. ``draft`` has the venue's last price in it where
    ``cap_needs_market`` asks for it.
    """
    if draft.in_quote:
        return Decimal(1)
    if _bounds_itself(draft.wanted):
        own = (price.rounded for price in draft.prices)
        return max((price for price in own if isinstance(price, Decimal)), default=None)
    return draft.highest_price


def buys_back(draft: Draft) -> bool:
    """Whether it leaves a buy on spot behind, which costs what that one trades at."""
    wanted = draft.wanted
    spot_sale = wanted.side is Side.SELL and not is_margin(wanted.leverage)
    return wanted.close is not None and spot_sale


def own_price(wanted: OrderIntent) -> Decimal | None:
    """The highest price that the alert itself names, None where each counts from the market."""
    named: tuple[Price | None, ...] = (limit_of(wanted), trigger_of(wanted), wanted.reference_price)
    return max((price for price in named if isinstance(price, Decimal)), default=None)


def _is_free(exit_by: Exit | None, rules: TradingRules) -> bool:
    return rules.exits_ignore_cost and exit_by in UNCAPPED


def _bounds_itself(wanted: OrderIntent) -> bool:
    """Kraken fills a buy at its limit or below, wherever its trigger lies."""
    if wanted.quantity_type == "quote" and wanted.takes_quote:
        return True
    named = [price for price in (limit_of(wanted), trigger_of(wanted)) if price is not None]
    return (
        wanted.side is Side.BUY
        and wanted.order_type.takes_limit
        and all(isinstance(price, Decimal) for price in named)
    )
