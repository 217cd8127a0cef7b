"""What every ledger promises, whatever keeps it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from tests.support.ledger_entries import NOON, accepted_orders, moved, submitting
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, Ledger, Page, Recorded
from webhook_core.ledger.entry import TERMINAL, UNRESOLVED, LedgerEntry, State
from webhook_core.ledger.transitions import filled, next_attempt, settle
from webhook_core.ledger.unfinished import Unfinished
from webhook_core.trading.requests import Accepted, Fill

THREADS = 16
BEFORE_TIME = base64.urlsafe_b64encode(b"0001-01-01T00:00:00+05:00 1").decode()


def claimed(store: Ledger, entry: LedgerEntry) -> LedgerEntry:
    result = store.claim(entry)
    assert isinstance(result, Claimed)
    return result.entry


def recorded(store: Ledger, entry: LedgerEntry) -> LedgerEntry:
    result = store.record(entry)
    assert isinstance(result, Recorded)
    return result.entry


def stored_in(store: Ledger, entry: LedgerEntry, state: State) -> LedgerEntry:
    """Brought there as it gets there: a claim and its record, or for NO_ACTION and
    MISSED the claim alone."""
    if state in (State.NO_ACTION, State.MISSED):
        return claimed(store, moved(entry, state))
    return recorded(store, moved(claimed(store, entry), state))


def at_once(count: int, work: Callable[[int], object]) -> list:
    """Every thread waits for the last one, then all go."""
    barrier = Barrier(count)

    def one(number: int) -> object:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_the_first_claim_of_a_unit_wins_and_is_stored_as_it_was(store):
    entry = submitting()
    result = claimed(store, entry)
    assert result.version
    assert replace(result, version="") == entry
    assert store.find(entry.unit) == result


def test_a_second_delivery_gets_what_the_first_has_stored(store):
    first = claimed(store, submitting())
    assert store.claim(submitting()) == Existing(first)
    assert store.find(first.unit) == first


def test_a_claim_after_the_record_gets_the_recorded_entry(store):
    accepted = stored_in(store, submitting(), State.ACCEPTED)
    assert store.claim(submitting()) == Existing(accepted)


def test_the_parameters_of_the_request_keep_their_order(store):
    entry = claimed(store, submitting())
    found = store.find(entry.unit)
    assert list(found.current.request.parameters) == [
        "pair",
        "type",
        "ordertype",
        "volume",
        "price",
    ]
    assert str(found.current.request.reference_price) == "50000.10"


def test_legs_generations_modes_and_accounts_are_units_of_their_own(store):
    base = submitting()
    units = [
        base.unit,
        base.unit._replace(leg=1),
        base.unit._replace(generation=1),
        base.unit._replace(mode="live"),
        base.unit._replace(account="second"),
        base.unit._replace(alert_key="Alert-1"),
    ]
    for unit in units:
        claimed(store, replace(base, unit=unit))
    assert [store.find(unit).unit for unit in units] == units


@pytest.mark.parametrize(
    "key",
    ["a/b", ".", "__id__", "é ☃ 💸", "'; DROP TABLE entries; --", "x" * 4000, "a\x00b", " a "],
)
def test_an_alert_key_may_hold_anything(store, key):
    entry = claimed(store, submitting(key))
    assert store.find(entry.unit) == entry
    assert isinstance(store.claim(submitting(key)), Existing)
    assert store.newest_generation(entry.unit) == entry


def test_of_many_concurrent_claims_of_a_unit_one_wins(store):
    entries = [submitting() for _ in range(THREADS)]
    results = at_once(THREADS, lambda number: store.claim(entries[number]))
    winners = [result.entry for result in results if isinstance(result, Claimed)]
    assert len(winners) == 1
    assert all(result.entry == winners[0] for result in results)
    assert store.find(entries[0].unit) == winners[0]


def test_concurrent_claims_of_different_units_all_win(store):
    results = at_once(THREADS, lambda number: store.claim(submitting(f"alert-{number}")))
    assert all(isinstance(result, Claimed) for result in results)
    assert len(store.entries().entries) == THREADS


@pytest.mark.parametrize("state", State)
def test_every_state_comes_back_as_it_was_recorded(store, state):
    entry = moved(claimed(store, submitting()), state)
    result = recorded(store, entry)
    assert result.version != entry.version
    assert replace(result, version=entry.version) == entry
    assert store.find(entry.unit) == result
    assert store.entries(states={state}).entries == [result]
    assert store.entries(states=set(State) - {state}).entries == []


def test_a_further_attempt_is_recorded_beside_the_first(store):
    refused = stored_in(store, submitting(), State.NOT_SENT)
    again = recorded(
        store, next_attempt(refused, refused.current.request, NOON + timedelta(seconds=5), 10)
    )
    assert [attempt.number for attempt in store.find(again.unit).attempts] == [1, 2]
    assert again.claimed_at == NOON


def test_a_record_under_an_old_version_changes_nothing(store):
    first = claimed(store, submitting())
    accepted = recorded(store, moved(first, State.ACCEPTED))
    assert store.record(moved(first, State.REJECTED)) == Existing(accepted)
    assert store.find(first.unit) == accepted


@pytest.mark.parametrize("version", ["", "0", "999", "-1", "1.0", "junk", "2020-01-01T00:00:00Z"])
def test_a_record_under_a_version_that_never_was_changes_nothing(store, version):
    first = claimed(store, submitting())
    assert store.record(replace(moved(first, State.ACCEPTED), version=version)) == Existing(first)


def test_a_record_of_what_was_never_claimed_is_refused(store):
    with pytest.raises(LedgerUnavailable):
        store.record(replace(moved(submitting(), State.ACCEPTED), version="1"))
    assert store.find(submitting().unit) is None


def test_of_many_concurrent_records_under_one_version_one_wins(store):
    first = claimed(store, submitting())
    changes = [
        replace(moved(first, State.SUBMITTING), warnings=(f"writer {number}",))
        for number in range(THREADS)
    ]
    results = at_once(THREADS, lambda number: store.record(changes[number]))
    winners = [result.entry for result in results if isinstance(result, Recorded)]
    assert len(winners) == 1
    assert {result.entry.warnings for result in results} == {winners[0].warnings}
    assert store.find(first.unit) == winners[0]


def test_a_claim_and_its_resolution_race_and_one_word_is_the_last(store):
    """The reply and the proof of absence come at once, each on what the claim has stored,
    and so do redeliveries."""
    first = claimed(store, submitting())
    words = [
        moved(first, State.ACCEPTED),
        moved(first, State.NOT_PLACED),
        moved(first, State.SUBMITTING),
    ]
    redeliveries = [submitting() for _ in range(THREADS - len(words))]

    def work(number: int) -> object:
        return (
            store.record(words[number])
            if number < len(words)
            else store.claim(redeliveries[number - len(words)])
        )

    results = at_once(THREADS, work)
    written = [result.entry for result in results[: len(words)] if isinstance(result, Recorded)]
    assert len(written) == 1
    assert store.find(first.unit) == written[0]
    losers = [result for result in results[: len(words)] if not isinstance(result, Recorded)]
    assert losers == [Existing(written[0])] * (len(words) - 1)
    assert all(
        result in (Existing(first), Existing(written[0])) for result in results[len(words) :]
    )
    assert store.claim(submitting()) == Existing(written[0])


def test_an_unknown_unit_is_none(store):
    assert store.find(submitting().unit) is None
    assert store.newest_generation(submitting().unit) is None
    assert store.entries() == Page([], None)


def test_the_newest_generation_is_the_highest_of_that_leg(store):
    for generation in (0, 10, 9, 2):
        claimed(store, submitting(generation=generation))
    claimed(store, submitting(leg=1, generation=11))
    claimed(store, submitting("alert-2", generation=12))
    for generation in (0, 2, 99):
        assert store.newest_generation(submitting(generation=generation).unit).unit.generation == 10


def walk(
    store: Ledger, limit: int = 3, between: Callable[[], object] = lambda: None, **filters
) -> list[LedgerEntry]:
    """All pages; ``between`` happens after each."""
    entries, cursor = [], None
    while True:
        page = store.entries(cursor=cursor, limit=limit, **filters)
        assert len(page.entries) <= limit
        entries += page.entries
        cursor = page.cursor
        if cursor is None:
            return entries
        between()


def fill(store: Ledger, count: int = 10) -> list[LedgerEntry]:
    """Three at each moment, every second accepted, two strategies; in the order of their claims."""
    entries = []
    for number in range(count):
        strategy = "breakout" if number % 3 else "reversal"
        entry = claimed(
            store,
            submitting(
                f"alert-{number}", at=NOON + timedelta(microseconds=number // 3), strategy=strategy
            ),
        )
        entries.append(recorded(store, moved(entry, State.ACCEPTED)) if number % 2 else entry)
    return entries


def keys(entries: list[LedgerEntry]) -> list[str]:
    return [entry.unit.alert_key for entry in entries]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 4, 10, 50])
def test_pages_hold_every_entry_once_by_time_of_claim(store, newest_first, limit):
    everything = fill(store)
    listed = walk(store, limit, newest_first=newest_first)
    assert sorted(keys(listed)) == sorted(keys(everything))
    times = [entry.claimed_at for entry in listed]
    assert times == sorted(times, reverse=newest_first)
    assert {entry.unit: entry for entry in listed} == {entry.unit: entry for entry in everything}


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    ("states", "strategy"),
    [
        (None, "breakout"),
        (UNRESOLVED, None),
        (TERMINAL, None),
        (TERMINAL, "breakout"),
        (UNRESOLVED, "reversal"),
        ([State.SUBMITTING, State.ACCEPTED], "reversal"),
        (None, "nobody's"),
        ([State.EXPIRED], None),
        ([], None),
    ],
)
def test_lists_keep_to_states_and_strategy(store, states, strategy, newest_first):
    expected = {
        entry.unit.alert_key
        for entry in fill(store)
        if (states is None or entry.state in states) and strategy in (None, entry.strategy)
    }
    listed = walk(store, 2, states=states, strategy=strategy, newest_first=newest_first)
    assert len(listed) == len(expected)
    assert set(keys(listed)) == expected


@pytest.mark.parametrize("newest_first", [True, False])
def test_no_entry_is_lost_or_doubled_while_new_ones_are_claimed(store, newest_first):
    before = fill(store)
    later = iter(range(100))

    def claim_one() -> None:
        number = next(later)
        claimed(
            store,
            submitting(f"later-{number}", at=NOON + timedelta(seconds=1, microseconds=number)),
        )

    listed = keys(walk(store, 3, claim_one, newest_first=newest_first))
    assert len(listed) == len(set(listed))
    assert set(listed) >= set(keys(before))


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "AAAA", "MjAyNg==", "' OR 1=1", "bm90IGEgdGltZSAx", "\x00", BEFORE_TIME],
)
def test_a_cursor_that_is_not_ours_is_refused(store, cursor):
    fill(store, 3)
    with pytest.raises(ValueError, match="cursor"):
        store.entries(cursor=cursor)


def test_a_changed_cursor_is_refused(store):
    fill(store, 3)
    cursor = store.entries(limit=1).cursor
    for changed in (cursor[:-4], cursor[4:], cursor + "AAAA", cursor + "\n", cursor.lower()):
        with pytest.raises(ValueError, match="cursor"):
            store.entries(cursor=changed)


def test_a_page_of_nothing_is_refused(store):
    with pytest.raises(ValueError, match="limit"):
        store.entries(limit=0)


def test_a_purge_takes_old_terminal_entries_and_no_other(store):
    for number, state in enumerate(TERMINAL):
        stored_in(store, submitting(f"old-{number}", at=NOON), state)
    unsent = stored_in(store, submitting("unsent", at=NOON), State.NOT_SENT)
    unknown = claimed(store, submitting("unknown", at=NOON))
    recent = stored_in(
        store, submitting("recent", at=NOON + timedelta(microseconds=1)), State.ACCEPTED
    )

    assert store.purge(NOON, 100) == 0
    assert store.purge(NOON + timedelta(microseconds=1), 100) == len(TERMINAL)
    assert {entry.unit for entry in store.entries().entries} == {
        unsent.unit,
        unknown.unit,
        recent.unit,
    }
    assert store.purge(NOON + timedelta(microseconds=1), 100) == 0


def test_a_purge_passes_over_what_was_seen_open_since_and_takes_what_lies_behind_it(store):
    """However many those are: more than one page of them."""
    for number in range(120):
        entry = stored_in(
            store, submitting(f"open-{number}", at=NOON + timedelta(seconds=number)), State.ACCEPTED
        )
        store.record(replace(entry, open_at=NOON + timedelta(days=1)))
    stored_in(store, submitting("done", at=NOON + timedelta(hours=1)), State.ACCEPTED)
    assert sum(store.purge(NOON + timedelta(days=1), 500) for _ in range(2)) == 1
    assert store.find(submitting("done").unit) is None
    found = store.find(submitting("open-7").unit)
    assert found is not None
    assert found.open_at == NOON + timedelta(days=1)


def test_what_was_seen_open_is_purged_like_all_others_ninety_days_later(store):
    entry = stored_in(store, submitting(at=NOON), State.ACCEPTED)
    store.record(replace(entry, open_at=NOON + timedelta(days=1)))
    assert store.purge(NOON + timedelta(days=1, microseconds=1), 10) == 1
    assert store.find(entry.unit) is None


def test_a_purge_takes_no_more_than_it_may_and_the_oldest_first(store):
    for number in (3, 1, 0, 2):
        stored_in(
            store,
            submitting(f"alert-{number}", at=NOON + timedelta(seconds=number)),
            State.ACCEPTED,
        )
    assert store.purge(NOON + timedelta(hours=1), 3) == 3
    assert keys(store.entries().entries) == ["alert-3"]


def test_a_purged_unit_can_be_claimed_again(store):
    stored_in(store, submitting(), State.ACCEPTED)
    store.purge(NOON + timedelta(days=1), 10)
    assert store.find(submitting().unit) is None
    assert isinstance(store.claim(submitting()), Claimed)


# Orders that may still trade


def all_kinds(store: Ledger) -> dict[str, LedgerEntry]:
    found = {}
    for name, entry in accepted_orders().items():
        first = claimed(store, replace(submitting(name), attempts=submitted(entry).attempts))
        found[name] = recorded(store, replace(entry, version=first.version))
    return found


def submitted(entry: LedgerEntry) -> LedgerEntry:
    """Before it was accepted."""
    attempt = entry.current
    return replace(entry, attempts=(replace(submitting().current, request=attempt.request),))


def test_orders_that_may_still_trade_are_listed_by_kind_and_nothing_else_is(store):
    entries = all_kinds(store)
    claimed(store, submitting("on its way"))
    stored_in(store, submitting("refused"), State.REJECTED)
    resting = {"resting", "in parts", "canceling"}
    at_market = {"never asked", "asked at market"}
    for kinds, names in [
        ((Unfinished.RESTING,), resting),
        ((Unfinished.MARKET,), at_market),
        (tuple(Unfinished), resting | at_market),
        ((), set()),
    ]:
        found = store.unfinished("paper", "main", kinds, 50)
        assert {entry.unit.alert_key for entry in found} == names
        assert all(entry == entries[entry.unit.alert_key] for entry in found)
    assert len(store.unfinished("paper", "main", tuple(Unfinished), 2)) == 2
    for mode, account in [("live", "main"), ("paper", "other"), ("paper/main", "")]:
        assert list(store.unfinished(mode, account, tuple(Unfinished), 50)) == []


def test_an_order_that_is_known_to_be_done_is_listed_no_more(store):
    resting = all_kinds(store)["resting"]
    recorded(store, filled(resting, Fill("closed", Decimal(1), Decimal(2), Decimal(2), Decimal(0))))
    assert "resting" not in {
        entry.unit.alert_key for entry in store.unfinished("paper", "main", tuple(Unfinished), 50)
    }


def test_an_order_that_has_just_left_a_close_is_listed_until_that_is_said_to_be_seen(store):
    resting = all_kinds(store)["resting"]
    fill = Fill("closed", Decimal(1), Decimal(2), Decimal(2), Decimal(0), NOON)
    unseen = recorded(store, filled(resting, fill, close_unseen=True))
    assert store.find(resting.unit).current.fill == fill
    assert unseen in store.unfinished("paper", "main", (Unfinished.RESTING,), 50)
    recorded(store, filled(unseen, fill))
    assert "resting" not in {
        entry.unit.alert_key for entry in store.unfinished("paper", "main", tuple(Unfinished), 50)
    }


# Whose an order is


def test_an_order_is_known_by_the_venues_id_however_many_came_since(store):
    entries = all_kinds(store)
    for number in range(70):
        stored_in(store, submitting(f"later-{number}"), State.ACCEPTED)
    for names in (["resting"], ["done", "in parts"], []):
        wanted = [entries[name].current.order_id for name in names]
        asked = [*wanted, *(f"ONOBODY{number}" for number in range(250))]
        found = store.of_orders("paper", "main", asked)
        assert sorted(entry.unit.alert_key for entry in found) == sorted(names)
        assert all(entry == entries[entry.unit.alert_key] for entry in found)
    for mode, account in [("live", "main"), ("paper", "other")]:
        assert list(store.of_orders(mode, account, ["Oresting"])) == []


@pytest.mark.parametrize("method", ["CancelOrder", "AmendOrder"])
def test_whoever_amends_or_cancels_an_order_has_not_placed_it(store, method):
    resting = all_kinds(store)["resting"]
    change = submitting("change")
    request = change.current.request._replace(method=method)
    change = replace(change, attempts=(replace(change.current, request=request),))
    changed = recorded(store, settle(claimed(store, change), Accepted("Oresting"), NOON))
    assert changed.current.order_id == "Oresting"
    assert list(store.of_orders("paper", "main", ["Oresting"])) == [resting]
