"""One cold start to the first order, as a whole process: ``python -m tests.bench.cold bare|paper|live PORT FOLDER``.

Prints CPU seconds (user and system, from the start of the process on) and peak memory. ``bare`` is the least that anybody
pays: the three imports and one krakenex order. ``paper`` and ``live`` are the function as it is deployed, on a ledger that
does not exist yet: functions-framework builds its app around main.py, and the first alert goes through that app to its
answer. Nothing is imported here that either side lacks: what both pay makes any ratio look better.
"""

from __future__ import annotations

import json
import os
import resource
import sys

MAIN = os.path.abspath(__file__ + "/../../../main.py")  # noqa: PTH100  pathlib is an import
TOKEN = "bench-token-bench-token"
KEY, SECRET = "bench-key", "YmVuY2gtc2VjcmV0LWJlbmNoLXNlY3JldA=="


def bare(port: str, _folder: str) -> None:
    import functions_framework  # noqa: F401
    import krakenex
    import pydantic  # noqa: F401

    api = krakenex.API(KEY, SECRET)
    api.uri = f"http://127.0.0.1:{port}"
    order = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
    assert api.query_private("AddOrder", order, timeout=3)["result"]["txid"]


def ours(mode: str, port: str, folder: str) -> None:
    ledger = f"sqlite:///{folder}/cold-{mode}-{os.getpid()}.db"
    os.environ |= {"WEBHOOK_TOKEN": TOKEN, "LEDGER_URL": ledger, "LOG_LEVEL": "ERROR"}
    if mode == "live":
        os.environ |= {
            "TRADING_MODE": "live", "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET, "ALLOWED_SYMBOLS": "*",
            "MAX_ORDER_COST": "none", "KRAKEN_API_URL": f"http://127.0.0.1:{port}",
        }  # fmt: skip
    import functions_framework
    from werkzeug.test import EnvironBuilder  # flask imports it anyway; its own test client would cost extra

    app = functions_framework.create_app("webhook", MAIN, "http")
    order = {"token": TOKEN, "symbol": "BTCUSD", "side": "buy", "volume": "0.01", "price": "60000", "id": "first"}
    alert = EnvironBuilder("/webhook/tradingview", method="POST", data=json.dumps(order)).get_environ()
    statuses = []
    body = b"".join(app(alert, lambda status, _headers, _error=None: statuses.append(status)))
    answer = json.loads(body)
    assert (statuses, answer["code"], answer["mode"]) == (["200 OK"], "accepted", mode), body


if __name__ == "__main__":
    what, *where = sys.argv[1:]
    bare(*where) if what == "bare" else ours(what, *where)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}))
