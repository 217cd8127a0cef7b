"""What an operator may ask of a running function: the account, the ledger, a reconcile run."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webhook_core.clock import Budget, Clock
from webhook_core.errors import AlertMalformed, LedgerUnavailable, Unauthenticated
from webhook_core.journal.asking import Asking
from webhook_core.ledger.entry_report import row_of
from webhook_core.money.accounts import Accounts
from webhook_core.planning.decide import Decider
from webhook_core.sending.legs import Legs
from webhook_core.settings.settings import Settings
from webhook_core.settings.strategy import Strategy
from webhook_core.web.messages import NotFound

if TYPE_CHECKING:
    from webhook_core.sending.closings import Closings
    from webhook_core.sending.own_cancels import OwnCancels
    from webhook_core.web.pause_requests import PauseRequest
    from webhook_core.web.reconciling import ReconcileRun

BUDGET_S = 25.0
"""Operators wait longer than TradingView; a scheduler's default is three minutes."""


class NoOperator(NotFound):
    """Without an operator token an operator's route is none to whoever asks; the log says why."""

    for_log = "No such route: OPERATOR_TOKEN is not set."

    def __init__(self) -> None:
        super().__init__("No such route.")


class NotOperator(Unauthenticated):
    """On an operator's route, which is about no alert: no token, or a wrong one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.message = "This route wants the operator token: Authorization: Bearer OPERATOR_TOKEN."
        self.args = (self.message,)


@dataclass(slots=True, eq=False, repr=False)
class Operators:
    """``decider`` has the ledger, the venue and the clock of all of it. ``open_run``: the
    same with what only a reconcile run needs."""

    settings: Settings
    decider: Decider
    money: Accounts
    history: Asking
    legs: Legs
    open_run: Callable[[], ReconcileRun]

    @property
    def token(self) -> str | None:
        """The operator's; None switches these routes off."""
        token = self.settings.operator_token
        return token.get_secret_value() if token else None

    @property
    def clock(self) -> Clock:
        return self.decider.clock

    @property
    def strategies(self) -> Mapping[str, Strategy]:
        """Those of strategies.toml, by name."""
        return self.settings.strategies

    def authenticate(self, headers: Mapping[str, str]) -> None:
        """Raises NoOperator where there are no operator routes, NotOperator for a wrong token."""
        if self.token is None:
            raise NoOperator
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            token.strip().encode(), self.token.encode()
        ):
            raise NotOperator("operator token")

    def account(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Balances, open orders and positions as the venue has them, and how old
        the pair rules are."""
        found = dict(self.decider.venue.account(self._budget()))
        rules_as_of = self.decider.pair_rules.refreshed_at()
        age = None if rules_as_of is None else int((self.clock.now() - rules_as_of).total_seconds())
        return {**found, "pair_rules": {"as_of": rules_as_of, "age_seconds": age}}

    def orders(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The ledger, newest first: ``state``, ``strategy``, ``since``, ``alert``, ``symbol``,
        ``limit`` (at most 200) and ``cursor``."""
        from webhook_core.web import listing  # no alert lists orders

        listing.check_names(query, (*listing.FILTERS, "limit", "cursor"))
        filters = listing.Filters.read(query, self.clock.now(), self.decider.pair_rules.current)
        limit = listing.page_limit(query.get("limit"))
        try:
            page = listing.page(
                self.decider.ledger, filters, query.get("cursor") or None, limit, self._budget()
            )
        except ValueError:
            raise AlertMalformed(
                "cursor is not one that this route gave out.", field="cursor"
            ) from None
        paused = [pause._asdict() for pause in self.decider.pausing.standing()]
        rows = [row_of(entry) for entry in page.entries]
        return {"paused": paused, "orders": rows, "cursor": page.cursor}

    def pause(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Stop every alert whose claim comes after this; web.pause_requests says of whom and how
        long, and whether open orders are cancelled too, and positions closed."""
        from webhook_core.web.canceling import cancel_own  # no alert does
        from webhook_core.web.pause_requests import pause

        def cancels(asked: PauseRequest) -> dict[str, Any]:
            return cancel_own(self.own_cancels, asked, self._budget())

        def closes(asked: PauseRequest) -> dict[str, Any]:
            from webhook_core.web.closing_own import close_own  # few pauses do

            return close_own(self.closings, asked, self._budget())

        said = self._without_secrets(said)
        return pause(self.decider.pausing, said, self.strategies, cancels, closes)

    @property
    def own_cancels(self) -> OwnCancels:
        """What cancels the bridge's own open orders."""
        from webhook_core.sending.own_cancels import OwnCancels  # no alert does

        return OwnCancels(self.decider, self.legs.submission)

    @property
    def closings(self) -> Closings:
        """What closes the positions that the bridge has bought."""
        from webhook_core.sending.closings import Closings  # few operators do

        return Closings(self.decider, self.legs, self.settings)

    def resume(self, said: Mapping[str, str]) -> dict[str, Any]:
        """End a pause."""
        from webhook_core.web.pause_requests import resume  # no alert does

        return resume(self.decider.pausing, self._without_secrets(said), self.strategies)

    def _without_secrets(self, said: Mapping[str, str]) -> dict[str, str]:
        """What is kept and told to whoever is stopped. No stop is refused for its words."""
        from webhook_core.cloud.masking import masked, written_forms

        forms = written_forms(self.settings.texts_to_mask)
        words = {name: masked(said[name], forms) for name in ("why", "by") if name in said}
        return {**said, **words}

    def alerts(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Every alert with a proof, newest first, whatever became of it (journal.asking)."""
        return self.history.alerts(query, self._budget())

    def reconcile(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What web.reconciling does, from ``cursor`` on."""
        run = self.open_run()
        budget = self._budget()
        try:
            return run.run(query, budget)
        except LedgerUnavailable as error:
            run.telling.ledger_failed(error.message, budget)
            raise

    def report(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What the bridge's own orders earned, per strategy and pair: ``month`` and ``strategy``;
        how many of each strategy's alerts were refused in that time, which strategies have gone
        silent, and what daily limits count today."""
        from webhook_core.web.listing import check_names  # no alert reports

        check_names(query, ("month", "strategy"))
        budget = self._budget()
        found = self.money.report(query, budget)
        span = (found["since"], found["until"])
        asked = query.get("strategy") or None
        refused = self.history.refused_shares(*span, asked, budget)
        losses = self._losses()
        expected = [row for row in self.expected() if asked in (None, row["strategy"])]
        return {**found, "refused": refused, "expected": expected, "losses": losses}

    def expected(self) -> list[dict[str, Any]]:
        """The strategies that alerts are expected of, and which of them are silent. Raises
        LedgerUnavailable."""
        from webhook_core.notify.standing import silent_now  # no alert asks

        told = self.history
        return silent_now(self.strategies, told.store, told.whose, self.clock.now())

    def _losses(self) -> list[dict[str, Any]]:
        """What each owner of a daily limit has lost, as reconcile has counted it last."""
        if not self.money.loss_owners:
            return []
        from webhook_core.risk import loss_figures  # few accounts have such a limit

        decider = self.decider
        documents = decider.documents
        return loss_figures.rows(loss_figures.read(documents, decider.mode, decider.account))

    def _budget(self) -> Budget:
        return Budget.start(self.clock, BUDGET_S)
