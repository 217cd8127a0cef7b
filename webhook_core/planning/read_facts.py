"""What a plan needs to know of account and sources, each read once, and set right for our own
orders of the last minute."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

from webhook_core.clock import ENOUGH_TO_SEND_S, Budget
from webhook_core.errors import NoTimeToSend
from webhook_core.events import event
from webhook_core.ledger.entry import Unit
from webhook_core.planning.account_reads import Asked, Shown
from webhook_core.planning.own_changes import (
    NONE_COUNTED,
    CountedOrders,
    is_position,
    pair_of,
    position_key,
)
from webhook_core.trading import needs
from webhook_core.trading.facts import Balance, Facts, OpenPosition
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import Intent, OrderIntent, PositionIntent
from webhook_core.trading.market_needs import needs_market
from webhook_core.trading.requests import Fill
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.symbols import names_pair
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.planning.believed import Believed
    from webhook_core.planning.sources import Sources

NO_RULES = TradingRules()
Leg = tuple[Intent, Instrument | None]
_ZERO = Decimal(0)
_NONE = Balance(_ZERO)


class Read(NamedTuple):
    """What was read for one alert. ``fills``: what the orders that rest had filled by then, by
    order id. ``figures``: those of the account that a size follows from, with the orders of ours in
    them that are ``counted``. ``warning``: what the equity leaves out. ``rows``: the positions."""

    facts: Facts
    fills: Mapping[str, Fill]
    figures: Mapping[str, Decimal]
    counted: CountedOrders
    warning: str
    rows: Sequence[OpenPosition]


class Reading:
    """Of one alert. ``rules``: by them the prices of its orders have to be known, or not.
    ``refused``: an entry of ours whose order Kraken has just refused. ``keeps``: what is found of
    our orders goes into the ledger."""

    def __init__(
        self,
        sources: Sources,
        budget: Budget,
        *,
        rules: TradingRules = NO_RULES,
        refused: Unit | None = None,
        keeps: bool = False,
    ) -> None:
        self.sources, self.budget, self.rules = sources, budget, rules
        self.refused, self.keeps = refused, keeps
        self._instrument_of = sources.known_pairs(budget)
        self.fills: Mapping[str, Fill] = {}
        self.facts = Facts()
        self.shown: Mapping[str, Balance] = {}
        self.rows: list[OpenPosition] = []
        self.warning = ""
        self.figures: dict[str, Decimal] = {}
        self.counted = NONE_COUNTED

    def of(self, legs: Sequence[Leg]) -> Read:
        """The facts for all of them. Raises VenueUnavailable, LedgerUnavailable, NotItsTurn."""
        wanted = [self._needs(intent) for intent, _ in legs]
        asked = reduce(needs.Needs.and_, wanted, needs.NOTHING)
        if asked.balances or asked.positions:
            from webhook_core.planning.resting_orders import RestingOrders

            resting = RestingOrders(self.sources, self._instrument_of, keeps=self.keeps)
            self.fills = resting.fills(_that_count(legs), self.budget)
        if asked.open_orders:
            from webhook_core.planning.open_orders import read_open_orders

            listed = read_open_orders(self.sources, self.budget)
            self.facts = self.facts._replace(open_orders=listed)
        if asked.balances:
            self._read_balances()
        if asked.positions:
            self._read_positions(legs)
        self._settle(legs)
        pairs = [(pair, need) for (_, pair), need in zip(legs, wanted, strict=True) if pair]
        priced = [pair for pair, need in pairs if need.price]
        quotes = [pair.quote for pair, need in pairs if need.equity]
        if priced:
            self._price(priced, quotes, legs, on_margin=asked.margin)
        return Read(self.facts, self.fills, self.figures, self.counted, self.warning, self.rows)

    def _needs(self, intent: Intent) -> needs.Needs:
        capped = isinstance(intent, OrderIntent) and needs_market(intent, self.rules)
        return needs.of_intent(intent, capped=capped)

    def _price(
        self,
        pairs: Sequence[Instrument],
        quotes: Sequence[str],
        legs: Sequence[Leg],
        *,
        on_margin: bool,
    ) -> None:
        """One Ticker, for the pairs themselves and for what the account is worth, if
        ``quotes`` name a currency."""
        venue, budget, valuing = self.sources.venue, self.budget, []
        if quotes and not on_margin:
            from webhook_core.planning import account_worth

            valuing = account_worth.valuing_pairs(
                self.sources.pair_rules, self.shown, quotes[0], budget
            )
        prices = venue.prices(list(dict.fromkeys([*pairs, *valuing])), budget, _references(legs))
        self.facts = self.facts._replace(prices=prices)
        if quotes and on_margin:
            self.facts = self.facts._replace(equity=venue.equity(quotes[0], budget))
        elif quotes:
            worth, not_valued = account_worth.worth(self.shown, prices, valuing, quotes[0])
            self.facts = self.facts._replace(equity=worth, not_valued=not_valued)
            self.warning = account_worth.warning_of(not_valued, quotes[0])

    def _read_balances(self) -> None:
        """What is held, set right later, and as it was shown."""
        self.shown = self.sources.venue.balances(self.budget)
        self.facts = self.facts._replace(balances=self.shown)

    def _settle(self, legs: Sequence[Leg]) -> None:
        """Our own orders, where Kraken's figures do not show them yet."""
        shown = self._look(legs)
        if not shown.figures:
            return
        if self.budget.remaining() < ENOUGH_TO_SEND_S:
            raise NoTimeToSend(
                "Too little time was left to count what is held; sending the same alert again "
                "soon is safe."
            )
        belief = self._belief(legs)
        self._count_with(belief.figures(shown), belief)

    def _belief(self, legs: Sequence[Leg]) -> Believed:
        from webhook_core.planning.believed import Believed

        sized = [leg for leg in legs if leg[1] is not None and needs.depends_on_holdings(leg[0])]
        asked = Asked(
            [pair for _, pair in sized if pair is not None], self._instrument_of,
            lambda: self._read_again(legs), self.facts.open_orders,
            closes=all(needs.is_close(intent) for intent, _ in sized),
        )  # fmt: skip
        return Believed(self.sources, self.budget, asked, self.fills, self.refused)

    def _count_with(self, figures: Mapping[str, Decimal], belief: Believed) -> None:
        """The plan counts with these, and with what was found on the way to them."""
        for name, was in belief.shown.figures.items():
            if (figure := figures[name]) != was:
                event(logging.INFO, "figures.lag", figure=name, shown=was, settled=figure)
        self.counted = belief.counted
        self.figures = {name: figures[name] for name in figures if name not in belief.at_most}
        if self.facts.balances is not None:
            balances = _with_totals(self.facts.balances, figures, belief.exits.held)
            self.facts = self.facts._replace(balances=balances)
        if self.facts.positions is not None:
            nets = {pair_of(name): figures[name] for name in figures if is_position(name)}
            self.facts = self.facts._replace(positions={**self.facts.positions, **nets})
        listed, exited = belief.exits.open.so_far, belief.exited  # the next read may be older
        self.facts = self.facts._replace(exited=exited, leaving=belief.leaving, open_orders=listed)

    def _read_again(self, legs: Sequence[Leg]) -> Shown:
        if self.facts.balances is not None:
            self._read_balances()
        if self.facts.positions is not None:
            self._read_positions(legs)
        return self._look(legs)

    def _look(self, legs: Sequence[Leg]) -> Shown:
        positions, balances = self.facts.positions or {}, self.facts.balances or {}
        figures = {
            name: positions.get(pair_of(name), _ZERO)
            if is_position(name)
            else balances.get(name, _NONE).total
            for name in _followed(legs)
        }
        return Shown(figures, self.shown, self.rows)

    def _read_positions(self, legs: Sequence[Leg]) -> None:
        """By the pair's key, whatever name of it Kraken shows a position under."""
        self.rows = []
        net: dict[str, Decimal] = {}
        for row in self.sources.venue.positions(self.budget):
            pairs = (pair for _, pair in legs if pair is not None)
            key = next((pair.key for pair in pairs if names_pair(row.pair, pair)), row.pair)
            self.rows.append(row._replace(pair=key))
            net[key] = net.get(key, _ZERO) + row.volume
        self.facts = self.facts._replace(positions=net)


