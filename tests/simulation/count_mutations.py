"""The counting of entries, broken on purpose, as ``mutations`` breaks the protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.simulation.mutations import Mutation
from tests.simulation.run import COUNTED
from tests.simulation.watch import Invariant
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.contract import Claim, Documents, Ledger
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.ledger.takes import Take
from webhook_core.sending import places
from webhook_core.sending.claims import Claiming
from webhook_core.sending.entry_counts import CountedAlert

_claim_entry = Claiming._claim_entry


def _count_after_the_claim(self: Claiming, entry: LedgerEntry) -> Claim:
    """Looked at before, written behind: two at once find the same place."""
    documents: Documents = self.decider.pair_rules.documents
    after = []
    for take in entry.takes:
        stored = documents.read(take.name)
        after.append((take.name, take.after(None if stored is None else stored.text)))
    claim = _claim_entry(self, replace(entry, takes=()))
    for name, text in after:
        stored = documents.read(name)
        if text is not None:
            documents.write(name, text, stored)
    return claim


def _count_before_the_claim(
    claim: Callable[[], Claim],
    takes: Sequence[Take],
    _unit: Unit,
    store: tuple[Ledger, Documents],
) -> Claim:
    """A place for an alert whose claim is never made, and none given back."""
    documents = store[1]
    for take in takes:
        stored = documents.read(take.name)
        text = take.after(None if stored is None else stored.text)
        if text is not None:
            documents.write(take.name, text, stored)
    return claim()


def _take_nothing(_self: MemoryLedger, _entry: LedgerEntry) -> None:
    """The claim without its places."""


def _settled_by_a_guess(one: CountedAlert, *_: Any) -> CountedAlert:
    """Whatever is not known as accepted gives its place back."""
    return one._replace(orders=0, legs=()) if one.legs else one


COUNT_MUTATIONS = (
    Mutation(
        "count_after_the_claim",
        ((Claiming, "_claim_entry", _count_after_the_claim),),
        Invariant.WITHIN_THE_COUNT,
        COUNTED,
    ),
    Mutation(
        "count_before_the_claim",
        ((places, "with_places_given_back", _count_before_the_claim),),
        Invariant.A_PLACE_IS_A_PLACE,
        COUNTED,
    ),
    Mutation(
        "unknown_gives_its_place_back",
        ((places, "_settled", _settled_by_a_guess),),
        Invariant.WITHIN_THE_COUNT,
        COUNTED,
    ),
    Mutation(
        "claim_without_its_places",
        ((MemoryLedger, "_take", _take_nothing),),
        Invariant.WITHIN_THE_COUNT,
        COUNTED,
    ),
)
