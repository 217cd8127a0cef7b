"""explain: say what a message would do, without doing it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, NamedTuple

import click

from webhook_core.application import Application
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import WebhookError
from webhook_core.events import LOGGER
from webhook_core.operations import explain as reading
from webhook_core.operations import later, rehearsal
from webhook_core.operations.commands.tables import show_line
from webhook_core.operations.explain import Explained
from webhook_core.operations.placeholders import Filled, Firing, fill
from webhook_core.operations.senders import Secrets
from webhook_core.operations.sentences import Sentence
from webhook_core.sending.firing import DEFAULT_STRATEGY
from webhook_core.settings.settings import Settings
from webhook_core.trading.alert import Alert
from webhook_core.trading.assets import asset_code

MOST_BYTES = 64 * 1024
_HEADINGS = {
    "proof": "Who sends it",
    "tool": "How it is read",
    "field": "What each field becomes",
    "order": "What would be sent",
    "limit": "What each limit says",
    "answer": "The answer",
    "later": "What will bite later",
}


class _Number(click.ParamType):  # type: ignore[type-arg]
    """A decimal number above zero, or from zero on, exactly as it is written."""

    name = "number"

    def __init__(self, *, may_be_zero: bool = False) -> None:
        self._may_be_zero = may_be_zero

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        if isinstance(value, Decimal):
            return value
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("nan")
        is_one = number.is_finite() and 0 <= number < Decimal("1e15")
        if not is_one or not (number or self._may_be_zero):
            least = "from 0 on" if self._may_be_zero else "above 0"
            self.fail(f"{value!r} is no number {least}", param, ctx)
        return number


class Options(NamedTuple):
    """``month``: a list of trades to play, ``live``: whether Kraken is asked."""

    strategy: str | None
    balances: str | None
    price: Decimal
    position: Decimal | None
    live: bool
    month: str | None


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--strategy", help="The strategy of strategies.toml that it is tried as.")
@click.option("--balances", help="Of the paper account, as USD=10000,BTC=1.")
@click.option("--price", type=_Number(), default="60000", show_default=True, help="The market's.")
@click.option(
    "--position",
    type=_Number(may_be_zero=True),
    help="How much the strategy holds of the base asset; 0: it is flat.",
)
@click.option("--live", is_flag=True, help="Ask Kraken, with the keys of the environment.")
@click.option("--strict", is_flag=True, help="Exit status 1 for what will bite later too.")
@click.option(
    "--month",
    type=click.Path(exists=True, dir_okay=False),
    help="A CSV of TradingView's list of trades: play it on paper.",
)
def explain(file: BinaryIO, strict: bool, **given: object) -> None:
    """Say what the alert message in FILE (- for standard input) would do. Nothing is traded.

    TradingView's placeholders are filled with plausible values, and a strategy's message is tried
    as an entry and as
    an exit. Without --live nothing leaves this machine. Exit status 1 if it would be refused.
    """
    options = Options(**given)  # type: ignore[arg-type]
    body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise click.UsageError(f"The message is larger than {MOST_BYTES} bytes.")
    try:
        template = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise click.UsageError("The message is not UTF-8.") from None
    if not os.environ.get("LOG_LEVEL"):
        LOGGER.setLevel(logging.CRITICAL)  # what a log would say is said here
    if options.month is not None:
        from webhook_core.operations.commands.explain_month import play

        settings = _settings(options, None)
        sys.exit(play(template, options.month, settings, options.strategy, _secrets(options)))
    firings = _explained(template, options)
    for title, sentences in firings:
        _show(title, sentences)
    every = [sentence for _, sentences in firings for sentence in sentences]
    bad = any(one.is_bad or (strict and one.warns) for one in every)
    click.get_current_context().exit(1 if bad else 0)


def _explained(template: str, options: Options) -> list[tuple[str, list[Sentence]]]:
    settings, ticker = _settings(options, None), "BTCUSD"
    if allowed := settings.rules_for(options.strategy or "default").allow_lists:
        ticker = allowed[-1][0].replace("/", "")
    entry, filled = _try(template, settings, options, "entry", ticker)
    told = [*entry.sentences, *later.of_strategy(options.strategy, settings)]
    told += later.of_message(template, filled, entry, settings)
    if not filled.is_of_a_strategy:
        return [("", [*told, *later.of_a_sell_alone(entry.alert)])]
    leaving, _ = _try(template, settings, options, "exit", ticker)
    both = [*leaving.sentences, *later.of_exit(entry, leaving)]
    return [("As an entry", told), ("As an exit", both)]


def _try(
    template: str, settings: Settings, options: Options, kind: Firing, ticker: str
) -> tuple[Explained, Filled]:
    clock = SystemClock()
    filled = fill(template, clock.now(), options.price, kind, {"ticker": ticker})
    body = filled.text.encode()
    application = rehearsal.rehearse(settings, clock, options.strategy)
    if options.position is not None and not options.live:
        settings = _holding(application, body, options)
        application = rehearsal.rehearse(settings, clock, options.strategy)
    _tell_market(application, body, options)
    return reading.explain(application, body, _secrets(options)), filled


def _settings(options: Options, balances: str | None) -> Settings:
    if options.live:
        return rehearsal.settings_at_kraken(os.environ)
    return rehearsal.settings_on_paper(os.environ, balances or options.balances)


def _secrets(options: Options) -> Secrets:
    """Of the environment as it stands; none where they can't be read without a network."""
    settings = _settings(options, None)
    if settings.unread:
        return Secrets(unread=sorted({name.place for name in settings.unread}))
    unset = [] if options.live else sorted(rehearsal.unset_proofs(os.environ))
    return Secrets(settings.credentials, unset, settings.allow_token_in_url)


