"""Alerts that cancel or amend orders that rest: those that are meant, once, and none that
is somebody else's."""

from __future__ import annotations

import time

import pytest

from tests.support.served_function import check

LOOK_UP_AFTER_S = 5.3
"""An unknown outcome is looked up once its claim is 5 s old."""
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))


@pytest.fixture(scope="module")
def exchange(make_kraken):
    """For this file alone: a cancel of everything finds only its own."""
    return make_kraken().start()


@pytest.fixture(scope="module")
def function(make_live, exchange):
    return make_live(exchange, ALERT_MAX_AGE_SECONDS="600").start()


@pytest.fixture(autouse=True)
def _nothing_is_left(function, exchange):
    yield
    if exchange.open_orders():
        check(change(function, "cancel", scope="all"), 200, "accepted")
    assert exchange.open_orders() == []
    assert exchange.faults_left() == {}


def change(function, action, **fields):
    return function.post(function.alert(action=action, **NO_ORDER | {"symbol": None} | fields))


def rest(function, **fields):
    """An order that rests, by its answer."""
    asked = {"order_type": "limit", "price": "50000", "volume": "0.001", **fields}
    return check(function.post(function.alert(**asked)), 200, "accepted")


def still_open(exchange):
    return {order["txid"] for order in exchange.open_orders()}


@pytest.fixture
def resting(function, evidence):
    """One order of each kind that a selector tells apart, by name."""
    trend = {"token": evidence.secrets.strategy_token}
    stop = {"side": "sell", "order_type": "stop-loss", "stop_price": "55000", "price": None}
    ether = {"symbol": "ETHUSD", "price": "2000", "volume": "0.01"}
    asked = {"buy": {}, "sell": stop, "ether": ether, "trend": trend}
    return {name: rest(function, **fields) for name, fields in asked.items()}


EVERYTHING = {"buy", "sell", "ether", "trend"}
SELECTED = {
    "order_id": (lambda resting: {"order_id": resting["buy"]["order_id"]}, {"buy"}),
    "client_order_id": (
        lambda resting: {"client_order_id": resting["sell"]["client_order_id"]},
        {"sell"},
    ),
    "of_alert": (lambda resting: {"of_alert": resting["ether"]["alert_id"]}, {"ether"}),
    "symbol": (lambda _: {"symbol": "BTCUSD"}, {"buy", "sell", "trend"}),
    "symbol and side": (lambda _: {"symbol": "BTCUSD", "side": "sell"}, {"sell"}),
    "strategy": (lambda _: {"scope": "strategy"}, {"buy", "sell", "ether"}),
    "strategy and symbol": (lambda _: {"scope": "strategy", "symbol": "BTCUSD"}, {"buy", "sell"}),
    "strategy and side": (lambda _: {"scope": "strategy", "side": "buy"}, {"buy", "ether"}),
    "all": (lambda _: {"scope": "all"}, EVERYTHING),
}


@pytest.mark.parametrize("what", SELECTED)
def test_a_cancel_takes_what_it_names_and_nothing_else(what, resting, function, exchange):
    select, canceled = SELECTED[what]
    answer = check(change(function, "cancel", **select(resting)), 200, "accepted")
    assert len(answer["orders"]) == len(canceled)
    assert still_open(exchange) == {resting[name]["order_id"] for name in EVERYTHING - canceled}


OF_TREND = {
    "order_id": lambda resting: {"order_id": resting["buy"]["order_id"]},
    "client_order_id": lambda resting: {"client_order_id": resting["buy"]["client_order_id"]},
    "of_alert": lambda resting: {"of_alert": resting["buy"]["alert_id"]},
}


@pytest.mark.parametrize("what", OF_TREND)
@pytest.mark.parametrize("changes", [{"action": "cancel"}, {"action": "amend", "price": "51000"}])
def test_a_credential_of_one_strategy_touches_no_order_of_another(
    changes, what, resting, function, exchange
):
    calls = len(exchange.calls("CancelOrder") + exchange.calls("AmendOrder"))
    trend = function.evidence.secrets.strategy_token
    answer = change(function, **OF_TREND[what](resting) | changes, token=trend)
    assert (answer.status, answer["code"]) in {(422, "order_denied"), (200, "no_action")}, (
        answer.document
    )
    assert len(exchange.calls("CancelOrder") + exchange.calls("AmendOrder")) == calls
    assert still_open(exchange) == {resting[name]["order_id"] for name in EVERYTHING}


@pytest.mark.parametrize(
    "fields", [{"scope": "all"}, {"scope": "symbol", "symbol": "BTCUSD"}, {"scope": "strategy"}]
)
def test_a_credential_of_one_strategy_cancels_at_most_its_own(
    fields, resting, function, exchange, evidence
):
    check(
        change(function, "cancel", token=evidence.secrets.strategy_token, **fields), 200, "accepted"
    )
    assert still_open(exchange) == {resting[name]["order_id"] for name in EVERYTHING - {"trend"}}


def test_the_stop_that_an_entry_left_behind_goes_with_its_alert(function, exchange):
    entry = check(function.post(function.alert(volume="0.001", stop_loss="50000")), 200, "accepted")
    (stop,) = exchange.open_orders()
    assert stop["refid"] == entry["order_id"]
    check(change(function, "cancel", of_alert=entry["alert_id"]), 200, "accepted")
    assert still_open(exchange) == set()


