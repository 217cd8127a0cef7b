"""The paper Kraken as a venue: the engine beneath the same krakenex client,
and the same KrakenVenue. Everything runs for real but the socket."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.paper.engine import PaperKraken
from webhook_core.kraken.paper.envelope import Unreachable
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.network.exchange import Answer, NoAnswer
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.clock import Clock
    from webhook_core.ledger.contract import Documents

KEY = "paper"
SECRET = "cGFwZXIga3Jha2VuIGhhcyBubyBzZWNyZXRz"  # noqa: S105  signs requests to a venue inside this process
NONCE_WINDOW = 10**10  # ten seconds, what the README advises for a real key too


class PaperTransport:
    """A kraken.session.Transport."""

    def __init__(self, engine: PaperKraken) -> None:
        self.engine = engine

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        seconds: float,  # noqa: ARG002  it answers at once
    ) -> Answer:
        """The request, byte for byte, to the engine. Raises NoAnswer as a socket would."""
        bare, _, query = path.partition("?")
        try:
            status, content = self.engine.handle(method, bare, query, headers, body or b"")
        except Unreachable:
            raise NoAnswer("Unreachable", is_sent=False) from None
        return Answer(status, {}, content)

    def close(self) -> None:
        """Nothing is open; the book is stored after every request."""


class PaperAccount(NamedTuple):
    """What paper trading begins with: balances by asset, fees in percent of the cost, and where its
    prices come from: ``alert`` or ``kraken``."""

    balances: Mapping[str, Decimal]
    maker_fee: Decimal
    taker_fee: Decimal
    prices: str


def paper_venue(
    account: PaperAccount, documents: Documents, clock: Clock, kraken_url: str | None
) -> KrakenVenue:
    """``kraken_url``: whose public prices and rules it asks for, where the account says so."""
    outside = None
    if account.prices == "kraken":
        from webhook_core.kraken.public_kraken import PublicKraken

        outside = PublicKraken(kraken_url, clock)
    engine = PaperKraken(
        documents,
        clock,
        balances=account.balances,
        maker_fee=account.maker_fee,
        taker_fee=account.taker_fee,
        key=KEY,
        secret=SECRET,
        nonce_window=NONCE_WINDOW,
        price_source=outside.price if outside else None,
        rule_source=outside.rules if outside else None,
    )
    by_alerts = account.prices == "alert"
    client = KrakenClient(KEY, SECRET, transport=PaperTransport(engine))
    return KrakenVenue(client, clock, note_price=engine.mark_price if by_alerts else None)
