"""From a size in quote, a percentage or a risk to the size of the order: never more than asked,
never more than is there."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.instruments import BTC_USD
from tests.support.row_by_row import row_by_row
from webhook_core.trading.basis import Basis
from webhook_core.trading.facts import Balance, Facts
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Close, OrderType, Relative, Side
from webhook_core.trading.plans import Denied
from webhook_core.trading.sizing import sized

D = Decimal
TAKER = D("0.8")
FUNDS = {"ZUSD": Balance(D(10000), D(2000)), "XXBT": Balance(D(2), D("0.5"))}
PRICE = {"XXBTZUSD": D(50000)}


def wanted(kind, amount, side=Side.BUY, order_type=OrderType.MARKET, **more):
    return OrderIntent("BTC/USD", side, order_type, D(amount), quantity_type=kind, **more)


def size(intent, *, balances=FUNDS, prices=PRICE, equity=None, positions=None):
    return sized(intent, Basis(BTC_USD, Facts(balances, positions, prices, equity), TAKER))


LIMIT = {"order_type": OrderType.LIMIT, "limit": D(40000)}


@row_by_row
@pytest.mark.parametrize(
    ("intent", "kind", "volume"),
    [
        # base: as it is
        (wanted("base", "0.01"), "base", "0.01"),
        # quote: Kraken takes it for a market buy, else the price counts
        (wanted("quote", 500), "quote", "500"),
        (wanted("quote", 500, Side.SELL), "base", "0.01"),
        (wanted("quote", 500, **LIMIT), "base", "0.0125"),
        (wanted("quote", 500, leverage=2), "base", "0.01"),
        # percent_balance: of what is free; a buy keeps its fee back only where it has to
        (wanted("percent_balance", 50), "quote", "4000"),
        (wanted("percent_balance", 50, Side.SELL), "base", "0.75"),
        (wanted("percent_balance", 100, Side.SELL), "base", "1.5"),
        (wanted("percent_balance", 50, **LIMIT), "base", "0.1"),
        # percent_position: of what is held, in orders or not; a sell ends at what is free
        (wanted("percent_position", 25, Side.SELL), "base", "0.5"),
        (wanted("percent_position", 100, Side.SELL), "base", "1.5"),
        (wanted("percent_position", 5), "base", "0.1"),
        (wanted("percent_position", 50), "quote", "7936.50783"),  # as far as the money goes
    ],
)
def test_a_size_is_counted_in_what_the_alert_says(intent, kind, volume):
    order = size(intent)
    assert (order.quantity_type, order.volume) == (kind, D(volume))


def test_a_buy_of_everything_leaves_its_fee():
    order = size(wanted("percent_balance", 100))
    assert order.quantity_type == "quote"
    # and the last decimal that Kraken shows, which it may have cut
    assert (
        order.volume * (1 + TAKER / 100)
        <= D("7999.9999")
        < (order.volume + D("0.0001")) * (1 + TAKER / 100)
    )
    assert "a fee of 0.8 %" in order.notes[0]


@pytest.mark.parametrize(
    ("amount", "equity", "volume"),
    [(10, 100000, "7936.50793"), (5, 100000, "5000"), (10, 20000, "2000")],
)
def test_a_percentage_of_the_equity_buys_no_more_than_is_free(amount, equity, volume):
    order = size(wanted("percent_equity", amount), equity=D(equity))
    assert order.quantity_type == "quote"
    assert D(volume) - D("0.0002") < order.volume <= D(volume)


def test_a_percentage_of_the_equity_sells_no_more_than_is_free():
    assert size(wanted("percent_equity", 10, Side.SELL), equity=D(100000)).volume == D("0.2")
    assert size(wanted("percent_equity", 90, Side.SELL), equity=D(100000)).volume == D("1.5")


def test_with_leverage_equity_and_position_are_the_margin_account_s():
    assert size(
        wanted("percent_equity", 150, leverage=3), equity=D(10000), balances=None
    ).volume == D("0.3")
    on_margin = {"balances": None, "positions": {"XXBTZUSD": D(-4)}}
    assert size(wanted("percent_position", 25, leverage=3), **on_margin).volume == D(1)


STOP = Close("stop_loss", OrderType.STOP_LOSS, D(49000))


@pytest.mark.parametrize(
    ("close", "side", "volume"),
    [
        (STOP, Side.BUY, "0.1"),  # 1 % of 10000 over 1000
        (STOP._replace(trigger=Relative("-", D(2), percent=True)), Side.BUY, "0.1"),
        (
            STOP._replace(trigger=Relative("-", D(500))),
            Side.BUY,
            "0.1587301587",
        ),  # 0.2 costs more than is free
        (STOP._replace(trigger=D(51000)), Side.SELL, "0.1"),
    ],
)
def test_a_risk_is_the_way_to_the_stop_loss(close, side, volume):
    order = size(wanted("risk_percent", 1, side, close=close), equity=D(10000))
    bought = order.volume if order.quantity_type == "base" else order.volume / 50000
    assert abs(bought - D(volume)) < D("0.0000001")


@pytest.mark.parametrize(
    ("intent", "prices", "rule"),
    [
        (wanted("risk_percent", 1, close=STOP._replace(trigger=D(50000))), PRICE, "RISK_DISTANCE"),
        (wanted("risk_percent", 1, close=STOP), {}, "RISK_PRICE"),
        (wanted("quote", 500, Side.SELL), {}, "SIZE_PRICE"),
    ],
)
def test_a_size_that_can_t_be_counted_is_denied(intent, prices, rule):
    denied = size(intent, prices=prices, equity=D(10000))
    assert isinstance(denied, Denied)
    assert denied.message.startswith(f"{rule}: ")


amounts = st.decimals("0.000001", "100000000", allow_nan=False, allow_infinity=False, places=6)
percents = st.decimals("0.01", "100", places=2)


kinds = st.sampled_from(["percent_balance", "percent_equity", "percent_position"])
order_types = st.sampled_from([OrderType.MARKET, OrderType.LIMIT])


@given(
    intent=st.builds(
        wanted, kinds, percents, st.sampled_from(Side), order_types, limit=st.just(None)
    ),
    funds=st.builds(lambda total, held: Balance(total, min(held, total)), amounts, amounts),
    price=amounts,
    fee=st.decimals("0", "2", places=2),
)
def test_on_spot_no_percentage_orders_more_than_is_free(intent, funds, price, fee):
    kind, side, percent = intent.quantity_type, intent.side, intent.volume
    if intent.order_type is OrderType.LIMIT:
        intent = intent._replace(limit=price)
    facts = Facts({"ZUSD": funds, "XXBT": funds}, None, {"XXBTZUSD": price}, funds.total * 2)
    order = sized(intent, Basis(BTC_USD, facts, fee))
    if side is Side.SELL:
        assert order.volume <= funds.free
        assert order.quantity_type == "base"
        return
    cost = order.volume if order.quantity_type == "quote" else order.volume * price
    assert cost * (1 + fee / 100) <= funds.free * (1 + D("1e-40")) or kind == "percent_balance"
    assert cost <= funds.free * (1 + D("1e-40"))
    if percent == 100:
        assert cost * (1 + fee / 100) <= funds.free * (1 + D("1e-40"))
