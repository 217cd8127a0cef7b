"""What is taken: accepted, validated, and what the operator and the paper account show of it."""

from __future__ import annotations

import pytest

from tests.support.served_function import ALERTS, VALIDATE, check

# -- 200 -------------------------------------------------------------------------------------------


def test_an_alert_becomes_one_order_and_the_answer_says_which(live, kraken):
    alert = live.alert(volume="0.0001234567899")
    answer = check(live.post(alert), 200, "accepted")
    (order,) = kraken.orders(answer["client_order_id"])
    assert order["txid"] == answer["order_id"]
    assert order["vol"] == "0.00012345"
    assert answer["trade_details"] == {
        "symbol": "BTC/USD", "side": "buy", "order_type": "market", "volume": "0.00012345",
        "price": "60000",
    }  # fmt: skip
    assert (answer["alert_id"], answer["mode"], answer["replayed"]) == (alert["id"], "live", False)
    assert answer["orders"][0]["state"] == "ACCEPTED"
    (call,) = kraken.calls_about(answer["client_order_id"])
    sent = {
        name: text
        for name, text in call["params"].items()
        if name not in ("nonce", "deadline", "cl_ord_id")
    }
    assert sent == answer["orders"][0]["request"]


def test_a_resend_gets_the_stored_answer_and_kraken_hears_nothing(live, kraken):
    alert = live.alert()
    first = check(live.post(alert), 200, "accepted")
    calls = len(kraken.calls())
    again = check(live.post(alert), 200, "accepted")
    assert again["replayed"] is True
    assert {**again.document, "replayed": False, "request_id": None} == {
        **first.document,
        "request_id": None,
    }
    assert len(kraken.calls()) == calls


def test_a_stop_loss_limit_sends_its_trigger_as_price_and_its_limit_as_price2(live, kraken):
    alert = live.alert(
        side="sell", order_type="stop-loss-limit", stop_price="55000", price="54900.5"
    )
    answer = check(live.post(alert), 200, "accepted")
    (order,) = kraken.orders(answer["client_order_id"])
    assert order["descr"]["order"] == "sell 0.00010000 XBTUSD @ stop loss 55000.0 -> limit 54900.5"


def test_a_strategys_own_token_brings_its_own_volume(live, evidence, kraken):
    answer = check(
        live.post(live.alert(token=evidence.secrets.strategy_token, volume=None)), 200, "accepted"
    )
    assert kraken.orders(answer["client_order_id"])[0]["vol"] == "0.00020000"


def test_a_pair_that_the_packaged_rules_lack_is_asked_for_once(live, kraken):
    kraken.rules(
        "PEPEUSD",
        altname="PEPEUSD",
        wsname="PEPE/USD",
        base="PEPE",
        quote="ZUSD",
        pair_decimals=9,
        ordermin="100000",
    )
    before = len(kraken.calls("AssetPairs"))
    for _ in range(2):
        pepe = live.alert(
            symbol="PEPEUSD", order_type="limit", volume="200000", price="0.0000123451"
        )
        answer = check(live.post(pepe), 200, "accepted")
        assert answer["trade_details"]["price"] == "0.000012345"
    assert len(kraken.calls("AssetPairs")) == before + 1


@pytest.fixture(scope="module")
def validating(make_live, _kraken):
    return make_live(
        _kraken, TRADING_MODE="validate", ALLOWED_SYMBOLS=None, MAX_ORDER_COST=None
    ).start()


