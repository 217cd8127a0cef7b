"""Whatever a ledger entry may hold comes back from the store as it went in."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.ledger_entries import NOON, in_turn, submitting
from webhook_core.ledger.entry import Attempt, ExitTrade, LedgerEntry, OrderShown, State, Turn, Unit
from webhook_core.ledger.keys import cursor_text, microseconds, moment, read_cursor
from webhook_core.ledger.serial import from_document, from_text, to_document, to_text, unmarked
from webhook_core.trading.checks import Check, SetBy
from webhook_core.trading.orders import Exit, Side
from webhook_core.trading.requests import Fill, Method, OrderRequest
from webhook_core.trading.venue_refusals import Refusal

# Lone surrogates too: JSON can say them, and a venue's text may hold anything.
TEXTS = st.text(st.characters(), max_size=20)
TIMES = st.datetimes(timezones=st.just(UTC))
DECIMALS = st.decimals(allow_nan=False)
REQUESTS = st.builds(
    OrderRequest,
    symbol=TEXTS,
    parameters=st.dictionaries(TEXTS, TEXTS),
    reference_price=st.none() | DECIMALS,
    method=st.sampled_from(get_args(Method)),
    exits=st.booleans(),
    counted=st.booleans(),
    freeing=st.booleans(),
    waits=st.booleans(),
    no_larger=st.booleans(),
    whole=st.booleans(),
    exit=st.none() | st.sampled_from(Exit),
    words=st.none() | st.dictionaries(TEXTS, TEXTS),
    most=st.none() | DECIMALS,
)
FILLS = st.builds(
    Fill,
    status=TEXTS,
    volume=DECIMALS,
    price=st.none() | DECIMALS,
    cost=DECIMALS,
    fee=DECIMALS,
    closed_at=st.none() | TIMES,
    opened_at=st.none() | TIMES,
    trades=st.none() | st.integers(0, 999),
)
ATTEMPTS = st.builds(
    Attempt,
    number=st.integers(1, 99),
    client_order_id=TEXTS,
    request=REQUESTS,
    owner=TEXTS,
    claimed_at=TIMES,
    deadline=TIMES,
    state=st.sampled_from(State),
    order_id=st.none() | TEXTS,
    description=TEXTS,
    reason=TEXTS,
    errors=st.lists(TEXTS, max_size=3).map(tuple),
    settled_at=st.none() | TIMES,
    open_absent_at=st.none() | TIMES,
    fill=st.none() | FILLS,
    close_unseen=st.booleans(),
    shown=st.none() | st.sampled_from(OrderShown),
    because=st.none() | st.sampled_from(Refusal),
)
UNITS = st.builds(Unit, TEXTS, TEXTS, TEXTS, st.integers(0, 9), st.integers(0, 2**40))
TURNS = st.builds(
    Turn,
    line=TEXTS,
    fired_at=TIMES,
    in_order=st.booleans(),
    before=st.none() | DECIMALS,
    after=st.none() | DECIMALS,
    mark=st.none(),
    passes=st.just(False),
)
EXIT_TRADES = st.builds(
    ExitTrade,
    trade_id=TEXTS,
    order_id=TEXTS,
    side=st.sampled_from(Side),
    volume=DECIMALS,
    price=DECIMALS,
    cost=DECIMALS,
    fee=DECIMALS,
    at=TIMES,
)
CHECKS = st.builds(
    Check,
    rule=TEXTS,
    passed=st.none() | st.booleans(),
    message=TEXTS,
    numbers=st.dictionaries(TEXTS, TEXTS, max_size=2),
    set_by=st.sampled_from(get_args(SetBy)),
)
ENTRIES = st.builds(
    LedgerEntry,
    unit=UNITS,
    alert_id=TEXTS,
    body_sha256=TEXTS,
    strategy=TEXTS,
    received_at=TIMES,
    fresh_until=TIMES,
    attempts=st.lists(ATTEMPTS, min_size=1, max_size=2).map(tuple),
    warnings=st.lists(TEXTS, max_size=3).map(tuple),
    turn=st.none() | TURNS,
    following=st.lists(REQUESTS, max_size=1).map(tuple),
    independent=st.booleans(),
    figures=st.dictionaries(TEXTS, DECIMALS, max_size=2),
    counted_until=st.none() | TIMES,
    counted=st.lists(TEXTS, max_size=2).map(tuple),
    exits=st.lists(EXIT_TRADES, max_size=2).map(tuple),
    checks=st.lists(CHECKS, max_size=2).map(tuple),
    open_at=st.none() | TIMES,
    version=TEXTS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


def exact(entry: LedgerEntry) -> list:
    """What equality overlooks: the order of the parameters, the digits of a price, the
    types of the collections."""
    requests = [attempt.request for attempt in entry.attempts] + list(entry.following)
    return [
        [str(attempt.fill and attempt.fill[:5]) for attempt in entry.attempts],
        [type(entry.following), type(entry.independent), str(entry.turn and entry.turn[3:])],
        sorted((name, str(figure)) for name, figure in entry.figures.items()),
        [(list(request.parameters.items()), str(request.reference_price)) for request in requests],
        type(entry.attempts),
        type(entry.warnings),
        [
            (type(attempt.errors), type(attempt.state), attempt.claimed_at.tzinfo)
            for attempt in entry.attempts
        ],
    ]


@given(ENTRIES)
def test_an_entry_survives_its_document(entry):
    again = from_document(to_document(entry), entry.version)
    assert again == entry
    assert exact(again) == exact(entry)


@given(ENTRIES)
def test_an_entry_survives_its_text_and_has_one_text_only(entry):
    text = to_text(entry)
    again = from_text(text, entry.version)
    assert again == entry
    assert exact(again) == exact(entry)
    assert text.isascii()
    assert to_text(again) == text


@given(ENTRIES, st.dictionaries(TEXTS.map("later ".__add__), JSON, min_size=1, max_size=2))
def test_keys_of_a_later_version_are_ignored(entry, more):
    document = json.loads(to_text(entry))
    document |= more
    document["unit"] |= more
    for attempt in document["attempts"]:
        attempt.update(more)
        attempt["request"].update(more)
    assert from_document(document, entry.version) == entry


@given(JSON)
def test_a_document_that_is_no_entry_is_a_value_error(document):
    with pytest.raises(ValueError, match=r"."):
        from_text(json.dumps(document), "1")


def leaves(document, path=()):
    if isinstance(document, dict | list):
        for key in document if isinstance(document, dict) else range(len(document)):
            yield (*path, key)
            yield from leaves(document[key], (*path, key))


def full(entry: LedgerEntry) -> LedgerEntry:
    """With every field that most entries leave out."""
    # No such thing, and every field.
    cancel = entry.current.request._replace(
        method="CancelOrder",
        exits=True,
        counted=True,
        freeing=True,
        waits=True,
        no_larger=True,
        whole=True,
        exit=Exit.CLOSE,
        words={"ticket": "Q-1"},
        most=Decimal("0.02"),
    )
    fill = Fill(
        "closed",
        Decimal("0.005"),
        Decimal("50000.1"),
        Decimal("250.0005"),
        Decimal("0.65"),
        closed_at=NOON,
        opened_at=NOON,
        trades=2,
    )
    return replace(
        entry,
        attempts=(
            replace(
                entry.current,
                request=cancel,
                fill=fill,
                close_unseen=True,
                shown=OrderShown.HAD_FILLED,
                because=Refusal.NO_SUCH_ORDER,
            ),
        ),
        following=(entry.current.request, cancel),
        independent=True,
        figures={"ZUSD": Decimal("10000.00"), "position XBTUSD": Decimal("-0.5")},
        counted_until=NOON,
        counted=("6f7c", "0a1b"),
        exits=(
            ExitTrade("T1", "O1", Side.SELL, *map(Decimal, ("0.1", "50000", "5000", "2")), NOON),
        ),
        checks=(Check("MAX_ORDER_COST", True, "", {"cost": "600", "max": "1000"}, "strategy"),),
        open_at=NOON,
    )


FULL = full(in_turn("alert-1", moves=(1, 0), mark="somebody"))


@given(st.sampled_from(list(leaves(to_document(FULL)))), JSON)
@example(("attempts", 0, "state"), None)
@example(("attempts", 0, "claimed_at"), None)
def test_a_damaged_document_is_an_entry_or_a_value_error(path, value):
    document = to_document(FULL)
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    with contextlib.suppress(ValueError):
        entry = from_text(json.dumps(document), "1")
        assert entry.state in State
        assert entry.claimed_at.tzinfo is UTC


OF_ITS_CLAIM = {"version", "takes", "begun"}


def test_every_field_of_an_entry_is_in_the_document():
    """A field that somebody adds to the dataclasses must be added here too."""
    document = to_document(FULL)
    attempt = document["attempts"][0]
    assert set(document) == {field.name for field in fields(LedgerEntry)} - OF_ITS_CLAIM
    assert set(document["turn"]) == set(Turn._fields) - {"mark", "passes"}
    assert set(document["unit"]) == set(Unit._fields)
    assert set(attempt) == {field.name for field in fields(Attempt)}
    assert set(attempt["fill"]) == set(Fill._fields)
    assert set(attempt["request"]) == set(OrderRequest._fields)
    assert set(document["following"][1]) == set(OrderRequest._fields)


def test_the_mark_of_a_turn_and_whether_it_passes_are_of_its_claim_only():
    assert from_document(to_document(FULL)) == unmarked(FULL)
    assert FULL.turn.mark == "somebody"
    assert unmarked(FULL).turn == FULL.turn._replace(mark=None)
    passing = replace(FULL, turn=FULL.turn._replace(mark=None, passes=True))
    assert unmarked(passing) == from_document(to_document(passing)) == unmarked(FULL)
    assert unmarked(submitting()).turn is None


def test_the_text_of_a_plain_order_is_the_one_that_it_has_always_been():
    """An instance of the last deployment writes the same, so that each knows the other's
    text from its own."""
    entry = in_turn("alert-1")
    document = to_document(entry)
    assert list(document) == [
        "unit", "alert_id", "body_sha256", "strategy", "received_at", "fresh_until", "attempts",
        "warnings", "turn",
    ]  # fmt: skip
    assert list(document["turn"]) == ["line", "fired_at", "in_order"]
    assert list(document["attempts"][0]) == [
        "number", "client_order_id", "request", "owner", "claimed_at", "deadline", "state",
        "order_id", "description",
        "reason", "errors", "settled_at", "open_absent_at",
    ]  # fmt: skip
    assert list(document["attempts"][0]["request"]) == ["symbol", "parameters", "reference_price"]
    assert from_document(document) == entry


def test_equal_figures_are_the_same_text_in_whatever_order_they_came():
    figures = {"ZUSD": Decimal(1), "XXBT": Decimal(2)}
    entry = replace(submitting(), figures=figures)
    assert to_text(entry) == to_text(replace(entry, figures=dict(reversed(figures.items()))))


def test_a_method_that_this_version_does_not_know_is_no_entry():
    """It must not be taken for an order."""
    text = to_text(FULL).replace("CancelOrder", "CancelAllOrdersAfter")
    with pytest.raises(ValueError, match="method"):
        from_text(text, "1")


def test_an_entry_that_was_written_before_there_were_turns_has_none():
    entry = submitting()
    document = to_document(entry)
    del document["turn"]
    assert from_document(document) == entry
    assert entry.turn is None


@pytest.mark.parametrize(
    ("mark", "unsaid"), [("no_larger", False), ("whole", False), ("most", None)]
)
def test_of_a_request_that_an_earlier_version_wrote_nobody_knows_what_it_did_not_say(mark, unsaid):
    document = to_document(FULL)
    del document["attempts"][0]["request"][mark]
    assert getattr(from_document(document).current.request, mark) is unsaid


def test_a_time_of_another_zone_is_the_same_moment_in_utc():
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert to_text(submitting(at=there))[:200] == to_text(submitting(at=NOON))[:200]
    assert to_document(submitting(at=there))["received_at"] == "2026-03-01T12:00:00.123456+00:00"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        to_document(submitting(at=datetime(2026, 3, 1)))  # noqa: DTZ001  that is the point


@given(TIMES, st.integers(0, 10**18 - 1))
def test_a_cursor_is_read_as_it_was_written(moment, number):
    assert read_cursor(cursor_text(moment, str(number)), "[0-9]{1,18}") == (moment, str(number))


@given(st.text())
def test_a_cursor_is_ours_or_a_value_error(text):
    try:
        moment, tie = read_cursor(text, "[0-9]{1,18}")
    except ValueError:
        return
    assert cursor_text(moment, tie) == text


@given(TIMES, TIMES)
def test_microseconds_keep_every_moment_apart_and_in_order(one, other):
    assert (microseconds(one) < microseconds(other)) == (one < other)
    assert (microseconds(one) == microseconds(other)) == (one == other)
    assert moment(microseconds(one)) == one
