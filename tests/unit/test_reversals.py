"""TradingView's one order for a reversal, on spot: the part is traded that is a long position."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.intake import verified
from webhook_core.intake.alert import parse
from webhook_core.trading.intents import Size, intents
from webhook_core.trading.wishes import NoOrder

D = Decimal
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
        (("10", "-5"), {"volume": None, "configured": Size(D(15))}),  # a configured size is a fixed one
    ],
)
def test_any_other_order_goes_as_it_is(positions, more):
    before, after = positions
    intent = wanted(before, more.pop("volume", "15"), after, "sell", **more)
    assert (intent.volume, intent.notes) == (D(15), ())


def test_a_context_that_can_t_be_read_changes_nothing():
    assert wanted("10", "15", "-5", "sell", market_position_size="NaN").volume == D(15)
