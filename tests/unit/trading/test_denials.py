"""One list of rules denies, on every way to an order; what costs no call of Kraken comes before
any; and a check says whose limit it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.instruments import btc_usd
from tests.support.position_alerts import legs_alert
from tests.support.row_by_row import row_by_row
from tests.support.terminal import function_on, run
from tests.support.trading_venue import outcome, trader
from webhook_core.trading import denials
from webhook_core.trading.checks import Check
from webhook_core.trading.denials import Need, Rule
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected

D = Decimal
VALIDATE = "/webhook/tradingview/validate"
POOR = Rejected(("EOrder:Insufficient funds",))
NOBODY = NotSent("no connection")
EXITS_CAPPED = {"MAX_ORDER_COST": "500 USD", "EXITS_IGNORE_MAX_ORDER_COST": "false"}
ASK = RestingOrder(
    "OASKKK-AAAAA-AAAAAA", "XBTUSD", Side.SELL, "limit", D(1), D(0), START, limit=D(60000)
)
STOP = ASK._replace(
    order_id="OSTOPP-AAAAA-AAAAAA", order_type="stop-loss", limit=None, trigger=D(30000)
)


def no_sells(draft, _rules, _now):
    sells = draft.wanted.side is Side.SELL
    yield Check("NO_SELLS", not sells, "NO_SELLS: this account does not sell" if sells else "")


@pytest.fixture
def forbid_sells(monkeypatch):
    """A rule of one's own is a line in the list, and nothing else."""

    def forbid(needs=Need.PRICE):
        monkeypatch.setattr(denials, "RULES", (*denials.RULES, Rule(no_sells, needs)))

    return forbid


def told(answer):
    return (
        answer.status,
        answer["code"],
        "NO_SELLS: this account does not sell" in (answer["error"] or ""),
    )


DENIED = (422, "order_denied", True)


# -- a rule of one's own, on every way to an order -------------------------------------------------


SELLS = {
    "fixed": {"side": "sell"},
    "limit": {"side": "sell", "order_type": "limit"},
    "without a price": {"side": "sell", "price": None},
    "with leverage": {"side": "sell", "leverage": "2"},
    "for quote": {"side": "sell", "volume": "100", "quantity_type": "quote"},
    "of the balance": {"side": "sell", "volume": "50", "quantity_type": "percent_balance"},
    "of the position": {"side": "sell", "volume": "50", "quantity_type": "percent_position"},
    "of the equity": {"side": "sell", "volume": "50", "quantity_type": "percent_equity"},
    "by risk": {
        "side": "sell", "volume": "1", "quantity_type": "risk_percent", "order_type": "limit",
        "stop_loss": "5%",
    },
    "close": {"action": "close", "side": None, "volume": None},
    "target": {"market_position": "flat", "market_position_size": "0", "side": None,
        "volume": None},
    "legs": {"orders": [{"side": "buy", "volume": "0.1"}, {"side": "sell", "volume": "0.1"}],
        "side": None, "volume": None,
             "price": None},
    "close behind a cancel": {"orders": [{"action": "cancel"}, {"action": "close"}], "side": None,
        "volume": None,
                              "price": None},
}  # fmt: skip


@pytest.mark.parametrize("needs", Need)
@pytest.mark.parametrize("route", ["/webhook/tradingview", VALIDATE])
@pytest.mark.parametrize("cap", [None, "10000000 USD"])
@pytest.mark.parametrize("what", SELLS)
def test_an_alert_and_its_validation_are_denied(forbid_sells, what, cap, route, needs):
    function = trader(btc=3, env={"MAX_ORDER_COST": cap} if cap else {})
    function.venue.worth = D(250_000)
    assert function.post(function.alert(**SELLS[what], id="before"), VALIDATE).status == 200
    function.venue.validated.clear()
    forbid_sells(needs)
    answer = function.post(function.alert(**SELLS[what]), route)
    assert told(answer) == DENIED, answer.document
    assert (function.venue.submitted, function.venue.validated) == ([], [])
    assert function.operate("GET", "/orders")["orders"] == []


