"""How an alert is planned that asks for more than one order of a fixed size: a leg after the other,
on the same facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

from webhook_core.clock import Budget
from webhook_core.errors import OrderDenied
from webhook_core.planning.decision import Decided, Line, Wants
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.planning.own_changes import own_key
from webhook_core.planning.read_facts import Leg, Read, Reading
from webhook_core.planning.sources import Sources
from webhook_core.trading import denials, needs, planner
from webhook_core.trading.basis import Sold
from webhook_core.trading.facts import part_of
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import (
    CancelIntent,
    CloseOwnIntent,
    Intent,
    NoOrder,
    OrderIntent,
    PositionIntent,
)
from webhook_core.trading.orders import is_margin
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import Denied, Plan, joined
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.symbols import display_name

PlanLeg = Callable[[Intent, Instrument | None], Plan | NoOrder | Denied]


class AlertPlanner:
    """Of one alert.

    The legs are planned one after the other on the same facts; of those before it a leg counts
    what a cancel sets free, and what an order sells or holds.
    """

    def __init__(self, sources: Sources, wants: Wants, budget: Budget, *, appraised: bool) -> None:
        self.sources, self.wants, self.budget, self.appraised = sources, wants, budget, appraised
        self.legs = LegPlanner(sources, wants, budget, appraised=appraised)

    def decided(self) -> Decided | Denied:
        """Raises OrderDenied, UnknownSymbol, VenueUnavailable, NotItsTurn, LedgerUnavailable."""
        intents = self.wants.intents
        if isinstance(intents[0], CloseOwnIntent):
            from webhook_core.planning import own_closes  # few alerts mean more than a pair

            return own_closes.decided(
                self.sources, self.wants, intents[0], self.budget, appraised=self.appraised
            )
        instruments = [self._instrument(intent) for intent in intents]
        refused = None if self.appraised else self._refused_early(instruments)
        if refused is not None:
            return refused
        line = self._line(intents, instruments)
        legs = list(zip(intents, instruments, strict=True))
        read = self._read(legs)
        planned = self._planned(legs, (read.warning,) if read.warning else ())
        if isinstance(planned, Denied):
            return planned
        return planned._replace(
            symbol=next((display_name(instrument) for instrument in instruments if instrument), ""),
            independent=all(isinstance(intent, CancelIntent) for intent in intents),
            line=line,
            figures={**read.figures, **self._own_figures(legs)},
            counted=read.counted,
        )

    def _read(self, legs: Sequence[Leg]) -> Read:
        """What the legs are planned on."""
        _check_pair(legs)
        keeps = not self.appraised
        self.legs.read_at = self.sources.clock.now()
        read = Reading(
            self.sources,
            self.budget,
            rules=self.wants.rules,
            refused=self.wants.refused,
            keeps=keeps,
        ).of(legs)
        self.legs.facts, self.legs.fills = read.facts, read.fills
        self.legs.rows = list(read.rows)
        if any(needs.follows_from_own(intent) for intent, _ in legs):
            from webhook_core.planning import own_positions  # most alerts mean all that is held

            own = own_positions.OwnPositions(
                self.sources, self.budget, self.wants.refused, keeps=keeps
            )
            self.legs.facts = own.added_to(read, self.wants.strategy, legs)
            self.legs.fills = {**read.fills, **own.filled}
        return read

    def _planned(self, legs: Sequence[Leg], warned: tuple[str, ...]) -> Decided | Denied:
        """The plans of the legs, joined; or the first that is denied."""
        plan_leg, plans, nothing = self._leg_planner(legs), list[Plan](), list[str]()
        sources: list[int] = []
        for number, (intent, instrument) in enumerate(legs):
            planned = plan_leg(intent, instrument)
            if isinstance(planned, Denied) and self.legs.before:
                planned = self._behind_others(planned, plan_leg, intent, instrument)
            if isinstance(planned, Denied):
                return self._of_leg(number, planned._replace(notes=(*planned.notes, *warned)))
            if isinstance(planned, NoOrder):
                nothing.append(planned.why)
                continue
            plans.append(planned)
            self._count(planned, instrument)
            sources += [number] * len(planned.requests)
        plan = joined(plans)
        if _closes_beside_others([intent for intent, _ in legs]):
            from webhook_core.planning import several_closes  # few alerts close twice

            plan, sources = several_closes.together(self.legs, legs, plan, sources)
        unmoved = (f"Nothing to do for one leg: {why}." for why in nothing if plans)
        return Decided(
            plan._replace(notes=(*plan.notes, *self.legs.notes, *unmoved, *warned)),
            nothing="" if plan.requests else "; ".join(nothing),
            sources=tuple(sources),
            unsent=self.legs.unsent,
            canceled=tuple(self.legs.cancelled),
        )

    def _count(self, planned: Plan, instrument: Instrument | None) -> None:
        """For the legs behind it. What trades at its limit at once or never holds nothing by then,
        and what it sells nobody knows."""
        self.legs.before += planned.requests
        if instrument is not None:
            sold = self.legs.sold.get(instrument.base, Sold())
            known = [one for one in planned.requests if not one.is_now_or_never]
            self.legs.sold[instrument.base] = sold.and_by(known)

    def _leg_planner(self, legs: Sequence[Leg]) -> PlanLeg:
        plan_leg: PlanLeg = self.legs.planned
        if self._may_sell_twice and any(needs.follows_from_own(intent) for intent, _ in legs):
            from webhook_core.planning.own_sold import OwnLeft  # most sell once

            plan_leg = OwnLeft(self.legs).planned
        if any(getattr(one, "quantity_type", "") == "percent_position" for one, _ in legs[1:]):
            from webhook_core.planning import percent_left

            return partial(percent_left.planned_leg, plan_leg, self.legs)
        return plan_leg

    def _behind_others(
        self, refused: Denied, plan_leg: PlanLeg, intent: Intent, instrument: Instrument | None
    ) -> Plan | NoOrder | Denied:
        """A leg that is denied, where that is for what legs before it sell."""
        from webhook_core.planning import behind_limits, several_closes  # few legs are denied

        if several_closes.is_all_closed(self.legs, intent, instrument):
            return NoOrder(intent.symbol or "", "the legs before it close all that is held")
        return behind_limits.planned_without(plan_leg, self.legs, refused, intent, instrument)

    @property
    def _may_sell_twice(self) -> bool:
        """In several legs, or by orders that rest: beside a bound token's, or a percentage."""
        permit, intents = self.wants.rules.permit, self.wants.intents
        is_bound = permit is not None and permit.exits_own
        return len(intents) > 1 or is_bound or isinstance(intents[0], OrderIntent)

    def _own_figures(self, legs: Sequence[Leg]) -> dict[str, Decimal]:
        """What the strategy bought, as far as the legs mean it."""
        own = dict(self.legs.facts.own or {})
        for intent, pair in legs:
            most = getattr(intent, "most", None)
            if pair is not None and most is not None:
                own[pair.key] = part_of(own[pair.key], most)
        return {own_key(pair): volume for pair, volume in own.items()}

    def _instrument(self, intent: Intent) -> Instrument | None:
        if intent.symbol is None:
            return None
        return self.sources.allowed_pair(intent.symbol, self.wants.rules, self.budget)

    def _refused_early(self, instruments: list[Instrument | None]) -> Denied | None:
        """The leg that is refused for what is known of it before anything is read of
        account and market."""
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
        planned = self.legs.planned(intent, instrument)
        return planned if isinstance(planned, Denied) else None

    def _of_leg(self, number: int, refused: Denied) -> Denied:
        if len(self.wants.intents) == 1:
            return refused
        return refused._replace(message=f"orders[{number}]: {refused.message}", leg=number)

    def _line(
        self, intents: tuple[Intent, ...], instruments: list[Instrument | None]
    ) -> Line | None:
        """Its mark is read before the facts: whoever claims in between makes them out of date."""
        for intent, instrument in zip(intents, instruments, strict=True):
            if instrument is not None and needs.depends_on_holdings(intent):
                return Line.of(self.sources.own_orders, self.wants.strategy, instrument)
        return None


def _check_pair(legs: Sequence[Leg]) -> None:
    """The figures are read once, and the line is one: so the legs that follow from them are of one
    pair, on spot or on margin. Raises OrderDenied."""
    sized = {
        (instrument, is_margin(getattr(intent, "leverage", None)))
        for intent, instrument in legs
        if needs.depends_on_holdings(intent)
    }
    if len(sized) > 1:
        raise OrderDenied(
            "LEGS_PAIR: the legs of one alert whose size follows from what the account holds must "
            "be of one pair, all with leverage or all without: send an alert for each.",
            field="orders",
        )


def _closes_beside_others(intents: Sequence[Intent]) -> bool:
    """Whether more legs than one trade, and one of them closes or may."""
    trading = [one for one in intents if isinstance(one, OrderIntent | PositionIntent)]
    return len(trading) > 1 and any(isinstance(one, PositionIntent) for one in trading)


def _may_be_uncapped(intent: Intent, rules: TradingRules) -> bool:
    """Whether it may come to an exit that no cap holds up: the position tells."""
    if not isinstance(intent, PositionIntent) or not rules.exits_ignore_cost:
        return False
    return intent.action != "reverse" or not is_margin(intent.leverage)
