"""The only place that names concrete adapters. Everything is built in the first request, once per instance.

Not at import: functions-framework loads main.py in gunicorn's parent process and forks, and neither a thread nor a
database connection survives that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol, TextIO

from webhook_core.application import Application
from webhook_core.clock import SystemClock
from webhook_core.cloud import logs
from webhook_core.errors import VenueUnavailable
from webhook_core.events import event
from webhook_core.failed_proofs import FailedProofs
from webhook_core.gate import Gate
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.venue import KrakenVenue, last_price
from webhook_core.ledger.reconcile import Reconciler
from webhook_core.ledger.url import parse as parse_ledger_url
from webhook_core.market import Market
from webhook_core.operators import Operators
from webhook_core.pair_rules import PairRules
from webhook_core.ports import Budget, Clock, Documents, Ledger, Venue
from webhook_core.settings import Settings
from webhook_core.submission import Submission
from webhook_core.trading.instruments import Instrument, from_document

PAPER_KEY = "paper"
PAPER_SECRET = "cGFwZXIga3Jha2VuIGhhcyBubyBzZWNyZXRz"  # noqa: S105  signs requests to a venue inside this process
PAPER_NONCE_WINDOW = 10**10
"""Ten seconds of nanoseconds, what the README advises for a real key too: processes that share it overtake each other."""
PRICE_READ_S = 1.0


class Store(Ledger, Documents, Protocol):
    """Ledger and documents are one store in every adapter."""


class Lazy:
    """Builds the application in the first request, whichever thread that is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._application: Application | None = None

    def get(self) -> Application:
        if self._application is None:
            with self._lock:
                self._application = self._application or build(self._settings)
        return self._application


def start(env: Mapping[str, str]) -> Lazy:
    """Read the settings, set up the log, and say what the operator should know. Raises SettingsError."""
    settings = Settings.from_env(env)
    logs.configure(settings.log_level, settings.environment == "production", secrets=_texts(settings))
    event(logging.INFO, "service.started", mode=settings.trading_mode, environment=settings.environment)
    for warning in settings.warnings:
        event(logging.WARNING, "service.warning", warning=warning)
    return Lazy(settings)


def start_at_terminal(env: Mapping[str, str], stream: TextIO) -> Application:
    """The application for the command line: log lines go to ``stream``, from WARNING up unless LOG_LEVEL says otherwise.

    Raises SettingsError.
    """
    settings = Settings.from_env(env)
    level = settings.log_level if env.get("LOG_LEVEL") else "WARNING"
    logs.configure(level, json_lines=False, stream=stream, secrets=_texts(settings))
    return build(settings)


def _texts(settings: Settings) -> list[str]:
    return [secret.get_secret_value() for secret in settings.secret_texts]


def build(settings: Settings) -> Application:
    """The application with the adapters that the settings name."""
    clock = SystemClock()
    store = open_store(settings.ledger_url)
    return assemble(settings, clock, store, open_venue(settings, store, clock))


def assemble(settings: Settings, clock: Clock, store: Store, venue: Venue) -> Application:
    """The application around any implementation of its ports."""
    document = "paper-pair-rules" if settings.trading_mode == "paper" else "pair-rules"
    pair_rules = PairRules(snapshot, document, store, venue, clock)
    reconciler = Reconciler(store, venue, clock, timedelta(seconds=settings.visibility_margin_s))
    token = settings.operator_token.get_secret_value() if settings.operator_token else None
    return Application(
        settings=settings,
        ledger=store,
        venue=venue,
        clock=clock,
        market=Market(pair_rules, venue, clock),
        submission=Submission(store, venue, clock, settings.order_deadline_s),
        reconciler=reconciler,
        operators=Operators(token, store, venue, pair_rules, reconciler, clock),
        gate=Gate(settings, FailedProofs(settings.rate_limit_per_minute), clock),
    )


def snapshot() -> Sequence[Instrument]:
    """The packaged pair rules."""
    return from_document(Path(__file__).with_name("kraken").joinpath("asset_pairs.json").read_text("utf-8"))


def open_store(ledger_url: str) -> Store:
    """The ledger and its documents. The adapter's library is imported only here."""
    url = parse_ledger_url(ledger_url)
    if url.kind == "memory":
        from webhook_core.ledger.memory import MemoryLedger

        return MemoryLedger()
    if url.kind == "firestore":
        from webhook_core.ledger.firestore import FirestoreLedger

        return FirestoreLedger(url.project or "", database=url.database or "(default)")
    from webhook_core.ledger.sqlite import SqliteLedger

    return SqliteLedger(str(url.path))


def open_venue(settings: Settings, documents: Documents, clock: Clock) -> KrakenVenue:
    """Kraken, or the paper Kraken beneath the same krakenex client."""
    if settings.trading_mode == "paper":
        return _paper_venue(settings, documents, clock)
    key, secret = settings.kraken_api_key, settings.kraken_api_secret
    if key is None or secret is None:
        raise ValueError("Settings let no other mode than paper start without keys")
    client = KrakenClient(key.get_secret_value(), secret.get_secret_value(), settings.kraken_api_url)
    return KrakenVenue(client, clock)


def _paper_venue(settings: Settings, documents: Documents, clock: Clock) -> KrakenVenue:
    from webhook_core.kraken.paper.adapter import PaperAdapter
    from webhook_core.kraken.paper.engine import PaperKraken

    engine = PaperKraken(
        documents,
        clock,
        balances=settings.paper_balances,
        maker_fee=settings.paper_maker_fee,
        taker_fee=settings.paper_taker_fee,
        key=PAPER_KEY,
        secret=PAPER_SECRET,
        nonce_window=PAPER_NONCE_WINDOW,
        price_source=_public_prices(settings, clock) if settings.paper_prices == "kraken" else None,
    )
    client = KrakenClient(PAPER_KEY, PAPER_SECRET, transport=PaperAdapter(engine))
    return KrakenVenue(client, clock, note_price=engine.mark_price)


def _public_prices(settings: Settings, clock: Clock) -> Callable[[str], Decimal | None]:
    client = KrakenClient("", "", settings.kraken_api_url)

    def price(altname: str) -> Decimal | None:
        try:
            return last_price(client, altname, Budget.start(clock, PRICE_READ_S))
        except VenueUnavailable:
            return None

    return price