@pytest.mark.parametrize(
    "fields", [{"side": "sell"}, {"side": "sell", "order_type": "limit", "stop_loss": "70000"}]
)
def test_a_replay_is_denied(forbid_sells, tmp_path, fields):
    function = function_on(tmp_path / "ledger.db")
    function.venue.refuse = [POOR]
    assert function.post(function.alert(**fields)).status == 422
    forbid_sells()
    result = run(function, "replay", "a-1", "--yes")
    assert (result.exit_code, len(function.venue.submitted)) == (1, 1)
    assert "Today's limits forbid it: NO_SELLS: this account does not sell." in result.stderr
    assert function.venue.calls == ["submit"]


@pytest.mark.parametrize("route", ["/webhook/tradingview", VALIDATE])
@pytest.mark.parametrize(
    "change", [{"price": "61000"}, {"volume": "0.5"}, {"price": "61000", "display_volume": "0.1"}]
)
def test_an_amendment_is_denied(forbid_sells, change, route):
    function = trader(btc=3)
    function.venue.rest(ASK)
    forbid_sells()
    nothing = {"symbol": None, "side": None, "volume": None, "price": None}
    alert = function.alert(**{**nothing, "action": "amend", "order_id": ASK.order_id, **change})
    answer = function.post(alert, route)
    assert told(answer) == DENIED, answer.document
    assert function.venue.resting == [ASK]


def test_what_was_not_sent_is_denied_when_it_comes_again(forbid_sells):
    function = trader(btc=3)
    body = function.alert(side="sell")
    function.venue.refuse = [NOBODY]
    assert outcome(function.post(body)) == (503, "not_sent")
    forbid_sells()
    assert told(function.post(body)) == DENIED
    assert len(function.venue.submitted) == 1


def test_an_amendment_that_was_not_sent_is_denied_when_it_comes_again(forbid_sells):
    function = trader(btc=3)
    function.venue.rest(ASK)
    nothing = {"symbol": None, "side": None, "volume": None}
    body = function.alert(**nothing, action="amend", order_id=ASK.order_id, price="61000")
    function.venue.refuse = [NOBODY]
    assert outcome(function.post(body)) == (503, "not_sent")
    forbid_sells()
    assert told(function.post(body)) == DENIED
    assert function.venue.resting == [ASK]


@pytest.mark.parametrize("last", [{"side": "sell", "volume": "0.1"}, {"action": "close"}])
def test_a_leg_that_was_left_is_denied_when_the_alert_comes_again(forbid_sells, last):
    function = trader(btc=3)
    function.venue.rest(STOP)
    body = legs_alert(function, [{"action": "cancel"}, last])
    function.venue.refuse = [NOBODY]  # the cancel, and what is behind it waits
    assert outcome(function.post(body)) == (503, "not_sent")
    forbid_sells()
    assert told(function.post(body)) == DENIED
    assert function.post(body)["orders"][1]["state"] == "DENIED"
    assert [request.method for request, _, _ in function.venue.submitted] == ["CancelOrder"] * 2


def test_an_exit_that_was_not_sent_is_denied_when_it_is_counted_again(forbid_sells):
    function = trader(btc=3)
    function.venue.rest(STOP)
    body = legs_alert(function, [{"action": "cancel"}, {"action": "close"}])
    function.venue.during["submit"] = [lambda: None, lambda: function.venue.refuse.append(NOBODY)]
    assert outcome(function.post(body)) == (503, "not_sent")
    forbid_sells()
    assert told(function.post(body)) == DENIED
    assert len(function.venue.submitted) == 2


def test_an_order_that_is_planned_once_more_is_denied(forbid_sells):
    function = trader(btc="1.23456789")
    function.venue.rules = [btc_usd(lot_decimals=2, as_of=function.clock.now())]
    function.venue.refuse = [Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)]
    function.venue.during["submit"] = [forbid_sells]
    answer = function.post(function.alert(side="sell", volume="1.23456"))
    assert (outcome(answer), len(function.venue.submitted)) == ((422, "order_rejected"), 1)
    assert "NO_SELLS" in answer["error"]


