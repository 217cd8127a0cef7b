"""How often the ledger is asked for one alert, and how often for its record alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import cast

from tests.bench.application import deliver, settings_of
from tests.bench.figure import Figure
from tests.bench.sets import Place
from tests.support.counted_store import CountedStore
from webhook_core.bootstrap import assemble, open_venue
from webhook_core.clock import SystemClock
from webhook_core.ledger.opening import open_store
from webhook_core.ledger.store import Store

KINDS: tuple[tuple[str, dict[str, str], int, int], ...] = (
    ("accepted", {}, 200, 0),
    ("denied", {"symbol": "ETHUSD"}, 422, 1),
    ("malformed", {"side": "hold"}, 400, 1),
)


def ledger_calls(place: Place) -> Iterator[Figure]:
    """The calls of a warm instance, and those that it makes beyond one that keeps no history."""
    path = place.folder / "ledger-calls.db"
    settings = settings_of(place.kraken_port, path, ALLOWED_SYMBOLS="BTC/USD")
    clock, counted = SystemClock(), CountedStore(open_store(settings.ledger_url))
    store = cast("Store", counted)
    keeps = assemble(settings, clock, store, open_venue(settings, store, clock))
    forgets = replace(keeps, open_history=None)
    deliver(keeps, "calls, first")
    for kind, fields, status, most in KINDS:
        name = f"calls, {kind}"
        with_it = counted.during(partial(deliver, keeps, name, status, **fields)).total()
        forgotten = partial(deliver, forgets, f"{name} and forgotten", status, **fields)
        without = counted.during(forgotten).total()
        detail = f"{with_it} in all, {without} without a history"
        what = f"ledger calls for its record, {kind} alert"
        yield Figure(what, with_it - without, "calls", most, detail)
