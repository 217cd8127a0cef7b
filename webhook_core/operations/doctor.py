"""Whether this deployment would trade: its settings, its ledger, Kraken, the pair rules, and one
alert from end to end.

Nothing is placed, and no entry of the ledger is touched. A check that fails stops no other; only
settings that can't be used stop the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TextIO

from webhook_core import bootstrap
from webhook_core.application import Application
from webhook_core.events import LOGGER
from webhook_core.findings import Finding, fail, guarded, ok, warn
from webhook_core.operations import at_terminal
from webhook_core.operations.doctor_alert import check_alert
from webhook_core.operations.doctor_ledger import (
    advice_for,
    begin_anew,
    check_history,
    check_ledger,
    in_place_of_a_ledger,
)
from webhook_core.operations.doctor_limits import check_losses, check_tokens
from webhook_core.operations.doctor_notify import check_notify
from webhook_core.operations.doctor_venue import check_pair_rules, check_symbols, check_venue
from webhook_core.settings.reading import (
    LISTS_OF_SECRETS,
    SECRETS,
    VARIABLES,
    SettingsError,
    read_settings,
)
from webhook_core.settings.settings import Settings

_SHORTEST = 8
"""Shorter texts are in every line by chance."""
_WARNING_ADVICE = {
    "NO AUTHENTICATION": "take for example the output of: openssl rand -hex 32",
    "ALLOWED_IPS": "webhook_core/web/README.md has the table",
    "STRATEGIES_FILE": "webhook_core/settings/README.md says how a secret is named",
    "LEDGER_URL": "use firestore://PROJECT, or elsewhere a file that outlives the process",
}
Check = Callable[[Application], Iterator[Finding]]
_LOOK_ABOVE = "look at what was found about Kraken"


def examine(env: Mapping[str, str], stream: TextIO) -> Iterator[Finding]:
    """Every finding, as soon as it is known.

    Log lines go to ``stream``, and only if LOG_LEVEL is set.
    """
    try:
        read_settings(env)
    except SettingsError as error:
        yield from _faults(error, "the function refuses to start like this")
        return
    try:
        settings = at_terminal.complete_settings(env)
    except SettingsError as error:
        yield from _faults(
            error, "the function answers 503 not_configured until it can be read and used"
        )
        return
    at_terminal.log_at_terminal(settings, env, stream)
    if not env.get("LOG_LEVEL"):
        # What went wrong is a finding; said twice it would look like two things.
        LOGGER.setLevel(logging.CRITICAL + 1)
    for finding in guarded("everything else", partial(_examine, settings, env), _always("")):
        yield _without_secrets(finding, settings)


def begin_ledger_anew(env: Mapping[str, str], stream: TextIO) -> Iterator[Finding]:
    """The ledger of LEDGER_URL, begun on purpose. Log lines go as those of ``examine``."""
    try:
        settings = read_settings(env)
    except SettingsError as error:
        yield from _faults(error, "the function refuses to start like this")
        return
    at_terminal.log_at_terminal(settings, env, stream)
    advice = "a file that is no ledger stays as it is: move it away first, or " + advice_for(
        settings.ledger_url
    )
    yield from guarded("ledger", partial(begin_anew, settings), _always(advice))


def _faults(error: SettingsError, advice: str) -> Iterator[Finding]:
    for fault in error.faults:
        name, _, problem = fault.partition(": ")
        yield fail(name, problem, advice)
    yield fail("everything else", "not checked", "mend what stands above, then run this again")


def _without_secrets(finding: Finding, settings: Settings) -> Finding:
    """The last line of defence: Kraken's words and a sender's could quote one."""
    texts = sorted(settings.texts_to_mask, key=len, reverse=True)
    found, advice = finding.found, finding.advice
    for text in texts:
        if len(text) >= _SHORTEST:
            found, advice = found.replace(text, "***"), advice.replace(text, "***")
    return finding._replace(found=found, advice=advice)


def _always(advice: str) -> Callable[[str], str]:
    return lambda _message: advice


def _examine(settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:
    yield from _settings(settings, env)
    settings, no_ledger = in_place_of_a_ledger(settings)
    application = bootstrap.build(settings)
    advice = advice_for(settings.ledger_url)
    checks: dict[str, tuple[Check, str]] = {
        "ledger": (check_ledger, advice),
        "venue": (check_venue, _LOOK_ABOVE),
        "pair rules": (check_pair_rules, advice),
        "pairs": (check_symbols, _LOOK_ABOVE),
        "daily loss": (check_losses, advice),
        "records of alerts": (check_history, advice),
        "notifications": (check_notify, advice),
        "alert": (check_alert, _LOOK_ABOVE),
    }
    if no_ledger is not None:
        del checks["ledger"]
        yield no_ledger
    for name, (check, what_to_do) in checks.items():
        yield from guarded(name, partial(check, application), _always(what_to_do))


# -- settings --------------------------------------------------------------------------------------


def _settings(settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:
    """What is set, and what holds by default that a trader should know."""
    defaults = {
        "TRADING_MODE": settings.trading_mode,
        "KRAKEN_API_URL": "Kraken's own",
        "ALLOWED_SYMBOLS": "every pair",
        "MAX_ORDER_COST": "no limit",
        "LEDGER_URL": settings.ledger_url,
        "ENVIRONMENT": settings.environment,
        "REQUEST_BUDGET_SECONDS": f"{settings.request_budget_s:g}",
        "ORDER_DEADLINE_SECONDS": str(settings.order_deadline_s),
    }
    for name in VARIABLES:
        if name in (*SECRETS, *LISTS_OF_SECRETS):
            yield from _secret(name, settings, env)
        elif env.get(name) and name != "NOTIFY":  # its addresses are shown apart
            yield ok(name, f"{env[name].strip()} (environment)")
        elif name in defaults:
            yield ok(name, f"{defaults[name]} (default)")
    path = env.get("STRATEGIES_FILE") or VARIABLES["STRATEGIES_FILE"][1]
    if settings.strategies:
        yield ok("strategies", f"{', '.join(settings.strategies)} ({path})")
    proofs = [f"{proof.key_id} ({proof.scheme})" for proof in settings.credentials]
    yield ok(
        "secrets of senders", f"{len(proofs)} readable: {', '.join(proofs)}" if proofs else "none"
    )
    yield from check_tokens(settings)
    yield from _warnings(settings)


def _warnings(settings: Settings) -> Iterator[Finding]:
    for warning in settings.warnings:
        name, separator, problem = warning.partition(": ")
        if "notify[" not in name.lower():  # told where each address is shown
            yield warn(
                name if separator else "settings", problem or warning, _WARNING_ADVICE.get(name, "")
            )


def _secret(name: str, settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:
    """Where a secret came from, never what it is.

    Where a name stood, the name is shown: it is none.
    """
    names = [
        each.name
        for each in settings.secret_names
        if each.place == name and _is_used(name, settings)
    ]
    given = [part.strip() for part in env.get(name, "").split(",") if part.strip()]
    sources = ["environment"] if set(given) - set(names) else []
    sources += [
        text if text.startswith("file:") else f"Secret Manager: {text}"
        for text in dict.fromkeys(names)
    ]
    if sources:
        yield ok(name, f"*** ({', '.join(sources)})")


def _is_used(name: str, settings: Settings) -> bool:
    """Of the two proofs of senders that were looked for in Secret Manager one may be absent."""
    return name in SECRETS or any(
        proof.key_id.startswith(f"{name}[") for proof in settings.credentials
    )