@pytest.mark.parametrize("what", ["cancel", "buy", "amended buy"])
def test_what_the_rule_does_not_mean_goes_on(forbid_sells, what):
    forbid_sells()
    function = trader(btc=3)
    bid = function.venue.rest(ASK._replace(side=Side.BUY, limit=D(40000)))
    nothing = {"side": None, "volume": None, "price": None}
    fields = {
        "cancel": {**nothing, "action": "cancel"}, "buy": {},
        "amended buy": {**nothing, "symbol": None, "action": "amend", "order_id": bid.order_id,
            "price": "41000"},
    }  # fmt: skip
    assert outcome(function.post(function.alert(**fields[what]))) == (200, "accepted")


# -- before Kraken is asked ------------------------------------------------------------------------


SIZES = {
    **{kind: {"volume": "10", "quantity_type": kind} for kind in ("percent_balance",
            "percent_equity", "percent_position")},
    "risk_percent": {"volume": "1", "quantity_type": "risk_percent", "stop_loss": "5%"},
    "quote": {"side": "sell", "volume": "100", "quantity_type": "quote"},
    "equity with leverage": {"volume": "10", "quantity_type": "percent_equity", "leverage": "2"},
    "no price": {"price": None},
    "relative": {"order_type": "limit", "price": "-1%"},
    "close": {"action": "close", "side": None, "volume": None},
    "reverse": {"action": "reverse", "side": None, "volume": None, "leverage": "2"},
    "target": {"market_position": "long", "market_position_size": "1", "side": None,
        "volume": None},
    "target in percent": {"market_position": "long", "quantity_type": "percent_equity",
        "volume": "50", "side": None},
}  # fmt: skip


NO_LEGS = ("reverse", "target", "target in percent")
WAYS = [(what, False) for what in SIZES] + [(what, True) for what in SIZES if what not in NO_LEGS]


@row_by_row
@pytest.mark.parametrize(
    ("env", "rule"),
    [
        ({"ALLOWED_SYMBOLS": "ETH/USD", "MAX_ORDER_COST": "500 USD"}, "ALLOWED_SYMBOLS"),
        (
            {"MAX_ORDER_COST": "500 EUR", "EXITS_IGNORE_MAX_ORDER_COST": "false"},
            "MAX_ORDER_COST_CURRENCY",
        ),
    ],
)
@pytest.mark.parametrize(("what", "legs"), WAYS)
def test_a_pair_that_may_not_be_traded_costs_no_call(what, env, rule, legs):
    function = trader(btc=3, env=env)
    fields = SIZES[what]
    if legs:
        leg = {"side": "buy", "volume": "0.1", "price": "50000", **fields}
        leg = {name: value for name, value in leg.items() if value is not None}
        body = legs_alert(function, [{"action": "cancel", "symbol": "ETHUSD"}, leg])
    else:
        body = function.alert(**fields)
    answer = function.post(body)
    assert outcome(answer) == (422, "order_denied"), answer.document
    assert answer["error"].startswith(f"orders[1]: {rule}: " if legs else f"{rule}: ")
    assert function.venue.calls == []


MARKET = {"price": None, "side": "buy"}
NO_ORDER = {"side": None, "volume": None, "price": None}
LIMIT = {"order_type": "limit"}
SOON = {"starts": "2020-01-01T00:00:00Z"}


