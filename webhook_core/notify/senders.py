"""What sends one message to an address, and which one does. Apprise is imported here alone: a tenth
of a second, and nothing that an alert needs."""

from __future__ import annotations

import contextlib
import logging
from enum import StrEnum
from typing import Any, Protocol

NAME = "TradingView to Kraken"


class Sent(StrEnum):
    """``UNSURE``: it took too long to say, and may have arrived."""

    YES = "sent"
    NO = "not sent"
    UNSURE = "perhaps sent"


class Sender(Protocol):
    """One address."""

    @property
    def service(self) -> str:
        """What people call it, such as Telegram; empty for an address that is none."""
        ...

    def send(self, title: str, body: str, seconds: float) -> Sent:
        """Never raises."""
        ...


class AppriseSender:
    """``url`` is a secret: nothing here repeats a part of it."""

    def __init__(self, url: str) -> None:
        import apprise

        quiet = logging.getLogger("apprise")  # its lines name addresses
        quiet.propagate, quiet.disabled = False, True
        asset = apprise.AppriseAsset(async_mode=False, app_id=NAME, storage_mode="memory")
        self._apprise: Any = apprise.Apprise(asset=asset)
        self._results, self._format = apprise.AppriseResultStatus, apprise.NotifyFormat.TEXT
        with contextlib.suppress(Exception):  # its text may name the address; it is none then
            self._apprise.add(url)

    @property
    def service(self) -> str:
        return str(self._apprise[0].service_name) if len(self._apprise) else ""

    def send(self, title: str, body: str, seconds: float) -> Sent:
        if not len(self._apprise):
            return Sent.NO
        try:
            result = self._apprise.notify(
                body=body or title,
                title=title if body else NAME,
                body_format=self._format,
                timeout=seconds,
            )
        except Exception:  # noqa: BLE001  its text may name the address
            return Sent.NO
        if result.status == self._results.TIMEOUT:
            return Sent.UNSURE
        return Sent.YES if result.status == self._results.SUCCESS else Sent.NO


def sender_of(url: str) -> Sender:
    """What sends there."""
    return AppriseSender(url)