def _symbol_of(alert: Alert | None) -> str | None:
    if alert is None:
        return None
    return alert.symbol or next((leg.symbol for leg in alert.orders), None)


def _holding(application: Application, body: bytes, options: Options) -> Settings:
    """The settings with a paper account that holds the position."""
    symbol = _symbol_of(reading.explain(application, body).alert)
    base = "BTC"
    if symbol is not None:
        try:
            budget = Budget.start(application.clock, reading.ASK_S)
            base = asset_code(application.decider.instrument(symbol, budget).base)
        except WebhookError:
            pass  # explaining it says so
    given = options.balances or "USD=10000"
    others = [part for part in given.split(",") if part.partition("=")[0].strip() != base]
    return _settings(options, ",".join([*others, f"{base}={options.position:f}"]))


def _tell_market(application: Application, body: bytes, options: Options) -> None:
    """What the pair costs, and that the strategy bought what the paper account holds of it."""
    alert = reading.explain(application, body).alert
    symbol = _symbol_of(alert)
    if symbol is None and alert is not None and alert.scope is not None:
        symbol = "BTCUSD"  # a close of all pairs is shown on one
    if alert is None or symbol is None or options.live:
        return
    try:
        budget = Budget.start(application.clock, reading.ASK_S)
        pair = application.decider.instrument(symbol, budget)
        rehearsal.tell_price(application, pair, options.price)
        strategy = options.strategy or alert.strategy_name or DEFAULT_STRATEGY
        rehearsal.bought_by(application, strategy, pair)
    except WebhookError:
        return  # explaining it says so


def _show(title: str, sentences: Iterable[Sentence]) -> None:
    if title:
        show_line(f"== {title} ==")
    told = list(sentences)
    for topic, heading in _HEADINGS.items():
        found = [one for one in told if one.topic == topic]
        if not found:
            continue
        show_line(f"{heading}:")
        for one in dict.fromkeys(found):
            show_line(f"  {'! ' if one.is_bad or one.warns else ''}{one.text}", 4)
    click.echo()
