"""The operator's close of what the bridge has bought, as an answer shows it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from webhook_core.clock import Budget
from webhook_core.ledger.keys import operators_unit
from webhook_core.planning import own_closes
from webhook_core.planning.decision import Wants
from webhook_core.planning.own_closes import Held
from webhook_core.sending.closings import Closed, Closings
from webhook_core.sending.firing import Firing
from webhook_core.trading.intent import CloseOwnIntent
from webhook_core.trading.rounding import plain
from webhook_core.trading.rules import TradingRules
from webhook_core.web import answers
from webhook_core.web.pause_requests import FAULTS, PauseRequest, told_to_repeat
from webhook_core.web.status_and_reason import reason_of, status_and_code

FRESH_FOR = timedelta(seconds=60)
"""So long a run may go on with what it has begun."""
DONE = ("accepted", "no_action")
MEANT = "all positions are closed"


def close_own(closings: Closings, asked: PauseRequest, budget: Budget) -> dict[str, Any]:
    """Find what is held and close it. Raises what both raise, and says that the pause stands."""
    try:
        return shown(closed(closings, asked, found(closings, asked, budget), budget))
    except FAULTS as error:
        raise told_to_repeat(error, MEANT) from error


def found(closings: Closings, asked: PauseRequest, budget: Budget) -> tuple[Held, ...]:
    """What the strategy, or every one, has bought and not sold. Raises NotItsTurn while that is not
    certain, VenueUnavailable, LedgerUnavailable."""
    positions = own_closes.find(closings.shared, asked.strategy, budget)
    # An entry that rested and fills meanwhile is meant too.
    return tuple(one._replace(most=None) for one in positions)


def closed(
    closings: Closings, asked: PauseRequest, positions: Sequence[Held], budget: Budget
) -> list[Closed]:
    """Each by an entry of the operator's own, which no pause holds back. Raises
    LedgerUnavailable."""
    return closings.close_each(_firing(closings, asked), positions, budget)


def shown(done: Sequence[Closed]) -> dict[str, Any]:
    """``complete``: nothing that was meant is held any more."""
    rows = [row(one) for one in done]
    return {"positions": rows, "complete": all(one["code"] in DONE for one in rows)}


def row(one: Closed) -> dict[str, Any]:
    """A position, and what came of its close."""
    code, why, orders = "", None, []
    if one.error is not None:
        code, why = one.error.code, one.error.message
    elif one.progress is not None:
        _, code = status_and_code(one.progress)
        why, orders = reason_of(one.progress), answers.rows_of(one.progress)
    return {**told(one.held), "code": code, "why": why, "orders": orders}


def told(held: Held) -> dict[str, Any]:
    """What is held before it is closed."""
    return {
        "strategy": held.strategy,
        "symbol": held.symbol,
        "margin": held.margin,
        "volume": plain(held.volume),
    }


def _firing(closings: Closings, asked: PauseRequest) -> Firing:
    """No delivery comes again for it: a second run begins with what is held then."""
    decider, run = closings.decider, uuid.uuid4().hex
    now, unit = decider.clock.now(), operators_unit(decider.mode, decider.account, f"close:{run}")
    scope = CloseOwnIntent("all" if asked.strategy is None else "strategy")
    return Firing(
        unit=unit,
        alert_id=f"operator-close-{run}",
        body_sha256=hashlib.sha256(unit.alert_key.encode()).hexdigest(),
        wants=Wants((scope,), TradingRules(), asked.strategy or ""),
        received_at=now,
        fired_at=now,
        fresh_until=now + FRESH_FOR,
        repeats=False,
        confirms=False,
        warnings=(),
        known_by="id",
    )
