"""One firing of an alert: what it wants, and what makes a later delivery of it the same one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from webhook_core.errors import AlertMalformed
from webhook_core.intake.alert import Alert
from webhook_core.intake.alert_key import alert_key, identity_warning
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.ledger.entry import LedgerEntry, Unit, first_attempt
from webhook_core.settings import Settings
from webhook_core.trading import planner
from webhook_core.trading.orders import OrderIntent, OrderRequest
from webhook_core.trading.planner import TradingRules

DEFAULT_STRATEGY = "default"


class Firing(NamedTuple):
    """``repeats``: the body carries nothing that tells two firings apart, so time has to (``unit.generation``)."""

    unit: Unit
    alert_id: str
    body_sha256: str
    strategy: str
    intent: OrderIntent
    rules: TradingRules
    received_at: datetime
    fresh_until: datetime
    repeats: bool
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls, verified: VerifiedBody, alert: Alert, fired_at: datetime | None, received_at: datetime, settings: Settings
    ) -> Firing:
        """The strategy is whose credential verified, else what the alert names, else ``default``.

        Raises AlertMalformed for a name that strategies.toml lacks: misspelled, it would lose its limits.
        """
        strategy = verified.strategy or alert.strategy_name or DEFAULT_STRATEGY
        if settings.strategies and strategy not in {DEFAULT_STRATEGY, *settings.strategies}:
            known = ", ".join(sorted(settings.strategies))
            raise AlertMalformed(
                f"strategy_name names no strategy of strategies.toml, which has {known}.", field="strategy_name"
            )
        rules = settings.rules_for(strategy)
        key = alert_key(verified, alert)
        unnamed = identity_warning(verified, alert)
        return cls(
            unit=Unit(settings.trading_mode, settings.account, key.key),
            alert_id=key.alert_id,
            body_sha256=verified.body_sha256,
            strategy=strategy,
            intent=planner.intent(alert, rules),
            rules=rules,
            received_at=received_at,
            fresh_until=(fired_at or received_at) + timedelta(seconds=settings.alert_max_age_s),
            repeats=key.open_ended,
            warnings=(*alert.warnings, unnamed) if unnamed else alert.warnings,
        )

    def in_generation_after(self, newest: LedgerEntry | None, window: timedelta) -> Firing:
        """The same firing, as a redelivery of the newest generation inside its window, as the next generation after it."""
        if newest is None:
            return self
        generation = newest.unit.generation
        redelivered = self.received_at < newest.received_at + window
        return self._replace(unit=replace(self.unit, generation=generation if redelivered else generation + 1))

    def entry(self, request: OrderRequest, notes: tuple[str, ...], now: datetime, deadline_s: int) -> LedgerEntry:
        """What a claim of this firing writes."""
        return LedgerEntry(
            unit=self.unit,
            alert_id=self.alert_id,
            body_sha256=self.body_sha256,
            strategy=self.strategy,
            received_at=self.received_at,
            fresh_until=self.fresh_until,
            attempts=(first_attempt(self.unit, request, now, deadline_s),),
            warnings=(*self.warnings, *notes),
        )
