"""The alerts of one seed: single orders, several legs, or the positions of a strategy.

What each of them may come to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from random import Random

from tests.simulation.chaos import Chaos
from tests.simulation.world import SECOND, START

TOKEN = "simulated-token-0123456789abcdef"
UNIT = Decimal("0.001")
"""Positions are whole multiples of it."""
SHAPES: Sequence[Sequence[int]] = (
    *(
        (0, 1),
        (0, -1),
        (1, 0),
        (1, 2),
        (2, 1),
        (-1, 0),
        (3, 1),
        (-2, -1),
        (1, -1),
        (-1, 1),
        (2, -3),
        (-3, 1),
    ),
    *((1, 0, -1), (-1, 0, 1), (2, 0, 1), (1, 0, 2), (-2, 0, -1), (0, 1, 2), (1, -1, -2)),
    *((1, 0, 1), (0, 1, 0), (-1, 0, -1), (1, -1, 1), (2, 1, 2)),
    *((3, 2, 1, 0), (0, 1, 2, 3), (2, 1, 0, -1), (0, 1, 2, 0)),
)
"""The positions through which one bar may lead: one order, an exit and an entry, there and back,
three exits of a third."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a strategy goes, in order: ``number``.

    Those of one ``bar`` fire in one second, along ``path``.
    """

    number: int
    bar: int
    path: Sequence[int]
    before: Decimal
    after: Decimal

    @property
    def is_told_apart(self) -> bool:
        """The positions alone say the order of any two of that bar, whichever of them come, and
        wherever the account is."""
        changes = [after - before for before, after in pairwise(self.path)]
        one_way = all(change > 0 for change in changes) or all(change < 0 for change in changes)
        return one_way or (len(changes) == 2 and self.path[0] != self.path[2])

    @property
    def is_there_and_back(self) -> bool:
        return len(self.path) == 3 and self.path[0] == self.path[2]


@dataclass(frozen=True, slots=True)
class Alert:
    """``volumes``, a leg each, are unlike any other alert's, so that the venue's book shows whose
    order it has. One that is sized by what is held has none: a target's ``step`` says where it
    leads, without one it closes the position.

    ``firings``: when it is sent, in microseconds. ``rival``: the volume of another body
    under the same id. ``stays_good``: its body has an id and no time, so that it can be
    sent again at any time.
    """

    name: str
    body: bytes
    volumes: tuple[str, ...]
    firings: tuple[int, ...]
    repeats: bool = False
    stays_good: bool = False
    rival: str | None = None
    step: Step | None = None

    @property
    def digest(self) -> str:
        """By which a ledger's entry knows it."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """``margin``: the positions are held with leverage. ``held``: base on the account, or the
    position, before everything."""

    alerts: tuple[Alert, ...]
    margin: bool = False
    held: Decimal = Decimal(0)


def draw(random: Random, chaos: Chaos, kind: str) -> Plan:
    """``kind``: single, legs or target."""
    if kind == "target":
        return _targets(random, chaos)
    return Plan(tuple(_singles(random, chaos) if kind == "single" else _legs(random)))


def _singles(random: Random, chaos: Chaos) -> list[Alert]:
    """One to four alerts of every kind of identity; some with a rival."""
    alerts: list[Alert] = []
    for _ in range(random.choice((1, 1, 2, 3))):
        alert = _single(random, len(alerts), rival_of=None)
        alerts.append(alert)
        if alert.stays_good and not chaos.calm and random.random() < 0.15:
            alerts.append(_single(random, len(alerts), rival_of=alert))
    return alerts


def _single(random: Random, number: int, rival_of: Alert | None) -> Alert:
    volume = f"0.005{number + 1:05}"
    fires_at = int(random.random() * 20 * SECOND)
    fields: dict[str, object] = {
        "symbol": "ETH/USD" if random.random() < 0.15 else "BTC/USD",
        **order_of(random, volume),
    }
    kind = "id" if rival_of else random.choice(("id", "id", "id and time", "time", "none"))
    name = f"alert-{number}"
    if "id" in kind:
        fields["id"] = name if rival_of is None else rival_of.name
    if "time" in kind:
        fields["fired_at"] = _seconds(fires_at)
    firings = (
        (fires_at,)
        if kind != "none" or random.random() < 0.5
        else (fires_at, fires_at + 130 * SECOND)
    )
    return Alert(
        name=name,
        body=written(fields),
        volumes=(volume,),
        firings=firings,
        repeats=kind == "none",
        stays_good=kind == "id",
        rival=rival_of.volumes[0] if rival_of else None,
    )


def order_of(random: Random, volume: str) -> Mapping[str, str]:
    draw = random.random()
    fields = {"side": "buy", "volume": volume}
    if draw < 0.5:
        return {**fields, "order_type": "limit", "price": "50000.5"}
    return {**fields, "price": "50000"} if draw < 0.75 else fields


def _legs(random: Random) -> list[Alert]:
    """One or two alerts of two or three orders each."""
    alerts = []
    for number in range(random.choice((1, 1, 2))):
        volumes = tuple(
            f"0.005{number + 1:03}{leg + 1:02}" for leg in range(random.choice((2, 3, 3)))
        )
        fires_at = int(random.random() * 20 * SECOND)
        kind = random.choice(("id", "id and time", "time"))
        fields: dict[str, object] = {
            "symbol": "BTC/USD",
            "orders": [order_of(random, volume) for volume in volumes],
        }
        if "id" in kind:
            fields["id"] = f"alert-{number}"
        if "time" in kind:
            fields["fired_at"] = _seconds(fires_at)
        alerts.append(
            Alert(f"alert-{number}", written(fields), volumes, (fires_at,), stays_good=kind == "id")
        )
    return alerts


def _targets(random: Random, chaos: Chaos) -> Plan:
    """One strategy that goes on bar by bar; now and then other orders in the same
    pair come in between."""
    margin = random.random() < 0.5
    terms = {"symbol": "BTC/USD", **({"leverage": "2"} if margin else {})}
    alerts: list[Alert] = []
    at, bars = 0, random.choice((1, 2, 2, 3))
    position: int | None = None
    start = Decimal(0)
    for bar in range(bars):
        path = random.choice(
            [shape for shape in SHAPES if position is None or shape[0] == position]
        )
        if position is None:
            start = path[0] * UNIT if margin else max(path[0] * UNIT, Decimal(0))
        for before, after in pairwise(path):
            step = Step(len(alerts), bar, path, before * UNIT, after * UNIT)
            alerts.append(_target(random, chaos, step, at, terms))
        position = path[-1]
        at += random.choice((1, 2, 5, 12, 40, 75)) * SECOND
    likeness = random.random() < 0.4
    fired = [alert.firings[0] for alert in alerts]
    besides = range(random.choice((1, 2)) if random.random() < 0.35 else 0)
    alerts += [_beside(random, number, fired, terms, likeness=likeness) for number in besides]
    return Plan(tuple(alerts), margin, start)


def _target(
    random: Random, chaos: Chaos, step: Step, fired_at: int, terms: Mapping[str, str]
) -> Alert:
    name = f"target-{step.number}"
    fields: dict[str, object] = {"action": "target", **terms, "fired_at": _seconds(fired_at)}
    for prefix, position in (("prev_", step.before), ("", step.after)):
        fields[f"{prefix}market_position"] = (
            "long" if position > 0 else "short" if position < 0 else "flat"
        )
        fields[f"{prefix}market_position_size"] = f"{abs(position):f}"
    if random.random() < 0.5:
        fields["price"] = "50000"
    if random.random() < 0.5:
        fields["id"] = name
    late = 0 if chaos.calm or random.random() < 0.6 else chaos.seconds(0, 12)
    sent_at = fired_at + step.number * 1000 + late
    return Alert(name, written(fields), (), (sent_at,), step=step)


def _beside(
    random: Random, number: int, fired: Sequence[int], terms: Mapping[str, str], *, likeness: bool
) -> Alert:
    """A close, or an order of a fixed size at the market, mostly about when a target comes, or a
    minute before. ``likeness``: it changes as much as a target may; else no two of these add up to
    a position that a target may have."""
    name, closes = f"beside-{number}", random.random() < 0.25
    own = Decimal(2 + 3 * number) / 10000 + Decimal(number + 1) / 10**8
    volume = f"{UNIT if likeness else own:f}"
    order = (
        {"action": "close"}
        if closes
        else {"side": random.choice(("buy", "buy", "sell")), "volume": volume}
    )
    before, after = random.choice(((0, 1), (0, 1), (5, 0), (70, -50)))
    fires_at = max(0, random.choice(fired) + int(random.uniform(-before, after) * SECOND))
    volumes = () if closes else (volume,)
    return Alert(
        name, written({**terms, **order, "id": name}), volumes, (fires_at,), stays_good=not closes
    )


def _seconds(at: int) -> str:
    return str((int(START.timestamp()) * SECOND + at) // SECOND)


def written(fields: Mapping[str, object]) -> bytes:
    return json.dumps({**fields, "token": TOKEN}).encode()
