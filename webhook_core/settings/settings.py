"""Settings from the environment and strategies.toml: every fault in one message, no
secret in any of them.

A variable that is not understood stops the start. It might be a limit, and an ignored
limit costs money.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.intake.credentials import Credential
from webhook_core.settings.addresses import Network
from webhook_core.settings.certificates import ClientCertificates
from webhook_core.settings.secret_values import Secret, SecretName
from webhook_core.settings.strategy import Strategy
from webhook_core.trading.rules import Fees, Guards, Limits, TradingRules
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.settings.venue_name import VenueName
    from webhook_core.trading.day_begins import DayBegins


class Settings(NamedTuple):
    """What this deployment is. Seconds in the ``_s`` fields; fees in percent; costs by quote asset.

    ``venue`` is None for Kraken.

    None in ``allowed_symbols``, ``max_order_cost`` and ``allowed_ips`` means no limit, in
    ``kraken_api_url`` Kraken's own, in ``ledger_id`` whichever ledger is there, in
    ``trusted_proxy_hops`` that the peer is the caller. ``secret_texts`` is
    everything that must never be seen, for the log's last line of defence. ``notify`` are addresses
    or names of secrets, read when there is something to tell. ``secret_names`` are the
    secrets that stand elsewhere, ``unread`` those of them that are not read yet: no credential may
    be concluded from.
    """

    environment: str
    trading_mode: str
    kraken_api_key: Secret | None
    kraken_api_secret: Secret | None
    kraken_api_url: str | None
    kraken_nonce_window: int | None
    credentials: tuple[Credential, ...]
    allowed_symbols: tuple[str, ...] | None
    max_order_cost: Mapping[str, Decimal] | None
    ledger_url: str
    strategies: Mapping[str, Strategy]
    operator_token: Secret | None
    log_level: str
    gcp_project_id: str | None
    cors_origins: tuple[str, ...]
    alert_max_age_s: int
    duplicate_window_s: int
    order_deadline_s: int
    visibility_margin_s: int
    request_budget_s: float
    paper_balances: Mapping[str, Decimal]
    paper_maker_fee: Decimal
    paper_taker_fee: Decimal
    paper_prices: str
    rate_limit_per_minute: int
    allowed_ips: tuple[Network, ...] | None
    trusted_proxy_hops: int | None
    client_certificates: ClientCertificates | None
    health_details: bool
    on_google_cloud: bool
    allow_token_in_url: bool = False
    account: str = "default"
    venue: VenueName | None = None
    ledger_id: str | None = None
    history_days: int = 90
    exits_ignore_cost: bool = True
    exits_ignore_limits: bool = True
    guards: Guards | None = None
    notify: tuple[Secret, ...] = ()
    notify_about: frozenset[str] | None = None
    notify_summary: DayBegins | None = None
    warnings: tuple[str, ...] = ()
    secret_texts: tuple[Secret, ...] = ()
    secret_names: tuple[SecretName, ...] = ()
    unread: tuple[SecretName, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether anything is set of who is told, and what."""
        wanted = (self.notify, self.notify_about, self.notify_summary)
        return any(wanted) or any(strategy.notify for strategy in self.strategies.values())

    @property
    def texts_to_mask(self) -> list[str]:
        """``whsec_…`` without its beginning is as good: that is the key. So is base64 without the
        ``=`` that fill it up."""
        texts = [secret.get_secret_value() for secret in self.secret_texts]
        bare = [text.removeprefix("whsec_") for text in texts]
        return list(dict.fromkeys([*texts, *bare, *(text.rstrip("=") for text in bare)]))

    def rules_for(self, strategy: str) -> TradingRules:
        """The global limits and, beside them, those of the strategy: every
        one of them must hold."""
        own = self.strategies.get(strategy, Strategy(strategy))
        on_paper = self.trading_mode == "paper"
        return TradingRules(
            limits=(
                Limits(self.allowed_symbols, self.max_order_cost, guards=self.guards),
                own.limits,
            ),
            volume=own.volume,
            quantity_type=own.quantity_type,
            size_fixed=own.size_fixed,
            close=own.close,
            exits_ignore_cost=self.exits_ignore_cost,
            exits_ignore_limits=self.exits_ignore_limits,
            priced_by_alerts=on_paper and self.paper_prices == "alert",
            fees=Fees(self.paper_maker_fee, self.paper_taker_fee) if on_paper else Fees(),
        )


def account_at(label: str, venue: VenueName | None) -> str:
    """No two venues share an account, so that none is asked about the orders of another."""
    return label if venue is None else f"{label}@{venue}"
