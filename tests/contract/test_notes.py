"""What the notes beside every ledger promise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.ledger_entries import NOON, submitting
from webhook_core.ledger.store import Note

KEPT = timedelta(days=90)


def note(number, minutes=0, strategy="trend", text="{}"):
    at = NOON + timedelta(minutes=minutes)
    return Note(f"{number:032x}", at, at + KEPT, strategy, text)


def keys(page):
    return [int(each.key, 16) for each in page.notes]


def all_pages(store, **asked):
    found, cursor = [], None
    while True:
        page = store.notes(cursor=cursor, **asked)
        found += keys(page)
        cursor = page.cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("text", ["{}", '{"reason": "é ☃ 💸 \\u0000"}', "x" * 20_000])
def test_a_note_comes_back_as_it_was_added(store, text):
    added = note(1, text=text, strategy="é ☃/..")
    store.add_note(added)
    assert store.notes().notes == [added]


def test_a_key_counts_once(store):
    store.add_note(note(1, text="first"))
    store.add_note(note(1, text="second", minutes=5))
    assert [each.text for each in store.notes().notes] == ["first"]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("strategy", [None, "trend"])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_they_are_listed_by_time_and_in_pages_each_once(store, limit, strategy, newest_first):
    added = [note(n, minutes=n // 2, strategy="trend" if n % 3 else "other") for n in range(1, 8)]
    for each in reversed(added):  # two of each minute, so that their keys decide
        store.add_note(each)
    wanted = [n for n in range(1, 8) if strategy is None or n % 3]
    assert all_pages(store, limit=limit, strategy=strategy, newest_first=newest_first) == (
        wanted[::-1] if newest_first else wanted
    )


def test_notes_are_no_entries_and_entries_no_notes(store):
    store.add_note(note(1))
    assert store.entries().entries == []
    store.claim(submitting())
    assert keys(store.notes()) == [1]


def test_the_oldest_go_first_and_no_more_than_asked(store):
    for n in range(1, 6):
        store.add_note(note(n, minutes=n))
    before = NOON + timedelta(minutes=4)
    assert store.purge_notes(before, 2) == 2
    assert keys(store.notes()) == [5, 4, 3]
    assert store.purge_notes(before, 50) == 1
    assert store.purge_notes(before, 50) == 0
    assert keys(store.notes()) == [5, 4]


@pytest.mark.parametrize("cursor", ["", "junk", "AAAA", "é"])
def test_a_cursor_that_is_none_of_ours_is_a_value_error(store, cursor):
    with pytest.raises(ValueError, match="cursor"):
        store.notes(cursor=cursor)


def test_a_list_has_room_for_one_at_least(store):
    with pytest.raises(ValueError, match="limit"):
        store.notes(limit=0)
