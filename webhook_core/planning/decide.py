"""From what an alert wants to a plan, with the facts of account and market that the plan
needs and no others."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeGuard

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.events import timed
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.planning.decision import Decided, Wants
from webhook_core.planning.sources import COUNTED_FOR_S, Sources
from webhook_core.trading import denials, planner
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import NoOrder, OrderIntent
from webhook_core.trading.market_needs import needs_market
from webhook_core.trading.plans import Denied, refusal_of
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.symbols import UnknownSymbol
from webhook_core.trading.worst_price import own_price
from webhook_core.venue import HasItsOwnWords

if TYPE_CHECKING:
    from webhook_core.trading.drafts import Draft
    from webhook_core.trading.intent import Intent


HELD_FOR_S = 2 * COUNTED_FOR_S
"""A leg is held against the price that its alert was planned with a moment ago."""


class Decider(Sources):
    """What an alert wants, decided on what its sources know."""

    __slots__ = ()

    def must_ask(self, wants: Wants) -> bool:
        """Whether the plan needs a read of Kraken: a pair whose rules we lack, a price for a cost
        cap, what is held."""
        return any(self._must_ask(intent, wants.rules) for intent in wants.intents)

    @timed("plan")
    def decide(self, wants: Wants, budget: Budget) -> Decided:
        """Raises OrderDenied with the rule and its numbers, UnknownSymbol,
        VenueUnavailable, NotItsTurn."""
        decided = self._decided(wants, budget, appraised=False)
        if isinstance(decided, Denied):
            raise refusal_of(decided)
        return decided

    @timed("plan")
    def appraise(self, wants: Wants, budget: Budget) -> Decided | Denied:
        """The same, or the refusal of it, with every check and what it would cost."""
        return self._decided(wants, budget, appraised=True)

    @timed("plan")
    def replan(
        self, intent: Intent, wants: Wants, refused: Unit, budget: Budget
    ) -> OrderRequest | NoOrder | str:
        """One intent of an alert planned again, after reading the pair's rules again: its request,
        that there is nothing to do, or why it is denied. ``refused`` is the entry of the request
        that Kraken did not take.

        Raises VenueUnavailable, NotItsTurn.
        """
        symbol = getattr(intent, "symbol", None)
        if symbol is not None:
            self.pair_rules.learn([self.pair_rules.current().resolve(symbol).key], budget)
        decided = self._decided(
            wants._replace(intents=(intent,), refused=refused), budget, appraised=False
        )
        if isinstance(decided, Denied):
            return decided.message
        if decided.nothing:
            return NoOrder(decided.symbol, decided.nothing)
        # What was in its way is canceled by then.
        meant = [one for one in decided.requests if not (one.freeing or one.waits)]
        if not meant:
            raise NotItsTurn("Only exits are left to cancel, by a list that may be late.")
        return meant[0] if len(meant) == 1 else "it comes to several orders by now"

    def hold(self, entry: LedgerEntry, rules: TradingRules, budget: Budget) -> str:
        """The order that an entry is about to send, as it is stored, held against the rules: why
        they forbid it, or nothing.

        Raises VenueUnavailable.
        """
        request = entry.current.request
        if request.method != "AddOrder" or entry.state is not State.SUBMITTING:
            return ""
        from webhook_core.trading.sent_orders import as_stored

        try:
            instrument = self.instrument(request.pair, budget)
            draft = as_stored(
                request, instrument, self._market_of(request, instrument, rules, budget)
            )
        except (UnknownSymbol, ValueError) as error:
            return f"What is stored can't be held against the limits of today: {error}"
        rules, now = self.with_losses(rules), self.clock.now()
        denied = denials.refusal(_begun(draft, now), rules, now)
        return "" if denied is None else denied.message

    def _market_of(
        self, request: OrderRequest, instrument: Instrument, rules: TradingRules, budget: Budget
    ) -> Decimal | None:
        """The price that a stored order was planned with, or the market's where that is higher."""
        from webhook_core.trading.sent_orders import as_stored

        wanted = as_stored(request, instrument, None).wanted
        if not needs_market(wanted, rules):
            return request.reference_price
        wanted = wanted._replace(reference_price=request.reference_price)
        last = self.market_price(wanted, instrument, budget, HELD_FOR_S)
        return last if request.reference_price is None else max(last, request.reference_price)

    def _must_ask(self, intent: Intent, rules: TradingRules) -> bool:
        if isinstance(intent, OrderIntent) and planner.needs_ticker(intent, rules):
            return True
        if rules.has_guards and isinstance(intent, OrderIntent):
            from webhook_core.trading import guards  # few strategies have such limits

            if guards.needs_book(intent, rules):
                return True
        if not _is_of_fixed_size(intent) and _needs_anything(intent):
            return True
        if intent.symbol is None:
            return False
        try:
            self.pair_rules.current().resolve(intent.symbol)
        except UnknownSymbol as unknown:
            return unknown.ask_for is not None
        return False

    def _decided(self, wants: Wants, budget: Budget, *, appraised: bool) -> Decided | Denied:
        """In the words of a venue that has its own; Kraken is told what is stored."""
        decided = self._with_the_missed(wants, budget, appraised=appraised)
        if not isinstance(self.venue, HasItsOwnWords):
            return decided
        requests = (one._replace(words=self.venue.words_for(one)) for one in decided.plan.requests)
        return decided._replace(plan=decided.plan._replace(requests=tuple(requests)))

    def _with_the_missed(
        self, wants: Wants, budget: Budget, *, appraised: bool
    ) -> Decided | Denied:
        if wants.told is None:
            return self._held(wants, budget, appraised=appraised)
        from webhook_core.planning import missed_alerts  # few strategies look for one

        return missed_alerts.decided(
            self, wants, budget, lambda last: self._held(last, budget, appraised=appraised)
        )

    def _held(self, wants: Wants, budget: Budget, *, appraised: bool) -> Decided | Denied:
        decided = self._permitted(wants, budget, appraised=appraised)
        if isinstance(decided, Denied) or not wants.rules.limits_holdings:
            return decided
        from webhook_core.planning.within_limits import HeldLimits  # few strategies have one

        return HeldLimits(self, wants, budget).hold(decided)

    def _permitted(self, wants: Wants, budget: Budget, *, appraised: bool) -> Decided | Denied:
        """What a token allows is held against the alert's actions first, then
        against its orders."""
        wants = wants._replace(rules=self.with_losses(wants.rules))
        if wants.rules.permit is None:
            return self._held_together(wants, budget, appraised=appraised)
        from webhook_core.planning import permitted  # few senders have such a token

        forbidden = permitted.actions(wants, wants.rules.permit)
        if forbidden is not None:
            return forbidden
        decided = self._held_together(wants, budget, appraised=appraised)
        if not isinstance(decided, Denied):
            decided = permitted.cancels(decided, wants.rules.permit, self, budget) or decided
        return permitted.with_checks(decided, wants, wants.rules.permit)

    def _held_together(self, wants: Wants, budget: Budget, *, appraised: bool) -> Decided | Denied:
        decided = self._worked_out(wants, budget, appraised=appraised)
        if isinstance(decided, Denied) or not wants.rules.caps_alerts:
            return decided
        from webhook_core.planning import guarded  # few strategies have such limits

        return guarded.held_together(decided, wants.rules)

    def _worked_out(self, wants: Wants, budget: Budget, *, appraised: bool) -> Decided | Denied:
        """A plain order, whose size is fixed, goes straight through the planner; whatever needs
        more is worked out elsewhere."""
        intent = wants.intents[0]
        if wants.least:
            from webhook_core.planning.least_held import sale_of_the_free  # few exits wait

            return sale_of_the_free(self, wants, budget, appraised=appraised)
        if len(wants.intents) == 1 and _is_of_fixed_size(intent):
            return self._fixed(intent, wants.rules, budget, appraised=appraised)
        from webhook_core.planning.leg_plans import AlertPlanner

        return AlertPlanner(self, wants, budget, appraised=appraised).decided()

    def _fixed(
        self, intent: OrderIntent, rules: TradingRules, budget: Budget, *, appraised: bool
    ) -> Decided | Denied:
        instrument = self.allowed_pair(intent.symbol, rules, budget)
        ticker = None
        if planner.needs_ticker(intent, rules):
            early = planner.refused_early(intent, instrument, rules, self.clock.now())
            if early is not None and not appraised:
                return early
            if planner.exit_needs_market(intent):
                ticker = self.venue.last_price(instrument, budget, intent.reference_price)
            elif early is None or early.rule != "ALLOWED_SYMBOLS" or own_price(intent) is None:
                ticker = self.market_price(intent, instrument, budget)
        planned = self.planned(intent, instrument, rules, ticker, appraised=appraised)
        if rules.has_guards:
            from webhook_core.planning import guarded

            planned = guarded.held_against_spread(
                self, (intent, instrument), planned, rules, budget
            )
        return planned if isinstance(planned, Denied) else Decided(planned, sources=(0,))


def _begun(draft: Draft, now: datetime) -> Draft:
    """A start that has passed while the order waited to be sent is none: it begins at once."""
    terms = draft.wanted.terms
    if not isinstance(terms.starts, datetime) or terms.starts > now:
        return draft
    return draft._replace(wanted=draft.wanted._replace(terms=terms._replace(starts=None)))


def _is_of_fixed_size(intent: Intent) -> TypeGuard[OrderIntent]:
    if not isinstance(intent, OrderIntent) or intent.sells_own:
        return False
    return intent.quantity_type == "base"


def _needs_anything(intent: Intent) -> bool:
    from webhook_core.trading import needs

    return needs.of_intent(intent, capped=False) != needs.NOTHING
