"""One cold start to the first order, as a whole process: ``python -m tests.bench.cold bare|paper|live PORT FOLDER``.

Prints CPU seconds and peak memory. ``bare`` is the least that anybody pays: the three imports and one krakenex order.
"""

from __future__ import annotations

import json
import os
import resource
import sys

TOKEN = "bench-token-bench-token"


def bare(port: str, _folder: str) -> None:
    import functions_framework  # noqa: F401
    import krakenex
    import pydantic  # noqa: F401

    from tests.bench.venue import KEY, SECRET

    api = krakenex.API(KEY, SECRET)
    api.uri = f"http://127.0.0.1:{port}"
    order = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
    assert api.query_private("AddOrder", order, timeout=3)["result"]["txid"]


def ours(mode: str, port: str, folder: str) -> None:
    from tests.bench.venue import KEY, SECRET

    os.environ |= {"WEBHOOK_TOKEN": TOKEN, "LEDGER_URL": f"sqlite:///{folder}/ledger.db", "LOG_LEVEL": "ERROR"}
    if mode == "live":
        os.environ |= {
            "TRADING_MODE": "live", "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET, "ALLOWED_SYMBOLS": "*",
            "MAX_ORDER_COST": "none", "KRAKEN_API_URL": f"http://127.0.0.1:{port}",
        }  # fmt: skip
    import functions_framework

    client = functions_framework.create_app("webhook", "main.py", "http").test_client()
    alert = {
        "token": TOKEN,
        "symbol": "BTCUSD",
        "side": "buy",
        "volume": "0.01",
        "price": "60000",
        "id": str(os.getpid()),
    }
    response = client.post("/webhook/tradingview", data=json.dumps(alert))
    assert response.status_code == 200, response.text


if __name__ == "__main__":
    what, *where = sys.argv[1:]
    bare(*where) if what == "bare" else ours(what, *where)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}))
