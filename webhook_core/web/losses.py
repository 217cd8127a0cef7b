"""The part of a reconcile run that counts today's losses, and pauses whose limit is reached."""

from __future__ import annotations

import logging
from typing import Any

from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.money.accounts import Accounts
from webhook_core.money.daily_loss import LossOwner
from webhook_core.risk import loss_figures
from webhook_core.risk.on_limit import pause
from webhook_core.risk.pausing import Pausing
from webhook_core.trading.loss_limit import RULE
from webhook_core.trading.rounding import plain
from webhook_core.trading.rules import Loss


def keep_losses(money: Accounts, pausing: Pausing, budget: Budget) -> list[dict[str, Any]]:
    """A row for each owner of a daily limit. Where they can't be kept, entries wait."""
    try:
        kept = money.keep_losses(budget)
    except LedgerUnavailable as error:
        event(logging.ERROR, "loss.not_kept", reason=error.message)
        return []
    if kept is None:
        return []
    for owner in kept.reached:
        _reached(owner, kept.losses[owner.strategy], pausing)
    return loss_figures.rows(kept.losses)


def _reached(owner: LossOwner, loss: Loss, pausing: Pausing) -> None:
    """Told once, and paused where the owner says so: whoever resumes before the day ends finds
    every entry refused all the same."""
    lost = ", ".join(f"{plain(amount)} {code}" for code, amount in loss.worst.items())
    most = ", ".join(f"{plain(amount)} {code}" for code, amount in owner.most.items())
    since = f"{loss.day:%Y-%m-%dT%H:%M:%SZ}"
    strategy = owner.strategy or None
    event(logging.WARNING, "loss.reached", strategy=strategy, lost=lost, most=most, since=since)
    if owner.pauses:
        pause(pausing, strategy, RULE, f"{RULE}: {lost} lost since {since}, the limit is {most}")
