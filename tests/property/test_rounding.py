"""What holds for every number and every pair's steps, and for every planned order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Context, Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from tests.support.instruments import AS_OF, btc_usd
from tests.support.trading_rules import intent, trading_rules
from webhook_core.trading.instruments import from_document, parse_asset_pairs, to_document
from webhook_core.trading.orders import OrderType, Relative, Side
from webhook_core.trading.planner import plan
from webhook_core.trading.plans import Denied
from webhook_core.trading.rounding import plain, price_step, round_price, round_volume

EXACT = Context(prec=200)
PLAIN = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", re.ASCII)

amounts = st.builds(
    lambda digits, decimals: Decimal(digits).scaleb(-decimals),
    st.integers(1, 10**33 - 1),
    st.integers(0, 18),
).filter(lambda amount: amount < 10**15)
decimals = st.none() | st.integers(0, 18)
ticks = st.none() | st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(1, 999), st.integers(0, 12)
)
sides = st.sampled_from(Side)


def whole(number, step):
    with localcontext(EXACT):
        return number % step == 0


@given(decimals, amounts)
def test_a_volume_is_never_raised_and_loses_less_than_one_step(lot_decimals, asked):
    instrument = btc_usd(lot_decimals=lot_decimals)
    rounded = round_volume(instrument, asked)
    assert 0 <= rounded <= asked
    assert round_volume(instrument, rounded) == rounded
    if lot_decimals is None:
        assert rounded == asked
    else:
        step = Decimal(1).scaleb(-lot_decimals)
        assert whole(rounded, step)
        with localcontext(EXACT):
            assert asked - rounded < step


@given(ticks, decimals, amounts, sides)
def test_a_price_is_on_the_grid_and_less_than_one_step_away_on_the_traders_side(
    tick_size, pair_decimals, asked, side
):
    instrument = btc_usd(tick_size=tick_size, pair_decimals=pair_decimals)
    step, rounded = price_step(instrument), round_price(instrument, asked, side)
    if step is None:
        assert rounded == asked
        return
    assert whole(rounded, step)
    assert tick_size is None or whole(rounded, tick_size)
    assert pair_decimals is None or whole(rounded, Decimal(1).scaleb(-pair_decimals))
    with localcontext(EXACT):
        worse = rounded - asked if side is Side.BUY else asked - rounded
        assert -step < worse <= asked * Decimal("1E-12")


@given(ticks, decimals, amounts, sides)
def test_rounding_a_rounded_price_changes_nothing(tick_size, pair_decimals, asked, side):
    instrument = btc_usd(tick_size=tick_size, pair_decimals=pair_decimals)
    rounded = round_price(instrument, asked, side)
    assert round_price(instrument, rounded, side) == rounded


@given(ticks, decimals, amounts, amounts, sides)
def test_rounding_never_swaps_two_prices(tick_size, pair_decimals, one, other, side):
    instrument = btc_usd(tick_size=tick_size, pair_decimals=pair_decimals)
    low, high = sorted((one, other))
    assert round_price(instrument, low, side) <= round_price(instrument, high, side)


@given(st.integers(1, 10**9), st.integers(1, 8), sides)
def test_a_price_that_passed_through_a_binary_float_comes_back(steps, pair_decimals, side):
    instrument = btc_usd(tick_size=None, pair_decimals=pair_decimals)
    price = Decimal(steps).scaleb(-pair_decimals)
    assert round_price(instrument, Decimal(float(price)), side) == price
    assert round_price(instrument, Decimal(repr(float(price) * 3 / 3)), side) == price


@dataclass(frozen=True)
class Alert:
    symbol: str
    side: Side
    order_type: OrderType
    volume: Decimal
    price: Decimal
    stop_price: Decimal
    leverage: int | None
    trail: Relative | None = None
    trail_limit: Relative | None = None
    display_volume: Decimal | None = None
    trigger_by: None = None
    reduce_only: bool = False
    self_trade: None = None
    fee_currency: None = None
    post_only: bool = False
    time_in_force: None = None
    starts: None = None
    expires: None = None
    take_profit: None = None
    take_profit_limit: None = None
    stop_loss: None = None
    stop_loss_limit: None = None
    quantity_type: None = None


ABSOLUTE = [
    kind
    for kind in OrderType
    if kind is OrderType.MARKET or kind.takes_trigger or kind is OrderType.LIMIT
]
alerts = st.builds(
    Alert,
    st.just("BTCUSD"),
    sides,
    st.sampled_from(ABSOLUTE),
    amounts,
    amounts,
    amounts,
    st.none() | st.integers(1, 9),
)


@given(alerts, ticks, decimals, decimals, st.integers(0, 48))
def test_a_planned_order_is_plain_text_and_never_larger_than_asked(
    alert, tick_size, pair_decimals, lot_decimals, hours
):
    instrument = btc_usd(
        tick_size=tick_size, pair_decimals=pair_decimals, lot_decimals=lot_decimals
    )
    cap = Decimal(10**20)
    rules = trading_rules(allow_lists=(("BTC/USD",),), caps=({"USD": cap},))
    now = AS_OF + timedelta(hours=hours)
    result = plan(intent(alert, rules), instrument, rules, now)
    assert result == plan(intent(alert, rules), instrument, rules, now)
    if isinstance(result, Denied):
        assert result.message.startswith(result.rule)
        return
    (request,) = result.requests
    numbers = {
        name: request.parameters[name]
        for name in ("volume", "price", "price2")
        if name in request.parameters
    }
    assert all(PLAIN.fullmatch(text) for text in numbers.values())
    assert all(Decimal(text) > 0 for text in numbers.values())
    assert Decimal(numbers["volume"]) == round_volume(instrument, alert.volume) <= alert.volume
    kind = alert.order_type
    assert ("price" in numbers, "price2" in numbers) == (
        kind is not OrderType.MARKET,
        kind.takes_limit and kind.takes_trigger,
    )
    with localcontext(EXACT):
        assert all(
            Decimal(numbers["volume"]) * Decimal(numbers[name]) <= cap
            for name in numbers
            if name != "volume"
        )


@given(amounts)
def test_a_plain_number_reads_back_as_itself(amount):
    assert Decimal(plain(amount)) == amount
    assert PLAIN.fullmatch(plain(amount))


rule_values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals()
    | st.lists(st.integers())
)
rows = st.dictionaries(
    st.sampled_from(
        [
            *(
                "altname",
                "wsname",
                "base",
                "quote",
                "pair_decimals",
                "lot_decimals",
                "cost_decimals",
            ),
            *("tick_size", "ordermin", "costmin", "leverage_buy", "leverage_sell", "status"),
        ]
    ),
    rule_values,
)


@given(st.dictionaries(st.text(max_size=8), rows | rule_values, max_size=4))
def test_whatever_asset_pairs_answers_is_read_and_stored_without_loss(pairs):
    instruments = parse_asset_pairs(pairs, AS_OF)
    assert from_document(to_document(instruments)) == list(
        {item.key: item for item in instruments}.values()
    )
