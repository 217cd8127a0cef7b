"""Each rule by which a close need not wait, taken out of the product: the scene notices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walk import test_exits_beside_lost_orders as lost_orders
from tests.walk import test_own_exits_fired as own_fired
from tests.walk.broken_rules import Scene, always, fails_without, never, only_one
from webhook_core.ledger import turns
from webhook_core.planning import believed, least_held, own_orders, passed_orders
from webhook_core.sending import blockers
from webhook_core.trading import lagging_figures


def never_came(since: str, lost: str, what: str) -> None:
    lost_orders.test_an_order_that_never_came_keeps_nothing_waiting_once_the_lists_had_to_show_it(
        since, lost, what, margin=True
    )


def only_adding(entry: Any, held: Any, now: Any) -> bool:
    return entry.current.request.exits or passed_orders._adds(entry, held)


def only_sold(lost: str, what: str, *, margin: bool) -> None:
    lost_orders.test_what_closes_all_passes_an_order_that_could_only_sell(
        2, what, margin, lost, "never came"
    )


BROKEN: dict[str, tuple[Any, str, Any, Scene]] = {
    "an order that never came is in doubt until that is recorded": (
        own_orders, "has_never_traded", never,
        lambda: never_came("a buy", "a buy", "half"),
    ),
    "it keeps its line waiting for as long": (
        turns, "has_never_traded", never,
        lost_orders.test_it_is_looked_at_and_passed_in_one_delivery,
    ),
    "no plan is made again behind a look at it": (
        blockers, "has_never_traded", never,
        lost_orders.test_it_is_looked_at_and_passed_in_one_delivery,
    ),
    "an exit waits for a sale that may have come to nothing": (
        passed_orders, "_may_be_passed", only_adding,
        lambda: only_sold("a sale", "reverse", margin=False),
    ),
    "what a known entry has added is in doubt beside it": (
        least_held, "may_be_more", always,
        lambda: only_sold("a close", "close", margin=True),
    ),
    "a close of all waits where less may be held": (
        believed, "most_of", only_one,
        lambda: own_fired.test_behind_one_that_has_sold_a_part_the_rest_is_closed_at_once(
            100, "a stop", {"reduce_only": True}, "lists", "close"),
    ),
    "what only reduces may have turned something round": (
        lagging_figures, "_could_reduce", always,
        lambda: own_fired.test_what_only_reduces_has_turned_nothing_round("half"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_without_its_rule_a_scene_fails(rule):
    fails_without(*BROKEN[rule])
