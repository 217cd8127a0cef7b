"""One firing of an alert: what it wants, and what makes a later delivery of it the same one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from webhook_core.errors import AlertMalformed
from webhook_core.intake.alert_key import KnownBy, Reuse, alert_key, identity_warning, reused
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.ledger.attempts import first_attempt, no_action_attempt
from webhook_core.ledger.entry import LedgerEntry, Turn, Unit
from webhook_core.planning.decision import Decided, Wants
from webhook_core.settings.settings import Settings
from webhook_core.trading.alert import Alert
from webhook_core.trading.checks import Check
from webhook_core.trading.from_alert import intents
from webhook_core.trading.intent import CloseOwnIntent, Intent, of_own
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import TradingRules
from webhook_core.value import NamedTuple

DEFAULT_STRATEGY = "default"
NO_RESEND_AFTER_S = 60
"""TradingView's third and last resend ends 27 seconds after the first delivery
began (3 x (5 + 3) + 3)."""


MOST_CHECKS = 100
"""Of one alert's are kept with its claim: those of a plain order are about eight, each some 80
bytes."""


class Switch(NamedTuple):
    """What an alert wants that pauses or resumes: of its strategy, or with
    ``of_all`` the account."""

    resumes: bool
    of_all: bool


class Firing(NamedTuple):
    """``repeats``: the body carries nothing that tells two firings apart, so time has to
    (``unit.generation``). ``confirms``: the answer is to tell what the order filled. ``known_by``:
    what tells its deliveries from other alerts. ``switch``: None for an alert that wants orders."""

    unit: Unit
    alert_id: str
    body_sha256: str
    wants: Wants
    received_at: datetime
    fired_at: datetime
    fresh_until: datetime
    repeats: bool
    confirms: bool
    warnings: tuple[str, ...]
    known_by: KnownBy
    switch: Switch | None = None

    @classmethod
    def of(
        cls, verified: VerifiedBody, alert: Alert, received_at: datetime, settings: Settings
    ) -> Firing:
        """The strategy is whose credential verified, else what the alert names, else ``default``.

        Raises AlertMalformed for a name that strategies.toml lacks: misspelled, it
        would lose its limits.
        """
        wants = _wants(verified, alert, settings)
        key = alert_key(verified, alert)
        unit = Unit(settings.trading_mode, settings.account, key.key)
        if wants.rules.limits_holdings:
            wants = wants._replace(own=unit)
        unnamed = identity_warning(verified, alert)
        return cls(
            unit=unit,
            alert_id=key.alert_id,
            body_sha256=verified.body_sha256,
            wants=wants,
            received_at=received_at,
            fired_at=alert.fired_at or received_at,
            fresh_until=_later(alert.fired_at or received_at, settings.alert_max_age_s),
            repeats=key.open_ended,
            confirms=alert.confirm_fill,
            warnings=(*alert.warnings, unnamed) if unnamed else alert.warnings,
            known_by=key.known_by,
            switch=_switch_of(alert),
        )

    @property
    def closes_a_scope(self) -> bool:
        """Whether it means more positions than one pair's."""
        return isinstance(self.wants.intents[0], CloseOwnIntent)

    def seconds_after(self, first: LedgerEntry) -> float:
        """How long after the first delivery of its alert this one came."""
        return (self.received_at - first.received_at).total_seconds()

    def reuse_of(self, first: LedgerEntry) -> Reuse | None:
        """What to say where no resend of TradingView's can be this late, so that it may be a new
        signal. A sender of Standard Webhooks repeats one webhook-id for hours, so the same bytes
        under it are no news."""
        seconds, same = self.seconds_after(first), first.body_sha256 == self.body_sha256
        if seconds <= NO_RESEND_AFTER_S or self.repeats or (self.known_by == "webhook-id" and same):
            return None
        return reused(self.known_by, first.received_at, seconds)

    def in_generation_after(self, newest: LedgerEntry | None, window: timedelta) -> Firing:
        """The same firing, as a redelivery of the newest generation inside its window, as the next
        generation after it."""
        if newest is None:
            return self
        generation = newest.unit.generation
        redelivered = self.received_at < newest.received_at + window
        unit = self.unit._replace(generation=generation if redelivered else generation + 1)
        own = None if self.wants.own is None else unit
        return self._replace(unit=unit, wants=self.wants._replace(own=own))

    @property
    def is_counted(self) -> bool:
        """Whether its orders count for its strategy, the account or its token."""
        rules = self.wants.rules
        permit = rules.permit
        return rules.counts_orders or (permit is not None and permit.orders_per_day is not None)

    def entry(self, decided: Decided, now: datetime, deadline_s: int) -> LedgerEntry:
        """What the claim of leg 0 writes: its request, and those of the legs after it."""
        unit = self.unit
        if decided.nothing:
            nothing = OrderRequest(decided.symbol, {})
            attempt = no_action_attempt(unit, nothing, now, decided.nothing)
        else:
            attempt = first_attempt(unit, decided.requests[0], now, deadline_s)
        return LedgerEntry(
            unit=unit,
            alert_id=self.alert_id,
            body_sha256=self.body_sha256,
            strategy=self.wants.strategy,
            received_at=self.received_at,
            fresh_until=self.fresh_until,
            attempts=(attempt,),
            warnings=(*self.warnings, *decided.plan.notes),
            turn=self.turn(decided),
            following=decided.requests[1:],
            independent=decided.independent,
            figures=decided.figures,
            counted_until=decided.counted.until,
            counted=decided.counted.named,
            checks=kept_checks(decided.plan.checks),
        )

    def turn(self, decided: Decided) -> Turn | None:
        """Its place in the line of its strategy and pair; only a target has to come in
        the order of firing."""
        if decided.line is None:
            return None
        from webhook_core.trading.intent import PositionIntent

        intents = (decided.target, *self.wants.intents)
        wanted = next((one for one in intents if isinstance(one, PositionIntent)), None)
        in_order = wanted is not None and wanted.action == "target"
        before, after = (wanted.before, wanted.after) if wanted is not None else (None, None)
        line = decided.line
        return Turn(line.name, self.fired_at, in_order, before, after, line.mark, line.passes)


