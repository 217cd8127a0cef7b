"""An exit that has begun: the stop that stood in its way is canceled, and what that held is not
sold yet. It is ended, whatever has been paused in between, for nothing protects the position any
more; but nothing is opened by it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning import own_changes
from webhook_core.trading.facts import part_of
from webhook_core.trading.orders import Side
from webhook_core.trading.plans import NOT_OPENED, undone
from webhook_core.trading.reduces import exit_of_request
from webhook_core.trading.requests import OrderRequest
from webhook_core.value import replace

ONLY_EXITS = "its stop was canceled, so the position is closed; nothing more was opened, since "


def ended(leg: LedgerEntry, before: Sequence[LedgerEntry], why: str) -> LedgerEntry | None:
    """What may be claimed in place of a leg that is held back, ``why``: the same where it cancels
    or only reduces; a reversal as far as it closes. None where no stop of its pair is canceled for
    it by the legs ``before``."""
    request = leg.current.request
    canceled = any(_has_canceled_a_stop(one, request.symbol) for one in before)
    if not canceled or not (request.exits or request.freeing):
        return None
    if request.method == "CancelOrder" or exit_of_request(request) is not None:
        return replace(leg, begun=True)
    if not request.on_margin or request.words is not None:
        return None
    held = _held_then(before[0], request)
    if held == 0 or (held is not None and (held > 0) == (request.side is Side.BUY)):
        return None
    attempt = replace(leg.current, request=_only_reducing(request, held))
    said = undone(NOT_OPENED, f"{ONLY_EXITS}{why[:1].lower()}{why[1:]}")
    told = (*leg.warnings, said)
    return replace(leg, attempts=(*leg.attempts[:-1], attempt), warnings=told, begun=True)


def _has_canceled_a_stop(entry: LedgerEntry, symbol: str) -> bool:
    request = entry.current.request
    is_cancel = request.method == "CancelOrder" and request.freeing
    return is_cancel and entry.state is State.ACCEPTED and request.symbol == symbol


def _held_then(first: LedgerEntry, request: OrderRequest) -> Decimal | None:
    """What the alert was planned on, signed base: the position, or the strategy's own part of it.
    None where the ledger has neither."""
    position = first.figures.get(own_changes.position_key(request.pair))
    own = first.figures.get(own_changes.own_key(request.pair))
    return position if own is None or position is None else part_of(position, own)


def _only_reducing(request: OrderRequest, position: Decimal | None) -> OrderRequest:
    """As much as was held when the alert was planned. Kraken would cancel what is too much, with an
    error (docs.kraken.com, add-order, ``reduce_only``: EOrder:Reduce only:Position is closed)."""
    volume = request.volume if position is None else min(request.volume, abs(position))
    fields = {"volume": f"{volume:f}", "reduce_only": "true"}
    return request._replace(parameters={**request.parameters, **fields})
