"""What the claims under one owner's limits of holdings leave for the plans after them, in a
document beside the ledger.

It is read before the account is, and written in one step with the claim, only over what was read:
so no two alerts take the last place. It has the orders of the last minutes, which Kraken may not
show yet and some of which are still to be sent, and how many entries each pair has taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from webhook_core.errors import LedgerUnavailable, NotItsTurn
from webhook_core.ledger.entry import Unit
from webhook_core.trading.orders import Side

KEPT = timedelta(minutes=5)
"""An alert is fresh for a minute or two, and Kraken's reads lag by one."""


class Overtaken(NotItsTurn):
    """Another claim came in between: the plan rests on old facts."""


class Leg(NamedTuple):
    """One order that opens or adds. ``leg``: its number in the alert. ``pair``: its key; ``volume``
    base; ``price``: the highest that it is known by, None where nobody asked for one."""

    leg: int
    pair: str
    side: Side
    volume: Decimal
    price: Decimal | None
    margin: bool
    rests: bool


class Reserved(NamedTuple):
    """The orders of one alert."""

    at: datetime
    alert_key: str
    generation: int
    strategy: str
    legs: tuple[Leg, ...]

    def is_of(self, unit: Unit) -> bool:
        return (self.alert_key, self.generation) == (unit.alert_key, unit.generation)


class Entered(NamedTuple):
    """How many entries a pair has taken since it was flat, and when the last one was claimed."""

    entries: int
    at: datetime
    margin: bool


class Kept(NamedTuple):
    """``pairs``: by key."""

    reserved: tuple[Reserved, ...] = ()
    pairs: Mapping[str, Entered] = {}


class OwnersDocument(NamedTuple):
    """One owner's document: its text as the plan read it, and what stays of it."""

    name: str
    text: str | None
    kept: Kept


class Reservations(NamedTuple):
    """What a plan wants to take; ``takes`` once its alert has a unit."""

    places: tuple[OwnersDocument, ...]
    strategy: str
    legs: tuple[Leg, ...]

    def takes(self, unit: Unit, now: datetime) -> tuple[HeldTake, ...]:
        mine = Reserved(now, unit.alert_key, unit.generation, self.strategy, self.legs)
        return tuple(
            HeldTake(place.name, place.text, to_text(_with(place.kept, mine)))
            for place in self.places
        )


class HeldTake(NamedTuple):
    """(ledger.takes)"""

    name: str
    seen: str | None
    then: str

    def after(self, text: str | None) -> str | None:
        """Raises Overtaken."""
        if (text or None) != (self.seen or None):
            raise Overtaken(
                "Another alert came in between; nothing was sent, and sending it again soon is "
                "safe."
            )
        return self.then


def to_text(kept: Kept) -> str:
    """As it is stored."""
    alerts = [
        [one.at.isoformat(), one.alert_key, one.generation, one.strategy, _rows(one.legs)]
        for one in kept.reserved
    ]
    pairs = {key: [one.entries, one.at.isoformat(), one.margin] for key, one in kept.pairs.items()}
    return json.dumps({"alerts": alerts, "pairs": pairs}, separators=(",", ":"))


def of_text(text: str | None, now: datetime) -> Kept:
    """Without what is older than the last minutes. Raises LedgerUnavailable for a text that is none
    of ours."""
    if not text:
        return Kept()
    try:
        stored = json.loads(text)
        alerts = [
            Reserved(datetime.fromisoformat(at), key, int(generation), strategy, _legs(legs))
            for at, key, generation, strategy, legs in stored["alerts"]
        ]
        pairs = {
            key: Entered(int(entries), datetime.fromisoformat(at), bool(margin))
            for key, (entries, at, margin) in stored["pairs"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation):
        raise LedgerUnavailable(
            "The ledger is not available: what the limits of holdings count can't be read."
        ) from None
    return Kept(tuple(one for one in alerts if one.at > now - KEPT), pairs)


def _with(kept: Kept, mine: Reserved) -> Kept:
    pairs = dict(kept.pairs)
    for leg in mine.legs:
        before = pairs.get(leg.pair)
        entries = 1 if before is None else before.entries + 1
        pairs[leg.pair] = Entered(entries, mine.at, leg.margin)
    return Kept((*kept.reserved, mine), pairs)


def _rows(legs: Sequence[Leg]) -> list[list[object]]:
    return [
        [one.leg, one.pair, one.side.value, f"{one.volume:f}", _price(one), one.margin, one.rests]
        for one in legs
    ]


def _price(leg: Leg) -> str | None:
    return None if leg.price is None else f"{leg.price:f}"


def _legs(rows: Sequence[Sequence[Any]]) -> tuple[Leg, ...]:
    return tuple(
        Leg(
            leg=int(leg),
            pair=str(pair),
            side=Side(side),
            volume=Decimal(volume),
            price=None if price is None else Decimal(price),
            margin=bool(margin),
            rests=bool(rests),
        )
        for leg, pair, side, volume, price, margin, rests in rows
    )
