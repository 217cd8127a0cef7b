"""The operator's page in a real Chromium: a day as its trader lives it, and who may not see it."""

from __future__ import annotations

import re
import urllib.parse
from datetime import UTC, datetime, timedelta

import pytest
import requests
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support import chromium
from tests.support.served_function import check

NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))
RESTING = "[aria-labelledby=held-title]"


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    if not chromium.is_there() and not chromium.is_required():
        pytest.skip("chromium or chromedriver is not installed")
    with chromium.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def function(make_function):
    return make_function(MAX_ORDER_COST="1000 USD").start()


@pytest.fixture(scope="module")
def home(function):
    return f"http://127.0.0.1:{function.port}/operator"


@pytest.fixture
def page(driver, home, function):
    driver.delete_all_cookies()
    driver.get(home)
    driver.find_element(By.NAME, "token").send_keys(function.env["OPERATOR_TOKEN"])
    driver.find_element(By.TAG_NAME, "button").click()
    shows(driver, "Trading")
    yield driver
    assert [row["message"] for row in driver.get_log("browser")] == []


def shows(driver, title):
    WebDriverWait(driver, 10, ignored_exceptions=[WebDriverException]).until(
        lambda driver: driver.title.startswith(title)
    )


def press(driver, text):
    (button,) = [
        one for one in driver.find_elements(By.TAG_NAME, "button") if one.text.startswith(text)
    ]
    button.click()


def body(driver):
    return driver.find_element(By.TAG_NAME, "body").text


def test_a_day_log_in_read_a_refusal_pause_be_refused_and_resume(page, function):
    check(function.post(function.alert(volume="0.01", price="50000")), 200, "accepted")
    check(function.post(function.alert(volume="9", price="50000")), 422, "order_denied")
    page.refresh()
    assert "MAX_ORDER_COST" in body(page)
    assert "trading" in page.find_element(By.TAG_NAME, "h1").text
    limits = page.find_element(By.CSS_SELECTOR, "[aria-labelledby=limits-title]").text
    assert "cost of an order 1000 USD" in limits
    assert "trend pairs BTC/USD" in limits
    page.find_element(By.NAME, "why").send_keys("<b>a look</b>")
    press(page, "Pause")
    shows(page, "Paused")
    assert "<b>a look</b>" in body(page)
    check(function.post(function.alert(volume="0.01", price="50000")), 422, "paused")
    page.refresh()
    shows(page, "Paused")
    press(page, "Resume")
    shows(page, "Trading")
    check(function.post(function.alert(volume="0.01", price="50000")), 200, "accepted")


def test_the_box_cancels_what_rests_with_the_pause(page, function):
    order = function.alert(order_type="limit", volume="0.001", price="40000")
    order_id = check(function.post(order), 200, "accepted")["order_id"]
    page.refresh()
    assert order_id in body(page)
    page.find_element(By.NAME, "cancel").click()
    press(page, "Pause")
    shows(page, "Paused")
    press(page, "Resume")
    shows(page, "Trading")
    assert order_id not in page.find_element(By.CSS_SELECTOR, RESTING).text
    (canceled,) = function.orders(f"operator-cancel-{order_id}")
    assert canceled["state"] == "ACCEPTED"


def test_the_box_closes_what_was_bought_with_the_pause(page, function):
    check(function.post(function.alert(volume="0.01", price="50000")), 200, "accepted")
    page.refresh()
    page.find_element(By.NAME, "close").click()
    press(page, "Pause")
    shows(page, "Paused")
    press(page, "Resume")
    shows(page, "Trading")
    assert function.operate("POST", "/pause?close=true")["closed"]["positions"] == []
    assert function.operate("POST", "/resume").status == 200


def test_what_was_only_tried_is_marked_as_that(page, home, function):
    alert = function.alert(id="only-tried", volume="9", price="50000")
    tried = function.post(alert, path="/webhook/tradingview/validate")
    check(tried, 422, "order_denied")
    page.get(f"{home}?search=only-tried")
    assert "denied, only validated" in body(page)


