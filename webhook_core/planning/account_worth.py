"""What a spot account is worth in one currency: every asset at a price, or named as one
that was not valued.

The balances count as one read showed them, and none of them is set right for orders of
ours that this read lacks. It shows one moment, so a trade is in it with both its sides or
with neither: the worth is the same but for the fee. One that is set right on the sides of
the pair alone counts the same money twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.trading.assets import asset_code
from webhook_core.trading.rounding import cost_of, quotient

if TYPE_CHECKING:
    from webhook_core.clock import Budget
    from webhook_core.planning.pair_rules import PairRules
    from webhook_core.trading.facts import Balance
    from webhook_core.trading.instruments import Instrument

Balances = Mapping[str, "Balance"]
_ZERO, _ONE = Decimal(0), Decimal(1)
_BRIDGE = "ZUSD"
"""Nearly every asset of Kraken's has a pair with it."""
_CURRENCIES = frozenset({"ZUSD", "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD", "CHF", "AED"})
_NO_MONEY = frozenset({"KFEE"})
"""Credits that pay fees and are traded in no pair (support.kraken.com,
what-are-kraken-fee-credits)."""


def valuing_pairs(
    pair_rules: PairRules, balances: Balances, quote: str, budget: Budget
) -> list[Instrument]:
    """The pairs by which what is held is worth something in ``quote``: each asset's own,
    else one with US dollars and that one's. Kraken is asked for those that are not known.
    Raises VenueUnavailable."""
    held = _held(balances) - {quote}
    pairs = _ways(pair_rules, held, quote)
    for ways in (_forward, _beside):
        lacking = sorted(held - _reached(pairs, quote))
        names = [pair_rules.unknown_name(*way) for asset in lacking for way in ways(asset, quote)]
        if any(names):
            pair_rules.find([name for name in names if name], budget)
            pairs = _ways(pair_rules, held, quote)
    return pairs


def _forward(asset: str, quote: str) -> list[tuple[str, str]]:
    return [(asset, quote)]


def _beside(asset: str, quote: str) -> list[tuple[str, str]]:
    """What else may value it. Of currencies alone some are only the quote of a pair: USD/JPY."""
    turned = [(quote, asset)] if asset in _CURRENCIES else []
    return turned if quote == _BRIDGE else [*turned, (asset, _BRIDGE), (_BRIDGE, quote)]


def _ways(pair_rules: PairRules, held: Collection[str], quote: str) -> list[Instrument]:
    known = pair_rules.current()
    own = known.between(held, quote)
    beside = set(held) - _reached(own, quote)
    if beside and quote != _BRIDGE:
        own += [*known.between(beside, _BRIDGE), *known.between({_BRIDGE}, quote)]
    # Another venue's price is that of Kraken's own pair, and a dark pool has none.
    plain = [pair for pair in own if not pair.venue and "." not in pair.altname]
    return list({frozenset((pair.base, pair.quote)): pair for pair in plain}.values())


def worth(
    balances: Balances, prices: Mapping[str, Decimal], pairs: Iterable[Instrument], quote: str
) -> tuple[Decimal, tuple[str, ...]]:
    """In ``quote``, and the asset ids of what is held that it leaves out, for want of a price.

    ``prices``: by pair key.
    """
    rates = _rates(
        [(pair, prices[pair.key]) for pair in pairs if prices.get(pair.key, _ZERO) > 0], quote
    )
    total = sum(
        (cost_of(funds.total, rates[asset]) for asset, funds in balances.items() if asset in rates),
        _ZERO,
    )
    return total, tuple(sorted(_held(balances) - rates.keys()))


def warning_of(not_valued: Collection[str], quote: str) -> str:
    """For people; empty where nothing was left out."""
    if not not_valued:
        return ""
    named = ", ".join(asset_code(asset) for asset in not_valued)
    return (
        f"What the account is worth in {asset_code(quote)} leaves out {named}, of which no "
        "price is known."
    )


def _held(balances: Balances) -> set[str]:
    return {asset for asset, funds in balances.items() if funds.total > 0} - _NO_MONEY


def _reached(pairs: Iterable[Instrument], quote: str) -> set[str]:
    return set(_rates([(pair, _ONE) for pair in pairs], quote))


def _rates(priced: Collection[tuple[Instrument, Decimal]], quote: str) -> dict[str, Decimal]:
    """What a unit of each asset is worth in ``quote``, by one pair or by two."""
    rates = {quote: _ONE}
    for _ in range(2):
        for pair, price in priced:
            if pair.quote in rates and pair.base not in rates:
                rates[pair.base] = cost_of(price, rates[pair.quote])
            elif pair.base in rates and pair.quote not in rates:
                rates[pair.quote] = quotient(rates[pair.base], price)
    return rates
