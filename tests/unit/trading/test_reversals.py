"""TradingView's one order for a reversal, on spot: the part is traded that is a long position."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.intake import verified
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.intake.parse import parse
from webhook_core.trading.from_alert import intents
from webhook_core.trading.intent import NoOrder
from webhook_core.trading.rules import Size

D = Decimal
SPOT = {"symbol": "BTCUSD"}
WORDS = {-1: "short", 0: "flat", 1: "long"}


def wanted(before, volume, after, side, configured=None, **more):
    """The intent of TradingView's plain message around one fill, positions signed."""
    fields = {"symbol": "BTCUSD", "side": side, "volume": volume}
    for name, position in (("prev_market_position", before), ("market_position", after)):
        if position is not None:
            fields[name] = WORDS[(D(position) > 0) - (D(position) < 0)]
            fields[f"{name}_size"] = str(abs(D(position)))
    (intent,) = intents(parse(verified(fields | more)), configured)
    return intent


@row_by_row
@pytest.mark.parametrize(
    ("before", "side", "volume", "after", "traded"),
    [
        ("10", "sell", "15", "-5", "10"),
        ("-5", "buy", "15", "10", "10"),
        ("0", "sell", "5", "-5", None),
        ("-5", "buy", "5", "0", None),
        ("-5", "buy", "2", "-3", None),
        ("-5", "sell", "2", "-7", None),
        ("10", "sell", "10", "0", "10"),
        ("0", "buy", "10", "10", "10"),
        ("0.30000000000000004", "sell", "0.5", "-0.2", "0.30000000000000004"),  # a chart's float
    ],
)
def test_only_the_long_part_of_a_step_is_traded_on_spot(before, side, volume, after, traded):
    intent = wanted(before, volume, after, side)
    if traded is None:
        assert isinstance(intent, NoOrder)
        assert "spot has no short positions" in intent.why
        return
    assert (intent.volume, intent.side) == (D(traded), side)
    assert bool(intent.notes) is (D(traded) != D(volume))


@pytest.mark.parametrize(
    ("positions", "more"),
    [
        (("10", "-5"), {"leverage": 2}),  # margin goes through short
        (("10", "-4"), {}),  # a volume that is not TradingView's own
        (("10", None), {}),
        ((None, "-5"), {}),
        (("10", "-5"), {"quantity_type": "quote"}),
        (
            ("10", "-5"),
            {"volume": None, "configured": Size(D(15))},
        ),  # a configured size is a fixed one
    ],
)
def test_any_other_order_goes_as_it_is(positions, more):
    before, after = positions
    intent = wanted(before, more.pop("volume", "15"), after, "sell", **more)
    assert (intent.volume, intent.notes) == (D(15), ())


def test_a_context_that_can_t_be_read_changes_nothing():
    assert wanted("10", "15", "-5", "sell", market_position_size="NaN").volume == D(15)


def step(**fields):
    (intent,) = intents(parse(verified(SPOT | fields)), None)
    return intent


TRADINGVIEWS = ["contracts", "order_contracts", "orderContracts"]
FIXED = ["quantity", "qty", "volume", "size"]
NAMES = ["position_size", "positionSize", "Position-Size", "position", "pos"]
AFTER = [
    ("sell", "1.0", "-0.5", "0.5"),
    ("buy", "1.0", "0.4", "0.4"),
    ("buy", "1", "0", None),
    ("buy", "1", "-0.5", None),
    ("sell", "1", "0", "1"),
    ("sell", "1", "2", "1"),
    ("buy", "1", "1", "1"),
    ("buy", "1", "17", "1"),
]


