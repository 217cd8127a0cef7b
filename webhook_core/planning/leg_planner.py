"""How one leg of an alert is planned: sized, held against every limit, and freed of what holds its
funds. Of the legs before it counts what a cancel sets free, and what an order sells or holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.planning.change_planner import Changes
from webhook_core.planning.decision import Unsent, Wants
from webhook_core.planning.sources import Sources
from webhook_core.trading import cancel_and_amend, kraken_limits, needs
from webhook_core.trading.basis import Basis, Sold
from webhook_core.trading.facts import Facts, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import (
    AmendIntent,
    CancelIntent,
    CloseOwnIntent,
    Intent,
    NoOrder,
    OrderIntent,
    PositionIntent,
)
from webhook_core.trading.market_needs import needs_market
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Denied, Plan, denied, joined
from webhook_core.trading.positions import is_flat, order_for
from webhook_core.trading.requests import Fill, OrderRequest
from webhook_core.trading.sizing import sized

if TYPE_CHECKING:
    from webhook_core.planning.beside_exits import Resting
    from webhook_core.planning.freed_exits import Freed


class LegPlanner:
    """Of one alert: what was read for it, and what its legs before have changed. ``fills``: what
    the orders that rest had filled, by order id, when what is held was counted. ``sold``: what
    legs before sell on spot, by asset: it is free no more. ``before``: the requests of those."""

    def __init__(self, sources: Sources, wants: Wants, budget: Budget, *, appraised: bool) -> None:
        self.sources, self.wants, self.budget, self.appraised = sources, wants, budget, appraised
        self.facts, self.rows = Facts(), list[OpenPosition]()
        self.fills: Mapping[str, Fill] = {}
        self.read_at = sources.clock.now()
        self.cancelled: list[RestingOrder] = []
        self.sold, self.before = dict[str, Sold](), list[OrderRequest]()
        self.notes: list[str] = []
        self.unsent = Unsent()

    def planned(self, intent: Intent, instrument: Instrument | None) -> Plan | NoOrder | Denied:
        if isinstance(intent, NoOrder):
            return intent
        if isinstance(intent, CancelIntent | AmendIntent):
            return self._changed(intent, instrument)
        if instrument is None or isinstance(intent, CloseOwnIntent):
            raise ValueError("an order without a pair")
        if isinstance(intent, OrderIntent):
            return self._ordered(intent, instrument)
        return self._led_to(intent, instrument)

    def _ordered(self, intent: OrderIntent, instrument: Instrument) -> Plan | Denied:
        """An order with a size of its own."""
        basis = self._basis(intent, instrument)
        order = sized(intent, basis)
        plan = order if isinstance(order, Denied) else self._limited(order, instrument, basis)
        counted = needs.depends_on_holdings(intent)
        return _marked(plan) if counted and isinstance(plan, Plan) else plan

    def _led_to(self, intent: PositionIntent, instrument: Instrument) -> Plan | NoOrder | Denied:
        """The order that leads to a position, and the cancels of the exits in its way."""
        basis = self._basis(intent, instrument)
        freed = self._freed(intent, instrument, basis)
        if freed is not None:
            basis = self._basis(intent, instrument)
        order = order_for(intent, basis)
        if isinstance(order, Denied | NoOrder):
            return self._idle_exits(order, intent, basis, freed)
        plan = self._limited(order, instrument, basis)
        if not isinstance(plan, Plan):
            return plan
        nearer = order.exit is not None or intent.action == "close"
        opens = not nearer and is_flat(intent, basis)
        exits = (nearer or freed is not None) and not opens
        plan = _marked(plan, exits=exits, whole=needs.is_close(intent))
        if freed is None:
            return plan
        return self._beside_cancels(plan, freed, order, basis, opens=opens)

    def _limited(self, order: OrderIntent, instrument: Instrument, basis: Basis) -> Plan | Denied:
        """Held against every limit; whether a cap needs the market's price may show by now only."""
        if order.volume == 0 and order.notes:
            return denied("SIZE_ZERO", order.notes[-1])._replace(notes=order.notes)
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
        from webhook_core.trading.in_the_way import in_the_way  # most alerts name no position

        way = in_the_way(intent, basis)
        if not way.sides:
            return None
        from webhook_core.planning import freed_exits

        margin = is_margin(intent.leverage)
        exits = self._own_exits(instrument, way.sides, margin=margin)
        beside = self.resting(instrument, way.sides[0], margin=margin, own=intent.own)
        freed = freed_exits.freed(exits, way, beside)
        if freed is not None:
            self.cancelled += freed.orders
        return freed

    def resting(self, instrument: Instrument, side: Side, *, margin: bool, own: bool) -> Resting:
        """What rests to close a position, and what is known of that by now."""
        from webhook_core.planning.beside_exits import Resting

        orders = self.facts.open_orders or (), tuple(self.cancelled)
        of = self.sources, self.wants, self.budget
        return Resting(*of, instrument, margin, side, own, *orders, self.fills, self.before)

    def _own_exits(
        self, instrument: Instrument, sides: Sequence[Side], *, margin: bool
    ) -> list[RestingOrder]:
        """The strategy's own that rest, whichever lot is open: Kraken closes the oldest ones first,
        so no open lot says whose exit may rest."""
        from webhook_core.planning.open_orders import read_open_orders
        from webhook_core.planning.own_exits import ExitLine, OwnExits

        if self.facts.open_orders is None:
            listed = read_open_orders(self.sources, self.budget)
            self.facts = self.facts._replace(open_orders=listed)
        listed = self.facts.open_orders or ()
        line = ExitLine(instrument, margin, sides[0] if len(sides) == 1 else None)
        exits = OwnExits(self.sources, self.wants.strategy, line, self.budget, self.wants.refused)
        own = exits.resting(listed, self.read_at, self.fills, self.facts.balances, self.rows)
        return [order for order in own if order not in self.cancelled]

    def _idle_exits(
        self,
        nothing: Denied | NoOrder,
        intent: PositionIntent,
        basis: Basis,
        freed: Freed | None,
    ) -> Plan | NoOrder | Denied:
        """Where nothing is to be traded no exit of the strategy's own is left either. ``freed``:
        for an order that there is not."""
        if freed is not None:
            self.cancelled = [one for one in self.cancelled if one not in freed.orders]
        if isinstance(nothing, Denied) or self.wants.least:
            return nothing
        from webhook_core.trading.in_the_way import idle_sides

        sides, margin = idle_sides(intent, basis), is_margin(intent.leverage)
        exits = self._own_exits(basis.instrument, sides, margin=margin) if sides else []
        if not exits and sides and self.cancelled and not self.appraised:
            from webhook_core.planning import idle_exits  # few alerts cancel and close

            legs = self.cancelled, intent.leverage
            return idle_exits.behind_plain_cancels(self.sources, nothing, basis.instrument, *legs)
        if not exits:
            return nothing
        self.cancelled += exits
        return self._idle_plan(exits, basis.instrument, intent.leverage, nothing)

    def _beside_cancels(
        self, plan: Plan, freed: Freed, order: OrderIntent, basis: Basis, *, opens: bool
    ) -> Plan:
        """The exit behind the cancels; what opens a position before them, for it does not follow
        from what they free."""
        pair, leverage = basis.instrument, order.leverage
        if opens:
            return joined([plan, self._idle_plan(freed.orders, pair, leverage)])
        rest = freed.stop_for_the_rest(pair, leverage, self.sources, self.budget)
        stop = None if rest is None else self._limited(rest, pair, basis)
        return freed.around(plan, stop, pair)

    def _idle_plan(
        self,
        exits: Sequence[RestingOrder],
        pair: Instrument,
        leverage: int | None,
        nothing: NoOrder | None = None,
    ) -> Plan:
        """``nothing``: why there is no order, None behind one that opens a position."""
        from webhook_core.planning import idle_exits  # few accounts have one

        plan = idle_exits.canceled(exits, pair, nothing)
        if self.appraised:
            return plan
        behind = idle_exits.behind_cancels(self.sources, exits, pair, leverage)
        return plan._replace(requests=(*plan.requests, *behind))

    def _basis(self, intent: OrderIntent | PositionIntent, instrument: Instrument) -> Basis:
        """A size that no position is named for is counted by what was free before plain orders of
        the alert sell, and cut by what they leave. One that follows from what is free keeps back
        the fee."""
        facts, sold, rules = self.facts, self.sold.get(instrument.base, Sold()), self.wants.rules
        follows = facts.balances is not None
        if isinstance(intent, PositionIntent):
            follows = follows and intent.percent_of_equity is not None
        gone = sold.whole if isinstance(intent, PositionIntent) else sold.closed
        if self.cancelled or gone:
            facts = cancel_and_amend.with_freed(facts, instrument, self.cancelled, gone)
        fresh = kraken_limits.rules_are_fresh(instrument, self.sources.clock.now())
        refused, taker_fee = self.wants.refused is not None, rules.fees.taker
        if follows:
            taker_fee = self.sources.kept_back(instrument, rules, refused=refused)
        return Basis(instrument, facts, taker_fee, fresh, sold)

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
        # One order is cancelled once, however often it is meant.
        before = {order.order_id for order in self.cancelled}
        requests = tuple(request for request in found.requests if request.named not in before)
        ids = {request.named for request in requests}
        self.cancelled += [order for order in changes.orders if order.order_id in ids]
        return (
            found._replace(requests=requests)
            if requests
            else NoOrder("", "its orders are cancelled already")
        )


def _marked(plan: Plan, *, exits: bool = False, whole: bool = False) -> Plan:
    """As one that is counted: its size follows from what is held."""
    marked = (one._replace(exits=exits, counted=True, whole=whole) for one in plan.requests)
    return plan._replace(requests=tuple(marked))
