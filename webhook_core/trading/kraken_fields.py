"""An order in the fields of Kraken's AddOrder (docs.kraken.com, add-order), both ways.

These fields are what the ledger holds of an order, whichever venue it went to.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.trading.orders import Close, OrderType, Side, Terms, is_margin
from webhook_core.trading.prices import Price, parsed, text
from webhook_core.trading.rounding import plain

if TYPE_CHECKING:
    from webhook_core.trading.drafts import Draft

_NO_TERMS = Terms()


class OrderFields:
    """What an order is, by the fields that it is stored in."""

    __slots__ = ()
    parameters: Mapping[str, str]

    @property
    def pair(self) -> str:
        """The key of its pair, empty for a request that names none."""
        return self.parameters.get("pair", "")

    @property
    def side(self) -> Side | None:
        sent = self.parameters.get("type")
        return None if sent is None else Side(sent)

    @property
    def kind(self) -> str:
        """The type of its order, empty for a request that places none."""
        return self.parameters.get("ordertype", "")

    @property
    def volume(self) -> Decimal:
        """As it is sent: base, or quote where ``in_quote``; zero for a request that names none."""
        return Decimal(self.parameters.get("volume", "0"))

    @property
    def named(self) -> str | None:
        """The order id that a cancel or an amendment names, if it names one."""
        return self.parameters.get("txid")

    @property
    def named_by_client(self) -> str | None:
        """The client order id that a cancel or an amendment names, if it names one."""
        return self.parameters.get("cl_ord_id")

    @property
    def at_market(self) -> bool:
        return self.kind == OrderType.MARKET

    @property
    def is_scheduled(self) -> bool:
        return "starttm" in self.parameters

    @property
    def is_now_or_never(self) -> bool:
        """Whether what does not trade in the moment in which it is taken is canceled."""
        return self.parameters.get("timeinforce") in ("IOC", "FOK")

    @property
    def rests(self) -> bool:
        """Whether it may lie in the book."""
        return self.kind not in (OrderType.MARKET, OrderType.SETTLE_POSITION)

    @property
    def is_unsure(self) -> bool:
        """Whether nobody knows, before it is sent, if it trades at once."""
        return bool(self.kind) and self.rests and not self.is_scheduled

    @property
    def leverage(self) -> int | None:
        """None: spot."""
        return int(self.parameters["leverage"]) if "leverage" in self.parameters else None

    @property
    def on_margin(self) -> bool:
        return "leverage" in self.parameters

    @property
    def reduces_only(self) -> bool:
        return "reduce_only" in self.parameters

    @property
    def leaves_exit(self) -> bool:
        """Whether what it fills leaves a conditional close."""
        return self.exit_type is not None

    @property
    def exit_type(self) -> str | None:
        """The order type of that exit."""
        return self.parameters.get("close[ordertype]")

    @property
    def in_quote(self) -> bool:
        """Whether its volume counts quote."""
        return "viqc" in self._flags

    @property
    def fee_in_base(self) -> bool:
        return "fcib" in self._flags

    @property
    def limit(self) -> Price | None:
        """Of an order: its limit, or how far behind its trail that is."""
        return _price(self._trigger_and_limit()[1])

    @property
    def trigger(self) -> Price | None:
        """Of an order: its trigger, or its trail."""
        return _price(self._trigger_and_limit()[0])

    @property
    def close(self) -> Close | None:
        """The order that is to be placed for what it fills."""
        sent = self.parameters
        if not self.leaves_exit:
            return None
        kind = OrderType(sent["close[ordertype]"])
        field = "take_profit" if kind.startswith("take-profit") else "stop_loss"
        return Close(field, kind, parsed(sent["close[price]"]), _price(sent.get("close[price2]")))

    @property
    def terms(self) -> Terms:
        """How it may be filled, and how long it lives."""
        from webhook_core.trading.kraken_terms import terms_in  # few orders are read again

        return terms_in(self.parameters, self._flags)

    @property
    def amended(self) -> dict[str, Decimal]:
        """What an amendment changes of volume, display_volume, limit and trigger."""
        from webhook_core.trading.kraken_changes import amended  # few alerts amend

        return amended(self.parameters)

    def order_details(self) -> dict[str, str | None]:
        """side, order_type, volume and price, as sent: the limit, else the trigger."""
        sent = self.parameters
        prices = ("price2", "price", "limit_price", "trigger_price")
        return {
            "side": sent.get("type"),
            "order_type": sent.get("ordertype"),
            "volume": sent.get("volume") or sent.get("order_qty"),
            "price": next((sent[name] for name in prices if sent.get(name)), None),
        }

    def prices(self) -> dict[str, Any]:
        """limit, trigger and exit as they are sent, or None.

        A trail is the trigger; the exit is the take profit or stop loss that rides with the order:
        its order_type, trigger and limit.
        """
        sent = self.parameters
        trigger, limit = self._trigger_and_limit()
        if not self.kind:
            limit, trigger = sent.get("limit_price"), sent.get("trigger_price")
        close = {"order_type": "ordertype", "trigger": "price", "limit": "price2"}
        exits = {name: sent.get(f"close[{field}]") for name, field in close.items()}
        return {"limit": limit, "trigger": trigger, "exit": exits if exits["order_type"] else None}

    @property
    def _flags(self) -> list[str]:
        return self.parameters.get("oflags", "").split(",")

    def _trigger_and_limit(self) -> tuple[str | None, str | None]:
        """``price`` is the trigger or the trail where there is one, else the limit."""
        first, second = self.parameters.get("price"), self.parameters.get("price2")
        if self.kind in (OrderType.LIMIT, OrderType.ICEBERG):
            return None, first
        return (first, second) if self.rests and self.kind else (None, None)


def parameters(draft: Draft) -> dict[str, str]:
    """Kraken's ``price`` is the trigger where there is one, else the limit; ``price2`` is
    the limit behind a trigger (docs.kraken.com, add-order). ``pair`` is the key: Kraken
    refuses some wsnames as input."""
    wanted, instrument = draft.wanted, draft.instrument
    sent = {
        "pair": instrument.key,
        "type": wanted.side.value,
        "ordertype": wanted.order_type.value,
        "volume": plain(draft.volume),
    }
    if draft.display_volume is not None:
        sent["displayvol"] = plain(draft.display_volume)
    sent.update(
        zip(("price", "price2"), (text(price.rounded) for price in draft.prices), strict=False)
    )
    if draft.in_quote or is_margin(wanted.leverage) or wanted.terms != _NO_TERMS:
        from webhook_core.trading.kraken_terms import fields_of

        sent.update(fields_of(wanted.terms, wanted.leverage, in_quote=draft.in_quote))
    if wanted.close is not None:
        sent["close[ordertype]"] = wanted.close.order_type.value
        names = ("close[price]", "close[price2]")
        sent.update(zip(names, (text(price.rounded) for price in draft.close_prices), strict=False))
    if instrument.is_tokenized:
        sent["asset_class"] = "tokenized_asset"
    return sent


def _price(sent: str | None) -> Price | None:
    return None if sent is None else parsed(sent)