@row_by_row
@pytest.mark.parametrize("size", TRADINGVIEWS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fill", AFTER, ids=str)
def test_a_signed_position_after_the_fill_cuts_tradingviews_own_size_as_the_two_positions_do(
    fill, name, size
):
    side, volume, after, traded = fill
    for value in (after, D(after)):
        intent = step(side=side, **{size: volume, name: value})
        if traded is None:
            assert isinstance(intent, NoOrder)
        else:
            assert (intent.volume, intent.side) == (D(traded), side)
            assert bool(intent.notes) is (D(traded) != D(volume))


WORD_AFTER = [
    ("sell", "15", "long", "10", "short", "10"),
    ("buy", "15", "short", "10", "long", "5"),
    ("buy", "10", "short", "10", "flat", None),
    ("buy", "4", "short", "10", "short", None),
    ("sell", "4", "short", "10", "short", None),
    ("sell", "10", "long", "10", "flat", "10"),
    ("sell", "4", "long", "10", "long", "4"),
    ("buy", "4", "long", "10", "long", "4"),
    ("sell", "4", "long", "10", "short", "4"),  # the word contradicts the sizes
    ("buy", "4", "short", "10", "long", "4"),
]


@row_by_row
@pytest.mark.parametrize("fill", WORD_AFTER, ids=str)
@pytest.mark.parametrize("size", [*TRADINGVIEWS, *FIXED])
def test_the_size_after_the_fill_is_worked_out_of_the_one_before_where_only_its_word_is_told(
    fill, size
):
    side, volume, before, held, after, traded = fill
    intent = step(side=side, prev_market_position=before, prev_market_position_size=held,
                  market_position=after, **{size: volume})  # fmt: skip
    if traded is None:
        assert isinstance(intent, NoOrder)
    else:
        is_own = size in TRADINGVIEWS
        assert intent.volume == D(traded if is_own else volume)


@row_by_row
@pytest.mark.parametrize("size", FIXED)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("side", "volume", "after"),
    [
        *(("sell", "0.01", "-5"), ("buy", "100", "5"), ("sell", "1.0", "-0.5"), ("sell", "1", "-1"),
            ("buy", "1", "0.4")),
        *(("sell", "1", "0"), ("buy", "1", "1")),
    ],
)  # fmt: skip
def test_a_fixed_size_is_traded_as_it_stands_beside_a_lone_position(
    side, volume, after, name, size
):
    intent = step(side=side, **{size: volume, name: after})
    assert (intent.volume, intent.side, intent.notes) == (D(volume), side, ())


@pytest.mark.parametrize(
    ("volume", "after"), [("1", "-1"), ("1", "-3"), ("0.01", "-5"), ("0.3", "-0.30000000000000004")]
)
def test_a_sell_is_never_dropped_for_a_position_that_was_only_worked_out(volume, after):
    assert step(side="sell", contracts=volume, position_size=after).volume == D(volume)
    assert step(
        side="sell", contracts=volume, market_position="short", market_position_size=after[1:]
    ).volume == D(volume)


def test_a_size_under_two_names_is_tradingviews_own_where_one_of_them_is():
    assert step(side="sell", contracts="1.0", volume="1", position_size="-0.5").volume == D("0.5")
    assert step(side="sell", contracts="", volume="1", position_size="-0.5").volume == D(1)


SHORT_AFTER = [
    {"position_size": "-0.5"},
    {"pos": D("-0.5")},
    {"market_position": "short", "market_position_size": "0.5"},
    {"market_position": "short", "position_size": "0.5"},
]


@row_by_row
@pytest.mark.parametrize("after", SHORT_AFTER, ids=str)
@pytest.mark.parametrize("word", ["long", "Long"])
@pytest.mark.parametrize("name", ["prev_market_position", "prev_position", "prevPosition"])
def test_a_word_for_the_position_before_does_not_need_its_size(name, word, after):
    intent = step(side="sell", contracts="1.0", **after, **{name: word})
    assert (intent.volume, bool(intent.notes)) == (D("0.5"), True)
    assert step(side="sell", quantity="1.0", **after, **{name: word}).volume == D(1)


def test_a_position_after_the_fill_alone_tells_where_tradingviews_own_size_came_from():
    assert step(
        side="sell", contracts="1.0", market_position="short", market_position_size="0.5"
    ).volume == D("0.5")
    bought = step(side="buy", contracts="15", market_position="long", market_position_size="5")
    assert bought.volume == D(5)
    bought = step(side="buy", contracts="15", position_size="5", prev_market_position="short")
    assert bought.volume == D(5)


