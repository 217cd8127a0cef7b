"""Figures of a daily limit, as if reconcile had counted them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.support.faked_function import Function
from webhook_core.risk import loss_figures
from webhook_core.trading.rules import Loss


def lose(function: Function, usd: str, age_s: float = 0) -> None:
    """So much of the account, known so many seconds ago."""
    now, market = function.clock.now(), function.application.decider
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    lost = {"USD": Decimal(usd)}
    loss = Loss(now - timedelta(seconds=age_s), midnight, {}, lost, lost)
    name = loss_figures.document(market.mode, market.account)
    function.store.write(name, loss_figures.to_text({"": loss}), function.store.read(name))
