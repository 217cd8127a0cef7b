"""Which entries of the ledger an operator sees: by --since, --alert and --symbol, and over GET
/orders alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tests.support.faked_function import Function
from tests.support.ledger_entries import NOON, submitting
from tests.support.memory_ledger import MemoryLedger
from tests.support.row_by_row import row_by_row
from webhook_core.clock import Budget
from webhook_core.errors import AlertMalformed
from webhook_core.kraken.packaged_pairs import snapshot
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.symbols import Instruments
from webhook_core.web import listing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KNOWN = Instruments(snapshot())


def filters(**query):
    return listing.Filters.read(query, NOW, lambda: KNOWN)


def budget(seconds=30):
    return Budget.start(FakeClock(), seconds)


# -- since -----------------------------------------------------------------------------------------


@row_by_row
@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("90min", NOW - timedelta(minutes=90)),
        ("90m", NOW - timedelta(minutes=90)),
        ("12h", NOW - timedelta(hours=12)),
        ("12 H", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T10:30", datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        ("2026-11-21 10:30:05", datetime(2026, 11, 21, 10, 30, 5, tzinfo=UTC)),
        ("2026-11-21T10:30Z", datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        ("2026-11-21T10:30+02:00", datetime(2026, 11, 21, 8, 30, tzinfo=UTC)),
        (
            "2026-11-21T10:30 02:00",
            datetime(2026, 11, 21, 8, 30, tzinfo=UTC),
        ),  # + in the query of a URL
    ],
)
def test_since_is_a_span_or_a_moment(text, since):
    assert filters(since=text).since == since


@row_by_row
@pytest.mark.parametrize(
    "text",
    ["yesterday", "7", "7x", "-7d", "1.5h", "d", "999999w", "2026-13-01", "22.11.2026", "12:00",
        " ",
             "0001-01-01T00:00+05:00", "\x00", "٣d"],
)  # fmt: skip
def test_a_since_that_is_neither_names_the_forms(text):
    with pytest.raises(AlertMalformed, match="since is a span such as") as refused:
        filters(since=text)
    assert refused.value.field == "since"


@given(st.text(max_size=30))
def test_no_text_breaks_a_filter(text):
    for name in ("since", "symbol", "alert", "state", "strategy"):
        try:
            read = filters(**{name: text})
        except AlertMalformed:
            continue
        read.take(submitting())


# -- symbol ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "symbol", ["BTC/USD", "BTCUSD", "xbtusd", "XBT/USD", "XXBTZUSD", "KRAKEN:BTCUSD", "btc-usd"]
)
def test_every_name_of_a_pair_finds_its_orders(symbol):
    is_of_pair = filters(symbol=symbol).is_of_pair
    assert is_of_pair(OrderRequest("BTC/USD", {"pair": "XXBTZUSD"}))
    assert is_of_pair(OrderRequest("BTC/USD", {}))  # nothing to do, or a cancel
    # Another market in the same assets.
    assert not is_of_pair(OrderRequest("BTC/USD", {"pair": "XBTUSD.d"}))
    assert not is_of_pair(OrderRequest("BTC/EUR", {"pair": "XXBTZEUR"}))
    assert not is_of_pair(OrderRequest("", {}))


@pytest.mark.parametrize("symbol", ["OLD/USD", "OLDUSD", "oldusd", "KRAKEN:OLDUSD"])
def test_a_pair_that_is_not_known_any_more_is_found_by_the_names_it_was_stored_with(symbol):
    is_of_pair = filters(symbol=symbol).is_of_pair
    assert is_of_pair(OrderRequest("OLD/USD", {"pair": "OLDUSD"}))
    assert not is_of_pair(OrderRequest("BTC/USD", {"pair": "XXBTZUSD"}))
    assert not is_of_pair(OrderRequest("", {}))


# -- pages -----------------------------------------------------------------------------------------


def ledger_of(count):
    """One entry a minute, the last one at noon; every third of an alert "mine"."""
    ledger = MemoryLedger()
    for number in range(count):
        at = NOON - timedelta(minutes=count - 1 - number)
        entry = submitting(f"alert-{number}", at=at)
        ledger.claim(
            replace(
                entry, received_at=at, alert_id="mine" if number % 3 == 0 else f"alert-{number}"
            )
        )
    return ledger


def walk(ledger, asked, limit):
    entries, cursor = [], None
    while True:
        page = listing.page(ledger, asked, cursor, limit, budget())
        assert len(page.entries) == limit or page.cursor is None
        entries += page.entries
        cursor = page.cursor
        if cursor is None:
            return [entry.unit.alert_key for entry in entries]


@pytest.mark.parametrize("limit", [1, 2, 7, 200])
@pytest.mark.parametrize(
    "asked",
    [
        listing.Filters(),
        listing.Filters(alert_id="mine"),
        listing.Filters(since=NOON - timedelta(minutes=10)),
        listing.Filters(since=NOON - timedelta(minutes=10), alert_id="mine"),
        listing.Filters(alert_id="nobody's"),
        listing.Filters(since=NOON + timedelta(minutes=1)),
    ],
)
def test_pages_of_any_size_hold_every_entry_that_matches_once(asked, limit):
    ledger = ledger_of(450)
    expected = [
        entry.unit.alert_key for entry in ledger.entries(limit=450).entries if asked.take(entry)
    ]
    assert walk(ledger, asked, limit) == expected


def test_what_is_asked_of_the_ledger_is_bounded(monkeypatch):
    monkeypatch.setattr(listing, "SEARCHED", 400)
    ledger, asked = ledger_of(900), listing.Filters(alert_id="alert-1")
    first = listing.page(ledger, asked, None, 10, budget())
    assert (first.entries, first.cursor is None) == ([], False)
    second = listing.page(ledger, asked, first.cursor, 10, budget())
    assert (second.entries, second.cursor is None) == ([], False)
    third = listing.page(ledger, asked, second.cursor, 10, budget())
    assert ([entry.alert_id for entry in third.entries], third.cursor) == (["alert-1"], None)


def test_a_search_ends_with_its_budget():
    page = listing.page(ledger_of(450), listing.Filters(alert_id="alert-1"), None, 10, budget(1))
    assert (page.entries, page.cursor is None) == ([], False)


# -- the route -------------------------------------------------------------------------------------


def test_the_route_takes_the_same_filters():
    function = Function()
    for number, symbol in enumerate(("BTCUSD", "ETHUSD", "BTCUSD")):
        function.post(function.alert(id=f"a-{number}", symbol=symbol))
        function.clock.sleep(3600)

    def ids(**query):
        return [row["alert_id"] for row in function.operate("GET", "/orders", **query)["orders"]]

    assert ids(symbol="XBT/USD") == ["a-2", "a-0"]
    assert ids(since="150min") == ["a-2", "a-1"]
    assert ids(since="150min", symbol="BTCUSD") == ["a-2"]
    assert ids(alert="a-1") == ["a-1"]
    assert ids(alert="a-1", symbol="BTCUSD") == ids(alert="a") == []


@pytest.mark.parametrize(
    "query", [{"since": "soon"}, {"state": "OPEN"}, {"limit": "0"}, {"cursor": "x"}]
)
def test_the_route_refuses_what_it_does_not_understand_by_name(query):
    answer = Function().operate("GET", "/orders", **query)
    assert (answer.status, answer["field"]) == (400, *query)


def test_the_route_shows_limit_trigger_and_exit():
    function = Function()
    function.post(function.alert(order_type="limit", stop_loss="55000"))
    (row,) = function.operate("GET", "/orders")["orders"]
    assert (row["limit"], row["trigger"]) == ("60000", None)
    assert row["exit"] == {"order_type": "stop-loss", "trigger": "55000", "limit": None}
