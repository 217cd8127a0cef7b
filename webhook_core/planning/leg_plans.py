"""How an alert is planned that asks for more than one order of a fixed size: a leg after the other, on the same facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.planning.decision import Decided, Line, Unsent, Wants
from webhook_core.planning.order_changes import Changes
from webhook_core.planning.read_facts import Reading
from webhook_core.planning.sources import Sources
from webhook_core.trading import denials, kraken_limits, needs, planner
from webhook_core.trading import order_changes as open_orders
from webhook_core.trading.facts import Balance, Facts, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import (
    AmendIntent,
    CancelIntent,
    Intent,
    NoOrder,
    OrderIntent,
    PositionIntent,
)
from webhook_core.trading.market_needs import needs_market
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import Denied, Plan, denied
from webhook_core.trading.positions import exit_of, order_for
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.sizing import Basis, sized
from webhook_core.trading.symbols import display_name

if TYPE_CHECKING:
    from webhook_core.planning.freed_exits import Freed

_ZERO = Decimal(0)


class Workings:
    """Of one alert. The legs are planned one after the other on the same facts; only what a cancel sets free counts for the
    legs after it."""

    def __init__(self, sources: Sources, wants: Wants, budget: Budget, *, appraised: bool) -> None:
        self.sources, self.wants, self.budget, self.appraised = sources, wants, budget, appraised
        self.own = sources.own_orders
        self.facts = Facts()
        self.read_at = sources.clock.now()
        self.rows: Sequence[OpenPosition] = ()
        self.cancelled: list[RestingOrder] = []
        self.notes: list[str] = []
        self.unsent = Unsent()

    def decided(self) -> Decided | Denied:
        """Raises OrderDenied, UnknownSymbol, VenueUnavailable, NotItsTurn, LedgerUnavailable."""
        intents = self.wants.intents
        instruments = [self._instrument(intent) for intent in intents]
        refused = None if self.appraised else self._refused_early(instruments)
        if refused is not None:
            return refused
        line = self._line(intents, instruments)
        reading = Reading(
            self.sources,
            self.budget,
            rules=self.wants.rules,
            refused=self.wants.refused,
            keeps=not self.appraised,
        )
        self.read_at = self.sources.clock.now()
        self.facts = reading.of(list(zip(intents, instruments, strict=True)))
        self.rows = reading.rows
        warned = (reading.warning,) if reading.warning else ()
        plans: list[Plan] = []
        sources: list[int] = []
        nothing = []
        for number, (intent, instrument) in enumerate(zip(intents, instruments, strict=True)):
            planned = self._planned(intent, instrument)
            if isinstance(planned, Denied):
                return self._of_leg(number, planned._replace(notes=(*planned.notes, *warned)))
            if isinstance(planned, NoOrder):
                nothing.append(planned.why)
                continue
            plans.append(planned)
            sources += [number] * len(planned.requests)
        plan = _joined(plans)
        unmoved = (f"Nothing to do for one leg: {why}." for why in nothing if plans)
        plan = plan._replace(notes=(*plan.notes, *self.notes, *unmoved, *warned))
        return Decided(
            plan,
            nothing="" if plan.requests else "; ".join(nothing),
            symbol=next((display_name(instrument) for instrument in instruments if instrument), ""),
            independent=all(isinstance(intent, CancelIntent) for intent in intents),
            line=line,
            figures=reading.figures,
            counted_until=reading.counted_until,
            sources=tuple(sources),
            unsent=self.unsent,
        )

    def _instrument(self, intent: Intent) -> Instrument | None:
        if intent.symbol is None:
            return None
        return self.sources.allowed_pair(intent.symbol, self.wants.rules, self.budget)

    def _refused_early(self, instruments: list[Instrument | None]) -> Denied | None:
        """The leg that is refused for what is known of it before anything is read of account and market."""
        for number, (intent, instrument) in enumerate(
            zip(self.wants.intents, instruments, strict=True)
        ):
            refused = None if instrument is None else self._leg_refused_early(intent, instrument)
            if refused is not None:
                return self._of_leg(number, refused)
        return None

    def _leg_refused_early(self, intent: Intent, instrument: Instrument) -> Denied | None:
        rules, now = self.wants.rules, self.sources.clock.now()
        if isinstance(intent, NoOrder):
            return None
        if not isinstance(intent, OrderIntent):
            checks = [*denials.allowed_symbols(instrument, rules)]
            if not isinstance(intent, CancelIntent) and not _may_be_uncapped(intent, rules):
                checks += denials.uncapped_currencies(instrument, rules)
            refusal = denials.first(checks)
            return None if refusal is None else denied_by(refusal, ())
        asks = planner.needs_ticker(intent, rules)
        if asks or needs.of_intent(intent, capped=False) != needs.NOTHING:
            return planner.refused_early(intent, instrument, rules, now)
        planned = self._planned(intent, instrument)
        return planned if isinstance(planned, Denied) else None

    def _of_leg(self, number: int, refused: Denied) -> Denied:
        if len(self.wants.intents) == 1:
            return refused
        return refused._replace(message=f"orders[{number}]: {refused.message}")

    def _line(
        self, intents: tuple[Intent, ...], instruments: list[Instrument | None]
    ) -> Line | None:
        """Its mark is read before the facts: whoever claims in between makes them out of date."""
        for intent, instrument in zip(intents, instruments, strict=True):
            if instrument is not None and needs.depends_on_holdings(intent):
                name = f"{self.own.mode}/{self.own.account}/{self.wants.strategy}/{instrument.key}"
                return Line(name, self.own.ledger.mark(name))
        return None

    def _planned(self, intent: Intent, instrument: Instrument | None) -> Plan | NoOrder | Denied:
        if isinstance(intent, NoOrder):
            return intent
        if isinstance(intent, CancelIntent | AmendIntent):
            return self._changed(intent, instrument)
        if instrument is None:
            raise ValueError("an order without a pair")
        basis = self._basis(instrument, self._taker_fee(intent, instrument))
        freed = (
            self._freed(intent, instrument, basis) if isinstance(intent, PositionIntent) else None
        )
        if freed is not None:
            basis = self._basis(instrument, basis.taker_fee)
        order = (
            sized(intent, basis) if isinstance(intent, OrderIntent) else order_for(intent, basis)
        )
        if isinstance(order, Denied | NoOrder):
            return order
        if order.volume == 0 and order.notes:
            return denied("SIZE_ZERO", order.notes[-1])._replace(notes=order.notes)
        plan = self._limited(order, instrument, basis)
        if not isinstance(plan, Plan) or not needs.depends_on_holdings(intent):
            return plan
        exits = freed is not None or (
            isinstance(intent, PositionIntent) and intent.action == "close"
        )
        plan = plan._replace(
            requests=tuple(replace(one, exits=exits, counted=True) for one in plan.requests)
        )
        return (
            plan
            if freed is None
            else self._behind_cancels(plan, freed, order.leverage, instrument, basis)
        )

    def _limited(self, order: OrderIntent, instrument: Instrument, basis: Basis) -> Plan | Denied:
        """Held against every limit; whether a cap needs the market's price may show by now only."""
        rules, price = self.wants.rules, basis.price
        if price is None and needs_market(order, rules):
            price = self.sources.market_price(order, instrument, self.budget)
        planned = self.sources.planned(order, instrument, rules, price, appraised=self.appraised)
        if not rules.has_guards:
            return planned
        from webhook_core.planning import guarded  # few strategies have such limits

        return guarded.held_against_spread(
            self.sources, (order, instrument), planned, rules, self.budget
        )

    def _freed(self, intent: PositionIntent, instrument: Instrument, basis: Basis) -> Freed | None:
        """The strategy's own exits that stand in the way of this one."""
        side, needed = exit_of(intent, basis)
        if side is None or (
            self.facts.positions is not None and not self._positions_left_exits(instrument)
        ):
            return None
        from webhook_core.planning import freed_exits  # few exits find one in their way

        if self.facts.open_orders is None:
            self.facts = self.facts._replace(
                open_orders=self.sources.venue.open_orders(self.budget)
            )
        listed = self.facts.open_orders or ()
        free = freed_exits.Exits(self.sources, self.wants, instrument, side, self.budget)
        exits = [order for order in free.own(listed, self.read_at) if order not in self.cancelled]
        freed = freed_exits.freed(exits, needed)
        if freed is not None:
            self.cancelled += freed.orders
        return freed

    def _positions_left_exits(self, instrument: Instrument) -> bool:
        """Whether an entry of ours that opened the position has left one; the ledger says it without a call of Kraken."""
        opened_by = {row.order_id for row in self.rows if row.pair == instrument.key}
        return any(one.current.request.leaves_exit for one in self.own.of_orders(opened_by))

    def _behind_cancels(
        self, plan: Plan, freed: Freed, leverage: int | None, instrument: Instrument, basis: Basis
    ) -> Plan | Denied:
        """The exit behind the cancels, and a stop for what it leaves."""
        parts = [Plan(freed.cancels(instrument), (freed.note,)), plan]
        rest = freed.stop_for_the_rest(instrument, leverage)
        if rest is not None:
            stop = self._limited(rest, instrument, basis)
            if not isinstance(stop, Plan):
                return stop
            parts.append(stop._replace(requests=freed.marked(stop.requests)))
        return _joined(parts)

    def _basis(self, instrument: Instrument, taker_fee: Decimal) -> Basis:
        facts = self.facts
        if facts.balances is not None and self.cancelled:
            funds = facts.balances.get(instrument.base, Balance(_ZERO))
            freed = open_orders.released(
                [
                    order
                    for order in self.cancelled
                    if order.pair in (instrument.altname, instrument.key)
                ],
                Side.SELL,
            )
            held = max(_ZERO, funds.held - freed)
            facts = facts._replace(
                balances={**facts.balances, instrument.base: funds._replace(held=held)}
            )
        fresh = kraken_limits.rules_are_fresh(instrument, self.sources.clock.now())
        return Basis(instrument, facts, taker_fee, fresh)

    def _taker_fee(self, intent: OrderIntent | PositionIntent, instrument: Instrument) -> Decimal:
        """What a size that follows from what is free keeps back, in percent. Where Kraken has just refused the order it is no
        less than what holds for everybody: the account's own may have risen since it was read."""
        rules = self.wants.rules
        counts = isinstance(intent, OrderIntent) or intent.percent_of_equity is not None
        if self.facts.balances is None or not counts:
            return rules.fees.taker
        own = self.sources.fees(instrument, rules).taker
        return own if self.wants.refused is None else max(own, rules.fees.taker)

    def _changed(
        self, intent: CancelIntent | AmendIntent, instrument: Instrument | None
    ) -> Plan | NoOrder | Denied:
        orders = self.facts.open_orders or ()
        changes = Changes(self.sources, self.wants, orders, self.read_at, self.budget)
        if isinstance(intent, AmendIntent):
            return changes.amendment(intent, instrument)
        found = changes.cancels(intent, instrument)
        self.notes += [note for note in changes.notes if note not in self.notes]
        self.unsent = self.unsent.and_(changes.unsent)
        if not isinstance(found, Plan):
            return found
        before = {
            order.order_id for order in self.cancelled
        }  # one order is cancelled once, however often it is meant
        requests = tuple(request for request in found.requests if request.named not in before)
        ids = {request.named for request in requests}
        self.cancelled += [order for order in changes.orders if order.order_id in ids]
        return (
            found._replace(requests=requests)
            if requests
            else NoOrder("", "its orders are cancelled already")
        )


def _may_be_uncapped(intent: Intent, rules: TradingRules) -> bool:
    """Whether it may come to an exit that no cap holds up: the position tells."""
    if not isinstance(intent, PositionIntent) or not rules.exits_ignore_cost:
        return False
    return intent.action != "reverse" or not is_margin(intent.leverage)


def _joined(plans: list[Plan]) -> Plan:
    return Plan(
        tuple(request for plan in plans for request in plan.requests),
        tuple(note for plan in plans for note in plan.notes),
        tuple(
            appraisal
            for plan in plans
            for appraisal in plan.appraisals or (None,) * len(plan.requests)
        ),
        tuple(cost for plan in plans for cost in plan.costs),
    )
