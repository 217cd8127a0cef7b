"""How often Kraken is asked for one alert."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.application import application, deliver
from tests.bench.figure import Figure
from tests.bench.sets import Place
from tests.bench.venue import calls

CAPPED = {"MAX_ORDER_COST": "5000 USD"}


def kraken_calls(place: Place) -> Iterator[Figure]:
    port = place.kraken_port
    limit = {"order_type": "limit", "price": "40000"}
    for name, env, fields, bounds in (
        ("fixed size", {}, {}, (1, 1)),
        ("fixed size, MAX_ORDER_COST asks the ticker once a minute", CAPPED, {}, (2, 1)),
        ("a limit buy, MAX_ORDER_COST asks nothing", CAPPED, limit, (1, 1)),
    ):
        function = application(port, place.folder / "calls.db", **env)
        for warmth, most in zip(("cold", "warm"), bounds, strict=True):
            before = calls(port)
            deliver(function, f"{name} {warmth}", **fields)
            yield Figure(
                f"Kraken calls per alert, {name}, {warmth}", calls(port) - before, "calls", most
            )
