"""The terms of an order, its leverage and what its size counts in the fields of Kraken's AddOrder
(docs.kraken.com, add-order); and the terms read from them again.

Most orders have none of these, and this is imported where one has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from webhook_core.trading.orders import Terms, is_margin

if TYPE_CHECKING:
    from webhook_core.trading.orders import SelfTrade, TimeInForce, TriggerBy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FEES = {"base": "fcib", "quote": "fciq"}


def fields_of(terms: Terms, leverage: int | None, *, in_quote: bool) -> Iterator[tuple[str, str]]:
    """What Kraken is told of them, in the order in which it is stored, but for ``displayvol``:
    that has been rounded."""
    if terms.trigger_by is not None:
        yield "trigger", terms.trigger_by
    if is_margin(leverage):
        yield "leverage", str(leverage)
    if terms.reduce_only:
        yield "reduce_only", "true"
    if terms.self_trade is not None:
        yield "stptype", terms.self_trade
    if flags := list(_flags(terms, in_quote=in_quote)):
        yield "oflags", ",".join(flags)
    if terms.time_in_force is not None:
        yield "timeinforce", terms.time_in_force
    if terms.starts is not None:
        yield "starttm", _when(terms.starts)
    if terms.expires is not None:
        yield "expiretm", _when(terms.expires)


def terms_in(sent: Mapping[str, str], flags: list[str]) -> Terms:
    """Read from the fields of an order, and the ``flags`` in its ``oflags``."""
    return Terms(
        display_volume=Decimal(sent["displayvol"]) if "displayvol" in sent else None,
        trigger_by=cast("TriggerBy | None", sent.get("trigger")),
        reduce_only=sent.get("reduce_only") == "true",
        self_trade=cast("SelfTrade | None", sent.get("stptype")),
        fee_currency="base" if "fcib" in flags else "quote" if "fciq" in flags else None,
        post_only="post" in flags,
        time_in_force=cast("TimeInForce | None", sent.get("timeinforce")),
        starts=_moment(sent.get("starttm")),
        expires=_moment(sent.get("expiretm")),
    )


def _flags(terms: Terms, *, in_quote: bool) -> Iterator[str]:
    if terms.fee_currency is not None:
        yield _FEES[terms.fee_currency]
    if terms.post_only:
        yield "post"
    if in_quote:
        yield "viqc"


def _when(when: datetime | timedelta) -> str:
    """Unix seconds, or + and the seconds from when Kraken takes the order."""
    second = timedelta(seconds=1)
    return f"+{when // second}" if isinstance(when, timedelta) else str((when - _EPOCH) // second)


def _moment(sent: str | None) -> datetime | timedelta | None:
    if sent is None:
        return None
    if sent.startswith("+"):
        return timedelta(seconds=int(sent[1:]))
    return datetime.fromtimestamp(int(sent), UTC)
