"""One cold start to the first order, as a whole process: ``python -m tests.bench.cold SPAWNED_AT
bare|ours [LIBRARY…]``.

Prints CPU seconds (user and system, from the start of the process on, every thread of it), wall
seconds since the caller's ``SPAWNED_AT`` (time.monotonic()), peak memory, and CPU seconds by stage.
``bare`` is the least that anybody pays: Python, the given libraries and one krakenex order.
``ours`` is the function as it is deployed, its settings in the environment, on a ledger that has
never met it: functions-framework builds its app around main.py, and the first alert goes through
that app to its answer. Nothing is imported here that either side lacks: what both pay makes any
ratio look better.

The stages: ``start`` is Python and functions-framework; ``import`` is main.py, up to the point
where it could answer; ``secrets``, ``ledger`` and ``Kraken`` are what the first alert makes of
them, opened and used; ``plan`` is all the rest of that request.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time

MAIN = os.path.abspath(__file__ + "/../../../main.py")  # noqa: PTH100  pathlib is an import
TOKEN = "7c1e90b2f4d85a36e0b7c94d"  # live refuses one that reads like words
KEY, SECRET = "bench-key", "YmVuY2gtc2VjcmV0LWJlbmNoLXNlY3JldA=="


class StageClock:
    """CPU seconds by stage.

    There is one stage at a time; one inside another is counted for itself alone.
    """

    def __init__(self, stage: str) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = stage, 0.0

    def enter(self, stage: str) -> str:
        """Returns the stage that it ends."""
        before, now = self._stage, time.process_time()
        self.seconds[before] = self.seconds.get(before, 0.0) + now - self._since
        self._stage, self._since = stage, now
        return before

    def around(self, stage, function):
        def timed(*arguments, **options):
            before = self.enter(stage)
            try:
                return function(*arguments, **options)
            finally:
                self.enter(before)

        return timed

    def opened(self, stage, open_):
        """``open_`` and every later call of what it returns."""
        clock = self

        class Opened:
            def __init__(self, inner):
                self._inner = inner

            def __getattr__(self, name):
                found = getattr(self._inner, name)
                return clock.around(stage, found) if callable(found) else found

        return clock.around(
            stage, lambda *arguments, **options: Opened(open_(*arguments, **options))
        )


def bare(_clock: StageClock, libraries: list[str]) -> None:
    for library in libraries:
        importlib.import_module(library)
    import krakenex

    api = krakenex.API(KEY, SECRET)
    api.uri = os.environ["KRAKEN_API_URL"]
    order = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
    assert api.query_private("AddOrder", order, timeout=3)["result"]["txid"]


def ours(clock: StageClock, _libraries: list[str]) -> None:
    import functions_framework

    # Flask imports it anyway; its own test client would cost extra.
    from werkzeug.test import (
        EnvironBuilder,
    )

    clock.enter("import")
    app = functions_framework.create_app("webhook", MAIN, "http")
    from webhook_core import bootstrap
    from webhook_core.settings import (
        completion as configuration,  # main.py has loaded them: nothing of ours before it does
    )

    secrets = configuration.Configuration
    secrets.completed = clock.around("secrets", secrets.completed)
    bootstrap.open_store = clock.opened("ledger", bootstrap.open_store)
    bootstrap.open_venue = clock.opened("Kraken", bootstrap.open_venue)
    clock.enter("plan")
    order = {
        "token": TOKEN,
        "symbol": "BTCUSD",
        "side": "buy",
        "volume": "0.01",
        "price": "60000",
        "id": f"bench-{os.getpid()}",  # a bare number may be short, which is warned of
    }
    alert = EnvironBuilder(
        "/webhook/tradingview", method="POST", data=json.dumps(order)
    ).get_environ()
    statuses = []
    body = b"".join(app(alert, lambda status, _headers, _error=None: statuses.append(status)))
    answer, mode = json.loads(body), os.environ.get("TRADING_MODE", "paper")
    assert (statuses, answer["code"], answer["mode"]) == (["200 OK"], "accepted", mode), body


def main(spawned_at: str, what: str, *libraries: str) -> None:
    clock = StageClock("start")
    {"bare": bare, "ours": ours}[what](clock, list(libraries))
    clock.enter("end")
    wall_s, cpu_s = time.monotonic() - float(spawned_at), time.process_time()
    print(
        json.dumps(
            {"cpu_s": cpu_s, "wall_s": wall_s, "peak_mib": peak_mib(), "stages": clock.seconds}
        )
    )


def peak_mib() -> float:
    """Of this process alone: ru_maxrss begins at what the one that forked it had (getrusage(2))."""
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123  pathlib is an import
            return next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
