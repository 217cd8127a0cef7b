"""An alert's orders, as they are planned, held against the limits of what is held and what rests.

Only an alert with an order that opens or adds is asked about; for it the owners' documents are read
first, then Kraken's open orders, then, where a limit follows from what is held, the account's
figures, set right for our own orders (planning.read_facts): NotItsTurn where those are in doubt.
In this order an order that fills in between counts twice, never not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.ledger.entry import Unit
from webhook_core.planning.decision import Decided, Wants
from webhook_core.planning.guarded import with_checks
from webhook_core.planning.held_figures import HeldFigures
from webhook_core.planning.open_entries import Open, OpenEntries
from webhook_core.planning.reservations import Entered, Kept, OwnersDocument, Reservations, of_text
from webhook_core.planning.sources import Sources
from webhook_core.planning.wanted_entries import WantedEntries, WantedEntry, may_open
from webhook_core.trading.checks import Check
from webhook_core.trading.held_limits import Counted, held_checks
from webhook_core.trading.orders import Side
from webhook_core.trading.plans import Denied
from webhook_core.trading.rules import Guards, Limits, owned

_ZERO = Decimal(0)


@dataclass(slots=True, eq=False, repr=False)
class _Owner:
    """One owner of such limits; ``kept``: what its document still counts, once that is known."""

    limits: Limits
    guards: Guards
    place: OwnersDocument
    kept: Kept


class HeldLimits:
    """Of one alert."""

    def __init__(self, sources: Sources, wants: Wants, budget: Budget) -> None:
        self.sources, self.wants, self.budget = sources, wants, budget
        self.now = sources.clock.now()
        self.figures = HeldFigures(sources, budget, wants.refused)

    def hold(self, decided: Decided) -> Decided | Denied:
        """Raises NotItsTurn, VenueUnavailable, LedgerUnavailable."""
        rules = self.wants.rules
        if not any(may_open(request, rules) for request in decided.requests):
            return decided
        owners = list(self._owners())
        entries = OpenEntries(self.sources, self.budget)
        most = [owner.guards.max_position or {} for owner in owners]
        counting = WantedEntries(self.sources, self.budget, [code for one in most for code in one])
        wanted = list(counting.of(decided.requests, rules, entries.listed))
        if not wanted:
            return decided
        checks: list[Check] = []
        for owner in owners:
            found = entries.all(owner.kept.reserved)
            owner.kept = owner.kept._replace(pairs=self._still_held(owner, found, wanted))
            checks += self._verdicts(owner, wanted, found)
        held = with_checks(decided.plan, tuple(checks))
        if isinstance(held, Denied):
            return held
        return self._reserving(decided._replace(plan=held), owners, wanted)

    def _owners(self) -> Iterator[_Owner]:
        sources = self.sources
        for owner in self.wants.rules.limits:
            if owner.guards is None or not owner.guards.limits_holdings:
                continue
            name = f"held-limits/{sources.mode}/{sources.account}/{owner.strategy}"
            stored = sources.documents.read(name)
            text = None if stored is None else stored.text
            kept = _without(of_text(text, self.now), self.wants.own)
            yield _Owner(owner, owner.guards, OwnersDocument(name, text, kept), kept)

    def _reserving(
        self, decided: Decided, owners: Sequence[_Owner], wanted: Sequence[WantedEntry]
    ) -> Decided:
        """With what its claim leaves for the plans behind it.

        Its figures are kept only where it takes turns: those of an order beside them may be out of
        date by its claim. Of several reads those are that have counted the same orders.
        """
        places = tuple(owner.place._replace(kept=owner.kept) for owner in owners)
        legs = tuple(one.leg for one in wanted if one.enters)
        kept = Reservations(places, self.wants.strategy, legs)
        if decided.line is None:
            return decided._replace(reserves=kept)
        reads = [(decided.counted, decided.figures), *self.figures.reads]
        counted = next((counted for counted, figures in reads if figures), decided.counted)
        alike: dict[str, Decimal] = {}
        for other, figures in reversed(reads):
            alike |= figures if other == counted else {}
        return decided._replace(reserves=kept, figures=alike, counted=counted)

    def _verdicts(
        self, owner: _Owner, wanted: Sequence[WantedEntry], found: Sequence[Open]
    ) -> Iterator[Check]:
        """The orders of the alert one behind the other: each counts for those after it."""
        before, pairs = list(found), dict(owner.kept.pairs)
        for one in wanted:
            pair, entered = one.leg.pair, pairs.get(one.leg.pair)
            entries = 0 if entered is None else entered.entries
            counted = self._counted(owner, one, before)._replace(
                pairs=sum(key != pair for key in pairs), entries=entries
            )
            for check in held_checks(counted, owner.guards):
                yield owned(check, owner.limits, check.rule.removesuffix("_CURRENCY"))
            before.append(Open.of_leg(one.leg, one.instrument, self.wants.strategy))
            if one.enters:
                pairs[pair] = Entered(entries + 1, self.now, one.leg.margin)

    def _counted(self, owner: _Owner, one: WantedEntry, found: Sequence[Open]) -> Counted:
        leg, pair, whose = one.leg, one.instrument, owner.limits.strategy
        resting = [each for each in found if each.rests and whose in ("", each.strategy)]
        in_pair = [each for each in resting if each.pair is not None and each.pair.key == pair.key]
        adding = [each for each in found if each.adds_to(pair, leg.side, margin=leg.margin)]
        prices = [leg.price, *(each.price for each in adding)]
        limited = owner.guards.max_position is not None
        return Counted(
            instrument=pair,
            side=leg.side,
            held=self.figures.held(pair, margin=leg.margin) if limited else _ZERO,
            open_volume=sum((each.volume for each in adding), _ZERO),
            wanted=leg.volume,
            price=max((price for price in prices if price is not None), default=None),
            resting=len(resting),
            resting_in_pair=len(in_pair),
            rests=leg.rests,
            enters=one.enters,
        )

    def _still_held(
        self, owner: _Owner, found: Sequence[Open], wanted: Sequence[WantedEntry]
    ) -> Mapping[str, Entered]:
        """Of the pairs that were entered, without those that are flat again."""
        guards, left = owner.guards, {}
        if guards.max_open_positions is None and guards.max_entries is None:
            return {}
        own = {one.leg.pair for one in wanted}
        for key, entered in owner.kept.pairs.items():
            pair = self.sources.instrument(key, self.budget)
            asked = key in own or guards.max_open_positions is not None
            waits = any(
                one.adds_to(pair, side, margin=entered.margin) for one in found for side in Side
            )
            if not asked or waits or self.figures.is_held(pair, entered, own):
                left[key] = entered
        return left


def _without(kept: Kept, own: Unit | None) -> Kept:
    """Without what this alert has taken already, where it is planned again."""
    mine = [one for one in kept.reserved if own is not None and one.is_of(own)]
    if not mine:
        return kept
    pairs = dict(kept.pairs)
    for leg in (leg for one in mine for leg in one.legs):
        if leg.pair in pairs:
            pairs[leg.pair] = pairs[leg.pair]._replace(entries=pairs[leg.pair].entries - 1)
    return Kept(tuple(one for one in kept.reserved if one not in mine), pairs)
