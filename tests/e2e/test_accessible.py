"""The pages for people, looked at by axe-core: light and dark, on a phone and on a desk."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support import axe, chromium
from tests.support.served_function import check

SCREENS = [(360, "light"), (1280, "light"), (1280, "dark")]


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    found = axe.fetched(tmp_path_factory.mktemp("axe"))
    if found is None and not axe.is_required():
        pytest.skip("npm is missing or can't reach its registry")
    assert found is not None, "axe-core could not be fetched"
    return found


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    if not chromium.is_there() and not chromium.is_required():
        pytest.skip("chromium or chromedriver is not installed")
    with chromium.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def home(make_function, driver):
    """Of a function with a day behind it, logged in."""
    function = make_function(MAX_ORDER_COST="1000 USD").start()
    check(function.post(function.alert(volume="0.01", price="50000")), 200, "accepted")
    check(function.post(function.alert(volume="9", price="50000")), 422, "order_denied")
    resting = function.alert(order_type="limit", volume="0.01", price="40000")
    check(function.post(resting), 200, "accepted")
    assert function.operate("POST", "/reconcile").status == 200
    assert function.operate("POST", "/pause?strategy=trend").status == 200
    return function, f"http://127.0.0.1:{function.port}"


def on_screen(driver, width, scheme):
    driver.set_window_size(width, 900)
    scheme = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_nobody_is_kept_out_of_a_page(driver, home, script, width, scheme):
    function, address = home
    on_screen(driver, width, scheme)
    driver.get(f"{address}/operator")
    driver.delete_all_cookies()
    found = {}
    for page in ("/operator", "/compose"):
        driver.get(f"{address}{page}")
        found[f"{page}, nobody"] = axe.faults(driver, script)
    driver.get(f"{address}/operator")
    driver.find_element(By.NAME, "token").send_keys(function.env["OPERATOR_TOKEN"])
    driver.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(driver, 10).until(lambda driver: driver.title.startswith("Paused"))
    for page in ("/operator", "/compose"):
        driver.get(f"{address}{page}")
        found[f"{page}, operator"] = axe.faults(driver, script)
    assert {page: lines for page, lines in found.items() if lines} == {}


def test_the_check_sees_what_is_wrong(driver, home, script):
    """A field without a label, text that nobody can read."""
    driver.get(f"{home[1]}/compose")
    driver.execute_script(
        """document.querySelector("main").insertAdjacentHTML("beforeend", "<input>");
        const text = document.querySelector("header p").style;
        text.color = "#eee"; text.background = "#fff";"""
    )
    found = {line.partition(":")[0] for line in axe.faults(driver, script)}
    assert {"label", "color-contrast"} <= found
