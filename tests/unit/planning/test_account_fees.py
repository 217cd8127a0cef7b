"""The fees of the account: read by reconcile once a day, kept for every instance, believed for two
days, never a condition."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Event

import pytest

from tests.support.clock import FakeClock
from tests.support.documents import MemoryDocuments
from tests.support.fake_venue import FakeVenue
from tests.support.instruments import BTC_USD, btc_usd, pair
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import LedgerUnavailable
from webhook_core.planning.account_fees import COUNTS_FOR, MOST_PAIRS, AccountFees
from webhook_core.trading.rules import Fees
from webhook_core.trading.symbols import Instruments

D = Decimal
LOW = Fees(D("0.10"), D("0.25"))
LIVE = {
    "TRADING_MODE": "live", "ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "none",
    "KRAKEN_API_KEY": "k" * 20,
    "KRAKEN_API_SECRET": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0",
}  # fmt: skip
DAY, HOUR, SECOND = (timedelta(days=1), timedelta(hours=1), timedelta(seconds=1))


class BrokenDocuments:
    def read(self, name):
        raise LedgerUnavailable("The store is away.")

    def write(self, name, text, before):
        raise LedgerUnavailable("The store is away.")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def documents():
    return MemoryDocuments()


@pytest.fixture
def venue():
    return FakeVenue(charged={"XXBTZUSD": LOW})


@pytest.fixture
def fees(clock, documents, venue):
    return AccountFees("fees-default", documents, venue, clock)


def rules(clock, *others):
    return Instruments([btc_usd(as_of=clock.now()), *others])


def read(fees, symbols=("BTC/USD",), traded=()):
    return fees.read_if_due(rules(fees.clock), symbols, lambda: traded, Budget.start(fees.clock, 9))


def test_what_was_read_is_known_here_and_to_the_next_instance(fees, clock, documents, venue):
    assert fees.of(BTC_USD) is None
    assert read(fees)
    assert fees.of(BTC_USD) == LOW
    assert AccountFees("fees-default", documents, FakeVenue(), clock).of(BTC_USD) == LOW
    assert AccountFees("fees-other", documents, FakeVenue(), clock).of(BTC_USD) is None
    assert fees.of(pair("SOLUSD", "SOLUSD", "SOL/USD", "SOL", "ZUSD")) is None


def test_a_running_instance_hears_of_it_after_a_while(fees, clock, documents, venue):
    other = AccountFees("fees-default", documents, venue, clock)
    assert other.of(BTC_USD) is None
    read(fees)
    assert other.of(BTC_USD) is None
    clock.sleep(301)
    assert other.of(BTC_USD) == LOW


def test_kraken_is_asked_once_a_day(fees, clock, venue):
    assert [read(fees), read(fees)] == [True, False]
    clock.sleep((DAY - SECOND).total_seconds())
    assert read(fees) is False
    clock.sleep(1)
    assert read(fees) is True
    assert venue.calls == ["fees", "fees"]


def test_a_read_that_fails_is_tried_again_after_an_hour_and_what_was_known_stays_for_its_time(
    fees, clock, venue
):
    read(fees)
    venue.unreadable = {"fees"}
    clock.sleep(DAY.total_seconds())
    assert [read(fees), read(fees)] == [False, False]
    clock.sleep(HOUR.total_seconds())
    assert read(fees) is False
    assert venue.calls == ["fees"] * 3
    assert fees.of(BTC_USD) == LOW


@pytest.mark.parametrize(
    ("age", "known"), [(COUNTS_FOR, True), (COUNTS_FOR + SECOND, False), (-SECOND, False)]
)
def test_what_is_too_old_or_from_a_time_to_come_counts_nothing(fees, clock, documents, age, known):
    read(fees)
    clock.sleep(age.total_seconds())
    assert (AccountFees("fees-default", documents, FakeVenue(), clock).of(BTC_USD) == LOW) is known


def test_a_moment_to_come_puts_off_no_read(fees, clock):
    clock.sleep(DAY.total_seconds())
    read(fees)
    clock.sleep(-DAY.total_seconds())
    assert read(fees) is True


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "{}", "null", '{"fees": []}', '{"fees": {"XXBTZUSD": {}}}',
        '{"fees": {"XXBTZUSD": "0.1"}}',
        '{"as_of": "never", "fees": {}}', '{"as_of": "2026-10-01T00:00:00", "fees": {}}',
        '{"as_of": 5, "fees": {}}',
        *(
            json.dumps({"as_of": "2026-10-01T00:00:00+00:00",
                    "fees": {"XXBTZUSD": {"maker": "0.1", "taker": taker}}})
            for taker in ("NaN", "-0.1", "11", "Infinity", "", "much", None)
        ),
    ],
)  # fmt: skip
def test_a_damaged_document_costs_no_alert_and_is_written_anew(fees, documents, text):
    documents.write("fees-default", text, None)
    assert fees.of(BTC_USD) is None
    assert read(fees)
    assert fees.of(BTC_USD) == LOW


def test_a_store_that_is_away_costs_no_alert(clock, venue):
    fees = AccountFees("fees-default", BrokenDocuments(), venue, clock)
    assert fees.of(BTC_USD) is None
    assert read(fees)
    assert fees.of(BTC_USD) == LOW


@pytest.mark.parametrize(
    ("symbols", "traded", "asked"),
    [
        (["BTC/USD"], [], ["XXBTZUSD"]),
        (["XBT-USD", "KRAKEN:SOLUSD", "NOSUCH/USD"], [], ["XXBTZUSD", "SOLUSD"]),
        (["BTC/USD"], ["SOLUSD", "XXBTZUSD"], ["SOLUSD", "XXBTZUSD"]),
        (["BTC/USD", "BTC/USD:BTNL", "AAPLx/USD", "GONE/USD"], [], ["XXBTZUSD"]),
        (None, ["SOLUSD"], ["SOLUSD", "ETHTEN", "XXBTZUSD"]),
        (["AAPLx/USD"], [], None),
        ([], [], None),
    ],
)
def test_the_pairs_that_may_be_traded_are_asked_for_and_none_that_kraken_may_not_list(
    fees, symbols, traded, asked
):
    seen = []
    fees.venue.fees = lambda pairs, budget: seen.append([one.key for one in pairs]) or {}
    now = fees.clock.now()
    known = rules(
        fees.clock,
        market("SOL/USD", leverage_buy=(), as_of=now),
        market("ETH/TEN", leverage_buy=(10,), as_of=now),
        market("AAPLx/USD", as_of=now),
        btc_usd(
            key="XBTUSD:BTNL",
            altname="XBTUSD:BTNL",
            wsname="XBT/USD:BTNL",
            leverage_buy=(20,),
            as_of=now,
        ),
        market("GONE/USD", as_of=now - 2 * DAY),
    )
    assert fees.read_if_due(known, symbols, lambda: traded, Budget.start(fees.clock, 9)) is (
        asked is not None
    )
    assert seen == ([] if asked is None else [asked])


def market(name, **changes):
    base, _, quote = name.partition("/")
    return btc_usd(
        key=base + quote, altname=base + quote, wsname=name, base=base, quote=quote, **changes
    )


def test_a_question_is_bounded(fees, clock, venue):
    seen = []
    venue.fees = lambda pairs, budget: seen.append(len(pairs)) or {}
    many = [
        btc_usd(key=f"A{number}USD", altname=f"A{number}USD", as_of=clock.now())
        for number in range(MOST_PAIRS * 2)
    ]
    fees.read_if_due(Instruments(many), None, list, Budget.start(clock, 9))
    assert seen == [MOST_PAIRS]


# Planned with


def live(charged=LOW, **options):
    """100 000 USD and a bitcoin at 50 000, with fees that reconcile has read."""
    function = trader(env=LIVE, **options)
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    if charged is not None:
        function.venue.charged = {"XXBTZUSD": charged}
    answer = function.operate("POST", "/reconcile")
    assert answer["fees_read"] is True
    function.venue.calls.clear()
    return function


def buy_all(function, alert_id="a-1", **fields):
    return function.post(
        function.alert(id=alert_id, volume="100", quantity_type="percent_balance", **fields)
    )


@pytest.mark.parametrize(
    ("charged", "cost"),
    [
        (LOW, "99750.62334"),  # 100 000 / 1.0025
        (Fees(D("0.5"), D("1.2")), "98814.22915"),  # a higher one than the first tier's as well
        (Fees(D(0), D(0)), "99999.9999"),
        (None, "99206.3491"),  # Kraken's highest, 0.80 %
    ],
)
def test_a_buy_by_what_is_free_keeps_back_the_accounts_own_fee_as_a_taker(charged, cost):
    function = live(charged)
    answer = buy_all(function)
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [("buy", cost)]


def test_what_is_kept_back_is_said():
    function = live()
    [warning] = [text for text in buy_all(function)["warnings"] if "fee" in text]
    assert "a fee of 0.25 %" in warning


@pytest.mark.parametrize(
    ("fields", "fee"), [({}, "1.5"), ({"order_type": "limit", "post_only": True}, "0.6")]
)
def test_a_validation_estimates_by_the_accounts_own_fee(fields, fee):
    function = live()
    answer = function.post(function.alert(**fields), "/webhook/tradingview/validate")
    assert answer["orders"][0]["estimate"]["fee"] == fee


def test_on_paper_the_fees_are_settings_and_nobody_is_asked():
    function = trader(env={"PAPER_FEES": "0.1,0.2"})
    function.venue.charged = {"XXBTZUSD": LOW}
    assert function.operate("POST", "/reconcile")["fees_read"] is False
    assert outcome(buy_all(function)) == (200, "accepted")
    assert sent(function) == [("buy", "99800.3991")]
    assert "fees" not in function.venue.calls


def test_a_fee_that_was_read_too_long_ago_keeps_back_the_highest():
    function = live()
    function.clock.sleep((COUNTS_FOR + SECOND).total_seconds())
    assert outcome(buy_all(function)) == (200, "accepted")
    assert sent(function) == [("buy", "99206.3491")]


def test_a_fee_that_has_risen_since_costs_no_order_and_makes_none_larger_than_the_funds():
    """Kraken refuses the first one for want of funds; it is planned once more with the
    highest fee kept back."""
    function = live(fee=D("0.008"))
    answer = buy_all(function)
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [("buy", "99750.62334"), ("buy", "99206.3491")]
    assert function.venue.held["ZUSD"].total >= 0
    assert len({client_order_id for _, client_order_id, _ in function.venue.submitted}) == 2


def test_a_buy_that_finds_no_funds_with_the_highest_fee_either_is_refused():
    function = live(fee=D("0.02"))
    assert outcome(buy_all(function)) == (422, "order_rejected")
    assert [volume for _, volume in sent(function)] == ["99750.62334", "99206.3491"]


@pytest.mark.parametrize(
    ("fields", "looks"),
    [
        ({}, False),
        ({"volume": "100", "quantity_type": "quote"}, False),
        ({"volume": "50", "quantity_type": "percent_balance"}, True),
        ({"volume": None, "side": None, "action": "close"}, False),
        (
            {
                "volume": "50",
                "side": None,
                "market_position": "long",
                "quantity_type": "percent_equity",
            },
            True,
        ),
    ],
)
def test_only_a_size_that_keeps_a_fee_back_looks_it_up(monkeypatch, fields, looks):
    function = trader(btc=1, env=LIVE)
    names, read_document = [], function.store.read
    monkeypatch.setattr(
        function.store, "read", lambda name: names.append(name) or read_document(name)
    )
    assert outcome(function.post(function.alert(**fields))) == (200, "accepted")
    assert ("fees-default" in names) is looks


def test_no_alert_waits_for_another_that_looks_the_fees_up():
    """The store may be slow: whoever comes meanwhile goes on with what was known."""
    reached, go_on = Event(), Event()

    class Slow(MemoryDocuments):
        def read(self, name):
            reached.set()
            assert go_on.wait(60)
            return super().read(name)

    fees = AccountFees("fees", Slow(), FakeVenue(), SystemClock())
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fees.of, btc_usd())
        assert reached.wait(60)
        assert fees.of(btc_usd()) is None
        go_on.set()
        assert first.result(10) is None
