"""Takes the pictures of the operator's page for the documents: python -m tests.screenshots

A function on paper lives a busy day in a minute, and a real Chromium looks at its page.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support import chromium
from tests.support.evidence import Evidence
from tests.support.served_function import Function

HERE = Path(__file__).parent
SCREENS = {"desk": (1000, None), "phone": (390, 1100)}
"""Width and height, in pixels of the page; None: all of it."""
STRATEGIES = """
[breakout]
token = "env:BREAKOUT_TOKEN"
allowed_symbols = ["BTC/USD", "ETH/USD"]
orders_per_day = 20
expect_every = "26h"
[trend]
token = "env:TREND_TOKEN"
allowed_symbols = ["BTC/USD"]
max_order_cost = "700 USD"
"""
ETH = {"symbol": "ETHUSD", "strategy_name": "breakout"}
BTC = {"symbol": "BTCUSD", "strategy_name": "trend"}
DAY = [
    (BTC | {"volume": "0.01", "price": "60000"}, 200),
    (ETH | {"volume": "0.2", "price": "3000"}, 200),
    (BTC | {"volume": "0.02", "price": "60100"}, 422),
    (ETH | {"side": "sell", "volume": "0.1", "price": "3090"}, 200),
    (BTC | {"side": "sell", "volume": "0.01", "price": "60900"}, 200),
    (ETH | {"side": "hold", "volume": "0.1", "price": "3090"}, 400),
    (BTC | {"order_type": "limit", "volume": "0.01", "price": "58000"}, 200),
    (ETH | {"symbol": "SOLUSD", "volume": "1", "price": "200"}, 422),
    (ETH | {"side": "sell", "volume": "0.05", "price": "2960"}, 200),
]


def live_a_day(function: Function) -> None:
    assert function.operate("POST", "/reconcile").status == 200  # so that the day's loss is known
    for number, (fields, status) in enumerate(DAY, 1):
        answer = function.post(function.alert(id=f"{fields['strategy_name']}-{number}", **fields))
        assert answer.status == status, answer.body
    assert function.operate("POST", "/reconcile").status == 200


def log_in(driver: Chrome, function: Function) -> None:
    driver.get(f"http://127.0.0.1:{function.port}/operator")
    driver.find_element(By.NAME, "token").send_keys(function.env["OPERATOR_TOKEN"])
    driver.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(driver, 10).until(lambda driver: driver.title.startswith("Trading"))


def take(driver: Chrome, path: Path, width: int, height: int | None) -> None:
    set_size(driver, width, height or 1000)
    driver.refresh()
    if height is None:
        set_size(driver, width, driver.execute_script("return document.body.scrollHeight"))
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    path.write_bytes(base64.b64decode(shot["data"]))


def set_size(driver: Chrome, width: int, height: int) -> None:
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        evidence = Evidence(home / "evidence")
        (home / "strategies.toml").write_text(STRATEGIES, "utf-8")
        env = {
            "LEDGER_URL": f"sqlite:///{home / 'ledger.db'}",
            "STRATEGIES_FILE": str(home / "strategies.toml"),
            "WEBHOOK_TOKEN": evidence.secrets.token,
            "OPERATOR_TOKEN": evidence.secrets.operator,
            "BREAKOUT_TOKEN": evidence.secrets.strategy_token,
            "TREND_TOKEN": evidence.secrets.kraken_key,
            "MAX_ORDER_COST": "1000 USD",
            "MAX_DAILY_LOSS": "150 USD",
        }
        function = Function(env, home / "output.log", evidence).start()
        try:
            live_a_day(function)
            with chromium.browser(home / "profile") as driver:
                log_in(driver, function)
                for screen, (width, height) in SCREENS.items():
                    take(driver, HERE / f"operator-{screen}.png", width, height)
        finally:
            function.stop()


if __name__ == "__main__":
    main()
