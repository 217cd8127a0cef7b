"""pairs: what we know of a pair and its rules, and how old that is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import click

from webhook_core.application import Application
from webhook_core.errors import VenueUnavailable
from webhook_core.operations.commands.tables import one_line, show_facts
from webhook_core.operations.commands.terminal import OpenApplication, budget, duration, moment
from webhook_core.trading.instruments import Instrument, from_document
from webhook_core.trading.kraken_limits import rules_are_fresh
from webhook_core.trading.symbol_spelling import without_kraken
from webhook_core.trading.symbols import display_name


@click.command()
@click.argument("symbol", required=False)
@click.option(
    "--refresh",
    is_flag=True,
    help="Read the rules of all pairs from Kraken into the ledger's store first.",
)
@click.pass_obj
def pairs(open_application: OpenApplication, symbol: str | None, refresh: bool) -> None:
    """Show the pair that SYMBOL names, its rules and their age."""
    if symbol is None and not refresh:
        raise click.UsageError("Give a SYMBOL such as BTC/USD, or --refresh.")
    application = open_application()
    if refresh:
        _refresh(application)
    if symbol is not None:
        _show(application, symbol)


def _refresh(application: Application) -> None:
    pair_rules, started = application.decider.pair_rules, application.clock.now()
    pair_rules.learn(None, budget(application.clock))
    # A store that failed was only logged: look.
    stored = pair_rules.documents.read(pair_rules.document)
    new = [rule for rule in from_document(stored.text) if rule.as_of >= started] if stored else []
    if not new:
        advice = " On paper they are read with PAPER_PRICES=kraken." if pair_rules.records else ""
        raise VenueUnavailable(
            "Kraken's pair rules could not be read, or not be stored; what was known "
            f"stays.{advice}"
        )
    click.echo(f"{len(new)} pairs read and stored.")


def _show(application: Application, symbol: str) -> None:
    known = application.decider.pair_rules.current().find(symbol)
    asked = "" if known else "; not known here, so Kraken was asked"
    instrument = application.decider.instrument(symbol, budget(application.clock))
    now = application.clock.now()
    age = f"{duration(now - instrument.as_of)} old"
    if not rules_are_fresh(instrument, now):
        age += "; older than a day: they round, but deny nothing"
    show_facts(
        [
            ("pair", display_name(instrument)),
            ("symbol", f"{one_line(symbol)} is {_how(symbol, instrument)}{asked}"),
            ("rules as of", f"{moment(instrument.as_of)} UTC, {age}"),
            *_rules(instrument),
        ]
    )


def _how(symbol: str, instrument: Instrument) -> str:
    bare = without_kraken(symbol.strip())
    own = {"key": instrument.key, "altname": instrument.altname, "wsname": instrument.wsname}
    for name, text in own.items():
        if bare == text:
            return f"Kraken's {name}"
    for name, text in own.items():
        if text and bare.upper() == text.upper():
            return f"Kraken's {name}, in another case"
    return "made of names of its base and its quote"


def _rules(instrument: Instrument) -> Iterator[tuple[str, str]]:
    for name in Instrument._fields:
        value = getattr(instrument, name)
        if name == "as_of":
            continue
        if value is None:
            yield name, "not stated: not applied"
        elif isinstance(value, Decimal):
            yield name, f"{value:f}"
        elif isinstance(value, tuple):
            yield name, ", ".join(map(str, value)) or "none"
        else:
            yield name, str(value)
