"""No figure is believed that a fill of ours contradicts: its orders', and those of the exits that
they left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import MARGIN, alert, held, target
from tests.support.row_by_row import row_by_row
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.lagging_figures import LotOfOrder, Traded, lacking
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill

D = Decimal
BOTH = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
LIVE = {
    "TRADING_MODE": "live", "KRAKEN_API_KEY": "key", "KRAKEN_API_SECRET": "c2VjcmV0",
    "ALLOWED_SYMBOLS": "*",
    "MAX_ORDER_COST": "none",
}  # fmt: skip


def live(**account):
    function = trader(usd=10**6, env=LIVE, **account)
    function.venue.leaves_closes = True
    return function


def more(margin):
    return MARGIN if margin else {}


def post(function, body):
    function.clock.sleep(1)
    return outcome(function.post(body))


def entered(function, *, margin, volume="0.5", late=0, age_s=1, **fields):
    """A fixed entry; so many reads from now on show what was held before it."""
    if late:
        function.venue.hold_back(late)
    fields = {"volume": volume, "price": "50000", **more(margin), **fields}
    assert post(function, function.alert(id="in", **fields)) == (200, "accepted")
    function.clock.sleep(age_s)


def fire(function, *, margin, late=0):
    """The exit of the entry trades at Kraken; so many reads show what was held before."""
    if late:
        function.venue.hold_back(late)
    (exit_order,) = function.venue.resting
    (function.venue.fill_on_margin if margin else function.venue.fill)(exit_order)


WANTED = {
    "close": ({"action": "close"}, D(0)),
    "reverse": ({"action": "reverse", "volume": "0.5"}, D("-0.5")),
    "target": (
        {"market_position": "long", "market_position_size": "0.75", "action": "target"},
        D("0.75"),
    ),
    "flat": ({"market_position": "flat", "market_position_size": "0", "action": "target"}, D(0)),
    "half": ({"action": "close", "percent": "50"}, D("0.25")),
}


@pytest.mark.parametrize(
    ("margin", "exit_fields"),
    [(False, {}), (True, {}), (True, {"stop_loss": "45000"})],
    ids=["spot", "margin", "margin with a stop"],
)
@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("late", range(5))
def test_after_an_entry_the_position_is_as_wanted_or_the_answer_is_503_until_it_can_be(
    margin, wanted, late, exit_fields
):
    function = live()
    entered(function, margin=margin, late=late, **exit_fields)
    fields, after = WANTED[wanted]
    resend = alert(function, "a-1", **fields, **more(margin))
    for _ in range(4):
        answer = post(function, resend)
        if answer[0] != 503:
            break
        function.clock.sleep(5)
    assert answer == (200, "accepted")
    assert held(function, margin=margin) == (max(D(0), after) if not margin else after)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_of_two_reads_the_second_of_which_lacks_an_order_nothing_is_decided(side):
    """Each is of a moment of its own, and the later one may be the older."""
    function = live(btc=2)
    function.venue.hold_back(0)
    before = function.venue._shown
    entered(function, margin=False, side=side)

    def go_back():
        function.venue._held_back, function.venue._shown = 1, before

    function.venue.during["balances"] = [lambda: None, go_back]
    wanted = held(function)
    body = target(function, str(wanted), "a-1")
    assert post(function, body) == (503, "not_sent")
    assert post(function, body) == (200, "no_action")
    assert held(function) == wanted


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("late", range(4))
@pytest.mark.parametrize("age_s", [1, 30, 3600])
def test_a_stop_that_fired_unseen_has_closed_the_position(wanted, late, age_s):
    function = live()
    entered(function, margin=True, stop_loss="45000", age_s=age_s)
    fire(function, margin=True, late=late)
    fields, after = WANTED[wanted]
    after = D(0) if wanted == "half" else after
    resend = alert(function, "a-1", **fields, **MARGIN)
    for _ in range(4):
        answer = post(function, resend)
        if answer[0] != 503:
            break
        function.clock.sleep(5)
    assert answer == (200, "no_action" if after == 0 else "accepted")
    assert held(function, margin=True) == after


@BOTH
@pytest.mark.parametrize("late", [0, 1, 9])
def test_a_target_after_a_stop_that_fired_unseen_buys_again(margin, late):
    function = live()
    entered(function, margin=margin, stop_loss="45000", age_s=600)
    fire(function, margin=margin, late=late)
    wanted = target(function, "0.5", **more(margin))
    answer = post(function, wanted)
    if answer[0] == 503:
        function.venue.hold_back(0)
        answer = post(function, wanted)
    assert (answer, held(function, margin=margin)) == ((200, "accepted"), D("0.5"))


RESTING = {
    "limit buy": ("limit", Side.BUY, {"limit": D(49000)}, 48999),
    "limit sell": ("limit", Side.SELL, {"limit": D(51000)}, 51001),
    "stop loss": ("stop-loss", Side.SELL, {"trigger": D(49000), "fires_at": D(49000)}, 49000),
    "take profit": ("take-profit", Side.SELL, {"trigger": D(51000), "fires_at": D(51000)}, 51000),
    "trailing stop": ("trailing-stop", Side.SELL, {"fires_at": D(49500)}, 49400),
    "buy stop": ("stop-loss", Side.BUY, {"trigger": D(51000), "fires_at": D(51000)}, 51000),
}


@pytest.mark.parametrize("name", RESTING)
@pytest.mark.parametrize("beside", [0, 2])
def test_while_the_price_has_crossed_what_balances_and_lists_show_as_resting_nothing_is_decided(
    name, beside
):
    function = live(btc=10)
    kind, side, prices, crossed = RESTING[name]
    for number in range(beside):
        far = RestingOrder(
            f"OFAR{number}", "XBTUSD", Side.BUY, "limit", D(1), D(0), START, limit=D(1000)
        )
        function.venue.rest(far)
    function.venue.rest(RestingOrder("OREST", "XBTUSD", side, kind, D(1), D(0), START, **prices))
    if name == "buy stop":
        funds = function.venue.held["ZUSD"]
        function.venue.held["ZUSD"] = funds._replace(held=funds.held + 51000)
    assert post(function, target(function, "10", "a-1")) == (200, "no_action")
    function.venue.quotes["XXBTZUSD"] = D(crossed)
    assert post(function, target(function, "10", "a-2")) == (503, "not_sent")
    assert sent(function) == []


NO_TRIGGER_TOLD = {
    "by the index": {"limit": D(48900), "trigger": D(49000), "by_index": True},
    "at a distance": {"limit": D(48900), "offsets": ("-2.0000%", "")},
}


@pytest.mark.parametrize("name", NO_TRIGGER_TOLD)
def test_the_limit_behind_a_trigger_that_is_not_known_is_not_crossed_while_the_market_is_far(name):
    function = live(btc=10)
    resting = RestingOrder(
        "OREST", "XBTUSD", Side.SELL, "stop-loss-limit", D(1), D(0), START, **NO_TRIGGER_TOLD[name]
    )
    function.venue.rest(resting)
    assert post(function, target(function, "10", "a-1")) == (200, "no_action")


DISTANT = {
    "stop": ("stop-loss", ("-2.0000%", ""), {}, 49000),
    "stop limit": ("stop-loss-limit", ("-2.0000%", "-3.0000%"), {}, 49000),
    "stop with a fixed limit": ("stop-loss-limit", ("-1000.0", ""), {"limit": D(48000)}, 49000),
    "take profit": ("take-profit", ("+2.0000%", ""), {}, 51000),
    "limit": ("limit", ("+2.0000%", ""), {}, 51001),
}


@pytest.mark.parametrize("name", DISTANT)
def test_what_rests_at_a_distance_is_crossed_as_counted_from_the_price_of_its_entry(name):
    kind, offsets, prices, crossed = DISTANT[name]
    function = live(btc=10)
    function.venue.filled["OIN"] = Fill("closed", D(1), D(50000), D(50000), D(0))
    resting = RestingOrder(
        "OREST", "XBTUSD", Side.SELL, kind, D(1), D(0), START, parent="OIN", offsets=offsets,
        **prices,
    )  # fmt: skip
    function.venue.rest(resting)
    step = -1 if crossed > 50000 else 1
    function.venue.quotes["XXBTZUSD"] = D(crossed + step)
    assert post(function, target(function, "10", "a-1")) == (200, "no_action")
    function.venue.quotes["XXBTZUSD"] = D(crossed)
    assert post(function, target(function, "10", "a-2")) == (503, "not_sent")
    assert sent(function) == []
    assert post(function, alert(function, "a-3", action="close")) == (200, "accepted")


@pytest.mark.parametrize(
    ("fields", "crossed"),
    [
        ({"side": "buy", "order_type": "limit", "price": "49000"}, 48999),
        ({"side": "sell", "order_type": "limit", "price": "51000"}, 51001),
        ({"side": "sell", "order_type": "stop-loss", "stop_price": "49000"}, 48000),
        ({"side": "sell", "order_type": "take-profit", "stop_price": "51000"}, 51000),
    ],
)
@pytest.mark.parametrize("action", ["close", "reverse", "target"])
def test_while_the_price_has_crossed_an_order_of_ours_on_margin_nothing_is_decided(
    fields, crossed, action
):
    function = live(net=1)
    resting = function.alert(**{"id": "rests", "volume": "1", **fields, **MARGIN})
    assert post(function, resting) == (200, "accepted")
    function.clock.sleep(600)
    function.venue.quotes["XXBTZUSD"] = D(crossed)
    wanted = target(function, "1", **MARGIN)
    if action != "target":
        wanted = alert(function, action=action, **MARGIN)
    assert post(function, wanted) == (503, "not_sent")
    function.venue.quotes["XXBTZUSD"] = D(50000)
    assert function.post(wanted).status == 200


def test_what_rests_costs_a_list_itself_and_a_price_and_nothing_where_nothing_rests():
    function = live(btc=10)
    assert post(function, target(function, "10", "a-1")) == (200, "no_action")
    assert function.venue.calls == ["balances"]
    function.venue.calls.clear()
    function.venue.rest(
        RestingOrder("OREST", "XBTUSD", Side.SELL, "limit", D(1), D(0), START, limit=D(51000))
    )
    assert post(function, target(function, "10", "a-2")) == (200, "no_action")
    assert function.venue.calls == ["balances", "open_orders", "orders", "prices"]


@row_by_row
@pytest.mark.parametrize(
    ("rows", "fills", "lacks"),
    [
        ([("A", "0.5")], [("A", "0.5")], {"0"}),
        ([("OLD", "1")], [("A", "0.5")], {"0.5"}),
        ([], [("A", "0.5", True)], {"0.5"}),
        ([], [("A", "0.5")], {"0", "0.5"}),
        ([("A", "0.5")], [("A", "0.5", True), ("B", "-0.5")], {"0", "-0.5"}),
        ([], [("A", "0.5", True), ("B", "-0.5")], {"0"}),
        ([("OLD", "1"), ("A", "0.5")], [("A", "0.5"), ("B", "0.25")], {"0.25"}),
        ([("A", "-0.5")], [("A", "-1")], {"0"}),
        ([("A", "0.2", "0.5")], [("A", "0.5"), ("B", "-0.3")], {"0"}),
        ([("A", "0.2", "0.2")], [("A", "0.5"), ("B", "-0.3")], {"-0.3"}),
        ([("OLD", "1"), ("A", "0.3")], [("A", "0.5", True)], set()),
        # An exit of its own may have taken back what is not shown, if it is not known to rest.
        ([], [("A", "0.5", True, True)], {"0.5", "0"}),
        ([("A", "0.5")], [("A", "0.5", True, True)], {"0"}),
        ([("A", "0.5")], [("A", "0.5", True, True), ("B", "0.1")], {"0.1"}),
        ([], [("A", "0.5", True), ("EXIT", "-0.5")], {"0"}),
        # An entry with an exit closes what is known to be held the other way, and leaves its exit.
        ([("A", "0.1")], [("S", "-0.2"), ("A", "0.3", True)], {"0"}),
        ([("OLD", "-0.3"), ("A", "0.1")], [("S", "-0.2"), ("A", "0.3", True)], set()),
        (
            [("HAND", "0.1", "0.2")],
            [("S", "-0.2"), ("A", "0.3", True), ("B", "0.1"), ("HAND", "0.2"), ("EXIT", "-0.3")],
            {"0"},
        ),
        (
            [("B", "0.4")],
            [("A", "0.1"), ("S", "-0.2", True), ("EXIT", "0.2"), ("B", "0.4"), ("C", "-0.1")],
            {"0", "-0.1"},
        ),
        # What only reduces has found as much to close, unless something may have been taken back.
        ([], [("B", "-0.5", False, False, True)], {"0"}),
        ([("OLD", "0.2")], [("B", "-0.5", False, False, True)], {"0"}),
        ([("OLD", "0.5")], [("B", "-0.5", False, False, True)], {"0", "-0.5"}),
        ([("OLD", "-0.2")], [("B", "0.5", False, False, True)], {"0"}),
        ([], [("A", "0.5"), ("B", "-0.5", False, False, True)], {"0"}),
        ([], [("A", "0.5", True, True), ("B", "-0.5", False, False, True)], {"0", "-0.5"}),
    ],
)
def test_positions_name_the_fills_that_are_in_them(rows, fills, lacks):
    shown = [LotOfOrder(row[0], D(row[1]), D(row[-1])) for row in rows]
    traded = [Traded(fill[0], D(fill[1]), *fill[2:]) for fill in fills]
    assert lacking(shown, traded) == {D(size) for size in lacks}
