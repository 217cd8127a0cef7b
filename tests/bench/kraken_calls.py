"""How often Kraken is asked for one alert."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.application import application, deliver
from tests.bench.figure import Figure
from tests.bench.sets import Place
from tests.bench.venue import calls


def kraken_calls(place: Place) -> Iterator[Figure]:
    port = place.kraken_port
    for name, env, bound in (
        ("fixed size", {}, 1),
        ("fixed size, MAX_ORDER_COST asks the ticker", {"MAX_ORDER_COST": "5000 USD"}, 2),
    ):
        function = application(port, place.folder / "calls.db", **env)
        for warmth in ("cold", "warm"):
            before = calls(port)
            deliver(function, f"{name} {warmth}")
            yield Figure(
                f"Kraken calls per alert, {name}, {warmth}", calls(port) - before, "calls", bound
            )
