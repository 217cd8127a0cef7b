"""No list, look-up or purge of the SQLite ledger reads the whole table: a million entries don't
make an alert late."""

from __future__ import annotations

import sqlite3
from itertools import product

import pytest

from tests.support.ledger_entries import LINE, NOON, in_turn, moved, submitting
from webhook_core.ledger.contract import Waiting
from webhook_core.ledger.entry import TERMINAL, UNRESOLVED, State
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.ledger.transitions import next_attempt
from webhook_core.ledger.unfinished import Unfinished


@pytest.fixture
def plans(tmp_path, monkeypatch):
    """SQLite's plan of every statement that the ledger runs."""
    seen: list[str] = []

    class Explaining(sqlite3.Connection):
        def execute(self, sql, *arguments):
            if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                seen.extend(
                    row[3] for row in super().execute("EXPLAIN QUERY PLAN " + sql, *arguments)
                )
            return super().execute(sql, *arguments)

    real = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **named: real(*args, **named, factory=Explaining)
    )
    ledger = SqliteLedger(tmp_path / "ledger.db")
    for number in range(20):
        ledger.claim(submitting(f"alert-{number}"))
    seen.clear()
    yield ledger, seen
    ledger.close()


FILTERS = list(
    product([None, UNRESOLVED, TERMINAL, [State.ACCEPTED]], [None, "breakout"], [True, False])
)


@pytest.mark.parametrize(("states", "strategy", "newest_first"), FILTERS)
def test_a_list_walks_along_an_index(plans, states, strategy, newest_first):
    ledger, seen = plans
    cursor = ledger.entries(limit=5).cursor
    seen.clear()
    ledger.entries(states=states, strategy=strategy, newest_first=newest_first, cursor=cursor)
    walks = [step for step in seen if "entries" in step]
    index = (
        "entries_by_state (state=? AND claimed_at"
        if strategy is None
        else "entries_by_strategy (strategy=? AND state=?"
    )
    assert walks
    assert all(step.startswith("SEARCH entries") and index in step for step in walks), seen


def test_a_turn_is_looked_up_along_its_line(plans):
    ledger, seen = plans
    first = ledger.claim(in_turn("first")).entry
    assert isinstance(ledger.claim(in_turn("second", 1)), Waiting)
    unsent = ledger.record(moved(first, State.NOT_SENT)).entry
    ledger.claim_next(next_attempt(unsent, unsent.current.request, NOON, 10))
    ledger.mark(LINE)
    assert [
        step
        for step in seen
        if "SCAN entries" in step or "SCAN lines" in step or "TEMP B-TREE" in step
    ] == []
    looks = (
        "entries_by_line (line=?)",
        "entries_by_line (line=? AND fired_at=?)",
        "entries_submitting (line=?)",
        "lines",
    )
    for index in looks:
        assert [step for step in seen if index in step], seen


def test_look_ups_records_and_purges_search(plans):
    ledger, seen = plans
    entry = ledger.claim(submitting()).entry
    ledger.record(moved(entry, State.ACCEPTED))
    ledger.find(entry.unit)
    ledger.newest_generation(entry.unit)
    ledger.purge(NOON, 10)
    assert [
        step
        for step in seen
        if "SCAN entries" in step or ("SEARCH" in step and "entries" in step and "=" not in step)
    ] == []
    assert [step for step in seen if step.startswith("SEARCH entries")]


def test_unfinished_orders_are_found_along_their_own_index(plans):
    ledger, seen = plans
    ledger.record(moved(ledger.claim(submitting()).entry, State.ACCEPTED))
    seen.clear()
    assert len(ledger.unfinished("paper", "main", tuple(Unfinished), 10)) == 1
    assert [step for step in seen if "entries" in step] == [
        "SEARCH entries USING INDEX entries_unfinished (unfinished=?)"
    ]


def test_the_entry_of_an_order_is_found_along_its_own_index(plans):
    ledger, seen = plans
    entry = ledger.record(moved(ledger.claim(submitting()).entry, State.ACCEPTED)).entry
    seen.clear()
    assert list(ledger.of_orders("paper", "main", [entry.current.order_id, "ONEVER"])) == [entry]
    assert [step for step in seen if "entries" in step] == [
        "SEARCH entries USING INDEX entries_by_order (<expr>=?)"
    ]