def _followed(legs: Sequence[Leg]) -> Iterator[str]:
    """The figures that the sizes follow from, by name."""
    for intent, pair in legs:
        if pair is None or not needs.depends_on_holdings(intent):
            continue
        need = needs.of_intent(intent, capped=False)
        if need.positions:
            yield position_key(pair.key)
        if need.balances:  # else by what the account is worth, which Kraken states
            assets = zip((pair.base, pair.quote), needs.follows_from(intent), strict=True)
            yield from (asset for asset, follows in assets if follows)


def _that_count(legs: Sequence[Leg]) -> set[str] | None:
    """The same; None for all balances, which what the whole account is worth is added up from."""
    all_needs = [needs.of_intent(intent, capped=False) for intent, _ in legs]
    counts_all = any(need.equity and need.balances for need in all_needs)
    return None if counts_all else {*_followed(legs)}


def _with_totals(
    balances: Mapping[str, Balance], figures: Mapping[str, Decimal], held: Mapping[str, Decimal]
) -> Mapping[str, Balance]:
    """``held``: what orders hold of an asset, where its balance shows more."""
    found = dict(balances)
    for asset, amount in held.items():
        found[asset] = found.get(asset, _NONE)._replace(held=amount)
    for asset in (name for name in figures if not is_position(name)):
        found[asset] = found.get(asset, _NONE)._replace(total=figures[asset])
    return found


def _references(legs: Sequence[Leg]) -> Mapping[str, Decimal]:
    return {
        pair.key: intent.reference_price
        for intent, pair in legs
        if isinstance(intent, OrderIntent | PositionIntent) and pair and intent.reference_price
    }
