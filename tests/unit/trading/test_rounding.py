"""Sizes go down, a buy's prices down, a sell's up, and noise of binary floats moves nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.instruments import btc_usd
from tests.support.row_by_row import row_by_row
from webhook_core.trading.orders import Side
from webhook_core.trading.rounding import cost_of, plain, price_step, round_price, round_volume


def optional(text):
    return None if text is None else Decimal(text)


@row_by_row
@pytest.mark.parametrize(
    ("lot_decimals", "asked", "rounded"),
    [
        (8, "0.123456789", "0.12345678"),
        (8, "0.12345678", "0.12345678"),
        (8, "0.29999999999999998", "0.29999999"),
        (8, "0.30000000000000004", "0.3"),
        (8, "0.000000009", "0"),
        (5, "1234.567899", "1234.56789"),
        (0, "2.9", "2"),
        (8, "999999999999999.123456789123456789", "999999999999999.12345678"),
        (18, "999999999999999.1234567891234567899", "999999999999999.123456789123456789"),
        (8, "1E+3", "1000"),
        (8, "0.50000000", "0.5"),
        (None, "0.123456789123", "0.123456789123"),
    ],
)
def test_a_volume_goes_down(lot_decimals, asked, rounded):
    assert plain(round_volume(btc_usd(lot_decimals=lot_decimals), Decimal(asked))) == rounded


@row_by_row
@pytest.mark.parametrize(
    ("tick_size", "pair_decimals", "asked", "bought", "sold"),
    [
        ("0.1", 1, "37774.433333333334", "37774.4", "37774.5"),
        ("0.1", 1, "37774.4", "37774.4", "37774.4"),
        ("0.1", 1, "37774.40000", "37774.4", "37774.4"),
        ("0.1", 1, "100.10000000000001", "100.1", "100.1"),
        ("0.1", 1, "100.09999999999999", "100.1", "100.1"),
        ("0.1", 1, "100.1000001", "100.1", "100.2"),
        ("0.1", 1, "100.0999999", "100", "100.1"),
        ("0.1", 1, "0.04", "0", "0.1"),
        ("0.25", 2, "100.30", "100.25", "100.5"),
        ("0.05", 1, "100.07", "100", "100.1"),
        ("0.25", 1, "100.30", "100", "100.5"),
        ("0.01", 1, "100.07", "100", "100.1"),
        ("0.5", None, "100.7", "100.5", "101"),
        ("0.0000001", 7, "0.123456789", "0.1234567", "0.1234568"),
        (
            "0.000000000000000001",
            18,
            "999999999999999.123456789123456789",
            *["999999999999999.123456789123456789"] * 2,
        ),
        ("1", 0, "9876543.21", "9876543", "9876544"),
        ("10", 0, "123", "120", "130"),
        (None, 2, "1.239", "1.23", "1.24"),
        (None, 0, "1.9", "1", "2"),
        (None, None, "37774.433333333334", "37774.433333333334", "37774.433333333334"),
    ],
)
def test_a_price_goes_to_the_grid_in_the_traders_favour(
    tick_size, pair_decimals, asked, bought, sold
):
    instrument = btc_usd(tick_size=optional(tick_size), pair_decimals=pair_decimals)
    assert plain(round_price(instrument, Decimal(asked), Side.BUY)) == bought
    assert plain(round_price(instrument, Decimal(asked), Side.SELL)) == sold


@row_by_row
@pytest.mark.parametrize(
    ("tick_size", "pair_decimals", "step"),
    [
        ("0.1", 1, "0.1"),
        ("0.1", 5, "0.1"),
        ("0.001", 1, "0.1"),
        ("0.25", 1, "0.5"),
        ("0.03", 2, "0.03"),
        ("0.5", 0, "1"),
        ("25", 0, "25"),
        (None, 3, "0.001"),
        ("0.2", None, "0.2"),
        (None, None, None),
    ],
)
def test_the_step_satisfies_the_tick_and_the_decimals(tick_size, pair_decimals, step):
    assert price_step(
        btc_usd(tick_size=optional(tick_size), pair_decimals=pair_decimals)
    ) == optional(step)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1E-7", "0.0000001"),
        ("1E+3", "1000"),
        ("0E+2", "0"),
        ("0.10", "0.1"),
        ("100.00", "100"),
        ("100", "100"),
        ("0.00", "0"),
    ],
)
def test_numbers_are_written_without_exponent_or_trailing_zeros(number, text):
    assert plain(Decimal(number)) == text


def test_a_cost_is_exact():
    assert cost_of(Decimal("123456789.12345678"), Decimal("987654321.123456789")) == Decimal(
        "121932631249809469.98917847863907942"
    )
