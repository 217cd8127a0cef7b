"""A cancel by pair, scope or alert reaches the orders that Kraken's list of the open ones
lacks, or nothing goes out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import alert, held, leg_states
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_cancel_alerts import MEAN, TREND, bound, cancel, canceled
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Rejected, Unknown

D = Decimal
EVERY = {...}
BEHIND = {"open_orders": EVERY}
FAR_BEHIND = {"open_orders": EVERY, "orders": EVERY, "orders_closed": EVERY}
SELL = {"side": "sell", "order_type": "limit", "volume": "1", "price": "60000"}
STOP = {
    "side": "sell",
    "order_type": "stop-loss",
    "volume": "1",
    "stop_price": "45000",
    "price": None,
}
ENTRY = {"side": "buy", "volume": "1", "stop_loss": "40000"}
LIMIT = ENTRY | {"order_type": "limit", "price": "45000"}


@pytest.fixture
def function():
    function = trader(btc=3, usd=10**6)
    function.venue.leaves_closes = True
    return function


def send(function, alert_id, **fields):
    return function.post(alert(function, alert_id, **fields))


def placed(function, alert_id, **fields):
    answer = send(function, alert_id, **fields)
    assert outcome(answer) == (200, "accepted"), answer.document
    return answer["order_id"]


def lost(function, alert_id, **fields):
    """It was placed, and its reply was lost."""
    function.venue.lose_reply = True
    assert outcome(send(function, alert_id, **fields)) == (503, "outcome_unknown")
    return function.venue.resting[-1].order_id if function.venue.resting else None


def crowd(function):
    """More newer orders than one page of the ledger holds, none of the last minutes."""
    for number in range(52):
        placed(
            function, f"crowd-{number}", symbol="ETHUSD", side="buy", volume="0.01", price="2000"
        )
    function.clock.sleep(300)


def bought(function, number):
    """A tenth of a second each."""
    for place in range(number):
        function.clock.sleep(0.1)
        placed(function, f"b-{place}", symbol="ETHUSD", side="buy", volume="0.01", price="2000")


def orders(*legs):
    return {"orders": list(legs), "price": None}


def resting(function):
    return [order.order_id for order in function.venue.resting]


def open_sells(function):
    return [order for order in function.venue.resting if order.side is Side.SELL]


BY = {
    "symbol": {"symbol": "BTCUSD"},
    "symbol and side": {"symbol": "BTCUSD", "side": "sell"},
    "strategy": {"scope": "strategy", "symbol": None},
    "strategy and side": {"scope": "strategy", "symbol": None, "side": "sell"},
    "all": {"scope": "all", "symbol": None},
    "alert": {"of_alert": "a-1", "symbol": None},
}
LAGGING = pytest.mark.parametrize("hidden", [BEHIND, FAR_BEHIND])


# An order of ours that was accepted


@LAGGING
@pytest.mark.parametrize("by", BY)
def test_an_order_that_the_list_lacks_yet_is_cancelled_by_its_id(function, by, hidden):
    order_id = placed(function, "a-1", **SELL)
    function.venue.hidden = hidden
    assert outcome(send(function, "c-1", action="cancel", **{"price": None} | BY[by])) == (
        200,
        "accepted",
    )
    assert canceled(function) == [{"txid": order_id}]
    assert resting(function) == []


@LAGGING
@pytest.mark.parametrize("seconds", [0, 1, 30, 59])
def test_behind_the_cancel_of_an_unlisted_order_the_new_one_stands_alone(function, hidden, seconds):
    placed(function, "a-1", **SELL)
    function.venue.hidden = hidden
    function.clock.sleep(seconds)
    answer = send(
        function, "c-1", **orders({"action": "cancel", "side": "sell"}, SELL | {"price": "61000"})
    )
    assert (outcome(answer), leg_states(answer)) == ((200, "accepted"), ["ACCEPTED", "ACCEPTED"])
    assert [order.limit for order in function.venue.resting] == [D(61000)]


def test_an_exit_counts_what_an_unlisted_order_held(function):
    placed(function, "a-1", **SELL | {"volume": "3"})
    function.venue.hidden = FAR_BEHIND
    answer = send(
        function, "c-1", **orders({"action": "cancel", "side": "sell"}, {"action": "close"})
    )
    assert outcome(answer) == (200, "accepted")
    assert (held(function), resting(function)) == (0, [])


@pytest.mark.parametrize("kind", ["limit", "stop-loss", "take-profit", "stop-loss-limit"])
def test_orders_of_every_kind_are_reached(function, kind):
    prices = {"price": "60000"} if kind == "limit" else {"stop_price": "45000", "price": None}
    prices |= {"price": "44000"} if kind.endswith("-limit") else {}
    ids = [
        placed(function, f"a-{n}", side="sell", order_type=kind, volume="0.1", **prices)
        for n in range(3)
    ]
    function.venue.hidden = {"open_orders": {ids[0], ids[2]}, "orders": {ids[2]}}
    assert outcome(send(function, "c-1", action="cancel", price=None)) == (200, "accepted")
    assert {one["txid"] for one in canceled(function)} == set(ids)


@pytest.mark.parametrize("status", ["closed", "canceled", "expired"])
def test_an_order_that_is_done_needs_no_cancel_and_lets_the_new_one_go(function, status):
    placed(function, "a-1", **SELL)
    function.venue.close(function.venue.resting[0], status)
    function.venue.calls.clear()
    answer = send(function, "c-1", **orders({"action": "cancel", "side": "sell"}, SELL))
    assert (outcome(answer), canceled(function)) == ((200, "accepted"), [])
    assert function.venue.calls == ["open_orders", "orders", "submit"]


def test_an_alert_whose_order_is_done_has_nothing_to_cancel(function):
    placed(function, "a-1", **SELL)
    function.venue.close(function.venue.resting[0], "closed")
    answer = send(function, "c-1", action="cancel", of_alert="a-1", symbol=None, price=None)
    assert (outcome(answer), canceled(function)) == ((200, "no_action"), [])


def test_past_the_margin_the_list_is_believed_and_costs_no_call_more(function):
    placed(function, "a-1", **SELL)
    function.venue.close(function.venue.resting[0], "canceled")
    function.clock.sleep(61)
    function.venue.calls.clear()
    assert outcome(send(function, "c-1", action="cancel", price=None)) == (200, "no_action")
    assert function.venue.calls == ["open_orders"]


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": "ETHUSD"},
        {"side": "buy"},
        {"scope": "strategy", "symbol": None, "strategy_name": "other"},
    ],
)
def test_an_unlisted_order_that_is_not_meant_is_left_alone(function, fields):
    placed(function, "a-1", **SELL)
    function.venue.hidden = FAR_BEHIND
    answer = send(function, "c-1", action="cancel", **{"price": None} | fields)
    assert (outcome(answer), canceled(function)) == ((200, "no_action"), [])


def test_an_order_at_the_market_leaves_nothing_to_cancel(function):
    placed(function, "a-1", side="buy", volume="1")
    function.venue.hidden = FAR_BEHIND
    function.venue.calls.clear()
    assert outcome(send(function, "c-1", action="cancel", price=None)) == (200, "no_action")
    assert function.venue.calls == ["open_orders"]


def test_an_unlisted_order_that_fills_before_its_cancel_lets_no_new_one_go(function):
    order_id = placed(function, "a-1", **SELL)
    function.venue.hidden = FAR_BEHIND
    function.venue.fill(function.venue.resting[0])
    answer = send(function, "c-1", **orders({"action": "cancel", "side": "sell"}, SELL))
    assert outcome(answer) == (422, "order_rejected")
    assert (canceled(function), resting(function)) == ([{"txid": order_id}], [])


def test_two_cancels_of_one_alert_cancel_an_unlisted_order_once(function):
    order_id = placed(function, "a-1", **SELL)
    function.venue.hidden = FAR_BEHIND
    answer = send(
        function, "c-1", **orders({"action": "cancel"}, {"action": "cancel", "side": "sell"})
    )
    assert (outcome(answer), canceled(function)) == ((200, "accepted"), [{"txid": order_id}])


@pytest.mark.parametrize("read", ["orders", "open_orders"])
def test_a_read_that_fails_sends_nothing(function, read):
    placed(function, "a-1", **SELL)
    function.venue.hidden = BEHIND
    function.venue.unreadable = {read}
    assert outcome(send(function, "c-1", action="cancel", price=None)) == (503, "venue_unavailable")
    assert canceled(function) == []


# An order whose outcome is unknown


@pytest.mark.parametrize("by", BY)
def test_an_order_without_an_outcome_is_waited_for_and_then_cancelled(function, by):
    order_id = lost(function, "a-1", **SELL)
    function.venue.hidden = BEHIND
    body = alert(function, "c-1", action="cancel", **{"price": None} | BY[by])
    assert outcome(function.post(body)) == (503, "not_sent")
    function.clock.sleep(5)
    assert outcome(function.post(body)) == (200, "accepted")
    assert (canceled(function), resting(function)) == ([{"txid": order_id}], [])


def test_behind_an_order_without_an_outcome_no_leg_goes_out(function):
    lost(function, "a-1", **SELL)
    function.venue.hidden = BEHIND
    body = alert(
        function, "c-1", **orders({"action": "cancel", "side": "sell"}, SELL | {"price": "61000"})
    )
    assert outcome(function.post(body)) == (503, "not_sent")
    assert len(open_sells(function)) == 1
    function.clock.sleep(5)
    assert outcome(function.post(body)) == (200, "accepted")
    assert [order.limit for order in open_sells(function)] == [D(61000)]


def test_an_order_without_an_outcome_that_the_list_shows_is_cancelled_at_once(function):
    order_id = lost(function, "a-1", **SELL)
    assert outcome(send(function, "c-1", action="cancel", price=None)) == (200, "accepted")
    assert canceled(function) == [{"txid": order_id}]


@pytest.mark.parametrize(
    ("seconds", "code"), [(0, "not_sent"), (20, "not_sent"), (69, "not_sent"), (75, "no_action")]
)
def test_an_order_that_never_arrived_is_waited_for_until_the_list_must_show_it(
    function, seconds, code
):
    function.venue.refuse = [Unknown("the reply was lost")]
    assert send(function, "a-1", **SELL).status == 503
    function.clock.sleep(seconds)
    assert send(function, "c-1", action="cancel", price=None)["code"] == code


def test_an_unknown_order_of_the_other_side_keeps_no_cancel_waiting(function):
    lost(function, "a-1", side="buy", order_type="limit", volume="1", price="40000")
    function.venue.hidden = BEHIND
    assert outcome(send(function, "c-1", action="cancel", side="sell", price=None)) == (
        200,
        "no_action",
    )


@pytest.mark.parametrize("fields", [SELL, ENTRY])
def test_an_unknown_order_of_another_pair_keeps_no_cancel_waiting(function, fields):
    function.venue.refuse = [Unknown("the reply was lost")]
    assert send(function, "a-1", **fields).status == 503
    assert outcome(send(function, "c-1", action="cancel", symbol="ETHUSD", price=None)) == (
        200,
        "no_action",
    )


@pytest.mark.parametrize(
    ("seconds", "entry"), [(0, ENTRY), (6, ENTRY), (69, ENTRY), (75, LIMIT), (1200, LIMIT)]
)
def test_an_unknown_entry_with_a_stop_keeps_every_cancel_of_its_stop_waiting(
    function, seconds, entry
):
    function.venue.refuse = [Unknown("the reply was lost")]
    assert send(function, "a-1", **entry).status == 503
    if seconds > 300:
        crowd(function)
    function.clock.sleep(seconds)
    answer = send(function, "c-1", **orders({"action": "cancel", "side": "sell"}, STOP))
    assert (outcome(answer), open_sells(function)) == ((503, "not_sent"), [])


def test_one_at_the_market_keeps_none_waiting_once_the_lists_had_to_show_it(function):
    function.venue.refuse = [Unknown("the reply was lost")]
    assert send(function, "a-1", **ENTRY).status == 503
    function.clock.sleep(75)
    moved = orders({"action": "cancel", "side": "sell"}, STOP)
    assert outcome(send(function, "c-1", **moved)) == (200, "accepted")
    assert len(open_sells(function)) == 1


def test_an_entry_that_this_very_look_proves_absent_keeps_nothing_waiting(function):
    function.venue.refuse = [Unknown("the reply was lost")]
    assert send(function, "a-1", **LIMIT).status == 503
    moved = orders({"action": "cancel", "side": "sell"}, STOP)
    function.clock.sleep(75)
    assert outcome(send(function, "c-1", **moved)) == (503, "not_sent")
    function.clock.sleep(61)
    assert outcome(send(function, "c-2", **moved)) == (200, "accepted")
    assert len(open_sells(function)) == 1


# The order that a conditional close leaves


MOVED = [{"action": "cancel", "side": "sell"}, STOP]
WAYS = {
    "side": MOVED,
    "pair": [{"action": "cancel"}, STOP],
    "alert": [{"action": "cancel", "of_alert": "a-1", "symbol": None}, STOP],
    "strategy": [{"action": "cancel", "scope": "strategy", "symbol": None}, STOP],
    "all": [{"action": "cancel", "scope": "all", "symbol": None}, STOP],
}


@LAGGING
@pytest.mark.parametrize("way", WAYS)
def test_a_stop_is_moved_once_its_first_one_is_seen(function, way, hidden):
    placed(function, "a-1", **ENTRY)
    (first,) = open_sells(function)
    function.venue.hidden = hidden
    body = alert(function, "c-1", **orders(*WAYS[way]), symbol="BTCUSD")
    assert outcome(function.post(body)) == (503, "not_sent")
    assert open_sells(function) == [first]
    function.venue.hidden = {}
    assert outcome(function.post(body)) == (200, "accepted")
    assert canceled(function) == [{"txid": first.order_id}]
    assert [order.trigger for order in open_sells(function)] == [D(45000)]


@pytest.mark.parametrize("by", ["symbol", "symbol and side", "strategy", "all", "alert"])
def test_a_lone_cancel_waits_for_a_stop_that_is_not_seen(function, by):
    placed(function, "a-1", **ENTRY)
    function.venue.hidden = BEHIND
    assert outcome(send(function, "c-1", action="cancel", **{"price": None} | BY[by])) == (
        503,
        "not_sent",
    )


@pytest.mark.parametrize("status", ["closed", "canceled"])
def test_a_stop_that_is_gone_is_seen_among_the_closed_orders(function, status):
    placed(function, "a-1", **ENTRY)
    function.venue.close(open_sells(function)[0], status)
    function.venue.calls.clear()
    answer = send(function, "c-1", **orders(*MOVED))
    assert (outcome(answer), canceled(function)) == ((200, "accepted"), [])
    assert function.venue.calls == ["open_orders", "orders", "orders_closed", "submit"]


@pytest.mark.parametrize("kind", [{}, {"order_type": "limit", "price": "49000"}])
@pytest.mark.parametrize("legs", [MOVED, [{"action": "cancel"}]])
def test_past_the_margin_a_stop_that_was_never_placed_is_missed_no_more(function, legs, kind):
    function.venue.leaves_closes = False
    order_id = placed(function, "a-1", **ENTRY | kind)
    for order in function.venue.resting:
        function.venue.fill(order)
    assert outcome(send(function, "c-1", **orders(*legs))) == (503, "not_sent")
    function.clock.sleep(61)
    answer = send(function, "c-2", **orders(*legs))
    assert answer.status == 200
    assert any(order_id in warning and "never placed" in warning for warning in answer["warnings"])


@pytest.mark.parametrize("limit", [False, True])
def test_an_entry_that_has_filled_nothing_leaves_no_stop(function, limit):
    entry = ENTRY | {"order_type": "limit", "price": "49000"}
    order_id = placed(function, "a-1", **entry)
    if limit:
        function.venue.close(function.venue.resting[0], "canceled")
    answer = send(function, "c-1", **orders(*MOVED))
    assert (outcome(answer), canceled(function)) == ((200, "accepted"), [])
    assert (order_id in resting(function)) is not limit


def test_each_part_of_an_entry_leaves_a_stop_of_its_own(function):
    placed(function, "a-1", **ENTRY | {"order_type": "limit", "price": "49000"})
    (entry,) = function.venue.resting
    for part in ("0.25", "0.75"):
        function.venue.fill_part(entry, D(part))
    first, second = open_sells(function)
    function.venue.hidden = {"open_orders": {second.order_id}}
    assert outcome(send(function, "c-1", **orders(*MOVED))) == (503, "not_sent")
    function.venue.hidden = {}
    assert outcome(send(function, "c-2", **orders(*MOVED))) == (200, "accepted")
    assert [one["txid"] for one in canceled(function)] == [first.order_id, second.order_id]


@pytest.mark.parametrize(("part", "code"), [("0.00001", "accepted"), ("0.25", "not_sent")])
def test_a_part_below_the_minimum_of_an_entry_that_rests_is_not_waited_for(function, part, code):
    function.venue.leaves_closes = False
    placed(function, "a-1", **ENTRY | {"order_type": "limit", "price": "49000"})
    function.venue.fill_part(function.venue.resting[0], D(part))
    assert send(function, "c-1", **orders(*MOVED))["code"] == code


@pytest.mark.parametrize("asked_before", [None, "/reconcile", "close"])
def test_an_entry_that_has_rested_for_long_and_fills_now_leaves_a_stop(function, asked_before):
    placed(function, "a-1", **ENTRY | {"order_type": "limit", "price": "49000"})
    function.clock.sleep(3600)
    crowd(function)
    function.venue.fill(function.venue.resting[0])
    function.venue.hidden = BEHIND
    if asked_before == "/reconcile":
        assert function.operate("POST", "/reconcile")["fills"] >= 1
    elif asked_before == "close":
        send(function, "q-1", action="close", percent="1", price=None)
    assert outcome(send(function, "c-1", **orders(*MOVED))) == (503, "not_sent")
    function.venue.hidden = {}
    assert outcome(send(function, "c-2", **orders(*MOVED))) == (200, "accepted")
    assert [order.trigger for order in open_sells(function)] == [D(45000)]


def test_what_an_entry_has_left_is_asked_for_no_more_once_the_lists_must_show_it(function):
    placed(function, "a-1", **ENTRY | {"order_type": "limit", "price": "49000"})
    function.clock.sleep(3600)
    function.venue.fill(function.venue.resting[0])
    assert [function.operate("POST", "/reconcile")["fills"] for _ in range(2)] == [1, 0]
    function.clock.sleep(300)
    assert [function.operate("POST", "/reconcile")["fills"] for _ in range(2)] == [1, 0]
    function.venue.calls.clear()
    assert outcome(send(function, "c-1", action="cancel", side="sell", price=None)) == (
        200,
        "accepted",
    )
    assert function.venue.calls == ["open_orders", "submit"]


def test_a_stop_on_margin_is_waited_for_as_well(function):
    placed(function, "a-1", **ENTRY | {"leverage": "2"})
    function.venue.hidden = BEHIND
    moved = [{"action": "cancel", "side": "sell"}, STOP | {"leverage": "2", "reduce_only": True}]
    assert outcome(send(function, "c-1", **orders(*moved))) == (503, "not_sent")


def test_a_cancel_of_the_entrys_own_side_does_not_wait_for_its_stop(function):
    placed(function, "a-1", **ENTRY)
    function.venue.hidden = BEHIND
    assert outcome(send(function, "c-1", action="cancel", side="buy", price=None)) == (
        200,
        "no_action",
    )


def test_an_account_that_knows_nothing_of_old_orders_keeps_no_cancel_waiting(function):
    """A ledger that outlives its account: a paper book that was thrown away, a key
    of another account."""
    placed(function, "a-1", **ENTRY | {"order_type": "limit", "price": "49000"})
    function.venue.resting.clear()
    function.clock.sleep(75)
    assert outcome(send(function, "c-1", **orders(*MOVED))) == (200, "accepted")


@pytest.mark.parametrize("named", ["order_id", "client_order_id"])
def test_a_cancel_by_name_stays_one_read_and_one_call(function, named):
    answer = send(function, "a-1", **ENTRY | {"order_type": "limit", "price": "49000"})
    function.venue.calls.clear()
    fields = {"symbol": None, "price": None, named: answer[named]}
    assert outcome(send(function, "c-1", action="cancel", **fields)) == (200, "accepted")
    assert function.venue.calls == ["open_orders", "submit"]


# Whose they are


@pytest.fixture
def strategies(tmp_path):
    function = bound(tmp_path)
    function.venue.leaves_closes = True
    return function


def many(function, token=TREND, over_s=600):
    """210 newer orders, all done, the last of them so long ago."""
    for number in range(210):
        fields = {"token": token, "volume": "0.001", "price": "50000"}
        assert function.post(function.alert(id=f"n-{number}", **fields)).status == 200
    function.clock.sleep(over_s)


def laid(function, alert_id="old", token=TREND, **fields):
    answer = function.post(
        function.alert(**{"id": alert_id, "token": token, "price": "50000", **fields})
    )
    assert outcome(answer) == (200, "accepted"), answer.document
    return answer


OLD = {
    "order_id": lambda old: {"order_id": old["order_id"]},
    "client_order_id": lambda old: {"client_order_id": old["client_order_id"]},
    "of_alert": lambda _: {"of_alert": "old"},
    "symbol": lambda _: {"symbol": "BTCUSD"},
    "strategy": lambda _: {"scope": "strategy"},
    "all": lambda _: {"scope": "all"},
}


@pytest.mark.parametrize("rested_s", [0, 86400])
@pytest.mark.parametrize("by", OLD)
def test_a_credential_reaches_its_own_order_however_many_came_since(strategies, by, rested_s):
    old = laid(strategies, side="sell", order_type="limit", volume="1", price="60000")
    strategies.clock.sleep(rested_s)
    many(strategies)
    strategies.venue.calls.clear()
    answer = strategies.post(cancel(strategies, token=TREND, **OLD[by](old)))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert canceled(strategies) == [{"txid": old["order_id"]}]
    assert strategies.venue.calls == ["open_orders", "submit"]


@LAGGING
@pytest.mark.parametrize("by", OLD)
def test_a_credential_reaches_its_unlisted_order_however_many_came_since(strategies, by, hidden):
    old = laid(strategies, side="sell", order_type="limit", volume="1", price="60000")
    many(strategies, over_s=20)
    strategies.venue.hidden = hidden
    answer = strategies.post(cancel(strategies, token=TREND, **OLD[by](old)))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert canceled(strategies) == [{"txid": old["order_id"]}]


@pytest.mark.parametrize("hidden", [{}, BEHIND, FAR_BEHIND])
@pytest.mark.parametrize("by", OLD)
def test_a_credential_reaches_no_order_of_another(strategies, by, hidden):
    old = laid(strategies, token=MEAN, side="sell", order_type="limit", volume="1", price="60000")
    strategies.venue.hidden = hidden
    answer = strategies.post(cancel(strategies, token=TREND, **OLD[by](old)))
    assert answer.status in (200, 422)
    assert canceled(strategies) == []


@pytest.mark.parametrize("token", [TREND, MEAN])
@pytest.mark.parametrize("fields", [{"symbol": "BTCUSD"}, {"scope": "strategy"}, {"scope": "all"}])
def test_the_stop_of_an_old_entry_is_its_strategys(strategies, token, fields):
    laid(strategies, side="buy", volume="1", stop_loss="40000")
    (stop,) = open_sells(strategies)
    strategies.clock.sleep(86400)
    strategies.operate("POST", "/reconcile")
    many(strategies)
    strategies.post(cancel(strategies, token=token, **fields))
    assert canceled(strategies) == ([{"txid": stop.order_id}] if token == TREND else [])


def test_an_exit_behind_the_cancel_of_an_old_order_is_not_refused_with_it(strategies):
    laid(strategies, side="sell", order_type="limit", volume="10", price="60000")
    many(strategies)
    body = strategies.alert(
        id="x-1", token=TREND, orders=[{"action": "cancel"}, {"action": "close"}]
    )
    body = {name: value for name, value in body.items() if name not in ("side", "volume", "price")}
    assert outcome(strategies.post(body)) == (200, "accepted")
    assert held(strategies) == 0


def test_a_credential_waits_for_no_unknown_order_of_another(strategies):
    strategies.venue.lose_reply = True
    strategies.post(strategies.alert(id="a-1", token=MEAN, **SELL))
    strategies.venue.hidden = BEHIND
    assert outcome(strategies.post(cancel(strategies, token=TREND, symbol="BTCUSD"))) == (
        200,
        "no_action",
    )
    assert outcome(strategies.post(cancel(strategies, "c-2", token=MEAN, symbol="BTCUSD"))) == (
        503,
        "not_sent",
    )


def test_an_unlisted_order_of_a_pair_that_may_not_be_traded_is_left_alone(tmp_path):
    function = bound(tmp_path)
    laid(function, side="sell", order_type="limit", volume="1", price="60000")
    narrow = bound(tmp_path, ALLOWED_SYMBOLS="ETH/USD")
    narrow.application.ledger._entries.update(function.application.ledger._entries)
    assert outcome(narrow.post(cancel(narrow, scope="all"))) == (200, "no_action")
    assert narrow.venue.calls == ["open_orders"]


def test_a_refused_cancel_of_an_unlisted_order_is_said(function):
    placed(function, "a-1", **SELL)
    function.venue.hidden = FAR_BEHIND
    function.venue.refuse = [Rejected(("EOrder:Unknown order",))]
    assert outcome(send(function, "c-1", action="cancel", price=None)) == (422, "order_rejected")


@pytest.mark.parametrize("fields", [{"symbol": "BTCUSD"}, {"scope": "strategy"}, {"scope": "all"}])
def test_entries_that_no_index_has_are_looked_for_among_the_newest(strategies, fields, monkeypatch):
    """As an earlier version wrote them: Firestore has indexed neither their order ids nor
    that they are unfinished."""
    laid(strategies, side="buy", volume="1", stop_loss="40000")
    laid(strategies, "asks", side="sell", order_type="limit", volume="1", price="60000")
    strategies.clock.sleep(600)
    for name in ("of_orders", "unfinished"):
        monkeypatch.setattr(strategies.application.ledger, name, lambda *_: [])
    assert outcome(strategies.post(cancel(strategies, token=TREND, **fields))) == (200, "accepted")
    assert len(canceled(strategies)) == 2


def test_the_wait_for_the_stop_of_a_part_ends_a_margin_after_its_last_trade(function):
    function.venue.leaves_closes = False
    placed(function, "a-1", **ENTRY | {"order_type": "limit", "price": "49000"})
    function.venue.fill_part(function.venue.resting[0], D("0.25"))
    answer = send(function, "c-1", **orders(*MOVED))
    assert outcome(answer) == (503, "not_sent")
    assert "60 s after its last trade it counts as absent" in answer["error"]
    function.clock.sleep(61)
    answer = send(function, "c-2", **orders(*MOVED))
    assert outcome(answer) == (200, "accepted")
    assert any("never placed" in warning for warning in answer["warnings"])


@pytest.mark.parametrize("since", [0, 49, 52, 120])
def test_what_was_canceled_is_not_open_however_many_orders_came_since(function, since):
    """Kraken's list shows it still, and a page of the ledger holds 50."""
    order_id = placed(function, "a-1", **SELL)
    listed = tuple(function.venue.resting)
    assert outcome(send(function, "c-1", action="cancel", price=None)) == (200, "accepted")
    bought(function, since)
    function.venue.open_orders = lambda _: listed
    assert outcome(send(function, "c-2", action="cancel", price=None)) == (200, "no_action")
    assert canceled(function) == [{"txid": order_id}]
