"""A day's loss is held against its limit by the figures of that day, and by none that are old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.row_by_row import row_by_row
from webhook_core.errors import LossUnknown
from webhook_core.kraken.packaged_pairs import snapshot
from webhook_core.risk import loss_figures
from webhook_core.trading.day_begins import DayBegins, day_of, parse
from webhook_core.trading.drafts import draft
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.loss_limit import loss_checks
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.rules import Guards, Limits, Loss, TradingRules

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)
BTC = next(pair for pair in snapshot() if pair.key == "XXBTZUSD")
D = Decimal


def order(side=Side.BUY):
    wanted = OrderIntent("BTC/USD", side, OrderType.MARKET, D("0.01"), reference_price=D(50000))
    return draft(wanted, BTC, D(50000))


def rules(*losses, most="200", **guards):
    guards = Guards(max_daily_loss={"USD": D(most)}, **guards)
    known = {"trend": losses[0]} if losses else {}
    return TradingRules((Limits(), Limits(strategy="trend", guards=guards)), losses=known)


def loss(realised=0, open_loss=0, worst=0, as_of=NOON, day=MIDNIGHT):
    amounts = ({"USD": D(amount)} for amount in (realised, open_loss, worst))
    return Loss(as_of, day, *amounts)


def verdict(found, **options):
    made = list(loss_checks(order(), rules(found, **options), options.get("now", NOON)))
    return [check.verdict for check in made if check.rule == "MAX_DAILY_LOSS"]


@row_by_row
@pytest.mark.parametrize(
    ("found", "said"),
    [
        (loss(realised="-199.99"), "passed"),
        (loss(realised="-200"), "denied"),
        (loss(open_loss="200"), "denied"),
        (loss(realised="-120", open_loss="79.99"), "passed"),
        (loss(realised="-120", open_loss="80"), "denied"),
        (loss(realised="500", open_loss="699.99"), "passed"),
        (loss(realised="500", open_loss="700"), "denied"),
        (loss(worst="200"), "denied"),
        (loss(realised="50", worst="199.99"), "passed"),
        (loss(), "passed"),
        (Loss(NOON, MIDNIGHT, {"EUR": D(-900)}, {}, {}), "passed"),
        (Loss(NOON, MIDNIGHT, {"ZUSD": D(-900)}, {}, {}), "denied"),
        (loss(as_of=NOON - timedelta(seconds=120)), "passed"),
        (loss(as_of=NOON + timedelta(seconds=5)), "passed"),
    ],
)
def test_the_limit_is_reached_at_the_limit(found, said):
    assert verdict(found) == [said]


@pytest.mark.parametrize(
    "known",
    [
        (),
        (loss(as_of=NOON - timedelta(seconds=120, microseconds=1)),),
        (loss(as_of=NOON + timedelta(seconds=5, microseconds=1)),),
        (loss(as_of=NOON + timedelta(days=1), day=MIDNIGHT + timedelta(days=1)),),
        (loss(as_of=NOON - timedelta(days=1), realised="900"),),
        (loss(day=MIDNIGHT - timedelta(hours=1)),),
    ],
    ids=[
        "none",
        "a moment too old",
        "ahead",
        "of tomorrow",
        "of yesterday",
        "of another beginning",
    ],
)
def test_no_entry_passes_on_figures_that_are_not_of_now_and_every_exit_does(known):
    with pytest.raises(LossUnknown, match="exits pass"):
        list(loss_checks(order(), rules(*known), NOON))
    (check,) = loss_checks(order(Side.SELL), rules(*known), NOON)
    assert (check.verdict, check.numbers["exit"]) == ("passed", "sale")


def test_a_new_day_begins_with_what_is_held_alone():
    before = loss("-150", "60", "210", MIDNIGHT - timedelta(seconds=20), MIDNIGHT - timedelta(1))
    now = MIDNIGHT + timedelta(seconds=20)
    (check,) = [
        one for one in loss_checks(order(), rules(before), now) if one.rule == "MAX_DAILY_LOSS"
    ]
    assert (check.verdict, check.numbers["loss"], check.numbers["realised"]) == (
        "passed",
        "60",
        "0",
    )


@pytest.mark.parametrize(
    ("begins", "now", "began"),
    [
        ("00:00 UTC", NOON, MIDNIGHT),
        ("12:00 UTC", NOON, NOON),
        ("12:01 UTC", NOON, NOON - timedelta(hours=23, minutes=59)),
        ("17:00 America/New_York", NOON, datetime(2026, 11, 27, 22, tzinfo=UTC)),
        ("00:00 Asia/Tokyo", NOON, datetime(2026, 11, 27, 15, tzinfo=UTC)),
        (  # clocks went forward that night
            "00:00 Europe/Berlin",
            datetime(2026, 3, 29, 12, tzinfo=UTC),
            datetime(2026, 3, 28, 23, tzinfo=UTC),
        ),
        (  # and back again that one: the hour comes twice, and the first one counts
            "02:30 Europe/Berlin",
            datetime(2026, 10, 25, 12, tzinfo=UTC),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),
    ],
)
def test_a_day_begins_on_the_clock_of_its_zone(begins, now, began):
    assert day_of(parse(begins), now) == began


@pytest.mark.parametrize(
    "text", ["", "00:00", "24:00 UTC", "12:60 UTC", "noon UTC", "00:00 Mars/Olympus", "0 UTC"]
)
def test_a_beginning_that_is_none_says_what_to_write(text):
    with pytest.raises(ValueError, match=r"17:00 America/New_York|Europe/Berlin"):
        parse(text)


@given(
    st.integers(1_577_836_800, 2_051_222_400).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_every_moment_lies_in_its_day(now, hour, minute, zone):
    began = day_of(DayBegins(hour, minute, zone), now)
    assert began <= now < began + timedelta(hours=25, minutes=1)
    assert day_of(DayBegins(hour, minute, zone), began) == began


AMOUNTS = st.decimals(-(10**9), 10**9, places=8)


@given(AMOUNTS, AMOUNTS.map(abs), AMOUNTS.map(abs), st.decimals("0.01", 10**9, places=8))
def test_no_entry_is_let_in_once_the_loss_has_reached_the_limit(realised, lost, worst, most):
    found = loss(realised, lost, worst)
    reached = max(lost - realised, worst) >= most
    assert verdict(found, most=most) == ["denied" if reached else "passed"]


@given(AMOUNTS, AMOUNTS.map(abs), AMOUNTS.map(abs))
def test_figures_are_read_as_they_were_written(realised, lost, worst):
    found = {"": loss(realised, lost, worst), "trend": loss()}
    assert loss_figures.of_text(loss_figures.to_text(found)) == found