def test_an_alert_that_was_done_in_part_does_not_look_like_one_that_is_done(page, home, function):
    others = {"token": function.evidence.secrets.strategy_token, "id": "others-order"}
    resting = {"order_type": "stop-loss", "side": "sell", "volume": "0.001", "stop_price": "40000"}
    bought = function.alert(id="all-bought", volume="0.002", price="50000")
    check(function.post(bought), 200, "accepted")
    check(function.post(function.alert(**others | resting)), 200, "accepted")
    closes = NO_ORDER | {"id": "partly-closed", "action": "close", "price": "50000"}
    check(function.post(function.alert(**closes)), 200, "accepted")
    for alert_id, outcome in (("partly-closed", "accepted, in part"), ("all-bought", "accepted")):
        page.get(f"{home}?search={alert_id}")
        (row,) = page.find_elements(By.CSS_SELECTOR, "[aria-labelledby=alerts-title] tbody tr")
        shown = row.find_element(By.CSS_SELECTOR, "[data-name=Outcome]")
        assert (shown.text, "bad" in shown.get_attribute("class")) == (outcome, "," in outcome)
        assert ("BTC are held by open orders" in row.text) == ("," in outcome)


def test_alerts_can_be_searched_and_a_filter_that_is_none_is_named(page, home, function):
    check(
        function.post(function.alert(id="the-needle", volume="9", price="50000")),
        422,
        "order_denied",
    )
    page.get(f"{home}?search=the-needle")
    assert "the-needle" in body(page)
    page.get(f"{home}?search=no-such-thing-at-all")
    assert (
        "the-needle"
        not in page.find_element(By.CSS_SELECTOR, "[aria-labelledby=alerts-title]").text
    )
    page.get(f"{home}?since=sometime")
    assert page.find_element(By.CSS_SELECTOR, "[role=alert]").text
    page.get_log("browser")  # a 400 is told there


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_over_the_screen(page, home, width):
    page.set_window_size(width, 900)
    page.get(home)
    over = page.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over == 0


