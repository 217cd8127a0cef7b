"""Which rules an instance plans with, and how it comes by fresher ones."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.clock import FakeClock
from tests.support.documents import MemoryDocuments
from tests.support.fake_venue import FakeVenue
from tests.support.instruments import BTC_USD, btc_usd, pair
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.planning.pair_rules import READ_AGAIN_AFTER_S, PairRules
from webhook_core.trading.instruments import to_document


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
def venue(clock):
    return FakeVenue(
        rules=[
            btc_usd(as_of=clock.now(), ordermin=Decimal("0.5")),
            pair("NEWUSD", "NEWUSD", "NEW/USD", "NEW", "ZUSD"),
        ]
    )


def rules_of(clock, documents, venue):
    return PairRules(lambda: [BTC_USD], "pair-rules", documents, venue, clock)


def test_without_a_store_the_snapshot_plans(clock, venue):
    rules = rules_of(clock, BrokenDocuments(), venue)
    assert rules.current().resolve("BTCUSD") == BTC_USD
    assert rules.learn(["XXBTZUSD"], Budget.start(clock, 9)).resolve("BTCUSD").ordermin == Decimal(
        "0.5"
    )


def test_what_one_instance_learns_the_next_one_knows(clock, documents, venue):
    rules_of(clock, documents, venue).learn(["NEWUSD"], Budget.start(clock, 9))
    assert rules_of(clock, documents, venue).current().resolve("NEWUSD").key == "NEWUSD"
    assert venue.calls == ["instruments"]


def test_a_running_instance_reads_the_store_again_after_a_while(clock, documents, venue):
    old = rules_of(clock, documents, venue)
    assert old.current().resolve("BTCUSD").ordermin == Decimal("0.00005")
    rules_of(clock, documents, venue).learn(None, Budget.start(clock, 9))
    assert old.current().resolve("BTCUSD").ordermin == Decimal("0.00005")
    clock.sleep(READ_AGAIN_AFTER_S + 1)
    assert old.current().resolve("BTCUSD").ordermin == Decimal("0.5")


def test_the_newest_statement_of_kraken_counts_wherever_it_comes_from(clock, documents, venue):
    rules = rules_of(clock, documents, venue)
    rules.learn(None, Budget.start(clock, 9))
    venue.rules = [btc_usd(as_of=clock.now() - timedelta(days=9), ordermin=Decimal(7))]
    assert rules.learn(["XXBTZUSD"], Budget.start(clock, 9)).resolve("BTCUSD").ordermin == Decimal(
        "0.5"
    )


def test_a_refresh_is_due_twice_a_day_and_says_whether_it_happened(clock, documents, venue):
    rules = rules_of(clock, documents, venue)
    venue.rules = [btc_usd(as_of=clock.now())]
    assert rules.refresh_if_due(Budget.start(clock, 9)) is True
    assert rules.refresh_if_due(Budget.start(clock, 9)) is False
    clock.sleep(12 * 3600 + 1)
    venue.rules = []
    assert rules.refresh_if_due(Budget.start(clock, 9)) is False
    venue.rules = [btc_usd(as_of=clock.now())]
    assert rules.refresh_if_due(Budget.start(clock, 9)) is True


def test_a_whole_refresh_forgets_pairs_that_are_gone(clock, documents, venue):
    rules = rules_of(clock, documents, venue)
    rules.learn(None, Budget.start(clock, 9))
    venue.rules = [btc_usd(as_of=clock.now())]
    rules.learn(None, Budget.start(clock, 9))
    assert "NEWUSD" not in documents.read("pair-rules").text


def test_a_store_that_others_write_meanwhile_keeps_both(clock, documents, venue):
    documents.conflicts = 1
    rules_of(clock, documents, venue).learn(["NEWUSD"], Budget.start(clock, 9))
    assert "NEWUSD" in documents.read("pair-rules").text


def test_a_stored_text_that_is_none_of_ours_is_passed_over(clock, documents, venue):
    documents.write("pair-rules", "[]", None)
    assert rules_of(clock, documents, venue).current().resolve("BTCUSD") == BTC_USD


def test_a_packaged_pair_that_kraken_no_longer_lists_does_not_make_every_run_a_refresh(
    clock, documents, venue
):
    packaged = [
        BTC_USD,
        pair("AUSD", "AUSD", "A/USD", "A", "ZUSD"),
        pair("GONEUSD", "GONEUSD", "GONE/USD", "GONE", "ZUSD"),
    ]
    rules = PairRules(lambda: packaged, "pair-rules", documents, venue, clock)
    venue.rules = [btc_usd(as_of=clock.now()), packaged[1]._replace(as_of=clock.now())]
    assert rules.refresh_if_due(Budget.start(clock, 9)) is True
    assert rules.refresh_if_due(Budget.start(clock, 9)) is False


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"pairs": {"XXBTZUSD": {"ordermin": "1e999999999999999999999"}}}',
        '{"pairs": {"A": 5}}',
        '{"pairs": []}',
        "x",
    ],
)
@pytest.mark.usefixtures("nothing_collected")
def test_a_damaged_document_of_rules_costs_no_alert(clock, documents, venue, text):
    documents.write("pair-rules", text, None)
    rules = rules_of(clock, documents, venue)
    assert rules.current().resolve("BTCUSD") == BTC_USD
    assert rules.learn(None, Budget.start(clock, 9)).resolve("BTCUSD").ordermin == Decimal("0.5")


# -- pairs that Kraken no longer lists -------------------------------------------------------------

MANY = [BTC_USD, *(pair(f"A{n}USD", f"A{n}USD", f"A{n}/USD", f"A{n}", "ZUSD") for n in range(4))]
XSTOCK = pair("AAPLxUSD", "AAPLxUSD", "AAPLx/USD", "AAPLx", "ZUSD")


def listed_now(clock, rules):
    return [one._replace(as_of=clock.now()) for one in rules]


def keys(rules):
    return {one.key for one in rules.current()}


@pytest.mark.parametrize("known_before", [False, True])
def test_a_packaged_pair_that_a_refresh_lacks_is_gone_for_every_instance(
    clock, documents, venue, known_before
):
    packaged = [*MANY, XSTOCK]
    instances = [
        PairRules(lambda: packaged, "pair-rules", documents, venue, clock) for _ in range(3)
    ]
    if known_before:
        assert all("A2USD" in keys(one) for one in instances)
    venue.rules = listed_now(clock, [one for one in MANY if one.key != "A2USD"])
    instances[0].learn(None, Budget.start(clock, 9))
    clock.sleep(READ_AGAIN_AFTER_S + 1)
    for one in instances:
        # xStocks could not be read.
        assert keys(one) == {
            "XXBTZUSD",
            "A0USD",
            "A1USD",
            "A3USD",
            "AAPLxUSD",
        }
    venue.rules = listed_now(clock, [MANY[3]])
    instances[1].learn(["A2USD"], Budget.start(clock, 9))
    clock.sleep(READ_AGAIN_AFTER_S + 1)
    assert all("A2USD" in keys(one) for one in instances)  # it is back


def test_a_refresh_that_shows_only_a_few_pairs_takes_none_away(clock, documents, venue):
    rules = PairRules(lambda: MANY, "pair-rules", documents, venue, clock)
    venue.rules = listed_now(clock, MANY[:2])
    rules.learn(None, Budget.start(clock, 9))
    assert keys(rules) == {one.key for one in MANY}


def test_rules_that_were_learnt_one_by_one_take_none_away(clock, documents, venue):
    rules = PairRules(lambda: MANY, "pair-rules", documents, venue, clock)
    venue.rules = listed_now(clock, MANY[:4])
    rules.learn([one.key for one in MANY[:4]], Budget.start(clock, 9))
    assert keys(rules) == {one.key for one in MANY}


def test_rules_that_an_earlier_version_stored_take_none_away(clock, documents, venue):
    documents.write("pair-rules", to_document(listed_now(clock, MANY[:4])), None)
    assert keys(PairRules(lambda: MANY, "pair-rules", documents, venue, clock)) == {
        one.key for one in MANY
    }


@pytest.mark.parametrize("unknown", [["XUSD"], ["XUSD", "YUSD"], ["XUSD", "YUSD", "ZZUSD", "QUSD"]])
def test_of_names_that_kraken_may_not_list_those_are_found_that_it_does(clock, documents, unknown):
    venue = RefusesUnknown(rules=listed_now(clock, MANY))
    rules = PairRules(lambda: [BTC_USD], "pair-rules", documents, venue, clock)
    rules.find([unknown[0], "A1USD", *unknown[1:]], Budget.start(clock, 9))
    assert keys(rules) == {"XXBTZUSD", "A1USD"}
    venue.calls.clear()
    rules.find(unknown, Budget.start(clock, 9))
    assert venue.calls == []
    clock.sleep(3601)
    rules.find(unknown[:1], Budget.start(clock, 9))
    assert venue.calls == ["instruments"]


class RefusesUnknown(FakeVenue):
    """As Kraken does: one unknown name, and none is answered."""

    def instruments(self, pairs, budget):
        found = super().instruments(pairs, budget)
        return found if pairs is None or len(found) == len(pairs) else []
