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
OTHERS = [
    *({"action": "close", "percent": part, "leverage": times} for part,
        times in product(["", "50"], ["", "3"])),
    *({"action": "reverse", "volume": size} for size in ("", "0.2")),
    *(
        {"action": "target", "market_position": where, "market_position_size": "2"}
        for where in ("{{strategy.market_position}}", "long", "short", "flat")
    ),
    *(
        {"action": "cancel", "scope": scope, "side": side}
        for scope, side in product(["symbol", "strategy", "all"], ["", "buy", "sell"])
    ),
    {"action": "buy", "quantity_type": "risk_percent", "volume": "1", "stop_loss": "45000"},
    {"action": "buy", "take_profit": "60000", "confirm_fill": True, "id": "a-1",
        "strategy_name": "trend"},
]  # fmt: skip
STATES = [{**BASE, **PRICES, **state} for state in (*ORDERS, *TERMS, *OTHERS)]
AMOUNTS = ("volume", "percent", "price", "stop_price", "display_volume", "take_profit", "stop_loss")


@pytest.fixture(scope="module")
def page(driver):
    driver.get(PAGE)
    return driver


def composed(page, state):
    """The message as text, what the page calls wrong, and the state that the open fields have."""
    return page.execute_script(
        """setState({...DEFAULTS, ...arguments[0]}); const state = getState();
        const open = Object.fromEntries(
            Object.entries(state).filter(([name]) => isOpen(name, state)));
        return [document.getElementById("message").value,
            [...document.querySelectorAll("#words .bad")].map((row) => row.textContent),
            open];""",
        state,
    )


def read_alert(text):
    for name, value in FILLED.items():
        text = text.replace(name, value)
    body = {key: value for key, value in json.loads(text).items() if key != "token"}
    alert = parse(VerifiedBody(body, "", None, "token", None, None, b""))
    return alert, intents(alert, None)


@pytest.mark.timeout(300)
def test_every_choice_of_the_form_is_read_as_the_form_says_and_back(page):
    shown_good, wrong = 0, []
    for state in STATES:
        text, bad, shown = composed(page, state)
        if bad:
            continue
        shown_good += 1
        try:
            alert, _ = read_alert(text)
        except WebhookError as refused:
            wrong.append((state, refused.message))
            continue
        back, faults = page.execute_script(
            "const read = readMessage(arguments[0]); setState(read.state);"
            "return [document.getElementById('message').value, read.faults];",
            text,
        )
        if alert.warnings or not means(alert, shown):
            wrong.append((state, text, alert.warnings))
        if (json.loads(back), faults) != (json.loads(text), []):
            wrong.append((state, back, faults))
    assert wrong == []
    assert shown_good > 300


def means(alert, shown):
    """Whether the alert is what the open fields of the form say; nothing else is in it."""
    action = shown["action"]
    sides = {"strategy": "buy", "buy": "buy", "sell": "sell"}
    if (alert.action, alert.side) != (
        ("order", sides[action]) if action in sides else (action, shown.get("side") or None)
    ):
        return False
    for name in AMOUNTS:
        said = FILLED.get(shown.get(name) or "", shown.get(name) or "")
        if not same_amount(getattr(alert, name), said):
            return False
    texts = ["quantity_type", "time_in_force", "trigger_by", "scope"]
    texts += ["market_position"] if action == "target" else []  # beside a side it is context
    defaults = {"quantity_type": "base", "scope": "symbol"}
    for name in texts:
        said = FILLED.get(shown.get(name) or "", shown.get(name) or "")
        if (getattr(alert, name) or "") != said and said != defaults.get(name):
            return False
    flags = ("reduce_only", "post_only", "confirm_fill")
    return all(getattr(alert, name) == bool(shown.get(name)) for name in flags) and (
        alert.leverage == (int(shown["leverage"]) if shown.get("leverage") else None)
    )


def same_amount(value, said):
    if value is None or said == "":
        return value is None and said == ""
    if isinstance(value, Decimal):
        return value == Decimal(said)
    return (value.amount, value.percent) == (Decimal(said.strip("%+-")), said.endswith("%"))


def test_what_the_form_hides_is_neither_sent_nor_told(page):
    state = {**BASE, "action": "cancel", "side": "sell", "scope": "all"}
    text, _, _ = composed(page, state)
    assert json.loads(text) == {
        "token": BASE["token"], "action": "cancel", "scope": "all", "fired_at": "{{timenow}}",
    }  # fmt: skip
    assert "sells" not in page.find_element(By.ID, "words").text


def test_what_alert_sends_has_no_placeholder_and_each_order_an_id_of_its_own(page):
    composed(page, {**BASE, "action": "cancel", "token": "t" * 20})
    pine = page.find_element(By.ID, "pine").text
    assert "{{" not in pine
    assert "str.tostring(timenow)" in pine
    assert "timeframe.period" in pine
    assert "another one for each order" in pine


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
    (
        '{"token": "x", "side": "buy", "stop_prce": "1", "fired_at": "{{timenow}}"}'
    ): "did you mean stop_price",
    (
        '{"token": "x", "side": "buy", "sentiment": "long", "fired_at": "x"}'
    ): "no field of the bridge's",
    '{"token": "x", "side": "long", "fired_at": "x"}': "side must be buy or sell",
    '{"token": "x", "action": "explode", "fired_at": "x"}': "action explode is none",
    '{"token": "x", "symbol": "BTCUSD", "fired_at": "x"}': "Neither side nor action",
    '{"side": "buy", "fired_at": "x"}': "No token",
    '{"token": "x", "side": "buy"}': "No fired_at",
    '{"token": "x", "side": "buy", "percent": "5", "fired_at": "x"}': "percent does not go with",
    (
        '{"token": "x", "side": "buy", "order_type": "limt", "fired_at": "x"}'
    ): "order_type limt is none",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_message_with_a_fault_has_it_named(page, text):
    page.execute_script("document.getElementById('existing').value = arguments[0]", text)
    page.find_element(By.ID, "read").click()
    assert FAULTS[text] in page.find_element(By.ID, "faults").text


def test_the_examples_can_be_read_into_the_form(page):
    for name in ("tradingview_alert", "tradingview_target", "close_half", "cancel_symbol", "limit"):
        text = (ROOT / "examples" / f"{name}.json").read_text("utf-8")
        faults = page.execute_script("return readMessage(arguments[0]).faults", text)
        left = [fault for fault in faults if not fault.startswith(("No token", "No fired_at"))]
        assert left == [], name


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
