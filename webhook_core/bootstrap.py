"""Settings and adapters become the application, in the first request, once per instance.

Adapters are named here, and the stores in ledger.opening. Nothing is built at import:
functions-framework loads main.py in gunicorn's parent process and forks, which no database
connection survives.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from webhook_core.application import Application
from webhook_core.clock import Budget, Clock, SystemClock
from webhook_core.cloud import logs
from webhook_core.events import event
from webhook_core.instance import Instance
from webhook_core.kraken.client import InsteadOf, KrakenClient
from webhook_core.kraken.packaged_pairs import PackagedRecords, snapshot
from webhook_core.kraken.signing_keys import KrakenKey, RenewedKey
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.ledger.contract import Documents
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.opening import open_store
from webhook_core.planning.decide import Decider
from webhook_core.planning.pair_rules import PairRules
from webhook_core.sending.legs import Legs
from webhook_core.sending.submission import Submission
from webhook_core.settings.completion import Configuration
from webhook_core.settings.cross_checks import KRAKEN_SECRETS
from webhook_core.settings.secret_values import SecretName
from webhook_core.settings.settings import Settings
from webhook_core.story import Alerts
from webhook_core.venue import Venue
from webhook_core.web.failed_proofs import FailedProofs
from webhook_core.web.gate import ClosedGate, Gate

if TYPE_CHECKING:
    from webhook_core.cloud.log_search import LogSearch
    from webhook_core.cloud.secrets import SecretReader
    from webhook_core.journal.history import History
    from webhook_core.ledger.store import Store
    from webhook_core.notify.telling import Telling
    from webhook_core.sending.reconcile import Reconciler
    from webhook_core.web.first_readings import FirstReadings
    from webhook_core.web.operators import Operators
    from webhook_core.web.reconciling import ReconcileRun

ADDRESS_READ_S = 2.0
SECRETS_READ_S = 1.5
"""Google's library is imported in it. The request has the rest of its budget for the order."""


def start(
    env: Mapping[str, str], reader: SecretReader | None = None, clock: Clock | None = None
) -> Instance:
    """Read the settings, set up the log, and say what the operator should know.

    Raises SettingsError.
    """
    configuration = Configuration(env, reader.read if reader else _read_secrets)
    settings = configuration.settings
    elsewhere: logs.Style = "json" if settings.environment == "production" else "console"
    style: logs.Style = "google" if settings.on_google_cloud else elsewhere
    logs.configure(
        settings.log_level, style, secrets=settings.texts_to_mask, project=settings.gcp_project_id
    )
    mode, environment = settings.trading_mode, settings.environment
    event(logging.INFO, "service.started", mode=mode, environment=environment)
    for warning in settings.warnings:
        event(logging.WARNING, "service.warning", warning=warning)
    clock = clock or SystemClock()
    nothing: Any = None  # nobody gets past a closed gate
    closed = assemble(settings, clock, nothing, nothing, ClosedGate())
    return Instance(clock, partial(_opened, configuration, clock), closed)


def _read_secrets(names: Sequence[SecretName], seconds: float) -> Mapping[str, str]:
    from webhook_core.cloud.secrets import shared_reader  # not for those of the environment

    return shared_reader().read(names, seconds)


def _opened(configuration: Configuration, clock: Clock) -> Application:
    """The application once every secret is read. Raises NotConfigured."""
    settings = configuration.completed(min(SECRETS_READ_S, configuration.settings.request_budget_s))
    logs.mask(settings.texts_to_mask)
    return build(settings, clock, _renewed_key(configuration, settings))


def _renewed_key(configuration: Configuration, settings: Settings) -> InsteadOf | None:
    """None where Kraken's key stands in the environment: it can't change while we run."""
    if (
        settings.venue
        or settings.trading_mode == "paper"
        or not any(name.place in KRAKEN_SECRETS for name in settings.secret_names)
    ):
        return None

    def read(seconds: float) -> KrakenKey:
        newest = configuration.completed(seconds, KRAKEN_SECRETS)
        logs.mask(newest.texts_to_mask)
        return _kraken_key(newest)

    return RenewedKey(_kraken_key(settings), read).instead_of


def _kraken_key(settings: Settings) -> KrakenKey:
    key, secret = settings.kraken_api_key, settings.kraken_api_secret
    if key is None or secret is None:
        raise ValueError("Settings let no other mode than paper start without keys")
    return KrakenKey(key.get_secret_value(), secret.get_secret_value())


def open_logs(project: str) -> LogSearch:
    """The log of one project of Google Cloud's."""
    from webhook_core.cloud import log_search

    return log_search.LogSearch(project)


def build(
    settings: Settings, clock: Clock | None = None, instead_of: InsteadOf | None = None
) -> Application:
    """The application with the adapters that the settings name."""
    clock = clock or SystemClock()
    store = open_store(settings.ledger_url, settings.ledger_id)
    return assemble(settings, clock, store, open_venue(settings, store, clock, instead_of))