@row_by_row
@pytest.mark.parametrize(
    ("fields", "rule", "field"),
    [
        ({"symbol": "ETHUSD"}, "ALLOWED_SYMBOLS", "symbol"),
        ({"symbol": "BTCUSDT"}, "ALLOWED_SYMBOLS", "symbol"),
        ({"symbol": "BTCUDS"}, "ALLOWED_SYMBOLS", "symbol"),
        ({**NO_ORDER, "symbol": "ETHUSD", "action": "close"}, "ALLOWED_SYMBOLS", "symbol"),
        ({**NO_ORDER, "symbol": "ETHUSD", "action": "cancel"}, "ALLOWED_SYMBOLS", "symbol"),
        ({"leverage": "77"}, "LEVERAGE", "leverage"),
        ({**LIMIT, "expires": "+1"}, "EXPIRY", "expires"),
        ({**LIMIT, **SOON}, "START_TIME", "starts"),
        ({**LIMIT, "price": "0.01"}, "PRICE_ZERO", "price"),
        ({**LIMIT, "price": "-99999"}, "PRICE_BELOW_ZERO", "price"),
        ({**MARKET, "stop_loss": "51000"}, "EXIT_SIDE", "stop_loss"),
        ({**MARKET, "take_profit": "9999999"}, "EXIT_REACH", "take_profit"),
        ({"order_type": "iceberg", "display_volume": "0.0001", "volume": "1"},
            "DISPLAY_VOLUME", "display_volume"),
        ({"volume": "0.0000001"}, "ORDER_MINIMUM", None),
        ({"volume": "1"}, "MAX_ORDER_COST", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("legs", [False, True])
def test_a_denial_that_is_about_one_field_names_it(fields, rule, field, legs):
    limits = {"ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "30000 USD"}
    function = trader(btc=3, usd="1000000", env=limits)
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    function.operate("POST", "/reconcile")  # the rules of now may deny
    body = function.alert(**fields)
    if legs and "action" not in fields and "symbol" not in fields:
        leg = {"side": "buy", "volume": "0.1", "price": "50000", **fields}
        body = legs_alert(function, [{"action": "cancel"}, leg])
        field = field and f"orders[1].{field}"
    answer = function.post(body)
    assert outcome(answer) == (422, "order_denied"), answer.document
    assert f"{rule}: " in answer["error"]
    assert answer["field"] == field


@pytest.mark.parametrize(
    "fields", [{"action": "cancel"}, {"action": "amend", "order_id": "OAAAAA-AAAAA-AAAAAA"}]
)
def test_a_change_of_a_pair_that_may_not_be_traded_costs_no_call(fields):
    function = trader(btc=3, env={"ALLOWED_SYMBOLS": "ETH/USD"})
    price = "41000" if fields["action"] == "amend" else None
    answer = function.post(
        function.alert(**{"side": None, "volume": None, "price": price, **fields})
    )
    assert outcome(answer) == (422, "order_denied")
    assert answer["error"].startswith("ALLOWED_SYMBOLS: ")
    assert function.venue.calls == []


def test_a_symbol_that_is_not_known_is_not_asked_for_where_every_allowed_pair_is_known():
    function = trader(env={"ALLOWED_SYMBOLS": "BTC/USD,ETH/USD"})
    answer = function.post(function.alert(symbol="NOPEUSD"))
    assert (outcome(answer), answer["field"]) == ((422, "order_denied"), "symbol")
    assert answer["error"].startswith(
        "ALLOWED_SYMBOLS: symbol 'NOPEUSD' is not among BTC/USD, ETH/USD (the global "
    )
    assert function.venue.calls == []
    learning = trader(env={"ALLOWED_SYMBOLS": "BTC/USD,NOPE/USD"})
    assert outcome(learning.post(learning.alert(symbol="NOPEUSD"))) == (400, "alert_malformed")
    assert learning.venue.calls == ["instruments"]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"leverage": "77"}, "LEVERAGE"),
        ({"order_type": "limit", "price": "0.01", "volume": "10",
                "quantity_type": "percent_balance"}, "PRICE_ZERO"),
        ({"volume": "0.000001", "price": None}, "ORDER_MINIMUM"),
        ({"volume": "0.000000001", "price": None}, "VOLUME_ZERO"),
        ({"leverage": "77", "volume": "10", "quantity_type": "percent_equity"}, "LEVERAGE"),
        ({"order_type": "limit", "expires": "+1", "volume": "10",
                "quantity_type": "percent_balance"}, "EXPIRY"),
        ({"order_type": "limit", "starts": "2020-01-01T00:00:00Z", "volume": "1",
                "quantity_type": "percent_balance"},
         "START_TIME"),
        ({"order_type": "limit", "quantity_type": "quote", "volume": "501"}, "MAX_ORDER_COST"),
        ({"order_type": "iceberg", "display_volume": "0.0001", "volume": "1", "price": "+1"},
            "DISPLAY_VOLUME"),
    ],
)  # fmt: skip
def test_what_needs_no_figure_denies_before_any_is_read(fields, rule):
    function = trader(btc=3, env={"MAX_ORDER_COST": "500 USD"})
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    function.operate("POST", "/reconcile")  # the rules of now may deny
    function.venue.calls.clear()
    answer = function.post(function.alert(**fields))
    assert outcome(answer) == (422, "order_denied"), answer.document
    assert answer["error"].startswith(f"{rule}: ")
    assert function.venue.calls == []


