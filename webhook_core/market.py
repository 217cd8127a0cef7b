"""From an order intent to a plan, with the facts of the market that the plan needs and no others."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webhook_core.errors import OrderDenied
from webhook_core.events import timed
from webhook_core.pair_rules import PairRules
from webhook_core.ports import Budget, Clock, Venue
from webhook_core.trading import planner
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderIntent
from webhook_core.trading.planner import Denied, Plan, TradingRules
from webhook_core.trading.symbols import UnknownSymbol


@dataclass(slots=True, eq=False, repr=False)
class Market:
    """Kraken's rules and prices, as far as a plan needs them."""

    pair_rules: PairRules
    venue: Venue
    clock: Clock

    def must_ask(self, intent: OrderIntent, rules: TradingRules) -> bool:
        """Whether the plan needs a read of Kraken: a pair whose rules we lack, or a price for a cost cap."""
        if planner.needs_ticker(intent, rules):
            return True
        try:
            self.pair_rules.current().resolve(intent.symbol)
        except UnknownSymbol as unknown:
            return unknown.ask_for is not None
        return False

    @timed("plan")
    def plan(self, intent: OrderIntent, rules: TradingRules, budget: Budget) -> Plan:
        """Raises OrderDenied with the rule and its numbers, UnknownSymbol, VenueUnavailable."""
        instrument, ticker = self._facts(intent, rules, budget)
        planned = planner.plan(intent, instrument, rules, self.clock.now(), ticker)
        if isinstance(planned, Denied):
            raise OrderDenied(planned.message)
        return planned

    @timed("plan")
    def appraise(self, intent: OrderIntent, rules: TradingRules, budget: Budget) -> Plan | Denied:
        """The plan, or the refusal of it, with every check and what it would cost. Raises UnknownSymbol, VenueUnavailable."""
        instrument, ticker = self._facts(intent, rules, budget)
        return planner.appraise(intent, instrument, rules, self.clock.now(), ticker)

    @timed("plan")
    def plan_on_fresh_rules(self, intent: OrderIntent, rules: TradingRules, budget: Budget) -> Plan:
        """The same, after reading the pair's rules again."""
        self.pair_rules.learn([self.pair_rules.current().resolve(intent.symbol).key], budget)
        return self.plan(intent, rules, budget)

    def instrument(self, symbol: str, budget: Budget) -> Instrument:
        """The pair of that name; Kraken is asked for one whose rules we lack. Raises UnknownSymbol, VenueUnavailable."""
        try:
            return self.pair_rules.current().resolve(symbol)
        except UnknownSymbol as unknown:
            if unknown.ask_for is None:
                raise
            return self.pair_rules.learn([unknown.ask_for], budget).resolve(symbol)

    def _facts(self, intent: OrderIntent, rules: TradingRules, budget: Budget) -> tuple[Instrument, Decimal | None]:
        """The pair, and its last price where the plan needs one."""
        instrument = self.instrument(intent.symbol, budget)
        return instrument, self.venue.last_price(instrument, budget) if planner.needs_ticker(intent, rules) else None
