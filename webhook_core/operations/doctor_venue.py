"""The doctor on what the venue itself can say of the way to it, on the rules of its pairs, and on
the pairs that settings name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from webhook_core.application import Application
from webhook_core.clock import Budget
from webhook_core.findings import Diagnosable, Finding, fail, guarded, ok, warn
from webhook_core.ledger.contract import Document
from webhook_core.trading.instruments import Instrument, from_document
from webhook_core.trading.kraken_limits import RULES_DENY_FOR
from webhook_core.trading.symbols import UnknownSymbol, display_name

READ_S = 10.0
_LOOK_ABOVE = "look at what was found about Kraken"


def check_venue(application: Application) -> Iterator[Finding]:
    """Its own findings under its name. Raises what the venue raises."""
    venue = application.venue
    if not isinstance(venue, Diagnosable):
        yield warn(
            "venue", "it has no checks of its own", "believe the alert below, which goes there"
        )
        return
    on_paper = application.settings.trading_mode == "paper"
    name = f"paper {venue.name}" if on_paper else venue.name
    for finding in venue.diagnose(application.settings.order_deadline_s):
        advice = finding.advice
        # The advice about the real one would lead astray: all that can fail is the book.
        if on_paper and advice:
            advice = f"the {name} keeps its book in the ledger: look at what was found there"
        yield finding._replace(name=f"{name} {finding.name}", advice=advice)


def check_pair_rules(application: Application) -> Iterator[Finding]:
    """How old they are; older than a day they deny nothing."""
    rules, now = application.decider.pair_rules, application.clock.now()
    if application.settings.venue is not None:
        found = f"{len(rules.snapshot())} listed by the venue, read when an instance starts"
        return (yield ok("pair rules", found))
    packaged = f"packaged ones of {_newest(rules.snapshot()):%Y-%m-%d}"
    stored = _stored(rules.documents.read(rules.document))
    if rules.records is not None:  # on paper
        found = f"{packaged} and records of {len(rules.records.every())} other pairs"
        return (yield ok("pair rules", f"{found}, which are also those of the paper Kraken"))
    age = now - _newest(stored) if stored else None
    found = (
        packaged
        if age is None
        else f"{len(stored)} read from Kraken {_hours(age)} ago, above the {packaged}"
    )
    if age is not None and age <= RULES_DENY_FOR:
        yield ok("pair rules", found)
        return
    advice = (
        "run reconcile on a schedule, which reads them; or once: "
        ".venv/bin/python -m webhook_core pairs --refresh"
    )
    yield warn("pair rules", f"{found}; older than a day they round but deny nothing", advice)


def _stored(document: Document | None) -> list[Instrument]:
    try:
        return from_document(document.text) if document else []
    except ValueError:
        return []


def _newest(instruments: Sequence[Instrument]) -> datetime:
    return max(instrument.as_of for instrument in instruments)


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.1f} h"


def check_symbols(application: Application) -> Iterator[Finding]:
    """Every pair that is allowed by name, here and in strategies.toml."""
    settings = application.settings
    lists = {"ALLOWED_SYMBOLS": settings.allowed_symbols}
    lists |= {
        f"allowed_symbols of {name}": strategy.allowed_symbols
        for name, strategy in settings.strategies.items()
    }
    for where, symbols in lists.items():
        if symbols:
            name = f"pairs of {where}"
            yield from guarded(
                name, partial(_resolved, name, symbols, application), lambda _: _LOOK_ABOVE
            )


def _resolved(name: str, symbols: Sequence[str], application: Application) -> Iterator[Finding]:
    budget, found = Budget.start(application.clock, READ_S), []
    for symbol in symbols:
        try:
            instrument = application.decider.instrument(symbol, budget)
        except UnknownSymbol as error:
            yield fail(name, error.message, "correct the name; no alert can ever use it like this")
            continue
        found.append(display_name(instrument))
    if found:
        yield ok(name, ", ".join(found))
