"""Each rule that a scene is about, taken out of the product: the scene notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.walk import test_cancel_and_close as cancel_and_close
from tests.walk import test_cancels as cancels
from tests.walk import test_exits_beside_lost_orders as lost_orders
from tests.walk import test_figures as figures
from tests.walk import test_fired_exits as fired
from tests.walk import test_first_figures as first
from tests.walk import test_gone_exits as gone
from tests.walk import test_idle_exits as idle
from tests.walk.broken_rules import Scene, always, fails_without, never, only_one
from webhook_core.planning import (
    believed,
    last_prices,
    least_held,
    leg_planner,
    open_orders,
    own_exits,
    passed_orders,
    resting_exits,
    settled_figures,
    unlisted_orders,
)
from webhook_core.sending import (
    legs,
    legs_again,
    opened_by_exits,
    refused,
    traded_before_cancels,
    waiting_rest,
)

check_shown = traded_before_cancels._check_shown


def nothing(*_: Any, **__: Any) -> list[Any]:
    return []


def empty(*_: Any, **__: Any) -> str:
    return ""


def no_cancels(*_: Any, **__: Any) -> open_orders.Canceled:
    return open_orders.Canceled(frozenset(), frozenset())


def only_decided(market: Any, wants: Any, budget: Any) -> Any:
    return market.decide(wants, budget)


def alone(traded: Any, request: Any) -> list[Any]:
    return [
        one for one, size in traded if size > (request.volume if one.side is request.side else 0)
    ]


def of_other_side(traded: Any, request: Any) -> list[Any]:
    return [one for one, size in traded if size and one.side is not request.side]


def each_shown(market: Any, traded: Any, planned: Any, budget: Any) -> None:
    check_shown(market, traded, planned._replace(waits=True), budget)


def only_parents(self: own_exits.OwnExits, entry: Any) -> bool:
    request = entry.current.request
    return bool(self._line and request.leaves_exit and request.side is not self._line.side)


def with_no_unlisted(play: Callable[..., None], *how: Any) -> None:
    """Where the search for stops that the list lacks does not wait for that order either, and none
    is canceled that rests where nothing is held, or may be."""
    with pytest.MonkeyPatch.context() as patch:
        none = unlisted_orders.Unlisted((), ())
        patch.setattr(unlisted_orders.UnlistedOrders, "of", lambda *_: none)
        patch.setattr(leg_planner.LegPlanner, "_idle_exits", lambda _, nothing, *__: nothing)
        patch.setattr(believed, "most_of", only_one)
        play(*how)


def planned_slowly(call_s: float, what: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        play = lost_orders
        play.test_such_an_exit_is_planned_once_by_a_resend_though_each_call_takes_long(
            call_s, what, patch
        )


def refused_for_good(play: Callable[..., None], *how: Any) -> None:
    """Where an exit that asks for too much is not counted again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refused, "_asks_for_too_much", never)
        play(*how)


