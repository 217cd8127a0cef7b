"""What a limit of holdings reserves is written with the claim, in every store: whoever planned on
an older document makes no claim, and leaves nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.support.ledger_entries import NOON, in_turn, submitting
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, Outdated
from webhook_core.planning.reservations import (
    Kept,
    Leg,
    Overtaken,
    OwnersDocument,
    Reservations,
    of_text,
)
from webhook_core.trading.orders import Side

NAME = "held-limits/paper/main/trend"
LEG = Leg(0, "XXBTZUSD", Side.BUY, Decimal("0.1"), Decimal(50000), margin=False, rests=True)
MOST = 3


def text_in(store):
    stored = store.read(NAME)
    return None if stored is None else stored.text


def reserving(entry, text):
    """The entry of an alert that was planned on that document."""
    plan = Reservations((OwnersDocument(NAME, text, of_text(text, NOON)),), "trend", (LEG,))
    return replace(entry, takes=plan.takes(entry.unit, NOON))


def reserved(store):
    return [one.alert_key for one in of_text(text_in(store), NOON).reserved]


@pytest.mark.parametrize("make", [submitting, lambda key: in_turn(key, line=f"line of {key}")])
def test_whoever_planned_on_what_is_written_claims_and_the_other_leaves_nothing(store, make):
    first, second = reserving(make("a"), None), reserving(make("b"), None)
    assert isinstance(store.claim(first), Claimed)
    with pytest.raises(Overtaken):
        store.claim(second)
    assert store.find(second.unit) is None
    assert isinstance(store.claim(reserving(make("b"), text_in(store))), Claimed)
    assert reserved(store) == ["a", "b"]
    assert of_text(text_in(store), NOON).pairs["XXBTZUSD"].entries == 2


def test_a_known_alert_is_its_entry_and_reserves_once(store):
    store.claim(reserving(submitting("a"), None))
    again = store.claim(reserving(submitting("a"), text_in(store)))
    assert isinstance(again, Existing)
    assert reserved(store) == ["a"]


def test_a_claim_that_is_not_made_reserves_nothing(store):
    outdated = reserving(in_turn("b", line="other", mark="x"), None)
    assert isinstance(store.claim(outdated), Outdated)
    assert text_in(store) is None


def test_of_many_at_once_no_more_claim_than_there_are_places(store):
    def take(number):
        for _ in range(40):
            text = text_in(store)
            if len(of_text(text, NOON).reserved) >= MOST:
                return False
            try:
                return isinstance(store.claim(reserving(submitting(f"k{number}"), text)), Claimed)
            except (Overtaken, LedgerUnavailable):  # planned again, on what is there now
                continue
        return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(8))) == MOST
    assert len(reserved(store)) == MOST == len(store.entries().entries)


@pytest.mark.parametrize("text", ["[]", "{}", "no", '{"alerts": [[1]], "pairs": {}}', "null"])
def test_a_document_that_is_none_of_ours_lets_nothing_in(text):
    with pytest.raises(LedgerUnavailable):
        of_text(text, NOON)
    assert of_text(None, NOON) == Kept()
