"""The addresses that settings name, and what sends a message to each. Apprise is imported here
alone: a tenth of a second, and nothing that an alert needs.

A name of a secret is read when reconcile tells, never while an alert is answered. What can't be
read or is no address is said in the log, and tried again by later runs.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from webhook_core.errors import NotConfigured
from webhook_core.notify.state import Message
from webhook_core.settings.notify_values import fault_of, texts
from webhook_core.settings.secret_values import is_like_a_name
from webhook_core.settings.told_addresses import Address

NAME = "TradingView to Kraken"


class SendResult(StrEnum):
    """``UNSURE``: it took too long to say, and may have arrived."""

    YES = "sent"
    NO = "not sent"
    UNSURE = "perhaps sent"


class Sender(Protocol):
    """One address, which is a secret: no part of it is logged, and none is in an exception."""

    @property
    def service(self) -> str:
        """What people call it, such as Telegram; empty for an address that is none. Told by its
        form: nothing is opened for it, and it never raises."""

    def send(self, title: str, body: str, seconds: float) -> SendResult:
        """``seconds``: for all of it. Never raises."""


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

    def send(self, title: str, body: str, seconds: float) -> SendResult:
        if not len(self._apprise):
            return SendResult.NO
        try:
            result = self._apprise.notify(
                body=body or title,
                title=title if body else NAME,
                body_format=self._format,
                timeout=seconds,
            )
        except Exception:  # noqa: BLE001  its text may name the address
            return SendResult.NO
        if result.status == self._results.TIMEOUT:
            return SendResult.UNSURE
        return SendResult.YES if result.status == self._results.SUCCESS else SendResult.NO


def sender_of(url: str) -> Sender:
    """What sends there."""
    return AppriseSender(url)


ReadSecret = Callable[[str], str]
"""The value under a name. Raises NotConfigured."""
OpenSender = Callable[[str], Sender]
EMPTY = "its secret holds no address"
NOT_UNDERSTOOD = "its form is not the one that its service wants"


@dataclass(slots=True, eq=False, repr=False)
class Channel:
    """One address. ``place`` is what people and the stored state call it; ``strategy``: None for
    what is told of all of them. ``url`` is empty where ``wrong`` says why there is none."""

    place: str
    strategy: str | None
    url: str
    wrong: str | None = None
    open_sender: OpenSender = sender_of
    failed: bool = False
    _sender: Sender | None = None

    def fault(self) -> str | None:
        """Why nobody can be told there; None where it can be tried."""
        return self.wrong or (None if self._opened().service else NOT_UNDERSTOOD)

    def service(self) -> str:
        """What people call it, such as Telegram."""
        return "" if self.wrong else self._opened().service

    def send(self, title: str, body: str, seconds: float) -> SendResult:
        """Never raises."""
        sent = SendResult.NO if self.fault() else self._opened().send(title, body, seconds)
        self.failed = sent is not SendResult.YES
        return sent

    def _opened(self) -> Sender:
        if self._sender is None:
            self._sender = self.open_sender(self.url)
        return self._sender


@dataclass(slots=True, eq=False, repr=False)
class AddressBook:
    """Of one instance. A secret is read once, and again after a message failed: it may have been
    changed."""

    addresses: Sequence[Address]
    read: ReadSecret
    open_sender: OpenSender = sender_of
    _known: dict[str, list[Channel]] = field(default_factory=dict)

    def channels(self) -> list[Channel]:
        """Several for a secret that holds several: the first has the place of the whole."""
        return [channel for address in self.addresses for channel in self._of(address)]

    def _of(self, address: Address) -> Sequence[Channel]:
        known = self._known.get(address.place)
        if known is None or any(channel.failed or channel.wrong for channel in known):
            known = self._known[address.place] = list(self._opened(address))
        return known

    def _opened(self, address: Address) -> Iterator[Channel]:
        text, place = address.text.get_secret_value(), address.place
        wrong, urls = fault_of(text), list[str]()
        try:
            urls = [] if wrong else self._urls(text)
        except NotConfigured as error:  # which secret, why, and what to do
            wrong = "; ".join(fault.partition(": ")[2] for fault in error.faults)
        if not urls:
            yield Channel(place, address.strategy, "", wrong or EMPTY)
        for number, url in enumerate(urls):
            of_several = f"{place}/{number}" if number else place
            yield Channel(of_several, address.strategy, url, None, self.open_sender)

    def _urls(self, text: str) -> list[str]:
        if not is_like_a_name(text):
            return [text]
        return [each.get_secret_value() for each in texts(self.read(text))]


def takers(message: Message, channels: Collection[Channel]) -> list[Channel]:
    """NOTIFY hears everything, a strategy's own addresses what is about it. What is about the
    account goes to all of them where NOTIFY names nobody. An address that is named twice hears it
    once."""
    every = [channel for channel in channels if channel.strategy is None]
    if message.strategy is None:
        return _each_once(every or channels)
    return _each_once([*every, *(one for one in channels if one.strategy == message.strategy)])


def _each_once(channels: Collection[Channel]) -> list[Channel]:
    """By its first place; what has no address has a place alone."""
    found: dict[str, Channel] = {}
    for one in channels:
        found.setdefault(one.url or one.place, one)
    return list(found.values())
