"""Each limit, pause and token broken on purpose, as ``mutations`` breaks the protocol: by the
mistakes that a limit invites, a figure believed, a count beside the claim, an edge off by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.count_mutations import _count_after_the_claim, _take_nothing
from tests.simulation.mutations import Mutation
from tests.simulation.watch import Invariant
from tests.support import memory_ledger as memory
from tests.support.memory_ledger import MemoryLedger
from webhook_core.planning import missed_alerts
from webhook_core.planning.held_figures import HeldFigures
from webhook_core.planning.open_entries import Open, OpenEntries
from webhook_core.planning.reservations import HeldTake
from webhook_core.sending import entry_counts, token_orders
from webhook_core.sending.claims import Claiming
from webhook_core.trading import guards, held_limits, loss_limit, permits, trading_hours
from webhook_core.trading.checks import Check
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.trading_hours import Window

_position_checks, _cost_checks = held_limits.position_checks, permits.cost_checks
_apart, _alerts, _counted_in = entry_counts._apart, entry_counts._alerts, loss_limit.counted_in
_known = loss_limit._known
_alert_cost_checks, _cost_in_alert = guards.alert_cost_checks, guards.cost_in_alert


def _what_is_held_alone(counted: Any, most: Any) -> Iterator[Check]:
    """Without the orders that rest, or are on their way."""
    return _position_checks(counted._replace(open_volume=counted.open_volume * 0), most)


def _what_is_listed_alone(_self: OpenEntries, _alert: Any, _listed: Any) -> Iterator[Open]:
    return iter(())


def _held_as_shown(self: HeldFigures, pair: Any, entered: Any, _own: Any) -> bool:
    """A pair is flat as soon as a figure says so, however old that is."""
    return bool(abs(self._shown(pair, margin=entered.margin)) >= (pair.ordermin or 0))


def _take_whatever_was_read(self: HeldTake, _text: str | None) -> str:
    """Two plans on the same facts take the last place, both of them."""
    return self.then


def _apart_from_the_first(others: Any, cool_down: timedelta, now: datetime) -> Check:
    return _apart(others[:1], cool_down, now)


def _alerts_of_seconds(others: Any, most: int, now: datetime) -> Check:
    recent = [one for one in others if one.at > now - timedelta(seconds=3)]
    return _alerts(recent, most, now)


def _known_at_any_age(known: Any, day: datetime, now: datetime) -> Any:
    return _known(known, day, now if known is None else known.as_of)


def _realised_alone(known: Any, code: str, day: datetime) -> Any:
    counted = _counted_in(known, code, day)
    return counted._replace(worst=-counted.realised)


def _always(*_: Any) -> bool:
    return True


def _never(*_: Any, **_named: Any) -> bool:
    return False


def _nothing(*_: Any) -> None:
    """As if there were none."""


def _covers_its_end(window: Window, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(window.zone))
    return window.begins <= local.hour * 60 + local.minute <= window.ends


def _each_order_alone(costs: Any, rules: Any) -> Iterator[Check]:
    for cost in costs:
        yield from _alert_cost_checks((cost,), rules)


def _alert_cost_by_its_own_price(draft: Any, rules: Any) -> Any:
    own = draft.wanted.reference_price or draft.highest_price
    return _cost_in_alert(draft._replace(highest_price=own), rules)


def _opens_at_the_market(request: OrderRequest) -> bool:
    return request.at_market and request.side == "buy"


def _cost_by_its_own_price(permit: Any, draft: Any) -> Iterator[Check]:
    own = draft.wanted.reference_price or draft.highest_price
    return _cost_checks(permit, draft._replace(highest_price=own))


_WITHIN = Invariant.WITHIN_ITS_LIMIT
LIMIT_MUTATIONS = (
    Mutation(
        "position_without_what_rests",
        ((held_limits, "position_checks", _what_is_held_alone),),
        _WITHIN,
        "max_position",
    ),
    Mutation(
        "lists_of_open_orders_believed",
        ((OpenEntries, "_unlisted", _what_is_listed_alone),),
        _WITHIN,
        "max_open_orders",
    ),
    Mutation(
        "pairs_flat_as_shown",
        ((HeldFigures, "is_held", _held_as_shown),),
        _WITHIN,
        "max_open_positions",
    ),
    *(
        Mutation(
            f"{limit}_without_compare",
            ((HeldTake, "after", _take_whatever_was_read),),
            _WITHIN,
            limit,
        )
        for limit in ("max_position", "max_open_orders", "max_open_positions", "max_entries")
    ),
    Mutation(
        "day_counted_after_the_claim",
        ((Claiming, "_claim_entry", _count_after_the_claim),),
        _WITHIN,
        "orders_per_day",
    ),
    Mutation(
        "hour_without_its_places",
        ((MemoryLedger, "_take", _take_nothing),),
        _WITHIN,
        "orders_per_hour",
    ),
    Mutation(
        "apart_from_the_first_alone",
        ((entry_counts, "_apart", _apart_from_the_first),),
        _WITHIN,
        "cool_down",
    ),
    Mutation(
        "alerts_of_three_seconds",
        ((entry_counts, "_alerts", _alerts_of_seconds),),
        _WITHIN,
        "alerts_per_3_minutes",
    ),
    Mutation(
        "losses_of_any_age",
        ((loss_limit, "_known", _known_at_any_age),),
        _WITHIN,
        "max_daily_loss",
    ),
    Mutation(
        "realised_losses_alone",
        ((loss_limit, "counted_in", _realised_alone),),
        _WITHIN,
        "max_daily_loss",
    ),
    Mutation(
        "no_price_but_its_own",
        ((guards, "_has_no_other_price", _always),),
        _WITHIN,
        "price_collar",
    ),
    Mutation("spread_not_looked_at", ((guards, "needs_book", _never),), _WITHIN, "max_spread"),
    Mutation(
        "hours_with_their_end",
        ((trading_hours, "_covers", _covers_its_end),),
        _WITHIN,
        "trading_hours",
    ),
    Mutation(
        "exits_by_the_hour",
        ((guards, "_exit_of", _nothing),),
        Invariant.EXITS_PASS,
        "trading_hours",
    ),
    Mutation(
        "missed_alerts_only_told",
        ((missed_alerts, "_only_exits", _always),),
        _WITHIN,
        "on_missed_alert",
    ),
    Mutation(
        "missed_alerts_not_caught_up_with",
        ((missed_alerts, "is_missed", _never),),
        _WITHIN,
        "catch_up",
    ),
    Mutation(
        "orders_of_an_alert_alone",
        ((guards, "alert_cost_checks", _each_order_alone),),
        _WITHIN,
        "max_alert_cost",
    ),
    Mutation(
        "alert_cost_by_the_alerts_price",
        ((guards, "cost_in_alert", _alert_cost_by_its_own_price),),
        _WITHIN,
        "max_alert_cost",
    ),
    Mutation(
        "resting_orders_free_of_n",
        ((token_orders, "may_add", _opens_at_the_market),),
        _WITHIN,
        "token_orders",
    ),
    Mutation(
        "cost_by_the_alerts_price",
        ((permits, "cost_checks", _cost_by_its_own_price),),
        _WITHIN,
        "token_cost",
    ),
    Mutation(
        "pause_not_with_the_claim",
        ((memory, "held_back", _nothing),),
        Invariant.PAUSED_MEANS_PAUSED,
        "pause",
    ),
)
