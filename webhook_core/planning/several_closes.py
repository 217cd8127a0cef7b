"""Several orders that close one position in one alert, each planned on what is held before the
first.

Several closes together close no more than is held. What one leaves gets its stop back behind the
last of them, over what all of them leave: before that it would hold what the next one sells, and in
the end rest over nothing. So does one beside a plain order that trades at once, by the rule of
``trading.in_the_way``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from webhook_core.planning.beside_exits import free_with, taken
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.planning.read_facts import Leg
from webhook_core.trading.basis import Sold
from webhook_core.trading.facts import Balance, Facts, part_of
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import Intent, OrderIntent, PositionIntent
from webhook_core.trading.needs import is_close
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import NOT_ALL_CLOSED, Plan, undone
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain, round_volume

_ZERO = Decimal(0)
_OPENED = (
    "what an order in front of the close opens stays, for what is held is counted before the first "
    "leg: send the close first, or as an alert of its own"
)


class Planned(NamedTuple):
    """``source``: which leg of the alert the request is for."""

    source: int
    request: OrderRequest

    def of(self, volume: Decimal) -> Planned:
        """The same order of that size."""
        if volume == self.request.volume:
            return self
        fields = {**self.request.parameters, "volume": plain(volume)}
        return self._replace(request=self.request._replace(parameters=fields))


class ToClose(NamedTuple):
    """``held``: base, above zero. ``side`` of what closes it. ``own``: it is what the strategy
    bought; ``whole`` is what the account holds."""

    pair: Instrument
    margin: bool
    held: Decimal
    side: Side = Side.SELL
    own: bool = False
    whole: Decimal = _ZERO

    def takes(self, volume: Decimal) -> Decimal:
        """As an order may have it, zero for less than it takes."""
        rounded = round_volume(self.pair, volume)
        return _ZERO if rounded < (self.pair.ordermin or _ZERO) else rounded


def is_all_closed(planner: LegPlanner, intent: Intent, pair: Instrument | None) -> bool:
    """Whether the legs before a close, or a sale, sell all that the account holds on spot."""
    if pair is None or not isinstance(intent, PositionIntent | OrderIntent):
        return False
    if is_margin(intent.leverage) or getattr(intent, "side", Side.SELL) is not Side.SELL:
        return False
    gone = planner.sold.get(pair.base, Sold()).gone
    held = (planner.facts.balances or {}).get(pair.base, Balance(_ZERO)).total
    return gone > 0 and not ToClose(pair, margin=False, held=held).takes(held - gone)


def together(
    planner: LegPlanner, legs: Sequence[Leg], plan: Plan, sources: Sequence[int]
) -> tuple[Plan, list[int]]:
    """The plan of these legs as it is sent; ``sources``: which leg each request is for."""
    planned = list(map(Planned, sources, plan.requests))
    if _opens_in_front(legs, planned, planner.facts):
        plan = plan._replace(notes=(*plan.notes, undone(NOT_ALL_CLOSED, _OPENED)))
    for position in dict.fromkeys(_positions(planner.facts, legs)):
        canceled = {
            order.order_id: order.left
            for order in planner.cancelled
            if order.pair in (position.pair.altname, position.pair.key)
            and (order.margin, order.side) == (position.margin, position.side)
        }
        planned = _of_one(planned, position, canceled)
        if any(_puts_back(one.request, position) for one in planned):
            line = position.pair, position.side
            beside = planner.resting(*line, margin=position.margin, own=position.own)
            there = (
                None if position.margin else free_with(planner.cancelled, planner.facts, line[0])
            )
            at_once = [one.request for one in planned if _trades_at_once(one.request, position)]
            closed = taken((one.volume for one in at_once), there)
            planned = _over_what_remains(planned, position, canceled, beside.closing(), closed)
    if [one.request for one in planned] == list(plan.requests):
        return plan, list(sources)
    whole = plan._replace(requests=tuple(one.request for one in planned), appraisals=())
    return whole, [one.source for one in planned]


def _opens_in_front(legs: Sequence[Leg], planned: Sequence[Planned], facts: Facts) -> bool:
    """Whether an order at the market opens more of what a close of all behind it closes."""
    for number, (intent, pair) in enumerate(legs):
        for position in _positions(facts, [(intent, pair)]) if is_close(intent) else ():
            before = [one.request for one in planned if one.source < number]
            if any(_opens(request, position) for request in before):
                return True
    return False


def _opens(request: OrderRequest, position: ToClose) -> bool:
    if not _is_of(request, position) or request.exits or request.reduces_only:
        return False
    is_now = request.at_market and not request.is_scheduled
    more = request.side is not position.side or (position.margin and not position.held)
    return is_now and more


def _positions(facts: Facts, legs: Sequence[Leg]) -> Iterator[ToClose]:
    for intent, pair in legs:
        if not isinstance(intent, PositionIntent) or pair is None:
            continue
        margin = is_margin(intent.leverage)
        held = (facts.positions or {}).get(pair.key, _ZERO)
        if not margin:
            held = (facts.balances or {}).get(pair.base, Balance(_ZERO)).total
        whole = abs(held)
        if intent.own:
            held = part_of((facts.own or {}).get(pair.key, _ZERO), held)
        side = Side.BUY if held < 0 else Side.SELL
        yield ToClose(pair, margin, abs(held), side, intent.own, whole)


def _of_one(
    planned: Sequence[Planned], position: ToClose, canceled: Mapping[str, Decimal]
) -> list[Planned]:
    """The orders as they are sent; as planned unless one closes the position behind another.

    ``canceled``: what the exits that they cancel held, by order id.
    """
    if not _closes_behind_another(planned, position) or _is_turned(planned, position):
        return list(planned)
    sent, stops = list[Planned](), list[Planned]()
    left, freed, behind_last = position.held, _ZERO, 0
    most: Decimal | None = None
    for one in planned:
        if _puts_back(one.request, position):
            stops.append(one if most is None else one.of(min(one.request.volume, most)))
            continue
        if one.request.freeing:
            freed += canceled.get(one.request.named or "", _ZERO)
        if _closes(one.request, position):
            volume = min(one.request.volume, position.takes(left))
            most = max(_ZERO, freed - volume) if stops else None
            stops = _without(stops, max(_ZERO, volume - freed))
            left, freed = left - volume, _ZERO
            sent += [one.of(volume)] if volume else []
            behind_last = len(sent)
        else:
            left -= one.request.volume if _trades_at_once(one.request, position) else _ZERO
            sent.append(one)
    standing = [one for one in stops if position.takes(one.request.volume)]
    return [*sent[:behind_last], *standing, *sent[behind_last:]]


def _closes_behind_another(planned: Sequence[Planned], position: ToClose) -> bool:
    requests = [one.request for one in planned]
    trading = [one for one in requests if _trades_at_once(one, position)]
    return any(_closes(one, position) for one in trading[1:])


def _is_turned(planned: Sequence[Planned], position: ToClose) -> bool:
    """Whether other orders lead the position to its other side: Kraken refuses what was planned to
    reduce it, and that is counted again."""
    requests = [one.request for one in planned if _trades_at_once(one.request, position)]
    plain = sum((one.volume for one in requests if not one.exits), _ZERO)
    return position.margin and plain > position.whole


def _over_what_remains(
    planned: Sequence[Planned],
    position: ToClose,
    canceled: Mapping[str, Decimal],
    rests: Decimal,
    closed: Decimal,
) -> list[Planned]:
    """Its stops over no more than what is ``closed`` leaves, but for what ``rests`` to close it."""
    freed = sum(
        (canceled.get(one.request.named or "", _ZERO) for one in planned if one.request.freeing),
        _ZERO,
    )
    stops = [one for one in planned if _puts_back(one.request, position)]
    most = max(_ZERO, freed - closed, position.held - closed - rests)
    over = sum((one.request.volume for one in stops), -most)
    if over <= 0:
        return list(planned)
    smaller = dict(zip(map(id, stops), _without(stops, over), strict=True))
    sent = (smaller.get(id(one), one) for one in planned)
    return [
        one
        for one in sent
        if not _puts_back(one.request, position) or position.takes(one.request.volume)
    ]


def _without(stops: Sequence[Planned], sold: Decimal) -> list[Planned]:
    """What a sale leaves of them, the oldest first to go."""
    left = []
    for stop in stops:
        part = min(stop.request.volume, sold)
        left.append(stop.of(stop.request.volume - part))
        sold -= part
    return left


def _is_of(request: OrderRequest, position: ToClose) -> bool:
    is_here = (request.pair, request.on_margin) == (position.pair.key, position.margin)
    return request.method == "AddOrder" and is_here and not request.waits


def _closes(request: OrderRequest, position: ToClose) -> bool:
    return _is_of(request, position) and request.exits and not request.freeing


def _trades_at_once(request: OrderRequest, position: ToClose) -> bool:
    is_here = _is_of(request, position) and request.side is position.side
    return is_here and request.at_market and not request.is_scheduled


def _puts_back(request: OrderRequest, position: ToClose) -> bool:
    return _is_of(request, position) and request.freeing
