"""Private calls side by side: as many as the nonce window of the key
allows, orders before reads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.documents import MemoryDocuments
from tests.support.raw_servers import ACCEPTED, RawServer, refusal, reply
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import LedgerUnavailable
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.lanes import (
    KEPT_FOR_ORDERS,
    MOST,
    ONE_BY_ONE_FOR_S,
    REFUSALS_IN_A_ROW,
    Lanes,
)
from webhook_core.kraken.nonce_window import NonceWindow
from webhook_core.kraken.outcomes import Reply
from webhook_core.kraken.signing_keys import KrakenKey

KEY, SECRET = "a-key", "a3Jha2VuIHNlY3JldA=="
SIGNING = KrakenKey(KEY, SECRET)
SECOND, TEN_SECONDS = 10**9, 10**10


def a_client(url: str, window: int | None) -> KrakenClient:
    client = KrakenClient(KEY, SECRET, url)
    client.go_by(NonceWindow(MemoryDocuments(), SystemClock(), window))
    return client


def a_budget(seconds: float = 5.0) -> Budget:
    return Budget.start(SystemClock(), seconds)


def at_once(count: int, call: Callable[[], Any]) -> list[Any]:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(call())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def order(client: KrakenClient) -> Reply:
    return client.private("AddOrder", {"volume": "1"}, a_budget(), 1.0)


@pytest.mark.parametrize(
    ("window", "most"),
    [(None, 1), (0, 1), (1, 1), (SECOND - 1, 1), (SECOND, MOST), (TEN_SECONDS, MOST)],
)
def test_orders_go_side_by_side_only_under_a_window_of_a_second_or_more(
    window: int | None, most: int
) -> None:
    with RawServer(*[reply(ACCEPTED, after_s=0.1)] * 12) as server:
        client = a_client(server.url, window)
        replies = at_once(12, lambda: order(client))
        assert [found.document for found in replies] == [ACCEPTED] * 12
        assert server.most_at_once == most
        assert server.connections == most
        nonces = [int(request.fields["nonce"]) for request in server.requests]
        assert len(set(nonces)) == 12


def test_public_calls_go_side_by_side_without_any_window() -> None:
    with RawServer(*[reply(ACCEPTED, after_s=0.1)] * 12) as server:
        client = a_client(server.url, None)
        at_once(12, lambda: client.public("Ticker", {}, a_budget()))
        assert server.most_at_once == MOST


def test_no_order_waits_behind_reads_however_many_there_are() -> None:
    with RawServer(*[reply(ACCEPTED, after_s=0.6)] * 5, reply(ACCEPTED)) as server:
        client = a_client(server.url, TEN_SECONDS)
        reads = [
            threading.Thread(target=lambda: client.private("BalanceEx", {}, a_budget()))
            for _ in range(3 * MOST)
        ]
        for read in reads:
            read.start()
        while len(server.requests) < MOST - KEPT_FOR_ORDERS:
            time.sleep(0.005)
        started = time.monotonic()
        assert order(client).document == ACCEPTED
        assert time.monotonic() - started < 0.5
        for read in reads:
            read.join()
        assert len(server.requests) == 3 * MOST + 1


def lanes(width: int, clock: FakeClock | None = None) -> Lanes[object]:
    return Lanes(object, width, monotonic=(clock or FakeClock()).monotonic)


def test_a_session_that_was_given_back_is_the_next_one_in_use() -> None:
    some = lanes(MOST)
    first, second = some.take(a_budget(), 1.0), some.take(a_budget(), 1.0)
    assert first is not second
    some.give_back(first, 1.0)
    assert some.take(a_budget(), 0.0) is first


def test_who_finds_no_free_session_in_time_gets_none_and_keeps_nobody_waiting() -> None:
    some = lanes(1)
    held = some.take(a_budget(), 1.0)
    assert some.take(a_budget(1.02), 1.0) is None
    some.give_back(held, 1.0)
    assert some.take(a_budget(0.1), 0.0) is held


def refuse(some: Lanes[object], times: int) -> None:
    for _ in range(times):
        some.note_nonce(refused=True)


def test_after_many_refused_nonces_in_a_row_calls_go_one_by_one_for_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, budget = FakeClock(), a_budget(0.02)
    some = lanes(MOST, clock)
    refuse(some, REFUSALS_IN_A_ROW - 1)
    some.note_nonce(refused=False)
    refuse(some, REFUSALS_IN_A_ROW - 1)
    held = [some.take(a_budget(), 1.0), some.take(a_budget(), 1.0)]
    assert None not in held
    for session in held:
        some.give_back(session, 1.0)
    with caplog.at_level(logging.WARNING):
        refuse(some, 1)
    (record,) = caplog.records
    assert record.getMessage() == "kraken.one_call_at_a_time"
    assert "nonce window" in str(record.__dict__)
    first = some.take(a_budget(), 0.0)
    assert first is not None
    assert some.take(budget, 0.0) is None
    clock.sleep(ONE_BY_ONE_FOR_S)
    assert some.take(a_budget(), 0.0) is not None


def test_refusals_over_the_wire_narrow_the_lanes_and_nothing_is_lost() -> None:
    refused = refusal("EAPI:Invalid nonce")
    with RawServer(*[refused] * REFUSALS_IN_A_ROW, *[reply(ACCEPTED, after_s=0.05)] * 6) as server:
        client = a_client(server.url, TEN_SECONDS)
        for _ in range(REFUSALS_IN_A_ROW):
            order(client)
        before = server.most_at_once
        assert [found.document for found in at_once(6, lambda: order(client))] == [ACCEPTED] * 6
        assert server.most_at_once == before == 1


class Away(MemoryDocuments):
    def read(self, name: str) -> Any:
        raise LedgerUnavailable("away")


def test_what_kraken_said_of_a_key_is_known_to_other_instances_and_of_no_other_key() -> None:
    documents, clock = MemoryDocuments(), FakeClock()
    NonceWindow(documents, clock).keep(SIGNING, TEN_SECONDS)
    other = NonceWindow(documents, clock)
    assert other.lanes(SIGNING) == MOST
    assert not other.is_due(SIGNING)
    assert other.lanes(KrakenKey("another-key", SECRET)) == 1
    assert other.is_due(KrakenKey("another-key", SECRET))
    clock.sleep(24 * 3600)
    assert other.is_due(SIGNING)
    assert KEY not in str(documents._texts)
    assert SECRET not in str(documents._texts)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"nonce_window": "10000000000"}', '{"nonce_window": true}', "null"]
)
def test_a_text_that_says_no_window_means_one_by_one(text: str) -> None:
    documents = MemoryDocuments()
    NonceWindow(documents, FakeClock()).keep(SIGNING, TEN_SECONDS)
    (name,) = documents._texts
    documents.write(name, text, documents.read(name))
    assert NonceWindow(documents, FakeClock()).lanes(SIGNING) == 1


def test_a_store_that_is_away_means_one_by_one_and_costs_no_call() -> None:
    window = NonceWindow(Away(), FakeClock())
    assert window.lanes(SIGNING) == 1
    window.keep(SIGNING, TEN_SECONDS)
    assert window.lanes(SIGNING) == MOST


def test_what_the_trader_says_of_the_window_is_not_looked_up() -> None:
    assert NonceWindow(Away(), FakeClock(), TEN_SECONDS).lanes(SIGNING) == MOST
    documents = MemoryDocuments()
    NonceWindow(documents, FakeClock()).keep(SIGNING, TEN_SECONDS)
    assert NonceWindow(documents, FakeClock(), 0).lanes(SIGNING) == 1