def _wants(verified: VerifiedBody, alert: Alert, settings: Settings) -> Wants:
    strategy = verified.strategy or alert.strategy_name or DEFAULT_STRATEGY
    if settings.strategies and strategy not in {DEFAULT_STRATEGY, *settings.strategies}:
        known = ", ".join(sorted(settings.strategies))
        field = "strategy_name" if verified.strategy is None else "token"
        raise AlertMalformed(
            f"{field} names no strategy of strategies.toml, which has {known}.", field=field
        )
    rules = settings.rules_for(strategy)._replace(permit=verified.permit)
    wanted = _wanted(verified, alert, rules)
    wants = Wants(wanted, rules, strategy, bound=verified.strategy is not None)
    if rules.missed_alert_owner is None:
        return wants
    from webhook_core.trading.missed_alert import told_by  # few strategies look

    return wants._replace(told=told_by(alert))


def _wanted(verified: VerifiedBody, alert: Alert, rules: TradingRules) -> tuple[Intent, ...]:
    """What the alert asks for, of what its strategy bought where no more is meant."""
    wanted = intents(alert, rules.size)
    is_bound = verified.permit is not None and verified.permit.exits_own
    # Other tools sell what their bot bought, also where a message says how much.
    theirs = verified.translated is not None
    if (rules.close or ("own" if theirs or is_bound else "all")) != "own":
        return wanted
    own = tuple(of_own(one, sales_too=theirs) for one in wanted)
    if not is_bound:
        return own
    from webhook_core.trading.bound_exits import of_own_alone  # few tokens are

    return tuple(of_own_alone(own))


def kept_checks(made: Sequence[Check]) -> tuple[Check, ...]:
    """Each once, the first of too many."""
    return tuple({str(check): check for check in made}.values())[:MOST_CHECKS]


def _later(moment: datetime, seconds: int) -> datetime:
    """The end of all time where there is nothing behind it: a sender may claim any year."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _switch_of(alert: Alert) -> Switch | None:
    if alert.action not in ("pause", "resume"):
        return None
    return Switch(alert.action == "resume", alert.scope == "all")
