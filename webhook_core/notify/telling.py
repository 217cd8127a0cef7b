"""Notifications, put together: what reconcile tells at the end of each run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from webhook_core.clock import Budget, Clock
from webhook_core.cloud.masking import masked, written_forms
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.journal.hourly import counted_since, lost_document
from webhook_core.ledger.store import Store
from webhook_core.money.trade_store import TradeStore
from webhook_core.notify import standing
from webhook_core.notify.alerts import AlertNews, lost_records
from webhook_core.notify.channels import AddressBook, ReadSecret, takers
from webhook_core.notify.kinds import DEFAULT, WITH
from webhook_core.notify.new_trades import TradeNews
from webhook_core.notify.outbox import Outbox
from webhook_core.notify.standing import expected_of, newest_of
from webhook_core.notify.state import Message, NotifyState
from webhook_core.notify.summary import Prices, Summary
from webhook_core.risk.pausing import Pausing
from webhook_core.settings.notify_values import about
from webhook_core.settings.settings import Settings
from webhook_core.settings.told_addresses import addresses

Step = Callable[[NotifyState, datetime], tuple[list[Message], NotifyState]]
"""What one source has to tell since that state, and the state once it is told."""
LEDGER_FAILING_AFTER = 3
TEST_S = 15.0
TEST = "What your bridge has to say comes here."


@dataclass(slots=True, eq=False, repr=False)
class Telling:
    """Of one instance."""

    settings: Settings
    store: Store
    clock: Clock
    pausing: Pausing
    book: AddressBook
    _ledger_failures: int = 0
    _has_warned: bool = False

    @property
    def name(self) -> str:
        return document_of(self.settings)

    def run(self, unread: Sequence[Mapping[str, str]], prices: Prices, budget: Budget) -> int:
        """How many messages were taken. ``unread``: what this reconcile run could not read of
        Kraken; ``prices``: last ones by symbol, which only a summary asks for. Whatever fails here
        is no failure of the run. Never raises."""
        if not self.book.addresses:
            return 0
        try:
            self._warn_once()
            gather = partial(self._gather, self._steps(unread, prices, budget))
            outbox = Outbox(self.store, self.clock, self.name, self.book.channels(), gather)
            self._ledger_works(budget)
            return outbox.run(budget)
        except LedgerUnavailable as error:
            event(logging.WARNING, "notify.not_told", reason=error.message)
        except Exception:  # noqa: BLE001  nothing that is told is worth a reconcile run
            event(logging.ERROR, "notify.not_told", exc_info=True)
        return 0

    def _warn_once(self) -> None:
        """In the log of each instance: what only apprise, or a secret's text, could tell."""
        if self._has_warned:
            return
        self._has_warned = True
        for channel in self.book.channels():
            if (fault := channel.fault()) is not None:
                event(logging.WARNING, "notify.unusable", address=channel.place, reason=fault)

    def ledger_failed(self, why: str, budget: Budget) -> None:
        """Told without the ledger, so once by each instance that sees it. Never raises."""
        self._ledger_failures += 1
        if self._ledger_failures == LEDGER_FAILING_AFTER:
            see = "No alert is traded until it works. Why: .venv/bin/python -m webhook_core doctor"
            body = f"{why}\n{see}"
            self._at_once("The ledger can't be used", body, budget)

    def _ledger_works(self, budget: Budget) -> None:
        failed, self._ledger_failures = self._ledger_failures, 0
        if failed >= LEDGER_FAILING_AFTER:
            self._at_once("The ledger works again", "Alerts are traded again.", budget)

    def _at_once(self, title: str, body: str, budget: Budget) -> None:
        if "failing" not in self._about:
            return
        message = self._as_sent(Message("failing", title, body))
        for channel in takers(message, self.book.channels()):
            channel.send(message.title, message.body, max(1.0, min(8.0, budget.remaining())))

    def _about_of(self, message: Message) -> frozenset[str]:
        strategy = self.settings.strategies.get(message.strategy or "")
        if strategy is None or strategy.notify_about is None:
            return self._about
        return about(strategy.notify_about, self._about)

    @property
    def _about(self) -> frozenset[str]:
        chosen = self.settings.notify_about
        return frozenset(DEFAULT) if chosen is None else chosen

    def _gather(
        self, steps: Mapping[str, Step], state: NotifyState, now: datetime
    ) -> tuple[list[Message], NotifyState]:
        expected = expected_of(self.settings.strategies)
        whose = (self.settings.trading_mode, self.settings.account)
        unheard = [name for name in expected if name not in state.heard]
        newest = newest_of(self.store, whose, unheard)
        heard = {
            name: state.heard.get(name) or newest.get(name, now).isoformat() for name in expected
        }
        state = state._replace(heard=heard)
        messages, broken = list[Message](), list[str]()
        for name, step in steps.items():
            try:
                found, state = step(state, now)
            except LedgerUnavailable:
                raise
            except Exception:  # noqa: BLE001  what one can't tell keeps no other from it
                event(logging.ERROR, "notify.not_told", exc_info=True)
                broken.append(name)
                continue
            messages += filter(self._is_told, found)
        said, state = standing.broken(state, broken)
        return [self._as_sent(message) for message in (*said, *messages)], state

    def _is_told(self, message: Message) -> bool:
        about, kind = self._about_of(message), message.kind
        return not kind or kind in about or WITH.get(kind) in about

    def _steps(
        self, unread: Sequence[Mapping[str, str]], prices: Prices, budget: Budget
    ) -> Mapping[str, Step]:
        """By what each tells of. The alerts come behind what asks whether this is the first run."""
        mode, account = self.settings.trading_mode, self.settings.account
        trades = TradeStore(self.store, mode, account)
        summary = Summary(self.store, trades, (mode, account), self.settings.notify_summary, prices)
        lost, expected = lost_document(mode, account), expected_of(self.settings.strategies)
        return {
            "pauses": lambda known, _: standing.pauses(known, self.pausing.standing()),
            "Kraken": lambda known, _: standing.venue(known, unread),
            "trades": TradeNews(trades, self.store).since,
            "lost records": lambda known, _: lost_records(known, counted_since(self.store, lost)),
            "alerts": AlertNews(self.store, mode, account).since,
            "silence": lambda known, now: standing.silence(known, expected, now),
            "the day": lambda known, now: summary.since(known, now, budget),
        }

    def _mask(self, text: str) -> str:
        """Without secrets: one may stand in the wrong field of an alert."""
        return masked(text, written_forms(self.settings.texts_to_mask))

    def _as_sent(self, message: Message) -> Message:
        """Where no real money is at stake the title says so."""
        mode = self.settings.trading_mode
        title = message.title if mode == "live" else f"{message.title} ({mode})"
        return message._replace(title=self._mask(title), body=self._mask(message.body))

    def test(self) -> list[tuple[str, str, str]]:
        """A message to every address: its place, its service, and what became of it."""
        return [
            (
                channel.place,
                channel.service(),
                channel.fault() or channel.send("This is a test", TEST, TEST_S),
            )
            for channel in self.book.channels()
        ]


def document_of(settings: Settings) -> str:
    """The name of the document in which the messages stand."""
    return f"notify:{settings.trading_mode}:{settings.account}"


def open_telling(settings: Settings, store: Store, clock: Clock, read: ReadSecret) -> Telling:
    """As the settings have it."""
    pausing = Pausing(store, clock, settings.trading_mode, settings.account)
    return Telling(settings, store, clock, pausing, AddressBook(addresses(settings), read))
