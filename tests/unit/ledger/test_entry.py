"""What an entry is claimed as, and what may be added to it.

The way of an order through its states is in the other tests.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.ledger_entries import NOON, moved, submitting
from tests.support.row_by_row import row_by_row
from webhook_core.ledger.attempts import missed_attempt, no_action_attempt
from webhook_core.ledger.entry import REPLAYABLE, TERMINAL, State
from webhook_core.ledger.transitions import (
    IllegalTransition,
    filled,
    next_attempt,
    settle,
)
from webhook_core.trading.requests import Accepted, Fill

PARTLY = Fill("open", Decimal("0.004"), Decimal("50000.1"), Decimal("200.0004"), Decimal("0.52"))
WHOLE = Fill("closed", Decimal("0.01"), Decimal("50000.1"), Decimal("500.001"), Decimal("1.30"))


@pytest.mark.parametrize(
    ("claim", "state"), [(no_action_attempt, State.NO_ACTION), (missed_attempt, State.EXPIRED)]
)
def test_a_claim_that_is_an_end_is_settled_at_once_and_its_order_could_never_be_taken(claim, state):
    before = submitting()
    attempt = claim(before.unit, before.current.request, NOON)
    assert (attempt.state, attempt.number, attempt.request) == (state, 1, before.current.request)
    assert attempt.claimed_at == attempt.settled_at == attempt.deadline == NOON
    assert attempt.client_order_id == before.current.client_order_id
    assert attempt.owner
    assert attempt.owner != claim(before.unit, before.current.request, NOON).owner
    ended = replace(before, attempts=(attempt,))
    assert state in TERMINAL
    with pytest.raises(IllegalTransition):
        settle(ended, Accepted("OABCDE"), NOON)
    with pytest.raises(IllegalTransition):
        next_attempt(ended, attempt.request, NOON, 10)


def test_a_person_may_replay_what_was_missed_but_not_what_there_was_nothing_to_do_for():
    assert State.EXPIRED in REPLAYABLE
    assert State.NO_ACTION not in REPLAYABLE


@row_by_row
@pytest.mark.parametrize("state", State)
def test_what_has_traded_is_added_to_an_accepted_order_and_to_no_other(state):
    before = moved(submitting(), state)
    if state is not State.ACCEPTED:
        with pytest.raises(IllegalTransition, match="filled"):
            filled(before, PARTLY)
        return
    after = filled(filled(before, PARTLY), WHOLE)
    assert after.current.fill == WHOLE
    assert replace(after, attempts=before.attempts) == before
    assert replace(after.current, fill=None) == before.current


def test_what_has_traded_is_of_the_last_attempt():
    unsent = moved(submitting(), State.NOT_SENT)
    again = next_attempt(unsent, unsent.current.request, NOON + timedelta(seconds=5), 10)
    after = filled(settle(again, Accepted("OABCDE"), NOON), PARTLY)
    assert [attempt.fill for attempt in after.attempts] == [None, PARTLY]