def test_a_status_of_now_denies_before_the_ticker_is_read():
    function = trader(btc=3, env={"MAX_ORDER_COST": "500 USD"})
    function.venue.rules = [btc_usd(as_of=function.clock.now(), status="cancel_only")]
    function.operate("POST", "/reconcile")
    function.venue.calls.clear()
    assert function.post(function.alert(price=None))["error"].startswith("PAIR_STATUS: ")
    assert function.venue.calls == []


def test_a_leg_of_a_fixed_size_above_the_cap_denies_before_another_leg_reads_the_account():
    function = trader(btc=3, env={"MAX_ORDER_COST": "500 USD"})
    legs = [
        {"action": "close"},
        {"side": "buy", "order_type": "limit", "price": "50000", "volume": "0.02"},
    ]
    answer = function.post(legs_alert(function, legs))
    assert answer["error"].startswith("orders[1]: MAX_ORDER_COST: cost 1000 USD")
    assert function.venue.calls == []


def test_a_known_alert_gets_its_answer_whatever_would_be_denied_now(forbid_sells):
    function = trader(btc=3)
    body = function.alert(action="close", side=None, volume=None)
    assert outcome(function.post(body)) == (200, "accepted")
    forbid_sells(Need.TERMS)
    assert function.post(body)["replayed"] is True


def test_a_validation_makes_every_check_and_is_refused_for_the_reason_that_the_alert_is():
    function = trader(btc=3, env={"MAX_ORDER_COST": "500 USD"})
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    function.operate("POST", "/reconcile")
    alert = function.alert(leverage="77", price=None, volume="1")
    shown, real = function.post(alert, VALIDATE), function.post(alert)
    assert shown["error"] == real["error"]
    assert shown["error"].startswith("LEVERAGE: ")
    denied = [
        check["rule"] for check in shown["orders"][0]["checks"] if check["verdict"] == "denied"
    ]
    assert denied == ["LEVERAGE", "MAX_ORDER_COST"]


# -- how the size came about -----------------------------------------------------------------------


@pytest.mark.parametrize("route", ["/webhook/tradingview", VALIDATE])
@pytest.mark.parametrize(
    ("fields", "note"),
    [
        (
            {"volume": "10", "quantity_type": "percent_balance"},
            "10 % of the 100000 USD that is free",
        ),
        ({"action": "close", "side": None, "volume": None}, "the position goes from 3 to 0 BTC"),
        (
            {"volume": "0.0112345678901", "price": "60000.19", "order_type": "limit"},
            "volume 0.0112345678901 was rounded",
        ),
    ],
)
def test_a_denial_keeps_the_notes_of_the_size_in_its_answer_and_in_the_log(
    caplog, fields, note, route
):
    caplog.set_level("INFO")
    function = trader(btc=3, env=EXITS_CAPPED)
    answer = function.post(function.alert(**fields), route)
    assert answer["error"].startswith("MAX_ORDER_COST: ")
    assert any(note in warning for warning in answer["warnings"]), answer["warnings"]
    (logged,) = (record.facts for record in caplog.records if record.message == "alert.done")
    assert any(note in said for said in logged["warnings"])


def test_a_position_that_is_held_says_where_it_was_to_go():
    function = trader(btc=1)
    function.venue.rest(ASK)
    answer = function.post(function.alert(action="close", side=None, volume=None))
    assert answer["error"].startswith("POSITION_HELD: ")
    assert "the position goes from 1 to 0 BTC" in answer["warnings"]


