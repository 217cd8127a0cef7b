"""Which field of a body is which: our names and their aliases, context, and what we do not know.

A name's case and its ``_``, ``-`` and spaces don't matter. A field that changes what the order
means is never ignored: it is read, or refused. The rest is TradingView's context, or unknown, and
then a warning says so; whether it speaks of an order all the same is for ``nets`` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from webhook_core.errors import AlertMalformed
from webhook_core.value import NamedTuple

MAX_FIELDS = 100
MAX_ECHO = 15
"""Nothing of the body that is longer is ever repeated: the shortest token has 16
characters and may be misplaced."""


def normalise(name: str) -> str:
    """stopPrice, Stop-Price and stop_price are one name."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


ALIASES: Mapping[str, tuple[str, ...]] = {
    "symbol": ("symbol", "ticker", "pair", "instrument"),
    "action": ("action",),
    "side": ("side", "order_action", "order_side"),
    "volume": ("volume", "quantity", "qty", "contracts", "order_contracts", "size"),
    "quantity_type": ("quantity_type", "qty_type", "size_type", "volume_type", "order_size_type"),
    "percent": ("percent",),
    "price": ("price", "limit_price"),
    "stop_price": ("stop_price", "trigger_price"),
    "order_type": ("order_type",),
    "trail": ("trail", "trail_distance", "trailing_distance"),
    "trail_limit": ("trail_limit", "trail_limit_offset"),
    "leverage": ("leverage",),
    "reduce_only": ("reduce_only",),
    "display_volume": ("display_volume", "displayvol", "display_quantity", "display_qty"),
    "trigger_by": ("trigger_by", "trigger"),
    "time_in_force": ("time_in_force", "tif"),
    "post_only": ("post_only", "post"),
    "expires": ("expires", "expiretm", "expires_at", "expire_time", "expiry", "expiration"),
    "starts": ("starts", "starttm", "starts_at", "start_time"),
    "fee_currency": ("fee_currency",),
    "self_trade": ("self_trade", "stptype", "stp", "self_trade_prevention"),
    "take_profit": ("take_profit", "tp", "take_profit_price", "tp_price"),
    "take_profit_limit": ("take_profit_limit", "tp_limit", "take_profit_limit_price"),
    "stop_loss": ("stop_loss", "sl", "stop_loss_price", "sl_price"),
    "stop_loss_limit": ("stop_loss_limit", "sl_limit", "stop_loss_limit_price"),
    "oflags": ("oflags",),
    "market_position": ("market_position",),
    "market_position_size": ("market_position_size",),
    "prev_market_position": ("prev_market_position",),
    "prev_market_position_size": ("prev_market_position_size",),
    "order_id": ("order_id", "txid"),
    "client_order_id": ("client_order_id", "cl_ord_id"),
    "of_alert": ("of_alert", "of_alert_id", "orig_alert_id"),
    "scope": ("scope",),
    "confirm_fill": ("confirm_fill",),
    "orders": ("orders",),
    "strategy_name": ("strategy_name", "strategy"),
    "alert_message": ("alert_message", "message"),
    "custom_fields": ("custom_fields",),
    "id": ("id", "alert_id"),
    "fired_at": ("fired_at", "timenow", "timestamp", "time"),
    "bar_time": ("bar_time",),
    "validate": ("validate", "validate_only"),
}
"""Canonical name -> every name it may have, best first."""

CANONICAL = {
    normalise(alias): (canonical, rank)
    for canonical, names in ALIASES.items()
    for rank, alias in enumerate(names)
}

POSITIONS = (
    *("market_position", "market_position_size"),
    *("prev_market_position", "prev_market_position_size"),
)
"""What a strategy reports around an order: what is held after it, and what before."""


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_REMARKS = word_set("comment note description ordercomment orderalertmessage alertname")
CONTEXT = _REMARKS | word_set(
    "exchange interval timeframe open high low close bar barvolume barindex openprice highprice "
    "lowprice closeprice opentime closetime position positionsize prevposition prevpositionsize "
    "orderprice v version currency basecurrency quotecurrency tickerid status pos"
)
_EXCHANGES = word_set(
    "KRAKEN BINANCE COINBASE BITSTAMP BITFINEX BYBIT OKX GEMINI CRYPTO CRYPTOCOM KUCOIN INDEX "
    "NASDAQ NYSE AMEX"
)
"""Those of most alerts; what another one says is for ``nets`` to look at."""
_CODES = frozenset(("exchange", "interval", "timeframe"))


