"""A strategy that goes short, on spot, which has no short positions: what covers a short buys
nothing, and what opens one sells nothing, whatever its size counts in."""

from __future__ import annotations

import pytest

from tests.support.resent_positions import around
from tests.support.served_function import check

SIZES = {
    "base": "0.07",
    "quote": "150",
    "percent_balance": "10",
    "percent_equity": "5",
    "percent_position": "50",
}
WAYS = {
    "covers": ("buy", "-0.05", "0"),
    "covers a part": ("buy", "-0.05", "-0.02"),
    "opens": ("sell", "0", "-0.05"),
    "adds": ("sell", "-0.02", "-0.05"),
}
ORDERS = {"market": {}, "limit": {"order_type": "limit", "price": "2400"}}


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_traded_between_positions_of_which_none_is_long(way, kind, live, kraken):
    side, before, after = WAYS[way]
    calls = len(kraken.calls("AddOrder"))
    steps = around("prev_market_position", before) | around("market_position", after)
    for order in ORDERS.values():
        alert = live.alert(**{
            "symbol": "ETHUSD", "side": side, "price": "2500", "volume": SIZES[kind],
            "quantity_type": kind, **steps, **order,
        })  # fmt: skip
        answer = check(live.post(alert), 200, "no_action")
        assert "spot has no short positions" in answer["message"]
        assert check(live.post(alert), 200, "no_action")["replayed"] is True
    assert len(kraken.calls("AddOrder")) == calls
