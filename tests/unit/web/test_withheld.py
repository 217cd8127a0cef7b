"""A token that may not read the account does not learn what it holds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.instruments import btc_usd
from tests.support.losses import lose
from tests.support.position_alerts import legs_alert
from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import KEYS, scoped
from tests.support.trading_venue import outcome, trader
from webhook_core.risk.on_limit import pause
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected

VALIDATE = "/webhook/tradingview/validate"
HELD, MONEY = "3.21987", "765432.1"


@pytest.fixture
def function():
    return trader(
        btc=HELD, usd=MONEY, env={"WEBHOOK_TOKEN_KEYS": KEYS, "MAX_ORDER_COST": "1000000 USD"}
    )


def posted(function, *caveats, path="/webhook/tradingview", **fields):
    return function.post(function.alert(token=scoped(*caveats), **fields), path)


NO_SIZE = {"side": None, "volume": None}
SIZED_BY_ACCOUNT = {
    "a close": {**NO_SIZE, "action": "close"},
    "a part of one": {**NO_SIZE, "action": "close", "percent": "50"},
    "a target": {**NO_SIZE, "action": "target", "market_position": "long",
        "market_position_size": "4"},
    "a flat target": {**NO_SIZE, "action": "target", "market_position": "flat"},
    "percent of the balance": {"volume": "10", "quantity_type": "percent_balance"},
    "percent of the equity": {"volume": "10", "quantity_type": "percent_equity"},
    "percent of the position": {"side": "sell", "volume": "50",
        "quantity_type": "percent_position"},
    "a target there already": {**NO_SIZE, "action": "target", "market_position": "long",
        "market_position_size": HELD},
    "one that is filled": {**NO_SIZE, "action": "close", "confirm_fill": True},
}  # fmt: skip
OVER_ITS_COST = "OUT_OF_SCOPE: the token's caveat c=1USD does not allow it: the rest"
FOUND_IN_NONE = ("3.2198", "1.6099", "76543", "0.78", "1.53", "1.88")


def numbers_of(answer):
    text = str(
        {**answer.document, "request_id": "", "alert_id": "", "client_order_id": "", "order_id": ""}
    )
    return [number for number in FOUND_IN_NONE if number in text]


@pytest.mark.parametrize("path", [VALIDATE, "/webhook/tradingview"])
@pytest.mark.parametrize("what", SIZED_BY_ACCOUNT)
def test_no_number_of_the_account_is_told(function, what, path):
    answer = posted(function, path=path, **SIZED_BY_ACCOUNT[what])
    assert answer.status == 200, answer.document
    assert numbers_of(answer) == []
    assert answer["trade_details"]["volume"] is None
    assert all(
        "volume" not in order["request"] and "fill" not in order for order in answer["orders"]
    )
    again = posted(function, path=path, **SIZED_BY_ACCOUNT[what])
    assert numbers_of(again) == []


@pytest.mark.parametrize("path", [VALIDATE, "/webhook/tradingview"])
def test_a_token_with_read_and_a_plain_one_learn_it_as_before(function, path):
    close = {**NO_SIZE, "action": "close"}
    assert numbers_of(posted(function, "x=close,read", path=path, **close)) != []
    plain = trader(btc=HELD, usd=MONEY)
    assert numbers_of(plain.post(plain.alert(**close), path)) != []


def test_a_token_without_read_gets_the_stored_answer_of_one_with_it_without_the_numbers(function):
    fields = {**NO_SIZE, "action": "close", "symbol": "BTCUSD"}
    body = function.alert(token=None, **fields)
    function = trader(
        btc=HELD, usd=MONEY, env={"WEBHOOK_TOKEN_KEYS": KEYS, "ALLOW_TOKEN_IN_URL": "true"}
    )
    reading, other = scoped("x=close,read"), scoped("x=close")
    first = function.post(body, f"/webhook/tradingview/{reading}")
    again = function.post(body, f"/webhook/tradingview/{other}")
    assert numbers_of(first) != []
    assert (again["replayed"], again["order_id"]) == (True, first["order_id"])
    assert numbers_of(again) == []


@pytest.mark.parametrize(
    ("caveats", "fields", "expected"),
    [
        (("c=1USD",), {"volume": "10", "quantity_type": "percent_balance"}, (403, OVER_ITS_COST)),
        (("c=1USD",), SIZED_BY_ACCOUNT["a target"], (403, OVER_ITS_COST)),
        ((),
            {**NO_SIZE, "action": "target", "market_position": "long",
                "market_position_size": "99"}, (422, "MAX_ORDER_COST: ")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [VALIDATE, "/webhook/tradingview"])
def test_a_refusal_says_by_which_rule_and_no_number(function, caveats, fields, expected, path):
    answer = posted(function, *caveats, path=path, **fields)
    status, begins = expected
    assert answer.status == status
    assert answer["error"].startswith(begins)
    assert numbers_of(answer) == []
    assert "95.7" not in str(answer.document)


def test_a_plain_order_is_answered_as_ever(function):
    answer = posted(function, volume="0.0123456789")
    assert outcome(answer) == (200, "accepted")
    assert answer["trade_details"]["volume"] == "0.01234567"
    assert answer["orders"][0]["request"]["volume"] == "0.01234567"
    assert any("0.01234567" in warning for warning in answer["warnings"])


def test_its_validation_tells_what_the_order_costs_and_not_the_accounts_fee(function):
    (order,) = posted(function, path=VALIDATE, order_type="limit", price="100")["orders"]
    assert (order["estimate"]["cost"], order["estimate"]["fee"]) == ("1", None)
    (cost,) = [check for check in order["checks"] if check["rule"] == "MAX_ORDER_COST"]
    assert cost["numbers"]["cost"] == "1"


def test_the_log_of_the_operator_has_all_of_it(function, caplog):
    posted(function, **SIZED_BY_ACCOUNT["a close"])
    (entry,) = function.operate("GET", "/orders")["orders"]
    assert HELD in str(entry)


LOST = "777.12"


def losing(lost=LOST):
    function = trader(
        btc=HELD, usd=MONEY, env={"WEBHOOK_TOKEN_KEYS": KEYS, "MAX_DAILY_LOSS": "100 USD"}
    )
    lose(function, lost)
    return function


@pytest.mark.parametrize("path", [VALIDATE, "/webhook/tradingview"])
@pytest.mark.parametrize("reads", [False, True])
def test_what_was_lost_is_told_to_a_token_that_may_read_it(path, reads):
    answer = posted(losing(), *(["x=order,read"] if reads else []), path=path)
    assert (answer.status, "MAX_DAILY_LOSS" in answer["error"]) == (422, True)
    assert (LOST in str(answer.document)) == reads


@pytest.mark.parametrize("reads", [False, True])
def test_so_is_what_a_limit_was_paused_for(function, reads):
    pause(function.application.decider.pausing, None, "MAX_DAILY_LOSS", f"{LOST} USD lost")
    answer = posted(function, *(["x=order,read"] if reads else []))
    assert outcome(answer) == (422, "paused")
    assert (LOST in str(answer.document)) == reads


@pytest.mark.parametrize("reads", [False, True])
def test_nor_does_an_alert_that_pauses_or_resumes_tell_what_a_limit_was_paused_for(function, reads):
    pause(function.application.decider.pausing, "trend", "MAX_DAILY_LOSS", f"{LOST} USD lost")
    caveats = ["x=pause,resume,read" if reads else "x=pause,resume"]
    for action, code in (("pause", "pausing"), ("resume", "resumed")):
        fields = dict.fromkeys(("symbol", "side", "order_type", "volume", "price"))
        answer = posted(function, *caveats, action=action, **fields)
        assert outcome(answer) == (200, code)
        assert (LOST in str(answer.document)) == reads


STOOD = {"prev_market_position": "long", "prev_market_position_size": "0.5",
    "market_position": "long", "market_position_size": "0.51"}  # fmt: skip
CAUGHT_UP = "2.7098"


@row_by_row
@pytest.mark.parametrize("path", [VALIDATE, "/webhook/tradingview"])
@pytest.mark.parametrize("how", ["warn", "refuse", "catch_up"])
@pytest.mark.parametrize("reads", [False, True])
def test_what_is_held_where_an_alert_was_lost_is_told_to_a_token_that_may_read_it(how, reads, path):
    env = {"WEBHOOK_TOKEN_KEYS": KEYS, "MAX_ORDER_COST": "1000000 USD", "ON_MISSED_ALERT": how}
    function = trader(btc=HELD, usd=MONEY, env=env)
    caveats = ["x=order,target,read"] if reads else []
    answer = posted(function, *caveats, path=path, volume="0.01", **STOOD)
    assert answer.status == (422 if how == "refuse" else 200), answer.document
    told = str(answer.document)
    assert (HELD in told or CAUGHT_UP in told) == reads
    if how == "refuse" and not reads:
        assert answer["error"].startswith("MISSED_ALERT: ")


def test_what_is_held_is_not_told_with_a_refusal_of_the_token_either():
    env = {"WEBHOOK_TOKEN_KEYS": KEYS, "ON_MISSED_ALERT": "warn"}
    answer = posted(trader(btc=HELD, usd=MONEY, env=env), "x=close", volume="0.01", **STOOD)
    assert outcome(answer) == (403, "out_of_scope")
    assert HELD not in str(answer.document)


SMALL = Rejected(("EGeneral:Invalid arguments:volume minimum not met",), stale_rules=True)


def test_why_an_order_of_the_accounts_size_comes_to_nothing_says_nothing_of_the_size(function):
    """Kraken refuses it by rules that are new, and by these there is nothing to do."""
    part = {**NO_SIZE, "action": "close", "percent": "0.001"}
    function.venue.refuse += [SMALL]
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    answer = posted(function, **part)
    assert outcome(answer) == (200, "no_action")
    assert "0.0000321" not in str(answer.document)


@pytest.mark.parametrize("reads", [False, True])
def test_nor_with_the_stored_refusal_of_what_was_not_sent_in_time(reads):
    function = losing(lost="0")
    function.venue.refuse.append(NotSent("a lockout"))
    body = function.alert(token=scoped(*(["x=order,read"] if reads else [])), volume="0.01")
    assert outcome(function.post(body)) == (503, "not_sent")
    lose(function, LOST)
    function.clock.sleep(6)
    answer = function.post(body)
    assert outcome(answer) == (422, "order_denied")
    assert (LOST in str(answer.document)) == reads


STOP_OF_ANOTHER = RestingOrder(
    "OSTOPP-AAAAA-AAAAAA", "XBTUSD", Side.SELL, "stop-loss", Decimal("2.17"), Decimal(0), START,
    trigger=Decimal(30000),
)  # fmt: skip


@pytest.mark.parametrize("reads", [False, True])
def test_nor_which_orders_hold_what_a_sale_of_its_own_size_lacks(function, reads):
    function.venue.rest(STOP_OF_ANOTHER)
    function.venue.refuse.append(Rejected(("EOrder:Insufficient funds",)))
    legs = [{"side": "sell", "volume": "2"}, {"side": "buy", "volume": "0.01"}]
    token = scoped(*(["x=order,read"] if reads else []))
    body = legs_alert(function, legs, token=token)
    for _ in ("at once", "from the ledger"):
        answer = function.post(body)
        assert outcome(answer) == (422, "order_rejected"), answer.document
        told = str(answer.document)
        assert ("OSTOPP" in told, "2.17" in told) == (reads, reads)
