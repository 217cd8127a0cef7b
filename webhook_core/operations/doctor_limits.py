"""The doctor's look at what bounds a leak and a bad day: the kind of token, and how old the figures
are that a daily limit goes by."""

from __future__ import annotations

from collections.abc import Iterator

from webhook_core.application import Application
from webhook_core.findings import Finding, ok, warn
from webhook_core.intake.credentials import Scheme
from webhook_core.risk import loss_figures
from webhook_core.settings.settings import Settings
from webhook_core.trading.loss_limit import AHEAD, KNOWN_FOR

_RUN = "POST /reconcile counts it: run it each minute, or every entry is 503 loss_unknown"
_CLOCK = "this clock, or that of whatever runs reconcile, is off: every entry is 503 loss_unknown"
SCOPED = (
    "plain ones alone: a scoped one can do little when it leaks "
    "(.venv/bin/python -m webhook_core token new)"
)


def check_tokens(settings: Settings) -> Iterator[Finding]:
    """Where senders have plain tokens and nobody a scoped one."""
    schemes = {credential.scheme for credential in settings.credentials}
    if Scheme.TOKEN in schemes and not schemes & {Scheme.SCOPED_TOKEN}:
        yield ok("tokens", SCOPED)


def check_losses(application: Application) -> Iterator[Finding]:
    """Of every owner of a daily limit. Raises LedgerUnavailable."""
    owners = application.operators.money.loss_owners
    if not owners:
        return
    decider, now = application.decider, application.clock.now()
    losses = loss_figures.read(decider.documents, decider.mode, decider.account)
    for owner in owners:
        whose = owner.strategy or "the account"
        known = losses.get(owner.strategy)
        if known is None:
            yield warn("daily loss", f"{whose}: never counted", _RUN)
            continue
        age = int((now - known.as_of).total_seconds())
        found = f"{whose}: counted {age} s ago"
        if age > KNOWN_FOR.total_seconds():
            yield warn("daily loss", found, _RUN)
        elif -age > AHEAD.total_seconds():
            yield warn("daily loss", f"{whose}: counted {-age} s ahead of this clock", _CLOCK)
        else:
            yield ok("daily loss", found)