def test_it_is_dark_where_that_is_preferred(page):
    papers = {}
    for scheme in ("dark", "light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        found = page.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
        papers[scheme] = sum(map(int, re.findall(r"[0-9]+", found)[:3])) / 3
    assert papers["dark"] < 60
    assert papers["light"] > 240


def test_amounts_have_the_decimals_of_their_pair(page, function, home):
    order = function.alert(order_type="limit", volume="0.0025", price="41000")
    check(function.post(order), 200, "accepted")
    assert function.operate("POST", "/reconcile").status == 200
    page.get(home)
    assert "0.00250000" in page.find_element(By.CSS_SELECTOR, RESTING).text
    assert "41000.0" in page.find_element(By.CSS_SELECTOR, RESTING).text
    money = page.find_element(By.CSS_SELECTOR, "[aria-labelledby=money-title] tbody")
    cells = [cell.text for cell in money.find_elements(By.CSS_SELECTOR, "td.number")]
    assert re.fullmatch(r"-?[0-9]+\.[0-9]{5}", cells[2])
    assert re.fullmatch(r"-?[0-9]+\.[0-9]{8}", cells[4])


@pytest.fixture
def without_scripts(driver, page):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    yield page
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_it_works_without_javascript(without_scripts, home):
    page = without_scripts
    page.get(home)
    assert " here)" not in body(page)  # what a script would have added
    press(page, "Pause")
    shows(page, "Paused")
    press(page, "Resume")
    shows(page, "Trading")
    press(page, "Log out")
    shows(page, "Log in")


@pytest.fixture
def zone(driver):
    def be_in(name):
        driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": name})

    yield be_in
    be_in("UTC")


def test_times_stand_in_utc_and_in_the_zone_of_whoever_looks(page, home, function, zone):
    check(function.post(function.alert(id="when", volume="9", price="50000")), 422, "order_denied")
    zone("Asia/Kolkata")
    page.get(f"{home}?search=when")
    shown = page.find_element(By.CSS_SELECTOR, "[aria-labelledby=alerts-title] time")
    at = datetime.fromisoformat(shown.get_attribute("datetime"))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    there = at + timedelta(hours=5, minutes=30)
    both = re.fullmatch(r"(.*) \((.*) here\)", shown.text)
    assert both[1] == f"{at:%m-%d %H:%M:%S}"
    assert both[2] in (f"{there:%H:%M}", f"{there:%I:%M}\u202f{there:%p}", f"{there:%I:%M %p}")
    zone("UTC")
    page.get(f"{home}?search=when")
    assert " here)" not in body(page)


def test_a_wrong_token_logs_nobody_in_and_logging_out_ends_it(driver, home, function):
    driver.delete_all_cookies()
    driver.get(home)
    driver.find_element(By.NAME, "token").send_keys("a-wrong-token-of-a-guesser")
    driver.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(driver, 10).until(lambda driver: "not the operator token" in driver.page_source)
    driver.find_element(By.NAME, "token").send_keys(function.env["OPERATOR_TOKEN"])
    driver.find_element(By.TAG_NAME, "button").click()
    shows(driver, "Trading")
    (cookie,) = driver.get_cookies()
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    press(driver, "Log out")
    shows(driver, "Log in")
    assert driver.get_cookies() == []
    copied = {"cookie": f"{cookie['name']}={cookie['value']}"}
    assert "<title>Log in" in requests.get(home, headers=copied, timeout=10).text
    driver.get_log("browser")


# -- without a browser: what a stranger can try ----------------------------------------------------


def session_of(home, function):
    asked = requests.post(
        f"{home}/login", {"token": function.env["OPERATOR_TOKEN"]}, allow_redirects=False, timeout=5
    )
    assert (asked.status_code, asked.headers["location"]) == (303, "/operator")
    return asked.headers["set-cookie"].partition(";")[0]


def test_a_form_without_its_session_or_its_proof_changes_nothing(home, function):
    cookie = session_of(home, function)
    shown = requests.get(home, headers={"Cookie": cookie}, timeout=5).text
    (proof, *_) = re.findall(r'name="proof" value="([0-9a-f]{64})"', shown)
    other = session_of(home, function)
    tries = [
        ({}, {"proof": proof}, 303),
        ({"Cookie": cookie}, {}, 401),
        ({"Cookie": cookie}, {"proof": "0" * 64}, 401),
        ({"Cookie": other}, {"proof": proof}, 401),
        ({"Cookie": cookie[:-1] + ("0" if cookie[-1] != "0" else "1")}, {"proof": proof}, 303),
        ({"Cookie": cookie.replace("=", "=9")}, {"proof": proof}, 303),
    ]
    for headers, form, status in tries:
        answer = requests.post(
            f"{home}/pause", form, headers=headers, allow_redirects=False, timeout=5
        )
        assert answer.status_code == status
    assert "/operator/resume" not in requests.get(home, headers={"Cookie": cookie}, timeout=5).text


@pytest.mark.parametrize(
    "form", ["", "token", "token=%FF%00", "token=" + "x" * 5000, "&" * 100, "a=1&" * 100]
)
def test_any_login_form_is_answered(form, home):
    answer = requests.post(f"{home}/login", form, allow_redirects=False, timeout=5)
    assert answer.status_code in (401, 429)
    assert "set-cookie" not in answer.headers


def test_the_page_says_nothing_to_strangers_and_nothing_of_it_is_kept(home):
    answer = requests.get(home, timeout=5)
    assert "Log in" in answer.text
    assert "trading" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "proof" not in urllib.parse.urlsplit(answer.url).query


def test_without_an_operator_token_there_is_no_page(make_function):
    function = make_function(OPERATOR_TOKEN=None).start()
    for method, path in (("get", ""), ("post", "/login"), ("post", "/pause")):
        answer = getattr(requests, method)(
            f"http://127.0.0.1:{function.port}/operator{path}", timeout=5
        )
        assert answer.status_code == 404
