"""Situations that mislead, each in worlds of its own with nothing else wrong: what is sent, and
what is said for good, is right for the book."""

from __future__ import annotations

import pytest

from tests.simulation.account_mutations import ACCOUNT_MUTATIONS
from tests.simulation.mutations import MUTATIONS
from tests.simulation.run import simulate, told
from tests.simulation.situation_mutations import SITUATION_MUTATIONS
from tests.simulation.situation_run import SITUATIONS
from tests.support.examples import examples
from tests.support.project import ROOT

SEEDS, TOLD = examples(40), 12
"""`make simulate` plays hundreds of each."""


@pytest.mark.parametrize("situation", SITUATIONS)
def test_nobody_is_misled(situation):
    results = [simulate(seed, situation) for seed in range(SEEDS)]
    failed = [result.seed for result in results if result.violations]
    assert failed == [], told(failed[0], situation).text()
    orders = sum(result.orders for result in results)
    assert orders == 0 if situation == "covered_short" else orders > SEEDS / 2


def test_each_situation_has_a_mutation():
    assert {mutation.kind for mutation in SITUATION_MUTATIONS} == set(SITUATIONS)


OVER_THE_WIRE = {
    "kraken_down": "missed: one_that_kraken_stays_down_for_ends_with_an_alarm",
    "refused_nonce": "legs_again: a_percentage_behind_a_fixed_order_is_sent_by_the_resend",
    "sold_on_the_bar": "late_equity: a_sale_on_the_same_bar_counts_once",
    "entered_on_one_bar": "late_equity: entries_of_one_bar_are_shares_of_one_equity",
    "unpriced": "worth: one_pair_that_ticker_refuses_takes_no_other_price_away",
    "unpackaged": "worth: money_in_an_asset_that_no_package_knows_counts",
    "entered_just_now": "late_figures: after_an_entry_that_the_figures_lack",
    "stop_fired_and_turned": "late_figures: after_a_short_entry_that_the_figures_lack",
    "stop_fired_and_held": "late_figures: a_stop_on_margin_that_fired_unseen",
    "rested_and_filled": "late_figures: what_rested_on_spot_and_has_just_filled",
    "covered_short": (
        "no_shorts_on_spot: nothing_is_traded_between_positions_of_which_none_is_long"
    ),
    "unsettled_money": "late_figures: more_is_bought_with_money_that_has_just_come_in",
    "confirmed": "fills: a_fill_that_kraken_shows_a_second_later_is_waited_for",
    "many_orders": "many_orders: more_than_fifty_entries_are_left_by_one_exit",
    "bought_in_doubt": "exits_in_doubt: a_buy_without_an_outcome_keeps_no_exit_waiting",
    "closed_in_doubt": "exits_in_doubt: a_close_without_an_outcome_keeps_no_other_one_waiting",
    "refused_for_funds": "exits_in_doubt: a_sale_that_is_refused_for_its_funds_is_counted_again",
    "replaced_at_once": "unlisted_cancels: a_resting_order_is_moved_at_once",
    "stop_moved_at_once": "unlisted_cancels: the_exit_of_an_entry_is_moved_at_once",
    "canceled_at_once": "unlisted_cancels: a_lone_cancel_takes_an_order_of_the_last_second",
    # These have worlds among the others, where a mutation of their own is met.
    "stale_before_known": "missed: whatever_came_of_it_is_told_to_a_resend_that_is_too_late",
    "no_auto_earn": "worth: what_earns_is_held_and_can_be_sold",
}
"""Where the deployed function meets the same, in real time: a module of tests/e2e, and its test."""


def test_the_deployed_function_meets_each_situation_too():
    assert set(SITUATIONS) <= set(OVER_THE_WIRE)
    beside = {mutation.name for mutation in (*MUTATIONS, *ACCOUNT_MUTATIONS)}
    assert OVER_THE_WIRE.keys() - set(SITUATIONS) <= beside
    for where in OVER_THE_WIRE.values():
        module, test = where.split(": ")
        text = (ROOT / "tests" / "e2e" / f"test_{module}.py").read_text("utf-8")
        assert f"def test_{test}(" in text, where


REACHED = {
    "kraken_down": ("MISSED", "ANSWERS 503 venue_unavailable", "order.expired"),
    "refused_nonce": ("EAPI:Invalid nonce", "leg 1 generation 0 attempt 2"),
    "sold_on_the_bar": ("ANSWERS 503 not_sent", "attempt 1"),
    "unpriced": ("paper knows no price of SOLUSD", "leaves out SOL"),
    "unpackaged": ("AssetPairs",),
    "stop_fired_and_turned": ("is at 47500", "stop_loss"),
    "rested_and_filled": ("ledger.unfinished -> [",),
    "covered_short": ("ANSWERS 200 no_action",),
    "confirmed": ("order.filled",),
    "bought_in_doubt": ("ANSWERS 503 outcome_unknown", "leg 1 generation 0"),
    "refused_for_funds": ("EOrder:Insufficient funds", "attempt 3"),
    "canceled_at_once": ("CancelOrder",),
}
"""What the stories have to show, or the simulation no longer tests it."""


@pytest.mark.parametrize("situation", REACHED)
def test_the_stories_go_where_it_misleads(situation):
    missing = set(REACHED[situation])
    for story in (told(seed, situation).text() for seed in range(TOLD)):
        missing -= {what for what in missing if what in story}
        if not missing:
            return
    assert not missing