BROKEN: dict[str, tuple[Any, str, Any, Scene]] = {
    "an exit that is not seen yet is no reason to wait": (
        unlisted_orders.UnlistedOrders, "_check_closes", nothing,
        lambda: cancels.test_the_exit_of_an_entry_is_replaced_and_nothing_sells_beside_it(
            4, "market and stop", "side", lost=False, margin=False),
    ),
    "an order that the list lacks is not asked for": (
        unlisted_orders.UnlistedOrders, "_may_be_unlisted", never,
        lambda: cancels.test_a_resting_order_gives_way_to_two(
            "limit sell", "side", lost=False, margin=False),
    ),
    "an exit waits for an entry that is unknown": (
        passed_orders, "_may_be_passed", never,
        lambda: lost_orders.test_an_entry_that_was_lost(4, "close", "never came", margin=False),
    ),
    "an exit waits for whatever is unknown": (
        least_held, "sells_all", never,
        lambda: lost_orders.test_an_exit_that_was_lost(
            "one", 0, "close", "never came", margin=True),
    ),
    "an exit passes an order that may leave a stop": (
        passed_orders, "_may_be_passed", always,
        lambda: with_no_unlisted(
            lost_orders.test_with_leverage_an_order_that_leaves_more_than_a_position_keeps_it_waiting,
            "reply lost", {"side": "buy", "volume": "0.1", "stop_loss": "2250"}),
    ),
    "the rest of an exit sets nothing free": (
        waiting_rest, "_cancels", nothing,
        lambda: gone.test_left_by_a_buy_that_had_no_outcome_when_the_exit_came("all", "ETHUSD"),
    ),
    "a cancel of ours is true once Kraken shows it": (
        open_orders, "just_canceled", no_cancels,
        lambda: gone.test_a_stop_of_an_alert_of_its_own_that_was_canceled_holds_nothing(
            "close", "all"),
    ),
    "a stop is put back where none was canceled": (
        legs, "why_nothing", empty,
        lambda: gone.test_canceled_by_hand("half", "all", margin=True),
    ),
    "a stop that was put back is none of its own": (
        own_exits.OwnExits, "_leaves_one", only_parents,
        lambda: gone.test_a_stop_that_has_just_been_put_back_gives_way_too(
            "close", "lists", margin=True),
    ),
    "what an exit has traded before its cancel is not waited for": (
        opened_by_exits, "_canceled", nothing,
        lambda: idle.test_one_that_has_fired_unseen_has_opened_a_position_that_is_closed(
            "close", "figures"),
    ),
    "an exit of an order whose fill is in no figure is no doubt": (
        own_exits.OwnExits, "_check_counted", nothing,
        lambda: idle.test_nor_is_it_left_without_one_beside_what_was_held_before(
            "close", ("QueryOrders", *idle.FIGURES)),
    ),
    "an order that is listed no more may rest": (
        open_orders.OpenNow, "lacking", empty,
        lambda: figures.test_a_limit_that_fills_while_its_own_status_is_late(
            "0.4", fills_back=True, margin=True),
    ),
    "what is listed as open rests": (
        resting_exits.RestingExits, "_is_asked", never,
        lambda: fired.test_what_follows_counts_the_exit_as_the_order_itself_shows_it(
            "0.2", "a stop", margin=True),
    ),
    "an exit at a distance has no price": (
        last_prices, "_is_at_a_distance", never,
        lambda: fired.test_one_at_a_distance_is_known_by_its_id_or_by_the_price_of_its_entry(
            ("QueryOrders",), stays=True, exit_of="a stop", position="short"),
    ),
    "what is held is believed where no plan has seen it": (
        settled_figures.SettledFigures, "begin_with", nothing,
        lambda: first.test_what_is_held_on_spot("close", "a buy", 2),
    ),
    "a plan reads the list of open orders once more": (
        open_orders.OpenNow, "so_far", None,
        lambda: gone.test_fired_and_the_list_of_open_orders_goes_back_and_forth(
            "close", margin=False),
    ),
    "an exit that was not sent waits for what is unknown": (
        legs_again, "decided_again", only_decided,
        lambda: lost_orders.test_an_exit_that_was_refused_at_first_beside_an_entry_that_was_lost(
            "EAPI:Invalid nonce", 3, "close", "never came", margin=False),
    ),
    "an exit that has become one order is planned twice": (
        legs_again, "sells_all", never,
        lambda: planned_slowly(0.3, "close"),
    ),
    "a part that fills before its cancel is not asked for": (
        traded_before_cancels, "have_traded", never,
        lambda: cancel_and_close.test_an_entry_that_fills_before_its_cancel(
            cancel_and_close.half_fills, "a part", {}, "lists", margin=False),
    ),
    "what a stop has added before its cancel is not waited for": (
        traded_before_cancels, "_check_shown", nothing,
        lambda: cancel_and_close.test_a_stop_that_adds_to_a_short_position_before_its_cancel(
            "figures"),
    ),
    "what stops have traded is held against the close for each alone": (
        traded_before_cancels, "_leaving_more", alone,
        lambda: refused_for_good(
            cancel_and_close.test_stops_that_sell_more_than_is_held_only_together,
            "of entries", "at once", "lists"),
    ),
    "with nothing held only one side is taken to leave something": (
        traded_before_cancels, "_leaving_more", of_other_side,
        lambda: cancel_and_close.test_with_nothing_held_one_of_two_opposite_orders_fills(
            "sell", "2440", "lists"),
    ),
    "each of the stops that have closed a position is looked for in positions": (
        traded_before_cancels, "_check_shown", each_shown,
        lambda: refused_for_good(
            cancel_and_close.test_stops_that_sell_more_than_is_held_only_together,
            "of entries", "at once", "lists"),
    ),
    "what a stop has opened beside an order is taken for what it has closed": (
        opened_by_exits, "_open_beside", nothing,
        lambda: idle.test_one_that_fires_beside_what_opens_from_flat_adds_nothing_to_it(
            "short", "lists", "AddOrder"),
    ),
    "an exit that lacks funds is refused for good": (
        refused, "_asks_for_too_much", never,
        lambda: figures.test_a_target_nearer_to_flat_that_is_refused_for_funds_is_counted_again(
            "0", 0, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_without_its_rule_a_scene_fails(rule):
    fails_without(*BROKEN[rule])
