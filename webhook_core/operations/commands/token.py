"""token: make, narrow, look at and revoke tokens that can do little."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import click

from webhook_core.errors import Unauthenticated
from webhook_core.intake import scoped_proofs, scoped_tokens
from webhook_core.intake.caveats import permit_of, written
from webhook_core.intake.credentials import TokenKey
from webhook_core.intake.scoped_tokens import MOST_CHARACTERS, Token
from webhook_core.operations.at_terminal import complete_settings
from webhook_core.operations.commands.tables import one_line, show_facts, show_line
from webhook_core.operations.token_words import described, expiry, option_values, unknown_pairs
from webhook_core.settings.settings import Settings
from webhook_core.settings.variables import token_ids

_NO_KEY = (
    "WEBHOOK_TOKEN_KEYS is unset, which signs tokens here and verifies them in the function: "
    "set it to k1:$(openssl rand -base64 32) in both places"
)
_OPTIONS = (
    ("--pairs", "p", "Such as BTC/USD,ETH/USD. Without it every pair that the settings allow."),
    ("--actions", "x", "Of order, close, target, reverse, cancel, amend, pause, resume, read."),
    ("--sides", "s", "buy or sell, for what opens or adds."),
    ("--types", "o", "Order types such as market,limit, for what opens or adds."),
    ("--max-cost", "c", 'Most that one order may cost, such as "200 USD,150 EUR".'),
    ("--orders-per-day", "n", "How many orders that open or add it may send from 00:00 UTC on."),
    ("--from", "i", "tradingview, or addresses and networks."),
)


def _caveat_options(command: Callable[..., None]) -> Callable[..., None]:
    for option, letter, words in reversed(_OPTIONS):
        command = click.option(option, f"caveat_{letter}", help=words)(command)
    return command


@click.group()
def token() -> None:
    """Tokens for alerts that can do little when they leak.

    One is signed by a key of WEBHOOK_TOKEN_KEYS and names its strategy and what it may do. Whoever
    holds it can narrow it without the key, and nobody can widen it.
    """


@token.command()
@click.option("--strategy", required=True, help="Whose alerts it proves.")
@click.option("--expires", required=True, help="Its last day, such as 2027-03-31; a year at most.")
@click.option("--key", "key_id", help="The id of the key; without it the newest one.")
@_caveat_options
def new(strategy: str, expires: str, key_id: str | None, **caveats: str | None) -> None:
    """Print a new token, for the field token of an alert."""
    settings = complete_settings(os.environ)
    key = _key(settings, key_id)
    if settings.strategies and strategy not in settings.strategies:
        known = ", ".join(sorted(settings.strategies))
        raise click.UsageError(f"--strategy: strategies.toml has no such strategy; it has {known}")
    ends = _asked("--expires", lambda: expiry(expires, _now()))
    token_id = secrets.token_hex(3)
    made = _made(
        lambda: scoped_tokens.mint(
            key.secret, key.name, token_id, strategy, _written(caveats, ends)
        )
    )
    for pair in unknown_pairs(permit_of(made, _now())):
        show_line(
            f"Warning: no record of Kraken's pairs has {pair}: is it written right?", err=True
        )
    _show_made(made)


@token.command()
@click.argument("text", metavar="TOKEN")
@click.option("--expires", help="An earlier last day.")
@_caveat_options
def narrow(text: str, expires: str | None, **caveats: str | None) -> None:
    """Print TOKEN with more caveats. It needs no key; a - reads TOKEN from standard input."""
    before = _parsed(text)
    ends = None if expires is None else _asked("--expires", lambda: expiry(expires, _now()))
    added = _written(caveats, ends)
    if not added:
        raise click.UsageError("Say what to take away, with one of the options.")
    made = _made(lambda: scoped_tokens.narrowed(before, added))
    lost = _permitted_options(caveats) - permit_of(before, _now()).actions
    if lost:
        raise click.UsageError(f"--actions: the token does not allow {', '.join(sorted(lost))}")
    _show_made(made)


@token.command()
@click.argument("text", metavar="TOKEN")
def show(text: str) -> None:
    """Say what TOKEN may do. It needs no key, so whether the token is good it does not tell."""
    read = _parsed(text)
    permit = permit_of(_made(lambda: read), _now())
    show_facts([("key", read.key_id), ("token id", read.token_id), *described(permit, _now())])


@token.command()
@click.argument("text", metavar="TOKEN")
def check(text: str) -> None:
    """Say whether the function with these settings takes TOKEN. Exit status 1 if it does not."""
    settings = complete_settings(os.environ)
    try:
        key, permit = scoped_proofs.proved(_read(text), settings.credentials, _now())
    except Unauthenticated as error:
        raise click.ClickException(one_line(f"It proves nothing: {error.reason}.")) from None
    if _now().date() > permit.expires:
        raise click.ClickException(f"It has expired: its last day was {permit.expires}.")
    if settings.strategies and permit.strategy not in settings.strategies:
        raise click.ClickException(f"strategies.toml has no strategy {permit.strategy}.")
    show_facts([("signed by", key.key_id), *described(permit, _now())])


@token.command()
@click.argument("text", metavar="TOKEN_OR_ID")
def revoke(text: str) -> None:
    """Say what to set so that the token, and all that was narrowed from it, proves nothing."""
    text = _read(text)
    given = text if text.isalnum() else _parsed(text).token_id
    try:
        ids = token_ids(given) | token_ids(os.environ.get("REVOKED_TOKENS") or given)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    others = sorted(ids - {given})
    click.echo(f"REVOKED_TOKENS={','.join([given, *others])}")
    show_line(
        "Set this for the function: a deployment later the token proves nothing. To revoke all "
        "tokens of a key, take the key out of WEBHOOK_TOKEN_KEYS.",
        err=True,
    )


def _key(settings: Settings, key_id: str | None) -> TokenKey:
    keys = [each for each in settings.credentials if isinstance(each, TokenKey)]
    if not keys:
        raise click.ClickException(_NO_KEY)
    for key in keys:
        if key_id in (None, key.name):
            return key
    known = ", ".join(key.name for key in keys)
    raise click.UsageError(f"--key: WEBHOOK_TOKEN_KEYS has no key of that id; it has {known}")


def _written(caveats: dict[str, str | None], ends: date | None) -> list[str]:
    options: dict[str, list[str]] = {}
    for option, letter, _ in _OPTIONS:
        text = caveats.get(f"caveat_{letter}")
        if text is not None:
            options[letter] = _asked(option, partial(option_values, letter, text))
    return written(options, ends)


def _permitted_options(caveats: dict[str, str | None]) -> frozenset[str]:
    return frozenset(option_values("x", caveats.get("caveat_x") or ""))


def _made(make: Callable[[], Token]) -> Token:
    """Only what the function would take leaves this command."""
    try:
        made = make()
        permit_of(made, _now())
    except ValueError as error:
        raise click.UsageError(one_line(f"The token {error}.")) from None
    return made


def _asked(option: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError as error:
        raise click.UsageError(one_line(f"{option}: {error}")) from None


def _read(text: str) -> str:
    return (sys.stdin.read() if text == "-" else text).strip()


def _parsed(text: str) -> Token:
    try:
        return scoped_tokens.parse(_read(text))
    except ValueError as error:
        raise click.UsageError(f"TOKEN {error}.") from None


def _show_made(made: Token) -> None:
    click.echo(made.text)
    size = f"{len(made.text)} of {MOST_CHARACTERS} characters; token show tells what it may do."
    show_line(size, err=True)


def _now() -> datetime:
    return datetime.now(UTC)
