"""From what an alert wants to a plan, with the facts of account and market that the plan needs and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from webhook_core.errors import OrderDenied
from webhook_core.events import timed
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.pair_rules import PairRules
from webhook_core.ports import Budget, Clock, Ledger, Venue
from webhook_core.trading import denials, planner
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderIntent, OrderRequest
from webhook_core.trading.planner import Denied, Plan
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.symbols import UnknownSymbol

if TYPE_CHECKING:
    from webhook_core.own_orders import OwnOrders
    from webhook_core.planning.account_fees import AccountFees
    from webhook_core.trading.drafts import Draft
    from webhook_core.trading.rules import Fees
    from webhook_core.trading.wishes import Intent


class Wants(NamedTuple):
    """What one firing wants, a leg each; ``strategy`` is whose, and ``bound`` whether its credential is that strategy's alone.
    ``refused``, where one leg is planned again, is its entry: that order is none that a figure of Kraken's may lack."""

    intents: tuple[Intent, ...]
    rules: TradingRules
    strategy: str
    bound: bool = False
    refused: Unit | None = None


class Line(NamedTuple):
    """The line that the orders of a strategy in one pair take turns in, and its mark from before the facts were read."""

    name: str
    mark: str


class Decided(NamedTuple):
    """What is to be sent, one request a leg. ``nothing`` says why there is none, of ``symbol`` for people. ``independent``: one
    that fails stops no other.
    ``line`` is None unless what is sent follows from what the account holds, as ``figures`` show it, with our orders in them
    that were claimed by ``counted_until``. ``sources``: which of the
    alert's intents each request is for."""

    plan: Plan
    nothing: str = ""
    symbol: str = ""
    independent: bool = False
    line: Line | None = None
    figures: Mapping[str, Decimal] = MappingProxyType({})
    counted_until: datetime | None = None
    sources: tuple[int, ...] = ()

    @property
    def requests(self) -> tuple[OrderRequest, ...]:
        return self.plan.requests


