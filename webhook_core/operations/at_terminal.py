"""How a command begins: the settings with every secret, log lines for people, the application."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TextIO

from webhook_core.application import Application
from webhook_core.bootstrap import build
from webhook_core.cloud import logs
from webhook_core.cloud.secrets import SecretReader
from webhook_core.errors import NotConfigured
from webhook_core.events import LOGGER
from webhook_core.kraken.packaged_pairs import PackagedRecords, snapshot
from webhook_core.ledger.opening import require_ledger
from webhook_core.settings.completion import Configuration
from webhook_core.settings.reading import SettingsError
from webhook_core.settings.settings import Settings
from webhook_core.trading.symbols import Instruments

PATIENT_READ_S = 10.0  # at a terminal


def complete_settings(env: Mapping[str, str]) -> Settings:
    """For a terminal: the settings with every secret read.

    Raises SettingsError for whatever can't be used or read.
    """
    try:
        return Configuration(env, SecretReader().read).completed(PATIENT_READ_S)
    except NotConfigured as error:
        raise SettingsError(error.faults) from None


def start_at_terminal(
    env: Mapping[str, str], stream: TextIO, told: Sequence[str] = (), *, ledger_is_read: bool = True
) -> Application:
    """The application for the command line: log lines go to ``stream``, from WARNING up unless
    LOG_LEVEL says otherwise. ``told``: how the events begin that the command tells itself, in
    sentences.

    Raises SettingsError, and LedgerAbsent where LEDGER_URL names a file that is no ledger: a
    command makes none. One for which ``ledger_is_read`` is not set needs none either.
    """
    settings = complete_settings(env)
    log_at_terminal(settings, env, stream, told)
    if ledger_is_read:
        require_ledger(settings.ledger_url, settings.ledger_id)
    try:
        return build(settings)
    except NotConfigured as error:  # of another venue
        raise SettingsError(error.faults) from None


def known_pairs() -> Instruments:
    """What is known of Kraken's pairs without asking it: the packaged rules, and the records."""
    return Instruments(snapshot(), PackagedRecords())


def log_at_terminal(
    settings: Settings, env: Mapping[str, str], stream: TextIO, told: Sequence[str] = ()
) -> None:
    """Lines for people on ``stream``; all of them where LOG_LEVEL asks for some."""
    level = settings.log_level if env.get("LOG_LEVEL") else "WARNING"
    logs.configure(level, "console", stream, secrets=settings.texts_to_mask)
    if told and not env.get("LOG_LEVEL"):
        for handler in LOGGER.handlers:
            handler.addFilter(lambda record: _is_news(record, tuple(told)))


def _is_news(record: logging.LogRecord, told: tuple[str, ...]) -> bool:
    """A traceback and what is CRITICAL always are."""
    is_grave = bool(record.exc_info) or record.levelno >= logging.CRITICAL
    return is_grave or not record.getMessage().startswith(told)
