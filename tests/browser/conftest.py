from __future__ import annotations

import pytest

from tests.support import chromium


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    if not chromium.is_there() and not chromium.is_required():
        pytest.skip("chromium or chromedriver is not installed")
    with chromium.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(autouse=True)
def _the_console_stays_empty(driver):
    yield
    assert [row["message"] for row in driver.get_log("browser")] == []
