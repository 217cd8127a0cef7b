"""A draft in the fields of Kraken's AddOrder (docs.kraken.com, add-order)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from webhook_core.trading.drafts import Draft
from webhook_core.trading.orders import Terms
from webhook_core.trading.prices import text
from webhook_core.trading.rounding import plain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_FEES = {"base": "fcib", "quote": "fciq"}


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
    sent.update(_terms(wanted.terms, wanted.leverage, in_quote=draft.in_quote))
    if wanted.close is not None:
        sent["close[ordertype]"] = wanted.close.order_type.value
        names = ("close[price]", "close[price2]")
        sent.update(zip(names, (text(price.rounded) for price in draft.close_prices), strict=False))
    if instrument.is_tokenized:
        sent["asset_class"] = "tokenized_asset"
    return sent


def _terms(terms: Terms, leverage: int | None, *, in_quote: bool) -> Iterator[tuple[str, str]]:
    if terms.trigger_by is not None:
        yield "trigger", terms.trigger_by
    if leverage is not None and leverage > 1:
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
