"""The whole way once, on this machine: the function as it is deployed, a paper Kraken,
and real HTTP in between.

Starts functions-framework with environment variables only, sends a signed alert, sends it
again, forges one, asks for the account, and stops. Every step is checked; the exit status
is 1 if one is not as promised.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
SECRET, TOKEN, OPERATOR = (secrets.token_urlsafe(32) for _ in range(3))
START_S = 30
TICK = "\N{CHECK MARK}" if (sys.stdout.encoding or "").lower().startswith("utf") else "ok:"


class BrokenPromise(Exception):
    """A step did not do what it should have."""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, function(Path(folder)) as port:
        try:
            show_everything(port)
        except BrokenPromise as broken:
            show(f"\n  NOT AS PROMISED: {broken}")
            return 1
    show(
        "\nThat was the deployed entry point under functions-framework, trading on a paper Kraken "
        "in the same process."
    )
    show(
        "Next: `make serve` leaves it running; examples/README.md says what to type into "
        "TradingView."
    )
    return 0


def show_everything(port: int) -> None:
    headline("1  A signed alert becomes one order")
    alert = {
        "id": f"demo-{secrets.token_hex(4)}",
        "fired_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "strategy_name": "demo",
        "symbol": "BTCUSD",
        "side": "buy",
        "order_type": "market",
        "volume": "0.0123456789",
        "price": "60000",
    }
    body = json.dumps(alert).encode()
    first = post(port, body, {"X-Signature": signature(body)})
    expect(first.status == 200, "a signed alert is accepted", first)
    expect(first.answer["mode"] == "paper", "the mode is paper", first)
    order = first.answer["orders"][0]
    expect(
        order["request"]["volume"] == "0.01234567", "the volume is rounded down to the lot", first
    )
    say(f"sent to Kraken: {json.dumps(order['request'])}")
    say(f"order {first.answer['order_id']}, client order id {first.answer['client_order_id']}")

    headline("2  TradingView resends it: same order, nothing traded")
    again = post(port, body, {"X-Signature": signature(body)})
    expect(
        again.status == 200 and again.answer["replayed"], "the resend gets the stored answer", again
    )
    expect(again.answer["order_id"] == first.answer["order_id"], "it is the same order", again)

    headline("3  The same id with another size is refused")
    other = json.dumps({**alert, "volume": "1"}).encode()
    conflict = post(port, other, {"X-Signature": signature(other)})
    expect(conflict.status == 409, "an id counts once", conflict)

    headline("4  A forgery is refused")
    forged = post(port, other, {"X-Signature": signature(body)})
    expect(forged.status == 401, "a wrong signature is refused", forged)
    guessed = post(port, json.dumps({**alert, "token": "a-guessed-token-of-somebody"}).encode(), {})
    expect(guessed.status == 401, "a wrong token is refused", guessed)

    headline("5  TradingView itself: no headers, the token is in the message")
    sale = {
        **alert,
        "id": f"{alert['id']}-b",
        "token": TOKEN,
        "side": "sell",
        "volume": "0.005",
        "price": "61000",
    }
    sold = post(port, json.dumps(sale).encode(), {})
    expect(sold.status == 200, "an alert with the token is accepted", sold)

    headline("6  What the paper account holds now")
    account = get(port, "/account")
    expect(account.status == 200, "the operator sees the account", account)
    balances = {asset: row["balance"] for asset, row in account.answer["balances"].items()}
    say(json.dumps(balances))
    # bought 0.01234567 at 60000 and sold 0.005 at 61000, 0.80 % taker fee each, from
    # 10000 USD and 1 BTC
    expect(balances["XXBT"].startswith("1.00734567"), "1 BTC + 0.01234567 - 0.005", account)
    expect(
        balances["ZUSD"].startswith("9555.8938"),
        "10000 - 740.7402 - 5.92592 + 305 - 2.44 USD",
        account,
    )
    orders = get(port, "/orders").answer["orders"]
    expect(len(orders) == 2, "the ledger holds two orders, one for each alert", account)

    headline("7  What the strategy earned")
    read = exchange(port, "POST", "/reconcile", b"", {"Authorization": f"Bearer {OPERATOR}"})
    expect(read.answer["trades"] == 2, "reconcile reads the account's two trades", read)
    report = get(port, "/report")
    (row,) = report.answer["rows"]
    say(json.dumps(row))
    # sold 0.005 for 305 that had cost 300, and paid 5.92592 + 2.44 of fees
    expect(row["realised"].startswith("-3.365"), "305 - 300 - 8.36592 USD", report)

    headline("8  Why an alert did not trade is kept")
    refused = get(port, "/alerts?refused=true")
    (row,) = refused.answer["alerts"]
    expect(row["outcome"] == "conflict", "the one with another size is in the list", refused)
    say(f"{row['asked']}: {row['reason']}")


class Response:
    def __init__(self, status: int, text: bytes) -> None:
        self.status = status
        self.answer: dict[str, Any] = json.loads(text)


@contextlib.contextmanager
def function(folder: Path) -> Iterator[int]:
    """The function on a free loopback port; its log is shown only if it does not start.

    It runs in a folder of its own, so that a strategies.toml or a ledger of yours
    is none of its business.
    """
    port = free_port()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_TOKEN": TOKEN,
        "OPERATOR_TOKEN": OPERATOR,
        "LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}",
    }
    command = [sys.executable, "-m", "functions_framework", "--target", "webhook"]
    command += ["--source", str(PROJECT / "main.py"), "--host", "127.0.0.1", "--port", str(port)]
    log = (folder / "function.log").open("w+")
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        wait_until_up(port, process)
        yield port
    except BrokenPromise:
        log.seek(0)
        show(log.read())
        raise
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            if get(port, "/webhook/health").status == 200:
                return
        time.sleep(0.05)
    raise BrokenPromise("the function did not start")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def post(port: int, body: bytes, headers: dict[str, str]) -> Response:
    return exchange(
        port, "POST", "/webhook/tradingview", body, {"Content-Type": "application/json", **headers}
    )


def get(port: int, path: str) -> Response:
    return exchange(port, "GET", path, None, {"Authorization": f"Bearer {OPERATOR}"})


def exchange(
    port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> Response:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Response(response.status, response.read())
    finally:
        connection.close()


def expect(kept: bool, promise: str, response: Response) -> None:
    if not kept:
        raise BrokenPromise(
            f"{promise}; status {response.status}, answer {json.dumps(response.answer)}"
        )
    say(f"{TICK} {promise}")


def headline(text: str) -> None:
    show(f"\n{text}")


def say(text: str) -> None:
    show(f"     {text}")


def show(text: str) -> None:
    """A line of standard output. Who has stopped reading, as ``head`` does, misses the rest."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