@row_by_row
@pytest.mark.parametrize(
    ("side", "after", "before"),
    [
        ("sell", {"position_size": "-0.5"}, {"prev_market_position": "flat"}),
        ("sell", {"position_size": "-0.5"}, {"prev_market_position": "short"}),
        ("sell", {"market_position": "short", "market_position_size": "0.5"},
            {"prev_market_position": "short"}),
        ("buy", {"position_size": "0"}, {"prev_market_position": "short"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", ["contracts", "volume"])
def test_a_step_of_which_both_ends_are_said_and_none_is_long_trades_nothing(
    side, after, before, size
):
    assert isinstance(step(side=side, **{size: "0.5"}, **after, **before), NoOrder)


@pytest.mark.parametrize(
    ("side", "volume", "around"),
    [
        # That far it was short.
        ("sell", "1", {"position_size": "-3", "prev_market_position": "long"}),
        ("sell", "1", {"position_size": "-0.5", "prev_market_position_size": "7"}),
        ("buy", "1", {"position_size": "0.4", "prev_market_position": "long"}),
        ("buy", "1", {"position_size": "0.4", "prev_market_position": "flat"}),
    ],
)  # fmt: skip
def test_a_position_that_contradicts_what_was_said_of_it_cuts_nothing(side, volume, around):
    assert step(side=side, contracts=volume, **around).volume == D(volume)


@row_by_row
@pytest.mark.parametrize(
    "more",
    [
        {"position": "short", "position_size": "0.5"},
        {"position": "short", "position_size": "-0.5"},
        {"market_position": "short", "position_size": "-0.5"},
        {"market_position": "short", "market_position_size": "0.5", "position_size": "-0.5"},
        {
            "position": "short",
            "position_size": "0.5",
            "prev_position": "long",
            "prev_position_size": "0.5",
        },
        {
            "position_size": "-0.5",
            "prev_position_size": "0.5",
            "prev_position": "long",
            "position": "short",
        },
        {
            "market_position": "short",
            "market_position_size": "-0.5",
            "prev_position": "long",
            "prev_position_size": "0.5",
        },
        {
            "position_size": "-0.5",
            "prev_market_position": "long",
            "prev_market_position_size": "0.5",
        },
    ],
)
def test_the_positions_may_have_their_other_names(more):
    assert step(side="sell", contracts="1.0", **more).volume == D("0.5")


@pytest.mark.parametrize(
    "more",
    [
        {"leverage": 2},
        {"position_size": "NaN"},
        {"position_size": "{{strategy.position_size}}"},
        {"position_size": ""},
        {"quantity_type": "quote"},
        {"prev_market_position": "long", "prev_market_position_size": "7"},
    ],
)
def test_a_signed_position_that_does_not_fit_changes_nothing(more):
    assert step(**{"side": "sell", "quantity": "1", "position_size": "-0.5", **more}).volume == D(1)


@pytest.mark.parametrize("after", ["flat", "short", "Flat"])
@pytest.mark.parametrize("name", ["market_position", "position"])
def test_a_buy_that_ends_flat_or_short_is_no_buy_on_spot(name, after):
    with pytest.raises(AlertMalformed) as caught:
        step(side="buy", quantity="1", **{name: after})
    assert caught.value.field == "market_position"
    assert "prev_market_position" in caught.value.message
    assert isinstance(
        step(side="buy", quantity="1", **{name: after, "prev_market_position": "short"}), NoOrder
    )
    assert step(side="buy", quantity="1", leverage=2, **{name: after}).volume == D(1)


def test_an_order_between_two_positions_that_are_not_long_trades_nothing_whatever_its_size():
    around = {"prev_market_position": "flat", "market_position": "short"}
    assert isinstance(step(side="sell", quantity="0.001", **around), NoOrder)
    assert isinstance(
        step(side="sell", **around, quantity="0.001", market_position_size="5"), NoOrder
    )


@pytest.mark.parametrize("word", ["exit", "close", "paper", "close_long"])
def test_a_market_position_that_is_the_word_of_an_order_is_refused(word):
    with pytest.raises(AlertMalformed) as caught:
        step(side="buy", quantity="1", market_position=word)
    assert caught.value.field == "market_position"


# -- a step between two positions that are not long, however large the order -----------------------

SHARES = [
    {"volume": "50", "quantity_type": "percent_balance"},
    {"volume": "50", "quantity_type": "percent_equity"},
    {"volume": "50", "quantity_type": "percent_position"},
    {"volume": "500", "quantity_type": "quote"},
    {"volume": "7"},  # not the short's size
    {},  # the strategy's own size
]
COVERED = {
    "words": {"prev_market_position": "short", "market_position": "flat"},
    "words and sizes": {
        "prev_market_position": "short",
        "prev_market_position_size": "2",
        "market_position": "flat",
        "market_position_size": "0",
    },
    "signed sizes": {"prev_position_size": "-2", "position_size": "0"},
    "a signed size before a word": {"prev_position_size": "-2", "market_position": "flat"},
    "a word before a signed size": {"prev_market_position": "short", "position_size": "0"},
    "a size of zero without its word": {
        "prev_market_position": "short",
        "market_position_size": "0",
    },
    "a part": {"prev_position_size": "-2", "position_size": "-1"},
    "numbers": {"prev_position_size": D(-2), "position_size": D(0)},
}


def sized_step(**fields):
    (intent,) = intents(parse(verified(SPOT | fields)), Size(D(3)))
    return intent


@row_by_row
@pytest.mark.parametrize("size", SHARES, ids=str)
@pytest.mark.parametrize("around", COVERED)
def test_covering_a_short_needs_no_buy_on_spot_whatever_it_is_sized_by(size, around):
    assert isinstance(sized_step(side="buy", **size, **COVERED[around]), NoOrder)
    if size.get("quantity_type") != "percent_balance":
        assert sized_step(side="buy", leverage=2, **size, **COVERED[around]).side == "buy"


@row_by_row
@pytest.mark.parametrize("size", [size for size in SHARES if size], ids=str)
@pytest.mark.parametrize("after", ["0", "-1"])
def test_a_buy_that_ends_at_zero_or_below_by_its_signed_size_came_from_a_short(size, after):
    assert isinstance(sized_step(side="buy", **size, position_size=after), NoOrder)


@row_by_row
@pytest.mark.parametrize("size", SHARES, ids=str)
@pytest.mark.parametrize(
    "around",
    [
        {"prev_market_position": "flat", "market_position": "short"},
        {"prev_position_size": "0", "position_size": "-2"},
        {
            "prev_market_position": "flat",
            "prev_market_position_size": "0",
            "market_position": "short",
        },
        {"prev_market_position": "short", "market_position": "short", "market_position_size": "9"},
        {"prev_market_position": "flat"},
        {"prev_position_size": "-1"},
        {"prev_market_position_size": "0"},
    ],
    ids=str,
)
def test_a_sell_that_does_not_begin_long_sells_nothing_on_spot(size, around):
    assert isinstance(sized_step(side="sell", **size, **around), NoOrder)


@row_by_row
@pytest.mark.parametrize("size", [size for size in SHARES if size], ids=str)
@pytest.mark.parametrize(
    ("side", "around"),
    [
        ("buy", {"prev_market_position": "short", "market_position": "long"}),
        ("buy", {"prev_position_size": "-2", "position_size": "1"}),
        ("buy", {"prev_market_position": "flat", "market_position": "long"}),
        ("buy", {"prev_market_position": "short"}),
        ("buy", {"position_size": "3"}),
        ("sell", {"prev_market_position": "long", "market_position": "flat"}),
        ("sell", {"prev_position_size": "2", "position_size": "-1"}),
        ("sell", {"position_size": "0"}),
        ("sell", {"prev_market_position": "long", "market_position": "short"}),
    ],
    ids=str,
)
def test_a_step_that_begins_or_ends_long_is_traded(size, side, around):
    assert sized_step(side=side, **size, **around).side == side
