"""Days whose writes of the history, of trades and of messages fail: nothing changes an answer,
nothing is told twice, nothing is lost without a word, each trade counts once."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

import pytest

from tests.simulation.day import wrong_with
from tests.support.memory_ledger import MemoryLedger
from webhook_core.errors import LedgerUnavailable
from webhook_core.journal.history import History
from webhook_core.journal.hourly import Hourly
from webhook_core.money import held_before
from webhook_core.money.trade_store import TradeStore
from webhook_core.notify import outbox

SEEDS = int(os.environ.get("DAYS", "3"))
"""`make simulate` plays more."""
MOST_SEEDS = 30


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_a_day_of_faults_changes_no_answer_and_tells_and_counts_each_thing_once() -> None:
    found = [(seed, *wrong_with(seed)) for seed in range(SEEDS)]
    assert {seed: wrong for seed, wrong, _ in found if wrong} == {}
    assert set().union(*(seen for _, _, seen in found)) == {
        "failed before",
        "failed behind",
        "died",
        "two at once",
    }


def _keeps_loudly(self, record, _budget):  # type: ignore[no-untyped-def]
    self._store.add_note(self._note(record))


def _forgets_the_dead(queue, new, now):  # type: ignore[no-untyped-def]
    return BATCH_OF(queue._replace(sending=0), new, now)


def _keeps_what_it_sends(queue, new, now):  # type: ignore[no-untyped-def]
    batch = BATCH_OF(queue, new, now)
    claim = batch.claim._replace(waiting=batch.texts, sending=0)
    return batch._replace(claim=claim) if batch.is_sent else batch


def _loses_what_fails(self, trades):  # type: ignore[no-untyped-def]
    try:
        return ADD(self, trades)
    except LedgerUnavailable:
        return []


def _counts_none(self, now):  # type: ignore[no-untyped-def]
    pass


def _wins_every_place(self, name, text, before):  # type: ignore[no-untyped-def]
    return WRITE(self, name, text, self.read(name) if name.startswith("notify") else before)


def _ends_a_day_too_early(book, day):  # type: ignore[no-untyped-def]
    return TEXT(book, day - timedelta(days=1))


WRITE, TEXT = MemoryLedger.write, held_before._text
BATCH_OF, ADD = outbox.batch_of, TradeStore.add
MUTATIONS = {
    "a history that fails is an answer": (History, "keep", _keeps_loudly, "an answer changed"),
    "a dead run's messages are forgotten": (outbox, "batch_of", _forgets_the_dead, "are missing"),
    "a dead run's are sent again": (outbox, "batch_of", _keeps_what_it_sends, "told "),
    "lost records are not counted": (Hourly, "count", _counts_none, "records are lost"),
    "the outbox's place is written regardless": (MemoryLedger, "write", _wins_every_place, "told "),
    "a day counts as held twice": (held_before, "_text", _ends_a_day_too_early, "what is held"),
    "trades that failed are passed over": (TradeStore, "add", _loses_what_fails, "trades are kept"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_it_notices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute, broken, wrong = MUTATIONS[name]
    monkeypatch.setattr(owner, attribute, broken)
    said = chain.from_iterable(wrong_with(seed)[0] for seed in range(MOST_SEEDS))
    assert any(wrong in text for text in said)
