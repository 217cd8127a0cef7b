"""What the last price says of orders that rest."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import alert, target
from tests.unit.planning.test_believed import live, post
from webhook_core.errors import NoPrice
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.orders import Side

LONG = 600
"""Seconds that it rested."""


PAIRS = [("BTCUSD", "XXBTZUSD", "XXBT", 1), ("XRPUSD", "XXRPZUSD", "XXRP", 10**5)]


@pytest.mark.parametrize(("symbol", "key", "base", "scale"), PAIRS)
def test_the_price_speaks_of_a_buy_by_what_it_costs_whatever_a_coin_costs(symbol, key, base, scale):
    function = live()
    function.venue.quotes[key] = Decimal(50000) / scale
    function.venue.held[base] = Balance(Decimal(0))
    volume, limit = str(Decimal("0.5") * scale), str(Decimal(49000) / scale)
    rests = function.alert(
        id="rests", symbol=symbol, side="buy", order_type="limit", price=limit, volume=volume
    )
    assert post(function, rests) == (200, "accepted")
    function.venue.held["ZUSD"] = function.venue.held["ZUSD"]._replace(held=Decimal(24500))
    function.clock.sleep(LONG)
    # It has filled, and every read shows it resting.
    function.venue.quotes[key] = Decimal(48000) / scale
    wanted = target(function, volume, symbol=symbol, price=str(Decimal(48000) / scale))
    assert post(function, wanted) == (503, "not_sent")


@pytest.mark.parametrize("what", ["target", "a share of what is free"])
def test_an_order_that_rests_in_a_pair_without_a_price_stops_no_other_pair(what, monkeypatch):
    function = live()
    function.venue.rest(
        RestingOrder(
            "OBID", "ETHUSD", Side.BUY, "limit", Decimal(3), Decimal(0), START, limit=Decimal(2000)
        )
    )
    function.venue.held["ZUSD"] = function.venue.held["ZUSD"]._replace(held=Decimal(6000))
    known = function.venue.prices

    def without_ether(pairs, budget, reference):
        if [pair.altname for pair in pairs][:1] == ["ETHUSD"]:
            raise NoPrice("NO_PRICE: Kraken's ticker has none.")
        return known(pairs, budget, reference)

    monkeypatch.setattr(function.venue, "prices", without_ether)
    share = {"side": "buy", "volume": "20", "quantity_type": "percent_balance", "price": "50000"}
    body = target(function, "0.5") if what == "target" else alert(function, **share)
    assert post(function, body) == (200, "accepted")
