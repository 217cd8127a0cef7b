"""Accounts with money whose figures and lists are late, each on its own: no order and no final
answer but for a state that the account truly was in."""

from __future__ import annotations

from tests.simulation.run import ACCOUNT, simulate, told
from tests.simulation.senders import OPERATOR_TOKEN
from tests.support.examples import examples

SEEDS = examples(120)
"""`make simulate` plays thousands."""
HARD = (20535, 20713, 23561, 23566, 24954, 54931)
"""An exit beside a buy without an outcome, at figures that go back and forth; an order of ours that
Kraken's list of the closed ones shows before the ledger has its id, or that comes while a close
reads; stops of entries that are closed, which fire on the other side of a position."""
REACHED = (
    '.F": {"balance": "10.0',  # a balance in the row of Auto Earn
    "hand           {",
    "XXBTZUSD is at 47500",  # far enough for a stop
    '"stop_loss"',
    "OpenPositions {} ->",
    "paper knows no price of SOLUSD",
    "is held is not certain",
    "EOrder:Insufficient funds",
    "is LOST",
    "the reply is LOST",
    "CRASHES",
    "leg 1 generation 0 attempt",
    "ANSWERS 200 accepted",
    "ANSWERS 200 no_action",
    "ANSWERS 503 not_sent",
    "ANSWERS 422 expired",
)
"""What the stories have to show, or the simulation no longer tests it."""


def test_no_account_is_traded_for_a_state_that_it_never_was_in():
    results = [simulate(seed, ACCOUNT) for seed in (*range(SEEDS), *HARD)]
    failed = [result.seed for result in results if result.violations]
    assert failed == [], told(failed[0], ACCOUNT).text()
    assert sum(result.orders for result in results) > 2 * SEEDS


def test_the_stories_go_where_an_account_misleads():
    missing = set(REACHED)
    for story in (told(seed, ACCOUNT).text() for seed in range(40)):
        assert OPERATOR_TOKEN not in story
        missing -= {what for what in missing if what in story}
        if not missing:
            return
    assert not missing


def test_a_seed_goes_the_same_way_again():
    first, again = told(7, ACCOUNT), simulate(7, ACCOUNT)
    assert (first.orders, first.deliveries) == (again.orders, again.deliveries)
    assert first.text().endswith("python -m tests.simulation --kind account --seed 7")