def fault_on(field: str, text: str) -> AlertMalformed:
    """The sentence "<field> <text>." as an error on a field of ours."""
    return AlertMalformed(f"{field} {text}.", field=field)


class Sent:
    """One field as it came: our name for it, the sender's, and the value, which no repr shows."""

    __slots__ = ("canonical", "name", "value")

    def __init__(self, canonical: str, name: str, value: Any) -> None:
        self.canonical = canonical
        self.name = name
        self.value = value

    @property
    def label(self) -> str:
        if normalise(self.name) == normalise(self.canonical):
            return self.canonical
        return f"{self.canonical} (sent as {shown_name(self.name)})"

    def fault(self, text: str) -> AlertMalformed:
        """The sentence "<field> <text>." as an error on this field, and the slip of the
        pen that its value holds."""
        from webhook_core.intake.value_slips import slip_of  # only a refused value pays for it

        value = self.value
        slip = slip_of(self.canonical, value, MAX_ECHO) if isinstance(value, str) else None
        return AlertMalformed(
            f"{self.label} {text}.{f' {slip}' if slip else ''}", field=self.canonical
        )


class Sorted(NamedTuple):
    """``order``: canonical name -> what came for it, best alias first. The others are canonical
    under their own normalised name."""

    order: Mapping[str, list[Sent]]
    context: list[Sent]
    unknown: list[Sent]


def sort_fields(fields: Mapping[str, Any]) -> Sorted:
    """Every field in its place.

    Raises AlertMalformed for too many; what the nets catch is for ``nets`` to say.
    """
    if len(fields) > MAX_FIELDS:
        raise AlertMalformed(f"The alert has {len(fields)} fields; at most {MAX_FIELDS} are read.")
    context: list[Sent] = []
    unknown: list[Sent] = []
    for name, value in fields.items():
        key = normalise(name)
        if key not in CANONICAL:
            (context if _is_context(key) else unknown).append(Sent(key, name, value))
    return Sorted(order_fields(fields), context, unknown)


def _is_context(key: str) -> bool:
    return key in CONTEXT or key.startswith("syminfo") or is_plot(key)


def is_plot(key: str) -> bool:
    """{{plot_0}} and {{plot("Name")}}."""
    rest = key.removeprefix("plot")
    return rest != key and (not rest or rest.isdecimal() or (rest[0] == "(" and rest[-1] == ")"))


def is_plain(sent: Sent) -> bool:
    """Context that is no order by any reading: nothing, a number, a remark, or what
    TradingView writes there."""
    value = sent.value
    if not isinstance(value, str):
        return value is None or isinstance(value, Decimal)
    key = sent.canonical
    if key in _REMARKS or not value.strip():
        return True
    if key in _CODES:
        return (
            (value[0].isdecimal() and len(value) <= 5)
            or len(value) == 1
            or (value in _EXCHANGES and key == "exchange")
        )
    return value.isascii() and value.replace(".", "", 1).isdigit()


def order_fields(fields: Mapping[str, Any]) -> dict[str, list[Sent]]:
    """The fields that we read, under our names, best alias first."""
    ranked: dict[str, list[tuple[int, Sent]]] = {}
    for name, value in fields.items():
        if found := CANONICAL.get(normalise(name)):
            canonical, rank = found
            ranked.setdefault(canonical, []).append((rank, Sent(canonical, name, value)))
    return {
        canonical: [sent for _, sent in sorted(candidates, key=lambda pair: pair[0])]
        for canonical, candidates in ranked.items()
    }


def is_missing(value: object) -> bool:
    """A template leaves a field out with null or an empty text."""
    return value is None or (isinstance(value, str) and not value.strip())


def shown_name(name: str) -> str:
    """A field's name for a message: whole if it is short or one of ours,
    else only how it begins."""
    key = normalise(name) if len(name) <= 40 else ""
    if len(name) <= MAX_ECHO or key in CANONICAL or key in CONTEXT:
        return repr(name)
    return f"{name[:4]!r}… ({len(name)} characters)"


def shown_names(names: Iterable[str]) -> str:
    return ", ".join(shown_name(name) for name in names)


def present(order: Order, name: str) -> list[Sent]:
    """What came for a field of ours and says something."""
    return [sent for sent in order.get(name, ()) if not is_off(sent.value)]


def is_off(value: object) -> bool:
    """Missing, or false."""
    return (
        is_missing(value) or value is False or (isinstance(value, str) and value.lower() == "false")
    )


Order = Mapping[str, Sequence[Sent]]
"""The order fields of a body, each with all that was sent under one of its names."""
