"""An application that trades nothing: on paper in this process, or Kraken asked with its validate
flag.

Whoever sends to it is let in, since it is the operator who tries a message; limits, strategies and
sizes are those of
the environment and ``strategies.toml``.
"""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path

from webhook_core.application import Application
from webhook_core.bootstrap import assemble, open_venue
from webhook_core.clock import Budget, Clock
from webhook_core.intake import authentication
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.ledger.opening import open_store
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.operations.at_terminal import complete_settings
from webhook_core.risk import loss_figures
from webhook_core.settings.completion import Configuration
from webhook_core.settings.settings import Settings
from webhook_core.trading.day_begins import day_of
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.rules import Loss
from webhook_core.trading.symbols import display_name
from webhook_core.venue import HearsPrices
from webhook_core.web.gate import ClosedGate
from webhook_core.web.messages import HttpRequest

NOWHERE = "memory://"
_PROOFS = ("token", "secret")
_OF_ELSEWHERE = ("VENUE", "LEDGER_ID", "K_SERVICE", "FUNCTION_TARGET")


class OpenGate(ClosedGate):
    """Lets everybody in, as the strategy that is tried."""

    def __init__(self, strategy: str | None) -> None:
        super().__init__()
        self.strategy = strategy

    def admit_alert(self, request: HttpRequest) -> VerifiedBody:
        """Raises AlertMalformed for a body that can't be read."""
        verified = authentication.verify(request, (), request.received_at, anonymous_allowed=True)
        return verified._replace(strategy=self.strategy)

    def check_proved(self, verified: VerifiedBody, _request: HttpRequest) -> VerifiedBody:
        """Whoever tries a message may do all of it."""
        return verified


def settings_on_paper(env: Mapping[str, str], balances: str | None) -> Settings:
    """Without any secret read: what proves a sender is not asked. Raises SettingsError."""
    own = {name: text for name, text in env.items() if name not in _OF_ELSEWHERE}
    paper = {"TRADING_MODE": "paper", "LEDGER_URL": NOWHERE, "ENVIRONMENT": "development"}
    paper |= {"PAPER_PRICES": "alert"} | ({"PAPER_BALANCES": balances} if balances else {})
    unset = {name: secrets.token_hex(16) for name in _unset(own, (*_PROOFS, "notify"))}
    return Configuration({**own, **unset, **paper}, _reads_nothing).settings


def settings_at_kraken(env: Mapping[str, str]) -> Settings:
    """With the keys of the environment; each order carries Kraken's validate flag. Raises
    SettingsError."""
    return complete_settings({**env, "TRADING_MODE": "validate", "LEDGER_URL": NOWHERE})


def rehearse(settings: Settings, clock: Clock, strategy: str | None = None) -> Application:
    """The application around a ledger of its own, which ends with it."""
    store = open_store(NOWHERE)
    venue = open_venue(settings, store, clock)
    application = assemble(settings, clock, store, venue, OpenGate(strategy))
    nothing_lost(application)
    return application


def nothing_lost(application: Application) -> None:
    """As if reconcile had just found that nothing was lost today: there is no account to ask."""
    owners = application.operators.money.loss_owners
    if not owners:
        return
    now, decider = application.clock.now(), application.decider
    losses = {one.strategy: Loss(now, day_of(one.begins, now), {}, {}, {}) for one in owners}
    name = loss_figures.document(decider.mode, decider.account)
    decider.documents.write(name, loss_figures.to_text(losses), None)


def bought_by(application: Application, strategy: str, instrument: Instrument) -> None:
    """As if the strategy had bought all that the paper account holds of the pair's base."""
    decider, now = application.decider, application.clock.now()
    held = application.venue.balances(Budget.start(application.clock, 1.0)).get(instrument.base)
    if held is None or held.total <= 0:
        return
    key, name, nothing = instrument.key, display_name(instrument), Decimal(0)
    trade = Trade(
        *("rehearsed", "rehearsed", key, name, Side.BUY, held.total, nothing, nothing, nothing),
        at=now,
        role=Role.ORDER,
        strategy=strategy,
    )
    store = TradeStore(decider.documents, decider.mode, decider.account)
    store.add([trade])
    store.keep_place(ReadTo(now, now.date(), now))


def tell_price(application: Application, instrument: Instrument, price: Decimal) -> None:
    """What the paper market of that pair stands at."""
    if isinstance(application.venue, HearsPrices):
        application.venue.tell_price(instrument.key, price)


def unset_proofs(env: Mapping[str, str]) -> set[str]:
    """The variables that strategies.toml names for what proves a sender, and that have no value."""
    return _unset(env, _PROOFS)


def _unset(env: Mapping[str, str], keys: Collection[str]) -> set[str]:
    """By the tables, and not by their comments. What can't be read the settings say."""
    path = Path(env.get("STRATEGIES_FILE") or "strategies.toml")
    try:
        tables = tomllib.loads(path.read_text("utf-8-sig")).values()
    except (OSError, ValueError):
        return set()
    values = [table.get(key) for table in tables if isinstance(table, dict) for key in keys]
    texts = [text for one in values for text in (one if isinstance(one, list) else [one])]
    named = [text for text in texts if isinstance(text, str) and text.startswith("env:")]
    names = {text.removeprefix("env:").strip() for text in named}
    return {name for name in names if not env.get(name)}


def _reads_nothing(_names: object, _seconds: float) -> Mapping[str, str]:
    return {}
