"""An amendment that may add to what is at stake is one order more of the day; another is none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import alert
from tests.support.scoped_tokens import KEYS, scoped
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_believed import LIVE
from webhook_core.sending.entry_counts import read_counted
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Rejected, Unchanged, Unknown

D = Decimal
BUY = {"side": "buy", "volume": "0.01"}
BID = RestingOrder(
    "OBIDDD-AAAAA-AAAAAA", "XBTUSD", Side.BUY, "limit", D(1), D("0.25"), START, limit=D(40000)
)
STOP = BID._replace(order_type="stop-loss", limit=None, trigger=D(60000))
ASK = BID._replace(side=Side.SELL, limit=D(60000))
SHORT = ASK._replace(margin=True)
BY_MONEY = BID._replace(order_type="market", limit=None, volume=D(50000), status="pending")


def resting(order=BID, **env):
    function = trader(btc=10, usd=10**6, env={**LIVE, **env})
    function.venue.rest(order)
    return function


def amend(function, alert_id, **fields):
    nothing = {"symbol": None, "side": None, "volume": None, "price": None}
    named = {"action": "amend", "order_id": BID.order_id}
    return alert(function, alert_id, **{**nothing, **named, **fields})


def came_to(function, body):
    function.clock.sleep(1)
    return outcome(function.post(body))


def counted(function):
    stored = function.store.read("entry-counts/live/default/")
    return sum(one.orders for one in read_counted(None if stored is None else stored.text))


ADDS = [
    (BID, {"volume": "2"}),
    (BID, {"volume": "1.00000001", "price": "39000"}),
    (STOP, {"volume": "2"}),
    (SHORT, {"volume": "2"}),
    (BY_MONEY, {"volume": "2"}),  # whose size may be in money
]
ADDS_NOTHING = [
    (BID, {"price": "41000"}),
    (BID, {"volume": "1"}),
    (BID, {"volume": "0.5", "price": "41000"}),
    (STOP, {"stop_price": "61000"}),
    (ASK, {"volume": "2"}),
    (SHORT, {"volume": "0.5"}),
]
LIMITS = pytest.mark.parametrize("limit", ["ORDERS_PER_DAY", "ORDERS_PER_HOUR"])


@LIMITS
@pytest.mark.parametrize(("order", "change"), ADDS)
def test_one_that_may_add_is_an_order_of_the_count(limit, order, change):
    function = resting(order, **{limit: "1"})
    body = amend(function, "m-1", **change)
    for _ in range(2):
        assert came_to(function, body) == (200, "accepted")
    assert counted(function) == 1
    assert came_to(function, amend(function, "m-2", volume="3")) == (422, "order_denied")
    assert came_to(function, alert(function, "b-1", **BUY)) == (422, "order_denied")


@LIMITS
@pytest.mark.parametrize(("order", "change"), ADDS_NOTHING)
def test_one_that_adds_nothing_passes_a_count_that_is_full(limit, order, change):
    function = resting(order, **{limit: "1"})
    assert came_to(function, alert(function, "b-1", **BUY)) == (200, "accepted")
    for number in range(2):
        assert came_to(function, amend(function, f"m-{number}", **change)) == (200, "accepted")
    assert counted(function) == 1


def test_a_larger_exit_counts_where_exits_do():
    function = resting(ASK, ORDERS_PER_DAY="1", EXITS_IGNORE_LIMITS="false")
    for volume, status in (("2", 200), ("0.5", 200), ("3", 422)):
        assert came_to(function, amend(function, f"m-{volume}", volume=volume))[0] == status


@pytest.mark.parametrize(
    ("reply", "code", "after"),
    [
        (Rejected(("EOrder:Insufficient funds",)), (422, "order_rejected"), 200),
        (Unchanged("it is so already"), (200, "no_action"), 200),
        (Unknown("the reply was lost"), (503, "outcome_unknown"), 422),
    ],
)
def test_only_one_that_came_to_nothing_gives_its_place_back(reply, code, after):
    function = resting(ORDERS_PER_DAY="1")
    function.venue.refuse.append(reply)
    assert came_to(function, amend(function, "m-1", volume="2")) == code
    assert came_to(function, alert(function, "b-1", **BUY))[0] == after


def test_a_validation_shows_what_it_would_take_and_takes_nothing():
    function = resting(ORDERS_PER_DAY="1")
    for change, shown in (({"volume": "2"}, True), ({"price": "41000"}, False)):
        body = amend(function, "v-1", **change)
        answer = function.post(body, path="/webhook/tradingview/validate")
        rules = [check["rule"] for check in answer["orders"][0]["checks"]]
        assert ("ORDERS_PER_DAY" in rules) is shown
    assert counted(function) == 0


def test_a_token_may_not_enlarge_an_order_of_its_own_beyond_its_count():
    function = trader(btc=10, usd=10**6, env={**LIVE, "WEBHOOK_TOKEN_KEYS": KEYS})
    token = scoped("n=2", "s=buy,sell", strategy="default")

    def sent(name, **fields):
        return came_to(function, alert(function, name, token=token, **fields))

    def changed(name, of="b-1", **change):
        meant = {"token": token, "order_id": None, "of_alert": of}
        body = amend(function, name, **{**meant, **change})
        first = came_to(function, body)
        assert came_to(function, body)[1] == first[1]
        return first

    assert sent("b-1", order_type="limit", price="40000", **BUY) == (200, "accepted")
    assert sent("s-1", order_type="limit", price="60000", **{**BUY, "side": "sell"})[0] == 200
    assert changed("m-1", volume="0.02") == (200, "accepted")
    assert changed("m-2", volume="0.03") == (403, "out_of_scope")
    assert sent("b-2", **BUY) == (403, "out_of_scope")
    for number, change in enumerate(({"price": "41000"}, {"volume": "0.005"})):
        assert changed(f"n-{number}", **change) == (200, "accepted")
    assert changed("s-2", of="s-1", volume="0.02") == (200, "accepted")
    assert changed("m-3", volume="0.02") == (403, "out_of_scope")
