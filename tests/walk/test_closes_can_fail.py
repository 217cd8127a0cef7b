"""Each rule by which a close need not wait, taken out of the product: the scene notices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walk import test_agreeing_positions as agreeing
from tests.walk import test_exits_beside_lost_orders as lost_orders
from tests.walk import test_own_exits_fired as own_fired
from tests.walk.broken_rules import Scene, always, fails_without, never, only_one
from webhook_core.ledger import turns
from webhook_core.planning import accounted_rows, believed, least_held, own_orders, passed_orders
from webhook_core.sending import blockers
from webhook_core.trading import lagging_figures
from webhook_core.trading.orders import AT_MARKET


def never_came(since: str, lost: str, what: str) -> None:
    lost_orders.test_an_order_that_never_came_keeps_nothing_waiting_once_the_lists_had_to_show_it(
        since, lost, what, margin=True
    )


def only_adding(entry: Any, held: Any, now: Any) -> bool:
    return entry.current.request.exits or passed_orders._adds(entry, held)


def behind_a_part(late: str) -> None:
    agreeing.test_behind_a_part_that_an_order_of_a_fixed_size_has_sold("less", late, {})


def behind_two_parts(late: str) -> None:
    agreeing.test_behind_a_part_of_a_position_of_which_another_part_was_sold_before(
        "one", "less", late
    )


class Unasked(dict[str, Any]):
    """As if any list had what is in question."""

    def items(self) -> Any:
        return set()

    def keys(self) -> Any:
        return set()


def unasked(_: Any) -> Unasked:
    return Unasked(some=1)


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
    "no rows show that they have the last order": (
        accounted_rows.AccountedRows, "contain", never, lambda: behind_a_part("at once"),
    ),
    "any rows do": (
        accounted_rows.AccountedRows, "contain", always, lambda: behind_a_part("positions"),
    ),
    "rows do of which too little is closed": (
        accounted_rows, "_closed_by_all", always, lambda: behind_two_parts("positions"),
    ),
    "rows do by a list that lacks it too": (
        accounted_rows.AccountedRows, "_in_question", unasked,
        lambda: behind_two_parts("positions and lists"),
    ),
    "what rests and trades in parts is forgotten": (
        accounted_rows.AccountedRows, "_trades_in_parts", never,
        lambda: agreeing.test_what_rests_and_trades_in_parts_leaves_it_in_doubt("less"),
    ),
    "what rests and trades whole is in doubt": (
        accounted_rows, "_rests_whole", never,
        lambda: agreeing.test_beside_what_rests_and_trades_whole(
            "ours", "a stop", "less", "at once"
        ),
    ),
    "a trail trades in parts": (
        accounted_rows, "AT_THE_MARKET", AT_MARKET,
        lambda: agreeing.test_beside_what_rests_and_trades_whole(
            "by hand", "a trail", "less", "at once"
        ),
    ),
    "a list of several pages may have gaps": (
        accounted_rows, "MOST_OF_NOW", 50,
        lambda: agreeing.test_where_more_orders_are_done_than_a_page_lists("less"),
    ),
    "what only reduces may have turned something round": (
        lagging_figures, "_could_reduce", always,
        lambda: own_fired.test_what_only_reduces_has_turned_nothing_round("half"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_without_its_rule_a_scene_fails(rule):
    fails_without(*BROKEN[rule])
