"""A leg of an alert of several that was not sent with the others: what is sent for it now.

While nothing of an alert has been sent, all of it is planned anew: so the figures that it was
planned on are those of now, and the legs behind can be held against them. After that the plan
stands, and with it the size of each leg, as long as the account holds what it held then and what
the legs before it have changed since; what those have filled Kraken says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn, OrderDenied
from webhook_core.ledger import transitions
from webhook_core.ledger.contract import later_legs
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State
from webhook_core.planning.decide import Decider
from webhook_core.planning.least_held import sells_all
from webhook_core.planning.own_changes import change_within, own_figure, position_key
from webhook_core.planning.read_facts import Reading
from webhook_core.sending import own_sales, traded_before_cancels
from webhook_core.sending.decided_again import decided_again
from webhook_core.sending.firing import Firing
from webhook_core.sending.own_sales import is_own_sale
from webhook_core.sending.parts_again import is_part, no_further, one_of_several
from webhook_core.sending.progress import found_none_open, is_plain_cancel
from webhook_core.trading.intent import NoOrder, PositionIntent
from webhook_core.trading.lagging_figures import DUST
from webhook_core.trading.needs import depends_on_holdings
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill, OrderRequest
from webhook_core.value import replace

_ZERO = Decimal(0)
Counted = tuple[OrderRequest | NoOrder | OrderDenied, str | None]


@dataclass(slots=True, eq=False, repr=False)
class LegsAgain:
    """Of one delivery of an alert of several legs.

    ``deadline_s`` is how long after its claim Kraken may still take an order.
    """

    decider: Decider
    firing: Firing
    deadline_s: int

    def next_attempt(self, entry: LedgerEntry, first: LedgerEntry, budget: Budget) -> LedgerEntry:
        """The attempt for a leg that was not sent, at the end of its entry. Raises WebhookError."""
        anew = self._planned_anew(entry, budget) if self._is_all_unsent(entry) else None
        if anew is not None:
            return anew
        now, request = self.decider.clock.now(), entry.current.request
        if entry.turn is None or not request.counted:
            # A cancel changes no figure: what was held before its first attempt tells those behind.
            cancels = request.method == "CancelOrder"
            return transitions.next_attempt(
                entry, request, now, self.deadline_s, keeps_figures=cancels
            )
        counted, mark = self.counted(first, entry, budget)
        match counted:
            case OrderRequest():
                renewed = transitions.next_attempt(entry, counted, now, self.deadline_s)
            case OrderDenied():
                renewed = transitions.next_denied(entry, now, counted.message)
            case _:
                renewed = transitions.next_nothing(entry, now, counted.why)
        return replace(renewed, turn=entry.turn._replace(mark=mark))

    def counted(self, first: LedgerEntry, leg: LedgerEntry, budget: Budget) -> Counted:
        """The request of a leg as of now, or why there is none; and the line's mark then.

        An exit is counted again where the account holds something else than when it was planned,
        and Kraken decides about the planned one where that is denied, or can't be told from its
        request. Any other is sent as planned or not at all: raises NotItsTurn.
        """
        request, turn = leg.current.request, leg.turn
        if request.waits:
            from webhook_core.sending.waiting_rest import count_rest  # few exits wait

            return count_rest(self.decider, self.firing.wants, first, leg, budget)
        if request.exits or is_own_sale(request, self.firing.wants):
            behind = self._behind_cancels(first, leg, budget)
            if behind is not None:
                return behind
        if request.exits:
            return self._exit(first, leg, budget)
        if turn is None:
            return request, None
        mark = self.decider.ledger.mark(turn.line)
        before = self._filled(first, leg, budget)
        now, then = self._figures(leg, budget), first.figures
        # There is none for a share of the equity with leverage, which a leg leaves as it was.
        if any(name not in then for name in now):
            raise _is_outdated()
        for name, figure in now.items():
            changes = [self._change(entry, name, fill, budget) for entry, fill in before]
            differs = figure - then[name] - sum((change for change, _ in changes), _ZERO)
            if abs(differs) > DUST + sum((off for _, off in changes), _ZERO):
                raise _is_outdated()
        return request, mark

    def _behind_cancels(
        self, first: LedgerEntry, leg: LedgerEntry, budget: Budget
    ) -> Counted | None:
        """By what the alert cancels before it; None where that tells nothing."""
        legs = [first, *later_legs(self.decider.ledger, first)][: leg.unit.leg]
        if not any(map(is_plain_cancel, legs)):
            return None
        exits = leg.current.request.exits
        counted_behind = traded_before_cancels.counted if exits else own_sales.counted
        return counted_behind(self.decider, self.firing.wants, legs, leg, budget)

    def _is_all_unsent(self, entry: LedgerEntry) -> bool:
        """None of the legs behind it is claimed before leg 0 is done."""
        requests = (entry.current.request, *entry.following)
        is_first = entry.unit.leg == 0 and requests[0].method == "AddOrder"
        return is_first and any(one.counted for one in requests)

    def _planned_anew(self, entry: LedgerEntry, budget: Budget) -> LedgerEntry | None:
        """None where it comes to another number of orders by now: then each leg is for itself, but
        for an exit from all, which leads to the same whatever its orders are."""
        now, firing = self.decider.clock.now(), self.firing
        try:
            decided = decided_again(self.decider, firing.wants, budget)
        except OrderDenied as denied:
            ended = transitions.next_denied(entry, now, denied.message)
            return replace(ended, warnings=(*firing.warnings, *denied.notes))
        first, *rest = decided.requests or (None,)
        differs = len(rest) != len(entry.following)
        if first is None or (differs and not sells_all(firing.wants.intents)):
            return None
        return replace(
            transitions.next_attempt(entry, first, now, self.deadline_s),
            following=tuple(rest),
            figures=decided.figures,
            counted_until=decided.counted.until,
            counted=decided.counted.named,
            turn=firing.turn(decided),
            warnings=(*firing.warnings, *decided.plan.notes),
        )

    def _exit(self, first: LedgerEntry, leg: LedgerEntry, budget: Budget) -> Counted:
        request, turn, wants = leg.current.request, leg.turn, self.firing.wants
        closes = [one for one in wants.intents if isinstance(one, PositionIntent)]
        if turn is None or not closes:
            return request, None
        mark = self.decider.ledger.mark(turn.line)
        if len(closes) > 1:
            return one_of_several(self.decider, wants, closes, (first, leg), budget), mark
        return self._only_exit(closes[0], first, leg, budget), mark

    def _only_exit(
        self, close: PositionIntent, first: LedgerEntry, leg: LedgerEntry, budget: Budget
    ) -> OrderRequest | NoOrder | OrderDenied:
        request, whole = leg.current.request, self.firing.wants
        try:
            has_fired = any(map(found_none_open, (first, *later_legs(self.decider.ledger, first))))
            intent = _with_its_side(close, request, first, has_fired=has_fired)
            alone = whole._replace(intents=(intent,), refused=leg.unit)
            decided = decided_again(self.decider, alone, budget)
        except OrderDenied as denied:
            return denied if close.own else request
        if decided.nothing:
            return NoOrder(decided.symbol, decided.nothing)
        now = decided.figures
        is_same = now and all(first.figures.get(name) == figure for name, figure in now.items())
        if is_same and not close.own:  # what is the strategy's own shows in no figure
            return request
        is_all = len(whole.intents) == 1  # and then it may have to buy by now
        orders = [one for one in decided.requests if not one.waits]
        meant = [one for one in orders if one.exits or (is_all and not one.freeing)]
        if not meant:
            if any(one.method == "AddOrder" for one in orders):
                raise _is_outdated()  # by now it is an order of another kind that is wanted
            return NoOrder(decided.symbol, "what was to be sold is not held any more")
        # Its stop is canceled, whatever this plan finds in its way.
        again, pair = meant[0]._replace(exits=True), self.decider.instrument(request.pair, budget)
        return no_further(again, (first, leg), now, pair) if is_part(close) else again

    def _figures(self, leg: LedgerEntry, budget: Budget) -> Mapping[str, Decimal]:
        """Those of the account as of now that the sizes of this alert follow from."""
        sized = [one for one in self.firing.wants.intents if depends_on_holdings(one)]
        pairs = [
            self.decider.instrument(one.symbol, budget) if one.symbol else None for one in sized
        ]
        legs = list(zip(sized, pairs, strict=True))
        return Reading(self.decider, budget, refused=leg.unit).of(legs).figures

    def _filled(
        self, first: LedgerEntry, leg: LedgerEntry, budget: Budget
    ) -> list[tuple[LedgerEntry, Fill]]:
        """Each order of the legs before this one, and what it has filled; kept, so that the figures
        are held against the same. Raises NotItsTurn while that is not known."""
        from webhook_core.sending.fills import Fills

        decider = self.decider
        stored = decider.ledger.find(first.unit) or first
        legs = (stored, *later_legs(decider.ledger, stored))
        before = [entry for entry in legs if entry.unit.leg < leg.unit.leg]
        orders = [entry for entry in before if entry.current.request.method == "AddOrder"]
        placed = [entry for entry in orders if entry.state is State.ACCEPTED]
        if any(entry.state not in TERMINAL for entry in orders):
            raise _is_outdated()
        kept = Fills(decider.ledger, decider.venue, decider.clock, decider.read_lag).asked(
            placed, budget
        )
        found = [(entry, entry.current.fill) for entry in kept]
        if any(fill is None for _, fill in found):
            raise _is_outdated()
        return [(entry, fill) for entry, fill in found if fill is not None]

    def _change(
        self, entry: LedgerEntry, name: str, fill: Fill, budget: Budget
    ) -> tuple[Decimal, Decimal]:
        """What its fill changed of that figure, and how far off that may be."""
        instrument_of = self.decider.known_pairs(budget)
        return change_within(entry, name, instrument_of, fill) or (_ZERO, _ZERO)


def _with_its_side(
    intent: PositionIntent, request: OrderRequest, first: LedgerEntry, *, has_fired: bool
) -> PositionIntent:
    """A reversal leads where it was planned to, though an exit of ours, which was to be canceled,
    has turned the position since."""
    if intent.action != "reverse" or not has_fired:
        return intent
    held = own_figure(first.figures) if intent.own else None
    held = first.figures.get(position_key(request.pair)) if held is None else held
    size = intent.target or abs(held or _ZERO)
    signed = size if request.side is Side.BUY else -size
    return intent._replace(action="target", target=signed) if size else intent


def _is_outdated() -> NotItsTurn:
    return NotItsTurn(
        "The account holds something else than when this leg was counted, so it is not sent."
    )
