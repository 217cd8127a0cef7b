"""A take profit or stop loss of an order without a price of its own is held against the market: on
the wrong side it would fire at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.instruments import AS_OF, BTC_USD
from tests.support.intake import verified
from tests.support.row_by_row import row_by_row
from tests.support.trading_rules import intent
from webhook_core.intake.parse import parse
from webhook_core.trading import needs
from webhook_core.trading.planner import needs_ticker, plan
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rules import TradingRules

MARKET = Decimal(60000)
BUY: dict[str, Any] = {"symbol": "BTCUSD", "side": "buy", "volume": "1"}
SELL: dict[str, Any] = {**BUY, "side": "sell", "leverage": "2"}
LIMIT_BELOW = {"order_type": "limit", "price": "-500"}


def planned(fields: dict[str, Any], market: Decimal | None = MARKET) -> Plan | Denied:
    return plan(
        intent(parse(verified(fields)), TradingRules()), BTC_USD, TradingRules(), AS_OF, market
    )


@row_by_row
@pytest.mark.parametrize(
    ("entry", "exits", "word"),
    [
        (BUY, {"stop_loss": "61000"}, "below"),
        (BUY, {"stop_loss": "60000"}, "below"),
        (BUY, {"take_profit": "59000"}, "above"),
        (SELL, {"stop_loss": "59000"}, "above"),
        (SELL, {"take_profit": "61000"}, "below"),
        (BUY, {"stop_loss": "61000", "stop_loss_limit": "60900"}, "below"),
        (BUY | LIMIT_BELOW, {"stop_loss": "59600"}, "below"),
        (
            BUY | {"order_type": "stop-loss", "stop_price": "+500"},
            {"take_profit": "60400"},
            "above",
        ),
    ],
)
def test_an_exit_that_would_fire_at_once_is_denied_with_the_numbers(
    entry: dict[str, Any], exits: dict[str, str], word: str
) -> None:
    denied = planned(entry | exits)
    assert isinstance(denied, Denied)
    assert denied.rule == "EXIT_SIDE"
    assert f"must lie {word}" in denied.message
    assert "60000" in denied.message


@row_by_row
@pytest.mark.parametrize(
    ("entry", "exits"),
    [
        (BUY, {"stop_loss": "59000"}),
        (BUY, {"take_profit": "61000"}),
        (SELL, {"stop_loss": "61000"}),
        (SELL, {"take_profit": "59000"}),
        (BUY, {"stop_loss": "2%"}),
        (BUY, {"stop_loss": "-500"}),
        (BUY | LIMIT_BELOW, {"stop_loss": "59400"}),
        (BUY | LIMIT_BELOW, {"take_profit": "59600"}),
        (BUY | {"order_type": "limit", "price": "50000"}, {"stop_loss": "49000"}),
        (BUY | {"price": "50000"}, {"stop_loss": "49000"}),
    ],
)
def test_an_exit_on_its_side_goes_as_it_is(entry: dict[str, Any], exits: dict[str, str]) -> None:
    assert isinstance(planned(entry | exits), Plan)


def test_without_any_price_it_is_not_checked_and_kraken_decides() -> None:
    assert isinstance(planned(BUY | {"stop_loss": "61000"}, None), Plan)


@row_by_row
@pytest.mark.parametrize(
    ("fields", "asks"),
    [
        (BUY, False),
        (BUY | {"stop_loss": "59000"}, True),
        (BUY | {"take_profit": "+500"}, True),
        (BUY | {"stop_loss": "2%"}, False),
        (BUY | {"stop_loss": "59000", "price": "60000"}, False),
        (BUY | {"stop_loss": "59000", "order_type": "limit", "price": "60000"}, False),
        (BUY | {"volume": "50", "quantity_type": "quote", "stop_loss": "59000"}, True),
        (BUY | {"volume": "50", "quantity_type": "quote"}, False),
        (BUY | {"volume": "5", "quantity_type": "percent_balance", "stop_loss": "59000"}, True),
    ],
)
def test_the_ticker_is_asked_only_where_an_exit_has_nothing_else(
    fields: dict[str, Any], asks: bool
) -> None:
    wanted = intent(parse(verified(fields)), TradingRules())
    assert needs_ticker(wanted, TradingRules()) is asks
    assert needs.of_intent(wanted, capped=False).price is asks
