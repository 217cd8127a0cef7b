"""Plays a list of trades against the paper account: each fill as the alert that TradingView would
have sent for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from webhook_core.operations import rehearsal
from webhook_core.operations.explain import request_of
from webhook_core.operations.placeholders import fill as fill_in
from webhook_core.operations.placeholders import of_fill
from webhook_core.operations.senders import Proved, Secrets, prove
from webhook_core.operations.trade_list import ListedFill
from webhook_core.settings.settings import Settings
from webhook_core.trading.assets import asset_code


class PlayedClock:
    """Stands where the list stands; no time passes while an alert is answered."""

    def __init__(self) -> None:
        self.at = datetime(2000, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Played(NamedTuple):
    """``answer`` is the whole document that the sender would have got."""

    fill: ListedFill
    status: int
    answer: dict[str, Any]

    @property
    def is_refused(self) -> bool:
        return self.status != 200


class Month(NamedTuple):
    """``balances``: of the paper account in the end, by asset."""

    played: tuple[Played, ...]
    balances: dict[str, str]


def sender_of(template: str, fills: Sequence[ListedFill], ticker: str, secrets: Secrets) -> Proved:
    """Whether the first of the messages would prove its sender; so do the others then."""
    message = next(_messages(template, fills, ticker), None)
    if message is None:
        return Proved()
    at = fills[0].at
    body = message.replace(_NOW, f"{at:%Y-%m-%dT%H:%M:%SZ}").encode()
    return prove(request_of(body, at), secrets, at)


def play(
    template: str,
    fills: Sequence[ListedFill],
    settings: Settings,
    strategy: str | None,
    ticker: str,
) -> Month:
    """Each fill at its own time and price. Fills of one second are a second apart, as no two of
    them would be one alert."""
    clock = PlayedClock()
    application = rehearsal.rehearse(settings, clock, strategy)
    played = []
    for fill, message in zip(fills, _messages(template, fills, ticker), strict=True):
        clock.at = max(fill.at, clock.at + timedelta(seconds=1))
        at = clock.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = message.replace(_NOW, at).encode()
        if application.operators.money.loss_owners:
            application.operators.reconcile({})  # what an alert is held against is of now
        response = application.handle(request_of(body, clock.now()))
        played.append(Played(fill, response.status, json.loads(response.body)))
        clock.at += timedelta(minutes=2)
        application.operators.reconcile({})  # as a deployment does each minute: exits that fired
    account = application.operators.account({})
    balances = {asset_code(name): one["balance"] for name, one in account["balances"].items()}
    return Month(tuple(played), balances)


_NOW = "\x00now\x00"


def _messages(template: str, fills: Sequence[ListedFill], ticker: str) -> Iterator[str]:
    held = Decimal(0)
    for fill in fills:
        before = held
        held += fill.size if fill.action == "buy" else -fill.size
        said = of_fill(fill.size, fill.price, fill.signal, before, held)
        said |= {"ticker": ticker, "timenow": _NOW, "strategy.order.action": fill.action}
        yield fill_in(template, fill.at, fill.price, "entry", said).text