@pytest.mark.parametrize("how", ["by the route", "by a flag in the alert", "by the mode"])
def test_an_alert_can_be_validated(how, live, validating, kraken):
    function = validating if how == "by the mode" else live
    alert = function.alert(validate=True) if how == "by a flag in the alert" else function.alert()
    calls, orders = len(kraken.calls("AddOrder")), len(kraken.orders())
    answer = check(
        function.post(alert, VALIDATE if how == "by the route" else ALERTS), 200, "validated"
    )
    (call,) = kraken.calls("AddOrder")[calls:]
    assert call["params"]["validate"] == "true"
    assert (answer["order_id"], answer["client_order_id"], answer["replayed"]) == (
        None,
        None,
        False,
    )
    (order,) = answer["orders"]
    assert {**order["request"], "validate": "true"} == {
        name: text for name, text in call["params"].items() if name != "nonce"
    }
    assert (order["state"], order["rounding"]) == ("VALIDATED", [])
    assert order["estimate"] == {"price": "60000", "cost": "6", "fee": "0.048", "currency": "USD"}
    assert "denied" not in {check["verdict"] for check in order["checks"]}
    assert len(kraken.orders()) == orders
    assert function.orders(alert["id"]) == []


def test_validation_neither_uses_up_an_alert_nor_answers_from_the_ledger(live, kraken):
    alert = live.alert()
    check(live.post(alert, VALIDATE), 200, "validated")
    check(live.post(alert), 200, "accepted")
    check(live.post(alert, VALIDATE), 200, "validated")


def test_a_validation_names_what_was_rounded_and_what_was_held_against_which_limit(live):
    alert = live.alert(
        order_type="limit", price="60000.19", volume="0.0001234567899", post_only=True
    )
    (order,) = check(live.post(alert, VALIDATE), 200, "validated")["orders"]
    assert order["rounding"] == [
        "volume 0.0001234567899 was rounded down to 0.00012345",
        "price 60000.19 was rounded to 60000.1",
    ]
    assert order["estimate"] == {
        "price": "60000.1",
        "cost": "7.407012345",
        "fee": "0.02962804938",
        "currency": "USD",
    }
    (cap,) = [made for made in order["checks"] if made["rule"] == "MAX_ORDER_COST"]
    assert cap == {
        "rule": "MAX_ORDER_COST",
        "verdict": "passed",
        "numbers": {
            "cost": "7.407012345",
            "max": "500",
            "volume": "0.00012345",
            "price": "60000.1",
            "currency": "USD",
        },
        "message": None,
        "scope": "global",
    }


# -- operators -------------------------------------------------------------------------------------


def test_operator_routes_want_the_operators_token_and_answer_like_everything_else(live, evidence):
    for method, path in (("GET", "/account"), ("GET", "/orders"), ("POST", "/reconcile")):
        for token in (
            "",
            "Bearer wrong-token-of-somebody",
            f"Bearer {evidence.secrets.token}",
            evidence.secrets.operator,
        ):
            headers = {"Authorization": token, "X-Forwarded-For": f"198.51.100.{len(path)}"}
            check(live.send(method, path, headers=headers), 401, "unauthenticated")
        assert live.operate(method, path).status == 200


def test_without_an_operators_token_there_are_no_such_routes(make_function, evidence):
    function = make_function(OPERATOR_TOKEN=None, LEDGER_URL="memory://").start()
    for method, path in (("GET", "/account"), ("GET", "/orders"), ("POST", "/reconcile")):
        check(
            function.send(
                method, path, headers={"Authorization": f"Bearer {evidence.secrets.operator}"}
            ),
            404,
            "not_found",
        )


def test_the_account_shows_what_kraken_holds(live):
    account = live.operate("GET", "/account").document
    assert {"balances", "open_orders", "positions", "pair_rules", "request_id"} <= set(account)
    assert "ZUSD" in account["balances"]


# -- paper -----------------------------------------------------------------------------------------


def test_a_paper_account_trades_and_outlives_its_process(make_function):
    function = make_function().start()
    alert = function.alert(volume="0.01")
    assert check(function.post_signed(alert | {"token": None}), 200, "accepted")[
        "message"
    ].startswith("Paper")
    function.kill()
    function.start()
    assert check(function.post_signed(alert | {"token": None}), 200, "accepted")["replayed"] is True
    balances = function.operate("GET", "/account")["balances"]
    assert balances["XXBT"]["balance"].startswith("1.01")
    assert balances["ZUSD"]["balance"].startswith("9395.2")  # 10000 - 600 - 0.80 %
