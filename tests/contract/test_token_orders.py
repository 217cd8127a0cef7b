"""How many orders a scoped token may open a day, counted on every store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.ledger_entries import submitting
from webhook_core.errors import LedgerUnavailable, OutOfScope
from webhook_core.sending.token_orders import token_takes
from webhook_core.trading.orders import Exit
from webhook_core.trading.permits import Permit
from webhook_core.trading.requests import OrderRequest

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
BUY = OrderRequest(
    "BTC/USD", {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "1"}
)
SALE = OrderRequest("BTC/USD", {**BUY.parameters, "type": "sell"})
SHORT = OrderRequest("BTC/USD", {**SALE.parameters, "leverage": "2"})
CANCEL = OrderRequest("BTC/USD", {"txid": "OAAAAA-BBBBB-CCCCCC"}, method="CancelOrder")

LARGER = OrderRequest("BTC/USD", {**CANCEL.parameters, "order_qty": "2"}, method="AmendOrder")
NO_LARGER = LARGER._replace(no_larger=True)


def count(store, alert, *requests, most=2, token_id="a7f3", now=NOW, account="default", leg=0):
    permit = Permit(
        token_id, "trend", date(2027, 1, 1), frozenset(), orders_per_day=most,
        written={"n": f"n={most}"}
    )  # fmt: skip
    entry = submitting(alert)
    unit = entry.unit._replace(account=account, leg=leg)
    takes = token_takes(requests or (BUY,), permit, unit, now)
    store.claim(replace(entry, unit=unit, takes=takes))


def refused(store, alert, *requests, **options):
    with pytest.raises(OutOfScope, match="caveat n=") as caught:
        count(store, alert, *requests, **options)
    return caught.value.message


def test_the_day_has_so_many_and_no_more(store):
    count(store, "a")
    count(store, "b")
    assert "2 orders were opened since 00:00 UTC" in refused(store, "c")


def test_an_alert_counts_once_however_often_it_comes(store):
    for _ in range(5):
        count(store, "a")
    count(store, "b")
    count(store, "a")
    refused(store, "c")


def test_what_only_reduces_and_what_cancels_does_not_count(store):
    count(store, "a")
    count(store, "b")
    count(store, "c", SALE, CANCEL)
    refused(store, "d", SHORT)


def test_an_amendment_counts_once_where_it_may_add(store):
    for _ in range(3):
        count(store, "a", LARGER)
    count(store, "b", LARGER)
    for number in range(3):
        count(store, f"c-{number}", NO_LARGER)
        count(store, f"d-{number}", LARGER._replace(exit=Exit.SALE))
    refused(store, "e", LARGER)
    refused(store, "e", BUY)


def test_every_leg_that_opens_counts_and_none_without_the_others(store):
    refused(store, "a", BUY, SALE, BUY, SHORT)
    count(store, "b", BUY, SALE, BUY)
    refused(store, "c")


def test_a_narrowed_token_shares_the_count_and_has_its_own_end_of_it(store):
    count(store, "a", most=20)
    refused(store, "b", most=1)
    count(store, "b", most=20)


@pytest.mark.parametrize("other", [{"token_id": "b001"}, {"account": "second"}])
def test_others_have_counts_of_their_own(store, other):
    count(store, "a", most=1)
    count(store, "b", most=1, **other)
    refused(store, "c", most=1)


def test_a_new_day_begins_at_midnight_utc(store):
    count(store, "a", most=1)
    refused(store, "b", most=1, now=NOW + timedelta(minutes=29))
    count(store, "b", most=1, now=NOW + timedelta(minutes=30))
    refused(store, "c", most=1, now=NOW + timedelta(minutes=40))


def test_many_at_once_never_share_the_last_one(store):
    def one(number):
        for _ in range(40):  # as a sender resends what is answered 503
            try:
                count(store, f"alert-{number}", most=3)
                return True
            except OutOfScope:
                return False
            except LedgerUnavailable:
                continue
        return None

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [False] * 5 + [True] * 3


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"day": "2026-11-22", "counted": []}', '{"counted": {"a": "x"}}']
)
def test_a_count_that_cannot_be_read_lets_nothing_through(store, text):
    store.write("token-orders/paper/default/a7f3", text, None)
    with pytest.raises(LedgerUnavailable):
        count(store, "a")


BORDER = datetime(2026, 11, 23, tzinfo=UTC)
BEFORE, AFTER = BORDER - timedelta(milliseconds=1), BORDER + timedelta(milliseconds=1)


def test_a_claim_of_the_day_before_that_comes_late_takes_nothing_from_the_new_day(store):
    """Its moment is taken before it waits for the store, and two clocks are never one."""
    count(store, "a", now=AFTER)
    count(store, "b", now=BEFORE)
    count(store, "c", now=AFTER)
    count(store, "d", now=BEFORE)
    for now in (AFTER, BEFORE):
        refused(store, "e", now=now)
    count(store, "f", now=AFTER + timedelta(days=1))
    count(store, "g", now=AFTER + timedelta(days=1))
    refused(store, "h", now=AFTER + timedelta(days=1))


def test_what_an_earlier_version_counted_counts(store):
    name = "token-orders/paper/default/a7f3"
    store.write(name, '{"day": "2026-11-22", "counted": {"x": 1, "y": 1}}', None)
    refused(store, "a", now=BEFORE)
    count(store, "b", now=AFTER)
    refused(store, "c", now=BEFORE)
