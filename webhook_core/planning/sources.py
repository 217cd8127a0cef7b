"""Where the facts of a plan come from, as one value that is handed down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.clock import Budget, Clock
from webhook_core.errors import OrderDenied
from webhook_core.ledger.contract import Documents, Ledger
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.pair_rules import PairRules
from webhook_core.trading import denials, planner
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.symbols import UnknownSymbol
from webhook_core.trading.worst_price import cap_needs_market, own_price
from webhook_core.value import Record
from webhook_core.venue import SaysWhosePricesTheseAre, Venue

if TYPE_CHECKING:
    from webhook_core.money.trades import Trade
    from webhook_core.planning.account_fees import AccountFees
    from webhook_core.planning.own_orders import OwnOrders
    from webhook_core.planning.seen_figures import SeenFigures
    from webhook_core.planning.seen_resting import AtRest
    from webhook_core.risk.pausing import Pausing
    from webhook_core.trading.facts import RestingOrder
    from webhook_core.trading.rules import Fees


COUNTED_BY_THE_ALERT = (
    "the cost is counted at the price that the alert names, its limit or trigger if that is all, "
    "since with PAPER_PRICES=alert there is no other: here the cap is not independent of the alert"
)
COUNTED_FOR_S = 60.0
"""So old may a last price be that a cost is counted at."""


class Sources(Record):
    """Kraken's rules and prices, and what the account holds, as far as a plan needs them.

    ``read_lag`` is how far Kraken's reads may lag its engine; ``mode`` and ``account`` are
    those of the venue.
    """

    pair_rules: PairRules
    venue: Venue
    clock: Clock
    ledger: Ledger
    mode: str
    account: str
    read_lag: timedelta
    look_up: Callable[[LedgerEntry, Budget], LedgerEntry]
    _account_fees: AccountFees | None = None

    @property
    def documents(self) -> Documents:
        """The named texts beside the ledger."""
        return self.pair_rules.documents

    @property
    def pausing(self) -> Pausing:
        """The pauses of this account. No plan asks: a claim looks for itself."""
        from webhook_core.risk.pausing import Pausing  # few alerts do

        return Pausing(self.documents, self.clock, self.mode, self.account)

    @property
    def account_fees(self) -> AccountFees | None:
        """What was read of them; None on paper, where they are settings.

        No plan of a fixed size asks.
        """
        if self._account_fees is None and self.mode != "paper":
            from webhook_core.planning.account_fees import AccountFees

            self._account_fees = AccountFees(
                f"fees-{self.account}", self.documents, self.venue, self.clock
            )
        return self._account_fees

    def fees(self, instrument: Instrument, rules: TradingRules) -> Fees:
        """The account's own where they are known, else those that hold for everybody."""
        account_fees = self.account_fees
        own = None if account_fees is None else account_fees.of(instrument)
        return rules.fees if own is None else own

    def kept_back(self, instrument: Instrument, rules: TradingRules, *, refused: bool) -> Decimal:
        """The fee in percent that a size which follows from what is free keeps back.

        Where Kraken has just refused the order it is no less than what holds for everybody: the
        account's own may have risen since it was read.
        """
        own = self.fees(instrument, rules).taker
        return max(own, rules.fees.taker) if refused else own

    @property
    def own_orders(self) -> OwnOrders:
        """What the ledger knows of our own orders; no plan of a fixed size asks."""
        from webhook_core.planning.own_orders import OwnOrders

        account = self.mode, self.account
        return OwnOrders(*account, self.ledger, self.clock, self.read_lag, self._seen)

    @property
    def _seen(self) -> SeenFigures | None:
        """What reconcile saw the account hold; on paper no read lags."""
        if self.mode == "paper":
            return None
        from webhook_core.planning.seen_figures import SeenFigures

        return SeenFigures(self.documents, self.mode, self.account)

    def seen_resting(self) -> Mapping[str, AtRest]:
        """The orders that reconcile saw at rest, by id. Raises LedgerUnavailable."""
        if self.mode == "paper":
            return {}
        from webhook_core.planning.seen_resting import SeenResting

        return SeenResting(self.documents, self.mode, self.account).orders()

    def with_losses(self, rules: TradingRules) -> TradingRules:
        """With what is known of today's losses, where somebody limits them: one read. Raises
        LedgerUnavailable."""
        if not rules.limits_loss:
            return rules
        from webhook_core.risk import loss_figures  # few strategies have such a limit

        documents = self.documents
        return rules._replace(losses=loss_figures.read(documents, self.mode, self.account))

    def bought_by_purged(self, order: RestingOrder) -> Trade | None:
        """A trade of the entry that left this exit: the ledger has purged that, and what it bought
        is kept for good. None for any other order. Raises LedgerUnavailable."""
        if order.parent is None:
            return None
        from webhook_core.money.owners import forgotten  # few exits are so old
        from webhook_core.money.trade_store import TradeStore

        store = TradeStore(self.documents, self.mode, self.account)
        return forgotten(store, order.parent, order.opened_at)

    def instrument(self, symbol: str, budget: Budget) -> Instrument:
        """The pair of that name; Kraken is asked for one whose rules we lack.

        Raises UnknownSymbol, VenueUnavailable.
        """
        try:
            return self.pair_rules.current().resolve(symbol)
        except UnknownSymbol as unknown:
            if unknown.ask_for is None:
                raise
            return self.pair_rules.learn([unknown.ask_for], budget).resolve(symbol)

    def known_pairs(self, budget: Budget) -> Callable[[str], Instrument | None]:
        """The same of what an order names; None for nothing, and for one that no longer is."""

        def known(pair: str) -> Instrument | None:
            try:
                return self.instrument(pair, budget) if pair else None
            except UnknownSymbol:
                return None

        return known

    def allowed_pair(self, symbol: str, rules: TradingRules, budget: Budget) -> Instrument:
        """The pair of that name, as ``instrument`` finds it; but Kraken is not asked for
        one that no list can mean.

        Raises OrderDenied for that, UnknownSymbol, VenueUnavailable.
        """
        known = self.pair_rules.current()
        try:
            return known.resolve(symbol)
        except UnknownSymbol as unknown:
            if unknown.ask_for is None:
                raise
            denied = denials.unlisted(symbol, rules, known)
            if denied is not None:
                raise OrderDenied(denied.message, field="symbol") from None
            return self.pair_rules.learn([unknown.ask_for], budget).resolve(symbol)

    def market_price(
        self,
        wanted: OrderIntent,
        instrument: Instrument,
        budget: Budget,
        max_age_s: float = COUNTED_FOR_S,
    ) -> Decimal:
        """What a cost is counted at: the venue's last price; on paper, where the market is what an
        alert says, the alert's own. Raises VenueUnavailable."""
        return self.venue.last_price(instrument, budget, own_price(wanted), max_age_s=max_age_s)

    def planned(
        self,
        intent: OrderIntent,
        instrument: Instrument,
        rules: TradingRules,
        ticker: Decimal | None,
        *,
        appraised: bool,
    ) -> Plan | Denied:
        """One order of a size that Kraken takes, held against every limit. ``ticker``: the last
        price, which a cap may need (``needs_market``)."""
        if not appraised:
            planned = planner.plan(intent, instrument, rules, self.clock.now(), ticker)
        else:
            known = rules._replace(fees=self.fees(instrument, rules))
            planned = planner.appraise(intent, instrument, known, self.clock.now(), ticker)
        if self._waits_at_its_own_price(intent):
            planned = _telling_no_price(planned)
        notes: tuple[str, ...] = ()
        if self._is_counted_by_the_alert(intent, rules):
            notes = (COUNTED_BY_THE_ALERT,)
        if rules.has_guards:
            from webhook_core.trading import guards  # few strategies have any

            notes += guards.unjudged(intent, rules)
        return planned._replace(notes=(*planned.notes, *notes)) if notes else planned

    def _is_counted_by_the_alert(self, intent: OrderIntent, rules: TradingRules) -> bool:
        """Whether a cap had nothing but the alert's own price to count with."""
        named = own_price(intent) is not None and cap_needs_market(intent, rules)
        return named and self._is_priced_by_alerts

    def _waits_at_its_own_price(self, intent: OrderIntent) -> bool:
        """Whether ``market_price`` is no price of the market, but the limit or trigger that the
        market is to come to."""
        at_rest = intent.reference_price is None and own_price(intent) is not None
        return at_rest and self._is_priced_by_alerts

    @property
    def _is_priced_by_alerts(self) -> bool:
        venue = self.venue
        return isinstance(venue, SaysWhosePricesTheseAre) and venue.priced_by_alerts


def _telling_no_price(planned: Plan | Denied) -> Plan | Denied:
    """A venue on paper takes a request's reference for the price of its market."""
    if isinstance(planned, Denied):
        return planned
    untold = tuple(request._replace(reference_price=None) for request in planned.requests)
    return planned._replace(requests=untold)
