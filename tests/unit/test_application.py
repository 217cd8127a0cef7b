"""The way of one alert, over a venue and a clock that the test holds in its hand."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.clock import FakeClock
from tests.support.faked_function import OPERATOR, TOKEN, Function
from tests.support.instruments import btc_usd
from tests.support.memory_ledger import MemoryLedger
from webhook_core.bootstrap import start
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import LOGGER
from webhook_core.trading.requests import NotSent, Rejected
from webhook_core.web.messages import HttpRequest

ANSWER_KEYS = {
    "success", "message", "order_id", "error", "trade_details", "code", "field", "alert_id",
    "client_order_id", "orders",
    "replayed", "mode", "warnings", "request_id",
}  # fmt: skip


@pytest.fixture
def function():
    return Function()


# -- what an alert comes to ------------------------------------------------------------------------


def test_an_accepted_alert_answers_with_everything_about_its_order(function):
    answer = function.post(function.alert(volume="0.0123456789"))
    assert answer.status == 200
    assert set(answer.document) == ANSWER_KEYS
    assert answer["success"] is True
    assert answer["code"] == "accepted"
    assert answer["order_id"] == "OFAKE1-AAAAA-AAAAAA"
    assert answer["trade_details"] == {
        "symbol": "BTC/USD", "side": "buy", "order_type": "market", "volume": "0.01234567",
        "price": "60000",
    }  # fmt: skip
    request, client_order_id, _ = function.venue.submitted[0]
    assert answer["orders"] == [
        {
            "order_id": "OFAKE1-AAAAA-AAAAAA",
            "client_order_id": client_order_id,
            "state": "ACCEPTED",
            "code": "accepted",
            "request": dict(request.parameters),
        }
    ]
    assert any("0.01234567" in warning for warning in answer["warnings"])


def test_a_fixed_size_alert_costs_one_call_of_the_venue(function):
    function.post(function.alert())
    assert function.venue.calls == ["submit"]


def test_a_cost_cap_without_a_price_costs_one_more(function):
    capped = Function(env={"MAX_ORDER_COST": "1000 USD"})
    assert capped.post(capped.alert(price=None)).status == 200
    assert capped.venue.calls == ["last_price", "submit"]


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"volume": "NaN"}, 400, "alert_malformed", "volume"),
        ({"side": "{{strategy.order.action}}"}, 400, "alert_malformed", "side"),
        ({"volume": None}, 400, "alert_malformed", "volume"),
        ({"order_type": "limit", "price": None}, 400, "alert_malformed", "price"),
        ({"symbol": "BINANCE:BTCUSDT"}, 400, "alert_malformed", "symbol"),
        ({"symbol": "BTCUSD.P"}, 400, "alert_malformed", "symbol"),
        ({"fired_at": "2026-11-22T11:58:00Z"}, 401, "alert_stale", "fired_at"),
        ({"fired_at": "2026-11-22T12:02:00Z"}, 401, "alert_stale", "fired_at"),
        ({"fired_at": "9999-12-31T23:59:59Z"}, 401, "alert_stale", "fired_at"),
        ({"fired_at": "0001-01-01T00:00:00Z"}, 401, "alert_stale", "fired_at"),
        ({"token": "wrong-token-wrong-token"}, 401, "unauthenticated", None),
        ({"token": None}, 401, "unauthenticated", None),
    ],
)
def test_a_bad_alert_is_answered_by_field_and_leaves_nothing(function, fields, status, code, field):
    answer = function.post(function.alert(**fields))
    assert (answer.status, answer["code"], answer["field"]) == (status, code, field)
    assert answer["success"] is False
    assert set(answer.document) == ANSWER_KEYS
    assert "submit" not in function.venue.calls
    assert function.operate("GET", "/orders")["orders"] == []


def test_a_denied_alert_names_the_rule_and_its_numbers_and_leaves_nothing():
    function = Function(env={"MAX_ORDER_COST": "500 USD"})
    answer = function.post(function.alert(volume="0.01"))
    assert (answer.status, answer["code"]) == (422, "order_denied")
    assert "600" in answer["error"]
    assert "500" in answer["error"]
    assert function.operate("GET", "/orders")["orders"] == []


def test_kraken_s_refusal_is_final_and_replayed(function):
    alert = function.alert()
    function.venue.refuse = [Rejected(("EOrder:Insufficient funds",))]
    first, again = function.post(alert), function.post(alert)
    assert (first.status, first["code"], first["replayed"]) == (422, "order_rejected", False)
    assert "EOrder:Insufficient funds" in first["error"]
    assert (again.status, again["code"], again["replayed"]) == (422, "order_rejected", True)
    assert len(function.venue.submitted) == 1


def test_a_bug_answers_500_without_a_word_about_itself(function, caplog):
    def crash(*_):
        raise RuntimeError("the secret plan")

    function.venue.submit = crash
    answer = function.post(function.alert())
    assert (answer.status, answer["code"]) == (500, "internal_error")
    assert "secret plan" not in json.dumps(answer.document)
    assert any(record.exc_info for record in caplog.records)


# -- once ------------------------------------------------------------------------------------------


def test_a_resend_gets_the_stored_answer(function):
    alert = function.alert()
    first, again = function.post(alert), function.post(alert)
    assert (again.status, again["replayed"]) == (200, True)
    assert {**again.document, "replayed": False, "request_id": ""} == {
        **first.document,
        "request_id": "",
    }
    assert len(function.venue.submitted) == 1


def test_the_same_id_with_another_body_is_a_conflict(function):
    function.post(function.alert())
    answer = function.post(function.alert(volume="0.02"))
    assert (answer.status, answer["code"]) == (409, "alert_conflict")
    assert len(function.venue.submitted) == 1


def test_alerts_without_an_id_are_told_apart_by_their_bodies(function):
    for volume in ("0.01", "0.02", "0.01"):
        function.post(function.alert(id=None, volume=volume))
    assert len(function.venue.submitted) == 2


def test_an_alert_without_id_and_time_is_a_redelivery_inside_the_window_and_new_after_it(function):
    alert = function.alert(id=None, fired_at=None)
    answers = [function.post(alert)]
    # At 20 and 40 s repeats; at 50 s new, whose window then runs from there.
    for seconds in (
        20,
        20,
        10,
        44,
        1,
    ):
        function.clock.sleep(seconds)
        answers.append(function.post(alert))
    assert [answer["replayed"] for answer in answers] == [False, True, True, False, True, False]
    assert len({answer["client_order_id"] for answer in answers}) == 3
    assert all(any("fired_at" in warning for warning in answer["warnings"]) for answer in answers)


def test_a_strategy_name_that_the_strategies_file_lacks_is_refused_by_name(tmp_path):
    file = tmp_path / "strategies.toml"
    file.write_text('[trend-btc]\nallowed_symbols = ["BTC/USD"]\nmax_order_cost = "200 USD"\n')
    function = Function(env={"STRATEGIES_FILE": str(file)})
    misspelled = function.post(function.alert(strategy_name="trend_btc"))
    assert (misspelled.status, misspelled["field"]) == (400, "strategy_name")
    assert "trend-btc" in misspelled["error"]
    assert function.post(function.alert(strategy_name="trend-btc", volume="0.001")).status == 200
    assert function.post(function.alert(id="b")).status == 200


def test_two_strategies_may_use_one_id_only_with_credentials_of_their_own(function):
    function.post(function.alert(strategy_name="one"))
    assert function.post(function.alert(strategy_name="two")).status == 409


def test_a_fresh_redelivery_of_what_was_not_sent_sends_it_with_a_new_client_order_id(function):
    alert = function.alert()
    function.venue.refuse = [NotSent("no connection")]
    first = function.post(alert)
    assert (first.status, first["code"]) == (503, "not_sent")
    function.clock.sleep(5)
    second = function.post(alert)
    assert (second.status, second["code"]) == (200, "accepted")
    ids = [client_order_id for _, client_order_id, _ in function.venue.submitted]
    assert len(set(ids)) == 2


def test_a_late_redelivery_of_what_was_not_sent_expires(function):
    alert = function.alert(fired_at=None)
    function.venue.refuse = [NotSent("no connection")]
    function.post(alert)
    function.clock.sleep(61)
    answer = function.post(alert)
    assert (answer.status, answer["code"]) == (422, "expired")
    assert len(function.venue.submitted) == 1


def test_without_a_second_of_budget_left_after_the_claim_nothing_is_sent(function):
    class SlowLedger(MemoryLedger):
        def claim(self, entry):
            function.clock.sleep(1.6)
            return super().claim(entry)

    slow = Function(clock=function.clock, store=SlowLedger())
    answer = slow.post(slow.alert())
    assert (answer.status, answer["code"]) == (503, "not_sent")
    assert slow.venue.calls == []


@pytest.mark.parametrize(
    ("waited", "code"), [(1.2, "accepted"), (1.6, "not_sent"), (60, "not_sent"), (-60, "accepted")]
)
def test_the_time_before_the_request_was_handled_counts_in_its_budget(function, waited, code):
    """For its body to arrive, for secrets to be read; a clock that was put back gives nothing."""
    received_at = function.clock.now()
    alert = function.alert(fired_at=None)
    if waited > 0:
        function.clock.sleep(waited)
    else:
        received_at -= timedelta(seconds=waited)
    body = json.dumps(alert).encode()
    request = HttpRequest("POST", "/webhook/tradingview", {}, {}, body, "127.0.0.1", received_at)
    answer = json.loads(function.application.handle(request).body)
    assert answer["code"] == code
    assert len(function.venue.calls) == (code == "accepted")


def test_the_deadline_is_fixed_by_the_claim_and_never_computed_again(function):
    alert = function.alert()
    function.post(alert)
    (_, _, deadline) = function.venue.submitted[0]
    assert (deadline - function.clock.now()).total_seconds() == 10
    assert deadline.microsecond == 0


def test_a_known_alert_is_answered_from_the_ledger_whatever_the_rules_say_now(function):
    alert = function.alert()
    function.post(alert)
    stricter = Function(
        env={"ALLOWED_SYMBOLS": "ETH/USD"},
        clock=function.clock,
        venue=function.venue,
        store=function.store,
    )
    answer = stricter.post(alert)
    assert (answer.status, answer["replayed"]) == (200, True)


def test_a_known_alert_is_answered_from_the_ledger_before_the_market_is_asked():
    function = Function(env={"MAX_ORDER_COST": "1000 USD"})
    alert = function.alert(price=None)
    function.post(alert)
    function.venue.unreadable = {"last_price"}
    answer = function.post(alert)
    assert (answer.status, answer["replayed"]) == (200, True)


def test_a_market_that_cannot_be_read_leaves_nothing_behind():
    function = Function(env={"MAX_ORDER_COST": "1000 USD"})
    function.venue.unreadable = {"last_price"}
    alert = function.alert(price=None)
    answer = function.post(alert)
    assert (answer.status, answer["code"]) == (503, "venue_unavailable")
    function.venue.unreadable = set()
    assert function.post(alert).status == 200


# -- rules that moved ------------------------------------------------------------------------------

DECIMALS = Rejected(
    ("EOrder:Invalid price:BTC/USD price can only be specified up to 0 decimals.",),
    stale_rules=True,
)
MINIMUM = Rejected(("EGeneral:Invalid arguments:volume minimum not met",), stale_rules=True)


def fresh_rules(function, **changes):
    function.venue.rules = [btc_usd(as_of=function.clock.now(), **changes)]


def test_a_price_refused_for_its_decimals_is_planned_again_on_fresh_rules(function):
    fresh_rules(function, pair_decimals=0, tick_size=Decimal(1))
    function.venue.refuse = [DECIMALS]
    answer = function.post(function.alert(order_type="limit", price="60000.3"))
    assert answer.status == 200
    assert [request.parameters["price"] for request, _, _ in function.venue.submitted] == [
        "60000.3",
        "60000",
    ]
    assert len({client_order_id for _, client_order_id, _ in function.venue.submitted}) == 2
    assert function.operate("GET", "/orders")["orders"][0]["attempt"] == 2


def test_a_second_refusal_is_final(function):
    fresh_rules(function, pair_decimals=0, tick_size=Decimal(1))
    function.venue.refuse = [DECIMALS, DECIMALS]
    alert = function.alert(order_type="limit", price="60000.3")
    assert function.post(alert)["code"] == "order_rejected"
    assert function.post(alert)["replayed"] is True
    assert len(function.venue.submitted) == 2


def test_a_refusal_that_fresh_rules_confirm_says_so_with_the_numbers(function):
    fresh_rules(function, ordermin=Decimal("0.05"))
    function.venue.refuse = [MINIMUM]
    answer = function.post(function.alert())
    assert (answer.status, answer["code"]) == (422, "order_rejected")
    assert "0.05" in answer["error"]
    assert len(function.venue.submitted) == 1


def test_where_the_rules_cannot_be_read_again_the_refused_order_is_left_to_a_resend(function):
    """It proves that nothing was placed, and says nothing of what fresh rules would
    make of the order."""
    fresh_rules(function)
    function.venue.refuse = [MINIMUM]
    function.venue.unreadable = {"instruments"}
    alert = function.alert()
    first = function.post(alert)
    assert (first.status, first["code"]) == (503, "not_sent")
    assert "volume minimum not met" in first["error"]
    assert len(function.venue.submitted) == 1
    function.venue.unreadable = set()
    assert function.post(alert)["code"] == "accepted"


def test_fresh_rules_deny_without_asking_kraken(function):
    fresh_rules(function, ordermin=Decimal("0.05"))
    function.operate("POST", "/reconcile")
    function.venue.calls.clear()
    answer = function.post(function.alert())
    assert (answer.status, answer["code"]) == (422, "order_denied")
    assert "submit" not in function.venue.calls


def test_a_pair_that_the_snapshot_lacks_is_looked_up_once(function):
    function.venue.rules = [
        btc_usd(
            key="NEWUSD", altname="NEWUSD", wsname="NEW/USD", base="NEW", as_of=function.clock.now()
        )
    ]
    assert function.post(function.alert(symbol="NEWUSD")).status == 200
    assert function.post(function.alert(symbol="NEWUSD", id="a-2")).status == 200
    assert function.venue.calls == ["instruments", "submit", "submit"]


def test_a_pair_that_kraken_does_not_know_is_refused_by_name(function):
    answer = function.post(function.alert(symbol="NOPEUSD"))
    assert (answer.status, answer["field"]) == (400, "symbol")
    assert "NOPEUSD" in answer["error"]


# -- a ledger that fails ---------------------------------------------------------------------------


@dataclasses.dataclass
class Broken:
    """A ledger that fails at one of its methods, before or after the write."""

    store: MemoryLedger
    method: str
    after: bool = False

    def __getattr__(self, name):
        working = getattr(self.store, name)
        if name != self.method:
            return working

        def fail(*args, **kwargs):
            if self.after:
                working(*args, **kwargs)
            raise LedgerUnavailable("The ledger can't be written.")

        return fail


def test_no_ledger_no_order(function):
    broken = Function(store=Broken(MemoryLedger(), "claim"))
    answer = broken.post(broken.alert())
    assert (answer.status, answer["code"]) == (503, "ledger_unavailable")
    assert broken.venue.calls == []


@pytest.mark.parametrize("after", [False, True])
def test_an_outcome_that_cannot_be_recorded_is_logged_whole_and_found_by_the_redelivery(
    function, caplog, after
):
    broken = Function(
        store=Broken(function.store, "record", after=after),
        venue=function.venue,
        clock=function.clock,
    )
    alert = function.alert()
    answer = broken.post(alert)
    assert (answer.status, answer["code"]) == (503, "ledger_unavailable")
    (line,) = [
        record for record in caplog.records if record.message == "ledger.outcome_not_recorded"
    ]
    assert line.facts["order_id"] == "OFAKE1-AAAAA-AAAAAA"
    assert line.facts["client_order_id"] == function.venue.submitted[0][1]
    function.clock.sleep(6)
    assert function.post(alert).status == 200
    assert len(function.venue.submitted) == 1


# -- validation ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["route", "flag"])
def test_validation_plans_and_asks_but_writes_nothing(function, how):
    path = "/webhook/tradingview/validate" if how == "route" else "/webhook/tradingview"
    answer = function.post(function.alert(validate=True if how == "flag" else None), path)
    assert (answer.status, answer["code"]) == (200, "validated")
    assert answer["orders"][0]["request"]["volume"] == "0.01"
    assert function.venue.calls == ["validate"]
    assert function.operate("GET", "/orders")["orders"] == []


VALIDATE = "/webhook/tradingview/validate"
ORDER = {"order_id": None, "client_order_id": None}


def test_a_validation_shows_the_order_its_roundings_its_cost_and_every_check():
    function = Function(env={"ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "1000 USD"})
    fresh_rules(function)
    function.operate("POST", "/reconcile")
    answer = function.post(
        function.alert(order_type="limit", price="60000.19", volume="0.0123456789"), VALIDATE
    )
    assert answer.status == 200
    assert set(answer.document) == ANSWER_KEYS
    volume, cost = "0.01234567", "740.741434567"
    rounding = [
        "volume 0.0123456789 was rounded down to 0.01234567",
        "price 60000.19 was rounded to 60000.1",
    ]
    (order,) = answer["orders"]
    checks = [(check["rule"], check["verdict"], check["numbers"]) for check in order.pop("checks")]
    assert order == {
        **ORDER,
        "state": "VALIDATED",
        "code": "validated",
        "request": {
            "pair": "XXBTZUSD",
            "type": "buy",
            "ordertype": "limit",
            "volume": volume,
            "price": "60000.1",
        },
        "rounding": rounding,
        "estimate": {"price": "60000.1", "cost": cost, "fee": "5.925931476536", "currency": "USD"},
    }
    assert checks == [
        ("ALLOWED_SYMBOLS", "passed", {"symbol": "BTC/USD"}),
        ("PRICE_ZERO", "passed", {"price": "60000.19"}),
        ("PAIR_STATUS", "passed", {"status": "online"}),
        ("VOLUME_ZERO", "passed", {"volume": volume}),
        ("ORDER_MINIMUM", "passed", {"volume": volume, "minimum": "0.00005"}),
        (
            "MAX_ORDER_COST",
            "passed",
            {"cost": cost, "max": "1000", "volume": volume, "price": "60000.1", "currency": "USD"},
        ),
        (
            "COST_MINIMUM",
            "passed",
            {"cost": cost, "minimum": "0.5", "volume": volume, "price": "60000.1"},
        ),
    ]
    assert answer["warnings"] == rounding


def test_a_cost_that_no_price_tells_is_null(function):
    answer = function.post(function.alert(price=None), VALIDATE)
    assert answer["orders"][0]["estimate"] == {
        "price": None,
        "cost": None,
        "fee": None,
        "currency": "USD",
    }


def test_a_denied_validation_shows_what_was_refused_and_every_check_and_kraken_is_not_asked():
    function = Function(env={"ALLOWED_SYMBOLS": "ETH/USD", "MAX_ORDER_COST": "500 USD"})
    alert = function.alert(volume="0.01")
    shown, real = function.post(alert, VALIDATE), function.post(alert)
    told = ("success", "code", "error", "message", "field", "alert_id", "trade_details", "warnings")
    assert (shown.status, shown["code"]) == (real.status, real["code"]) == (422, "order_denied")
    assert [shown[name] for name in told] == [real[name] for name in told]
    assert shown["error"].startswith("ALLOWED_SYMBOLS: ")
    assert real["orders"] == []
    (order,) = shown["orders"]
    assert (order["state"], order["code"], order["request"]["volume"]) == (
        "DENIED",
        "order_denied",
        "0.01",
    )
    assert order["estimate"] == {"price": "60000", "cost": "600", "fee": "4.8", "currency": "USD"}
    denied = [check for check in order["checks"] if check["verdict"] == "denied"]
    assert [check["rule"] for check in denied] == ["ALLOWED_SYMBOLS", "MAX_ORDER_COST"]
    assert denied[0]["message"] == shown["error"]
    assert all(
        check["message"] is None for check in order["checks"] if check["verdict"] == "passed"
    )
    assert function.venue.calls == []


@pytest.mark.parametrize(("mode", "fee"), [("paper", "3"), ("validate", "4.8")])
def test_the_fee_is_that_of_the_paper_account_or_krakens_first_tier(mode, fee):
    keys = (
        {"KRAKEN_API_KEY": "k" * 56, "KRAKEN_API_SECRET": "c2VjcmV0" * 11}
        if mode == "validate"
        else {}
    )
    function = Function(env={"TRADING_MODE": mode, "PAPER_FEES": "0.25,0.50", **keys})
    assert function.post(function.alert(), VALIDATE)["orders"][0]["estimate"]["fee"] == fee


def test_validation_does_not_answer_from_the_ledger(function):
    alert = function.alert()
    function.post(alert)
    assert function.post(alert, "/webhook/tradingview/validate")["code"] == "validated"


def test_what_kraken_would_refuse_is_said(function):
    function.venue.refuse = [Rejected(("EOrder:Trading agreement required",))]
    answer = function.post(function.alert(), "/webhook/tradingview/validate")
    assert (answer.status, answer["code"]) == (422, "order_rejected")
    assert "EOrder:Trading agreement required" in answer["error"]
    (order,) = answer["orders"]
    assert (order["state"], order["code"]) == ("REJECTED", "order_rejected")
    assert order["request"] == dict(function.venue.validated[0].parameters)
    assert {check["verdict"] for check in order["checks"]} <= {"passed", "not_checked"}


# -- routes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200), ("HEAD", "/", 200), ("GET", "/webhook/health", 200),
        ("GET", "/webhook/health/", 200),
        ("GET", "/webhook/tradingview", 405), ("PUT", "/", 405), ("TRACE", "/webhook/health", 405),
        ("OPTIONS", "/", 405),
        ("POST", "/webhook/health", 405), ("DELETE", "/account", 405), ("GET", "/nowhere", 404),
        ("POST", "/nowhere", 404),
        ("GET", "/webhook/tradingview/validate/", 405),
    ],
)  # fmt: skip
def test_routes_and_methods(function, method, path, status):
    answer = function.send(method, path)
    assert answer.status == status
    assert answer.headers["x-request-id"]
    if status == 405:
        assert answer.headers["allow"]


def test_health_says_what_runs_here(function):
    about = {"service", "version", "environment"}
    assert set(function.send("GET", "/webhook/health").document) == {"status", *about}
    assert set(function.send("GET", "/").document) == about
    told = Function(env={"HEALTH_DETAILS": "true"})
    assert set(told.send("GET", "/webhook/health").document) == {"status", "mode", *about}
    assert told.send("GET", "/")["mode"] == "paper"


def test_whether_it_is_real_money_is_told_to_nobody_who_is_not_proved(function):
    def strangers(function):
        yield function.post(function.alert(token="wrong-token-wrong-token"))
        yield function.post(b"{")
        yield function.post(b" " * 70_000)
        yield function.send("GET", "/nowhere")
        yield function.send("PUT", "/")
        yield function.operate("GET", "/account", token="wrong")

    assert [answer["mode"] for answer in strangers(function)] == [None] * 6
    told = Function(env={"HEALTH_DETAILS": "true"})
    assert [answer["mode"] for answer in strangers(told)] == ["paper"] * 6
    assert function.post(function.alert(volume="NaN"))["mode"] == "paper"
    assert function.operate("GET", "/orders", limit="0")["mode"] == "paper"


def test_a_body_over_64_kib_is_refused(function):
    assert function.post(b" " * (64 * 1024 + 1)).status == 413


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("oversized", 413, "body_too_large"), ("late", 503, "body_late")]
)
@pytest.mark.parametrize(
    "path", ["/", "/webhook/tradingview", "/webhook/tradingview/validate", "/reconcile"]
)
def test_a_body_of_which_nothing_was_taken_is_refused_whatever_its_path_is_for(
    fault, status, code, path, function
):
    request = HttpRequest(
        "POST", path, {}, {}, b"", "127.0.0.1", function.clock.now(), **{fault: True}
    )
    response = function.application.handle(request)
    assert (response.status, json.loads(response.body)["code"]) == (status, code)
    assert function.venue.calls == []


def test_a_request_id_is_taken_or_made(function):
    assert function.post(function.alert(), x_request_id="abc-1")["request_id"] == "abc-1"
    made = function.post(function.alert(), x_request_id="no\nnewlines")
    assert made["request_id"] == made.headers["x-request-id"] != "no\nnewlines"


def test_cors_only_for_configured_origins():
    function = Function(env={"CORS_ORIGINS": "https://desk.example"})
    preflight = function.send(
        "OPTIONS", "/webhook/tradingview", headers={"origin": "https://desk.example"}
    )
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "https://desk.example"
    other = function.send("GET", "/webhook/health", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_operator_routes_need_the_operator_s_token(function):
    assert function.operate("GET", "/account").status == 200
    assert function.operate("GET", "/account", token="wrong").status == 401
    assert function.send("GET", "/orders").status == 401
    closed = Function(env={"OPERATOR_TOKEN": ""})
    assert closed.operate("GET", "/account").status == 404
    assert closed.operate("POST", "/reconcile").status == 404


def test_orders_are_listed_newest_first_by_state_and_strategy_with_a_cursor(function):
    for number in range(5):
        function.clock.sleep(1)
        function.post(function.alert(id=f"a-{number}", strategy_name=f"s{number % 2}"))
    page = function.operate("GET", "/orders", strategy="s0", limit="2", state="accepted")
    assert [order["alert_id"] for order in page["orders"]] == ["a-4", "a-2"]
    rest = function.operate("GET", "/orders", strategy="s0", limit="2", cursor=page["cursor"])
    assert [order["alert_id"] for order in rest["orders"]] == ["a-0"]
    for bad in ({"state": "nope"}, {"limit": "0"}, {"cursor": "nope"}):
        assert function.operate("GET", "/orders", **bad).status == 400


def test_too_many_failed_proofs_from_one_address_slow_down_the_forger_and_nobody_else():
    function = Function(env={"RATE_LIMIT_PER_MINUTE": "3", "TRUSTED_PROXY_HOPS": "0"})
    forged = function.alert(token="wrong-token-wrong-token")
    assert [function.post(forged).status for _ in range(5)] == [401, 401, 401, 429, 429]
    assert function.post(function.alert()).status == 200
    assert function.post(forged, x_forwarded_for="203.0.113.9").status == 401
    function.clock.sleep(61)
    assert function.post(forged).status == 401


def test_allowed_ips_look_at_the_entry_that_google_wrote():
    function = Function(env={"ALLOWED_IPS": "tradingview", "TRUSTED_PROXY_HOPS": "0"})
    forged = "52.89.214.238, 6.6.6.6"
    assert function.post(function.alert(), x_forwarded_for=forged).status == 401
    assert function.post(function.alert(), x_forwarded_for="6.6.6.6, 52.89.214.238").status == 200
    assert function.post(function.alert(id="b")).status == 401


def test_without_a_proxy_the_header_is_the_caller_s_own_text():
    function = Function(env={"ALLOWED_IPS": "203.0.113.0/24", "RATE_LIMIT_PER_MINUTE": "1"})
    assert function.post(function.alert(), x_forwarded_for="203.0.113.7").status == 401
    assert function.post(function.alert(), x_forwarded_for="203.0.113.8").status == 429
    local = Function(env={"ALLOWED_IPS": "127.0.0.1"})
    assert local.post(local.alert(), x_forwarded_for="6.6.6.6").status == 200


def test_what_can_t_be_read_and_proves_nobody_counts_as_a_failed_proof():
    function = Function(env={"RATE_LIMIT_PER_MINUTE": "2"})
    assert [function.post(body).status for body in (b"{", b" " * 70_000, b"{")] == [400, 413, 429]
    assert function.post(b" " * 70_000).status == 429
    assert function.post(function.alert(token="wrong-token-wrong-token")).status == 429
    assert function.post(function.alert()).status == 200


def test_a_proved_sender_may_be_as_wrong_as_it_likes():
    function = Function(env={"RATE_LIMIT_PER_MINUTE": "1"})
    bad = [function.post(function.alert(volume="NaN")).status for _ in range(4)]
    assert bad == [400] * 4
    anybody = Function(env={"RATE_LIMIT_PER_MINUTE": "1", "WEBHOOK_TOKEN": ""})
    assert [anybody.post(b"{").status for _ in range(4)] == [400] * 4


OPERATORS_ROUTES = [
    *(("GET", path) for path in ("/orders", "/alerts", "/account", "/report", "/operator")),
    *(("POST", path) for path in ("/pause", "/resume", "/reconcile", "/operator/login")),
    ("GET", "/operator/compose"),
]


@pytest.mark.parametrize(("method", "path"), OPERATORS_ROUTES)
def test_without_an_operator_token_the_log_alone_says_why_there_is_no_such_route(
    caplog, method, path
):
    answer = Function(env={"OPERATOR_TOKEN": ""}).operate(method, path)
    assert (answer.status, answer["error"]) == (404, "No such route.")
    (line,) = [record for record in caplog.records if record.message == "request.not_found"]
    assert line.facts["reason"] == "No such route: OPERATOR_TOKEN is not set."


@pytest.mark.parametrize(
    "path", ["/webhook", "/webhook/", "/webhook/other", "/tradingview", "/webhook/tradingview/x"]
)
def test_an_alert_to_another_path_is_told_where_alerts_go(path):
    function = Function()
    answer = function.post(function.alert(), path)
    assert (answer.status, answer["code"], function.venue.submitted) == (404, "not_found", [])
    assert answer["error"] == "No such route: alerts go to POST /webhook/tradingview."


def test_a_route_that_is_none_says_no_more_in_the_log(caplog):
    Function(env={"OPERATOR_TOKEN": ""}).operate("GET", "/nothing")
    (line,) = [record for record in caplog.records if record.message == "request.not_found"]
    assert line.facts["reason"] == "No such route."


def test_a_flood_of_forgeries_is_told_in_one_line_a_minute(caplog):
    caplog.set_level("INFO")
    function = Function(env={"RATE_LIMIT_PER_MINUTE": "3"})
    forged = function.alert(token="wrong-token-wrong-token")
    for _ in range(4):
        function.post(forged)
    caplog.clear()
    for second in range(1, 120):
        function.clock.sleep(1)
        assert function.post(forged if second % 2 else b"{").status == 429
        assert function.operate("GET", "/account", token="wrong").status == 429
    assert [record.message for record in caplog.records] == ["request.rate_limited"]
    assert caplog.records[0].facts["requests"] == 119
    assert caplog.records[0].facts["address"] == "127.0.0.1"
    caplog.clear()
    assert function.post(function.alert()).status == 200
    assert "alert.done" in [record.message for record in caplog.records]


def test_secrets_are_in_no_repr_of_the_application(function):
    shown = repr(function.application)
    assert TOKEN not in shown
    assert OPERATOR not in shown


def test_with_too_little_time_left_nothing_is_claimed_and_the_resend_starts_clean():
    function = Function(env={"MAX_ORDER_COST": "1000 USD"})
    function.venue.clock, function.venue.spend_s = function.clock, 1.5
    alert = function.alert(price=None)
    answer = function.post(alert)
    assert (answer.status, answer["code"]) == (503, "not_sent")
    (row,) = function.operate("GET", "/orders")["orders"]
    assert (row["state"], row["attempt"]) == ("MISSED", 0)
    function.venue.spend_s = 0.1
    assert function.post(alert).status == 200


def test_a_token_in_the_place_of_the_symbol_is_not_repeated(function):
    answer = function.post(function.alert(symbol=TOKEN))
    assert answer.status == 400
    assert TOKEN[:12] not in json.dumps(answer.document)


@pytest.fixture
def own_log():
    """What a start does to the logger is undone."""
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = before[0], before[2]
    LOGGER.setLevel(before[1])


@pytest.mark.usefixtures("own_log")
@pytest.mark.parametrize(
    "found_in",
    [
        {"id": TOKEN},
        {"id": f"x-{TOKEN}"},
        {"strategy_name": TOKEN},
        {"symbol": TOKEN},
        {"id": TOKEN, "volume": "x"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_token_in_a_wrong_field_is_repeated_by_no_answer_and_no_line(
    environment, found_in, capsys
):
    env = {
        "WEBHOOK_TOKEN": TOKEN,
        "LEDGER_URL": "memory://",
        "ENVIRONMENT": environment,
        "LOG_LEVEL": "DEBUG",
    }
    started = start(env, clock=(clock := FakeClock()))
    body = json.dumps(Function(clock=clock).alert(**found_in)).encode()
    response = started.handle(HttpRequest("POST", "/", {}, {}, body, "127.0.0.1", clock.now()))
    assert TOKEN not in response.body.decode()
    lines = capsys.readouterr().out
    assert "ms_by_stage" in lines
    assert TOKEN not in lines
