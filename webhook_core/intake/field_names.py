"""Which field of a body is which: aliases, context, and the names that we refuse rather than ignore.

A name's case and its ``_``, ``-`` and spaces don't matter. A field that changes what the order means is never
ignored: it is read, or refused by name. The rest is TradingView's context, or unknown, and then a warning says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webhook_core.errors import AlertMalformed
from webhook_core.intake import refused_names as refused
from webhook_core.intake.refused_names import normalise
from webhook_core.trading.closing import only_one

MAX_FIELDS = 100
MAX_ECHO = 15
"""Nothing of the body that is longer is ever repeated: the shortest token has 16 characters and may be misplaced."""


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

_CANONICAL = {
    normalise(alias): (canonical, rank) for canonical, names in ALIASES.items() for rank, alias in enumerate(names)
}

_MERE_TEXT = frozenset({"alert_message", "custom_fields", "bar_time"})
_IDLE_IN_AN_ORDER = _MERE_TEXT | {
    *("market_position", "market_position_size", "prev_market_position", "prev_market_position_size"),
    *("order_id", "client_order_id", "of_alert", "scope", "orders"),
}
"""What a plain order takes nothing from: a misspelled one is merely unknown there."""
_INDICATORS = frozenset({"score", "slope"})  # a letter from scope
_CONTEXT = frozenset(
    (
        *("exchange", "interval", "timeframe", "open", "high", "low", "close", "bar", "barvolume", "barindex"),
        *("openprice", "highprice", "lowprice", "closeprice", "opentime", "closetime"),
        *("position", "positionsize", "prevposition", "prevpositionsize"),
        *("orderprice", "ordercomment", "orderalertmessage", "comment", "description", "note", "alertname"),
        *("v", "version", "currency", "basecurrency", "quotecurrency", "tickerid", "status", "pos"),
    )
)
_CONTEXT_PATTERN = r"syminfo.*|plot(\d{1,3}|\(.*\))?"


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """One field as it came: our name for it, the sender's, and the value, which no repr shows."""

    canonical: str
    name: str
    value: Any = field(repr=False)

    @property
    def label(self) -> str:
        if normalise(self.name) == normalise(self.canonical):
            return self.canonical
        return f"{self.canonical} (sent as {shown_name(self.name)})"

    def fault(self, text: str) -> AlertMalformed:
        """The sentence "<field> <text>." as an error on this field, and the slip of the pen that its value holds."""
        from webhook_core.intake.value_slips import slip_of  # only a refused value pays for it

        slip = slip_of(self.canonical, self.value) if isinstance(self.value, str) else None
        return AlertMalformed(f"{self.label} {text}.{f' {slip}' if slip else ''}", field=self.canonical)


class Sorted(NamedTuple):
    """``order``: canonical name -> what came for it, best alias first. ``unknown``: the sender's names."""

    order: Mapping[str, list[Sent]]
    context: list[Sent]
    unknown: list[str]


def sort_fields(fields: Mapping[str, Any]) -> Sorted:
    """Every field in its place. Raises AlertMalformed for a field that this version can't obey, and for a near miss."""
    if len(fields) > MAX_FIELDS:
        raise AlertMalformed(f"The alert has {len(fields)} fields; at most {MAX_FIELDS} are read.")
    order = order_fields(fields)
    context: list[Sent] = []
    unknown: list[str] = []
    for name, value in fields.items():
        key = normalise(name)
        if key in _CANONICAL:
            continue
        if key in _CONTEXT:
            context.append(Sent(name, name, value))
        elif refused.is_one_exit_of_several(key):
            _refuse_several_exits(key, value)
        elif known := refused.unsupported(key):
            _refuse_unless_empty(name, known, value)
        elif re.fullmatch(_CONTEXT_PATTERN, key):
            context.append(Sent(name, name, value))
        else:
            _refuse_near_miss(name, key, order)
            unknown.append(name)
    return Sorted(order, context, unknown)


def order_fields(fields: Mapping[str, Any]) -> dict[str, list[Sent]]:
    """The fields that we read, under our names, best alias first."""
    ranked: dict[str, list[tuple[int, Sent]]] = {}
    for name, value in fields.items():
        if found := _CANONICAL.get(normalise(name)):
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
    """A field's name for a message: whole if it is short or one of ours, else only how it begins."""
    key = normalise(name) if len(name) <= 40 else ""
    if len(name) <= MAX_ECHO or key in _CANONICAL or key in refused.UNSUPPORTED or key in _CONTEXT:
        return repr(name)
    return f"{name[:4]!r}… ({len(name)} characters)"


def shown_names(names: Iterable[str]) -> str:
    return ", ".join(shown_name(name) for name in names)


def _refuse_several_exits(key: str, value: object) -> None:
    if not is_off(value):
        raise only_one("take_profit" if key.startswith("t") else "stop_loss")


def is_off(value: object) -> bool:
    """Missing, or false."""
    return is_missing(value) or value is False or (isinstance(value, str) and value.lower() == "false")


def _refuse_unless_empty(name: str, known: str, value: object) -> None:
    if is_off(value):
        return
    hint = f" ({refused.HINTS[known]})" if known in refused.HINTS else ""
    raise AlertMalformed(
        f"{shown_name(name)} is not supported by this version{hint}. It would change the order, so it is not ignored: "
        "remove it or leave it empty.",
        field=known,
    )


def _refuse_near_miss(name: str, key: str, order: Mapping[str, list[Sent]]) -> None:
    """A misspelled order field would otherwise be ignored: without its ``stop_prce`` a stop order is something else."""
    import difflib  # only an alert with an unknown field pays for it

    if not 3 <= len(key) <= 24 or key in _INDICATORS:
        return
    idle = _IDLE_IN_AN_ORDER if _is_plain_order(order) else _MERE_TEXT
    candidates = {alias: found[0] for alias, found in _CANONICAL.items() if len(alias) > 2 and found[0] not in idle}
    candidates |= {unsupported: known for unsupported, known in refused.UNSUPPORTED.items() if len(unsupported) >= 8}
    swapped = [candidate for candidate in candidates if sorted(candidate) == sorted(key)]
    close = swapped or difflib.get_close_matches(key, candidates, n=1, cutoff=0.8)
    if close:
        meant = candidates[close[0]]
        raise AlertMalformed(
            f"{shown_name(name)} is not a field of an alert: did you mean {meant}? An order field is never guessed.",
            field=meant,
        )


def _is_plain_order(order: Mapping[str, list[Sent]]) -> bool:
    said = [sent.value for sent in order.get("action", ()) if not is_missing(sent.value)]
    said = said or [sent.value for sent in order.get("side", ()) if not is_missing(sent.value)]
    return bool(said) and all(isinstance(word, str) and word.lower() in ("buy", "sell") for word in said)
