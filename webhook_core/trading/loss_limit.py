"""What a strategy, or the account, may lose a day: no entry once the known loss has reached it.

The loss is what the bridge's own orders have realised since the day began, fees included and
profits taken off, and the open loss of what they hold. Once a day it was reached it stays reached
until the day ends, however prices go; a limit that is set higher counts at once. Figures come from
reconcile, and those that are too old deny nothing and let nothing in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from webhook_core.errors import LossUnknown
from webhook_core.trading import checks
from webhook_core.trading.assets import asset_code, same_asset
from webhook_core.trading.checks import Check
from webhook_core.trading.day_begins import day_of
from webhook_core.trading.drafts import Draft
from webhook_core.trading.reduces import exit_of
from webhook_core.trading.rounding import amounts_text, plain
from webhook_core.trading.rules import Limits, Loss, TradingRules, owned

RULE = "MAX_DAILY_LOSS"
KNOWN_FOR = timedelta(seconds=120)
"""So old may the figures be that an entry is held against."""
AHEAD = timedelta(seconds=5)
"""And so far ahead, for the clocks of two machines are never one. By a clock that is further off
they would be young for long after reconcile has stopped."""
_ZERO = Decimal(0)


class CountedLoss(NamedTuple):
    """In one currency. ``worst``: the largest loss of the day, this one included."""

    realised: Decimal
    open_loss: Decimal
    worst: Decimal

    @property
    def loss(self) -> Decimal:
        return max(_ZERO, self.open_loss - self.realised)


def loss_checks(draft: Draft, rules: TradingRules, now: datetime) -> Iterator[Check]:
    """Of every owner with such a limit, for each currency of it. Every exit passes.

    Raises LossUnknown for an entry whose owner's loss is not known, or not of now.
    """
    passing = exit_of(draft)
    for owner in rules.limits:
        most = owner.guards and owner.guards.max_daily_loss
        if not most:
            continue
        if passing is not None:
            stated = amounts_text(most)
            yield owned(checks.passed(RULE, max=stated, exit=passing), owner, RULE)
            continue
        yield owned(_currency(draft.instrument.quote, most), owner, RULE)
        for check in _against(most, owner, rules, now):
            yield owned(check, owner, RULE)


def _against(
    most: Mapping[str, Decimal], owner: Limits, rules: TradingRules, now: datetime
) -> Iterator[Check]:
    day = day_of(rules.day_begins(owner), now)
    known = _known(rules.losses.get(owner.strategy), day, now)
    for code, amount in most.items():
        counted = counted_in(known, code, day)
        numbers = {
            "loss": plain(counted.loss),
            "worst": plain(counted.worst),
            "max": plain(amount),
            "currency": code,
            "realised": plain(counted.realised),
            "open_loss": plain(counted.open_loss),
            "since": f"{day:%Y-%m-%dT%H:%M:%SZ}",
            "as_of": f"{known.as_of:%Y-%m-%dT%H:%M:%SZ}",
            "age_seconds": f"{max(0, int((now - known.as_of).total_seconds()))}",
        }
        reached = "" if counted.loss >= amount else f", {numbers['worst']} {code} at its worst"
        text = (
            f"the loss since {numbers['since']} is {numbers['loss']} {code}{reached} (realised "
            f"{numbers['realised']}, open loss {numbers['open_loss']}), and the limit is "
            f"{numbers['max']} {code}; the figures are {numbers['age_seconds']} s old, and exits "
            "pass"
        )
        yield checks.judged(RULE, text, holds=counted.worst < amount, **numbers)


def counted_in(known: Loss, code: str, day: datetime) -> CountedLoss:
    """Of the day that began then: behind its beginning what an earlier one realised counts
    nothing."""
    is_today = known.day == day
    realised = _of(known.realised, code) if is_today else _ZERO
    counted = CountedLoss(realised, _of(known.open_loss, code), _ZERO)
    worst = max(counted.loss, _of(known.worst, code) if is_today else _ZERO)
    return counted._replace(worst=worst)


def _known(known: Loss | None, day: datetime, now: datetime) -> Loss:
    """Raises LossUnknown."""
    if known is None:
        raise LossUnknown(
            "What was lost today is not known yet, and max_daily_loss is set: POST /reconcile has "
            "to run every minute. Nothing was sent; exits pass."
        )
    age = now - known.as_of
    if age > KNOWN_FOR:
        raise LossUnknown(
            f"What was lost today is known as of {known.as_of:%Y-%m-%dT%H:%M:%SZ}, "
            f"{int(age.total_seconds())} s ago, and max_daily_loss needs figures of at most "
            f"{int(KNOWN_FOR.total_seconds())} s: POST /reconcile has to run every minute. "
            "Nothing was sent; exits pass."
        )
    if age < -AHEAD:
        raise LossUnknown(
            f"What was lost today is known as of {known.as_of:%Y-%m-%dT%H:%M:%SZ}, which lies "
            f"{int(-age.total_seconds())} s ahead: the clock here, or that of whatever runs POST "
            "/reconcile, is off; the doctor says which. Nothing was sent; exits pass."
        )
    if known.day != day and known.as_of >= day:
        raise LossUnknown(
            "What was lost today was counted for a day that begins at another hour; the next run "
            "of POST /reconcile counts it anew. Nothing was sent; exits pass."
        )
    return known


def _currency(quote: str, most: Mapping[str, Decimal]) -> Check:
    code = asset_code(quote)
    if any(same_asset(each, quote) for each in most):
        return checks.passed(f"{RULE}_CURRENCY", currency=code)
    stated = amounts_text(most)
    text = f"no most is set for what is lost in {code} (set: {stated}); add one, such as 200 {code}"
    return checks.denied(f"{RULE}_CURRENCY", text, currency=code)


def _of(amounts: Mapping[str, Decimal], code: str) -> Decimal:
    found = (amount for quote, amount in amounts.items() if same_asset(code, quote))
    return sum(found, _ZERO)
