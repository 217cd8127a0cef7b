"""From what is held to what is wanted: the order that leads there, or none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.instruments import BTC_USD
from tests.support.row_by_row import row_by_row
from webhook_core.trading.basis import Basis
from webhook_core.trading.facts import Balance, Facts
from webhook_core.trading.intent import NoOrder, OrderIntent, PositionIntent
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.plans import Denied
from webhook_core.trading.positions import order_for

D = Decimal


def move(
    action="target",
    target=None,
    *,
    held="0",
    in_orders="0",
    net=None,
    leverage=None,
    usd=10**6,
    fresh=True,
    **more,
):
    """The order from ``held`` on spot, or from ``net`` on margin."""
    funds = {"XXBT": Balance(D(held), D(in_orders)), "ZUSD": Balance(D(usd))}
    facts = Facts(
        None if leverage else funds,
        {"XXBTZUSD": D(net or 0)} if leverage else None,
        {"XXBTZUSD": D(50000)},
        D(100000),
    )
    wanted = PositionIntent(
        "BTC/USD", action, leverage, target=None if target is None else D(target), **more
    )
    return order_for(wanted, Basis(BTC_USD, facts, D("0.8"), fresh))


def said(order):
    assert isinstance(order, OrderIntent), order
    assert order.order_type is OrderType.MARKET
    assert order.quantity_type == "base"
    return order.side.value, order.volume, order.terms.reduce_only


@row_by_row
@pytest.mark.parametrize(
    ("held", "target", "expected"),
    [
        ("0", "1", ("buy", D(1), False)),
        ("0.4", "1", ("buy", D("0.6"), False)),
        ("1", "0.25", ("sell", D("0.75"), False)),
        ("1", "0", ("sell", D(1), False)),
        ("10", "-5", ("sell", D(10), False)),  # TradingView's reversal: on spot short means flat
        ("1.000000019", "1", None),  # below the lot
        ("1.00004", "1", None),  # below the pair's minimum
        ("1", "1", None),
        ("0", "-5", None),
        ("0", "0", None),
    ],
)
def test_a_target_on_spot(held, target, expected):
    order = move(target=target, held=held)
    assert isinstance(order, NoOrder) if expected is None else said(order) == expected


@row_by_row
@pytest.mark.parametrize(
    ("net", "target", "expected"),
    [
        ("0", "1", ("buy", D(1), False)),
        ("0", "-1", ("sell", D(1), False)),
        ("10", "-5", ("sell", D(15), False)),
        ("-5", "10", ("buy", D(15), False)),
        ("10", "4", ("sell", D(6), True)),
        ("-5", "-2", ("buy", D(3), True)),
        ("-5", "0", ("buy", D(5), True)),
        ("-5", "-8", ("sell", D(3), False)),
        ("-5", "-5", None),
    ],
)
def test_a_target_on_margin_reduces_only_where_it_only_reduces(net, target, expected):
    order = move(target=target, net=net, leverage=3)
    assert isinstance(order, NoOrder) if expected is None else said(order) == expected


@pytest.mark.parametrize(
    ("percent", "held", "net", "leverage", "expected"),
    [
        (100, "0.5", None, None, ("sell", D("0.5"), False)),
        (50, "0.5", None, None, ("sell", D("0.25"), False)),
        ("33.3", "1", None, None, ("sell", D("0.333"), False)),
        (100, "0", "2", 3, ("sell", D(2), True)),
        (50, "0", "-2", 3, ("buy", D(1), True)),
        (100, "0", None, None, None),
        (100, "5", "0", 3, None),  # with leverage the spot balance is no position
    ],
)
def test_a_close(percent, held, net, leverage, expected):
    order = move("close", held=held, net=net, leverage=leverage, percent=D(percent))
    assert isinstance(order, NoOrder) if expected is None else said(order) == expected


@pytest.mark.parametrize(
    ("held", "net", "leverage", "size", "expected"),
    [
        ("0", "2", 3, None, ("sell", D(4), False)),
        ("0", "-2", 3, "0.5", ("buy", D("2.5"), False)),
        ("2", None, None, None, ("sell", D(2), False)),
        ("0", "0", 3, "1", None),
        ("0", None, None, None, None),
    ],
)
def test_a_reverse(held, net, leverage, size, expected):
    order = move("reverse", size, held=held, net=net, leverage=leverage)
    assert isinstance(order, NoOrder) if expected is None else said(order) == expected


def test_what_resting_orders_hold_can_t_be_sold():
    assert said(move("close", held="2", in_orders="0.5")) == ("sell", D("1.5"), False)
    assert (
        "0.5 of 2 BTC are held by open orders" in move("close", held="2", in_orders="0.5").notes[-1]
    )
    denied = move("close", held="2", in_orders="2")
    assert isinstance(denied, Denied)
    assert denied.message.startswith(
        "POSITION_HELD: 2 of 2 BTC are held by open orders: cancel those first"
    )


def test_a_stale_minimum_keeps_nothing_from_being_sold():
    assert said(move(target="1", held="1.00004", fresh=False)) == ("sell", D("0.00004"), False)


def test_a_percentage_of_the_equity_is_a_target_too():
    assert said(move(percent_of_equity=D(50), held="0.4")) == ("buy", D("0.6"), False)
    cut = move(percent_of_equity=D(50), usd=10080)
    assert (cut.quantity_type, cut.volume) == ("quote", D("9999.99990"))
    flat = move(percent_of_equity=D(-50), held="0.4")
    assert said(flat) == ("sell", D("0.4"), False)


lots = st.integers(-(10**10), 10**10).map(lambda lots: D(lots).scaleb(-8))


@given(held=lots, target=lots, leverage=st.sampled_from([None, 3]))
def test_the_order_ends_at_the_target_or_within_the_pair_s_minimum(held, target, leverage):
    held = held if leverage else abs(held)
    order = move(target=target, held=held, net=held, leverage=leverage)
    wanted = target if leverage else max(target, D(0))
    if isinstance(order, NoOrder):
        assert abs(wanted - held) < BTC_USD.ordermin
        return
    after = held + (order.volume if order.side is Side.BUY else -order.volume)
    assert after == wanted
    if order.terms.reduce_only:
        assert abs(after) < abs(held)
        assert after * held >= 0