@pytest.mark.parametrize("named_by", ["order_id", "client_order_id", "of_alert"])
def test_an_order_that_krakens_list_lacks_yet_is_canceled_by_its_name(named_by, function, exchange):
    exchange.lag(open_s=600)
    try:
        order = rest(function)
        name = order["alert_id"] if named_by == "of_alert" else order[named_by]
        check(change(function, "cancel", **{named_by: name}), 200, "accepted")
    finally:
        exchange.lag()
    assert still_open(exchange) == set()


def test_there_is_nothing_to_cancel(function, exchange):
    before = len(exchange.calls("CancelOrder"))
    check(change(function, "cancel", symbol="BTCUSD"), 200, "no_action")
    assert len(exchange.calls("CancelOrder")) == before


def test_a_redelivered_cancel_takes_no_order_that_came_later(function, exchange):
    rest(function)
    alert = function.alert(action="cancel", **NO_ORDER)
    check(function.post(alert), 200, "accepted")
    later = rest(function)
    assert check(function.post(alert), 200, "accepted")["replayed"] is True
    assert still_open(exchange) == {later["order_id"]}


# -- amend -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("named_by", ["order_id", "client_order_id", "of_alert"])
def test_an_amendment_changes_the_order_in_its_place(named_by, function, exchange):
    order = rest(function)
    name = order["alert_id"] if named_by == "of_alert" else order[named_by]
    alert = function.alert(
        action="amend", **NO_ORDER | {named_by: name, "price": "50500.19", "volume": "0.0020000009"}
    )
    check(function.post(alert), 200, "accepted")
    calls = len(exchange.calls())
    assert check(function.post(alert), 200, "accepted")["replayed"] is True
    assert len(exchange.calls()) == calls
    (amended,) = exchange.open_orders()
    assert (amended["txid"], amended["descr"]["price"], amended["vol"]) == (
        order["order_id"],
        "50500.1",
        "0.00200000",
    )


def test_the_trigger_of_a_stop_is_trailed_by_alerts(function, exchange):
    stop = rest(function, side="sell", order_type="stop-loss", stop_price="55000", price=None)
    for trigger in ("56000", "57000.05"):
        check(
            change(function, "amend", order_id=stop["order_id"], stop_price=trigger),
            200,
            "accepted",
        )
    (amended,) = exchange.open_orders()
    assert amended["descr"]["price"] == "57000.1"


def test_an_amendment_past_the_cap_is_denied(function, exchange):
    order = rest(function)
    check(change(function, "amend", order_id=order["order_id"], volume="0.02"), 422, "order_denied")
    assert exchange.open_orders()[0]["vol"] == "0.00100000"


def test_an_amendment_of_an_order_that_is_gone_is_denied(function, exchange):
    order = rest(function)
    check(change(function, "cancel", order_id=order["order_id"]), 200, "accepted")
    check(change(function, "amend", order_id=order["order_id"], price="50500"), 422, "order_denied")


# -- lost replies ----------------------------------------------------------------------------------


ENDPOINTS = {"cancel": "CancelOrder", "amend": "AmendOrder"}


def test_a_change_whose_reply_was_lost_is_looked_up(function, exchange):
    """All are sent before anybody waits."""
    sent = {}
    for action, endpoint in ENDPOINTS.items():
        for fault in ("reset_after", "reset_before"):
            order_id = rest(function)["order_id"]
            wanted = {"price": "50500"} if action == "amend" else {}
            alert = function.alert(
                action=action, **NO_ORDER | {"symbol": None, "order_id": order_id} | wanted
            )
            exchange.script(endpoint, {"fault": fault})
            check(function.post(alert), 503, "outcome_unknown")
            sent[action, fault] = alert, order_id
    time.sleep(LOOK_UP_AFTER_S)

    outcomes = {}
    for (action, fault), (alert, order_id) in sent.items():
        answer = function.post(alert)
        (order,) = [row for row in exchange.orders() if row["txid"] == order_id]
        calls = [
            call for call in exchange.calls(ENDPOINTS[action]) if call["params"]["txid"] == order_id
        ]
        state = order["status"] if action == "cancel" else order["descr"]["price"]
        outcomes[action, fault] = (answer.status, answer["code"], state, len(calls))
    assert outcomes == {
        ("cancel", "reset_after"): (200, "accepted", "canceled", 1),
        ("cancel", "reset_before"): (200, "accepted", "canceled", 2),
        ("amend", "reset_after"): (200, "accepted", "50500.0", 1),
        ("amend", "reset_before"): (503, "outcome_unknown", "50000.0", 1),  # it may still arrive
    }
    for alert, _ in list(sent.values())[:3]:
        assert check(function.post(alert), 200, "accepted")["replayed"] is True


def test_a_cancel_of_several_goes_on_after_the_one_whose_reply_was_lost(function, exchange):
    orders = [rest(function)["order_id"] for _ in range(3)]
    alert = function.alert(action="cancel", **NO_ORDER)
    exchange.script("CancelOrder", {"fault": "reset_after"})
    first = check(function.post(alert), 503, "outcome_unknown")
    assert sorted(order["state"] for order in first["orders"]) == [
        "ACCEPTED",
        "ACCEPTED",
        "SUBMITTING",
    ]
    assert still_open(exchange) == set()
    later = rest(function)
    time.sleep(LOOK_UP_AFTER_S)
    check(function.post(alert), 200, "accepted")
    assert still_open(exchange) == {later["order_id"]}
    assert sorted(call["params"]["txid"] for call in exchange.calls("CancelOrder")[-3:]) == sorted(
        orders
    )