def assemble(
    settings: Settings, clock: Clock, store: Store, venue: Venue, gate: ClosedGate | None = None
) -> Application:
    """The application around any implementation of its ports.

    While a secret is unread, only behind a closed gate.
    """
    if settings.unread and gate is None:
        raise ValueError("settings with unread secrets would let in whoever they are to keep out")
    pair_rules = _pair_rules(settings, clock, store, venue)
    seldom = _Seldom(settings, store, venue, clock)
    decider = Decider(pair_rules, venue, clock, store, *seldom.whose, seldom.look_up)
    submission = Submission(store, venue, clock, settings.order_deadline_s)

    def hold(entry: LedgerEntry, budget: Budget) -> str:
        return decider.hold(entry, settings.rules_for(entry.strategy), budget)

    legs = Legs(store, submission, seldom.look_up, clock, settings.order_deadline_s, hold)
    door = gate or Gate(settings, FailedProofs(settings.rate_limit_per_minute), clock)
    parts = (settings, store, venue, clock, decider)
    alerts = Alerts(*parts, legs, door, lambda: seldom.readings)
    operators = partial(seldom.operators, decider, legs)
    return Application(*parts, operators, lambda: seldom.history, door, alerts)


class _Seldom:
    """What few alerts need, or none: each is opened when it is first asked for."""

    def __init__(self, settings: Settings, store: Store, venue: Venue, clock: Clock) -> None:
        self.settings, self.store, self.venue, self.clock = settings, store, venue, clock
        read_lag = timedelta(seconds=settings.visibility_margin_s)
        self.whose = (settings.trading_mode, settings.account, read_lag)

    def look_up(self, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
        return self.reconciler.look_up(entry, budget)

    @cached_property
    def reconciler(self) -> Reconciler:
        from webhook_core.sending.reconcile import Reconciler  # few orders have to be looked up

        mode, account, read_lag = self.whose
        return Reconciler(mode, account, self.store, self.venue, self.clock, read_lag)

    @cached_property
    def history(self) -> History:
        from webhook_core.journal.history import open_history  # an accepted alert needs none

        return open_history(self.settings, self.store)

    @cached_property
    def readings(self) -> FirstReadings:
        from webhook_core.web.first_readings import FirstReadings  # for other tools' messages alone

        return FirstReadings(self.store)

    @cached_property
    def telling(self) -> Telling:
        from webhook_core.notify.telling import open_telling  # only reconcile tells anybody

        return open_telling(self.settings, self.store, self.clock, _read_by_name)

    def operators(self, decider: Decider, legs: Legs) -> Operators:
        from webhook_core.journal.asking import Asking
        from webhook_core.money.assembly import open_accounts
        from webhook_core.web.operators import Operators  # no alert needs them

        money = open_accounts(self.reconciler, self.store, decider.pair_rules, self.settings)
        asking = Asking(self.store, self.clock, decider.pair_rules.current, self.history)
        parts = self.settings, decider, money, asking

        def run() -> ReconcileRun:
            from webhook_core.web.reconciling import ReconcileRun  # few that ask reconcile

            return ReconcileRun(*parts, self.reconciler, self.telling)

        return Operators(*parts, legs, run)


def _read_by_name(name: str) -> str:
    """An address of NOTIFY that is a secret's name. Raises NotConfigured."""
    value = _read_secrets([SecretName("NOTIFY", name)], ADDRESS_READ_S)[name]
    logs.mask([value, *value.split()])
    return value


def _pair_rules(settings: Settings, clock: Clock, store: Documents, venue: Venue) -> PairRules:
    """On paper AssetPairs is Kraken's own only where its prices are; else it is stored apart."""
    if settings.venue is not None:
        listed = cache(lambda: venue.instruments(None, Budget.start(clock, 1.0)))
        return PairRules(listed, f"pair-rules-{settings.venue}", store, venue, clock)
    if settings.trading_mode != "paper":
        return PairRules(snapshot, "pair-rules", store, venue, clock)
    document = "pair-rules" if settings.paper_prices == "kraken" else "paper-pair-rules"
    return PairRules(snapshot, document, store, venue, clock, PackagedRecords())


def open_venue(
    settings: Settings, documents: Documents, clock: Clock, instead_of: InsteadOf | None = None
) -> Venue:
    """Kraken, the paper Kraken beneath the same krakenex client, or what VENUE names."""
    if settings.venue is not None:
        from webhook_core.settings.other_venue import open_other  # few have another

        return open_other(settings, documents, clock, settings.venue, logs.mask)
    if settings.trading_mode == "paper":
        from webhook_core.kraken.paper.venue import PaperAccount, paper_venue  # not for live

        fees = settings.paper_maker_fee, settings.paper_taker_fee
        account = PaperAccount(settings.paper_balances, *fees, settings.paper_prices)
        return paper_venue(account, documents, clock, settings.kraken_api_url)
    from webhook_core.kraken.nonce_window import NonceWindow

    key = _kraken_key(settings)
    client = KrakenClient(key.key, key.secret, settings.kraken_api_url, instead_of=instead_of)
    client.go_by(NonceWindow(documents, clock, settings.kraken_nonce_window))
    return KrakenVenue(client, clock)
