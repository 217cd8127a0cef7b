"""The composer with the operator's login, in a real Chromium: a token made by the server, and the
message tried; without the login neither is there."""

from __future__ import annotations

import base64
import json
import secrets

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support import chromium
from tests.support.served_function import check


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    if not chromium.is_there() and not chromium.is_required():
        pytest.skip("chromium or chromedriver is not installed")
    with chromium.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def key():
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="module")
def function(make_function, key):
    return make_function(WEBHOOK_TOKEN_KEYS=f"k1:{key}", MAX_ORDER_COST="1000 USD").start()


@pytest.fixture(scope="module")
def home(function):
    return f"http://127.0.0.1:{function.port}"


def log_in(driver, home, function):
    driver.get(f"{home}/operator")
    driver.delete_all_cookies()
    driver.get(f"{home}/operator")
    driver.find_element(By.NAME, "token").send_keys(function.env["OPERATOR_TOKEN"])
    driver.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(driver, 10).until(lambda driver: driver.title.startswith("Trading"))


def until_shown(driver, name, text=""):
    WebDriverWait(driver, 10).until(
        lambda driver: (
            driver.find_element(By.ID, name).is_displayed()
            and text in driver.find_element(By.ID, name).text
        )
    )
    return driver.find_element(By.ID, name).text


def compose(driver, **fields):
    driver.execute_script("setState({...DEFAULTS, ...arguments[0]})", fields)


def test_a_token_is_made_and_the_message_with_it_is_tried(driver, home, function, key):
    log_in(driver, home, function)
    driver.get(f"{home}/compose")
    until_shown(driver, "with-login")
    compose(driver, action="buy", volume="0.0002", price="50000", strategy_name="trend")
    driver.find_element(By.ID, "mint-pairs").send_keys("BTC/USD")
    driver.find_element(By.ID, "mint").click()
    until_shown(driver, "minted", "in the message now")
    message = driver.find_element(By.ID, "message").get_attribute("value")
    assert '"token": "tk1.k1.' in message
    assert "~p=BTC/USD~e=" in message
    assert key not in driver.page_source
    driver.find_element(By.ID, "try").click()
    shown = until_shown(driver, "tried", "200 validated")
    assert "volume=0.0002" in shown
    assert [row["message"] for row in driver.get_log("browser")] == []
    compose(driver, action="buy", symbol="ETHUSD", volume="0.1", strategy_name="trend")
    driver.find_element(By.ID, "try").click()
    until_shown(driver, "tried", "401 unauthenticated")
    driver.get_log("browser")  # a 401 is told there


def test_another_tools_message_is_tried_as_it_is(driver, home, function):
    log_in(driver, home, function)
    driver.get(f"{home}/compose")
    until_shown(driver, "as-it-is")
    message = {
        "message_type": "bot",
        "bot_id": 1,
        "email_token": function.env["WEBHOOK_TOKEN"],
        "pair": "USD_BTC",
        "action": "add_funds_in_quote",
        "volume": 50,
        "delay_seconds": 0,
    }
    driver.execute_script(
        "document.getElementById('existing').value = arguments[0]", json.dumps(message)
    )
    driver.find_element(By.ID, "try-existing").click()
    shown = until_shown(driver, "tried-existing", "200 validated")
    assert "3Commas' DCA bot" in shown
    assert "volume=50" in shown
    driver.find_element(By.ID, "read").click()
    assert "another tool's message" in until_shown(driver, "faults", "message_type")


def test_the_dialog_is_told_the_address_of_this_function(driver, home):
    driver.get(f"{home}/compose")
    assert f"webhook URL: {home}/webhook/tradingview" in until_shown(driver, "dialog", "URL")


def test_a_refusal_of_the_server_is_said_beside_the_button(driver, home, function):
    log_in(driver, home, function)
    driver.get(f"{home}/compose")
    until_shown(driver, "with-login")
    compose(driver, action="buy", strategy_name="nobody")
    driver.find_element(By.ID, "mint").click()
    assert "trend" in until_shown(driver, "minted", "strategy must be named")
    driver.get_log("browser")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_over_the_screen_and_each_field_has_a_label(driver, home, function, width):
    log_in(driver, home, function)
    driver.set_window_size(width, 900)
    driver.get(f"{home}/compose")
    until_shown(driver, "with-login")
    over, unlabelled = driver.execute_script(
        """return [document.documentElement.scrollWidth - document.documentElement.clientWidth,
        [...document.querySelectorAll("#with-login input")].filter((one) => !one.labels.length)
            .length]"""
    )
    assert (over, unlabelled) == (0, 0)


def test_without_the_login_there_is_only_the_form(driver, home):
    driver.delete_all_cookies()
    driver.get(f"{home}/operator")
    driver.delete_all_cookies()
    driver.get(f"{home}/compose")
    WebDriverWait(driver, 10).until(lambda driver: driver.find_element(By.ID, "message"))
    assert not driver.find_element(By.ID, "with-login").is_displayed()
    assert [row["message"] for row in driver.get_log("browser")] == []


# -- without a browser: what a stranger can try ----------------------------------------------------


def session_of(home, function):
    answer = requests.post(
        f"{home}/operator/login",
        {"token": function.env["OPERATOR_TOKEN"]},
        allow_redirects=False,
        timeout=5,
    )
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


def asked(home, headers, **fields):
    return requests.post(f"{home}/operator/compose/token", fields, headers=headers, timeout=5)


def test_no_token_without_the_session_and_the_proof_of_its_page(home, function):
    good = {"strategy": "trend", "expires": "2026-12-31"}
    mine = session_of(home, function)
    proof = requests.get(f"{home}/operator/compose", headers=mine, timeout=5).json()["proof"]
    nobody = requests.get(f"{home}/operator/compose", timeout=5)
    assert (nobody.status_code, nobody.json()) == (200, {"proof": None})
    assert "no-store" in nobody.headers["cache-control"]
    for headers, given in (({}, {}), ({}, {"proof": proof}), (mine, {}), (mine, {"proof": "x"})):
        answer = asked(home, headers, **good, **given)
        check_refused(answer)
    other = session_of(home, function)
    check_refused(asked(home, other, **good, proof=proof))


def check_refused(answer):
    assert answer.status_code == 401, answer.text
    assert "tk1." not in answer.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"strategy": ""}, "strategy"),
        ({"strategy": "nobody"}, "strategy"),
        ({"expires": ""}, "expires"),
        ({"expires": "2001-01-01"}, "expires"),
        ({"expires": "2999-01-01"}, "expires"),
        ({"max_cost": "much"}, None),
        ({"pairs": "BTC/USD,BTC/USD"}, None),
        ({"pairs": "a~b"}, None),
    ],
)
def test_a_field_that_can_not_be_used_is_a_400(home, function, fields, field):
    mine = session_of(home, function)
    session = requests.get(f"{home}/operator/compose", headers=mine, timeout=5).json()
    good = {"strategy": "trend", "expires": session["expires"], "proof": session["proof"]}
    answer = asked(home, mine, **(good | fields))
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
    made = asked(home, mine, **good, max_cost="200 USD").json()["token"]
    assert "~c=200USD~e=" in made
    token_works = function.alert(token=made, volume="0.0002", price="50000")
    token_works.pop("strategy_name", None)
    check(function.post(token_works, path="/webhook/tradingview/validate"), 200, "validated")
