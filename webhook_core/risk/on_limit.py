"""What a limit that was hit does to its strategy, or to the account, where ``on_limit = "pause"``:
entries are paused until somebody resumes."""

from __future__ import annotations

import logging

from webhook_core.errors import LedgerUnavailable, OrderDenied
from webhook_core.events import event
from webhook_core.risk.pauses import Pause
from webhook_core.risk.pausing import Pausing
from webhook_core.trading.rules import TradingRules

PAUSING = frozenset(
    {
        *("MAX_DAILY_LOSS", "ORDERS_PER_DAY", "ORDERS_PER_HOUR", "COOL_DOWN", "PRICE_COLLAR"),
        *("MAX_POSITION", "MAX_OPEN_ORDERS", "MAX_OPEN_POSITIONS", "MAX_ENTRIES"),
        *("MAX_ALERT_COST", "ALERTS_PER_3_MINUTES"),
    }
)
"""The limits that say something of the strategy. What only says that the hour, or the book, is not
the right one (TRADING_HOURS, MAX_SPREAD) refuses, and that is all."""


def after_refusal(
    refused: OrderDenied, rules: TradingRules, pausing: Pausing, only: str | None = None
) -> None:
    """Pauses the owner of the limit that has refused an order, where it says so and the sender may:
    an order is refused for what its alert says, so it must stop no more than a pause of the same
    sender would. ``only``: the one strategy of the sender's credential. A ledger that fails leaves
    a line in the log; the order is refused all the same."""
    if refused.rule not in PAUSING or refused.set_by not in ("global", "strategy"):
        return
    owner = next((one for one in rules.limits if one.set_by == refused.set_by), None)
    if owner is None or owner.guards is None or owner.guards.on_limit != "pause":
        return
    if not _may_pause(rules):
        return
    whose = pause(pausing, only or owner.strategy or None, refused.rule, refused.message)
    if whose:
        said = f"{whose} is paused for entries until somebody resumes it"
        refused.notes = (*refused.notes, said[0].upper() + said[1:] + ".")


def _may_pause(rules: TradingRules) -> bool:
    if rules.permit is None:
        return True
    from webhook_core.trading.permits import action_check  # few senders have such a token

    return bool(action_check(rules.permit, "pause").passed)


def pause(pausing: Pausing, strategy: str | None, rule: str, why: str) -> str:
    """Once, however many are at it; whose entries are paused now, empty where it failed."""
    wanted = Pause(strategy, rule.lower(), pausing.clock.now(), why, entries_only=True)
    try:
        pausing.pause_once(wanted)
    except LedgerUnavailable as error:
        event(logging.ERROR, "limit.not_paused", strategy=strategy, rule=rule, why=error.message)
        return ""
    return wanted.whose
