"""Which positions a close of a whole scope means: what orders of the bridge have bought and not
sold, of one strategy or of all, and nothing that was bought by hand.

They are kept as the figures of the alert's entry, so that whoever asks again means the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.decision import Decided, Wants
from webhook_core.planning.open_orders import just_canceled, without
from webhook_core.planning.own_exits import OwnExits
from webhook_core.planning.own_positions import OwnPositions
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.intent import CloseOwnIntent
from webhook_core.trading.permits import Permit, pair_check
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rounding import plain

_PREFIX, _MOST = "own ", "most "
_ZERO = Decimal(0)
NONE_HELD = "no order of the bridge has bought what is not sold yet"


class Held(NamedTuple):
    """One position of a strategy. ``volume``: base, below zero for a short. ``most``: no more of it
    is meant, whatever is bought later; None where an order in doubt may belong to it."""

    strategy: str
    symbol: str
    margin: bool
    volume: Decimal
    most: Decimal | None = None

    @property
    def text(self) -> str:
        """For people."""
        base, kind = self.symbol.partition("/")[0], " on margin" if self.margin else ""
        return f"{plain(self.volume)} {base} in {self.symbol}{kind} of strategy {self.strategy}"


def find(
    sources: Sources, strategy: str | None, budget: Budget, *, keeps: bool = True
) -> tuple[Held, ...]:
    """What ``strategy``, or for None every one, has bought and not sold, in an order that stays;
    with 0 where only an order in doubt may have bought some, so that its close looks that up and
    holds up no other, and where only a stop of its own rests. ``keeps``: what is read of the trades
    may be kept.

    Raises NotItsTurn where there is too much to read, VenueUnavailable, LedgerUnavailable.
    """
    positions, read_at = OwnPositions(sources, budget, keeps=keeps), sources.clock.now()
    doubts = positions.doubts = list[LedgerEntry]()
    found = {one[:3]: Held(*one, most=one.volume) for one in positions.all(strategy)}
    for entry in doubts:
        request = entry.current.request
        held = Held(entry.strategy, request.symbol or request.pair, request.on_margin, Decimal(0))
        found[held[:3]] = found.get(held[:3], held)._replace(most=None)
    listed = sources.venue.open_orders(budget) if positions.listed is None else positions.listed
    exits = OwnExits(sources, strategy, None, budget)
    for whose in exits.owners(_without_canceled(sources, listed), read_at):
        found.setdefault(whose, Held(*whose, volume=_ZERO, most=_ZERO))
    return tuple(sorted(found.values()))


def _without_canceled(sources: Sources, listed: Sequence[RestingOrder]) -> tuple[RestingOrder, ...]:
    return without(listed, just_canceled(sources.own_orders).done) if listed else ()


def decided(
    sources: Sources, wants: Wants, intent: CloseOwnIntent, budget: Budget, *, appraised: bool
) -> Decided | Denied:
    """No order of its own: the positions, each of which is closed by itself. A credential of one
    strategy means that one's, whatever the scope. Raises what ``find`` does, UnknownSymbol."""
    of_one = wants.bound or intent.scope == "strategy"
    held = find(sources, wants.strategy if of_one else None, budget, keeps=not appraised)
    if wants.rules.permit is not None:
        refused = _outside(sources, held, wants.rules.permit, budget)
        if refused is not None:
            return refused
    narrowed = wants.bound and intent.scope == "all"
    notes = (f"only what strategy {wants.strategy} bought is meant: its credential asks",)
    said = "; ".join(one.text for one in held)
    return Decided(
        Plan((), notes if narrowed else ()),
        nothing=f"each is closed by an order of its own: {said}" if held else NONE_HELD,
        figures=figures_of(held),
    )


def figures_of(positions: Sequence[Held]) -> dict[str, Decimal]:
    """As an entry keeps them."""
    names = [json.dumps(one[:3]) for one in positions]
    most = {
        _MOST + name: one.most
        for name, one in zip(names, positions, strict=True)
        if one.most is not None
    }
    return {_PREFIX + name: one.volume for name, one in zip(names, positions, strict=True)} | most


def positions_of(figures: Mapping[str, Decimal]) -> tuple[Held, ...]:
    """Those that ``figures_of`` was given."""
    names = [name.removeprefix(_PREFIX) for name in figures if name.startswith(_PREFIX)]
    return tuple(sorted(_held(name, figures) for name in names))


def _held(name: str, figures: Mapping[str, Decimal]) -> Held:
    strategy, symbol, margin = json.loads(name)
    return Held(strategy, symbol, margin, figures[_PREFIX + name], figures.get(_MOST + name))


def _outside(
    sources: Sources, held: Sequence[Held], permit: Permit, budget: Budget
) -> Denied | None:
    """The first position of a pair that the token does not have: then none is closed."""
    for one in held:
        check = pair_check(permit, sources.instrument(one.symbol, budget))
        if not check.passed:
            return denied_by(check, ())
    return None
