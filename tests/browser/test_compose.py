"""The composer in a real browser: what the form says is what the bridge's own
parser reads, and back."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import product

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from examples.compose import make
from tests.support.project import ROOT
from webhook_core.errors import WebhookError
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.parse import parse
from webhook_core.trading.from_alert import intents
from webhook_core.trading.orders import OrderType

PAGE = (ROOT / "examples" / "compose.html").as_uri()
FILLED = {
    "{{ticker}}": "BTCUSD",
    "{{strategy.order.action}}": "buy",
    "{{strategy.order.contracts}}": "0.5",
    "{{strategy.order.price}}": "50000",
    "{{strategy.market_position}}": "long",
    "{{strategy.market_position_size}}": "1",
    "{{strategy.prev_market_position}}": "flat",
    "{{strategy.prev_market_position_size}}": "0",
    "{{strategy.order.id}}": "Long",
    "{{interval}}": "60",
    "{{timenow}}": "2026-11-28T12:00:00Z",
}
"""What TradingView writes for each placeholder."""
BASE = {"token": "a-token-of-the-tests", "symbol": "{{ticker}}", "price": "50000", "volume": "0.5"}
PRICES = {"stop_price": "49000", "trail": "2%", "trail_limit": "+0.5%", "display_volume": "0.1"}
ORDERS = [
    {"action": action, "order_type": kind, "quantity_type": size, **more}
    for action, kind, size in product(
        ["buy", "sell", "strategy"],
        [kind.value for kind in OrderType if kind is not OrderType.SETTLE_POSITION],
        ["base", "quote", "percent_balance", "percent_equity", "percent_position"],
    )
    for more in (
        {},
        {"leverage": "2", "reduce_only": True},
        {"stop_loss": "3%", "time_in_force": "GTD", "expires": "+3600"},
    )
]
TERMS = [
    {
        "action": "buy",
        "order_type": kind,
        "time_in_force": life,
        "post_only": maker,
        "trigger_by": by,
    }
    for kind, life, maker, by in product(
        ["market", "limit", "stop-loss", "iceberg"],
        ["", "GTD", "IOC", "FOK"],
        [False, True],
        ["", "index"],
    )
]
EXITS = [
    {"action": "buy", "order_type": kind, exit_: at, f"{exit_}_limit": limit, "starts": starts,
        "fee_currency": fee, "self_trade": own, "validate": checked}
    for kind, (exit_, at), limit, starts, fee, own, checked in (
        *product(["market", "limit"], [("stop_loss", "3%"), ("take_profit", "60000")],
            ["", "4%"], [""], ["", "quote"], ["cancel-both"], [False]),
        *product(["limit", "stop-loss"], [("take_profit", "2%")], ["", "1%"], ["+60"],
            ["base"], [""], [True]),
    )
]  # fmt: skip
NAMES = ["of_alert", "order_id", "client_order_id"]
IDS = {"of_alert": "trend/1", "order_id": "OUF4EM-FRGI2-MQMWZD", "client_order_id": "mine-1"}
NOTHING = {"price": "", "volume": "", "stop_price": "", "display_volume": ""}
OTHERS = [
    *({"action": "close", "percent": part, "leverage": times} for part,
        times in product(["", "50"], ["", "3"])),
    *({"action": "reverse", "volume": size} for size in ("", "0.2")),
    *(
        {"action": "target", "market_position": where, "market_position_size": "2", **counted}
        for where in ("{{strategy.market_position}}", "long", "short", "flat")
        for counted in ({}, {"quantity_type": "percent_equity", "volume": "50"})
    ),
    *(
        {"action": "cancel", "scope": scope, "side": side, "symbol": pair}
        for scope, side, pair in product(
            ["symbol", "strategy", "all"], ["", "buy", "sell"], ["{{ticker}}", "ETH/USD", ""])
    ),
    *({"action": "cancel", "scope": "one", "which": name, "named": IDS[name]} for name in NAMES),
    *(
        {"action": "amend", "which": name, "named": IDS[name], **NOTHING, **change, **pair}
        for name, change, pair in product(
            NAMES,
            [{"price": "59000"}, {"stop_price": "48000"}, {"volume": "0.2"}, {},
             {"price": "59000", "volume": "0.3", "post_only": True},
             {"volume": "0.3", "display_volume": "0.1"}],
            [{}, {"symbol": ""}],
        )
    ),
    *({"action": action, "paused": of} for action, of in
        product(["pause", "resume"], ["strategy", "all"])),
    {"action": "buy", "quantity_type": "risk_percent", "volume": "1", "stop_loss": "45000"},
    {"action": "buy", "take_profit": "60000", "confirm_fill": True, "id": "a-1",
        "strategy_name": "trend"},
]  # fmt: skip
LEGS = [
    {"action": "cancel", "side": "sell", "symbol": "BTC/USD"},
    {"action": "cancel", "scope": "strategy", "symbol": ""},
    {"action": "cancel", "scope": "all"},
    {"action": "cancel", "scope": "one", "which": "of_alert", "named": "trend/1"},
    {"action": "close", "percent": "50", "symbol": "BTC/USD"},
    {"action": "sell", "order_type": "limit", "price": "61000", "post_only": True},
    {"action": "sell", "order_type": "stop-loss", "symbol": "ETH/USD", "trigger_by": "index"},
    {"action": "strategy", "leverage": "2", "reduce_only": True},
    {"action": "buy", "quantity_type": "quote", "volume": "50", "stop_loss": "2%"},
]
SEVERAL = [
    *product(LEGS, repeat=2),
    *product(LEGS[:2], LEGS[4:6], LEGS[6:]),
    [LEGS[8]] * 10,
]
ALERTS = [
    *([{**BASE, **PRICES, **state}] for state in (*ORDERS, *TERMS, *EXITS, *OTHERS)),
    *([{**BASE, **PRICES, **leg} for leg in legs] for legs in SEVERAL),
    *(
        [{**BASE, **PRICES, **leg, "confirm_fill": True, "id": "a"} for leg in legs]
        for legs in SEVERAL[:9]
    ),
]
TEXTS = ("quantity_type", "time_in_force", "trigger_by", "fee_currency", "self_trade")
AMOUNTS = ("volume", "percent", "price", "stop_price", "display_volume", "take_profit",
    "take_profit_limit", "stop_loss", "stop_loss_limit")  # fmt: skip


@pytest.fixture(scope="module")
def page(driver):
    driver.get(PAGE)
    return driver


COMPOSED = """
    const open = (leg) => Object.fromEntries(
        Object.entries(leg).filter(([name]) => isOpen(name, leg)));
    const text = () => document.getElementById("message").value;
    return arguments[0].map((legs) => {
        setLegs(legs.map((leg) => ({...DEFAULTS, ...leg})));
        const [message, shown] = [text(), getLegs().map(open)];
        const bad = [...document.querySelectorAll("#words .bad")].map((row) => row.textContent);
        if (bad.length) return [message, bad, shown, null, null];
        const { states, faults } = readMessage(message);
        if (states) setLegs(states);
        return [message, bad, shown, text(), faults];
    });"""


def composed(page, state):
    """The message as text, and what the page calls wrong."""
    return page.execute_script(COMPOSED, [[state]])[0][:2]


def read_alert(text):
    for name, value in FILLED.items():
        text = text.replace(name, value)
    body = {key: value for key, value in json.loads(text).items() if key != "token"}
    alert = parse(VerifiedBody(body, "", None, "token", None, None, b""))
    return alert, intents(alert, None)


@pytest.mark.timeout(300)
def test_every_choice_of_the_form_is_read_as_the_form_says_and_back(page):
    good, wrong = [], []
    for text, bad, legs, back, faults in page.execute_script(COMPOSED, ALERTS):
        if bad:
            continue
        good.append(json.loads(text))
        try:
            alert, _ = read_alert(text)
        except WebhookError as refused:
            wrong.append((text, refused.message))
            continue
        if alert.warnings or not all_mean(alert, legs):
            wrong.append((text, alert.warnings))
        if (json.loads(back), faults) != (json.loads(text), []):
            wrong.append((text, back, faults))
    assert wrong == []
    assert len(good) > 450
    assert sum("orders" in message for message in good) == len(SEVERAL) + 9
    assert {message["action"] for message in good if "action" in message} == {
        *("close", "reverse", "target", "cancel", "amend", "pause", "resume")
    }


def all_mean(alert, legs):
    if not alert.orders:
        return len(legs) == 1 and means(alert, legs[0])
    asks = any(leg.get("confirm_fill") for leg in legs)
    if (alert.confirm_fill, alert.id) != (asks, legs[0]["id"] or None):
        return False
    told = [{**leg, "confirm_fill": False, "validate": False} for leg in legs]
    return len(alert.orders) == len(legs) and all(map(means, alert.orders, told))


def means(alert, shown):
    """Whether the alert is what the open fields of the form say; nothing else is in it."""
    action = shown["action"]
    sides = {"strategy": "buy", "buy": "buy", "sell": "sell"}
    is_order = action in sides
    said = {name: FILLED.get(value, value) or None for name, value in shown.items()}
    wanted = {
        "action": "order" if is_order else action,
        "side": sides.get(action, said.get("side")),
        "symbol": said.get("symbol") if action not in ("pause", "resume") else None,
        "scope": None if said.get("scope") == "one" else said.get("scope") or said.get("paused"),
        "starts": bool(said.get("starts")),
        "leverage": int(said["leverage"]) if said.get("leverage") else None,
        "validate_only": bool(said.get("validate")),
    }
    if action in ("cancel", "amend"):  # elsewhere an order_id is context
        wanted |= {name: said["named"] if said.get("which") == name else None for name in IDS}
    if action == "target":  # beside a side it is context
        wanted["market_position"] = said["market_position"]
    wanted |= {name: said.get(name) for name in TEXTS}
    wanted |= {name: bool(said.get(name)) for name in ("reduce_only", "post_only", "confirm_fill")}
    found = {name: getattr(alert, name) for name in wanted}
    found["starts"] = alert.starts is not None
    for known in (wanted, found):
        known["quantity_type"] = known["quantity_type"] or "base"
    return found == wanted and all(
        same_amount(getattr(alert, name), said.get(name) or "") for name in AMOUNTS
    )


def same_amount(value, said):
    if value is None or said == "":
        return value is None and said == ""
    if isinstance(value, Decimal):
        return value == Decimal(said)
    return (value.amount, value.percent) == (Decimal(said.strip("%+-")), said.endswith("%"))


def test_what_the_form_hides_is_neither_sent_nor_told(page):
    state = {**BASE, "action": "cancel", "side": "sell", "scope": "all"}
    text, _ = composed(page, state)
    assert json.loads(text) == {
        "token": BASE["token"], "action": "cancel", "scope": "all", "fired_at": "{{timenow}}",
    }  # fmt: skip
    assert "sells" not in page.find_element(By.ID, "words").text


def test_what_alert_sends_has_no_placeholder_and_each_order_an_id_of_its_own(page):
    amends = {"action": "amend", "named": "a", "volume": "", "price": "{{close}}"}
    for change in ({"action": "cancel"}, {"action": "pause"}, amends):
        composed(page, {**BASE, **change, "token": "t" * 20})
        pine = page.find_element(By.ID, "pine").text
        assert "{{" not in pine
        assert "str.tostring(timenow)" in pine
        assert "timeframe.period" in pine
        assert "another one for each order" in pine
    assert "' + str.tostring(close) + '" in pine
    assert "no placeholders" not in pine
    composed(page, {**BASE, **amends, "price": "{{strategy.order.price}}"})
    assert "alert() fills in no placeholders" in page.find_element(By.ID, "pine").text


def test_a_person_types_and_clicks_and_copies(page):
    page.get(PAGE)
    Select(page.find_element(By.ID, "action")).select_by_value("buy")
    Select(page.find_element(By.ID, "order_type")).select_by_value("limit")
    for name, text in (
        ("price", "48000"),
        ("volume", "0.01"),
        ("stop_loss", "45000"),
        ("token", "t" * 20),
    ):
        field = page.find_element(By.ID, name)
        field.clear()
        field.send_keys(text)
    message = json.loads(page.find_element(By.ID, "message").get_attribute("value"))
    assert message == {
        "token": "t" * 20, "symbol": "{{ticker}}", "side": "buy", "order_type": "limit",
        "volume": "0.01",
        "price": "48000", "stop_loss": "45000", "fired_at": "{{timenow}}",
    }  # fmt: skip
    assert "stop loss at 45000" in page.find_element(By.ID, "words").text
    assert "strategy.entry(" in page.find_element(By.ID, "pine").text
    page.find_element(By.ID, "copy").click()
    assert not page.find_element(By.ID, "trail").is_displayed()


FAULTS = {
    '{"side": "buy"': "no JSON",
    "[1]": "one JSON object",
    '{“side”: "buy"}': "typographic quotes",
    '{TOKEN, "side": "buy", "stop_prce": "1"}': "did you mean stop_price",
    '{TOKEN, "side": "buy", "sentiment": "long"}': "another tool's message",
    '{TOKEN, "side": "buy", "volume": "1", "mood": "long"}': "no field of the bridge's",
    '{TOKEN, "side": "long"}': "side must be buy or sell",
    '{TOKEN, "action": "explode"}': "action explode is none",
    '{TOKEN, "symbol": "BTCUSD"}': "Neither side nor action",
    '{"side": "buy", "fired_at": "x"}': "No token",
    '{"token": "x", "side": "buy"}': "No fired_at",
    '{TOKEN, "side": "buy", "percent": "5"}': "percent does not go with",
    '{TOKEN, "side": "buy", "order_type": "limt"}': "order_type limt is none",
    '{TOKEN, "side": "buy", "volume": "0,5"}': "the decimal sign is a point",
    '{TOKEN, "side": "buy", "volume": 0}': "must be above zero",
    '{TOKEN, "side": "buy", "volume": "{{volume}}"}': "the bar's volume",
    '{TOKEN, "side": "buy", "volume": "{{strategy.contracts}}"}': "fills in nothing of that name",
    '{TOKEN, "side": "buy", "volume": "1", "volume": "2"}': "volume stands in it twice",
    '{TOKEN, "side": "buy", "volume": "1", "qty": "2"}': "says volume a second time",
    '{TOKEN, "secret": "x", "side": "buy"}': "no second one",
    '{TOKEN, "action": "sell", "side": "buy"}': "say two things",
    '{TOKEN, "action": "amend", "volume": "1"}': "The order is missing",
    '{TOKEN, "action": "amend", "of_alert": "a", "symbol": "BTCUSD"}': "Nothing changes",
    '{TOKEN, "action": "cancel", "of_alert": "a", "order_id": "b"}': "each name the order",
    '{TOKEN, "action": "cancel", "of_alert": "a", "side": "buy"}': "do not go with the id",
    '{TOKEN, "action": "cancel", "scope": "all", "side": "buy"}': "narrow it",
    '{TOKEN, "action": "cancel"}': "which orders are canceled",
    '{TOKEN, "action": "cancel", "scope": "mine"}': "scope mine is none",
    '{TOKEN, "action": "close", "symbol": "BTCUSD", "stop_loss": "2%"}': "stop_loss does not go",
    '{TOKEN, "orders": []}': "a list of 1 to 10",
    '{TOKEN, "orders": [{"side": "buy"}, 5]}': "orders[1]: must be a JSON object",
    '{TOKEN, "orders": [{"side": "buy", "token": "x"}]}': "orders[0]: token belongs to",
    '{TOKEN, "orders": [{"side": "up"}]}': "orders[0]: side must be",
    '{TOKEN, "volume": 1, "orders": [{"side": "buy"}]}': "volume belongs into the orders",
    (
        '{TOKEN, "orders": [{"action": "close", "symbol": "BTCUSD"}, {"action": "reverse"}]}'
    ): "an alert of its own",
    '{TOKEN, "side": "buy", "oflags": "post"}': "the form can't show it",
    '{TOKEN, "action": "close", "scope": "strategy"}': "the form can't show a close of every",
}


def read_into(page, text):
    """What the page says of a message that is pasted there."""
    page.execute_script("document.getElementById('existing').value = arguments[0]", text)
    page.find_element(By.ID, "read").click()
    return page.find_element(By.ID, "faults").text


@pytest.mark.parametrize("text", FAULTS)
def test_a_message_with_a_fault_has_it_named(page, text):
    message = text.replace("TOKEN", '"token": "x", "fired_at": "{{timenow}}"')
    assert FAULTS[text] in read_into(page, message)


def test_what_decides_nothing_is_said_to_be_left_out(page):
    said = read_into(page, '{"token": "x", "fired_at": "x", "symbol": "A", "side": "buy", '
        '"volume": 1, "price": "2", "custom_fields": {"a": 1}}')  # fmt: skip
    assert "custom_fields decides nothing" in said
    assert "nothing is wrong" in said


def test_a_number_is_shown_as_it_is_written(page):
    read_into(page, '{"side": "buy", "volume": 12345678.1234567891}')
    assert page.find_element(By.ID, "volume").get_attribute("value") == "12345678.1234567891"


EXAMPLES = sorted(
    path.stem for path in (ROOT / "examples").glob("*.json") if "indexes" not in path.name
)
NOT_SHOWN = {"settle_position": "order_type settle-position is none"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_into_the_form_and_written_alike(page, name):
    text = (ROOT / "examples" / f"{name}.json").read_text("utf-8")
    text = json.dumps({"fired_at": "{{timenow}}", **json.loads(text)})
    states, faults, back = page.execute_script(
        """const { states, faults } = readMessage(arguments[0]); setLegs(states);
        return [states.length, faults, document.getElementById('message').value];""",
        text,
    )
    left = [fault for fault in faults if not fault.startswith("No token")]
    if name in NOT_SHOWN:
        assert NOT_SHOWN[name] in left[0]
        return
    assert left == [], name
    was, now = (read_alert(message)[1] for message in (text, back))
    if name == "target":  # the form says where the strategy came from, too
        now = (now[0]._replace(before=None),)
    assert (states, now) == (len(was), was)


def test_a_person_adds_an_order_to_the_alert_and_takes_it_out_again(page):
    page.get(PAGE)
    Select(page.find_element(By.ID, "action")).select_by_value("cancel")
    page.find_element(By.ID, "add").click()
    page.find_element(By.ID, "percent").send_keys("50")
    page.find_element(By.ID, "strategy_name").send_keys("trend")
    message = json.loads(page.find_element(By.ID, "message").get_attribute("value"))
    assert message["strategy_name"] == "trend"
    assert message["orders"] == [
        {"symbol": "{{ticker}}", "action": "cancel"},
        {"symbol": "{{ticker}}", "action": "close", "percent": "50",
         "price": "{{strategy.order.price}}"},
    ]  # fmt: skip
    assert "2. Sells or buys back 50 %" in page.find_element(By.ID, "words").text
    assert "strategy.close(" in page.find_element(By.ID, "pine").text
    page.find_element(By.CSS_SELECTOR, "#legs button").click()
    assert page.find_element(By.ID, "scope").is_displayed()
    page.find_element(By.ID, "remove").click()
    message = json.loads(page.find_element(By.ID, "message").get_attribute("value"))
    assert (message["action"], message["percent"], "orders" in message) == ("close", "50", False)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_over_the_screen_and_every_field_has_a_label(page, width):
    page.set_window_size(width, 900)
    page.get(PAGE)
    over, unlabelled = page.execute_script(
        """return [document.documentElement.scrollWidth - document.documentElement.clientWidth,
        [...document.querySelectorAll("#form input, #form select")]
            .filter((field) => !field.labels.length).length]"""
    )
    assert (over, unlabelled) == (0, 0)


def test_the_checked_in_page_is_made_from_the_tables_of_today():
    for path in make.PAGES:
        assert path.read_text("utf-8") == make.page(), "python -m examples.compose.make"
