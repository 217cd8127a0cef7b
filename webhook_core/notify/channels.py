"""The addresses that settings name, each with what reads it and sends to it.

A name of a secret is read when there is something to tell, never while an alert is answered. What
can't be read or is no address is said in the log, and tried again by later runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from webhook_core.errors import NotConfigured
from webhook_core.notify.senders import AppriseSender, Sender, Sent
from webhook_core.notify.state import Message
from webhook_core.settings.notify_values import fault_of, texts
from webhook_core.settings.secrets import is_like_a_name
from webhook_core.settings.told_addresses import Address

ReadSecret = Callable[[str], str]
"""The value under a name. Raises NotConfigured."""
OpenSender = Callable[[str], Sender]
UNREADABLE = "its secret can't be read"
NOT_UNDERSTOOD = "apprise does not understand it"


@dataclass(slots=True, eq=False, repr=False)
class Channel:
    """One entry of NOTIFY or of a strategy's ``notify``; several addresses where its secret holds
    several. ``place`` is what people and the stored state call it."""

    address: Address
    read: ReadSecret
    open_sender: OpenSender = AppriseSender
    _senders: list[Sender] = field(default_factory=list)

    @property
    def place(self) -> str:
        return self.address.place

    def fault(self) -> str | None:
        """Why nobody can be told there; None where it can be tried."""
        senders, wrong = self._opened()
        if wrong is None and not all(sender.service for sender in senders):
            return NOT_UNDERSTOOD
        return wrong

    def services(self) -> str:
        """What people call them."""
        senders, _ = self._opened()
        return ", ".join(sender.service or "?" for sender in senders)

    def send(self, title: str, body: str, seconds: float) -> Sent:
        """YES once every address has it. Never raises."""
        senders, wrong = self._opened()
        if wrong is not None or not all(sender.service for sender in senders):
            self._senders = []
            return Sent.NO
        found = {sender.send(title, body, seconds) for sender in senders}
        if found == {Sent.YES}:
            return Sent.YES
        self._senders = []  # the secret may have been changed: read it again
        # Of several one may have it: to send it again would tell that one twice.
        return Sent.NO if found == {Sent.NO} else Sent.UNSURE

    def _opened(self) -> tuple[Sequence[Sender], str | None]:
        text = self.address.text.get_secret_value()
        wrong = fault_of(text)
        if wrong is not None:
            return [], wrong
        if not self._senders:
            try:
                urls = list(self._urls(text))
            except NotConfigured:
                return [], UNREADABLE
            if not urls:
                return [], UNREADABLE
            self._senders = [self.open_sender(url) for url in urls]
        return self._senders, None

    def _urls(self, text: str) -> Iterator[str]:
        if not is_like_a_name(text):
            yield text
            return
        yield from (each.get_secret_value() for each in texts(self.read(text)))


def takers(message: Message, channels: Collection[Channel]) -> list[Channel]:
    """NOTIFY hears everything, a strategy's own addresses what is about it. What is about the
    account goes to all of them where NOTIFY names nobody."""
    every = [channel for channel in channels if channel.address.strategy is None]
    if message.strategy is None:
        return every or list(channels)
    own = [channel for channel in channels if channel.address.strategy == message.strategy]
    return [*every, *own]
