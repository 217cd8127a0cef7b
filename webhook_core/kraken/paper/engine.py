"""PaperKraken: Kraken's REST API over a book of its own, from raw request to raw answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.errors import LedgerUnavailable
from webhook_core.kraken.paper import envelope, matching, private, public
from webhook_core.kraken.paper.book import Book
from webhook_core.kraken.paper.book_store import BookBusy, BookStore
from webhook_core.kraken.paper.desk import Desk, MarketRules, PaperFees
from webhook_core.kraken.paper.elsewhere import Elsewhere, PriceSource, outside_price
from webhook_core.kraken.paper.envelope import PaperKey, PartlyRefused, Refused
from webhook_core.kraken.paper.pairs import More, Pair, Pairs, Rows, asset_id, packaged_rows

if TYPE_CHECKING:
    from webhook_core.clock import Clock
    from webhook_core.ledger.contract import Documents

_UNREACHABLE = (
    b"<html><head><title>503</title></head><body>The paper book can't be stored.</body></html>"
)


class PaperKraken:
    """One paper account. ``pairs`` are AssetPairs rows; ``market`` and the permissions of ``key``
    are what a test wants different.

    ``balances`` (names like USD and BTC) count only where no book is stored yet; fees are percent
    of the cost. ``price_source`` gives the last price of an altname, or None when it has none; it
    raises VenueUnavailable where nobody knows, and then no price of before counts. ``rule_source``
    gives what Kraken's own AssetPairs answers to these fields, or None when it can't be had; it
    must not raise.

    ``pairs`` are all that there are; without them those of the records, and whatever
    Kraken has told since.
    """

    def __init__(  # noqa: PLR0913 — one keyword per property of the account
        self,
        documents: Documents,
        clock: Clock,
        *,
        balances: Mapping[str, Decimal],
        maker_fee: Decimal,
        taker_fee: Decimal,
        key: str,
        secret: str,
        price_source: PriceSource | None = None,
        rule_source: Callable[[Mapping[str, str]], Rows | None] | None = None,
        pairs: Mapping[str, Mapping[str, Any]] | None = None,
        nonce_window: int = 0,
        keep_closed: int = 500,
    ) -> None:
        self.pairs: dict[str, dict[str, Any]] = (
            packaged_rows() if pairs is None else {name: dict(row) for name, row in pairs.items()}
        )
        self._more: More | None = None if pairs is not None else Elsewhere(documents, clock)
        self.market = MarketRules()
        self.key = PaperKey(key, secret, nonce_window)
        self.price_source = price_source
        self.rule_source = rule_source
        self._clock = clock
        self.fees = PaperFees(maker_fee, taker_fee)
        self._keep_closed = keep_closed
        opening = {asset_id(name): amount for name, amount in balances.items()}
        self._store = BookStore(documents, lambda: Book(dict(opening)))

    def handle(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """One request as it came over the wire -> HTTP status and body.

        Refusals are 200, as Kraken's are.

        Raises Unreachable where the market can't be seen: nothing of the request is done.

        503 with an HTML page when the book can't be stored: as with Kraken's own, the
        order may or may not be in it.
        """
        try:
            folded = {name.lower(): value for name, value in headers.items()}
            return 200, envelope.success(self._answer(method, path, query, folded, body))
        except Refused as refusal:
            return 200, envelope.failure(refusal.error)
        except BookBusy:
            return 200, envelope.failure(f"EService: Throttled: {int(self._now()) + 1}")
        except LedgerUnavailable:
            return 503, _UNREACHABLE

    def mark_price(self, pair: str, price: Decimal) -> None:
        """The market of a pair (key or altname) moved; what it crosses fills.

        Raises ValueError, LedgerUnavailable.
        """
        found = self._find(pair)
        if found is None or not _is_price(price):
            raise ValueError(f"no price of a pair that paper knows: {pair} {price}")
        self._store.update(lambda book: self._desk(book, {found.key: price}))

    def _answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Any:
        _, _, room, name = (
            path.split("/", 3) if path.startswith("/0/") and path.count("/") == 3 else [""] * 4
        )
        if room == "public" and method == "GET" and name in public.ENDPOINTS:
            return self._public(name, query)
        if (
            room == "private"
            and method == "POST"
            and (name in private.ENDPOINTS or name == "GetApiKeyInfo")
        ):
            return self._private(name, path, headers, body)
        raise Refused("EGeneral:Unknown method")

    def _public(self, name: str, query: str) -> Any:
        params = envelope.form(query)
        if name == "AssetPairs" and self.rule_source is not None:
            return self._stated(self.rule_source(params))
        asked = public.named(params.get("pair", "")) if name == "Ticker" else []
        prices = self._sourced(asked, params)
        if name == "Ticker":
            return self._store.update(lambda book: public.ticker(self._desk(book, prices), params))
        return public.ENDPOINTS[name](self._desk(Book({}), {}), params)

    def _private(self, name: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        params, nonce = self.key.verify(path, headers, body)
        validates = name == "AddOrder" and "validate" in params
        prices = (
            self._sourced([params.get("pair", "")], params)
            if name == "AddOrder" and not validates
            else {}
        )

        def change(book: Book) -> Any:
            self.key.take_nonce(book, nonce)
            try:
                return self._call(book, name, params, prices)
            except PartlyRefused as partly:  # returned, so that the book is written
                return partly

        if validates:
            return self._store.look(change)  # validating leaves no trace, not even its nonce
        try:
            result = self._store.update(change)
        except Refused:  # nothing of it is in the book, but the nonce is used up
            self._store.update(lambda book: self.key.take_nonce(book, nonce))
            raise
        if isinstance(result, PartlyRefused):
            raise result
        return result

    def _call(
        self, book: Book, name: str, params: Mapping[str, str], prices: Mapping[str, Decimal]
    ) -> Any:
        if name == "GetApiKeyInfo":
            return self.key.info(book, self._now())
        endpoint, needed = private.ENDPOINTS[name]
        if self.key.permissions.isdisjoint(needed):
            raise Refused("EGeneral:Permission denied")
        return endpoint(self._desk(book, prices), params)

    def _desk(self, book: Book, prices: Mapping[str, Decimal]) -> Desk:
        """The desk of this moment: what expired is gone, what the new prices cross is filled."""
        desk = Desk(book, self._known(), self.fees, self._now(), self._keep_closed, self.market)
        matching.expire(desk)
        for key, price in prices.items():
            for pair in desk.pairs.of_one_price(key):
                matching.mark(desk, pair, price)
        return desk

    def _known(self) -> Pairs:
        return Pairs(self.pairs, self._more)

    def _stated(self, rows: Rows | None) -> dict[str, Any]:
        """Kraken's own rules and no others: they count from here on, as for a live order.

        Raises Refused without any.
        """
        if not rows:
            raise Refused("EService:Unavailable" if rows is None else "EQuery:Unknown asset pair")
        self.pairs |= {key: dict(row) for key, row in rows.items()}
        return {key: Pair.from_row(key, row).row() for key, row in rows.items()}

    def _sourced(self, names: list[str], params: Mapping[str, str]) -> dict[str, Decimal]:
        """Prices from outside, asked before the book is locked; after one that can't be had the
        rest isn't worth the wait."""
        prices: dict[str, Decimal] = {}
        for name in names if self.price_source is not None else []:
            pair = self._find(name, params.get("asset_class", "currency"))
            price = outside_price(pair, self.price_source) if pair else None
            if pair is None or price is None or not _is_price(price):
                break
            prices[pair.key] = price
        return prices

    def _find(self, name: str, aclass: str | None = None) -> Pair | None:
        for each in (aclass,) if aclass else ("currency", "tokenized_asset"):
            try:
                return self._known().find(name, each)
            except Refused:
                continue
        return None

    def _now(self) -> float:
        return round(self._clock.now().timestamp(), 4)


def _is_price(price: Decimal) -> bool:
    return price.is_finite() and price > 0