def test_a_leg_that_is_denied_keeps_the_notes_of_its_own_size():
    function = trader(btc=3, env=EXITS_CAPPED)
    legs = [{"side": "buy", "volume": "0.001", "price": "50000"}, {"action": "close"}]
    answer = function.post(legs_alert(function, legs))
    assert answer["error"].startswith("orders[1]: MAX_ORDER_COST: ")
    assert any("from 3 to 0 BTC" in warning for warning in answer["warnings"])


# -- whose limit it is -----------------------------------------------------------------------------


STRATEGY = '[trend-btc]\nallowed_symbols = ["BTC/USD"]\nmax_order_cost = "100 USD"\n[free]\n'


def capped(tmp_path, **env):
    path = tmp_path / "strategies.toml"
    path.write_text(STRATEGY, "utf-8")
    return {
        "STRATEGIES_FILE": str(path),
        "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD",
        "MAX_ORDER_COST": "500 USD",
        **env,
    }


def test_each_check_says_whose_it_is_and_both_owners_have_theirs(tmp_path):
    function = trader(env=capped(tmp_path))
    answer = function.post(function.alert(strategy_name="trend-btc", volume="0.001"), VALIDATE)
    checks = [
        (check["rule"], check["scope"], check["verdict"]) for check in answer["orders"][0]["checks"]
    ]
    assert [check[:2] for check in checks].count(("MAX_ORDER_COST", "global")) == 1
    assert checks[:2] == [
        ("ALLOWED_SYMBOLS", "global", "passed"),
        ("ALLOWED_SYMBOLS", "strategy", "passed"),
    ]
    costs = [check for check in checks if check[0] == "MAX_ORDER_COST"]
    assert costs == [
        ("MAX_ORDER_COST", "global", "passed"),
        ("MAX_ORDER_COST", "strategy", "passed"),
    ]
    kraken_s = ("PAIR_STATUS", "VOLUME_ZERO", "ORDER_MINIMUM", "COST_MINIMUM")
    assert {(rule, "kraken") for rule in kraken_s} < {check[:2] for check in checks}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (
            {"strategy_name": "trend-btc", "volume": "0.002"},
            (
                "MAX_ORDER_COST: cost 120 USD (0.002 x 60000) is above the cap of 100 USD "
                "(strategy trend-btc's max_order_cost)"
            ),
        ),
        (
            {"strategy_name": "free", "volume": "0.01"},
            (
                "MAX_ORDER_COST: cost 600 USD (0.01 x 60000) is above the cap of 500 USD (the "
                "global MAX_ORDER_COST)"
            ),
        ),
        (
            {"strategy_name": "trend-btc", "symbol": "ETHUSD"},
            "ALLOWED_SYMBOLS: ETH/USD is not among BTC/USD (strategy trend-btc's allowed_symbols)",
        ),
        (
            {"symbol": "SOLUSD"},
            "ALLOWED_SYMBOLS: SOL/USD is not among BTC/USD, ETH/USD (the global ALLOWED_SYMBOLS)",
        ),
    ],
)
def test_a_refusal_names_the_setting_that_it_comes_from(tmp_path, fields, error):
    function = trader(env=capped(tmp_path))
    assert function.post(function.alert(**fields))["error"] == error


def test_a_replay_says_whose_limit_forbids_it(tmp_path):
    function = function_on(tmp_path / "ledger.db", **capped(tmp_path))
    function.venue.refuse = [POOR]
    function.post(function.alert(strategy_name="trend-btc", volume="0.001"))
    path = tmp_path / "stricter.toml"
    path.write_text(STRATEGY.replace("100 USD", "50 USD"), "utf-8")
    stricter = function_on(tmp_path / "ledger.db", **capped(tmp_path, STRATEGIES_FILE=str(path)))
    assert "(strategy trend-btc's max_order_cost)" in run(stricter, "replay", "a-1", "--yes").stderr
