"""Counts by the hour, on every store: those of several instances add up, whoever writes beside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from webhook_core.errors import LedgerUnavailable
from webhook_core.journal.hourly import Hourly, counted_since, lost_document

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
NAME = lost_document("live", "default")
EVER = NOON - timedelta(days=90)


def test_several_instances_that_store_at_once_lose_nothing(store):
    instances = [Hourly(NAME) for _ in range(3)]
    for number, instance in enumerate(instances):
        for minutes in range(0, 90, 10):
            instance.count(NOON + timedelta(minutes=minutes + number))
    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):  # what others wrote meanwhile stays counted, for the next time
            list(pool.map(lambda one: one.store(store, EVER), instances))
    assert counted_since(store, NAME) == [(NOON + timedelta(hours=1), 9), (NOON, 18)]
    assert counted_since(store, NAME, NOON + timedelta(hours=1)) == [(NOON + timedelta(hours=1), 9)]
    assert counted_since(store, lost_document("live", "other")) == []


def test_what_is_past_its_days_goes(store):
    counted = Hourly(NAME)
    for hours in (0, 30):
        counted.count(NOON + timedelta(hours=hours))
        counted.store(store, NOON + timedelta(hours=hours) - timedelta(days=1))
    assert counted_since(store, NAME) == [(NOON + timedelta(hours=30), 1)]


@pytest.mark.parametrize("text", ["", "[]", "null", '{"noon": 1}', '{"2026-11-28T12:00": "many"}'])
def test_a_text_that_is_none_of_ours_begins_anew(store, text):
    assert store.write(NAME, text, None)
    assert counted_since(store, NAME) == []
    counted = Hourly(NAME)
    counted.count(NOON)
    counted.store(store, EVER)
    assert counted_since(store, NAME) == [(NOON, 1)]


def test_a_store_that_takes_nothing_leaves_it_counted(store, monkeypatch):
    counted = Hourly(NAME)
    counted.count(NOON)

    def away(*_arguments):
        raise LedgerUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(store, "write", away)
        with pytest.raises(LedgerUnavailable):
            counted.store(store, EVER)
    counted.store(store, EVER)
    assert counted_since(store, NAME) == [(NOON, 1)]