@dataclass(slots=True, eq=False, repr=False)
class Market:
    """Kraken's rules and prices, and what the account holds, as far as a plan needs them. ``margin`` is how far Kraken's reads
    may lag its engine; ``mode`` and ``account`` are those of the venue."""

    pair_rules: PairRules
    venue: Venue
    clock: Clock
    ledger: Ledger
    mode: str
    account: str
    margin: timedelta
    _account_fees: AccountFees | None = None

    @property
    def account_fees(self) -> AccountFees | None:
        """What was read of them; None on paper, where they are settings. No plan of a fixed size asks."""
        if self._account_fees is None and self.mode != "paper":
            from webhook_core.planning.account_fees import AccountFees

            self._account_fees = AccountFees(f"fees-{self.account}", self.pair_rules.documents, self.venue, self.clock)
        return self._account_fees

    def fees(self, instrument: Instrument, rules: TradingRules) -> Fees:
        """The account's own where they are known, else those that hold for everybody."""
        account_fees = self.account_fees
        own = None if account_fees is None else account_fees.of(instrument)
        return rules.fees if own is None else own

    @property
    def own_orders(self) -> OwnOrders:
        """What the ledger knows of our own orders; no plan of a fixed size asks."""
        from webhook_core.own_orders import OwnOrders

        return OwnOrders(self.mode, self.account, self.ledger, self.clock, self.margin)

    def must_ask(self, wants: Wants) -> bool:
        """Whether the plan needs a read of Kraken: a pair whose rules we lack, a price for a cost cap, what is held."""
        return any(self._must_ask(intent, wants.rules) for intent in wants.intents)

    @timed("plan")
    def decide(self, wants: Wants, budget: Budget) -> Decided:
        """Raises OrderDenied with the rule and its numbers, UnknownSymbol, VenueUnavailable, NotItsTurn."""
        decided = self._decided(wants, budget, appraised=False)
        if isinstance(decided, Denied):
            raise OrderDenied(decided.message, notes=decided.notes)
        return decided

    @timed("plan")
    def appraise(self, wants: Wants, budget: Budget) -> Decided | Denied:
        """The same, or the refusal of it, with every check and what it would cost."""
        return self._decided(wants, budget, appraised=True)

    @timed("plan")
    def replan(self, intent: Intent, wants: Wants, refused: Unit, budget: Budget) -> OrderRequest | str:
        """One intent of an alert planned again, after reading the pair's rules again: its request, or why there is none.
        ``refused`` is the entry of the request that Kraken did not take.

        Raises VenueUnavailable.
        """
        symbol = getattr(intent, "symbol", None)
        if symbol is not None:
            self.pair_rules.learn([self.pair_rules.current().resolve(symbol).key], budget)
        decided = self._decided(wants._replace(intents=(intent,), refused=refused), budget, appraised=False)
        if isinstance(decided, Denied):
            return decided.message
        return decided.requests[0] if len(decided.requests) == 1 else decided.nothing or "nothing is left to send"

    def instrument(self, symbol: str, budget: Budget) -> Instrument:
        """The pair of that name; Kraken is asked for one whose rules we lack. Raises UnknownSymbol, VenueUnavailable."""
        try:
            return self.pair_rules.current().resolve(symbol)
        except UnknownSymbol as unknown:
            if unknown.ask_for is None:
                raise
            return self.pair_rules.learn([unknown.ask_for], budget).resolve(symbol)

    def allowed_pair(self, symbol: str, rules: TradingRules, budget: Budget) -> Instrument:
        """The pair of that name, as ``instrument`` finds it; but Kraken is not asked for one that no list can mean.

        Raises OrderDenied for that, UnknownSymbol, VenueUnavailable.
        """
        known = self.pair_rules.current()
        try:
            return known.resolve(symbol)
        except UnknownSymbol as unknown:
            if unknown.ask_for is None:
                raise
            denied = denials.unlisted(rules, known)
            if denied is not None:
                raise OrderDenied(denied.message, field="symbol") from None
            return self.pair_rules.learn([unknown.ask_for], budget).resolve(symbol)

    def hold(self, entry: LedgerEntry, rules: TradingRules, budget: Budget) -> str:
        """The order that an entry is about to send, as it is stored, held against the rules: why they forbid it, or nothing.

        Raises VenueUnavailable.
        """
        request = entry.current.request
        if request.method != "AddOrder" or entry.state is not State.SUBMITTING:
            return ""
        from webhook_core.trading.sent_orders import as_stored

        try:
            draft = as_stored(request, self.instrument(request.pair, budget), request.reference_price)
        except (UnknownSymbol, ValueError) as error:
            return f"What is stored can't be held against the limits of today: {error}"
        now = self.clock.now()
        denied = denials.refusal(_begun(draft, now), rules, now)
        return "" if denied is None else denied.message

    def _must_ask(self, intent: Intent, rules: TradingRules) -> bool:
        if _is_of_fixed_size(intent):
            if planner.needs_ticker(intent, rules):
                return True
        elif _needs_anything(intent, rules):
            return True
        if intent.symbol is None:
            return False
        try:
            self.pair_rules.current().resolve(intent.symbol)
        except UnknownSymbol as unknown:
            return unknown.ask_for is not None
        return False

    def _decided(self, wants: Wants, budget: Budget, *, appraised: bool) -> Decided | Denied:
        """A plain order, whose size is fixed, goes straight through the planner; whatever needs more is worked out elsewhere."""
        intent = wants.intents[0]
        if len(wants.intents) == 1 and _is_of_fixed_size(intent):
            return self._fixed(intent, wants.rules, budget, appraised=appraised)
        from webhook_core.workings import Workings

        return Workings(self, wants, budget, appraised=appraised).decided()

    def _fixed(self, intent: OrderIntent, rules: TradingRules, budget: Budget, *, appraised: bool) -> Decided | Denied:
        instrument = self.allowed_pair(intent.symbol, rules, budget)
        ticker = None
        if planner.needs_ticker(intent, rules):
            early = None if appraised else planner.refused_early(intent, instrument, rules, self.clock.now())
            if early is not None:
                return early
            ticker = self.venue.last_price(instrument, budget, intent.reference_price)
        planned = self.planned(intent, instrument, rules, ticker, appraised=appraised)
        return planned if isinstance(planned, Denied) else Decided(planned, sources=(0,))

    def planned(
        self,
        intent: OrderIntent,
        instrument: Instrument,
        rules: TradingRules,
        ticker: Decimal | None,
        *,
        appraised: bool,
    ) -> Plan | Denied:
        """One order of a size that Kraken takes, held against every limit."""
        if not appraised:
            return planner.plan(intent, instrument, rules, self.clock.now(), ticker)
        known = rules._replace(fees=self.fees(instrument, rules))
        return planner.appraise(intent, instrument, known, self.clock.now(), ticker)


def _begun(draft: Draft, now: datetime) -> Draft:
    """A start that has passed while the order waited to be sent is none: it begins at once."""
    terms = draft.wanted.terms
    if not isinstance(terms.starts, datetime) or terms.starts > now:
        return draft
    return draft._replace(wanted=draft.wanted._replace(terms=terms._replace(starts=None)))


def _is_of_fixed_size(intent: Intent) -> TypeGuard[OrderIntent]:
    return isinstance(intent, OrderIntent) and intent.quantity_type == "base"


def _needs_anything(intent: Intent, rules: TradingRules) -> bool:
    from webhook_core.trading import needs

    return needs.of_intent(intent, capped=bool(rules.caps)) != needs.NOTHING
